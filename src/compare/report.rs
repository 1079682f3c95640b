//! The report: what its caller knows, and what follows from the pairs.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    advice::{SampleAdvice, sample_advice},
    agreement::{Agreement, agreement, table},
    figure::Estimate,
    outcomes::{Outcomes, outcomes},
    pairs::Pairs,
    reasons::verdict_reasons,
    scores::{Scores, both, scores},
    segments::{Segment, segments},
    settings::{Minimum, Settings},
    unanswered::Unanswered,
    unpaired::Unpaired,
    verdict::{Areas, Evidence, Verdict, decide},
};

/// What only the caller knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context {
    /// What the left side is called: the incumbent.
    pub left: String,
    /// What the right side is called: the challenger.
    pub right: String,
    /// How the pairs were found.
    pub funnel: Funnel,
    /// Whom a side left without an answer, or was not asked about.
    pub unpaired: Unpaired,
    /// How well both sides served.
    pub service: Service,
    /// What was compared.
    pub versions: Versions,
    /// What to keep in mind, in sentences.
    pub notes: Vec<String>,
}

/// How pairs were found: how many were left after each step, and why others were not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Funnel {
    /// How many were left after each step, in their order.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, u64>)]
    pub steps: IndexMap<String, u64>,
    /// How many were left out, by reason.
    pub excluded: BTreeMap<String, u64>,
}

/// How well both sides served.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Service {
    /// The left side.
    #[schema(required)]
    pub left: Option<ServiceSide>,
    /// The right side.
    #[schema(required)]
    pub right: Option<ServiceSide>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How well one side served.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceSide {
    /// How many exchanges were made.
    pub attempts: u64,
    /// How many of them were answered.
    pub answered: u64,
    /// The share of exchanges that did not fail through its own fault.
    pub availability: Estimate,
    /// How long answers took, in milliseconds.
    pub latency_ms: Latency,
    /// How often what went wrong.
    pub errors: BTreeMap<String, u64>,
    /// What was spent, by currency; empty where no prices are kept. Amounts are decimal.
    pub spend: BTreeMap<String, String>,
}

/// How long answers took, in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Latency {
    /// Half of the answers took no longer.
    #[schema(required)]
    pub p50: Option<f64>,
    /// Nine in ten took no longer.
    #[schema(required)]
    pub p90: Option<f64>,
    /// 99 in a hundred took no longer.
    #[schema(required)]
    pub p99: Option<f64>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Versions {
    /// The shape and the conventions of this report.
    pub report: String,
    /// The program that made it.
    pub gateway: String,
    /// The left side's mapping and model versions, as far as they are known.
    pub left: Vec<String>,
    /// The right side's.
    pub right: Vec<String>,
}

/// Which provider is better, and how sure that is.
///
/// A figure that cannot be given is null, and its own object, or the one around it, says why: under `reason`, or by the
/// figure's name under `reasons`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// What the left side is called: the incumbent.
    pub left: String,
    /// What the right side is called: the challenger.
    pub right: String,
    /// How many pairs were compared.
    pub n: u64,
    /// What the comparison says to do.
    pub verdict: Verdict,
    /// Why, in sentences.
    pub verdict_reasons: Vec<String>,
    /// What to keep in mind, in sentences.
    #[serde(default)]
    pub notes: Vec<String>,
    /// How much data the question takes.
    pub sample_advice: SampleAdvice,
    /// How the pairs were found.
    #[schema(value_type = Object)]
    pub funnel: Funnel,
    /// Whom a side left without an answer.
    #[serde(default)]
    pub unanswered: Unanswered,
    /// How far both sides give the same levels.
    pub agreement: Agreement,
    /// How far their scores go together.
    pub scores: Scores,
    /// Who was right.
    pub outcomes: Outcomes,
    /// How well both sides served.
    pub service: Service,
    /// The main figures by segment, the largest 1000, largest first.
    pub segments: Vec<Segment>,
    /// What was compared.
    pub versions: Versions,
    /// What the figures take for granted.
    pub settings: Settings,
}

// === impl Funnel ===

impl Funnel {
    /// Adds a step: how many were left after it.
    #[must_use]
    pub fn step(mut self, name: &str, count: u64) -> Self {
        self.steps.insert(name.to_owned(), count);
        self
    }

    /// Says how many were left out for a reason.
    #[must_use]
    pub fn without(mut self, reason: &str, count: u64) -> Self {
        self.excluded.insert(reason.to_owned(), count);
        self
    }
}

// === impl Versions ===

impl Default for Versions {
    fn default() -> Self {
        Self {
            report: "comparison/1".to_owned(),
            gateway: env!("CARGO_PKG_VERSION").to_owned(),
            left: Vec::new(),
            right: Vec::new(),
        }
    }
}

// === impl Report ===

impl Report {
    /// Everything that follows from the pairs; the same for every order in which they came.
    #[must_use]
    pub fn of(pairs: &Pairs, settings: &Settings, context: Context) -> Self {
        let (rows, names) = pairs.sorted();
        let table = table(&rows);
        let agreement = agreement(table, settings);
        let ((outcomes, segments), scores) = both(
            || (outcomes(&rows, settings), segments(&rows, &names, settings)),
            || scores(&rows, &table, settings),
        );
        let n = rows.len() as u64;
        let unanswered = context.unpaired.beside(&rows, &outcomes);
        let silence = unanswered.reach(&outcomes, n);
        let evidence = Evidence::of(&Areas::of(&outcomes), n, &outcomes, silence, unanswered.selective);
        let verdict = decide(&evidence, settings);
        let mut report = Self {
            left: context.left,
            right: context.right,
            n,
            verdict,
            verdict_reasons: Vec::new(),
            notes: context.notes.into_iter().chain(lowered(settings)).collect(),
            sample_advice: sample_advice(n, &agreement.kappa_linear, &outcomes, settings),
            funnel: context.funnel,
            unanswered,
            agreement,
            scores,
            outcomes,
            service: context.service,
            segments,
            versions: context.versions,
            settings: settings.clone(),
        };
        let gain = evidence.gain.filter(|_| !evidence.selective && !evidence.is_little(settings));
        report.verdict_reasons = verdict_reasons(&report, gain);
        report
    }
}

/// What to keep in mind where less than usual is enough to conclude something.
fn lowered(settings: &Settings) -> Option<String> {
    let (minimum, usual) = (&settings.minimum, Minimum::default());
    let counts = [
        (minimum.pairs, usual.pairs, "pairs"),
        (minimum.positives, usual.positives, "positive outcomes"),
        (minimum.negatives, usual.negatives, "negative outcomes"),
    ];
    let lowered: Vec<String> = counts
        .into_iter()
        .filter(|(asked, usual, _)| asked < usual)
        .map(|(asked, usual, what)| format!("{asked} {what} instead of {usual}"))
        .collect();
    (!lowered.is_empty()).then(|| {
        format!(
            "Something is concluded here from {} on: intervals made of fewer are not as sure as they say.",
            lowered.join(", ")
        )
    })
}
