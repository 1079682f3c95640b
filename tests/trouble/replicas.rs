//! Two servers on one PostgreSQL answer as one.

use std::time::{Duration, Instant};

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    books,
    callers::namesake,
    http::{Answer, answer},
    process::{Home, Server, until_good},
    stores::TestStore,
    subjects::{by, person},
    vendors::{Setup, Vendors},
};

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(40);
/// Within that, every server refuses a revoked key.
const REVOKED_WITHIN: Duration = Duration::from_secs(5);

const PERIOD_MS: i64 = 2_000;
const SCREENED: &str = "[routes.screened]\nproviders = [\"youverify\"]\nrescreen_every = \"2s\"\n";
const SUBJECTS: usize = 5;
/// Screenings of each subject, at least.
const PERIODS: i64 = 2;

/// Two servers with one configuration and one store.
struct Replicas {
    vendors: Vendors,
    left: Server,
    right: Server,
    home: Home,
}

// === impl Replicas ===

impl Replicas {
    /// None where there is no PostgreSQL.
    async fn start(what: &str) -> Option<Self> {
        Self::with(what, Setup::default().deadline("3s")).await
    }

    async fn with(what: &str, setup: Setup) -> Option<Self> {
        let store = TestStore::postgres(what)?;
        let vendors = Vendors::start().await;
        let home = Home::with(&setup, &vendors, store);
        let left = home.serve();
        let right = home.serve_for(&left.key);
        Some(Self { vendors, left, right, home })
    }

    const fn both(&self) -> [&Server; 2] {
        [&self.left, &self.right]
    }
}

fn id(assessment: &Value) -> &str {
    assessment["id"].as_str().expect("an id")
}

/// The same server, asked by somebody else.
async fn get_as(server: &Server, key: &str, path: &str) -> Answer {
    answer(server.client.get(format!("{}{path}", server.url)).bearer_auth(key)).await
}

async fn search_as(server: &Server, key: &str, reference: &str) -> Value {
    let url = format!("{}/v1/assessments/search", server.url);
    let request = server.client.post(url).bearer_auth(key).json(&json!({"reference": reference}));
    answer(request).await.good()["assessments"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_sent_to_both_at_once_costs_one_call_and_has_one_answer() {
    let Some(replicas) = Replicas::start("the same key at once").await else { return };
    let Replicas { vendors, left, right, .. } = &replicas;
    vendors.youverify.inject(FaultKind::Latency { ms: 100 });
    for number in 0..8 {
        let (key, question) =
            (format!("order-{number}"), by("youverify", &namesake(&format!("cust-{number}"))));
        let both = tokio::join!(left.ask_under(&key, &question), right.ask_under(&key, &question));
        let answered: Vec<Answer> = [both.0, both.1].into_iter().filter(|one| one.status != 409).collect();
        assert!(!answered.is_empty(), "one of them holds the key");
        let answer = &answered[0];
        answer.good();
        for again in [left.ask_under(&key, &question).await, right.ask_under(&key, &question).await] {
            assert_eq!((again.status, &again.text), (200, &answer.text));
            assert_eq!(again.header("idempotent-replayed"), "true");
        }
        assert!(answered.iter().all(|one| one.text == answer.text));
        assert_eq!(vendors.youverify.calls().len(), number + 1);
    }
    books::balance(&replicas.home.store.url, vendors).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assessment_made_by_one_is_read_by_the_other() {
    let Some(replicas) = Replicas::start("reading on another server").await else { return };
    let Replicas { vendors, left, right, .. } = &replicas;
    let assessment = left.ask(&by("idenfy", &person("cust-1"))).await.good();
    for server in replicas.both() {
        assert_eq!(server.read(id(&assessment)).await.good(), assessment);
        assert_eq!(search_as(server, &server.key, "cust-1").await[0]["id"], assessment["id"]);
    }
    let other = right.ask(&by("idenfy", &person("cust-1"))).await.good();
    assert_eq!(other["subject"], assessment["subject"], "to both it is the same subject");
    assert_eq!(left.read(id(&other)).await.good(), other);
    books::balance(&replicas.home.store.url, vendors).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_that_both_are_asked_about_at_once_is_one_subject() {
    let Some(replicas) = Replicas::start("a new subject on two servers").await else { return };
    let Replicas { left, right, .. } = &replicas;
    for number in 0..8 {
        let question = by("youverify", &person(&format!("cust-{number}")));
        let (one, other) = tokio::join!(left.ask(&question), right.ask(&question));
        assert_eq!(one.good()["subject"], other.good()["subject"]);
    }
    books::balance(&replicas.home.store.url, &replicas.vendors).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_revoked_by_the_command_line_is_refused_by_both_within_5_seconds() {
    let Some(replicas) = Replicas::start("a revoked key").await else { return };
    let Replicas { home, .. } = &replicas;
    let key = home.key("risk");
    let key_id = key.split('_').nth(1).expect("an id");
    for server in replicas.both() {
        get_as(server, &key, "/v1/routes").await.good();
    }
    let revoked = home.run(&["keys", "revoke", key_id]);
    assert!(revoked.status.success(), "{revoked:?}");
    let began = Instant::now();
    for server in replicas.both() {
        // Asking all the time must not keep it alive.
        while get_as(server, &key, "/v1/routes").await.status != 401 {
            assert!(began.elapsed() < REVOKED_WITHIN, "still good after {:?}", began.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        get_as(server, &key, "/v1/routes").await.problem(401, "unauthorized");
        server.get("/v1/routes").await.good();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_team_sees_nothing_on_either_server() {
    let Some(replicas) = Replicas::start("two teams on two servers").await else { return };
    let Replicas { vendors, left, right, home } = &replicas;
    let question = by("youverify", &person("cust-1"));
    let assessment = left.ask_under("order-1", &question).await.good();
    let fraud = home.key("fraud");
    for server in replicas.both() {
        let path = format!("/v1/assessments/{}", id(&assessment));
        get_as(server, &fraud, &path).await.problem(404, "not_found");
        let listed = get_as(server, &fraud, "/v1/assessments").await.good();
        assert_eq!(listed["assessments"], json!([]));
        assert_eq!(search_as(server, &fraud, "cust-1").await, json!([]));
    }
    // The same key and body are another question when another team asks.
    let as_fraud = |server: &Server| {
        let request = server.client.post(format!("{}/v1/assessments", server.url)).bearer_auth(&fraud);
        answer(request.header("idempotency-key", "order-1").json(&question))
    };
    let own = as_fraud(right).await.good();
    assert_ne!((&own["id"], &own["subject"]["id"]), (&assessment["id"], &assessment["subject"]["id"]));
    assert_ne!(own["subject"]["id"], assessment["subject"]["id"]);
    assert_eq!(vendors.billed(), 2, "nor is it answered from the other team's cache");
    assert_eq!(as_fraud(left).await.good(), own);
    assert_eq!(right.ask_under("order-1", &question).await.good(), assessment);
    for server in replicas.both() {
        server.read(id(&own)).await.problem(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_leaves_its_keys_to_the_other() {
    let Some(mut replicas) = Replicas::start("a key of a dead server").await else { return };
    let (question, vendors) = (by("youverify", &person("cust-1")), &replicas.vendors);
    vendors.youverify.inject(Fault::new(FaultKind::HangAfterBilling).times(1));
    tokio::select! {
        answer = replicas.left.ask_under("order-1", &question) => panic!("answered: {answer:?}"),
        () = async {
            while vendors.billed() == 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        } => {}
    }
    replicas.left.running.kill();
    let right = &replicas.right;
    right.ask_under("order-1", &question).await.problem(409, "idempotency_key_in_use");
    let began = Instant::now();
    let unknown = loop {
        let answer = right.ask_under("order-1", &question).await;
        if answer.status != 409 {
            break answer;
        }
        assert!(began.elapsed() < PATIENCE, "the key is never free");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    unknown.problem(504, "unknown_outcome");
    assert_eq!(vendors.youverify.calls().len(), 1);
    // Once more on demand, though it is demanded twice at once.
    let left = replicas.home.serve_for(&right.key);
    let both =
        tokio::join!(left.retry_unknown("order-1", &question), right.retry_unknown("order-1", &question));
    assert!(both.0.status == 200 || both.1.status == 200, "{both:?}");
    assert_eq!(vendors.billed(), 2);
    let after = [left.ask_under("order-1", &question).await, right.ask_under("order-1", &question).await];
    assert_eq!(after[0].good(), after[1].good());
    books::balance(&replicas.home.store.url, vendors).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_was_told_too_late_the_other_does_not_pay_for_again() {
    let Some(replicas) = Replicas::start("an answer recorded too late").await else { return };
    let Replicas { vendors, left, right, home } = &replicas;
    // The store is so slow for one statement that the answer is recorded after the deadline.
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN PERFORM pg_sleep(4); RETURN NEW; END $$";
    books::change(&home.store.url, slow).await;
    let slowly = "CREATE TRIGGER slowly BEFORE INSERT ON provider_assessments \
                  FOR EACH ROW EXECUTE FUNCTION slow()";
    books::change(&home.store.url, slowly).await;
    let question = by("youverify", &person("cust-1"));
    left.ask_under("order-1", &question).await.problem(503, "store_failed");
    books::change(&home.store.url, "DROP TRIGGER slowly ON provider_assessments").await;
    until_good(left, &by("idenfy", &person("cust-2"))).await;
    let began = Instant::now();
    loop {
        let answer = right.ask_under("order-1", &question).await;
        if answer.status == 200 {
            break;
        }
        answer.problem(409, "idempotency_key_in_use");
        assert!(began.elapsed() < PATIENCE, "the key is never free");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(vendors.youverify.billed(), 1, "one key, paid once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screening_that_both_could_do_is_done_once_a_period() {
    let setup = Setup::default().routes(SCREENED);
    let Some(mut replicas) = Replicas::with("screening on two servers", setup).await else { return };
    let url = replicas.home.store.url.clone();
    for number in 0..SUBJECTS {
        let question = by("screened", &person(&format!("cust-{number}")));
        replicas.both()[number % 2].ask(&question).await.good();
    }
    let began = Instant::now();
    let least =
        "SELECT MIN(times) FROM (SELECT COUNT(*) AS times FROM assessments GROUP BY subject_id) AS counts";
    while books::number(&url, least).await <= PERIODS {
        assert!(began.elapsed() < PATIENCE, "too few screenings");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let Replicas { left, right, .. } = &mut replicas;
    for server in [left, right] {
        server.running.terminate();
        assert!(server.running.ended().success());
    }
    let books = books::balance(&url, &replicas.vendors).await;
    let made = books::number(&url, "SELECT COUNT(*) FROM assessments").await;
    assert_eq!((books.sent, books.concluded, books.paid), (made, 0, made), "one call for each");
    let with_own_call = "SELECT COUNT(DISTINCT attempts.id) FROM assessment_sources JOIN attempts \
                         ON attempts.provider_assessment_id = assessment_sources.provider_assessment_id";
    assert_eq!(books::number(&url, with_own_call).await, made);
    let completed = "SELECT COUNT(*) FROM job_items WHERE status = 'completed' AND result IS NOT NULL";
    let subjects = i64::try_from(SUBJECTS).expect("a number");
    assert_eq!(books::number(&url, completed).await, made - subjects, "each but the first is a screening");
    let too_soon = format!(
        "SELECT COUNT(*) FROM (SELECT created_at - LAG(created_at) OVER \
         (PARTITION BY subject_id ORDER BY created_at) AS gap FROM assessments) AS gaps WHERE gap < {}",
        PERIOD_MS * 1_000
    );
    assert_eq!(books::number(&url, &too_soon).await, 0, "twice within one period");
}
