//! Declared abilities: each has a sample to be tried by, and does with it what it promises.
//!
//! An ability without a sample is a finding that names the harness's method to call, and so is a sample without the
//! ability. Broken answers, echoes and spoilt fields of the samples are looked at by the groups that do so for
//! assessing.

use super::{
    NOW, Play,
    ability::{Ask, Probe},
    bench::{Bench, Question, Vendor},
    good,
    readback::{ODD, shape},
    report::Report,
    sample,
};
use crate::{AnswerState, FailureKind, ProviderError, RiskProvider, VendorReference};

pub(super) async fn check(bench: &Bench<'_>, report: &mut Report) {
    let Some(question) = report.keep("abilities", bench.usual()) else { return };
    let Some(provider) = report.keep("abilities", bench.idle(&question)) else { return };
    check_samples(bench, &*provider, report);
    check_operations(bench, &*provider, report);
    for probe in bench.harness.abilities() {
        check_good(bench, &question, &probe, report).await;
        if matches!(probe.ask, Ask::Recheck(_)) {
            check_references(bench, &question, &probe, report).await;
            check_missing(bench, &question, &probe, report).await;
        }
        check_another(bench, &question, &probe, report).await;
    }
}

/// A sample for each ability and an ability for each sample.
fn check_samples(bench: &Bench<'_>, provider: &dyn RiskProvider, report: &mut Report) {
    let harness = bench.harness;
    let pairs = [
        ("recheck", "with_recheck", provider.recheck().is_some(), harness.recheck.is_some()),
        (
            "questionnaires",
            "with_questionnaires",
            provider.questionnaires().is_some(),
            harness.questionnaires.is_some(),
        ),
        ("history", "with_history", provider.history().is_some(), !harness.pages.is_empty()),
        ("callbacks", "with_callback", provider.callbacks().is_some(), harness.callback.is_some()),
    ];
    for (ability, method, declared, sampled) in pairs {
        let case = format!("abilities/{ability}");
        if declared && !sampled {
            report.add(&case, format!("the adapter has {ability}() and no sample: add Harness::{method}"));
        }
        if sampled && !declared {
            report.add(&case, format!("there is a sample by {method}, and {ability}() gives none"));
        }
    }
    report.expect("abilities/history", harness.pages.len() != 1, || {
        "one page shows nothing of paging: give Harness::with_history at least two".to_owned()
    });
}

/// No operation is declared that nothing here tries.
fn check_operations(bench: &Bench<'_>, provider: &dyn RiskProvider, report: &mut Report) {
    let harness = bench.harness;
    let probes: Vec<Probe<'_>> = harness.assessing().chain(harness.abilities()).collect();
    for operation in provider.descriptor().operations {
        let tried = probes.iter().any(|probe| probe.answer.operation == operation.name);
        report.expect(&format!("abilities/operation {}", operation.name), tried, || {
            "it is declared and no sample answers it: add Harness::with_readback, or the sample of the ability \
             that uses it"
                .to_owned()
        });
    }
}

/// The good answer is taken, and only rechecking may cost something.
async fn check_good(bench: &Bench<'_>, question: &Question, probe: &Probe<'_>, report: &mut Report) {
    let case = format!("abilities/{}/{}", probe.ask.group(), probe.answer.operation);
    let play = Play::json(200, probe.answer.body.as_str());
    let vendor = Vendor::plays(bench.scripted_for(probe, &play));
    let Some(reply) = bench.put(&case, &probe.ask, question, vendor, report).await else { return };
    let asked = reply.asked.iter().any(|request| request.operation == probe.answer.operation);
    report.expect(&case, asked, || format!("{} was never asked", probe.answer.operation));
    let paid = reply.asked.iter().any(|request| request.paid);
    let may_cost = matches!(probe.ask, Ask::Recheck(_));
    report.expect(&case, may_cost || !paid, || "it was paid for, and reading is free".to_owned());
    let told = report.keep(&case, reply.result.map_err(|error| format!("the good answer gives {error}")));
    let Some(told) = told else { return };
    for assessment in told.assessments() {
        good::look_at_assessment(&case, assessment, reply.provider.descriptor(), report);
    }
    match (&probe.ask, &told.assessment) {
        (Ask::Readback(_) | Ask::Recheck(_), Some(assessment)) => {
            let kept = assessment.vendor_reference.is_some();
            report.expect(&case, kept, || "it has no reference to be read by again".to_owned());
            report.expect(&case, assessment.assessed_at <= NOW, || "it is from the future".to_owned());
            let judged = assessment.state == AnswerState::Final && assessment.level.is_some();
            report.expect(&case, judged, || "it is not final, or has no level".to_owned());
        }
        (Ask::Questionnaires, _) => {
            let listed = bench.harness.questionnaires.as_ref().map(|(_, listed)| listed);
            report.expect(&case, Some(&told.questionnaires) == listed, || {
                format!("lists {:?}, should be {listed:?}", told.questionnaires)
            });
        }
        (Ask::Assess | Ask::Readback(_) | Ask::Recheck(_) | Ask::History(_) | Ask::Filtered(_), _) => {}
    }
}

/// An answer that is another one than was asked for by its reference is none.
async fn check_another(bench: &Bench<'_>, question: &Question, probe: &Probe<'_>, report: &mut Report) {
    let ask = match &probe.ask {
        Ask::Readback(reference) => Ask::Readback(another(reference)),
        Ask::Recheck(reference) => Ask::Recheck(another(reference)),
        Ask::Assess | Ask::Questionnaires | Ask::History(_) | Ask::Filtered(_) => return,
    };
    let case = format!("abilities/{}/{} another reference", probe.ask.group(), probe.answer.operation);
    let vendor = Vendor::Canned(bench.canned_for(probe, &probe.answer.body));
    let Some(reply) = bench.put(&case, &ask, question, vendor, report).await else { return };
    let found = reply.result.map(|_told| "an answer").map_err(|error| error.kind);
    report
        .expect(&case, found == Err(FailureKind::Malformed), || format!("is {found:?}, should be malformed"));
}

/// A reference that differs in its last letter.
fn another(reference: &VendorReference) -> VendorReference {
    let mut text = reference.0.clone();
    let last = text.pop();
    text.push(if last == Some('0') { '1' } else { '0' });
    VendorReference(text)
}

/// An odd reference leads to no other address than a plain one.
async fn check_references(bench: &Bench<'_>, question: &Question, probe: &Probe<'_>, report: &mut Report) {
    let mut plain = None;
    for reference in ["a1b2c3"].into_iter().chain(ODD) {
        let case = format!("abilities/recheck/reference {reference:?}");
        let ask = Ask::Recheck(VendorReference(reference.to_owned()));
        let vendor = Vendor::Canned(bench.canned_for(probe, "{}"));
        let Some(reply) = bench.put(&case, &ask, question, vendor, report).await else { return };
        let asked = reply.asked.iter().filter(|request| request.operation == probe.answer.operation);
        let shapes: Vec<_> = asked.map(shape).collect();
        plain = plain.or_else(|| shapes.first().cloned());
        report.expect(&case, shapes.iter().all(|shape| Some(shape) == plain.as_ref()), || {
            "it leads to another address than a reference may".to_owned()
        });
    }
}

/// What assessing needs, rechecking needs too, and says so before anything is paid.
async fn check_missing(bench: &Bench<'_>, question: &Question, probe: &Probe<'_>, report: &mut Report) {
    for varied in sample::variations(&question.subject) {
        let case = format!("abilities/recheck/{}", varied.name);
        let question = Question { subject: varied.subject, ..question.clone() };
        let canned = || Vendor::Canned(bench.canned_for(probe, &probe.answer.body));
        let Some(assessed) = bench.ask(&case, &question, canned(), report).await else { return };
        let Some(rechecked) = bench.put(&case, &probe.ask, &question, canned(), report).await else { return };
        let lacks = |error: Option<&ProviderError>| {
            error.filter(|error| error.kind == FailureKind::MissingInput).map(|error| error.fields.clone())
        };
        let (needed, named) = (lacks(assessed.result.as_ref().err()), lacks(rechecked.result.as_ref().err()));
        report.expect(&case, needed == named, || {
            format!("assessing lacks {needed:?}, rechecking {named:?}: they need the same")
        });
        let paid = rechecked.asked.iter().any(|request| request.paid);
        report.expect(&case, named.is_none() || !paid, || "missing_input after a paid request".to_owned());
    }
}
