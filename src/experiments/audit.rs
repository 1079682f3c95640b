//! The random sample of those whom nobody flags: looked into whatever their scores, it tells how much both sides miss.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Course, Experiment, course::Row};
use crate::{
    cache::KeyMaker,
    compare::{CorrectedRecall, Rating, Stratum, Verified, Weighted},
};

/// How sure intervals of recall are.
const CONFIDENCE: f64 = 0.95;
/// Fewer known cases do not tell how those are spread that nobody looked for.
const LEAST_CASES: usize = 20;

/// Whom to look into, though neither side flags them.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditSample {
    /// The share of the unflagged that is drawn, also of those still to come.
    pub share: f64,
    /// Subjects so far whom neither side flags.
    pub unflagged: u64,
    /// Those of them that are drawn.
    pub sampled: u64,
    /// Those of these whose outcome is known.
    pub labelled: u64,
    /// Who is drawn. Without scores, so that whoever looks into them need see none.
    pub subjects: Vec<Sampled>,
}

/// A subject to look into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sampled {
    /// Whom, `sub_…`.
    pub subject_id: String,
    /// An assessment of them, by which an outcome can be recorded.
    pub assessment_id: String,
    /// Whether an outcome is known.
    pub labelled: bool,
}

/// How many cases each side finds of all there are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recalls {
    /// The incumbent's.
    pub left: CorrectedRecall,
    /// The challenger's.
    pub right: CorrectedRecall,
    /// Subjects whom neither side flags.
    pub unflagged: u64,
    /// Those of them that were drawn.
    pub sampled: u64,
    /// Those of these whose outcome is known.
    pub sampled_labelled: u64,
}

// === impl Experiment ===

impl Experiment {
    fn flags(&self, rating: Rating) -> bool {
        rating.level >= self.plan.flag_level
    }

    fn is_unflagged(&self, row: &Row) -> bool {
        !self.flags(row.left) && !self.flags(row.right)
    }

    fn is_sampled(&self, row: &Row, share: f64, keys: &KeyMaker) -> bool {
        self.is_unflagged(row) && self.draw(keys, "audit", &row.subject) < share
    }

    /// The share that draws about so many of the unflagged whom there are by now.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "no experiment has so many subjects")]
    pub fn share_for(&self, size: u64, course: &Course) -> f64 {
        let unflagged = course.rows.iter().filter(|row| self.is_unflagged(row)).count().max(1);
        (size as f64 / unflagged as f64).min(1.0)
    }

    /// Whom a share of the unflagged comes to.
    #[must_use]
    pub fn audit_sample(&self, course: &Course, share: f64, keys: &KeyMaker) -> AuditSample {
        let sampled = course.rows.iter().filter(|row| self.is_sampled(row, share, keys));
        let subjects: Vec<Sampled> = sampled
            .map(|row| Sampled {
                subject_id: row.subject.to_string(),
                assessment_id: row.asked_in.clone(),
                labelled: row.outcome.is_some(),
            })
            .collect();
        AuditSample {
            share,
            unflagged: count(course, |row| self.is_unflagged(row)),
            sampled: u64::try_from(subjects.len()).unwrap_or(u64::MAX),
            labelled: u64::try_from(subjects.iter().filter(|it| it.labelled).count()).unwrap_or(u64::MAX),
            subjects,
        }
    }
}

fn count(course: &Course, holds: impl Fn(&Row) -> bool) -> u64 {
    u64::try_from(course.rows.iter().filter(|row| holds(row)).count()).unwrap_or(u64::MAX)
}

// === impl Course ===

impl Course {
    /// Everybody whose outcome is known, and how many each stands for: of those whom nobody flags the sample alone. None
    /// where the sample was not looked into whole, or a pattern of flags that is not known whole holds too few cases: how
    /// those are spread decides, and a handful does not tell.
    pub(super) fn weighted(
        &self,
        experiment: &Experiment,
        audited: f64,
        keys: &KeyMaker,
    ) -> Option<Vec<Weighted>> {
        let mut weighted = Vec::new();
        for flags in [(true, true), (true, false), (false, true), (false, false)] {
            let flagged = |row: &&Row| (experiment.flags(row.left), experiment.flags(row.right)) == flags;
            let alike: Vec<&Row> = self.rows.iter().filter(flagged).collect();
            let is_sample = flags == (false, false);
            let counts = |row: &&&Row| !is_sample || experiment.is_sampled(row, audited, keys);
            let looked_at: Vec<&&Row> = alike.iter().filter(counts).collect();
            let known: Vec<_> = looked_at.iter().filter(|row| row.outcome.is_some()).collect();
            let cases = known.iter().filter(|row| row.outcome == Some(true)).count();
            let is_whole = known.len() == alike.len();
            let is_left_open = is_sample && known.len() < looked_at.len();
            if is_left_open || (!is_whole && cases < LEAST_CASES) {
                return None;
            }
            let weight = ratio(alike.len(), known.len());
            weighted.extend(known.iter().filter_map(|row| {
                let (left, right) = (row.left.score.value(), row.right.score.value());
                Some(Weighted { left, right, positive: row.outcome?, weight })
            }));
        }
        Some(weighted)
    }
}

#[expect(clippy::cast_precision_loss, reason = "no experiment has so many subjects")]
fn ratio(all: usize, known: usize) -> f64 {
    all as f64 / known.max(1) as f64
}

// === impl Recalls ===

impl Recalls {
    pub(super) fn of(experiment: &Experiment, course: &Course, audited: f64, keys: &KeyMaker) -> Self {
        let is_sampled = |row: &Row| experiment.is_sampled(row, audited, keys);
        let known = |flags: &dyn Fn(&Row) -> (bool, bool)| {
            let stratum = |of: (bool, bool), counts: &dyn Fn(&Row) -> bool| {
                let of_it =
                    |holds: &dyn Fn(&Row) -> bool| count(course, |row| flags(row) == of && holds(row));
                Stratum {
                    pairs: of_it(&|_| true),
                    known: of_it(&|row| counts(row) && row.outcome.is_some()),
                    positives: of_it(&|row| counts(row) && row.outcome == Some(true)),
                }
            };
            Verified {
                both: stratum((true, true), &|_| true),
                alone: stratum((true, false), &|_| true),
                other: stratum((false, true), &|_| true),
                neither: stratum((false, false), &is_sampled),
                sampled: count(course, is_sampled),
                unflagged_positive: count(course, |row| {
                    experiment.is_unflagged(row) && row.outcome == Some(true)
                }),
            }
        };
        let left = known(&|row| (experiment.flags(row.left), experiment.flags(row.right)));
        let right = known(&|row| (experiment.flags(row.right), experiment.flags(row.left)));
        Self {
            left: CorrectedRecall::of(&left, CONFIDENCE),
            right: CorrectedRecall::of(&right, CONFIDENCE),
            unflagged: left.neither.pairs,
            sampled: left.sampled,
            sampled_labelled: left.neither.known,
        }
    }
}
