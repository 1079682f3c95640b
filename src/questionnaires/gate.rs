//! Lets a questionnaire be answered that was accepted, and no other.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use risk_provider::{
    Admission, Change, FailureKind, ProviderError, ProviderName, Questionnaire, QuestionnaireGate,
};

use super::OnChange;
use crate::{
    clock::Clock,
    store::{KnownQuestionnaire, Store, StoreError},
    telemetry::Telemetry,
};

/// So many changes are told in a failure; the rest are counted.
const TOLD: usize = 5;

/// Stands before one provider's questionnaire. What is known of it is shared through the store.
pub struct Gate {
    provider: ProviderName,
    profile: String,
    on_change: OnChange,
    store: Store,
    clock: Clock,
    telemetry: Telemetry,
    memory: RwLock<Memory>,
}

/// How a questionnaire stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// It was never read.
    Unknown,
    /// It is the one that was accepted.
    Accepted,
    /// It changed since.
    Stale(Vec<Change>),
}

#[derive(Default)]
struct Memory {
    /// As it was in the store.
    known: Option<Arc<KnownQuestionnaire>>,
    /// What became of the accepted one.
    changes: Vec<Change>,
    /// What tells whether the store holds anything else by now.
    state: Option<(i64, String)>,
    /// Fingerprint of what this process noted last.
    noted: Option<String>,
}

// === impl Gate ===

impl Gate {
    pub(super) fn new(
        provider: ProviderName,
        profile: String,
        on_change: OnChange,
        store: Store,
        clock: Clock,
        telemetry: Telemetry,
    ) -> Self {
        telemetry.stale_mapping(&provider, false);
        let memory = RwLock::default();
        Self { provider, profile, on_change, store, clock, telemetry, memory }
    }

    /// The vendor's id of the questionnaire.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// What happens once it changed.
    #[must_use]
    pub const fn on_change(&self) -> OnChange {
        self.on_change
    }

    /// How it stands, as far as this process knows.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.with(|memory| match &memory.known {
            None => Standing::Unknown,
            Some(_) if memory.changes.is_empty() => Standing::Accepted,
            Some(_) => Standing::Stale(memory.changes.clone()),
        })
    }

    /// Whether its provider is not asked because it changed.
    #[must_use]
    pub fn bars(&self) -> bool {
        self.on_change == OnChange::Stop && matches!(self.standing(), Standing::Stale(_))
    }

    /// What was accepted and what was last read, as far as this process knows.
    #[must_use]
    pub fn known(&self) -> Option<Arc<KnownQuestionnaire>> {
        self.with(|memory| memory.known.clone())
    }

    /// Looks into the store whether anything became of it, by whichever process.
    ///
    /// # Errors
    ///
    /// When the store could not be read.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let state = self.store.questionnaire_state(&self.provider, &self.profile).await?;
        if state.is_none() || state == self.with(|memory| memory.state.clone()) {
            return Ok(());
        }
        self.learn().await
    }

    /// Notes what was just read.
    ///
    /// # Errors
    ///
    /// When it could not be recorded.
    pub async fn note(&self, read: &Questionnaire) -> Result<(), StoreError> {
        let is_new = self.with(|memory| {
            memory.known.as_ref().is_none_or(|known| known.seen.fingerprint != read.fingerprint)
        });
        if is_new {
            self.store.see_questionnaire(&self.provider, read, self.clock.now()).await?;
            self.learn().await?;
        }
        self.change(|memory| memory.noted = Some(read.fingerprint.clone()));
        Ok(())
    }

    /// Records that somebody accepted what was just read.
    ///
    /// # Errors
    ///
    /// When it could not be recorded.
    pub async fn accept(&self, read: &Questionnaire, by: &str) -> Result<(), StoreError> {
        self.store.accept_questionnaire(&self.provider, read, self.clock.now(), by).await?;
        self.learn().await?;
        self.change(|memory| memory.noted = Some(read.fingerprint.clone()));
        Ok(())
    }

    /// Takes over what the store holds, and says so once where that bars the way or opens it.
    async fn learn(&self) -> Result<(), StoreError> {
        let state = self.store.questionnaire_state(&self.provider, &self.profile).await?;
        let known = self.store.questionnaire(&self.provider, &self.profile).await?;
        let changes =
            known.as_ref().map(|known| known.seen.changes_since(&known.accepted)).unwrap_or_default();
        let before = self.change(|memory| {
            memory.state = state;
            memory.known = known.map(Arc::new);
            std::mem::replace(&mut memory.changes, changes.clone())
        });
        if before != changes {
            self.report(&changes);
        }
        Ok(())
    }

    fn report(&self, changes: &[Change]) {
        let (provider, profile) = (self.provider.as_str(), self.profile.as_str());
        self.telemetry.stale_mapping(&self.provider, !changes.is_empty());
        if changes.is_empty() {
            tracing::info!(provider, profile, "the questionnaire is accepted as it is");
            return;
        }
        let changes = told(changes);
        match self.on_change {
            OnChange::Stop => {
                self.telemetry.alert(&self.provider, FailureKind::Misconfigured);
                tracing::error!(
                    provider,
                    profile,
                    changes,
                    "the vendor's questionnaire changed: the provider is not asked until it is accepted"
                );
            }
            OnChange::Warn => {
                tracing::warn!(provider, profile, changes, "the vendor's questionnaire changed");
            }
        }
    }

    /// Whether what is known bars the way.
    fn verdict(&self) -> Result<Admission, ProviderError> {
        match (self.standing(), self.on_change) {
            (Standing::Unknown | Standing::Accepted, _) => Ok(Admission::Accepted),
            (Standing::Stale(_), OnChange::Warn) => Ok(Admission::Unaccepted),
            (Standing::Stale(changes), OnChange::Stop) => Err(self.barred(&changes)),
        }
    }

    fn barred(&self, changes: &[Change]) -> ProviderError {
        let detail = format!(
            "the vendor's questionnaire changed since its mapping was accepted: {}; look it over, then run: \
             risk-gateway profiles accept --provider {}",
            told(changes),
            self.provider
        );
        ProviderError::new(FailureKind::Misconfigured, detail)
    }

    /// Whether `read` is the questionnaire that was accepted.
    fn is_accepted(&self, read: &Questionnaire) -> bool {
        self.with(|memory| {
            memory.known.as_ref().is_some_and(|known| known.accepted.fingerprint == read.fingerprint)
        })
    }

    fn with<T>(&self, read: impl FnOnce(&Memory) -> T) -> T {
        read(&self.memory.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Memory) -> T) -> T {
        change(&mut self.memory.write().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl QuestionnaireGate for Gate {
    fn check(&self) -> Result<(), ProviderError> {
        self.verdict().map(drop)
    }

    async fn admit(&self, questionnaire: &Questionnaire) -> Result<Admission, ProviderError> {
        // One that this process noted before is not news: another may have read a later one since.
        let is_new = self.with(|memory| memory.noted.as_ref() != Some(&questionnaire.fingerprint));
        if is_new {
            self.note(questionnaire).await.map_err(|error| {
                let detail = "whether the questionnaire was accepted could not be looked up";
                ProviderError::new(FailureKind::Throttled, detail).with_source(error)
            })?;
        }
        let admission = self.verdict()?;
        if self.is_accepted(questionnaire) || self.on_change == OnChange::Warn {
            return Ok(admission);
        }
        let detail = "the vendor's questionnaire was accepted as it is by now, and is about to be read again";
        Err(ProviderError::new(FailureKind::Misconfigured, detail))
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("provider", &self.provider)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

fn told(changes: &[Change]) -> String {
    let mut told: Vec<String> = changes.iter().take(TOLD).map(Change::to_string).collect();
    if changes.len() > TOLD {
        told.push(format!("and {} more", changes.len() - TOLD));
    }
    told.join(", ")
}
