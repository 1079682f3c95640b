//! One function per endpoint of the vendor.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::header::AUTHORIZATION;
use risk_provider::{
    Call, FailureKind, Operation, ProviderError, VendorReference, VendorRequest, VendorResponse, transport,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    Settings,
    mapping::failure::{self, About},
    wire,
};

/// An endpoint, which decides what a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// The list of questionnaires.
    Profiles,
    /// One questionnaire.
    Profile,
    /// A check.
    Check,
    /// The answer of an earlier check.
    Assessment,
}

/// Every exchange with the vendor.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation { name: Endpoint::Profile.operation(), paid: false },
    Operation { name: Endpoint::Profiles.operation(), paid: false },
    Operation { name: Endpoint::Check.operation(), paid: true },
    Operation { name: Endpoint::Assessment.operation(), paid: false },
];

/// The vendor's API under one account and one questionnaire.
pub(crate) struct Client {
    base: Url,
    authorization: SecretString,
    profile: String,
}

// === impl Endpoint ===

impl Endpoint {
    pub(crate) const fn operation(self) -> &'static str {
        match self {
            Self::Profiles => "profiles",
            Self::Profile => "profile",
            Self::Check => "check",
            Self::Assessment => "assessment",
        }
    }
}

// === impl Client ===

impl Client {
    pub(crate) fn new(base: Url, settings: &Settings) -> Self {
        let (key, secret) = (settings.api_key.expose_secret(), settings.api_secret.expose_secret());
        let authorization = format!("Basic {}", STANDARD.encode(format!("{key}:{secret}")));
        Self { base, authorization: authorization.into(), profile: settings.profile.clone() }
    }

    /// The id of the questionnaire.
    pub(crate) fn profile_id(&self) -> &str {
        &self.profile
    }

    /// `GET /risk/assessment-profiles/`
    pub(crate) async fn profiles<T: Send>(
        &self,
        call: &Call,
        decode: impl FnMut(&VendorResponse) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let request = self.read(Endpoint::Profiles, "/risk/assessment-profiles/");
        self.send(call, Endpoint::Profiles, request, None, decode).await
    }

    /// `GET /risk/assessment-profiles/{id}/`
    pub(crate) async fn profile<T: Send>(
        &self,
        call: &Call,
        about: &About<'_>,
        decode: impl FnMut(&VendorResponse) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let request = self.read(Endpoint::Profile, &format!("/risk/assessment-profiles/{}/", self.profile));
        self.send(call, Endpoint::Profile, request, Some(about), decode).await
    }

    /// `POST /risk/assessment-profiles/{id}/check/`
    pub(crate) async fn check<T: Send>(
        &self,
        call: &Call,
        body: &wire::CheckRequest,
        about: &About<'_>,
        decode: impl FnMut(&VendorResponse) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let body = serde_json::to_string(body).map_err(|source| {
            ProviderError::new(FailureKind::Misconfigured, "the check cannot be written as JSON")
                .with_source(source)
        })?;
        let url = transport::join(&self.base, &format!("/risk/assessment-profiles/{}/check/", self.profile));
        let request = VendorRequest::paid(Endpoint::Check.operation(), url, body);
        self.send(call, Endpoint::Check, request, Some(about), decode).await
    }

    /// `GET /risk/assessments/{id}/`
    pub(crate) async fn assessment<T: Send>(
        &self,
        call: &Call,
        reference: &VendorReference,
        decode: impl FnMut(&VendorResponse) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let VendorReference(id) = reference;
        if !is_id(id) {
            return Err(ProviderError::new(FailureKind::NotFound, "the vendor issues no such reference"));
        }
        let request = self.read(Endpoint::Assessment, &format!("/risk/assessments/{id}/"));
        self.send(call, Endpoint::Assessment, request, None, decode).await
    }

    fn read(&self, endpoint: Endpoint, path: &str) -> VendorRequest {
        VendorRequest::read(endpoint.operation(), transport::join(&self.base, path))
    }

    async fn send<T: Send>(
        &self,
        call: &Call,
        endpoint: Endpoint,
        request: VendorRequest,
        about: Option<&About<'_>>,
        mut decode: impl FnMut(&VendorResponse) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let request = request.with_secret(AUTHORIZATION, self.authorization.expose_secret())?;
        let judge = |response: &VendorResponse| {
            failure::refuse(endpoint, response, about).map_or_else(|| decode(response), Err)
        };
        call.exchange(request, judge).await
    }
}

/// Whether `text` can be an id of the vendor's and nothing else in a path.
pub(crate) fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}
