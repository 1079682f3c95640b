//! What is read back: assessments, what they were made of, and the exchanges that led to them.

use risk_provider::ProviderAssessment;

use super::{Filter, Store, StoreError, assessments, attempts, listing};
use crate::{
    assessment::Assessment,
    attempts::Attempt,
    ids::{AssessmentId, AttemptId, ProviderAssessmentId, RequestId},
};

// === impl Store ===

impl Store {
    /// The latest revision of a team's assessment; none when the team has no such assessment.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn assessment(&self, team: &str, id: &AssessmentId) -> Result<Option<Assessment>, StoreError> {
        assessments::find(&self.readers, &self.vault, team, id).await
    }

    /// The latest revisions of a team's assessments that pass `filter`, newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn list(&self, team: &str, filter: &Filter, limit: u32) -> Result<Vec<Assessment>, StoreError> {
        listing::list(&self.readers, &self.vault, team, filter, limit).await
    }

    /// What the latest revision of an assessment was made of.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn sources(
        &self,
        id: &AssessmentId,
    ) -> Result<Vec<(ProviderAssessmentId, ProviderAssessment)>, StoreError> {
        assessments::find_sources(&self.readers, &self.vault, id).await
    }

    /// The payloads behind an assessment, by provider.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn payloads(&self, id: &AssessmentId) -> Result<Vec<ProviderAssessment>, StoreError> {
        Ok(self.sources(id).await?.into_iter().map(|(_, said)| said).collect())
    }

    /// What providers said to a request, whatever became of it.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn said_to(
        &self,
        request: &RequestId,
    ) -> Result<Vec<(ProviderAssessmentId, ProviderAssessment)>, StoreError> {
        assessments::find_said(&self.readers, &self.vault, request).await
    }

    /// What a provider said in an exchange of this team; none when nothing of it is recorded.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn said_in(
        &self,
        team: &str,
        attempt: &AttemptId,
    ) -> Result<Option<(ProviderAssessmentId, ProviderAssessment)>, StoreError> {
        assessments::find_said_in(&self.readers, &self.vault, team, attempt).await
    }

    /// The first assessment that a team's route made of what a provider said.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn made_of(
        &self,
        team: &str,
        route: &str,
        source: &ProviderAssessmentId,
    ) -> Result<Option<Assessment>, StoreError> {
        assessments::find_made(&self.readers, &self.vault, (team, route), source).await
    }

    /// One exchange of a team; none while nothing of it is recorded.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn attempt(&self, team: &str, id: &AttemptId) -> Result<Option<Attempt>, StoreError> {
        attempts::find(&self.readers, team, id).await
    }

    /// Every exchange that a request led to, in order; one whose outcome is not recorded reads as one that is not
    /// known.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn attempts_of(&self, request: &RequestId) -> Result<Vec<Attempt>, StoreError> {
        attempts::find_by_request(&self.readers, request).await
    }
}
