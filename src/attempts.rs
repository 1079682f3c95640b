//! Attempts: every exchange with a vendor, and every provider that was passed over without one.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use risk_provider::{Billed, FailureKind, Money, ProviderError, ProviderName};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

use crate::ids::AttemptId;

/// One exchange with a vendor, or one that was not made and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// The attempt's id, `att_…`.
    pub id: AttemptId,
    /// Who was asked.
    #[schema(value_type = String)]
    pub provider: ProviderName,
    /// What was asked, such as `check`.
    pub operation: String,
    /// `answered`, or the kind of failure.
    pub outcome: Outcome,
    /// Whether any of the request may have reached the vendor.
    pub sent: bool,
    /// Whether it was paid for.
    pub billed: Billed,
    /// What it costs where it was, or may have been, billed.
    pub price: Option<Money>,
    /// The HTTP status the vendor answered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_status: Option<u16>,
    /// The vendor's own error constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_identifier: Option<String>,
    /// What went wrong, without personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "OutcomeWord", into = "OutcomeWord")]
pub enum Outcome {
    /// The vendor answered.
    Answered,
    /// It did not.
    Failed(FailureKind),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeWord {
    Answered,
    #[serde(untagged)]
    Failed(FailureKind),
}

/// The attempts of one call of a provider, shared with those who wait for it.
#[derive(Debug, Clone, Default)]
pub struct AttemptLog(Arc<Mutex<Vec<Entry>>>);

#[derive(Debug, Clone)]
struct Entry {
    attempt: Attempt,
    /// Whether the vendor was turned to at all.
    exchange: bool,
    paid: bool,
    started: Instant,
    ended: Option<Instant>,
}

/// An attempt under way; finished exactly once.
#[derive(Debug)]
pub struct OpenAttempt {
    log: AttemptLog,
    index: usize,
    paid: bool,
}

/// What an exchange costs.
#[derive(Debug, Clone, Default)]
pub struct Cost {
    /// Whether the vendor bills it.
    pub paid: bool,
    /// What it costs, where that is known.
    pub price: Option<Money>,
}

// === impl Outcome ===

impl Outcome {
    /// The word used in JSON, columns and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed(kind) => kind.as_str(),
        }
    }
}

impl From<OutcomeWord> for Outcome {
    fn from(word: OutcomeWord) -> Self {
        match word {
            OutcomeWord::Answered => Self::Answered,
            OutcomeWord::Failed(kind) => Self::Failed(kind),
        }
    }
}

impl From<Outcome> for OutcomeWord {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Answered => Self::Answered,
            Outcome::Failed(kind) => Self::Failed(kind),
        }
    }
}

impl PartialSchema for Outcome {
    fn schema() -> RefOr<Schema> {
        let words = FailureKind::ALL.map(|kind| Self::Failed(kind).as_str());
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(["answered"].into_iter().chain(words)));
        schema.into()
    }
}

impl ToSchema for Outcome {}

// === impl Attempt ===

impl Attempt {
    /// Whether it may have been paid for without an answer that is known.
    #[must_use]
    pub fn may_have_paid_for_nothing(&self) -> bool {
        self.outcome == Outcome::Failed(FailureKind::UnknownOutcome) && self.billed == Billed::Unknown
    }

    /// Whether it was, or may have been, paid for, and no answer is known: asked again, its vendor would be paid twice.
    #[must_use]
    pub fn is_owed_an_answer(&self) -> bool {
        self.may_have_paid_for_nothing() || self.has_paid_for_rubbish()
    }

    /// Whether it was paid for, and what came was no answer.
    #[must_use]
    pub fn has_paid_for_rubbish(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_)) && self.billed == Billed::Yes
    }
}

// === impl AttemptLog ===

impl AttemptLog {
    /// Notes that an exchange begins. Until it is finished it reads as sent with an unknown outcome.
    pub fn begin(
        &self,
        id: AttemptId,
        provider: &ProviderName,
        operation: &str,
        cost: Cost,
        at: Timestamp,
    ) -> OpenAttempt {
        let Cost { paid, price } = cost;
        let attempt = Attempt {
            id,
            provider: provider.clone(),
            operation: operation.to_owned(),
            outcome: Outcome::Failed(FailureKind::UnknownOutcome),
            sent: true,
            billed: if paid { Billed::Unknown } else { Billed::No },
            price,
            vendor_status: None,
            vendor_identifier: None,
            detail: None,
            started_at: at,
            duration_ms: 0,
        };
        self.with(|entries| {
            entries.push(Entry { attempt, exchange: true, paid, started: Instant::now(), ended: None });
            OpenAttempt { log: self.clone(), index: entries.len() - 1, paid }
        })
    }

    /// Notes that a provider was passed over without an exchange.
    pub fn skip(
        &self,
        id: AttemptId,
        provider: &ProviderName,
        operation: &str,
        error: &ProviderError,
        at: Timestamp,
    ) {
        let open = self.begin(id, provider, operation, Cost::default(), at);
        self.with(|entries| entries.get_mut(open.index).into_iter().for_each(|entry| entry.exchange = false));
        open.end(Err(error));
    }

    /// A log of attempts that were made and told before; nobody waited for them now.
    #[must_use]
    pub fn told(attempts: &[Attempt]) -> Self {
        let now = Instant::now();
        let entry = |attempt: &Attempt| Entry {
            attempt: attempt.clone(),
            exchange: false,
            paid: attempt.billed != Billed::No,
            started: now,
            ended: Some(now + Duration::from_millis(attempt.duration_ms)),
        };
        Self(Arc::new(Mutex::new(attempts.iter().map(entry).collect())))
    }

    /// Whether nothing was attempted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.with(|entries| entries.is_empty())
    }

    /// Whether an attempt failed with `kind`.
    #[must_use]
    pub fn tells_of(&self, kind: FailureKind) -> bool {
        self.with(|entries| entries.iter().any(|entry| entry.attempt.outcome == Outcome::Failed(kind)))
    }

    /// Whether an exchange that costs money has ended.
    #[must_use]
    pub fn has_paid(&self) -> bool {
        self.with(|entries| {
            entries.iter().any(|entry| entry.paid && entry.attempt.sent && entry.ended.is_some())
        })
    }

    /// Whether an exchange is under way.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.with(|entries| entries.iter().any(|entry| entry.ended.is_none()))
    }

    /// The attempts so far, in order; one still under way shows the time it has taken.
    #[must_use]
    pub fn attempts(&self) -> Vec<Attempt> {
        self.with(|entries| {
            let timed = |entry: &Entry| {
                let taken = entry.ended.unwrap_or_else(Instant::now).duration_since(entry.started);
                Attempt { duration_ms: whole_millis(taken), ..entry.attempt.clone() }
            };
            entries.iter().map(timed).collect()
        })
    }

    /// The times spent waiting for vendors, as (from, to); one still under way lasts until now.
    #[must_use]
    pub fn waits(&self) -> Vec<(Instant, Instant)> {
        let wait = |entry: &Entry| (entry.started, entry.ended.unwrap_or_else(Instant::now));
        self.with(|entries| entries.iter().filter(|entry| entry.exchange).map(wait).collect())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Entry>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

// === impl OpenAttempt ===

impl OpenAttempt {
    /// Notes how the exchange ended. Returns how long it took and whether it was billed.
    #[expect(clippy::must_use_candidate, reason = "the note is the point")]
    pub fn end(self, result: Result<(), &ProviderError>) -> (Duration, Billed) {
        self.log.with(|entries| {
            let Some(entry) = entries.get_mut(self.index) else { return (Duration::ZERO, Billed::Unknown) };
            let now = Instant::now();
            entry.ended = Some(now);
            let attempt = &mut entry.attempt;
            match result {
                Ok(()) => {
                    attempt.outcome = Outcome::Answered;
                    attempt.billed = if self.paid { Billed::Yes } else { Billed::No };
                }
                Err(error) => {
                    attempt.outcome = Outcome::Failed(error.kind);
                    attempt.sent = error.sent;
                    attempt.billed = error.billed(self.paid);
                    attempt.vendor_status = error.vendor_status;
                    attempt.vendor_identifier.clone_from(&error.vendor_identifier);
                    attempt.detail = Some(error.detail.clone());
                }
            }
            if attempt.billed == Billed::No {
                attempt.price = None;
            }
            (now.duration_since(entry.started), attempt.billed)
        })
    }
}

fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How much of `from..to` was spent in at least one of `waits`.
#[must_use]
pub fn time_in(waits: &[(Instant, Instant)], from: Instant, to: Instant) -> Duration {
    let mut clipped: Vec<_> = waits.iter().map(|&(start, end)| (start.max(from), end.min(to))).collect();
    clipped.sort_unstable();
    let mut total = Duration::ZERO;
    let mut reached = from;
    for (start, end) in clipped {
        let start = start.max(reached);
        if end > start {
            total += end - start;
            reached = end;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_one_word() {
        for (outcome, word) in [
            (Outcome::Answered, "\"answered\""),
            (Outcome::Failed(FailureKind::OutOfCredit), "\"out_of_credit\""),
        ] {
            assert_eq!(serde_json::to_string(&outcome).expect("json"), word);
            assert_eq!(serde_json::from_str::<Outcome>(word).expect("word"), outcome);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn overlapping_waits_count_once() {
        let zero = Instant::now();
        let at = |ms| zero + Duration::from_millis(ms);
        let waits = [(at(10), at(30)), (at(20), at(40)), (at(60), at(200)), (at(12), at(13))];
        assert_eq!(time_in(&waits, at(0), at(100)), Duration::from_millis(70));
        assert_eq!(time_in(&waits, at(25), at(26)), Duration::from_millis(1));
        assert_eq!(time_in(&[], at(0), at(100)), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unfinished_attempt_reads_as_an_unknown_outcome_that_may_be_billed() {
        let log = AttemptLog::default();
        let cost = Cost { paid: true, price: Money::from_micros(500_000, "EUR") };
        let _open =
            log.begin(AttemptId::new(), &ProviderName::new("idenfy"), "check", cost, Timestamp::UNIX_EPOCH);
        tokio::time::advance(Duration::from_millis(7)).await;
        let attempts = log.attempts();
        assert_eq!(attempts[0].outcome, Outcome::Failed(FailureKind::UnknownOutcome));
        assert_eq!((attempts[0].billed, attempts[0].duration_ms), (Billed::Unknown, 7));
    }
}
