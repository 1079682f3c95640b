//! Requests to the vendor, and what its answers are wrapped in.

use std::fmt;

use http::HeaderName;
use risk_provider::{FailureKind, ProviderError, ProviderSettings, VendorRequest, VendorResponse, transport};
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::IgnoredAny};
use url::Url;

use crate::{
    config::ApiVersion,
    envelope::{self, Unopened},
    failure::{self, Purpose},
};

const TOKEN: HeaderName = HeaderName::from_static("token");

/// Builds requests under one account.
pub(crate) struct Client {
    base_url: Url,
    api_version: ApiVersion,
    token: SecretString,
}

// === impl Client ===

impl Client {
    pub(crate) fn new(common: &ProviderSettings, api_version: ApiVersion, token: SecretString) -> Self {
        Self { base_url: common.base_url.clone(), api_version, token }
    }

    /// The address of an endpoint, below the version prefix.
    pub(crate) fn url(&self, path: &str) -> Url {
        transport::join(&self.base_url, &format!("/{}/api/{path}", self.api_version.as_str()))
    }

    /// A request about a subject, billed.
    pub(crate) fn paid(
        &self,
        operation: &'static str,
        url: Url,
        body: &impl Serialize,
    ) -> Result<VendorRequest, ProviderError> {
        let body = serde_json::to_string(body).map_err(|source| {
            ProviderError::new(FailureKind::InvalidSubject, "the subject cannot be written as JSON")
                .with_source(source)
        })?;
        VendorRequest::paid(operation, url, body).with_secret(TOKEN, self.token.expose_secret())
    }

    /// A request that only reads, free of charge.
    pub(crate) fn read(&self, operation: &'static str, url: Url) -> Result<VendorRequest, ProviderError> {
        VendorRequest::read(operation, url).with_secret(TOKEN, self.token.expose_secret())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// What `response` holds inside its envelopes; the failure it tells of, when it does.
pub(crate) fn content<'a>(
    response: &'a VendorResponse,
    purpose: Purpose<'_>,
) -> Result<&'a str, ProviderError> {
    if !failure::is_success(response.status) {
        let refusal = response.text().map(envelope::refusal).unwrap_or_default();
        return Err(failure::failure(response, &refusal, purpose));
    }
    let _: IgnoredAny = response.json()?;
    match envelope::open(response.text()?) {
        Ok(content) => Ok(content),
        Err(Unopened::Refused(refusal)) => Err(failure::failure(response, &refusal, purpose)),
        Err(Unopened::Shape) => {
            let detail = "the answer's envelope has another shape than documented";
            Err(response.failure(FailureKind::Malformed, detail))
        }
        Err(Unopened::Doubtful(why)) => Err(response.failure(FailureKind::Malformed, why)),
    }
}
