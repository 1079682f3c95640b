//! The kit that every adapter must pass, over the documented profile, check, list and update.

#![cfg(test)]

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, Method};
use risk_provider::conformance::{self, Answer, Callback, Harness, ListedPage};
use risk_provider_idenfy::{Idenfy, Settings};
use serde_json::{Value, json};
use sha2::Sha256;

const PROFILE: &str = include_str!("fixtures/profile-detail-response.json");
const PROFILES: &str = include_str!("fixtures/profiles-list-response.json");
const ASSESSMENTS: &str = include_str!("fixtures/assessments-list-response.json");
const CHECK: &str = include_str!("fixtures/check-response.json");
const ID: &str = "61fbe03e-961c-4c6f-a2cd-801083ddbe0d";
const KEY: &str = "key-of-the-account";
const SECRET: &str = "password-of-the-account";
const CALLBACK_KEY: &str = "signing-key-of-the-account";
/// The documented check's id.
const REFERENCE: &str = "17CRlVRrxUa91BAMvMdeYP";
const LEVELS: [&str; 5] = [r#""VERY_LOW""#, r#""LOW""#, r#""MEDIUM""#, r#""HIGH""#, r#""VERY_HIGH""#];

fn settings() -> Settings {
    let questions = json!({"Is shareholder PEP?": "politically_exposed", "Shareholder residency": "country"});
    let settings = json!({
        "api_key": KEY, "api_secret": SECRET, "profile": ID, "questions": questions,
        "callback_key": CALLBACK_KEY,
    });
    serde_json::from_value(settings).expect("settings")
}

/// The vendor answers with the documented profile and then with `check`.
fn harness(check: &str) -> Harness {
    let harness = Harness::new(|common| Idenfy::new(common, settings()))
        .with_secret(KEY)
        .with_secret(SECRET)
        .with_secret(CALLBACK_KEY)
        .with_answer("profile", Method::GET, &format!("/risk/assessment-profiles/{ID}/"), PROFILE)
        .with_answer("check", Method::POST, &format!("/risk/assessment-profiles/{ID}/check/"), check)
        .with_person(json!({
            "name": {"first": "Matthew", "last": "Collins"}, "country": "HU", "politically_exposed": true,
        }))
        .with_company(json!({"country": "HU", "politically_exposed": true}))
        .with_score_at("/riskScore")
        .with_level_at("/riskLevel")
        .with_name_at("/name")
        .with_ladder("/riskLevel", &LEVELS)
        .with_ladder("/riskScore", &["0", "1", "20", "21", "40", "60", "80", "100"])
        .with_ladder("/sections/0/questions/0/answers/0/riskLevel", &LEVELS)
        .with_ladder("/sections/0/questions/0/answers/0/riskScore", &["1", "2", "3", "4", "5"])
        .with_ladder("/sections/0/questions/1/answers/0/riskScore", &["1", "2", "3", "4", "5"]);
    abilities(harness, check)
}

/// What the vendor answers to everything else.
fn abilities(harness: Harness, check: &str) -> Harness {
    let detail = format!("/risk/assessments/{REFERENCE}/");
    let company = r#"{"id": "c-1", "riskAssessment": {"id": "r-1", "riskScore": 72, "riskLevel": "HIGH", "comment": null}}"#;
    harness
        .with_readback(REFERENCE, Answer::new("assessment", Method::GET, &detail, check))
        .with_readback("kyb:c-1", Answer::new("company", Method::GET, "/kyb/companies/c-1/", company))
        .with_recheck(
            REFERENCE,
            Answer::new("recheck", Method::POST, &format!("/risk/assessments/{REFERENCE}"), check),
        )
        .with_questionnaires(
            Answer::new("profiles", Method::GET, "/risk/assessment-profiles/", PROFILES),
            &[("dd121b5c-e3ef-4197-b036-8b7e872f6678", "RA profile name")],
        )
        .with_history("assessments", pages())
        .with_callback(Callback::new(
            "idenfy-signature",
            r#"{"id": "c-1", "clientId": "x"}"#,
            "kyb:c-1",
            signed,
        ))
}

/// The documented list three times over: with the next page's address, with only its number, and as the last page.
fn pages() -> [ListedPage; 3] {
    let page = |query: &str, next: Value, references: [&str; 2]| {
        let mut body: Value = serde_json::from_str(ASSESSMENTS).expect("fixture");
        body["next"] = next;
        for (item, reference) in references.iter().enumerate() {
            body["results"][item]["id"] = json!(reference);
        }
        ListedPage {
            target: format!("/risk/assessments/{query}"),
            body: body.to_string(),
            references: references.map(str::to_owned).into(),
        }
    };
    [
        page("", json!("{base_url}/risk/assessments/?page=2"), ["first", "second"]),
        page("?page=2", json!("?page=3"), ["third", "fourth"]),
        page("?page=3", Value::Null, ["fifth", "sixth"]),
    ]
}

/// The headers of a callback with `body`.
fn signed(body: &[u8]) -> HeaderMap {
    let mac = Hmac::<Sha256>::new_from_slice(CALLBACK_KEY.as_bytes()).expect("a key").chain_update(body);
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut headers = HeaderMap::new();
    headers.insert("idenfy-signature", HeaderValue::from_str(&signature).expect("a header"));
    headers.insert("idenfy-event-type", HeaderValue::from_static("COMPANY_REVIEW"));
    headers
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
