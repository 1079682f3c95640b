//! Properties that hold for every answer, tried on many made at random.
//!
//! | property | for any … |
//! |---|---|
//! | `total` | answer with up to four places changed in any way: no panic, and a result that keeps the model's rules |
//! | `rubbish` | up to four places of the paid answer spoilt at once, or any JSON at all: nothing reads lower for it |
//! | `ladders` | step up one of the harness's ladders, wherever the others stand: the level never falls |
//! | `order` | order of the fields of every object: nothing changes |
//!
//! The same answers are tried in every run, so that a failure is found again. What is reported is the smallest
//! answer that still fails.

mod strategies;

use jiff::Timestamp;
use proptest::{
    strategy::Strategy,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use self::strategies::Edit;
use super::{
    ability::{Ask, Probe, Told},
    bench::{Bench, Question, Reply, Vendor},
    good,
    report::Report,
};
use crate::{FailureKind, Level, Personal, ProviderAssessment, RawPayload, VendorReference};

/// Answers tried for each property and answer.
const CASES: u32 = 64;
/// How much of an answer a finding quotes.
const QUOTED: usize = 600;

pub(super) fn check(bench: &Bench<'_>, report: &mut Report) {
    report.expect("properties/ladders", !bench.harness.ladders.is_empty(), || {
        "the harness does not say how an answer tells more risk: add Harness::with_ladder".to_owned()
    });
    let found = std::thread::scope(|scope| scope.spawn(|| all(bench)).join());
    let found = found.unwrap_or_else(|_| Err("the properties could not be tried".to_owned()));
    for (case, problem) in report.keep("properties", found).into_iter().flatten() {
        report.add(&case, problem);
    }
}

/// In a thread of its own, where a runtime may be waited for.
fn all(bench: &Bench<'_>) -> Result<Vec<(String, String)>, String> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let trial = Trial { bench, question: bench.usual()?, runtime };
    let mut found = Vec::new();
    for probe in bench.harness.assessing().chain(bench.harness.abilities()) {
        let body = serde_json::from_str(&probe.answer.body).map_err(|error| error.to_string())?;
        found.extend(trial.total(&probe, &body));
        found.extend(trial.order(&probe, &body));
        let assessed =
            matches!(probe.ask, Ask::Readback(_) | Ask::Recheck(_)) || probe.answer == bench.paid()?;
        if assessed {
            found.extend(trial.spoilt(&probe, &body)?);
        }
    }
    let paid = bench.paid()?;
    if let Some(probe) = bench.harness.assessing().find(|probe| probe.answer == paid) {
        let body = bench.paid_body()?;
        found.extend(trial.any_json(&probe, &body));
        found.extend(trial.ladders(&probe, &body)?);
    }
    Ok(found)
}

type Found = Option<(String, String)>;

struct Trial<'a> {
    bench: &'a Bench<'a>,
    question: Question,
    runtime: Runtime,
}

// === impl Trial ===

impl Trial<'_> {
    /// The smallest value for which `holds` says what is wrong.
    fn smallest<S: Strategy>(
        &self,
        case: String,
        strategy: &S,
        holds: impl Fn(&Self, S::Value) -> Result<(), String>,
    ) -> Found {
        let config = Config { failure_persistence: None, ..Config::with_cases(CASES) };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(config, rng);
        let outcome = runner.run(strategy, |value| holds(self, value).map_err(TestCaseError::fail));
        match outcome {
            Ok(()) => None,
            Err(TestError::Fail(reason, _)) => Some((case, reason.message().chars().take(QUOTED).collect())),
            Err(TestError::Abort(reason)) => Some((case, format!("could not be tried: {reason}"))),
        }
    }

    /// What the adapter makes of `body`. Broken rules are an error that quotes nothing but what the kit made.
    fn tell(&self, probe: &Probe<'_>, body: &str) -> Result<Reply<Told>, String> {
        let mut report = Report::default();
        let canned = self.bench.canned_for(probe, body);
        let putting = self.bench.put("", &probe.ask, &self.question, Vendor::Canned(canned), &mut report);
        let reply = self.runtime.block_on(putting);
        let told = reply.iter().filter_map(|reply| reply.result.as_ref().ok());
        for assessment in told.flat_map(|told| told.assessments()) {
            let descriptor = reply.as_ref().map(|reply| reply.provider.descriptor());
            if let Some(descriptor) = descriptor {
                good::look_at_assessment("", assessment, descriptor, &mut report);
            }
        }
        match (report.into_findings().first(), reply) {
            (None, Some(reply)) => Ok(reply),
            (Some(finding), _) => Err(format!("{} of {body}", finding.problem)),
            (None, None) => Err(format!("nothing came of {body}")),
        }
    }

    /// The level of the paid answer `body`; none without an assessment or a level.
    fn level(&self, probe: &Probe<'_>, body: &str) -> Result<Option<Level>, String> {
        let reply = self.tell(probe, body)?;
        Ok(reply.result.ok().and_then(|told| told.assessment).and_then(|assessment| assessment.level))
    }

    fn total(&self, probe: &Probe<'_>, body: &Value) -> Found {
        let case = format!("properties/total/{}", probe.answer.operation);
        self.smallest(case, &strategies::edits(strategies::anything(body)), |trial, edits| {
            trial.tell(probe, &Edit::apply(&edits, body)).map(drop)
        })
    }

    /// Spoilt in several places, an answer reads no lower than the good one; a rule looked at before says that
    /// without a level it is flagged.
    fn spoilt(&self, probe: &Probe<'_>, body: &Value) -> Result<Found, String> {
        let case = format!("properties/rubbish/{} spoilt", probe.answer.operation);
        let good = self.level(probe, &body.to_string())?;
        Ok(self.smallest(case, &strategies::edits(strategies::rubbish()), |trial, edits| {
            let body = Edit::apply(&edits, body);
            let level = trial.level(probe, &body)?;
            if level.is_none() || level >= good {
                return Ok(());
            }
            Err(format!("reads as {level:?}, the good one as {good:?}: {body}"))
        }))
    }

    /// JSON that is no answer is malformed, or at least not low, though made of the vendor's own words.
    fn any_json(&self, probe: &Probe<'_>, body: &Value) -> Found {
        let case = "properties/rubbish/any JSON".to_owned();
        self.smallest(case, &strategies::documents(body), |trial, document| {
            let body = document.to_string();
            match trial.tell(probe, &body)?.result {
                Err(error) if error.sent && error.kind != FailureKind::UnknownOutcome => Ok(()),
                Err(error) => Err(format!("the vendor answered, and it is {error}: {body}")),
                Ok(told) => {
                    let level = told.assessment.and_then(|assessment| assessment.level);
                    let low = level.is_some_and(|level| level < Level::Medium);
                    if low { Err(format!("reads as {level:?}: {body}")) } else { Ok(()) }
                }
            }
        })
    }

    fn ladders(&self, probe: &Probe<'_>, body: &Value) -> Result<Found, String> {
        let ladders = strategies::Ladders::new(&self.bench.harness.ladders, body)?;
        if ladders.is_empty() {
            return Ok(None);
        }
        let case = "properties/ladders".to_owned();
        Ok(self.smallest(case, &ladders.steps(), |trial, step| {
            let (before, after, name) = ladders.bodies(&step, body);
            let (lower, higher) = (trial.level(probe, &before)?, trial.level(probe, &after)?);
            if higher.is_none() || higher >= lower {
                return Ok(());
            }
            Err(format!("{name}: the level falls from {lower:?} to {higher:?}"))
        }))
    }

    fn order(&self, probe: &Probe<'_>, body: &Value) -> Found {
        let case = format!("properties/order/{}", probe.answer.operation);
        let outcome = |trial: &Self, body: &str| {
            let reply = trial.tell(probe, body)?;
            reply.result.map(shown).map_err(|error| format!("the good answer gives {error}"))
        };
        self.smallest(case, &strategies::orders(), |trial, order| {
            let (usual, other) = (body.to_string(), strategies::reordered(body, &order));
            if outcome(trial, &usual)? == outcome(trial, &other)? {
                return Ok(());
            }
            Err(format!("another order of fields is another answer: {other}"))
        })
    }
}

/// Everything in an answer but the payload, which keeps the order that it was sent in.
type Shown = (
    Vec<ProviderAssessment>,
    Vec<(String, String)>,
    Vec<(VendorReference, Option<Personal<String>>, Option<Timestamp>)>,
    Option<String>,
);

fn shown(told: Told) -> Shown {
    let empty = || RawPayload::verbatim(String::new());
    let assessments = told.assessments().cloned();
    let assessments =
        assessments.map(|assessment| ProviderAssessment { raw: empty(), ..assessment }).collect();
    let (items, next) = told.page.map(|page| (page.items, page.next)).unwrap_or_default();
    let items = items.into_iter().map(|item| (item.reference, item.name, item.created_at));
    (assessments, told.questionnaires, items.collect(), next)
}
