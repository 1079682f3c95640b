//! An answer can be read again, as it was given.

use serde_json::{Value, json};

use crate::{
    gateway::Gateway,
    subjects::{about, ahmed, by, matthew, person, with},
    vendors::Setup,
};

const REPORT: &str = include_str!("../fixtures/youverify-actor-assessment-response.json");
const CHECK: &str = include_str!("../fixtures/idenfy-check-response.json");

fn path(assessment: &Value) -> String {
    format!("/v1/assessments/{}", assessment["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn a_stored_assessment_reads_as_it_was_answered() {
    let gateway = Gateway::start().await;
    for route in ["idenfy", "youverify", "default"] {
        let answered = gateway.ask(&by(route, &person(&format!("cust-{route}")))).await.good();
        let read = gateway.get(&path(&answered)).await.good();
        assert_eq!(read, answered);
        // Also after it was served from the cache.
        gateway.ask(&by(route, &person(&format!("cust-{route}")))).await.good();
        let read = gateway.get(&path(&answered)).await.good();
        assert_eq!(read, answered);
    }
}

#[tokio::test]
async fn the_answer_to_the_documented_request_has_the_documented_form() {
    let gateway = Gateway::start().await;
    gateway.youverify.answer_always("actor_assessment", 200, REPORT.to_owned());
    let mut assessment = gateway.ask(&by("youverify", &ahmed())).await.good();
    let parts = assessment.as_object_mut().expect("an object");
    assert!(parts.remove("factors").is_some() && parts.remove("evidence").is_some());
    insta::assert_json_snapshot!(assessment, {
        ".id" => "asm_…", ".subject.id" => "sub_…", ".created_at" => "now", ".valid_until" => "later",
        ".providers[].assessed_at" => "now", ".attempts[].id" => "att_…", ".attempts[].started_at" => "now",
        ".attempts[].duration_ms" => "time",
    }, @r#"
    {
      "assigned_to": null,
      "attempts": [
        {
          "billed": "yes",
          "duration_ms": "time",
          "id": "att_…",
          "operation": "assessment",
          "outcome": "answered",
          "price": {
            "amount": "0.35",
            "currency": "EUR"
          },
          "provider": "youverify",
          "sent": true,
          "started_at": "now"
        }
      ],
      "bounds": {
        "high": 58.27283333365,
        "low": 58.27283333365
      },
      "coverage": 1.0,
      "created_at": "now",
      "decided_by": "youverify",
      "flags": [
        "subject_name_mismatch",
        "label_conflict"
      ],
      "id": "asm_…",
      "level": "medium",
      "policy": {
        "base_level": "medium",
        "floors_applied": [],
        "override": null,
        "reasons": [
          "subject_name_mismatch"
        ],
        "review_required": true,
        "version": "0ca8ad4133a40ee6"
      },
      "providers": [
        {
          "age_s": 0,
          "assessed_at": "now",
          "level": "medium",
          "mapping_version": "youverify-actor/2",
          "provider": "youverify",
          "role": "primary",
          "score": {
            "raw": "58.27283333365",
            "scale": "youverify:0-100",
            "value": 58.27283333365
          },
          "served": "called",
          "vendor_level": "Potential Medium Risk",
          "vendor_reference": null
        }
      ],
      "raw": null,
      "revision": 1,
      "route": "youverify",
      "score": {
        "raw": "58.27283333365",
        "scale": "youverify:0-100",
        "value": 58.27283333365
      },
      "status": "completed",
      "strategy": "failover",
      "subject": {
        "id": "sub_…",
        "reference": "cust-42",
        "type": "individual"
      },
      "valid_until": "later"
    }
    "#);
}

#[tokio::test]
async fn a_reason_and_a_finding_have_the_documented_form() {
    let gateway = Gateway::start().await;
    gateway.youverify.answer_always("actor_assessment", 200, REPORT.to_owned());
    let assessment = gateway.ask(&by("youverify", &ahmed())).await.good();
    insta::assert_json_snapshot!(assessment["factors"][0], @r#"
    {
      "category": "geography",
      "code": "geography.country",
      "contribution": null,
      "label": "Country",
      "level": "medium",
      "provider": "youverify",
      "score": 56.78,
      "state": "scored",
      "value": "NG",
      "vendor_label": "Potential High Risk",
      "weight": 0.08333333333333333
    }
    "#);
    insta::assert_json_snapshot!(assessment["evidence"][0], @r#"
    {
      "headline": "Placeholder headline 1",
      "kind": "adverse_media",
      "provider": "youverify",
      "published_at": "2023-06-15T08:18:50Z",
      "severity": 80.465,
      "source": "https://news.example/0",
      "tags": [
        "sanction violations",
        "piracy / counterfeiting"
      ]
    }
    "#);
}

#[tokio::test]
async fn raw_shows_the_vendors_payload_with_its_number_literals() {
    let gateway = Gateway::start().await;
    let odd = REPORT.replacen("\"countryScore\": 56.78,", "\"countryScore\": 56.780,", 1);
    assert_ne!(odd, REPORT);
    gateway.youverify.answer_always("actor_assessment", 200, odd);
    let question = with(by("youverify", &ahmed()), json!({"include": ["raw"]}));
    let answered = gateway.ask(&question).await;
    let read = gateway.get(&format!("{}?include=raw", path(&answered.good()))).await;
    for answer in [&answered, &read] {
        let raw = &answer.good()["raw"]["youverify"];
        assert_eq!(raw["removed"], json!([]));
        assert_eq!(raw["payload"]["data"]["data"]["riskStatus"], "Potential Medium Risk");
        for literal in ["50.000000002", "16.666666670000012", "58.5330000006", "56.780"] {
            assert!(answer.text.contains(literal), "{literal} is kept");
        }
    }
    assert_eq!(read.good(), answered.good());
    assert_eq!(gateway.get(&path(&answered.good())).await.good()["raw"], Value::Null);
    let hit = gateway.ask(&question).await;
    assert_eq!(hit.header("cache-status"), "risk-gateway; hit");
    assert_eq!(hit.good()["raw"], answered.good()["raw"]);
}

#[tokio::test]
async fn account_fields_are_taken_out_of_the_payload_and_named() {
    let gateway = Gateway::with(Setup::documented()).await;
    gateway.idenfy.answer_always("check", 200, CHECK.to_owned());
    let answered = gateway.ask(&with(by("idenfy", &matthew()), json!({"include": ["raw"]}))).await;
    let assessment = answered.good();
    let raw = &assessment["raw"]["idenfy"];
    let removed = raw["removed"].as_array().expect("paths");
    assert!(removed.contains(&json!("partner")), "{removed:?}");
    assert_eq!(raw["payload"].get("partner"), None);
    assert!(!answered.text.contains("Name Of Environment TESTING"));
    assert_eq!(raw["payload"]["riskScore"], 100);
}

#[tokio::test]
async fn a_subject_keeps_its_random_id_and_never_shows_its_reference_in_an_id() {
    let gateway = Gateway::start().await;
    let first = gateway.ask(&about(&person("cust-1"))).await.good();
    let second = gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    let other = gateway.ask(&about(&person("cust-2"))).await.good();
    let id = |assessment: &Value| assessment["subject"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(id(&first), id(&second));
    assert_ne!(id(&first), id(&other));
    assert!(id(&first).starts_with("sub_") && !id(&first).contains("cust"));
    assert_eq!(first["subject"]["reference"], "cust-1");
}

#[tokio::test]
async fn an_assessment_that_is_not_there_is_404() {
    let gateway = Gateway::start().await;
    for id in ["asm_0", "x", "%20", "asm_0%2F..", &"a".repeat(5000)] {
        gateway.get(&format!("/v1/assessments/{id}")).await.problem(404, "not_found");
    }
}
