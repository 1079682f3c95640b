//! Routes that ask everybody: how several answers become one, and what becomes of who does not answer.

use std::time::Duration;

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    gateway::{Gateway, until},
    http::attempts,
    subjects::{by, person},
    vendors::Setup,
};

async fn panel(lines: &str) -> Gateway {
    let route = "[routes.panel]\nstrategy = \"consensus\"\nproviders = [\"idenfy\", \"youverify\"]\n";
    Gateway::with(Setup::default().routes(&format!("{route}{lines}\n"))).await
}

/// Each provider and its level, in the answer's order.
fn levels(answer: &Value) -> Vec<(&str, &str)> {
    let providers = answer["providers"].as_array().expect("providers").iter();
    providers
        .map(|it| (it["provider"].as_str().expect("a name"), it["level"].as_str().expect("a level")))
        .collect()
}

#[tokio::test]
async fn everybody_is_asked_at_once_and_the_highest_level_stands() {
    let gateway = panel("").await;
    let late = FaultKind::Latency { ms: 600 };
    gateway.idenfy.inject(Fault::new(late).on("check"));
    gateway.youverify.inject(late);
    let began = Instant::now();
    let answer = gateway.ask(&by("panel", &person("cust-1"))).await.good();
    assert!(began.elapsed() < Duration::from_millis(1200), "side by side: {:?}", began.elapsed());
    assert_eq!((&answer["strategy"], &answer["status"]), (&json!("consensus"), &json!("completed")));
    assert_eq!(answer["consensus"], json!({"asked": 2, "answered": 2, "vendors": 2}));
    assert_eq!(levels(&answer), [("idenfy", "very_high"), ("youverify", "medium")]);
    assert_eq!((&answer["level"], &answer["decided_by"]), (&json!("very_high"), &json!("idenfy")));
    assert_eq!(answer["policy"]["review_required"], true, "two levels apart: {}", answer["policy"]);
    for provider in answer["providers"].as_array().expect("providers") {
        assert_eq!((&provider["role"], &provider["served"]), (&json!("consensus"), &json!("called")));
    }
    let of = |name: &str| {
        let factors = answer["factors"].as_array().expect("factors");
        factors.iter().filter(|factor| factor["provider"] == name).count()
    };
    assert!(of("idenfy") > 0 && of("youverify") > 0);
    let path = format!("/v1/assessments/{}?include=raw", answer["id"].as_str().expect("an id"));
    let raw = gateway.get(&path).await.good();
    assert!(raw["raw"]["idenfy"].is_object() && raw["raw"]["youverify"].is_object());
}

#[tokio::test]
async fn all_of_it_fresh_is_the_same_assessment_and_a_part_of_it_is_another() {
    let gateway = panel("").await;
    gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    let first = gateway.ask(&by("panel", &person("cust-1"))).await;
    assert_eq!(first.header("cache-status"), "risk-gateway; fwd=miss");
    let first = first.good();
    assert_eq!(first["providers"][1]["served"], "cached", "what is fresh is not paid again: {first}");
    assert_eq!(gateway.billed(), 2);
    let again = gateway.ask(&by("panel", &person("cust-1"))).await;
    assert_eq!(again.header("cache-status"), "risk-gateway; hit");
    let again = again.good();
    assert_eq!((&again["id"], &again["providers"][0]["served"]), (&first["id"], &json!("cached")));
    assert_eq!(gateway.billed(), 2);
}

#[tokio::test]
async fn who_fails_is_missing_and_a_person_must_look() {
    let gateway = panel("").await;
    gateway.idenfy.inject(Fault::new(FaultKind::Unavailable).on("check"));
    let answer = gateway.ask(&by("panel", &person("cust-1"))).await.good();
    assert_eq!(answer["consensus"], json!({"asked": 2, "answered": 1, "vendors": 1}));
    assert_eq!((&answer["status"], &answer["decided_by"]), (&json!("completed"), &json!("youverify")));
    let policy = &answer["policy"];
    assert_eq!(
        (&policy["review_required"], &policy["reasons"]),
        (&json!(true), &json!(["not_all_answered"]))
    );
    let told = attempts(&answer);
    assert!(told.contains(&"idenfy check: vendor_error, sent, billed unknown".to_owned()), "{told:?}");
    gateway.youverify.inject(FaultKind::Unavailable);
    gateway.ask(&by("panel", &person("cust-2"))).await.problem(502, "vendor_error");
}

#[tokio::test]
async fn a_hung_vendor_does_not_keep_the_others_answer_past_the_deadline() {
    let gateway = panel("deadline = \"2s\"").await;
    gateway.idenfy.inject(Fault::new(FaultKind::Hang).on("check"));
    let began = Instant::now();
    let answer = gateway.ask(&by("panel", &person("cust-1"))).await.good();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(answer["consensus"]["answered"], 1);
}

#[tokio::test]
async fn a_quorum_that_is_not_met_is_partial() {
    let gateway = panel("combine = \"quorum\"\nquorum = 2").await;
    let whole = gateway.ask(&by("panel", &person("cust-1"))).await.good();
    assert_eq!(whole["status"], "completed");
    gateway.idenfy.inject(Fault::new(FaultKind::Unavailable).on("check"));
    let answer = gateway.ask(&by("panel", &person("cust-2"))).await.good();
    assert_eq!(answer["status"], "partial");
    let reasons = answer["policy"]["reasons"].as_array().expect("reasons");
    assert!(reasons.contains(&json!("quorum_not_met")), "{reasons:?}");
}

#[tokio::test]
async fn a_mean_is_no_vendors_score() {
    let gateway = panel("combine = \"mean\"").await;
    let mut careful = person("cust-1");
    careful["politically_exposed"] = json!(false);
    careful["industry"] = json!("retail");
    let answer = gateway.ask(&by("panel", &careful)).await.good();
    let score = |provider: usize| answer["providers"][provider]["score"]["value"].as_f64().expect("a score");
    let mean = f64::midpoint(score(0), score(1));
    if answer["decided_by"].is_null() {
        assert!((answer["score"]["value"].as_f64().expect("a score") - mean).abs() < 1e-9, "{answer}");
        assert_eq!(answer["score"]["scale"], "mean:0-100");
    } else {
        assert_eq!(answer["policy"]["review_required"], true, "only a doubt outvotes the mean: {answer}");
    }
}

#[tokio::test]
async fn what_one_of_them_owes_completes_the_answer_later() {
    let deep = r#"
[providers.deep]
kind = "youverify-risk-intelligence"
base_url = "${YOUVERIFY_URL}"
token = "${YOUVERIFY_TOKEN}"
poll = { first = "100ms", max = "200ms" }
[routes.both]
strategy = "consensus"
providers = ["idenfy", "deep"]
"#;
    let gateway = Gateway::with(Setup::default().routes(deep)).await;
    let mut subject = person("cust-1");
    subject["consent"] = json!(true);
    subject["id_number"] = json!("A1234567");
    let first = gateway.ask(&by("both", &subject)).await;
    let first = first.json();
    assert_eq!(first["consensus"]["asked"], 2, "{first}");
    let path = format!("/v1/assessments/{}", first["id"].as_str().expect("an id"));
    until("the rest", async || gateway.get(&path).await.good()["consensus"]["answered"] == 2).await;
    let whole = gateway.get(&path).await.good();
    assert_eq!(whole["status"], "completed", "{whole}");
    let raw = gateway.get(&format!("{path}?include=raw")).await.good();
    assert!(raw["raw"]["idenfy"].is_object() && raw["raw"]["deep"].is_object());
    for _ in 0..2 {
        let again = gateway.ask(&by("both", &subject)).await.good();
        assert_eq!((&again["id"], &again["revision"]), (&whole["id"], &whole["revision"]), "{again}");
        let served = [0, 1].map(|provider| again["providers"][provider]["served"].clone());
        assert_eq!(served, [json!("cached"), json!("cached")]);
    }
}

#[tokio::test]
async fn under_an_idempotency_key_nobody_is_asked_twice() {
    let gateway = panel("").await;
    let body = by("panel", &person("cust-1"));
    let keyed = || gateway.question(&gateway.key, &body).header("idempotency-key", "k-1");
    let first = crate::http::answer(keyed()).await.good();
    let again = crate::http::answer(keyed()).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!((&again.good()["id"], gateway.billed()), (&first["id"], 2));
}
