//! The report as callers get it: the statistics, and what only the record can tell.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    compare::{
        Agreement, Funnel, Outcomes, Report, SampleAdvice, Scores, Segment, Service, Settings, Unanswered,
        Verdict, Versions,
    },
    comparing::{Blinding, Cost, Costs, Period, SegmentKey, Selection, Spent},
    outcomes::OutcomeType,
};

/// Which of two providers is better on your own subjects, and how sure that is.
///
/// A figure that cannot be given is null, and its own object, or the one around it, says why: under `reason`, or by the
/// figure's name under `reasons`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Comparison {
    /// The incumbent.
    left: String,
    /// The challenger.
    right: String,
    /// How many pairs were compared.
    n: u64,
    /// What the comparison says to do.
    verdict: Verdict,
    /// Why, in sentences.
    verdict_reasons: Vec<String>,
    /// What to keep in mind, in sentences.
    notes: Vec<String>,
    /// How much data the question takes.
    sample_advice: SampleAdvice,
    /// What was compared.
    selection: Selected,
    /// How the pairs were found.
    funnel: PairFunnel,
    /// Whom a side left without an answer.
    unanswered: Unanswered,
    /// How far both give the same levels.
    agreement: Agreement,
    /// How far their scores go together.
    scores: Scores,
    /// Who was right.
    outcomes: Outcomes,
    /// How many labelled pairs were labelled by somebody who had seen no score.
    blinding: Blinding,
    /// How well both served, whatever they were asked in this time.
    service: Service,
    /// What answers and cases cost.
    costs: Costs,
    /// The main figures by segment, the largest first.
    segments: Vec<Segment>,
    /// What made the report, and the versions on both sides.
    versions: Versions,
    /// Which versions were compared, and when: a changed mapping or questionnaire begins another period.
    periods: Vec<Period>,
    /// What the figures take for granted.
    settings: Settings,
}

/// How pairs were found: how many candidates were left after each step, and why others are none. `eligible` is
/// `comparable` and all that are excluded.
#[derive(Debug, Serialize, ToSchema)]
struct PairFunnel {
    /// Questions that both were to answer, and what was brought in from their histories.
    eligible: u64,
    /// Those that both answered.
    both_answered: u64,
    /// The pairs.
    comparable: u64,
    /// Those of them whose subject has an outcome.
    labelled: u64,
    /// How many are no pairs, by the first reason that holds.
    excluded: BTreeMap<String, u64>,
}

/// What was compared.
#[derive(Debug, Serialize, ToSchema)]
struct Selected {
    /// Pairs made at this time or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Pairs made before this time.
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// How far apart in time two answers of a pair may be, in seconds.
    window_s: u64,
    /// By what pairs are divided.
    segment: Option<SegmentKey>,
    /// The outcomes that make a subject a case.
    positive: Vec<OutcomeType>,
}

// === impl Comparison ===

impl Comparison {
    pub(super) fn of(
        report: Report,
        selection: &Selection,
        periods: Vec<Period>,
        blinding: Blinding,
        [left_spent, right_spent]: &[Spent; 2],
    ) -> Self {
        let (labelled, found) = (report.outcomes.labelled, &report.outcomes.mcnemar.positives);
        let costs = Costs {
            left: Cost::of(left_spent, labelled, found.both + found.left_only),
            right: Cost::of(right_spent, labelled, found.both + found.right_only),
        };
        Self {
            left: report.left,
            right: report.right,
            n: report.n,
            verdict: report.verdict,
            verdict_reasons: report.verdict_reasons,
            notes: report.notes,
            sample_advice: report.sample_advice,
            selection: Selected::of(selection),
            funnel: report.funnel.into(),
            unanswered: report.unanswered,
            agreement: report.agreement,
            scores: report.scores,
            outcomes: report.outcomes,
            blinding,
            service: report.service,
            costs,
            segments: report.segments,
            versions: report.versions,
            periods,
            settings: report.settings,
        }
    }
}

/// What the record tells that figures do not: mixed versions, and who had seen what when they labelled.
pub(super) fn notes(periods: &[Period], blinding: Blinding, known_before: u64) -> Vec<String> {
    let mut notes = Vec::new();
    if periods.len() > 1 {
        notes.push(format!(
            "{} combinations of versions are mixed here: choose from and to so that there is one (see periods).",
            periods.len()
        ));
    }
    if blinding.not_blinded > 0 {
        notes.push(format!(
            "{} pairs were labelled by somebody who had seen a score: their outcomes may follow it.",
            blinding.not_blinded
        ));
    }
    if known_before > 0 {
        notes.push(format!(
            "{known_before} pairs are left out, as something had been told of their subject before they were asked for: what is \
             known before is no prediction."
        ));
    }
    notes
}

// === impl PairFunnel ===

impl From<Funnel> for PairFunnel {
    fn from(funnel: Funnel) -> Self {
        let step = |name: &str| funnel.steps.get(name).copied().unwrap_or_default();
        Self {
            eligible: step("eligible"),
            both_answered: step("both_answered"),
            comparable: step("comparable"),
            labelled: step("labelled"),
            excluded: funnel.excluded,
        }
    }
}

// === impl Selected ===

impl Selected {
    fn of(selection: &Selection) -> Self {
        let Selection { from, to, window, segment, positive, .. } = selection;
        let (from, to, segment) = (*from, *to, *segment);
        Self { from, to, window_s: window.as_secs(), segment, positive: positive.clone() }
    }
}
