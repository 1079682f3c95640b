//! Held questions: what becomes of them is what was asked, and nobody is paid twice for it.

use risk_gateway::keys::KeyEnvironment;
use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, until},
    http::{Answer, answer},
    subjects::{by, person, with},
    vendors::Setup,
};

const HELD: &str =
    "[routes.held]\nproviders = [\"youverify\"]\non_unavailable = \"hold\"\nhold_for = \"30s\"\n";

fn held_with(lines: &str) -> Setup {
    Setup::default().youverify("breaker = { enabled = false }").routes(&format!("{HELD}{lines}\n"))
}

async fn until_revised(gateway: &Gateway, path: &str) -> Value {
    until("the next revision", async || gateway.get(path).await.good()["revision"] == 2).await;
    gateway.get(path).await.good()
}

async fn all_of(gateway: &Gateway, reference: &str) -> Vec<Value> {
    let search = gateway.client.post(gateway.url("/v1/assessments/search")).bearer_auth(&gateway.key);
    let found = answer(search.json(&json!({"reference": reference}))).await.good();
    found["assessments"].as_array().expect("a list").clone()
}

fn location(held: &Answer) -> String {
    assert_eq!(held.status, 202, "{}", held.text);
    held.header("location").to_owned()
}

#[tokio::test]
async fn the_answer_is_no_older_than_the_caller_wanted() {
    let gateway = Gateway::with(held_with("")).await;
    gateway.ask(&by("held", &person("cust-1"))).await.good();
    gateway.youverify.inject(FaultKind::Unavailable);
    let path = location(&gateway.ask(&with(by("held", &person("cust-1")), json!({"max_age_s": 0}))).await);
    gateway.youverify.clear_faults();
    gateway.advance(10);
    let answer = until_revised(&gateway, &path).await;
    assert_eq!(answer["providers"][0]["served"], "called", "not what was refused as too old: {answer}");
    assert_eq!(gateway.youverify.billed(), 2);
}

#[tokio::test]
async fn a_screening_that_was_held_in_vain_is_not_the_last_one() {
    let gateway = Gateway::with(held_with("rescreen_every = \"1h\"")).await;
    gateway.ask(&by("held", &person("cust-1"))).await.good();
    gateway.youverify.inject(FaultKind::Unavailable);
    gateway.advance(3_601);
    until("the held one", async || all_of(&gateway, "cust-1").await.len() == 2).await;
    let held = all_of(&gateway, "cust-1").await[0].clone();
    gateway.advance(40);
    let path = format!("/v1/assessments/{}", held["id"].as_str().expect("an id"));
    let given_up = until_revised(&gateway, &path).await;
    assert_eq!(given_up["policy"]["reasons"], json!(["given_up"]));
    gateway.youverify.clear_faults();
    gateway.advance(3_601);
    until("the next one", async || all_of(&gateway, "cust-1").await.len() == 3).await;
    assert_eq!(all_of(&gateway, "cust-1").await[0]["status"], "completed");
}

#[tokio::test]
async fn a_held_recheck_still_replaces_the_old_answer() {
    let gateway = Gateway::with(held_with("")).await;
    let first = gateway.ask(&by("held", &person("cust-1"))).await.good();
    gateway.youverify.inject(FaultKind::Unavailable);
    let mut changed = person("cust-1");
    changed["city"] = json!("abuja");
    let path = format!("/v1/assessments/{}/recheck", first["id"].as_str().expect("an id"));
    let request = gateway.client.post(gateway.url(&path)).bearer_auth(&gateway.key);
    let path = location(&answer(request.json(&json!({"subject": changed}))).await);
    gateway.youverify.clear_faults();
    gateway.advance(10);
    let second = until_revised(&gateway, &path).await;
    assert_eq!((&second["status"], &second["replaces"]), (&json!("completed"), &first["id"]));
}

#[tokio::test]
async fn who_may_have_been_paid_is_not_asked_again_because_another_was_found() {
    let youverify = "timeout = \"200ms\"\nbreaker = { enabled = false }";
    let lines = "[routes.held]\nstrategy = \"consensus\"\nproviders = [\"idenfy\", \"youverify\"]\n\
                 on_unavailable = \"hold\"\n";
    let gateway = Gateway::in_vendors_time(Setup::default().youverify(youverify).routes(lines)).await;
    gateway.idenfy.inject(Fault::new(FaultKind::ResetAfterBilling).on("check").times(1));
    gateway.idenfy.inject(Fault::new(FaultKind::Unavailable).on("assessments"));
    gateway.youverify.inject(FaultKind::HangAfterBilling);
    let path = location(&gateway.ask(&by("held", &person("cust-1"))).await);
    gateway.idenfy.clear_faults();
    gateway.youverify.clear_faults();
    gateway.advance(10);
    let found = until_revised(&gateway, &path).await;
    assert_eq!(
        (&found["decided_by"], &found["providers"][0]["served"]),
        (&json!("idenfy"), &json!("adopted"))
    );
    assert_eq!(found["consensus"]["answered"], 1, "the other may have been paid: {found}");
    assert_eq!((gateway.idenfy.billed(), gateway.youverify.billed()), (1, 1));
}

#[tokio::test]
async fn a_test_keys_question_never_reaches_a_vendor_that_became_real() {
    let playing = "sandbox = true\nbreaker = { enabled = false }";
    let gateway = Gateway::with(Setup::default().youverify(playing).routes(HELD)).await;
    let key = gateway.key_in(KeyEnvironment::Test, "risk", "all").await;
    gateway.youverify.inject(FaultKind::Unavailable);
    let path = location(&gateway.ask_as(&key, &by("held", &person("cust-1"))).await);
    let real = gateway.twin_with(held_with("")).await;
    drop(gateway);
    real.youverify.clear_faults();
    let asked = real.youverify.calls().len();
    real.advance(10);
    let read = async || answer(real.client.get(real.url(&path)).bearer_auth(&key)).await.good();
    until("the end", async || read().await["revision"] == 2).await;
    let ended = read().await;
    assert_eq!(
        (&ended["status"], &ended["policy"]["reasons"]),
        (&json!("unavailable"), &json!(["given_up"]))
    );
    assert_eq!(real.youverify.calls().len(), asked);
}

#[tokio::test]
async fn a_vendor_that_is_paid_for_rubbish_is_paid_once() {
    let gateway = Gateway::with(held_with("")).await;
    gateway.youverify.inject(FaultKind::WrongShape);
    let path = location(&gateway.ask(&by("held", &person("cust-1"))).await);
    gateway.advance(10);
    until("a try", async || {
        gateway.get("/metrics").await.text.contains("risk_gateway_job_items_total{kind=\"hold\"")
    })
    .await;
    gateway.advance(40);
    let given_up = until_revised(&gateway, &path).await;
    assert_eq!(given_up["policy"]["reasons"], json!(["given_up"]));
    assert_eq!(gateway.youverify.billed(), 1);
}
