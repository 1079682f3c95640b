//! Whatever a vendor echoes, the subject stays out of logs, metrics and refusals.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    history::{DEEP, checked, reported, started},
    http::answer,
    process::{Home, Server},
    stores::TestStore,
    subjects::{about, by},
    vendors::{Setup, Vendors},
};

/// How long an import may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A subject whose every personal field holds a word that occurs nowhere else.
fn marked(reference: &str) -> Value {
    json!({
        "reference": format!("{reference}-zqreference"), "type": "individual",
        "name": {"first": "Zqfirst", "middle": "Zqmiddle", "last": "Zqlast"},
        "country": "NG", "city": "Zqcity", "nationality": "NG", "date_of_birth": "1961-09-17",
        "industry": "Zqindustry", "occupation": "Zqoccupation", "moved_in_on": "1987-11-29",
        "account_opened_on": "1991-08-23", "kyc": {"verified_by": "zqverifier", "document_expires_on": "2099-07-19"},
        "politically_exposed": true, "id_number": "Zqidnumber", "phone": "Zqphone",
        "answers": {"hobby": "Zqhobby"},
    })
}

/// The words of [`marked`], in lower case, that a vendor may have been told.
const TOLD: [&str; 12] = [
    "zqfirst",
    "zqmiddle",
    "zqlast",
    "zqcity",
    "zqindustry",
    "zqoccupation",
    "zqverifier",
    "1961-09-17",
    "2099-07-19",
    "zqidnumber",
    "zqphone",
    "zqhobby",
];

/// Those that no vendor is told: only months go to them, and neither reference nor purpose.
const KEPT: [&str; 6] = ["zqreference", "zqpurpose", "zqkey", "zqlabeller", "1987-11-29", "1991-08-23"];

/// A vendor's message that repeats everything it was told.
fn echo() -> String {
    format!("Invalid: ZQFIRST,zqlast;Zqcity=Zqcity (Zqfirst Zqmiddle Zqlast) {}", TOLD.join(" / "))
}

fn no_mark_in(what: &str, text: &str) {
    let text = text.to_lowercase();
    let found: Vec<&str> = TOLD.into_iter().chain(KEPT).filter(|mark| text.contains(mark)).collect();
    assert_eq!(found, Vec::<&str>::new(), "in {what}: {text}");
}

/// Looks into the database and its companions as a kill left them.
fn no_mark_in_the_store(home: &Home) {
    let dump = home.store.dump();
    assert!(dump.iter().map(|(_, text)| text.len()).sum::<usize>() > 4096, "there is a store");
    for (name, text) in dump {
        no_mark_in(&name, &text);
    }
}

fn idenfy_refusal(status: u16) -> (u16, String) {
    (status, json!({"identifier": "BAD_VALUE", "message": echo(), "name": [echo()]}).to_string())
}

fn youverify_refusal(status: u16) -> (u16, String) {
    let errors = json!({"firstName": [echo()], "Zqcity": "is unknown"});
    let body = json!({"success": false, "statusCode": status, "message": echo(), "name": "ValidationError",
        "data": errors, "errors": [echo()]});
    (status, body.to_string())
}

/// Asks both routes about marked subjects while the vendors answer so; gives back the refusals.
async fn refused(idenfy: (u16, String), youverify: (u16, String), filter: &str) {
    let vendors = Vendors::start().await;
    vendors.idenfy.answer_always("check", idenfy.0, idenfy.1);
    vendors.youverify.answer_always("actor_assessment", youverify.0, youverify.1);
    let home = Home::new(&Setup::default(), &vendors);
    let mut command = home.command(&["serve", "--json"]);
    command.env("RUST_LOG", filter);
    let mut server = home.serve_by(command);
    for (index, route) in ["default", "idenfy", "youverify"].into_iter().enumerate() {
        let mut question = by(route, &marked(&format!("cust-{index}")));
        question["purpose"] = json!("Zqpurpose");
        let answer = server.ask(&question).await;
        assert!(answer.status >= 400, "{answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        no_mark_in("the refusal", &answer.text);
        no_mark_in("the headers", &format!("{:?}", answer.headers));
    }
    assert!(!vendors.idenfy.calls().is_empty() && !vendors.youverify.calls().is_empty());
    for path in ["/metrics", "/v1/providers", "/v1/routes"] {
        no_mark_in(path, &server.get(path).await.text);
    }
    server.running.kill();
    let logs = server.running.logs();
    assert!(logs.contains("vendor exchange failed") || logs.contains("needs an operator"), "{logs}");
    no_mark_in_the_store(&home);
    no_mark_in("the logs", &logs);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_that_a_vendor_echoes_in_a_refusal_is_told_to_nobody() {
    refused(idenfy_refusal(400), youverify_refusal(400), "info").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_that_a_vendor_echoes_while_it_fails_is_told_to_nobody() {
    refused(idenfy_refusal(500), youverify_refusal(503), "info").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_in_a_page_or_an_answer_of_another_shape_is_told_to_nobody() {
    let page = format!("<html><body>{}</body></html>", echo());
    let shape = json!({"success": true, "data": {"Zqcity": echo()}, "riskScore": echo()}).to_string();
    refused((200, page), (200, shape), "info").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_is_not_logged_when_debugging_either() {
    refused(idenfy_refusal(400), youverify_refusal(400), "debug").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_echoed_as_it_stands_in_an_address_is_told_to_nobody() {
    let glued = "no match for name=Zqfirst%20Zqlast&city=Zqcity";
    let idenfy = json!({"identifier": "BAD_VALUE", "message": glued}).to_string();
    let youverify = json!({"success": false, "statusCode": 400, "message": glued, "name": "ValidationError"});
    refused((400, idenfy), (400, youverify.to_string()), "info").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_where_a_vendors_error_constant_belongs_is_told_to_nobody() {
    let idenfy = json!({"identifier": "Zqlast", "message": "no"}).to_string();
    let youverify =
        json!({"success": false, "statusCode": 400, "message": "no", "name": "Zqlast"}).to_string();
    refused((400, idenfy), (400, youverify), "info").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answered_subject_is_in_no_log_no_metric_and_no_table() {
    answered(TestStore::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_is_it_in_any_table_of_postgresql() {
    if let Some(store) = TestStore::postgres("an answered subject is in no table") {
        answered(store).await;
    }
}

/// Asks in every way that leaves a trace: answered, cached, under an idempotency key, to be screened again.
async fn answered(store: TestStore) {
    let vendors = Vendors::start().await;
    let screened = "[routes.screened]\nproviders = [\"youverify\"]\nrescreen_every = \"1h\"\n";
    let home = Home::with(&Setup::default().routes(screened), &vendors, store);
    let mut command = home.command(&["serve", "--json"]);
    command.env("RUST_LOG", "debug");
    let mut server = home.serve_by(command);
    let subject = marked("cust-1");
    let mut question = about(&subject);
    question["purpose"] = json!("Zqpurpose");
    for _ in 0..2 {
        server.ask(&question).await.good();
    }
    server.ask(&by("youverify", &subject)).await.good();
    for _ in 0..2 {
        let url = format!("{}/v1/assessments", server.url);
        let asked = server.client.post(url).bearer_auth(&server.key).json(&by("screened", &subject));
        answer(asked.header("idempotency-key", "Zqkey Zqlast")).await.good();
    }
    let url = format!("{}/v1/subjects/lookup", server.url);
    let lookup = json!({"reference": subject["reference"]});
    answer(server.client.post(url).bearer_auth(&server.key).json(&lookup)).await.good();
    labelled(&server, &subject["reference"]).await;
    server.get("/v1/assessments?name=Zqlast").await.problem(400, "invalid_query");
    server.ask(&by("Zqcity", &subject)).await.problem(422, "unknown_route");
    server.get("/v1/Zqcity?name=Zqlast").await.problem(404, "no_such_path");
    no_mark_in("the metrics", &server.get("/metrics").await.text);
    server.running.kill();
    let logs = server.running.logs();
    assert!(logs.contains("request answered"), "{logs}");
    no_mark_in_the_store(&home);
    no_mark_in("the logs", &logs);
    for secret in ["sandbox-secret", "sandbox-token", "BwcHBwcHBwc", &server.key] {
        assert!(!logs.contains(secret), "{secret}");
    }
}

/// Says what turned out to be true of the subject, well and badly, and compares.
async fn labelled(server: &Server, reference: &Value) {
    let url = format!("{}/v1/outcomes", server.url);
    let post = || server.client.post(&url).bearer_auth(&server.key);
    let outcome =
        json!({"subject_reference": reference, "type": "confirmed_fraud", "labelled_by": "Zqlabeller"});
    assert_eq!(answer(post().json(&outcome)).await.status, 201);
    let lines =
        format!("{outcome}\n{{\"subject_reference\": \"zqreference\"}}\nZqlabeller\n{{\"Zqlabeller\": 1}}\n");
    let told = answer(post().header("content-type", "application/x-ndjson").body(lines)).await;
    assert_eq!((told.status, told.text.lines().count()), (200, 4), "{}", told.text);
    for accept in ["application/json", "text/csv"] {
        let url = format!("{}/v1/comparisons?left=idenfy&right=youverify&segment=country", server.url);
        let told = answer(server.client.get(url).bearer_auth(&server.key).header("accept", accept)).await;
        assert_eq!(told.status, 200, "{}", told.text);
        no_mark_in(accept, &told.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_in_a_vendors_history_is_in_no_log_no_metric_and_no_table() {
    brought_in(TestStore::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_is_it_in_any_table_of_postgresql_from_a_history() {
    if let Some(store) = TestStore::postgres("a subject in a history is in no table") {
        brought_in(store).await;
    }
}

/// Brings in what both vendors had answered before about somebody whom nobody asked about here.
async fn brought_in(store: TestStore) {
    let vendors = Vendors::start().await;
    checked(&vendors, "Zqfirst Zqlast", 12).await;
    let reference = started(&vendors, "Zqfirst").await;
    reported(&vendors, &reference).await;
    let home = Home::with(&Setup::default().routes(DEEP), &vendors, store);
    let mut command = home.command(&["serve", "--json"]);
    command.env("RUST_LOG", "debug");
    let mut server = home.serve_by(command);
    for (provider, number) in [("idenfy", 12), ("deep", 1)] {
        let request = server.client.post(format!("{}/v1/imports", server.url)).bearer_auth(&server.key);
        let import = answer(request.json(&json!({"provider": provider}))).await.json();
        let path = format!("/v1/imports/{}", import["id"].as_str().expect("an id"));
        let began = Instant::now();
        while server.get(&path).await.good()["imported"] != number {
            assert!(began.elapsed() < PATIENCE, "{provider}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let told = server.get(&path).await.text;
        no_mark_in("the import", &told);
        assert!(!told.contains(&reference), "{told}");
    }
    no_mark_in("the metrics", &server.get("/metrics").await.text);
    server.running.kill();
    no_mark_in_the_store(&home);
    for (name, text) in home.store.dump() {
        assert!(!text.contains(&reference), "the vendor's reference is in {name}");
    }
    no_mark_in("the logs", &server.running.logs());
}
