//! Killed at any moment, the gateway has lost nothing that it answered, and pays for nothing twice that was asked under a
//! key.

use std::time::{Duration, Instant};

use risk_provider_sandbox::FaultKind;
use tokio::task::JoinSet;

use crate::{
    books::{self, Books},
    callers::{Caller, Door, hold_to_it},
    on_both_stores::on_both_stores,
    process::Home,
    stores::{TestStore, variable},
    subjects::{by, person},
    vendors::{Setup, Vendors},
};

/// How often it is killed where `RISK_GATEWAY_TEST_KILLS` does not say so.
const ROUNDS: usize = 6;
const CALLERS: usize = 8;
/// How long the load of one round may take.
const PATIENCE: Duration = Duration::from_secs(60);

on_both_stores!(
    killed_right_after_an_answer_the_gateway_still_has_it,
    killed_again_and_again_under_load_nothing_received_is_lost_and_the_books_balance,
);

async fn killed_right_after_an_answer_the_gateway_still_has_it(store: TestStore) {
    let vendors = Vendors::start().await;
    let home = Home::with(&Setup::default(), &vendors, store);
    let mut server = home.serve();
    let mut answered = Vec::new();
    for route in ["idenfy", "youverify"] {
        answered.push(server.ask(&by(route, &person("cust-1"))).await.good());
    }
    server.running.kill();
    let server = home.serve_for(&server.key);
    for assessment in answered {
        let id = assessment["id"].as_str().expect("an id");
        assert_eq!(server.read(id).await.good(), assessment);
        let raw = server.read(&format!("{id}?include=raw")).await.good();
        assert!(raw["raw"].is_object(), "the vendor's payload is there too");
    }
    let again = server.ask(&by("idenfy", &person("cust-1"))).await.good();
    assert!(again["subject"]["id"].as_str().is_some_and(|id| id.starts_with("sub_")));
}

async fn killed_again_and_again_under_load_nothing_received_is_lost_and_the_books_balance(store: TestStore) {
    let vendors = Vendors::start().await;
    for vendor in [&vendors.idenfy, &vendors.youverify] {
        // So that every kill finds calls under way.
        vendor.inject(FaultKind::Latency { ms: 10 });
    }
    let home = Home::with(&Setup::default().deadline("3s"), &vendors, store);
    let key = home.key("risk");
    let mut callers: Vec<Caller> = (0..CALLERS).map(Caller::new).collect();
    for round in 0..rounds() {
        callers = killed_under_load(&home, &key, &vendors, callers, round).await;
    }
    let server = home.serve_for(&key);
    let door = Door::of(&server);
    for caller in &mut callers {
        caller.end_all(&door).await;
    }
    let books = books::balance(&home.store.url, &vendors).await;
    hold_to_it(&callers, &door, &vendors).await;
    tell(&callers, &vendors, books);
    let received: usize = callers.iter().map(|caller| caller.assessments.len()).sum();
    assert!(received >= rounds() * CALLERS, "{received} answers");
}

fn rounds() -> usize {
    variable("RISK_GATEWAY_TEST_KILLS").map_or(ROUNDS, |kills| kills.parse().expect("a number of kills"))
}

/// Starts the gateway and kills it while everybody asks; no two rounds are equally long.
async fn killed_under_load(
    home: &Home,
    key: &str,
    vendors: &Vendors,
    callers: Vec<Caller>,
    round: usize,
) -> Vec<Caller> {
    let mut server = home.serve_for(key);
    let mut asking = JoinSet::new();
    let began = Instant::now();
    let enough = vendors.billed() + 2 * CALLERS + 7 * (round % 9);
    for caller in callers {
        asking.spawn(caller.ask_while(Door::of(&server), || true));
    }
    while vendors.billed() < enough {
        assert!(began.elapsed() < PATIENCE, "the vendors are not asked");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    server.running.kill();
    asking.join_all().await
}

/// The figures; shown with `--no-capture`.
fn tell(callers: &[Caller], vendors: &Vendors, books: Books) {
    let received: usize = callers.iter().map(|caller| caller.assessments.len()).sum();
    let standing: usize = callers.iter().map(|caller| caller.standing.len()).sum();
    let refused =
        |status: u16| -> usize { callers.iter().filter_map(|caller| caller.refusals.get(&status)).sum() };
    let calls = vendors.idenfy.calls().len() + vendors.youverify.calls().len();
    eprintln!(
        "{} kills: {received} answers received; {standing} questions ended under a key, {} of them unknown; refused: \
         {} times 409, {} times 503; {calls} calls, {} of them billed; {books:?}",
        rounds(),
        refused(504),
        refused(409),
        refused(503),
        vendors.billed()
    );
}
