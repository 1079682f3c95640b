//! The provider kind `youverify-risk-intelligence`: a check that is started now and reported on later.

mod asked;
mod callbacks;
mod config;
mod history;
mod profile;
mod request;
mod wire;

use std::fmt;

use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};
use risk_provider::{
    Call, Callbacks, Descriptor, FailureKind, FieldProblem, History, Input, Operation, ProviderAssessment,
    ProviderError, ProviderSettings, RawPayload, RiskProvider, Subject, SubjectType, VendorReference,
    VendorResponse, redact::Redactor,
};

pub use config::{IntelligenceSettings, OptionsKey};

use self::{
    callbacks::Signatures,
    profile::{Profile, Reading, Whom},
};
use crate::{
    client::{self, Client},
    envelope,
    failure::Purpose,
    mapping::{Origin, SCALE},
};

const INITIALISE: &str = "initialise";
const ENTITY: &str = "entity";
const HISTORY: &str = "history";
const PATH: &str = "identity/risk-check";
/// Raised whenever the same payload would normalise differently.
const MAPPING_VERSION: &str = "youverify-risk-intelligence/2";
/// The account's staff, wherever the envelopes put the profile.
const STAFF: [&str; 4] =
    ["requestedBy", "data.requestedBy", "data.data.requestedBy", "data.data.data.requestedBy"];

/// Youverify's Risk Intelligence.
///
/// Asking starts a check and is billed; the answer is usually pending. Reading it again is free, and gives the
/// report once the vendor has made it.
pub struct Intelligence {
    descriptor: Descriptor,
    common: ProviderSettings,
    client: Client,
    options_key: OptionsKey,
    signatures: Option<Signatures>,
}

// === impl Intelligence ===

impl Intelligence {
    /// The kind's word in the configuration.
    pub const KIND: &'static str = "youverify-risk-intelligence";

    /// A provider with these settings.
    ///
    /// # Errors
    ///
    /// Every setting that cannot be used, by its name in the provider's configuration.
    pub fn new(common: ProviderSettings, settings: IntelligenceSettings) -> Result<Self, Vec<FieldProblem>> {
        let problems = settings.problems(&common);
        if !problems.is_empty() {
            return Err(problems);
        }
        let signatures =
            settings.webhook_secret.map(|secret| Signatures::new(secret, settings.webhook_sha512));
        Ok(Self {
            descriptor: descriptor(&common),
            client: Client::new(&common, settings.api_version, settings.token),
            common,
            options_key: settings.options_key,
            signatures,
        })
    }

    /// What is missing before the vendor may be asked; it demands the subject's consent.
    fn missing(&self, call: &Call, subject: &Subject) -> Vec<String> {
        let mut missing = self.descriptor.missing(subject, call.today());
        if subject.consent == Some(false) {
            missing.push(Input::Consent.field());
        }
        if subject.kind() == SubjectType::Business && subject.industry.is_none() {
            missing.push(Input::Industry.field());
        }
        missing
    }

    /// The assessment in the profile that `response` holds.
    fn read(
        &self,
        response: &VendorResponse,
        purpose: Purpose<'_>,
        whom: Whom<'_>,
    ) -> Result<ProviderAssessment, ProviderError> {
        let content = client::content(response, purpose)?;
        let raw = RawPayload::without(response.text()?, &STAFF);
        let malformed = |detail| response.failure(FailureKind::Malformed, detail);
        let profile = Profile::read(content).map_err(malformed)?;
        profile.assessment(whom, &self.reading(response.received_at), raw).map_err(malformed)
    }

    fn reading(&self, received_at: Timestamp) -> Reading<'_> {
        Reading {
            provider: &self.common.name,
            origin: Origin::new(&self.descriptor),
            strict: self.common.strict_subject_match,
            received_at,
        }
    }
}

#[async_trait]
impl RiskProvider for Intelligence {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn assess(&self, call: &Call, subject: &Subject) -> Result<ProviderAssessment, ProviderError> {
        let missing = self.missing(call, subject);
        if !missing.is_empty() {
            return Err(ProviderError::missing_input(missing));
        }
        let today = call.today();
        let body = request::to_wire(subject, today, self.options_key);
        let url = self.client.url(&format!("{PATH}/initialize"));
        let request = self.client.paid(INITIALISE, url, &body)?;
        let redactor = Redactor::new(subject, today);
        call.exchange(request, |response| {
            self.read(response, Purpose::Assess(&redactor), Whom::Asked { subject, today })
        })
        .await
    }

    async fn retrieve(
        &self,
        call: &Call,
        reference: &VendorReference,
    ) -> Result<ProviderAssessment, ProviderError> {
        if !profile::is_identifier(&reference.0) {
            let detail = "the reference is none that this vendor gives";
            return Err(ProviderError::new(FailureKind::NotFound, detail));
        }
        let url = self.client.url(&format!("{PATH}/entities/{}", reference.0));
        let request = self.client.read(ENTITY, url)?;
        call.exchange(request, |response| {
            self.read(response, Purpose::Entity, Whom::Kept { reference: Some(reference) })
        })
        .await
    }

    /// Reads the kept payload once more, now about the subject.
    fn confirm(
        &self,
        subject: &Subject,
        today: Date,
        answer: ProviderAssessment,
    ) -> Result<ProviderAssessment, ProviderError> {
        let malformed = |detail| ProviderError::new(FailureKind::Malformed, detail).with_sent(true);
        let shape = |_unopened| malformed("the kept answer's envelope has another shape than documented");
        let content = envelope::open(answer.raw.text()).map_err(shape)?;
        let profile = Profile::read(content).map_err(malformed)?;
        let reading = self.reading(answer.assessed_at);
        let whom = Whom::Asked { subject, today };
        let told = profile.assessment(whom, &reading, answer.raw.clone()).map_err(malformed)?;
        let ProviderAssessment { vendor_reference, assessed_at, .. } = answer;
        Ok(ProviderAssessment { vendor_reference, assessed_at, ..told })
    }

    fn history(&self) -> Option<&dyn History> {
        Some(self)
    }

    fn callbacks(&self) -> Option<&dyn Callbacks> {
        self.signatures.as_ref().map(|signatures| signatures as &dyn Callbacks)
    }
}

impl fmt::Debug for Intelligence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intelligence").field("name", &self.common.name).finish_non_exhaustive()
    }
}

fn descriptor(common: &ProviderSettings) -> Descriptor {
    Descriptor {
        name: common.name.clone(),
        kind: Intelligence::KIND,
        subject_types: &[SubjectType::Individual, SubjectType::Business],
        inputs: vec![
            Input::Name,
            Input::FirstName,
            Input::LastName,
            Input::Country,
            Input::City,
            Input::Industry,
            Input::Occupation,
            Input::MonthsAtAddress,
            Input::KycVerifiedBy,
            Input::KycDocumentExpiresOn,
            Input::KycDocumentState,
            Input::IdNumber,
            Input::Phone,
            Input::Consent,
        ],
        required: vec![Input::City, Input::Consent],
        scale: SCALE,
        mapping_version: MAPPING_VERSION,
        operations: &[
            Operation { name: INITIALISE, paid: true },
            Operation { name: ENTITY, paid: false },
            Operation { name: HISTORY, paid: false },
        ],
    }
}
