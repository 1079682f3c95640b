//! Asking other providers the same question for comparison alone: detached, sampled, capped, and never served.

use std::sync::Arc;

use risk_provider::{AnswerState, Billed, FailureKind, ProviderAssessment};
use tokio::{sync::Semaphore, time::Instant};
use tracing::Instrument;

use super::{
    Answer, Assessor, CacheUse, Owed, Provider, Question, Route,
    ask::suits,
    inquiry::{Candidate, Found, Inquiry, Turn},
};
use crate::{
    assessment::{Assessment, Role, Served, Status},
    attempts::Attempt,
    cache::{Entry, FlightError},
    deadline::Deadline,
    ids::ProviderAssessmentId,
    policy::Facts,
    store::{AttemptsRecord, LeasedItem, Part, ProviderRecord, ShadowAnswer, ShadowRecord, StoreError},
};

/// Who else is asked, how often, and how many of them at once.
#[derive(Debug, Clone)]
pub struct Shadow {
    /// Whom.
    pub providers: Vec<Arc<Provider>>,
    /// About which share of the subjects, above 0 and up to 1.
    pub sample: f64,
    /// One place for each call that may be under way.
    pub places: Arc<Semaphore>,
}

/// Why a challenger is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeftOut {
    /// The route's answer is its own.
    AnsweredItself,
    /// It failed as one of the route's own, and may have been paid.
    AskedAlready,
    /// It failed too often lately.
    BreakerOpen,
    /// Its limit has no turn left beside those of callers.
    NoTurn,
    /// As many are under way as may be.
    NoPlace,
    /// It lacks what it needs, or does not know such subjects.
    CannotAnswer,
}

// === impl LeftOut ===

impl LeftOut {
    /// The word in metrics.
    const fn as_str(self) -> &'static str {
        match self {
            Self::AnsweredItself => "answered_itself",
            Self::AskedAlready => "asked_already",
            Self::BreakerOpen => "breaker_open",
            Self::NoTurn => "no_turn",
            Self::NoPlace => "no_place",
            Self::CannotAnswer => "cannot_answer",
        }
    }

    /// What comparisons make of it; none where its part in the question is known.
    const fn part(self) -> Option<Part> {
        match self {
            Self::AnsweredItself | Self::AskedAlready => None,
            Self::BreakerOpen | Self::NoTurn | Self::NoPlace => Some(Part::NotAsked),
            Self::CannotAnswer => Some(Part::InVain),
        }
    }
}

// === impl Assessor ===

impl Assessor {
    /// Puts the question to the route's challengers as well, if its subject is in the sample. Nobody waits for them.
    pub(super) fn cast_shadows(
        self: &Arc<Self>,
        route: &Arc<Route>,
        question: &Arc<Question>,
        answer: &Answer,
    ) {
        let Some(shadow) = &route.shadow else { return };
        let purpose = format!("shadow/{}", route.name);
        let draw = self.keys.draw(&question.team, &purpose, question.subject.reference.expose());
        let answered = matches!(answer.assessment.status, Status::Completed | Status::Partial);
        // What is given again, or to several at once, has its shadow already, and one of another age would not compare.
        let is_new = !matches!(answer.cache, CacheUse::Hit | CacheUse::Joined | CacheUse::GivenStale);
        if draw >= shadow.sample || !answered || !is_new {
            return;
        }
        for challenger in &shadow.providers {
            if let Err(why) = self.cast_shadow(route, question, shadow, challenger, &answer.assessment) {
                self.telemetry.shadow(challenger.name(), why.as_str());
                if let Some(part) = why.part() {
                    self.note_left_out(question, challenger, &answer.assessment, part);
                }
            }
        }
    }

    /// Notes that a challenger which was to answer was left out, so that no comparison takes that for nothing to tell.
    fn note_left_out(
        self: &Arc<Self>,
        question: &Arc<Question>,
        challenger: &Provider,
        served: &Assessment,
        part: Part,
    ) {
        let record = ShadowRecord {
            team: question.team.clone(),
            assessment: Arc::new(served.clone()),
            question: Some(self.asked_about(question)),
            provider: challenger.name().clone(),
            answer: Err(part),
            at: self.clock.now(),
            completes: None,
        };
        let assessor = Arc::clone(self);
        let noting = async move {
            if let Err(error) = assessor.store.note_shadow(record).await {
                tracing::warn!(error = error.told(), "a shadow that was left out could not be recorded");
            }
        };
        self.tasks.spawn(noting.in_current_span());
    }

    fn cast_shadow(
        self: &Arc<Self>,
        route: &Arc<Route>,
        question: &Arc<Question>,
        shadow: &Shadow,
        challenger: &Arc<Provider>,
        served: &Assessment,
    ) -> Result<(), LeftOut> {
        if served.providers.iter().any(|answer| answer.provider == *challenger.name()) {
            return Err(LeftOut::AnsweredItself);
        }
        if question.spares.contains(challenger.name()) || was_asked(challenger, served) {
            return Err(LeftOut::AskedAlready);
        }
        if challenger.guards.refuses(challenger.paid_operation()) {
            return Err(LeftOut::BreakerOpen);
        }
        // Room is left for callers. A turn that it takes is one that the next caller waits for all the same.
        if challenger.guards.is_busy() {
            return Err(LeftOut::NoTurn);
        }
        let place = Arc::clone(&shadow.places).try_acquire_owned().map_err(|_full| LeftOut::NoPlace)?;
        // Asked for itself alone: what it says ends no job and belongs to no key.
        let question =
            Question { completes: None, holds: None, continues: None, ..Question::clone(question) };
        let inquiry = Inquiry { one_decides: false, ..Inquiry::new(route, &Arc::new(question), None) };
        let inquiry = Arc::new(inquiry);
        let turn = inquiry.turn(&Candidate { provider: Arc::clone(challenger), role: Role::Primary });
        if suits(&turn, &self.clock).is_err() {
            return Err(LeftOut::CannotAnswer);
        }
        let (assessor, served) = (Arc::clone(self), Arc::new(served.clone()));
        let asking = async move {
            let name = turn.provider.name();
            let outcome = assessor.shadow(&turn, served).await;
            drop(place);
            match outcome {
                Ok(AnswerState::Final) => assessor.telemetry.shadow(name, "answered"),
                Ok(AnswerState::Pending) => assessor.telemetry.shadow(name, "pending"),
                Err(FlightError::Provider(_)) => assessor.telemetry.shadow(name, "failed"),
                Err(FlightError::Store(error)) => {
                    tracing::warn!(error = error.told(), "a shadow's answer could not be recorded");
                    assessor.telemetry.shadow(name, "failed");
                }
            }
        };
        self.tasks.spawn(asking.in_current_span());
        Ok(())
    }

    async fn shadow(
        self: &Arc<Self>,
        turn: &Turn,
        served: Arc<Assessment>,
    ) -> Result<AnswerState, FlightError> {
        let now = Instant::now();
        let share = Deadline::new(now, turn.inquiry.route.deadline, None).share(now, 1);
        let asked = self.ask(turn, share).await;
        let answer = match &asked {
            Ok(found) => Ok(answered(turn, found)),
            // Who was to answer and did not is a pair which one of the two owes.
            Err(FlightError::Provider(error)) if error.kind == FailureKind::Throttled => Err(Part::NotAsked),
            Err(FlightError::Provider(_)) => Err(Part::InVain),
            Err(error) => return Err(error.clone()),
        };
        self.note_shadow(turn, served, answer)
            .await
            .map_err(|error: StoreError| FlightError::store(error))?;
        asked.map(|found| found.entry.record.assessment.state)
    }

    /// Notes what a challenger said beside what was served. What it still owes is looked for first of all.
    async fn note_shadow(
        &self,
        turn: &Turn,
        served: Arc<Assessment>,
        answer: Result<ShadowAnswer, Part>,
    ) -> Result<(), StoreError> {
        let (question, at) = (&turn.inquiry.question, self.clock.now());
        if let Ok(ShadowAnswer { record, .. }) = &answer
            && let Some(owed) = self.owed(question, &turn.provider, &record.assessment, &served.id)
        {
            let owed = Owed { shadow_of: Some(served.revision), ..owed };
            let look = owed.first_look(&self.keys, &turn.provider)?;
            self.store.enqueue(&question.team, &record.exchanges.origin.subject, look, at).await?;
        }
        let record = ShadowRecord {
            team: question.team.clone(),
            assessment: served,
            question: Some(self.asked_about(question)),
            provider: turn.provider.name().clone(),
            answer,
            at,
            completes: None,
        };
        self.store.note_shadow(record).await
    }

    /// Notes what a challenger said at last about a question that `served` answered, which ends `item`.
    pub(super) async fn shadow_ripened(
        &self,
        item: &LeasedItem,
        served: Assessment,
        owed: &Owed,
        provider: &Provider,
        said: ProviderAssessment,
        exchanges: AttemptsRecord,
    ) -> Result<(), StoreError> {
        said.flags.iter().for_each(|&flag| self.telemetry.flag(&said.provider, flag));
        let policy = self.routes.get(&served.route).map(|route| route.policy.clone()).unwrap_or_default();
        let status = policy.status_of(&said, &owed.facts);
        let reference_mac = self.keys.reference_of(&item.team, &said);
        let (id, at) = (ProviderAssessmentId::new(), self.clock.now());
        let record = Arc::new(ProviderRecord { id, assessment: Arc::new(said), exchanges, reference_mac });
        // Not waited for: it is written before the note, and that is waited for.
        drop(self.store.hand_over(Arc::clone(&record)).await?);
        let answer = ShadowAnswer { record: Arc::clone(&record), served: Served::Called, status };
        self.store
            .note_shadow(ShadowRecord {
                team: item.team.clone(),
                assessment: Arc::new(served),
                // Known from when it was asked.
                question: None,
                provider: provider.name().clone(),
                answer: Ok(answer),
                at,
                completes: Some(item.lease.clone()),
            })
            .await?;
        self.telemetry.shadow(provider.name(), "answered");
        if status == Status::Completed && !provider.ttl.is_zero() {
            let entry = Entry::new(record, at, provider.ttl, provider.keep_stale);
            self.cache.keep(owed.key, Arc::new(entry)).await;
        }
        Ok(())
    }
}

/// What a challenger said, and what that is worth alone.
fn answered(turn: &Turn, Found { entry, cache }: &Found) -> ShadowAnswer {
    let Inquiry { route, question, .. } = turn.inquiry.as_ref();
    let facts = Facts::from(question.subject.as_ref());
    let status = route.policy.status_of(&entry.record.assessment, &facts);
    let served = if cache.called() { Served::Called } else { Served::Cached };
    ShadowAnswer { record: Arc::clone(&entry.record), served, status }
}

/// Whether the challenger failed as one of the route's own, and may have been paid for it: asked again, it would be paid
/// twice for one question.
fn was_asked(challenger: &Provider, served: &Assessment) -> bool {
    let may_be_paid = |attempt: &Attempt| attempt.sent && attempt.billed != Billed::No;
    served.attempts.iter().any(|attempt| attempt.provider == *challenger.name() && may_be_paid(attempt))
}
