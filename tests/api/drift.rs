//! `GET /v1/comparisons/drift`: how providers' answers change from week to week.

use risk_provider_sandbox::PROFILE_ID;
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, until},
    history::checked,
    http::answer,
    subjects::{by, harmless, person},
    vendors::Setup,
};

const BOTH: &str = "[routes.both]\nstrategy = \"consensus\"\nproviders = [\"idenfy\", \"youverify\"]\n";
const WEEK: i64 = 7 * 86_400;
const PATH: &str = "/v1/comparisons/drift?left=idenfy&right=youverify";

async fn asked(gateway: &Gateway, numbers: std::ops::Range<usize>, of: fn(&str) -> Value) {
    for number in numbers {
        gateway.ask(&by("both", &of(&format!("cust-{number}")))).await.good();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_of_other_people_shifts_levels_and_factors() {
    let gateway = Gateway::with(Setup::default().routes(BOTH)).await;
    asked(&gateway, 0..32, harmless).await;
    gateway.advance(WEEK);
    asked(&gateway, 100..132, harmless).await;
    gateway.advance(WEEK);
    asked(&gateway, 200..232, person).await;
    gateway.advance(WEEK);
    asked(&gateway, 300..303, harmless).await;
    let told = gateway.get(PATH).await.good();
    let right = &told["right"];
    let weeks = right["weeks"].as_array().expect("weeks");
    assert_eq!(
        weeks.iter().map(|week| week["answers"].clone()).collect::<Vec<_>>(),
        [32, 32, 32, 3].map(|n| json!(n))
    );
    assert!(weeks[0]["psi"]["value"].is_null(), "the reference: {weeks:?}");
    let shifted =
        |week: &Value| week["psi"]["value"].as_f64() > week["psi"]["critical"].as_f64().or(Some(0.0));
    assert_eq!(weeks[1]["psi"]["value"], 0.0, "the same people: {weeks:?}");
    assert!(shifted(&weeks[2]), "{weeks:?}");
    assert_eq!(weeks[3]["psi"]["reason"], "fewer than 30 answers in this week");
    assert_eq!(weeks[2]["reference"], weeks[0]["week"]);
    let factors = right["factors"].as_array().expect("factors");
    let country = factors.iter().find(|factor| factor["factor"] == "geography.country").expect("a factor");
    assert!(shifted(&country["weeks"][2]), "{country}");
    assert_eq!(told["agreement"].as_array().map(Vec::len), Some(4));
    assert_eq!(told["changes"], json!([]));
    assert!(!told.to_string().contains("cust-"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_brought_in_is_of_others_questions_and_shifts_nothing() {
    let gateway = Gateway::with(Setup::default().routes(BOTH)).await;
    asked(&gateway, 0..32, harmless).await;
    checked(&gateway, "Matthew Collins", 5).await;
    let before = gateway.get(PATH).await.good();
    let request = gateway.client.post(gateway.url("/v1/imports")).bearer_auth(&gateway.key);
    let import = answer(request.json(&json!({"provider": "idenfy"}))).await.json();
    let path = format!("/v1/imports/{}", import["id"].as_str().expect("an id"));
    until("the import", async || gateway.get(&path).await.good()["imported"] == 5).await;
    assert_eq!(gateway.get(PATH).await.good(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_questionnaire_is_marked_and_begins_anew() {
    let changing = "reread_profile_every = \"1s\"\non_changed_profile = \"warn\"";
    let gateway = Gateway::with(Setup::documented().idenfy(changing).routes(BOTH)).await;
    asked(&gateway, 0..30, person).await;
    let url = format!("{}/_sandbox/idenfy", gateway.idenfy.base_url().trim_end_matches('/'));
    answer(gateway.client.post(url).json(&json!({"edit_profile": PROFILE_ID}))).await.good();
    let stale = async || gateway.get("/v1/providers/idenfy").await.good()["mapping"]["state"] == "stale";
    until("the change to be seen", stale).await;
    gateway.advance(WEEK);
    asked(&gateway, 100..130, person).await;
    let told = gateway.get(PATH).await.good();
    let changes = told["changes"].as_array().expect("changes");
    assert_eq!((changes.len(), &changes[0]["provider"]), (1, &json!("idenfy")), "{changes:?}");
    assert_ne!(changes[0]["from"]["profile"], changes[0]["to"]["profile"]);
    let weeks = told["left"]["weeks"].as_array().expect("weeks");
    assert_eq!(
        weeks[1]["reference"], weeks[1]["week"],
        "it is held against nothing of another version: {weeks:?}"
    );
    assert_eq!(told["right"]["weeks"][1]["reference"], told["right"]["weeks"][0]["week"]);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_a_team_sees_its_own_alone() {
    let gateway = Gateway::with(Setup::default().routes(BOTH)).await;
    asked(&gateway, 0..1, person).await;
    let refused = gateway.get("/v1/comparisons/drift?left=idenfy&right=youverifi").await;
    assert_eq!(refused.problem(422, "invalid_request")["field"], "right");
    gateway.get(&format!("{PATH}&segment=route")).await.problem(400, "invalid_query");
    let stranger = gateway.key_for("fraud", "compare").await;
    let told = answer(gateway.client.get(gateway.url(PATH)).bearer_auth(&stranger)).await.good();
    assert_eq!(told["left"]["weeks"], json!([]));
    let reader = gateway.key_for("risk", "read").await;
    answer(gateway.client.get(gateway.url(PATH)).bearer_auth(&reader)).await.problem(403, "missing_scope");
}
