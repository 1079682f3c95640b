//! Overall words that nobody documented: never low, whatever the score beside them, and always flagged.

use serde_json::Value;

use super::{
    bench::{Bench, Question, Vendor},
    report::Report,
    spoil::{Change, spoilt},
};
use crate::{AnswerState, Flag, Level, ProviderAssessment};

/// Some look harmless, which is the point.
const WORDS: [&str; 7] =
    [r#""UNHEARD_OF""#, r#""NO_RISK""#, r#""not_checked""#, r#""pending""#, r#""""#, "null", "0"];
/// From the bottom of the scale, where a careless mapping reads low, to its top, in hundredths of it.
const SCORES: [u8; 5] = [0, 10, 39, 58, 95];

pub(super) async fn check(bench: &Bench<'_>, report: &mut Report) {
    let (Some(level), Some(score)) = (&bench.harness.level, &bench.harness.score) else { return };
    let Some(question) = report.keep("words", bench.usual()) else { return };
    let Some(body) = report.keep("words", bench.paid_body()) else { return };
    let own = body.pointer(level).and_then(Value::as_str).unwrap_or_default();
    let alike = alike(own).map(|word| Change::literal(&Value::from(word).to_string()));
    let changes: Vec<Change> =
        WORDS.map(Change::literal).into_iter().chain(alike).chain([Change::Removed]).collect();
    for hundredths in SCORES {
        let number = bench.harness.scale.at(hundredths);
        let value = bench.harness.scale.score(&number).ok_or_else(|| "the scale has no length".to_owned());
        let Some(value) = report.keep("words", value) else { return };
        let Ok(body) = serde_json::from_str::<Value>(&spoilt(&body, score, &Change::literal(&number))) else {
            continue;
        };
        for change in &changes {
            let case = format!("words/{change} with score {number}");
            check_one(bench, &case, &question, &spoilt(&body, level, change), value, report).await;
        }
    }
}

/// Words that begin or end as the vendor's `own` does.
fn alike(own: &str) -> [String; 3] {
    let first: String = own.chars().take(1).collect();
    [format!("{own}ISH"), format!("NOT {own}"), format!("{first}?")]
}

async fn check_one(
    bench: &Bench<'_>,
    case: &str,
    question: &Question,
    body: &str,
    score: f64,
    report: &mut Report,
) {
    let Some(paid) = report.keep(case, bench.paid()) else { return };
    let vendor = Vendor::Canned(bench.canned().with(&paid.operation, 200, body));
    let Some(reply) = bench.ask(case, question, vendor, report).await else { return };
    if let Ok(assessment) = &reply.result {
        look(case, assessment, score, report);
    }
}

fn look(case: &str, assessment: &ProviderAssessment, score: f64, report: &mut Report) {
    if assessment.state == AnswerState::Pending {
        report.expect(case, assessment.level.is_none(), || "pending, and yet it has a level".to_owned());
        return;
    }
    let least = Level::of(score).max(Level::Medium);
    report.expect(case, assessment.level >= Some(least), || {
        format!("reads as {:?}, should be at least {least:?}", assessment.level)
    });
    let flagged = assessment.flags.contains(&Flag::UnknownVendorLevel);
    report.expect(case, flagged, || "unknown_vendor_level is not flagged".to_owned());
}
