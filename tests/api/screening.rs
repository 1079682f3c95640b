//! A route with `rescreen_every`: its subjects are asked about again, each time exactly once.

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, until},
    http::answer,
    subjects::{by, person, with},
    vendors::Setup,
};

const SCREENED: &str = r#"
[routes.screened]
providers = ["youverify"]
rescreen_every = "1h"
"#;

async fn screened() -> Gateway {
    Gateway::with(Setup::default().routes(SCREENED).youverify("breaker = { enabled = false }")).await
}

async fn all_of(gateway: &Gateway, reference: &str) -> Vec<Value> {
    let search = gateway.client.post(gateway.url("/v1/assessments/search")).bearer_auth(&gateway.key);
    let found = answer(search.json(&json!({"reference": reference}))).await.good();
    found["assessments"].as_array().expect("a list").clone()
}

async fn until_there_are(gateway: &Gateway, reference: &str, number: usize) {
    until("so many assessments", async || all_of(gateway, reference).await.len() >= number).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_is_asked_about_again_when_its_time_has_come_and_then_again() {
    let gateway = screened().await;
    let question = with(by("screened", &person("cust-1")), json!({}));
    let first = gateway.ask(&question).await.good();
    assert_eq!(gateway.youverify.billed(), 1);
    for round in 2..4 {
        gateway.advance(3_601);
        until_there_are(&gateway, "cust-1", round).await;
        let latest = all_of(&gateway, "cust-1").await[0].clone();
        assert_ne!(latest["id"], first["id"]);
        assert_eq!(latest["route"], "screened");
        assert_eq!(latest["subject"], first["subject"]);
        assert_eq!(latest["providers"][0]["served"], "called", "past the cache");
        assert_eq!(gateway.youverify.billed(), round);
    }
    let metrics = gateway.get("/metrics").await.text;
    assert!(metrics.contains("risk_gateway_job_items_total{kind=\"rescreen\",outcome=\"completed\"} 2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_in_between_puts_the_next_screening_off() {
    let gateway = screened().await;
    let question = with(by("screened", &person("cust-1")), json!({"max_age_s": 0}));
    gateway.ask(&question).await.good();
    gateway.advance(1_800);
    gateway.ask(&question).await.good();
    gateway.advance(1_900);
    // Somebody else's screening, due after the first one's former time, shows that due ones are worked off.
    let other = by("screened", &person("cust-2"));
    gateway.ask(&other).await.good();
    gateway.advance(3_601);
    until_there_are(&gateway, "cust-2", 2).await;
    until_there_are(&gateway, "cust-1", 3).await;
    assert_eq!(gateway.youverify.billed(), 5, "each once more, and none for the time that was put off");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screening_that_fails_is_tried_again_later_and_has_one_result() {
    let gateway = screened().await;
    gateway.ask(&by("screened", &person("cust-1"))).await.good();
    gateway.youverify.inject(Fault::new(FaultKind::Unavailable).times(1));
    gateway.advance(3_601);
    until("the vendor was asked", async || gateway.youverify.calls().len() == 2).await;
    let put_off = "risk_gateway_job_items_total{kind=\"rescreen\",outcome=\"vendor_error\"} 1";
    until("it is put off", async || gateway.get("/metrics").await.text.contains(put_off)).await;
    assert_eq!(all_of(&gateway, "cust-1").await.len(), 1);
    gateway.advance(61);
    until_there_are(&gateway, "cust-1", 2).await;
    assert_eq!((gateway.youverify.calls().len(), gateway.youverify.billed()), (3, 2));
}
