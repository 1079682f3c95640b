//! What iDenfy can be told to do beside failing.

use reqwest::Method;
use risk_provider_sandbox::{DEMO_PROFILE_ID, ONBOARDING_PROFILE_ID, PROFILE_ID, UNSCORED_PROFILE_ID};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{Play, documented_check, good, idenfy, told, youverify};

async fn order(play: &Play, order: Value) -> (u16, Value) {
    told(play.client.post(play.url("/_sandbox/idenfy")).body(order.to_string())).await
}

async fn profile(play: &Play, id: &str) -> Value {
    good(play.get(&format!("/risk/assessment-profiles/{id}/")).send().await.unwrap()).await
}

async fn updated(play: &Play, method: Method, id: &str) -> (u16, Value) {
    let url = play.url(&format!("/risk/assessments/{id}"));
    let request = play.client.request(method, url).basic_auth("sandbox-key", Some("sandbox-secret"));
    let answers = json!({ "bXUsmLJeMI": { "lib-AEgWHKDkwF": { "value": ["EE"] } } });
    told(request.json(&json!({ "sections": answers, "name": "Matthew Collins" }))).await
}

async fn checked(play: &Play) -> String {
    play.checked(PROFILE_ID, &documented_check()).await["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_profile_is_edited_and_edited_back() {
    let play = idenfy().await;
    for id in [PROFILE_ID, DEMO_PROFILE_ID, ONBOARDING_PROFILE_ID] {
        let before = profile(&play, id).await;
        assert_eq!(order(&play, json!({ "edit_profile": id })).await, (200, json!({ "edited": id })));
        let after = profile(&play, id).await;
        assert_ne!(after["sections"], before["sections"]);
        let weights = after["sections"].as_array().unwrap().iter().map(|it| it["weight"].as_u64().unwrap());
        assert_eq!((&after["id"], weights.sum::<u64>()), (&before["id"], 100));
        assert_eq!(order(&play, json!({ "edit_profile": id })).await.0, 200);
        assert_eq!(profile(&play, id).await, before);
    }
    for id in [UNSCORED_PROFILE_ID, "nothing"] {
        assert_eq!(order(&play, json!({ "edit_profile": id })).await.0, 400);
    }
}

#[tokio::test]
async fn an_edited_profile_judges_anew_and_leaves_what_was_judged() {
    let play = idenfy().await;
    let id = checked(&play).await;
    order(&play, json!({ "edit_profile": PROFILE_ID })).await;
    let earlier = good(play.get(&format!("/risk/assessments/{id}/")).send().await.unwrap()).await;
    assert_eq!(earlier["sections"][0]["questions"][0]["riskLevels"], json!([]));
    let new = play.checked(PROFILE_ID, &documented_check()).await;
    assert_eq!(new["sections"][0]["questions"][0]["answers"][0]["riskScore"], 5);
}

#[tokio::test]
async fn updates_are_taken_by_the_methods_told() {
    let play = idenfy().await;
    let id = checked(&play).await;
    for (methods, post, put) in [
        (json!(["PUT"]), 405, 200),
        (json!(["POST"]), 200, 405),
        (json!([]), 405, 405),
        (json!(["POST", "PUT"]), 200, 200),
    ] {
        assert_eq!(order(&play, json!({ "update_methods": methods })).await.0, 200);
        assert_eq!(updated(&play, Method::POST, &id).await.0, post, "{methods}");
        assert_eq!(updated(&play, Method::PUT, &id).await.0, put, "{methods}");
    }
}

#[tokio::test]
async fn stale_updates_answer_with_what_was_there() {
    let play = idenfy().await;
    let id = checked(&play).await;
    let before = good(play.get(&format!("/risk/assessments/{id}/")).send().await.unwrap()).await;
    order(&play, json!({ "stale_updates": true })).await;
    assert_eq!(updated(&play, Method::POST, &id).await, (200, before.clone()));
    order(&play, json!({ "stale_updates": false })).await;
    assert_ne!(updated(&play, Method::POST, &id).await.1, before);
}

#[tokio::test]
async fn a_company_gets_the_risk_it_is_told() {
    let play = idenfy().await;
    let risk = json!({ "id": "r", "riskScore": 55, "riskLevel": "MEDIUM", "comment": null });
    for risk in [risk, Value::Null] {
        order(&play, json!({ "company": { "id": "c-1", "risk_assessment": risk } })).await;
        let company = good(play.get("/kyb/companies/c-1/").send().await.unwrap()).await;
        assert_eq!(company["riskAssessment"], risk);
    }
}

#[tokio::test]
async fn orders_that_make_no_sense_are_refused() {
    let play = idenfy().await;
    for wrong in [
        json!({}),
        json!([]),
        json!({ "dance": true }),
        json!({ "update_methods": ["PATCH"] }),
        json!({ "stale_updates": "yes" }),
        json!({ "company": { "id": "c", "risk": null } }),
        json!({ "edit_profile": PROFILE_ID, "stale_updates": true }),
        json!({ "callback": { "url": "https://localhost/", "event": "X", "body": {} } }),
        json!({ "callback": { "url": "http://127.0.0.1:1/", "event": "X", "body": {} } }),
        json!({ "callback": { "url": "http://127.0.0.1:1/", "event": "X\r\nY: z", "body": {} } }),
    ] {
        let (status, body) = order(&play, wrong.clone()).await;
        assert_eq!((status, body["error"].is_string()), (400, true), "{wrong}");
    }
    assert_eq!(order(&youverify().await, json!({ "stale_updates": true })).await.0, 400);
}

/// What a listener hears when the vendor is told to call back.
async fn heard(key: Option<&str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let hearing = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"}") {
            let mut more = [0; 1024];
            let length = stream.read(&mut more).await.unwrap();
            heard.extend_from_slice(&more[..length]);
        }
        stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        String::from_utf8(heard).unwrap()
    });
    let play = idenfy().await;
    let url = format!("http://{address}/hooks/idenfy?x=1");
    let callback = json!({ "url": url, "event": "COMPANY_REVIEW", "body": { "id": "c-1" }, "key": key });
    assert_eq!(order(&play, json!({ "callback": callback })).await, (200, json!({ "answered": 202 })));
    hearing.await.unwrap()
}

/// The signatures were made with `openssl dgst -sha256 -hmac`.
#[tokio::test]
async fn callbacks_are_signed_over_their_body() {
    for (key, signature) in [
        (None, "d28ec3dc3cab6679487c88d1761dca64f0102b15816af8aacb730de0b8c1e2a1"),
        (Some("signing-key"), "ab9e3922db1d4ae60edd566bec7fc4e8c6022c8a09a8e9035dc9c3fb38a33106"),
    ] {
        let heard = heard(key).await;
        assert!(heard.starts_with("POST /hooks/idenfy?x=1 HTTP/1.1\r\n"), "{heard}");
        assert!(heard.contains(&format!("\r\nIdenfy-Signature: {signature}\r\n")), "{heard}");
        assert!(heard.contains("\r\nIdenfy-Event-Type: COMPANY_REVIEW\r\n"), "{heard}");
        assert!(heard.ends_with("\r\n\r\n{\"id\":\"c-1\"}"), "{heard}");
    }
}
