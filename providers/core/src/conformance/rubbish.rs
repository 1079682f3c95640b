//! Every place of every good answer, spoilt in turn.
//!
//! One spoilt field must never cost a panic, and never buy a lower level. Whatever comes out is either an error
//! that says the vendor answered, or an assessment that still keeps every rule of the model and reads no lower
//! than the good one; without a level, it says by a flag that a person must look. A spoilt score is no score:
//! it is always `malformed`. A spoilt guard leaves at least `medium`. A refusal is an error.

use serde_json::Value;

use super::{
    bench::{Bench, Question, Vendor},
    good,
    report::Report,
    secrecy,
    spoil::{Change, places, spoilt},
};
use crate::{FailureKind, Level, ProviderAssessment, ProviderError};

const LITERALS: [&str; 8] = ["null", "-1", "1000000000", "true", "false", "{}", "[]", r#""""#];
/// Scores that are none, besides the above.
const SCORES: [&str; 5] = ["1e400", "NaN", "Infinity", r#""58""#, r#""NaN""#];
/// Kinds that say the vendor answered.
const ANSWERED: [FailureKind; 7] = [
    FailureKind::InvalidSubject,
    FailureKind::Misconfigured,
    FailureKind::BadCredentials,
    FailureKind::OutOfCredit,
    FailureKind::RateLimited,
    FailureKind::VendorError,
    FailureKind::Malformed,
];

pub(super) async fn check(bench: &Bench<'_>, good: &ProviderAssessment, report: &mut Report) {
    let Some(question) = report.keep("rubbish", bench.usual()) else { return };
    let Some(paid) = report.keep("rubbish", bench.paid()) else { return };
    for answer in &bench.harness.answers {
        let body = serde_json::from_str::<Value>(&answer.body).map_err(|error| error.to_string());
        let Some(body) = report.keep("rubbish", body) else { continue };
        let unspoilt = body.to_string();
        for place in places(&body) {
            for change in changes(&question) {
                let spoilt = spoilt(&body, &place, &change);
                // What is as it was, is not spoilt.
                if spoilt == unspoilt {
                    continue;
                }
                let case = format!("rubbish/{}{place} {change}", answer.operation);
                let canned = bench.canned().with(&answer.operation, 200, spoilt);
                let result = ask(bench, &case, &question, Vendor::Canned(canned), report).await;
                let place = (answer == paid).then_some(place.as_str());
                let is_score = place.is_some() && bench.harness.score.as_deref() == place;
                if is_score && !bench.harness.scale.allows(&change) {
                    look_at_score(&case, result.as_ref(), report);
                }
                look(bench, &case, place, result, good, report);
            }
        }
    }
    check_scores(bench, &question, report).await;
    check_refusals(bench, &question, report).await;
}

/// Scores that no vendor may mean.
async fn check_scores(bench: &Bench<'_>, question: &Question, report: &mut Report) {
    let Some(pointer) = &bench.harness.score else { return };
    let beyond = bench.harness.scale.beyond();
    for literal in SCORES.into_iter().chain(beyond.iter().map(String::as_str)) {
        let case = format!("rubbish/score {literal}");
        let canned = bench.spoilt(pointer, &Change::literal(literal));
        let Some(canned) = report.keep(&case, canned) else { return };
        let result = ask(bench, &case, question, Vendor::Canned(canned), report).await;
        look_at_score(&case, result.as_ref(), report);
    }
}

/// Answers in which the vendor says that it failed.
async fn check_refusals(bench: &Bench<'_>, question: &Question, report: &mut Report) {
    for (pointer, literal) in &bench.harness.refusals {
        let case = format!("rubbish/refusal {pointer} = {literal}");
        let canned = bench.spoilt(pointer, &Change::literal(literal));
        let Some(canned) = report.keep(&case, canned) else { continue };
        let result = ask(bench, &case, question, Vendor::Canned(canned), report).await;
        let refused = result.is_none_or(|result| result.is_err());
        report.expect(&case, refused, || "the vendor says that it failed, and it is an answer".to_owned());
    }
}

type Asked = Result<ProviderAssessment, ProviderError>;

async fn ask(
    bench: &Bench<'_>,
    case: &str,
    question: &Question,
    vendor: Vendor,
    report: &mut Report,
) -> Option<Asked> {
    let reply = bench.ask(case, question, vendor, report).await?;
    if let Ok(assessment) = &reply.result {
        good::look_at_assessment(case, assessment, reply.provider.descriptor(), report);
    }
    Some(reply.result)
}

/// `place` is where the paid answer is spoilt; none for another answer, which may fail in any way.
fn look(
    bench: &Bench<'_>,
    case: &str,
    place: Option<&str>,
    result: Option<Asked>,
    good: &ProviderAssessment,
    report: &mut Report,
) {
    let guarded = bench.harness.guards.iter().any(|guard| Some(guard.as_str()) == place);
    let least = good.level.max(guarded.then_some(Level::Medium));
    match result {
        Some(Ok(assessment)) => {
            // The model's rules, looked at before, already demand a reason for a missing level.
            let holds = assessment.level.is_none() || assessment.level >= least;
            report.expect(case, holds, || format!("reads as {:?}, below {least:?}", assessment.level));
        }
        Some(Err(error)) => {
            let holds = place.is_none() || (error.sent && ANSWERED.contains(&error.kind));
            report.expect(case, holds, || format!("the vendor answered, and it is {error}"));
        }
        None => {}
    }
}

fn look_at_score(case: &str, result: Option<&Asked>, report: &mut Report) {
    let malformed = |result: &Asked| matches!(result, Err(error) if error.kind == FailureKind::Malformed);
    report.expect(case, result.is_none_or(malformed), || "an impossible score is not malformed".to_owned());
}

/// What is done to each place. The text is the subject's name, which must not come back in an error.
fn changes(question: &Question) -> Vec<Change> {
    let name = Value::from(secrecy::full_name(&question.subject)).to_string();
    let literals = LITERALS.into_iter().chain([name.as_str()]).map(Change::literal);
    literals.chain([Change::Removed]).collect()
}
