//! Both kinds against a recorded vendor, and how one is recorded.

#![cfg(test)]

use std::{collections::BTreeMap, path::PathBuf};

use risk_provider::{
    ProviderAssessment, RiskProvider,
    conformance::{NOW, Scrub, Session, Tape},
};
use risk_provider_sandbox::{Sandbox, Settings, Vendor};
use risk_provider_youverify::{Actor, Intelligence};
use serde_json::{Value, json};

/// Recorded from the sandbox; with `RISK_PROVIDER_RECORD` the tests that read them record a real account instead.
const ACTOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/recording-actor.json");
const INTELLIGENCE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/recording-risk-intelligence.json");

/// What the vendor's answers hold besides the subject: its own words, which are kept; ids, staff and the press.
fn scrub() -> Scrub {
    let scrub = Scrub::new().keep("/message").keep("/data/message");
    let report = |scrub: Scrub, at: &str| {
        let blocks = ["geographic", "product", "personal"];
        let scrub = blocks.iter().fold(scrub, |scrub, block| scrub.keep(&format!("{at}/{block}/*")));
        ["riskStatus", "reportYear", "reportMonth", "reportDay"]
            .iter()
            .fold(scrub, |scrub, field| scrub.keep(&format!("{at}/{field}")))
    };
    let scrub =
        ["/data/data", "/data/latestReport", "/data/riskReportHistory/*"].into_iter().fold(scrub, report);
    let scrub = ["inferring", "language", "tags/*/0"]
        .iter()
        .fold(scrub, |scrub, field| scrub.keep(&format!("/data/data/adverseMediaNews/*/{field}")));
    let scrub = ["source", "headline", "excerpt", "persons/*", "organizations/*", "_id"]
        .iter()
        .fold(scrub, |scrub, field| scrub.replace(&format!("/data/data/adverseMediaNews/*/{field}")));
    let scrub = scrub.keep("/data/data/adverseMediaNewsReason");
    let scrub = ["type", "latestRiskStatus", "trackingStatus"]
        .iter()
        .fold(scrub, |scrub, field| scrub.keep(&format!("/data/{field}")));
    ["_id", "id", "identityId", "businessId", "requestedById", "requestedBy/*", "entityInformation/_id"]
        .iter()
        .fold(scrub, |scrub, field| scrub.replace(&format!("/data/{field}")))
        .keep("/data/entityInformation/workInformation/*")
}

async fn ask_actor(tape: Tape) -> Result<ProviderAssessment, String> {
    let settings = json!({"token": tape.credential("token")});
    let settings = serde_json::from_value(settings).expect("typed settings");
    let provider = Actor::new(tape.settings("youverify"), settings).expect("valid settings");
    let subject = tape.subject().expect("a subject");
    let told = provider.assess(&tape.call(), &subject).await.expect("an assessment");
    tape.close(&[&told]).map_err(|error| error.to_string())?;
    Ok(told)
}

/// A check that is started, and its report.
async fn ask_intelligence(tape: Tape) -> Result<ProviderAssessment, String> {
    let settings = json!({"token": tape.credential("token")});
    let settings = serde_json::from_value(settings).expect("typed settings");
    let provider = Intelligence::new(tape.settings("youverify"), settings).expect("valid settings");
    let subject = tape.subject().expect("a subject");
    let started = provider.assess(&tape.call(), &subject).await.expect("a pending answer");
    let reference = started.vendor_reference.clone().expect("a reference");
    let waiting = provider.retrieve(&tape.call(), &reference).await.expect("a pending answer");
    let ready = provider.retrieve(&tape.call(), &reference).await.expect("a report");
    tape.close(&[&started, &waiting, &ready]).map_err(|error| error.to_string())?;
    Ok(ready)
}

fn subject() -> Value {
    json!({
        "reference": "customer-77120", "type": "individual", "country": "NG", "city": "Umuahia",
        "name": {"first": "Thessaly", "last": "Oxenbridge"}, "consent": true,
        "date_of_birth": "1979-04-17", "id_number": "ZQ-55512-X", "phone": "+2348015550199",
        "moved_in_on": "2023-08-09", "kyc": {"verified_by": "client"},
    })
}

async fn sandbox() -> (Sandbox, Session) {
    let settings = Settings { clock: || NOW, ..Settings::default() };
    let sandbox = Sandbox::start(Vendor::Youverify, &settings).await.expect("a sandbox");
    let base_url = sandbox.base_url().parse().expect("an address");
    let credentials = BTreeMap::from([("token".to_owned(), "sandbox-token".to_owned())]);
    (sandbox, Session { base_url, credentials, subject: subject() })
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn look_for_private_words(file: &PathBuf, sandbox: &Sandbox) {
    let written = std::fs::read_to_string(file).expect("a fixture").to_lowercase();
    for private in [
        "thessaly",
        "oxenbridge",
        "umuahia",
        "1979-04-17",
        "zq-55512-x",
        "+2348015550199",
        "customer-77120",
        "sandbox-token",
        &sandbox.base_url(),
    ] {
        assert!(!written.contains(&private.to_lowercase()), "{private}");
    }
}

#[tokio::test]
async fn the_recorded_actor_assessment_is_read_as_it_was() {
    ask_actor(Tape::open(ACTOR, scrub()).await.expect("a recording")).await.expect("the same");
}

#[tokio::test]
async fn the_recorded_risk_check_is_read_as_it_was() {
    ask_intelligence(Tape::open(INTELLIGENCE, scrub()).await.expect("a recording")).await.expect("the same");
}

#[tokio::test]
async fn a_recorded_actor_assessment_holds_nothing_private_and_replays_alike() {
    let ((sandbox, session), file) = (sandbox().await, file("youverify-actor.json"));
    let recorded =
        ask_actor(Tape::record(&file, session, NOW, scrub()).expect("a tape")).await.expect("a recording");
    look_for_private_words(&file, &sandbox);
    drop(sandbox);
    let replayed = ask_actor(Tape::replay(&file).await.expect("a recording")).await.expect("the same");
    assert_eq!(
        (replayed.level, replayed.score, replayed.flags),
        (recorded.level, recorded.score, recorded.flags)
    );
}

#[tokio::test]
async fn a_recorded_risk_check_holds_nothing_private_and_replays_alike() {
    let ((sandbox, session), file) = (sandbox().await, file("youverify-risk-intelligence.json"));
    let tape = Tape::record(&file, session, NOW, scrub()).expect("a tape");
    let recorded = ask_intelligence(tape).await.expect("a recording");
    look_for_private_words(&file, &sandbox);
    drop(sandbox);
    let replayed = ask_intelligence(Tape::replay(&file).await.expect("a recording")).await.expect("the same");
    assert_eq!(
        (replayed.level, replayed.score, replayed.flags),
        (recorded.level, recorded.score, recorded.flags)
    );
}
