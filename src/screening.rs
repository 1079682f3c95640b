//! Asking about a subject again: a route's `rescreen_every`, as durable work.
//!
//! Every answer on such a route puts the next screening off, in its own transaction. A screening is asked like any
//! request, past the cache; its assessment and the end of its item are one transaction, so that there is exactly one.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use risk_provider::{FailureKind, SubjectRequest};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    keys::KeyEnvironment,
    routing::{Assessor, Earlier, Question, Refusal, Route, Same},
    store::{Failure, LeaseRequest, LeasedItem, NewItem, Store, StoreError, StoredSubject},
    telemetry::Telemetry,
};

/// The kind of job.
pub const KIND: &str = "rescreen";

/// How often the store is asked what is due.
const POLL: Duration = Duration::from_secs(1);
/// How long a lease holds unless it is extended.
const LEASE: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Screenings of one process at once.
const AT_ONCE: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
/// What may have been paid for is not asked again at once.
const WAIT_AFTER_UNKNOWN: Duration = Duration::from_secs(24 * 60 * 60);

/// What a screening needs.
#[derive(Serialize, Deserialize)]
struct Screening {
    route: String,
    subject: SubjectRequest,
    purpose: Option<String>,
}

/// Works off what is due.
#[derive(Debug, Clone)]
pub struct Screener {
    /// What answers questions.
    pub assessor: Arc<Assessor>,
    /// Where the work is kept.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Metrics.
    pub telemetry: Telemetry,
}

/// Why a screening brought no result.
enum Vain {
    /// To be tried again, or given up where the code says so.
    Failed { code: &'static str, retry_in: Option<Duration> },
    /// Somebody else has it, or it was cancelled.
    NotOurs,
}

/// The next screening of `subject` after an answer to `question`; none where the route has none.
///
/// # Errors
///
/// When the subject cannot be written down.
pub fn next(
    route: &Route,
    question: &Question,
    subject: &StoredSubject,
    now: Timestamp,
) -> Result<Option<NewItem>, StoreError> {
    let Some(every) = route.rescreen_every else { return Ok(None) };
    let screening = Screening {
        route: route.name.clone(),
        subject: question.subject.to_request(),
        purpose: question.purpose.clone(),
    };
    Ok(Some(NewItem {
        kind: KIND,
        label: format!("{}/{}", route.name, subject.id),
        run_at: now.checked_add(every).unwrap_or(Timestamp::MAX),
        payload: serde_json::to_vec(&screening)?,
    }))
}

// === impl Screener ===

impl Screener {
    /// Works until `stop` is cancelled; what is under way then ends first, or its lease runs out.
    pub async fn run(self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(POLL);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            while self.work_off().await > 0 && !stop.is_cancelled() {}
        }
    }

    /// Does what is due, some at once. How many there were.
    async fn work_off(&self) -> usize {
        let now = self.clock.now();
        let until = now.checked_add(LEASE).unwrap_or(now);
        let items = match self.store.lease(LeaseRequest { kind: KIND, now, until, limit: AT_ONCE }).await {
            Ok(items) => items,
            Err(error) => {
                tracing::warn!(error = error.told(), "due screenings could not be read");
                return 0;
            }
        };
        let screenings = items.into_iter().map(|item| tokio::spawn(self.clone().screen(item)));
        let mut done = 0;
        for screening in screenings.collect::<Vec<_>>() {
            // One that ended abnormally keeps its lease until that runs out, and is then tried again.
            drop(screening.await);
            done += 1;
        }
        done
    }

    async fn screen(self, item: LeasedItem) {
        let outcome = tokio::select! {
            outcome = self.ask(&item) => outcome,
            () = self.keep_alive(&item) => Err(Vain::NotOurs),
        };
        let word = match &outcome {
            Ok(()) => "completed",
            Err(Vain::Failed { code, .. }) => code,
            Err(Vain::NotOurs) => "lost",
        };
        self.telemetry.job(KIND, word);
        let Err(Vain::Failed { code, retry_in }) = outcome else { return };
        let now = self.clock.now();
        let retry_at = retry_in.map(|wait| now.checked_add(wait).unwrap_or(Timestamp::MAX));
        tracing::warn!(job = item.lease.job.as_str(), code, ?retry_in, "a screening failed");
        let failure = Failure { error: code.to_owned(), now, retry_at };
        if let Err(error) = self.store.fail(&item.lease, failure).await {
            // Its lease runs out, and it is tried again.
            tracing::warn!(error = error.told(), "the end of a screening could not be recorded");
        }
    }

    /// Ends once the lease is lost.
    async fn keep_alive(&self, item: &LeasedItem) {
        let mut ticks = tokio::time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        loop {
            ticks.tick().await;
            let until = self.clock.now().checked_add(LEASE).unwrap_or(Timestamp::MAX);
            if let Ok(false) = self.store.extend(&item.lease, until).await {
                return;
            }
        }
    }

    async fn ask(&self, item: &LeasedItem) -> Result<(), Vain> {
        let tries = u32::try_from(item.tries).unwrap_or(u32::MAX);
        let question = self.question(item).await?;
        match self.assessor.assess(question).await {
            Ok(_) => Ok(()),
            Err(Refusal::Store { error, .. }) if matches!(*error, StoreError::LeaseLost) => {
                Err(Vain::NotOurs)
            }
            Err(refusal) => {
                let unknown = refusal.worst().is_some_and(|worst| worst.kind == FailureKind::UnknownOutcome);
                let wait = if unknown { WAIT_AFTER_UNKNOWN } else { backoff(tries) };
                Err(Vain::Failed { code: refusal.code(), retry_in: Some(wait) })
            }
        }
    }

    async fn question(&self, item: &LeasedItem) -> Result<Question, Vain> {
        let failed = |code| Vain::Failed { code, retry_in: None };
        let later = |_error: StoreError| Vain::Failed {
            code: "store_failed",
            retry_in: Some(backoff(u32::try_from(item.tries).unwrap_or(u32::MAX))),
        };
        let payload = self.store.payload(item).await.map_err(later)?.ok_or_else(|| failed("erased"))?;
        let screening: Screening =
            serde_json::from_slice(&payload).map_err(|_unreadable| failed("unreadable"))?;
        let environment = KeyEnvironment::of_tenant(&item.team);
        let screened = |route: &Route| route.rescreen_every.is_some() && route.is_for(environment);
        if !self.assessor.route(&screening.route).is_some_and(screened) {
            return Err(failed("not_scheduled"));
        }
        let subject =
            screening.subject.accept(self.clock.today()).map_err(|_problems| failed("invalid_request"))?;
        let same = Same {
            subject: self.assessor.subject_key(&item.team, subject.reference.expose()),
            route: screening.route.clone(),
        };
        let adopted = match &item.earlier {
            Some(earlier) => match self.assessor.earlier(earlier, &same).await.map_err(later)? {
                Earlier::Answered(adopted) => adopted,
                Earlier::Unknown(_) | Earlier::Nothing => Vec::new(),
            },
            None => Vec::new(),
        };
        Ok(Question {
            request_id: item.lease.request_id.clone(),
            team: item.team.clone(),
            route: screening.route,
            subject: Arc::new(subject),
            purpose: screening.purpose,
            max_age: Some(Duration::ZERO),
            deadline: None,
            adopted,
            completes: Some(item.lease.clone()),
        })
    }
}

/// Twice as long after every try.
fn backoff(tries: u32) -> Duration {
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_an_hour() {
        let minutes: Vec<u64> = [1, 2, 3, 7, 40].map(|tries| backoff(tries).as_secs() / 60).to_vec();
        assert_eq!(minutes, [1, 2, 4, 60, 60]);
    }
}
