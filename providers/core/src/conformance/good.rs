//! The good answer: normalised within the model's ranges, under the adapter's own names.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    NOW,
    bench::{Bench, Question, Reply, Vendor},
    report::Report,
    secrecy::{self, Words},
    spoil::{Change, remove},
};
use crate::{AnswerState, Descriptor, Factor, FailureKind, Flag, Level, ProviderAssessment, SubjectType};

/// Weights come out of divisions.
const TOLERANCE: f64 = 1e-9;

/// The good assessment of the usual subject; none when there is none.
pub(super) async fn check(bench: &Bench<'_>, report: &mut Report) -> Option<ProviderAssessment> {
    let question = report.keep("good", bench.usual())?;
    let served = report.keep("good", bench.idle(&question))?.descriptor().subject_types;
    let mut good = None;
    for kind in [SubjectType::Individual, SubjectType::Business] {
        let case = format!("good/{}", kind.as_str());
        let question = bench.about(kind);
        if served.contains(&kind) {
            let assessment = check_served(bench, &case, &question, report).await;
            good = good.or(assessment);
        } else {
            check_unserved(bench, &case, &question, report).await;
        }
    }
    check_name(bench, &question, report).await;
    good
}

async fn check_served(
    bench: &Bench<'_>,
    case: &str,
    question: &Question,
    report: &mut Report,
) -> Option<ProviderAssessment> {
    let reply = bench.ask(case, question, Vendor::plays(bench.scripted()), report).await?;
    for answer in &bench.harness.answers {
        let asked = reply.asked.iter().any(|request| request.operation == answer.operation);
        report.expect(case, asked, || format!("{} was never asked", answer.operation));
    }
    let words = Words::of(&question.subject, &bench.harness.secrets);
    report.expect(case, reply.asked.iter().all(|request| words.authorise(request)), || {
        "a request carries none of the credentials that the harness names".to_owned()
    });
    secrecy::look_at_debug(case, "debug output of the provider", &reply.provider, &words, report);
    secrecy::look_at_debug(
        case,
        "debug output of the descriptor",
        reply.provider.descriptor(),
        &words,
        report,
    );
    let Reply { provider, result, .. } = reply;
    let assessment = report.keep(case, result.map_err(|error| format!("the good answer gives {error}")))?;
    secrecy::look_at_debug(case, "debug output of the assessment", &assessment, &words, report);
    look_at_assessment(case, &assessment, provider.descriptor(), report);
    report.expect(case, assessment.assessed_at == NOW, || {
        "assessed_at is not when the answer arrived".to_owned()
    });
    report.expect(case, assessment.state == AnswerState::Final, || "it is not final".to_owned());
    let judged = assessment.score.is_some() && assessment.level.is_some();
    report.expect(case, judged, || "it lacks a score or a level".to_owned());
    let fingerprint = provider.questionnaires().and_then(|questionnaires| questionnaires.fingerprint());
    report.expect(case, assessment.profile_fingerprint == fingerprint, || {
        "its fingerprint is not the questionnaire's".to_owned()
    });
    let sent = report.keep(case, bench.paid_body())?;
    look_at_payload(bench, case, &sent, &assessment, report);
    Some(assessment)
}

/// A type that the adapter does not serve is refused before anything is paid.
async fn check_unserved(bench: &Bench<'_>, case: &str, question: &Question, report: &mut Report) {
    let Some(reply) = bench.ask(case, question, Vendor::Canned(bench.canned()), report).await else { return };
    let refused = matches!(&reply.result, Err(error) if error.kind == FailureKind::Unsupported);
    report.expect(case, refused, || "a type that the descriptor leaves out is not unsupported".to_owned());
    report.expect(case, !reply.asked.iter().any(|request| request.paid), || "it was paid for".to_owned());
}

/// An answer about another name, or about nobody, is flagged, or refused by a strict provider.
async fn check_name(bench: &Bench<'_>, question: &Question, report: &mut Report) {
    let Some(pointer) = &bench.harness.name else { return };
    let others = [r#""Somebody Else""#, r#""""#, "null"].map(Change::literal);
    for (other, strict) in
        others.iter().chain([&Change::Removed]).flat_map(|other| [false, true].map(|strict| (other, strict)))
    {
        let case = &format!("good/name {other}");
        let Some(body) = report.keep(case, bench.spoilt(pointer, other)) else { return };
        let question = Question { strict, ..question.clone() };
        let Some(reply) = bench.ask(case, &question, Vendor::Canned(body), report).await else { return };
        let right = match &reply.result {
            Ok(assessment) => !strict && assessment.flags.contains(&Flag::SubjectNameMismatch),
            Err(error) => strict && error.kind == FailureKind::Malformed,
        };
        report.expect(case, right, || {
            format!("with strict_subject_match {strict} it is neither flagged nor refused as it should be")
        });
    }
}

/// What holds for every assessment, whatever the vendor sent.
pub(super) fn look_at_assessment(
    case: &str,
    assessment: &ProviderAssessment,
    descriptor: &Descriptor,
    report: &mut Report,
) {
    let mut expect = |holds: bool, problem: &str| report.expect(case, holds, || problem.to_owned());
    expect(assessment.provider == descriptor.name, "another provider's name");
    expect(assessment.kind == descriptor.kind, "another kind than the descriptor's");
    expect(assessment.mapping_version == descriptor.mapping_version, "another mapping version");
    expect(!assessment.raw.text().trim().is_empty(), "the payload is empty");
    expect((0.0..=1.0).contains(&assessment.coverage()), "coverage is not within 0 to 1");
    let pending = assessment.state == AnswerState::Pending;
    expect(!pending || (assessment.score.is_none() && assessment.level.is_none()), "pending, and yet judged");
    let doubted = pending || assessment.flags.iter().any(|flag| flag.needs_review());
    expect(assessment.level.is_some() || doubted, "no level, and no flag that says why");
    if let Some(score) = &assessment.score {
        let (value, bounds) = (score.value(), assessment.bounds());
        expect((0.0..=100.0).contains(&value), "the score is not within 0 to 100");
        expect((bounds.low..=bounds.high).contains(&value), "the score lies outside its bounds");
        let scale = serde_json::to_value(score).ok().and_then(|score| score.get("scale").cloned());
        expect(scale == Some(Value::from(descriptor.scale)), "the score has another scale than declared");
    }
    let weights: f64 = assessment.factors.iter().filter_map(|factor| factor.weight).sum();
    expect(weights <= 1.0 + TOLERANCE, "the factors' weights are more than 1 together");
    let mut codes = HashSet::new();
    for factor in &assessment.factors {
        look_at_factor(case, factor, descriptor, report);
        report.expect(case, codes.insert(&factor.code), || format!("{} stands twice", factor.code));
    }
    for evidence in &assessment.evidence {
        let possible = evidence.severity.is_none_or(|severity| (0.0..=100.0).contains(&severity));
        report.expect(case, possible, || "a severity is not within 0 to 100".to_owned());
        report
            .expect(case, evidence.provider == descriptor.name, || "evidence of another provider".to_owned());
    }
}

fn look_at_factor(case: &str, factor: &Factor, descriptor: &Descriptor, report: &mut Report) {
    let code = &factor.code;
    let mut expect = |holds: bool, problem: &str| report.expect(case, holds, || format!("{code}: {problem}"));
    let family = code.split_once('.').map(|(family, rest)| (family, !rest.is_empty()));
    let allowed = [(factor.category.as_str(), true), ("questionnaire", true)];
    expect(
        family.is_some_and(|family| allowed.contains(&family)),
        "starts neither with its category nor questionnaire",
    );
    expect(!factor.label.trim().is_empty(), "has no label");
    expect(factor.provider == descriptor.name, "names another provider");
    expect(
        factor.score.is_none_or(|score| (0.0..=100.0).contains(&score)),
        "its score is not within 0 to 100",
    );
    expect(
        factor.weight.is_none_or(|weight| (0.0..=1.0).contains(&weight)),
        "its weight is not within 0 to 1",
    );
    expect(!factor.state.covers() || factor.score.is_some(), "it is scored without a score");
    let cut = factor.score.map_or(Level::VeryLow, Level::of);
    expect(factor.level.is_none_or(|level| level >= cut), "its level lies below its score");
}

/// The payload is the paid answer as `sent`, less what it says was removed; the score is a number in it.
pub(super) fn look_at_payload(
    bench: &Bench<'_>,
    case: &str,
    sent: &Value,
    assessment: &ProviderAssessment,
    report: &mut Report,
) {
    let mut expected = sent.clone();
    for path in assessment.raw.removed() {
        let removed = remove(&mut expected, &format!("/{}", path.replace('.', "/")));
        report.expect(case, removed.is_some(), || format!("{path} is called removed and was never there"));
    }
    let kept: Option<Value> = serde_json::from_str(assessment.raw.text()).ok();
    report.expect(case, kept == Some(expected), || "the payload is not the answer as sent".to_owned());
    if let (Some(pointer), Some(score)) = (&bench.harness.score, &assessment.score) {
        let raw = score.raw();
        let stated = sent.pointer(pointer).and_then(Value::as_f64);
        report.expect(case, raw.parse().ok() == stated && assessment.raw.text().contains(raw), || {
            format!("the score's raw text {raw:?} is not what stands at {pointer}")
        });
    }
}
