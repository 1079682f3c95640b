//! PostgreSQL crashes and comes back while the gateway is asked: nothing received is lost, and the books balance.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use risk_provider_sandbox::FaultKind;
use tokio::task::JoinSet;

use crate::{
    books,
    callers::{Caller, Door, hold_to_it, namesake},
    cluster::Cluster,
    process::{Home, Server, until_good},
    stores::TestStore,
    subjects::about,
    vendors::{Setup, Vendors},
};

const CALLERS: usize = 6;
/// Billed calls before each crash, and after the last one.
const LOAD: usize = 60;
const PATIENCE: Duration = Duration::from_secs(60);
/// A deadline of 3 s, and a few seconds for finding out that the store does not answer.
const NO_HANG: Duration = Duration::from_secs(15);

async fn until_billed(vendors: &Vendors, enough: usize) {
    let began = Instant::now();
    while vendors.billed() < enough {
        assert!(began.elapsed() < PATIENCE, "the vendors are not asked");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Asks in every way while the store is gone: all of it is refused, and soon.
async fn is_refused(server: &Server) {
    let began = Instant::now();
    let question = about(&namesake("meanwhile"));
    let answers = tokio::join!(
        server.ask(&question),
        server.ask_under("meanwhile", &question),
        server.read("asm_01900000-0000-7000-8000-000000000000"),
        server.get("/v1/assessments"),
    );
    for answer in [answers.0, answers.1, answers.2, answers.3] {
        answer.problem(503, "store_failed");
        assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{answer:?}");
    }
    assert!(began.elapsed() < NO_HANG, "{:?}", began.elapsed());
    server.get("/livez").await.good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crashed_under_load_postgresql_costs_nobody_an_answer_and_the_books_balance() {
    let Some(cluster) = Cluster::start("a crash of PostgreSQL under load") else { return };
    let vendors = Vendors::start().await;
    for vendor in [&vendors.idenfy, &vendors.youverify] {
        vendor.inject(FaultKind::Latency { ms: 10 });
    }
    let home = Home::with(&Setup::default().deadline("3s"), &vendors, TestStore::schema_in(cluster.url()));
    let server = home.serve();
    let going = Arc::new(AtomicBool::new(true));
    let mut asking = JoinSet::new();
    for number in 0..CALLERS {
        let going = Arc::clone(&going);
        asking.spawn(Caller::new(number).ask_while(Door::of(&server), move || going.load(Ordering::Relaxed)));
    }
    // Restarted at once, it is waited for.
    until_billed(&vendors, vendors.billed() + LOAD).await;
    cluster.restart();
    until_good(&server, &about(&namesake("after-the-restart"))).await;
    // Gone for longer than anybody waits, it is told.
    until_billed(&vendors, vendors.billed() + LOAD).await;
    cluster.crash();
    is_refused(&server).await;
    cluster.start_again();
    until_good(&server, &about(&namesake("after-the-crash"))).await;
    until_billed(&vendors, vendors.billed() + LOAD).await;
    going.store(false, Ordering::Relaxed);
    let mut callers = asking.join_all().await;
    let longest = callers.iter().map(|caller| caller.longest).max().unwrap_or_default();

    let door = Door::of(&server);
    for caller in &mut callers {
        caller.end_all(&door).await;
    }
    let books = books::balance(&home.store.url, &vendors).await;
    hold_to_it(&callers, &door, &vendors).await;
    let received: usize = callers.iter().map(|caller| caller.assessments.len()).sum();
    let refusals: Vec<_> = callers.iter().map(|caller| &caller.refusals).collect();
    eprintln!(
        "{received} answers received, the longest word took {longest:?}, refusals {refusals:?}; {books:?}"
    );
    assert!(longest < NO_HANG, "a word took {longest:?}");
}
