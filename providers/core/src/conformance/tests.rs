//! Adapters with one flaw each: the kit must catch it, and nothing in the one without.

mod able;
mod toy;

use http::Method;

use super::*;
use able::{Able, signed};
use toy::{Flaw, SECRET, Toy};

const BODY: &str = r#"{"ok": true, "score": 12, "level": "LOW", "note": "none", "listed": false,
    "who": "Zebulon Oxenbridge"}"#;
const KEPT: &str = r#"{"ok": true, "score": 12, "level": "LOW", "note": "none", "listed": false, "id": "a1b2",
    "name": "Zebulon Oxenbridge"}"#;
const PENDING: &str = r#"{"ok": true, "score": 12, "level": "LOW", "note": "none", "listed": false, "id": "a1b2",
    "ready": false}"#;

async fn findings_of(flaw: Flaw) -> Vec<String> {
    let harness = toys(Harness::new(move |common| Ok(Toy::new(flaw, common))));
    findings(&harness).await.iter().map(ToString::to_string).collect()
}

fn toys(harness: Harness) -> Harness {
    harness
        .with_secret(SECRET)
        .with_answer("check", Method::POST, "/check", BODY)
        .with_score_at("/score")
        .with_level_at("/level")
        .with_name_at("/who")
        .with_guard("/level")
        .with_refusal("/ok", "false")
        .with_ladder("/score", &["0", "20", "45.5", "90"])
        .with_hit("customer.note", &[("/listed", "true")])
}

fn able(flaw: able::Flaw) -> Harness {
    with_abilities(toys(Harness::new(move |common| Ok(Able::new(flaw, common)))))
}

/// What the groups find that are about abilities alone.
async fn findings_of_able(flaw: able::Flaw) -> Vec<String> {
    let (harness, mut report) = (able(flaw), Report::default());
    let bench = Bench::new(&harness).expect("a bench");
    readback::check(&bench, &mut report).await;
    abilities::check(&bench, &mut report).await;
    pending::check(&bench, &mut report).await;
    paging::check(&bench, &mut report).await;
    signed::check(&bench, &mut report).await;
    report.into_findings().iter().map(ToString::to_string).collect()
}

fn with_abilities(harness: Harness) -> Harness {
    let page = |target: &str, next: &str, references: [&str; 2]| ListedPage {
        target: target.to_owned(),
        body: format!(r#"{{"items": {references:?}, "next": {next}}}"#),
        references: references.map(str::to_owned).into(),
    };
    harness
        .with_readback("a1b2", Answer::new("answer", Method::GET, "/answers/a1b2", KEPT))
        .with_pending(PENDING)
        .with_recheck("a1b2", Answer::new("update", Method::POST, "/answers/a1b2", KEPT))
        .with_questionnaires(Answer::new("forms", Method::GET, "/forms", r#"["one"]"#), &[("one", "one")])
        .with_history(
            "list",
            [
                page("/list", r#""{base_url}/list?page=2""#, ["a1", "a2"]),
                page("/list?page=2", r#""{base_url}/list?page=3""#, ["a3", "a4"]),
                page("/list?page=3", "null", ["a5", "a6"]),
            ],
        )
        .with_callback(Callback::new(able::SIGNATURE, r#"{"id": "a1b2", "note": "done"}"#, "a1b2", signed))
}

#[tokio::test]
async fn an_adapter_with_every_ability_conforms() {
    assert_eq!(findings(&able(able::Flaw::None)).await, Vec::new());
}

#[tokio::test]
async fn a_failure_that_an_ability_takes_for_an_answer_is_found() {
    let found: Vec<String> =
        findings(&able(able::Flaw::NoListIsNoForms)).await.iter().map(ToString::to_string).collect();
    let expected = "failures/forms/200 html: taken for an answer, should be malformed";
    assert!(found.iter().any(|finding| finding == expected), "{found:#?}");
}

#[tokio::test]
async fn each_flaw_of_an_ability_is_found_in_its_case_and_said_in_words() {
    let flaws = [
        (
            able::Flaw::FollowsAnywhere,
            "history/cursor https://elsewhere.invalid/list?page=2: a request with the credentials goes to another \
             address than the configured one",
        ),
        (able::Flaw::IgnoresCursors, "history/to the end: there is a page after the last one"),
        (
            able::Flaw::IgnoresFilters,
            r#"history/filters {"state": "open"}: the vendor is asked as without it, or as for another"#,
        ),
        (
            able::Flaw::LosesItems,
            "history/to the end: the references on the pages are not the harness's, each once and in order",
        ),
        (able::Flaw::PaysForReading, "abilities/readback/answer: it was paid for, and reading is free"),
        (
            able::Flaw::AnyReferenceIsAPath,
            "abilities/recheck/reference \"a/b\": it leads to another address than a reference may",
        ),
        (
            able::Flaw::TakesAnyReference,
            "abilities/recheck/update another reference: is Ok(\"an answer\"), should be malformed",
        ),
        (
            able::Flaw::ConfirmsAnybody,
            "pending/confirm answer with strict_subject_match false: about another name than asked, it is neither \
             flagged nor refused as it should be",
        ),
        (
            able::Flaw::UpdatesWithoutAsking,
            "abilities/recheck//city removed: assessing lacks Some([\"city\"]), rechecking None: they need the same",
        ),
        (
            able::Flaw::AnySignature,
            "callbacks/signature of zeros: gives Some(Ok(Some(VendorReference(\"a1b2\")))), should be bad_credentials",
        ),
        (
            able::Flaw::SignsHalf,
            "callbacks/body tampered: blank: gives Some(Ok(Some(VendorReference(\"a1b2\")))), \
             should be bad_credentials",
        ),
        (
            able::Flaw::CallbackNamesAnything,
            "callbacks/signed html: gives Some(Ok(Some(VendorReference(\"a1b2\")))), should be malformed",
        ),
    ];
    let runs = flaws.map(|(flaw, expected)| (flaw, expected, tokio::spawn(findings_of_able(flaw))));
    for (flaw, expected, run) in runs {
        let found = run.await.expect("the kit itself never panics");
        assert!(found.iter().any(|finding| finding == expected), "{flaw:?}: {found:#?}");
    }
}

#[tokio::test]
async fn an_ability_without_a_sample_is_a_finding_that_says_what_to_supply() {
    let harness = toys(Harness::new(|common| Ok(Able::new(able::Flaw::None, common))));
    let found: Vec<String> = findings(&harness).await.iter().map(ToString::to_string).collect();
    for expected in [
        "readback: retrieve asks the vendor and there is no sample: add Harness::with_readback",
        "abilities/recheck: the adapter has recheck() and no sample: add Harness::with_recheck",
        "abilities/questionnaires: the adapter has questionnaires() and no sample: add Harness::with_questionnaires",
        "abilities/history: the adapter has history() and no sample: add Harness::with_history",
        "abilities/callbacks: the adapter has callbacks() and no sample: add Harness::with_callback",
    ] {
        assert!(found.iter().any(|finding| finding == expected), "{expected}: {found:#?}");
    }
    let toy = with_abilities(toys(Harness::new(|common| Ok(Toy::new(Flaw::None, common)))));
    let found: Vec<String> = findings(&toy).await.iter().map(ToString::to_string).collect();
    let expected = "abilities/history: there is a sample by with_history, and history() gives none";
    assert!(found.iter().any(|finding| finding == expected), "{found:#?}");
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
        (Flaw::FallsWithScore, "properties/ladders: /score from 0 to 90 in "),
        (Flaw::ReadsByOrder, "properties/order/check: another order of fields is another answer: "),
        (Flaw::ListedIsLow, "hits/customer.note: reads as Some(Low), should be high at least"),
        (
            Flaw::KeepsRequired,
            "inputs/individual/send_previous false: city is declared and never reaches the vendor",
        ),
        (Flaw::AltersHits, "hits/customer.note: the payload is not the answer as sent"),
        (
            Flaw::ReadsBeginnings,
            "words/= \"LOWISH\" with score 0: reads as Some(Low), should be at least Medium",
        ),
        (
            Flaw::TakesNobody,
            "good/name = null: with strict_subject_match false it is neither flagged nor refused as it should be",
        ),
    ];
    let runs = flaws.map(|(flaw, expected)| (flaw, expected, tokio::spawn(findings_of(flaw))));
    for (flaw, expected, run) in runs {
        let found = run.await.expect("the kit itself never panics");
        assert!(found.iter().any(|finding| finding.starts_with(expected)), "{flaw:?}: {found:#?}");
    }
}

#[tokio::test]
async fn a_panic_is_a_finding_and_the_other_cases_still_run() {
    let found = findings_of(Flaw::Panics).await;
    assert!(
        found.iter().any(|finding| finding.starts_with("rubbish/check/note removed: the adapter panicked"))
    );
    let about_the_note = |finding: &String| {
        finding.starts_with("rubbish/check/note ") || finding.contains("the adapter panicked")
    };
    assert!(found.iter().all(about_the_note), "{found:#?}");
}
