//! Updates of iDenfy's assessments, and companies.

use jiff::Timestamp;
use reqwest::{Method, RequestBuilder};
use risk_provider_sandbox::{
    ASSESSED_COMPANY_ID, Fault, FaultKind, PROFILE_ID, Settings, UNASSESSED_COMPANY_ID, UNCHECKED_COMPANY_ID,
    Vendor,
};
use serde_json::{Value, json};

use crate::support::{Play, documented_check, good, idenfy, told, with};

/// Later with each look.
fn ticking() -> Timestamp {
    use std::sync::atomic::{AtomicI64, Ordering};
    static SECONDS: AtomicI64 = AtomicI64::new(1_715_849_824);
    Timestamp::from_second(SECONDS.fetch_add(60, Ordering::Relaxed)).unwrap()
}

fn update(play: &Play, method: Method, id: &str, body: &Value) -> RequestBuilder {
    let url = play.url(&format!("/risk/assessments/{id}"));
    play.client.request(method, url).basic_auth("sandbox-key", Some("sandbox-secret")).json(body)
}

/// The vendor's documented update.
fn documented_update() -> Value {
    let answers =
        json!({ "lib-YHlTleSKmo": { "value": ["QQALQApLKI"] }, "lib-AEgWHKDkwF": { "value": ["EE"] } });
    json!({ "sections": { "bXUsmLJeMI": answers }, "name": "Matthew Collins" })
}

async fn checked(play: &Play) -> String {
    let check = play.checked(PROFILE_ID, &documented_check()).await;
    check["id"].as_str().unwrap().to_owned()
}

fn first_answers(assessment: &Value) -> [&Value; 2] {
    [0, 1].map(|question| &assessment["sections"][0]["questions"][question]["answers"][0]["key"])
}

#[tokio::test]
async fn both_methods_replace_the_answers_and_keep_the_id() {
    for method in [Method::POST, Method::PUT] {
        let play = Play::start(Vendor::Idenfy, &Settings { clock: ticking, ..Settings::default() }).await;
        let id = checked(&play).await;
        let path = format!("/risk/assessments/{id}/");
        let before = good(play.get(&path).send().await.unwrap()).await;
        let body = with(documented_update(), &json!({ "name": "Matthew Collins-Hall" }));
        let updated = good(update(&play, method, &id, &body).send().await.unwrap()).await;
        assert_eq!(first_answers(&updated), [&json!("QQALQApLKI"), &json!("EE")]);
        assert_eq!((&updated["id"], &updated["name"]), (&json!(id), &json!("Matthew Collins-Hall")));
        assert_eq!(updated["createdAt"], before["createdAt"]);
        assert_ne!(updated["updatedAt"], before["updatedAt"]);
        assert!(updated["updatedAt"].as_str().unwrap().contains(' '));
        assert_eq!(good(play.get(&path).send().await.unwrap()).await, updated);
        let list = good(play.get("/risk/assessments/").send().await.unwrap()).await;
        assert_eq!((&list["count"], &list["results"][0]["name"]), (&json!(1), &updated["name"]));
        assert_eq!(list["results"][0]["createdAt"].as_str().unwrap().matches('T').count(), 1);
        let call = &play.sandbox.calls()[2];
        assert_eq!((call.operation.as_str(), call.billed), ("recheck", true));
    }
}

#[tokio::test]
async fn updates_need_both_fields_and_an_assessment() {
    let play = idenfy().await;
    let id = checked(&play).await;
    for lacking in ["sections", "name"] {
        let mut body = documented_update();
        body.as_object_mut().unwrap().remove(lacking).unwrap();
        let (status, refused) = told(update(&play, Method::POST, &id, &body)).await;
        assert_eq!((status, &refused["identifier"]), (400, &json!("MISSING_VALUE")), "{lacking}");
    }
    assert_eq!(told(update(&play, Method::PUT, "nothing", &documented_update())).await.0, 404);
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        assert_eq!(told(update(&play, method, &id, &documented_update())).await.0, 405);
    }
    let slashed = update(&play, Method::POST, &format!("{id}/"), &documented_update());
    assert_eq!(told(slashed).await.0, 405, "the documented path has no slash");
    assert_eq!(play.sandbox.billed(), 1);
}

#[tokio::test]
async fn a_fault_hits_one_update_and_leaves_the_next_alone() {
    let play = idenfy().await;
    let id = checked(&play).await;
    play.sandbox.inject(Fault::new(FaultKind::MethodNotAllowed).on("recheck").times(1));
    let (status, refused) = told(update(&play, Method::POST, &id, &documented_update())).await;
    assert_eq!((status, &refused["identifier"]), (405, &json!("METHOD_NOT_ALLOWED")));
    assert_eq!(told(update(&play, Method::PUT, &id, &documented_update())).await.0, 200);
    play.sandbox.inject(Fault::new(FaultKind::WrongSubject).on("recheck").times(1));
    let (_, changed) = told(update(&play, Method::PUT, &id, &documented_update())).await;
    assert_eq!(changed["name"], "Somebody Else");
}

#[tokio::test]
async fn companies_tell_their_risk_or_that_there_is_none() {
    let play = idenfy().await;
    let expected =
        [(ASSESSED_COMPANY_ID, json!([72, "HIGH"])), (UNCHECKED_COMPANY_ID, json!([null, "NOT_CHECKED"]))];
    for (id, expected) in expected {
        let company = good(play.get(&format!("/kyb/companies/{id}/")).send().await.unwrap()).await;
        let risk = &company["riskAssessment"];
        assert_eq!((&company["id"], json!([risk["riskScore"], risk["riskLevel"]])), (&json!(id), expected));
    }
    let path = format!("/kyb/companies/{UNASSESSED_COMPANY_ID}/");
    let company = good(play.get(&path).send().await.unwrap()).await;
    assert_eq!(company.as_object().unwrap().get("riskAssessment"), Some(&Value::Null));
    assert_eq!(told(play.get("/kyb/companies/nothing/")).await.0, 404);
    assert_eq!(told(play.get(path.strip_suffix('/').unwrap())).await.0, 404);
    assert_eq!(told(play.client.get(play.url(&path))).await.0, 401);
    assert_eq!(play.sandbox.billed(), 0);
}
