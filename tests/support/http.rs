//! A plain client, and answers as a caller sees them.

use std::time::Duration;

use http::HeaderMap;
use reqwest::{Client, RequestBuilder};
use risk_gateway::clock::Clock;
use serde_json::Value;

/// Longer than any deadline of these tests: who waits for it has found a gateway that never answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// A whole answer of the gateway.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

#[expect(clippy::disallowed_methods, reason = "a caller of the gateway, which no vendor transport should be")]
pub(crate) fn client() -> Client {
    // Making a transport installs the TLS provider that any client needs.
    drop(risk_provider::Transport::new(Clock::system().as_fn()).expect("a transport"));
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .expect("a client")
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an HTTP answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.expect("a whole answer") }
}

// === impl Answer ===

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The JSON of an answer with status 200.
    pub(crate) fn good(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }

    /// The header's text, empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("a text")).unwrap_or_default()
    }

    /// The problem document of a refusal with this status and code.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!((&problem["code"], &problem["status"]), (&code.into(), &status.into()), "{problem}");
        assert_eq!(problem["type"], format!("urn:risk-gateway:problem:{code}"));
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert!(self.header("x-request-id").starts_with("req_"), "{:?}", self.headers);
        for text in ["title", "detail"] {
            assert!(problem[text].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        problem
    }
}

/// The attempts of an assessment or a problem, one line each: who, what, outcome, sent, billed.
pub(crate) fn attempts(told: &Value) -> Vec<String> {
    let text = |attempt: &Value, key: &str| attempt[key].as_str().expect("a text").to_owned();
    let line = |attempt: &Value| {
        let [provider, operation, outcome, billed] =
            ["provider", "operation", "outcome", "billed"].map(|key| text(attempt, key));
        let sent = if attempt["sent"].as_bool().expect("yes or no") { "sent" } else { "not sent" };
        format!("{provider} {operation}: {outcome}, {sent}, billed {billed}")
    };
    told["attempts"].as_array().expect("attempts").iter().map(line).collect()
}
