//! A vendor that answers later, about somebody else: what comes by its reference is held against whom was asked about.

use std::time::Duration;

use risk_provider_sandbox::{Fault, FaultKind, Sandbox};
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, until},
    history::DEEP,
    http::answer,
    subjects::{by, harmless},
    vendors::Setup,
};

const TRIAL: &str =
    "[routes.trial]\nproviders = [\"idenfy\"]\nshadow = { providers = [\"deep\"], sample = 1.0 }\n";

/// A gateway that looks for what it is owed at once.
async fn gateway(more: &str) -> Gateway {
    let poll = "first = \"100ms\", max = \"200ms\"";
    let deep = DEEP.replace("first = \"10s\", max = \"1m\"", poll);
    let deep = deep.replace("[routes.deep]", &format!("{more}\n[routes.deep]"));
    Gateway::with(Setup::default().routes(&format!("{deep}{TRIAL}"))).await
}

fn subject() -> Value {
    let mut subject = harmless("cust-1");
    subject["consent"] = json!(true);
    subject
}

/// The vendor's record of a check of somebody with this last name, whose report names somebody else again.
fn profile(id: &str, last: &str, report: Value) -> String {
    let is_ready = report.is_object();
    let profile = json!({
        "_id": id, "type": "individual",
        "entityInformation": {
            "personalInformation": {"firstName": "John", "lastName": last, "isIdVerified": true},
            "geographicInformation": {"country": "DE", "city": "berlin", "lengthOfStay": 70},
        },
        "latestRiskStatus": if is_ready { "very_low_risk" } else { "pending" },
        "latestReport": report, "riskReportHistory": [], "reportlastUpdatedAt": "2026-06-15T12:00:00.000Z",
    });
    json!({"success": true, "statusCode": 200, "message": "success", "data": profile}).to_string()
}

/// A report without any risk.
fn harmless_report(name: &str) -> Value {
    json!({
        "geographic": {"weight": 0.25, "weightedScore": 0, "countryScore": 0, "cityScore": 0, "lengthOfStayScore": 0,
            "phoneIntelligenceScore": 0},
        "product": {"weight": 0.25, "weightedScore": 0, "industryScore": 0, "occupationScore": 0},
        "personal": {"weight": 0.5, "weightedScore": 0, "name": name, "kycScore": 0, "sanctionScore": 0,
            "sanctionScoreStatus": "Sanction Clear", "pepScore": 0, "pepScoreStatus": "PEP Clear",
            "adverseMediaScore": 0, "citizenshipScore": 0, "accountAgeScore": 0},
        "basicRiskScore": 0, "riskScore": 0, "riskStatus": "Very Low Risk",
    })
}

/// Has the vendor keep this under whatever it is asked for.
fn keeps(vendor: &Sandbox, first: &Value, last: &str, report: &str) {
    let id = first["providers"][0]["vendor_reference"].as_str().expect("a reference");
    vendor.answer_always("entity", 200, profile(id, last, harmless_report(report)));
}

async fn revised(gateway: &Gateway, first: &Value) -> Value {
    let path = format!("/v1/assessments/{}", first["id"].as_str().expect("an id"));
    until("the next revision", async || gateway.get(&path).await.good()["revision"] == 2).await;
    gateway.get(&path).await.good()
}

/// Nothing that could be taken for good news, and a person must look.
fn assert_withheld(told: &Value) {
    assert_eq!((&told["status"], &told["level"]), (&json!("partial"), &Value::Null), "{told}");
    assert_eq!((&told["score"], &told["flags"]), (&Value::Null, &json!(["subject_name_mismatch"])));
    assert_eq!(told["policy"]["review_required"], true);
    assert_eq!(told["policy"]["reasons"], json!(["subject_name_mismatch"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_about_the_subject_completes_it() {
    let gateway = gateway("").await;
    let first = gateway.ask(&by("deep", &subject())).await.json();
    keeps(&gateway.youverify, &first, "Clear", "John Clear");
    let second = revised(&gateway, &first).await;
    assert_eq!((&second["status"], &second["level"]), (&json!("completed"), &json!("very_low")), "{second}");
    assert_eq!(second["flags"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_persons_report_is_flagged_withheld_and_never_given_again() {
    for (last, report) in [("Doe", "John Doe"), ("Clear", "John Doe"), ("Doe", "John Clear")] {
        let gateway = gateway("").await;
        let first = gateway.ask(&by("deep", &subject())).await.json();
        keeps(&gateway.youverify, &first, last, report);
        assert_withheld(&revised(&gateway, &first).await);
        assert_withheld(&gateway.ask(&by("deep", &subject())).await.good());
        // Once nothing is owed any more, it is asked for anew.
        gateway.advance(3_600);
        let again = gateway.ask(&by("deep", &subject())).await;
        assert_eq!((again.status, gateway.youverify.billed()), (202, 2), "{last}, {report}: {}", again.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flag_of_the_pending_answer_is_never_lost() {
    let gateway = gateway("").await;
    let id = "647f096187f89a18587648cc";
    gateway.youverify.answer_next("initialise", 200, profile(id, "Doe", Value::Null));
    let first = gateway.ask(&by("deep", &subject())).await.json();
    assert_eq!((&first["status"], &first["flags"]), (&json!("pending"), &json!(["subject_name_mismatch"])));
    keeps(&gateway.youverify, &first, "Clear", "John Clear");
    assert_withheld(&revised(&gateway, &first).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_match_is_strict_another_persons_report_is_none() {
    let gateway = gateway("strict_subject_match = true").await;
    let first = gateway.ask(&by("deep", &subject())).await.json();
    keeps(&gateway.youverify, &first, "Doe", "John Doe");
    let is_refused =
        async || gateway.get("/metrics").await.text.contains("kind=\"poll\",outcome=\"malformed\"}");
    until("a look that came to nothing", is_refused).await;
    gateway.advance(3_600);
    let second = revised(&gateway, &first).await;
    assert_eq!(
        (&second["status"], &second["level"], &second["score"]),
        (&json!("partial"), &Value::Null, &Value::Null)
    );
    assert_eq!(second["policy"]["reasons"], json!(["vendor_never_answered"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_challenger_says_of_another_person_is_not_kept_as_an_answer() {
    let gateway = gateway("").await;
    let id = "647f096187f89a18587648cc";
    gateway.youverify.answer_next("initialise", 200, profile(id, "Clear", Value::Null));
    gateway.youverify.answer_always("entity", 200, profile(id, "Doe", harmless_report("John Doe")));
    gateway.ask(&by("trial", &subject())).await.good();
    let metrics = async || answer(gateway.client.get(gateway.url("/metrics"))).await.text;
    let flagged = async || {
        metrics()
            .await
            .lines()
            .any(|line| line.contains("provider=\"deep\"") && line.contains("subject_name_mismatch"))
    };
    until("the challenger's answer", flagged).await;
    let told = gateway.ask(&by("deep", &subject())).await;
    assert_eq!(told.status, 202, "{}", told.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_look_is_repeated_by_the_providers_own_schedule() {
    let gateway = gateway("").await;
    let first = gateway.ask(&by("deep", &subject())).await.json();
    let before = gateway.youverify.calls().len();
    gateway.youverify.answer_always("entity", 503, "{}".to_owned());
    until("several looks", async || gateway.youverify.calls().len() > before + 2).await;
    keeps(&gateway.youverify, &first, "Clear", "John Clear");
    assert_eq!(revised(&gateway, &first).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_look_waits_as_long_as_the_vendor_asks() {
    let gateway = gateway("").await;
    let limited = FaultKind::RateLimited { retry_after_s: Some(120), http_date: false };
    gateway.youverify.inject(Fault::new(limited).on("entity"));
    gateway.ask(&by("deep", &subject())).await;
    let looks = || gateway.youverify.calls().len() - 1;
    until("a look", async || looks() == 1).await;
    let is_put_off =
        async || gateway.get("/metrics").await.text.contains("kind=\"poll\",outcome=\"rate_limited\"} 1");
    until("its end", is_put_off).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(looks(), 1);
}
