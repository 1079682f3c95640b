//! Who may ask, and what they may see.

use http::header;
use serde_json::json;

use crate::{
    gateway::Gateway,
    http::answer,
    subjects::{about, person},
};

#[tokio::test]
async fn without_a_good_key_nothing_is_told_and_the_scheme_is_named() {
    let gateway = Gateway::start().await;
    let stranger = Gateway::start().await;
    let good = gateway.key.clone();
    let mut mistyped = good.clone();
    mistyped.pop();
    mistyped.push(if good.ends_with('x') { 'y' } else { 'x' });
    let bearer = |key: &str| format!("Bearer {key}");
    for authorization in [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some(bearer("")),
        Some(bearer("rgk_a_b_c")),
        Some(bearer(&mistyped)),
        Some(bearer(&stranger.key)),
        Some(format!("Basic {good}")),
        Some(good),
    ] {
        for path in ["/v1/providers", "/v1/routes", "/v1/assessments/asm_1"] {
            let mut request = gateway.client.get(gateway.url(path));
            if let Some(authorization) = &authorization {
                request = request.header(header::AUTHORIZATION, authorization);
            }
            let answer = answer(request).await;
            answer.problem(401, "unauthorized");
            assert_eq!(answer.header("www-authenticate"), "Bearer", "{authorization:?}");
        }
    }
}

#[tokio::test]
async fn the_key_is_checked_before_the_body_is_looked_at() {
    let gateway = Gateway::start().await;
    let reader = gateway.key_for("risk", "read").await;
    for body in ["", "{", "{\"subject\": 7}"] {
        let request = gateway.client.post(gateway.url("/v1/assessments")).body(body);
        answer(request).await.problem(401, "unauthorized");
        let request = gateway.client.post(gateway.url("/v1/assessments")).bearer_auth(&reader).body(body);
        answer(request).await.problem(403, "missing_scope");
    }
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_no_more() {
    let gateway = Gateway::start().await;
    let (asker, reader) = (gateway.key_for("risk", "assess").await, gateway.key_for("risk", "read").await);
    let question = about(&person("cust-1"));
    gateway.ask_as(&reader, &question).await.problem(403, "missing_scope");
    assert_eq!(gateway.billed(), 0);
    let id = gateway.ask_as(&asker, &question).await.good()["id"].clone();
    let path = format!("/v1/assessments/{}", id.as_str().expect("an id"));
    for path in [path.as_str(), "/v1/providers", "/v1/routes"] {
        let with = |key: &str| answer(gateway.client.get(gateway.url(path)).bearer_auth(key));
        with(&asker).await.problem(403, "missing_scope");
        with(&reader).await.good();
    }
}

#[tokio::test]
async fn a_key_made_while_the_gateway_runs_is_good_at_once() {
    let gateway = Gateway::start().await;
    for round in 0..5 {
        let key = gateway.key_for("fraud", "read").await;
        let answer = answer(gateway.client.get(gateway.url("/v1/routes")).bearer_auth(key)).await;
        assert_eq!(answer.status, 200, "round {round}");
    }
}

#[tokio::test]
async fn another_teams_assessment_is_not_there() {
    let gateway = Gateway::start().await;
    let id = gateway.ask(&about(&person("cust-1"))).await.good()["id"].clone();
    let id = id.as_str().expect("an id");
    let fraud = gateway.key_for("fraud", "all").await;
    for (key, query, status) in [
        (&gateway.key, "", 200),
        (&fraud, "", 404),
        (&fraud, "?include=raw", 404),
        (&gateway.key, "?include=raw", 200),
    ] {
        let request = gateway.client.get(gateway.url(&format!("/v1/assessments/{id}{query}")));
        let answer = answer(request.bearer_auth(key)).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let theirs =
        answer(gateway.client.get(gateway.url(&format!("/v1/assessments/{id}"))).bearer_auth(&fraud)).await;
    let nobodys = answer(gateway.client.get(gateway.url("/v1/assessments/asm_0")).bearer_auth(&fraud)).await;
    let (theirs, nobodys) = (theirs.problem(404, "not_found"), nobodys.problem(404, "not_found"));
    assert_eq!(theirs["detail"], nobodys["detail"], "whether it exists is not told");
}

#[tokio::test]
async fn teams_share_neither_answers_nor_subjects() {
    let gateway = Gateway::start().await;
    let fraud = gateway.key_for("fraud", "all").await;
    let question = about(&person("cust-1"));
    let ours = gateway.ask(&question).await.good();
    let theirs = gateway.ask_as(&fraud, &question).await;
    assert_eq!(theirs.header("cache-status"), "risk-gateway; fwd=miss");
    let theirs = theirs.good();
    assert_ne!(ours["id"], theirs["id"]);
    assert_ne!(ours["subject"]["id"], theirs["subject"]["id"]);
    assert_eq!(theirs["providers"][0]["served"], json!("called"));
    assert_eq!(gateway.idenfy.billed(), 2);
}
