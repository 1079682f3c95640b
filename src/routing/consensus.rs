//! Every provider at once: the route's answer is made of all that answer in time.

use std::sync::Arc;

use futures_util::future::join_all;
use risk_provider::{FailureKind, ProviderError};
use tokio::time::Instant;

use super::{
    Answer, Assessor, Refusal,
    inquiry::{Candidate, Inquiry, Voice},
};
use crate::{cache::FlightError, deadline::Deadline, store::Part};

// === impl Assessor ===

impl Assessor {
    /// The answer that all of `candidates` come to. Each has the whole time; whoever fails is not in it.
    pub(super) async fn all_of(
        self: &Arc<Self>,
        inquiry: &Arc<Inquiry>,
        candidates: &[Candidate],
        began: Instant,
    ) -> Result<Answer, Refusal> {
        let deadline = Deadline::new(began, inquiry.route.deadline, inquiry.question.deadline);
        let share = deadline.share(Instant::now(), 1);
        let turns = candidates.iter().map(|candidate| inquiry.turn(candidate));
        let asked = join_all(turns.map(async |turn| (self.ask(&turn, share).await, turn))).await;
        let (mut voices, mut failures) = (Vec::new(), Vec::new());
        for (outcome, turn) in asked {
            match outcome {
                Ok(found) => voices.push(Voice { provider: turn.provider, role: turn.role, found }),
                Err(FlightError::Provider(error)) => failures.push((turn.provider.name().clone(), error)),
                Err(FlightError::Store(error)) => {
                    return Err(Refusal::Store { error, attempts: inquiry.trail.attempts() });
                }
            }
        }
        if voices.is_empty() {
            return Err(Refusal::NobodyAnswered { failures, attempts: inquiry.trail.attempts() });
        }
        let without = failures.into_iter().map(|(provider, error)| (provider, part_of(&error))).collect();
        // Nobody told of it before.
        drop(inquiry.without.set(without));
        self.answer_of(inquiry, &voices, began).await
    }
}

/// What a comparison makes of a provider that failed as one of several: our own limits and an open breaker say nothing of it.
const fn part_of(error: &ProviderError) -> Part {
    if matches!(error.kind, FailureKind::Throttled) { Part::NotAsked } else { Part::InVain }
}
