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

/// How an experiment stands.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ExperimentState {
    /// Its id, `exp_…`.
    id: ExperimentId,
    /// What its team calls it.
    name: String,
    /// How it stands.
    status: ExperimentStatus,
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

// === impl ExperimentSummary ===

impl ExperimentSummary {
    pub(super) fn of(experiment: Experiment, looks: &[Look], decisions: Vec<Decision>) -> Self {
        Self {
            ends_at: experiment.ends_at(),
            id: experiment.id,
            name: experiment.name,
            plan: experiment.plan,
            registered_by: experiment.registered_by,
            registered_at: experiment.registered_at,
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
            ends_at: experiment.ends_at(),
            id: experiment.id,
            name: experiment.name,
            plan: experiment.plan,
            registered_by: experiment.registered_by,
            registered_at: experiment.registered_at,
            progress,
            segments: course.segments,
            looks,
            decisions,
            audited_share,
        }
    }
}
