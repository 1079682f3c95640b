//! Single flight: whoever asks first leads a call, whoever asks the same meanwhile joins it.
//!
//! The leader runs detached, on its own deadline; those who wait keep theirs, and leaving does not end the call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use risk_provider::{FailureKind, ProviderError};
use tokio::{sync::watch, time::Instant};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::{CacheKey, Entry};
use crate::{attempts::AttemptLog, ids::RequestId, store::StoreError};

/// How a call ended, for everybody who waited.
pub type FlightOutcome = Result<Landed, FlightError>;

/// Why a call brought no answer.
#[derive(Debug, Clone)]
pub enum FlightError {
    /// The provider failed; the next one may be asked.
    Provider(Arc<ProviderError>),
    /// What came of it could not be recorded; asking anybody else would only cost more.
    Store(Arc<StoreError>),
}

/// A provider's answer, and where it came from.
#[derive(Debug, Clone)]
pub struct Landed {
    /// The answer.
    pub entry: Arc<Entry>,
    /// Where it came from.
    pub by: LandedBy,
}

/// Where a provider's answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LandedBy {
    /// The vendor was called and answered.
    Call,
    /// The vendor was called, its answer was lost, and it was found in the vendor's history.
    History,
    /// Another call had just brought it.
    Cache,
}

/// Calls under way, by question.
#[derive(Debug, Clone)]
pub struct Flights {
    under_way: Arc<Mutex<HashMap<CacheKey, Flight>>>,
    tasks: TaskTracker,
}

/// A call under way.
#[derive(Debug, Clone)]
pub struct Flight {
    outcome: watch::Receiver<Option<FlightOutcome>>,
    /// Its attempts so far.
    pub log: AttemptLog,
    /// The request that leads it.
    pub leader: RequestId,
}

/// Takes the flight off the list, also when its leader panics.
struct Landing {
    flights: Flights,
    key: CacheKey,
}

// === impl Flights ===

impl Flights {
    /// No calls; leaders will run on `tasks`.
    #[must_use]
    pub fn new(tasks: TaskTracker) -> Self {
        Self { under_way: Arc::default(), tasks }
    }

    /// Joins the call under way for `key`, or starts `lead` for `request`. Says whether it was joined.
    pub fn join<F>(
        &self,
        key: CacheKey,
        request: &RequestId,
        lead: impl FnOnce(AttemptLog) -> F,
    ) -> (Flight, bool)
    where
        F: Future<Output = FlightOutcome> + Send + 'static,
    {
        let (sender, outcome) = watch::channel(None);
        let flight = Flight { outcome, log: AttemptLog::default(), leader: request.clone() };
        {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(joined) = under_way.get(&key) {
                return (joined.clone(), true);
            }
            under_way.insert(key, flight.clone());
        }
        let landing = Landing { flights: self.clone(), key };
        let leading = lead(flight.log.clone());
        let flying = async move {
            let outcome = leading.await;
            // Off the list first: who comes after this must look into the cache, not at a finished call.
            drop(landing);
            sender.send_replace(Some(outcome));
        };
        // Not under the lock: a runtime that is shutting down drops the call at once, and with it the landing.
        self.tasks.spawn(flying.in_current_span());
        (flight, false)
    }
}

// === impl FlightError ===

impl FlightError {
    /// What could not be recorded.
    #[must_use]
    pub fn store(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.flights.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

// === impl Flight ===

impl Flight {
    /// Waits for the call to end, at most until `deadline`; none when it is still under way then.
    pub async fn wait(&mut self, deadline: Instant) -> Option<FlightOutcome> {
        let ended = self.outcome.wait_for(Option::is_some);
        match tokio::time::timeout_at(deadline, ended).await {
            Ok(Ok(outcome)) => outcome.clone(),
            Ok(Err(_gone)) => {
                let error = ProviderError::new(FailureKind::UnknownOutcome, "the call ended abnormally");
                Some(Err(FlightError::Provider(Arc::new(error.with_sent(true)))))
            }
            Err(_elapsed) => None,
        }
    }
}
