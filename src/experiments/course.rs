//! How far an experiment is: which pairs count, and whether a look is due. It never says which way they point.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Experiment, Look};
use crate::{
    cache::KeyMaker,
    compare::{Pair, Pairs, Rating, Unpaired},
    comparing::{self, AskedOf, ComparedPair, Countries, SegmentKey, Selection, Silent, Version},
    ids::SubjectId,
    store::{Store, StoreError},
};

/// How far an experiment is.
#[derive(Debug)]
pub struct Course {
    /// Runs of pairs of the same versions, in order; only the first may count.
    pub segments: Vec<VersionRun>,
    pub(super) rows: Vec<Row>,
    /// Whom a side left without an answer while pairs counted.
    pub(super) unpaired: Unpaired,
    /// Pairs that came after the planned number had an outcome.
    pub(super) after_planned: u64,
    /// Subjects of whom something was told before they were asked about.
    pub(super) known_before: u64,
    labelled: u64,
}

/// Pairs of the same versions, one after another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VersionRun {
    /// The incumbent's version.
    pub left: Version,
    /// The challenger's.
    pub right: Version,
    /// When the first of its pairs was made.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// When the last one was.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// How many pairs, one for each subject.
    pub pairs: u64,
    /// How many of them have an outcome.
    pub labelled: u64,
    /// Whether they count: those of the versions that were registered, until another one came.
    pub counts: bool,
}

/// How an experiment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentStatus {
    /// It takes in pairs.
    Running,
    /// Its time is over or its pairs are enough: the last look is due.
    Due,
    /// Another version came: the last look is at what there was before, once its outcomes are known.
    Closed,
    /// The last look was taken, or there is nothing left to look at.
    Ended,
}

/// Whether a look is due.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Due {
    /// It is.
    Now {
        /// The share of the planned labelled pairs that is there.
        share: f64,
        /// Whether no other follows.
        is_last: bool,
    },
    /// Not before there are so many labelled pairs.
    At(u64),
    /// None will be.
    Never,
}

/// A pair that counts.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) subject: SubjectId,
    pub(super) asked_in: String,
    pub(super) at: Timestamp,
    pub(super) left: Rating,
    pub(super) right: Rating,
    pub(super) outcome: Option<bool>,
}

// === impl Course ===

impl Course {
    /// Reads how far an experiment is.
    ///
    /// # Errors
    ///
    /// When the store could not be read.
    pub async fn read(
        store: &Store,
        experiment: &Experiment,
        keys: &KeyMaker,
        countries: &Countries,
    ) -> Result<Self, StoreError> {
        let mut found = Vec::new();
        let takes = |asked: AskedOf<'_>| experiment.takes(asked, keys);
        let collect = |pair: &ComparedPair, row: &Pair<'_>| found.push((pair.clone(), row.outcome));
        let gathered = comparing::gather(store, &experiment.selection(), countries, takes, collect).await?;
        Ok(Self { known_before: gathered.known_before, ..Self::of(experiment, found, &gathered.silent) })
    }

    /// Of pairs of different subjects, in any order, and whom a side left without an answer.
    fn of(experiment: &Experiment, mut found: Vec<(ComparedPair, Option<bool>)>, silent: &[Silent]) -> Self {
        found.sort_by(|(one, _), (other, _)| (one.at, &one.asked_in).cmp(&(other.at, &other.asked_in)));
        let (mut segments, mut rows): (Vec<VersionRun>, Vec<Row>) = (Vec::new(), Vec::new());
        for (pair, outcome) in found {
            let (left, right) = (Version::read(&pair.left.version), Version::read(&pair.right.version));
            let goes_on = segments.last().is_some_and(|last| last.left == left && last.right == right);
            if !goes_on {
                let counts = segments.is_empty() && experiment.plan.is_of(&left, &right);
                segments.push(VersionRun {
                    left,
                    right,
                    from: pair.at,
                    to: pair.at,
                    pairs: 0,
                    labelled: 0,
                    counts,
                });
            }
            let Some(segment) = segments.last_mut() else { continue };
            segment.to = pair.at;
            segment.pairs += 1;
            segment.labelled += u64::from(outcome.is_some());
            if segment.counts {
                let ComparedPair { subject, asked_in, at, left, right, .. } = pair;
                let (left, right) = (left.rating, right.rating);
                rows.push(Row { subject, asked_in, at, left, right, outcome });
            }
        }
        let all = rows.len();
        let labelled = cap(&mut rows, experiment.plan.horizon.labelled);
        let after_planned = all - rows.len();
        let other = segments.iter().find(|segment| !segment.counts).map(|segment| segment.from);
        let capped = rows.last().filter(|_| after_planned > 0).map(|last| last.at);
        let counts = |silent: &&Silent| {
            other.is_none_or(|from| silent.at < from) && capped.is_none_or(|last| silent.at <= last)
        };
        Self {
            segments,
            rows,
            unpaired: Silent::count(silent.iter().filter(counts)),
            after_planned: u64::try_from(after_planned).unwrap_or(u64::MAX),
            known_before: 0,
            labelled,
        }
    }

    /// How many pairs that count have an outcome.
    #[must_use]
    pub const fn labelled(&self) -> u64 {
        self.labelled
    }

    /// How many pairs count.
    #[must_use]
    pub const fn pairs(&self) -> usize {
        self.rows.len()
    }

    /// Since when another version is answering: then nothing that comes later counts.
    #[must_use]
    pub fn closed_at(&self) -> Option<Timestamp> {
        self.segments.iter().find(|segment| !segment.counts).map(|segment| segment.from)
    }

    /// Whether a look is due at `now`, after those `taken`.
    #[must_use]
    pub fn due(&self, experiment: &Experiment, taken: &[Look], now: Timestamp) -> Due {
        let (plan, looked_at) = (&experiment.plan, taken.last().map_or(0, |look| look.labelled));
        if taken.last().is_some_and(|look| look.is_last) {
            return Due::Never;
        }
        let planned = plan.horizon.labelled;
        let is_over = self.closed_at().is_some() || now >= experiment.ends_at();
        if is_over || self.labelled >= planned {
            return match self.labelled > looked_at {
                true => Due::Now { share: share(self.labelled, planned), is_last: true },
                // Outcomes of what there is may still be told.
                false if now < experiment.ends_at() => Due::At(looked_at + 1),
                false => Due::Never,
            };
        }
        match plan.due_at().find(|&due| due > looked_at) {
            Some(due) if self.labelled < due => Due::At(due),
            Some(_) => Due::Now { share: share(self.labelled, planned), is_last: false },
            None => Due::Never,
        }
    }

    /// How the experiment stands at `now`, after the looks `taken`.
    #[must_use]
    pub fn status(&self, experiment: &Experiment, taken: &[Look], now: Timestamp) -> ExperimentStatus {
        match self.due(experiment, taken, now) {
            Due::Never => ExperimentStatus::Ended,
            Due::Now { .. } | Due::At(_) if self.closed_at().is_some() => ExperimentStatus::Closed,
            Due::Now { is_last: true, .. } => ExperimentStatus::Due,
            Due::Now { .. } | Due::At(_) => ExperimentStatus::Running,
        }
    }

    /// The pairs that count, as statistics take them.
    pub(super) fn compared(&self) -> Pairs {
        let mut pairs = Pairs::with_capacity(self.rows.len());
        for row in &self.rows {
            pairs.push(Pair { left: row.left, right: row.right, outcome: row.outcome, segment: None });
        }
        pairs
    }
}

/// Forgets who was asked about after as many had an outcome as are `planned`: when one looks for the last time changes little,
/// and neither what is told first nor of whom. How many have an outcome.
fn cap(rows: &mut Vec<Row>, planned: u64) -> u64 {
    let mut labelled = 0;
    let last = rows.iter().position(|row| {
        labelled += u64::from(row.outcome.is_some());
        labelled >= planned
    });
    rows.truncate(last.map_or(rows.len(), |last| last + 1));
    labelled
}

#[expect(clippy::cast_precision_loss, reason = "no experiment has so many pairs")]
fn share(labelled: u64, planned: u64) -> f64 {
    (labelled as f64 / planned.max(1) as f64).min(1.0)
}

// === impl Experiment ===

impl Experiment {
    /// When its time is over.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        let days = SignedDuration::from_hours(24 * i64::from(self.plan.horizon.days));
        self.registered_at.checked_add(days).unwrap_or(Timestamp::MAX)
    }

    /// Whether another experiment compares the same two providers, either way round, in a time that overlaps.
    pub(super) fn runs_beside(&self, other: &Self) -> bool {
        let (one, another) = ((&self.plan.left, &self.plan.right), (&other.plan.left, &other.plan.right));
        let same = one == another || one == (another.1, another.0);
        let overlaps = self.registered_at < other.ends_at() && other.registered_at < self.ends_at();
        self.id != other.id && self.team == other.team && same && overlaps
    }

    /// Which pairs could count.
    fn selection(&self) -> Selection {
        let plan = &self.plan;
        Selection {
            team: self.team.clone(),
            left: plan.left.clone(),
            right: plan.right.clone(),
            from: Some(self.registered_at),
            to: Some(self.ends_at()),
            window: plan.window(),
            segment: plan.population.country.map(|_| SegmentKey::Country),
            positive: plan.positive.clone(),
            told_until: Some(self.ends_at()),
        }
    }

    /// Whether a question is of its population and drawn into its sample.
    fn takes(&self, asked: AskedOf<'_>, keys: &KeyMaker) -> bool {
        let of = &self.plan.population;
        let is_of_it = of.route.as_deref().is_none_or(|route| route == asked.route)
            && of.kind.is_none_or(|kind| kind.as_str() == asked.subject_type)
            && of.country.is_none_or(|country| asked.country == Some(country.as_str()));
        // What was answered before says nothing that was not there to be seen.
        let is_new = asked.answered_at.is_none_or(|at| at >= self.registered_at);
        is_of_it && is_new && self.draw(keys, "sample", asked.subject) < self.plan.sample_rate
    }

    /// A subject's draw for a purpose of this experiment, from 0 up to 1.
    pub(super) fn draw(&self, keys: &KeyMaker, purpose: &str, subject: &SubjectId) -> f64 {
        keys.draw(&self.team, &format!("{}/{purpose}", self.id), subject.as_str())
    }
}

#[cfg(test)]
mod tests;
