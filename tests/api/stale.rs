//! Answers that are no longer fresh: given as the route would have given them while they were, and to nobody else.

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::json;

use crate::{
    gateway::Gateway,
    subjects::{by, person},
    vendors::Setup,
};

const SHORT: &str = "cache = { ttl = \"1h\", stale_if_error = \"2h\" }\nbreaker = { enabled = false }";

async fn routed(lines: &str) -> Gateway {
    let route = format!("[routes.kind]\non_unavailable = \"stale\"\n{lines}\n");
    let setup = Setup::default().idenfy(SHORT).youverify(SHORT).routes(&route);
    let gateway = Gateway::with(setup).await;
    for provider in ["idenfy", "youverify"] {
        gateway.ask(&by(provider, &person("cust-1"))).await.good();
    }
    gateway.advance(3_700);
    gateway.idenfy.inject(Fault::new(FaultKind::Unavailable).on("check"));
    gateway.youverify.inject(FaultKind::Unavailable);
    gateway
}

#[tokio::test]
async fn a_provider_that_the_route_forbids_answers_nobody_stale_either() {
    let allowed = "allowed = [{ provider = \"idenfy\", countries = [\"DE\"] }]";
    let gateway = routed(&format!("providers = [\"idenfy\"]\n{allowed}")).await;
    gateway.ask(&by("kind", &person("cust-1"))).await.problem(422, "unsupported");
    let gateway = routed(&format!("providers = [\"idenfy\", \"youverify\"]\n{allowed}")).await;
    let stale = gateway.ask(&by("kind", &person("cust-1"))).await.good();
    assert_eq!(stale["decided_by"], "youverify", "{stale}");
}

#[tokio::test]
async fn a_consensus_of_what_is_no_longer_fresh_holds_all_of_it() {
    let gateway = routed("strategy = \"consensus\"\nproviders = [\"idenfy\", \"youverify\"]").await;
    let stale = gateway.ask(&by("kind", &person("cust-1"))).await.good();
    let told = stale["providers"].as_array().expect("providers").iter();
    let told: Vec<_> =
        told.map(|it| [&it["provider"], &it["role"], &it["served"]].map(Clone::clone)).collect();
    let stale_voice = |name: &str| [json!(name), json!("consensus"), json!("stale")];
    assert_eq!(told, [stale_voice("idenfy"), stale_voice("youverify")], "{stale}");
    let metrics = gateway.get("/metrics").await.text;
    let counted = |line: &&str| line.contains("result=\"given_stale\"");
    assert_eq!(metrics.lines().filter(counted).count(), 2, "one for each provider");
}

#[tokio::test]
async fn a_split_gives_the_assigned_arms_answer_first() {
    let lines = "strategy = \"split\"\nproviders = [\"idenfy\", \"youverify\"]\nweights = [0, 1]";
    let gateway = routed(lines).await;
    let stale = gateway.ask(&by("kind", &person("cust-1"))).await.good();
    assert_eq!((&stale["assigned_to"], &stale["decided_by"]), (&json!("youverify"), &json!("youverify")));
    assert_eq!(stale["providers"][0]["role"], "primary");
}
