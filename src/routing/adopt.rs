//! What became of an earlier request for the same that ended without a word: its process was killed, or its answer came
//! too late for its caller.

use std::sync::Arc;

use risk_provider::{ProviderAssessment, ProviderName, Subject};

use super::Assessor;
use crate::{
    assessment::{Assessment, PolicyOutcome},
    attempts::Attempt,
    ids::{ProviderAssessmentId, RequestId},
    policy::Facts,
    store::{AttemptsRecord, Origin, ProviderRecord, StoreError, SubjectKey},
};

/// What became of an earlier request for the same.
#[derive(Debug)]
pub enum Earlier {
    /// Providers answered it: nobody need be paid again.
    Answered {
        /// What they said.
        adopted: Vec<Adopted>,
        /// Others that were, or may have been, paid besides, and gave no answer that is known.
        unknown: Vec<Attempt>,
    },
    /// A vendor may have been paid, and its answer is not known.
    Unknown(Vec<Attempt>),
    /// Nothing was paid.
    Nothing,
}

/// What a question can go on from, so that nobody is paid twice.
#[derive(Debug, Default)]
pub struct Known {
    /// What providers said already.
    pub adopted: Vec<Adopted>,
    /// Whom not to ask: they may have been paid already, and what they said is not known.
    pub spares: Vec<ProviderName>,
}

/// What a provider said to an earlier request for the same.
#[derive(Debug, Clone)]
pub struct Adopted {
    /// What it said.
    pub record: Arc<ProviderRecord>,
    /// What the route made of it then, if it came to that.
    pub made: Option<Arc<Assessment>>,
}

/// The question that an earlier request asked.
#[derive(Debug, Clone)]
pub struct Same {
    /// Whom it is about.
    pub subject: Arc<Subject>,
    /// What finds that subject in the store.
    pub key: SubjectKey,
    /// Its route.
    pub route: String,
}

// === impl Known ===

impl Known {
    /// Goes on from what was said; whoever may have been paid besides is not asked.
    #[must_use]
    pub fn from(adopted: Vec<Adopted>, unknown: Vec<Attempt>) -> Self {
        Self { adopted, spares: unknown.into_iter().map(|attempt| attempt.provider).collect() }
    }
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

    /// What became of the requests `from`, each of which took over from the one before it.
    ///
    /// # Errors
    ///
    /// When the store could not be read.
    pub async fn earlier(&self, from: &[RequestId], same: &Same) -> Result<Earlier, StoreError> {
        let (mut attempts, mut said) = (Vec::new(), Vec::new());
        for request in from {
            attempts.extend(self.store.attempts_of(request).await?);
            said.extend(self.store.said_to(request).await?);
        }
        if said.is_empty() {
            let paid = attempts.iter().any(Attempt::may_have_paid_for_nothing);
            return Ok(if paid { Earlier::Unknown(attempts) } else { Earlier::Nothing });
        }
        self.adopt(said, &attempts, same).await
    }

    /// What became of exchanges whose outcome was not known when their caller was told of them; whoever led them.
    ///
    /// # Errors
    ///
    /// When the store could not be read.
    pub async fn come_to_light(&self, told: Vec<Attempt>, same: &Same) -> Result<Earlier, StoreError> {
        let team = &same.key.team;
        let (mut attempts, mut said) = (Vec::new(), Vec::new());
        for attempt in &told {
            attempts.extend(self.store.attempt(team, &attempt.id).await?);
            said.extend(self.store.said_in(team, &attempt.id).await?);
        }
        if said.is_empty() { Ok(Earlier::Unknown(told)) } else { self.adopt(said, &attempts, same).await }
    }

    async fn adopt(
        &self,
        said: Vec<(ProviderAssessmentId, ProviderAssessment)>,
        attempts: &[Attempt],
        same: &Same,
    ) -> Result<Earlier, StoreError> {
        let team = &same.key.team;
        let origin = Origin {
            team: team.clone(),
            route: same.route.clone(),
            subject: self.store.subject(&same.key).await?,
            // Only what is written already is adopted: nothing is written under this name.
            request_id: RequestId::new(),
        };
        let is_known = |provider: &ProviderName| said.iter().any(|(_, said)| said.provider == *provider);
        let unknown = attempts.iter().filter(|it| it.is_owed_an_answer() && !is_known(&it.provider));
        let unknown = unknown.cloned().collect();
        let mut adopted = Vec::new();
        for (id, assessment) in said {
            let made = self.store.made_of(team, &same.route, &id).await?;
            let facts = Facts::from(same.subject.as_ref());
            let made = made.filter(|made| self.is_made_alike(made, &[&assessment], &facts)).map(Arc::new);
            let by = |attempt: &&Attempt| attempt.provider == assessment.provider;
            let attempts = attempts.iter().filter(by).cloned().collect();
            let exchanges = AttemptsRecord { origin: origin.clone(), attempts };
            let reference_mac = self.keys.reference_of(team, &assessment);
            let record = ProviderRecord { id, assessment: Arc::new(assessment), exchanges, reference_mac };
            adopted.push(Adopted { record: Arc::new(record), made });
        }
        Ok(Earlier::Answered { adopted, unknown })
    }

    /// Whether its route makes the same of what was `said` about a subject of whom these `facts` are known.
    pub(super) fn is_made_alike(
        &self,
        made: &Assessment,
        said: &[&ProviderAssessment],
        facts: &Facts,
    ) -> bool {
        let Some(route) = self.route(&made.route) else { return false };
        let (judged, _) = route.judge(said, facts);
        let policy = PolicyOutcome { overridden: None, ..made.policy.clone() };
        (judged.outcome(), judged.status, judged.level) == (policy, made.status, made.level)
    }
}
