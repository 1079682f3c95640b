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

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use risk_provider::{
    Admission, Call, Callbacks, Descriptor, FailureKind, FieldProblem, Flag, History, Input, Level,
    ProviderAssessment, ProviderError, ProviderSettings, QuestionnaireGate, Questionnaires, Recheck,
    RiskProvider, Subject, SubjectType, VendorReference, VendorResponse,
};
use secrecy::SecretString;

pub use config::{QuestionMapping, Settings, UpdateMethod};

use crate::{
    client::Client,
    config::Mapping,
    mapping::{
        Asked, Reader, answers, failure,
        failure::About,
        recheck::{is_answered, without_judgement},
    },
    questionnaires::{Questionnaire, Shelf, digest_of, fingerprint},
    wire::{CheckRequest, Question, Section},
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
    gate: OnceLock<Arc<dyn QuestionnaireGate>>,
    callback_key: SecretString,
}

/// What a check of one subject takes.
struct Prepared {
    questionnaire: Arc<Questionnaire>,
    admission: Admission,
    body: CheckRequest,
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
        let (shelf, gate) = (Shelf::default(), OnceLock::new());
        let callback_key = settings.callback_key.unwrap_or(settings.api_secret);
        Ok(Self { descriptor, client, mappings, mapped, strict_subject_match, shelf, gate, callback_key })
    }

    /// The questionnaire in force, if it may be answered, and how `subject` answers it.
    async fn prepare(&self, call: &Call, subject: &Subject) -> Result<Prepared, ProviderError> {
        let missing = self.descriptor.missing(subject, call.today());
        if !missing.is_empty() {
            return Err(ProviderError::missing_input(missing));
        }
        self.check_gate()?;
        let questionnaire = self.questionnaire(call, subject).await?;
        let admission = self.admit(&questionnaire.reading).await.inspect_err(|_barred| {
            // Once it is let through, the first call looks whether it is still the one in force.
            questionnaire.doubt();
        })?;
        let body = answers::to_wire(&questionnaire.plan, subject, call.today())?;
        Ok(Prepared { questionnaire, admission, body })
    }

    /// The questionnaire in force.
    async fn questionnaire(
        &self,
        call: &Call,
        subject: &Subject,
    ) -> Result<Arc<Questionnaire>, ProviderError> {
        let about = About { subject, today: call.today(), plan: &[] };
        let mut unfit = None;
        let decode = |response: &VendorResponse| {
            self.fitted(&self.own_profile(response)?).map_err(|reading| {
                let detail = reading.misfit.clone().unwrap_or_default();
                unfit = Some(Arc::new(reading));
                response.failure(FailureKind::Misconfigured, detail)
            })
        };
        let found = self.shelf.get(call, self.client.profile(call, Some(&about), decode)).await;
        if let (Err(_), Some(unfit)) = (&found, unfit) {
            self.shelf.put_aside(Arc::clone(&unfit));
            // What changed in it tells more than what no longer fits.
            self.admit(&unfit).await?;
        }
        found
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

// === impl Prepared ===

impl Prepared {
    /// The answer, with the questionnaire under which it was given. One that `repeated` another one than was read and accepted
    /// is not judged by what anybody knows: good news in it is none, and nobody else is answered from it.
    fn mark(&self, mut assessment: ProviderAssessment, repeated: &str) -> ProviderAssessment {
        if !self.questionnaire.is_repeated_by(repeated) {
            let low = assessment.level < Some(Level::Medium);
            let mut assessment = if low { without_judgement(assessment) } else { assessment };
            assessment.profile_fingerprint = None;
            assessment.flags.insert(Flag::ProfileMismatch);
            return assessment;
        }
        assessment.profile_fingerprint = Some(self.questionnaire.fingerprint.clone());
        if self.admission == Admission::Unaccepted {
            assessment.flags.insert(Flag::UnacceptedQuestionnaire);
        }
        assessment
    }
}

#[async_trait]
impl RiskProvider for Idenfy {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn assess(&self, call: &Call, subject: &Subject) -> Result<ProviderAssessment, ProviderError> {
        let prepared = self.prepare(call, subject).await?;
        let Prepared { questionnaire, body, .. } = &prepared;
        let about = About { subject, today: call.today(), plan: &questionnaire.plan };
        let profile = self.client.profile_id();
        let asked = Asked { subject, updated: None, profile, strict: self.strict_subject_match };
        let field_of = |section: &Section, question: &Question| questionnaire.field_of(section, question);
        let reader = Reader { provider: &self.descriptor.name, field_of: &field_of };
        let decode = |response: &VendorResponse| {
            let (assessment, repeated) = reader.check(response, &asked)?;
            let low = assessment.level.is_some_and(|level| level < Level::Medium);
            // What judges other answers than were sent must not read as low.
            let doubtful = low && !is_answered(&questionnaire.plan, body, &repeated);
            let assessment = if doubtful { without_judgement(assessment) } else { assessment };
            Ok((assessment, fingerprint(profile, &self.mapped, &repeated)))
        };
        let outcome = self.client.check(call, body, &about, decode).await;
        self.review(questionnaire, &outcome);
        let (assessment, repeated) = outcome?;
        Ok(prepared.mark(assessment, &repeated))
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
        self.client.assessment(call, reference, |response| reader.earlier(response, reference)).await
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
