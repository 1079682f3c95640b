//! `demo` and `sandbox`: everything on this machine, nothing to prepare.

use std::process::Command;

use serde_json::{Value, json};

use crate::{
    http::{answer, client},
    process::{Running, program, text},
};

fn started(arguments: &[&str]) -> Running {
    let mut command = program();
    command.args(arguments);
    Running::start(command)
}

/// Runs a printed command as somebody would who copied it.
fn pasted(command: &str) -> Value {
    let output = Command::new("sh").args(["-c", command]).output().expect("a shell");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demos_curl_gives_an_assessment_and_with_the_first_vendor_down_the_second_answers() {
    let demo = started(&["demo", "--listen", "127.0.0.1:0", "--json"]);
    let ready = &demo.ready;
    assert_eq!(names(ready), ["curl", "key", "sandbox", "url"]);
    assert_eq!(names(&ready["sandbox"]), ["idenfy", "youverify"]);
    let curl = ready["curl"].as_str().expect("a command");
    let assessment = pasted(curl);
    assert_eq!((&assessment["decided_by"], &assessment["status"]), (&json!("idenfy"), &json!("completed")));
    let status = pasted(&format!("{curl} -o /dev/null -w '%{{http_code}}'"));
    assert_eq!(status, 200);
    let idenfy = ready["sandbox"]["idenfy"].as_str().expect("an address");
    pasted(&format!("curl -s -d '{{\"kind\": \"unavailable\"}}' {idenfy}/_sandbox/faults"));
    let somebody_else = curl.replace("cust-42", "cust-43");
    assert_ne!(curl, somebody_else);
    let assessment = pasted(&somebody_else);
    assert_eq!(
        (&assessment["decided_by"], &assessment["providers"][0]["role"]),
        (&json!("youverify"), &json!("fallback"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_has_a_route_to_each_vendor_and_ends_well() {
    let mut demo = started(&["demo", "--listen", "127.0.0.1:0", "--json"]);
    let (url, key) = (demo.ready["url"].as_str().expect("url"), demo.ready["key"].as_str().expect("key"));
    let client = client();
    for route in ["idenfy", "youverify"] {
        let subject = crate::subjects::ahmed();
        let body = crate::subjects::by(route, &subject);
        let request = client.post(format!("{url}/v1/assessments")).bearer_auth(key).json(&body);
        assert_eq!(answer(request).await.good()["decided_by"], route);
    }
    answer(client.get(format!("{url}/readyz"))).await.good();
    demo.terminate();
    assert_eq!(demo.ended().code(), Some(0));
    assert_eq!(demo.logs(), "", "nothing to complain about");
}

#[test]
fn two_demos_side_by_side_are_told_how() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = program().args(["demo", "--listen", &address]).output().expect("the program");
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains(&address) && told.contains("--listen"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sandbox_tells_where_it_is_and_with_which_credentials() {
    let sandbox = started(&["sandbox", "--idenfy", "127.0.0.1:0", "--youverify", "127.0.0.1:0", "--json"]);
    let (idenfy, youverify) = (&sandbox.ready["idenfy"], &sandbox.ready["youverify"]);
    assert_eq!(names(idenfy), ["api_key", "api_secret", "profile", "url"]);
    assert_eq!(names(youverify), ["token", "url"]);
    let part = |value: &Value, name: &str| value[name].as_str().expect("a text").to_owned();
    let client = client();
    let profile = format!("{}/risk/assessment-profiles/{}/", part(idenfy, "url"), part(idenfy, "profile"));
    let request = client.get(profile).basic_auth(part(idenfy, "api_key"), Some(part(idenfy, "api_secret")));
    assert_eq!(answer(request).await.good()["id"], idenfy["profile"]);
    for vendor in [idenfy, youverify] {
        let calls = format!("{}/_sandbox/calls", part(vendor, "url"));
        assert!(answer(client.get(calls)).await.good()["calls"].is_array());
    }
    let question = json!({"type": "individual", "firstName": "A", "lastName": "B", "city": "Tallinn",
        "country": "EE", "kycVerifiedBy": "client",
        "adverseMediaQueryDateRange": {"startDate": "2024-01-01", "endDate": "2024-06-30"}});
    let url = format!("{}/v2/api/actors/risk/assessment", part(youverify, "url"));
    let request = client.post(url).header("token", part(youverify, "token")).json(&question);
    assert_eq!(answer(request).await.good()["success"], true);
}
