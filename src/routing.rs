//! Which providers are asked, in which order and for how long; then the one loop that asks them.

mod adopt;
mod ask;
mod compose;
mod consensus;
mod failover;
mod inquiry;
mod plan;
mod poll;
mod question;
mod race;
mod recover;
mod refusal;
mod ripen;
mod shadow;
mod unavailable;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use moka::future::Cache;
use risk_provider::{ProviderName, RiskProvider};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

pub use adopt::{Adopted, Earlier, Known, Same};
pub use plan::{OnUnavailable, Plan, Split};
pub use poll::{Look, Owed, PollSettings};
pub use question::{Answer, CacheUse, Continued, Question, Replaced};
pub use refusal::Refusal;
pub use shadow::Shadow;
pub use unavailable::Held;

use inquiry::{Candidate, Inquiry};

use crate::{
    assessment::{Assessment, Role, Strategy},
    cache::{AnswerCache, Flights, KeyMaker, Recipe},
    clock::Clock,
    drains::Drains,
    ids::SubjectId,
    keys::KeyEnvironment,
    policy::{Allowed, Combine, Facts, Policy},
    resilience::Guards,
    store::{Store, StoreError},
    telemetry::Telemetry,
};

/// How long a subject is taken to be held without looking into the store again.
const HELD_FOR: Duration = Duration::from_secs(2);
const HELD_SUBJECTS: u64 = 100_000;

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

/// Answers questions.
#[derive(Debug)]
pub struct Assessor {
    routes: BTreeMap<String, Arc<Route>>,
    providers: BTreeMap<ProviderName, Arc<Provider>>,
    cache: AnswerCache,
    /// Subjects that were lately found not to be erased.
    held: Cache<SubjectId, ()>,
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

    /// What tells its assessments of one answer from others of the same.
    fn composes_as(&self) -> String {
        format!("{}/{}", self.name, self.policy.version())
    }

    /// By which it makes an assessment of one answer about a subject of whom these facts are known.
    fn recipe(&self, facts: Facts) -> Recipe {
        Recipe { name: self.composes_as(), facts }
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
        let held = Cache::builder().max_capacity(HELD_SUBJECTS).time_to_live(HELD_FOR).build();
        Arc::new(Self {
            routes,
            providers,
            cache,
            held,
            flights,
            keys,
            store,
            clock,
            telemetry,
            tasks,
            drains,
        })
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
