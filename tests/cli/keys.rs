//! `keys create`, beside a running server.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    http::answer,
    process::{Home, text},
    subjects::{about, person},
    vendors::{Setup, Vendors},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_made_beside_a_running_server_is_good_at_once_and_does_what_it_says() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let server = home.serve();
    let arguments = [
        "keys",
        "create",
        "--config",
        "risk-gateway.toml",
        "--team",
        "fraud",
        "--scopes",
        "assess,read",
        "--json",
    ];
    let output = home.run(&arguments);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    let printed = text(&output.stdout);
    assert_eq!(printed.lines().count(), 1);
    let made: Value = serde_json::from_str(&printed).expect("one JSON line");
    let names: BTreeSet<&str> = made.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["id", "key", "team", "scopes"]));
    assert_eq!((&made["team"], &made["scopes"]), (&json!("fraud"), &json!(["assess", "read"])));
    let key = made["key"].as_str().expect("a key");
    assert!(key.starts_with("rgk_") && key.contains(made["id"].as_str().expect("an id")));
    let url = format!("{}/v1/assessments", server.url);
    answer(server.client.post(&url).bearer_auth(key).json(&about(&person("cust-1")))).await.good();
    answer(server.client.get(format!("{}/v1/routes", server.url)).bearer_auth(key)).await.good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_stored_only_as_a_hash_and_shown_once() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let key = home.key("risk");
    let secret = key.split('_').nth(2).expect("a secret");
    for (name, text) in home.store.dump() {
        assert!(!text.contains(secret), "{name}");
    }
    assert_ne!(home.key("risk"), key);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_json_the_key_is_the_first_line() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let printed = text(&home.run(&["keys", "create", "--team", "risk"]).stdout);
    assert!(printed.lines().next().is_some_and(|line| line.starts_with("rgk_")), "{printed}");
    assert!(printed.contains("team risk") && printed.contains("assess,read"), "{printed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scopes_and_names_that_cannot_be_are_refused_with_the_ones_that_can() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let output = home.run(&["keys", "create", "--team", "risk", "--scopes", "assess,reed"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("assess, read, compare"), "{output:?}");
    for team in ["", "a b", "päivi", "a/b"] {
        let output = home.run(&["keys", "create", "--team", team]);
        assert!(!output.status.success(), "{team:?}");
        assert!(text(&output.stderr).contains("'--team <TEAM>': letters, digits"), "{output:?}");
        assert_eq!(text(&output.stdout), "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_master_key_is_refused_instead_of_making_keys_that_never_work() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    home.key("risk");
    for arguments in [&["keys", "create", "--team", "risk"][..], &["serve"][..]] {
        let mut command = home.command(arguments);
        command.env("RISK_GATEWAY_MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        let output = command.output().expect("an end");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(text(&output.stderr).contains("another master key"), "{output:?}");
        assert_eq!(text(&output.stdout), "");
    }
}
