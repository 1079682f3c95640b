//! The disk is full: nothing is answered that is not recorded, and afterwards all is well.
//!
//! `prlimit` lets the running program write no byte to any file, and takes that back again.

use std::process::Command;

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::Value;

use crate::{
    http::attempts,
    on_both_stores::on_both_stores,
    process::{Home, Server},
    stores::TestStore,
    subjects::{about, by, person, with},
    vendors::{Setup, Vendors},
};

fn on_sqlite(setup: &Setup, vendors: &Vendors) -> Home {
    Home::with(setup, vendors, TestStore::sqlite())
}

/// The program, which survives a write over its limit as it survives one to a full disk.
fn serve(home: &Home) -> Server {
    let mut shell = Command::new("sh");
    let plain = home.command(&["serve", "--json"]);
    let ignoring = "trap '' XFSZ; exec \"$@\"";
    shell.args(["-c", ignoring, "sh"]).arg(plain.get_program()).args(plain.get_args());
    shell.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(home.folder.path());
    home.serve_by(shell)
}

fn limit(server: &Server, bytes: &str) {
    let limited = Command::new("prlimit").arg(format!("--pid={}", server.running.id())).arg(bytes).status();
    assert!(limited.expect("prlimit, of util-linux").success());
}

fn fill_the_disk(server: &Server) {
    limit(server, "--fsize=0:unlimited");
}

fn free_the_disk(server: &Server) {
    limit(server, "--fsize=unlimited:unlimited");
}

fn id(assessment: &Value) -> &str {
    assessment["id"].as_str().expect("an id")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_disk_full_nothing_is_answered_and_the_program_stays_alive() {
    let vendors = Vendors::start().await;
    let home = on_sqlite(&Setup::default(), &vendors);
    let mut server = serve(&home);
    let before = server.ask(&about(&person("cust-1"))).await.good();
    fill_the_disk(&server);
    for reference in ["cust-2", "cust-3", "cust-1"] {
        let answer = server.ask(&about(&person(reference))).await;
        answer.problem(503, "store_failed");
        assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{answer:?}");
    }
    server.get("/livez").await.good();
    assert_eq!(server.read(id(&before)).await.good(), before, "what was recorded can be read");
    assert!(server.running.is_alive());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_disk_full_no_vendor_is_asked() {
    let vendors = Vendors::start().await;
    let home = on_sqlite(&Setup::default(), &vendors);
    let server = serve(&home);
    server.ask(&about(&person("cust-1"))).await.good();
    let before = vendors.billed();
    fill_the_disk(&server);
    server.ask(&about(&person("cust-2"))).await.problem(503, "store_failed");
    assert_eq!(vendors.billed(), before, "what cannot be recorded beforehand is not asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_there_is_room_again_new_and_refused_questions_are_answered() {
    let vendors = Vendors::start().await;
    let home = on_sqlite(&Setup::default(), &vendors);
    let server = serve(&home);
    server.ask(&about(&person("cust-1"))).await.good();
    fill_the_disk(&server);
    server.ask(&about(&person("cust-2"))).await;
    free_the_disk(&server);
    for reference in ["cust-3", "cust-1", "cust-2"] {
        let answer = server.ask(&about(&person(reference))).await;
        assert_eq!(answer.status, 200, "{reference}: {}", answer.text);
        assert_eq!(server.read(id(&answer.json())).await.status, 200, "{reference}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_up_during_the_vendors_call_loses_the_answer_but_not_the_question() {
    let vendors = Vendors::start().await;
    let home = on_sqlite(&Setup::default(), &vendors);
    let server = serve(&home);
    vendors.youverify.inject(Fault::new(FaultKind::Latency { ms: 800 }).times(1));
    let question = by("youverify", &person("cust-1"));
    let asking = async { server.ask(&question).await };
    let filling = async {
        while vendors.youverify.calls().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        // Time for what is written beside the call.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        fill_the_disk(&server);
    };
    let (answer, ()) = tokio::join!(asking, filling);
    answer.problem(503, "store_failed");
    free_the_disk(&server);
    let assessment = server.ask(&question).await.good();
    assert_eq!(server.read(id(&assessment)).await.good()["id"], assessment["id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_locked_is_told_within_the_deadline_and_nothing_is_paid() {
    use sqlx::{Connection, SqliteConnection};
    let vendors = Vendors::start().await;
    let home = on_sqlite(&Setup::default().deadline("3s"), &vendors);
    let server = home.serve();
    server.ask(&about(&person("cust-1"))).await.good();
    let billed = vendors.billed();
    let mut other = SqliteConnection::connect(&home.store.url).await.expect("the store");
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.expect("a lock");
    let began = std::time::Instant::now();
    server.ask(&about(&person("cust-2"))).await.problem(503, "store_failed");
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(vendors.billed(), billed);
    sqlx::query("ROLLBACK").execute(&mut other).await.expect("unlocked");
    crate::process::until_good(&server, &about(&person("cust-2"))).await;
}

on_both_stores!(a_store_that_is_locked_is_told_within_the_deadline_under_an_idempotency_key_too);

async fn a_store_that_is_locked_is_told_within_the_deadline_under_an_idempotency_key_too(store: TestStore) {
    let vendors = Vendors::start().await;
    let home = Home::with(&Setup::default().deadline("3s"), &vendors, store);
    let server = home.serve();
    server.ask(&about(&person("cust-1"))).await.good();
    let billed = vendors.billed();
    let lock = locked(&home.store.url).await;
    let began = std::time::Instant::now();
    let answer = server.ask_under("order-1", &about(&person("cust-2"))).await;
    let taken = began.elapsed();
    answer.problem(503, "store_failed");
    assert!(taken < std::time::Duration::from_secs(10), "{taken:?}");
    assert_eq!(vendors.billed(), billed);
    drop(lock);
    crate::process::until_good(&server, &about(&person("cust-3"))).await;
}

/// Keeps idempotency keys from being written until it is dropped.
async fn locked(url: &str) -> Box<dyn Send> {
    use sqlx::{Connection, PgConnection, SqliteConnection};
    if url.starts_with("sqlite:") {
        let mut other = SqliteConnection::connect(url).await.expect("the store");
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.expect("a lock");
        return Box::new(other);
    }
    let mut other = PgConnection::connect(url).await.expect("the store");
    let lock = "BEGIN; LOCK TABLE idempotency_keys IN EXCLUSIVE MODE";
    sqlx::raw_sql(lock).execute(&mut other).await.expect("a lock");
    Box::new(other)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_cannot_be_recorded_in_time_is_paid_once_and_told_of() {
    use sqlx::{Connection, SqliteConnection};
    let vendors = Vendors::start().await;
    let home = on_sqlite(&Setup::default(), &vendors);
    let server = home.serve();
    server.ask(&about(&person("cust-1"))).await.good();
    let (billed, calls) = (vendors.billed(), vendors.idenfy.calls().len());
    vendors.idenfy.inject(FaultKind::Latency { ms: 700 });
    let mut other = SqliteConnection::connect(&home.store.url).await.expect("the store");
    let question = with(about(&person("cust-2")), serde_json::json!({"deadline_ms": 3000}));
    let lock = async {
        while vendors.idenfy.calls().len() == calls {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.expect("a lock");
    };
    let (answer, ()) = tokio::join!(server.ask(&question), lock);
    let problem = answer.problem(503, "store_failed");
    assert_eq!(attempts(&problem), ["idenfy check: answered, sent, billed yes"]);
    sqlx::query("ROLLBACK").execute(&mut other).await.expect("unlocked");
    crate::process::until_good(&server, &about(&person("cust-2"))).await;
    assert_eq!(vendors.billed(), billed + 1, "nobody else was asked, and the answer was kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_been_paid_while_the_disk_was_full_is_told_and_recorded_afterwards() {
    use sqlx::{Connection, SqliteConnection};
    let vendors = Vendors::start().await;
    let home = on_sqlite(&Setup::default().youverify("timeout = \"1s\""), &vendors);
    let server = serve(&home);
    let question = by("youverify", &person("cust-1"));
    vendors.youverify.inject(Fault::new(FaultKind::Hang).times(1));
    let filling = async {
        while vendors.youverify.calls().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        fill_the_disk(&server);
    };
    let (answer, ()) = tokio::join!(server.ask(&question), filling);
    let problem = answer.problem(503, "store_failed");
    assert_eq!(attempts(&problem), ["youverify assessment: unknown_outcome, sent, billed unknown"]);
    free_the_disk(&server);
    crate::process::until_good(&server, &by("youverify", &person("cust-2"))).await;
    let mut store = SqliteConnection::connect(&home.store.url).await.expect("the store");
    let recorded: Vec<(String, String)> =
        sqlx::query_as("SELECT outcome, billed FROM attempts WHERE outcome <> 'answered' AND NOT concluded")
            .fetch_all(&mut store)
            .await
            .expect("rows");
    assert_eq!(recorded, [("unknown_outcome".to_owned(), "unknown".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_somebody_else_holds_stops_nobody_elses_question() {
    use sqlx::{Connection, PgConnection};
    let Some(store) = TestStore::postgres("a row that somebody else holds") else { return };
    let vendors = Vendors::start().await;
    let home = Home::with(&Setup::default().youverify("timeout = \"1s\""), &vendors, store);
    let server = home.serve();
    vendors.youverify.inject(Fault::new(FaultKind::Hang).times(1));
    let mut other = PgConnection::connect(&home.store.url).await.expect("the store");
    let (held, seen) = (by("youverify", &person("cust-1")), vendors.youverify.calls().len());
    let holding = async {
        while vendors.youverify.calls().len() == seen {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        // As another server does that concludes the exchange, and then dies before it commits.
        let conclude = "BEGIN; INSERT INTO attempts (id, provider, operation, outcome, sent, billed, started_at, \
             duration_ms, team, route, subject_id, request_id, concluded) SELECT id, provider, operation, \
             'unknown_outcome', TRUE, 'unknown', started_at, 0, team, route, subject_id, request_id, TRUE FROM intents";
        sqlx::raw_sql(conclude).execute(&mut other).await.expect("a lock");
    };
    let (refused, ()) = tokio::join!(server.ask(&held), holding);
    assert!(matches!(refused.status, 503 | 504), "{}", refused.text);
    for reference in ["cust-2", "cust-3", "cust-4", "cust-5"] {
        server.ask(&by("youverify", &person(reference))).await.good();
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("let go");
    let mut recorded = async || -> i64 {
        let count = "SELECT COUNT(*) FROM attempts WHERE outcome = 'unknown_outcome'";
        sqlx::query_scalar(count).fetch_one(&mut other).await.expect("a number")
    };
    for round in 0..600 {
        if recorded().await == 1 {
            return;
        }
        if round % 100 == 0 {
            server.ask(&by("idenfy", &person(&format!("cust-{round}")))).await.good();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("what was owed is never written");
}
