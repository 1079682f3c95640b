//! The vendors' documented examples, answered word for word.

use serde_json::{Value, json};

use crate::{
    gateway::Gateway,
    subjects::{ahmed, by, matthew},
    vendors::Setup,
};

const REPORT: &str = include_str!("../fixtures/youverify-actor-assessment-response.json");
const REPORT_LINKS_OUTER: &str =
    include_str!("../fixtures/youverify-actor-assessment-response-links-outer.json");
const ACTOR_REQUEST: &str = include_str!("../fixtures/youverify-actor-assessment-request.json");
const CHECK: &str = include_str!("../fixtures/idenfy-check-response.json");
const CHECK_REQUEST: &str = include_str!("../fixtures/idenfy-check-request.json");
const PROFILE: &str = include_str!("../fixtures/idenfy-profile-detail-response.json");
const UNANSWERED: &str = include_str!("../fixtures/idenfy-assessment-detail-response.json");

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("a fixture")
}

async fn report(body: &str) -> Value {
    let gateway = Gateway::start().await;
    gateway.youverify.answer_always("actor_assessment", 200, body.to_owned());
    let assessment = gateway.ask(&by("youverify", &ahmed())).await.good();
    let wire = gateway.youverify.calls().pop().expect("a call").body.value().clone();
    let mut documented = parsed(ACTOR_REQUEST);
    // The vendor takes a field that is left out for one that is null.
    documented.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    let mut sent = wire;
    sent.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    assert_eq!(sent, documented, "the documented request is what is sent");
    assessment
}

async fn check(body: &str) -> (Gateway, Value) {
    let gateway = Gateway::with(Setup::documented()).await;
    gateway.idenfy.answer_always("profile", 200, PROFILE.to_owned());
    gateway.idenfy.answer_always("check", 200, body.to_owned());
    let assessment = gateway.ask(&by("idenfy", &matthew())).await.good();
    (gateway, assessment)
}

#[tokio::test]
async fn youverifys_documented_answer_gives_58_27_medium_under_both_readings_of_its_envelope() {
    for body in [REPORT, REPORT_LINKS_OUTER] {
        let assessment = report(body).await;
        assert_eq!(
            assessment["score"],
            json!({"value": 58.272_833_333_65, "raw": "58.27283333365", "scale": "youverify:0-100"})
        );
        assert_eq!(
            (&assessment["level"], &assessment["status"]),
            (&json!("medium"), &json!("completed")),
            "{assessment}"
        );
        assert_eq!(assessment["decided_by"], "youverify");
        assert_eq!(assessment["providers"][0]["vendor_level"], "Potential Medium Risk");
    }
}

#[tokio::test]
async fn youverifys_documented_answer_gives_its_reasons_and_articles() {
    let assessment = report(REPORT).await;
    let factors = assessment["factors"].as_array().expect("factors");
    assert!(factors.len() >= 10, "{} factors", factors.len());
    let factor = |code: &str| factors.iter().find(|factor| factor["code"] == code).expect(code);
    for (code, score, label) in [
        ("geography.country", 56.78, "Potential High Risk"),
        ("geography.city", 67.6, "Potential High Risk"),
        ("customer.kyc", 100.0, "Not Verified. High Risk."),
        ("screening.sanction", 0.0, "Sanction Clear"),
        ("screening.pep", 0.0, "PEP Clear"),
        ("screening.adverse_media", 77.233_333_333_333_33, "Potential High Risk"),
        ("product.industry", 100.0, "Potential High Risk"),
    ] {
        let factor = factor(code);
        assert_eq!(
            (&factor["score"], &factor["vendor_label"]),
            (&json!(score), &json!(label)),
            "{code}: {factor}"
        );
        assert_eq!(factor["provider"], "youverify");
    }
    let evidence = assessment["evidence"].as_array().expect("evidence");
    assert_eq!(evidence.len(), 3);
    for (index, article) in evidence.iter().enumerate() {
        assert_eq!(article["kind"], "adverse_media");
        assert!(article["headline"].is_string() && article["source"].is_string(), "{index}: {article}");
        assert!(!article["tags"].as_array().expect("tags").is_empty(), "{index}: {article}");
    }
    assert_eq!(evidence[0]["headline"], "Placeholder headline 1");
}

#[tokio::test]
async fn an_answer_about_another_name_than_asked_is_flagged_and_must_be_looked_at() {
    let assessment = report(REPORT).await;
    let flags = assessment["flags"].as_array().expect("flags");
    assert!(flags.contains(&json!("subject_name_mismatch")), "{flags:?}");
    let policy = &assessment["policy"];
    assert_eq!(policy["review_required"], true);
    assert!(policy["reasons"].as_array().expect("reasons").contains(&json!("subject_name_mismatch")));
}

#[tokio::test]
async fn idenfys_documented_check_is_sent_as_documented_and_gives_100_very_high() {
    let (gateway, assessment) = check(CHECK).await;
    let calls = gateway.idenfy.calls();
    let wire = calls.last().expect("a check");
    assert_eq!(wire.path, "/risk/assessment-profiles/61fbe03e-961c-4c6f-a2cd-801083ddbe0d/check/");
    assert_eq!(wire.body.value(), &parsed(CHECK_REQUEST));
    assert_eq!(assessment["score"], json!({"value": 100.0, "raw": "100", "scale": "idenfy:0-100"}));
    assert_eq!(
        (&assessment["level"], &assessment["status"], &assessment["coverage"]),
        (&json!("very_high"), &json!("completed"), &json!(1.0)),
        "{assessment}"
    );
    assert_eq!(assessment["providers"][0]["vendor_reference"], "17CRlVRrxUa91BAMvMdeYP");
    assert_eq!(assessment["flags"], json!([]));
    assert_eq!(gateway.idenfy.billed(), 1);
}

#[tokio::test]
async fn idenfys_unanswered_detail_as_the_answer_of_a_check_is_partial_and_never_low() {
    let (_gateway, assessment) = check(UNANSWERED).await;
    let told = ["status", "level", "score", "coverage", "bounds"].map(|key| assessment[key].clone());
    let expected =
        [json!("partial"), Value::Null, Value::Null, json!(0.0), json!({"low": 0.0, "high": 100.0})];
    assert_eq!(told, expected, "{assessment}");
    let flags = assessment["flags"].as_array().expect("flags");
    assert!(flags.contains(&json!("profile_mismatch")), "{flags:?}");
    assert_eq!(assessment["policy"]["review_required"], true);
    assert_eq!(assessment["providers"][0]["level"], Value::Null);
    assert_eq!(assessment["providers"][0]["vendor_level"], "VERY_LOW");
}

#[tokio::test]
async fn the_documented_subject_is_answered_by_each_vendor_and_by_the_default_route() {
    let gateway = Gateway::start().await;
    let mut subject = ahmed();
    subject["politically_exposed"] = json!(false);
    for (route, provider) in [("idenfy", "idenfy"), ("youverify", "youverify"), ("default", "idenfy")] {
        let assessment = gateway.ask(&by(route, &subject)).await.good();
        assert_eq!((&assessment["decided_by"], &assessment["route"]), (&json!(provider), &json!(route)));
        assert_eq!(assessment["status"], "completed", "{assessment}");
        assert!(assessment["score"]["value"].is_f64() && assessment["level"].is_string());
    }
}
