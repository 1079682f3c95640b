//! A started vendor with a client that knows its credentials, and requests to begin with.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, redirect};
use risk_provider_sandbox::{DEMO_PROFILE_ID, Sandbox, Settings, Vendor};
use serde_json::{Value, json};

pub(crate) const V1: &str = "/v1/api/actors/risk/assessment";
pub(crate) const V2: &str = "/v2/api/actors/risk/assessment";

/// A vendor and a client for it.
pub(crate) struct Play {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: Client,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test client that must not depend on the adapters' transport"
)]
pub(crate) fn client() -> Client {
    // Fails when another test was first, which is just as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

pub(crate) async fn idenfy() -> Play {
    Play::start(Vendor::Idenfy, &Settings::default()).await
}

pub(crate) async fn youverify() -> Play {
    Play::start(Vendor::Youverify, &Settings::default()).await
}

impl Play {
    pub(crate) async fn start(vendor: Vendor, settings: &Settings) -> Self {
        Self { sandbox: Sandbox::start(vendor, settings).await.unwrap(), client: client() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.base_url())
    }

    /// A GET with iDenfy's credentials.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path)).basic_auth("sandbox-key", Some("sandbox-secret"))
    }

    /// A check of a profile, not sent yet.
    pub(crate) fn check(&self, profile: &str, body: &Value) -> RequestBuilder {
        let url = self.url(&format!("/risk/assessment-profiles/{profile}/check/"));
        self.client.post(url).basic_auth("sandbox-key", Some("sandbox-secret")).json(body)
    }

    pub(crate) async fn checked(&self, profile: &str, body: &Value) -> Value {
        good(self.check(profile, body).send().await.unwrap()).await
    }

    /// An actor assessment, not sent yet.
    pub(crate) fn actor(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(self.url(path)).header("token", "sandbox-token").json(body)
    }

    /// The report about an actor, out of its envelopes.
    pub(crate) async fn report(&self, body: &Value) -> Value {
        let answer = good(self.actor(V2, body).send().await.unwrap()).await;
        assert_eq!((&answer["success"], &answer["data"]["success"]), (&json!(true), &json!(true)));
        answer["data"]["data"].clone()
    }
}

pub(crate) async fn good(response: Response) -> Value {
    let status = response.status();
    let body = response.text().await.unwrap();
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// Status and JSON of an answer.
pub(crate) async fn told(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// A complete check of the demonstration profile, by titles.
pub(crate) async fn demo_form(play: &Play, name: &str, answers: &[(&str, &str)]) -> Value {
    let path = format!("/risk/assessment-profiles/{DEMO_PROFILE_ID}/");
    let profile = good(play.get(&path).send().await.unwrap()).await;
    let mut sections = json!({});
    for section in profile["sections"].as_array().unwrap() {
        for question in section["questions"].as_array().unwrap() {
            let Some((_, answer)) = answers.iter().find(|(title, _)| question["title"] == *title) else {
                continue;
            };
            let choice =
                question["choices"].as_array().unwrap().iter().find(|choice| choice["title"] == *answer);
            let key = choice.map_or_else(|| json!(answer), |choice| choice["key"].clone());
            let (section, question) = (section["key"].as_str().unwrap(), question["key"].as_str().unwrap());
            sections[section][question] = json!({ "value": [key] });
        }
    }
    json!({ "sections": sections, "name": name })
}

/// The check of the vendor's documented example.
pub(crate) fn documented_check() -> Value {
    json!({
        "sections": { "bXUsmLJeMI": {
            "lib-YHlTleSKmo": { "value": ["XOCgRfvUlu"] },
            "lib-AEgWHKDkwF": { "value": ["HU"] },
        } },
        "name": "Matthew Collins",
    })
}

/// The request of the vendor's documented example.
pub(crate) fn documented_actor() -> Value {
    json!({
        "type": "individual", "firstName": "Ahmed", "lastName": "Al Khalid", "middleName": null,
        "businessName": null, "city": "lagos", "country": "NG", "kycVerifiedBy": "not_verified",
        "lengthOfStay": 30, "industry": "arms_dealers", "ageOfAccount": 50, "previousAdverseMediaScore": 60,
        "previousRiskScore": 40,
        "adverseMediaQueryDateRange": { "startDate": "2023-05-23", "endDate": "2023-06-23" },
        "isBeneficiary": false,
    })
}

/// A small valid request about a person.
pub(crate) fn actor(first: &str, last: &str) -> Value {
    json!({
        "type": "individual", "firstName": first, "lastName": last, "city": "Tallinn", "country": "EE",
        "kycVerifiedBy": "client",
        "adverseMediaQueryDateRange": { "startDate": "2024-01-01", "endDate": "2024-06-30" },
    })
}

/// The object with other values, or without those that are null.
pub(crate) fn with(mut object: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        object[key] = value.clone();
    }
    object
}

pub(crate) fn without(mut object: Value, key: &str) -> Value {
    object.as_object_mut().unwrap().remove(key).unwrap();
    object
}
