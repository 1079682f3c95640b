//! An adapter small enough to see that it conforms, and the flaws it can be given.

use std::fmt;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{
    AnswerState, Call, Category, Descriptor, Factor, FactorState, FailureKind, Flag, Input, Level, Operation,
    ProviderAssessment, ProviderError, ProviderSettings, RawPayload, RiskProvider, Score, Subject,
    SubjectType, VendorReference, VendorRequest, VendorResponse, names, transport::join,
};

pub(super) const SECRET: &str = "toy-credential-0147";
const SCALE: &str = "toy:0-100";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    HtmlIsLow,
    RetriesPaid,
    PrintsSecret,
    EchoesVendor,
    SendsUndeclared,
    DeclaresUnsent,
    UnknownWordIsItsScore,
    TakesAnyScore,
    IgnoresRefusals,
    NamesInAddress,
    PlainCredentials,
    CallsAfterMissing,
    FallsWithScore,
    ReadsByOrder,
    ListedIsLow,
    KeepsRequired,
    AltersHits,
    ReadsBeginnings,
    TakesNobody,
    Panics,
}

pub(super) struct Toy {
    flaw: Flaw,
    common: ProviderSettings,
    pub(super) descriptor: Descriptor,
}

impl Toy {
    pub(super) fn new(flaw: Flaw, common: ProviderSettings) -> Self {
        let mut inputs = vec![Input::Name, Input::City];
        if flaw == Flaw::DeclaresUnsent {
            inputs.push(Input::Phone);
        }
        let descriptor = Descriptor {
            name: common.name.clone(),
            kind: "toy",
            subject_types: &[SubjectType::Individual],
            inputs,
            required: vec![Input::City],
            scale: SCALE,
            mapping_version: "toy/1",
            operations: &[Operation { name: "check", paid: true }],
        };
        Self { flaw, common, descriptor }
    }

    pub(super) fn request(&self, subject: &Subject) -> Result<VendorRequest, ProviderError> {
        let mut body = json!({"name": subject.full_name(), "city": subject.city});
        if self.flaw == Flaw::KeepsRequired {
            body["city"] = Value::Null;
        }
        if self.flaw == Flaw::SendsUndeclared {
            body["nationality"] = json!(subject.nationality);
        }
        let mut url = join(&self.common.base_url, "/check");
        if self.flaw == Flaw::NamesInAddress {
            url.set_query(Some(subject.full_name().expose()));
        }
        let mut request = VendorRequest::paid("check", url, body.to_string());
        if self.flaw == Flaw::PlainCredentials {
            request.headers.insert(http::header::AUTHORIZATION, http::HeaderValue::from_static(SECRET));
            return Ok(request);
        }
        request.with_secret(http::header::AUTHORIZATION, SECRET)
    }

    pub(super) fn decode(&self, response: &VendorResponse) -> Result<ProviderAssessment, ProviderError> {
        if let Some(kind) = refusal(response) {
            let said = String::from_utf8_lossy(&response.body);
            let detail = if self.flaw == Flaw::EchoesVendor { &said } else { "refused" };
            return Err(response.failure(kind, detail).with_retry_after(response.retry_after()));
        }
        let html = self.flaw == Flaw::HtmlIsLow && response.is_markup();
        let body = if html { json!({"score": 0, "level": "LOW"}) } else { response.json()? };
        self.read(response, &body)
    }

    fn read(&self, response: &VendorResponse, body: &Value) -> Result<ProviderAssessment, ProviderError> {
        let malformed = || response.failure(FailureKind::Malformed, "no report");
        if body["ok"] == false && self.flaw != Flaw::IgnoresRefusals {
            return Err(malformed());
        }
        let number = body.get("score").filter(|score| score.is_number()).ok_or_else(malformed)?;
        let score = match Score::percent(&number.to_string(), SCALE) {
            Err(_) if self.flaw == Flaw::TakesAnyScore => Score::percent("100", SCALE),
            score => score,
        };
        let score = score.map_err(|impossible| malformed().with_source(impossible))?;
        let word = body["level"].as_str();
        let (level, known) = match word {
            Some("LOW") => (Level::Low, true),
            Some(word) if self.flaw == Flaw::ReadsBeginnings && word.starts_with('L') => (Level::Low, true),
            _ if self.flaw == Flaw::UnknownWordIsItsScore => (Level::of(score.value()), false),
            _ => (Level::of(score.value()).max(Level::Medium), false),
        };
        let listed = body["listed"] == true && self.flaw != Flaw::ListedIsLow;
        let level = if listed { level.max(Level::High) } else { level };
        let falls = self.flaw == Flaw::FallsWithScore && score.value() > 80.0;
        let level = if falls { Level::VeryLow } else { level };
        let first = self.flaw == Flaw::ReadsByOrder && response.text()?.starts_with(r#"{"score""#);
        let level = if first { Level::VeryHigh } else { level };
        assert!(self.flaw != Flaw::Panics || body["note"].is_string(), "no note");
        let provider = self.common.name.clone();
        let factor = Factor {
            category: Category::Customer,
            code: "customer.note".to_owned(),
            label: "Note".to_owned(),
            state: FactorState::Scored,
            value: None,
            score: Some(score.value()),
            level: Some(level.max(Level::of(score.value()))),
            vendor_label: None,
            weight: Some(1.0),
            contribution: None,
            provider: provider.clone(),
        };
        Ok(ProviderAssessment {
            provider,
            kind: "toy".to_owned(),
            mapping_version: "toy/1".to_owned(),
            profile_fingerprint: None,
            state: AnswerState::Final,
            vendor_reference: None,
            score: Some(score),
            level: Some(level),
            vendor_level: word.map(str::to_owned),
            factors: vec![factor],
            evidence: Vec::new(),
            flags: (!known).then_some(Flag::UnknownVendorLevel).into_iter().collect(),
            assessed_at: response.received_at,
            raw: RawPayload::verbatim(if self.flaw == Flaw::AltersHits {
                response.text()?.replace(r#""listed":true"#, r#""listed":false"#)
            } else {
                response.text()?.to_owned()
            }),
        })
    }
}

impl Toy {
    /// The answer, flagged or refused where it is about somebody else or nobody.
    fn about(
        &self,
        mut told: ProviderAssessment,
        response: &VendorResponse,
        subject: &Subject,
    ) -> Result<ProviderAssessment, ProviderError> {
        let body: Value = response.json().unwrap_or_default();
        let named = match body["who"].as_str() {
            Some(name) => names::is_about(subject, name),
            None => self.flaw == Flaw::TakesNobody,
        };
        if !named && self.common.strict_subject_match {
            return Err(response.failure(FailureKind::Malformed, "about somebody else"));
        }
        told.flags.extend((!named).then_some(Flag::SubjectNameMismatch));
        Ok(told)
    }

    async fn check(&self, call: &Call, subject: &Subject) -> Result<ProviderAssessment, ProviderError> {
        let read = |response: &VendorResponse| self.about(self.decode(response)?, response, subject);
        call.exchange(self.request(subject)?, read).await
    }
}

/// What a status means; none for an answer.
pub(super) const fn refusal(response: &VendorResponse) -> Option<FailureKind> {
    match response.status {
        200 => None,
        301..=308 | 404 | 405 => Some(FailureKind::Misconfigured),
        401 | 403 => Some(FailureKind::BadCredentials),
        402 => Some(FailureKind::OutOfCredit),
        429 => Some(FailureKind::RateLimited),
        500.. => Some(FailureKind::VendorError),
        _ => Some(FailureKind::InvalidSubject),
    }
}

#[async_trait]
impl RiskProvider for Toy {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn assess(&self, call: &Call, subject: &Subject) -> Result<ProviderAssessment, ProviderError> {
        if !self.descriptor.subject_types.contains(&subject.kind()) {
            return Err(ProviderError::new(FailureKind::Unsupported, "persons only"));
        }
        let missing = self.descriptor.missing(subject, call.today());
        if !missing.is_empty() && self.flaw != Flaw::CallsAfterMissing {
            return Err(ProviderError::missing_input(missing));
        }
        let first = self.check(call, subject).await;
        if first.is_err() && self.flaw == Flaw::RetriesPaid {
            return self.check(call, subject).await;
        }
        first
    }

    async fn retrieve(&self, _: &Call, _: &VendorReference) -> Result<ProviderAssessment, ProviderError> {
        Err(ProviderError::new(FailureKind::Unsupported, "nothing is kept"))
    }
}

impl fmt::Debug for Toy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.flaw == Flaw::PrintsSecret { SECRET } else { "Toy" })
    }
}
