//! Whom a side left without an answer, and what became of them: whoever is silent about the hard cases looks better than it is.
//!
//! Where it depends on the outcome who was left without, or whether one is known of them, nobody wins. And whoever is silent
//! about as many of each kind could still have been silent where it would have erred: so nobody wins who would not win if all
//! that it left unanswered turned against it. Of a share p of the positives and n of the negatives, a silence reaches
//! u = 1 − (1 − p)(1 − n) of what an area is made of, and with any answers an area A would be from A − uA to A + u(1 − A). A is
//! of all that the side answered, also of those whom the other one left without an answer: it may have been silent where
//! this one was right.
//!
//! Where outcomes are known less often of those left without an answer than of pairs, as many as are missing may be of
//! either kind, and neither side's word on them is known.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    figure::Estimate,
    outcomes::{Known, Outcomes, depends},
};

/// Subjects that one side, or both, left without an answer: they make no pair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Unanswered {
    /// By the left side, whatever the right one said.
    pub left: Silence,
    /// By the right side.
    pub right: Silence,
    /// By both sides; they are among the others too.
    #[serde(default)]
    pub both: Silence,
    /// Whom a side was not asked about, as it had failed too often or there was no turn, and neither was silent about: that is
    /// nobody's silence.
    #[serde(default)]
    pub not_asked: Silence,
    /// Whether it depends on the outcome, or on whether one is known, who was left without or not asked about: then nobody
    /// wins by those who were not.
    pub selective: bool,
    /// What those make of each side's area under the curve about whom it alone answered, where their outcomes are known.
    #[serde(default)]
    pub area_change: AreaChange,
}

/// By how much areas under the curve change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AreaChange {
    /// The left side's.
    pub left: f64,
    /// The right side's.
    pub right: f64,
}

/// Subjects without an answer, by what turned out to be true of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Silence {
    /// How many.
    pub subjects: u64,
    /// Those that turned out to be a case.
    pub positives: u64,
    /// Those that did not.
    pub negatives: u64,
}

/// How much of what an area is made of is not known for silence, from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Reach {
    /// Of the left side's area.
    pub(super) left: f64,
    /// Of the right side's.
    pub(super) right: f64,
    /// Of what pairs make of either.
    either: f64,
    change: AreaChange,
}

/// What of all that is left without an answer depends on outcomes, or on whether one is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Selective {
    pub(super) left: bool,
    pub(super) right: bool,
    pub(super) not_asked: bool,
}

// === impl Unanswered ===

impl Unanswered {
    /// Counts a subject that was left without an answer by the left side, the right side, or both.
    pub(super) const fn count(&mut self, (left, right): (bool, bool), outcome: Option<bool>) {
        if left {
            self.left.count(outcome);
        }
        if right {
            self.right.count(outcome);
        }
        if left && right {
            self.both.count(outcome);
        }
    }

    /// Counts a subject whom a side was not asked about, while neither was silent.
    pub(super) const fn count_not_asked(&mut self, outcome: Option<bool>) {
        self.not_asked.count(outcome);
    }

    /// With what follows beside the pairs that there are, so many with outcomes and without.
    pub(super) fn beside(self, outcomes: &Outcomes, pairs: u64) -> Self {
        let Selective { left, right, not_asked } = self.by_side(outcomes, pairs);
        Self { selective: left || right || not_asked, ..self }
    }

    /// The same for each side.
    pub(super) fn by_side(self, outcomes: &Outcomes, pairs: u64) -> Selective {
        let Self { left, right, both, not_asked, .. } = self;
        let pairs = Known { labelled: outcomes.labelled, pairs };
        let nobody = Silence::default();
        Selective {
            left: left.is_selective(outcomes, right, both) || depends(left.known(), pairs),
            right: right.is_selective(outcomes, left, both) || depends(right.known(), pairs),
            not_asked: not_asked.is_selective(outcomes, nobody, nobody) || depends(not_asked.known(), pairs),
        }
    }

    /// How far each silence reaches, beside the pairs that there are, so many with outcomes and without.
    pub(super) fn reach(self, outcomes: &Outcomes, pairs: u64) -> Reach {
        let Self { left, right, both, area_change, .. } = self;
        let missing = self.missing(Known { labelled: outcomes.labelled, pairs });
        let all = left.and(right).without(both);
        let share = |silent: u64, all: u64, paired: u64| {
            let unknown = silent as f64 + missing;
            let all = paired as f64 + all as f64 + missing;
            if unknown > 0.0 { unknown / all } else { 0.0 }
        };
        let of = |silent: Silence| {
            let positives = share(silent.positives, all.positives, outcomes.positives);
            let negatives = share(silent.negatives, all.negatives, outcomes.negatives);
            1.0 - (1.0 - positives) * (1.0 - negatives)
        };
        Reach { left: of(left), right: of(right), either: of(all), change: area_change }
    }

    /// How many more outcomes would be known of whom a side left without an answer, if they were as often as of pairs.
    pub(super) fn missing(self, pairs: Known) -> f64 {
        let Self { left, right, both, .. } = self;
        let share = pairs.labelled as f64 / pairs.pairs.max(1) as f64;
        let missing = |silent: Silence| {
            let known = silent.known();
            (known.pairs as f64 * share - known.labelled as f64).max(0.0)
        };
        // What is known of one side's says nothing of the other's.
        [left.without(both), right.without(both), both].into_iter().map(missing).sum()
    }
}

// === impl Reach ===

impl Reach {
    /// Where nothing is known of those about whom a side alone answered: then silence of either side is of both.
    pub(super) fn of_pairs_alone(self) -> Self {
        Self { left: self.either, right: self.either, change: AreaChange::default(), ..self }
    }

    /// The interval of right − left, whatever those would have said who were silent: `left` and `right` are both areas.
    pub(super) fn widen(self, (low, high): (f64, f64), left: &Estimate, right: &Estimate) -> (f64, f64) {
        let area = |side: &Estimate, change: f64| side.value.unwrap_or(0.5) + change;
        let (left, right) = (area(left, self.change.left), area(right, self.change.right));
        let change = self.change.right - self.change.left;
        (
            low + change - right * self.right - (1.0 - left) * self.left,
            high + change + left * self.left + (1.0 - right) * self.right,
        )
    }

    /// The least and the most that the left area may be, of pairs from `low` to `high`.
    pub(super) fn of_left(self, range: (f64, f64)) -> (f64, f64) {
        reached(range, self.change.left, self.left)
    }

    /// The same for the right area.
    pub(super) fn of_right(self, range: (f64, f64)) -> (f64, f64) {
        reached(range, self.change.right, self.right)
    }

    /// Whether anybody was silent about anything that counts.
    pub(super) fn is_any(self) -> bool {
        self.either > 0.0
    }
}

fn reached((low, high): (f64, f64), change: f64, silent: f64) -> (f64, f64) {
    ((low + change) * (1.0 - silent), (high + change) * (1.0 - silent) + silent)
}

// === impl Silence ===

impl Silence {
    const fn count(&mut self, outcome: Option<bool>) {
        self.subjects += 1;
        match outcome {
            Some(true) => self.positives += 1,
            Some(false) => self.negatives += 1,
            None => {}
        }
    }

    const fn and(self, other: Self) -> Self {
        Self {
            subjects: self.subjects + other.subjects,
            positives: self.positives + other.positives,
            negatives: self.negatives + other.negatives,
        }
    }

    const fn without(self, counted_twice: Self) -> Self {
        Self {
            subjects: self.subjects.saturating_sub(counted_twice.subjects),
            positives: self.positives.saturating_sub(counted_twice.positives),
            negatives: self.negatives.saturating_sub(counted_twice.negatives),
        }
    }

    /// Of how many of them an outcome is known.
    const fn known(self) -> Known {
        Known { labelled: self.positives + self.negatives, pairs: self.subjects }
    }

    /// Beside those whom both sides answered, and those whom the other side alone left without an answer.
    fn is_selective(self, outcomes: &Outcomes, others: Self, both: Self) -> bool {
        let answered = |paired, others: u64, both, silent| {
            let labelled = paired + others.saturating_sub(both);
            Known { labelled, pairs: labelled + silent }
        };
        depends(
            answered(outcomes.positives, others.positives, both.positives, self.positives),
            answered(outcomes.negatives, others.negatives, both.negatives, self.negatives),
        )
    }
}
