//! A scripted vendor, the documented subject and the documented answer.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use risk_provider::{
    Call, Exchange, Factor, Judge, ProviderAssessment, ProviderError, ProviderName, ProviderSettings,
    RiskProvider, Subject, SubjectRequest, VendorRequest, VendorResponse,
};
use risk_provider_youverify::{Actor, Settings};
use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) const ANSWER: &str = include_str!("../fixtures/actor-answer.json");
pub(crate) const ANSWER_LINKS_OUTER: &str = include_str!("../fixtures/actor-answer-links-outer.json");
pub(crate) const REQUEST: &str = include_str!("../fixtures/actor-request.json");
pub(crate) const ERROR_404: &str = include_str!("../fixtures/error-404.json");

type Told = Result<ProviderAssessment, ProviderError>;

/// Answers from a script and keeps what it was asked.
#[derive(Default)]
pub(crate) struct Vendor {
    script: Mutex<VecDeque<VendorResponse>>,
    asked: Mutex<Vec<VendorRequest>>,
}

#[async_trait]
impl Exchange for Vendor {
    async fn run(
        &self,
        request: VendorRequest,
        _deadline: Instant,
        judge: Judge<'_>,
    ) -> Result<(), ProviderError> {
        self.asked.lock().expect("lock").push(request);
        let response = self.script.lock().expect("lock").pop_front().expect("one more request than scripted");
        judge(&response)
    }
}

impl Vendor {
    pub(crate) fn answering(status: u16, headers: &[(&'static str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("header"))
        });
        let headers = HeaderMap::from_iter(headers);
        let response = VendorResponse { status, headers, body: body.into(), received_at: now() };
        Self { script: Mutex::new([response].into()), ..Self::default() }
    }

    pub(crate) fn asked(&self) -> Vec<VendorRequest> {
        self.asked.lock().expect("lock").clone()
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().expect("time")
}

pub(crate) fn common() -> ProviderSettings {
    ProviderSettings {
        name: ProviderName::new("youverify"),
        base_url: "https://api.youverify.example".parse().expect("url"),
        timeout: Duration::from_secs(5),
        strict_subject_match: false,
        send_previous: true,
    }
}

pub(crate) fn settings() -> Settings {
    serde_json::from_value(json!({"token": "s3cret-token"})).expect("settings")
}

pub(crate) fn actor() -> Actor {
    Actor::new(common(), settings()).expect("settings")
}

pub(crate) fn call(vendor: &Arc<Vendor>) -> Call {
    let vendor: Arc<dyn Exchange> = Arc::<Vendor>::clone(vendor);
    Call::new("req-1".into(), Instant::now() + Duration::from_secs(5), now(), vendor)
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("runtime").block_on(future)
}

/// What `actor` says about `subject`, and what the vendor was asked for it.
pub(crate) fn assess(actor: &Actor, subject: Value, vendor: Vendor) -> (Told, Vec<VendorRequest>) {
    ask(actor, &accept(subject), vendor)
}

/// The same about a subject that was accepted already.
pub(crate) fn ask(actor: &Actor, subject: &Subject, vendor: Vendor) -> (Told, Vec<VendorRequest>) {
    let vendor = Arc::new(vendor);
    let told = block_on(async { actor.assess(&call(&vendor), subject).await });
    (told, vendor.asked())
}

/// What the usual actor makes of `body` about the documented subject.
pub(crate) fn read(body: &str) -> Told {
    read_about(ahmed(), body)
}

pub(crate) fn read_about(subject: Value, body: &str) -> Told {
    assess(&actor(), subject, Vendor::answering(200, &[], body)).0
}

/// The JSON that the vendor is sent about `subject`.
pub(crate) fn sent(actor: &Actor, subject: Value) -> Value {
    sent_about(actor, &accept(subject))
}

/// The same about a subject that was accepted already.
pub(crate) fn sent_about(actor: &Actor, subject: &Subject) -> Value {
    let (_, asked) = ask(actor, subject, Vendor::answering(200, &[], ANSWER));
    let body = asked[0].body.as_deref().expect("body");
    serde_json::from_str(body).expect("JSON")
}

pub(crate) fn accept(subject: Value) -> Subject {
    let today = now().to_zoned(jiff::tz::TimeZone::UTC).date();
    serde_json::from_value::<SubjectRequest>(subject).expect("typed").accept(today).expect("valid")
}

/// The documented subject.
pub(crate) fn ahmed() -> Value {
    json!({
        "reference": "cust-42", "type": "individual", "name": {"first": "Ahmed", "last": "Al Khalid"},
        "country": "NG", "city": "lagos", "industry": "arms_dealers", "months_at_address": 30,
        "account_age_months": 50, "previous_adverse_media_score": 60, "previous_risk_score": 40,
        "adverse_media_window": {"from": "2023-05-23", "to": "2023-06-23"},
    })
}

pub(crate) fn company() -> Value {
    json!({
        "reference": "cust-43", "type": "business", "business_name": "Twitter", "country": "NG",
        "city": "lagos", "industry": "others",
    })
}

/// `subject` with `field` set, or left out for null.
pub(crate) fn with(mut subject: Value, field: &str, value: Value) -> Value {
    let fields = subject.as_object_mut().expect("object");
    if value.is_null() {
        fields.remove(field);
    } else {
        fields.insert(field.to_owned(), value);
    }
    subject
}

/// The documented answer with its report edited.
pub(crate) fn edited(edit: impl FnOnce(&mut Value)) -> String {
    let mut answer: Value = serde_json::from_str(ANSWER).expect("JSON");
    edit(&mut answer["data"]["data"]);
    answer.to_string()
}

/// The documented answer with the value at `path`, such as `personal.name`, replaced, or left out for none.
pub(crate) fn edited_at(path: &str, value: Option<Value>) -> String {
    edited(|report| {
        let (parent, key) = path.rsplit_once('.').unwrap_or(("", path));
        let parent = if parent.is_empty() { report } else { &mut report[parent] };
        let fields = parent.as_object_mut().expect("object");
        match value {
            Some(value) => fields.insert(key.to_owned(), value),
            None => fields.remove(key),
        };
    })
}

/// The documented answer with one literal replaced; for what no JSON value can hold.
pub(crate) fn spliced(from: &str, to: &str) -> String {
    assert!(ANSWER.contains(from), "{from}");
    ANSWER.replacen(from, to, 1)
}

pub(crate) fn factor<'a>(told: &'a ProviderAssessment, code: &str) -> &'a Factor {
    told.factors.iter().find(|factor| factor.code == code).expect(code)
}
