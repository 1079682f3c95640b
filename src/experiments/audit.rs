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
const LEAST_CASES: u64 = 20;

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
    /// Everybody whose outcome is known, and how many each stands for: of those whom nobody flags the sample alone.
    ///
    /// # Errors
    ///
    /// Why nobody can stand for others: a pattern of flags is not known (nearly) whole, or the sample of the others was not
    /// looked into whole, or holds so few cases that they do not tell how those are spread that nobody looked for.
    pub(super) fn weighted(
        &self,
        experiment: &Experiment,
        audited: f64,
        keys: &KeyMaker,
    ) -> Result<Vec<Weighted>, String> {
        let (left, right) = (&experiment.plan.left, &experiment.plan.right);
        let flags = |row: &Row| (experiment.flags(row.left), experiment.flags(row.right));
        let alike = |of: (bool, bool)| self.rows.iter().filter(|row| flags(row) == of).collect::<Vec<_>>();
        let mut weighted = Vec::new();
        for (of, whom) in [
            ((true, true), "whom both flag".to_owned()),
            ((true, false), format!("whom {left} alone flags")),
            ((false, true), format!("whom {right} alone flags")),
        ] {
            let rows = alike(of);
            let stratum = stratum(&rows);
            stratum.open(&whom).map_or(Ok(()), Err)?;
            weighted.extend(standing_for(stratum.pairs, &rows));
        }
        let unflagged = alike((false, false));
        let (all, is_sampled) =
            (stratum(&unflagged).pairs, |row: &&Row| experiment.is_sampled(row, audited, keys));
        let sample: Vec<&Row> = unflagged.into_iter().filter(is_sampled).collect();
        too_little(all, stratum(&sample)).map_or(Ok(()), Err)?;
        weighted.extend(standing_for(all, &sample));
        Ok(weighted)
    }
}

/// Why a sample does not speak for all whom nobody flags.
fn too_little(unflagged: u64, sample: Stratum) -> Option<String> {
    let Stratum { pairs, known, positives } = sample;
    if known < pairs {
        Some(format!(
            "of {pairs} in the random sample of the unflagged only {known} are known: look into all of them"
        ))
    } else if pairs == 0 && unflagged > 0 {
        Some(format!(
            "no random sample of the {unflagged} unflagged was drawn: draw one, and look into all of it"
        ))
    } else if pairs < unflagged && positives < LEAST_CASES {
        // With as many cases among the others as in the sample; without any, one more may be found in as many again.
        let enough = (pairs * LEAST_CASES).div_ceil(positives.max(1)).min(unflagged);
        let about = if positives == 0 { "at least" } else { "about" };
        Some(format!(
            "the random sample of the unflagged holds {positives} cases, and fewer than {LEAST_CASES} do not tell how those are \
             spread that nobody looked for: draw more, {about} {enough} of {unflagged}"
        ))
    } else {
        None
    }
}

/// What is known of these.
fn stratum(rows: &[&Row]) -> Stratum {
    rows.iter().fold(Stratum::default(), |it, row| Stratum {
        pairs: it.pairs + 1,
        known: it.known + u64::from(row.outcome.is_some()),
        positives: it.positives + u64::from(row.outcome == Some(true)),
    })
}

/// Those of these whose outcome is known; together they stand for so many.
fn standing_for(all: u64, rows: &[&Row]) -> impl Iterator<Item = Weighted> {
    let weight = ratio(all, stratum(rows).known);
    rows.iter().filter_map(move |row| {
        let (left, right) = (row.left.score.value(), row.right.score.value());
        Some(Weighted { left, right, positive: row.outcome?, weight })
    })
}

#[expect(clippy::cast_precision_loss, reason = "no experiment has so many subjects")]
fn ratio(all: u64, known: u64) -> f64 {
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
        let (left_name, right_name) = (experiment.plan.left.as_str(), experiment.plan.right.as_str());
        Self {
            left: CorrectedRecall::of(&left, [left_name, right_name], CONFIDENCE),
            right: CorrectedRecall::of(&right, [right_name, left_name], CONFIDENCE),
            unflagged: left.neither.pairs,
            sampled: left.sampled,
            sampled_labelled: left.neither.known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_large_a_sample_must_be_follows_from_the_cases_that_it_holds() {
        let sample = |pairs, known, positives| Stratum { pairs, known, positives };
        for (sample, expected) in [
            (sample(0, 0, 0), "no random sample of the 4000 unflagged"),
            (sample(100, 99, 20), "of 100 in the random sample of the unflagged only 99 are known"),
            (sample(100, 100, 0), "draw more, at least 2000 of 4000"),
            (sample(100, 100, 5), "draw more, about 400 of 4000"),
            (sample(3000, 3000, 3), "draw more, about 4000 of 4000"),
        ] {
            let told = too_little(4000, sample).expect("a reason");
            assert!(told.contains(expected), "{told}");
        }
        assert_eq!(too_little(4000, sample(400, 400, 20)), None);
        assert_eq!(too_little(400, sample(400, 400, 0)), None, "that is everybody");
    }
}
