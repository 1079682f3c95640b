//! A route's `policy` and `allowed`: rules of the operator's own over what vendors say.

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, until},
    http::{Answer, answer, attempts},
    subjects::{by, harmless, person, with},
    vendors::Setup,
};

const RULES: &str = r#"
[routes.floored]
providers = ["youverify"]
[routes.floored.policy]
floors = [
  { when = 'country in [DE, AT]', level = "medium", reason = "home market" },
  { when = 'factor("screening.sanction").level >= high', level = "very_high", reason = "sanctions" },
  { when = 'politically_exposed == true', level = "high", reason = "declared exposure" },
]
review = [{ when = 'factor("product.industry") and score < 30', reason = "too good to be true" }]
[routes.required]
providers = ["idenfy"]
[routes.required.policy]
required_factors = ["screening.sanction"]
[routes.kept]
providers = ["idenfy", "youverify"]
allowed = [{ provider = "idenfy", countries = ["NG"] }, { provider = "youverify", types = ["individual"] }]
"#;

async fn gateway() -> Gateway {
    Gateway::with(Setup::default().routes(RULES)).await
}

fn floors(assessment: &Value) -> Vec<(&str, &str)> {
    let floors = assessment["policy"]["floors_applied"].as_array().expect("a list").iter();
    floors
        .map(|floor| (floor["level"].as_str().expect("a level"), floor["reason"].as_str().expect("why")))
        .collect()
}

#[tokio::test]
async fn a_floor_raises_the_level_and_is_told_and_the_score_stays_the_vendors() {
    let gateway = gateway().await;
    let plain = gateway.ask(&by("youverify", &harmless("cust-1"))).await.good();
    assert!(matches!(plain["level"].as_str(), Some("low" | "very_low")), "{plain}");
    assert_eq!(floors(&plain), []);
    let floored = gateway.ask(&by("floored", &harmless("cust-1"))).await;
    assert_eq!(floored.header("cache-status"), "risk-gateway; hit", "no vendor is asked for another policy");
    let floored = floored.good();
    assert_eq!(floored["level"], "medium");
    assert_eq!(floors(&floored), [("medium", "home market")]);
    let policy = &floored["policy"];
    assert_eq!(policy["floors_applied"][0]["when"], "country in [DE, AT]");
    assert_eq!((&policy["base_level"], &floored["score"]), (&plain["level"], &plain["score"]));
    assert_eq!(floored["providers"][0]["level"], plain["level"], "what the vendor said stays what it said");
    assert_eq!(
        (&policy["review_required"], &policy["reasons"]),
        (&json!(true), &json!(["too good to be true"]))
    );
    assert_eq!((&floored["status"], &floored["bounds"]), (&json!("completed"), &plain["bounds"]));
    assert_ne!((&floored["id"], &policy["version"]), (&plain["id"], &plain["policy"]["version"]));
    let again = gateway.ask(&by("floored", &harmless("cust-1"))).await.good();
    assert_eq!(again["id"], floored["id"]);
    assert_eq!(gateway.billed(), 1);
}

#[tokio::test]
async fn a_hit_on_a_sanctions_list_and_a_declared_exposure_have_their_floors() {
    let gateway = gateway().await;
    let mut subject = harmless("cust-1");
    subject["name"] = json!({"first": "John", "last": "Sanctioned"});
    subject["country"] = json!("FR");
    let hit = gateway.ask(&by("floored", &subject)).await.good();
    assert_eq!((&hit["level"], floors(&hit)), (&json!("very_high"), vec![("very_high", "sanctions")]));
    assert_eq!(hit["policy"]["review_required"], true);
    let mut subject = harmless("cust-2");
    subject["politically_exposed"] = json!(true);
    let exposed = gateway.ask(&by("floored", &subject)).await.good();
    assert_eq!(exposed["level"], "high");
    assert_eq!(floors(&exposed), [("medium", "home market"), ("high", "declared exposure")]);
}

#[tokio::test]
async fn without_a_required_factor_an_answer_is_partial_and_never_below_medium() {
    let gateway = gateway().await;
    let plain = gateway.ask(&by("idenfy", &harmless("cust-1"))).await.good();
    assert!(matches!(plain["level"].as_str(), Some("low" | "very_low")), "{plain}");
    let partial = gateway.ask(&by("required", &harmless("cust-1"))).await.good();
    let told = ["status", "level", "score"].map(|key| partial[key].clone());
    assert_eq!(told, [json!("partial"), Value::Null, Value::Null]);
    assert_eq!(partial["providers"][0]["level"], Value::Null);
    assert_eq!(partial["bounds"], json!({"low": 0.0, "high": 100.0}));
    let policy = &partial["policy"];
    assert_eq!(policy["reasons"], json!(["required_factor_missing:screening.sanction"]));
    assert_eq!(policy["review_required"], true);
    let read =
        gateway.get(&format!("/v1/assessments/{}", partial["id"].as_str().expect("an id"))).await.good();
    assert_eq!(read["policy"], *policy);
}

#[tokio::test]
async fn a_vendor_whom_the_route_forbids_is_never_shown_the_subject() {
    let gateway = gateway().await;
    let assessment = gateway.ask(&by("kept", &harmless("cust-1"))).await.good();
    assert_eq!(assessment["decided_by"], "youverify");
    let told = [
        "idenfy check: unsupported, not sent, billed no",
        "youverify assessment: answered, sent, billed yes",
    ];
    assert_eq!(attempts(&assessment), told);
    assert_eq!(gateway.idenfy.calls().len(), 0, "not even its questionnaire is read");
    let allowed = gateway.ask(&by("kept", &person("cust-2"))).await.good();
    assert_eq!(allowed["decided_by"], "idenfy");
}

#[tokio::test]
async fn what_no_vendor_may_be_shown_is_refused_and_a_cached_answer_is_no_way_around() {
    let gateway = gateway().await;
    let company = json!({"reference": "firm-1", "type": "business", "business_name": "Acme", "country": "DE",
        "city": "berlin", "industry": "retail"});
    let elsewhere = gateway.ask(&by("youverify", &company)).await;
    let asked = gateway.youverify.calls().len();
    let refused = gateway.ask(&by("kept", &company)).await.problem(422, "unsupported");
    assert_eq!(
        (gateway.idenfy.calls().len(), gateway.youverify.calls().len()),
        (0, asked),
        "{}",
        elsewhere.text
    );
    let told = attempts(&refused);
    assert!(told.iter().all(|line| line.ends_with("unsupported, not sent, billed no")), "{told:?}");
    gateway.ask(&by("idenfy", &harmless("cust-1"))).await.good();
    let cached = gateway.ask(&by("kept", &harmless("cust-1"))).await.good();
    assert_eq!(
        cached["decided_by"], "youverify",
        "the cached answer is one of a vendor that is forbidden here"
    );
}

async fn under_key(gateway: &Gateway, question: &Value) -> Answer {
    answer(gateway.question(&gateway.key, question).header("idempotency-key", "order-1")).await
}

/// What came too late for its caller is found by a gateway whose rules are others by now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_change_of_policy_what_a_vendor_had_said_makes_a_new_assessment_without_a_call() {
    let gateway = Gateway::start().await;
    gateway.youverify.inject(Fault::new(FaultKind::Latency { ms: 2_000 }).times(1));
    let question = with(by("youverify", &harmless("cust-1")), json!({"deadline_ms": 800}));
    under_key(&gateway, &question).await.problem(504, "unknown_outcome");
    let made = async || !list(&gateway).await.is_empty();
    until("the late answer is recorded", made).await;
    let old = list(&gateway).await.remove(0);
    let rules = "[routes.youverify.policy]\nfloors = [{ when = 'country == DE', level = \"high\", reason = \"new\" }]";
    let twin = gateway.twin_with(Setup::default().routes(rules)).await;
    let new = under_key(&twin, &question).await.good();
    assert_eq!((&new["level"], floors(&new)), (&json!("high"), vec![("high", "new")]));
    assert_eq!(new["providers"][0]["served"], "adopted");
    assert_ne!((&new["id"], &new["policy"]["version"]), (&old["id"], &old["policy"]["version"]));
    assert_eq!((list(&gateway).await.len(), gateway.youverify.billed()), (2, 1));
}

async fn list(gateway: &Gateway) -> Vec<Value> {
    let listed = gateway.get("/v1/assessments").await.good();
    listed["assessments"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn routes_show_their_rules() {
    let gateway = gateway().await;
    let routes = gateway.get("/v1/routes").await.good();
    let route = |name: &str| {
        let mut routes = routes["routes"].as_array().expect("a list").iter();
        routes.find(|route| route["name"] == name).expect("the route").clone()
    };
    let policy = route("floored")["policy"].clone();
    assert_eq!(
        policy["floors"][0],
        json!({"when": "country in [DE, AT]", "level": "medium", "reason": "home market"})
    );
    assert_eq!(policy["review"][0]["when"], "factor(\"product.industry\") and score < 30");
    assert_eq!((&policy["coverage_floor"], &policy["spread_levels"]), (&json!(0.5), &json!(2)));
    assert_eq!(route("required")["policy"]["required_factors"], json!(["screening.sanction"]));
    let answered = gateway.ask(&by("floored", &harmless("cust-1"))).await.good();
    assert_eq!(answered["policy"]["version"], policy["version"]);
    let allowed = json!([
        {"provider": "idenfy", "countries": ["NG"], "types": null},
        {"provider": "youverify", "countries": null, "types": ["individual"]},
    ]);
    assert_eq!((&route("kept")["allowed"], &route("default")["allowed"]), (&allowed, &json!([])));
}

#[tokio::test]
async fn what_the_vendor_is_not_told_counts_also_for_a_cached_answer() {
    let gateway = gateway().await;
    let declared = |politically_exposed: bool| {
        let mut subject = harmless("cust-1");
        subject["politically_exposed"] = json!(politically_exposed);
        by("floored", &subject)
    };
    let not_exposed = gateway.ask(&declared(false)).await.good();
    assert_eq!(
        (&not_exposed["level"], floors(&not_exposed)),
        (&json!("medium"), vec![("medium", "home market")])
    );
    let exposed = gateway.ask(&declared(true)).await;
    assert_eq!(exposed.header("cache-status"), "risk-gateway; hit", "the vendor is not told of it");
    let exposed = exposed.good();
    assert_eq!(floors(&exposed), [("medium", "home market"), ("high", "declared exposure")], "{exposed}");
    assert_ne!(exposed["id"], not_exposed["id"]);
    let again = gateway.ask(&declared(false)).await.good();
    assert_eq!((&again["id"], &again["level"]), (&not_exposed["id"], &json!("medium")));
    assert_eq!(gateway.youverify.billed(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_share_a_call_have_each_their_own_floors() {
    let gateway = gateway().await;
    gateway.youverify.inject(Fault::new(FaultKind::Latency { ms: 300 }));
    let asking = [false, true].map(|politically_exposed| {
        let mut subject = harmless("cust-1");
        subject["politically_exposed"] = json!(politically_exposed);
        by("floored", &subject)
    });
    let (not_exposed, exposed) = tokio::join!(gateway.ask(&asking[0]), gateway.ask(&asking[1]));
    assert_eq!((&not_exposed.good()["level"], &exposed.good()["level"]), (&json!("medium"), &json!("high")));
    assert_eq!(gateway.youverify.billed(), 1);
}
