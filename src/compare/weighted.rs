//! Areas under the curve where some are looked into more often than others: each subject counts for as many as it stands
//! for, the inverse of its chance to be looked into (Horvitz and Thompson 1952), so that a random sample of those whom nobody
//! flags speaks for all of them (Begg and Greenes 1983).
//!
//! Variances are `DeLong`'s over weighted placements: the sum of squared influences. Intervals are made of them as in
//! `outcomes::auc`, whose figures these are where all weights are equal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    figure::Estimate,
    outcomes::{Spread, estimates},
    ranks::order,
    reasons::{SILENCE_DECIDES, verdict_reasons},
    report::Report,
    unanswered::Reach,
    verdict::{Areas, Evidence, Verdict, decide},
    words::{count, signed},
};

const WORTHLESS: &str = "Nothing follows from such areas: no side surely tells positive from negative outcomes, or one has its \
    scale the wrong way round.";
/// What is left of a perfect area by rounding.
const ROUNDING: f64 = 1e-12;

/// A subject whose outcome is known, and how many it stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighted {
    /// The left side's score.
    pub left: f64,
    /// The right side's.
    pub right: f64,
    /// Whether it turned out to be a case.
    pub positive: bool,
    /// How many it stands for, above 0.
    pub weight: f64,
}

/// Areas under the curve as if everybody had been looked into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WeightedAreas {
    /// The left side's.
    pub left: Estimate,
    /// The right side's.
    pub right: Estimate,
    /// left − right.
    pub difference: Estimate,
    /// How many subjects they are made of.
    pub subjects: u64,
    /// How many these stand for.
    pub stand_for: f64,
}

/// How often each subject stands on the right side of those of the other kind.
struct Placed {
    area: f64,
    placements: Vec<f64>,
}

// === impl WeightedAreas ===

impl WeightedAreas {
    /// Of subjects in any order.
    #[must_use]
    pub fn of(rows: &[Weighted], confidence: f64) -> Self {
        let total = |positive| kind(rows, positive).map(|row| row.weight).sum::<f64>();
        let subjects = rows.len() as u64;
        let stand_for = total(true) + total(false);
        if kind(rows, true).count() < 2 || kind(rows, false).count() < 2 {
            let none = || Estimate::none("a variance needs two positives and two negatives");
            return Self { left: none(), right: none(), difference: none(), subjects, stand_for };
        }
        let (left, right) = (Placed::of(rows, |row| row.left), Placed::of(rows, |row| row.right));
        let spread = Spread {
            left: covariance(rows, &left, &left),
            right: covariance(rows, &right, &right),
            covariance: covariance(rows, &left, &right),
        };
        let rarer = kind(rows, true).count().min(kind(rows, false).count()) as u64;
        let [left, right, difference] = estimates((left.area, right.area), spread, rarer, confidence);
        Self { left, right, difference, subjects, stand_for }
    }
}

fn kind(rows: &[Weighted], positive: bool) -> impl Iterator<Item = &Weighted> {
    rows.iter().filter(move |row| row.positive == positive)
}

/// The covariance of two areas.
fn covariance(rows: &[Weighted], one: &Placed, other: &Placed) -> f64 {
    let of_kind = |positive: bool| {
        let (mut sum, mut total, mut number) = (0.0, 0.0, 0.0);
        let placed = one.placements.iter().zip(&other.placements);
        for (row, (at, beside)) in rows.iter().zip(placed).filter(|(row, _)| row.positive == positive) {
            sum += row.weight * row.weight * (at - one.area) * (beside - other.area);
            total += row.weight;
            number += 1.0;
        }
        sum / (total * total) * number / (number - 1.0)
    };
    of_kind(true) + of_kind(false)
}

// === impl Placed ===

impl Placed {
    fn of(rows: &[Weighted], score: impl Fn(&Weighted) -> f64) -> Self {
        let order = order(rows.iter().map(&score));
        let total = |positive| kind(rows, positive).map(|row| row.weight).sum::<f64>();
        let (positives, negatives) = (total(true), total(false));
        let mut placements = vec![0.0; rows.len()];
        let (mut positives_below, mut negatives_below) = (0.0, 0.0);
        let at = |index: u32| &rows[index as usize];
        for group in order.chunk_by(|&one, &next| score(at(one)) == score(at(next))) {
            let tied = |positive| {
                let tied = group.iter().map(|&index| at(index)).filter(|row| row.positive == positive);
                tied.map(|row| row.weight).sum::<f64>()
            };
            let (of_positives, of_negatives) = (tied(true), tied(false));
            for &index in group {
                placements[index as usize] = if at(index).positive {
                    (negatives_below + of_negatives / 2.0) / negatives
                } else {
                    (positives - positives_below - of_positives / 2.0) / positives
                };
            }
            positives_below += of_positives;
            negatives_below += of_negatives;
        }
        let placed = rows.iter().zip(&placements).filter(|(row, _)| row.positive);
        let area = placed.map(|(row, placement)| row.weight * placement).sum::<f64>() / positives;
        let perfect = [0.0, 1.0].into_iter().find(|perfect| (area - perfect).abs() < ROUNDING);
        Self { area: perfect.unwrap_or(area), placements }
    }
}

// === impl Report ===

impl Report {
    /// The same report, decided by areas that make up for whose outcomes are known, where only that keeps it from deciding.
    /// What flags find together is not weighed so, and decides nothing.
    #[must_use]
    pub fn decided_by(mut self, areas: &WeightedAreas) -> Self {
        if self.unanswered.selective || self.outcomes.labelling.only_flagged {
            return self;
        }
        let gain = areas.difference.low.zip(areas.difference.high).map(|(low, high)| (-high, -low));
        let weighed = Areas {
            left: &areas.left,
            right: &areas.right,
            gain: gain.or_else(|| self.outcomes.auc.same_order.then_some((0.0, 0.0))),
            together: None,
        };
        let evidence = |silence: Reach| Evidence {
            selective: false,
            ..Evidence::of(&weighed, self.n, &self.outcomes, silence, false)
        };
        // How many those stand for whom one side alone answered is not known.
        let seen = evidence(self.unanswered.reach(&self.outcomes, self.n).of_pairs_alone());
        if seen.is_little(&self.settings) {
            return self;
        }
        let without_silence = decide(&evidence(Reach::default()), &self.settings);
        self.verdict = decide(&seen, &self.settings);
        let interval = gain.map_or_else(
            || "without an interval".to_owned(),
            |(low, high)| format!("{} to {}", signed(low), signed(high)),
        );
        let told = format!(
            "Whose outcomes are known depends on flags or scores, so the verdict is of areas under the curve in which each subject \
             counts for as many as it stands for, {} for {}: {} {:.3}, {} {:.3}, a gain of {} ({interval}).",
            count(areas.subjects),
            count(areas.stand_for.round() as u64),
            self.left,
            areas.left.value.unwrap_or_default(),
            self.right,
            areas.right.value.unwrap_or_default(),
            signed(-areas.difference.value.unwrap_or_default())
        );
        self.verdict_reasons = verdict_reasons(&self, seen.gain);
        let silence = (self.verdict != without_silence).then(|| SILENCE_DECIDES.to_owned());
        let worthless = (self.verdict == Verdict::Inconclusive).then(|| WORTHLESS.to_owned());
        // In the place of why nobody won.
        self.verdict_reasons.splice(..1, std::iter::once(told).chain(silence).chain(worthless));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{
        Bootstrap, Context, Pair, Pairs, Points, Rating, Settings, Verdict, numbers::Generator, tests::noise,
    };

    /// Without resamples, which decide nothing.
    fn settings() -> Settings {
        Settings { bootstrap: Bootstrap { rounds: 0, seed: 1 }, ..Settings::default() }
    }

    /// 6000 subjects of whom one in ten is positive; the right side sees `strength` more. All whom a side flags are looked
    /// into, and one in five of the others.
    fn looked_into(seed: u64, strength: f64) -> (Vec<Weighted>, Report) {
        let mut numbers = Generator::new(seed);
        let (mut rows, mut pairs) = (Vec::new(), Pairs::default());
        for place in 0..6000 {
            let positive = place % 10 == 0;
            let common = 35.0 + f64::from(u8::from(positive)) * 15.0 + 9.0 * noise(&mut numbers);
            let mut side = |more: f64| (common + more + 9.0 * noise(&mut numbers)).clamp(0.0, 100.0);
            let (left, right) = (side(0.0), side(f64::from(u8::from(positive)) * strength));
            let flagged = left >= 60.0 || right >= 60.0;
            let known = flagged || numbers.next().is_multiple_of(5);
            if known {
                rows.push(Weighted { left, right, positive, weight: if flagged { 1.0 } else { 5.0 } });
            }
            let rating = |score: f64| Rating::of(Points::new(score).expect("a score"));
            let (left, right) = (rating(left), rating(right));
            pairs.push(Pair { left, right, outcome: known.then_some(positive), segment: None });
        }
        (rows, Report::of(&pairs, &settings(), Context::default()))
    }

    #[test]
    fn with_equal_weights_it_is_delongs() {
        let (rows, _) = looked_into(1, 5.0);
        let mut pairs = Pairs::default();
        let rating = |score: f64| Rating::of(Points::new(score).expect("a score"));
        for row in &rows {
            let (left, right) = (rating(row.left), rating(row.right));
            pairs.push(Pair { left, right, outcome: Some(row.positive), segment: None });
        }
        let auc = Report::of(&pairs, &Settings::default(), Context::default()).outcomes.auc;
        let even: Vec<Weighted> = rows.iter().map(|row| Weighted { weight: 3.0, ..*row }).collect();
        let areas = WeightedAreas::of(&even, 0.95);
        let near = |one: Option<f64>, other: Option<f64>| {
            assert!((one.expect("a figure") - other.expect("a figure")).abs() < 1e-9, "{one:?} {other:?}");
        };
        near(areas.left.value, auc.left.value);
        near(areas.right.low, auc.right.low);
        near(areas.difference.low, auc.difference_low);
        near(areas.difference.high, auc.difference_high);
    }

    #[test]
    fn a_sample_of_the_unflagged_decides_and_errs_no_more_often_than_it_says() {
        let (mut held, mut promoted) = (0, 0);
        for seed in 1..=100 {
            let (rows, report) = looked_into(seed, 0.0);
            assert_eq!(report.verdict, Verdict::Extend, "{:?}", report.outcomes.labelling);
            let areas = WeightedAreas::of(&rows, 0.95);
            held += u32::from(areas.difference.low < Some(0.0) && areas.difference.high > Some(0.0));
            promoted += u32::from(report.decided_by(&areas).verdict == Verdict::Promote);
        }
        assert!((88..=100).contains(&held) && promoted <= 7, "{held} held, {promoted} promoted of 100");
        let (rows, report) = looked_into(3, 12.0);
        let report = report.decided_by(&WeightedAreas::of(&rows, 0.95));
        assert_eq!(report.verdict, Verdict::Promote, "{:?}", report.verdict_reasons);
    }

    #[test]
    fn a_side_that_is_never_wrong_has_the_interval_of_as_many_subjects() {
        let rows: Vec<Weighted> = (0..400)
            .map(|place: u32| {
                let positive = place.is_multiple_of(10);
                let (left, right) = (f64::from(place * 37 % 101), if positive { 90.0 } else { 10.0 });
                Weighted { left, right, positive, weight: f64::from(place % 3 + 1) }
            })
            .collect();
        let areas = WeightedAreas::of(&rows, 0.95);
        let least = 0.025_f64.powf(1.0 / 40.0);
        assert_eq!(
            (areas.right.value, areas.right.low, areas.right.high),
            (Some(1.0), Some(least), Some(1.0))
        );
        assert!(areas.difference.high.is_some_and(|high| high < 0.0), "{areas:?}");
    }

    #[test]
    fn few_or_equal_ones_have_no_interval() {
        let row = |positive| Weighted { left: 50.0, right: 50.0, positive, weight: 2.0 };
        let few = WeightedAreas::of(&[row(true), row(false), row(false)], 0.95);
        assert!(few.left.value.is_none() && few.difference.reason.is_some());
        let equal = WeightedAreas::of(&[row(true), row(true), row(false), row(false)], 0.95);
        assert_eq!((equal.left.value, equal.left.low, equal.difference.low), (Some(0.5), None, None));
    }
}
