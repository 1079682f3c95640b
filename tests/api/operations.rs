//! What operators and developers look at.

use std::collections::BTreeSet;

use risk_provider_sandbox::FaultKind;
use serde_json::{Value, json};

use crate::{
    gateway::Gateway,
    http::answer,
    subjects::{about, by, person},
    vendors::Setup,
};

#[tokio::test]
async fn the_providers_page_tells_what_each_is_and_needs() {
    let gateway = Gateway::start().await;
    let provider = gateway.provider("youverify").await;
    let told = ["kind", "health", "scale", "cache_ttl_s", "required_inputs"].map(|key| provider[key].clone());
    let expected =
        [json!("youverify-actor"), json!("up"), json!("youverify:0-100"), json!(86_400), json!(["city"])];
    assert_eq!(told, expected, "{provider}");
    let provider = gateway.provider("idenfy").await;
    assert_eq!(provider["kind"], "idenfy");
    let required = provider["required_inputs"].as_array().expect("a list");
    assert!(required.contains(&json!("politically_exposed")), "{required:?}");
    let names: Vec<&Value> =
        provider["operations"].as_array().expect("a list").iter().map(|it| &it["name"]).collect();
    assert!(names.contains(&&json!("check")) && names.contains(&&json!("profile")), "{names:?}");
}

#[tokio::test]
async fn neither_providers_nor_routes_tell_secrets_or_addresses() {
    let gateway = Gateway::start().await;
    let text = gateway.get("/v1/providers").await.text + &gateway.get("/v1/routes").await.text;
    for secret in ["sandbox-key", "sandbox-secret", "sandbox-token", "127.0.0.1", "http://"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_routes_page_tells_whom_each_asks_and_for_how_long() {
    let gateway = Gateway::start().await;
    let routes = gateway.get("/v1/routes").await.good();
    let routes = routes["routes"].as_array().expect("a list");
    let told = ["name", "strategy", "providers", "deadline_ms"].map(|key| routes[0][key].clone());
    assert_eq!(told, [json!("default"), json!("failover"), json!(["idenfy", "youverify"]), json!(8000)]);
    assert_eq!(routes.len(), 4);
    assert_eq!((&routes[0]["on_unavailable"], &routes[0]["shadow"]), (&json!("fail"), &json!(null)));
}

#[tokio::test]
async fn the_routes_page_tells_how_each_chooses() {
    let routes = r#"
[routes.a]
providers = ["idenfy", "youverify"]
hedge_after = "800ms"
on_unavailable = "hold"
hold_for = "1h"
[routes.b]
strategy = "split"
providers = ["idenfy", "youverify"]
weights = [70, 30]
experiment = "2026-q4"
on_unavailable = "stale"
[routes.c]
strategy = "consensus"
providers = ["idenfy", "youverify"]
combine = "quorum"
shadow = { providers = ["youverify"], sample = 0.1 }
"#;
    let gateway = Gateway::with(Setup::default().routes(routes)).await;
    let told = gateway.get("/v1/routes").await.good();
    let told = |name: &str, keys: &[&str]| {
        let mut all = told["routes"].as_array().expect("a list").iter();
        let route = all.find(|route| route["name"] == name).expect("the route").clone();
        keys.iter().map(|&key| route[key].clone()).collect::<Vec<_>>()
    };
    let a = ["hedge_after_ms", "weights", "on_unavailable", "hold_for_s"];
    assert_eq!(json!(told("a", &a)), json!([800, null, "hold", 3600]));
    let b = ["weights", "experiment", "combine", "on_unavailable", "hold_for_s"];
    assert_eq!(json!(told("b", &b)), json!([[70, 30], "2026-q4", null, "stale", null]));
    let c = ["combine", "quorum", "shadow"];
    assert_eq!(json!(told("c", &c)), json!(["quorum", 2, {"providers": ["youverify"], "sample": 0.1}]));
}

#[tokio::test]
async fn probes_need_no_key_and_no_vendor() {
    let gateway = Gateway::start().await;
    gateway.idenfy.inject(FaultKind::Hang);
    gateway.youverify.inject(FaultKind::Hang);
    for (path, status) in [("/livez", "live"), ("/readyz", "ready")] {
        let answer = answer(gateway.client.get(gateway.url(path))).await;
        assert_eq!(answer.good()["status"], status);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(gateway.idenfy.calls().len() + gateway.youverify.calls().len(), 0);
}

/// Every series of the metrics: its name and labels, without the value.
fn series(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned())).collect()
}

async fn metrics(gateway: &Gateway) -> String {
    let answer = answer(gateway.client.get(gateway.url("/metrics"))).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/plain"), "{:?}", answer.headers);
    answer.text
}

#[tokio::test]
async fn metrics_count_requests_answers_attempts_latency_overhead_cache_and_breaker() {
    let gateway = Gateway::start().await;
    gateway.idenfy.inject(risk_provider_sandbox::Fault::new(FaultKind::ServerError).on("check").times(1));
    for _ in 0..2 {
        gateway.ask(&about(&person("cust-1"))).await.good();
    }
    let text = metrics(&gateway).await;
    for line in [
        "risk_gateway_requests_total{method=\"POST\",endpoint=\"/v1/assessments\",status=\"200\"} 2",
        "risk_gateway_attempts_total{provider=\"idenfy\",operation=\"check\",outcome=\"vendor_error\",billed=\"unknown\"} 1",
        "risk_gateway_attempts_total{provider=\"youverify\",operation=\"assessment\",outcome=\"answered\",billed=\"yes\"} 1",
        "risk_gateway_breaker_state{provider=\"youverify\",operation=\"assessment\"} 0",
        "risk_gateway_cache_total{provider=\"youverify\",result=\"miss\"} 1",
        "risk_gateway_vendor_latency_seconds_count{provider=\"youverify\",operation=\"assessment\"} 1",
        "risk_gateway_overhead_seconds_count{route=\"default\"} 2",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n\n{text}");
    }
    let answers: Vec<&str> =
        text.lines().filter(|line| line.starts_with("risk_gateway_answers_total{")).collect();
    assert!(
        answers.iter().all(|line| {
            ["route=\"default\"", "provider=\"", "level=\""].iter().all(|label| line.contains(label))
        }),
        "{answers:?}"
    );
}

#[tokio::test]
async fn metrics_hold_no_subject_and_their_series_do_not_grow_with_what_callers_send() {
    let gateway = Gateway::start().await;
    let ask = async |from: usize, to: usize| {
        for index in from..to {
            let mut subject = person(&format!("Zq7Canary-{index}"));
            subject["name"]["last"] = json!(format!("Zq7Canary{index}"));
            subject["city"] = json!(format!("Zq7Canary{index}"));
            gateway.ask(&about(&subject)).await.good();
            gateway.ask(&by(&format!("Zq7Canary{index}"), &subject)).await.problem(422, "unknown_route");
            gateway.get(&format!("/v1/Zq7Canary{index}")).await.problem(404, "no_such_path");
            gateway.get(&format!("/v1/assessments/Zq7Canary{index}")).await.problem(404, "not_found");
            gateway.get(&format!("/docs/Zq7Canary{index}")).await;
            let method =
                reqwest::Method::from_bytes(format!("ZQ7CANARY{index}").as_bytes()).expect("a method");
            answer(gateway.client.request(method, gateway.url("/livez"))).await;
        }
    };
    ask(0, 2).await;
    // The metrics' own request is counted once it is answered.
    metrics(&gateway).await;
    let few = metrics(&gateway).await;
    ask(2, 8).await;
    let many = metrics(&gateway).await;
    assert!(!many.to_lowercase().contains("zq7canary"), "{many}");
    let (few, many) = (series(&few), series(&many));
    // A level that the first subjects did not have may appear; nothing else may.
    let new: Vec<&String> =
        many.difference(&few).filter(|line| !line.starts_with("risk_gateway_answers_total")).collect();
    assert_eq!(new, Vec::<&String>::new());
}

#[tokio::test]
async fn the_openapi_document_is_3_1_and_names_every_endpoint() {
    let gateway = Gateway::start().await;
    let document = answer(gateway.client.get(gateway.url("/openapi.json"))).await.good();
    assert_eq!(document["openapi"], "3.1.0");
    let paths: Vec<&String> = document["paths"].as_object().expect("paths").keys().collect();
    let expected = [
        "/hooks/{provider}",
        "/livez",
        "/metrics",
        "/readyz",
        "/v1/assessments",
        "/v1/assessments/search",
        "/v1/assessments/{id}",
        "/v1/assessments/{id}/recheck",
        "/v1/comparisons",
        "/v1/comparisons/drift",
        "/v1/experiments",
        "/v1/experiments/{id}",
        "/v1/experiments/{id}/audit-sample",
        "/v1/experiments/{id}/decisions",
        "/v1/experiments/{id}/looks",
        "/v1/imports",
        "/v1/imports/{id}",
        "/v1/outcomes",
        "/v1/providers",
        "/v1/providers/{provider}/drain",
        "/v1/providers/{provider}/resume",
        "/v1/providers/{provider}",
        "/v1/providers/{provider}/profiles",
        "/v1/providers/{provider}/profiles/{id}",
        "/v1/routes",
        "/v1/subjects/lookup",
    ];
    assert_eq!(paths.iter().map(|path| path.as_str()).collect::<BTreeSet<_>>(), BTreeSet::from(expected));
}

/// What an HTML page loads: the targets of `src` and `href`.
fn loaded(page: &str) -> Vec<String> {
    let targets = ["src=\"", "href=\""].iter().flat_map(|mark| page.split(mark).skip(1));
    targets.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

#[tokio::test]
async fn the_docs_page_works_offline_from_what_the_gateway_itself_serves() {
    let gateway = Gateway::start().await;
    let mut page = answer(gateway.client.get(gateway.url("/docs"))).await;
    if (300..400).contains(&page.status) {
        page = answer(gateway.client.get(gateway.url(page.header("location")))).await;
    }
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"), "{:?}", page.headers);
    let assets = loaded(&page.text);
    assert!(assets.iter().any(|asset| asset.ends_with(".js")), "{assets:?}");
    for asset in assets.iter().filter(|asset| !asset.starts_with("data:")) {
        assert!(!asset.contains("//"), "{asset} comes from somewhere else");
        let path = format!("/docs/{}", asset.trim_start_matches("./").trim_start_matches("/docs/"));
        let asset = answer(gateway.client.get(gateway.url(&path))).await;
        assert!(asset.status == 200 && !asset.text.is_empty(), "{path}: {}", asset.status);
    }
    let initializer = answer(gateway.client.get(gateway.url("/docs/swagger-initializer.js"))).await;
    assert!(initializer.text.contains("/openapi.json"), "{}", initializer.text);
    assert!(!initializer.text.contains("https://"), "{}", initializer.text);
}
