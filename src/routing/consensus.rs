//! Every provider at once: the route's answer is made of all that answer in time.

use std::sync::Arc;

use tokio::{task::JoinSet, time::Instant};
use tracing::Instrument;

use super::{
    Answer, Assessor, Refusal,
    inquiry::{Candidate, Inquiry, Voice},
};
use crate::{cache::FlightError, deadline::Deadline};

// === impl Assessor ===

impl Assessor {
    /// The answer that all of `candidates` come to. Each has the whole time; whoever fails is not in it.
    pub(super) async fn all_of(
        self: &Arc<Self>,
        inquiry: &Arc<Inquiry>,
        candidates: Vec<Candidate>,
        began: Instant,
    ) -> Result<Answer, Refusal> {
        let deadline = Deadline::new(began, inquiry.route.deadline, inquiry.question.deadline);
        let share = deadline.share(Instant::now(), 1);
        let mut asked = JoinSet::new();
        for (place, candidate) in candidates.iter().enumerate() {
            let (assessor, turn) = (Arc::clone(self), inquiry.turn(candidate));
            let asking = async move {
                let outcome = assessor.ask(&turn, share).await;
                (place, turn, outcome)
            };
            asked.spawn(asking.in_current_span());
        }
        let (mut voices, mut failures) = (Vec::new(), Vec::new());
        while let Some(ended) = asked.join_next().await {
            let Ok((place, turn, outcome)) = ended else { return Err(Refusal::Interrupted) };
            match outcome {
                Ok(found) => voices.push((place, Voice { provider: turn.provider, role: turn.role, found })),
                Err(FlightError::Provider(error)) => {
                    failures.push((place, (turn.provider.name().clone(), error)));
                }
                Err(FlightError::Store(error)) => {
                    return Err(Refusal::Store { error, attempts: inquiry.trail.attempts() });
                }
            }
        }
        // In the route's order, whoever was first.
        voices.sort_by_key(|(place, _)| *place);
        failures.sort_by_key(|(place, _)| *place);
        if voices.is_empty() {
            let failures = failures.into_iter().map(|(_, failure)| failure).collect();
            return Err(Refusal::NobodyAnswered { failures, attempts: inquiry.trail.attempts() });
        }
        let voices: Vec<Voice> = voices.into_iter().map(|(_, voice)| voice).collect();
        self.answer_of(inquiry, &voices, began).await
    }
}
