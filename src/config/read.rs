//! Reading a whole configuration, section by section, so that one problem does not hide another.

use std::{collections::BTreeMap, net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};

use risk_provider::ProviderName;
use secrecy::SecretString;
use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    CacheConfig, Config, Environment, Problem, ProviderConfig, ServerConfig, StoreConfig, TeamConfig,
    TeamLimit,
    document::{Document, Value},
    routes,
    units::{Connections, Length, Size},
};
use crate::{
    secrets::{MasterKey, MasterKeys},
    store::{BadStoreUrl, Durability},
};

const SECTIONS: [&str; 7] = ["server", "store", "cache", "security", "teams", "providers", "routes"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Server {
    listen: SocketAddr,
    max_body: Size,
    header_read_timeout: Length<true>,
    max_connections: Connections,
    drain_timeout: Length,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Store {
    url: Spanned<String>,
    durability: Durability,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Cache {
    max_bytes: Size,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Security {
    master_key: Spanned<SecretString>,
    #[serde(default)]
    previous_master_keys: Vec<Spanned<SecretString>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Team {
    limit: Option<TeamLimitTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TeamLimitTable {
    requests: NonZeroU32,
    per: Length<true>,
}

// === impl Server ===

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            max_body: Size(256 * 1024),
            header_read_timeout: Length(Duration::from_secs(10)),
            max_connections: Connections(10_000),
            drain_timeout: Length(Duration::from_secs(25)),
        }
    }
}

// === impl Store ===

impl Default for Store {
    fn default() -> Self {
        Self {
            url: Spanned::new(0..0, "sqlite:risk-gateway.db".to_owned()),
            durability: Durability::default(),
        }
    }
}

// === impl Cache ===

impl Default for Cache {
    fn default() -> Self {
        Self { max_bytes: Size(256 * 1024 * 1024) }
    }
}

/// Reads and checks the whole of `text`.
pub(super) fn config(text: &str, environment: &Environment) -> Result<Config, Vec<Problem>> {
    let (mut document, mut root) = Document::parse(text, environment);
    if !document.problems.is_empty() && root.is_empty() {
        return Err(document.problems);
    }
    let server: Option<Server> = section(&mut document, &mut root, "server");
    let store = section(&mut document, &mut root, "store");
    let store = store.and_then(|store: Store| read_store(&mut document, &store));
    let cache: Option<Cache> = section(&mut document, &mut root, "cache");
    let master_keys = read_master_keys(&mut document, &mut root);
    let teams = read_teams(&mut document, &mut root);
    let providers = read_providers(&mut document, &mut root);
    let routes = routes::read(&mut document, &mut root, &providers);
    for (key, _) in &root {
        document.unknown(Some(key.span()), "top level", key.get_ref(), &SECTIONS);
    }
    let providers = providers.into_iter().filter_map(|(name, read)| Some((ProviderName::new(&name), read?)));
    let providers: BTreeMap<_, _> = providers.collect();
    match (server, store, cache, master_keys) {
        (Some(server), Some(store), Some(cache), Some(master_keys)) if document.problems.is_empty() => {
            Ok(Config {
                server: ServerConfig::from(server),
                store,
                cache: CacheConfig { max_bytes: cache.max_bytes.0 },
                master_keys: Arc::new(master_keys),
                teams,
                providers,
                routes,
            })
        }
        _ => {
            document.problems.sort_by_key(|problem| problem.line);
            document.problems.dedup();
            Err(document.problems)
        }
    }
}

fn section<'i, T: Deserialize<'i> + Default>(
    document: &mut Document<'i>,
    root: &mut DeTable<'i>,
    name: &str,
) -> Option<T> {
    match Document::take(root, name) {
        Some(value) => document.read(value, &format!("[{name}]"), &[]).ok(),
        None => Some(T::default()),
    }
}

fn read_store(document: &mut Document<'_>, store: &Store) -> Option<StoreConfig> {
    match store.url.get_ref().parse() {
        Ok(url) => Some(StoreConfig { url, durability: store.durability }),
        Err(BadStoreUrl) => {
            document.problem(Some(store.url.span()), format!("[store]: url {BadStoreUrl}"));
            None
        }
    }
}

fn read_master_keys<'i>(document: &mut Document<'i>, root: &mut DeTable<'i>) -> Option<MasterKeys> {
    let Some(value) = Document::take(root, "security") else {
        let problem = "[security] master_key is required: base64 of 32 bytes, best as \"${RISK_GATEWAY_MASTER_KEY}\"; \
                       make one with: openssl rand -base64 32";
        document.problem(None, problem);
        return None;
    };
    let security: Security = document.read(value, "[security]", &[]).ok()?;
    let mut read = |key: &str, text: &Spanned<SecretString>| match MasterKey::parse(text.get_ref()) {
        Ok(master_key) => Some(master_key),
        Err(error) => {
            document.problem(Some(text.span()), format!("[security]: {key} {error}"));
            None
        }
    };
    let current = read("master_key", &security.master_key);
    let previous: Option<Vec<_>> =
        security.previous_master_keys.iter().map(|key| read("each of previous_master_keys", key)).collect();
    Some(MasterKeys::new(current?, previous?))
}

fn read_teams<'i>(document: &mut Document<'i>, root: &mut DeTable<'i>) -> BTreeMap<String, TeamConfig> {
    let mut teams = BTreeMap::new();
    for (name, value) in tables(document, root, "teams") {
        if let Ok(team) = document.read::<Team>(value, &format!("[teams.{name}]"), &[]) {
            let limit = team.limit.map(|limit| TeamLimit { requests: limit.requests, per: limit.per.0 });
            teams.insert(name, TeamConfig { limit });
        }
    }
    teams
}

/// Every provider by name; none where its table has problems, so that routes may still name it.
fn read_providers<'i>(
    document: &mut Document<'i>,
    root: &mut DeTable<'i>,
) -> BTreeMap<String, Option<ProviderConfig>> {
    let mut providers = BTreeMap::new();
    for (name, value) in tables(document, root, "providers") {
        let read = ProviderConfig::read(document, &name, value);
        providers.insert(name, read);
    }
    providers
}

/// The tables below `name`, each with its own name.
pub(super) fn tables<'i>(
    document: &mut Document<'i>,
    root: &mut DeTable<'i>,
    name: &str,
) -> Vec<(String, Value<'i>)> {
    let Some(value) = Document::take(root, name) else { return Vec::new() };
    let span = value.span();
    let DeValue::Table(table) = value.into_inner() else {
        document.problem(Some(span), format!("[{name}] must hold tables, such as [{name}.default]"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for (key, value) in table {
        let well_named = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if key.get_ref().is_empty() || key.get_ref().len() > 64 || !key.get_ref().chars().all(well_named) {
            let problem = "a name is made of letters, digits, \"-\" and \"_\", at most 64";
            document.problem(Some(key.span()), format!("[{name}]: {problem}"));
        }
        found.push((key.get_ref().to_string(), value));
    }
    found
}

impl From<Server> for ServerConfig {
    fn from(server: Server) -> Self {
        Self {
            listen: server.listen,
            max_body_bytes: usize::try_from(server.max_body.0).unwrap_or(usize::MAX),
            header_read_timeout: server.header_read_timeout.0,
            max_connections: server.max_connections.0,
            drain_timeout: server.drain_timeout.0,
        }
    }
}
