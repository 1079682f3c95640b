//! Going on with an answer that the vendor still owes: looked for again until it is there, or given up.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use risk_provider::{AnswerState, ProviderAssessment, ProviderError, ProviderName, VendorReference};
use tokio::time::Instant;

use super::{
    Assessor, Look, Owed, Provider, Question,
    inquiry::{Inquiry, Turn, Voice},
};
use crate::{
    assessment::{Assessment, Consensus, PolicyOutcome, Status},
    attempts::AttemptLog,
    cache::{CacheKey, Entry},
    deadline::Share,
    ids::{AssessmentId, ProviderAssessmentId},
    jobs::polling,
    policy::{Combine, Facts, Judgement, Policy},
    store::{
        AssessmentRecord, AttemptsRecord, Compared, Journal, LeasedItem, NewItem, Origin, ProviderRecord,
        StoreError,
    },
};

/// Why a pending answer became none.
const NEVER_ANSWERED: &str = "vendor_never_answered";
/// Why an answer was judged without its route's own rules.
const ROUTE_IS_GONE: &str = "route_is_gone";

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
        let owed = self.owed(&inquiry.question, &voice.provider, said, &assessment.id);
        owed.map(|owed| owed.first_look(&self.keys, &voice.provider)).transpose()
    }

    /// What the provider that `said` so still owes to an assessment; none where it owes nothing, or cannot be looked for.
    pub(super) fn owed(
        &self,
        question: &Question,
        provider: &Provider,
        said: &ProviderAssessment,
        assessment: &AssessmentId,
    ) -> Option<Owed> {
        let (AnswerState::Pending, Some(reference)) = (said.state, &said.vendor_reference) else {
            return None;
        };
        Some(Owed {
            assessment: assessment.clone(),
            provider: said.provider.clone(),
            reference: reference.clone(),
            key: self.key_of(question, provider, said),
            since: self.clock.now(),
            facts: Facts::from(question.subject.as_ref()),
            subject: Some(question.subject.to_request()),
            flags: said.flags.clone(),
            shadow_of: None,
        })
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
    /// When the store could not be read, or the answer not be recorded.
    pub async fn look_for(&self, item: &LeasedItem, owed: &Owed) -> Result<Look, StoreError> {
        let first = self.store.assessment(&item.team, &owed.assessment).await?;
        let provider = self.providers.get(&owed.provider);
        let (Some(first), Some(provider)) = (first, provider) else { return Ok(Look::Gone) };
        let subject = self.store.subject_of(&first.subject.id).await?;
        let is_waited_for = owed.shadow_of.is_some() || first.waits();
        let Some(subject) = subject.filter(|_| is_waited_for) else { return Ok(Look::Gone) };
        let origin = Origin {
            team: item.team.clone(),
            route: first.route.clone(),
            subject: Arc::new(subject),
            request_id: item.lease.request_id.clone(),
        };
        let log = AttemptLog::default();
        let said = self.read_back(provider, &origin, &owed.reference, &log).await;
        let said = said.and_then(|said| owed.confirmed(&*provider.adapter, said));
        let exchanges = AttemptsRecord { origin, attempts: log.attempts() };
        match said {
            Ok(said) if said.state == AnswerState::Final => {
                match owed.shadow_of {
                    Some(revision) => {
                        let served = Assessment { revision, ..first };
                        self.shadow_ripened(item, served, owed, provider, said, exchanges).await?;
                    }
                    None => self.ripened(item, owed, provider, first, said, exchanges).await?,
                }
                Ok(Look::Ended)
            }
            other => {
                self.store.append_attempts(exchanges.clone()).await?;
                let waited = self.clock.now().duration_since(owed.since);
                let is_over = Duration::try_from(waited).unwrap_or_default() >= provider.poll.give_up_after;
                if is_over && owed.shadow_of.is_some() {
                    return Ok(Look::Gone);
                }
                if is_over {
                    self.give_up(item, &owed.provider, first, exchanges).await?;
                    return Ok(Look::Ended);
                }
                Ok(put_off(other.err().as_ref(), provider.poll.wait(item.tries)))
            }
        }
    }

    async fn read_back(
        &self,
        provider: &Arc<Provider>,
        origin: &Origin,
        reference: &VendorReference,
        log: &AttemptLog,
    ) -> Result<ProviderAssessment, ProviderError> {
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
        let (now, attempts) = (self.clock.now(), exchanges.attempts.clone());
        let others = self.others(&first, &owed.provider, &exchanges.origin).await?;
        said.flags.iter().for_each(|&flag| self.telemetry.flag(&said.provider, flag));
        let id = ProviderAssessmentId::new();
        let reference_mac = self.keys.reference_of(&item.team, &said);
        let record = Arc::new(ProviderRecord { id, assessment: Arc::new(said), exchanges, reference_mac });
        let sources = [others, vec![Arc::clone(&record)]].concat();
        let said: Vec<&ProviderAssessment> = sources.iter().map(|it| it.assessment.as_ref()).collect();
        let judged = self.judge_late(&said, &first.route, &owed.facts);
        let statuses = said.iter().map(|said| self.status_late(said, &first.route, &owed.facts)).collect();
        let completed = judged.0.status == Status::Completed;
        let alone = first.consensus.is_none();
        let (route, attempts) = (first.route.clone(), [first.attempts.clone(), attempts].concat());
        let valid_until = now.checked_add(provider.ttl).unwrap_or(Timestamp::MAX);
        let first = Assessment { attempts, created_at: now, valid_until, ..first };
        let assessment = Arc::new(revised(first, &record.assessment, &said, judged));
        self.store
            .append(AssessmentRecord {
                team: item.team.clone(),
                subject: Arc::clone(&record.exchanges.origin.subject),
                assessment: Arc::clone(&assessment),
                purpose: None,
                sources,
                completes: Some(item.lease.clone()),
                enqueues: Vec::new(),
                compared: Some(Compared { question: None, statuses, without: Vec::new() }),
            })
            .await?;
        self.telemetry.answer(&assessment);
        if completed && !provider.ttl.is_zero() {
            let entry = Entry::new(record, now, provider.ttl, provider.keep_stale);
            if let Some(route) = self.routes.get(&route).filter(|_| alone) {
                entry.put(route.recipe(owed.facts), assessment);
            }
            self.cache.keep(owed.key, Arc::new(entry)).await;
        }
        Ok(())
    }

    /// What the others of a consensus said already.
    async fn others(
        &self,
        first: &Assessment,
        late: &ProviderName,
        origin: &Origin,
    ) -> Result<Vec<Arc<ProviderRecord>>, StoreError> {
        if first.consensus.is_none() {
            return Ok(Vec::new());
        }
        let said = self.store.sources(&first.id).await?.into_iter();
        let others = said.filter(|(_, said)| said.provider != *late).map(|(id, said)| {
            // Written already, with the exchanges that led to it.
            let exchanges = AttemptsRecord { origin: origin.clone(), attempts: Vec::new() };
            let reference_mac = self.keys.reference_of(&origin.team, &said);
            Arc::new(ProviderRecord { id, assessment: Arc::new(said), exchanges, reference_mac })
        });
        Ok(others.collect())
    }

    /// Judges by the policy that `route` has now; where there is no such route any more, a person must look.
    fn judge_late(
        &self,
        said: &[&ProviderAssessment],
        route: &str,
        facts: &Facts,
    ) -> (Judgement, Option<Consensus>) {
        if let Some(route) = self.routes.get(route) {
            return route.judge(said, facts);
        }
        let judged = Policy::default().judge(said, facts, Combine::default());
        (judged.to_be_reviewed(ROUTE_IS_GONE), None)
    }

    /// What one answer alone is worth by that policy.
    fn status_late(&self, said: &ProviderAssessment, route: &str, facts: &Facts) -> Status {
        let route = self.routes.get(route);
        route.map_or_else(
            || Policy::default().status_of(said, facts),
            |route| route.policy.status_of(said, facts),
        )
    }

    /// A vendor that never answers leaves an assessment that says so.
    async fn give_up(
        &self,
        item: &LeasedItem,
        late: &ProviderName,
        first: Assessment,
        exchanges: AttemptsRecord,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let policy = PolicyOutcome {
            review_required: true,
            reasons: vec![NEVER_ANSWERED.to_owned()],
            ..first.policy.clone()
        };
        let sources = self.others(&first, late, &exchanges.origin).await?;
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
                sources,
                completes: Some(item.lease.clone()),
                enqueues: Vec::new(),
                compared: None,
            })
            .await
    }
}

/// A look that found nothing is repeated after `wait`; one that failed no sooner than the vendor asks.
fn put_off(failure: Option<&ProviderError>, wait: Duration) -> Look {
    match failure {
        None => Look::Pending { again_in: wait },
        Some(error) => {
            let again_in = wait.max(error.retry_after.unwrap_or_default());
            Look::Failed { kind: error.kind, again_in }
        }
    }
}

/// The assessment `first` with what came `late`; `said` is all of it.
fn revised(
    mut first: Assessment,
    late: &ProviderAssessment,
    said: &[&ProviderAssessment],
    (judged, consensus): (Judgement, Option<Consensus>),
) -> Assessment {
    for answer in first.providers.iter_mut().filter(|answer| answer.provider == late.provider) {
        let alone = Policy::default().verdict(late);
        answer.score = alone.score;
        answer.level = alone.level;
        answer.vendor_level.clone_from(&late.vendor_level);
        answer.assessed_at = late.assessed_at;
        answer.mapping_version.clone_from(&late.mapping_version);
    }
    let policy = judged.outcome();
    Assessment {
        revision: first.revision + 1,
        status: judged.status,
        decided_by: if consensus.is_some() { judged.decided_by } else { first.decided_by },
        consensus,
        score: judged.score,
        level: judged.level,
        bounds: judged.bounds,
        coverage: judged.coverage,
        policy,
        factors: said.iter().flat_map(|said| said.factors.clone()).collect(),
        evidence: said.iter().flat_map(|said| said.evidence.clone()).collect(),
        flags: said.iter().flat_map(|said| said.flags.clone()).collect(),
        ..first
    }
}

// === impl Assessment ===

impl Assessment {
    /// Whether an answer that is owed still belongs into it. One that a consensus waits for is looked for once.
    const fn waits(&self) -> bool {
        matches!(self.status, Status::Pending) || self.consensus.is_some()
    }
}
