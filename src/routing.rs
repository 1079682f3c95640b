//! Which providers are asked, in which order and for how long; then the one loop that asks them.

mod adopt;
mod ask;
mod compose;
mod consensus;
mod failover;
mod inquiry;
mod plan;
mod poll;
mod recover;
mod refusal;
mod ripen;
mod shadow;
mod unavailable;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use risk_provider::{ProviderName, RiskProvider, Subject, VendorReference};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

pub use adopt::{Adopted, Earlier, Known, Same};
pub use plan::{OnUnavailable, Plan, Split};
pub use poll::PollSettings;
pub use refusal::Refusal;
pub use ripen::{Look, Owed};
pub use shadow::Shadow;
pub use unavailable::Held;

use inquiry::{Candidate, Inquiry};

use crate::{
    assessment::{Assessment, Role, Strategy},
    cache::{AnswerCache, Flights, KeyMaker},
    clock::Clock,
    drains::Drains,
    ids::{AssessmentId, RequestId},
    keys::KeyEnvironment,
    policy::{Allowed, Combine, Policy},
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
    pub plan: Plan,
    /// Whom it asks, in order.
    pub providers: Vec<Arc<Provider>>,
    /// The longest that an answer may take.
    pub deadline: Duration,
    /// How long after an answer the subject is asked about again.
    pub rescreen_every: Option<Duration>,
    /// Who else is asked, for comparison alone.
    pub shadow: Option<Shadow>,
    /// What a caller gets when no provider answered.
    pub on_unavailable: OnUnavailable,
    /// What it makes of providers' answers.
    pub policy: Policy,
    /// To whom it shows which subjects.
    pub allowed: Allowed,
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
    /// How much longer they are kept, to be given when nobody answers.
    pub keep_stale: Duration,
    /// The oldest that a sanctions clear may be and still be given when nobody answers.
    pub clear_max_age: Duration,
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
    /// The held assessment whose next revision the answer is.
    pub continues: Option<Continued>,
    /// Whom not to ask: they may have been paid for this question already.
    pub spares: Vec<ProviderName>,
}

/// A held assessment that is to have its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continued {
    /// The assessment.
    pub assessment: AssessmentId,
    /// Its latest revision.
    pub revision: u32,
}

/// An answer that is asked for anew because its subject changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// It had one that was no longer fresh, which was given since nobody answered.
    GivenStale,
    /// It had none; the vendor was called, its answer was lost, and it was found in the vendor's history.
    Recovered,
    /// Not asked: an earlier call that had ended without a word had brought the answer.
    Adopted,
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
    drains: Drains,
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
    /// Whom an operator keeps from being asked.
    pub drains: Drains,
}

// === impl Route ===

impl Route {
    /// Whether keys of this environment may take it: test keys ask sandboxes alone, and live keys never do, since
    /// what a sandbox says is true of nobody.
    #[must_use]
    pub fn is_for(&self, environment: KeyEnvironment) -> bool {
        let challengers = self.shadow.iter().flat_map(|shadow| &shadow.providers);
        let mut providers = self.providers.iter().chain(challengers);
        match environment {
            KeyEnvironment::Live => !providers.any(|provider| provider.sandbox),
            KeyEnvironment::Test => providers.all(|provider| provider.sandbox),
        }
    }

    /// What tells its assessments of one answer from others of the same: they are the same while its policy is.
    fn composes_as(&self) -> String {
        format!("{}/{}", self.name, self.policy.version())
    }

    /// How several answers become one.
    fn combine(&self) -> Combine {
        match self.plan {
            Plan::Consensus(combine) => combine,
            Plan::Failover { .. } | Plan::Split(_) => Combine::default(),
        }
    }

    /// How it chooses, as a word.
    #[must_use]
    pub const fn strategy(&self) -> Strategy {
        match self.plan {
            Plan::Failover { .. } => Strategy::Failover,
            Plan::Split(_) => Strategy::Split,
            Plan::Consensus(_) => Strategy::Consensus,
        }
    }

    /// What its draws are for.
    fn experiment(&self) -> &str {
        match &self.plan {
            Plan::Split(split) => &split.experiment,
            Plan::Failover { .. } | Plan::Consensus(_) => &self.name,
        }
    }

    /// Whom to ask in which order, where `draw` is the subject's, from 0 up to 1; and who was drawn. Where one of them
    /// said something to an earlier request for the same, nobody else is paid.
    fn candidates(&self, question: &Question, draw: f64) -> (Vec<Candidate>, Option<ProviderName>) {
        let mut order: Vec<&Arc<Provider>> = self.providers.iter().collect();
        let mut assigned_to = None;
        if let Plan::Split(split) = &self.plan {
            let arm = split.arm(draw).min(order.len().saturating_sub(1));
            if let Some(arms) = order.get_mut(..=arm) {
                // The drawn one first, the others in their order.
                arms.rotate_right(1);
            }
            assigned_to = order.first().map(|provider| provider.name().clone());
        }
        let candidate = |(index, provider): (usize, &Arc<Provider>)| {
            let role = match (&self.plan, index) {
                (Plan::Consensus(_), _) => Role::Consensus,
                (Plan::Failover { .. } | Plan::Split(_), 0) => Role::Primary,
                (Plan::Failover { .. } | Plan::Split(_), _) => Role::Fallback,
            };
            Candidate { provider: Arc::clone(provider), role }
        };
        let spared = |it: &Candidate| question.spares.contains(it.provider.name());
        let all = order.into_iter().enumerate().map(candidate).filter(|it| !spared(it));
        let is_adopted = |it: &Candidate| {
            let may = || self.allowed.check(it.provider.name(), &question.subject).is_ok();
            question.adopted_from(&it.provider).is_some() && may()
        };
        let all: Vec<_> = all.collect();
        // A consensus needs the others too.
        if matches!(self.plan, Plan::Consensus(_)) || !all.iter().any(is_adopted) {
            return (all, assigned_to);
        }
        (all.into_iter().filter(is_adopted).collect(), assigned_to)
    }
}

// === impl Provider ===

impl Provider {
    /// Its configured name.
    #[must_use]
    pub fn name(&self) -> &ProviderName {
        &self.adapter.descriptor().name
    }
}

// === impl Assessor ===

impl Assessor {
    /// An assessor with nothing under way.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { routes, providers, cache, keys, store, clock, telemetry, tasks, drains } = parts;
        let flights = Flights::new(tasks.clone());
        Arc::new(Self { routes, providers, cache, flights, keys, store, clock, telemetry, tasks, drains })
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
        let answering = self.on_route(route, &question, began);
        // Whatever concerns vendors ends before that; only the store can be late.
        let result = tokio::time::timeout_at(began + total, answering).await;
        let result = result.unwrap_or_else(|_elapsed| Err(StoreError::TooSlow.into()));
        match &result {
            Ok(answer) => {
                self.tell(route, answer, began.elapsed());
                self.cast_shadows(route, &question, answer);
            }
            Err(refusal) => self.telemetry.refusal(&route.name, refusal.code()),
        }
        result
    }

    /// The route's answer, or what it does when there is none.
    async fn on_route(
        self: &Arc<Self>,
        route: &Arc<Route>,
        question: &Arc<Question>,
        began: Instant,
    ) -> Result<Answer, Refusal> {
        let draw = self.keys.draw(&question.team, route.experiment(), question.subject.reference.expose());
        let (candidates, assigned_to) = route.candidates(question, draw);
        let one_decides = !matches!(route.plan, Plan::Consensus(_));
        let inquiry = Arc::new(Inquiry { one_decides, ..Inquiry::new(route, question, assigned_to) });
        let answered = match route.plan {
            Plan::Failover { hedge_after } => self.first_of(&inquiry, &candidates, hedge_after, began).await,
            Plan::Split(_) => self.first_of(&inquiry, &candidates, None, began).await,
            Plan::Consensus(_) => self.all_of(&inquiry, &candidates, began).await,
        };
        let refusal = match answered {
            Err(refusal @ Refusal::NobodyAnswered { .. }) => refusal,
            other => return other,
        };
        self.make_do(&inquiry, &candidates, refusal, began).await
    }

    fn tell(&self, route: &Route, answer: &Answer, taken: Duration) {
        let Assessment { id, status, level, decided_by, .. } = &answer.assessment;
        let (status, level) = (status.as_str(), level.map(risk_provider::Level::as_str));
        let provider = decided_by.as_ref().map(ProviderName::as_str);
        tracing::info!(assessment = id.as_str(), route = route.name, provider, status, level, "assessed");
        self.telemetry.answer(&answer.assessment);
        self.telemetry.overhead(&route.name, taken.saturating_sub(answer.vendor_time));
    }
}

// === impl Question ===

impl Question {
    /// What the provider said to an earlier request for the same.
    fn adopted_from(&self, provider: &Provider) -> Option<&Adopted> {
        let name = provider.name();
        self.adopted.iter().find(|adopted| adopted.record.assessment.provider == *name)
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
            Self::GivenStale => "given_stale",
            Self::Recovered => "recovered",
            Self::Adopted => "adopted",
        }
    }

    /// Whether this caller had the vendor called.
    const fn called(self) -> bool {
        match self {
            Self::Miss | Self::Stale | Self::TooOld | Self::Recovered => true,
            Self::Hit | Self::Joined | Self::GivenStale | Self::Adopted => false,
        }
    }

    /// What it did for an answer of two parts: the part that was not there counts.
    const fn or(self, other: Self) -> Self {
        match self {
            Self::Hit => other,
            Self::Miss
            | Self::Joined
            | Self::Stale
            | Self::TooOld
            | Self::GivenStale
            | Self::Recovered
            | Self::Adopted => self,
        }
    }
}
