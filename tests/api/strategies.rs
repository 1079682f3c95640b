//! Ways to choose: hedged failover, splits, shadows; and what becomes of a question that nobody answers.

use std::time::Duration;

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    gateway::{Gateway, until},
    http::attempts,
    subjects::{by, person},
    vendors::Setup,
};

const BOTH: &str = "providers = [\"idenfy\", \"youverify\"]";

async fn routed(name: &str, lines: &str) -> Gateway {
    Gateway::with(Setup::default().routes(&format!("[routes.{name}]\n{lines}\n"))).await
}

/// How often each shadow outcome was counted for the provider.
async fn shadows(gateway: &Gateway, provider: &str, outcome: &str) -> bool {
    let metrics = gateway.get("/metrics").await.text;
    let named = |line: &&str| {
        line.starts_with("risk_gateway_shadows_total")
            && line.contains(&format!("provider=\"{provider}\""))
            && line.contains(&format!("outcome=\"{outcome}\""))
    };
    metrics.lines().any(|line| named(&line))
}

#[tokio::test]
async fn a_slow_first_vendor_is_hedged_and_its_late_answer_kept() {
    let gateway = routed("hedged", &format!("{BOTH}\nhedge_after = \"300ms\"")).await;
    // So that the questionnaire is read before the race.
    gateway.ask(&by("idenfy", &person("cust-0"))).await.good();
    gateway.idenfy.inject(Fault::new(FaultKind::Latency { ms: 1500 }).on("check"));
    let began = Instant::now();
    let answer = gateway.ask(&by("hedged", &person("cust-1"))).await.good();
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    assert_eq!(
        (&answer["decided_by"], &answer["providers"][0]["role"]),
        (&json!("youverify"), &json!("fallback"))
    );
    let told = attempts(&answer);
    assert!(told.contains(&"idenfy check: unknown_outcome, sent, billed unknown".to_owned()), "{told:?}");
    until("the slow answer to be kept", async || {
        gateway.ask(&by("idenfy", &person("cust-1"))).await.header("cache-status") == "risk-gateway; hit"
    })
    .await;
    assert_eq!((gateway.idenfy.billed(), gateway.youverify.billed()), (2, 1), "each was asked once");
    let made = gateway.get("/v1/assessments?route=hedged").await.good();
    assert_eq!(
        made["assessments"].as_array().map(Vec::len),
        Some(1),
        "what came late answered nobody: {made}"
    );
    let state = gateway.provider("idenfy").await;
    assert_eq!(state["health"], "up", "who answered late in a race is not ill: {state}");
}

#[tokio::test]
async fn a_quick_first_vendor_is_not_hedged() {
    let gateway = routed("hedged", &format!("{BOTH}\nhedge_after = \"5s\"")).await;
    let answer = gateway.ask(&by("hedged", &person("cust-1"))).await.good();
    assert_eq!((&answer["decided_by"], gateway.billed()), (&json!("idenfy"), 1));
}

#[tokio::test]
async fn a_hedge_is_only_one_and_a_failure_still_moves_on() {
    let gateway = routed("hedged", &format!("{BOTH}\nhedge_after = \"50ms\"")).await;
    gateway.idenfy.inject(Fault::new(FaultKind::Latency { ms: 400 }).on("check"));
    gateway.youverify.inject(FaultKind::ServerError);
    let answer = gateway.ask(&by("hedged", &person("cust-1"))).await.good();
    assert_eq!(answer["decided_by"], "idenfy", "the hedge failed, and the first one answers late: {answer}");
    assert_eq!(answer["providers"][0]["role"], "primary");
}

#[tokio::test]
async fn a_split_is_sticky_and_tells_the_arm_apart_from_who_served() {
    let gateway = routed("ab", &format!("strategy = \"split\"\n{BOTH}\nweights = [50, 50]")).await;
    let mut arms = Vec::new();
    for number in 0..12 {
        let answer = gateway.ask(&by("ab", &person(&format!("cust-{number}")))).await.good();
        assert_eq!(answer["assigned_to"], answer["decided_by"], "{answer}");
        assert_eq!(
            (&answer["strategy"], &answer["providers"][0]["role"]),
            (&json!("split"), &json!("primary"))
        );
        arms.push(answer["assigned_to"].clone());
    }
    assert!(arms.contains(&json!("idenfy")) && arms.contains(&json!("youverify")), "{arms:?}");
    gateway.idenfy.inject(FaultKind::Unavailable);
    gateway.youverify.inject(FaultKind::Unavailable);
    let fresh = |number: usize| {
        let mut question = by("ab", &person(&format!("cust-{number}")));
        question["options"] = json!({"max_age_s": 0});
        question
    };
    let (arm, other) = if arms[0] == "idenfy" {
        gateway.youverify.clear_faults();
        ("idenfy", "youverify")
    } else {
        gateway.idenfy.clear_faults();
        ("youverify", "idenfy")
    };
    let answer = gateway.ask(&fresh(0)).await.good();
    assert_eq!((&answer["assigned_to"], &answer["decided_by"]), (&json!(arm), &json!(other)), "{answer}");
    assert_eq!(answer["providers"][0]["role"], "fallback");
}

#[tokio::test]
async fn a_shadow_is_asked_recorded_and_never_told() {
    let gateway = routed(
        "shadowed",
        "providers = [\"idenfy\"]\nshadow = { providers = [\"youverify\"], sample = 1.0 }",
    )
    .await;
    let answer = gateway.ask(&by("shadowed", &person("cust-1"))).await.good();
    until("the shadow to have answered", async || shadows(&gateway, "youverify", "answered").await).await;
    assert_eq!(gateway.youverify.billed(), 1);
    assert!(!answer.to_string().contains("youverify"), "{answer}");
    let read =
        gateway.get(&format!("/v1/assessments/{}", answer["id"].as_str().expect("an id"))).await.good();
    assert!(!read.to_string().contains("youverify"), "{read}");
    let listed = gateway.get("/v1/assessments").await.good();
    assert_eq!(
        listed["assessments"].as_array().map(Vec::len),
        Some(1),
        "a shadow is no assessment: {listed}"
    );
    // Given again, the answer has its shadow already; and what the shadow said is paid for.
    gateway.ask(&by("shadowed", &person("cust-1"))).await.good();
    let hit = gateway.ask(&by("youverify", &person("cust-1"))).await;
    assert_eq!(hit.header("cache-status"), "risk-gateway; hit");
    assert_eq!(gateway.youverify.billed(), 1);
}

#[tokio::test]
async fn a_hung_shadow_changes_nothing_and_only_so_many_are_under_way() {
    let gateway = routed(
        "shadowed",
        "providers = [\"idenfy\"]\nshadow = { providers = [\"youverify\"], sample = 1.0, concurrency = 1 }",
    )
    .await;
    gateway.youverify.inject(FaultKind::Hang);
    for number in 0..3 {
        let began = Instant::now();
        gateway.ask(&by("shadowed", &person(&format!("cust-{number}")))).await.good();
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    }
    until("the others to be left out", async || shadows(&gateway, "youverify", "no_place").await).await;
    assert_eq!(gateway.youverify.calls().len(), 1);
}

/// Asked to find how long an answer takes.
const QUESTIONS: usize = 12;

/// Half of a round's questions took no longer than this.
async fn median_of_asking(gateway: &Gateway, route: &str, round: usize) -> Duration {
    let mut taken = Vec::new();
    for number in (0..QUESTIONS).map(|number| round * QUESTIONS + number) {
        let began = Instant::now();
        gateway.ask(&by(route, &person(&format!("{route}-{number}")))).await.good();
        taken.push(began.elapsed());
    }
    taken.sort_unstable();
    taken[QUESTIONS / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_wait_no_longer_while_every_shadow_hangs() {
    let shadow = "shadow = { providers = [\"youverify\"], sample = 1.0, concurrency = 1000 }";
    let routes = format!(
        "[routes.alone]\nproviders = [\"idenfy\"]\n[routes.shadowed]\nproviders = [\"idenfy\"]\n{shadow}\n"
    );
    let lines = "timeout = \"60s\"\nlimit = { concurrency = 1000 }\nbreaker = { enabled = false }";
    let setup = Setup::default().idenfy("timeout = \"20s\"").youverify(lines).deadline("60s");
    let gateway = Gateway::with(setup.routes(&routes)).await;
    // As long as the answers of a real vendor take, and the same for both.
    gateway.idenfy.inject(Fault::new(FaultKind::Latency { ms: 40 }).on("check"));
    gateway.youverify.inject(FaultKind::Hang);
    let (mut alone, mut shadowed) = (Vec::new(), Vec::new());
    for round in 0..5 {
        // In turns, so that whatever else the machine does falls on both.
        alone.push(median_of_asking(&gateway, "alone", round).await);
        shadowed.push(median_of_asking(&gateway, "shadowed", round).await);
    }
    until("shadows to hang", async || gateway.youverify.calls().len() >= 50).await;
    let (alone, shadowed) = (least(&alone), least(&shadowed));
    assert!(shadowed < alone * 2, "{shadowed:?} with a shadow that hangs, {alone:?} without");
}

fn least(medians: &[Duration]) -> Duration {
    *medians.iter().min().expect("one at least")
}

#[tokio::test]
async fn a_caller_that_leaves_takes_neither_the_answer_nor_its_shadow_along() {
    let gateway = routed(
        "shadowed",
        "providers = [\"idenfy\"]\nshadow = { providers = [\"youverify\"], sample = 1.0 }",
    )
    .await;
    gateway.idenfy.inject(Fault::new(FaultKind::Latency { ms: 500 }).on("check").times(1));
    let question = by("shadowed", &person("cust-1"));
    let mut asking = Box::pin(gateway.question(&gateway.key, &question).send());
    let asked = async || gateway.idenfy.calls().iter().any(|call| call.operation == "check");
    tokio::select! {
        answer = &mut asking => panic!("answered before the caller could leave: {answer:?}"),
        () = until("the vendor to be asked", asked) => {}
    }
    drop(asking);
    until("the shadow to have answered", async || shadows(&gateway, "youverify", "answered").await).await;
    let hit = gateway.ask(&question).await;
    assert_eq!(hit.header("cache-status"), "risk-gateway; hit");
    assert_eq!((gateway.idenfy.billed(), gateway.youverify.billed()), (1, 1), "nobody was paid again");
}

#[tokio::test]
async fn who_may_have_been_paid_as_a_failed_arm_is_not_asked_again_as_a_shadow() {
    let lines = "shadow = { providers = [\"idenfy\"], sample = 1.0 }";
    for fault in [FaultKind::ResetAfterBilling, FaultKind::CutJson] {
        let gateway = routed("both", &format!("{BOTH}\n{lines}")).await;
        gateway.idenfy.inject(Fault::new(fault).on("check").times(1));
        let answer = gateway.ask(&by("both", &person("cust-1"))).await.good();
        assert_eq!(answer["decided_by"], "youverify", "{answer}");
        until("it to be left out", async || shadows(&gateway, "idenfy", "asked_already").await).await;
        assert_eq!(gateway.idenfy.billed(), 1);
    }
}

#[tokio::test]
async fn another_server_draws_the_same_arm_and_another_experiment_another() {
    let lines = |experiment: &str| {
        let split = "strategy = \"split\"\nweights = [50, 50]";
        Setup::default().routes(&format!("[routes.ab]\n{BOTH}\n{split}\nexperiment = \"{experiment}\"\n"))
    };
    let first = Gateway::with(lines("2026-q3")).await;
    let (twin, later) = (first.twin().await, first.twin_with(lines("2026-q4")).await);
    let (mut drawn, mut drawn_later) = (Vec::new(), Vec::new());
    for number in 0..16 {
        let question = by("ab", &person(&format!("cust-{number}")));
        let arm = first.ask(&question).await.good()["assigned_to"].clone();
        assert_eq!(twin.ask(&question).await.good()["assigned_to"], arm);
        drawn.push(arm);
        drawn_later.push(later.ask(&question).await.good()["assigned_to"].clone());
    }
    assert_ne!(drawn, drawn_later);
}

#[tokio::test]
async fn a_shadow_whose_breaker_is_open_is_not_asked() {
    let gateway = routed(
        "shadowed",
        "providers = [\"idenfy\"]\nshadow = { providers = [\"youverify\"], sample = 1.0 }",
    )
    .await;
    gateway.youverify.inject(FaultKind::Unauthorized);
    gateway.ask(&by("youverify", &person("cust-0"))).await.problem(502, "bad_credentials");
    gateway.ask(&by("shadowed", &person("cust-1"))).await.good();
    until("it to be left out", async || shadows(&gateway, "youverify", "breaker_open").await).await;
    let compared = async || gateway.get("/v1/comparisons?left=idenfy&right=youverify").await.good();
    let excluded = async || compared().await["funnel"]["excluded"].clone();
    until("a comparison to know", async || excluded().await == json!({"not_asked": 1})).await;
}

#[tokio::test]
async fn nobody_answers_and_an_answer_that_is_no_longer_fresh_is_given_and_marked() {
    let lines = "cache = { ttl = \"1h\", stale_if_error = \"2h\" }";
    let setup = Setup::default().youverify(lines);
    let setup = setup.routes("[routes.kind]\nproviders = [\"youverify\"]\non_unavailable = \"stale\"\n");
    let gateway = Gateway::with(setup).await;
    let first = gateway.ask(&by("kind", &person("cust-1"))).await.good();
    gateway.advance(3700);
    gateway.youverify.inject(FaultKind::Unavailable);
    let stale = gateway.ask(&by("kind", &person("cust-1"))).await;
    assert_eq!(stale.header("cache-status"), "risk-gateway; hit; detail=stale-if-error");
    let stale = stale.good();
    assert_eq!((&stale["providers"][0]["served"], &stale["level"]), (&json!("stale"), &first["level"]));
    assert!(stale["providers"][0]["age_s"].as_u64() >= Some(3700), "{stale}");
    assert_ne!(stale["id"], first["id"], "it is another answer, with the failure in it");
    let again = gateway.ask(&by("kind", &person("cust-1"))).await.good();
    assert_eq!((&again["id"], &again["providers"][0]["served"]), (&stale["id"], &json!("stale")));
    let mut strict = by("kind", &person("cust-1"));
    strict["options"] = json!({"max_age_s": 60});
    gateway.ask(&strict).await.problem(502, "vendor_error");
    gateway.advance(3400);
    gateway.ask(&by("kind", &person("cust-1"))).await.good();
    gateway.advance(200);
    gateway.ask(&by("kind", &person("cust-1"))).await.problem(502, "vendor_error");
}

#[tokio::test]
async fn a_clear_that_is_too_old_is_never_given_again() {
    let lines = "cache = { ttl = \"1h\", stale_if_error = \"48h\", clear_max_age = \"2h\" }";
    let setup = Setup::default().idenfy(lines);
    let setup = setup.routes("[routes.kind]\nproviders = [\"idenfy\"]\non_unavailable = \"stale\"\n");
    let gateway = Gateway::with(setup).await;
    let mut clear = person("cust-1");
    clear["politically_exposed"] = json!(false);
    gateway.ask(&by("kind", &clear)).await.good();
    gateway.idenfy.inject(FaultKind::Unavailable);
    gateway.advance(5000);
    gateway.ask(&by("kind", &clear)).await.good();
    gateway.advance(5000);
    gateway.ask(&by("kind", &clear)).await.problem(502, "vendor_error");
}

#[tokio::test]
async fn a_held_question_is_answered_under_the_same_id_once_somebody_can() {
    let gateway =
        routed("held", "providers = [\"youverify\"]\non_unavailable = \"hold\"\nhold_for = \"1h\"").await;
    gateway.youverify.inject(FaultKind::Unavailable);
    let held = gateway.ask(&by("held", &person("cust-1"))).await;
    assert_eq!(held.status, 202, "{}", held.text);
    let location = held.header("location").to_owned();
    let held = held.json();
    let told = ["status", "level", "score", "decided_by"].map(|key| held[key].clone());
    assert_eq!(told, [json!("unavailable"), Value::Null, Value::Null, Value::Null]);
    assert_eq!(held["policy"]["review_required"], true);
    assert_eq!(held["policy"]["reasons"], json!(["held", "vendor_error"]));
    gateway.youverify.clear_faults();
    gateway.advance(10);
    until("the answer", async || gateway.get(&location).await.good()["revision"] == 2).await;
    let answer = gateway.get(&location).await.good();
    let told = (&answer["id"], &answer["status"], &answer["decided_by"]);
    assert_eq!(told, (&held["id"], &json!("completed"), &json!("youverify")));
    assert_eq!(gateway.youverify.billed(), 1);
}

#[tokio::test]
async fn a_held_question_is_given_up_in_time_and_says_so() {
    let gateway =
        routed("held", "providers = [\"youverify\"]\non_unavailable = \"hold\"\nhold_for = \"30s\"").await;
    gateway.youverify.inject(FaultKind::Unavailable);
    let held = gateway.ask(&by("held", &person("cust-1"))).await;
    let location = held.header("location").to_owned();
    gateway.advance(40);
    until("the end", async || gateway.get(&location).await.good()["revision"] == 2).await;
    let answer = gateway.get(&location).await.good();
    assert_eq!(
        (&answer["status"], &answer["policy"]["reasons"]),
        (&json!("unavailable"), &json!(["given_up"]))
    );
}

#[tokio::test]
async fn a_held_question_never_asks_again_who_may_have_been_paid() {
    let setup = Setup::default().youverify("timeout = \"200ms\"");
    let lines = "[routes.held]\nproviders = [\"youverify\"]\non_unavailable = \"hold\"\nhold_for = \"1h\"\n";
    let gateway = Gateway::with(setup.routes(lines)).await;
    gateway.youverify.inject(FaultKind::HangAfterBilling);
    let held = gateway.ask(&by("held", &person("cust-1"))).await;
    assert_eq!(held.status, 202);
    gateway.youverify.clear_faults();
    for _ in 0..3 {
        gateway.advance(400);
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
    assert_eq!(gateway.youverify.calls().len(), 1, "asked once");
    let latest = gateway.get(held.header("location")).await.good();
    assert_eq!((&latest["revision"], &latest["status"]), (&json!(1), &json!("unavailable")));
}

#[tokio::test]
async fn what_the_caller_has_to_mend_is_told_not_held() {
    let gateway = routed("held", "providers = [\"youverify\"]\non_unavailable = \"hold\"").await;
    let mut incomplete = person("cust-1");
    incomplete.as_object_mut().expect("an object").remove("city");
    gateway.ask(&by("held", &incomplete)).await.problem(422, "missing_input");
}

#[tokio::test]
async fn a_lost_answer_is_found_in_the_vendors_history_and_nobody_pays_again() {
    for fault in [FaultKind::ResetAfterBilling, FaultKind::CutBody] {
        let gateway = Gateway::in_vendors_time(Setup::default()).await;
        gateway.idenfy.inject(Fault::new(fault).on("check").times(1));
        let answer = gateway.ask(&by("default", &person("cust-1"))).await.good();
        let told = (&answer["decided_by"], &answer["providers"][0]["served"]);
        assert_eq!(told, (&json!("idenfy"), &json!("adopted")), "{answer}");
        assert_eq!((gateway.idenfy.billed(), gateway.youverify.billed()), (1, 0));
        let hit = gateway.ask(&by("default", &person("cust-1"))).await;
        assert_eq!(hit.header("cache-status"), "risk-gateway; hit");
        assert_eq!(hit.good()["id"], answer["id"]);
    }
}

#[tokio::test]
async fn a_check_that_never_arrived_is_not_taken_from_somebody_of_the_same_name() {
    let gateway = Gateway::in_vendors_time(Setup::default()).await;
    let mut namesake = person("cust-0");
    namesake["country"] = json!("DE");
    gateway.ask(&by("idenfy", &namesake)).await.good();
    gateway.idenfy.inject(Fault::new(FaultKind::Reset).on("check").times(1));
    let answer = gateway.ask(&by("default", &person("cust-1"))).await.good();
    assert_eq!(answer["decided_by"], "youverify", "{answer}");
    assert_eq!(gateway.idenfy.billed(), 1);
}

#[tokio::test]
async fn what_answers_another_question_is_not_taken_for_a_lost_answer() {
    let gateway = Gateway::in_vendors_time(Setup::default()).await;
    let first = gateway.ask(&by("idenfy", &person("cust-1"))).await.good();
    gateway.idenfy.inject(Fault::new(FaultKind::Reset).on("check").times(1));
    let mut again = by("default", &person("cust-1"));
    again["options"] = json!({"max_age_s": 0});
    let answer = gateway.ask(&again).await.good();
    assert_eq!(answer["decided_by"], "youverify", "the same person, but not this check: {answer}");
    assert_ne!(answer["id"], first["id"]);
}

#[tokio::test]
async fn a_lost_answer_is_found_when_the_caller_comes_back_with_the_same_key() {
    let gateway = Gateway::in_vendors_time(Setup::default().idenfy("timeout = \"1s\"")).await;
    gateway.idenfy.inject(Fault::new(FaultKind::ResetAfterBilling).on("check").times(1));
    gateway.idenfy.inject(Fault::new(FaultKind::Unavailable).on("assessments"));
    let body = by("idenfy", &person("cust-1"));
    let keyed = || gateway.question(&gateway.key, &body).header("idempotency-key", "k-1");
    crate::http::answer(keyed()).await.problem(504, "unknown_outcome");
    let replayed = crate::http::answer(keyed()).await;
    assert_eq!((replayed.status, replayed.header("idempotent-replayed")), (504, "true"));
    gateway.idenfy.clear_faults();
    let answer = crate::http::answer(keyed()).await.good();
    let told = (&answer["decided_by"], &answer["providers"][0]["served"]);
    assert_eq!(told, (&json!("idenfy"), &json!("adopted")), "{answer}");
    assert_eq!(gateway.idenfy.billed(), 1);
}
