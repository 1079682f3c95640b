//! Which providers an operator keeps from being asked: read from the store from time to time, so that every server of
//! it knows within seconds, also after a restart.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jiff::Timestamp;
use risk_provider::ProviderName;
use tokio_util::sync::CancellationToken;

use crate::store::{Drain, Store, StoreError};

const READ_EVERY: Duration = Duration::from_secs(2);

/// The drains in force. Cheap to clone; clones see the same.
#[derive(Debug, Clone)]
pub struct Drains {
    store: Store,
    known: Arc<RwLock<BTreeMap<ProviderName, Drain>>>,
}

// === impl Drains ===

impl Drains {
    /// The drains that the store knows of.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn read(store: Store) -> Result<Self, StoreError> {
        let drains = Self { store, known: Arc::default() };
        drains.refresh().await?;
        Ok(drains)
    }

    /// Since when `provider` is not to be asked; none while it may be.
    #[must_use]
    pub fn since(&self, provider: &ProviderName) -> Option<Timestamp> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(provider).map(|drain| drain.since)
    }

    /// Keeps a provider from being asked; what is under way ends.
    ///
    /// # Errors
    ///
    /// When it could not be recorded.
    pub async fn drain(&self, drain: Drain) -> Result<(), StoreError> {
        tracing::warn!(provider = drain.provider.as_str(), by = drain.by_key, "provider drained");
        self.store.drain(drain).await?;
        self.refresh().await
    }

    /// Lets a provider be asked again.
    ///
    /// # Errors
    ///
    /// When it could not be recorded.
    pub async fn resume(&self, provider: &ProviderName, by_key: &str) -> Result<(), StoreError> {
        tracing::warn!(provider = provider.as_str(), by = by_key, "provider resumed");
        self.store.resume(provider).await?;
        self.refresh().await
    }

    /// Keeps up with what other servers were told until `stop` is cancelled.
    pub async fn follow(self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(READ_EVERY);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Err(error) = self.refresh().await {
                tracing::warn!(error = error.told(), "drained providers could not be read");
            }
        }
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        let read = self.store.drains().await?;
        let read = read.into_iter().map(|drain| (drain.provider.clone(), drain)).collect();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }
}
