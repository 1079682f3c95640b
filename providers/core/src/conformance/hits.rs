//! Grave findings: a subject that the vendor found on a list reads as high at least, and the factor says so.

use serde_json::Value;

use super::{
    bench::{Bench, Vendor},
    good::look_at_payload,
    harness::Hit,
    report::Report,
};
use crate::{Level, ProviderAssessment};

pub(super) async fn check(bench: &Bench<'_>, report: &mut Report) {
    let Some(question) = report.keep("hits", bench.usual()) else { return };
    let Some(paid) = report.keep("hits", bench.paid()) else { return };
    for hit in &bench.harness.hits {
        let case = format!("hits/{}", hit.factor);
        let Some(body) = report.keep(&case, bench.paid_body().and_then(|body| edited(body, hit))) else {
            continue;
        };
        let vendor = Vendor::Canned(bench.canned().with(&paid.operation, 200, body.to_string()));
        let Some(reply) = bench.ask(&case, &question, vendor, report).await else { return };
        let told = reply.result.map_err(|error| format!("the answer with the finding gives {error}"));
        if let Some(assessment) = report.keep(&case, told) {
            look_at_payload(bench, &case, &body, &assessment, report);
            look(&case, hit, &assessment, report);
        }
    }
}

fn look(case: &str, hit: &Hit, assessment: &ProviderAssessment, report: &mut Report) {
    let level = assessment.level;
    report
        .expect(case, level >= Some(Level::High), || format!("reads as {level:?}, should be high at least"));
    let factor = assessment.factors.iter().find(|factor| factor.code == hit.factor);
    let level = factor.and_then(|factor| factor.level);
    report.expect(case, level >= Some(Level::High), || {
        format!("the factor {} is {level:?}, should be high at least", hit.factor)
    });
}

fn edited(mut body: Value, hit: &Hit) -> Result<Value, String> {
    for (pointer, literal) in &hit.edits {
        let place = body.pointer_mut(pointer).ok_or_else(|| format!("nothing stands at {pointer}"))?;
        *place = serde_json::from_str(literal).map_err(|error| format!("{literal} is no JSON: {error}"))?;
    }
    Ok(body)
}
