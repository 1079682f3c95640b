//! The document as a golden file: a difference is a decision.

use risk_gateway::config::Environment;
use serde_json::Value;

use crate::{gateway::Gateway, http::answer, schema::Document};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract/openapi.json");
const UPDATE: &str = "UPDATE_OPENAPI";

async fn served() -> Value {
    let gateway = Gateway::start().await;
    answer(gateway.client.get(gateway.url("/openapi.json"))).await.good()
}

#[tokio::test]
async fn the_openapi_document_is_the_one_agreed_on() {
    let text = serde_json::to_string_pretty(&served().await).expect("JSON") + "\n";
    if Environment::system().get(UPDATE).is_some() {
        std::fs::write(GOLDEN, text).expect("the golden file");
        return;
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let differs = text.lines().zip(golden.lines()).position(|(now, agreed)| now != agreed);
    let line = differs.unwrap_or_else(|| text.lines().count().min(golden.lines().count()));
    assert!(
        text == golden,
        "the API's document differs from tests/contract/openapi.json, first in line {}:\n  agreed: {}\n  now:    {}\n\
         Callers rely on it. If the change is meant, say so in CHANGELOG.md and run:\n  \
         {UPDATE}=1 cargo test -p risk-gateway --test contract",
        line + 1,
        golden.lines().nth(line).unwrap_or("(nothing)"),
        text.lines().nth(line).unwrap_or("(nothing)"),
    );
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let document = Document::new(served().await);
    let dangling = document.dangling();
    assert_eq!(dangling, Vec::<String>::new());
}

#[tokio::test]
async fn every_endpoint_below_v1_needs_a_key_and_says_how_it_refuses_one() {
    let document = served().await;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let keyed = operation["security"].as_array().is_some_and(|schemes| !schemes.is_empty());
            assert_eq!(keyed, path.starts_with("/v1/"), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path} has a summary");
            let refusals = operation["responses"].as_object().expect("responses");
            let signed = path.starts_with("/hooks/");
            for (status, expected) in [("401", keyed || signed), ("403", keyed)] {
                assert_eq!(refusals.contains_key(status), expected, "{method} {path}: {status}");
            }
            for (status, response) in refusals.iter().filter(|(status, _)| status.as_str() >= "400") {
                let described = &response["content"]["application/problem+json"]["schema"];
                assert!(described.is_object(), "{method} {path}: {status}");
            }
        }
    }
}
