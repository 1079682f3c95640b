//! What a route does when nobody answered: give what is no longer fresh, or hold the question and ask again later.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use risk_provider::{Factor, FailureKind, Level, ProviderAssessment, SubjectRequest, assessment::Bounds};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{
    Answer, Assessor, CacheUse, OnUnavailable, Provider, Refusal, Replaced,
    ask::suits,
    inquiry::{Candidate, Found, Inquiry, Voice},
};
use crate::{
    assessment::{Assessment, PolicyOutcome, Status, SubjectSummary},
    cache::{Entry, Lookup},
    ids::AssessmentId,
    jobs::{holding, screening},
    store::{AssessmentRecord, LeasedItem, NewItem, StoreError, StoredSubject},
};

/// The reason of an assessment that is held.
const HELD: &str = "held";
/// The reason of one that was held in vain.
const GIVEN_UP: &str = "given_up";

/// A question that is held until somebody answers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Held {
    /// The assessment that waits for its answer.
    pub assessment: AssessmentId,
    /// Whom it is about.
    pub subject: SubjectRequest,
    /// What the answer is for.
    pub purpose: Option<String>,
    /// Until when it is asked again.
    pub until: Timestamp,
    /// The oldest answer that its caller wanted, in seconds.
    #[serde(default)]
    pub max_age_s: Option<u64>,
    /// The answer that it is asked in place of.
    #[serde(default)]
    pub replaces: Option<Replaced>,
}

// === impl Assessor ===

impl Assessor {
    /// What the route does instead of an answer.
    ///
    /// # Errors
    ///
    /// `refusal`, where there is nothing else to give.
    pub(super) async fn make_do(
        &self,
        inquiry: &Arc<Inquiry>,
        candidates: &[Candidate],
        refusal: Refusal,
        began: Instant,
    ) -> Result<Answer, Refusal> {
        // What the caller has to mend is told, and a held question is asked again by whoever holds it.
        if refusal.is_callers_own() || inquiry.question.continues.is_some() {
            return Err(refusal);
        }
        match inquiry.route.on_unavailable {
            OnUnavailable::Fail => Err(refusal),
            OnUnavailable::Stale => {
                let voices = self.stale(inquiry, candidates).await;
                if voices.is_empty() {
                    return Err(refusal);
                }
                let came = inquiry.close().map_or(voices, |came| vec![came]);
                self.answer_of(inquiry, &came, began).await
            }
            OnUnavailable::Hold { hold_for } => match inquiry.close() {
                Some(came) => self.answer_of(inquiry, &[came], began).await,
                None => self.hold(inquiry, &refusal, hold_for).await,
            },
        }
    }

    /// What is no longer fresh but may still be given, in the order in which `candidates` were asked: the first of it,
    /// or all where the route asks for a consensus.
    async fn stale(&self, inquiry: &Arc<Inquiry>, candidates: &[Candidate]) -> Vec<Voice> {
        let most = if inquiry.one_decides { 1 } else { candidates.len() };
        let mut voices = Vec::new();
        for candidate in candidates {
            if voices.len() < most {
                voices.extend(self.stale_of(inquiry, candidate).await);
            }
        }
        voices
    }

    async fn stale_of(&self, inquiry: &Arc<Inquiry>, candidate: &Candidate) -> Option<Voice> {
        let turn = inquiry.turn(candidate);
        // What the route would not ask it does not give either.
        suits(&turn, &self.clock).ok()?;
        let Lookup::Stale(entry) = self.look(&turn).await else { return None };
        let age = entry.age(self.clock.now());
        let is_wanted = inquiry.question.max_age.is_none_or(|max_age| age <= max_age);
        let Candidate { provider, role } = candidate.clone();
        if !is_wanted || !may_be_given(&provider, &entry, age) {
            return None;
        }
        self.telemetry.cache(provider.name(), CacheUse::GivenStale.as_str());
        Some(Voice { provider, role, found: Found { entry, cache: CacheUse::GivenStale } })
    }

    /// An assessment without a level, and a durable word that it is to have one.
    async fn hold(
        &self,
        inquiry: &Inquiry,
        refusal: &Refusal,
        hold_for: Duration,
    ) -> Result<Answer, Refusal> {
        let question = &inquiry.question;
        let key = self.subject_key(&question.team, question.subject.reference.expose());
        let subject = self.store.subject(&key).await?;
        let now = self.clock.now();
        let reasons = vec![HELD.to_owned(), refusal.code().to_owned()];
        let assessment = unanswered(inquiry, &subject, reasons, now);
        let held = Held {
            assessment: assessment.id.clone(),
            subject: question.subject.to_request(),
            purpose: question.purpose.clone(),
            until: now.checked_add(hold_for).unwrap_or(Timestamp::MAX),
            max_age_s: question.max_age.map(|max_age| max_age.as_secs()),
            replaces: question.replaces.clone(),
        };
        let item = NewItem {
            kind: holding::KIND,
            label: assessment.id.to_string(),
            run_at: now.checked_add(holding::FIRST_WAIT).unwrap_or(Timestamp::MAX),
            payload: serde_json::to_vec(&held).map_err(StoreError::from)?,
        };
        let mut enqueues = vec![item];
        if question.completes.is_some() {
            // The screening that this ends must not be the last one, even if nobody ever answers.
            enqueues.extend(screening::next(&inquiry.route, question, &subject, now)?);
        }
        let record = AssessmentRecord {
            team: question.team.clone(),
            subject,
            assessment: Arc::new(assessment.clone()),
            purpose: question.purpose.clone(),
            sources: Vec::new(),
            completes: question.completes.clone(),
            enqueues,
            compared: None,
        };
        self.store.append(record).await?;
        let vendor_time = Duration::ZERO;
        Ok(Answer { assessment, cache: CacheUse::Miss, age: Duration::ZERO, vendor_time })
    }

    /// Ends a held assessment that nobody answered in time.
    ///
    /// # Errors
    ///
    /// When that could not be recorded.
    pub async fn stop_holding(&self, item: &LeasedItem, held: Assessment) -> Result<(), StoreError> {
        let Some(subject) = self.store.subject_of(&held.subject.id).await? else {
            return Err(StoreError::Erased);
        };
        let policy = PolicyOutcome { reasons: vec![GIVEN_UP.to_owned()], ..held.policy.clone() };
        let (revision, created_at) = (held.revision + 1, self.clock.now());
        let assessment = Assessment { revision, created_at, policy, ..held };
        self.store
            .append(AssessmentRecord {
                team: item.team.clone(),
                subject: Arc::new(subject),
                assessment: Arc::new(assessment),
                purpose: None,
                sources: Vec::new(),
                completes: Some(item.lease.clone()),
                enqueues: Vec::new(),
                compared: None,
            })
            .await
    }
}

// === impl Refusal ===

impl Refusal {
    /// Whether only the caller can mend it.
    fn is_callers_own(&self) -> bool {
        let own = |kind: FailureKind| kind.meaning().http_status == 422;
        self.worst().is_some_and(|worst| own(worst.kind))
    }
}

/// Whether an answer that is no longer fresh is still good enough. One that cleared a subject of sanctions ages faster
/// than others: lists change by the day.
fn may_be_given(provider: &Provider, entry: &Entry, age: Duration) -> bool {
    !clears(&entry.record.assessment) || age <= provider.clear_max_age
}

/// Whether an answer says of a subject that no list names it.
fn clears(answer: &ProviderAssessment) -> bool {
    let screens = |factor: &&Factor| matches!(factor.code.as_str(), "screening.sanction" | "screening.pep");
    let clear = |factor: &Factor| factor.state.covers() && factor.level < Some(Level::High);
    answer.factors.iter().filter(screens).any(clear)
}

fn unanswered(
    inquiry: &Inquiry,
    subject: &StoredSubject,
    reasons: Vec<String>,
    now: Timestamp,
) -> Assessment {
    let Inquiry { route, question, assigned_to, trail, .. } = inquiry;
    Assessment {
        id: AssessmentId::new(),
        revision: 1,
        replaces: question.replaces.as_ref().map(|replaced| replaced.assessment.clone()),
        status: Status::Unavailable,
        route: route.name.clone(),
        strategy: route.strategy(),
        subject: SubjectSummary {
            id: subject.id.clone(),
            reference: question.subject.reference.clone(),
            kind: question.subject.kind(),
        },
        score: None,
        level: None,
        bounds: Bounds { low: 0.0, high: 100.0 },
        coverage: 0.0,
        decided_by: None,
        assigned_to: assigned_to.clone(),
        consensus: None,
        policy: PolicyOutcome {
            version: Some(route.policy.version().to_owned()),
            base_level: None,
            floors_applied: Vec::new(),
            overridden: None,
            review_required: true,
            reasons,
        },
        factors: Vec::new(),
        evidence: Vec::new(),
        flags: std::collections::BTreeSet::new(),
        providers: Vec::new(),
        attempts: trail.attempts(),
        created_at: now,
        valid_until: now,
        raw: None,
    }
}
