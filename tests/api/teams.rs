//! What a team may do: how often it may ask, with keys that try out, and with keys that are no longer good.

use std::time::Duration;

use http::Method;
use risk_gateway::keys::KeyEnvironment;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    gateway::{Gateway, until},
    http::{Answer, answer},
    subjects::{about, by, person},
    vendors::Setup,
};

const LIMITED: &str = "[teams.risk]\nlimit = { requests = 3, per = \"1h\" }";
/// Every server refuses a revoked key after that.
const REVOKED_WITHIN: Duration = Duration::from_secs(5);
/// What a busy machine may add to any bound.
const SLACK: Duration = Duration::from_secs(3);

async fn limited() -> Gateway {
    Gateway::with(Setup::default().routes(LIMITED)).await
}

/// The team's limit, and how many requests remain, by the headers.
#[track_caller]
fn remaining(answer: &Answer) -> u32 {
    assert_eq!(answer.header("ratelimit-policy"), "\"team\";q=3;w=3600", "{answer:?}");
    let (remaining, wait) = answer
        .header("ratelimit")
        .strip_prefix("\"team\";r=")
        .and_then(|rest| rest.split_once(";t="))
        .unwrap_or_else(|| panic!("{answer:?}"));
    let wait: u64 = wait.parse().expect("whole seconds");
    assert!((1..=3_600).contains(&wait), "{answer:?}");
    remaining.parse().expect("a number")
}

#[track_caller]
fn has_no_limit(answer: &Answer) {
    for name in ["ratelimit", "ratelimit-policy"] {
        assert!(!answer.headers.contains_key(name), "{answer:?}");
    }
}

async fn send(gateway: &Gateway, method: Method, path: &str, key: &str) -> Answer {
    answer(gateway.client.request(method, gateway.url(path)).bearer_auth(key)).await
}

async fn routes(gateway: &Gateway, key: &str) -> Answer {
    send(gateway, Method::GET, "/v1/routes", key).await
}

async fn post(gateway: &Gateway, path: &str, key: &str, body: &Value) -> Answer {
    answer(gateway.client.post(gateway.url(path)).bearer_auth(key).json(body)).await
}

fn path(assessment: &Value) -> String {
    format!("/v1/assessments/{}", assessment["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn a_team_may_make_so_many_requests_and_hears_how_many_remain() {
    let gateway = limited().await;
    let first = gateway.ask(&about(&person("cust-1"))).await;
    first.good();
    assert_eq!(remaining(&first), 2);
    let not_found = gateway.get("/v1/assessments/asm_0").await;
    not_found.problem(404, "not_found");
    assert_eq!(remaining(&not_found), 1);
    let invalid = gateway.ask(&json!({})).await;
    invalid.problem(422, "invalid_request");
    assert_eq!(remaining(&invalid), 0);
    let calls = gateway.idenfy.calls().len();
    let other_key = gateway.key_for("risk", "all").await;
    for key in [&gateway.key, &other_key] {
        let refused = gateway.ask_as(key, &about(&person("cust-2"))).await;
        refused.problem(429, "too_many_requests");
        assert_eq!(remaining(&refused), 0);
        let wait: u64 = refused.header("retry-after").parse().expect("whole seconds");
        assert!((1..=1_200).contains(&wait), "the next one is due after a third of the hour: {wait}");
        routes(&gateway, key).await.problem(429, "too_many_requests");
    }
    assert_eq!((gateway.idenfy.calls().len(), gateway.youverify.calls().len()), (calls, 0));
}

#[tokio::test]
async fn each_request_counts_also_one_that_the_cache_or_the_idempotency_key_answers() {
    let gateway = limited().await;
    let question = about(&person("cust-1"));
    let ask = || answer(gateway.question(&gateway.key, &question).header("idempotency-key", "order-1"));
    assert_eq!(remaining(&ask().await), 2);
    let replayed = ask().await;
    assert_eq!((replayed.header("idempotent-replayed"), remaining(&replayed)), ("true", 1));
    let hit = gateway.ask(&question).await;
    assert_eq!((hit.header("cache-status"), remaining(&hit)), ("risk-gateway; hit", 0));
    ask().await.problem(429, "too_many_requests");
    assert_eq!(gateway.billed(), 1);
}

#[tokio::test]
async fn a_limit_fills_up_again_as_time_goes_by() {
    let lines = "[teams.risk]\nlimit = { requests = 2, per = \"2s\" }";
    let gateway = Gateway::with(Setup::default().routes(lines)).await;
    let refused = async || routes(&gateway, &gateway.key).await.status == 429;
    until("the limit is reached", refused).await;
    let answered = async || routes(&gateway, &gateway.key).await.status == 200;
    until("the limit fills up", answered).await;
}

#[tokio::test]
async fn other_teams_are_not_limited_and_told_of_no_limit() {
    let gateway = limited().await;
    for _ in 0..3 {
        routes(&gateway, &gateway.key).await.good();
    }
    routes(&gateway, &gateway.key).await.problem(429, "too_many_requests");
    let fraud = gateway.key_for("fraud", "all").await;
    for reference in ["cust-1", "cust-1", "cust-2", "cust-3", "cust-4"] {
        let answered = gateway.ask_as(&fraud, &about(&person(reference))).await;
        answered.good();
        has_no_limit(&answered);
    }
}

#[tokio::test]
async fn what_needs_no_key_or_has_no_good_one_costs_nothing() {
    let gateway = limited().await;
    let (id, _) = gateway.key.rsplit_once('_').expect("a checksum");
    for _ in 0..5 {
        for path in ["/livez", "/readyz", "/metrics", "/openapi.json"] {
            let answered = gateway.get(path).await;
            assert_eq!(answered.status, 200, "{path}: {}", answered.text);
            has_no_limit(&answered);
        }
        for bad in ["", "rgk_a_b_c", id] {
            let refused = routes(&gateway, bad).await;
            refused.problem(401, "unauthorized");
            has_no_limit(&refused);
        }
    }
    assert_eq!(remaining(&routes(&gateway, &gateway.key).await), 2);
}

/// Tries out with both vendors' sandboxes: every route is one of them alone.
async fn trying_out() -> Gateway {
    Gateway::with(Setup::default().idenfy("sandbox = true").youverify("sandbox = true")).await
}

#[tokio::test]
async fn a_test_key_takes_no_route_on_real_vendors() {
    let gateway = Gateway::start().await;
    let test = gateway.key_in(KeyEnvironment::Test, "risk", "all").await;
    for route in ["default", "reverse", "idenfy", "youverify"] {
        let refused = gateway.ask_as(&test, &by(route, &person("cust-1"))).await;
        refused.problem(403, "wrong_environment");
    }
    assert_eq!(gateway.idenfy.calls().len() + gateway.youverify.calls().len(), 0);
    gateway.ask_as(&test, &by("nowhere", &person("cust-1"))).await.problem(422, "unknown_route");
    for path in ["/v1/routes", "/v1/providers", "/v1/assessments"] {
        send(&gateway, Method::GET, path, &test).await.good();
    }
}

#[tokio::test]
async fn a_live_key_takes_no_route_on_sandboxes() {
    let gateway = trying_out().await;
    let test = gateway.key_in(KeyEnvironment::Test, "risk", "all").await;
    for route in ["default", "reverse", "idenfy", "youverify"] {
        let question = by(route, &person(route));
        gateway.ask(&question).await.problem(403, "wrong_environment");
        let answered = gateway.ask_as(&test, &question).await.good();
        assert_eq!(answered["route"], route);
    }
    assert_eq!(gateway.billed(), 4);
}

#[tokio::test]
async fn a_route_on_a_sandbox_and_a_real_vendor_is_nobodys() {
    let gateway = Gateway::with(Setup::default().youverify("sandbox = true")).await;
    let test = gateway.key_in(KeyEnvironment::Test, "risk", "all").await;
    for route in ["default", "reverse"] {
        for key in [&gateway.key, &test] {
            let refused = gateway.ask_as(key, &by(route, &person("cust-1"))).await;
            refused.problem(403, "wrong_environment");
        }
    }
    gateway.ask(&by("idenfy", &person("cust-1"))).await.good();
    gateway.ask_as(&test, &by("youverify", &person("cust-1"))).await.good();
    assert_eq!((gateway.idenfy.billed(), gateway.youverify.billed()), (1, 1));
}

/// Everything that a key sees of `assessment`, whose subject is `reference`.
async fn sees(gateway: &Gateway, key: &str, assessment: &Value, reference: &str) -> bool {
    let id = &assessment["id"];
    let reference = json!({"reference": reference});
    let holds =
        |page: Value| page["assessments"].as_array().expect("a list").iter().any(|found| found["id"] == *id);
    let read = send(gateway, Method::GET, &path(assessment), key).await.status == 200;
    let listed = holds(send(gateway, Method::GET, "/v1/assessments", key).await.good());
    let searched = holds(post(gateway, "/v1/assessments/search", key, &reference).await.good());
    let looked_up = post(gateway, "/v1/subjects/lookup", key, &reference).await;
    let looked_up = looked_up.status == 200 && looked_up.json()["id"] == assessment["subject"]["id"];
    assert!([listed, searched, looked_up].iter().all(|&seen| seen == read), "all of it or nothing");
    read
}

#[tokio::test]
async fn what_test_keys_made_and_what_live_keys_made_lies_apart() {
    // A second name for the same vendor, so that both kinds of key can ask the same of it.
    let trial = "[providers.trial]\nkind = \"youverify-actor\"\nbase_url = \"${YOUVERIFY_URL}\"\n\
                 token = \"${YOUVERIFY_TOKEN}\"\nsandbox = true\n[routes.trial]\nproviders = [\"trial\"]\n";
    let gateway = Gateway::with(Setup::default().routes(trial)).await;
    let test = gateway.key_in(KeyEnvironment::Test, "risk", "all").await;
    let under = |key: &str, route: &str| {
        let question = by(route, &person("cust-1"));
        answer(gateway.question(key, &question).header("idempotency-key", "order-1"))
    };
    let tried = under(&test, "trial").await.good();
    let lookup = json!({"reference": "cust-1"});
    post(&gateway, "/v1/subjects/lookup", &gateway.key, &lookup).await.problem(404, "not_found");
    let lived = under(&gateway.key, "youverify").await;
    assert_eq!(lived.header("cache-status"), "risk-gateway; fwd=miss");
    let lived = lived.good();
    assert_ne!(tried["subject"]["id"], lived["subject"]["id"]);
    assert_eq!(gateway.youverify.billed(), 2);
    let colleague = gateway.key_in(KeyEnvironment::Test, "risk", "all").await;
    for key in [&test, &colleague] {
        assert!(sees(&gateway, key, &tried, "cust-1").await);
        assert!(!sees(&gateway, key, &lived, "cust-1").await);
    }
    assert!(sees(&gateway, &gateway.key, &lived, "cust-1").await);
    assert!(!sees(&gateway, &gateway.key, &tried, "cust-1").await);
    let hit = gateway.ask_as(&colleague, &by("trial", &person("cust-1"))).await;
    assert_eq!(hit.header("cache-status"), "risk-gateway; hit", "test keys of a team share what they made");
}

#[tokio::test]
async fn what_is_tried_out_does_not_use_up_the_teams_requests() {
    let setup = Setup::default().youverify("sandbox = true").routes(LIMITED);
    let gateway = Gateway::with(setup).await;
    let test = gateway.key_in(KeyEnvironment::Test, "risk", "all").await;
    let question = by("youverify", &person("cust-1"));
    let ask = || gateway.ask_as(&test, &question);
    for left in (0..3).rev() {
        assert_eq!(remaining(&ask().await), left);
    }
    ask().await.problem(429, "too_many_requests");
    assert_eq!(remaining(&routes(&gateway, &gateway.key).await), 2);
}

#[tokio::test]
async fn a_revoked_key_is_refused_within_five_seconds_and_for_good() {
    let gateway = Gateway::start().await;
    let twin = gateway.twin().await;
    let key = gateway.key_for("risk", "all").await;
    for at in [&gateway, &twin] {
        routes(at, &key).await.good();
    }
    gateway.revoke(&key).await;
    let revoked = Instant::now();
    for at in [&gateway, &twin] {
        until("the key is refused", async || routes(at, &key).await.status == 401).await;
        assert!(revoked.elapsed() < REVOKED_WITHIN + SLACK, "{:?}", revoked.elapsed());
    }
    for at in [&gateway, &twin] {
        let refused = at.ask_as(&key, &about(&person("cust-1"))).await;
        refused.problem(401, "unauthorized");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
        routes(at, &gateway.key).await.good();
    }
    assert_eq!(gateway.billed(), 0);
}

#[tokio::test]
async fn a_key_that_was_never_used_is_refused_as_soon_as_it_is_revoked() {
    let gateway = Gateway::start().await;
    let key = gateway.key_for("risk", "all").await;
    gateway.revoke(&key).await;
    routes(&gateway, &key).await.problem(401, "unauthorized");
}

#[tokio::test]
async fn it_is_noted_when_a_key_was_last_used() {
    let gateway = Gateway::start().await;
    let (used, unused) = (gateway.key_for("risk", "read").await, gateway.key_for("risk", "read").await);
    gateway.advance(60);
    routes(&gateway, &used).await.good();
    until("the use is noted", async || gateway.stored(&used).await.last_used_at.is_some()).await;
    let stored = gateway.stored(&used).await;
    let after = stored.last_used_at.expect("noted").duration_since(stored.created_at).as_secs();
    assert!((60..120).contains(&after), "{after}");
    assert_eq!(gateway.stored(&unused).await.last_used_at, None);
}
