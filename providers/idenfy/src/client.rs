//! One function per endpoint of the vendor.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, header::AUTHORIZATION};
use risk_provider::{
    Call, FailureKind, Operation, ProviderError, VendorReference, VendorRequest, VendorResponse, transport,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    Settings, UpdateMethod,
    mapping::failure::{self, About},
    wire,
};

/// An endpoint, which decides what a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// The list of questionnaires.
    Profiles,
    /// The questionnaire that is configured.
    Profile,
    /// Another questionnaire of the account.
    OtherProfile,
    /// A check.
    Check,
    /// The answer of an earlier check.
    Assessment,
    /// The list of earlier checks.
    Assessments,
    /// Other answers to an earlier check.
    Recheck,
    /// A company that was verified, with its risk in short.
    Company,
}

/// Every exchange with the vendor.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation { name: Endpoint::Profile.operation(), paid: false },
    Operation { name: Endpoint::Profiles.operation(), paid: false },
    Operation { name: Endpoint::Check.operation(), paid: true },
    Operation { name: Endpoint::Assessment.operation(), paid: false },
    Operation { name: Endpoint::Assessments.operation(), paid: false },
    // Whether the vendor bills an update is not documented.
    Operation { name: Endpoint::Recheck.operation(), paid: true },
    Operation { name: Endpoint::Company.operation(), paid: false },
];

/// The vendor's API under one account and one questionnaire.
pub(crate) struct Client {
    base: Url,
    authorization: SecretString,
    profile: String,
    update_method: UpdateMethod,
    update_slash: bool,
}

// === impl Endpoint ===

impl Endpoint {
    pub(crate) const fn operation(self) -> &'static str {
        match self {
            Self::Profiles => "profiles",
            Self::Profile | Self::OtherProfile => "profile",
            Self::Check => "check",
            Self::Assessment => "assessment",
            Self::Assessments => "assessments",
            Self::Recheck => "recheck",
            Self::Company => "company",
        }
    }
}

// === impl Client ===

impl Client {
    pub(crate) fn new(base: Url, settings: &Settings) -> Self {
        let (key, secret) = (settings.api_key.expose_secret(), settings.api_secret.expose_secret());
        let authorization = format!("Basic {}", STANDARD.encode(format!("{key}:{secret}")));
        Self {
            base,
            authorization: authorization.into(),
            profile: settings.profile.clone(),
            update_method: settings.update_method,
            update_slash: settings.update_slash,
        }
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

    /// `GET /risk/assessment-profiles/{id}/` of the configured questionnaire.
    pub(crate) async fn profile<T: Send>(
        &self,
        call: &Call,
        about: Option<&About<'_>>,
        decode: impl FnMut(&VendorResponse) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let request = self.read(Endpoint::Profile, &format!("/risk/assessment-profiles/{}/", self.profile));
        self.send(call, Endpoint::Profile, request, about, decode).await
    }

    /// `GET /risk/assessment-profiles/{id}/` of another questionnaire, which need not be there.
    pub(crate) async fn other_profile<T: Send>(
        &self,
        call: &Call,
        profile: &str,
        decode: impl FnMut(&VendorResponse) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let path = format!("/risk/assessment-profiles/{}/", id(profile)?);
        let request = self.read(Endpoint::OtherProfile, &path);
        self.send(call, Endpoint::OtherProfile, request, None, decode).await
    }

    /// `POST /risk/assessment-profiles/{id}/check/`
    pub(crate) async fn check<T: Send>(
        &self,
        call: &Call,
        body: &wire::CheckRequest,
        about: &About<'_>,
        decode: impl FnMut(&VendorResponse) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let url = transport::join(&self.base, &format!("/risk/assessment-profiles/{}/check/", self.profile));
        let request = VendorRequest::paid(Endpoint::Check.operation(), url, text(body)?);
        self.send(call, Endpoint::Check, request, Some(about), decode).await
    }

    /// `GET /risk/assessments/{id}/`
    pub(crate) async fn assessment<T: Send>(
        &self,
        call: &Call,
        reference: &VendorReference,
        decode: impl FnMut(&VendorResponse) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let request = self.read(Endpoint::Assessment, &format!("/risk/assessments/{}/", id(&reference.0)?));
        self.send(call, Endpoint::Assessment, request, None, decode).await
    }

    /// `GET /kyb/companies/{id}/`
    pub(crate) async fn company<T: Send>(
        &self,
        call: &Call,
        company: &str,
        decode: impl FnMut(&VendorResponse) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let request = self.read(Endpoint::Company, &format!("/kyb/companies/{}/", id(company)?));
        self.send(call, Endpoint::Company, request, None, decode).await
    }

    /// Where the vendor listens.
    pub(crate) const fn base(&self) -> &Url {
        &self.base
    }

    /// `GET /risk/assessments/`, or one page of it.
    pub(crate) async fn assessments<T: Send>(
        &self,
        call: &Call,
        page: Url,
        decode: impl FnMut(&VendorResponse) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let request = VendorRequest::read(Endpoint::Assessments.operation(), page);
        self.send(call, Endpoint::Assessments, request, None, decode).await
    }

    /// `POST /risk/assessments/{id}` or `PUT`: the other one, once, where the vendor refuses the configured one.
    pub(crate) async fn update<T: Send>(
        &self,
        call: &Call,
        reference: &VendorReference,
        body: &wire::CheckRequest,
        about: &About<'_>,
        mut decode: impl FnMut(&VendorResponse) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let slash = if self.update_slash { "/" } else { "" };
        let url = transport::join(&self.base, &format!("/risk/assessments/{}{slash}", id(&reference.0)?));
        let body = text(body)?;
        let request = |method: Method| VendorRequest {
            method,
            ..VendorRequest::paid(Endpoint::Recheck.operation(), url.clone(), body.clone())
        };
        let mut refused = false;
        // Nothing is wrong with the vendor or the settings while the other method is left to try, and nothing
        // was done that could be billed.
        let first = |response: &VendorResponse| {
            refused = failure::refuses_method(response);
            if refused {
                return Err(
                    response.failure(FailureKind::Unsupported, "the vendor updates by another method")
                );
            }
            judge(Endpoint::Recheck, response, Some(about), &mut decode)
        };
        let authorised = self.authorised(request(self.update_method.method()))?;
        let outcome = call.exchange(authorised, first).await;
        if !refused {
            return outcome;
        }
        let other = request(self.update_method.other().method());
        self.send(call, Endpoint::Recheck, other, Some(about), decode).await
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
        let request = self.authorised(request)?;
        call.exchange(request, |response| judge(endpoint, response, about, &mut decode)).await
    }

    fn authorised(&self, request: VendorRequest) -> Result<VendorRequest, ProviderError> {
        request.with_secret(AUTHORIZATION, self.authorization.expose_secret())
    }
}

/// What `decode` reads in an answer that is no refusal.
fn judge<T>(
    endpoint: Endpoint,
    response: &VendorResponse,
    about: Option<&About<'_>>,
    decode: &mut impl FnMut(&VendorResponse) -> Result<T, ProviderError>,
) -> Result<T, ProviderError> {
    failure::refuse(endpoint, response, about).map_or_else(|| decode(response), Err)
}

fn text(body: &wire::CheckRequest) -> Result<String, ProviderError> {
    serde_json::to_string(body).map_err(|source| {
        ProviderError::new(FailureKind::Misconfigured, "the check cannot be written as JSON")
            .with_source(source)
    })
}

/// `id`, if it can be put into a path.
///
/// # Errors
///
/// `not_found` for what the vendor cannot have issued.
pub(crate) fn id(id: &str) -> Result<&str, ProviderError> {
    if is_id(id) {
        return Ok(id);
    }
    Err(ProviderError::new(FailureKind::NotFound, "the vendor issues no such reference"))
}

/// Whether `text` can be an id of the vendor's and nothing else in a path.
pub(crate) fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}
