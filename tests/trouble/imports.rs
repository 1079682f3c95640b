//! An import that is killed half-way goes on, and what two servers bring in at once is there once.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    books,
    history::checked,
    http::answer,
    on_both_stores::on_both_stores,
    process::{Home, Server},
    stores::TestStore,
    vendors::{Setup, Vendors},
};

const CHECKS: usize = 57;
/// How long an import may take: a lease of half a minute, and a slow machine.
const PATIENCE: Duration = Duration::from_secs(90);

const THERE: &str = "SELECT COUNT(*) FROM provider_assessments WHERE origin = 'import'";
const DIFFERENT: &str =
    "SELECT COUNT(DISTINCT reference_mac) FROM provider_assessments WHERE origin = 'import'";

on_both_stores!(
    killed_half_way_a_server_goes_on_once_it_runs_again,
    killed_half_way_the_command_goes_on_when_it_is_given_again,
);

async fn slow_vendors() -> Vendors {
    let vendors = Vendors::start().await;
    checked(&vendors, "Matthew Collins", CHECKS).await;
    vendors.idenfy.inject(Fault::new(FaultKind::Latency { ms: 30 }).on("assessment"));
    vendors
}

async fn begin(server: &Server) -> String {
    let request = server.client.post(format!("{}/v1/imports", server.url)).bearer_auth(&server.key);
    let told = answer(request.json(&json!({"provider": "idenfy"}))).await;
    assert_eq!(told.status, 202, "{}", told.text);
    told.json()["id"].as_str().expect("an id").to_owned()
}

/// The import once `ready` says so.
async fn until(server: &Server, id: &str, ready: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let import = server.get(&format!("/v1/imports/{id}")).await.good();
        if ready(&import) {
            return import;
        }
        assert!(began.elapsed() < PATIENCE, "{import}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn is_over(import: &Value) -> bool {
    import["status"] == "completed" || import["status"] == "failed"
}

fn counts(import: &Value) -> [i64; 3] {
    assert_eq!(import["status"], "completed", "{import}");
    ["imported", "skipped", "failed"].map(|count| import[count].as_i64().expect("a number"))
}

async fn each_is_there_once(home: &Home) {
    for query in [THERE, DIFFERENT] {
        assert_eq!(books::number(&home.store.url, query).await, 57, "{query}");
    }
}

async fn killed_half_way_a_server_goes_on_once_it_runs_again(store: TestStore) {
    let vendors = slow_vendors().await;
    let home = Home::with(&Setup::default(), &vendors, store);
    let mut server = home.serve();
    let id = begin(&server).await;
    let before = until(&server, &id, |import| import["imported"].as_i64() >= Some(20)).await;
    assert!(before["imported"].as_i64() < Some(50), "too late to be half-way: {before}");
    server.running.kill();
    let server = home.serve_for(&server.key);
    let import = until(&server, &id, is_over).await;
    assert_eq!(counts(&import), [57, 0, 0]);
    each_is_there_once(&home).await;
    let again = begin(&server).await;
    assert_eq!(counts(&until(&server, &again, is_over).await), [0, 57, 0]);
    each_is_there_once(&home).await;
    let read = vendors.idenfy.calls().iter().filter(|call| call.operation == "assessment").count();
    assert!(read <= CHECKS + 1, "{read} reads: only the one under way is made again");
}

async fn killed_half_way_the_command_goes_on_when_it_is_given_again(store: TestStore) {
    let vendors = slow_vendors().await;
    let home = Home::with(&Setup::default(), &vendors, store);
    // Makes the schema.
    home.key("risk");
    let arguments = ["import", "--provider", "idenfy", "--json"];
    let mut command: Command = home.command(&arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a process");
    let began = Instant::now();
    while books::number(&home.store.url, THERE).await < 20 {
        assert!(began.elapsed() < PATIENCE, "nothing is brought in");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child.kill().expect("still running");
    child.wait().expect("an end");
    assert!(books::number(&home.store.url, THERE).await < 57, "too late to be half-way");
    for expected in [[57, 0, 0], [0, 57, 0]] {
        let mut command = home.command(&arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("joined");
        let output = output.expect("an end");
        assert!(output.status.success(), "{output:?}");
        let import: Value = serde_json::from_slice(&output.stdout).expect("one JSON line");
        assert_eq!(counts(&import), expected);
    }
    each_is_there_once(&home).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_at_once_bring_each_in_once_and_one_goes_on_for_the_other() {
    let Some(store) = TestStore::postgres("imports on two servers") else { return };
    let vendors = slow_vendors().await;
    let home = Home::with(&Setup::default(), &vendors, store);
    let mut left = home.serve();
    let right = home.serve_for(&left.key);
    let both = [begin(&left).await, begin(&right).await];
    until(&right, &both[0], |import| import["imported"].as_i64() >= Some(5)).await;
    left.running.kill();
    let mut imported = 0;
    for id in &both {
        let [brought, skipped, failed] = counts(&until(&right, id, is_over).await);
        assert_eq!((brought + skipped, failed), (57, 0));
        imported += brought;
    }
    assert_eq!(imported, 57);
    each_is_there_once(&home).await;
}
