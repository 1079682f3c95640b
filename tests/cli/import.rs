//! `risk-gateway import`: a vendor's own history, from a terminal.

use std::{process::Stdio, time::Duration};

use risk_provider_sandbox::{ASSESSED_COMPANY_ID, Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    history::checked,
    process::{Home, text},
    vendors::{Setup, Vendors},
};

async fn home(checks: usize) -> (Vendors, Home) {
    let vendors = Vendors::start().await;
    checked(&vendors, "Matthew Collins", checks).await;
    let home = Home::new(&Setup::default(), &vendors);
    (vendors, home)
}

fn printed(output: &std::process::Output) -> Value {
    assert_eq!(text(&output.stdout).lines().count(), 1, "{output:?}");
    serde_json::from_slice(&output.stdout).expect("one JSON line")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_brought_in_once_without_a_server_and_progress_is_told_beside_the_result() {
    let (_vendors, home) = home(12).await;
    let arguments = ["import", "--provider", "idenfy", "--json"];
    let first = home.run(&arguments);
    assert_eq!(first.status.code(), Some(0), "{first:?}");
    let import = printed(&first);
    assert_eq!(
        (&import["status"], &import["imported"], &import["skipped"], &import["unattached"]),
        (&json!("completed"), &json!(12), &json!(0), &json!(12))
    );
    assert!(text(&first.stderr).contains("completed: imported 12, skipped 0, failed 0"), "{first:?}");
    let again = printed(&home.run(&arguments));
    assert_eq!((&again["imported"], &again["skipped"]), (&json!(0), &json!(12)));
    let plain = home.run(&["import", "--provider", "idenfy", "--team", "risk", "--from", "2020-01-01"]);
    let told = text(&plain.stdout);
    assert!(
        told.contains("completed: imported 12, skipped 0, failed 0. 12 of them are about nobody"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_server_that_takes_part_it_is_still_brought_in_once() {
    let (_vendors, home) = home(23).await;
    let server = home.serve();
    let import = printed(&home.run(&["import", "--provider", "idenfy", "--team", "risk", "--json"]));
    assert_eq!((&import["imported"], &import["skipped"]), (&json!(23), &json!(0)));
    let path = format!("/v1/imports/{}", import["id"].as_str().expect("an id"));
    assert_eq!(server.get(&path).await.good(), import);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_interrupted_says_how_to_go_on_and_does() {
    let (vendors, home) = home(30).await;
    vendors.idenfy.inject(Fault::new(FaultKind::Latency { ms: 100 }).on("assessment"));
    let mut command = home.command(&["import", "--provider", "idenfy", "--json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
    while vendors.idenfy.calls().iter().filter(|call| call.operation == "assessment").count() < 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let interrupt = format!("kill -INT {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &interrupt]).status().expect("a shell").success());
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let import = printed(&output);
    assert_eq!(import["status"], "running");
    let id = import["id"].as_str().expect("an id");
    let advice = format!("go on with: risk-gateway import --resume {id} --team default");
    assert!(text(&output.stderr).contains(&advice), "{output:?}");
    vendors.idenfy.clear_faults();
    let rest = home.run(&["import", "--resume", id, "--json"]);
    assert_eq!(rest.status.code(), Some(0), "{rest:?}");
    let rest = printed(&rest);
    assert_eq!((rest["id"].as_str(), &rest["imported"], &rest["skipped"]), (Some(id), &json!(30), &json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_risk_of_a_verified_company_is_brought_in_by_its_reference() {
    let (vendors, home) = home(0).await;
    let company = format!("kyb:{ASSESSED_COMPANY_ID}");
    let import = printed(&home.run(&["import", "--provider", "idenfy", "--reference", &company, "--json"]));
    assert_eq!((&import["imported"], &import["references"]), (&json!(1), &json!(1)), "{import}");
    let operations: Vec<String> = vendors.idenfy.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, ["company"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_is_told_with_what_to_do() {
    let (vendors, home) = home(1).await;
    for (arguments, told, code) in [
        (&["--provider", "idenfi"][..], "did you mean \"idenfy\"?", 1),
        (&["--provider", "youverify"], "there is one of: idenfy", 1),
        (&["--provider", "idenfy", "--from", "2026-02-01", "--to", "2026-01-01"], "--to must be later", 1),
        (&["--provider", "idenfy", "--from", "soon"], "must be a day in UTC", 2),
        (&["--provider", "idenfy", "--filter", "type"], "must be NAME=VALUE", 2),
        (&["--provider", "idenfy", "--filter", "a=b", "--filter", "a=c"], "give each filter once", 1),
        (&["--provider", "idenfy", "--reference", "nowhere"], "failed 1", 1),
        (&["--provider", "idenfy", "--filter", "type=business"], "has no filters but from and to", 1),
        (&["--provider", "idenfy", "--reference", "a", "--from", "2026-01-01"], "cannot be used with", 2),
        (&["--provider", "idenfy", "--reference", ""], "--reference: must be 1 to 1000", 1),
        (&["--resume", "job_0"], "has no import of this id", 1),
        (&[], "--provider", 2),
    ] {
        let output = home.run(&[&["import"][..], arguments].concat());
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(text(&output.stderr).contains(told), "{told}: {output:?}");
    }
    vendors.idenfy.inject(FaultKind::Unauthorized);
    let output = home.run(&["import", "--provider", "idenfy", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let import = printed(&output);
    assert_eq!((&import["status"], &import["error"]), (&json!("failed"), &json!("bad_credentials")));
}
