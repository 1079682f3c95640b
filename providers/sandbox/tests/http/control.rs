//! The sandbox's own controls: over HTTP, and scripted answers.

use risk_provider_sandbox::{Fault, FaultKind, PROFILE_ID, Settings};
use serde_json::{Value, json};

use crate::support::{Play, V2, actor, documented_check, idenfy, told, youverify};

async fn post(play: &Play, fault: &Value) -> (u16, Value) {
    told(play.client.post(play.url("/_sandbox/faults")).body(fault.to_string())).await
}

async fn calls(play: &Play, query: &str) -> Value {
    told(play.client.get(play.url(&format!("/_sandbox/calls{query}")))).await.1
}

#[tokio::test]
async fn faults_are_set_listed_and_cleared_over_http() {
    let play = idenfy().await;
    let fault = json!({ "kind": "rate_limited", "retry_after_s": 3, "operation": "check", "times": 1 });
    let (status, echoed) = post(&play, &fault).await;
    let complete = json!({ "kind": "rate_limited", "retry_after_s": 3, "http_date": false, "operation": "check", "times": 1 });
    assert_eq!((status, &echoed), (201, &complete));
    let listed = told(play.client.get(play.url("/_sandbox/faults"))).await.1;
    assert_eq!(listed, json!({ "faults": [complete] }));
    assert_eq!(told(play.check(PROFILE_ID, &documented_check())).await.0, 429);
    assert_eq!(told(play.check(PROFILE_ID, &documented_check())).await.0, 200);
    post(&play, &json!({ "kind": "unavailable" })).await;
    assert_eq!(told(play.get("/risk/assessments/")).await.0, 503);
    let cleared = play.client.delete(play.url("/_sandbox/faults")).send().await.unwrap();
    assert_eq!(cleared.status(), 204);
    assert_eq!(told(play.get("/risk/assessments/")).await.0, 200);
}

#[tokio::test]
async fn a_fault_that_makes_no_sense_is_refused() {
    let play = youverify().await;
    for fault in [
        json!({}),
        json!([]),
        json!({ "kind": "earthquake" }),
        json!({ "kind": "hang", "opration": "actor_assessment" }),
        json!({ "kind": "latency" }),
        json!({ "kind": "latency", "ms": -1 }),
        json!({ "kind": "hang", "times": "twice" }),
        json!({ "kind": "hang", "operation": "check" }),
        json!({ "kind": "impossible_score", "form": "odd" }),
    ] {
        let (status, body) = post(&play, &fault).await;
        assert_eq!((status, body["error"].is_string()), (400, true), "{fault}");
    }
    assert_eq!(told(play.actor(V2, &actor("Some", "Body"))).await.0, 200);
}

#[tokio::test]
async fn every_kind_survives_json() {
    let kinds = [
        json!({ "kind": "latency", "ms": 5 }),
        json!({ "kind": "hang" }),
        json!({ "kind": "hang_after_billing" }),
        json!({ "kind": "unauthorized" }),
        json!({ "kind": "out_of_credit", "guise": "payment_required" }),
        json!({ "kind": "out_of_credit", "guise": "bad_request" }),
        json!({ "kind": "out_of_credit", "guise": "forbidden" }),
        json!({ "kind": "rate_limited", "retry_after_s": null, "http_date": true }),
        json!({ "kind": "server_error" }),
        json!({ "kind": "unavailable" }),
        json!({ "kind": "bad_gateway_html" }),
        json!({ "kind": "html" }),
        json!({ "kind": "empty" }),
        json!({ "kind": "cut_json" }),
        json!({ "kind": "wrong_shape" }),
        json!({ "kind": "success_false", "depth": "outer" }),
        json!({ "kind": "success_false", "depth": "inner" }),
        json!({ "kind": "reset" }),
        json!({ "kind": "reset_after_billing" }),
        json!({ "kind": "cut_body" }),
        json!({ "kind": "slow_drip", "interval_ms": 5 }),
        json!({ "kind": "not_found" }),
        json!({ "kind": "method_not_allowed" }),
        json!({ "kind": "redirect" }),
        json!({ "kind": "impossible_score", "form": "above" }),
        json!({ "kind": "impossible_score", "form": "negative" }),
        json!({ "kind": "impossible_score", "form": "text" }),
        json!({ "kind": "impossible_score", "form": "null" }),
        json!({ "kind": "unknown_level" }),
        json!({ "kind": "unanswered" }),
        json!({ "kind": "wrong_subject" }),
        json!({ "kind": "huge_body" }),
    ];
    for mut json in kinds {
        let fault: Fault = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(fault.kind.name(), json["kind"]);
        json["operation"] = Value::Null;
        json["times"] = Value::Null;
        assert_eq!(serde_json::to_value(&fault).unwrap(), json);
    }
    let short: Fault = serde_json::from_value(json!({ "kind": "out_of_credit" })).unwrap();
    assert_eq!(short, FaultKind::OutOfCredit { guise: Default::default() }.into());
}

#[tokio::test]
async fn calls_are_shown_without_bodies_unless_asked_for() {
    let play = idenfy().await;
    told(play.check(PROFILE_ID, &documented_check())).await;
    told(play.get("/risk/assessments/?page=1")).await;
    let shown = calls(&play, "").await;
    let path = format!("/risk/assessment-profiles/{PROFILE_ID}/check/");
    let check = json!({
        "operation": "check", "method": "POST", "path": path, "answered": 200, "fault": null, "billed": true,
    });
    assert_eq!((&shown["billed"], &shown["calls"][0]), (&json!(1), &check));
    assert_eq!(shown["calls"][1]["path"], "/risk/assessments/?page=1");
    assert!(!shown.to_string().contains("Matthew"));
    assert_eq!(calls(&play, "?bodies=true").await["calls"][0]["body"], documented_check());
    assert_eq!(told(play.client.get(play.url("/_sandbox/elsewhere"))).await.0, 404);
    assert_eq!(play.sandbox.calls().len(), 2);
}

#[tokio::test]
async fn an_unsent_answer_is_shown_by_its_fault() {
    let play = idenfy().await;
    play.sandbox.inject(FaultKind::Reset);
    assert!(play.get("/risk/assessments/").send().await.is_err());
    let shown = calls(&play, "").await;
    assert_eq!((&shown["calls"][0]["answered"], &shown["billed"]), (&json!("reset"), &json!(0)));
}

#[tokio::test]
async fn debug_output_of_a_call_has_no_body() {
    let play = idenfy().await;
    told(play.check(PROFILE_ID, &documented_check())).await;
    let call = play.sandbox.calls().pop().unwrap();
    assert_eq!(call.body.value(), &documented_check());
    assert!(!format!("{call:?}{:?}", play.sandbox).contains("Matthew"));
}

#[tokio::test]
async fn scripted_answers_are_given_word_for_word() {
    let play = idenfy().await;
    play.sandbox.answer_always("check", 418, "tea".to_owned());
    play.sandbox.answer_next("check", 200, "first".to_owned());
    play.sandbox.answer_next("check", 400, "second".to_owned());
    let mut said = Vec::new();
    for _ in 0..4 {
        let response =
            play.check("whatever", &json!({})).basic_auth("nobody", None::<&str>).send().await.unwrap();
        said.push((response.status().as_u16(), response.text().await.unwrap()));
    }
    let expected = [(200, "first"), (400, "second"), (418, "tea"), (418, "tea")];
    assert_eq!(said, expected.map(|(status, body)| (status, body.to_owned())));
    assert_eq!(play.sandbox.billed(), 1);
    play.sandbox.clear_answers();
    assert_eq!(told(play.check(PROFILE_ID, &documented_check())).await.0, 200);
}

#[tokio::test]
async fn a_scripted_answer_can_meet_a_fault() {
    let play = youverify().await;
    play.sandbox.answer_next("actor_assessment", 200, "{\"said\": true}".to_owned());
    play.sandbox.inject(Fault::new(FaultKind::Unavailable).times(1));
    play.sandbox.inject(Fault::new(FaultKind::WrongSubject).times(1));
    assert_eq!(told(play.actor(V2, &json!({}))).await.0, 503);
    assert_eq!(told(play.actor(V2, &json!({}))).await, (200, json!({ "said": true })));
}

#[tokio::test]
async fn the_base_url_is_one_a_client_can_use() {
    let settings = Settings { listen: "0.0.0.0:0".parse().unwrap(), ..Settings::default() };
    let play = Play::start(risk_provider_sandbox::Vendor::Idenfy, &settings).await;
    assert_eq!(play.sandbox.base_url(), format!("http://127.0.0.1:{}", play.sandbox.address().port()));
    assert_eq!(told(play.get("/risk/assessments/")).await.0, 200);
}
