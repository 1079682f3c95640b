//! A profile that changes before running servers, accepted beside them.

use std::time::{Duration, Instant};

use risk_provider_sandbox::ONBOARDING_PROFILE_ID;
use serde_json::{Value, json};

use crate::{
    http::{answer, attempts, client},
    on_both_stores::on_both_stores,
    process::{Home, Server, text},
    stores::TestStore,
    subjects::{about, by, person},
    vendors::{Setup, Vendors},
};

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(40);
/// Within that, every server asks the provider again.
const BACK_WITHIN: Duration = Duration::from_secs(10);

/// A mapping that fits before and after the edit.
const QUESTIONS: &str = r#"
"Country of residence" = "country"
"lib-oNeXpOsEdA" = "politically_exposed"
"#;

on_both_stores!(
    a_change_is_accepted_beside_running_servers_and_the_provider_is_back_within_seconds,
    a_restart_keeps_the_provider_out_until_the_change_is_accepted,
);

fn setup(reread_every: &str) -> Setup {
    let lines = format!("reread_profile_every = \"{reread_every}\"\n");
    Setup::default().profile(ONBOARDING_PROFILE_ID, QUESTIONS).idenfy(&lines)
}

async fn edit(vendors: &Vendors) {
    let url = format!("{}/_sandbox/idenfy", vendors.idenfy.base_url().trim_end_matches('/'));
    answer(client().post(url).json(&json!({ "edit_profile": ONBOARDING_PROFILE_ID }))).await.good();
}

async fn mapping(server: &Server) -> Value {
    server.get("/v1/providers/idenfy").await.good()["mapping"].clone()
}

async fn until_state(server: &Server, state: &str) {
    let began = Instant::now();
    while mapping(server).await["state"] != state {
        assert!(began.elapsed() < PATIENCE, "never {state}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What `profiles accept` prints.
fn accept(home: &Home) -> Value {
    let output = home.run(&["profiles", "accept", "--by", "alice", "--json"]);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{output:?}");
    serde_json::from_str(&text(&output.stdout)).expect("one JSON line")
}

async fn a_change_is_accepted_beside_running_servers_and_the_provider_is_back_within_seconds(
    place: TestStore,
) {
    let vendors = Vendors::start().await;
    // Only the first one looks often enough to notice by itself.
    let home = Home::with(&setup("1s"), &vendors, place);
    let left = home.serve();
    home.configure(&setup("15m").toml());
    let right = home.serve_for(&left.key);
    for (server, reference) in [(&left, "cust-1"), (&right, "cust-2")] {
        assert_eq!(server.ask(&about(&person(reference))).await.good()["decided_by"], "idenfy");
    }
    edit(&vendors).await;
    for server in [&left, &right] {
        until_state(server, "stale").await;
    }
    let paid = vendors.idenfy.billed();
    for (server, reference) in [(&left, "cust-3"), (&right, "cust-4")] {
        let other = server.ask(&about(&person(reference))).await.good();
        assert_eq!(other["decided_by"], "youverify");
        assert_eq!(attempts(&other)[0], "idenfy check: misconfigured, not sent, billed no");
    }
    assert_eq!(vendors.idenfy.billed(), paid);

    let accepted = accept(&home)["providers"][0].clone();
    let accepted_at = Instant::now();
    assert_eq!((&accepted["provider"], &accepted["accepted"]), (&json!("idenfy"), &json!(true)));
    assert_eq!(accepted["changes"].as_array().expect("changes").len(), 4, "{accepted}");
    for (number, server) in [&left, &right].into_iter().enumerate() {
        let question = by("idenfy", &person(&format!("cust-back-{number}")));
        while server.ask(&question).await.status != 200 {
            assert!(accepted_at.elapsed() < BACK_WITHIN, "still out");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let mapping = mapping(server).await;
        assert_eq!((&mapping["state"], &mapping["accepted_by"]), (&json!("accepted"), &json!("alice")));
        assert_eq!(mapping["changes"], json!([]));
    }
    assert_eq!(accept(&home)["providers"][0]["accepted"], false, "nothing is left to accept");
}

async fn a_restart_keeps_the_provider_out_until_the_change_is_accepted(place: TestStore) {
    let vendors = Vendors::start().await;
    let home = Home::with(&setup("1s"), &vendors, place);
    let mut first = home.serve();
    first.ask(&by("idenfy", &person("cust-1"))).await.good();
    edit(&vendors).await;
    until_state(&first, "stale").await;
    let (paid, key) = (vendors.idenfy.billed(), first.key.clone());
    first.running.kill();
    home.configure(&setup("15m").toml());
    let second = home.serve_for(&key);
    until_state(&second, "stale").await;
    second.ask(&by("idenfy", &person("cust-2"))).await.problem(502, "misconfigured");
    let alone = home.run_with(
        &["assess", "--json", "--route", "idenfy"],
        &json!({ "subject": person("cust-3") }).to_string(),
    );
    assert_eq!(alone.status.code(), Some(1), "{alone:?}");
    assert!(text(&alone.stdout).contains("misconfigured"), "{alone:?}");
    assert_eq!(vendors.idenfy.billed(), paid, "no process pays for anything under it");
    accept(&home);
    until_state(&second, "accepted").await;
    second.ask(&by("idenfy", &person("cust-4"))).await.good();
}
