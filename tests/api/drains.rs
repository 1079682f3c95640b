//! An operator keeps a provider from being asked, and lets it be asked again.

use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, until},
    http::{answer, attempts},
    subjects::{about, by, person},
};

async fn switch(gateway: &Gateway, provider: &str, word: &str) -> Value {
    let url = gateway.url(&format!("/v1/providers/{provider}/{word}"));
    answer(gateway.client.post(url).bearer_auth(&gateway.key)).await.good()
}

#[tokio::test]
async fn a_drained_provider_is_passed_over_and_its_cached_answers_stay_good() {
    let gateway = Gateway::start().await;
    let cached = gateway.ask(&about(&person("cust-1"))).await.good();
    let told = switch(&gateway, "idenfy", "drain").await;
    assert!(told["drained_since"].is_string(), "{told}");
    let again = gateway.ask(&about(&person("cust-1"))).await;
    assert_eq!(again.header("cache-status"), "risk-gateway; hit");
    assert_eq!(again.good()["id"], cached["id"]);
    let other = gateway.ask(&about(&person("cust-2"))).await.good();
    assert_eq!(other["decided_by"], "youverify");
    assert_eq!(attempts(&other)[0], "idenfy check: throttled, not sent, billed no");
    let refused = gateway.ask(&by("idenfy", &person("cust-3"))).await;
    let problem = refused.problem(503, "throttled");
    assert!(problem.to_string().contains("drained by an operator"), "{problem}");
    assert_eq!(refused.header("retry-after"), "60");
    let told = switch(&gateway, "idenfy", "resume").await;
    assert_eq!(told["drained_since"], Value::Null);
    assert_eq!(gateway.ask(&about(&person("cust-4"))).await.good()["decided_by"], "idenfy");
}

#[tokio::test]
async fn every_server_of_the_store_hears_of_it() {
    let gateway = Gateway::start().await;
    let twin = gateway.twin().await;
    switch(&gateway, "idenfy", "drain").await;
    until("the twin to hear of it", async || twin.provider("idenfy").await["drained_since"].is_string())
        .await;
    assert_eq!(twin.ask(&about(&person("cust-1"))).await.good()["decided_by"], "youverify");
    // One that starts later knows from its first request on.
    let late = gateway.twin().await;
    assert_eq!(late.ask(&about(&person("cust-2"))).await.good()["decided_by"], "youverify");
}

#[tokio::test]
async fn only_an_operators_key_may_and_only_what_is_there_can_be_drained() {
    let gateway = Gateway::start().await;
    let key = gateway.key_for("risk", "assess,read").await;
    let post = |path: &str, key: &str| gateway.client.post(gateway.url(path)).bearer_auth(key);
    answer(post("/v1/providers/idenfy/drain", &key)).await.problem(403, "missing_scope");
    let problem = answer(post("/v1/providers/idenfi/drain", &gateway.key)).await.problem(404, "not_found");
    assert!(problem["detail"].as_str().expect("a text").contains("idenfy, youverify"), "{problem}");
    assert_eq!(gateway.provider("idenfy").await["drained_since"], json!(null));
}
