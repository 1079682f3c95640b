//! Shadows: they cost no more than they must.

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::json;

use crate::{
    gateway::{Gateway, until},
    subjects::{by, person},
    vendors::Setup,
};

#[tokio::test]
async fn who_may_have_been_paid_for_the_question_is_not_asked_again_as_its_shadow() {
    let route = "[routes.trial]\nstrategy = \"split\"\nproviders = [\"idenfy\", \"youverify\"]\nweights = [0, 1]\n\
                 shadow = { providers = [\"youverify\"], sample = 1.0 }\n";
    let setup = Setup::default().youverify("timeout = \"200ms\"").routes(route);
    let gateway = Gateway::with(setup).await;
    gateway.youverify.inject(Fault::new(FaultKind::HangAfterBilling).times(1));
    let answer = gateway.ask(&by("trial", &person("cust-1"))).await.good();
    assert_eq!((&answer["assigned_to"], &answer["decided_by"]), (&json!("youverify"), &json!("idenfy")));
    until("the shadow to be left out or asked", async || {
        gateway.get("/metrics").await.text.contains("risk_gateway_shadows_total{")
    })
    .await;
    let metrics = gateway.get("/metrics").await.text;
    let left_out = metrics.lines().find(|line| line.starts_with("risk_gateway_shadows_total{"));
    assert!(left_out.is_some_and(|line| line.contains("asked_already")), "{left_out:?}");
    assert_eq!(gateway.youverify.billed(), 1);
}
