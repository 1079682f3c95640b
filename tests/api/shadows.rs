//! Shadows: they cost no more than they must.

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::json;

use crate::{
    gateway::{Gateway, until},
    history::DEEP,
    subjects::{by, person},
    vendors::Setup,
};

#[tokio::test]
async fn who_may_have_been_paid_for_the_question_is_not_asked_again_as_its_shadow() {
    let route = "[routes.trial]\nstrategy = \"split\"\nproviders = [\"idenfy\", \"youverify\"]\nweights = [0, 1]\n\
                 shadow = { providers = [\"youverify\"], sample = 1.0 }\n";
    let setup = Setup::default().youverify("timeout = \"200ms\"").routes(route);
    let gateway = Gateway::with(setup).await;
    gateway.youverify.inject(Fault::new(FaultKind::HangAfterBilling).times(1));
    let answer = gateway.ask(&by("trial", &person("cust-1"))).await.good();
    assert_eq!((&answer["assigned_to"], &answer["decided_by"]), (&json!("youverify"), &json!("idenfy")));
    until("the shadow to be left out or asked", async || {
        gateway.get("/metrics").await.text.contains("risk_gateway_shadows_total{")
    })
    .await;
    let metrics = gateway.get("/metrics").await.text;
    let left_out = metrics.lines().find(|line| line.starts_with("risk_gateway_shadows_total{"));
    assert!(left_out.is_some_and(|line| line.contains("asked_already")), "{left_out:?}");
    assert_eq!(gateway.youverify.billed(), 1);
}

/// How often this became of a shadow of the provider.
async fn counted(gateway: &Gateway, provider: &str, outcome: &str) -> u32 {
    let metrics = gateway.get("/metrics").await.text;
    let is_it = |line: &&str| {
        line.starts_with("risk_gateway_shadows_total{")
            && line.contains(&format!("provider=\"{provider}\""))
            && line.contains(&format!("outcome=\"{outcome}\""))
    };
    let line = metrics.lines().find(is_it);
    line.and_then(|line| line.rsplit_once(' ')).map_or(0, |(_, number)| number.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_challenger_owes_is_looked_for_until_it_is_there() {
    let route =
        "[routes.trial]\nproviders = [\"idenfy\"]\nshadow = { providers = [\"deep\"], sample = 1.0 }\n";
    let deep = DEEP.replace("first = \"10s\", max = \"1m\"", "first = \"100ms\", max = \"200ms\"");
    let gateway = Gateway::with(Setup::default().routes(&format!("{deep}{route}"))).await;
    let mut subject = person("cust-1");
    subject["consent"] = json!(true);
    let served = gateway.ask(&by("trial", &subject)).await.good();
    until("its answer", async || counted(&gateway, "deep", "answered").await == 1).await;
    let path = format!("/v1/assessments/{}", served["id"].as_str().expect("an id"));
    let after = gateway.get(&path).await.good();
    assert_eq!((&after["revision"], &after["level"]), (&json!(1), &served["level"]), "it changes nothing");
    let deep = gateway.ask(&by("deep", &subject)).await;
    assert_eq!((deep.status, deep.header("cache-status")), (200, "risk-gateway; hit"), "{}", deep.text);
    assert_eq!(counted(&gateway, "deep", "pending").await, 1);
    assert_eq!(gateway.youverify.billed(), 1, "it is kept, and not paid again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shadow_never_queues_before_callers() {
    let route =
        "[routes.trial]\nproviders = [\"idenfy\"]\nshadow = { providers = [\"youverify\"], sample = 1.0 }\n";
    let setup = Setup::default().youverify("limit = { concurrency = 1 }").routes(route);
    let gateway = Gateway::with(setup).await;
    gateway.youverify.inject(Fault::new(FaultKind::Hang).times(1));
    let mut short = by("youverify", &person("cust-0"));
    short["options"] = json!({"deadline_ms": 1000});
    let (waiting, ()) = tokio::join!(gateway.ask(&short), async {
        until("the only place to be taken", async || !gateway.youverify.calls().is_empty()).await;
        gateway.ask(&by("trial", &person("cust-1"))).await.good();
        until("it to be left out", async || counted(&gateway, "youverify", "no_turn").await == 1).await;
    });
    waiting.problem(504, "unknown_outcome");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_challenger_that_failed_is_tried_again_by_a_shadow_alone() {
    let route =
        "[routes.trial]\nproviders = [\"idenfy\"]\nshadow = { providers = [\"youverify\"], sample = 1.0 }\n";
    let breaker = "breaker = { consecutive_failures = 1, probe_after = \"100ms\" }";
    let gateway = Gateway::with(Setup::default().youverify(breaker).routes(route)).await;
    gateway.youverify.inject(Fault::new(FaultKind::ServerError).times(1));
    gateway.ask(&by("trial", &person("cust-0"))).await.good();
    until("it to fail", async || counted(&gateway, "youverify", "failed").await == 1).await;
    let number = std::sync::atomic::AtomicU32::new(1);
    until("it to be asked again", async || {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        gateway.ask(&by("trial", &person(&format!("cust-{number}")))).await.good();
        counted(&gateway, "youverify", "answered").await > 0
    })
    .await;
    assert_eq!(gateway.provider("youverify").await["health"], "up");
}
