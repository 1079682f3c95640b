//! `POST /v1/imports`: what a vendor answered before is brought in, once.

mod chosen;

use http::Method;
use risk_gateway::{clock::Clock, keys::KeyEnvironment};
use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::{
    gateway::{Gateway, until},
    history::{DEEP, checked, reported, started},
    http::{Answer, answer},
    subjects::{by, person},
    vendors::Setup,
};

async fn send(gateway: &Gateway, key: &str, body: &Value) -> Answer {
    answer(gateway.client.post(gateway.url("/v1/imports")).bearer_auth(key).json(body)).await
}

async fn under(gateway: &Gateway, idempotency_key: &str, body: &Value) -> Answer {
    let request = gateway.client.post(gateway.url("/v1/imports")).bearer_auth(&gateway.key).json(body);
    answer(request.header("idempotency-key", idempotency_key)).await
}

fn begun(told: &Answer) -> Value {
    assert_eq!(told.status, 202, "{}", told.text);
    let import = told.json();
    assert_eq!(told.header("location"), path(&import));
    import
}

fn path(import: &Value) -> String {
    format!("/v1/imports/{}", import["id"].as_str().expect("an id"))
}

async fn stands(gateway: &Gateway, import: &Value) -> Value {
    gateway.get(&path(import)).await.good()
}

async fn ended(gateway: &Gateway, import: &Value) -> Value {
    let over = async || {
        let status = stands(gateway, import).await["status"].clone();
        !["queued", "running"].contains(&status.as_str().expect("a word"))
    };
    until("the end of the import", over).await;
    stands(gateway, import).await
}

/// Brings in whatever `body` asks for.
async fn brought(gateway: &Gateway, body: &Value) -> Value {
    let import = begun(&send(gateway, &gateway.key, body).await);
    let import = ended(gateway, &import).await;
    assert_eq!(import["status"], "completed", "{import}");
    import
}

/// Imported, skipped, failed, unattached.
fn counts(import: &Value) -> [i64; 4] {
    ["imported", "skipped", "failed", "unattached"].map(|count| import[count].as_i64().expect("a number"))
}

fn from_idenfy() -> Value {
    json!({"provider": "idenfy"})
}

fn from_deep() -> Value {
    json!({"provider": "deep"})
}

async fn imported_rows(gateway: &Gateway) -> i64 {
    let (url, query) =
        (gateway.store_url(), "SELECT COUNT(*) FROM provider_assessments WHERE origin = 'import'");
    if url.starts_with("sqlite:") {
        let mut store = SqliteConnection::connect(url).await.expect("the store");
        sqlx::query_scalar(query).fetch_one(&mut store).await.expect("a number")
    } else {
        let mut store = PgConnection::connect(url).await.expect("the store");
        sqlx::query_scalar(query).fetch_one(&mut store).await.expect("a number")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_of_several_pages_is_brought_in_once() {
    let gateway = Gateway::start().await;
    checked(&gateway, "Matthew Collins", 57).await;
    let first = brought(&gateway, &from_idenfy()).await;
    assert_eq!(counts(&first), [57, 0, 0, 57], "{first}");
    assert!(first["finished_at"].is_string() && first["error"].is_null(), "{first}");
    assert_eq!(gateway.billed(), 57, "nothing but the checks themselves");
    let calls =
        |operation: &str| gateway.idenfy.calls().iter().filter(|call| call.operation == operation).count();
    assert_eq!((calls("assessments"), calls("assessment")), (6, 57));
    let again = brought(&gateway, &from_idenfy()).await;
    assert_ne!(again["id"], first["id"]);
    assert_eq!((counts(&again), &again["skipped_for"]), ([0, 57, 0, 0], &json!({"held": 57})));
    assert_eq!(calls("assessment"), 57, "what is here already is not read again");
    assert_eq!(imported_rows(&gateway).await, 57);
    let listed = gateway.get("/v1/assessments").await.good();
    assert_eq!(listed["assessments"], json!([]), "they are no assessments");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_gateway_had_asked_for_itself_is_not_brought_in_again() {
    let gateway = Gateway::start().await;
    for number in 0..3 {
        gateway.ask(&by("idenfy", &person(&format!("cust-{number}")))).await.good();
    }
    checked(&gateway, "Matthew Collins", 2).await;
    assert_eq!(counts(&brought(&gateway, &from_idenfy()).await), [2, 3, 0, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_cannot_be_read_is_counted_and_stops_nothing() {
    let gateway = Gateway::start().await;
    checked(&gateway, "Matthew Collins", 4).await;
    gateway.idenfy.answer_next("assessment", 200, "{\"id\": 5}".to_owned());
    gateway.idenfy.inject(Fault::new(FaultKind::NotFound).on("assessment").times(1));
    let import = brought(&gateway, &from_idenfy()).await;
    assert_eq!(import["imported"].as_i64().zip(import["failed"].as_i64()), Some((2, 2)), "{import}");
    assert_eq!(import["failed_for"], json!({"malformed": 1, "not_found": 1}));
    let again = brought(&gateway, &from_idenfy()).await;
    assert_eq!(counts(&again), [2, 2, 0, 2], "another import goes on where one ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_vendor_is_down_the_import_waits_and_then_goes_on() {
    let gateway = Gateway::start().await;
    checked(&gateway, "Matthew Collins", 23).await;
    gateway.idenfy.inject(Fault::new(FaultKind::Unavailable).on("assessments").times(1));
    let import = begun(&send(&gateway, &gateway.key, &from_idenfy()).await);
    let waits = async || stands(&gateway, &import).await["error"] == "vendor_error";
    until("the vendor is down", waits).await;
    assert_eq!(stands(&gateway, &import).await["status"], "running");
    gateway.idenfy.inject(Fault::new(FaultKind::Latency { ms: 40 }).on("assessment"));
    gateway.advance(3);
    let some = async || stands(&gateway, &import).await["imported"].as_i64() >= Some(12);
    until("some are there", some).await;
    gateway.idenfy.inject(Fault::new(FaultKind::Reset).on("assessment"));
    until("it is down again", async || stands(&gateway, &import).await["error"].is_string()).await;
    gateway.idenfy.clear_faults();
    gateway.advance(60);
    assert_eq!(counts(&ended(&gateway, &import).await), [23, 0, 0, 23]);
    assert_eq!(imported_rows(&gateway).await, 23);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_an_operator_can_mend_ends_it_and_another_goes_on() {
    let gateway = Gateway::with(Setup::default().idenfy("breaker = { enabled = false }")).await;
    checked(&gateway, "Matthew Collins", 12).await;
    gateway.idenfy.inject(Fault::new(FaultKind::Latency { ms: 20 }).on("assessment"));
    let import = begun(&send(&gateway, &gateway.key, &from_idenfy()).await);
    let some = async || stands(&gateway, &import).await["imported"].as_i64() >= Some(3);
    until("some are there", some).await;
    gateway.idenfy.inject(FaultKind::Unauthorized);
    let import = ended(&gateway, &import).await;
    assert_eq!((&import["status"], &import["error"]), (&json!("failed"), &json!("bad_credentials")));
    gateway.idenfy.clear_faults();
    let there = import["imported"].as_i64().expect("a number");
    assert_eq!(counts(&brought(&gateway, &from_idenfy()).await), [12 - there, there, 0, 12 - there]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_stays_within_the_providers_limit() {
    let limit = "limit = { requests = 20, per = \"1s\" }";
    let gateway = Gateway::with(Setup::default().idenfy(limit)).await;
    checked(&gateway, "Matthew Collins", 25).await;
    let began = tokio::time::Instant::now();
    assert_eq!(counts(&brought(&gateway, &from_idenfy()).await), [25, 0, 0, 25]);
    assert!(began.elapsed() > std::time::Duration::from_millis(1_300), "28 reads at 20 a second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overlapping_imports_of_several_servers_bring_each_in_once() {
    let gateway = Gateway::start().await;
    let twin = gateway.twin().await;
    checked(&gateway, "Matthew Collins", 31).await;
    let mut imports = Vec::new();
    for server in [&gateway, &twin, &gateway] {
        imports.push(begun(&send(server, &gateway.key, &from_idenfy()).await));
    }
    let mut total = [0; 4];
    for import in &imports {
        let import = ended(&gateway, import).await;
        assert_eq!(import["status"], "completed", "{import}");
        let counts = counts(&import);
        assert_eq!(counts[0] + counts[1] + counts[2], 31, "each entry is counted: {import}");
        total.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
    }
    assert_eq!((total[0], total[2]), (31, 0));
    assert_eq!(imported_rows(&gateway).await, 31);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn teams_have_histories_of_their_own_and_see_no_others() {
    let gateway = Gateway::start().await;
    checked(&gateway, "Matthew Collins", 3).await;
    let import = brought(&gateway, &from_idenfy()).await;
    let stranger = gateway.key_for("fraud", "all").await;
    for method in [Method::GET, Method::DELETE] {
        let request = gateway.client.request(method, gateway.url(&path(&import))).bearer_auth(&stranger);
        answer(request).await.problem(404, "not_found");
    }
    let own = begun(&send(&gateway, &stranger, &from_idenfy()).await);
    let finished = async || {
        let request = gateway.client.get(gateway.url(&path(&own))).bearer_auth(&stranger);
        answer(request).await.good()["status"] == "completed"
    };
    until("the other team's import", finished).await;
    let request = gateway.client.get(gateway.url(&path(&own))).bearer_auth(&stranger);
    assert_eq!(counts(&answer(request).await.good()), [3, 0, 0, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_vendor_still_owes_is_left_for_later() {
    let gateway = Gateway::with(Setup::default().routes(DEEP)).await;
    let late = started(&gateway, "Ada").await;
    for name in ["Bola", "Chidi", "Dayo"] {
        let id = started(&gateway, name).await;
        reported(&gateway, &id).await;
    }
    let first = brought(&gateway, &from_deep()).await;
    assert_eq!((counts(&first), &first["skipped_for"]), ([3, 1, 0, 3], &json!({"pending": 1})));
    reported(&gateway, &late).await;
    assert_eq!(counts(&brought(&gateway, &from_deep()).await), [1, 3, 0, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_never_came_is_attached_to_the_subject_that_was_asked_about() {
    let gateway = Gateway::with(Setup::default().routes(DEEP)).await;
    gateway.youverify.inject(Fault::new(FaultKind::Unavailable).on("entity"));
    let mut subject = person("cust-1");
    subject["consent"] = json!(true);
    let asked = gateway.ask(&by("deep", &subject)).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let pending = asked.json();
    let looked_for = brought(&gateway, &from_deep()).await;
    assert_eq!(counts(&looked_for), [0, 1, 0, 0], "its answer is still looked for: {looked_for}");
    gateway.advance(4_000);
    let assessment = format!("/v1/assessments/{}", pending["id"].as_str().expect("an id"));
    until("it is given up", async || gateway.get(&assessment).await.good()["revision"] == 2).await;
    gateway.youverify.clear_faults();
    reported(&gateway, pending["providers"][0]["vendor_reference"].as_str().expect("a reference")).await;
    assert_eq!(counts(&brought(&gateway, &from_deep()).await), [1, 0, 0, 0]);
    assert_eq!(counts(&brought(&gateway, &from_deep()).await), [0, 1, 0, 0]);
    assert_eq!(gateway.get(&assessment).await.good()["revision"], 2, "what was answered stays as it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_was_made_in_the_time_asked_for_is_brought_in() {
    let gateway = Gateway::with(Setup::default().routes(DEEP)).await;
    checked(&gateway, "Matthew Collins", 3).await;
    let id = started(&gateway, "Ada").await;
    reported(&gateway, &id).await;
    let today = Clock::system().today();
    let (before, after) = (today.yesterday().expect("a day"), today.tomorrow().expect("a day"));
    for provider in ["idenfy", "deep"] {
        for span in [json!({"from": after}), json!({"to": before}), json!({"from": before, "to": before})] {
            let mut body = span;
            body["provider"] = json!(provider);
            let import = brought(&gateway, &body).await;
            assert_eq!(counts(&import), [0; 4], "{import}");
        }
    }
    let whole = json!({"provider": "idenfy", "from": before, "to": format!("{after}T00:00:00Z")});
    let import = brought(&gateway, &whole).await;
    assert_eq!(counts(&import), [3, 0, 0, 3]);
    assert_eq!((&import["from"], &import["to"]), (&whole["from"], &whole["to"]));
    let import = brought(&gateway, &json!({"provider": "deep", "from": before, "to": after})).await;
    assert_eq!(counts(&import), [1, 0, 0, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_has_the_same_import() {
    let gateway = Gateway::start().await;
    checked(&gateway, "Matthew Collins", 2).await;
    let first = under(&gateway, "history", &from_idenfy()).await;
    assert_eq!(first.header("idempotent-replayed"), "");
    let import = ended(&gateway, &begun(&first)).await;
    let again = under(&gateway, "history", &from_idenfy()).await;
    assert_eq!((again.header("idempotent-replayed"), begun(&again)), ("true", import));
    let other = json!({"provider": "idenfy", "from": "2026-01-01"});
    under(&gateway, "history", &other).await.problem(422, "idempotency_key_reused");
    under(&gateway, "", &from_idenfy()).await.problem(400, "invalid_idempotency_key");
    assert_ne!(begun(&under(&gateway, "another", &from_idenfy()).await)["id"], again.json()["id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_cancelled_brings_in_no_more_and_one_that_has_ended_stays_so() {
    let gateway = Gateway::start().await;
    checked(&gateway, "Matthew Collins", 23).await;
    gateway.idenfy.inject(Fault::new(FaultKind::Latency { ms: 40 }).on("assessment"));
    let import = begun(&send(&gateway, &gateway.key, &from_idenfy()).await);
    let some = async || stands(&gateway, &import).await["imported"].as_i64() >= Some(2);
    until("some are there", some).await;
    let cancel = || answer(gateway.client.delete(gateway.url(&path(&import))).bearer_auth(&gateway.key));
    let cancelled = cancel().await.good();
    assert_eq!((&cancelled["status"], &cancelled["error"]), (&json!("cancelled"), &Value::Null));
    assert!(cancelled["finished_at"].is_string(), "{cancelled}");
    gateway.idenfy.clear_faults();
    let rest = brought(&gateway, &from_idenfy()).await;
    let there = imported_rows(&gateway).await;
    assert_eq!(
        (there, stands(&gateway, &import).await["imported"].as_i64()),
        (23, cancelled["imported"].as_i64())
    );
    let request = gateway.client.delete(gateway.url(&path(&rest))).bearer_auth(&gateway.key);
    assert_eq!(answer(request).await.good(), rest);
}

#[tokio::test]
async fn what_cannot_be_imported_is_refused_with_what_to_do() {
    let gateway = Gateway::start().await;
    let refused = async |body: Value| send(&gateway, &gateway.key, &body).await;
    let unknown = refused(json!({"provider": "idenfi"})).await.problem(422, "invalid_request");
    assert_eq!(unknown["field"], "provider");
    assert!(
        unknown["detail"].as_str().is_some_and(|told| told.contains("did you mean \"idenfy\"?")),
        "{unknown}"
    );
    let without = refused(json!({"provider": "youverify"})).await.problem(422, "unsupported");
    assert_eq!(without["field"], "provider");
    assert!(
        without["detail"].as_str().is_some_and(|told| told.contains("youverify") && told.contains("idenfy"))
    );
    for (body, field) in [
        (json!({"provider": "idenfy", "from": "2026-02-01", "to": "2026-01-31"}), "to"),
        (json!({"provider": "idenfy", "from": "yesterday"}), "from"),
        (json!({"provider": "idenfy", "until": "2026-01-31"}), "until"),
        (json!({}), "provider"),
    ] {
        let problem = refused(body).await.problem(422, "invalid_request");
        assert_eq!(problem["field"], field, "{problem}");
    }
    let reader = gateway.key_for("risk", "assess,read").await;
    send(&gateway, &reader, &from_idenfy()).await.problem(403, "missing_scope");
    let tester = gateway.key_in(KeyEnvironment::Test, "risk", "all").await;
    send(&gateway, &tester, &from_idenfy()).await.problem(403, "wrong_environment");
    gateway.get("/v1/imports/job_0").await.problem(404, "not_found");
    gateway.get("/v1/imports/%00").await.problem(404, "not_found");
    assert!(gateway.idenfy.calls().is_empty() && gateway.youverify.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_leads_in_a_circle_is_read_to_its_end_and_no_further() {
    let gateway = Gateway::start().await;
    let ids = checked(&gateway, "Matthew Collins", 12).await;
    let url = format!("{}/risk/assessments/", gateway.idenfy.base_url());
    for page in (0..40).map(|page| page % 2) {
        let next = format!("{url}?cursor={}", if page == 0 { "b" } else { "a" });
        let item = json!({"id": ids[page], "name": "Matthew Collins", "createdAt": null});
        let body = json!({"count": 2, "next": next, "previous": null, "results": [item]});
        gateway.idenfy.answer_next("assessments", 200, body.to_string());
    }
    let import = ended(&gateway, &begun(&send(&gateway, &gateway.key, &from_idenfy()).await)).await;
    assert_eq!((&import["status"], &import["error"]), (&json!("failed"), &json!("circular_list")));
    let pages = gateway.idenfy.calls().iter().filter(|call| call.operation == "assessments").count();
    assert!(pages <= 6, "{pages} pages of two were read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_ends_before_all_that_it_says_it_holds_is_no_whole_import() {
    let gateway = Gateway::start().await;
    let ids = checked(&gateway, "Matthew Collins", 2).await;
    for (id, next) in ids.iter().zip([json!("2"), Value::Null]) {
        let item = json!({"id": id, "name": "Matthew Collins", "createdAt": null});
        let body = json!({"count": 3, "next": next, "previous": null, "results": [item]});
        gateway.idenfy.answer_next("assessments", 200, body.to_string());
    }
    let import = ended(&gateway, &begun(&send(&gateway, &gateway.key, &from_idenfy()).await)).await;
    assert_eq!((&import["status"], &import["error"]), (&json!("failed"), &json!("cut_list")), "{import}");
    assert_eq!(counts(&import), [2, 0, 0, 2], "what it showed is in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flags_of_what_is_brought_in_are_counted() {
    let gateway = Gateway::start().await;
    checked(&gateway, "Matthew Collins", 1).await;
    gateway.idenfy.inject(Fault::new(FaultKind::UnknownLevel).on("assessment"));
    assert_eq!(counts(&brought(&gateway, &from_idenfy()).await), [1, 0, 0, 1]);
    let metrics = gateway.get("/metrics").await.text;
    let counted = metrics.lines().find(|line| line.starts_with("risk_gateway_flags_total{"));
    assert!(counted.is_some_and(|line| line.contains("unknown_vendor_level")), "{counted:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_sandbox_plays_is_imported_by_test_keys_alone() {
    let gateway = Gateway::with(Setup::default().idenfy("sandbox = true")).await;
    checked(&gateway, "Matthew Collins", 2).await;
    send(&gateway, &gateway.key, &from_idenfy()).await.problem(403, "wrong_environment");
    let tester = gateway.key_in(KeyEnvironment::Test, "risk", "all").await;
    let import = begun(&send(&gateway, &tester, &from_idenfy()).await);
    let finished = async || {
        let request = gateway.client.get(gateway.url(&path(&import))).bearer_auth(&tester);
        answer(request).await.good()["imported"] == 2
    };
    until("it is brought in", finished).await;
    gateway.get(&path(&import)).await.problem(404, "not_found");
}
