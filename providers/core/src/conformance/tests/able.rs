//! The toy with every ability that an adapter can have, and the flaws these can be given.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use jiff::civil::Date;
use serde_json::Value;
use url::Url;

use super::toy::{self, SECRET, Toy};
use crate::{
    AnswerState, Call, Callbacks, Descriptor, FailureKind, Flag, History, HistoryFilter, HistoryItem,
    HistoryPage, HistoryQuery, Operation, ProviderAssessment, ProviderError, ProviderSettings,
    QuestionnaireGate, Questionnaires, Reading, Recheck, RiskProvider, Subject, VendorReference,
    VendorRequest, VendorResponse, names, transport::join,
};

pub(super) const SIGNATURE: &str = "toy-signature";
const OPERATIONS: &[Operation] = &[
    Operation { name: "check", paid: true },
    Operation { name: "answer", paid: false },
    Operation { name: "update", paid: true },
    Operation { name: "forms", paid: false },
    Operation { name: "list", paid: false },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    FollowsAnywhere,
    IgnoresCursors,
    IgnoresFilters,
    LosesItems,
    NoListIsNoForms,
    PaysForReading,
    AnyReferenceIsAPath,
    TakesAnyReference,
    ConfirmsAnybody,
    UpdatesWithoutAsking,
    AnySignature,
    SignsHalf,
    CallbackNamesAnything,
}

#[derive(Debug)]
pub(super) struct Able {
    flaw: Flaw,
    toy: Toy,
    base: Url,
    is_strict: bool,
}

/// The headers of a callback with `body`.
pub(super) fn signed(body: &[u8]) -> HeaderMap {
    let mut hasher = DefaultHasher::new();
    (SECRET, body).hash(&mut hasher);
    let value = HeaderValue::from_str(&format!("{:016x}", hasher.finish())).expect("a header");
    HeaderMap::from_iter([(http::HeaderName::from_static(SIGNATURE), value)])
}

impl Able {
    pub(super) fn new(flaw: Flaw, common: ProviderSettings) -> Self {
        let (base, is_strict) = (common.base_url.clone(), common.strict_subject_match);
        let mut toy = Toy::new(toy::Flaw::None, common);
        toy.descriptor.operations = OPERATIONS;
        Self { flaw, toy, base, is_strict }
    }

    fn path(&self, reference: &VendorReference) -> Result<Url, ProviderError> {
        let plain = !reference.0.is_empty() && reference.0.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !plain && self.flaw != Flaw::AnyReferenceIsAPath {
            return Err(ProviderError::new(FailureKind::NotFound, "no such reference"));
        }
        Ok(join(&self.base, &format!("/answers/{}", reference.0)))
    }

    async fn read(&self, call: &Call, operation: &'static str, url: Url) -> Result<Value, ProviderError> {
        let request = VendorRequest::read(operation, url).with_secret(AUTHORIZATION, SECRET)?;
        call.exchange(request, |response| match toy::refusal(response) {
            Some(kind) => Err(response.failure(kind, "refused").with_retry_after(response.retry_after())),
            None => response.json(),
        })
        .await
    }

    /// The toy's decoding, where a 404 is about the reference.
    fn decode(
        &self,
        response: &VendorResponse,
        asked: &VendorReference,
    ) -> Result<ProviderAssessment, ProviderError> {
        if response.status == 404 {
            return Err(response.failure(FailureKind::NotFound, "nothing there"));
        }
        let mut answer = self.toy.decode(response)?;
        let body: Value = response.json()?;
        if body["id"] != asked.0 && self.flaw != Flaw::TakesAnyReference {
            return Err(response.failure(FailureKind::Malformed, "another answer than asked for"));
        }
        answer.vendor_reference = body["id"].as_str().map(|id| VendorReference(id.to_owned()));
        Ok(answer)
    }

    fn page_of(&self, body: &Value, asked: &Url) -> Option<HistoryPage> {
        let references = body["items"].as_array()?.iter().skip(usize::from(self.flaw == Flaw::LosesItems));
        let items = references.map(|reference| {
            let reference = VendorReference(reference.as_str()?.to_owned());
            Some(HistoryItem { reference, name: None, created_at: None, assessment: None })
        });
        let items = items.collect::<Option<_>>()?;
        let next = &body["next"];
        if next.is_null() {
            return Some(HistoryPage { items, beside: Vec::new(), total: None, next: None });
        }
        let next = next.as_str().filter(|next| self.is_home(next) && *next != asked.as_str())?;
        Some(HistoryPage { items, beside: Vec::new(), total: None, next: Some(next.to_owned()) })
    }

    fn is_home(&self, address: &str) -> bool {
        let home = |url: Url| url.origin() == self.base.origin() && url.username().is_empty();
        self.flaw == Flaw::FollowsAnywhere || Url::parse(address).is_ok_and(home)
    }
}

#[async_trait]
impl RiskProvider for Able {
    fn descriptor(&self) -> &Descriptor {
        &self.toy.descriptor
    }

    async fn assess(&self, call: &Call, subject: &Subject) -> Result<ProviderAssessment, ProviderError> {
        let mut told = self.toy.assess(call, subject).await?;
        let body: Value = serde_json::from_str(told.raw.text()).unwrap_or_default();
        if body["ready"] == Value::Bool(false) {
            (told.state, told.score, told.level) = (AnswerState::Pending, None, None);
            told.vendor_reference = body["id"].as_str().map(|id| VendorReference(id.to_owned()));
        }
        Ok(told)
    }

    fn confirm(
        &self,
        subject: &Subject,
        _: Date,
        mut answer: ProviderAssessment,
    ) -> Result<ProviderAssessment, ProviderError> {
        let body: Value = serde_json::from_str(answer.raw.text()).unwrap_or_default();
        let named = body["name"].as_str().is_some_and(|name| names::is_about(subject, name));
        if named || self.flaw == Flaw::ConfirmsAnybody {
            return Ok(answer);
        }
        if self.is_strict {
            return Err(ProviderError::new(FailureKind::Malformed, "about another name"));
        }
        answer.flags.insert(Flag::SubjectNameMismatch);
        Ok(answer)
    }

    async fn retrieve(
        &self,
        call: &Call,
        reference: &VendorReference,
    ) -> Result<ProviderAssessment, ProviderError> {
        let mut request = VendorRequest::read("answer", self.path(reference)?);
        request.paid = self.flaw == Flaw::PaysForReading;
        let request = request.with_secret(AUTHORIZATION, SECRET)?;
        call.exchange(request, |response| self.decode(response, reference)).await
    }

    fn questionnaires(&self) -> Option<&dyn Questionnaires> {
        Some(self)
    }

    fn recheck(&self) -> Option<&dyn Recheck> {
        Some(self)
    }

    fn history(&self) -> Option<&dyn History> {
        Some(self)
    }

    fn callbacks(&self) -> Option<&dyn Callbacks> {
        Some(self)
    }
}

#[async_trait]
impl Questionnaires for Able {
    fn id(&self) -> &'static str {
        "form"
    }

    fn fingerprint(&self) -> Option<String> {
        None
    }

    fn in_force(&self) -> Option<Arc<Reading>> {
        None
    }

    async fn read(&self, _: &Call, _: &str) -> Result<Reading, ProviderError> {
        Err(ProviderError::new(FailureKind::NotFound, "this toy's forms ask nothing"))
    }

    /// It pays for nothing under a form.
    fn guard(&self, _: Arc<dyn QuestionnaireGate>) {}

    async fn list(&self, call: &Call) -> Result<Vec<(String, String)>, ProviderError> {
        let body = match self.read(call, "forms", join(&self.base, "/forms")).await {
            Err(error) if error.kind == FailureKind::Malformed && self.flaw == Flaw::NoListIsNoForms => {
                Value::Array(Vec::new())
            }
            body => body?,
        };
        let name = |form: &Value| form.as_str().map(|name| (name.to_owned(), name.to_owned()));
        let forms: Option<Vec<_>> = body.as_array().and_then(|forms| forms.iter().map(name).collect());
        forms.ok_or_else(|| ProviderError::answered(FailureKind::Malformed, 200, "no list"))
    }
}

#[async_trait]
impl Recheck for Able {
    async fn recheck(
        &self,
        call: &Call,
        reference: &VendorReference,
        subject: &Subject,
    ) -> Result<ProviderAssessment, ProviderError> {
        let missing = self.toy.descriptor.missing(subject, call.today());
        if !missing.is_empty() && self.flaw != Flaw::UpdatesWithoutAsking {
            return Err(ProviderError::missing_input(missing));
        }
        let mut request = self.toy.request(subject)?;
        (request.operation, request.url) = ("update", self.path(reference)?);
        call.exchange(request, |response| self.decode(response, reference)).await
    }
}

#[async_trait]
impl History for Able {
    async fn page(
        &self,
        call: &Call,
        query: &HistoryQuery,
        cursor: Option<&str>,
    ) -> Result<HistoryPage, ProviderError> {
        let malformed = || ProviderError::answered(FailureKind::Malformed, 200, "no page");
        let cursor = cursor.filter(|_| self.flaw != Flaw::IgnoresCursors);
        let url = match cursor {
            None => {
                let mut first = join(&self.base, "/list");
                if !query.filters.is_empty() && self.flaw != Flaw::IgnoresFilters {
                    first.query_pairs_mut().extend_pairs(&query.filters);
                }
                first
            }
            Some(cursor) if self.is_home(cursor) => {
                Url::parse(cursor).map_err(|error| malformed().with_source(error))?
            }
            Some(_) => return Err(malformed()),
        };
        let body = self.read(call, "list", url.clone()).await?;
        self.page_of(&body, &url).ok_or_else(malformed)
    }

    fn filters(&self) -> &'static [HistoryFilter] {
        &[HistoryFilter { name: "state", values: &["open", "closed"] }]
    }
}

impl Callbacks for Able {
    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<Option<VendorReference>, ProviderError> {
        let told: Vec<_> = headers.get_all(SIGNATURE).iter().collect();
        let right = told == signed(body).get_all(SIGNATURE).iter().collect::<Vec<_>>();
        let careless = (self.flaw == Flaw::AnySignature && !told.is_empty())
            || (self.flaw == Flaw::SignsHalf && body.starts_with(b"{\"id\""));
        if !right && !careless {
            return Err(ProviderError::new(FailureKind::BadCredentials, "not signed"));
        }
        if self.flaw == Flaw::CallbackNamesAnything {
            return Ok(Some(VendorReference("a1b2".to_owned())));
        }
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| ProviderError::new(FailureKind::Malformed, error.to_string()))?;
        let body =
            body.as_object().ok_or_else(|| ProviderError::new(FailureKind::Malformed, "no callback"))?;
        Ok(body.get("id").and_then(Value::as_str).map(|id| VendorReference(id.to_owned())))
    }
}
