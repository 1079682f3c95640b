//! Notices what becomes of questionnaires: by reading them from time to time, and by what other processes record.

use std::{collections::BTreeMap, time::Duration};

use risk_provider::ProviderName;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Watched, WatchedProviders};

/// How often the store is looked into.
const EVERY: Duration = Duration::from_secs(1);
/// The least time between two reads that what is in the store gives reason for.
const CALM: Duration = Duration::from_secs(5);

/// When a questionnaire was last read, or this process began.
struct Turns {
    last: Instant,
    is_first: bool,
}

// === impl WatchedProviders ===

impl WatchedProviders {
    /// Keeps watch until `stop` is cancelled.
    pub async fn watch(self, stop: CancellationToken) {
        let began = |name: &ProviderName| (name.clone(), Turns { last: Instant::now(), is_first: true });
        let mut turns: BTreeMap<_, _> = self.iter().map(|(name, _)| began(name)).collect();
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !turns.is_empty() && stop.run_until_cancelled(ticks.tick()).await.is_some() {
            for (name, watched) in self.iter() {
                let Some(turn) = turns.get_mut(name) else { continue };
                if stop.run_until_cancelled(watched.look(turn)).await.is_none() {
                    return;
                }
            }
        }
    }
}

// === impl Watched ===

impl Watched {
    async fn look(&self, turns: &mut Turns) {
        let provider = self.provider().adapter.descriptor().name.as_str();
        if let Err(error) = self.gate().refresh().await {
            tracing::warn!(
                provider,
                error = error.told(),
                "the accepted questionnaire could not be looked up"
            );
            return;
        }
        let waited = turns.last.elapsed();
        let is_outdated = self.is_outdated() && (turns.is_first || waited >= CALM);
        if !is_outdated && waited < self.reread_every {
            return;
        }
        *turns = Turns { last: Instant::now(), is_first: false };
        if let Err(error) = self.reread().await {
            let kind = error.kind.as_str();
            tracing::warn!(
                provider,
                kind,
                detail = error.detail,
                "the questionnaire could not be read again"
            );
        }
    }

    /// Whether another process read another questionnaire than this one has in use.
    fn is_outdated(&self) -> bool {
        let in_force = self.questionnaires().and_then(|questionnaires| questionnaires.in_force());
        let known = self.gate().known();
        in_force
            .zip(known)
            .is_some_and(|(own, known)| own.questionnaire.fingerprint != known.seen.fingerprint)
    }
}
