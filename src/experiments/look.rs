//! A planned look: the only time at which an experiment says anything.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Course, Experiment, audit::Recalls};
use crate::{
    cache::KeyMaker,
    compare::{Context, Funnel, Report, Service, Versions, WeightedAreas, bounds, nominal},
};

/// The surest that a look has to be. What this leaves to chance is nothing beside the error of the whole.
const SUREST: f64 = 1.0 - 1e-12;
/// No difference is so many standard errors away by chance: where a share allows hardly any error, this is the bound.
const FARTHEST: f64 = 40.0;
/// So many of the experiments beside one are named.
const NAMED: usize = 10;
const SERVICE_ELSEWHERE: &str = "an experiment compares answers: GET /v1/comparisons tells how both served";

/// What was found at a planned look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Look {
    /// Which one it is, from 1.
    pub number: u32,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    pub taken_at: Timestamp,
    /// By which API key.
    pub taken_by: String,
    /// Whether no other follows.
    pub is_last: bool,
    /// Pairs with an outcome.
    pub labelled: u64,
    /// The same as a share of those planned.
    pub share: f64,
    /// How many standard errors a difference must be away from nothing to count at this look.
    pub bound: f64,
    /// The same as the confidence of every interval in the report.
    pub confidence: f64,
    /// How many cases each side finds of all there are, where those nobody flags were sampled.
    pub recall: Recalls,
    /// Areas under the curve as if everybody had been looked into, where it depends on flags whose outcomes are known and
    /// a sample of those whom nobody flags tells of the others. They decide then.
    #[serde(default)]
    pub weighted: Option<WeightedAreas>,
    /// Why there are none, though it depends on flags: whom to look into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighted_reason: Option<String>,
    /// What the pairs say. Its verdict is the experiment's at this look.
    pub report: Report,
}

// === impl Look ===

impl Look {
    /// Notes which others of a team's experiments compare the same two providers in the same time, and what that means.
    pub fn note_beside(&mut self, experiment: &Experiment, all: &[Experiment]) {
        let beside: Vec<&str> = all
            .iter()
            .filter(|other| experiment.runs_beside(other))
            .map(|other| other.name.as_str())
            .collect();
        if beside.is_empty() {
            return;
        }
        let named =
            beside.iter().take(NAMED).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let more = beside.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        self.report.notes.push(format!(
            "The number of other experiments of your team on the same two providers in the same time is {}: {named}{more}. Each \
             one's error rate is its own: of several, one finds a difference by chance more often than that.",
            beside.len()
        ));
    }

    /// Looks at what there is at `now`, after the looks `taken`; `audited` is the share of the unflagged that was drawn.
    #[must_use]
    pub fn take(
        experiment: &Experiment,
        course: &Course,
        taken: &[Self],
        (share, is_last): (f64, bool),
        (audited, keys): (f64, &KeyMaker),
        (taken_by, taken_at): (String, Timestamp),
    ) -> Self {
        let plan = &experiment.plan;
        let shares: Vec<f64> = taken.iter().map(|look| look.share).chain([share]).collect();
        // Who lets another version answer chooses when that is: then only what its share allows is spent.
        let spends_all = is_last && course.closed_at().is_none();
        let last = spends_all.then_some(taken.len());
        let bound = bounds(&shares, last, plan.error_rate).last().copied().unwrap_or(FARTHEST).min(FARTHEST);
        let settings = plan.settings((1.0 - nominal(bound)).min(SUREST));
        let mut report = Report::of(&course.compared(), &settings, context(experiment, course));
        let selective = report.outcomes.labelling.selective;
        let weighted = selective.then(|| course.weighted(experiment, audited, keys)).transpose();
        let (weighted, weighted_reason) = match weighted {
            Ok(rows) => (rows.map(|rows| WeightedAreas::of(&rows, settings.confidence)), None),
            Err(reason) => (None, Some(reason)),
        };
        if let Some(areas) = &weighted {
            report = report.decided_by(areas);
        }
        Self {
            number: u32::try_from(taken.len() + 1).unwrap_or(u32::MAX),
            taken_at,
            taken_by,
            is_last,
            labelled: course.labelled(),
            share,
            bound,
            confidence: settings.confidence,
            recall: Recalls::of(experiment, course, audited, keys),
            weighted,
            weighted_reason,
            report,
        }
    }
}

/// What only the record knows of an experiment.
fn context(experiment: &Experiment, course: &Course) -> Context {
    let versions = course.segments.first().map_or_else(Versions::default, |segment| Versions {
        left: vec![segment.left.name()],
        right: vec![segment.right.name()],
        ..Versions::default()
    });
    let counted = u64::try_from(course.pairs()).unwrap_or(u64::MAX);
    let others = course.segments.iter().filter(|segment| !segment.counts).map(|segment| segment.pairs).sum();
    Context {
        left: experiment.plan.left.to_string(),
        right: experiment.plan.right.to_string(),
        funnel: Funnel::default()
            .step("eligible", counted + others + course.after_planned + course.known_before)
            .step("of_registered_versions", counted)
            .step("labelled", course.labelled())
            .without("other_versions", others)
            .without("after_planned", course.after_planned)
            .without("known_before", course.known_before),
        unpaired: course.unpaired.clone(),
        service: Service { left: None, right: None, reason: Some(SERVICE_ELSEWHERE.to_owned()) },
        versions,
        notes: Vec::new(),
    }
}
