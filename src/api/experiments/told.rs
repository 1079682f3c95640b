//! Experiments as callers see them.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Opened;
use crate::{
    compare::Verdict,
    experiments::{Decision, Due, Experiment, ExperimentStatus, Look, Plan, VersionRun},
    ids::ExperimentId,
};

/// An experiment as it was registered.
#[derive(Debug, Serialize, ToSchema)]
struct Registered {
    /// Its id, `exp_…`: by that it is told how far it is.
    id: ExperimentId,
    /// What its team calls it.
    name: String,
    /// What was registered.
    plan: Plan,
    /// Id of the API key that registered it.
    registered_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    registered_at: Timestamp,
    /// When its time is over.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
}

/// How an experiment stands.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ExperimentState {
    #[serde(flatten)]
    registered: Registered,
    /// How it stands.
    status: ExperimentStatus,
    /// How far it is.
    progress: Progress,
    /// Runs of pairs of the same versions, in order. Another version closes the one that counts.
    segments: Vec<VersionRun>,
    /// What was found at the looks taken.
    looks: Vec<Look>,
    /// What was decided, in order.
    decisions: Vec<Decision>,
    /// The share of the unflagged that is drawn to be looked into; 0 while nobody drew any.
    audited_share: f64,
}

/// An experiment in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ExperimentSummary {
    #[serde(flatten)]
    registered: Registered,
    /// How many looks were taken.
    looks: usize,
    /// What the last of them found.
    verdict: Option<Verdict>,
    /// What was decided last.
    decision: Option<Decision>,
}

/// How far an experiment is.
#[derive(Debug, Serialize, ToSchema)]
struct Progress {
    /// How many pairs count, one for each subject.
    pairs: usize,
    /// How many of them have an outcome.
    labelled: u64,
    /// How many it takes.
    planned: u64,
    /// Whether a look can be taken now.
    look_is_due: bool,
    /// With how many labelled pairs the next look is due; none when it is due now, or none follows.
    next_look_at: Option<u64>,
}

// === impl Registered ===

impl From<Experiment> for Registered {
    fn from(experiment: Experiment) -> Self {
        let ends_at = experiment.ends_at();
        let Experiment { id, team: _, name, plan, registered_by, registered_at } = experiment;
        Self { id, name, plan, registered_by, registered_at, ends_at }
    }
}

// === impl ExperimentSummary ===

impl ExperimentSummary {
    pub(super) fn of(experiment: Experiment, looks: &[Look], decisions: Vec<Decision>) -> Self {
        Self {
            registered: experiment.into(),
            looks: looks.len(),
            verdict: looks.last().map(|look| look.report.verdict),
            decision: decisions.into_iter().last(),
        }
    }
}

// === impl ExperimentState ===

impl ExperimentState {
    pub(super) fn of(opened: Opened, decisions: Vec<Decision>, audited_share: f64, now: Timestamp) -> Self {
        let Opened { experiment, course, looks, .. } = opened;
        let due = course.due(&experiment, &looks, now);
        let progress = Progress {
            pairs: course.pairs(),
            labelled: course.labelled(),
            planned: experiment.plan.horizon.labelled,
            look_is_due: matches!(due, Due::Now { .. }),
            next_look_at: if let Due::At(labelled) = due { Some(labelled) } else { None },
        };
        Self {
            status: course.status(&experiment, &looks, now),
            registered: experiment.into(),
            progress,
            segments: course.segments,
            looks,
            decisions,
            audited_share,
        }
    }
}
