//! A vendor that hangs or is late takes neither the others' time nor anybody's answer along.

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, until},
    subjects::{by, person},
    vendors::Setup,
};

/// As long as a share of the time, which is how both are when nobody configures anything.
const SLOW: &str = "timeout = \"2s\"\nbreaker = { enabled = false }";

async fn routed(lines: &str) -> Gateway {
    let routes =
        format!("[routes.kind]\nproviders = [\"idenfy\", \"youverify\"]\ndeadline = \"3s\"\n{lines}\n");
    Gateway::in_vendors_time(Setup::default().idenfy(SLOW).routes(&routes)).await
}

#[tokio::test]
async fn whoever_hangs_until_its_share_is_over_the_next_answers() {
    for fault in [Fault::new(FaultKind::Hang), Fault::new(FaultKind::Hang).on("check")] {
        let gateway = routed("").await;
        gateway.idenfy.inject(fault);
        let answer = gateway.ask(&by("kind", &person("cust-1"))).await.good();
        assert_eq!(answer["decided_by"], "youverify", "{answer}");
    }
}

#[tokio::test]
async fn a_questionnaire_that_takes_most_of_the_time_leaves_the_next_a_turn() {
    for ms in [700, 900, 1_100, 1_300, 1_500] {
        let gateway = routed("").await;
        gateway.idenfy.inject(Fault::new(FaultKind::Latency { ms }).on("profile"));
        let answer = gateway.ask(&by("kind", &person("cust-1"))).await.good();
        assert!(answer["level"].is_string(), "after {ms} ms: {answer}");
    }
}

#[tokio::test]
async fn a_consensus_holds_whoever_answered() {
    let gateway = routed("strategy = \"consensus\"").await;
    gateway.idenfy.inject(FaultKind::Hang);
    let answer = gateway.ask(&by("kind", &person("cust-1"))).await.good();
    assert_eq!(
        (&answer["consensus"]["answered"], &answer["policy"]["reasons"][0]),
        (&json!(1), &json!("not_all_answered"))
    );
}

#[tokio::test]
async fn with_nobody_else_the_question_is_held_or_an_old_answer_given() {
    let gateway = routed("on_unavailable = \"hold\"").await;
    gateway.idenfy.inject(FaultKind::Hang);
    gateway.youverify.inject(FaultKind::Unavailable);
    let held = gateway.ask(&by("kind", &person("cust-1"))).await;
    assert_eq!(held.status, 202, "{}", held.text);
}

#[tokio::test]
async fn a_check_that_hung_after_it_was_made_is_found_in_the_vendors_history() {
    let gateway = routed("").await;
    gateway.ask(&by("idenfy", &person("cust-0"))).await.good();
    gateway.idenfy.inject(Fault::new(FaultKind::HangAfterBilling).on("check").times(1));
    let answer = gateway.ask(&by("kind", &person("cust-1"))).await.good();
    let told = (&answer["decided_by"], &answer["providers"][0]["served"]);
    assert_eq!(told, (&json!("idenfy"), &json!("adopted")), "{answer}");
    assert_eq!((gateway.idenfy.billed(), gateway.youverify.billed()), (2, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_question_has_one_answer_however_close_the_race() {
    let route = "[routes.kind]\nproviders = [\"idenfy\", \"youverify\"]\nhedge_after = \"20ms\"\n";
    let gateway = Gateway::with(Setup::default().routes(route)).await;
    gateway.ask(&by("idenfy", &person("cust-0"))).await.good();
    gateway.idenfy.inject(Fault::new(FaultKind::Latency { ms: 60 }).on("check"));
    gateway.youverify.inject(Fault::new(FaultKind::Latency { ms: 35 }));
    let mut given = Vec::new();
    for number in 1..=30 {
        given.push(gateway.ask(&by("kind", &person(&format!("cust-{number}")))).await.good()["id"].clone());
    }
    until("both to have answered every time", async || {
        gateway.idenfy.billed() == 31 && gateway.youverify.billed() == 30
    })
    .await;
    let made = gateway.get("/v1/assessments?route=kind&limit=200").await.good();
    let made: Vec<Value> =
        made["assessments"].as_array().expect("a list").iter().map(|it| it["id"].clone()).collect();
    assert_eq!(made.len(), 30, "one for each question");
    assert!(given.iter().all(|id| made.contains(id)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_after_a_question_was_held_makes_no_second_assessment() {
    let route = "[routes.kind]\nproviders = [\"youverify\"]\non_unavailable = \"hold\"\n";
    let gateway = Gateway::with(Setup::default().routes(route)).await;
    gateway.youverify.inject(Fault::new(FaultKind::Latency { ms: 900 }).times(1));
    let mut short = by("kind", &person("cust-1"));
    short["options"] = json!({"deadline_ms": 400});
    let held = gateway.ask(&short).await;
    assert_eq!(held.status, 202, "{}", held.text);
    let hit = async || {
        let asked = gateway.ask(&by("youverify", &person("cust-1"))).await;
        asked.header("cache-status") == "risk-gateway; hit"
    };
    until("the late answer", hit).await;
    let made = gateway.get("/v1/assessments?route=kind").await.good();
    let made: Vec<&Value> =
        made["assessments"].as_array().expect("a list").iter().map(|it| &it["id"]).collect();
    assert_eq!(made, [&held.json()["id"]]);
}
