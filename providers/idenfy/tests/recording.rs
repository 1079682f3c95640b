//! The adapter against a recorded vendor, and how one is recorded.

#![cfg(test)]

use std::{collections::BTreeMap, path::PathBuf};

use risk_provider::{
    Level, Recheck, RiskProvider,
    conformance::{NOW, Scrub, Session, Tape},
};
use risk_provider_idenfy::Idenfy;
use risk_provider_sandbox::{PROFILE_ID, Sandbox, Settings, Vendor};
use serde_json::{Value, json};

/// Recorded from the sandbox; with `RISK_PROVIDER_RECORD` the next test records a real account instead.
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/recording.json");

/// What the vendor's answers hold besides the subject: words of the questionnaire, which are kept, and the account.
fn scrub() -> Scrub {
    let scrub = ["/partner/companyName", "/name", "/id"]
        .iter()
        .fold(Scrub::new(), |scrub, pointer| scrub.replace(pointer));
    [
        "/description",
        "/profile/name",
        "/riskLevel",
        "/stateChangeEvent",
        "/partner/environment",
        "/sections/*/key",
        "/sections/*/name",
        "/sections/*/questions/*/key",
        "/sections/*/questions/*/name",
        "/sections/*/questions/*/title",
        "/sections/*/questions/*/type",
        "/sections/*/questions/*/riskLevelDefault",
        "/sections/*/questions/*/choices/*/key",
        "/sections/*/questions/*/choices/*/title",
        "/sections/*/questions/*/answers/*/key",
        "/sections/*/questions/*/answers/*/answer",
        "/sections/*/questions/*/answers/*/riskLevel",
    ]
    .iter()
    .fold(scrub, |scrub, pointer| scrub.keep(pointer))
}

/// A check, its answer read again, and an update of it.
async fn ask(tape: Tape) -> Result<Option<Level>, String> {
    let questions = json!({"Is shareholder PEP?": "politically_exposed", "Shareholder residency": "country"});
    let settings = json!({
        "api_key": tape.credential("api_key"), "api_secret": tape.credential("api_secret"),
        "profile": tape.credential("profile"), "questions": questions,
    });
    let settings = serde_json::from_value(settings).expect("typed settings");
    let provider = Idenfy::new(tape.settings("idenfy"), settings).expect("valid settings");
    let subject = tape.subject().expect("a subject");
    let check = provider.assess(&tape.call(), &subject).await.expect("a check");
    let reference = check.vendor_reference.clone().expect("a reference");
    let again = provider.retrieve(&tape.call(), &reference).await.expect("the check again");
    let update = Recheck::recheck(&provider, &tape.call(), &reference, &subject).await.expect("an update");
    tape.close(&[&check, &again, &update]).map_err(|error| error.to_string())?;
    Ok(check.level)
}

fn subject() -> Value {
    json!({
        "reference": "customer-77120", "type": "individual", "country": "HU", "politically_exposed": true,
        "name": {"first": "Thessaly", "middle": "Quill", "last": "Oxenbridge"},
        "date_of_birth": "1979-04-17", "id_number": "ZQ-55512-X",
    })
}

async fn sandbox() -> (Sandbox, Session) {
    let settings = Settings { clock: || NOW, ..Settings::default() };
    let sandbox = Sandbox::start(Vendor::Idenfy, &settings).await.expect("a sandbox");
    let base_url = sandbox.base_url().parse().expect("an address");
    let credentials = [("api_key", "sandbox-key"), ("api_secret", "sandbox-secret"), ("profile", PROFILE_ID)];
    let credentials = credentials.map(|(name, value)| (name.to_owned(), value.to_owned()));
    (sandbox, Session { base_url, credentials: BTreeMap::from(credentials), subject: subject() })
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[tokio::test]
async fn the_recorded_vendor_is_read_as_it_was() {
    ask(Tape::open(FIXTURE, scrub()).await.expect("a recording")).await.expect("the same");
}

#[tokio::test]
async fn a_recording_holds_nothing_private_and_replays_alike() {
    let ((sandbox, session), file) = (sandbox().await, file("idenfy-recording.json"));
    let tape = Tape::record(&file, session, NOW, scrub()).expect("a tape");
    let recorded = ask(tape).await.expect("a recording");
    let written = std::fs::read_to_string(&file).expect("a fixture").to_lowercase();
    for private in [
        "thessaly",
        "quill",
        "oxenbridge",
        "1979-04-17",
        "zq-55512-x",
        "customer-77120",
        "sandbox-key",
        "sandbox-secret",
        "authorization",
        PROFILE_ID,
        &sandbox.base_url(),
    ] {
        assert!(!written.contains(&private.to_lowercase()), "{private}");
    }
    drop(sandbox);
    let replayed = ask(Tape::replay(&file).await.expect("a recording")).await.expect("the same");
    assert_eq!(replayed, recorded);
}

#[tokio::test]
async fn nothing_is_written_while_a_text_is_unknown() {
    let ((_sandbox, session), file) = (sandbox().await, file("idenfy-unknown.json"));
    let tape = Tape::record(&file, session, NOW, Scrub::new()).expect("a tape");
    let problem = ask(tape).await.expect_err("refused");
    assert!(
        problem.contains("Scrub::replace or Scrub::keep") && problem.contains("check /partner/companyName"),
        "{problem}"
    );
    assert!(!file.exists());
}
