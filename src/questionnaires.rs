//! Vendors' questionnaires: what they ask, what answers it, and whether an operator accepted them as they are.
//!
//! A vendor's operator can edit a questionnaire at any time. What was mapped to it may then say something else, so that a
//! changed one is answered only once somebody here has looked it over. Only what the vendor says counts: the mapping
//! in the configuration is the operator's own and may change freely.

mod gate;
pub mod suggest;
pub mod told;
mod watch;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use risk_provider::{Call, ProviderError, ProviderName, Questionnaires, Reading};
use serde::Deserialize;
use tokio::time::Instant;

pub use gate::{Gate, Standing};
pub use told::{MappingState, MappingStatus, Profile, ProfileSummary};

use crate::{
    attempts::AttemptLog,
    clock::Clock,
    deadline::Share,
    ids::RequestId,
    routing::Provider,
    store::{Journal, Store, StoreError},
    telemetry::Telemetry,
};

/// How long looking whether a questionnaire changed may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a provider's questionnaire is kept watch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchSettings {
    /// What happens once it changed.
    pub on_change: OnChange,
    /// How often it is read again.
    pub reread_every: Duration,
}

/// What happens once a questionnaire changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    /// The provider is not asked until somebody accepts it.
    #[default]
    Stop,
    /// The provider is asked, and its answers are flagged.
    Warn,
}

/// A provider that has questionnaires.
#[derive(Debug)]
pub struct Watched {
    provider: Arc<Provider>,
    gate: Arc<Gate>,
    reread_every: Duration,
}

/// Every provider that has questionnaires, by name. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct WatchedProviders(Arc<BTreeMap<ProviderName, Watched>>);

// === impl WatchSettings ===

impl Default for WatchSettings {
    fn default() -> Self {
        Self { on_change: OnChange::default(), reread_every: Duration::from_secs(15 * 60) }
    }
}

// === impl Watched ===

impl Watched {
    /// Puts a gate before the questionnaires of `provider`; none where it has none.
    fn new(
        provider: &Arc<Provider>,
        settings: WatchSettings,
        (store, clock, telemetry): (&Store, &Clock, &Telemetry),
    ) -> Option<Self> {
        let questionnaires = provider.adapter.questionnaires()?;
        let name = provider.adapter.descriptor().name.clone();
        let id = questionnaires.id().to_owned();
        let gate = Gate::new(name, id, settings.on_change, store.clone(), clock.clone(), telemetry.clone());
        let gate = Arc::new(gate);
        questionnaires.guard(Arc::<Gate>::clone(&gate));
        Some(Self { provider: Arc::clone(provider), gate, reread_every: settings.reread_every })
    }

    /// The provider.
    #[must_use]
    pub const fn provider(&self) -> &Arc<Provider> {
        &self.provider
    }

    /// What is known of its questionnaire.
    #[must_use]
    pub const fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// The questionnaires of the vendor's account, as `(id, name)`.
    ///
    /// # Errors
    ///
    /// As any read.
    pub async fn list(&self) -> Result<Vec<(String, String)>, ProviderError> {
        match self.questionnaires() {
            Some(questionnaires) => questionnaires.list(&self.call(Duration::ZERO)).await,
            None => Ok(Vec::new()),
        }
    }

    /// Reads a questionnaire, and notes it where it is the configured one.
    ///
    /// # Errors
    ///
    /// As any read; `not_found` for one that is not there.
    pub async fn read(&self, id: &str) -> Result<Reading, ProviderError> {
        self.read_within(id, Duration::ZERO).await
    }

    /// Reads the configured questionnaire again, however long its turn takes among callers' questions.
    ///
    /// # Errors
    ///
    /// As any read.
    pub async fn reread(&self) -> Result<Reading, ProviderError> {
        self.read_within(self.gate.profile(), PATIENCE).await
    }

    async fn read_within(&self, id: &str, patience: Duration) -> Result<Reading, ProviderError> {
        let questionnaires = self.questionnaires().ok_or_else(|| {
            ProviderError::new(risk_provider::FailureKind::NotFound, "the provider has no questionnaires")
        })?;
        let reading = questionnaires.read(&self.call(patience), id).await?;
        if id == questionnaires.id()
            && let Err(error) = self.gate.note(&reading.questionnaire).await
        {
            tracing::warn!(error = error.told(), "a questionnaire that was read could not be recorded");
        }
        Ok(reading)
    }

    /// Accepts what was read of the configured questionnaire, in somebody's name.
    ///
    /// # Errors
    ///
    /// When that could not be recorded.
    pub async fn accept(&self, reading: &Reading, by: &str) -> Result<(), StoreError> {
        self.gate.accept(&reading.questionnaire, by).await
    }

    fn questionnaires(&self) -> Option<&dyn Questionnaires> {
        self.provider.adapter.questionnaires()
    }

    /// A call that is about nobody: guarded and counted as any other, but in nobody's record. It waits for its turn at
    /// least for `patience`.
    fn call(&self, patience: Duration) -> Call {
        let over = Instant::now() + patience + self.provider.guards.timeout() * 2;
        let share = Share { wait_until: over, call_until: over };
        let journal = Journal::about_nobody(RequestId::new());
        self.provider.guards.call(journal, share, AttemptLog::default())
    }
}

// === impl WatchedProviders ===

impl WatchedProviders {
    /// Puts a gate before the questionnaires of every provider that has some.
    pub fn new<'a>(
        providers: impl Iterator<Item = (&'a Arc<Provider>, WatchSettings)>,
        store: &Store,
        clock: &Clock,
        telemetry: &Telemetry,
    ) -> Self {
        let watched = providers.filter_map(|(provider, settings)| {
            let watched = Watched::new(provider, settings, (store, clock, telemetry))?;
            Some((provider.adapter.descriptor().name.clone(), watched))
        });
        Self(Arc::new(watched.collect()))
    }

    /// The one of this name; none where it has no questionnaires.
    #[must_use]
    pub fn get(&self, name: &ProviderName) -> Option<&Watched> {
        self.0.get(name)
    }

    /// Every one, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&ProviderName, &Watched)> {
        self.0.iter()
    }
}
