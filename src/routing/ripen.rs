//! Going on with an answer that the vendor still owes: looked for again until it is there, or given up.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use risk_provider::{AnswerState, ProviderAssessment, ProviderName, VendorReference};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{
    Assessor, Provider, Question, Refusal,
    inquiry::{Inquiry, Turn, Voice},
};
use crate::{
    assessment::{Assessment, PolicyOutcome, Status},
    attempts::{Attempt, AttemptLog},
    cache::{CacheKey, Entry},
    deadline::Share,
    ids::{AssessmentId, ProviderAssessmentId},
    jobs::polling,
    policy,
    store::{
        AssessmentRecord, AttemptsRecord, Journal, LeasedItem, NewItem, Origin, ProviderRecord, StoreError,
    },
};

/// Why a pending answer became none.
const NEVER_ANSWERED: &str = "vendor_never_answered";

/// An answer that a vendor still owes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Owed {
    /// The pending assessment.
    assessment: AssessmentId,
    provider: ProviderName,
    reference: VendorReference,
    /// Under which the answer is kept once it is there.
    key: CacheKey,
    since: Timestamp,
}

/// What came of looking.
#[derive(Debug)]
pub enum Look {
    /// The assessment has its last revision now.
    Ended,
    /// There is nothing to look for any more.
    Gone,
    /// The vendor is still working; when to look again.
    Pending {
        /// After this time.
        again_in: Duration,
    },
}

// === impl Assessor ===

impl Assessor {
    /// The first look for what `assessment` still lacks; none where it lacks nothing, or cannot be looked for.
    pub(super) fn first_look(
        &self,
        inquiry: &Inquiry,
        voice: &Voice,
        assessment: &Assessment,
    ) -> Result<Option<NewItem>, StoreError> {
        let said = &voice.found.entry.record.assessment;
        let (AnswerState::Pending, Some(reference)) = (said.state, &said.vendor_reference) else {
            return Ok(None);
        };
        let owed = Owed {
            assessment: assessment.id.clone(),
            provider: said.provider.clone(),
            reference: reference.clone(),
            key: self.key_of(&inquiry.question, &voice.provider, said),
            since: assessment.created_at,
        };
        let run_at = assessment.created_at.checked_add(voice.provider.poll.first);
        Ok(Some(NewItem {
            kind: polling::KIND,
            // Found again by the vendor's reference, whoever asked and by whichever route.
            label: format!("{}/{}", self.keys.vendor_reference(&said.provider, reference), assessment.id),
            run_at: run_at.unwrap_or(Timestamp::MAX),
            payload: serde_json::to_vec(&owed)?,
        }))
    }

    /// The key under which what was said in answer to `turn` is kept.
    pub(super) fn answer_key(&self, turn: &Turn, said: &ProviderAssessment) -> CacheKey {
        self.key_of(&turn.inquiry.question, &turn.provider, said)
    }

    fn key_of(&self, question: &Question, provider: &Provider, said: &ProviderAssessment) -> CacheKey {
        let descriptor = provider.adapter.descriptor();
        // Of the questionnaire that was answered, not of the one that may be in force by now.
        let fingerprint = said.profile_fingerprint.as_deref();
        self.keys.key(&question.team, descriptor, fingerprint, &question.subject, self.clock.today())
    }

    /// Looks at once for what a vendor still owes under `reference`. How many assessments lack it.
    ///
    /// # Errors
    ///
    /// When the store could not be written.
    pub async fn look_sooner(
        &self,
        provider: &ProviderName,
        reference: &VendorReference,
    ) -> Result<u64, StoreError> {
        let label = format!("{}/", self.keys.vendor_reference(provider, reference));
        self.store.hurry(polling::KIND, label, self.clock.now()).await
    }

    /// Looks whether the vendor has answered, and if so appends the assessment's next revision, which ends `item`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when the vendor could not be asked, or the answer not be recorded.
    pub async fn look_for(&self, item: &LeasedItem, owed: &Owed) -> Result<Look, Refusal> {
        let first = self.store.assessment(&item.team, &owed.assessment).await?;
        let provider = self.providers.get(&owed.provider);
        let (Some(first), Some(provider)) = (first, provider) else { return Ok(Look::Gone) };
        let subject = self.store.subject_of(&first.subject.id).await?;
        let Some(subject) = subject.filter(|_| first.status == Status::Pending) else {
            return Ok(Look::Gone);
        };
        let origin = Origin {
            team: item.team.clone(),
            route: first.route.clone(),
            subject: Arc::new(subject),
            request_id: item.lease.request_id.clone(),
        };
        let log = AttemptLog::default();
        let said = self.read_back(provider, &origin, &owed.reference, &log).await;
        let exchanges = AttemptsRecord { origin, attempts: log.attempts() };
        match said {
            Ok(said) if said.state == AnswerState::Final => {
                self.ripened(item, owed, provider, first, said, exchanges).await?;
                Ok(Look::Ended)
            }
            other => {
                let now = self.clock.now();
                self.store.append_attempts(exchanges.clone()).await?;
                let waited = Duration::try_from(now.duration_since(owed.since)).unwrap_or_default();
                if waited >= provider.poll.give_up_after {
                    self.give_up(item, first, exchanges).await?;
                    return Ok(Look::Ended);
                }
                other.map_err(|error| {
                    let failures = vec![(owed.provider.clone(), Arc::new(error))];
                    Refusal::NobodyAnswered { failures, attempts: Vec::new() }
                })?;
                Ok(Look::Pending { again_in: provider.poll.wait(item.tries) })
            }
        }
    }

    async fn read_back(
        &self,
        provider: &Arc<Provider>,
        origin: &Origin,
        reference: &VendorReference,
        log: &AttemptLog,
    ) -> Result<ProviderAssessment, risk_provider::ProviderError> {
        let over = Instant::now() + provider.guards.timeout() * 2;
        let share = Share { wait_until: over, call_until: over };
        let journal = Journal::new(self.store.clone(), origin.clone());
        let call = provider.guards.call(journal, share, log.clone());
        provider.adapter.retrieve(&call, reference).await
    }

    async fn ripened(
        &self,
        item: &LeasedItem,
        owed: &Owed,
        provider: &Provider,
        first: Assessment,
        said: ProviderAssessment,
        exchanges: AttemptsRecord,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let (route, attempts) = (first.route.clone(), exchanges.attempts.clone());
        let subject = Arc::clone(&exchanges.origin.subject);
        let judged = policy::judge(&said);
        let completed = judged.status == Status::Completed;
        let assessment = Arc::new(revised(first, &said, judged, attempts, now, provider));
        let id = ProviderAssessmentId::new();
        let record = Arc::new(ProviderRecord { id, assessment: Arc::new(said), exchanges });
        self.store
            .append(AssessmentRecord {
                team: item.team.clone(),
                subject,
                assessment: Arc::clone(&assessment),
                purpose: None,
                sources: vec![Arc::clone(&record)],
                completes: Some(item.lease.clone()),
                enqueues: Vec::new(),
            })
            .await?;
        self.telemetry.answer(&assessment);
        if completed && !provider.ttl.is_zero() {
            let entry = Entry::new(record, now, provider.ttl, provider.keep_stale);
            entry.compose(&route, assessment);
            self.cache.keep(owed.key, Arc::new(entry)).await;
        }
        Ok(())
    }

    /// A vendor that never answers leaves an assessment that says so.
    async fn give_up(
        &self,
        item: &LeasedItem,
        first: Assessment,
        exchanges: AttemptsRecord,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let policy = PolicyOutcome {
            review_required: true,
            reasons: vec![NEVER_ANSWERED.to_owned()],
            ..first.policy.clone()
        };
        let attempts = [first.attempts.clone(), exchanges.attempts].concat();
        let revision = first.revision + 1;
        let status = Status::Partial;
        let assessment = Assessment { revision, status, policy, attempts, created_at: now, ..first };
        self.store
            .append(AssessmentRecord {
                team: item.team.clone(),
                subject: exchanges.origin.subject,
                assessment: Arc::new(assessment),
                purpose: None,
                sources: Vec::new(),
                completes: Some(item.lease.clone()),
                enqueues: Vec::new(),
            })
            .await
    }
}

/// The pending assessment `first` with what was `said` at last.
fn revised(
    mut first: Assessment,
    said: &ProviderAssessment,
    judged: policy::Judgement,
    attempts: Vec<Attempt>,
    now: Timestamp,
    provider: &Provider,
) -> Assessment {
    for answer in first.providers.iter_mut().filter(|answer| answer.provider == said.provider) {
        answer.score.clone_from(&judged.score);
        answer.level = judged.level;
        answer.vendor_level.clone_from(&said.vendor_level);
        answer.assessed_at = said.assessed_at;
        answer.mapping_version.clone_from(&said.mapping_version);
    }
    Assessment {
        revision: first.revision + 1,
        status: judged.status,
        score: judged.score,
        level: judged.level,
        bounds: judged.bounds,
        coverage: judged.coverage,
        policy: PolicyOutcome {
            base_level: judged.base_level,
            review_required: judged.review_required,
            reasons: judged.reasons,
            ..first.policy
        },
        factors: said.factors.clone(),
        evidence: said.evidence.clone(),
        flags: said.flags.clone(),
        attempts: [first.attempts, attempts].concat(),
        created_at: now,
        valid_until: now.checked_add(provider.ttl).unwrap_or(Timestamp::MAX),
        ..first
    }
}
