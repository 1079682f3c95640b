//! What became of an earlier request for the same that ended without a word: its process was killed, or its answer came
//! too late for its caller.

use std::sync::Arc;

use risk_provider::{Billed, FailureKind};

use super::Assessor;
use crate::{
    attempts::{Attempt, Outcome},
    ids::RequestId,
    store::{AttemptsRecord, Origin, ProviderRecord, StoreError, SubjectKey},
};

/// What became of an earlier request for the same.
#[derive(Debug)]
pub enum Earlier {
    /// Providers answered it: nobody need be paid again.
    Answered(Vec<Arc<ProviderRecord>>),
    /// A vendor may have been paid, and its answer is not known.
    Unknown(Vec<Attempt>),
    /// Nothing was paid.
    Nothing,
}

// === impl Assessor ===

impl Assessor {
    /// What finds the subject of this reference.
    #[must_use]
    pub fn subject_key(&self, team: &str, reference: &str) -> SubjectKey {
        SubjectKey {
            team: team.to_owned(),
            reference_mac: self.keys.reference_mac(team, reference),
            at: self.clock.now(),
        }
    }

    /// What became of the request `from`, which was about the same subject on the same route.
    ///
    /// # Errors
    ///
    /// When the store could not be read.
    pub async fn earlier(
        &self,
        from: &RequestId,
        subject: &SubjectKey,
        route: &str,
    ) -> Result<Earlier, StoreError> {
        let attempts = self.store.attempts_of(from).await?;
        let said = self.store.said_to(from).await?;
        if said.is_empty() {
            let unknown = |attempt: &Attempt| {
                attempt.outcome == Outcome::Failed(FailureKind::UnknownOutcome)
                    && attempt.billed == Billed::Unknown
            };
            let paid = attempts.iter().any(unknown);
            return Ok(if paid { Earlier::Unknown(attempts) } else { Earlier::Nothing });
        }
        let origin = Origin {
            team: subject.team.clone(),
            route: route.to_owned(),
            subject: self.store.subject(subject).await?,
            request_id: from.clone(),
        };
        let record = |(id, assessment): (_, risk_provider::ProviderAssessment)| {
            let by = |attempt: &&Attempt| attempt.provider == assessment.provider;
            let attempts = attempts.iter().filter(by).cloned().collect();
            let exchanges = AttemptsRecord { origin: origin.clone(), attempts };
            Arc::new(ProviderRecord { id, assessment: Arc::new(assessment), exchanges })
        };
        Ok(Earlier::Answered(said.into_iter().map(record).collect()))
    }
}
