//! A gateway inside the test, on a real socket and a real SQLite file, with both vendors behind it.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, RequestBuilder};
use risk_gateway::{
    api::server,
    app::App,
    clock::Clock,
    config::{Config, Environment},
    keys::{CreatedKey, KeyEnvironment, KeyOwner},
    secrets::HashKey,
    store::Store,
};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::{sync::oneshot, time::Instant};

use crate::{
    http::{Answer, answer, client},
    stores::TestStore,
    vendors::{Setup, Vendors},
};

/// How long a condition may take to come true.
const PATIENCE: Duration = Duration::from_secs(20);
/// When every test's day begins.
const NOON: &str = "2026-06-15T12:00:00Z";

/// A running gateway. Reads as its [`Vendors`].
pub(crate) struct Gateway {
    pub(crate) url: String,
    /// A key of team `risk` with every scope.
    pub(crate) key: String,
    pub(crate) client: Client,
    vendors: Vendors,
    store: Store,
    hash_key: Arc<HashKey>,
    clock: Clock,
    ahead_s: Arc<AtomicI64>,
    _stop: oneshot::Sender<()>,
    _place: TestStore,
}

// === impl Gateway ===

impl Gateway {
    /// A gateway with the usual configuration.
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let vendors = Vendors::start().await;
        let place = TestStore::new();
        // Nobody here pulls the plug, and not every machine syncs quickly.
        let mut variables = setup.environment(&vendors, &place.url);
        variables.push(("DURABILITY", "relaxed".to_owned()));
        let environment = Environment::from_fn(move |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        });
        let config = Config::parse(&setup.toml(), &environment).expect("a good configuration");
        let ahead_s = Arc::new(AtomicI64::new(0));
        let (ahead, system) = (Arc::clone(&ahead_s), Clock::system());
        // Noon, so that no test runs into another day unless it means to.
        let (noon, started) = (NOON.parse::<Timestamp>().expect("a time"), system.now());
        let clock = Clock::from_fn(move || {
            let ahead = SignedDuration::from_secs(ahead.load(Ordering::Relaxed));
            noon + system.now().duration_since(started) + ahead
        });
        let listener = server::listen(config.server.listen).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let app = App::start(config, clock.clone()).await.expect("a gateway");
        let (store, hash_key) = (app.store.clone(), Arc::clone(&app.hash_key));
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(app.serve(listener, async { drop(stopped.await) }));
        let client = client();
        let mut gateway = Self {
            url,
            key: String::new(),
            client,
            vendors,
            store,
            hash_key,
            clock,
            ahead_s,
            _stop: stop,
            _place: place,
        };
        gateway.key = gateway.key_for("risk", "all").await;
        gateway
    }

    /// A new key, made while the gateway runs.
    pub(crate) async fn key_for(&self, team: &str, scopes: &str) -> String {
        self.key_in(KeyEnvironment::Live, team, scopes).await
    }

    pub(crate) async fn key_in(&self, environment: KeyEnvironment, team: &str, scopes: &str) -> String {
        let scopes = scopes.parse().expect("scopes");
        let owner = KeyOwner { team: team.to_owned(), name: "test".to_owned(), environment };
        let created = CreatedKey::new(&self.hash_key, &owner, &scopes, self.clock.now());
        let created = created.expect("randomness");
        self.store.add_key(created.stored).await.expect("a stored key");
        created.key.expose_secret().to_owned()
    }

    /// Moves the gateway's wall clock.
    pub(crate) fn advance(&self, seconds: i64) {
        self.ahead_s.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// `POST /v1/assessments` under `key`, not sent yet.
    pub(crate) fn question(&self, key: &str, body: &Value) -> RequestBuilder {
        self.client.post(self.url("/v1/assessments")).bearer_auth(key).json(body)
    }

    pub(crate) async fn ask(&self, body: &Value) -> Answer {
        answer(self.question(&self.key, body)).await
    }

    pub(crate) async fn ask_as(&self, key: &str, body: &Value) -> Answer {
        answer(self.question(key, body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.client.get(self.url(path)).bearer_auth(&self.key)).await
    }

    /// One provider of `GET /v1/providers`.
    pub(crate) async fn provider(&self, name: &str) -> Value {
        let providers = self.get("/v1/providers").await.good();
        let mut all = providers["providers"].as_array().expect("a list").iter();
        all.find(|provider| provider["name"] == name).expect("the provider").clone()
    }
}

impl Deref for Gateway {
    type Target = Vendors;

    fn deref(&self) -> &Vendors {
        &self.vendors
    }
}

/// Waits until `ready` says so.
pub(crate) async fn until(what: &str, ready: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ready().await {
        assert!(Instant::now() < deadline, "waited too long: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
