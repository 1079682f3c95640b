//! Recall when not everybody's truth is known: who was flagged is looked into, and of the others only a random sample.
//!
//! Counted as it comes, such recall flatters (Begg and Greenes 1983): what nobody flags is hardly ever found out. So each
//! stratum's positives are scaled up by how many of it were looked into: those whom either side flags, and of those whom
//! neither flags the audit sample alone. With A found and B missed, recall is A ÷ (A + B). Its interval is normal on
//! ln(A ÷ B), by the delta method from both strata's multinomial counts, each with half a case added.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::numbers::reach;

/// What is known of both strata, for one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verified {
    /// Pairs that either side flags.
    pub flagged: u64,
    /// Those of them whose truth is known.
    pub flagged_known: u64,
    /// Those of these that are positive and flagged by this side.
    pub found: u64,
    /// Those that are positive and flagged by the other side alone.
    pub missed: u64,
    /// Pairs that neither side flags.
    pub unflagged: u64,
    /// Those of them that were sampled at random and whose truth is known.
    pub sampled_known: u64,
    /// Those of these that are positive.
    pub sampled_positive: u64,
    /// Every known positive that neither side flags, sampled or not.
    pub unflagged_positive: u64,
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

const NO_FLAGGED: &str = "of nobody who was flagged it is known what turned out to be true";
const NO_SAMPLE: &str = "of nobody in a random sample of the unflagged it is known what turned out to be true: draw one and look into it";
const NO_POSITIVES: &str = "no outcome is positive: nothing could have been found";

// === impl CorrectedRecall ===

impl CorrectedRecall {
    /// From what is known of one side.
    #[must_use]
    pub fn of(known: &Verified, confidence: f64) -> Self {
        let found_out = known.found + known.missed + known.unflagged_positive.max(known.sampled_positive);
        let observed = (found_out > 0).then(|| known.found as f64 / found_out as f64);
        let hindrance = if known.flagged > 0 && known.flagged_known == 0 {
            Some(NO_FLAGGED)
        } else if known.unflagged > 0 && known.sampled_known == 0 {
            Some(NO_SAMPLE)
        } else if found_out == 0 {
            Some(NO_POSITIVES)
        } else {
            None
        };
        if let Some(reason) = hindrance {
            return Self { observed, reason: Some(reason.to_owned()), ..Self::default() };
        }
        let (found, missed) = scaled(known, 0.0);
        let (low, high) = interval(known, confidence);
        Self {
            observed,
            corrected: Some(found / (found + missed)),
            low: Some(low),
            high: Some(high),
            reason: None,
        }
    }
}

/// How many were found and missed in all, where `more` cases are added to each count.
fn scaled(known: &Verified, more: f64) -> (f64, f64) {
    let scale = |all: u64, seen: u64| if seen == 0 { 0.0 } else { all as f64 / seen as f64 };
    let (flagged, unflagged) =
        (scale(known.flagged, known.flagged_known), scale(known.unflagged, known.sampled_known));
    let found = flagged * (known.found as f64 + more);
    let missed = flagged * (known.missed as f64 + more) + unflagged * (known.sampled_positive as f64 + more);
    (found, missed)
}

fn interval(known: &Verified, confidence: f64) -> (f64, f64) {
    const HALF: f64 = 0.5;
    let (found, missed) = scaled(known, HALF);
    let scale = |all: u64, seen: u64| if seen == 0 { 0.0 } else { all as f64 / seen as f64 };
    let (a, b, u) =
        (known.found as f64 + HALF, known.missed as f64 + HALF, known.sampled_positive as f64 + HALF);
    // Two further halves stand for those who are neither.
    let (n, m) = (known.flagged_known as f64 + 3.0 * HALF, known.sampled_known as f64 + 2.0 * HALF);
    let flagged = scale(known.flagged, known.flagged_known).powi(2);
    let unflagged = scale(known.unflagged, known.sampled_known).powi(2);
    let of_found = flagged * a * (1.0 - a / n);
    let of_missed = flagged * b * (1.0 - b / n) + unflagged * u * (1.0 - u / m);
    let of_both = -flagged * a * b / n;
    let variance =
        of_found / (found * found) + of_missed / (missed * missed) - 2.0 * of_both / (found * missed);
    let (middle, spread) = ((found / missed).ln(), reach(confidence) * variance.max(0.0).sqrt());
    let share = |log_odds: f64| 1.0 / (1.0 + (-log_odds).exp());
    (share(middle - spread), share(middle + spread))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::numbers::Generator;

    fn uniform(numbers: &mut Generator) -> f64 {
        (numbers.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// 20,000 subjects of whom 3 % are positive: one side flags seven in ten of them, and a twentieth of the others. Who is
    /// flagged is looked into, one in fifty of the others finds out by themselves, and `sampled` of them are drawn.
    fn population(seed: u64, sampled: f64) -> Verified {
        let mut numbers = Generator::new(seed);
        let mut known = Verified::default();
        for _ in 0..20_000 {
            let positive = uniform(&mut numbers) < 0.03;
            let flagged = uniform(&mut numbers) < if positive { 0.70 } else { 0.05 };
            let is_sampled = uniform(&mut numbers) < sampled;
            match (flagged, positive) {
                (true, _) => {
                    known.flagged += 1;
                    known.flagged_known += 1;
                    known.found += u64::from(positive);
                }
                (false, _) => {
                    known.unflagged += 1;
                    known.sampled_known += u64::from(is_sampled);
                    known.sampled_positive += u64::from(is_sampled && positive);
                }
            }
        }
        known
    }

    #[test]
    fn what_flatters_is_corrected_and_the_interval_holds_the_truth_as_often_as_it_says() {
        let mut held = 0;
        let mut corrected = 0.0;
        for seed in 0..400 {
            let recall = CorrectedRecall::of(&population(seed, 0.1), 0.95);
            assert!(recall.observed > Some(0.93), "{recall:?}");
            corrected += recall.corrected.expect("a number") / 400.0;
            held += u32::from(recall.low < Some(0.70) && recall.high > Some(0.70));
        }
        assert!((corrected - 0.70).abs() < 0.01, "{corrected}");
        assert!((368..=396).contains(&held), "{held} of 400");
    }

    #[test]
    fn where_everybody_is_known_nothing_is_corrected() {
        let known = Verified {
            flagged: 100,
            flagged_known: 100,
            found: 30,
            missed: 10,
            unflagged: 900,
            sampled_known: 900,
            sampled_positive: 10,
            unflagged_positive: 10,
        };
        let recall = CorrectedRecall::of(&known, 0.95);
        assert_eq!((recall.observed, recall.corrected), (Some(0.6), Some(0.6)));
        assert!(recall.low > Some(0.45) && recall.high < Some(0.74), "{recall:?}");
    }

    #[test]
    fn without_a_sample_or_a_case_it_says_so() {
        let nobody =
            Verified { flagged: 10, flagged_known: 10, found: 3, unflagged: 90, ..Verified::default() };
        let recall = CorrectedRecall::of(&nobody, 0.95);
        assert_eq!((recall.observed, recall.corrected), (Some(1.0), None));
        assert_eq!(recall.reason.as_deref(), Some(NO_SAMPLE));
        let none = Verified { sampled_known: 90, found: 0, ..nobody };
        assert_eq!(CorrectedRecall::of(&none, 0.95).reason.as_deref(), Some(NO_POSITIVES));
        let lucky = Verified { sampled_known: 90, ..nobody };
        let recall = CorrectedRecall::of(&lucky, 0.95);
        assert!(
            recall.corrected == Some(1.0) && recall.low < Some(0.99),
            "no case in a sample proves nothing: {recall:?}"
        );
    }
}
