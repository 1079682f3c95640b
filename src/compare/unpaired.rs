//! Subjects that make no pair, as they are found: who was silent about them, and what the other side said.

use super::{
    figure::finite,
    outcomes::Outcomes,
    pairs::{Points, Row},
    unanswered::{AreaChange, Unanswered},
};

/// What a side said of a subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Said {
    /// This.
    Score(Points),
    /// It was not asked, as it had failed too often or there was no turn.
    NotAsked,
    /// It was asked, and left the subject without a whole answer.
    Nothing,
}

/// What was said of subjects that make no pair.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unpaired {
    unanswered: Unanswered,
    /// Scores of the side that alone answered, and whether it is a case, where an outcome is known.
    left_alone: Vec<(Points, bool)>,
    right_alone: Vec<(Points, bool)>,
}

// === impl Said ===

impl Said {
    /// What counts where this was said, and another thing later: who was silent once was silent, and else the first word counts.
    #[must_use]
    pub const fn then(self, later: Self) -> Self {
        match (self, later) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::NotAsked, _) | (_, Self::NotAsked) => Self::NotAsked,
            (Self::Score(_), Self::Score(_)) => self,
        }
    }

    /// By a score, where there is one.
    #[must_use]
    pub const fn of(score: Option<Points>) -> Self {
        match score {
            Some(score) => Self::Score(score),
            None => Self::Nothing,
        }
    }
}

// === impl Unpaired ===

impl Unpaired {
    /// Counts a subject.
    pub fn count(&mut self, left: Said, right: Said, outcome: Option<bool>) {
        let silent = (left == Said::Nothing, right == Said::Nothing);
        match (left, right) {
            (Said::Nothing, _) | (_, Said::Nothing) => self.unanswered.count(silent, outcome),
            (Said::NotAsked, _) | (_, Said::NotAsked) => self.unanswered.count_not_asked(outcome),
            (Said::Score(_), Said::Score(_)) => {}
        }
        match (left, right, outcome) {
            (Said::Score(score), Said::Nothing, Some(positive)) => self.left_alone.push((score, positive)),
            (Said::Nothing, Said::Score(score), Some(positive)) => self.right_alone.push((score, positive)),
            _ => {}
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn unanswered(&self) -> Unanswered {
        self.unanswered
    }

    /// With what follows beside the pairs that there are.
    pub(super) fn beside(&self, rows: &[Row], outcomes: &Outcomes) -> Unanswered {
        let auc = &outcomes.auc;
        let change = |alone: &[(Points, bool)], score: fn(&Row) -> f64, paired: Option<f64>| {
            let Some(paired) = paired.filter(|_| !alone.is_empty()) else { return 0.0 };
            let all = area(rows.iter().filter_map(|row| Some((score(row), row.positive()?))), alone);
            finite(all - paired).unwrap_or_default()
        };
        let area_change = AreaChange {
            left: change(&self.left_alone, |row| row.left, auc.left.value),
            right: change(&self.right_alone, |row| row.right, auc.right.value),
        };
        Unanswered { area_change, ..self.unanswered.beside(outcomes, rows.len() as u64) }
    }
}

/// The area under the curve of scores of pairs and of those that one side answered alone.
fn area(paired: impl Iterator<Item = (f64, bool)>, alone: &[(Points, bool)]) -> f64 {
    let alone = alone.iter().map(|(score, positive)| (score.value(), *positive));
    let mut all: Vec<(f64, bool)> = paired.chain(alone).collect();
    all.sort_unstable_by(|(one, _), (other, _)| one.total_cmp(other));
    let (mut above, mut positives, mut negatives) = (0.0, 0.0, 0.0);
    for tied in all.chunk_by(|(one, _), (other, _)| one == other) {
        let of_positives = tied.iter().filter(|(_, positive)| *positive).count() as f64;
        let of_negatives = tied.len() as f64 - of_positives;
        above += of_positives * (negatives + of_negatives / 2.0);
        positives += of_positives;
        negatives += of_negatives;
    }
    above / (positives * negatives)
}
