//! The kit that every adapter must pass, over the documented actor assessment and the documented profile.

#![cfg(test)]

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, Method};
use risk_provider::conformance::{self, Answer, Callback, Harness, ListedPage};
use risk_provider_youverify::{Actor, Intelligence, IntelligenceSettings, Settings};
use serde_json::{Value, json};
use sha2::Sha256;

const ANSWER: &str = include_str!("fixtures/actor-answer.json");
const HISTORY: &str = include_str!("fixtures/history-response.json");
const TOKEN: &str = "token-of-the-account";
const WEBHOOK_SECRET: &str = "webhook-secret-of-the-account";
/// The documented profile's id.
const ID: &str = "647f096187f89a18587648cc";
const SCORES: [&str; 6] = ["0", "19.9", "20", "45.5", "80", "100"];
const WORDS: [&str; 5] = [
    r#""Very Low Risk""#,
    r#""Low Risk""#,
    r#""Potential Medium Risk""#,
    r#""Potential High Risk""#,
    r#""Critical High Risk""#,
];
/// Components of a report, by block.
const COMPONENTS: [&str; 8] = [
    "geographic/countryScore",
    "geographic/cityScore",
    "geographic/lengthOfStayScore",
    "product/industryScore",
    "personal/kycScore",
    "personal/sanctionScore",
    "personal/pepScore",
    "personal/adverseMediaScore",
];

/// The vendor answers with `answer`, made to be about the person asked.
fn harness(mut answer: Value) -> Harness {
    answer["data"]["data"]["personal"]["name"] = json!("Ahmed Al Khalid");
    let settings: Settings = serde_json::from_value(json!({"token": TOKEN})).expect("settings");
    let harness = Harness::new(move |common| Actor::new(common, settings.clone()))
        .with_secret(TOKEN)
        .with_answer("assessment", Method::POST, "/v2/api/actors/risk/assessment", &answer.to_string())
        .with_person(json!({"name": {"first": "Ahmed", "last": "Al Khalid"}}))
        .with_score_at("/data/data/riskScore")
        .with_level_at("/data/data/riskStatus")
        .with_name_at("/data/data/personal/name")
        .with_refusal("/success", "false")
        .with_refusal("/statusCode", "500")
        .with_refusal("/data/success", "false")
        .with_refusal("/data/statusCode", "402");
    screened(harness, "/data/data")
}

/// How the report at `at` tells more risk, and what it says of a subject on a list.
fn screened(harness: Harness, at: &str) -> Harness {
    let harness = harness
        .with_ladder(&format!("{at}/riskStatus"), &WORDS)
        .with_ladder(&format!("{at}/riskScore"), &SCORES)
        .with_hit(
            "screening.sanction",
            &[
                (&format!("{at}/personal/sanctionScore"), "100"),
                (&format!("{at}/personal/sanctionScoreStatus"), r#""Sanctioned. High Risk.""#),
            ],
        )
        .with_hit(
            "screening.pep",
            &[
                (&format!("{at}/personal/pepScore"), "100"),
                (&format!("{at}/personal/pepScoreStatus"), r#""On PEP List. High Risk.""#),
            ],
        );
    COMPONENTS
        .iter()
        .fold(harness, |harness, component| harness.with_ladder(&format!("{at}/{component}"), &SCORES))
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
    let mut pending = answer.clone();
    pending["data"]["latestReport"] = Value::Null;
    let settings = json!({"token": TOKEN, "webhook_secret": WEBHOOK_SECRET});
    let settings: IntelligenceSettings = serde_json::from_value(settings).expect("settings");
    let harness = Harness::new(move |common| Intelligence::new(common, settings.clone()))
        .with_secret(TOKEN)
        .with_secret(WEBHOOK_SECRET)
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
        .with_pending(&pending.to_string())
        .with_readback(
            ID,
            Answer::new(
                "entity",
                Method::GET,
                &format!("/v2/api/identity/risk-check/entities/{ID}"),
                &answer.to_string(),
            ),
        )
        .with_history("history", pages())
        .with_callback(Callback::new(
            "x-youverify-signature",
            &json!({"event": "risk_check.completed", "data": {"_id": ID}}).to_string(),
            ID,
            signed,
        ));
    screened(harness, "/data/latestReport")
}

/// The documented list as two pages of two profiles each.
fn pages() -> [ListedPage; 2] {
    let page = |number: u64, references: [&str; 2]| {
        let mut body: Value = serde_json::from_str(HISTORY).expect("fixture");
        body["data"]["pagination"] = json!({
            "totalDocs": 4, "perPage": 2, "totalPages": 2, "currentPage": number,
            "hasNextPage": number == 1, "nextPage": if number == 1 { json!(2) } else { Value::Null },
        });
        for (item, reference) in references.iter().enumerate() {
            for field in ["_id", "id", "identityId"] {
                body["data"]["docs"][item][field] = json!(reference);
            }
        }
        ListedPage {
            target: format!("/v2/api/identity/risk-check/history?page={number}&limit=20"),
            body: body.to_string(),
            references: references.map(str::to_owned).into(),
        }
    };
    [
        page(1, ["647f096187f89a1858764801", "647f096187f89a1858764802"]),
        page(2, ["647f096187f89a1858764803", "647f096187f89a1858764804"]),
    ]
}

/// The headers of a callback with `body`.
fn signed(body: &[u8]) -> HeaderMap {
    let mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()).expect("a key").chain_update(body);
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let value = HeaderValue::from_str(&signature).expect("a header");
    HeaderMap::from_iter([(http::HeaderName::from_static("x-youverify-signature"), value)])
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
