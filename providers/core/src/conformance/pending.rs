//! Answers that come later: pending until they are there, and then about nobody but whom was asked about.

use super::{
    NOW,
    ability::{Ask, Probe},
    bench::{self, Bench, Question, Vendor},
    report::Report,
    spoil::{Change, spoilt},
};
use crate::{AnswerState, FailureKind, Flag, ProviderAssessment, RiskProvider, Subject};

pub(super) async fn check(bench: &Bench<'_>, report: &mut Report) {
    let Some(pending) = &bench.harness.pending else { return };
    let Some(question) = report.keep("pending", bench.usual()) else { return };
    check_pending(bench, &question, pending, report).await;
    for probe in bench.harness.abilities() {
        if matches!(probe.ask, Ask::Readback(_)) {
            check_confirmed(bench, &question, &probe, report).await;
        }
    }
}

/// What the vendor still owes is pending, and has a reference to look for it by.
async fn check_pending(bench: &Bench<'_>, question: &Question, body: &str, report: &mut Report) {
    let case = "pending/assess";
    let Some(paid) = report.keep(case, bench.paid()) else { return };
    let vendor = Vendor::Canned(bench.canned().with(&paid.operation, 200, body));
    let Some(reply) = bench.ask(case, question, vendor, report).await else { return };
    let found = reply.result.map(|told| (told.state, told.vendor_reference.is_some(), told.level));
    let right = matches!(found, Ok((AnswerState::Pending, true, None)));
    report.expect(case, right, || format!("is {found:?}, should be pending, with a reference and no level"));
}

/// What is read by its reference is held against whom was asked about.
async fn check_confirmed(bench: &Bench<'_>, question: &Question, probe: &Probe<'_>, report: &mut Report) {
    for strict in [false, true] {
        let case = format!("pending/confirm {} with strict_subject_match {strict}", probe.answer.operation);
        let question = Question { strict, ..question.clone() };
        let canned = Vendor::Canned(bench.canned_for(probe, &probe.answer.body));
        let Some(reply) = bench.put(&case, &probe.ask, &question, canned, report).await else { return };
        let told = reply.result.map_err(|error| format!("the good answer gives {error}"));
        let Some(told) = report.keep(&case, told.map(|told| told.assessment)).flatten() else { return };
        let Some([asked, other]) = report.keep(&case, subjects(&question)) else { return };
        look_at_own(&case, &*reply.provider, &asked, &told, report);
        look_at_another(&case, strict, &*reply.provider, &other, told, report);
    }
}

/// Whom the harness asks about, and somebody else.
fn subjects(question: &Question) -> Result<[Subject; 2], String> {
    let mut other = question.subject.clone();
    for pointer in ["/name/first", "/business_name"] {
        other = serde_json::from_str(&spoilt(&other, pointer, &Change::literal(r#""Quenby""#)))
            .map_err(|error| error.to_string())?;
    }
    Ok([bench::accept(&question.subject)?, bench::accept(&other)?])
}

/// Held against its own subject it stays what it is.
fn look_at_own(
    case: &str,
    provider: &dyn RiskProvider,
    asked: &Subject,
    told: &ProviderAssessment,
    report: &mut Report,
) {
    let confirmed = provider.confirm(asked, bench::today(), told.clone());
    let same = confirmed.as_ref().is_ok_and(|confirmed| {
        let kept = |it: &ProviderAssessment| {
            (
                it.state,
                it.vendor_reference.clone(),
                it.level,
                it.score.clone(),
                it.assessed_at,
                it.raw.clone(),
            )
        };
        kept(confirmed) == kept(told) && !confirmed.flags.contains(&Flag::SubjectNameMismatch)
    });
    report.expect(case, same, || "about the subject asked, it becomes another answer".to_owned());
    report.expect(case, told.assessed_at <= NOW, || "it is from the future".to_owned());
}

/// Held against somebody else it is flagged, or refused by a strict provider.
fn look_at_another(
    case: &str,
    strict: bool,
    provider: &dyn RiskProvider,
    other: &Subject,
    told: ProviderAssessment,
    report: &mut Report,
) {
    let right = match provider.confirm(other, bench::today(), told) {
        Ok(confirmed) => !strict && confirmed.flags.contains(&Flag::SubjectNameMismatch),
        Err(error) => strict && error.kind == FailureKind::Malformed,
    };
    report.expect(case, right, || {
        "about another name than asked, it is neither flagged nor refused as it should be".to_owned()
    });
}
