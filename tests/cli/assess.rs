//! `assess`: one subject, without a server.

use serde_json::{Value, json};

use crate::{
    process::{Home, text},
    subjects::{about, by, person},
    vendors::{Setup, Vendors},
};

async fn home() -> (Vendors, Home) {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    (vendors, home)
}

fn printed(output: &std::process::Output) -> Value {
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_from_stdin_or_from_a_file_gives_the_assessment() {
    let (vendors, home) = home().await;
    let request = about(&person("cust-1")).to_string();
    let from_stdin = printed(&home.run_with(&["assess"], &request));
    let dash = printed(&home.run_with(&["assess", "-", "--json"], &request));
    home.write("subject.json", &request);
    let from_file = printed(&home.run(&["assess", "subject.json"]));
    for assessment in [&from_stdin, &dash, &from_file] {
        assert_eq!(
            (&assessment["decided_by"], &assessment["status"]),
            (&json!("idenfy"), &json!("completed"))
        );
        assert_eq!(assessment["score"], from_stdin["score"]);
    }
    assert_eq!(from_stdin["subject"]["id"], from_file["subject"]["id"], "recorded in the same store");
    assert_eq!(vendors.billed(), 3, "each run is a process of its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_is_one_line_and_plain_is_for_people() {
    let (_vendors, home) = home().await;
    let request = about(&person("cust-1")).to_string();
    assert_eq!(text(&home.run_with(&["assess", "--json"], &request).stdout).lines().count(), 1);
    assert!(text(&home.run_with(&["assess"], &request).stdout).lines().count() > 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_option_chooses_the_route_over_the_requests_own() {
    let (_vendors, home) = home().await;
    let request = by("idenfy", &person("cust-1")).to_string();
    let assessment = printed(&home.run_with(&["assess", "--route", "youverify"], &request));
    assert_eq!((&assessment["route"], &assessment["decided_by"]), (&json!("youverify"), &json!("youverify")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_assess_recorded_a_server_can_read_for_the_same_team() {
    let (_vendors, home) = home().await;
    let request = about(&person("cust-1")).to_string();
    let assessment = printed(&home.run_with(&["assess", "--team", "risk"], &request));
    let server = home.serve();
    let read = server.read(assessment["id"].as_str().expect("an id")).await.good();
    assert_eq!(read, assessment);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_names_the_field_and_never_the_value_and_exits_with_1() {
    let (vendors, home) = home().await;
    let mut subject = person("cust-1");
    subject["country"] = json!("Zq7Canary");
    for request in [about(&subject).to_string(), "{\"subject\": Zq7Canary}".to_owned(), String::new()] {
        let output = home.run_with(&["assess"], &request);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{output:?}");
        let told = text(&output.stderr);
        assert!(told.starts_with("error: ") && !told.contains("Zq7Canary"), "{told}");
        assert!(
            told.contains("subject.country") || told.contains("JSON") || told.contains("empty"),
            "{told}"
        );
        let output = home.run_with(&["assess", "--json"], &request);
        assert_eq!(output.status.code(), Some(1));
        let problem: Value = serde_json::from_slice(&output.stdout).expect("one JSON line");
        assert!(problem["code"].is_string() && problem["status"].is_u64(), "{problem}");
    }
    let output = home.run(&["assess", "nothing-here.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("nothing-here.json cannot be read"), "{output:?}");
    assert_eq!(vendors.billed(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nobody_answers_the_refusal_says_why() {
    let (vendors, home) = home().await;
    vendors.idenfy.inject(risk_provider_sandbox::FaultKind::Unauthorized);
    vendors.youverify.inject(risk_provider_sandbox::FaultKind::ServerError);
    let request = about(&person("cust-1")).to_string();
    let output = home.run_with(&["assess", "--json"], &request);
    assert_eq!(output.status.code(), Some(1));
    let problem: Value = serde_json::from_slice(&output.stdout).expect("one JSON line");
    assert_eq!((&problem["code"], &problem["status"]), (&json!("bad_credentials"), &json!(502)));
    assert_eq!(problem["attempts"].as_array().map(Vec::len), Some(2), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusals_request_id_is_left_out_rather_than_empty() {
    let (_vendors, home) = home().await;
    let output = home.run_with(&["assess", "--json"], "{}");
    let problem: Value = serde_json::from_slice(&output.stdout).expect("one JSON line");
    assert_ne!(problem.get("request_id"), Some(&json!("")), "{problem}");
}
