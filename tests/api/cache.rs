//! One question is paid for once, as long as its answer is fresh.

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use crate::{
    gateway::{Gateway, until},
    stores::TestStore,
    subjects::{about, by, person, with},
    vendors::Setup,
};

fn id(assessment: &Value) -> &str {
    assessment["id"].as_str().expect("an id")
}

#[tokio::test]
async fn the_same_question_again_is_the_same_assessment_from_the_cache() {
    let gateway = Gateway::start().await;
    let question = about(&person("cust-1"));
    let first = gateway.ask(&question).await;
    assert_eq!(first.header("cache-status"), "risk-gateway; fwd=miss");
    assert!(!first.headers.contains_key("age"));
    assert!(first.header("server-timing").starts_with("vendor;dur="), "{:?}", first.headers);
    gateway.advance(90);
    let second = gateway.ask(&question).await;
    assert_eq!(second.header("cache-status"), "risk-gateway; hit");
    let age: u64 = second.header("age").parse().expect("whole seconds");
    assert!((90..120).contains(&age), "{age}");
    assert_eq!(gateway.billed(), 1);
    let (first, mut second) = (first.good(), second.good());
    let provider = &mut second["providers"][0];
    assert_eq!((&provider["served"], &provider["age_s"]), (&json!("cached"), &json!(age)));
    provider["served"] = first["providers"][0]["served"].clone();
    provider["age_s"] = first["providers"][0]["age_s"].clone();
    assert_eq!(first["providers"][0]["served"], "called");
    assert_eq!(second, first, "nothing else differs");
}

#[tokio::test]
async fn what_the_vendor_does_not_receive_does_not_make_another_question() {
    let gateway = Gateway::start().await;
    let first = gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    let mut subject = person("cust-1");
    subject["phone"] = json!("+234 801 555");
    let second = gateway.ask(&by("youverify", &subject)).await.good();
    assert_eq!(id(&first), id(&second));
    assert_eq!(gateway.youverify.billed(), 1);
}

#[tokio::test]
async fn another_reference_and_every_changed_input_make_another_question() {
    let gateway = Gateway::start().await;
    let change = |field: &str, value: Value| {
        let mut subject = person("cust-1");
        subject[field] = value;
        subject
    };
    let subjects = [
        person("cust-1"),
        person("cust-2"),
        change("country", json!("DE")),
        change("city", json!("kano")),
        change("industry", json!("retail")),
        change("months_at_address", json!(31)),
        change("account_age_months", json!(49)),
        change("kyc", json!({"verified_by": "client"})),
        change("is_beneficiary", json!(true)),
        change("previous_risk_score", json!(41)),
        change("adverse_media_window", json!({"from": "2023-05-23", "to": "2023-06-23"})),
        change("name", json!({"first": "Ahmed", "last": "Khalid"})),
        change("name", json!({"first": "Ahmed", "middle": "M", "last": "Al Khalid"})),
    ];
    let mut ids = Vec::new();
    for (asked, subject) in subjects.iter().enumerate() {
        let answer = gateway.ask(&by("youverify", subject)).await;
        assert_eq!(answer.header("cache-status"), "risk-gateway; fwd=miss", "{subject}");
        ids.push(id(&answer.good()).to_owned());
        assert_eq!(gateway.youverify.billed(), asked + 1, "{subject}");
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), subjects.len());
}

#[tokio::test]
async fn a_caller_may_ask_for_a_fresh_answer_or_bound_its_age() {
    let gateway = Gateway::start().await;
    let question = about(&person("cust-1"));
    let first = gateway.ask(&question).await.good();
    gateway.advance(60);
    let bounded = gateway.ask(&with(question.clone(), json!({"max_age_s": 3600}))).await;
    assert_eq!(bounded.header("cache-status"), "risk-gateway; hit");
    for (max_age_s, calls) in [(30, 2), (0, 3)] {
        gateway.advance(60);
        let fresh = gateway.ask(&with(question.clone(), json!({"max_age_s": max_age_s}))).await;
        assert_eq!(fresh.header("cache-status"), "risk-gateway; fwd=request", "{max_age_s}");
        let fresh = fresh.good();
        assert_ne!(id(&fresh), id(&first));
        assert_eq!(fresh["providers"][0]["served"], "called");
        assert_eq!(gateway.billed(), calls);
    }
    let last = gateway.ask(&question).await;
    assert_eq!(last.header("cache-status"), "risk-gateway; hit", "the newest answer is kept");
    assert_eq!(gateway.billed(), 3);
}

#[tokio::test]
async fn max_age_of_zero_right_after_an_answer_asks_again() {
    let gateway = Gateway::start().await;
    let question = about(&person("cust-1"));
    gateway.ask(&question).await.good();
    let fresh = gateway.ask(&with(question, json!({"max_age_s": 0}))).await;
    assert_eq!(fresh.header("cache-status"), "risk-gateway; fwd=request");
    assert_eq!(gateway.billed(), 2);
}

#[tokio::test]
async fn max_age_never_makes_an_expired_answer_fresh() {
    let gateway = Gateway::with(Setup::default().youverify("cache = { ttl = \"1h\" }")).await;
    let question = by("youverify", &person("cust-1"));
    let first = gateway.ask(&question).await.good();
    gateway.advance(3601);
    let again = gateway.ask(&with(question, json!({"max_age_s": 999_999}))).await;
    assert_eq!(again.header("cache-status"), "risk-gateway; fwd=stale");
    assert_ne!(id(&again.good()), id(&first));
    assert_eq!(gateway.billed(), 2);
}

#[tokio::test]
async fn an_answer_says_until_when_it_is_fresh() {
    let gateway = Gateway::with(Setup::default().youverify("cache = { ttl = \"1h\" }")).await;
    let assessment = gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    let time =
        |key: &str| assessment[key].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time");
    let fresh = time("valid_until").duration_since(time("created_at")).as_secs();
    assert!((3590..=3600).contains(&fresh), "{fresh}");
}

#[tokio::test]
async fn a_partial_answer_is_not_kept() {
    let gateway = Gateway::start().await;
    gateway.idenfy.inject(
        risk_provider_sandbox::Fault::new(risk_provider_sandbox::FaultKind::Unanswered).on("check").times(1),
    );
    let question = by("idenfy", &person("cust-1"));
    let partial = gateway.ask(&question).await.good();
    assert_eq!(partial["status"], "partial");
    let again = gateway.ask(&question).await;
    assert_eq!(again.header("cache-status"), "risk-gateway; fwd=miss");
    let again = again.good();
    assert_eq!(again["status"], "completed");
    assert_ne!(id(&again), id(&partial));
    assert_eq!(gateway.billed(), 2);
}

#[tokio::test]
async fn with_a_ttl_of_zero_nothing_is_kept() {
    let gateway = Gateway::with(Setup::default().youverify("cache = { ttl = \"0s\" }")).await;
    for calls in 1..=3 {
        gateway.ask(&by("youverify", &person("cust-1"))).await.good();
        assert_eq!(gateway.billed(), calls);
    }
}

#[tokio::test]
async fn another_route_makes_its_own_assessment_of_the_kept_answer_without_a_call() {
    let gateway = Gateway::start().await;
    let first = gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    let second = gateway.ask(&by("reverse", &person("cust-1"))).await;
    assert_eq!(second.header("cache-status"), "risk-gateway; hit");
    let second = second.good();
    assert_ne!(id(&first), id(&second));
    assert_eq!((&second["route"], &second["providers"][0]["served"]), (&json!("reverse"), &json!("cached")));
    assert_eq!(second["attempts"], json!([]));
    assert_eq!(gateway.billed(), 1);
}

#[tokio::test]
async fn while_the_first_vendor_is_down_the_seconds_kept_answer_serves() {
    let gateway = Gateway::start().await;
    gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    gateway.idenfy.inject(risk_provider_sandbox::FaultKind::ServerError);
    let answer = gateway.ask(&about(&person("cust-1"))).await;
    assert_eq!(answer.header("cache-status"), "risk-gateway; hit");
    let assessment = answer.good();
    assert_eq!(
        (&assessment["providers"][0]["role"], &assessment["providers"][0]["served"]),
        (&json!("fallback"), &json!("cached"))
    );
    assert_eq!(gateway.youverify.billed(), 1);
}

#[tokio::test]
async fn once_a_subject_is_erased_its_cached_answer_is_gone_within_seconds() {
    let gateway = Gateway::on(TestStore::sqlite(), Setup::default()).await;
    let question = by("youverify", &person("cust-1"));
    gateway.ask(&question).await.good();
    assert_eq!(gateway.ask(&question).await.header("cache-status"), "risk-gateway; hit");
    let mut store = SqliteConnection::connect(gateway.store_url()).await.expect("the store");
    sqlx::query("DELETE FROM data_keys").execute(&mut store).await.expect("erased");
    until("it to be gone", async || gateway.ask(&question).await.status != 200).await;
    assert_eq!(gateway.youverify.billed(), 1, "nobody is asked about somebody who was erased");
}
