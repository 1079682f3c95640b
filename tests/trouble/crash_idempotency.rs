//! What an `Idempotency-Key` comes to when the server that was answering under it is killed.

use std::time::Duration;

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::Value;
use sqlx::{Connection, SqliteConnection};
use tokio::time::Instant;

use crate::{
    books,
    http::{Answer, attempts},
    on_both_stores::on_both_stores,
    process::{Home, Server},
    stores::TestStore,
    subjects::{about, by, person},
    vendors::{Setup, Vendors},
};

const KEY: &str = "order-1";
/// How long a key may be held after a kill: the deadline, the time to record, and a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a kill between the vendor's answer and the caller's leaves behind, after the server's time is over.
const CUT_SHORT: &str = "UPDATE idempotency_keys SET state = 'running', held_until = 0, answer = NULL";
/// What a second kill leaves behind, right after another request had taken the key over.
const CUT_SHORT_TWICE: &str = "UPDATE idempotency_keys SET state = 'running', held_until = 0, answer = NULL, \
     former = former || ' ' || request_id, request_id = 'req_01900000-0000-7000-8000-000000000000'";
/// The server's time is over.
const TIME_IS_OVER: &str = "UPDATE idempotency_keys SET held_until = 0";

on_both_stores!(
    killed_while_the_vendor_answers_the_key_is_held_then_unknown_and_paid_again_only_on_demand,
    killed_while_the_second_vendor_answers_both_calls_are_told_and_neither_is_made_again,
    what_the_vendor_had_said_before_the_kill_is_adopted,
    what_the_second_vendor_had_said_before_the_kill_is_adopted_without_asking_the_first_again,
    killed_again_after_taking_over_what_the_vendor_had_said_is_still_adopted,
    killed_again_after_taking_over_an_unknown_outcome_is_still_not_paid_again,
    killed_while_paying_again_on_demand_nobody_pays_a_third_time,
);

fn home(vendors: &Vendors, store: TestStore) -> Home {
    Home::with(&Setup::default().deadline("3s"), vendors, store)
}

fn question() -> Value {
    by("youverify", &person("cust-1"))
}

/// The whole answer to `question` under [`KEY`] once nobody else holds it.
async fn once_free(server: &Server, question: &Value) -> Answer {
    let began = Instant::now();
    loop {
        let answer = server.ask_under(KEY, question).await;
        if answer.status != 409 {
            return answer;
        }
        answer.problem(409, "idempotency_key_in_use");
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait <= 6), "{answer:?}");
        assert!(began.elapsed() < PATIENCE, "the key is never free");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Kills the server once a vendor was billed for the question, which never gets its answer, and starts another.
async fn killed_while_the_vendor_answers(
    home: &Home,
    vendors: &Vendors,
    mut server: Server,
    question: &Value,
) -> Server {
    vendors.youverify.inject(Fault::new(FaultKind::HangAfterBilling).times(1));
    let billed = vendors.youverify.billed() + 1;
    tokio::select! {
        answer = server.retry_unknown(KEY, question) => panic!("answered: {answer:?}"),
        () = async {
            while vendors.youverify.billed() < billed {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        } => {}
    }
    server.running.kill();
    home.serve_for(&server.key)
}

/// Has the question answered, and the server killed; the answer then never reached its caller. Starts another.
async fn answered_and_cut_short(home: &Home, question: &Value, how: &str) -> (Server, Value) {
    let mut server = home.serve();
    let said = server.ask_under(KEY, question).await.good();
    server.running.kill();
    assert_eq!(books::change(&home.store.url, how).await, 1);
    (home.serve_for(&server.key), said)
}

/// The answer under the key is what a vendor had said before, and stands.
async fn is_adopted(server: &Server, question: &Value, said: &Value) {
    let answer = once_free(server, question).await;
    let adopted = answer.good();
    assert_eq!(adopted["providers"][0]["served"], "adopted", "{adopted}");
    for same in ["id", "decided_by", "level", "score", "subject", "attempts"] {
        assert_eq!(adopted[same], said[same], "{same}");
    }
    assert_eq!(server.ask_under(KEY, question).await.text, answer.text, "and it stands");
    let id = adopted["id"].as_str().expect("an id");
    assert_eq!(&server.read(id).await.good(), said);
}

async fn killed_while_the_vendor_answers_the_key_is_held_then_unknown_and_paid_again_only_on_demand(
    store: TestStore,
) {
    let vendors = Vendors::start().await;
    let home = home(&vendors, store);
    let server = killed_while_the_vendor_answers(&home, &vendors, home.serve(), &question()).await;
    server.ask_under(KEY, &question()).await.problem(409, "idempotency_key_in_use");
    server.retry_unknown(KEY, &question()).await.problem(409, "idempotency_key_in_use");
    let unknown = once_free(&server, &question()).await;
    let problem = unknown.problem(504, "unknown_outcome");
    assert_eq!(attempts(&problem), ["youverify assessment: unknown_outcome, sent, billed unknown"]);
    let again = server.ask_under(KEY, &question()).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (504, "true"));
    assert_eq!(again.text, unknown.text);
    assert_eq!(vendors.youverify.calls().len(), 1, "nobody was asked until now");

    let answer = server.retry_unknown(KEY, &question()).await;
    answer.good();
    for again in [server.ask_under(KEY, &question()).await, server.retry_unknown(KEY, &question()).await] {
        assert_eq!((again.status, again.text), (200, answer.text.clone()));
    }
    assert_eq!((vendors.youverify.calls().len(), vendors.billed()), (2, 2));
    books::balance(&home.store.url, &vendors).await;
}

async fn killed_while_the_second_vendor_answers_both_calls_are_told_and_neither_is_made_again(
    store: TestStore,
) {
    let vendors = Vendors::start().await;
    let home = home(&vendors, store);
    vendors.idenfy.inject(Fault::new(FaultKind::ResetAfterBilling).on("check").times(1));
    vendors.idenfy.inject(Fault::new(FaultKind::Unavailable).on("assessments"));
    let question = about(&person("cust-1"));
    let server = killed_while_the_vendor_answers(&home, &vendors, home.serve(), &question).await;
    assert_eq!(books::change(&home.store.url, TIME_IS_OVER).await, 1);
    let problem = server.ask_under(KEY, &question).await.problem(504, "unknown_outcome");
    let told = [
        "idenfy profile: answered, sent, billed no",
        "idenfy check: unknown_outcome, sent, billed unknown",
        "idenfy assessments: vendor_error, sent, billed no",
        "youverify assessment: unknown_outcome, sent, billed unknown",
    ];
    assert_eq!(attempts(&problem), told);
    assert_eq!(vendors.billed(), 2);
    books::balance(&home.store.url, &vendors).await;
}

async fn what_the_vendor_had_said_before_the_kill_is_adopted(store: TestStore) {
    let vendors = Vendors::start().await;
    let home = home(&vendors, store);
    let question = about(&person("cust-1"));
    let (server, said) = answered_and_cut_short(&home, &question, CUT_SHORT).await;
    let calls = vendors.idenfy.calls().len();
    is_adopted(&server, &question, &said).await;
    assert_eq!((vendors.idenfy.calls().len(), vendors.billed()), (calls, 1));
    books::balance(&home.store.url, &vendors).await;
}

async fn what_the_second_vendor_had_said_before_the_kill_is_adopted_without_asking_the_first_again(
    store: TestStore,
) {
    let vendors = Vendors::start().await;
    let home = home(&vendors, store);
    vendors.idenfy.inject(Fault::new(FaultKind::ServerError).on("check").times(1));
    let question = about(&person("cust-1"));
    let (server, said) = answered_and_cut_short(&home, &question, CUT_SHORT).await;
    assert_eq!(said["decided_by"], "youverify");
    let calls = vendors.idenfy.calls().len();
    is_adopted(&server, &question, &said).await;
    assert_eq!((vendors.idenfy.calls().len(), vendors.billed()), (calls, 1));
}

async fn killed_again_after_taking_over_what_the_vendor_had_said_is_still_adopted(store: TestStore) {
    let vendors = Vendors::start().await;
    let home = home(&vendors, store);
    let (server, said) = answered_and_cut_short(&home, &question(), CUT_SHORT_TWICE).await;
    is_adopted(&server, &question(), &said).await;
    assert_eq!(vendors.billed(), 1);
}

async fn killed_again_after_taking_over_an_unknown_outcome_is_still_not_paid_again(store: TestStore) {
    let vendors = Vendors::start().await;
    let home = home(&vendors, store);
    let mut server = killed_while_the_vendor_answers(&home, &vendors, home.serve(), &question()).await;
    server.running.kill();
    assert_eq!(books::change(&home.store.url, CUT_SHORT_TWICE).await, 1);
    let server = home.serve_for(&server.key);
    once_free(&server, &question()).await.problem(504, "unknown_outcome");
    assert_eq!(vendors.billed(), 1);
}

async fn killed_while_paying_again_on_demand_nobody_pays_a_third_time(store: TestStore) {
    let vendors = Vendors::start().await;
    let home = home(&vendors, store);
    let mut server = home.serve();
    for times in 1..3 {
        server = killed_while_the_vendor_answers(&home, &vendors, server, &question()).await;
        assert_eq!(books::change(&home.store.url, TIME_IS_OVER).await, 1);
        let unknown = server.ask_under(KEY, &question()).await;
        unknown.problem(504, "unknown_outcome");
        assert_eq!(vendors.billed(), times);
    }
    server.retry_unknown(KEY, &question()).await.good();
    assert_eq!(vendors.billed(), 3);
    books::balance(&home.store.url, &vendors).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_recorded_too_late_for_its_caller_is_adopted_after_a_kill() {
    let vendors = Vendors::start().await;
    let home = Home::with(&Setup::default().deadline("1s"), &vendors, TestStore::sqlite());
    let mut server = home.serve();
    vendors.youverify.inject(Fault::new(FaultKind::Latency { ms: 250 }).times(1));
    let locking = async {
        while vendors.youverify.calls().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let mut other = SqliteConnection::connect(&home.store.url).await.expect("the store");
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.expect("a lock");
        // Past the deadline, but not so long that the store gives up.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        sqlx::query("ROLLBACK").execute(&mut other).await.expect("unlocked");
    };
    let asked = question();
    let (answer, ()) = tokio::join!(server.ask_under(KEY, &asked), locking);
    let problem = answer.problem(503, "store_failed");
    assert_eq!(attempts(&problem), ["youverify assessment: answered, sent, billed yes"]);
    crate::process::until_good(&server, &by("idenfy", &person("cust-2"))).await;
    server.running.kill();
    let server = home.serve_for(&server.key);
    once_free(&server, &asked).await.good();
    assert_eq!(vendors.youverify.billed(), 1, "one key, paid once");
}
