//! Answers keep to the document.

use risk_provider_sandbox::{DEMO_PROFILE_ID, FaultKind};
use serde_json::json;

use crate::{
    gateway::Gateway,
    http::{Answer, answer},
    schema::Document,
    subjects::{about, ahmed, by, person, with},
    vendors::Setup,
};

const REPORT: &str = include_str!("../fixtures/youverify-actor-assessment-response.json");

struct Contract {
    gateway: Gateway,
    document: Document,
}

impl Contract {
    async fn of(setup: Setup) -> Self {
        let gateway = Gateway::with(setup).await;
        let document = answer(gateway.client.get(gateway.url("/openapi.json"))).await.good();
        Self { gateway, document: Document::new(document) }
    }

    fn kept(&self, method: &str, path: &str, answer: &Answer) {
        let violations = self.document.violations(method, path, answer.status, &answer.json());
        assert_eq!(violations, Vec::<String>::new(), "{method} {path}: {}", answer.text);
    }
}

#[tokio::test]
async fn assessments_keep_to_the_document_from_every_vendor_fresh_cached_and_read_again() {
    let contract = Contract::of(Setup::default()).await;
    for route in ["idenfy", "youverify"] {
        for options in [json!({}), json!({}), json!({"include": ["raw"]})] {
            let answer = contract.gateway.ask(&with(by(route, &person("cust-1")), options)).await;
            contract.kept("post", "/v1/assessments", &answer);
            let id = answer.good()["id"].as_str().expect("an id").to_owned();
            for query in ["", "?include=raw"] {
                let read = contract.gateway.get(&format!("/v1/assessments/{id}{query}")).await;
                assert_eq!(read.status, 200);
                contract.kept("get", "/v1/assessments/{id}", &read);
            }
        }
    }
    contract.gateway.youverify.answer_always("actor_assessment", 200, REPORT.to_owned());
    let documented = contract.gateway.ask(&by("youverify", &ahmed())).await;
    assert_eq!(documented.status, 200);
    contract.kept("post", "/v1/assessments", &documented);
    contract.gateway.idenfy.inject(FaultKind::ServerError);
    let fallback = contract.gateway.ask(&about(&person("cust-2"))).await;
    assert_eq!(fallback.status, 200);
    contract.kept("post", "/v1/assessments", &fallback);
}

#[tokio::test]
async fn partial_assessments_keep_to_the_document() {
    let contract = Contract::of(Setup::default()).await;
    for (route, fault) in [
        ("idenfy", FaultKind::Unanswered),
        ("idenfy", FaultKind::WrongSubject),
        ("youverify", FaultKind::UnknownLevel),
    ] {
        contract.gateway.idenfy.inject(fault);
        contract.gateway.youverify.inject(fault);
        let answer = contract.gateway.ask(&by(route, &person(fault.name()))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        contract.kept("post", "/v1/assessments", &answer);
    }
}

#[tokio::test]
async fn refusals_keep_to_the_document() {
    let contract = Contract::of(Setup::default().deadline("500ms")).await;
    let gateway = &contract.gateway;
    let reader = gateway.key_for("risk", "read").await;
    let asker = gateway.key_for("risk", "assess").await;
    let question = about(&person("cust-1"));
    let url = gateway.url("/v1/assessments");
    let bare = || gateway.client.post(&url);
    let json_body =
        |body: String| bare().bearer_auth(&gateway.key).header("content-type", "application/json").body(body);
    let mut refused = vec![
        (400, answer(json_body("{".to_owned())).await),
        (401, answer(bare()).await),
        (403, gateway.ask_as(&reader, &question).await),
        (413, answer(json_body("x".repeat(600_000))).await),
        (415, answer(bare().bearer_auth(&gateway.key).body("{}")).await),
        (422, gateway.ask(&json!({"subject": {"reference": "a"}})).await),
        (422, gateway.ask(&by("nowhere", &person("cust-1"))).await),
    ];
    for (fault, status) in [
        (FaultKind::Hang, 504),
        (FaultKind::ServerError, 502),
        (FaultKind::RateLimited { retry_after_s: Some(1), http_date: false }, 503),
    ] {
        gateway.idenfy.inject(fault);
        gateway.youverify.inject(fault);
        refused.push((status, gateway.ask(&question).await));
    }
    for (status, answer) in &refused {
        assert_eq!(answer.status, *status, "{}", answer.text);
        contract.kept("post", "/v1/assessments", answer);
    }
    let read = |key: &str, rest: &str| answer(gateway.client.get(format!("{url}/{rest}")).bearer_auth(key));
    for (status, answer) in [
        (404, read(&reader, "asm_0").await),
        (403, read(&asker, "asm_0").await),
        (400, read(&reader, "a?b=c").await),
    ] {
        assert_eq!(answer.status, status, "{}", answer.text);
        contract.kept("get", "/v1/assessments/{id}", &answer);
    }
}

#[tokio::test]
async fn operators_pages_keep_to_the_document() {
    let contract = Contract::of(Setup::default()).await;
    contract.gateway.youverify.inject(FaultKind::Unauthorized);
    contract.gateway.ask(&by("youverify", &person("cust-1"))).await;
    for path in ["/v1/providers", "/v1/routes", "/livez", "/readyz"] {
        let answer = contract.gateway.get(path).await;
        assert_eq!(answer.status, 200);
        contract.kept("get", path, &answer);
    }
    for (path, id) in [
        ("/v1/providers/{provider}", ""),
        ("/v1/providers/{provider}/profiles", ""),
        ("/v1/providers/{provider}/profiles/{id}", DEMO_PROFILE_ID),
        ("/v1/providers/{provider}/profiles/{id}", "nothing"),
    ] {
        let asked = path.replace("{provider}", "idenfy").replace("{id}", id);
        let answer = contract.gateway.get(&asked).await;
        assert_eq!(answer.status, if id == "nothing" { 404 } else { 200 });
        contract.kept("get", path, &answer);
    }
}

#[tokio::test]
async fn imports_keep_to_the_document() {
    let contract = Contract::of(Setup::default()).await;
    let gateway = &contract.gateway;
    let send =
        |body| answer(gateway.client.post(gateway.url("/v1/imports")).bearer_auth(&gateway.key).json(&body));
    let begun = send(json!({"provider": "idenfy", "to": "2026-06-30"})).await;
    assert_eq!(begun.status, 202, "{}", begun.text);
    contract.kept("post", "/v1/imports", &begun);
    let read = gateway.get(begun.header("location")).await;
    assert_eq!(read.json()["id"], begun.json()["id"]);
    contract.kept("get", "/v1/imports/{id}", &read);
    let cancel = gateway.client.delete(gateway.url(begun.header("location"))).bearer_auth(&gateway.key);
    contract.kept("delete", "/v1/imports/{id}", &answer(cancel).await);
    let refused = send(json!({"provider": "youverify"})).await;
    assert_eq!(refused.status, 422);
    contract.kept("post", "/v1/imports", &refused);
    contract.kept("get", "/v1/imports/{id}", &gateway.get("/v1/imports/job_0").await);
}

#[tokio::test]
async fn outcomes_and_comparisons_keep_to_the_document() {
    let panel = "[routes.panel]\nstrategy = \"consensus\"\nproviders = [\"idenfy\", \"youverify\"]\n";
    let contract = Contract::of(Setup::default().routes(panel)).await;
    let gateway = &contract.gateway;
    gateway.ask(&by("panel", &person("cust-1"))).await.good();
    let url = gateway.url("/v1/outcomes");
    let tell = |body| answer(gateway.client.post(&url).bearer_auth(&gateway.key).json(&body));
    let fraud = json!({"subject_reference": "cust-1", "type": "confirmed_fraud", "confidence": 0.5});
    for (status, body) in [
        (201, fraud.clone()),
        (200, fraud),
        (404, json!({"subject_reference": "nobody", "type": "cleared"})),
        (422, json!({"type": "cleared"})),
    ] {
        let told = tell(body).await;
        assert_eq!(told.status, status, "{}", told.text);
        contract.kept("post", "/v1/outcomes", &told);
    }
    contract.kept("get", "/v1/outcomes", &gateway.get("/v1/outcomes").await);
    contract.kept("get", "/v1/outcomes", &gateway.get("/v1/outcomes?kind=x").await);
    for query in
        ["left=idenfy&right=youverify&segment=type", "left=youverify&right=idenfy&to=2020-01-01", "left=x"]
    {
        let told = gateway.get(&format!("/v1/comparisons?{query}")).await;
        assert_eq!(told.status, if query == "left=x" { 422 } else { 200 });
        contract.kept("get", "/v1/comparisons", &told);
    }
}
