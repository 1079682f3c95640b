//! A vendor that answers later: the caller is told so at once, and finds the answer under the same id.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, until},
    http::{Answer, answer, attempts},
    subjects::{by, person, with},
    vendors::Setup,
};

/// How long a minute of the gateway's time takes.
const MINUTE: Duration = Duration::from_millis(1_500);

const DEEP: &str = r#"
[providers.deep]
kind = "youverify-risk-intelligence"
base_url = "${YOUVERIFY_URL}"
token = "${YOUVERIFY_TOKEN}"
price = { amount = 1.20, currency = "EUR" }
poll = { first = "10s", max = "1m", factor = 2.0, give_up_after = "1h" }
breaker = { enabled = false }
webhook_secret = "hook-secret"
[routes.deep]
providers = ["deep"]
[routes.other]
providers = ["deep"]
[routes.floored]
providers = ["deep"]
[routes.floored.policy]
floors = [{ when = 'country == NG', level = "very_high", reason = "watched country" }]
"#;

async fn gateway() -> Gateway {
    Gateway::with(Setup::default().routes(DEEP)).await
}

fn question() -> Value {
    let mut subject = person("cust-1");
    subject["consent"] = json!(true);
    by("deep", &subject)
}

fn pending(told: &Answer) -> Value {
    assert_eq!(told.status, 202, "{}", told.text);
    let assessment = told.json();
    let location = format!("/v1/assessments/{}", assessment["id"].as_str().expect("an id"));
    assert_eq!(told.header("location"), location);
    let nothing = ["score", "level"].map(|field| assessment[field].clone());
    assert_eq!((&assessment["status"], nothing), (&json!("pending"), [Value::Null, Value::Null]));
    assessment
}

async fn latest(gateway: &Gateway, first: &Value) -> Value {
    gateway.get(&format!("/v1/assessments/{}", first["id"].as_str().expect("an id"))).await.good()
}

/// A minute goes by again and again, each time long enough for a look, until the next revision is there.
async fn until_revised(gateway: &Gateway, first: &Value) -> Value {
    let since = Mutex::new(Instant::now() - MINUTE);
    let is_revised = async || {
        {
            let mut since = since.lock().unwrap_or_else(PoisonError::into_inner);
            if since.elapsed() >= MINUTE {
                gateway.advance(61);
                *since = Instant::now();
            }
        }
        latest(gateway, first).await["revision"] == 2
    };
    until("the next revision", is_revised).await;
    latest(gateway, first).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pending_completes_as_the_next_revision_under_the_same_id() {
    let gateway = gateway().await;
    let first = pending(&gateway.ask(&question()).await);
    assert_eq!(attempts(&first), ["deep initialise: answered, sent, billed yes"]);
    assert_eq!(latest(&gateway, &first).await, first);
    let second = until_revised(&gateway, &first).await;
    assert!(matches!(second["status"].as_str(), Some("completed" | "partial")), "{second}");
    assert!(!second["factors"].as_array().expect("factors").is_empty());
    assert_eq!((&second["id"], &second["subject"]), (&first["id"], &first["subject"]));
    let told = attempts(&second);
    assert_eq!(told.first().map(String::as_str), Some("deep initialise: answered, sent, billed yes"));
    assert_eq!(told.last().map(String::as_str), Some("deep entity: answered, sent, billed no"));
    let again = gateway.ask(&question()).await;
    assert_eq!(
        (again.status, &again.json()["id"], &again.json()["revision"]),
        (200, &first["id"], &json!(2))
    );
    assert_eq!(gateway.youverify.billed(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_routes_policy_judges_what_comes_later() {
    let gateway = gateway().await;
    let mut question = question();
    question["route"] = json!("floored");
    let first = pending(&gateway.ask(&question).await);
    assert_eq!(first["policy"]["floors_applied"], json!([]));
    let second = until_revised(&gateway, &first).await;
    assert_eq!(
        (&second["level"], &second["policy"]["version"]),
        (&json!("very_high"), &first["policy"]["version"])
    );
    assert_eq!(second["policy"]["floors_applied"][0]["reason"], "watched country");
}

#[tokio::test]
async fn whoever_asks_meanwhile_waits_for_the_same_answer_and_nobody_pays_again() {
    let gateway = gateway().await;
    let first = pending(&gateway.ask(&question()).await);
    for again in [question(), with(question(), json!({"max_age_s": 0}))] {
        let again = pending(&gateway.ask(&again).await);
        assert_eq!(again["id"], first["id"]);
    }
    let mut other = question();
    other["route"] = json!("other");
    let other = pending(&gateway.ask(&other).await);
    assert_ne!(other["id"], first["id"], "an assessment for each route");
    assert_eq!(gateway.youverify.billed(), 1);
    for assessment in [&first, &other] {
        until_revised(&gateway, assessment).await;
    }
    assert_eq!(gateway.youverify.billed(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_never_answers_leaves_a_partial_answer_that_wants_a_review() {
    let gateway = gateway().await;
    gateway.youverify.inject(Fault::new(FaultKind::Unavailable).on("entity"));
    let first = pending(&gateway.ask(&question()).await);
    gateway.advance(3_600);
    let second = until_revised(&gateway, &first).await;
    assert_eq!(
        (&second["status"], &second["level"], &second["score"]),
        (&json!("partial"), &Value::Null, &Value::Null)
    );
    assert_eq!(second["policy"]["reasons"], json!(["vendor_never_answered"]));
    assert_eq!(second["policy"]["review_required"], json!(true));
}

#[tokio::test]
async fn consent_is_asked_for_before_anything_is_paid() {
    let gateway = gateway().await;
    let problem = gateway.ask(&by("deep", &person("cust-1"))).await.problem(422, "missing_input");
    assert_eq!(problem["field"], "subject.consent");
    assert!(gateway.youverify.calls().is_empty());
}

async fn called_back(gateway: &Gateway, reference: &Value, secret: &str) -> u64 {
    let url = gateway.url("/hooks/deep");
    let order = json!({"url": url, "reference": reference, "secret": secret});
    let sent =
        gateway.client.post(format!("{}/_sandbox/webhooks", gateway.youverify.base_url())).json(&order);
    answer(sent).await.good()["answered"].as_u64().expect("a status")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_genuine_callback_only_brings_the_next_look_forward() {
    let gateway = gateway().await;
    let first = pending(&gateway.ask(&question()).await);
    let reference = &first["providers"][0]["vendor_reference"];
    assert_eq!(called_back(&gateway, reference, "another-secret").await, 401);
    assert_eq!(gateway.youverify.calls().len(), 1, "nothing is looked for");
    // The first look would be due in ten seconds; the report ripens with it.
    for looks in 1..3 {
        assert_eq!(called_back(&gateway, reference, "hook-secret").await, 202);
        until("a look", async || gateway.youverify.calls().len() > looks).await;
        let put_off = async || {
            let metrics = gateway.get("/metrics").await.text;
            metrics.contains(&format!("kind=\"poll\",outcome=\"pending\"}} {looks}"))
                || latest(&gateway, &first).await["revision"] == 2
        };
        until("its end", put_off).await;
    }
    until("the next revision", async || latest(&gateway, &first).await["revision"] == 2).await;
}

#[tokio::test]
async fn a_callback_for_nobody_or_of_no_form_is_refused() {
    let gateway = gateway().await;
    for provider in ["nobody", "youverify"] {
        let sent = gateway.client.post(gateway.url(&format!("/hooks/{provider}"))).body("{}");
        answer(sent).await.problem(404, "not_found");
    }
    answer(gateway.client.post(gateway.url("/hooks/deep")).body("{}")).await.problem(401, "bad_signature");
    assert!(gateway.youverify.calls().is_empty());
}
