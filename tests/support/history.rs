//! What the vendors keep of checks that nobody asked the gateway for.

use reqwest::RequestBuilder;
use risk_provider_sandbox::{PROFILE_ID, Settings};
use serde_json::{Value, json};

use crate::{
    http::{answer, client},
    vendors::Vendors,
};

/// A provider whose vendor lists whole answers.
pub(crate) const DEEP: &str = r#"
[providers.deep]
kind = "youverify-risk-intelligence"
base_url = "${YOUVERIFY_URL}"
token = "${YOUVERIFY_TOKEN}"
poll = { first = "10s", max = "1m", factor = 2.0, give_up_after = "1h" }
breaker = { enabled = false }
[routes.deep]
providers = ["deep"]
"#;

/// Has iDenfy check this many people, each called by `name` and a number; the ids of the checks.
pub(crate) async fn checked(vendors: &Vendors, name: &str, number: usize) -> Vec<String> {
    let (client, Settings { idenfy_api_key, idenfy_api_secret, .. }) = (client(), Settings::default());
    let url = format!("{}/risk/assessment-profiles/{PROFILE_ID}/check/", vendors.idenfy.base_url());
    let mut ids = Vec::new();
    for index in 0..number {
        let answers =
            json!({"lib-YHlTleSKmo": {"value": ["XOCgRfvUlu"]}, "lib-AEgWHKDkwF": {"value": ["HU"]}});
        let body = json!({"name": format!("{name} {index}"), "sections": {"bXUsmLJeMI": answers}});
        let request = client.post(&url).basic_auth(&idenfy_api_key, Some(&idenfy_api_secret));
        let told = answer(request.json(&body)).await.good();
        ids.push(told["id"].as_str().expect("an id").to_owned());
    }
    ids
}

/// Has Youverify start a check of somebody called `name`; its id.
pub(crate) async fn started(vendors: &Vendors, name: &str) -> String {
    let body = json!({
        "type": "individual", "firstName": name, "lastName": "Okafor", "country": "NG", "city": "lagos",
        "isSubjectConsent": true,
    });
    let url = format!("{}/v2/api/identity/risk-check/initialize", vendors.youverify.base_url());
    let profile = answer(with_token(client().post(url)).json(&body)).await.good();
    id(&profile)
}

/// Has the report of a check that was started come.
pub(crate) async fn reported(vendors: &Vendors, id: &str) {
    let url = format!("{}/v2/api/identity/risk-check/entities/{id}", vendors.youverify.base_url());
    for _ in 0..2 {
        answer(with_token(client().get(&url))).await.good();
    }
}

fn with_token(request: RequestBuilder) -> RequestBuilder {
    request.header("token", Settings::default().youverify_token)
}

fn id(profile: &Value) -> String {
    profile["data"]["_id"].as_str().expect("an id").to_owned()
}
