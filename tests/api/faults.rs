//! The first vendor in each fault: the second answers in time, and the attempts tell the story.

use std::time::Duration;

use risk_provider_sandbox::{CreditGuise, Depth, Fault, FaultKind, ImpossibleForm, Vendor};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    gateway::Gateway,
    http::attempts,
    subjects::{by, harmless, person},
    vendors::Setup,
};

/// Long enough for the second vendor on a busy machine.
const DEADLINE: Duration = Duration::from_secs(10);
const SLACK: Duration = Duration::from_secs(3);
/// The first vendor hangs this long.
const TIMEOUT: &str = "timeout = \"1s\"";
/// Gateways at once.
const AT_ONCE: usize = 4;
/// A port at which nobody listens.
const NOBODY: &str = "http://127.0.0.1:1";

/// One fault of the first vendor's paid call: what its attempt says, and what the vendor would have charged.
struct Row {
    fault: FaultKind,
    outcome: &'static str,
    billed: &'static str,
    charged: bool,
}

const fn row(fault: FaultKind, outcome: &'static str, billed: &'static str, charged: bool) -> Row {
    Row { fault, outcome, billed, charged }
}

/// Every fault in which there is no answer to be had.
const FAULTS: &[Row] = &[
    row(FaultKind::Hang, "unknown_outcome", "unknown", false),
    row(FaultKind::HangAfterBilling, "unknown_outcome", "unknown", true),
    row(FaultKind::Unauthorized, "bad_credentials", "no", false),
    row(FaultKind::OutOfCredit { guise: CreditGuise::PaymentRequired }, "out_of_credit", "no", false),
    row(FaultKind::OutOfCredit { guise: CreditGuise::BadRequest }, "out_of_credit", "no", false),
    row(FaultKind::OutOfCredit { guise: CreditGuise::Forbidden }, "out_of_credit", "no", false),
    row(FaultKind::RateLimited { retry_after_s: None, http_date: false }, "rate_limited", "no", false),
    row(FaultKind::RateLimited { retry_after_s: Some(9), http_date: false }, "rate_limited", "no", false),
    row(FaultKind::RateLimited { retry_after_s: Some(9), http_date: true }, "rate_limited", "no", false),
    row(FaultKind::ServerError, "vendor_error", "unknown", false),
    row(FaultKind::Unavailable, "vendor_error", "unknown", false),
    row(FaultKind::BadGatewayHtml, "vendor_error", "unknown", false),
    // What answers 200 counts as billed, and a page from in front of the vendor cannot be told apart.
    row(FaultKind::Html, "malformed", "yes", false),
    row(FaultKind::Empty, "malformed", "yes", true),
    row(FaultKind::CutJson, "malformed", "yes", true),
    row(FaultKind::WrongShape, "malformed", "yes", true),
    row(FaultKind::HugeBody, "malformed", "yes", true),
    row(FaultKind::ImpossibleScore { form: ImpossibleForm::Above }, "malformed", "yes", true),
    row(FaultKind::ImpossibleScore { form: ImpossibleForm::Negative }, "malformed", "yes", true),
    row(FaultKind::ImpossibleScore { form: ImpossibleForm::Text }, "malformed", "yes", true),
    row(FaultKind::ImpossibleScore { form: ImpossibleForm::Null }, "malformed", "yes", true),
    row(FaultKind::Reset, "unknown_outcome", "unknown", false),
    row(FaultKind::ResetAfterBilling, "unknown_outcome", "unknown", true),
    row(FaultKind::CutBody, "unknown_outcome", "unknown", true),
    row(FaultKind::SlowDrip { interval_ms: 100 }, "unknown_outcome", "unknown", true),
    row(FaultKind::NotFound, "misconfigured", "no", false),
    row(FaultKind::MethodNotAllowed, "misconfigured", "no", false),
    row(FaultKind::Redirect, "misconfigured", "no", false),
];

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

async fn the_second_answers(first: Vendor, row: &Row) {
    let (route, [(name, operation), (second, second_operation)]) = order(first);
    let gateway = impatient(first).await;
    gateway.of(first).inject(paid(first, row.fault));
    let began = Instant::now();
    let assessment = gateway.ask(&by(route, &person("cust-1"))).await.good();
    let taken = began.elapsed();
    let what = format!("{name} first, {:?}: {assessment}", row.fault);
    assert!(taken < DEADLINE + SLACK, "{taken:?}: {what}");
    let (outcome, billed) = (row.outcome, row.billed);
    let expected = [
        format!("{name} {operation}: {outcome}, sent, billed {billed}"),
        format!("{second} {second_operation}: answered, sent, billed yes"),
    ];
    assert_eq!(paid_attempts(&assessment), expected, "{what}");
    assert_eq!(gateway.of(first).billed(), usize::from(row.charged), "{what}");
    assert_eq!(gateway.billed(), 1 + usize::from(row.charged), "{what}");
    let answered = &assessment["providers"];
    assert_eq!(answered.as_array().map(Vec::len), Some(1), "{what}");
    assert_eq!(
        (&answered[0]["provider"], &answered[0]["role"], &answered[0]["served"]),
        (&json!(second), &json!("fallback"), &json!("called")),
        "{what}"
    );
    assert_eq!((&assessment["decided_by"], &assessment["status"]), (&json!(second), &json!("completed")));
    let level = assessment["level"].as_str().expect("a level");
    assert!(!matches!(level, "low" | "very_low"), "{what}");
    for attempt in assessment["attempts"].as_array().expect("attempts") {
        assert_eq!(attempt["price"].is_null(), attempt["billed"] == "no", "{what}");
    }
}

async fn in_every_fault(first: Vendor) {
    let last =
        const { &row(FaultKind::SuccessFalse { depth: Depth::Outer }, "vendor_error", "unknown", false) };
    let mut rows = JoinSet::new();
    for row in FAULTS.iter().chain([last]) {
        if rows.len() == AT_ONCE {
            rows.join_next().await.expect("a row").expect("a good row");
        }
        rows.spawn(the_second_answers(first, row));
    }
    while let Some(row) = rows.join_next().await {
        row.expect("a good row");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_idenfy_in_each_fault_youverify_answers_and_the_attempts_tell_outcome_and_billing() {
    in_every_fault(Vendor::Idenfy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_youverify_in_each_fault_idenfy_answers_and_the_attempts_tell_outcome_and_billing() {
    in_every_fault(Vendor::Youverify).await;
}

#[tokio::test]
async fn success_false_in_youverifys_inner_envelope_is_an_error_too() {
    let fault = FaultKind::SuccessFalse { depth: Depth::Inner };
    the_second_answers(Vendor::Youverify, &row(fault, "vendor_error", "unknown", false)).await;
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
