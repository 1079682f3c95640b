//! Asking one provider: the cache first, then a call, led or joined.

use std::{sync::Arc, time::Duration};

use risk_provider::{Call, FailureKind, ProviderAssessment, ProviderError};
use tokio::time::Instant;

use super::{
    Assessor, CacheUse, Provider, Question, Replaced,
    inquiry::{Found, Inquiry, Turn, Voice},
};
use crate::{
    assessment::Status,
    attempts::AttemptLog,
    cache::{CacheKey, Entry, Flight, FlightError, FlightOutcome, KeyMaker, Landed, LandedBy, Lookup},
    clock::Clock,
    deadline::Share,
    ids::{AttemptId, ProviderAssessmentId},
    policy::Facts,
    store::{AttemptsRecord, Journal, Origin, ProviderRecord, StoreError, StoredSubject},
};

/// When to ask a drained provider again.
const DRAINED_RETRY: Duration = Duration::from_secs(60);

/// Everything that leading a call needs, apart from whoever asked for it.
struct Lead {
    assessor: Arc<Assessor>,
    turn: Turn,
    subject: Arc<StoredSubject>,
    share: Share,
}

// === impl Assessor ===

impl Assessor {
    /// Gives `turn`'s provider its turn: its cached answer, or a call.
    ///
    /// # Errors
    ///
    /// Why it gave none, or that the store cannot take the subject; nothing was asked then.
    pub(super) async fn ask(self: &Arc<Self>, turn: &Turn, share: Share) -> Result<Found, FlightError> {
        let (provider, question) = (&turn.provider, &turn.inquiry.question);
        if let Err(error) = suits(turn, &self.clock) {
            return Err(self.passed_over(turn, error));
        }
        if let Some(adopted) = question.adopted_from(provider) {
            self.telemetry.cache(provider.name(), CacheUse::Adopted.as_str());
            turn.spend_on(&AttemptLog::told(&adopted.record.exchanges.attempts));
            let at = adopted.record.assessment.assessed_at;
            let entry = Entry::new(Arc::clone(&adopted.record), at, provider.ttl, provider.keep_stale);
            if let Some(made) = &adopted.made {
                let facts = Facts::from(question.subject.as_ref());
                entry.put(turn.inquiry.route.recipe(facts), Arc::clone(made));
            }
            return Ok(Found { entry: Arc::new(entry), cache: CacheUse::Adopted });
        }
        let cache = match self.look(turn).await {
            Lookup::Fresh(entry) => {
                self.telemetry.cache(provider.name(), CacheUse::Hit.as_str());
                return Ok(Found { entry, cache: CacheUse::Hit });
            }
            Lookup::TooOld => CacheUse::TooOld,
            Lookup::Stale(_) => CacheUse::Stale,
            Lookup::Absent => CacheUse::Miss,
        };
        if let Some(since) = self.drains.since(provider.name()) {
            let detail = format!("drained by an operator since {since}");
            let error = ProviderError::new(FailureKind::Throttled, detail);
            return Err(self.passed_over(turn, error.with_retry_after(Some(DRAINED_RETRY))));
        }
        let subject_key = self.subject_key(&question.team, question.subject.reference.expose());
        // Before anything is paid for: a store that cannot take the subject will not take the answer either.
        if self.store.is_failing() {
            self.store.check().await.map_err(FlightError::store)?;
        }
        let subject = self.store.subject(&subject_key).await.map_err(FlightError::store)?;
        self.call(turn, subject, share, cache).await
    }

    async fn call(
        self: &Arc<Self>,
        turn: &Turn,
        subject: Arc<StoredSubject>,
        share: Share,
        cache: CacheUse,
    ) -> Result<Found, FlightError> {
        let (mut flight, joined) = self.board(turn, &subject, share);
        let question = &turn.inquiry.question;
        if let (true, Some(key)) = (joined, &question.holds) {
            // Whoever takes the key over must find what the other's call came to.
            let following = self.store.follow(key, &question.request_id, &flight.leader);
            following.await.map_err(FlightError::store)?;
        }
        let mut waited = flight.wait(share.wait_until).await;
        let mut joined = joined;
        if joined && is_unsent(&waited) && Instant::now() < share.wait_until {
            // Whoever led had less patience than this caller: ask once more.
            (flight, joined) = self.board(turn, &subject, share);
            waited = flight.wait(share.wait_until).await;
        }
        let cache = match &waited {
            Some(Ok(Landed { by: LandedBy::Cache, .. })) => CacheUse::Hit,
            Some(Ok(Landed { by: LandedBy::History, .. })) if joined => CacheUse::Adopted,
            Some(Ok(Landed { by: LandedBy::History, .. })) => CacheUse::Recovered,
            _ if joined => CacheUse::Joined,
            _ => cache,
        };
        self.telemetry.cache(turn.provider.name(), cache.as_str());
        let error = match waited {
            Some(Ok(Landed { entry, .. })) => return Ok(Found { entry, cache }),
            Some(Err(error)) => error,
            None => out_of_time(&flight.log),
        };
        if let (FlightError::Provider(error), true) = (&error, flight.log.is_empty()) {
            let own = AttemptLog::default();
            self.pass_over(&turn.provider, &own, error);
            turn.spend_on(&own);
        }
        Err(error)
    }

    /// Joins the call under way for this question, or leads one. Says whether it was joined.
    fn board(self: &Arc<Self>, turn: &Turn, subject: &Arc<StoredSubject>, share: Share) -> (Flight, bool) {
        let question = &turn.inquiry.question;
        let key = flight_key(&self.keys, &turn.provider, question, self.clock.today());
        let lead =
            Lead { assessor: Arc::clone(self), turn: turn.clone(), subject: Arc::clone(subject), share };
        let (flight, joined) = self.flights.join(key, &question.request_id, |log| {
            turn.spend_on(&log);
            lead.run(log)
        });
        if joined {
            turn.spend_on(&flight.log);
        }
        (flight, joined)
    }

    /// Notes that the turn is over without an exchange.
    fn passed_over(&self, turn: &Turn, error: ProviderError) -> FlightError {
        let log = AttemptLog::default();
        self.pass_over(&turn.provider, &log, &error);
        turn.spend_on(&log);
        FlightError::Provider(Arc::new(error))
    }

    /// Notes that `provider` failed without an exchange of its own.
    fn pass_over(&self, provider: &Provider, log: &AttemptLog, error: &ProviderError) {
        let (name, operation) = (provider.name(), provider.paid_operation());
        log.skip(AttemptId::new(), name, operation, error, self.clock.now());
        self.telemetry.attempt(name, operation, error.kind.as_str(), error.billed(false));
    }

    pub(super) async fn look(&self, turn: &Turn) -> Lookup {
        let question = &turn.inquiry.question;
        let key = cache_key(&self.keys, &turn.provider, question, self.clock.today());
        let Some(key) = key else { return Lookup::Absent };
        let found = self.cache.look(&key, self.clock.now(), question.max_age).await;
        let entry = match &found {
            Lookup::Fresh(entry) | Lookup::Stale(entry) => entry,
            Lookup::TooOld | Lookup::Absent => return found,
        };
        if self.can_be_read(entry).await { found } else { Lookup::Absent }
    }

    /// Whether the subject of a kept answer can still be read about: not once it is erased, by whichever server.
    async fn can_be_read(&self, entry: &Entry) -> bool {
        let id = &entry.record.exchanges.origin.subject.id;
        if self.held.contains_key(id) {
            return true;
        }
        let found = self.store.subject_of(id).await;
        if matches!(found, Ok(Some(_))) {
            self.held.insert(id.clone(), ()).await;
        }
        // A store that cannot be read will not take the note that it was served either.
        !matches!(found, Ok(None))
    }
}

// === impl Lead ===

impl Lead {
    /// Makes the call, records what came of it and keeps the answer, whoever still waits for it.
    async fn run(self, log: AttemptLog) -> FlightOutcome {
        let Self { assessor, turn, .. } = &self;
        // Another call may have ended between this caller's look into the cache and now.
        if let Lookup::Fresh(entry) = assessor.look(turn).await {
            return Ok(Landed { entry, by: LandedBy::Cache });
        }
        let provider = &turn.provider;
        let journal = Journal::new(assessor.store.clone(), self.origin());
        let looks = provider.adapter.history().is_some();
        let share = if looks { self.share.with_time_to_look(Instant::now()) } else { self.share };
        let call = provider.guards.call(journal.clone(), share, log.clone());
        let (answered, by) = match self.answer(&call).await {
            Err(error) if error.kind == FailureKind::UnknownOutcome => {
                (self.lost_answer(&log).await.ok_or(error), LandedBy::History)
            }
            answered => (answered, LandedBy::Call),
        };
        match answered {
            Ok(said) => {
                said.flags.iter().for_each(|&flag| assessor.telemetry.flag(provider.name(), flag));
                let entry = self.record(said, &log, by).await.map_err(FlightError::store)?;
                Ok(Landed { entry, by })
            }
            Err(error) => {
                if !log.tells_of(error.kind) {
                    assessor.pass_over(provider, &log, &error);
                }
                // Durable before anybody is told: it may be the only trace of what was billed.
                let record = AttemptsRecord { origin: self.origin(), attempts: log.attempts() };
                assessor.store.append_attempts(record).await.map_err(FlightError::store)?;
                Err(match journal.failure() {
                    // Nobody else's exchange could be recorded either.
                    Some(failure) => FlightError::Store(failure),
                    None => FlightError::Provider(Arc::new(error)),
                })
            }
        }
    }

    /// What the provider says: in place of its earlier answer where the vendor links the two.
    async fn answer(&self, call: &Call) -> Result<ProviderAssessment, ProviderError> {
        let (provider, question) = (&self.turn.provider, &self.turn.inquiry.question);
        let by = |replaced: &&Replaced| replaced.provider.as_ref() == Some(provider.name());
        let earlier = question.replaces.as_ref().filter(by);
        let earlier = earlier.and_then(|replaced| replaced.reference.as_ref());
        match (earlier, provider.adapter.recheck()) {
            (Some(reference), Some(recheck)) => recheck.recheck(call, reference, &question.subject).await,
            _ => provider.adapter.assess(call, &question.subject).await,
        }
    }

    /// What the vendor keeps of a check whose answer was lost, where it lists what it keeps.
    async fn lost_answer(&self, log: &AttemptLog) -> Option<ProviderAssessment> {
        let Self { assessor, turn, .. } = self;
        let (question, attempts) = (&turn.inquiry.question, log.attempts());
        // Looking is nothing that was asked for, so its failures are told to nobody.
        let journal = Journal::new(assessor.store.clone(), self.origin());
        let share = Share { wait_until: self.share.call_until, ..self.share };
        let call = turn.provider.guards.call(journal, share, log.clone());
        assessor.find_lost(&question.team, &turn.provider, &call, &question.subject, &attempts).await
    }

    fn origin(&self) -> Origin {
        let Inquiry { route, question, .. } = self.turn.inquiry.as_ref();
        Origin {
            team: question.team.clone(),
            route: route.name.clone(),
            subject: Arc::clone(&self.subject),
            request_id: question.request_id.clone(),
        }
    }

    async fn record(
        &self,
        said: ProviderAssessment,
        log: &AttemptLog,
        by: LandedBy,
    ) -> Result<Arc<Entry>, StoreError> {
        let Self { assessor, turn, .. } = self;
        let provider = &turn.provider;
        let Inquiry { route, question, .. } = turn.inquiry.as_ref();
        let status = route.policy.status_of(&said, &Facts::from(question.subject.as_ref()));
        let record = Arc::new(ProviderRecord {
            id: ProviderAssessmentId::new(),
            reference_mac: assessor.keys.reference_of(&turn.inquiry.question.team, &said),
            assessment: Arc::new(said),
            exchanges: AttemptsRecord { origin: self.origin(), attempts: log.attempts() },
        });
        // Not waited for: the assessment made of it is written after it, and that is waited for.
        drop(assessor.store.hand_over(Arc::clone(&record)).await?);
        let (ttl, keep_stale) = match status {
            Status::Pending => (provider.poll.give_up_after, Duration::ZERO),
            Status::Completed | Status::Partial | Status::Unavailable => (provider.ttl, provider.keep_stale),
        };
        let entry = Arc::new(Entry::new(record, assessor.clock.now(), ttl, keep_stale));
        self.make_at_once(&entry, by).await;
        let is_kept = match status {
            Status::Completed => provider.ttl > Duration::ZERO,
            // So that nobody asks, and pays, again for what the vendor owes already.
            Status::Pending => true,
            Status::Partial | Status::Unavailable => false,
        };
        if is_kept {
            let key = assessor.answer_key(turn, &entry.record.assessment);
            assessor.cache.keep(key, Arc::clone(&entry)).await;
        }
        Ok(entry)
    }

    /// Makes the route's answer of what one provider said, where that decides, before anybody finds it, so that it tells of this call,
    /// whoever waits for it.
    async fn make_at_once(&self, entry: &Arc<Entry>, by: LandedBy) {
        let cache = if by == LandedBy::History { CacheUse::Recovered } else { CacheUse::Miss };
        let found = Found { entry: Arc::clone(entry), cache };
        let voice = Voice { provider: Arc::clone(&self.turn.provider), role: self.turn.role, found };
        if !self.turn.inquiry.is_decided_by(&voice) {
            return;
        }
        if let Err(error) = self.assessor.made(&self.turn.inquiry, &[voice]).await {
            // Whoever waits tries again, and is told if that fails too.
            tracing::warn!(error = error.told(), "an assessment could not be recorded at once");
        }
    }
}

// === impl Provider ===

impl Provider {
    /// The operation that a caller's question comes down to.
    pub(super) fn paid_operation(&self) -> &'static str {
        let operations = self.adapter.descriptor().operations;
        operations.iter().find(|operation| operation.paid).map_or("assess", |operation| operation.name)
    }
}

/// Whether the provider can, and by this route may, be asked about this subject at all.
pub(super) fn suits(turn: &Turn, clock: &Clock) -> Result<(), ProviderError> {
    let Inquiry { route, question, .. } = turn.inquiry.as_ref();
    let (descriptor, subject) = (turn.provider.adapter.descriptor(), question.subject.as_ref());
    route.allowed.check(&descriptor.name, subject)?;
    if !descriptor.subject_types.contains(&subject.kind()) {
        let detail = format!("{} does not answer about a {}", descriptor.name, subject.kind().as_str());
        return Err(ProviderError::new(FailureKind::Unsupported, detail).with_fields(vec!["type".to_owned()]));
    }
    let missing = descriptor.missing(subject, clock.today());
    if missing.is_empty() { Ok(()) } else { Err(ProviderError::missing_input(missing)) }
}

/// The key under which the provider's answer is kept; none while its questionnaire is not known yet.
fn cache_key(
    keys: &KeyMaker,
    provider: &Provider,
    question: &Question,
    today: jiff::civil::Date,
) -> Option<CacheKey> {
    let fingerprint = match provider.adapter.questionnaires() {
        Some(questionnaires) => Some(questionnaires.fingerprint()?),
        None => None,
    };
    let descriptor = provider.adapter.descriptor();
    Some(keys.key(&question.team, descriptor, fingerprint.as_deref(), &question.subject, today))
}

/// The key under which callers share a call: the same before and after the questionnaire became known.
fn flight_key(
    keys: &KeyMaker,
    provider: &Provider,
    question: &Question,
    today: jiff::civil::Date,
) -> CacheKey {
    keys.key(&question.team, provider.adapter.descriptor(), None, &question.subject, today)
}

/// Whether a call ended without anything being sent, for want of a turn.
fn is_unsent(waited: &Option<FlightOutcome>) -> bool {
    matches!(waited, Some(Err(FlightError::Provider(error))) if matches!(error.kind, FailureKind::Throttled))
}

/// Why a caller stopped waiting for a call that goes on.
fn out_of_time(log: &AttemptLog) -> FlightError {
    if log.is_under_way() {
        let detail = "no answer within the time allowed; the call goes on, and its answer is kept";
        let error = ProviderError::new(FailureKind::UnknownOutcome, detail).with_sent(true);
        return FlightError::Provider(Arc::new(error));
    }
    if log.has_paid() {
        // Only recording is late, so asking anybody else would pay twice.
        return FlightError::store(StoreError::TooSlow);
    }
    let detail = "its turn did not come within the time allowed";
    let error =
        ProviderError::new(FailureKind::Throttled, detail).with_retry_after(Some(Duration::from_secs(1)));
    FlightError::Provider(Arc::new(error))
}
