//! One total deadline for each request, whoever hangs.

use std::time::Duration;

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    gateway::{Gateway, until},
    http::attempts,
    subjects::{about, by, person, with},
    vendors::Setup,
};

/// What a busy machine may add to any bound.
const SLACK: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_hung_first_vendor_leaves_the_second_its_reserve() {
    let gateway = Gateway::with(Setup::default().deadline("2s")).await;
    gateway.idenfy.inject(Fault::new(FaultKind::Hang).on("check"));
    let began = Instant::now();
    let assessment = gateway.ask(&about(&person("cust-1"))).await.good();
    assert!(began.elapsed() < Duration::from_secs(2) + SLACK);
    assert_eq!(assessment["decided_by"], "youverify");
    let hung = assessment["attempts"].as_array().expect("attempts");
    let hung = hung.iter().find(|attempt| attempt["outcome"] == "unknown_outcome").expect("the hung one");
    let waited = hung["duration_ms"].as_u64().expect("a time");
    assert!((200..1_600).contains(&waited), "the first gets its share and no more: {waited} ms");
}

#[tokio::test]
async fn when_everybody_hangs_the_caller_hears_it_at_the_routes_deadline() {
    let gateway = Gateway::with(Setup::default().deadline("600ms")).await;
    gateway.idenfy.inject(FaultKind::Hang);
    gateway.youverify.inject(FaultKind::Hang);
    let began = Instant::now();
    let answer = gateway.ask(&about(&person("cust-1"))).await;
    let taken = began.elapsed();
    answer.problem(504, "unknown_outcome");
    assert!(taken >= Duration::from_millis(400) && taken < Duration::from_millis(600) + SLACK, "{taken:?}");
}

#[tokio::test]
async fn an_answer_that_drips_in_does_not_outlast_the_deadline() {
    let gateway = Gateway::with(Setup::default().deadline("600ms")).await;
    gateway.youverify.inject(FaultKind::SlowDrip { interval_ms: 20 });
    let began = Instant::now();
    gateway.ask(&by("youverify", &person("cust-1"))).await.problem(504, "unknown_outcome");
    assert!(began.elapsed() < Duration::from_millis(600) + SLACK);
}

#[tokio::test]
async fn a_providers_own_timeout_ends_an_exchange_before_the_routes_share_does() {
    let gateway = Gateway::with(Setup::default().deadline("20s").idenfy("timeout = \"300ms\"")).await;
    gateway.idenfy.inject(Fault::new(FaultKind::Hang).on("check"));
    let began = Instant::now();
    let assessment = gateway.ask(&about(&person("cust-1"))).await.good();
    assert!(began.elapsed() < Duration::from_millis(300) + SLACK);
    assert_eq!(assessment["decided_by"], "youverify");
}

#[tokio::test]
async fn a_caller_may_shorten_the_deadline_but_not_lengthen_it() {
    let gateway = Gateway::with(Setup::default().deadline("700ms")).await;
    gateway.youverify.inject(FaultKind::Hang);
    for (deadline_ms, least, most) in [(200, 100, 200), (60_000, 500, 700)] {
        let question = by("youverify", &person(&format!("cust-{deadline_ms}")));
        let began = Instant::now();
        let answer = gateway.ask(&with(question.clone(), json!({"deadline_ms": deadline_ms}))).await;
        let taken = began.elapsed();
        answer.problem(504, "unknown_outcome");
        assert!(taken >= Duration::from_millis(least), "{deadline_ms}: {taken:?}");
        assert!(taken < Duration::from_millis(most) + SLACK, "{deadline_ms}: {taken:?}");
    }
}

#[tokio::test]
async fn a_caller_in_a_hurry_still_gets_the_second_vendor() {
    let gateway = Gateway::with(Setup::default().deadline("20s")).await;
    gateway.idenfy.inject(Fault::new(FaultKind::Hang).on("check"));
    let began = Instant::now();
    let hurry = with(about(&person("cust-1")), json!({"deadline_ms": 2000}));
    let assessment = gateway.ask(&hurry).await.good();
    assert!(began.elapsed() < Duration::from_secs(2) + SLACK);
    assert_eq!(assessment["decided_by"], "youverify");
    let told = attempts(&assessment);
    assert!(told.contains(&"idenfy check: unknown_outcome, sent, billed unknown".to_owned()), "{told:?}");
}

#[tokio::test]
async fn the_answer_to_a_caller_in_too_much_of_a_hurry_is_kept_for_the_next() {
    let gateway = Gateway::start().await;
    gateway.youverify.inject(Fault::new(FaultKind::Latency { ms: 700 }).times(1));
    let question = by("youverify", &person("cust-1"));
    let hurry = with(question.clone(), json!({"deadline_ms": 200}));
    let problem = gateway.ask(&hurry).await.problem(504, "unknown_outcome");
    assert_eq!(attempts(&problem), ["youverify assessment: unknown_outcome, sent, billed unknown"]);
    until("the vendor has answered", async || gateway.youverify.billed() == 1).await;
    let again = gateway.ask(&question).await;
    assert!(
        again.header("cache-status").contains("hit") || again.header("cache-status").contains("collapsed")
    );
    assert_eq!((again.status, gateway.youverify.calls().len()), (200, 1));
}

#[tokio::test]
async fn a_caller_that_leaves_does_not_lose_the_answer() {
    let gateway = Gateway::start().await;
    gateway.youverify.inject(Fault::new(FaultKind::Latency { ms: 500 }).times(1));
    let question = by("youverify", &person("cust-1"));
    let asking = gateway.question(&gateway.key, &question).send();
    let left = tokio::time::timeout(Duration::from_millis(150), asking).await;
    assert!(left.is_err(), "the caller left before the answer came");
    until("the vendor was asked", async || !gateway.youverify.calls().is_empty()).await;
    until("the vendor has answered", async || gateway.youverify.billed() == 1).await;
    let hit = async || gateway.ask(&question).await.header("cache-status") == "risk-gateway; hit";
    until("the answer is kept", hit).await;
    assert_eq!(gateway.youverify.calls().len(), 1, "and not paid for again");
}
