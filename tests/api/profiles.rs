//! Vendors' questionnaires: what is told of them, and what happens when one changes.

use risk_provider_sandbox::{ONBOARDING_PROFILE_ID, PROFILE_ID};
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, until},
    http::{answer, attempts},
    subjects::{about, by, person},
    vendors::Setup,
};

const QUESTIONS: &str = r#"
"Country of residence" = "country"
"Is the person politically exposed?" = "politically_exposed"
"Purpose of the account" = { field = "answers.purpose", choices = { wages = "Salary" }, otherwise = "Other", optional = true }
"#;

/// Changes a profile as the vendor's operator would, or back.
async fn edit(gateway: &Gateway, profile: &str) {
    let url = format!("{}/_sandbox/idenfy", gateway.idenfy.base_url().trim_end_matches('/'));
    answer(gateway.client.post(url).json(&json!({ "edit_profile": profile }))).await.good();
}

async fn mapping(gateway: &Gateway) -> Value {
    gateway.get("/v1/providers/idenfy").await.good()["mapping"].clone()
}

async fn until_state(gateway: &Gateway, state: &str) {
    until(state, async || mapping(gateway).await["state"] == state).await;
}

async fn gauge(gateway: &Gateway) -> String {
    let metrics = answer(gateway.client.get(gateway.url("/metrics"))).await.text;
    let name = "risk_gateway_stale_mapping{provider=\"idenfy\"} ";
    metrics.lines().find_map(|line| line.strip_prefix(name)).expect("a gauge").to_owned()
}

fn setup(more: &str) -> Setup {
    Setup::documented().idenfy(&format!("reread_profile_every = \"1s\"\n{more}\n"))
}

fn onboarding() -> Setup {
    Setup::default().profile(ONBOARDING_PROFILE_ID, QUESTIONS)
}

#[tokio::test]
async fn a_changed_question_takes_the_provider_out_of_routing_and_says_which() {
    let gateway = Gateway::with(setup("")).await;
    let first = gateway.ask(&about(&person("cust-1"))).await.good();
    assert_eq!(first["decided_by"], "idenfy");
    assert_eq!(
        (mapping(&gateway).await["state"].clone(), gauge(&gateway).await),
        (json!("accepted"), "0".to_owned())
    );
    edit(&gateway, PROFILE_ID).await;
    until_state(&gateway, "stale").await;
    let provider = gateway.provider("idenfy").await;
    assert_eq!(provider["health"], "down", "it is not asked: {provider}");
    let told = provider["mapping"].clone();
    assert_eq!(
        told["changes"],
        json!([{"section": "Category", "question": "Is shareholder PEP?", "difference": "changed", "aspects": ["levels"]}])
    );
    assert_eq!((&told["profile"], &told["accepted_by"]), (&json!(PROFILE_ID), &Value::Null));
    assert!(told["accepted_at"].is_string(), "{told}");
    assert_eq!(gauge(&gateway).await, "1");

    let paid = gateway.idenfy.billed();
    for reference in ["cust-1", "cust-2"] {
        let other = gateway.ask(&about(&person(reference))).await.good();
        assert_eq!(other["decided_by"], "youverify");
        assert_eq!(attempts(&other)[0], "idenfy check: misconfigured, not sent, billed no");
        let detail = other["attempts"][0]["detail"].as_str().expect("a reason");
        assert!(detail.contains("\"Is shareholder PEP?\" changed (levels)"), "{detail}");
        assert!(detail.contains("risk-gateway profiles accept"), "{detail}");
    }
    gateway.ask(&by("idenfy", &person("cust-3"))).await.problem(502, "misconfigured");
    assert_eq!(gateway.idenfy.billed(), paid, "nothing is paid for under it");

    edit(&gateway, PROFILE_ID).await;
    until_state(&gateway, "accepted").await;
    assert_eq!(gauge(&gateway).await, "0");
    assert_eq!(gateway.ask(&about(&person("cust-4"))).await.good()["decided_by"], "idenfy");
}

#[tokio::test]
async fn the_very_call_that_first_reads_a_changed_profile_pays_for_nothing() {
    let gateway = Gateway::with(Setup::documented()).await;
    gateway.ask(&about(&person("cust-1"))).await.good();
    edit(&gateway, PROFILE_ID).await;
    let twin = gateway.twin().await;
    let paid = gateway.idenfy.billed();
    let other = twin.ask(&about(&person("cust-2"))).await.good();
    assert_eq!(other["decided_by"], "youverify");
    let told = attempts(&other);
    assert_eq!(told[0], "idenfy profile: answered, sent, billed no", "{told:?}");
    assert_eq!(told[1], "idenfy check: misconfigured, not sent, billed no", "{told:?}");
    assert_eq!(gateway.idenfy.billed(), paid);
    // What one of them found bars the other, too.
    until_state(&gateway, "stale").await;
    gateway.ask(&by("idenfy", &person("cust-3"))).await.problem(502, "misconfigured");
    assert_eq!(gateway.idenfy.billed(), paid);
    // And a new one, which has not asked the vendor at all.
    let reads = gateway.idenfy.calls().len();
    let later = gateway.twin().await;
    until_state(&later, "stale").await;
    later.ask(&by("idenfy", &person("cust-4"))).await.problem(502, "misconfigured");
    assert_eq!((gateway.idenfy.billed(), gateway.idenfy.calls().len()), (paid, reads));
}

#[tokio::test]
async fn where_only_a_warning_is_wanted_the_provider_goes_on_and_its_answers_are_flagged() {
    let gateway = Gateway::with(setup("on_changed_profile = \"warn\"")).await;
    let before = gateway.ask(&about(&person("cust-1"))).await.good();
    assert_eq!(before["flags"], json!([]));
    edit(&gateway, PROFILE_ID).await;
    until_state(&gateway, "stale").await;
    let after = gateway.ask(&about(&person("cust-2"))).await.good();
    assert_eq!(
        (&after["decided_by"], &after["flags"]),
        (&json!("idenfy"), &json!(["unaccepted_questionnaire"]))
    );
    assert_eq!((after["status"].clone(), gauge(&gateway).await), (json!("completed"), "1".to_owned()));
}

#[tokio::test]
async fn a_profile_never_seen_before_is_mapped_from_configuration_alone() {
    let gateway = Gateway::with(onboarding()).await;
    let mut subject = person("cust-1");
    subject["answers"] = json!({"purpose": "wages"});
    let assessment = gateway.ask(&by("idenfy", &subject)).await.good();
    assert_eq!((&assessment["status"], &assessment["decided_by"]), (&json!("completed"), &json!("idenfy")));
    let factors = assessment["factors"].as_array().expect("factors");
    let factor = |code: &str| {
        let found = factors.iter().find(|factor| factor["code"] == code);
        found.unwrap_or_else(|| panic!("{code} in {factors:?}"))
    };
    assert_eq!(factor("questionnaire.purpose.purpose_of_the_account")["value"], "Salary");
    assert_eq!(factor("screening.pep")["value"], "Yes");
    assert_eq!(factor("geography.country")["value"], "NG");
    assert_eq!(factor("questionnaire.person.nationality")["state"], "missing_input");
}

#[tokio::test]
async fn a_mapped_question_that_is_another_by_now_is_named_before_anything_is_paid_for() {
    let gateway = Gateway::with(onboarding()).await;
    gateway.ask(&by("idenfy", &person("cust-1"))).await.good();
    edit(&gateway, ONBOARDING_PROFILE_ID).await;
    let twin = gateway.twin().await;
    let paid = gateway.idenfy.billed();
    let problem = twin.ask(&by("idenfy", &person("cust-2"))).await.problem(502, "misconfigured");
    let detail = problem["detail"].as_str().expect("a text");
    for told in [
        "\"Is the person or a relative politically exposed?\" changed (title)",
        "\"Nationality\" removed",
        "\"Purpose of the account\" changed (choices, levels)",
        "\"Source of funds\" added",
    ] {
        assert!(detail.contains(told), "{told} in {detail}");
    }
    assert_eq!(gateway.idenfy.billed(), paid);
    let path = format!("/v1/providers/idenfy/profiles/{ONBOARDING_PROFILE_ID}");
    let profile = gateway.get(&path).await.good();
    assert_eq!(profile["mapping"]["state"], "stale");
    let misfit = profile["misfit"].as_str().expect("a misfit");
    assert!(misfit.contains("no question \"Is the person politically exposed?\""), "{misfit}");
}

#[tokio::test]
async fn profiles_are_told_with_the_mapping_in_force() {
    let gateway = Gateway::with(onboarding()).await;
    assert_eq!(mapping(&gateway).await["state"], "unknown");
    let profiles = gateway.get("/v1/providers/idenfy/profiles").await.good();
    let onboarding = json!({"id": ONBOARDING_PROFILE_ID, "name": "Onboarding", "in_force": true});
    let all = profiles["profiles"].as_array().expect("a list");
    assert!(all.contains(&onboarding), "{profiles}");
    assert_eq!(all.iter().filter(|profile| profile["in_force"] == true).count(), 1);
    let profile = gateway.get(&format!("/v1/providers/idenfy/profiles/{ONBOARDING_PROFILE_ID}")).await.good();
    assert_eq!((&profile["misfit"], &profile["mapping"]["state"]), (&Value::Null, &json!("accepted")));
    let person = &profile["sections"][0];
    assert_eq!((&person["name"], &person["weight"]), (&json!("Person"), &json!(60.0)));
    let question =
        |section: usize, question: usize| profile["sections"][section]["questions"][question].clone();
    assert_eq!(question(0, 0)["answered_by"], "country");
    assert_eq!(
        (&question(0, 1)["title"], &question(0, 1)["answered_by"]),
        (&json!("Nationality"), &Value::Null)
    );
    let purpose = question(1, 0);
    assert_eq!(
        (&purpose["type"], &purpose["answered_by"], &purpose["optional"]),
        (&json!("SELECT"), &json!("answers.purpose"), &json!(true))
    );
    assert_eq!(purpose["choices"][0], json!({"key": "sAlArYpAyM", "title": "Salary"}));
    let other = gateway.get(&format!("/v1/providers/idenfy/profiles/{PROFILE_ID}")).await.good();
    assert_eq!((&other["in_force"], &other["mapping"]), (&json!(false), &Value::Null));
    assert_eq!(gateway.idenfy.billed(), 0);
}

#[tokio::test]
async fn what_is_not_there_is_told_as_such() {
    let gateway = Gateway::start().await;
    let nothing = gateway.get("/v1/providers/youverify/profiles").await.good();
    assert_eq!(nothing, json!({"profiles": []}));
    assert_eq!(gateway.get("/v1/providers/youverify").await.good()["mapping"], Value::Null);
    for path in [
        "/v1/providers/nobody",
        "/v1/providers/nobody/profiles",
        "/v1/providers/nobody/profiles/x",
        "/v1/providers/youverify/profiles/x",
        "/v1/providers/idenfy/profiles/nothing",
        "/v1/providers/idenfy/profiles/no%20such%2Fid",
    ] {
        gateway.get(path).await.problem(404, "not_found");
    }
    let assess_only = gateway.key_for("risk", "assess").await;
    for path in ["/v1/providers/idenfy", "/v1/providers/idenfy/profiles"] {
        let request = gateway.client.get(gateway.url(path)).bearer_auth(&assess_only);
        answer(request).await.problem(403, "missing_scope");
    }
    // Reading what is not there is no fault of the vendor's.
    assert_eq!(gateway.provider("idenfy").await["health"], "up");
}

#[tokio::test]
async fn a_vendor_that_does_not_tell_its_profiles_is_told_as_such() {
    let gateway = Gateway::start().await;
    gateway.idenfy.inject(risk_provider_sandbox::FaultKind::Html);
    gateway.get("/v1/providers/idenfy/profiles").await.problem(502, "malformed");
    let path = format!("/v1/providers/idenfy/profiles/{PROFILE_ID}");
    gateway.get(&path).await.problem(502, "malformed");
}
