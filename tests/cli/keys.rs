//! `keys`, beside a running server.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    http::answer,
    process::{Home, Server, text},
    subjects::{about, by, person},
    vendors::{Setup, Vendors},
};

/// How long a condition may take to come true.
const PATIENCE: Duration = Duration::from_secs(20);
/// Every server refuses a revoked key after that.
const REVOKED_WITHIN: Duration = Duration::from_secs(5);
/// What a busy machine may add to any bound.
const SLACK: Duration = Duration::from_secs(3);

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

/// What `arguments` print with `--json`.
fn told(home: &Home, arguments: &[&str]) -> Value {
    let output = home.run(&[arguments, &["--json"]].concat());
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{arguments:?}");
    let printed = text(&output.stdout);
    assert_eq!(printed.lines().count(), 1, "{printed}");
    serde_json::from_str(&printed).expect("one JSON line")
}

/// What they print to a person.
fn printed(home: &Home, arguments: &[&str]) -> String {
    let output = home.run(arguments);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{arguments:?}");
    text(&output.stdout)
}

/// Why they are refused.
fn refused(home: &Home, arguments: &[&str]) -> String {
    let output = home.run(arguments);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{output:?}");
    text(&output.stderr)
}

fn names(object: &Value) -> BTreeSet<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn word<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_else(|| panic!("{name} in {object}"))
}

fn time(object: &Value, name: &str) -> Timestamp {
    word(object, name).parse().expect("a time")
}

/// `keys list` of this key.
fn listed(home: &Home, id: &str) -> Value {
    let keys = told(home, &["keys", "list"]);
    let found = keys["keys"].as_array().expect("a list").iter().find(|key| key["id"] == id);
    found.unwrap_or_else(|| panic!("{id} in {keys}")).clone()
}

/// The status that a key is answered with.
async fn status(server: &Server, key: &str) -> u16 {
    answer(server.client.get(format!("{}/v1/routes", server.url)).bearer_auth(key)).await.status
}

/// Waits until `ready` says so.
async fn until(what: &str, ready: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !ready().await {
        assert!(began.elapsed() < PATIENCE, "waited too long: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until `server` refuses `key`, and insists that it did so in time.
async fn refused_in_time(server: &Server, key: &str) {
    let revoked = Instant::now();
    until("the key is refused", async || status(server, key).await == 401).await;
    assert!(revoked.elapsed() < REVOKED_WITHIN + SLACK, "{:?}", revoked.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_says_whose_keys_there_are_and_what_they_may_do_but_not_the_keys() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    assert_eq!(told(&home, &["keys", "list"]), json!({"keys": []}));
    let ci = told(&home, &["keys", "create", "--team", "risk", "--name", "ci", "--scopes", "read,assess"]);
    let test = ["keys", "create", "--team", "risk", "--environment", "test", "--scopes", "all"];
    let (test, fraud) = (told(&home, &test), told(&home, &["keys", "create", "--team", "fraud"]));
    let keys = told(&home, &["keys", "list"]);
    let keys = keys["keys"].as_array().expect("a list");
    let ids: Vec<&str> = keys.iter().map(|key| word(key, "id")).collect();
    assert_eq!(ids, [word(&fraud, "id"), word(&ci, "id"), word(&test, "id")], "by team, then by age");
    for key in keys {
        let expected = [
            "id",
            "team",
            "name",
            "environment",
            "scopes",
            "created_at",
            "last_used_at",
            "revoked_at",
            "revoked",
        ];
        assert_eq!(names(key), BTreeSet::from(expected));
        assert_eq!((&key["last_used_at"], &key["revoked_at"]), (&Value::Null, &Value::Null));
        assert_eq!(key["revoked"], false);
        time(key, "created_at");
    }
    let told_of = |key: &Value| ["team", "name", "environment", "scopes"].map(|name| key[name].clone());
    assert_eq!(told_of(&keys[1]), [json!("risk"), json!("ci"), json!("live"), json!(["assess", "read"])]);
    assert_eq!(told_of(&keys[2])[..3], [json!("risk"), json!("default"), json!("test")]);
    let table = printed(&home, &["keys", "list"]);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 4);
    let heads: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(heads, ["ID", "TEAM", "NAME", "ENV", "STATE", "LAST", "USED", "SCOPES"]);
    let row: Vec<&str> = lines[2].split_whitespace().collect();
    assert_eq!(row, [word(&ci, "id"), "risk", "ci", "live", "good", "never", "assess,read"]);
    for made in [&ci, &test, &fraud] {
        let secret = word(made, "key").split('_').nth(2).expect("a secret");
        assert!(!table.contains(secret) && !format!("{keys:?}").contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_of_one_team_holds_no_other_teams_keys() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let fraud = told(&home, &["keys", "create", "--team", "fraud"]);
    home.key("risk");
    let keys = told(&home, &["keys", "list", "--team", "fraud"]);
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(1));
    assert_eq!(keys["keys"][0]["id"], fraud["id"]);
    let table = printed(&home, &["keys", "list", "--team", "fraud"]);
    assert!(table.contains(word(&fraud, "id")) && !table.contains("risk"), "{table}");
    assert_eq!(told(&home, &["keys", "list", "--team", "lending"]), json!({"keys": []}));
    assert_eq!(printed(&home, &["keys", "list", "--team", "lending"]).lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_says_when_a_key_was_last_used() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let server = home.serve();
    let made = told(&home, &["keys", "create", "--team", "risk"]);
    assert_eq!(status(&server, word(&made, "key")).await, 200);
    let id = word(&made, "id");
    until("the use is noted", async || !listed(&home, id)["last_used_at"].is_null()).await;
    let key = listed(&home, id);
    assert!(time(&key, "last_used_at") >= time(&key, "created_at"), "{key}");
    assert!(!printed(&home, &["keys", "list"]).lines().any(|row| row.contains(id) && row.contains("never")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_revoked_beside_a_running_server_is_soon_refused_and_others_are_not() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let server = home.serve();
    let made = told(&home, &["keys", "create", "--team", "risk"]);
    let (id, key) = (word(&made, "id"), word(&made, "key"));
    assert_eq!(status(&server, key).await, 200);
    assert_eq!(told(&home, &["keys", "revoke", id]), json!({"id": id, "revoked": true}));
    refused_in_time(&server, key).await;
    assert_eq!(status(&server, &server.key).await, 200);
    let revoked = listed(&home, id);
    assert_eq!(revoked["revoked"], true);
    let row = printed(&home, &["keys", "list"]);
    assert!(row.lines().any(|row| row.contains(id) && row.contains("revoked")), "{row}");
    // Once more changes nothing.
    assert!(printed(&home, &["keys", "revoke", id]).contains(id));
    assert_eq!(listed(&home, id)["revoked_at"], revoked["revoked_at"]);
    let question = about(&person("cust-1"));
    let url = format!("{}/v1/assessments", server.url);
    answer(server.client.post(url).bearer_auth(key).json(&question)).await.problem(401, "unauthorized");
    assert_eq!(vendors.billed(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_no_key_has_is_refused_with_the_way_to_find_one() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let key = home.key("risk");
    for action in ["revoke", "rotate"] {
        for id in ["0123456789abcdef", "", &key] {
            let why = refused(&home, &["keys", action, id]);
            assert!(why.contains("no key has this id") && why.contains("keys list"), "{why}");
            assert!(!why.contains(&key), "a key that was taken for its id is not repeated: {why}");
        }
        assert_eq!(home.run(&["keys", action]).status.code(), Some(2));
    }
    assert_eq!(told(&home, &["keys", "list"])["keys"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_key_goes_on_for_the_overlap_beside_one_for_the_same_purpose() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let server = home.serve();
    let create = ["keys", "create", "--team", "fraud", "--name", "ci", "--scopes", "read"];
    let old = told(&home, &create);
    let new = told(&home, &["keys", "rotate", word(&old, "id"), "--overlap", "24h"]);
    assert_eq!(names(&new), BTreeSet::from(["id", "key", "team", "scopes", "replaces", "until"]));
    assert_eq!((&new["team"], &new["scopes"]), (&json!("fraud"), &json!(["read"])));
    assert_eq!(new["replaces"], old["id"]);
    assert_ne!(new["id"], old["id"]);
    for made in [&old, &new] {
        assert_eq!(status(&server, word(made, "key")).await, 200);
    }
    let (was, is) = (listed(&home, word(&old, "id")), listed(&home, word(&new, "id")));
    assert_eq!((time(&was, "revoked_at"), &was["revoked"]), (time(&new, "until"), &json!(false)));
    let hours = time(&new, "until").duration_since(time(&is, "created_at")).as_hours();
    assert_eq!(hours, 24);
    assert_eq!((&is["name"], &is["environment"]), (&json!("ci"), &json!("live")));
    assert_eq!((&is["revoked_at"], &is["revoked"]), (&Value::Null, &json!(false)));
    let table = printed(&home, &["keys", "list"]);
    let row = table.lines().find(|row| row.contains(word(&old, "id"))).expect("its row");
    assert!(row.contains("good until 20"), "{row}");
    // Revoking ends the overlap.
    told(&home, &["keys", "revoke", word(&old, "id")]);
    refused_in_time(&server, word(&old, "key")).await;
    assert_eq!(status(&server, word(&new, "key")).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_rotated_without_overlap_is_soon_refused() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let server = home.serve();
    let old = told(&home, &["keys", "create", "--team", "risk"]);
    assert_eq!(status(&server, word(&old, "key")).await, 200);
    let new = told(&home, &["keys", "rotate", word(&old, "id"), "--overlap", "0s"]);
    assert_eq!(status(&server, word(&new, "key")).await, 200);
    refused_in_time(&server, word(&old, "key")).await;
    assert_eq!(listed(&home, word(&old, "id"))["revoked"], true);
    let why = refused(&home, &["keys", "rotate", word(&old, "id")]);
    assert!(why.contains("is revoked") && why.contains("keys create"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotating_says_until_when_the_old_key_really_is_good() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let old = told(&home, &["keys", "create", "--team", "risk"]);
    let id = word(&old, "id");
    let standard = told(&home, &["keys", "rotate", id]);
    assert_eq!(time(&standard, "until"), time(&listed(&home, id), "revoked_at"));
    for overlap in ["1h", "7d"] {
        let new = told(&home, &["keys", "rotate", id, "--overlap", overlap]);
        assert_eq!(time(&new, "until"), time(&listed(&home, id), "revoked_at"), "{overlap}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overlap_that_cannot_be_leaves_everything_as_it_was() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let old = told(&home, &["keys", "create", "--team", "risk"]);
    let before = told(&home, &["keys", "list"]);
    for overlap in ["soon", "24", "-1h", "", "99999y"] {
        let output = home.run(&["keys", "rotate", word(&old, "id"), "--overlap", overlap]);
        assert!(!output.status.success(), "{overlap}: {output:?}");
        assert_eq!(text(&output.stdout), "");
        assert_eq!(told(&home, &["keys", "list"]), before, "{overlap}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_key_is_shown_first_and_says_what_becomes_of_the_old_one() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let old = told(&home, &["keys", "create", "--team", "risk"]);
    let table = printed(&home, &["keys", "rotate", word(&old, "id")]);
    assert!(table.lines().next().is_some_and(|line| line.starts_with("rgk_")), "{table}");
    let until = format!("{} is good until 20", word(&old, "id"));
    assert!(table.contains("team risk") && table.contains("Shown once") && table.contains(&until), "{table}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_key_tries_out_and_stays_a_test_key_when_rotated() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default().youverify("sandbox = true"), &vendors);
    let server = home.serve();
    let create = ["keys", "create", "--team", "risk", "--environment", "test"];
    let made = told(&home, &create);
    assert_eq!(names(&made), BTreeSet::from(["id", "key", "team", "scopes"]));
    let rotated = told(&home, &["keys", "rotate", word(&made, "id"), "--overlap", "1h"]);
    assert_eq!(listed(&home, word(&rotated, "id"))["environment"], "test");
    let url = format!("{}/v1/assessments", server.url);
    let ask = |key: &str, route: &str| {
        answer(server.client.post(&url).bearer_auth(key).json(&by(route, &person("cust-1"))))
    };
    for key in [word(&made, "key"), word(&rotated, "key")] {
        ask(key, "youverify").await.good();
        ask(key, "idenfy").await.problem(403, "wrong_environment");
    }
    ask(&server.key, "youverify").await.problem(403, "wrong_environment");
    assert!(printed(&home, &create).contains("team risk, scopes assess,read, test."));
    let output = home.run(&["keys", "create", "--team", "risk", "--environment", "prod"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("live, test"), "{output:?}");
}
