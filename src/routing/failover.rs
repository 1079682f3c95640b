//! Providers in order: the first answer wins, only a failure moves on; a slow one may be hedged by the next.

use std::{collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

use futures_util::stream::{FuturesUnordered, StreamExt};

use risk_provider::{ProviderError, ProviderName};
use tokio::time::Instant;

use super::{
    Answer, Assessor, Refusal,
    inquiry::{Candidate, Found, Inquiry, Turn, Voice},
};
use crate::{attempts, cache::FlightError, deadline::Deadline};

type Asking = Pin<Box<dyn Future<Output = (Turn, Result<Found, FlightError>)> + Send>>;

/// A search for the first answer.
struct Search {
    assessor: Arc<Assessor>,
    inquiry: Arc<Inquiry>,
    deadline: Deadline,
    waiting: VecDeque<Candidate>,
    /// In this task, so that between a deadline and its word nothing has to be woken.
    asked: FuturesUnordered<Asking>,
    failures: Vec<(ProviderName, Arc<ProviderError>)>,
}

// === impl Assessor ===

impl Assessor {
    /// The first answer that one of `candidates` gives, in their order. After `hedge_after` without one, the next is
    /// asked as well, once; whichever answers first wins, and the other's call ends by itself.
    pub(super) async fn first_of(
        self: &Arc<Self>,
        inquiry: &Arc<Inquiry>,
        candidates: &[Candidate],
        hedge_after: Option<Duration>,
        began: Instant,
    ) -> Result<Answer, Refusal> {
        let search = Search {
            assessor: Arc::clone(self),
            inquiry: Arc::clone(inquiry),
            deadline: Deadline::new(began, inquiry.route.deadline, inquiry.question.deadline),
            waiting: candidates.iter().cloned().collect(),
            asked: FuturesUnordered::new(),
            failures: Vec::new(),
        };
        let voice = search.run(hedge_after).await?;
        self.answer_of(inquiry, &[voice], began).await
    }

    /// The route's answer, made of `voices`.
    pub(super) async fn answer_of(
        &self,
        inquiry: &Inquiry,
        voices: &[Voice],
        began: Instant,
    ) -> Result<Answer, Refusal> {
        let composed = self.compose(inquiry, voices).await;
        let (assessment, age) = composed
            .map_err(|error| Refusal::Store { error: Arc::new(error), attempts: inquiry.trail.attempts() })?;
        let vendor_time = attempts::time_in(&inquiry.trail.waits(), began, Instant::now());
        // What any of them had to be asked for was no hit.
        let cache = voices.iter().map(|voice| voice.found.cache).reduce(super::CacheUse::or);
        Ok(Answer { assessment, cache: cache.unwrap_or(super::CacheUse::Miss), age, vendor_time })
    }
}

// === impl Search ===

impl Search {
    async fn run(mut self, hedge_after: Option<Duration>) -> Result<Voice, Refusal> {
        let mut hedge_after = hedge_after;
        let mut hedge_at = None;
        loop {
            if self.asked.is_empty() {
                if !self.ask_next() {
                    return Err(self.refusal());
                }
                hedge_at = hedge_after.map(|after| Instant::now() + after);
            }
            let hedge = hedge_at.filter(|_| !self.waiting.is_empty());
            let ended = tokio::select! {
                biased;
                ended = self.asked.next() => ended,
                () = sleep_until(hedge), if hedge.is_some() => {
                    (hedge_after, hedge_at) = (None, None);
                    self.ask_next();
                    continue;
                }
            };
            let Some((turn, outcome)) = ended else { continue };
            match outcome {
                Ok(found) => return Ok(Voice { provider: turn.provider, role: turn.role, found }),
                Err(FlightError::Store(error)) => {
                    return Err(Refusal::Store { error, attempts: self.inquiry.trail.attempts() });
                }
                Err(FlightError::Provider(error)) => self.fail(&turn, error),
            }
        }
    }

    /// Gives the next candidate its turn; false when there is none, or no time for it.
    fn ask_next(&mut self) -> bool {
        let now = Instant::now();
        if !self.failures.is_empty() && self.deadline.is_past(now) {
            return false;
        }
        let share = self.deadline.share(now, self.waiting.len());
        let Some(candidate) = self.waiting.pop_front() else { return false };
        let (assessor, turn) = (Arc::clone(&self.assessor), self.inquiry.turn(&candidate));
        let asking = async move {
            let outcome = assessor.ask(&turn, share).await;
            (turn, outcome)
        };
        self.asked.push(Box::pin(asking));
        true
    }

    fn fail(&mut self, turn: &Turn, error: Arc<ProviderError>) {
        if !error.kind.meaning().fail_over {
            self.waiting.clear();
        }
        self.failures.push((turn.provider.name().clone(), error));
    }

    fn refusal(self) -> Refusal {
        Refusal::NobodyAnswered { failures: self.failures, attempts: self.inquiry.trail.attempts() }
    }
}

async fn sleep_until(when: Option<Instant>) {
    if let Some(when) = when {
        tokio::time::sleep_until(when).await;
    }
}
