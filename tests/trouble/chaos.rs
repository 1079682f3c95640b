//! Everything at once: callers on every strategy while both vendors fall from one fault into the next. Afterwards the books
//! are checked.
//!
//! `RISK_GATEWAY_TEST_CHAOS_SECONDS` says for how long; `RISK_GATEWAY_TEST_CHAOS_SEED` tells a run again.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use risk_gateway::clock::Clock;
use risk_provider_sandbox::{Fault, FaultKind, Sandbox};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    books,
    callers::{Door, namesake},
    chance::Chance,
    http::Answer,
    on_both_stores::on_both_stores,
    process::Home,
    stores::{TestStore, variable},
    subjects::by,
    traffic::receipts,
    vendors::{Setup, Vendors},
};

const SECONDS: u64 = 8;
const CALLERS: usize = 12;
const DEADLINE: Duration = Duration::from_secs(3);
/// What a busy machine may add to any answer.
const SLACK: Duration = Duration::from_secs(5);
/// Neither vendor may be sent more than this in any second.
const LIMIT: i64 = 15;
/// A second, less what a busy machine may lose between a turn and its attempt.
const WINDOW: Duration = Duration::from_millis(850);
const ROUTES: [&str; 4] = ["hedged", "drawn", "panel", "shadowed"];

const GUARDS: &str = "limit = { requests = 15, per = \"1s\" }\ntimeout = \"700ms\"\nattempts = 2\nbreaker = { probe_after = \"100ms\" }\n";

const ROUTED: &str = r#"
[routes.hedged]
providers = ["idenfy", "youverify"]
hedge_after = "300ms"
deadline = "3s"
[routes.drawn]
strategy = "split"
providers = ["idenfy", "youverify"]
weights = [50, 50]
deadline = "3s"
[routes.panel]
strategy = "consensus"
providers = ["idenfy", "youverify"]
deadline = "3s"
[routes.shadowed]
providers = ["youverify", "idenfy"]
deadline = "3s"
shadow = { providers = ["idenfy", "youverify"], sample = 1.0 }
"#;

/// What a vendor falls into; answering as it should is the most likely. Without the page in front of it that says 200, which
/// counts as paid though it was not.
const MOODS: [Option<FaultKind>; 27] = [
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    Some(FaultKind::Latency { ms: 400 }),
    Some(FaultKind::Hang),
    Some(FaultKind::HangAfterBilling),
    Some(FaultKind::ServerError),
    Some(FaultKind::Unavailable),
    Some(FaultKind::BadGatewayHtml),
    Some(FaultKind::Empty),
    Some(FaultKind::CutJson),
    Some(FaultKind::WrongShape),
    Some(FaultKind::Reset),
    Some(FaultKind::ResetAfterBilling),
    Some(FaultKind::CutBody),
    Some(FaultKind::RateLimited { retry_after_s: Some(1), http_date: false }),
    Some(FaultKind::Unauthorized),
    Some(FaultKind::WrongSubject),
];

/// What one caller was told.
#[derive(Debug, Default)]
struct Told {
    by_status: BTreeMap<u16, usize>,
    longest: Duration,
    replayed: usize,
}

on_both_stores!(while_vendors_fall_from_fault_to_fault_callers_hear_in_time_and_the_books_balance);

async fn while_vendors_fall_from_fault_to_fault_callers_hear_in_time_and_the_books_balance(store: TestStore) {
    let seed = seed();
    let vendors = Vendors::start().await;
    let home = Home::with(&Setup::default().idenfy(GUARDS).youverify(GUARDS).routes(ROUTED), &vendors, store);
    let mut server = home.serve();
    let end =
        Instant::now() + Duration::from_secs(number("RISK_GATEWAY_TEST_CHAOS_SECONDS").unwrap_or(SECONDS));
    let mut asking = JoinSet::new();
    for caller in 0..CALLERS {
        let chance = Chance::new(seed.wrapping_add(u64::try_from(caller).expect("small")));
        asking.spawn(keep_asking(Door::of(&server), caller, chance, end));
    }
    let mut chance = Chance::new(!seed);
    while Instant::now() < end {
        for vendor in [&vendors.idenfy, &vendors.youverify] {
            fall(vendor, chance.one_of(&MOODS));
            tokio::time::sleep(Duration::from_millis(u64::try_from(20 + chance.below(200)).expect("small")))
                .await;
        }
    }
    let told = asking.join_all().await;
    vendors.idenfy.clear_faults();
    vendors.youverify.clear_faults();
    // It ends once nothing is under way any more, shadows included.
    server.running.terminate();
    server.running.ended();
    let books = books::balance(&home.store.url, &vendors).await;
    eprintln!("seed {seed}: {}; {books:?}", in_words(&told));
    assert_eq!(books.concluded, 0, "nothing was killed, so every exchange told how it ended");
    for (name, vendor) in [("idenfy", &vendors.idenfy), ("youverify", &vendors.youverify)] {
        let received = receipts(vendor);
        assert!(!received.is_empty(), "seed {seed}: {name} was not asked");
        let busiest = books::busiest(&home.store.url, name, WINDOW).await;
        assert!(busiest <= LIMIT, "seed {seed}: {name} was sent {busiest} within {WINDOW:?}");
        let twice: Vec<_> =
            books::billed_by_name(&vendor.calls()).into_iter().filter(|(_, times)| *times > 1).collect();
        assert!(twice.is_empty(), "seed {seed}: {name} was paid twice for {twice:?}");
    }
    let answered: usize = told.iter().filter_map(|told| told.by_status.get(&200)).sum();
    assert!(answered > 0, "seed {seed}: nobody was answered");
}

/// Another one each time, unless the environment tells it.
fn seed() -> u64 {
    let now = Clock::system().now().as_microsecond();
    number("RISK_GATEWAY_TEST_CHAOS_SEED").unwrap_or_else(|| u64::try_from(now).expect("after 1970"))
}

fn number(name: &str) -> Option<u64> {
    variable(name).map(|text| text.parse().expect("a number"))
}

fn fall(vendor: &Sandbox, mood: Option<FaultKind>) {
    vendor.clear_faults();
    if let Some(fault) = mood {
        vendor.inject(Fault::new(fault));
    }
}

/// Asks about one person after the other, half of them under a key and then once more.
async fn keep_asking(door: Door, caller: usize, mut chance: Chance, end: Instant) -> Told {
    let mut told = Told::default();
    let mut asked = 0;
    while Instant::now() < end {
        asked += 1;
        let name = format!("somebody-{caller}-{asked}");
        let route = chance.one_of(&ROUTES);
        let body = by(route, &namesake(&name));
        let key = (chance.below(2) == 0).then_some(name.as_str());
        let answer = told.ask(&door, key, &body).await;
        // Other refusals are no answer: their keys may be used again, and the vendor asked again.
        if key.is_some() && matches!(answer.status, 200 | 504) {
            told.ask_again(&door, key, &body, &answer).await;
        }
    }
    told
}

fn in_words(told: &[Told]) -> String {
    let mut by_status: BTreeMap<u16, usize> = BTreeMap::new();
    for (status, times) in told.iter().flat_map(|told| &told.by_status) {
        *by_status.entry(*status).or_default() += times;
    }
    let longest = told.iter().map(|told| told.longest).max().unwrap_or_default();
    let replayed: usize = told.iter().map(|told| told.replayed).sum();
    format!("answers by status {by_status:?}, {replayed} of them heard twice, the longest took {longest:?}")
}

// === impl Told ===

impl Told {
    async fn ask(&mut self, door: &Door, key: Option<&str>, body: &Value) -> Answer {
        let began = Instant::now();
        let answer = door.ask(key, body).await.expect("the gateway is there");
        let taken = began.elapsed();
        assert!(taken < DEADLINE + SLACK, "{taken:?} for {body}: {answer:?}");
        assert!(matches!(answer.status, 200 | 502 | 503 | 504), "{body}: {answer:?}");
        if answer.status == 200 {
            // Neither vendor says anything good of this person.
            let level = answer.json()["level"].clone();
            assert!(level != "low" && level != "very_low", "{body}: {answer:?}");
        }
        *self.by_status.entry(answer.status).or_default() += 1;
        self.longest = self.longest.max(taken);
        answer
    }

    /// What stands under a key is said again; what was not known may have come to light meanwhile.
    async fn ask_again(&mut self, door: &Door, key: Option<&str>, body: &Value, first: &Answer) {
        let again = self.ask(door, key, body).await;
        if first.status == 200 {
            assert_eq!((again.status, &again.text), (200, &first.text), "{body}");
        }
        self.replayed += 1;
    }
}
