//! The kit that every adapter must pass, over the documented actor assessment and the documented profile.

#![cfg(test)]

use http::Method;
use risk_provider::conformance::{self, Harness};
use risk_provider_youverify::{Actor, Intelligence, IntelligenceSettings, Settings};
use serde_json::{Value, json};

const ANSWER: &str = include_str!("fixtures/actor-answer.json");
const HISTORY: &str = include_str!("fixtures/history-response.json");
const TOKEN: &str = "token-of-the-account";

/// The vendor answers with `answer`, made to be about the person asked.
fn harness(mut answer: Value) -> Harness {
    answer["data"]["data"]["personal"]["name"] = json!("Ahmed Al Khalid");
    let settings: Settings = serde_json::from_value(json!({"token": TOKEN})).expect("settings");
    Harness::new(move |common| Actor::new(common, settings.clone()))
        .with_secret(TOKEN)
        .with_answer("assessment", Method::POST, "/v2/api/actors/risk/assessment", &answer.to_string())
        .with_person(json!({"name": {"first": "Ahmed", "last": "Al Khalid"}}))
        .with_score_at("/data/data/riskScore")
        .with_level_at("/data/data/riskStatus")
        .with_name_at("/data/data/personal/name")
        .with_refusal("/success", "false")
        .with_refusal("/statusCode", "500")
        .with_refusal("/data/success", "false")
        .with_refusal("/data/statusCode", "402")
}

fn documented() -> Value {
    serde_json::from_str(ANSWER).expect("fixture")
}

#[tokio::test]
async fn the_documented_answer_conforms() {
    conformance::run(&harness(documented())).await;
}

/// Below the documented answer's level, a spoilt screening result has room to do harm.
#[tokio::test]
async fn a_low_answer_conforms() {
    let mut answer = documented();
    answer["data"]["data"]["riskScore"] = json!(12);
    answer["data"]["data"]["riskStatus"] = json!("Very Low Risk");
    let guards = ["sanctionScore", "sanctionScoreStatus", "pepScore", "pepScoreStatus"];
    let guards = guards.map(|field| format!("/data/data/personal/{field}"));
    let harness = guards.iter().fold(harness(answer), |harness, guard| harness.with_guard(guard));
    conformance::run(&harness).await;
}

/// A check whose report is ready at once, about the person asked; `word` is the overall word that is spoilt.
fn intelligence(mut profile: Value, word: &str) -> Harness {
    profile["type"] = json!("individual");
    profile["entityInformation"] = json!({
        "personalInformation": {"firstName": "Ahmed", "lastName": "Al Khalid", "isIdVerified": true},
        "geographicInformation": {"country": "NG", "city": "lagos", "lengthOfStay": 321},
        "_id": "647f096187f89a18587648ce",
    });
    profile["latestReport"]["personal"]["name"] = json!("Ahmed Al Khalid");
    let answer =
        json!({"success": true, "statusCode": 200, "message": "success", "data": profile, "links": []});
    let settings: IntelligenceSettings = serde_json::from_value(json!({"token": TOKEN})).expect("settings");
    Harness::new(move |common| Intelligence::new(common, settings.clone()))
        .with_secret(TOKEN)
        .with_answer(
            "initialise",
            Method::POST,
            "/v2/api/identity/risk-check/initialize",
            &answer.to_string(),
        )
        .with_person(json!({"name": {"first": "Ahmed", "last": "Al Khalid"}}))
        .with_score_at("/data/latestReport/riskScore")
        .with_level_at(word)
        .with_name_at("/data/latestReport/personal/name")
        .with_refusal("/success", "false")
        .with_refusal("/statusCode", "500")
}

fn profile() -> Value {
    let history: Value = serde_json::from_str(HISTORY).expect("fixture");
    history["data"]["docs"][0].clone()
}

#[tokio::test]
async fn the_documented_profile_conforms_by_the_reports_word() {
    conformance::run(&intelligence(profile(), "/data/latestReport/riskStatus")).await;
}

#[tokio::test]
async fn a_low_profile_conforms_by_the_profiles_word() {
    let mut profile = profile();
    profile["latestReport"]["riskScore"] = json!(12);
    profile["latestReport"]["riskStatus"] = json!("Very Low Risk");
    profile["latestRiskStatus"] = json!("very_low_risk");
    let guards = ["sanctionScore", "sanctionScoreStatus", "pepScore", "pepScoreStatus"];
    let guards = guards.map(|field| format!("/data/latestReport/personal/{field}"));
    let harness = intelligence(profile, "/data/latestRiskStatus");
    conformance::run(&guards.iter().fold(harness, |harness, guard| harness.with_guard(guard))).await;
}
