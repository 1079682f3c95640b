//! The kit that every adapter must pass, over the documented profile and check.

#![cfg(test)]

use http::Method;
use risk_provider::conformance::{self, Harness};
use risk_provider_idenfy::{Idenfy, Settings};
use serde_json::{Value, json};

const PROFILE: &str = include_str!("fixtures/profile-detail-response.json");
const CHECK: &str = include_str!("fixtures/check-response.json");
const ID: &str = "61fbe03e-961c-4c6f-a2cd-801083ddbe0d";
const KEY: &str = "key-of-the-account";
const SECRET: &str = "password-of-the-account";

fn settings() -> Settings {
    let questions = json!({"Is shareholder PEP?": "politically_exposed", "Shareholder residency": "country"});
    let settings = json!({"api_key": KEY, "api_secret": SECRET, "profile": ID, "questions": questions});
    serde_json::from_value(settings).expect("settings")
}

/// The vendor answers with the documented profile and then with `check`.
fn harness(check: &str) -> Harness {
    Harness::new(|common| Idenfy::new(common, settings()))
        .with_secret(KEY)
        .with_secret(SECRET)
        .with_answer("profile", Method::GET, &format!("/risk/assessment-profiles/{ID}/"), PROFILE)
        .with_answer("check", Method::POST, &format!("/risk/assessment-profiles/{ID}/check/"), check)
        .with_person(json!({
            "name": {"first": "Matthew", "last": "Collins"}, "country": "HU", "politically_exposed": true,
        }))
        .with_score_at("/riskScore")
        .with_level_at("/riskLevel")
        .with_name_at("/name")
}

#[tokio::test]
async fn the_documented_answer_conforms() {
    conformance::run(&harness(CHECK)).await;
}

/// The documented check scores the highest possible; below it, a spoilt field has room to do harm.
#[tokio::test]
async fn a_low_answer_conforms() {
    let mut check: Value = serde_json::from_str(CHECK).expect("fixture");
    check["riskScore"] = json!(25);
    check["riskLevel"] = json!("LOW");
    let guards = ["/riskLevel", "/sections", "/sections/0/questions"];
    let harness = guards.into_iter().fold(harness(&check.to_string()), Harness::with_guard);
    conformance::run(&harness).await;
}
