//! Wiring, once: a configuration becomes a running gateway.
//!
//! The order around each exchange is decided here and in [`crate::resilience`]: the cache stands outside the
//! guards, so that a hit costs no permit; the breaker stands outside the limiter, so that a refused call uses up
//! no turn; the attempt timeout is innermost, so that waiting for a turn is not held against the vendor.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use metrics_exporter_prometheus::BuildError;
use risk_provider::{ProviderName, Transport, transport::TransportError};
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    api::{self, Api, server::ConnectionLimits},
    cache::{AnswerCache, KeyMaker},
    clock::Clock,
    config::{
        Config, ProviderConfig, RouteConfig, ServerConfig, ShadowConfig, StoreConfig, TeamConfig, TeamLimit,
    },
    drains::Drains,
    jobs::Runner,
    questionnaires::WatchedProviders,
    resilience::Guards,
    routing::{self, Assessor, Provider, Route, Shadow},
    secrets::{HashKey, MasterKeys},
    store::{Store, StoreError, StoreUrl},
    team_limits::TeamLimits,
    telemetry::Telemetry,
    upkeep,
    vault::Vault,
};

/// How long the store may take to write what is waiting and close.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// A gateway that is ready to serve.
#[derive(Debug)]
pub struct App {
    /// What answers questions.
    pub assessor: Arc<Assessor>,
    /// The durable record.
    pub store: Store,
    /// The key of the store's hashes.
    pub hash_key: Arc<HashKey>,
    drains: Drains,
    /// The providers that have questionnaires.
    pub watched: WatchedProviders,
    runner: Runner,
    clock: Clock,
    api: Api,
    tasks: TaskTracker,
    stop: CancellationToken,
    limits: ConnectionLimits,
}

/// A gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store could not be opened.
    #[error("the store {url} cannot be used")]
    Store {
        /// Where it is.
        url: StoreUrl,
        /// Why.
        source: StoreError,
    },
    /// The HTTP client could not be set up.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The metrics could not be set up.
    #[error("the metrics could not be set up")]
    Metrics(#[from] BuildError),
}

// === impl App ===

impl App {
    /// Opens the store and makes everything of `config`. Asks no vendor.
    ///
    /// # Errors
    ///
    /// When the store or the HTTP client cannot be set up.
    pub async fn start(config: Config, clock: Clock) -> Result<Self, StartError> {
        let Config { server, store: store_config, cache, master_keys, teams, providers, routes } = config;
        let telemetry = Telemetry::new()?;
        let transport = Transport::new(clock.as_fn())?;
        let (store, hash_key) = open_store(&store_config, &master_keys).await?;
        let hash_key = Arc::new(hash_key);
        let drains = Drains::read(store.clone()).await;
        let drains = drains.map_err(|source| StartError::Store { url: store_config.url.clone(), source })?;
        let watches: BTreeMap<_, _> =
            providers.iter().map(|(name, config)| (name.clone(), config.watch)).collect();
        let guarded = |(name, config)| {
            (name, Arc::new(guarded(config, transport.clone(), clock.clone(), telemetry.clone())))
        };
        let providers: BTreeMap<ProviderName, _> = providers.into_iter().map(guarded).collect();
        let settings = providers.iter().filter_map(|(name, it)| Some((it, *watches.get(name)?)));
        let watched = WatchedProviders::new(settings, &store, &clock, &telemetry);
        let routes = routes.into_iter();
        let routes = routes
            .map(|(name, config)| (name.clone(), Arc::new(planned(name, config, &providers))))
            .collect();
        let tasks = TaskTracker::new();
        let assessor = Assessor::new(routing::Parts {
            routes,
            providers,
            cache: AnswerCache::new(cache.max_bytes),
            keys: KeyMaker::new(Arc::clone(&hash_key)),
            store: store.clone(),
            clock: clock.clone(),
            telemetry: telemetry.clone(),
            tasks: tasks.clone(),
            drains: drains.clone(),
        });
        let api = Api::new(api::Parts {
            assessor: Arc::clone(&assessor),
            store: store.clone(),
            hash_key: Arc::clone(&hash_key),
            drains: drains.clone(),
            watched: watched.clone(),
            team_limits: TeamLimits::new(teams.into_iter().filter_map(limited).collect()),
            clock: clock.clone(),
            telemetry: telemetry.clone(),
            tasks: tasks.clone(),
            max_body_bytes: server.max_body_bytes,
            body_timeout: server.header_read_timeout,
        });
        let (stop, limits) = (CancellationToken::new(), ConnectionLimits::from(&server));
        let runner = Runner {
            assessor: Arc::clone(&assessor),
            store: store.clone(),
            clock: clock.clone(),
            telemetry,
            keys: KeyMaker::new(Arc::clone(&hash_key)),
            stop: stop.clone(),
        };
        Ok(Self { assessor, store, hash_key, drains, watched, runner, clock, api, tasks, stop, limits })
    }

    /// Serves on `listener` and does durable work until `stop` resolves; then lets requests and calls under way end,
    /// and closes.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        self.tasks.spawn(upkeep::run(self.store.clone(), self.clock.clone(), self.stop.clone()));
        self.tasks.spawn(self.drains.clone().follow(self.stop.clone()));
        self.tasks.spawn(self.runner.clone().run());
        self.tasks.spawn(self.watched.clone().watch(self.stop.clone()));
        let api = self.api.clone();
        let stop = async move {
            stop.await;
            api.start_draining();
            tracing::info!("stopping: requests under way may end");
        };
        let over = api::server::serve(listener, self.api.router(), self.limits, stop).await;
        self.close_by(over).await;
    }

    /// Brings vendors' histories in until this is closed, beside servers or without one.
    pub fn bring_in(&self) {
        self.tasks.spawn(self.runner.clone().run_imports());
    }

    /// Lets calls under way end, as long as draining may take, and closes the store.
    pub async fn close(self) {
        let over = Instant::now() + self.limits.drain_timeout;
        self.close_by(over).await;
    }

    async fn close_by(self, over: Instant) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout_at(over, self.tasks.wait()).await.is_err() {
            tracing::warn!("vendor calls were still under way when the drain timeout ended");
        }
        if timeout(CLOSE_WITHIN, self.store.close()).await.is_err() {
            tracing::warn!("the store did not close in time");
        }
        tracing::info!("stopped");
    }
}

/// Opens the store for the owner of `master_keys`, and the key of its hashes.
///
/// # Errors
///
/// When it cannot be opened, or was made under another master key.
pub async fn open_store(
    config: &StoreConfig,
    master_keys: &MasterKeys,
) -> Result<(Store, HashKey), StartError> {
    let failed = |source| StartError::Store { url: config.url.clone(), source };
    let opened = Store::open(&config.url, config.durability, Vault::new(master_keys)).await;
    let store = opened.map_err(failed)?;
    let hash_key = store.unlock(master_keys).await.map_err(failed)?;
    Ok((store, hash_key))
}

fn guarded(config: ProviderConfig, transport: Transport, clock: Clock, telemetry: Telemetry) -> Provider {
    let ProviderConfig { adapter, guards, ttl, keep_stale, clear_max_age, sandbox, poll, watch: _ } = config;
    let guards = Arc::new(Guards::new(adapter.descriptor(), guards, transport, clock, telemetry));
    Provider { adapter, guards, ttl, keep_stale, clear_max_age, sandbox, poll }
}

fn planned(name: String, config: RouteConfig, providers: &BTreeMap<ProviderName, Arc<Provider>>) -> Route {
    let RouteConfig { plan, providers: names, deadline, rescreen_every, .. } = config;
    let RouteConfig { shadow, on_unavailable, policy, allowed, .. } = config;
    let named = |names: &[ProviderName]| -> Vec<Arc<Provider>> {
        names.iter().filter_map(|name| providers.get(name).cloned()).collect()
    };
    let (shadow, providers) = (shadow.map(|shadow| cast(&shadow, named)), named(&names));
    Route { name, plan, providers, deadline, rescreen_every, shadow, on_unavailable, policy, allowed }
}

fn cast(shadow: &ShadowConfig, named: impl Fn(&[ProviderName]) -> Vec<Arc<Provider>>) -> Shadow {
    let places = usize::try_from(shadow.concurrency.get()).unwrap_or(Semaphore::MAX_PERMITS);
    let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
    Shadow { providers: named(&shadow.providers), sample: shadow.sample, places }
}

fn limited((team, config): (String, TeamConfig)) -> Option<(String, TeamLimit)> {
    config.limit.map(|limit| (team, limit))
}

impl From<&ServerConfig> for ConnectionLimits {
    fn from(server: &ServerConfig) -> Self {
        Self {
            header_read_timeout: server.header_read_timeout,
            max_connections: server.max_connections,
            drain_timeout: server.drain_timeout,
        }
    }
}
