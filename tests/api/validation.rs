//! What is wrong with a request is said with its place, and never repeated.

use http::{Method, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    gateway::Gateway,
    http::{Answer, answer},
    subjects::{about, by, person, with},
    vendors::Setup,
};

/// Stands for personal data in every value that is refused.
const CANARY: &str = "Zq7Canary";

async fn sent(gateway: &Gateway, body: impl Into<reqwest::Body>) -> Answer {
    let request = gateway.client.post(gateway.url("/v1/assessments")).bearer_auth(&gateway.key);
    answer(request.header(header::CONTENT_TYPE, "application/json").body(body)).await
}

fn changed(field: &str, value: Value) -> Value {
    let mut subject = person("cust-1");
    let (last, parents) = field
        .split('.')
        .collect::<Vec<_>>()
        .split_last()
        .map(|(last, parents)| (*last, parents.to_vec()))
        .expect("a field");
    let mut place = &mut subject;
    for parent in parents {
        place = &mut place[parent];
    }
    place[last] = value;
    about(&subject)
}

fn lacking(field: &str) -> Value {
    let mut subject = person("cust-1");
    subject.as_object_mut().expect("an object").remove(field);
    about(&subject)
}

#[tokio::test]
async fn every_field_that_needs_mending_is_named_and_its_value_never_repeated() {
    let gateway = Gateway::start().await;
    let long = CANARY.repeat(40);
    let unknown_route = by(CANARY, &person("cust-1"));
    let short_deadline = with(about(&person("cust-1")), json!({"deadline_ms": 99}));
    for (body, code, field) in [
        (changed("country", json!("UK")), "invalid_request", "subject.country"),
        (changed("country", json!("XK")), "invalid_request", "subject.country"),
        (changed("country", json!("ng")), "invalid_request", "subject.country"),
        (changed("country", json!("NGA")), "invalid_request", "subject.country"),
        (changed("country", json!(CANARY)), "invalid_request", "subject.country"),
        (changed("country", json!(["NG"])), "invalid_request", "subject.country"),
        (changed("nationality", json!("UK")), "invalid_request", "subject.nationality"),
        (lacking("name"), "invalid_request", "subject.name"),
        (lacking("country"), "invalid_request", "subject.country"),
        (lacking("reference"), "invalid_request", "subject.reference"),
        (lacking("type"), "invalid_request", "subject.type"),
        (changed("name", json!({"first": CANARY})), "invalid_request", "subject.name.last"),
        (changed("name.first", json!(7)), "invalid_request", "subject.name.first"),
        (changed("name.last", json!("  ")), "invalid_request", "subject.name.last"),
        (changed("name.last", json!(long)), "invalid_request", "subject.name.last"),
        (changed("city", json!({"a": CANARY})), "invalid_request", "subject.city"),
        (changed("reference", json!("")), "invalid_request", "subject.reference"),
        (changed("type", json!(CANARY)), "invalid_request", "subject.type"),
        (changed("shoe_size", json!(CANARY)), "invalid_request", "subject.shoe_size"),
        (changed("business_name", json!(CANARY)), "invalid_request", "subject.business_name"),
        (changed("date_of_birth", json!(CANARY)), "invalid_request", "subject.date_of_birth"),
        (changed("date_of_birth", json!("2999-01-01")), "invalid_request", "subject.date_of_birth"),
        (changed("months_at_address", json!(-3)), "invalid_request", "subject.months_at_address"),
        (changed("months_at_address", json!(CANARY)), "invalid_request", "subject.months_at_address"),
        (changed("moved_in_on", json!("2020-01-01")), "invalid_request", "subject.months_at_address"),
        (changed("politically_exposed", json!(CANARY)), "invalid_request", "subject.politically_exposed"),
        (changed("previous_risk_score", json!(100.5)), "invalid_request", "subject.previous_risk_score"),
        (changed("kyc", json!({"verified_by": 4})), "invalid_request", "subject.kyc.verified_by"),
        (changed("kyc", json!({"verified": CANARY})), "invalid_request", "subject.kyc.verified"),
        (changed("answers", json!({"hobby": {"a": CANARY}})), "invalid_request", "subject.answers.hobby"),
        (json!({"subjekt": CANARY}), "invalid_request", "subjekt"),
        (json!({}), "invalid_request", "subject"),
        (json!({"subject": CANARY}), "invalid_request", "subject"),
        (json!([CANARY]), "invalid_request", "body"),
        (json!(CANARY), "invalid_request", "body"),
        (unknown_route, "unknown_route", "route"),
        (short_deadline, "invalid_request", "options.deadline_ms"),
        (with(about(&person("c")), json!({"deadline_ms": CANARY})), "invalid_request", "options.deadline_ms"),
        (with(about(&person("c")), json!({"max_age_s": -1})), "invalid_request", "options.max_age_s"),
        (with(about(&person("c")), json!({"include": [CANARY]})), "invalid_request", "options.include"),
        (with(about(&person("c")), json!({"max_age": 1})), "invalid_request", "options.max_age"),
    ] {
        let answer = gateway.ask(&body).await;
        let problem = answer.problem(422, code);
        let named = problem["field"].as_str().unwrap_or_default();
        // A list's member may be named with its place in the list.
        assert_eq!(named.split('[').next(), Some(field), "{body}: {problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(field)), "{problem}");
        assert!(!answer.text.contains(CANARY), "{body}: {}", answer.text);
    }
    assert_eq!(gateway.idenfy.calls().len() + gateway.youverify.calls().len(), 0);
}

#[tokio::test]
async fn a_country_that_looks_right_is_told_the_right_code() {
    let gateway = Gateway::start().await;
    let problem = gateway.ask(&changed("country", json!("UK"))).await.problem(422, "invalid_request");
    assert!(problem["detail"].as_str().expect("a detail").contains("\"GB\""), "{problem}");
}

#[tokio::test]
async fn an_unknown_field_is_told_the_nearest_known_one() {
    let gateway = Gateway::start().await;
    let problem = gateway.ask(&changed("contry", json!("NG"))).await.problem(422, "invalid_request");
    assert!(problem["detail"].as_str().expect("a detail").contains("did you mean \"country\"?"), "{problem}");
}

#[tokio::test]
async fn every_problem_of_a_subject_is_listed_at_once() {
    let gateway = Gateway::start().await;
    let mut subject = person("cust-1");
    subject["name"]["first"] = json!("");
    subject["previous_risk_score"] = json!(-1);
    subject["answers"] = json!({"hobby": []});
    let body = with(about(&subject), json!({"deadline_ms": 1}));
    let problem = gateway.ask(&body).await.problem(422, "invalid_request");
    let named: Vec<&Value> =
        problem["errors"].as_array().expect("errors").iter().map(|error| &error["field"]).collect();
    let expected =
        ["options.deadline_ms", "subject.name.first", "subject.previous_risk_score", "subject.answers.hobby"];
    assert_eq!(named, expected);
}

#[tokio::test]
async fn what_is_no_json_says_where_it_stops_being_json() {
    let gateway = Gateway::start().await;
    for (body, place) in [
        (format!("{{\"subject\": {CANARY}}}"), "line 1, column"),
        (format!("{{\n  \"subject\": {{\"reference\": \"{CANARY}\""), "line 2, column"),
        (format!("{} {CANARY}", about(&person("cust-1"))), "line 1, column"),
        (String::new(), "empty"),
        ("\u{feff}{}".to_owned(), "line 1"),
    ] {
        let answer = sent(&gateway, body.clone()).await;
        let problem = answer.problem(400, "malformed_json");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(place)), "{problem}");
        assert!(!answer.text.contains(CANARY), "{body}");
    }
    let answer = sent(&gateway, vec![b'{', b'"', 0xff, b'"']).await;
    answer.problem(400, "malformed_json");
    let deep = sent(&gateway, "[".repeat(50_000)).await;
    assert_eq!(deep.status / 100, 4, "{deep:?}");
}

#[tokio::test]
async fn a_field_given_twice_is_refused() {
    let gateway = Gateway::start().await;
    let body = r#"{"subject": {"reference": "a", "reference": "b", "type": "business"}}"#;
    let problem = sent(&gateway, body).await.problem(422, "invalid_request");
    assert_eq!(problem["field"], "subject.reference");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_also_when_its_length_is_not_announced() {
    let gateway = Gateway::with(Setup::default().server("max_body = \"16 KiB\"")).await;
    let mut subject = person("cust-1");
    subject["answers"] = json!({"hobby": "x".repeat(20 * 1024)});
    let text = about(&subject).to_string();
    sent(&gateway, text.clone()).await.problem(413, "body_too_large");
    let mut stream =
        TcpStream::connect(gateway.url.trim_start_matches("http://")).await.expect("a connection");
    let head = format!(
        "POST /v1/assessments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n",
        gateway.key,
        text.len()
    );
    // The gateway may hang up before everything is sent.
    drop(stream.write_all((head + &text).as_bytes()).await);
    let mut told = [0; 12];
    stream.read_exact(&mut told).await.expect("an answer");
    assert_eq!(&told, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_415() {
    let gateway = Gateway::start().await;
    let body = about(&person("cust-1")).to_string();
    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let mut request = gateway.client.post(gateway.url("/v1/assessments")).bearer_auth(&gateway.key);
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        answer(request.body(body.clone())).await.problem(415, "unsupported_media_type");
    }
    let request = gateway.client.post(gateway.url("/v1/assessments")).bearer_auth(&gateway.key);
    let declared = request.header(header::CONTENT_TYPE, "Application/JSON; charset=utf-8").body(body);
    answer(declared).await.good();
}

#[tokio::test]
async fn a_path_that_is_not_there_is_a_404_problem() {
    let gateway = Gateway::start().await;
    for path in ["/", "/v1", "/v1/assessment", &format!("/v1/{CANARY}"), "/v2/assessments", "/livez/x"] {
        let answer = gateway.get(path).await;
        answer.problem(404, "no_such_path");
        assert!(!answer.text.contains(CANARY));
    }
}

#[tokio::test]
async fn a_path_that_is_no_text_or_no_page_is_a_404_problem_too() {
    let gateway = Gateway::start().await;
    gateway.get("/v1/assessments/%ff").await.problem(404, "not_found");
    gateway.get("/docs/nowhere").await.problem(404, "no_such_path");
}

#[tokio::test]
async fn a_list_where_an_object_belongs_is_refused() {
    let gateway = Gateway::start().await;
    let mut listed = person("cust-1");
    listed["name"] = json!(["Ahmed", null, "Al Khalid"]);
    let problem = gateway.ask(&about(&listed)).await.problem(422, "invalid_request");
    assert_eq!(problem["errors"], json!([{"field": "subject.name", "detail": "must be an object"}]));
    let problem = gateway.ask(&json!([null, person("cust-1")])).await.problem(422, "invalid_request");
    assert_eq!(problem["field"], "body");
}

#[tokio::test]
async fn a_wrong_method_is_405_and_names_the_right_ones() {
    let gateway = Gateway::start().await;
    for (method, path, allowed) in [
        (Method::PUT, "/v1/assessments", "POST"),
        (Method::GET, "/v1/subjects/lookup", "POST"),
        (Method::DELETE, "/v1/assessments/asm_1", "GET"),
        (Method::POST, "/v1/providers", "GET"),
        (Method::PUT, "/livez", "GET"),
    ] {
        let request = gateway.client.request(method, gateway.url(path)).bearer_auth(&gateway.key);
        let answer = answer(request).await;
        answer.problem(405, "method_not_allowed");
        let named = answer.header("allow");
        assert!(named.split(',').any(|name| name.trim() == allowed), "{path}: Allow is \"{named}\"");
    }
}

#[tokio::test]
async fn a_query_that_is_not_understood_is_refused() {
    let gateway = Gateway::start().await;
    for query in ["include=everything", "inklude=raw", CANARY] {
        let answer = gateway.get(&format!("/v1/assessments/asm_1?{query}")).await;
        answer.problem(400, "invalid_query");
        assert!(!answer.text.contains(CANARY));
    }
}

#[tokio::test]
async fn the_least_deadline_is_100_milliseconds() {
    let gateway = Gateway::start().await;
    let least = with(about(&person("cust-1")), json!({"deadline_ms": 100}));
    assert_ne!(gateway.ask(&least).await.status, 422);
}
