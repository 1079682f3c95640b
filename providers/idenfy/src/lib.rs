#![doc = include_str!("../README.md")]

mod callbacks;
mod client;
mod company;
mod config;
mod history;
mod mapping;
mod questionnaires;
mod recheck;
mod wire;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use risk_provider::{
    Call, Callbacks, Descriptor, FailureKind, FieldProblem, History, Input, ProviderAssessment,
    ProviderError, ProviderSettings, Questionnaires, Recheck, RiskProvider, Subject, SubjectType,
    VendorReference, VendorResponse,
};
use secrecy::SecretString;

pub use config::{QuestionMapping, Settings, UpdateMethod};

use crate::{
    client::Client,
    config::Mapping,
    mapping::{Asked, Reader, answers, failure, failure::About, plan},
    questionnaires::{Questionnaire, Shelf, digest_of, fingerprint},
    wire::{CheckRequest, Profile, Question, Section},
};

/// iDenfy's Risk Assessment under one assessment profile.
pub struct Idenfy {
    descriptor: Descriptor,
    client: Client,
    mappings: Vec<Mapping>,
    /// Digest of the mappings.
    mapped: String,
    strict_subject_match: bool,
    shelf: Shelf,
    callback_key: SecretString,
}

// === impl Idenfy ===

impl Idenfy {
    /// The `kind` of this adapter in the configuration.
    pub const KIND: &'static str = "idenfy";

    /// A provider, or everything that is wrong with its settings.
    ///
    /// # Errors
    ///
    /// Problems with keys below the provider's table, such as `questions."Is shareholder PEP?"`.
    pub fn new(common: ProviderSettings, settings: Settings) -> Result<Self, Vec<FieldProblem>> {
        let mappings = settings.check(&common)?;
        let client = Client::new(common.base_url, &settings);
        let required = mappings.iter().filter(|mapping| !mapping.optional);
        let required = distinct(required.map(|mapping| mapping.input.clone()));
        let used = mappings.iter().map(|mapping| mapping.input.clone());
        let descriptor = Descriptor {
            name: common.name,
            kind: Self::KIND,
            subject_types: &[SubjectType::Individual, SubjectType::Business],
            inputs: distinct(used.chain([Input::Name])),
            required,
            scale: mapping::SCALE,
            mapping_version: mapping::MAPPING_VERSION,
            operations: client::OPERATIONS,
        };
        let strict_subject_match = common.strict_subject_match;
        let mapped = digest_of(&mappings);
        let (shelf, callback_key) = (Shelf::default(), settings.callback_key.unwrap_or(settings.api_secret));
        Ok(Self { descriptor, client, mappings, mapped, strict_subject_match, shelf, callback_key })
    }

    /// The questionnaire in force, and how `subject` answers it.
    async fn prepare(
        &self,
        call: &Call,
        subject: &Subject,
    ) -> Result<(Arc<Questionnaire>, CheckRequest), ProviderError> {
        let missing = self.descriptor.missing(subject, call.today());
        if !missing.is_empty() {
            return Err(ProviderError::missing_input(missing));
        }
        let questionnaire = self.questionnaire(call, subject).await?;
        let body = answers::to_wire(&questionnaire.plan, subject, call.today())?;
        Ok((questionnaire, body))
    }

    /// The questionnaire in force.
    async fn questionnaire(
        &self,
        call: &Call,
        subject: &Subject,
    ) -> Result<Arc<Questionnaire>, ProviderError> {
        let about = About { subject, today: call.today(), plan: &[] };
        let decode = |response: &VendorResponse| {
            let profile: Profile = response.json()?;
            let plan = plan::plan(&profile.sections, &self.mappings)
                .map_err(|detail| response.failure(FailureKind::Misconfigured, detail))?;
            let fingerprint = fingerprint(self.client.profile_id(), &self.mapped, &profile.sections);
            Ok(Questionnaire::new(fingerprint, plan))
        };
        self.shelf.get(call, self.client.profile(call, &about, decode)).await
    }

    /// Lets go of a questionnaire that a check's outcome speaks against.
    fn review<T>(&self, asked: &Arc<Questionnaire>, outcome: &Result<(T, String), ProviderError>) {
        match outcome {
            Ok((_, repeated)) if !asked.is_repeated_by(repeated) => self.shelf.forget(asked),
            Err(error) if failure::doubts_questionnaire(error) => asked.doubt(),
            Ok(_) | Err(_) => {}
        }
    }
}

#[async_trait]
impl RiskProvider for Idenfy {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn assess(&self, call: &Call, subject: &Subject) -> Result<ProviderAssessment, ProviderError> {
        let (questionnaire, body) = self.prepare(call, subject).await?;
        let about = About { subject, today: call.today(), plan: &questionnaire.plan };
        let profile = self.client.profile_id();
        let asked = Asked { subject, profile, strict: self.strict_subject_match };
        let field_of = |section: &Section, question: &Question| questionnaire.field_of(section, question);
        let reader = Reader { provider: &self.descriptor.name, field_of: &field_of };
        let decode = |response: &VendorResponse| {
            let (assessment, repeated) = reader.check(response, &asked)?;
            Ok((assessment, fingerprint(profile, &self.mapped, &repeated)))
        };
        let outcome = self.client.check(call, &body, &about, decode).await;
        self.review(&questionnaire, &outcome);
        let (assessment, _) = outcome?;
        let profile_fingerprint = Some(questionnaire.fingerprint.clone());
        Ok(ProviderAssessment { profile_fingerprint, ..assessment })
    }

    async fn retrieve(
        &self,
        call: &Call,
        reference: &VendorReference,
    ) -> Result<ProviderAssessment, ProviderError> {
        if let Some(company) = company::referred(reference) {
            let assessed = self.company(call, company).await?;
            return assessed.ok_or_else(|| {
                ProviderError::new(FailureKind::NotFound, "the vendor did not assess this company")
            });
        }
        let field_of = |section: &Section, question: &Question| {
            self.mappings.iter().find(|mapping| mapping.names(section, question)).map(|found| &found.input)
        };
        let reader = Reader { provider: &self.descriptor.name, field_of: &field_of };
        self.client.assessment(call, reference, |response| reader.earlier(response)).await
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

impl fmt::Debug for Idenfy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idenfy")
            .field("name", &self.descriptor.name)
            .field("profile", &self.client.profile_id())
            .finish_non_exhaustive()
    }
}

fn distinct(inputs: impl Iterator<Item = Input>) -> Vec<Input> {
    let mut inputs: Vec<Input> = inputs.collect();
    inputs.sort();
    inputs.dedup();
    inputs
}
