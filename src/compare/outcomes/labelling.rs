//! Whose outcomes are known: where it depends on a side's flags, whatever is counted from outcomes alone favours a side.
//!
//! Who is flagged by one side gets looked into, so that side's scores among the labelled are cut to a narrow range, and its
//! area under the curve with them (verification bias; Begg and Greenes 1983). It is told by Pearson's χ² of "flagged" against
//! "outcome known" with Yates's correction, below 0.001, where the shares also lie further apart than 0.05, or one is more
//! than a quarter larger than the other: of few who are labelled at all, few more make all the difference. And where hardly
//! anybody is unflagged by both sides, as in an export of flagged cases, nothing tells what became of the others.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::compare::{numbers::chi_square_tail, pairs::Row, settings::Settings};

const ERROR: f64 = 0.001;
const APART: f64 = 0.05;
const LARGER: f64 = 1.25;
/// Where fewer than one in so many is unflagged by both sides, the others seem to be left out.
const UNFLAGGED_IN: u64 = 100;

/// Of whom outcomes are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Labelling {
    /// Of those whom the left side flags.
    pub left_flagged: Known,
    /// Of those whom it does not flag.
    pub left_unflagged: Known,
    /// Of those whom the right side flags.
    pub right_flagged: Known,
    /// Of those whom it does not flag.
    pub right_unflagged: Known,
    /// Of those whom neither side flags.
    #[serde(default)]
    pub unflagged: Known,
    /// Whether hardly anybody is unflagged by both sides: what is left out then decides who is better.
    #[serde(default)]
    pub only_flagged: bool,
    /// Whether it depends on flags: then areas under the curve are biased, and nobody wins by them.
    pub selective: bool,
}

/// Of how many an outcome is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Known {
    /// Pairs with an outcome.
    pub labelled: u64,
    /// Pairs with one or without.
    pub pairs: u64,
}

/// Pairs among those whom a side flags and among the others.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    flagged: Known,
    unflagged: Known,
}

pub(super) fn labelling(rows: &[Row], settings: &Settings) -> Labelling {
    let from = settings.flag_level as u8;
    let (mut left, mut right, mut either) = (Counts::default(), Counts::default(), Counts::default());
    for row in rows {
        let known = row.positive().is_some();
        let (by_left, by_right) = (row.left_level >= from, row.right_level >= from);
        left.add(by_left, known);
        right.add(by_right, known);
        either.add(by_left || by_right, known);
    }
    Labelling {
        left_flagged: left.flagged,
        left_unflagged: left.unflagged,
        right_flagged: right.flagged,
        right_unflagged: right.unflagged,
        unflagged: either.unflagged,
        only_flagged: either.unflagged.pairs * UNFLAGGED_IN < rows.len() as u64,
        selective: [left, right, either].into_iter().any(Counts::is_selective),
    }
}

// === impl Known ===

impl Known {
    /// The share of them; none of nobody.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.pairs > 0).then(|| self.labelled as f64 / self.pairs as f64)
    }

    const fn not(self) -> f64 {
        (self.pairs - self.labelled) as f64
    }
}

// === impl Counts ===

impl Counts {
    const fn add(&mut self, flagged: bool, known: bool) {
        let counts = if flagged { &mut self.flagged } else { &mut self.unflagged };
        counts.pairs += 1;
        counts.labelled += known as u64;
    }

    fn is_selective(self) -> bool {
        depends(self.flagged, self.unflagged)
    }
}

/// Whether something is known of one group surely more often, and much more often, than of another.
pub(in crate::compare) fn depends(one: Known, other: Known) -> bool {
    let (Some(share), Some(others)) = (one.share(), other.share()) else { return false };
    let (a, b) = (one.labelled as f64, one.not());
    let (c, d) = (other.labelled as f64, other.not());
    let margins = (a + b) * (c + d) * (a + c) * (b + d);
    if margins <= 0.0 {
        return false;
    }
    let all = a + b + c + d;
    let chi_square = all * ((a * d - b * c).abs() - all / 2.0).max(0.0).powi(2) / margins;
    let (less, more) = (share.min(others), share.max(others));
    (more - less > APART || more > LARGER * less) && chi_square_tail(chi_square, 1) < ERROR
}

#[cfg(test)]
mod tests {
    use crate::compare::{Context, Pair, Pairs, Points, Rating, Report, Settings};

    /// A thousand pairs of which those are labelled that `is_known` says by number and left score.
    fn report(is_known: impl Fn(u32, f64) -> bool) -> Report {
        let mut pairs = Pairs::default();
        for number in 0..1000_u32 {
            let rating = |score: u32| Rating::of(Points::new(f64::from(score % 101)).expect("a score"));
            let (left, right) = (rating(number * 37), rating(number * 53 + 11));
            let known = is_known(number, left.score.value());
            pairs.push(Pair { left, right, outcome: known.then_some(number % 7 == 0), segment: None });
        }
        Report::of(&pairs, &Settings::default(), Context::default())
    }

    #[test]
    fn a_choice_by_flags_is_seen_and_one_by_chance_is_not() {
        assert!(!report(|_, _| true).outcomes.labelling.selective);
        assert!(!report(|number, _| number % 3 == 0).outcomes.labelling.selective);
        // Few are labelled at all, and all of them are flagged by the left side.
        let few = report(|number, score| score >= 60.0 && number % 12 == 0);
        assert!(few.outcomes.labelling.selective, "{:?}", few.outcomes.labelling);
        for flagged_and_a_few in [1_000, 20] {
            let chosen = report(|number, score| score >= 60.0 || number % flagged_and_a_few == 0);
            assert!(chosen.outcomes.labelling.selective, "{:?}", chosen.outcomes.labelling);
            assert!(!chosen.verdict.decides(), "{:?}", chosen.verdict_reasons);
            let labelling = &chosen.outcomes.labelling;
            assert_eq!(labelling.left_flagged.labelled, labelling.left_flagged.pairs);
        }
    }
}
