//! One word for a committee, by a table that anyone can check.
//!
//! The first row that holds decides. The gain is the right side's AUC minus the left side's, with its interval; a side
//! tells cases when its area is surely above ½; a share is one of all positives, with Wilson's interval. Both together is
//! the mean of both ranks: worth it when its area is surely above either side's, and may be so by the margin. Where a side left
//! subjects without an answer whose outcomes are known, all of these hold only if they do whatever it would have said of them
//! (`compare::unanswered`): so nobody wins by silence.
//!
//! | | holds when | verdict |
//! |---|---|---|
//! | 1 | there is no outcome, or every outcome is of one kind | `inconclusive` |
//! | 2 | there are fewer pairs, positives or negatives than the minimum | `extend` |
//! | 3 | the gain has no interval | `inconclusive` |
//! | 4 | whose outcomes or answers are known depends on flags, scores, segments or outcomes, or hardly anybody is unflagged by both sides | `extend` |
//! | 5 | neither area can be above ½ by as much as the margin, as with noise, or one is surely below it by more, as with a scale the wrong way round | `inconclusive` |
//! | 6 | both together are worth it, each side flags surely more than `complementary_share` of all positives which the other one does not, and among positives one side's flag surely makes the other's less likely | `complementary` |
//! | 7 | the gain is surely above 0 and may be as large as the margin, and the right side tells cases | `promote` |
//! | 8 | both together are worth it, shares as in row 6, and the left side is not surely better | `complementary` |
//! | 9 | the gain is surely below the margin, and the left side tells cases | `keep` |
//! | 10 | anything else: more outcomes would decide | `extend` |
//!
//! Agreement alone never decides: two providers may agree and both be wrong.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{figure::Estimate, numbers::wilson, outcomes::Outcomes, settings::Settings, unanswered::Reach};

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
    /// The interval of right − left, whatever would have been said of those who were left without an answer.
    pub(super) gain: Option<(f64, f64)>,
    /// Whether the left area is surely above one half.
    pub(super) left_tells: bool,
    /// Whether the right area is surely above one half.
    pub(super) right_tells: bool,
    /// The most that an area of either side can be.
    pub(super) best: f64,
    /// The most that the lower area of both can be.
    pub(super) worst: f64,
    /// Whether it depends on flags, scores, segments or outcomes whose outcomes or answers are known.
    pub(super) selective: bool,
    /// Positives which the left side alone flags, and the right side alone.
    pub(super) alone: (u64, u64),
    /// Whether flags of positives surely exclude each other.
    pub(super) exclusive: bool,
    /// The least and the most by which both together rank better than either.
    pub(super) together: Option<(f64, f64)>,
}

/// What areas under the curve are, as far as they are known.
#[derive(Debug, Clone)]
pub(super) struct Areas<'a> {
    pub(super) left: &'a Estimate,
    pub(super) right: &'a Estimate,
    /// The interval of right − left.
    pub(super) gain: Option<(f64, f64)>,
    /// The least and the most by which both together rank better than either, where they tell cases at all.
    pub(super) together: Option<(f64, f64)>,
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
    if evidence.positives == 0 || evidence.negatives == 0 {
        return Verdict::Inconclusive;
    }
    if evidence.is_little(settings) {
        return Verdict::Extend;
    }
    let Some((low, high)) = evidence.gain else {
        return Verdict::Inconclusive;
    };
    if evidence.selective {
        return Verdict::Extend;
    }
    if evidence.best < 0.5 + settings.margin || evidence.worst < 0.5 - settings.margin {
        return Verdict::Inconclusive;
    }
    let worth_it = |(low, high): (f64, f64)| low > 0.0 && high >= settings.margin;
    let together = evidence.together.is_some_and(worth_it) && alone(evidence, settings);
    if together && evidence.exclusive {
        Verdict::Complementary
    } else if worth_it((low, high)) && evidence.right_tells {
        Verdict::Promote
    } else if together && high >= 0.0 {
        Verdict::Complementary
    } else if high < settings.margin && evidence.left_tells {
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
    /// Whether there is less than anything is concluded from.
    pub(super) const fn is_little(&self, settings: &Settings) -> bool {
        settings.minimum.is_more_than(self.pairs, self.positives, self.negatives)
    }

    /// By these areas, of so many pairs, with so much not known for silence; `selective` tells whether silence depends on
    /// outcomes.
    pub(super) fn of(
        areas: &Areas<'_>,
        pairs: u64,
        outcomes: &Outcomes,
        silence: Reach,
        selective: bool,
    ) -> Self {
        // Without an interval a side may be anything.
        let range = |area: &Estimate| (area.low.unwrap_or(0.0), area.high.or(area.value).unwrap_or(1.0));
        let (left, right) = (silence.of_left(range(areas.left)), silence.of_right(range(areas.right)));
        Self {
            pairs,
            labelled: outcomes.labelled,
            positives: outcomes.positives,
            negatives: outcomes.negatives,
            gain: areas.gain.map(|gain| silence.widen(gain, areas.left, areas.right)),
            left_tells: left.0 > 0.5,
            right_tells: right.0 > 0.5,
            best: left.1.max(right.1),
            worst: left.1.min(right.1),
            selective: outcomes.labelling.selective || outcomes.labelling.only_flagged || selective,
            alone: (outcomes.mcnemar.positives.left_only, outcomes.mcnemar.positives.right_only),
            exclusive: outcomes.combined.flags_of_positives.high.is_some_and(|high| high < 0.0),
            together: areas.together.map(|(low, high)| (low - silence.left - silence.right, high)),
        }
    }
}

// === impl Areas ===

impl<'a> Areas<'a> {
    pub(super) fn of(outcomes: &'a Outcomes) -> Self {
        let (auc, combined) = (&outcomes.auc, &outcomes.combined);
        let gain = auc.difference_low.zip(auc.difference_high).map(|(low, high)| (-high, -low));
        let (over_left, over_right) = (range(&combined.over_left), range(&combined.over_right));
        let either = |(left, right): ((f64, f64), (f64, f64))| (left.0.min(right.0), left.1.min(right.1));
        let tells = combined.auc.low.is_some_and(|low| low > 0.5);
        Self {
            left: &auc.left,
            right: &auc.right,
            gain: gain.or_else(|| auc.same_order.then_some((0.0, 0.0))),
            together: over_left.zip(over_right).map(either).filter(|_| tells),
        }
    }
}

fn range(estimate: &Estimate) -> Option<(f64, f64)> {
    estimate.low.zip(estimate.high)
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
            left_tells: true,
            right_tells: true,
            best: 0.9,
            worst: 0.8,
            selective: false,
            alone: (3, 3),
            exclusive: false,
            together: None,
        }
    }

    #[test]
    fn every_row_of_the_table_decides() {
        let (apart, worth_it) = ((30, 30), Some((0.001, 0.02)));
        let both = |gain| Evidence { alone: apart, together: worth_it, ..evidence(gain) };
        let cases = [
            (Evidence { positives: 0, ..evidence((0.1, 0.2)) }, Verdict::Inconclusive),
            (Evidence { negatives: 0, ..evidence((0.1, 0.2)) }, Verdict::Inconclusive),
            (Evidence { pairs: 99, ..evidence((0.1, 0.2)) }, Verdict::Extend),
            (Evidence { positives: 29, ..evidence((0.1, 0.2)) }, Verdict::Extend),
            (Evidence { negatives: 29, ..evidence((0.1, 0.2)) }, Verdict::Extend),
            (Evidence { gain: None, ..evidence((0.1, 0.2)) }, Verdict::Inconclusive),
            (Evidence { selective: true, ..evidence((0.1, 0.2)) }, Verdict::Extend),
            (Evidence { selective: true, ..evidence((-0.2, -0.1)) }, Verdict::Extend),
            (Evidence { selective: true, best: 0.4, ..evidence((0.1, 0.2)) }, Verdict::Extend),
            (Evidence { best: 0.519, ..evidence((0.1, 0.2)) }, Verdict::Inconclusive),
            (Evidence { best: 0.519, ..evidence((-0.1, 0.0)) }, Verdict::Inconclusive),
            (Evidence { worst: 0.479, ..evidence((0.1, 0.2)) }, Verdict::Inconclusive),
            (Evidence { worst: 0.481, ..evidence((0.1, 0.2)) }, Verdict::Promote),
            (Evidence { exclusive: true, ..both((0.1, 0.2)) }, Verdict::Complementary),
            (Evidence { exclusive: true, together: None, ..both((0.1, 0.2)) }, Verdict::Promote),
            (
                Evidence { exclusive: true, together: Some((0.001, 0.019)), ..both((0.1, 0.2)) },
                Verdict::Promote,
            ),
            (Evidence { exclusive: true, together: Some((0.0, 0.2)), ..both((-0.1, 0.1)) }, Verdict::Extend),
            (Evidence { exclusive: true, alone: (30, 3), ..both((0.1, 0.2)) }, Verdict::Promote),
            (Evidence { right_tells: false, ..evidence((0.1, 0.2)) }, Verdict::Extend),
            (evidence((0.001, 0.03)), Verdict::Promote),
            (evidence((0.001, 0.02)), Verdict::Promote),
            (both((0.01, 0.2)), Verdict::Promote),
            (both((-0.1, 0.1)), Verdict::Complementary),
            (both((-0.01, 0.01)), Verdict::Complementary),
            (Evidence { together: None, ..both((-0.01, 0.01)) }, Verdict::Keep),
            (both((-0.2, -0.1)), Verdict::Keep),
            (evidence((0.001, 0.019)), Verdict::Keep),
            (evidence((-0.1, 0.019)), Verdict::Keep),
            (Evidence { left_tells: false, ..evidence((-0.1, 0.019)) }, Verdict::Extend),
            (evidence((-0.1, 0.02)), Verdict::Extend),
            (evidence((0.0, 0.1)), Verdict::Extend),
        ];
        for (number, (evidence, verdict)) in cases.into_iter().enumerate() {
            assert_eq!(decide(&evidence, &Settings::default()), verdict, "case {number}: {evidence:?}");
        }
    }
}
