//! Wiring, once: a configuration becomes a running gateway.
//!
//! The order around each exchange is decided here and in [`crate::resilience`]: the cache stands outside the
//! guards, so that a hit costs no permit; the breaker stands outside the limiter, so that a refused call uses up
//! no turn; the attempt timeout is innermost, so that waiting for a turn is not held against the vendor.

use std::{collections::BTreeMap, sync::Arc};

use metrics_exporter_prometheus::BuildError;
use risk_provider::{Transport, transport::TransportError};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::task::TaskTracker;

use crate::{
    api::{self, Api, server::ConnectionLimits},
    cache::{AnswerCache, KeyMaker},
    clock::Clock,
    config::{Config, ProviderConfig, RouteConfig, ServerConfig},
    resilience::Guards,
    routing::{self, Assessor, Provider, Route},
    secrets::{MasterKey, Purpose},
    store::{Store, StoreError},
    telemetry::Telemetry,
    vault::Vault,
};

/// A gateway that is ready to serve.
#[derive(Debug)]
pub struct App {
    /// What answers questions.
    pub assessor: Arc<Assessor>,
    /// The durable record.
    pub store: Store,
    api: Api,
    tasks: TaskTracker,
    limits: ConnectionLimits,
}

/// A gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store could not be opened.
    #[error("the store {url} cannot be used")]
    Store {
        /// Where it is.
        url: String,
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
        let Config { server, store: store_config, cache, master_key, providers, routes } = config;
        let telemetry = Telemetry::new()?;
        let transport = Transport::new(clock.as_fn())?;
        let store = open_store(&store_config.url, &master_key).await?;
        let guarded = |(name, config): (_, ProviderConfig)| {
            let ProviderConfig { adapter, guards, ttl, keep_stale } = config;
            let (transport, clock) = (transport.clone(), clock.clone());
            let guards = Guards::new(adapter.descriptor(), guards, transport, clock, telemetry.clone());
            (name, Arc::new(Provider { adapter, guards: Arc::new(guards), ttl, keep_stale }))
        };
        let providers: BTreeMap<_, _> = providers.into_iter().map(guarded).collect();
        let planned = |(name, config): (String, RouteConfig)| {
            let RouteConfig { strategy, providers: names, deadline } = config;
            let providers = names.iter().filter_map(|name| providers.get(name).cloned()).collect();
            (name.clone(), Arc::new(Route { name, strategy, providers, deadline }))
        };
        let routes: BTreeMap<_, _> = routes.into_iter().map(planned).collect();
        let tasks = TaskTracker::new();
        let assessor = Assessor::new(routing::Parts {
            routes,
            providers,
            cache: AnswerCache::new(cache.max_bytes),
            keys: KeyMaker::new(Arc::clone(&master_key)),
            store: store.clone(),
            clock: clock.clone(),
            telemetry: telemetry.clone(),
            tasks: tasks.clone(),
        });
        let api = Api::new(api::Parts {
            assessor: Arc::clone(&assessor),
            store: store.clone(),
            master_key,
            clock,
            telemetry,
            max_body_bytes: server.max_body_bytes,
            body_timeout: server.header_read_timeout,
        });
        Ok(Self { assessor, store, api, tasks, limits: ConnectionLimits::from(&server) })
    }

    /// Serves on `listener` until `stop` resolves; then lets requests and calls under way end, and closes.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let api = self.api.clone();
        let stop = async move {
            stop.await;
            api.start_draining();
            tracing::info!("stopping: requests under way may end");
        };
        let over = api::server::serve(listener, self.api.router(), self.limits, stop).await;
        self.close_by(over).await;
    }

    /// Lets calls under way end, as long as draining may take, and closes the store.
    pub async fn close(self) {
        let over = Instant::now() + self.limits.drain_timeout;
        self.close_by(over).await;
    }

    async fn close_by(self, over: Instant) {
        self.tasks.close();
        if tokio::time::timeout_at(over, self.tasks.wait()).await.is_err() {
            tracing::warn!("vendor calls were still under way when the drain timeout ended");
        }
        self.store.close().await;
        tracing::info!("stopped");
    }
}

/// Opens the store at `url` for the owner of `master_key`.
///
/// # Errors
///
/// When it cannot be opened, or was made under another master key.
pub async fn open_store(url: &str, master_key: &MasterKey) -> Result<Store, StartError> {
    let failed = |source| StartError::Store { url: url.to_owned(), source };
    let store = Store::open(url, Vault::new(master_key)).await.map_err(failed)?;
    store.claim(master_key.mac(Purpose::Recognition, &[])).await.map_err(failed)?;
    Ok(store)
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
