//! Which providers are asked, in which order and for how long; then the one loop that asks them.

mod adopt;
mod ask;
mod compose;
mod poll;
mod refusal;
mod ripen;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use risk_provider::{ProviderName, RiskProvider, Subject, VendorReference};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

pub use adopt::{Adopted, Earlier, Same};
pub use poll::PollSettings;
pub use refusal::Refusal;
pub use ripen::{Look, Owed};

use crate::{
    assessment::{Assessment, Role, Strategy},
    attempts::{self, Attempt},
    cache::{AnswerCache, FlightError, Flights, KeyMaker},
    clock::Clock,
    deadline::Deadline,
    ids::{AssessmentId, RequestId},
    keys::KeyEnvironment,
    resilience::Guards,
    store::{IdempotencyKey, Lease, Store, StoreError},
    telemetry::Telemetry,
};

/// A named, configured way to answer.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// How it chooses.
    pub strategy: Strategy,
    /// Whom it asks, in order.
    pub providers: Vec<Arc<Provider>>,
    /// The longest that an answer may take.
    pub deadline: Duration,
    /// How long after an answer the subject is asked about again.
    pub rescreen_every: Option<Duration>,
}

/// A provider with its guards and its place in the cache.
#[derive(Debug)]
pub struct Provider {
    /// The adapter.
    pub adapter: Arc<dyn RiskProvider>,
    /// What guards its exchanges.
    pub guards: Arc<Guards>,
    /// How long its answers are fresh.
    pub ttl: Duration,
    /// How much longer they are kept.
    pub keep_stale: Duration,
    /// Whether a sandbox plays the vendor.
    pub sandbox: bool,
    /// When an answer that it still owes is looked for.
    pub poll: PollSettings,
}

/// One question about one subject.
#[derive(Debug, Clone)]
pub struct Question {
    /// The request's id.
    pub request_id: RequestId,
    /// Who asks.
    pub team: String,
    /// The route to take.
    pub route: String,
    /// Whom it is about.
    pub subject: Arc<Subject>,
    /// What the answer is for, in the caller's words.
    pub purpose: Option<String>,
    /// The oldest cached answer allowed; only tightens the provider's own time.
    pub max_age: Option<Duration>,
    /// The longest that the answer may take; only tightens the route's own deadline.
    pub deadline: Option<Duration>,
    /// What providers said to an earlier request for the same, which ended without a word.
    pub adopted: Vec<Adopted>,
    /// The item of a job whose result the answer is.
    pub completes: Option<Lease>,
    /// The idempotency key under which it is answered.
    pub holds: Option<IdempotencyKey>,
    /// The answer that it is asked in place of.
    pub replaces: Option<Replaced>,
}

/// An answer that is asked for anew because its subject changed.
#[derive(Debug, Clone)]
pub struct Replaced {
    /// The assessment.
    pub assessment: AssessmentId,
    /// Whose answer stands in it.
    pub provider: Option<ProviderName>,
    /// That provider's own id of it.
    pub reference: Option<VendorReference>,
}

/// An answer, and how it came about.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The assessment, as this caller sees it.
    pub assessment: Assessment,
    /// What the cache did.
    pub cache: CacheUse,
    /// Age of the provider's answer.
    pub age: Duration,
    /// How much of the time was spent waiting for vendors.
    pub vendor_time: Duration,
}

/// What the cache did for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    /// It had a fresh answer.
    Hit,
    /// It had none.
    Miss,
    /// It had none, but a call was already under way.
    Joined,
    /// It had one that was no longer fresh.
    Stale,
    /// It had a fresh one that was too old for this caller.
    TooOld,
    /// Not asked: an earlier request for the same had brought the answer.
    Adopted,
}

/// One provider's turn in answering one question.
#[derive(Debug, Clone)]
struct Turn {
    route: Arc<Route>,
    question: Arc<Question>,
    provider: Arc<Provider>,
    role: Role,
    /// The attempts of the providers before it.
    earlier: Vec<Attempt>,
}

/// Answers questions.
#[derive(Debug)]
pub struct Assessor {
    routes: BTreeMap<String, Arc<Route>>,
    providers: BTreeMap<ProviderName, Arc<Provider>>,
    cache: AnswerCache,
    flights: Flights,
    keys: KeyMaker,
    store: Store,
    clock: Clock,
    telemetry: Telemetry,
    tasks: TaskTracker,
}

/// What an assessor is made of.
#[derive(Debug)]
pub struct Parts {
    /// The routes, by name.
    pub routes: BTreeMap<String, Arc<Route>>,
    /// Every provider, by name.
    pub providers: BTreeMap<ProviderName, Arc<Provider>>,
    /// Where answers are kept.
    pub cache: AnswerCache,
    /// What makes cache keys.
    pub keys: KeyMaker,
    /// Where answers are recorded.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Logs and metrics.
    pub telemetry: Telemetry,
    /// Where calls run; shutting down waits for it.
    pub tasks: TaskTracker,
}

// === impl Route ===

impl Route {
    /// Whether keys of this environment may take it: test keys ask sandboxes alone, and live keys never do, since
    /// what a sandbox says is true of nobody.
    #[must_use]
    pub fn is_for(&self, environment: KeyEnvironment) -> bool {
        let mut providers = self.providers.iter();
        match environment {
            KeyEnvironment::Live => !providers.any(|provider| provider.sandbox),
            KeyEnvironment::Test => providers.all(|provider| provider.sandbox),
        }
    }
}

// === impl Assessor ===

impl Assessor {
    /// An assessor with nothing under way.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { routes, providers, cache, keys, store, clock, telemetry, tasks } = parts;
        let flights = Flights::new(tasks.clone());
        Arc::new(Self { routes, providers, cache, flights, keys, store, clock, telemetry, tasks })
    }

    /// The configured routes.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.routes.values().map(Arc::as_ref)
    }

    /// The route of this name.
    #[must_use]
    pub fn route(&self, name: &str) -> Option<&Route> {
        self.routes.get(name).map(Arc::as_ref)
    }

    /// The provider of this name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.get(&ProviderName::new(name)).map(Arc::as_ref)
    }

    /// Keyed hash of a team's reference, by which its subject is found.
    #[must_use]
    pub fn reference_mac(&self, team: &str, reference: &str) -> [u8; 32] {
        self.keys.reference_mac(team, reference)
    }

    /// The configured providers.
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers.values().map(Arc::as_ref)
    }

    /// Answers `question` within the route's deadline. Runs detached: whoever asked may leave, and a call that
    /// costs money still ends in a record.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when nobody answered, or the answer could not be recorded.
    pub async fn assess(self: &Arc<Self>, question: Question) -> Result<Answer, Refusal> {
        let assessor = Arc::clone(self);
        let answering = self.tasks.spawn(async move { assessor.answer(question).await }.in_current_span());
        answering.await.unwrap_or(Err(Refusal::Interrupted))
    }

    async fn answer(self: &Arc<Self>, question: Question) -> Result<Answer, Refusal> {
        let Some(route) = self.routes.get(&question.route) else {
            let known = self.routes.keys().cloned().collect();
            return Err(Refusal::UnknownRoute { known });
        };
        let began = Instant::now();
        let total = question.deadline.map_or(route.deadline, |deadline| deadline.min(route.deadline));
        let question = Arc::new(question);
        let answering = self.failover(route, &question, began);
        // Whatever concerns vendors ends before that; only the store can be late.
        let result = tokio::time::timeout_at(began + total, answering).await;
        let result = result.unwrap_or_else(|_elapsed| Err(StoreError::TooSlow.into()));
        match &result {
            Ok(answer) => {
                let Assessment { id, status, level, decided_by, .. } = &answer.assessment;
                let (status, level) = (status.as_str(), level.map(risk_provider::Level::as_str));
                let provider = decided_by.as_ref().map(ProviderName::as_str);
                tracing::info!(
                    assessment = id.as_str(),
                    route = route.name,
                    provider,
                    status,
                    level,
                    "assessed"
                );
                self.telemetry.answer(&answer.assessment);
                self.telemetry.overhead(&route.name, began.elapsed().saturating_sub(answer.vendor_time));
            }
            Err(refusal) => self.telemetry.refusal(&route.name, refusal.code()),
        }
        result
    }

    /// Providers in order; the first answer wins, only a failure moves on.
    async fn failover(
        self: &Arc<Self>,
        route: &Arc<Route>,
        question: &Arc<Question>,
        began: Instant,
    ) -> Result<Answer, Refusal> {
        let deadline = Deadline::new(began, route.deadline, question.deadline);
        let mut failures = Vec::new();
        let mut earlier: Vec<Attempt> = Vec::new();
        let mut waits = Vec::new();
        for (index, provider) in question.candidates(route) {
            let share = deadline.share(Instant::now(), route.providers.len() - index);
            let turn = Turn {
                route: Arc::clone(route),
                question: Arc::clone(question),
                provider: Arc::clone(provider),
                role: if index == 0 { Role::Primary } else { Role::Fallback },
                earlier: earlier.clone(),
            };
            let asked = match self.ask(&turn, share).await {
                Ok(asked) => asked,
                Err(error) => return Err(Refusal::Store { error: Arc::new(error), attempts: earlier }),
            };
            waits.extend(asked.waits);
            let error = match asked.outcome {
                Ok(found) => {
                    let attempts = [earlier, asked.attempts.clone()].concat();
                    let composed = self.compose(&turn, &found, asked.attempts).await;
                    let (assessment, age) =
                        composed.map_err(|error| Refusal::Store { error: Arc::new(error), attempts })?;
                    let vendor_time = attempts::time_in(&waits, began, Instant::now());
                    return Ok(Answer { assessment, cache: found.cache, age, vendor_time });
                }
                Err(FlightError::Provider(error)) => error,
                Err(FlightError::Store(error)) => {
                    earlier.extend(asked.attempts);
                    return Err(Refusal::Store { error, attempts: earlier });
                }
            };
            earlier.extend(asked.attempts);
            let fail_over = error.kind.meaning().fail_over;
            failures.push((provider.adapter.descriptor().name.clone(), error));
            if !fail_over || deadline.is_past(Instant::now()) {
                break;
            }
        }
        Err(Refusal::NobodyAnswered { failures, attempts: earlier })
    }
}

// === impl Question ===

impl Question {
    /// What the provider said to an earlier request for the same.
    fn adopted_from(&self, provider: &Provider) -> Option<&Adopted> {
        let name = &provider.adapter.descriptor().name;
        self.adopted.iter().find(|adopted| adopted.record.assessment.provider == *name)
    }

    /// The route's providers with their places in it. Where one of them said something to an earlier request for the
    /// same, nobody else is paid.
    fn candidates<'a>(&self, route: &'a Route) -> Vec<(usize, &'a Arc<Provider>)> {
        let all = || route.providers.iter().enumerate();
        let adopted: Vec<_> = all().filter(|(_, provider)| self.adopted_from(provider).is_some()).collect();
        if adopted.is_empty() { all().collect() } else { adopted }
    }
}

// === impl CacheUse ===

impl CacheUse {
    /// The word used in metrics.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Joined => "joined",
            Self::Stale => "stale",
            Self::TooOld => "too_old",
            Self::Adopted => "adopted",
        }
    }

    /// Whether this caller had the vendor called.
    const fn called(self) -> bool {
        match self {
            Self::Miss | Self::Stale | Self::TooOld => true,
            Self::Hit | Self::Joined | Self::Adopted => false,
        }
    }
}
