//! The provider kind `youverify-actor`: a person or company assessed in one call.

mod versions;

use std::fmt;

use async_trait::async_trait;
use risk_provider::{
    Call, Descriptor, FailureKind, FieldProblem, Input, Operation, ProviderAssessment, ProviderError,
    ProviderSettings, RiskProvider, Subject, SubjectType, VendorReference, redact::Redactor,
};

use crate::{
    client::{self, Client},
    config::{CustomWeights, Settings},
    failure::Purpose,
    mapping::{self, About, Asked, Origin, Question, SCALE},
};

const ASSESSMENT: &str = "assessment";
const PATH: &str = "actors/risk/assessment";
/// Raised whenever the same payload would normalise differently.
const MAPPING_VERSION: &str = "youverify-actor/2";

/// Youverify's one-shot assessment of a person or company.
///
/// Stores nothing at the vendor: an answer has no reference and cannot be retrieved.
pub struct Actor {
    descriptor: Descriptor,
    common: ProviderSettings,
    client: Client,
    weights: Option<CustomWeights>,
}

// === impl Actor ===

impl Actor {
    /// The kind's word in the configuration.
    pub const KIND: &'static str = "youverify-actor";

    /// A provider with these settings.
    ///
    /// # Errors
    ///
    /// Every setting that cannot be used, by its name in the provider's configuration.
    pub fn new(common: ProviderSettings, settings: Settings) -> Result<Self, Vec<FieldProblem>> {
        let problems = settings.problems(&common);
        if !problems.is_empty() {
            return Err(problems);
        }
        let weights = settings.custom_weights;
        let client = Client::new(&common, settings.api_version, settings.token);
        Ok(Self { descriptor: descriptor(&common, weights.as_ref()), common, client, weights })
    }
}

#[async_trait]
impl RiskProvider for Actor {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn assess(&self, call: &Call, subject: &Subject) -> Result<ProviderAssessment, ProviderError> {
        let today = call.today();
        let missing = self.descriptor.missing(subject, today);
        if !missing.is_empty() {
            return Err(ProviderError::missing_input(missing));
        }
        let mut asked = mapping::to_wire(subject, today, self.common.send_previous);
        asked.custom_weight = self.weights.as_ref();
        let request = self.client.paid(ASSESSMENT, self.client.url(PATH), &asked)?;
        let redactor = Redactor::new(subject, today);
        let question = Question {
            provider: &self.common.name,
            about: About::Subject(subject),
            asked: Asked::of_actor(&asked),
            strict: self.common.strict_subject_match,
        };
        let origin = Origin::new(&self.descriptor);
        call.exchange(request, |response| {
            let report = client::content(response, Purpose::Assess(&redactor))?;
            mapping::from_wire(report, &question, origin, response)
        })
        .await
    }

    async fn retrieve(
        &self,
        _call: &Call,
        _reference: &VendorReference,
    ) -> Result<ProviderAssessment, ProviderError> {
        let detail = "this vendor keeps no answer of an actor assessment";
        Err(ProviderError::new(FailureKind::Unsupported, detail))
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actor").field("name", &self.common.name).finish_non_exhaustive()
    }
}

fn descriptor(common: &ProviderSettings, weights: Option<&CustomWeights>) -> Descriptor {
    let mut inputs = vec![
        Input::Name,
        Input::FirstName,
        Input::MiddleName,
        Input::LastName,
        Input::Country,
        Input::City,
        Input::Industry,
        Input::MonthsAtAddress,
        Input::AccountAgeMonths,
        Input::KycVerifiedBy,
        Input::KycDocumentState,
        Input::AdverseMediaWindow,
        Input::IsBeneficiary,
    ];
    if common.send_previous {
        inputs.extend([Input::PreviousRiskScore, Input::PreviousAdverseMediaScore]);
    }
    Descriptor {
        name: common.name.clone(),
        kind: Actor::KIND,
        subject_types: &[SubjectType::Individual, SubjectType::Business],
        inputs,
        required: vec![Input::City],
        scale: SCALE,
        // Other weights are another question, and the version is what a cache key knows of the settings.
        mapping_version: weights.map_or(MAPPING_VERSION, |weights| versions::with(MAPPING_VERSION, weights)),
        operations: &[Operation { name: ASSESSMENT, paid: true }],
    }
}
