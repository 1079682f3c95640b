//! The questionnaire in force: read when first needed, kept in memory, read again when there is reason to doubt it.

use std::sync::{
    Arc, OnceLock, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use risk_provider::{
    Admission, Call, FailureKind, Input, ProviderError, QuestionnaireGate, Questionnaires, Reading,
    VendorResponse,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    Idenfy,
    config::Mapping,
    mapping::{
        plan::{self, Planned},
        profile,
    },
    wire::{Profile, Profiles, Question, Section},
};

/// A questionnaire and how a subject answers it.
pub(crate) struct Questionnaire {
    pub(crate) fingerprint: String,
    pub(crate) plan: Vec<Planned>,
    /// The same as the vendor tells it.
    pub(crate) reading: Arc<Reading>,
    /// Fingerprint of the sections that the first check under this questionnaire repeated.
    repeated: OnceLock<String>,
    doubted: AtomicBool,
}

/// Keeps one questionnaire. Many callers make one read; a caller that leaves lets the next one read.
#[derive(Default)]
pub(crate) struct Shelf {
    kept: RwLock<Option<Arc<Questionnaire>>>,
    /// The last one read, also where the mapping does not fit it.
    seen: RwLock<Option<Arc<Reading>>>,
    reading: Mutex<()>,
}

// === impl Questionnaire ===

impl Questionnaire {
    pub(crate) const fn new(fingerprint: String, plan: Vec<Planned>, reading: Arc<Reading>) -> Self {
        Self { fingerprint, plan, reading, repeated: OnceLock::new(), doubted: AtomicBool::new(false) }
    }

    /// The subject's field that answers a question of this questionnaire, by its keys.
    pub(crate) fn field_of(&self, section: &Section, question: &Question) -> Option<&Input> {
        let planned = self.plan.iter().find(|it| it.section == section.key && it.key == question.key);
        planned.map(|planned| &planned.input)
    }

    /// Makes the next call read again. Until then this one is still the last known.
    pub(crate) fn doubt(&self) {
        self.doubted.store(true, Ordering::Relaxed);
    }

    /// Whether a check repeated the same sections as the first one did.
    ///
    /// An answer need not repeat a questionnaire as its own endpoint tells it, so answers are held against
    /// each other.
    pub(crate) fn is_repeated_by(&self, fingerprint: &str) -> bool {
        self.repeated.get_or_init(|| fingerprint.to_owned()) == fingerprint
    }
}

// === impl Shelf ===

impl Shelf {
    /// The kept questionnaire, else the one that `read` reads. A failed read is not kept.
    ///
    /// # Errors
    ///
    /// As `read`; `unreachable` when another caller's read outlasts this call.
    pub(crate) async fn get(
        &self,
        call: &Call,
        read: impl Future<Output = Result<Questionnaire, ProviderError>> + Send,
    ) -> Result<Arc<Questionnaire>, ProviderError> {
        if let Some(trusted) = self.trusted() {
            return Ok(trusted);
        }
        let _turn = self.turn(call).await?;
        if let Some(trusted) = self.trusted() {
            return Ok(trusted);
        }
        let fresh = Arc::new(read.await?);
        self.see(Arc::clone(&fresh.reading));
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Waits until nobody else reads. Only the wait is cut at the deadline: a read ends by its own, so that its attempt
    /// is recorded.
    async fn turn(&self, call: &Call) -> Result<MutexGuard<'_, ()>, ProviderError> {
        tokio::time::timeout_at(call.deadline, self.reading.lock()).await.map_err(|elapsed| {
            let detail = "the questionnaire was still being read for another call when time ran out";
            ProviderError::new(FailureKind::Unreachable, detail).with_source(elapsed)
        })
    }

    /// Takes what was read anew. One that is the same as before stays, with what its checks have repeated.
    fn put(&self, fresh: Questionnaire) {
        self.see(Arc::clone(&fresh.reading));
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref().filter(|kept| kept.fingerprint == fresh.fingerprint) {
            Some(same) => same.doubted.store(false, Ordering::Relaxed),
            None => *kept = Some(Arc::new(fresh)),
        }
    }

    /// Takes one that the mapping does not fit: nothing can be asked under it.
    pub(crate) fn put_aside(&self, unfit: Arc<Reading>) {
        self.see(unfit);
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn see(&self, reading: Arc<Reading>) {
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = Some(reading);
    }

    /// The last one read, also where the mapping does not fit it.
    fn seen(&self) -> Option<Arc<Reading>> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn trusted(&self) -> Option<Arc<Questionnaire>> {
        self.kept().filter(|kept| !kept.doubted.load(Ordering::Relaxed))
    }

    /// The questionnaire last read.
    pub(crate) fn kept(&self) -> Option<Arc<Questionnaire>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets `outdated` if it is still the one kept.
    pub(crate) fn forget(&self, outdated: &Arc<Questionnaire>) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.take_if(|kept| Arc::ptr_eq(kept, outdated));
    }
}

// === impl Idenfy ===

impl Idenfy {
    /// The configured questionnaire with the plan by which it is answered, or as it is read where none fits it.
    pub(crate) fn fitted(&self, profile: &Profile) -> Result<Questionnaire, Reading> {
        let id = self.client.profile_id();
        let told = |misfit| profile::reading(id, profile, &self.mappings, misfit);
        match plan::plan(&profile.sections, &self.mappings) {
            Ok(plan) => {
                let fingerprint = fingerprint(id, &self.mapped, &profile.sections);
                Ok(Questionnaire::new(fingerprint, plan, Arc::new(told(None))))
            }
            Err(misfit) => Err(told(Some(misfit))),
        }
    }

    /// The configured questionnaire as the vendor tells it.
    ///
    /// # Errors
    ///
    /// `malformed`.
    pub(crate) fn own_profile(&self, response: &VendorResponse) -> Result<Profile, ProviderError> {
        profile::read(response, self.client.profile_id())
    }

    /// Whether anything is known that bars the way to a check.
    pub(crate) fn check_gate(&self) -> Result<(), ProviderError> {
        self.gate.get().map_or(Ok(()), |gate| gate.check())
    }

    /// Whether this questionnaire may be answered; anyone may be where nobody guards them.
    pub(crate) async fn admit(&self, reading: &Reading) -> Result<Admission, ProviderError> {
        match self.gate.get() {
            Some(gate) => gate.admit(&reading.questionnaire).await,
            None => Ok(Admission::Accepted),
        }
    }
}

#[async_trait]
impl Questionnaires for Idenfy {
    fn id(&self) -> &str {
        self.client.profile_id()
    }

    fn fingerprint(&self) -> Option<String> {
        self.shelf.kept().map(|kept| kept.fingerprint.clone())
    }

    fn in_force(&self) -> Option<Arc<Reading>> {
        self.shelf.seen()
    }

    async fn list(&self, call: &Call) -> Result<Vec<(String, String)>, ProviderError> {
        let profiles = self.client.profiles(call, |response| response.json::<Profiles>()).await?;
        let (Profiles::Bare(profiles) | Profiles::Page { results: profiles }) = profiles;
        Ok(profiles.into_iter().map(|profile| (profile.id, profile.name.unwrap_or_default())).collect())
    }

    async fn read(&self, call: &Call, id: &str) -> Result<Reading, ProviderError> {
        if id != self.client.profile_id() {
            let other = self.client.other_profile(call, id, |response| profile::read(response, id)).await?;
            let misfit = plan::plan(&other.sections, &self.mappings).err();
            return Ok(profile::reading(id, &other, &self.mappings, misfit));
        }
        let _turn = self.shelf.turn(call).await?;
        let profile = self.client.profile(call, None, |response| self.own_profile(response)).await?;
        match self.fitted(&profile) {
            Ok(fresh) => {
                let reading = Reading::clone(&fresh.reading);
                self.shelf.put(fresh);
                Ok(reading)
            }
            Err(unfit) => {
                self.shelf.put_aside(Arc::new(unfit.clone()));
                Ok(unfit)
            }
        }
    }

    fn guard(&self, gate: Arc<dyn QuestionnaireGate>) {
        // The first one stays.
        drop(self.gate.set(gate));
    }
}

/// Fingerprint of a profile's sections, whatever the order of keys, sections, questions and choices.
///
/// The profile's id is part of it: two profiles may cut levels differently, which their sections do not tell. So is
/// what was `mapped`: the same subject answers the same questions differently under another mapping.
pub(crate) fn fingerprint(profile: &str, mapped: &str, sections: &[Section]) -> String {
    let sections = sorted(sections, |section| {
        json!([section.key, section.name, section.weight, sorted(&section.questions, question)]).to_string()
    });
    digest(&json!([profile, mapped, sections]))
}

/// Digest of the configured mappings, whatever their order and however a question or a subject's value is spelt.
pub(crate) fn digest_of(mappings: &[Mapping]) -> String {
    digest(&json!(sorted(mappings, |mapping| {
        // By name, so that a new part of a mapping cannot be forgotten here.
        let Mapping { question: _, wanted, input, choices, otherwise, optional } = mapping;
        json!([wanted, input.name(), choices, otherwise, optional]).to_string()
    })))
}

fn digest(value: &Value) -> String {
    Sha256::digest(value.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Digest of everything about a question.
pub(crate) fn digest_of_question(asked: &Question) -> String {
    digest(&json!(question(asked)))
}

/// Digest of how a question's answers are judged.
pub(crate) fn digest_of_levels(question: &Question) -> String {
    digest(&json!([canonical(&question.risk_levels), question.risk_level_default]))
}

fn question(question: &Question) -> String {
    let choices = sorted(&question.choices, |choice| json!([choice.key, choice.title]).to_string());
    let levels = canonical(&question.risk_levels);
    let Question { key, name, title, kind, risk_level_default, .. } = question;
    json!([key, name, title, kind, choices, levels, risk_level_default]).to_string()
}

fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => json!(["list", sorted(items, canonical)]).to_string(),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name, canonical(value))).collect();
            fields.sort();
            json!(["fields", fields]).to_string()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

fn sorted<T>(items: &[T], text: impl Fn(&T) -> String) -> Vec<String> {
    let mut texts: Vec<String> = items.iter().map(text).collect();
    texts.sort();
    texts
}
