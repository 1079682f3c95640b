//! Asking one provider: the cache first, then a call, led or joined.

use std::{sync::Arc, time::Duration};

use risk_provider::{Call, FailureKind, ProviderAssessment, ProviderError, Subject};
use tokio::time::Instant;

use super::{Assessor, CacheUse, Provider, Question, Turn};
use crate::{
    assessment::Status,
    attempts::{Attempt, AttemptLog},
    cache::{CacheKey, Entry, Flight, FlightError, FlightOutcome, KeyMaker, Landed, Lookup},
    clock::Clock,
    deadline::Share,
    ids::{AttemptId, ProviderAssessmentId},
    policy,
    store::{AttemptsRecord, Journal, Origin, ProviderRecord, StoreError, StoredSubject},
};

/// What came of asking one provider.
pub(super) struct Asked {
    pub(super) outcome: Result<Found, FlightError>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) waits: Vec<(Instant, Instant)>,
}

/// A provider's answer, and what the cache did for it.
pub(super) struct Found {
    pub(super) entry: Arc<Entry>,
    pub(super) cache: CacheUse,
}

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
    /// When the store cannot take the subject; nothing was asked then.
    pub(super) async fn ask(self: &Arc<Self>, turn: &Turn, share: Share) -> Result<Asked, StoreError> {
        let Turn { provider, question, .. } = turn;
        let descriptor = provider.adapter.descriptor();
        if let Err(error) = suits(provider, &question.subject, &self.clock) {
            let log = AttemptLog::default();
            self.pass_over(provider, &log, &error);
            let outcome = Err(FlightError::Provider(Arc::new(error)));
            return Ok(Asked { outcome, attempts: log.attempts(), waits: Vec::new() });
        }
        if let Some(adopted) = question.adopted_from(provider) {
            self.telemetry.cache(&descriptor.name, CacheUse::Adopted.as_str());
            let at = adopted.record.assessment.assessed_at;
            let attempts = adopted.record.exchanges.attempts.clone();
            let entry = Entry::new(Arc::clone(&adopted.record), at, provider.ttl, provider.keep_stale);
            if let Some(made) = &adopted.made {
                entry.compose(&turn.route.name, Arc::clone(made));
            }
            let entry = Arc::new(entry);
            let found = Found { entry, cache: CacheUse::Adopted };
            return Ok(Asked { outcome: Ok(found), attempts, waits: Vec::new() });
        }
        let cache = match self.look(turn).await {
            Lookup::Fresh(entry) => {
                self.telemetry.cache(&descriptor.name, CacheUse::Hit.as_str());
                let found = Found { entry, cache: CacheUse::Hit };
                return Ok(Asked { outcome: Ok(found), attempts: Vec::new(), waits: Vec::new() });
            }
            Lookup::TooOld => CacheUse::TooOld,
            Lookup::Stale => CacheUse::Stale,
            Lookup::Absent => CacheUse::Miss,
        };
        let subject_key = self.subject_key(&question.team, question.subject.reference.expose());
        // Before anything is paid for: a store that cannot take the subject will not take the answer either.
        if self.store.is_failing() {
            self.store.check().await?;
        }
        let subject = self.store.subject(&subject_key).await?;
        self.call(turn, subject, share, cache).await
    }

    async fn call(
        self: &Arc<Self>,
        turn: &Turn,
        subject: Arc<StoredSubject>,
        share: Share,
        cache: CacheUse,
    ) -> Result<Asked, StoreError> {
        let (mut flight, joined) = self.board(turn, &subject, share);
        if let (true, Some(key)) = (joined, &turn.question.holds) {
            // Whoever takes the key over must find what the other's call came to.
            self.store.follow(key, &turn.question.request_id, &flight.leader).await?;
        }
        let mut waited = flight.wait(share.wait_until).await;
        let mut joined = joined;
        if joined && is_unsent(&waited) && Instant::now() < share.wait_until {
            // Whoever led had less patience than this caller: ask once more.
            (flight, joined) = self.board(turn, &subject, share);
            waited = flight.wait(share.wait_until).await;
        }
        let cache = match &waited {
            Some(Ok(landed)) if !landed.called => CacheUse::Hit,
            _ if joined => CacheUse::Joined,
            _ => cache,
        };
        self.telemetry.cache(&turn.provider.adapter.descriptor().name, cache.as_str());
        let outcome = match waited {
            Some(Ok(Landed { entry, .. })) => Ok(Found { entry, cache }),
            Some(Err(error)) => Err(error),
            None => Err(out_of_time(&flight.log)),
        };
        let mut attempts = flight.log.attempts();
        if attempts.is_empty()
            && let Err(FlightError::Provider(error)) = &outcome
        {
            let own = AttemptLog::default();
            self.pass_over(&turn.provider, &own, error);
            attempts = own.attempts();
        }
        Ok(Asked { outcome, attempts, waits: flight.log.waits() })
    }

    /// Joins the call under way for this question, or leads one. Says whether it was joined.
    fn board(self: &Arc<Self>, turn: &Turn, subject: &Arc<StoredSubject>, share: Share) -> (Flight, bool) {
        let (assessor, turn) = (Arc::clone(self), turn.clone());
        let key = flight_key(&self.keys, &turn.provider, &turn.question, self.clock.today());
        let request = turn.question.request_id.clone();
        let lead = Lead { assessor, turn, subject: Arc::clone(subject), share };
        self.flights.join(key, &request, |log| lead.run(log))
    }

    /// Notes that `provider` failed without an exchange of its own.
    fn pass_over(&self, provider: &Provider, log: &AttemptLog, error: &ProviderError) {
        let (name, operation) = (&provider.adapter.descriptor().name, provider.paid_operation());
        log.skip(AttemptId::new(), name, operation, error, self.clock.now());
        self.telemetry.attempt(name, operation, error.kind.as_str(), error.billed(false));
    }

    async fn look(&self, turn: &Turn) -> Lookup {
        match cache_key(&self.keys, &turn.provider, &turn.question, self.clock.today()) {
            Some(key) => self.cache.look(&key, self.clock.now(), turn.question.max_age).await,
            None => Lookup::Absent,
        }
    }
}

// === impl Lead ===

impl Lead {
    /// Makes the call, records what came of it and keeps the answer, whoever still waits for it.
    async fn run(self, log: AttemptLog) -> FlightOutcome {
        let Self { assessor, turn, .. } = &self;
        // Another call may have ended between this caller's look into the cache and now.
        if let Lookup::Fresh(entry) = assessor.look(turn).await {
            return Ok(Landed { entry, called: false });
        }
        let provider = &turn.provider;
        let name = &provider.adapter.descriptor().name;
        let journal = Journal::new(assessor.store.clone(), self.origin());
        let call = provider.guards.call(journal.clone(), self.share, log.clone());
        match self.answer(&call).await {
            Ok(said) => {
                said.flags.iter().for_each(|&flag| assessor.telemetry.flag(name, flag));
                let entry = self.record(said, &log).await.map_err(FlightError::store)?;
                Ok(Landed { entry, called: true })
            }
            Err(error) => {
                if !log.ends_with(error.kind) {
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
        let Turn { provider, question, .. } = &self.turn;
        let name = &provider.adapter.descriptor().name;
        let earlier = question.replaces.as_ref().filter(|replaced| replaced.provider.as_ref() == Some(name));
        let earlier = earlier.and_then(|replaced| replaced.reference.as_ref());
        match (earlier, provider.adapter.recheck()) {
            (Some(reference), Some(recheck)) => recheck.recheck(call, reference, &question.subject).await,
            _ => provider.adapter.assess(call, &question.subject).await,
        }
    }

    fn origin(&self) -> Origin {
        Origin {
            team: self.turn.question.team.clone(),
            route: self.turn.route.name.clone(),
            subject: Arc::clone(&self.subject),
            request_id: self.turn.question.request_id.clone(),
        }
    }

    async fn record(&self, said: ProviderAssessment, log: &AttemptLog) -> Result<Arc<Entry>, StoreError> {
        let Self { assessor, turn, .. } = self;
        let provider = &turn.provider;
        let status = policy::judge(&said).status;
        let record = Arc::new(ProviderRecord {
            id: ProviderAssessmentId::new(),
            assessment: Arc::new(said),
            exchanges: AttemptsRecord { origin: self.origin(), attempts: log.attempts() },
        });
        // Not waited for: the assessment made of it is written after it, and that is waited for.
        drop(assessor.store.hand_over(Arc::clone(&record)).await?);
        let (ttl, keep_stale) = match status {
            Status::Pending => (provider.poll.give_up_after, Duration::ZERO),
            Status::Completed | Status::Partial => (provider.ttl, provider.keep_stale),
        };
        let entry = Arc::new(Entry::new(record, assessor.clock.now(), ttl, keep_stale));
        // Made here and before anybody finds the answer, so that it tells of this call, whoever waits for it.
        if let Err(error) = assessor.made(turn, &entry, CacheUse::Miss, log.attempts()).await {
            // Whoever waits tries again, and is told if that fails too.
            tracing::warn!(error = error.told(), "an assessment could not be recorded at once");
        }
        let is_kept = match status {
            Status::Completed => provider.ttl > Duration::ZERO,
            // So that nobody asks, and pays, again for what the vendor owes already.
            Status::Pending => true,
            Status::Partial => false,
        };
        if is_kept {
            let key = assessor.answer_key(turn, &entry.record.assessment);
            assessor.cache.keep(key, Arc::clone(&entry)).await;
        }
        Ok(entry)
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

/// Whether the provider can be asked about this subject at all.
fn suits(provider: &Provider, subject: &Subject, clock: &Clock) -> Result<(), ProviderError> {
    let descriptor = provider.adapter.descriptor();
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
