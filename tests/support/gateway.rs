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
    store::{Store, StoredKey},
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
    setup: Setup,
    vendors: Arc<Vendors>,
    place: Arc<TestStore>,
    store: Store,
    hash_key: Arc<HashKey>,
    clock: Clock,
    ahead_s: Arc<AtomicI64>,
    _stop: oneshot::Sender<()>,
}

// === impl Gateway ===

impl Gateway {
    /// A gateway with the usual configuration.
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        Self::on(TestStore::new(), setup).await
    }

    /// A gateway whose records go to `place`.
    pub(crate) async fn on(place: TestStore, setup: Setup) -> Self {
        // Noon, so that no test runs into another day unless it means to.
        Self::begun(place, setup, NOON.parse().expect("a time")).await
    }

    /// A gateway whose clock tells the same time as its vendors'.
    pub(crate) async fn in_vendors_time(setup: Setup) -> Self {
        Self::begun(TestStore::new(), setup, Clock::system().now()).await
    }

    async fn begun(place: TestStore, setup: Setup, noon: Timestamp) -> Self {
        let ahead_s = Arc::new(AtomicI64::new(0));
        let (ahead, system) = (Arc::clone(&ahead_s), Clock::system());
        let started = system.now();
        let clock = Clock::from_fn(move || {
            let ahead = SignedDuration::from_secs(ahead.load(Ordering::Relaxed));
            noon + system.now().duration_since(started) + ahead
        });
        let vendors = Arc::new(Vendors::start().await);
        let mut gateway = Self::run(setup, vendors, Arc::new(place), clock, ahead_s).await;
        gateway.key = gateway.key_for("risk", "all").await;
        gateway
    }

    /// Another gateway on the same store, before the same vendors, with the same key and clock.
    pub(crate) async fn twin(&self) -> Self {
        self.twin_with(self.setup.clone()).await
    }

    /// The same, configured otherwise.
    pub(crate) async fn twin_with(&self, setup: Setup) -> Self {
        let (vendors, place) = (Arc::clone(&self.vendors), Arc::clone(&self.place));
        let (clock, ahead_s) = (self.clock.clone(), Arc::clone(&self.ahead_s));
        Self { key: self.key.clone(), ..Self::run(setup, vendors, place, clock, ahead_s).await }
    }

    async fn run(
        setup: Setup,
        vendors: Arc<Vendors>,
        place: Arc<TestStore>,
        clock: Clock,
        ahead_s: Arc<AtomicI64>,
    ) -> Self {
        let mut variables = setup.environment(&vendors, &place.url);
        // Nobody here pulls the plug, and not every machine syncs quickly.
        variables.push(("DURABILITY", "relaxed".to_owned()));
        let environment = Environment::from_fn(move |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        });
        let config = Config::parse(&setup.toml(), &environment).expect("a good configuration");
        let listener = server::listen(config.server.listen).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let app = App::start(config, clock.clone()).await.expect("a gateway");
        let (store, hash_key) = (app.store.clone(), Arc::clone(&app.hash_key));
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(app.serve(listener, async { drop(stopped.await) }));
        let (key, client) = (String::new(), client());
        Self { url, key, client, setup, vendors, place, store, hash_key, clock, ahead_s, _stop: stop }
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

    /// What is stored of `key`.
    pub(crate) async fn stored(&self, key: &str) -> StoredKey {
        self.store.key(id_of(key)).await.expect("a store that works").expect("a key")
    }

    pub(crate) async fn revoke(&self, key: &str) {
        self.store.revoke_key(id_of(key), self.clock.now()).await.expect("a store that works");
    }

    /// Where its records are.
    pub(crate) fn store_url(&self) -> &str {
        &self.place.url
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

/// The public part of a key.
fn id_of(key: &str) -> &str {
    key.split('_').nth(1).expect("an id")
}

/// Waits until `ready` says so.
pub(crate) async fn until(what: &str, ready: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ready().await {
        assert!(Instant::now() < deadline, "waited too long: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
