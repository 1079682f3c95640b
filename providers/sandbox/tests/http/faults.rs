//! Faults that come as ordinary HTTP answers.

use reqwest::header::{LOCATION, RETRY_AFTER};
use risk_provider_sandbox::{CreditGuise, Depth, Fault, FaultKind, ImpossibleForm, PROFILE_ID, Vendor};
use serde_json::{Value, json};

use crate::support::{Play, V2, actor, documented_check, good, idenfy, told, youverify};

async fn both() -> [(Vendor, Play); 2] {
    [(Vendor::Idenfy, idenfy().await), (Vendor::Youverify, youverify().await)]
}

fn ask(vendor: Vendor, play: &Play) -> reqwest::RequestBuilder {
    match vendor {
        Vendor::Idenfy => play.check(PROFILE_ID, &documented_check()),
        Vendor::Youverify => play.actor(V2, &actor("Some", "Body")),
    }
}

/// The answer under the fault, as status, body and whether it was charged.
async fn under(vendor: Vendor, play: &Play, kind: FaultKind) -> (u16, String, bool) {
    let before = play.sandbox.billed();
    play.sandbox.inject(Fault::new(kind).times(1));
    let response = ask(vendor, play).send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.text().await.unwrap();
    let call = play.sandbox.calls().pop().unwrap();
    assert_eq!((call.fault.as_deref(), call.status), (Some(kind.name()), Some(status)));
    assert_eq!(call.billed, play.sandbox.billed() > before);
    (status, body, call.billed)
}

#[tokio::test]
async fn refusals_have_their_status_and_shape_and_cost_nothing() {
    for (vendor, play) in both().await {
        for (kind, status) in [
            (FaultKind::Unauthorized, 401),
            (FaultKind::OutOfCredit { guise: CreditGuise::PaymentRequired }, 402),
            (FaultKind::OutOfCredit { guise: CreditGuise::BadRequest }, 400),
            (FaultKind::OutOfCredit { guise: CreditGuise::Forbidden }, 403),
            (FaultKind::RateLimited { retry_after_s: None, http_date: false }, 429),
            (FaultKind::ServerError, 500),
            (FaultKind::Unavailable, 503),
            (FaultKind::NotFound, 404),
            (FaultKind::MethodNotAllowed, 405),
            (FaultKind::SuccessFalse { depth: Depth::Outer }, 200),
            (FaultKind::SuccessFalse { depth: Depth::Inner }, 200),
        ] {
            let (answered, body, billed) = under(vendor, &play, kind).await;
            assert_eq!((answered, billed), (status, false), "{kind:?}");
            let body: Value = serde_json::from_str(&body).unwrap();
            assert!(body["message"].is_string(), "{body}");
        }
        good(ask(vendor, &play).send().await.unwrap()).await;
        assert_eq!(play.sandbox.billed(), 1);
    }
}

#[tokio::test]
async fn credit_ends_in_each_of_its_guises() {
    let credit = |guise| FaultKind::OutOfCredit { guise };
    let play = idenfy().await;
    let (_, body, _) = under(Vendor::Idenfy, &play, credit(CreditGuise::PaymentRequired)).await;
    assert!(!body.contains("identifier"));
    for guise in [CreditGuise::BadRequest, CreditGuise::Forbidden] {
        let (_, body, _) = under(Vendor::Idenfy, &play, credit(guise)).await;
        assert!(body.contains("PERMISSIONS_ERROR") && body.contains("Partner reached token limit."));
    }
    let play = youverify().await;
    let (_, body, _) = under(Vendor::Youverify, &play, credit(CreditGuise::PaymentRequired)).await;
    assert!(body.contains("PaymentRequiredError"));
    let (_, body, _) = under(Vendor::Youverify, &play, credit(CreditGuise::BadRequest)).await;
    assert!(body.contains("status_code"));
}

#[tokio::test]
async fn retry_after_is_a_number_a_date_or_absent() {
    let play = idenfy().await;
    let mut seen = Vec::new();
    for (retry_after_s, http_date) in [(None, false), (Some(7), false), (Some(7), true)] {
        play.sandbox.inject(Fault::new(FaultKind::RateLimited { retry_after_s, http_date }).times(1));
        let response = play.get("/risk/assessments/").send().await.unwrap();
        seen.push(response.headers().get(RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned()));
    }
    assert_eq!(seen[..2], [None, Some("7".to_owned())]);
    let date = seen[2].clone().unwrap();
    let then = jiff::fmt::rfc2822::parse(&date.replace("GMT", "+0000")).unwrap();
    assert!(date.ends_with(" GMT") && then.timestamp().as_second() > 1_700_000_000, "{date}");
}

#[tokio::test]
async fn pages_from_in_front_of_the_vendor_cost_nothing() {
    for (vendor, play) in both().await {
        for (kind, status) in [(FaultKind::BadGatewayHtml, 502), (FaultKind::Html, 200)] {
            let (answered, body, billed) = under(vendor, &play, kind).await;
            assert_eq!((answered, billed), (status, false));
            assert!(body.starts_with("<!doctype html>"));
        }
    }
}

#[tokio::test]
async fn spoilt_answers_are_charged() {
    for (vendor, play) in both().await {
        let (status, body, billed) = under(vendor, &play, FaultKind::Empty).await;
        assert_eq!((status, body.as_str(), billed), (200, "", true));
        let (status, body, billed) = under(vendor, &play, FaultKind::CutJson).await;
        assert_eq!((status, billed), (200, true));
        assert!(serde_json::from_str::<Value>(&body).unwrap_err().is_eof());
        let (status, body, billed) = under(vendor, &play, FaultKind::WrongShape).await;
        assert_eq!((status, billed), (200, true));
        let body: Value = serde_json::from_str(&body).unwrap();
        assert!(body.get("riskScore").is_none() && body.pointer("/data/data").is_none());
        let (status, body, billed) = under(vendor, &play, FaultKind::HugeBody).await;
        assert_eq!((status, billed), (200, true));
        assert!(body.len() > 10 * 1024 * 1024 && serde_json::from_str::<Value>(&body).is_ok());
    }
}

#[tokio::test]
async fn success_is_denied_at_either_depth() {
    let play = youverify().await;
    for (depth, outer) in [(Depth::Outer, false), (Depth::Inner, true)] {
        let (status, body, _) = under(Vendor::Youverify, &play, FaultKind::SuccessFalse { depth }).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &body["success"]), (200, &json!(outer)));
        assert_eq!(body.pointer("/data/success"), outer.then_some(&json!(false)));
    }
    let play = idenfy().await;
    let (_, body, _) = under(Vendor::Idenfy, &play, FaultKind::SuccessFalse { depth: Depth::Outer }).await;
    let keys: Vec<String> =
        serde_json::from_str::<Value>(&body).unwrap().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["identifier", "message"]);
}

#[tokio::test]
async fn a_redirect_leads_to_a_path_the_vendor_does_not_have() {
    for (vendor, play) in both().await {
        play.sandbox.inject(Fault::new(FaultKind::Redirect).times(1));
        let response = ask(vendor, &play).send().await.unwrap();
        assert_eq!(response.status(), 301);
        let target = response.headers()[LOCATION].to_str().unwrap();
        assert!(target.starts_with("/moved/"));
        assert_eq!(told(play.get(target)).await.0, 404);
    }
}

#[tokio::test]
async fn what_is_said_can_be_wrong_in_one_place() {
    for (vendor, play) in both().await {
        let (score, level, name) = match vendor {
            Vendor::Idenfy => ("/riskScore", "/riskLevel", "/name"),
            Vendor::Youverify => {
                ("/data/data/riskScore", "/data/data/riskStatus", "/data/data/personal/name")
            }
        };
        let (above, negative) = (ImpossibleForm::Above, ImpossibleForm::Negative);
        let (text, null) = (ImpossibleForm::Text, ImpossibleForm::Null);
        let level_word = if vendor == Vendor::Idenfy { "SEVERE" } else { "Elevated Risk" };
        for (kind, pointer, expected) in [
            (FaultKind::ImpossibleScore { form: above }, score, json!(140)),
            (FaultKind::ImpossibleScore { form: negative }, score, json!(-5)),
            (FaultKind::ImpossibleScore { form: text }, score, json!("NaN")),
            (FaultKind::ImpossibleScore { form: null }, score, Value::Null),
            (FaultKind::UnknownLevel, level, json!(level_word)),
            (FaultKind::WrongSubject, name, json!("Somebody Else")),
        ] {
            let (status, body, billed) = under(vendor, &play, kind).await;
            assert_eq!((status, billed), (200, true));
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body.pointer(pointer), Some(&expected), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn an_unanswered_check_stays_unanswered() {
    let play = idenfy().await;
    let (_, body, billed) = under(Vendor::Idenfy, &play, FaultKind::Unanswered).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert!(billed);
    for place in ["/riskScore", "/sections/0/riskScore", "/sections/0/maxRiskScore"] {
        assert_eq!(body.pointer(place), Some(&json!(0)));
    }
    assert_eq!(
        (&body["riskLevel"], &body["sections"][0]["questions"][0]["answers"]),
        (&json!("VERY_LOW"), &json!([]))
    );
    let path = format!("/risk/assessments/{}/", body["id"].as_str().unwrap());
    assert_eq!(good(play.get(&path).send().await.unwrap()).await["sections"], body["sections"]);
}

#[tokio::test]
async fn a_fault_for_one_operation_leaves_the_others_alone() {
    let play = idenfy().await;
    play.sandbox.inject(Fault::new(FaultKind::ServerError).on("check"));
    assert_eq!(told(play.get("/risk/assessments/")).await.0, 200);
    assert_eq!(told(ask(Vendor::Idenfy, &play)).await.0, 500);
    assert_eq!(told(ask(Vendor::Idenfy, &play)).await.0, 500);
    play.sandbox.clear_faults();
    assert_eq!(told(ask(Vendor::Idenfy, &play)).await.0, 200);
}

#[tokio::test]
async fn lists_and_details_can_be_wrong_too() {
    let play = idenfy().await;
    let id = play.checked(PROFILE_ID, &documented_check()).await["id"].as_str().unwrap().to_owned();
    play.sandbox.inject(Fault::new(FaultKind::UnknownLevel).on("assessments").times(1));
    assert_eq!(told(play.get("/risk/assessments/")).await.1["results"][0]["riskLevel"], "SEVERE");
    play.sandbox.inject(Fault::new(FaultKind::WrongSubject).on("assessment").times(1));
    let path = format!("/risk/assessments/{id}/");
    assert_eq!(told(play.get(&path)).await.1["name"], "Somebody Else");
    assert_eq!(told(play.get(&path)).await.1["name"], "Matthew Collins");
    assert_eq!(play.sandbox.billed(), 1);
}
