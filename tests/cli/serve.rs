//! `serve`: starts without a vendor, says what is wrong, logs no secret.

use serde_json::Value;

use crate::{
    process::{Home, text},
    subjects::{about, person},
    vendors::{Setup, Vendors},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_taken_is_named_with_what_to_do() {
    let vendors = Vendors::start().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let home = Home::new(&Setup::default(), &vendors);
    home.configure(&Setup::default().toml().replace("127.0.0.1:0", &address));
    let output = home.run(&["serve"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = text(&output.stderr);
    assert!(told.contains(&address) && told.contains("change listen in the [server] section"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_cannot_be_opened_is_named() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    home.configure(&Setup::default().toml().replace("${STORE}", "sqlite:no/such/folder/x.db"));
    let output = home.run(&["serve"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = text(&output.stderr);
    assert!(told.contains("no/such/folder/x.db"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_starts_and_is_ready_while_every_vendor_is_down() {
    let vendors = Vendors::start().await;
    let setup = Setup::default().variable("IDENFY_URL", "http://127.0.0.1:1");
    let home = Home::new(&setup, &vendors);
    vendors.youverify.inject(risk_provider_sandbox::FaultKind::Hang);
    let server = home.serve();
    server.get("/readyz").await.good();
    assert_eq!(vendors.youverify.calls().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_it_logs_is_json_and_none_holds_a_secret_or_a_subject() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let mut server = home.serve();
    let mut subject = person("Zq7Canary-reference");
    subject["name"]["last"] = "Zq7Canary".into();
    server.ask(&about(&subject)).await.good();
    server.running.terminate();
    assert_eq!(server.running.ended().code(), Some(0));
    let logs = server.running.logs();
    for line in logs.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
    assert!(logs.contains("ready") && logs.contains("request answered") && logs.contains("req_"), "{logs}");
    for secret in ["Zq7Canary", "sandbox-secret", "sandbox-token", "BwcHBwcHBwc", "rgk_"] {
        assert!(!logs.contains(secret), "{secret}: {logs}");
    }
}
