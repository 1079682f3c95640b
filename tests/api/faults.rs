//! What some faults of the first vendor come to in particular; every fault in every strategy is in `fault_matrix`.

use risk_provider_sandbox::{Fault, FaultKind, Vendor};
use serde_json::{Value, json};

use crate::{
    gateway::Gateway,
    http::attempts,
    subjects::{by, harmless, person},
    vendors::Setup,
};

/// The first vendor hangs this long.
const TIMEOUT: &str = "timeout = \"1s\"";
/// A port at which nobody listens.
const NOBODY: &str = "http://127.0.0.1:1";

/// The two vendors in the order asked, with the names of their paid calls in attempts.
const fn order(first: Vendor) -> (&'static str, [(&'static str, &'static str); 2]) {
    let (idenfy, youverify) = (("idenfy", "check"), ("youverify", "assessment"));
    match first {
        Vendor::Idenfy => ("default", [idenfy, youverify]),
        Vendor::Youverify => ("reverse", [youverify, idenfy]),
    }
}

/// A fault of the vendor's paid call, in the vendor's own words.
fn paid(vendor: Vendor, kind: FaultKind) -> Fault {
    Fault::new(kind).on(if vendor == Vendor::Idenfy { "check" } else { "actor_assessment" })
}

fn paid_attempts(told: &Value) -> Vec<String> {
    let is_paid = |line: &String| line.contains("check:") || line.contains("assessment:");
    attempts(told).into_iter().filter(is_paid).collect()
}

/// A gateway with little patience for the vendor that comes first.
async fn impatient(first: Vendor) -> Gateway {
    let setup = Setup::default().deadline("10s");
    Gateway::with(match first {
        Vendor::Idenfy => setup.idenfy(TIMEOUT),
        Vendor::Youverify => setup.youverify(TIMEOUT),
    })
    .await
}

#[tokio::test]
async fn faults_of_idenfys_questionnaire_read_are_never_billed() {
    for (fault, outcome) in [
        (FaultKind::Hang, "unknown_outcome"),
        (FaultKind::Unauthorized, "bad_credentials"),
        (FaultKind::RateLimited { retry_after_s: Some(9), http_date: false }, "rate_limited"),
        (FaultKind::ServerError, "vendor_error"),
        (FaultKind::CutJson, "malformed"),
        (FaultKind::Reset, "unknown_outcome"),
        (FaultKind::NotFound, "misconfigured"),
    ] {
        let gateway = impatient(Vendor::Idenfy).await;
        gateway.idenfy.inject(Fault::new(fault).on("profile"));
        let assessment = gateway.ask(&by("default", &person("cust-1"))).await.good();
        let told = attempts(&assessment);
        assert_eq!(told[0], format!("idenfy profile: {outcome}, sent, billed no"), "{told:?}");
        assert_eq!(told.last().expect("one"), "youverify assessment: answered, sent, billed yes");
        assert!(!told.iter().any(|line| line.starts_with("idenfy check")), "{told:?}");
        assert_eq!(gateway.idenfy.billed(), 0);
    }
}

#[tokio::test]
async fn a_vendor_that_cannot_be_reached_was_sent_nothing_and_bills_nothing() {
    for (first, variable) in [(Vendor::Idenfy, "IDENFY_URL"), (Vendor::Youverify, "YOUVERIFY_URL")] {
        let (route, [(name, operation), (second, _)]) = order(first);
        let gateway = Gateway::with(Setup::default().variable(variable, NOBODY)).await;
        let assessment = gateway.ask(&by(route, &person("cust-1"))).await.good();
        let told = attempts(&assessment);
        let operation = if first == Vendor::Idenfy { "profile" } else { operation };
        assert_eq!(told[0], format!("{name} {operation}: unreachable, not sent, billed no"), "{told:?}");
        assert_eq!(assessment["decided_by"], second);
    }
}

#[tokio::test]
async fn a_late_answer_within_the_deadline_is_an_answer() {
    for first in [Vendor::Idenfy, Vendor::Youverify] {
        let (route, [(name, _), (second, _)]) = order(first);
        let gateway = Gateway::start().await;
        gateway.of(first).inject(paid(first, FaultKind::Latency { ms: 150 }));
        let assessment = gateway.ask(&by(route, &person("cust-1"))).await.good();
        assert_eq!(
            (&assessment["decided_by"], &assessment["providers"][0]["role"]),
            (&json!(name), &json!("primary"))
        );
        let last = assessment["attempts"].as_array().expect("attempts").last().expect("one").clone();
        assert!(last["duration_ms"].as_u64() >= Some(150), "{last}");
        assert!(!attempts(&assessment).iter().any(|line| line.starts_with(second)));
    }
}

#[tokio::test]
async fn a_level_word_nobody_documented_is_at_least_medium_and_must_be_looked_at() {
    for first in [Vendor::Idenfy, Vendor::Youverify] {
        let (route, [(name, _), _]) = order(first);
        let gateway = Gateway::start().await;
        gateway.of(first).inject(paid(first, FaultKind::UnknownLevel));
        let assessment = gateway.ask(&by(route, &harmless("cust-1"))).await.good();
        assert_eq!((&assessment["decided_by"], &assessment["level"]), (&json!(name), &json!("medium")));
        assert!(assessment["score"]["value"].as_f64().expect("a score") < 40.0, "{assessment}");
        let flags = assessment["flags"].as_array().expect("flags");
        assert!(flags.contains(&json!("unknown_vendor_level")), "{flags:?}");
        assert_eq!(assessment["policy"]["review_required"], true);
    }
}

#[tokio::test]
async fn a_low_answer_about_somebody_else_has_no_level() {
    for first in [Vendor::Idenfy, Vendor::Youverify] {
        let (route, [(name, _), _]) = order(first);
        let gateway = Gateway::start().await;
        gateway.of(first).inject(paid(first, FaultKind::WrongSubject));
        let assessment = gateway.ask(&by(route, &harmless("cust-1"))).await.good();
        assert_eq!(assessment["decided_by"], name);
        assert_eq!((&assessment["status"], &assessment["level"]), (&json!("partial"), &Value::Null));
        assert_eq!(assessment["policy"]["review_required"], true);
        assert!(assessment["flags"].as_array().expect("flags").contains(&json!("subject_name_mismatch")));
    }
}

#[tokio::test]
async fn with_strict_subject_match_an_answer_about_somebody_else_is_malformed() {
    let strict = "strict_subject_match = true";
    for first in [Vendor::Idenfy, Vendor::Youverify] {
        let (route, [(name, operation), (second, _)]) = order(first);
        let gateway = Gateway::with(Setup::default().idenfy(strict).youverify(strict)).await;
        gateway.of(first).inject(paid(first, FaultKind::WrongSubject));
        let assessment = gateway.ask(&by(route, &person("cust-1"))).await.good();
        assert_eq!(assessment["decided_by"], second);
        let told = paid_attempts(&assessment);
        assert_eq!(told[0], format!("{name} {operation}: malformed, sent, billed yes"));
    }
}

#[tokio::test]
async fn a_check_in_which_nothing_is_answered_is_an_answer_without_level() {
    let gateway = Gateway::start().await;
    gateway.idenfy.inject(Fault::new(FaultKind::Unanswered).on("check"));
    let assessment = gateway.ask(&by("default", &harmless("cust-1"))).await.good();
    let told = ["decided_by", "status", "level", "score", "coverage"].map(|key| assessment[key].clone());
    assert_eq!(told, [json!("idenfy"), json!("partial"), Value::Null, Value::Null, json!(0.0)]);
    assert_eq!(assessment["bounds"], json!({"low": 0.0, "high": 100.0}));
    assert_eq!(gateway.youverify.calls().len(), 0, "a partial answer ends the search");
}
