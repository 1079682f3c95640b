//! Adapters with one flaw each: the kit must catch it, and nothing in the one without.

mod toy;

use http::Method;

use super::*;
use toy::{Flaw, SECRET, Toy};

async fn findings_of(flaw: Flaw) -> Vec<String> {
    let body = r#"{"ok": true, "score": 12, "level": "LOW", "note": "none"}"#;
    let harness = Harness::new(move |common| Ok(Toy::new(flaw, common)))
        .with_secret(SECRET)
        .with_answer("check", Method::POST, "/check", body)
        .with_score_at("/score")
        .with_level_at("/level")
        .with_guard("/level")
        .with_refusal("/ok", "false");
    findings(&harness).await.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn an_adapter_without_flaws_conforms() {
    assert_eq!(findings_of(Flaw::None).await, Vec::<String>::new());
}

#[tokio::test]
async fn each_flaw_is_found_in_its_case_and_said_in_words() {
    let flaws = [
        (Flaw::HtmlIsLow, "failures/check/200 html: taken for an answer, should be malformed"),
        (Flaw::RetriesPaid, "failures/check/500 json: 2 paid requests for one question"),
        (Flaw::PrintsSecret, "good/individual: debug output of the provider holds credentials"),
        (Flaw::EchoesVendor, "secrecy/check/400 echo as message: an error holds the subject's \"zebulon\""),
        (
            Flaw::SendsUndeclared,
            "inputs/individual/send_previous false//nationality removed: \
             it changes what is sent or answered, undeclared",
        ),
        (
            Flaw::DeclaresUnsent,
            "inputs/individual/send_previous false: phone is declared and never reaches the vendor",
        ),
        (
            Flaw::UnknownWordIsItsScore,
            "words/= \"NO_RISK\" with score 10: reads as Some(VeryLow), should be at least Medium",
        ),
        (
            Flaw::IgnoresRefusals,
            "rubbish/refusal /ok = false: the vendor says that it failed, and it is an answer",
        ),
        (Flaw::TakesAnyScore, "rubbish/score 100.5: an impossible score is not malformed"),
        (
            Flaw::NamesInAddress,
            "good/individual: the address of a request holds the subject's \"oxenbridge\"",
        ),
        (
            Flaw::PlainCredentials,
            "good/individual: the header authorization holds credentials and is not marked as sensitive",
        ),
        (
            Flaw::CallsAfterMissing,
            "inputs/individual/send_previous false//city removed: \
             required [\"city\"] is missing, and it is not missing_input",
        ),
    ];
    let runs = flaws.map(|(flaw, expected)| (flaw, expected, tokio::spawn(findings_of(flaw))));
    for (flaw, expected, run) in runs {
        let found = run.await.expect("the kit itself never panics");
        assert!(found.iter().any(|finding| finding == expected), "{flaw:?}: {found:#?}");
    }
}

#[tokio::test]
async fn a_panic_is_a_finding_and_the_other_cases_still_run() {
    let found = findings_of(Flaw::Panics).await;
    assert!(
        found.iter().any(|finding| finding.starts_with("rubbish/check/note removed: the adapter panicked"))
    );
    assert!(found.iter().all(|finding| finding.starts_with("rubbish/check/note ")), "{found:#?}");
}
