//! Providers in order: the first answer wins, only a failure moves on; a slow one may be hedged by the next.

use std::{sync::Arc, time::Duration};

use risk_provider::{ProviderError, ProviderName};
use tokio::time::Instant;

use super::{
    Answer, Assessor, CacheUse, Refusal,
    inquiry::{Candidate, Inquiry, Turn, Voice},
    race::{self, Pace, Word},
};
use crate::{
    attempts,
    cache::FlightError,
    deadline::{Deadline, Share},
};

type Failure = (ProviderName, Arc<ProviderError>);

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
        let deadline = Deadline::new(began, inquiry.route.deadline, inquiry.question.deadline);
        let asking = |candidate, share| self.word_of(inquiry.turn(&candidate), share);
        let pace = Pace { deadline, hedge_after };
        let ended = race::first_of(candidates.iter().cloned(), pace, asking).await;
        let voice = ended.unwrap_or_else(|failures| {
            Err(Refusal::NobodyAnswered { failures, attempts: inquiry.trail.attempts() })
        })?;
        self.answer_of(inquiry, &[voice], began).await
    }

    async fn word_of(self: &Arc<Self>, turn: Turn, share: Share) -> Word<Result<Voice, Refusal>, Failure> {
        let error = match self.ask(&turn, share).await {
            Ok(found) => {
                let voice = Voice { provider: Arc::clone(&turn.provider), role: turn.role, found };
                return Word::Ends(Ok(turn.inquiry.decide(voice)));
            }
            Err(FlightError::Store(error)) => {
                return Word::Ends(Err(Refusal::Store { error, attempts: turn.inquiry.trail.attempts() }));
            }
            Err(FlightError::Provider(error)) => error,
        };
        let fails_over = error.kind.meaning().fail_over;
        let failure = (turn.provider.name().clone(), error);
        if fails_over { Word::MovesOn(failure) } else { Word::NobodyElse(failure) }
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
        let cache = voices.iter().map(|voice| voice.found.cache).reduce(CacheUse::or);
        Ok(Answer { assessment, cache: cache.unwrap_or(CacheUse::Miss), age, vendor_time })
    }
}
