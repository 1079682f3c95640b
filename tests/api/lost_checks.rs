//! What is found in a vendor's history is this question's own check, never another one's.

use risk_provider_sandbox::{Fault, FaultKind};

use crate::{
    gateway::Gateway,
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
