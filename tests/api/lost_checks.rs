//! What is found in a vendor's history is this question's own check, never another one's.

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::json;

use crate::{
    gateway::Gateway,
    http::answer,
    subjects::{by, person},
    vendors::Setup,
};

#[tokio::test]
async fn another_teams_check_of_the_same_person_is_not_taken() {
    let gateway = Gateway::in_vendors_time(Setup::default()).await;
    let other = gateway.key_for("fraud", "all").await;
    gateway.ask_as(&other, &by("idenfy", &person("cust-1"))).await.good();
    gateway.idenfy.inject(Fault::new(FaultKind::Reset).on("check").times(1));
    let answer = gateway.ask(&by("default", &person("cust-1"))).await.good();
    assert_eq!(answer["decided_by"], "youverify", "the other team's: {answer}");
}

#[tokio::test]
async fn a_server_that_just_started_finds_it_too() {
    let gateway = Gateway::in_vendors_time(Setup::default().idenfy("timeout = \"1s\"")).await;
    gateway.idenfy.inject(Fault::new(FaultKind::ResetAfterBilling).on("check").times(1));
    gateway.idenfy.inject(Fault::new(FaultKind::Unavailable).on("assessments"));
    let body = by("idenfy", &person("cust-1"));
    let keyed = |server: &Gateway| {
        let asked = server.question(&gateway.key, &body).header("idempotency-key", "k-1");
        answer(asked)
    };
    keyed(&gateway).await.problem(504, "unknown_outcome");
    gateway.idenfy.clear_faults();
    let later = gateway.twin().await;
    let found = keyed(&later).await.good();
    assert_eq!(found["providers"][0]["served"], "adopted", "{found}");
    assert_eq!(gateway.idenfy.billed(), 1);
}

#[tokio::test]
async fn whoever_was_paid_for_rubbish_beside_it_is_not_asked_again() {
    let panel = "[routes.panel]\nstrategy = \"consensus\"\nproviders = [\"idenfy\", \"youverify\"]\n";
    let setup = Setup::default().idenfy("timeout = \"1s\"").routes(panel);
    let gateway = Gateway::in_vendors_time(setup).await;
    gateway.idenfy.inject(Fault::new(FaultKind::ResetAfterBilling).on("check").times(1));
    gateway.idenfy.inject(Fault::new(FaultKind::Unavailable).on("assessments"));
    gateway.youverify.inject(Fault::new(FaultKind::WrongShape).times(1));
    let body = by("panel", &person("cust-1"));
    let keyed = || answer(gateway.question(&gateway.key, &body).header("idempotency-key", "k-1"));
    keyed().await.problem(504, "unknown_outcome");
    gateway.idenfy.clear_faults();
    let found = keyed().await.good();
    assert_eq!(
        (&found["providers"][0]["served"], &found["consensus"]["answered"]),
        (&json!("adopted"), &json!(1))
    );
    assert_eq!((gateway.idenfy.billed(), gateway.youverify.billed()), (1, 1), "{found}");
}
