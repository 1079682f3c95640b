//! Youverify's risk checks: started, read until their report is there, listed.

use jiff::Timestamp;
use reqwest::RequestBuilder;
use risk_provider_sandbox::{FaultKind, Ripening, Settings, Vendor};
use serde_json::{Value, json};

use crate::support::{Play, good, told, with, without, youverify};

const START: &str = "/v2/api/identity/risk-check/initialize";
const ENTITIES: &str = "/v2/api/identity/risk-check/entities";
const HISTORY: &str = "/v2/api/identity/risk-check/history";

/// The company of the vendor's documented list.
fn tesla() -> Value {
    json!({
        "type": "business", "firstName": null, "lastName": null, "businessName": "Tesla",
        "businessIndustry": "others", "country": "NG", "city": "lagos", "isSubjectConsent": true,
        "advanceOptions": {"idNumber": "1234567890", "isIdVerified": true, "phoneNumber": "08000000000",
            "lengthOfStay": "321"},
    })
}

fn person(first: &str, last: &str) -> Value {
    json!({
        "type": "individual", "firstName": first, "lastName": last, "country": "EE", "city": "Tallinn",
        "isSubjectConsent": true,
    })
}

fn get(play: &Play, path: &str) -> RequestBuilder {
    play.client.get(play.url(path)).header("token", "sandbox-token")
}

async fn started(play: &Play, body: &Value) -> Value {
    good(play.actor(START, body).send().await.unwrap()).await["data"].clone()
}

async fn read(play: &Play, id: &Value) -> Value {
    let path = format!("{ENTITIES}/{}", id.as_str().unwrap());
    good(get(play, &path).send().await.unwrap()).await["data"].clone()
}

async fn listed(play: &Play, query: &str) -> Value {
    good(get(play, &format!("{HISTORY}?{query}")).send().await.unwrap()).await["data"].clone()
}

async fn ripening(ripening: Ripening) -> Play {
    let settings = Settings { youverify_ripening: ripening, clock, ..Settings::default() };
    Play::start(Vendor::Youverify, &settings).await
}

fn clock() -> Timestamp {
    "2026-03-02T09:30:00.5Z".parse().unwrap()
}

#[tokio::test]
async fn a_started_check_is_pending_until_it_was_read_often_enough() {
    let play = youverify().await;
    let profile = started(&play, &tesla()).await;
    assert_eq!((&profile["latestReport"], &profile["latestRiskStatus"]), (&Value::Null, &json!("pending")));
    assert_eq!((&profile["latestRiskScore"], &profile["riskReportHistory"]), (&json!(0), &json!([])));
    let first = read(&play, &profile["_id"]).await;
    assert_eq!(first["latestReport"], Value::Null);
    let second = read(&play, &profile["_id"]).await;
    assert_eq!(second["latestRiskStatus"], "potential_medium_risk");
    assert_eq!(second["latestReport"]["riskStatus"], "Potential Medium Risk");
    assert_eq!(play.sandbox.billed(), 1, "only the start is charged");
}

#[tokio::test]
async fn the_documented_company_scores_as_documented() {
    let play = ripening(Ripening::Reads(0)).await;
    let profile = started(&play, &tesla()).await;
    let number = |pointer: &str| profile.pointer(pointer).and_then(Value::as_f64).unwrap();
    for (pointer, expected) in [
        ("/latestRiskScore", 28.298_75),
        ("/latestReport/riskScore", 28.298_75),
        ("/latestReport/geographic/weightedScore", 8.618_75),
        ("/latestReport/personal/accountAgeScore", 100.0),
        ("/latestReport/personal/adverseMediaScore", 73.6),
        ("/riskReportHistory/0/geographic/actualScore", 34.475),
        ("/riskReportHistory/0/personal/actualScore", 39.36),
    ] {
        assert!((number(pointer) - expected).abs() < 1e-9, "{pointer} is {}", number(pointer));
    }
    assert_eq!(profile["latestReport"]["geographic"].get("actualScore"), None);
    assert_eq!(profile["riskReportHistory"][0]["reportMonth"], "03");
    assert_eq!(profile["reportlastUpdatedAt"], "2026-03-02T09:30:00.500Z");
    assert_eq!(profile["reportNextUpdateAt"], "2026-04-01T09:30:00.500Z");
    assert_eq!(profile["entityInformation"]["geographicInformation"]["lengthOfStay"], json!(321));
}

#[tokio::test]
async fn a_report_may_take_its_time_instead() {
    let play = ripening(Ripening::Millis(0)).await;
    assert!(started(&play, &tesla()).await["latestReport"].is_object());
    let play = ripening(Ripening::Millis(1)).await;
    let profile = started(&play, &tesla()).await;
    for _ in 0..3 {
        assert_eq!(read(&play, &profile["_id"]).await["latestReport"], Value::Null, "the clock stands still");
    }
}

#[tokio::test]
async fn what_the_documents_demand_is_demanded() {
    let play = youverify().await;
    for (body, field) in [
        (with(tesla(), &json!({"isSubjectConsent": false})), "isSubjectConsent"),
        (without(tesla(), "isSubjectConsent"), "isSubjectConsent"),
        (without(tesla(), "businessIndustry"), "businessIndustry"),
        (with(tesla(), &json!({"country": "XX"})), "country"),
        (with(tesla(), &json!({"advanceOptions": {"lengthOfStay": 321}})), "advanceOptions.lengthOfStay"),
        (with(tesla(), &json!({"advanceOptions": 1})), "advanceOptions"),
        (with(tesla(), &json!({"surprise": 1})), "surprise"),
        (without(person("Ahmed", "Al Khalid"), "lastName"), "lastName"),
    ] {
        let (status, told) = told(play.actor(START, &body)).await;
        assert_eq!(status, 400, "{body}");
        assert!(told["data"]["errors"].get(field).is_some(), "{field}: {told}");
    }
    assert_eq!(play.sandbox.billed(), 0);
    let advanced =
        with(without(tesla(), "advanceOptions"), &json!({"advancedOptions": {"lengthOfStay": "3"}}));
    let profile = started(&play, &advanced).await;
    assert_eq!(profile["entityInformation"]["geographicInformation"]["lengthOfStay"], json!(3));
}

#[tokio::test]
async fn nothing_is_under_another_id_and_nobody_reads_without_the_token() {
    let play = youverify().await;
    for path in [format!("{ENTITIES}/0"), format!("{ENTITIES}/"), ENTITIES.to_owned()] {
        assert_eq!(get(&play, &path).send().await.unwrap().status(), 404, "{path}");
    }
    for path in [format!("{ENTITIES}/0"), HISTORY.to_owned()] {
        assert_eq!(play.client.get(play.url(&path)).send().await.unwrap().status(), 401, "{path}");
    }
    assert_eq!(play.actor(HISTORY, &json!({})).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_list_has_pages_and_the_newest_first() {
    let play = ripening(Ripening::Reads(0)).await;
    for last in ["One", "Two", "Three"] {
        started(&play, &person("Clear", last)).await;
    }
    let page = listed(&play, "limit=2").await;
    let last_name = |page: &Value, index: usize| {
        page["docs"][index]["entityInformation"]["personalInformation"]["lastName"].clone()
    };
    assert_eq!((last_name(&page, 0), last_name(&page, 1)), (json!("Three"), json!("Two")));
    let expected = json!({"totalDocs": 3, "perPage": 2, "currentPage": 1, "totalPages": 2, "serialNo": 1,
        "hasPrevPage": false, "hasNextPage": true, "prevPage": null, "nextPage": 2});
    assert_eq!(page["pagination"], expected);
    let page = listed(&play, "limit=2&page=2").await;
    assert_eq!((page["docs"].as_array().unwrap().len(), last_name(&page, 0)), (1, json!("One")));
    assert_eq!(
        (&page["pagination"]["hasNextPage"], &page["pagination"]["prevPage"]),
        (&json!(false), &json!(1))
    );
    let item = &page["docs"][0];
    assert!(item["_id"] == item["id"] && item["id"] == item["identityId"]);
    assert!(item.get("latestRiskScore").is_none() && item["requestedBy"]["lastName"] == "Staff");
}

#[tokio::test]
async fn the_list_is_filtered_by_everything_documented() {
    let play = ripening(Ripening::Reads(1)).await;
    started(&play, &tesla()).await;
    started(&play, &person("Ahmed", "Al Khalid")).await;
    for (query, found) in [
        ("", 2),
        ("name=tesla", 1),
        ("name=Al%20Khalid", 1),
        ("name=al+khalid", 1),
        ("name=Ahmed%20Al%20Khalid", 0),
        ("type=business", 1),
        ("latestRiskStatus=pending", 2),
        ("latestRiskStatus=low_risk", 0),
        ("trackingStatus=active", 2),
        ("trackingStatus=paused", 0),
        ("startDate=2026-03-02", 2),
        ("startDate=2026-03-03", 0),
        ("endDate=2026-03-02", 0),
        ("endDate=2026-03-03", 2),
        ("type=business&name=ahmed", 0),
    ] {
        assert_eq!(listed(&play, query).await["pagination"]["totalDocs"], json!(found), "{query}");
    }
    for query in ["page=0", "limit=x", "startDate=yesterday", "type=company", "latestRiskStatus=Low%20Risk"] {
        assert_eq!(get(&play, &format!("{HISTORY}?{query}")).send().await.unwrap().status(), 400, "{query}");
    }
}

#[tokio::test]
async fn every_new_operation_can_be_made_to_fail() {
    let play = ripening(Ripening::Reads(0)).await;
    let id = started(&play, &tesla()).await["_id"].clone();
    let entity = format!("{ENTITIES}/{}", id.as_str().unwrap());
    for (operation, request) in [
        ("initialise", play.actor(START, &tesla())),
        ("entity", get(&play, &entity)),
        ("history", get(&play, HISTORY)),
    ] {
        let fault = risk_provider_sandbox::Fault::new(FaultKind::ServerError).on(operation).times(1);
        play.sandbox.inject(fault);
        assert_eq!(request.send().await.unwrap().status(), 500, "{operation}");
    }
    for (kind, pointer, value) in [
        (FaultKind::WrongSubject, "/latestReport/personal/name", json!("Somebody Else")),
        (FaultKind::UnknownLevel, "/latestReport/riskStatus", json!("Elevated Risk")),
        (FaultKind::UnknownLevel, "/latestRiskStatus", json!("elevated_risk")),
        (
            FaultKind::ImpossibleScore { form: risk_provider_sandbox::ImpossibleForm::Above },
            "/latestReport/riskScore",
            json!(140),
        ),
    ] {
        play.sandbox.inject(kind);
        assert_eq!(read(&play, &id).await.pointer(pointer), Some(&value));
        assert_eq!(started(&play, &tesla()).await.pointer(pointer), Some(&value));
        assert_eq!(listed(&play, "limit=1").await["docs"][0].pointer(pointer), Some(&value));
        play.sandbox.clear_faults();
    }
    assert!(
        read(&play, &id).await["latestReport"]["personal"]["name"] == "Tesla",
        "faults change what is told only"
    );
}

/// The receiver is a sandbox too: it records what arrives under its unknown paths.
#[tokio::test]
async fn a_webhook_is_sent_when_it_is_asked_for() {
    let (play, receiver) = (youverify().await, youverify().await);
    let order = json!({"url": receiver.url("/hook?x=1"), "reference": "647f", "secret": "s"});
    for order in [order.clone(), with(order.clone(), &json!({"sha512": true}))] {
        let request = play.client.post(play.url("/_sandbox/webhooks")).json(&order);
        assert_eq!(told(request).await, (200, json!({"answered": 404})));
    }
    let calls = receiver.sandbox.calls();
    assert_eq!((calls.len(), calls[0].path.as_str()), (2, "/hook?x=1"));
    assert_eq!(calls[0].body.value()["data"]["_id"], "647f");
    for order in [with(order.clone(), &json!({"url": "https://x.example"})), with(order, &json!({"x": 1}))] {
        let request = play.client.post(play.url("/_sandbox/webhooks")).json(&order);
        assert_eq!(told(request).await.0, 400);
    }
}
