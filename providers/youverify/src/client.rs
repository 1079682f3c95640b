//! The one endpoint: the request to it, and what its answer is taken for.

use std::fmt;

use http::HeaderName;
use risk_provider::{
    FailureKind, ProviderAssessment, ProviderError, ProviderSettings, VendorRequest, VendorResponse,
    redact::Redactor, transport,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use url::Url;

use crate::{
    config::Settings,
    envelope::{self, Unopened},
    failure,
    mapping::{self, Question},
    wire,
};

pub(crate) const ASSESSMENT: &str = "assessment";
const TOKEN: HeaderName = HeaderName::from_static("token");

/// Builds requests to the actor endpoint.
pub(crate) struct Client {
    assessment: Url,
    token: SecretString,
}

// === impl Client ===

impl Client {
    pub(crate) fn new(common: &ProviderSettings, settings: Settings) -> Self {
        let path = format!("/{}/api/actors/risk/assessment", settings.api_version.as_str());
        Self { assessment: transport::join(&common.base_url, &path), token: settings.token }
    }

    /// `POST …/api/actors/risk/assessment`, billed.
    pub(crate) fn assessment(&self, body: &wire::Request<'_>) -> Result<VendorRequest, ProviderError> {
        let body = serde_json::to_string(body).map_err(|source| {
            ProviderError::new(FailureKind::InvalidSubject, "the subject cannot be written as JSON")
                .with_source(source)
        })?;
        VendorRequest::paid(ASSESSMENT, self.assessment.clone(), body)
            .with_secret(TOKEN, self.token.expose_secret())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// What `response` says about the subject of `question`.
pub(crate) fn decode(
    response: &VendorResponse,
    question: &Question<'_>,
    redactor: &Redactor,
) -> Result<ProviderAssessment, ProviderError> {
    if !failure::is_success(response.status) {
        let refusal = response.text().map(envelope::refusal).unwrap_or_default();
        return Err(failure::failure(response, &refusal, redactor));
    }
    let body: Box<RawValue> = response.json()?;
    let report = match envelope::open(body.get()) {
        Ok(report) => report,
        Err(Unopened::Refused(refusal)) => return Err(failure::failure(response, &refusal, redactor)),
        Err(Unopened::Shape) => {
            let detail = "the answer's envelope has another shape than documented";
            return Err(response.failure(FailureKind::Malformed, detail));
        }
    };
    let raw = response.text()?.to_owned();
    mapping::from_wire(report, question, raw, response.received_at)
        .map_err(|detail| response.failure(FailureKind::Malformed, detail))
}
