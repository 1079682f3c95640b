//! Whom a side left without an answer, and what became of them: where that depends on the outcome, whoever is silent about
//! the hard cases looks better than it is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcomes::{Known, Outcomes, depends};

/// Subjects that one side, or both, left without an answer: they make no pair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unanswered {
    /// By the left side, whatever the right one said.
    pub left: Silence,
    /// By the right side.
    pub right: Silence,
    /// By both sides; they are among the others too.
    #[serde(default)]
    pub both: Silence,
    /// Whether it depends on the outcome who was left without: then nobody wins by those who were not.
    pub selective: bool,
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

// === impl Unanswered ===

impl Unanswered {
    /// Counts a subject that was left without an answer by the left side, the right side, or both.
    pub const fn count(&mut self, (left, right): (bool, bool), outcome: Option<bool>) {
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

    /// With what follows beside the pairs that there are.
    pub(super) fn beside(self, outcomes: &Outcomes) -> Self {
        let (left, right) = self.selective_sides(outcomes);
        Self { selective: left || right, ..self }
    }

    /// Whether it depends on the outcome whom the left side left without an answer, and whom the right one.
    pub(super) fn selective_sides(self, outcomes: &Outcomes) -> (bool, bool) {
        let Self { left, right, both, .. } = self;
        (left.is_selective(outcomes, right, both), right.is_selective(outcomes, left, both))
    }
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
