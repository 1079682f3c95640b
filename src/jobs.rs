//! Durable work: what is leased from the store and done, by one runner for every kind.
//!
//! The runner leases what is due, keeps each lease alive while its work is done, and puts off or ends what failed. The
//! result itself is written by the work, in one transaction with the end of its item.

pub mod holding;
pub mod imports;
pub mod polling;
pub mod screening;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    cache::KeyMaker,
    clock::Clock,
    routing::{Assessor, Refusal},
    store::{Failure, LeaseRequest, LeasedItem, Store, StoreError},
    telemetry::Telemetry,
};

/// How often the store is asked what is due.
const POLL: Duration = Duration::from_secs(1);
/// How long a lease holds unless it is extended.
const LEASE: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Items of one kind and process at once.
const AT_ONCE: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Works off what is due.
#[derive(Debug, Clone)]
pub struct Runner {
    /// What answers questions.
    pub assessor: Arc<Assessor>,
    /// Where the work is kept.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Metrics.
    pub telemetry: Telemetry,
    /// What makes keyed hashes.
    pub keys: KeyMaker,
    /// Ends the work once it is cancelled.
    pub stop: CancellationToken,
}

/// A kind of work.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Holding,
    Polling,
    Screening,
    Import,
}

/// Why an item got no result.
#[derive(Debug)]
enum Vain {
    /// To be tried again, or given up.
    Failed { code: &'static str, retry_in: Option<Duration> },
    /// Somebody else has it, or it was cancelled.
    NotOurs,
}

// === impl Kind ===

impl Kind {
    const ALL: [Self; 4] = [Self::Holding, Self::Polling, Self::Screening, Self::Import];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Holding => holding::KIND,
            Self::Polling => polling::KIND,
            Self::Screening => screening::KIND,
            Self::Import => imports::KIND,
        }
    }
}

// === impl Runner ===

impl Runner {
    /// Works until it is stopped; what is under way then ends first, or its lease runs out. No kind of work waits for
    /// another.
    pub async fn run(self) {
        let working = Kind::ALL.map(|kind| tokio::spawn(self.clone().run_kind(kind)));
        for work in working {
            drop(work.await);
        }
    }

    /// Brings vendors' histories in until it is stopped, and does nothing else.
    pub async fn run_imports(self) {
        self.run_kind(Kind::Import).await;
    }

    async fn run_kind(self, kind: Kind) {
        let mut ticks = tokio::time::interval(POLL);
        while self.stop.run_until_cancelled(ticks.tick()).await.is_some() {
            while !self.stop.is_cancelled() && self.work_off(kind).await > 0 {}
        }
    }

    /// Does what is due of a kind, some at once. How many there were.
    async fn work_off(&self, kind: Kind) -> usize {
        let (now, limit) = (self.clock.now(), AT_ONCE);
        let request = LeaseRequest { kind: kind.as_str(), now, until: after(now, LEASE), limit };
        let items = match self.store.lease(request).await {
            Ok(items) => items,
            Err(error) => {
                tracing::warn!(error = error.told(), kind = kind.as_str(), "due work could not be read");
                return 0;
            }
        };
        let under_way: Vec<_> =
            items.into_iter().map(|item| tokio::spawn(self.clone().attend(kind, item))).collect();
        let number = under_way.len();
        for work in under_way {
            // What ended abnormally keeps its lease until that runs out, and is then tried again.
            drop(work.await);
        }
        number
    }

    async fn attend(self, kind: Kind, item: LeasedItem) {
        let outcome = tokio::select! {
            outcome = self.work(kind, &item) => outcome,
            () = self.keep_alive(&item) => Err(Vain::NotOurs),
        };
        let word = match &outcome {
            Ok(()) => "completed",
            Err(Vain::Failed { code, .. }) => code,
            Err(Vain::NotOurs) => "lost",
        };
        self.telemetry.job(kind.as_str(), word);
        let Err(Vain::Failed { code, retry_in }) = outcome else { return };
        let now = self.clock.now();
        let retry_at = retry_in.map(|wait| after(now, wait));
        let job = item.lease.job.as_str();
        if is_waiting(code) {
            tracing::debug!(kind = kind.as_str(), job, code, ?retry_in, "work put off");
        } else {
            tracing::warn!(kind = kind.as_str(), job, code, ?retry_in, "work failed");
        }
        // What a vendor said may be there although it could not be recorded as the result; and who may have been paid
        // once for a held question is never paid again.
        let keeps_tries = matches!(kind, Kind::Holding) || matches!(code, "store_failed" | "internal");
        let failure = Failure { error: code.to_owned(), now, retry_at, keeps_tries };
        if let Err(error) = self.store.fail(&item.lease, failure).await {
            // Its lease runs out, and it is tried again.
            tracing::warn!(error = error.told(), "the end of work could not be recorded");
        }
    }

    async fn work(&self, kind: Kind, item: &LeasedItem) -> Result<(), Vain> {
        match kind {
            Kind::Holding => self.ask_again(item).await,
            Kind::Polling => self.poll(item).await,
            Kind::Screening => self.screen(item).await,
            Kind::Import => self.bring_in(item).await,
        }
    }

    /// Ends once the lease is lost.
    async fn keep_alive(&self, item: &LeasedItem) {
        let mut ticks = tokio::time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        loop {
            ticks.tick().await;
            if let Ok(false) = self.store.extend(&item.lease, after(self.clock.now(), LEASE)).await {
                return;
            }
        }
    }
}

// === impl Vain ===

impl Vain {
    /// Not to be tried again.
    const fn for_good(code: &'static str) -> Self {
        Self::Failed { code, retry_in: None }
    }

    /// What a refused question means for an item that was tried so often.
    fn of_refusal(refusal: &Refusal, wait: Duration) -> Self {
        if matches!(refusal, Refusal::Store { error, .. } if matches!(**error, StoreError::LeaseLost)) {
            return Self::NotOurs;
        }
        Self::Failed { code: refusal.code(), retry_in: Some(wait) }
    }

    /// The store failed; to be tried again.
    fn of_store(item: &LeasedItem) -> Self {
        Self::Failed { code: "store_failed", retry_in: Some(backoff(item.tries)) }
    }
}

/// Whether an item without a result only waits, and nothing went wrong.
fn is_waiting(code: &str) -> bool {
    matches!(code, polling::PENDING | imports::STOPPED)
}

/// Twice as long after every try.
fn backoff(tries: i64) -> Duration {
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or_default();
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_WAIT)
}

fn after(now: Timestamp, time: Duration) -> Timestamp {
    now.checked_add(time).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use risk_provider::FailureKind;

    use super::*;

    #[test]
    fn waiting_for_a_vendor_or_a_restart_is_no_failure() {
        assert!(["pending", "stopped"].into_iter().all(is_waiting));
        for kind in FailureKind::ALL {
            assert!(!is_waiting(kind.as_str()), "{kind}");
        }
    }

    #[test]
    fn waits_grow_up_to_an_hour() {
        let minutes: Vec<u64> = [1, 2, 3, 7, 40].map(|tries| backoff(tries).as_secs() / 60).to_vec();
        assert_eq!(minutes, [1, 2, 4, 60, 60]);
    }
}
