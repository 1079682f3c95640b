//! One word for a committee, by a table that anyone can check.
//!
//! The first row that holds decides. The gain is the right side's AUC minus the left side's, with its interval; a share
//! is one of all positives, with Wilson's interval.
//!
//! | | holds when | verdict |
//! |---|---|---|
//! | 1 | there is no outcome, or every outcome is of one kind | `inconclusive` |
//! | 2 | there are fewer pairs, positives or negatives than the minimum | `extend` |
//! | 3 | the gain has no interval, or both areas are surely below ½, as with scales or outcomes the wrong way round | `inconclusive` |
//! | 4 | whose outcomes are known depends on a side's flags | `extend` |
//! | 5 | each side flags surely more than `complementary_share` of all positives which the other one does not, and among positives one side's flag surely makes the other's less likely | `complementary` |
//! | 6 | the gain is surely above 0, and may be as large as the margin, and the right area is surely above ½ | `promote` |
//! | 7 | shares as in row 5, the left side is not surely better, and the mean of both ranks is surely better than either | `complementary` |
//! | 8 | the gain is surely below the margin | `keep` |
//! | 9 | anything else: more outcomes would decide | `extend` |
//!
//! Agreement alone never decides: two providers may agree and both be wrong.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{figure::Estimate, numbers::wilson, outcomes::Outcomes, settings::Settings};

/// What the comparison says to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The right side is better beyond noise.
    Promote,
    /// The left side is better, or the right one not better by a margin worth acting upon.
    Keep,
    /// More data would decide.
    Extend,
    /// Each side finds what the other misses: both together are better.
    Complementary,
    /// Nothing can be concluded, however many more of these pairs there were.
    Inconclusive,
}

/// What a verdict is made from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Evidence {
    pub(super) pairs: u64,
    pub(super) labelled: u64,
    pub(super) positives: u64,
    pub(super) negatives: u64,
    /// The interval of right − left.
    pub(super) gain: Option<(f64, f64)>,
    /// Whether both areas are surely below one half.
    pub(super) reversed: bool,
    /// Whether the right area is surely above one half.
    pub(super) right_tells: bool,
    /// Whether it depends on flags whose outcomes are known.
    pub(super) selective: bool,
    /// Positives which the left side alone flags, and the right side alone.
    pub(super) alone: (u64, u64),
    /// Whether flags of positives surely exclude each other.
    pub(super) exclusive: bool,
    /// Whether both together rank surely better than either.
    pub(super) together: bool,
}

// === impl Verdict ===

impl Verdict {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Keep => "keep",
            Self::Extend => "extend",
            Self::Complementary => "complementary",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// Whether it names somebody.
    #[must_use]
    pub const fn decides(self) -> bool {
        matches!(self, Self::Promote | Self::Keep | Self::Complementary)
    }
}

/// The table in this module's documentation.
pub(super) fn decide(evidence: &Evidence, settings: &Settings) -> Verdict {
    let minimum = &settings.minimum;
    if evidence.positives == 0 || evidence.negatives == 0 {
        return Verdict::Inconclusive;
    }
    if evidence.pairs < minimum.pairs
        || evidence.positives < minimum.positives
        || evidence.negatives < minimum.negatives
    {
        return Verdict::Extend;
    }
    let Some((low, high)) = evidence.gain.filter(|_| !evidence.reversed) else {
        return Verdict::Inconclusive;
    };
    if evidence.selective {
        return Verdict::Extend;
    }
    let shares = alone(evidence, settings);
    if shares && evidence.exclusive {
        Verdict::Complementary
    } else if low > 0.0 && high >= settings.margin && evidence.right_tells {
        Verdict::Promote
    } else if shares && evidence.together && high >= 0.0 {
        Verdict::Complementary
    } else if high < settings.margin {
        Verdict::Keep
    } else {
        Verdict::Extend
    }
}

/// Whether each side finds enough that the other misses.
fn alone(evidence: &Evidence, settings: &Settings) -> bool {
    let surely = |count| {
        let range = wilson(count, evidence.positives, settings.confidence);
        range.is_some_and(|(low, _)| low > settings.complementary_share)
    };
    surely(evidence.alone.0) && surely(evidence.alone.1)
}

// === impl Evidence ===

impl Evidence {
    pub(super) fn of(pairs: u64, outcomes: &Outcomes) -> Self {
        let auc = &outcomes.auc;
        let surely_above = |estimate: &Estimate| estimate.low.is_some_and(|low| low > 0.0);
        let surely_below = |area: &Estimate| area.high.is_some_and(|high| high < 0.5);
        let combined = &outcomes.combined;
        Self {
            pairs,
            labelled: outcomes.labelled,
            positives: outcomes.positives,
            negatives: outcomes.negatives,
            gain: auc.difference_low.zip(auc.difference_high).map(|(low, high)| (-high, -low)),
            reversed: surely_below(&auc.left) && surely_below(&auc.right),
            right_tells: auc.right.low.is_some_and(|low| low > 0.5),
            selective: outcomes.labelling.selective,
            alone: (outcomes.mcnemar.positives.left_only, outcomes.mcnemar.positives.right_only),
            exclusive: combined.flags_of_positives.high.is_some_and(|high| high < 0.0),
            together: surely_above(&combined.over_left) && surely_above(&combined.over_right),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(gain: (f64, f64)) -> Evidence {
        Evidence {
            pairs: 1000,
            labelled: 1000,
            positives: 100,
            negatives: 900,
            gain: Some(gain),
            reversed: false,
            right_tells: true,
            selective: false,
            alone: (3, 3),
            exclusive: false,
            together: false,
        }
    }

    #[test]
    fn every_row_of_the_table_decides() {
        let apart = (30, 30);
        let cases = [
            (Evidence { positives: 0, ..evidence((0.1, 0.2)) }, Verdict::Inconclusive),
            (Evidence { negatives: 0, ..evidence((0.1, 0.2)) }, Verdict::Inconclusive),
            (Evidence { pairs: 99, ..evidence((0.1, 0.2)) }, Verdict::Extend),
            (Evidence { positives: 29, ..evidence((0.1, 0.2)) }, Verdict::Extend),
            (Evidence { negatives: 29, ..evidence((0.1, 0.2)) }, Verdict::Extend),
            (Evidence { gain: None, ..evidence((0.1, 0.2)) }, Verdict::Inconclusive),
            (Evidence { alone: apart, exclusive: true, ..evidence((0.1, 0.2)) }, Verdict::Complementary),
            (Evidence { alone: (30, 3), exclusive: true, ..evidence((0.1, 0.2)) }, Verdict::Promote),
            (Evidence { reversed: true, ..evidence((0.1, 0.2)) }, Verdict::Inconclusive),
            (Evidence { selective: true, ..evidence((0.1, 0.2)) }, Verdict::Extend),
            (Evidence { selective: true, ..evidence((-0.2, -0.1)) }, Verdict::Extend),
            (Evidence { right_tells: false, ..evidence((0.1, 0.2)) }, Verdict::Extend),
            (evidence((0.001, 0.03)), Verdict::Promote),
            (evidence((0.001, 0.02)), Verdict::Promote),
            (Evidence { alone: apart, together: true, ..evidence((0.01, 0.2)) }, Verdict::Promote),
            (Evidence { alone: apart, together: true, ..evidence((-0.1, 0.1)) }, Verdict::Complementary),
            (Evidence { alone: apart, together: true, ..evidence((-0.01, 0.01)) }, Verdict::Complementary),
            (Evidence { alone: apart, together: true, ..evidence((-0.2, -0.1)) }, Verdict::Keep),
            (evidence((0.001, 0.019)), Verdict::Keep),
            (evidence((-0.1, 0.019)), Verdict::Keep),
            (evidence((-0.1, 0.02)), Verdict::Extend),
            (evidence((0.0, 0.1)), Verdict::Extend),
        ];
        for (number, (evidence, verdict)) in cases.into_iter().enumerate() {
            assert_eq!(decide(&evidence, &Settings::default()), verdict, "case {number}: {evidence:?}");
        }
    }
}
