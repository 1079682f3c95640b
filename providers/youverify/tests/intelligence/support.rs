//! A scripted vendor, subjects, and the documented profile.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use http::HeaderMap;
use jiff::Timestamp;
use risk_provider::{
    Call, Exchange, Factor, Judge, ProviderAssessment, ProviderError, ProviderName, ProviderSettings,
    RiskProvider, Subject, SubjectRequest, VendorReference, VendorRequest, VendorResponse,
};
use risk_provider_youverify::{Intelligence, IntelligenceSettings};
use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) const HISTORY: &str = include_str!("../fixtures/history-response.json");
pub(crate) const ID: &str = "647f096187f89a18587648cc";

pub(crate) type Told = Result<ProviderAssessment, ProviderError>;

/// Answers from a script and keeps what it was asked.
#[derive(Default)]
pub(crate) struct Vendor {
    script: Mutex<VecDeque<(u16, String)>>,
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
        let (status, body) =
            self.script.lock().expect("lock").pop_front().expect("one more request than scripted");
        let body = body.into_bytes();
        judge(&VendorResponse { status, headers: HeaderMap::new(), body, received_at: now() })
    }
}

impl Vendor {
    pub(crate) fn answering(status: u16, body: &str) -> Self {
        Self { script: Mutex::new([(status, body.to_owned())].into()), ..Self::default() }
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
        name: ProviderName::new("youverify-ri"),
        base_url: "https://api.youverify.example".parse().expect("url"),
        timeout: Duration::from_secs(5),
        strict_subject_match: false,
        send_previous: true,
    }
}

pub(crate) fn settings(more: Value) -> IntelligenceSettings {
    let mut settings = json!({"token": "s3cret-token"});
    merge(&mut settings, more);
    serde_json::from_value(settings).expect("settings")
}

pub(crate) fn provider() -> Intelligence {
    provider_with(json!({}))
}

pub(crate) fn provider_with(more: Value) -> Intelligence {
    Intelligence::new(common(), settings(more)).expect("settings")
}

pub(crate) fn strict() -> Intelligence {
    let common = ProviderSettings { strict_subject_match: true, ..common() };
    Intelligence::new(common, settings(json!({}))).expect("settings")
}

pub(crate) fn call(vendor: &Arc<Vendor>) -> Call {
    let vendor: Arc<dyn Exchange> = Arc::<Vendor>::clone(vendor);
    Call::new("req-1".into(), Instant::now() + Duration::from_secs(5), now(), vendor)
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("runtime").block_on(future)
}

pub(crate) fn assess(
    provider: &Intelligence,
    subject: Value,
    status: u16,
    body: &Value,
) -> (Told, Vec<VendorRequest>) {
    let vendor = Arc::new(Vendor::answering(status, &body.to_string()));
    let subject = accept(subject);
    let told = block_on(async { provider.assess(&call(&vendor), &subject).await });
    (told, vendor.asked())
}

pub(crate) fn retrieve(
    provider: &Intelligence,
    reference: &str,
    status: u16,
    body: &str,
) -> (Told, Vec<VendorRequest>) {
    let vendor = Arc::new(Vendor::answering(status, body));
    let reference = VendorReference(reference.to_owned());
    let told = block_on(async { provider.retrieve(&call(&vendor), &reference).await });
    (told, vendor.asked())
}

/// What the usual provider reads under the documented id when the vendor keeps `profile`.
pub(crate) fn read(profile: &Value) -> Told {
    retrieve(&provider(), ID, 200, &envelope(profile).to_string()).0
}

pub(crate) fn accept(subject: Value) -> Subject {
    let today = now().to_zoned(jiff::tz::TimeZone::UTC).date();
    serde_json::from_value::<SubjectRequest>(subject).expect("typed").accept(today).expect("valid")
}

pub(crate) fn envelope(data: &Value) -> Value {
    json!({"success": true, "statusCode": 200, "message": "success", "data": data, "links": []})
}

/// The documented company.
pub(crate) fn company() -> Value {
    json!({
        "reference": "cust-43", "type": "business", "business_name": "Tesla", "country": "NG", "city": "lagos",
        "industry": "others", "id_number": "1234567890", "phone": "08000000000", "months_at_address": 321,
        "kyc": {"verified_by": "client"}, "consent": true,
    })
}

pub(crate) fn person() -> Value {
    json!({
        "reference": "cust-42", "type": "individual", "name": {"first": "Ahmed", "middle": "K", "last": "Al Khalid"},
        "country": "NG", "city": "lagos", "industry": "arms_dealers", "occupation": "broker",
        "months_at_address": 30, "kyc": {"verified_by": "client", "document_expires_on": "2031-06-07"},
        "consent": true,
    })
}

/// The documented profile of the company, its report ready.
pub(crate) fn ready() -> Value {
    let history: Value = serde_json::from_str(HISTORY).expect("JSON");
    history["data"]["docs"][0].clone()
}

/// The same right after the check was started.
pub(crate) fn started() -> Value {
    let mut profile = ready();
    merge(
        &mut profile,
        json!({"latestReport": null, "riskReportHistory": [], "latestRiskStatus": "pending",
            "latestRiskScore": 0, "latestAdverseMediaScore": 0, "reportlastUpdatedAt": null,
            "reportNextUpdateAt": "2023-06-06T10:24:33.300Z"}),
    );
    profile
}

/// The profile with the values at these pointers replaced.
pub(crate) fn edited(mut profile: Value, edits: &[(&str, Value)]) -> Value {
    for (pointer, value) in edits {
        let (parent, key) = pointer.rsplit_once('/').expect("pointer");
        profile.pointer_mut(parent).expect("parent")[key] = value.clone();
    }
    profile
}

pub(crate) fn without(mut profile: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("pointer");
    let parent = profile.pointer_mut(parent).expect("parent");
    parent.as_object_mut().expect("object").remove(key).expect(key);
    profile
}

/// Sets every field of `more`.
pub(crate) fn merge(base: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("no object") };
    base.as_object_mut().expect("object").extend(more);
}

pub(crate) fn with(mut base: Value, more: Value) -> Value {
    merge(&mut base, more);
    base
}

pub(crate) fn factor<'a>(told: &'a ProviderAssessment, code: &str) -> &'a Factor {
    told.factors.iter().find(|factor| factor.code == code).expect(code)
}
