//! `Idempotency-Key`: what was answered under a key is answered again, and nobody is paid twice for it.

use std::{sync::Arc, time::Duration};

use http::header;
use reqwest::RequestBuilder;
use risk_provider_sandbox::{Depth, Fault, FaultKind};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tokio::{
    task::{JoinHandle, JoinSet},
    time::Instant,
};

use crate::{
    gateway::{Gateway, until},
    http::{Answer, answer, attempts},
    stores::TestStore,
    subjects::{about, by, person, with},
    vendors::Setup,
};

const KEY: &str = "order-4711";
const REPLAYED: &str = "idempotent-replayed";
/// What a busy machine may add to any bound.
const SLACK: Duration = Duration::from_secs(3);

/// A gateway that gives a hung vendor little time and never stops asking one that fails.
async fn impatient() -> Gateway {
    let settings = "timeout = \"1s\"\nbreaker = { enabled = false }";
    Gateway::with(Setup::default().idenfy(settings).youverify(settings)).await
}

/// Asks `body` under the idempotency key `key`.
async fn ask_under(gateway: &Gateway, key: &str, body: &Value) -> Answer {
    answer(gateway.question(&gateway.key, body).header("idempotency-key", key)).await
}

/// The same, and to pay again where the outcome is not known.
async fn retry_under(gateway: &Gateway, key: &str, body: &Value) -> Answer {
    let request = gateway.client.post(gateway.url("/v1/assessments?retry_unknown=true"));
    answer(request.bearer_auth(&gateway.key).json(body).header("idempotency-key", key)).await
}

#[track_caller]
fn is_new(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header(REPLAYED), "", "{answer:?}");
}

#[track_caller]
fn is_replay_of(answer: &Answer, first: &Answer) {
    assert_eq!((answer.status, &answer.text), (first.status, &first.text));
    assert_eq!(answer.header(REPLAYED), "true");
    assert_eq!(answer.header("content-type"), first.header("content-type"));
    assert!(answer.header("x-request-id").starts_with("req_"));
    assert_ne!(answer.header("x-request-id"), first.header("x-request-id"));
}

/// The 504 of a first request under [`KEY`] whose vendor hung.
async fn hung(gateway: &Gateway, question: &Value) -> Answer {
    gateway.youverify.inject(Fault::new(FaultKind::Hang).times(1));
    let told = ask_under(gateway, KEY, question).await;
    let problem = told.problem(504, "unknown_outcome");
    assert_eq!(attempts(&problem), ["youverify assessment: unknown_outcome, sent, billed unknown"]);
    assert_eq!(told.header(REPLAYED), "");
    told
}

/// Asks under [`KEY`] until there is an assessment, which it returns.
async fn come_to_light(gateway: &Gateway, question: &Value) -> Value {
    let good = async || ask_under(gateway, KEY, question).await.status == 200;
    until("the answer comes to light under the key", good).await;
    let replayed = ask_under(gateway, KEY, question).await;
    assert_eq!(replayed.header(REPLAYED), "true");
    replayed.good()
}

#[tokio::test]
async fn the_same_key_and_body_have_the_same_answer_and_no_second_call() {
    for options in [json!({}), json!({"max_age_s": 0}), json!({"include": ["raw"]})] {
        let gateway = Gateway::start().await;
        let question = with(about(&person("cust-1")), options);
        let first = ask_under(&gateway, KEY, &question).await;
        is_new(&first);
        gateway.advance(60);
        for _ in 0..2 {
            is_replay_of(&ask_under(&gateway, KEY, &question).await, &first);
        }
        assert_eq!(gateway.billed(), 1, "{question}");
    }
}

#[tokio::test]
async fn another_key_or_none_asks_again() {
    let gateway = Gateway::start().await;
    let question = with(about(&person("cust-1")), json!({"max_age_s": 0}));
    let first = ask_under(&gateway, KEY, &question).await;
    let second = ask_under(&gateway, "order-4712", &question).await;
    let third = gateway.ask(&question).await;
    for answer in [&first, &second, &third] {
        is_new(answer);
    }
    assert_eq!(gateway.billed(), 3);
    is_replay_of(&ask_under(&gateway, KEY, &question).await, &first);
    is_replay_of(&ask_under(&gateway, "order-4712", &question).await, &second);
}

#[tokio::test]
async fn json_that_says_the_same_is_the_same_body() {
    let gateway = Gateway::start().await;
    let first = ask_under(&gateway, KEY, &by("youverify", &person("cust-1"))).await;
    is_new(&first);
    let mut fields: Vec<_> = person("cust-1").as_object().expect("an object").clone().into_iter().collect();
    fields.reverse();
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name:?} :\t{value}")).collect();
    let body = format!("{{\n  \"subject\": {{ {} }},\n  \"route\": \"youverify\"\n}}\n", fields.join(" , "));
    let request = gateway.client.post(gateway.url("/v1/assessments")).bearer_auth(&gateway.key);
    let request = request.header(header::CONTENT_TYPE, "application/json").body(body);
    is_replay_of(&answer(request.header("idempotency-key", KEY)).await, &first);
}

#[tokio::test]
async fn a_key_that_came_with_another_body_is_refused() {
    let gateway = Gateway::start().await;
    let question = about(&person("cust-1"));
    let first = ask_under(&gateway, KEY, &question).await;
    is_new(&first);
    let mut purpose = question.clone();
    purpose["purpose"] = json!("onboarding");
    for other in [
        about(&person("cust-2")),
        by("default", &person("cust-1")),
        with(question.clone(), json!({"max_age_s": 0})),
        purpose,
    ] {
        let refused = ask_under(&gateway, KEY, &other).await;
        refused.problem(422, "idempotency_key_reused");
        assert!(!refused.text.contains(KEY) && !refused.text.contains("cust-"), "{}", refused.text);
    }
    assert_eq!(gateway.billed(), 1);
    is_replay_of(&ask_under(&gateway, KEY, &question).await, &first);
}

#[tokio::test]
async fn an_idempotency_key_is_its_teams_whichever_api_key_sends_it() {
    let gateway = Gateway::start().await;
    let question = about(&person("cust-1"));
    let as_who = |key: &str, body: &Value| gateway.question(key, body).header("idempotency-key", KEY);
    let ours = answer(as_who(&gateway.key, &question)).await;
    let colleague = gateway.key_for("risk", "assess").await;
    is_replay_of(&answer(as_who(&colleague, &question)).await, &ours);
    let fraud = gateway.key_for("fraud", "assess").await;
    let theirs = answer(as_who(&fraud, &question)).await;
    is_new(&theirs);
    assert_ne!(theirs.good()["id"], ours.good()["id"]);
    let lending = gateway.key_for("lending", "assess").await;
    is_new(&answer(as_who(&lending, &about(&person("cust-2")))).await);
    assert_eq!(gateway.billed(), 3);
}

/// Sends every request at once. Whoever was not told to wait got one and the same answer.
async fn one_of(requests: impl IntoIterator<Item = RequestBuilder>) -> Answer {
    let mut asking = JoinSet::new();
    for request in requests {
        asking.spawn(answer(request));
    }
    let answers = asking.join_all().await;
    let (answered, waiting): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    for waiting in waiting {
        waiting.problem(409, "idempotency_key_in_use");
        assert!(waiting.header("retry-after").parse::<u64>().is_ok_and(|wait| wait >= 1), "{waiting:?}");
    }
    let (mut new, replays): (Vec<_>, Vec<_>) =
        answered.into_iter().partition(|answer| answer.header(REPLAYED).is_empty());
    assert_eq!(new.len(), 1, "one of them is answered");
    let new = new.remove(0);
    for replay in replays {
        is_replay_of(&replay, &new);
    }
    new
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_is_answered_and_the_others_are_told_to_wait() {
    let gateway = Gateway::start().await;
    gateway.youverify.inject(FaultKind::Latency { ms: 600 });
    let question = with(by("youverify", &person("cust-1")), json!({"max_age_s": 0}));
    let request = || gateway.question(&gateway.key, &question).header("idempotency-key", KEY);
    let first = one_of(std::iter::repeat_with(request).take(20)).await;
    assert_eq!(gateway.youverify.calls().len(), 1);
    is_replay_of(&ask_under(&gateway, KEY, &question).await, &first);
    assert_eq!(gateway.billed(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_first_is_being_answered_another_body_is_refused_as_such() {
    let gateway = Arc::new(Gateway::start().await);
    gateway.youverify.inject(FaultKind::Latency { ms: 1_000 });
    let question = by("youverify", &person("cust-1"));
    let asking = tokio::spawn({
        let (gateway, question) = (Arc::clone(&gateway), question.clone());
        async move { ask_under(&gateway, KEY, &question).await }
    });
    until("the vendor was asked", async || !gateway.youverify.calls().is_empty()).await;
    let other = by("youverify", &person("cust-2"));
    ask_under(&gateway, KEY, &other).await.problem(422, "idempotency_key_reused");
    is_new(&asking.await.expect("an answer"));
    assert_eq!(gateway.youverify.calls().len(), 1);
}

#[tokio::test]
async fn a_failure_whose_outcome_is_known_does_not_stay_under_the_key() {
    for (fault, status, code) in [
        (FaultKind::Unavailable, 502, "vendor_error"),
        (FaultKind::SuccessFalse { depth: Depth::Outer }, 502, "vendor_error"),
        (FaultKind::CutJson, 502, "malformed"),
        (FaultKind::Unauthorized, 502, "bad_credentials"),
        (FaultKind::RateLimited { retry_after_s: None, http_date: false }, 503, "rate_limited"),
    ] {
        let gateway = impatient().await;
        for vendor in [&gateway.idenfy, &gateway.youverify] {
            vendor.inject(fault);
        }
        let question = about(&person("cust-1"));
        for _ in 0..2 {
            let refused = ask_under(&gateway, KEY, &question).await;
            refused.problem(status, code);
            assert_eq!(refused.header(REPLAYED), "", "{fault:?}");
        }
        for vendor in [&gateway.idenfy, &gateway.youverify] {
            vendor.clear_faults();
        }
        // A vendor that says it is asked too often is left alone for a while.
        let answered = async || ask_under(&gateway, KEY, &question).await.status == 200;
        until("the key is answered", answered).await;
        assert_eq!(ask_under(&gateway, KEY, &question).await.header(REPLAYED), "true", "{fault:?}");
    }
}

#[tokio::test]
async fn an_outcome_that_is_not_known_stays_under_the_key_until_paying_again_is_asked_for() {
    let gateway = impatient().await;
    let question = by("youverify", &person("cust-1"));
    let told = hung(&gateway, &question).await;
    for _ in 0..2 {
        is_replay_of(&ask_under(&gateway, KEY, &question).await, &told);
    }
    let other = by("youverify", &person("cust-2"));
    ask_under(&gateway, KEY, &other).await.problem(422, "idempotency_key_reused");
    retry_under(&gateway, KEY, &other).await.problem(422, "idempotency_key_reused");
    assert_eq!(gateway.youverify.calls().len(), 1, "nobody was asked again");
    let retried = retry_under(&gateway, KEY, &question).await;
    is_new(&retried);
    assert_eq!(retried.good()["providers"][0]["served"], "called");
    is_replay_of(&ask_under(&gateway, KEY, &question).await, &retried);
    is_replay_of(&retry_under(&gateway, KEY, &question).await, &retried);
    assert_eq!(gateway.youverify.calls().len(), 2, "an answer is not paid for again");
}

#[tokio::test]
async fn whoever_pays_again_may_again_not_learn_the_outcome() {
    let gateway = impatient().await;
    let question = by("youverify", &person("cust-1"));
    let told = hung(&gateway, &question).await;
    gateway.youverify.inject(Fault::new(FaultKind::HangAfterBilling).times(1));
    let again = retry_under(&gateway, KEY, &question).await;
    again.problem(504, "unknown_outcome");
    assert_ne!(again.text, told.text);
    is_replay_of(&ask_under(&gateway, KEY, &question).await, &again);
    assert_eq!(gateway.youverify.calls().len(), 2);
}

#[tokio::test]
async fn paying_again_that_fails_for_a_known_reason_frees_the_key_and_costs_nothing() {
    let gateway = impatient().await;
    let question = by("youverify", &person("cust-1"));
    hung(&gateway, &question).await;
    gateway.youverify.inject(Fault::new(FaultKind::Unauthorized).times(1));
    retry_under(&gateway, KEY, &question).await.problem(502, "bad_credentials");
    assert_eq!(gateway.billed(), 0);
}

#[tokio::test]
async fn retry_unknown_on_a_new_key_just_asks() {
    let gateway = Gateway::start().await;
    let question = about(&person("cust-1"));
    let first = retry_under(&gateway, KEY, &question).await;
    is_new(&first);
    is_replay_of(&ask_under(&gateway, KEY, &question).await, &first);
    for query in ["retry_unknown=maybe", "retry=true", "retry_unknown=true&x=1"] {
        let request = gateway.client.post(gateway.url(&format!("/v1/assessments?{query}")));
        answer(request.bearer_auth(&gateway.key).json(&question)).await.problem(400, "invalid_query");
    }
    assert_eq!(gateway.billed(), 1);
}

#[tokio::test]
async fn what_was_never_paid_for_is_asked_again_under_the_same_key() {
    let gateway = impatient().await;
    gateway.idenfy.inject(Fault::new(FaultKind::Hang).on("profile").times(1));
    let question = by("idenfy", &person("cust-1"));
    let problem = ask_under(&gateway, KEY, &question).await.problem(504, "unknown_outcome");
    assert_eq!(attempts(&problem), ["idenfy profile: unknown_outcome, sent, billed no"]);
    is_new(&ask_under(&gateway, KEY, &question).await);
    assert_eq!(gateway.billed(), 1);
}

#[tokio::test]
async fn an_answer_that_comes_to_light_later_is_given_under_the_key() {
    let gateway = Gateway::start().await;
    gateway.youverify.inject(Fault::new(FaultKind::Latency { ms: 1_500 }).times(1));
    let question = with(by("youverify", &person("cust-1")), json!({"deadline_ms": 400}));
    ask_under(&gateway, KEY, &question).await.problem(504, "unknown_outcome");
    let assessment = come_to_light(&gateway, &question).await;
    let served = assessment["providers"][0]["served"].as_str().expect("a word");
    assert!(matches!(served, "adopted" | "cached"), "{served}");
    assert_eq!(assessment["decided_by"], "youverify");
    assert_eq!(attempts(&assessment), ["youverify assessment: answered, sent, billed yes"]);
    assert_eq!((gateway.youverify.calls().len(), gateway.billed()), (1, 1));
    let listed = gateway.get("/v1/assessments").await.good()["assessments"].clone();
    let ids: Vec<&Value> = listed.as_array().expect("a list").iter().map(|listed| &listed["id"]).collect();
    assert_eq!(ids, [&assessment["id"]], "one answer, one assessment");
}

#[tokio::test]
async fn retry_unknown_pays_nothing_where_the_answer_came_to_light() {
    let gateway = Gateway::start().await;
    gateway.youverify.inject(Fault::new(FaultKind::Latency { ms: 1_500 }).times(1));
    let question = with(by("youverify", &person("cust-1")), json!({"deadline_ms": 400, "max_age_s": 0}));
    ask_under(&gateway, KEY, &question).await.problem(504, "unknown_outcome");
    until("the vendor has answered", async || gateway.youverify.billed() == 1).await;
    let kept = by("youverify", &person("cust-1"));
    let kept = async || gateway.ask(&kept).await.header("cache-status") == "risk-gateway; hit";
    until("the answer is kept", kept).await;
    is_new(&retry_under(&gateway, KEY, &question).await);
    assert_eq!(gateway.youverify.calls().len(), 1);
}

/// Whoever joins the call of somebody more patient learns of its answer as well.
#[tokio::test]
async fn an_answer_to_a_call_that_another_request_led_comes_to_light_too() {
    let gateway = Arc::new(Gateway::start().await);
    gateway.youverify.inject(Fault::new(FaultKind::Latency { ms: 1_500 }).times(1));
    let patient = by("youverify", &person("cust-1"));
    let asking = tokio::spawn({
        let (gateway, question) = (Arc::clone(&gateway), patient.clone());
        async move { gateway.ask(&question).await }
    });
    until("the vendor was asked", async || !gateway.youverify.calls().is_empty()).await;
    let hurry = with(patient, json!({"deadline_ms": 400}));
    ask_under(&gateway, KEY, &hurry).await.problem(504, "unknown_outcome");
    asking.await.expect("an answer").good();
    ask_under(&gateway, KEY, &hurry).await.good();
    assert_eq!((gateway.youverify.calls().len(), gateway.billed()), (1, 1));
}

/// The first request's time is over, as if its process had stood still; then its answer comes after all.
#[tokio::test]
async fn an_answer_that_comes_after_its_key_was_taken_over_comes_to_light_too() {
    let gateway = Arc::new(Gateway::start().await);
    gateway.youverify.inject(Fault::new(FaultKind::Latency { ms: 1_500 }).times(1));
    let question = by("youverify", &person("cust-1"));
    let first = tokio::spawn({
        let (gateway, question) = (Arc::clone(&gateway), question.clone());
        async move { ask_under(&gateway, KEY, &question).await }
    });
    until("the vendor was asked", async || !gateway.youverify.calls().is_empty()).await;
    gateway.advance(60);
    let second = ask_under(&gateway, KEY, &question).await;
    let problem = second.problem(504, "unknown_outcome");
    assert_eq!(attempts(&problem), ["youverify assessment: unknown_outcome, sent, billed unknown"]);
    let first = first.await.expect("an answer");
    assert!(matches!(first.status, 200 | 409), "{first:?}");
    ask_under(&gateway, KEY, &question).await.good();
    assert_eq!((gateway.youverify.calls().len(), gateway.billed()), (1, 1));
}

#[tokio::test]
async fn a_caller_that_leaves_finds_its_answer_under_the_key() {
    let gateway = Gateway::start().await;
    gateway.youverify.inject(Fault::new(FaultKind::Latency { ms: 800 }).times(1));
    let question = by("youverify", &person("cust-1"));
    tokio::select! {
        _ = ask_under(&gateway, KEY, &question) => panic!("the vendor was quicker than the caller"),
        () = until("the vendor was asked", async || !gateway.youverify.calls().is_empty()) => {}
    }
    let assessment = come_to_light(&gateway, &question).await;
    assert_eq!(assessment["providers"][0]["served"], "called");
    assert_eq!(gateway.youverify.calls().len(), 1);
}

#[tokio::test]
async fn a_key_that_is_empty_too_long_given_twice_or_no_text_is_refused() {
    let gateway = Gateway::start().await;
    let question = about(&person("cust-1"));
    let long = "k".repeat(256);
    let request = || gateway.question(&gateway.key, &question);
    for refused in [
        request().header("idempotency-key", ""),
        request().header("idempotency-key", "  "),
        request().header("idempotency-key", &long),
        request().header("idempotency-key", "schlüssel"),
        request().header("idempotency-key", KEY).header("idempotency-key", KEY),
        request().header("idempotency-key", KEY).header("idempotency-key", "order-4712"),
    ] {
        let refused = answer(refused).await;
        let problem = refused.problem(400, "invalid_idempotency_key");
        assert!(problem["detail"].as_str().expect("a detail").contains("1 to 255"), "{problem}");
    }
    assert_eq!(gateway.billed(), 0);
    for good in [&long[1..], "!", " a key with blanks {\"a\": 1} "] {
        is_new(&ask_under(&gateway, good, &question).await);
    }
}

#[tokio::test]
async fn a_request_that_is_refused_leaves_the_key_free() {
    let gateway = Gateway::start().await;
    let (question, other) = (about(&person("cust-1")), about(&person("cust-2")));
    let reader = gateway.key_for("risk", "read").await;
    let under = |request: RequestBuilder| answer(request.header("idempotency-key", KEY));
    let nobody = gateway.client.post(gateway.url("/v1/assessments")).json(&other);
    under(nobody).await.problem(401, "unauthorized");
    under(gateway.question(&reader, &other)).await.problem(403, "missing_scope");
    let nonsense = gateway.client.post(gateway.url("/v1/assessments")).bearer_auth(&gateway.key);
    let nonsense = nonsense.header(header::CONTENT_TYPE, "application/json").body("{");
    under(nonsense).await.problem(400, "malformed_json");
    let mut wrong = other.clone();
    wrong["subject"]["country"] = json!("UK");
    ask_under(&gateway, KEY, &wrong).await.problem(422, "invalid_request");
    ask_under(&gateway, KEY, &by("nowhere", &person("cust-2"))).await.problem(422, "unknown_route");
    assert_eq!(gateway.billed(), 0);
    let first = ask_under(&gateway, KEY, &question).await;
    is_new(&first);
    is_replay_of(&ask_under(&gateway, KEY, &question).await, &first);
}

#[tokio::test]
async fn a_good_answer_stays_whatever_is_sent_under_its_key_by_those_who_may_not() {
    let gateway = Gateway::start().await;
    let question = about(&person("cust-1"));
    let first = ask_under(&gateway, KEY, &question).await;
    let reader = gateway.key_for("risk", "read").await;
    let request = gateway.question(&reader, &question).header("idempotency-key", KEY);
    let refused = answer(request).await;
    refused.problem(403, "missing_scope");
    assert!(!refused.text.contains("asm_"));
    is_replay_of(&ask_under(&gateway, KEY, &question).await, &first);
}

#[tokio::test]
async fn after_a_day_the_key_is_forgotten() {
    let gateway = Gateway::start().await;
    let first = ask_under(&gateway, KEY, &about(&person("cust-1"))).await;
    is_new(&first);
    gateway.advance(86_000);
    is_replay_of(&ask_under(&gateway, KEY, &about(&person("cust-1"))).await, &first);
    gateway.advance(401);
    let other = about(&person("cust-2"));
    let second = ask_under(&gateway, KEY, &other).await;
    is_new(&second);
    is_replay_of(&ask_under(&gateway, KEY, &other).await, &second);
}

#[tokio::test]
async fn once_its_subject_is_erased_an_answer_is_gone() {
    let gateway = Gateway::on(TestStore::sqlite(), Setup::default().youverify("timeout = \"1s\"")).await;
    let (answered, unknown) = (about(&person("cust-1")), by("youverify", &person("cust-2")));
    is_new(&ask_under(&gateway, "order-1", &answered).await);
    hung(&gateway, &unknown).await;
    let mut store = SqliteConnection::connect(gateway.store_url()).await.expect("the store");
    sqlx::query("DELETE FROM data_keys").execute(&mut store).await.expect("erased");
    for (key, question) in [("order-1", &answered), (KEY, &unknown)] {
        let gone = ask_under(&gateway, key, question).await;
        gone.problem(410, "erased");
        assert!(!gone.text.contains("cust-"), "{}", gone.text);
    }
    assert_eq!(gateway.billed(), 1);
}

/// A lock on the store that keeps every gateway from writing.
async fn lock(gateway: &Gateway) -> SqliteConnection {
    let mut store = SqliteConnection::connect(gateway.store_url()).await.expect("the store");
    sqlx::query("BEGIN IMMEDIATE").execute(&mut store).await.expect("a lock");
    store
}

#[tokio::test]
async fn a_store_that_is_locked_is_told_within_the_deadline_and_the_key_stays_free() {
    let gateway = Gateway::on(TestStore::sqlite(), Setup::default().deadline("600ms")).await;
    let question = about(&person("cust-1"));
    gateway.ask(&question).await.good();
    let store = lock(&gateway).await;
    let began = Instant::now();
    let other = about(&person("cust-2"));
    ask_under(&gateway, KEY, &other).await.problem(503, "store_failed");
    assert!(began.elapsed() < Duration::from_millis(600) + SLACK, "{:?}", began.elapsed());
    store.close().await.expect("unlocked");
    assert_eq!(gateway.billed(), 1, "nobody was asked");
    until("the key works", async || ask_under(&gateway, KEY, &other).await.status == 200).await;
    assert_eq!(gateway.billed(), 2);
}

/// Asks under [`KEY`], for a second and past the cache, and locks the store while the vendor answers. The lock, and what
/// the caller is told in the end.
async fn locked_meanwhile(
    gateway: &Arc<Gateway>,
    question: &Value,
) -> (SqliteConnection, JoinHandle<Answer>) {
    gateway.youverify.inject(Fault::new(FaultKind::Latency { ms: 250 }).times(1));
    let (asking, question) = (Arc::clone(gateway), question.clone());
    let told = tokio::spawn(async move { ask_under(&asking, KEY, &question).await });
    until("the vendor was asked", async || !gateway.youverify.calls().is_empty()).await;
    (lock(gateway).await, told)
}

fn urgent() -> Value {
    with(by("youverify", &person("cust-1")), json!({"deadline_ms": 1_000, "max_age_s": 0}))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_locked_while_the_vendor_answers_is_told_within_the_deadline() {
    let gateway = Arc::new(Gateway::on(TestStore::sqlite(), Setup::default()).await);
    let began = Instant::now();
    let (store, told) = locked_meanwhile(&gateway, &urgent()).await;
    let told = told.await.expect("an answer");
    let taken = began.elapsed();
    store.close().await.expect("unlocked");
    let problem = told.problem(503, "store_failed");
    assert_eq!(attempts(&problem), ["youverify assessment: answered, sent, billed yes"]);
    assert!(taken < Duration::from_secs(1) + SLACK, "{taken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_could_not_be_recorded_in_time_is_not_paid_for_again_under_the_key() {
    let gateway = Arc::new(Gateway::on(TestStore::sqlite(), Setup::default()).await);
    let (store, told) = locked_meanwhile(&gateway, &urgent()).await;
    let asked = Instant::now();
    until("the deadline is past", async || asked.elapsed() > Duration::from_millis(1_200)).await;
    store.close().await.expect("unlocked");
    told.await.expect("an answer").problem(503, "store_failed");
    until("the key works", async || ask_under(&gateway, KEY, &urgent()).await.status == 200).await;
    assert_eq!((gateway.youverify.calls().len(), gateway.billed()), (1, 1));
}

/// Two gateways on one store, on a file and, where there is one, in PostgreSQL.
async fn twins() -> Vec<(Gateway, Gateway)> {
    let places = [Some(TestStore::sqlite()), TestStore::postgres("idempotency keys of two gateways")];
    let mut twins = Vec::new();
    for place in places.into_iter().flatten() {
        let gateway = Gateway::on(place, Setup::default().youverify("timeout = \"1s\"")).await;
        let twin = gateway.twin().await;
        twins.push((gateway, twin));
    }
    twins
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_gateway_answered_or_could_not_learn_stands_on_the_other_too() {
    for (gateway, twin) in twins().await {
        let question = with(about(&person("cust-1")), json!({"max_age_s": 0}));
        let first = ask_under(&gateway, "order-1", &question).await;
        is_new(&first);
        is_replay_of(&ask_under(&twin, "order-1", &question).await, &first);
        let other = about(&person("cust-2"));
        ask_under(&twin, "order-1", &other).await.problem(422, "idempotency_key_reused");
        let unknown = by("youverify", &person("cust-3"));
        let told = hung(&gateway, &unknown).await;
        is_replay_of(&ask_under(&twin, KEY, &unknown).await, &told);
        let retried = retry_under(&twin, KEY, &unknown).await;
        is_new(&retried);
        is_replay_of(&ask_under(&gateway, KEY, &unknown).await, &retried);
        assert_eq!(gateway.billed(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_on_two_gateways_one_is_answered() {
    for (gateway, twin) in twins().await {
        gateway.idenfy.inject(Fault::new(FaultKind::Latency { ms: 600 }).on("check"));
        let question = with(about(&person("cust-1")), json!({"max_age_s": 0}));
        let ask = |at: &Gateway| at.question(&at.key, &question).header("idempotency-key", KEY);
        let requests = (0..20).map(|index| ask(if index % 2 == 0 { &gateway } else { &twin }));
        let first = one_of(requests).await;
        assert_eq!(gateway.billed(), 1);
        for at in [&gateway, &twin] {
            is_replay_of(&ask_under(at, KEY, &question).await, &first);
        }
    }
}

/// What one gateway's vendor said too late for its caller, the other one finds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_to_light_on_one_gateway_is_given_by_the_other() {
    for (gateway, twin) in twins().await {
        gateway.idenfy.inject(Fault::new(FaultKind::Latency { ms: 1_500 }).on("check").times(1));
        let question = with(by("idenfy", &person("cust-1")), json!({"deadline_ms": 600}));
        ask_under(&gateway, KEY, &question).await.problem(504, "unknown_outcome");
        let assessment = come_to_light(&twin, &question).await;
        assert_eq!(assessment["providers"][0]["served"], "adopted");
        assert_eq!(gateway.billed(), 1);
    }
}
