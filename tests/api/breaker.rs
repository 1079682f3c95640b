//! A vendor that is down is left alone, and everybody can see why.

use risk_provider_sandbox::{CreditGuise, FaultKind};
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, until},
    http::attempts,
    subjects::{about, by, person},
    vendors::Setup,
};

/// Long enough that no probe comes while a test runs.
const NO_PROBE: &str = "breaker = { probe_after = \"60s\" }";

fn operation<'a>(provider: &'a Value, name: &str) -> &'a Value {
    let mut operations = provider["operations"].as_array().expect("operations").iter();
    operations.find(|operation| operation["name"] == name).expect("the operation")
}

async fn open(gateway: &Gateway) -> bool {
    operation(&gateway.provider("youverify").await, "assessment")["breaker"] == "open"
}

#[tokio::test]
async fn after_five_failures_in_a_row_the_vendor_is_not_called_any_more() {
    let gateway = Gateway::with(Setup::default().youverify(NO_PROBE)).await;
    gateway.youverify.inject(FaultKind::ServerError);
    for round in 0..5 {
        assert!(!open(&gateway).await, "round {round}");
        gateway.ask(&by("youverify", &person(&format!("cust-{round}")))).await.problem(502, "vendor_error");
    }
    assert!(open(&gateway).await);
    let answer = gateway.ask(&by("youverify", &person("cust-6"))).await;
    let problem = answer.problem(503, "throttled");
    assert_eq!(attempts(&problem), ["youverify assessment: throttled, not sent, billed no"]);
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait >= 1), "{answer:?}");
    assert_eq!(gateway.youverify.calls().len(), 5);
}

#[tokio::test]
async fn an_open_breaker_moves_on_to_the_next_vendor_at_once() {
    let gateway = Gateway::with(Setup::default().youverify(NO_PROBE)).await;
    gateway.youverify.inject(FaultKind::Unauthorized);
    gateway.ask(&by("reverse", &person("cust-1"))).await.good();
    let assessment = gateway.ask(&by("reverse", &person("cust-2"))).await.good();
    assert_eq!(attempts(&assessment)[0], "youverify assessment: throttled, not sent, billed no");
    assert_eq!(
        (&assessment["decided_by"], &assessment["providers"][0]["role"]),
        (&json!("idenfy"), &json!("fallback"))
    );
    assert_eq!(gateway.youverify.calls().len(), 1);
}

#[tokio::test]
async fn what_needs_an_operator_opens_at_once_and_the_providers_page_says_why() {
    for (fault, reason) in [
        (FaultKind::Unauthorized, "bad_credentials"),
        (FaultKind::OutOfCredit { guise: CreditGuise::PaymentRequired }, "out_of_credit"),
        (FaultKind::NotFound, "misconfigured"),
    ] {
        let gateway = Gateway::with(Setup::default().youverify(NO_PROBE)).await;
        let provider = gateway.provider("youverify").await;
        assert_eq!(provider["health"], "up");
        assert_eq!(operation(&provider, "assessment")["reason"], Value::Null);
        gateway.youverify.inject(fault);
        gateway.ask(&by("youverify", &person("cust-1"))).await;
        let provider = gateway.provider("youverify").await;
        assert_eq!(provider["health"], "down");
        let operation = operation(&provider, "assessment");
        assert_eq!((&operation["breaker"], &operation["reason"]), (&json!("open"), &json!(reason)));
        assert_eq!(gateway.provider("idenfy").await["health"], "up");
    }
}

#[tokio::test]
async fn one_operations_breaker_leaves_the_others_alone() {
    let gateway = Gateway::with(Setup::default().idenfy(NO_PROBE)).await;
    gateway.idenfy.answer_always("check", 401, "{}".to_owned());
    gateway.ask(&about(&person("cust-1"))).await.good();
    let provider = gateway.provider("idenfy").await;
    assert_eq!(operation(&provider, "check")["breaker"], "open");
    assert_eq!(operation(&provider, "profile")["breaker"], "closed");
}

#[tokio::test]
async fn what_the_vendor_refuses_about_a_subject_never_opens_the_breaker() {
    let gateway = Gateway::start().await;
    let refused =
        json!({"success": false, "statusCode": 400, "message": "bad city", "name": "ValidationError"});
    gateway.youverify.answer_always("actor_assessment", 400, refused.to_string());
    for round in 0..10 {
        let question = by("youverify", &person(&format!("cust-{round}")));
        gateway.ask(&question).await.problem(422, "invalid_subject");
    }
    assert!(!open(&gateway).await);
    assert_eq!(gateway.youverify.calls().len(), 10);
}

#[tokio::test]
async fn a_vendor_that_is_back_is_found_by_a_probe() {
    let gateway = Gateway::with(Setup::default().youverify("breaker = { probe_after = \"200ms\" }")).await;
    gateway.youverify.inject(FaultKind::Unauthorized);
    gateway.ask(&by("youverify", &person("cust-1"))).await.problem(502, "bad_credentials");
    gateway.youverify.clear_faults();
    let answered = async || gateway.ask(&by("youverify", &person("cust-2"))).await.status == 200;
    until("a probe is let through", answered).await;
    assert!(!open(&gateway).await);
    assert_eq!(gateway.provider("youverify").await["health"], "up");
}

#[tokio::test]
async fn a_breaker_that_is_switched_off_never_opens() {
    let gateway = Gateway::with(Setup::default().youverify("breaker = { enabled = false }")).await;
    gateway.youverify.inject(FaultKind::ServerError);
    for round in 0..8 {
        gateway.ask(&by("youverify", &person(&format!("cust-{round}")))).await.problem(502, "vendor_error");
    }
    assert_eq!(gateway.youverify.calls().len(), 8);
}

#[tokio::test]
async fn a_vendor_that_hangs_opens_it_also_where_the_route_is_shorter_than_its_timeout() {
    let setup = Setup::default().deadline("800ms").youverify(&format!("{NO_PROBE}\ntimeout = \"5s\""));
    let gateway = Gateway::with(setup).await;
    gateway.youverify.inject(FaultKind::Hang);
    for round in 0..5 {
        gateway.ask(&by("reverse", &person(&format!("cust-{round}")))).await.good();
    }
    assert!(open(&gateway).await);
}
