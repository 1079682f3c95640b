//! Both vendors fail: the worst failure decides what the caller sees, and the attempts tell each.

use std::collections::BTreeSet;

use risk_provider_sandbox::{CreditGuise, Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    gateway::Gateway,
    http::{Answer, attempts},
    subjects::{about, by, person},
    vendors::Setup,
};

const CREDIT: FaultKind = FaultKind::OutOfCredit { guise: CreditGuise::PaymentRequired };

const fn slow_down(seconds: u64) -> FaultKind {
    FaultKind::RateLimited { retry_after_s: Some(seconds), http_date: false }
}

/// Both vendors' paid calls in these faults.
async fn both_in(idenfy: FaultKind, youverify: FaultKind) -> (Gateway, Answer) {
    let hung = "timeout = \"1s\"";
    let gateway = Gateway::with(Setup::default().deadline("20s").idenfy(hung).youverify(hung)).await;
    gateway.idenfy.inject(Fault::new(idenfy).on("check"));
    gateway.youverify.inject(Fault::new(youverify).on("actor_assessment"));
    let answer = gateway.ask(&about(&person("cust-1"))).await;
    (gateway, answer)
}

#[tokio::test]
async fn the_worst_failure_decides_status_and_code_by_504_over_502_over_503() {
    for (idenfy, youverify, status, code) in [
        (FaultKind::Reset, FaultKind::Unauthorized, 504, "unknown_outcome"),
        (FaultKind::Unauthorized, FaultKind::Reset, 504, "unknown_outcome"),
        (FaultKind::Hang, FaultKind::Hang, 504, "unknown_outcome"),
        (FaultKind::Unavailable, CREDIT, 502, "vendor_error"),
        (CREDIT, FaultKind::CutJson, 502, "malformed"),
        (CREDIT, FaultKind::Unauthorized, 502, "bad_credentials"),
        (slow_down(7), FaultKind::NotFound, 502, "misconfigured"),
        (CREDIT, slow_down(7), 503, "out_of_credit"),
        (slow_down(7), CREDIT, 503, "rate_limited"),
    ] {
        let (_gateway, answer) = both_in(idenfy, youverify).await;
        let problem = answer.problem(status, code);
        assert_eq!(problem.get("field"), None, "{problem}");
    }
}

#[tokio::test]
async fn a_refusal_tells_every_attempt_with_what_it_may_have_cost() {
    let (gateway, answer) = both_in(FaultKind::ResetAfterBilling, FaultKind::CutJson).await;
    let problem = answer.problem(504, "unknown_outcome");
    insta::assert_json_snapshot!(attempts(&problem), @r#"
    [
      "idenfy profile: answered, sent, billed no",
      "idenfy check: unknown_outcome, sent, billed unknown",
      "idenfy assessments: answered, sent, billed no",
      "youverify assessment: malformed, sent, billed yes"
    ]
    "#);
    let price = |index: usize| problem["attempts"][index]["price"].clone();
    assert_eq!(price(0), Value::Null);
    assert_eq!(price(1)["currency"], "EUR");
    assert_eq!(gateway.billed(), 2);
}

#[tokio::test]
async fn a_failure_is_not_kept_so_the_next_request_asks_again() {
    let (gateway, answer) = both_in(FaultKind::ServerError, FaultKind::ServerError).await;
    answer.problem(502, "vendor_error");
    gateway.idenfy.clear_faults();
    let assessment = gateway.ask(&about(&person("cust-1"))).await;
    assert_eq!(assessment.header("cache-status"), "risk-gateway; fwd=miss");
    assert_eq!(assessment.good()["decided_by"], "idenfy");
}

#[tokio::test]
async fn when_vendors_ask_to_wait_the_refusal_names_the_soonest_time() {
    let (_gateway, answer) = both_in(slow_down(30), slow_down(7)).await;
    answer.problem(503, "rate_limited");
    assert_eq!(answer.header("retry-after"), "7");
}

#[tokio::test]
async fn a_429_without_retry_after_still_asks_the_caller_to_wait() {
    let slow = FaultKind::RateLimited { retry_after_s: None, http_date: false };
    let (_gateway, answer) = both_in(slow, slow).await;
    answer.problem(503, "rate_limited");
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait >= 1), "{answer:?}");
}

#[tokio::test]
async fn while_a_vendor_asked_to_wait_it_is_not_asked_and_the_caller_hears_how_long() {
    let (gateway, answer) = both_in(slow_down(60), slow_down(60)).await;
    answer.problem(503, "rate_limited");
    let calls = gateway.idenfy.calls().len() + gateway.youverify.calls().len();
    let answer = gateway.ask(&about(&person("cust-2"))).await;
    let problem = answer.problem(503, "throttled");
    let told = attempts(&problem);
    assert!(told.iter().all(|line| line.ends_with("throttled, not sent, billed no")), "{told:?}");
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| (50..=60).contains(&wait)));
    assert_eq!(gateway.idenfy.calls().len() + gateway.youverify.calls().len(), calls);
}

#[tokio::test]
async fn a_subject_that_no_vendor_can_be_asked_about_is_422_and_names_the_fields_before_any_call() {
    let gateway = Gateway::start().await;
    let mut subject = person("cust-1");
    for field in ["city", "politically_exposed"] {
        subject.as_object_mut().expect("an object").remove(field);
    }
    let problem = gateway.ask(&about(&subject)).await.problem(422, "missing_input");
    let errors = problem["errors"].as_array().expect("errors");
    let named: BTreeSet<&str> = errors.iter().filter_map(|error| error["field"].as_str()).collect();
    assert_eq!(named, BTreeSet::from(["subject.city", "subject.politically_exposed"]));
    assert_eq!(problem["field"], errors[0]["field"]);
    insta::assert_json_snapshot!(attempts(&problem), @r#"
    [
      "idenfy check: missing_input, not sent, billed no",
      "youverify assessment: missing_input, not sent, billed no"
    ]
    "#);
    assert_eq!(gateway.idenfy.calls().len() + gateway.youverify.calls().len(), 0);
}

#[tokio::test]
async fn a_subject_that_every_vendor_refuses_is_422_and_names_the_field() {
    let gateway = Gateway::start().await;
    let no = |body: Value| body.to_string();
    gateway.idenfy.answer_always("check", 400, no(json!({"identifier": "BAD_VALUE", "message": "Bad name"})));
    let errors = json!({"success": false, "statusCode": 400, "message": "Validation failed",
        "name": "ValidationError", "data": {"city": ["is not known"]}});
    gateway.youverify.answer_always("actor_assessment", 400, no(errors));
    let answer = gateway.ask(&about(&person("cust-1"))).await;
    let problem = answer.problem(422, "invalid_subject");
    assert_eq!(problem["field"], "subject.city", "{problem}");
}

#[tokio::test]
async fn one_vendors_own_failure_outweighs_what_the_caller_lacks() {
    let gateway = Gateway::start().await;
    gateway.youverify.inject(FaultKind::Unavailable);
    let mut subject = person("cust-1");
    subject.as_object_mut().expect("an object").remove("politically_exposed");
    let problem = gateway.ask(&about(&subject)).await.problem(502, "vendor_error");
    assert_eq!(attempts(&problem)[0], "idenfy check: missing_input, not sent, billed no");
}

#[tokio::test]
async fn a_vendor_that_lacks_a_field_is_passed_over_for_one_that_does_not() {
    let gateway = Gateway::start().await;
    let mut subject = person("cust-1");
    subject.as_object_mut().expect("an object").remove("politically_exposed");
    let assessment = gateway.ask(&about(&subject)).await.good();
    assert_eq!(
        (&assessment["decided_by"], &assessment["providers"][0]["role"]),
        (&json!("youverify"), &json!("fallback"))
    );
    assert_eq!(gateway.idenfy.calls().len(), 0);
    let alone = gateway.ask(&by("idenfy", &subject)).await.problem(422, "missing_input");
    assert_eq!(alone["field"], "subject.politically_exposed");
}
