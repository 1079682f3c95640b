//! A scripted vendor, and subjects to ask about.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use risk_provider::{
    Call, Exchange, FailureKind, FieldProblem, Judge, ProviderAssessment, ProviderError, ProviderName,
    ProviderSettings, RiskProvider, Subject, SubjectRequest, VendorRequest, VendorResponse,
};
use risk_provider_idenfy::{Idenfy, Settings};
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

pub(crate) const CHECK_REQUEST: &str = include_str!("../fixtures/check-request.json");
pub(crate) const CHECK: &str = include_str!("../fixtures/check-response.json");
pub(crate) const PROFILE: &str = include_str!("../fixtures/profile-detail-response.json");
pub(crate) const PROFILES: &str = include_str!("../fixtures/profiles-list-response.json");
pub(crate) const ASSESSMENTS: &str = include_str!("../fixtures/assessments-list-response.json");
pub(crate) const UPDATE_REQUEST: &str = include_str!("../fixtures/assessment-update-request.json");
pub(crate) const UPDATE: &str = include_str!("../fixtures/assessment-update-response.json");
pub(crate) const UNANSWERED: &str = include_str!("../fixtures/assessment-detail-response.json");

pub(crate) const PROFILE_ID: &str = "61fbe03e-961c-4c6f-a2cd-801083ddbe0d";
pub(crate) const NOW: &str = "2026-11-21T10:00:00Z";

/// A vendor that answers by script and remembers what it was asked.
pub(crate) struct Vendor {
    replies: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<VendorRequest>>,
    delay: Duration,
}

/// Status, headers and body.
pub(crate) type Reply = (u16, Vec<(&'static str, &'static str)>, String);

pub(crate) fn reply(status: u16, body: impl ToString) -> Reply {
    (status, Vec::new(), body.to_string())
}

/// The documented profile, then `check` as the answer.
pub(crate) fn profile_then(check: impl ToString) -> Arc<Vendor> {
    Vendor::new([reply(200, PROFILE), reply(201, check)])
}

// === impl Vendor ===

impl Vendor {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Self::slow(Duration::ZERO, replies)
    }

    pub(crate) fn slow(delay: Duration, replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        let replies = Mutex::new(replies.into_iter().collect());
        Arc::new(Self { replies, asked: Mutex::default(), delay })
    }

    pub(crate) fn then(&self, reply: Reply) {
        self.replies.lock().unwrap().push_back(reply);
    }

    pub(crate) fn call(self: &Arc<Self>) -> Call {
        self.call_for(Duration::from_secs(60))
    }

    pub(crate) fn call_for(self: &Arc<Self>, time: Duration) -> Call {
        let vendor: Arc<dyn Exchange> = Arc::<Self>::clone(self);
        Call::new("req_1".into(), Instant::now() + time, time_of(NOW), vendor)
    }

    /// The operations asked for, in order.
    pub(crate) fn operations(&self) -> Vec<&'static str> {
        self.asked.lock().unwrap().iter().map(|request| request.operation).collect()
    }

    pub(crate) fn asked(&self) -> Vec<VendorRequest> {
        self.asked.lock().unwrap().clone()
    }

    /// The body of the last request.
    pub(crate) fn last_body(&self) -> Value {
        let body = self.asked().pop().and_then(|request| request.body).expect("a request with a body");
        serde_json::from_str(&body).expect("JSON")
    }
}

#[async_trait]
impl Exchange for Vendor {
    async fn run(
        &self,
        request: VendorRequest,
        _deadline: Instant,
        judge: Judge<'_>,
    ) -> Result<(), ProviderError> {
        self.asked.lock().unwrap().push(request);
        tokio::time::sleep(self.delay).await;
        let Some((status, headers, body)) = self.replies.lock().unwrap().pop_front() else {
            return Err(ProviderError::new(FailureKind::Unreachable, "the script is at its end"));
        };
        let header = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let headers: HeaderMap = headers.into_iter().map(header).collect();
        judge(&VendorResponse { status, headers, body: body.into_bytes(), received_at: time_of(NOW) })
    }
}

pub(crate) fn time_of(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub(crate) fn common() -> ProviderSettings {
    ProviderSettings {
        name: ProviderName::new("idenfy"),
        base_url: Url::parse("https://ivs.idenfy.example").expect("an address"),
        timeout: Duration::from_secs(5),
        strict_subject_match: false,
        send_previous: false,
    }
}

pub(crate) fn settings(questions: &Value) -> Settings {
    let settings =
        json!({"api_key": "key-1", "api_secret": "s3cret-1", "profile": PROFILE_ID, "questions": questions});
    serde_json::from_value(settings).expect("typed settings")
}

/// The problems of a provider that maps `questions`.
pub(crate) fn problems(questions: &Value) -> Vec<FieldProblem> {
    Idenfy::new(common(), settings(questions)).map(drop).expect_err("refused settings")
}

pub(crate) fn provider(questions: &Value) -> Idenfy {
    Idenfy::new(common(), settings(questions)).expect("valid settings")
}

/// A provider for the documented profile.
pub(crate) fn documented() -> Idenfy {
    documented_with(&json!({}))
}

/// A provider for the documented profile with further settings.
pub(crate) fn documented_with(more: &Value) -> Idenfy {
    let questions = json!({"Is shareholder PEP?": "politically_exposed", "Shareholder residency": "country"});
    let mut settings =
        json!({"api_key": "key-1", "api_secret": "s3cret-1", "profile": PROFILE_ID, "questions": questions});
    merge(&mut settings, more);
    Idenfy::new(common(), serde_json::from_value(settings).expect("typed settings")).expect("valid settings")
}

pub(crate) fn subject(more: &Value) -> Subject {
    let mut subject = json!({
        "reference": "cust-42", "type": "individual", "country": "HU", "politically_exposed": true,
        "name": {"first": "Matthew", "last": "Collins"},
    });
    merge(&mut subject, more);
    let request: SubjectRequest = serde_json::from_value(subject).expect("a typed subject");
    request.accept(jiff::civil::date(2026, 11, 21)).expect("a valid subject")
}

pub(crate) fn matthew() -> Subject {
    subject(&json!({}))
}

/// `text` as JSON with the fields of `more` laid over it; null removes a field.
pub(crate) fn with(text: &str, more: &Value) -> Value {
    let mut value = serde_json::from_str(text).expect("JSON");
    merge(&mut value, more);
    value
}

fn merge(value: &mut Value, more: &Value) {
    let fields = value.as_object_mut().expect("an object");
    for (name, value) in more.as_object().expect("an object") {
        fields.insert(name.clone(), value.clone());
    }
}

/// The documented check's answer, changed at a JSON pointer.
pub(crate) fn check_with(pointer: &str, value: Value) -> Value {
    let mut check: Value = serde_json::from_str(CHECK).expect("JSON");
    *check.pointer_mut(pointer).expect("a place in the answer") = value;
    check
}

/// What the documented provider says about Matthew Collins when the vendor answers `check`.
pub(crate) async fn assess(check: impl ToString) -> Result<ProviderAssessment, ProviderError> {
    documented().assess(&profile_then(check).call(), &matthew()).await
}

/// Whether two numbers are the same but for the last bits.
pub(crate) fn is(number: f64, expected: f64) -> bool {
    (number - expected).abs() < 1e-9
}
