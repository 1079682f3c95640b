//! Killed at any moment, the gateway has lost nothing that it answered.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    process::{Home, Server},
    subjects::{about, by, person},
    vendors::{Setup, Vendors},
};

const ROUNDS: usize = 5;
const CALLERS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_right_after_an_answer_the_gateway_still_has_it() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let mut server = home.serve();
    let mut answered = Vec::new();
    for route in ["idenfy", "youverify"] {
        answered.push(server.ask(&by(route, &person("cust-1"))).await.good());
    }
    server.running.kill();
    let server = Server { key: server.key.clone(), ..home.serve() };
    for assessment in answered {
        let id = assessment["id"].as_str().expect("an id");
        assert_eq!(server.read(id).await.good(), assessment);
        let raw = server.read(&format!("{id}?include=raw")).await.good();
        assert!(raw["raw"].is_object(), "the vendor's payload is there too");
    }
    let again = server.ask(&by("idenfy", &person("cust-1"))).await.good();
    assert!(again["subject"]["id"].as_str().is_some_and(|id| id.starts_with("sub_")));
}

/// Asks about one new subject after the other until the gateway is gone; the answers that came.
async fn ask_until_gone(server: Arc<Server>, round: usize, caller: usize) -> Vec<Value> {
    let mut answered = Vec::new();
    for index in 0.. {
        let question = about(&person(&format!("cust-{round}-{caller}-{index}")));
        let url = format!("{}/v1/assessments", server.url);
        let sent = server.client.post(url).bearer_auth(&server.key).json(&question).send().await;
        let Ok(response) = sent else { break };
        let status = response.status();
        // An answer that was cut by the kill was not received.
        let Ok(assessment) = response.json::<Value>().await else { break };
        assert_eq!(status, 200, "{assessment}");
        answered.push(assessment);
    }
    answered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_under_load_every_answer_that_was_received_can_be_read() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let mut answered: Vec<Value> = Vec::new();
    for round in 0..ROUNDS {
        let server = Arc::new(home.serve());
        let mut asking = JoinSet::new();
        for caller in 0..CALLERS {
            asking.spawn(ask_until_gone(Arc::clone(&server), round, caller));
        }
        let before = vendors.billed();
        while vendors.billed() < before + 3 * CALLERS + 7 * round {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let killed = std::process::Command::new("sh")
            .args(["-c", "kill -KILL \"$1\"", "sh", &server.running.id()])
            .status();
        assert!(killed.expect("a shell").success());
        answered.extend(asking.join_all().await.into_iter().flatten());
    }
    assert!(answered.len() >= ROUNDS * CALLERS, "{} answers", answered.len());
    let server = home.serve();
    for assessment in &answered {
        let id = assessment["id"].as_str().expect("an id");
        assert_eq!(&server.read(id).await.good(), assessment);
    }
}
