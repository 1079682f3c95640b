//! Recall when not everybody's truth is known: who was flagged is looked into, and of the others only a random sample.
//!
//! Counted as it comes, such recall flatters (Begg and Greenes 1983): what nobody flags is hardly ever found out. So each
//! stratum's positives are scaled up by how many of it were looked into: those whom both sides flag, those whom one of them
//! flags alone, and of those whom neither flags the audit sample alone. With A found and B missed, recall is A ÷ (A + B). Its
//! interval is normal on ln(A ÷ B), by the delta method from each stratum's binomial count with half a case of each kind added,
//! and from its size, which is drawn too.
//!
//! Nothing but the sample is drawn at random. Where only some of a pattern of flags are known, those are known who were found
//! out, frauds that surface by themselves above all: they speak for nobody else. So each of those patterns must be known (nearly)
//! whole, and whoever was drawn and is not known yet may be anybody, so the sample must be whole too.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{numbers::reach, words::count};

/// The share of those whom a side flags, of each pattern of flags, whose truth must be known before anything follows from them.
const NEARLY_ALL: f64 = 0.95;

/// What is known of each stratum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verified {
    /// Whom both sides flag.
    pub both: Stratum,
    /// Whom this side alone flags.
    pub alone: Stratum,
    /// Whom the other side alone flags.
    pub other: Stratum,
    /// Whom neither flags, known as far as they were drawn.
    pub neither: Stratum,
    /// How many of those were drawn.
    pub sampled: u64,
    /// Every known positive that neither side flags, sampled or not.
    pub unflagged_positive: u64,
}

/// Pairs that are flagged alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stratum {
    /// How many.
    pub pairs: u64,
    /// Those of them whose truth is known.
    pub known: u64,
    /// Those of these that are positive.
    pub positives: u64,
}

/// A side's recall among all positives, also those that nobody looked for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct CorrectedRecall {
    /// The share of known positives that the side flags.
    #[schema(required)]
    pub observed: Option<f64>,
    /// The same of all positives, estimated.
    #[schema(required)]
    pub corrected: Option<f64>,
    /// The lower end of its interval.
    #[schema(required)]
    pub low: Option<f64>,
    /// The upper end.
    #[schema(required)]
    pub high: Option<f64>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

const NO_SAMPLE: &str = "of nobody in a random sample of the unflagged it is known what turned out to be true: draw one and look into it";
const HALF_A_SAMPLE: &str = "not everybody in the random sample of the unflagged was looked into: until then, who was not may be whoever is hard to find out";
const NO_CHOICE: &str = "the side flags nobody, or everybody: there is no interval";
const NO_POSITIVES: &str = "no outcome is positive: nothing could have been found";

// === impl CorrectedRecall ===

impl CorrectedRecall {
    /// From what is known of one side, of the names of it and of the other.
    #[must_use]
    pub fn of(known: &Verified, names: [&str; 2], confidence: f64) -> Self {
        let Verified { both, alone, other, neither, unflagged_positive, .. } = *known;
        let found = both.positives + alone.positives;
        let found_out = found + other.positives + unflagged_positive.max(neither.positives);
        let observed = (found_out > 0).then(|| found as f64 / found_out as f64);
        let hindrance = known.open(names).or_else(|| known.hindrance(found_out).map(str::to_owned));
        if hindrance.is_some() {
            return Self { observed, reason: hindrance, ..Self::default() };
        }
        let scaled = |strata: [Stratum; 2]| strata.iter().map(Stratum::all_positives).sum::<f64>();
        let (found, missed) = (scaled([both, alone]), scaled([other, neither]));
        let range = interval([both, alone], [other, neither], confidence);
        let corrected = found / (found + missed);
        Self {
            observed,
            corrected: Some(corrected),
            // Where nobody was missed, the half cases that were added would leave the figure outside.
            low: range.map(|(low, _)| low.min(corrected)),
            high: range.map(|(_, high)| high.max(corrected)),
            reason: range.is_none().then(|| NO_CHOICE.to_owned()),
        }
    }
}

// === impl Verified ===

impl Verified {
    /// Which pattern of flags is not known whole enough to say anything, of the names of this side and of the other.
    fn open(&self, [this, other]: [&str; 2]) -> Option<String> {
        let only = |name: &str| format!("whom {name} alone flags");
        let patterns =
            [(self.both, "whom both flag".to_owned()), (self.alone, only(this)), (self.other, only(other))];
        patterns.into_iter().find_map(|(stratum, whom)| stratum.open(&whom))
    }

    const fn hindrance(&self, found_out: u64) -> Option<&'static str> {
        if self.neither.pairs > 0 && self.neither.known == 0 {
            Some(NO_SAMPLE)
        } else if self.neither.known < self.sampled {
            Some(HALF_A_SAMPLE)
        } else if found_out == 0 {
            Some(NO_POSITIVES)
        } else {
            None
        }
    }
}

// === impl Stratum ===

impl Stratum {
    /// Why nothing follows from a pattern of flags of which only some are known; `whom` says which it is.
    #[must_use]
    pub fn open(&self, whom: &str) -> Option<String> {
        let is_open = (self.known as f64) < NEARLY_ALL * self.pairs as f64;
        is_open.then(|| {
            format!(
                "of {} {whom} only {} are known, and who surfaces by chance speaks for nobody else: look into (nearly) all of them",
                count(self.pairs),
                count(self.known)
            )
        })
    }

    /// Its positives if all of it were known.
    fn all_positives(&self) -> f64 {
        if self.known == 0 {
            return 0.0;
        }
        self.pairs as f64 / self.known as f64 * self.positives as f64
    }

    /// The same with half a case of each kind added, and its variance: that of the share, and that of how many fall into the
    /// stratum at all, so that where everybody is known its positives vary as counts do.
    fn spread(&self) -> (f64, f64) {
        let (pairs, known) = (self.pairs as f64, self.known as f64 + 1.0);
        let share = (self.positives as f64 + 0.5) / known;
        (pairs * share, pairs * pairs * share * (1.0 - share) / known + pairs * share * share)
    }
}

/// None where the side flags nobody, or everybody.
fn interval(found: [Stratum; 2], missed: [Stratum; 2], confidence: f64) -> Option<(f64, f64)> {
    let sum = |strata: [Stratum; 2]| {
        let spreads = strata.iter().filter(|stratum| stratum.pairs > 0).map(Stratum::spread);
        spreads.fold((0.0, 0.0), |(all, variance), (more, of_more)| (all + more, variance + of_more))
    };
    let ((found, of_found), (missed, of_missed)) = (sum(found), sum(missed));
    if found <= 0.0 || missed <= 0.0 {
        return None;
    }
    let variance = of_found / (found * found) + of_missed / (missed * missed);
    let (middle, spread) = ((found / missed).ln(), reach(confidence) * variance.max(0.0).sqrt());
    let share = |log_odds: f64| 1.0 / (1.0 + (-log_odds).exp());
    Some((share(middle - spread), share(middle + spread)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::numbers::Generator;

    const NAMES: [&str; 2] = ["left", "right"];

    fn uniform(numbers: &mut Generator) -> f64 {
        (numbers.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Subjects of whom a share are positive: one side flags seven in ten of them, the other five, and each a twentieth of
    /// the others. Of those whom a side flags, `looked_into` are known; of those whom nobody does, all that are `sampled`.
    fn population(
        seed: u64,
        (count, prevalence): (u32, f64),
        looked_into: [f64; 2],
        sampled: f64,
    ) -> [Verified; 2] {
        let mut numbers = Generator::new(seed);
        let mut known = [Verified::default(); 2];
        for _ in 0..count {
            let positive = uniform(&mut numbers) < prevalence;
            let flags = [0.70, 0.50].map(|seen| uniform(&mut numbers) < if positive { seen } else { 0.05 });
            let chance = flags.iter().zip(looked_into).filter(|(flag, _)| **flag).map(|(_, chance)| chance);
            let is_known = uniform(&mut numbers)
                < chance.fold(0.0, f64::max).max(if flags == [false; 2] { sampled } else { 0.0 });
            for (side, known) in known.iter_mut().enumerate() {
                known.sampled += u64::from(flags == [false; 2] && is_known);
                let stratum = match (flags[side], flags[1 - side]) {
                    (true, true) => &mut known.both,
                    (true, false) => &mut known.alone,
                    (false, true) => &mut known.other,
                    (false, false) => &mut known.neither,
                };
                stratum.pairs += 1;
                stratum.known += u64::from(is_known);
                stratum.positives += u64::from(is_known && positive);
            }
        }
        known
    }

    #[test]
    fn what_flatters_is_corrected_and_the_interval_holds_the_truth_as_often_as_it_says() {
        // All that are flagged are looked into, or nearly all; few or many are cases; and all are known.
        for (of, looked_into, sampled) in [
            ((20_000, 0.03), 0.985, 0.1),
            ((20_000, 0.03), 1.0, 0.1),
            ((4_000, 0.15), 1.0, 0.2),
            ((4_000, 0.30), 1.0, 0.2),
            ((4_000, 0.30), 1.0, 1.0),
        ] {
            let (mut held, mut corrected) = ([0; 2], [0.0; 2]);
            for seed in 0..400 {
                for (side, known) in population(seed, of, [looked_into; 2], sampled).iter().enumerate() {
                    let truth = [0.70, 0.50][side];
                    let recall = CorrectedRecall::of(known, NAMES, 0.95);
                    corrected[side] += recall.corrected.expect("a number") / 400.0;
                    held[side] += u32::from(recall.low < Some(truth) && recall.high > Some(truth));
                }
            }
            assert!(
                (corrected[0] - 0.70).abs() < 0.015 && (corrected[1] - 0.50).abs() < 0.015,
                "{corrected:?}"
            );
            assert!(held.iter().all(|held| (366..=398).contains(held)), "{held:?} of 400: {of:?}");
        }
    }

    #[test]
    fn a_pattern_of_flags_of_which_only_some_are_known_corrects_nothing() {
        let of = |known: &Verified| CorrectedRecall::of(known, NAMES, 0.95);
        // The challenger's flags are looked into by one in five: those who surface by themselves are no random sample.
        let [left, right] = population(1, (20_000, 0.03), [1.0, 0.2], 0.1);
        assert!(
            [of(&left), of(&right)].iter().all(|recall| recall.corrected.is_none() && recall.low.is_none())
        );
        let whole = population(1, (20_000, 0.03), [1.0, 1.0], 0.1)[0];
        assert!(of(&whole).corrected.is_some());
        for (known, says) in [
            (
                Verified { other: stratum(500, 40, 40), ..whole },
                "of 500 whom right alone flags only 40 are known",
            ),
            (
                Verified { other: stratum(100, 94, 40), ..whole },
                "of 100 whom right alone flags only 94 are known",
            ),
            (Verified { alone: stratum(5, 0, 0), ..whole }, "of 5 whom left alone flags only 0 are known"),
            (Verified { both: stratum(100, 90, 40), ..whole }, "of 100 whom both flag only 90 are known"),
        ] {
            let reason = of(&known).reason.expect("a reason");
            assert!(
                reason.starts_with(says) && reason.ends_with("look into (nearly) all of them"),
                "{reason}"
            );
        }
        assert!(of(&Verified { other: stratum(100, 95, 40), ..whole }).corrected.is_some());
    }

    fn stratum(pairs: u64, known: u64, positives: u64) -> Stratum {
        Stratum { pairs, known, positives }
    }

    #[test]
    fn where_everybody_is_known_nothing_is_corrected() {
        let known = Verified {
            both: stratum(40, 40, 20),
            alone: stratum(30, 30, 10),
            other: stratum(30, 30, 10),
            neither: stratum(900, 900, 10),
            sampled: 900,
            unflagged_positive: 10,
        };
        let recall = CorrectedRecall::of(&known, NAMES, 0.95);
        assert_eq!((recall.observed, recall.corrected), (Some(0.6), Some(0.6)));
        assert!(recall.low > Some(0.45) && recall.high < Some(0.74), "{recall:?}");
    }

    #[test]
    fn without_a_whole_sample_or_a_case_it_says_so() {
        let nobody = Verified {
            both: stratum(10, 10, 3),
            neither: stratum(90, 0, 0),
            sampled: 90,
            ..Verified::default()
        };
        let reason = |known: Verified| {
            let recall = CorrectedRecall::of(&known, NAMES, 0.95);
            assert_eq!(recall.corrected, None);
            recall.reason.expect("a reason")
        };
        assert_eq!(reason(nobody), NO_SAMPLE);
        let looked_into = |known, positives| Verified { neither: stratum(90, known, positives), ..nobody };
        assert_eq!(reason(looked_into(89, 2)), HALF_A_SAMPLE);
        assert_eq!(reason(Verified { both: stratum(10, 10, 0), ..looked_into(90, 0) }), NO_POSITIVES);
        let lucky = CorrectedRecall::of(&looked_into(90, 0), NAMES, 0.95);
        assert!(
            lucky.corrected == Some(1.0) && lucky.low < Some(0.99),
            "no case in a sample proves nothing: {lucky:?}"
        );
    }
}
