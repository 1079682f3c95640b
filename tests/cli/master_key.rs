//! `master-key rotate`: another master key takes the place of the one in force, and nobody is refused meanwhile.

use serde_json::{Value, json};

use crate::{
    http::answer,
    process::{Home, Server, output, program, text},
    subjects::{about, by, person},
    vendors::{MASTER_KEY as OLD, Setup, Vendors},
};

/// Base64 of 32 other bytes.
const NEW: &str = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";
/// And of others again.
const THIRD: &str = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";

/// Configures `current` as the master key and `previous` as earlier ones.
fn configure(home: &Home, current: &str, previous: &[&str]) {
    let known = "master_key = \"${RISK_GATEWAY_MASTER_KEY}\"";
    let keys = format!("master_key = \"{current}\"\nprevious_master_keys = {previous:?}");
    let toml = Setup::default().toml();
    assert!(toml.contains(known), "{toml}");
    home.configure(&toml.replace(known, &keys));
}

/// A server by the configuration as it is now, asked by the key that was made for the first one.
fn serve_again(home: &Home, mut server: Server) -> Server {
    server.running.terminate();
    assert_eq!(server.running.ended().code(), Some(0));
    Server { key: server.key.clone(), ..home.serve() }
}

fn rotate(home: &Home) -> Value {
    let output = home.run(&["master-key", "rotate", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let printed = text(&output.stdout);
    assert_eq!(printed.lines().count(), 1, "{printed}");
    serde_json::from_str(&printed).expect("one JSON line")
}

/// Why the program cannot start as it is configured, whatever it is to do.
fn refused(home: &Home) -> String {
    let mut told = Vec::new();
    for arguments in [&["serve"][..], &["keys", "create", "--team", "risk"], &["master-key", "rotate"]] {
        let output = home.run(arguments);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{output:?}");
        // Whatever was logged before.
        told.push(text(&output.stderr).lines().last().expect("a reason").to_owned());
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0)
}

/// That the server answers, and that everything that was `answered` before reads as it was.
async fn goes_on(server: &Server, answered: &[Value]) {
    for assessment in answered {
        let id = assessment["id"].as_str().expect("an id");
        assert_eq!(&server.read(id).await.good(), assessment);
        let raw = server.read(&format!("{id}?include=raw")).await.good();
        assert!(raw["raw"].is_object(), "the vendor's payload is there too");
        let found = server.client.post(format!("{}/v1/assessments/search", server.url));
        let reference = json!({"reference": assessment["subject"]["reference"]});
        let found = answer(found.bearer_auth(&server.key).json(&reference)).await.good();
        assert!(found["assessments"].as_array().expect("a list").contains(assessment), "{found}");
    }
}

async fn asked(server: &Server, reference: &str) -> Value {
    server.ask(&by("youverify", &person(reference))).await.good()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_steps_of_the_help_lead_from_one_master_key_to_another_with_nobody_refused() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    // Several servers that share a store learn the new key first.
    configure(&home, OLD, &[NEW]);
    let server = home.serve();
    let mut answered = vec![asked(&server, "cust-1").await, asked(&server, "cust-2").await];
    configure(&home, NEW, &[OLD]);
    let server = serve_again(&home, server);
    goes_on(&server, &answered).await;
    answered.push(asked(&server, "cust-3").await);
    assert_eq!(rotate(&home), json!({"rewrapped": 2}), "what the new key wrapped stays as it is");
    goes_on(&server, &answered).await;
    answered.push(asked(&server, "cust-4").await);
    assert_eq!(rotate(&home), json!({"rewrapped": 0}));
    configure(&home, NEW, &[]);
    let server = serve_again(&home, server);
    goes_on(&server, &answered).await;
    let again = asked(&server, "cust-1").await;
    assert_eq!(again["subject"], answered[0]["subject"], "subjects are found again");
    asked(&server, "cust-5").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_key_alone_opens_nothing_any_more_and_its_owner_is_told_what_to_do() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    home.key("risk");
    configure(&home, NEW, &[OLD]);
    rotate(&home);
    configure(&home, OLD, &[]);
    let why = refused(&home);
    assert!(why.contains("another master key") && why.contains("give that one"), "{why}");
    assert!(!why.contains(OLD) && !why.contains(NEW), "{why}");
    configure(&home, OLD, &[NEW]);
    home.key("risk");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_everything_is_wrapped_anew_the_new_key_alone_is_refused() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let server = home.serve();
    let answered = [asked(&server, "cust-1").await];
    configure(&home, NEW, &[]);
    assert!(refused(&home).contains("another master key"));
    configure(&home, THIRD, &[NEW]);
    assert!(refused(&home).contains("another master key"));
    configure(&home, NEW, &[THIRD, OLD]);
    let server = serve_again(&home, server);
    goes_on(&server, &answered).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_goes_on_answering_while_keys_are_wrapped_anew() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let server = home.serve();
    let mut answered = Vec::new();
    for index in 0..40 {
        answered.push(asked(&server, &format!("cust-{index}")).await);
    }
    configure(&home, NEW, &[OLD]);
    let server = serve_again(&home, server);
    let mut command = home.command(&["master-key", "rotate", "--json"]);
    let rotating = tokio::task::spawn_blocking(move || output(&mut command, ""));
    let mut asked_meanwhile = 0;
    while !rotating.is_finished() || asked_meanwhile < 5 {
        answered.push(asked(&server, &format!("later-{asked_meanwhile}")).await);
        asked_meanwhile += 1;
    }
    let rotated = rotating.await.expect("an end");
    assert_eq!(text(&rotated.stdout).trim(), json!({"rewrapped": 40}).to_string(), "{rotated:?}");
    configure(&home, NEW, &[]);
    let server = serve_again(&home, server);
    goes_on(&server, &answered).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nothing_to_wrap_anew_rotating_changes_nothing_and_says_so() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let server = home.serve();
    let answered = [server.ask(&about(&person("cust-1"))).await.good()];
    assert_eq!(rotate(&home), json!({"rewrapped": 0}));
    let printed = text(&home.run(&["master-key", "rotate"]).stdout);
    assert!(printed.starts_with("0 data keys wrapped anew"), "{printed}");
    goes_on(&server, &answered).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_cannot_be_are_refused_without_being_repeated() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    for (current, previous) in [("c2hvcnQ=", OLD), (OLD, "c2hvcnQ=")] {
        configure(&home, current, &[previous]);
        let output = home.run(&["master-key", "rotate"]);
        assert!(!output.status.success(), "{output:?}");
        let why = text(&output.stderr);
        assert!(why.contains("32 bytes") && why.contains("master_key"), "{why}");
        assert!(!why.contains("c2hvcnQ=") && !why.contains(OLD), "{why}");
    }
}

#[test]
fn the_help_tells_the_steps() {
    let help = text(&output(program().args(["master-key", "rotate", "--help"]), "").stdout);
    for part in ["openssl rand -base64 32", "previous_master_keys", "master-key rotate", "backups"] {
        assert!(help.contains(part), "{help}");
    }
}
