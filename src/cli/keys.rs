//! `risk-gateway keys`

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{ConfigArgument, Name, output};
use crate::{
    app::open_store,
    clock::Clock,
    keys::{CreatedKey, KeyEnvironment, KeyOwner, Scopes},
    secrets::HashKey,
    store::{Store, StoredKey},
};

/// How far behind a server's clock may be: a revoked key is good for none of them.
const SKEW: Duration = Duration::from_secs(15 * 60);

/// Manage API keys. Every command works beside running servers.
#[derive(Debug, Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Create(Create),
    List(List),
    Revoke(Revoke),
    Rotate(Rotate),
}

/// Make a key for a team.
///
/// The key is shown once: only a keyed hash of it is stored. It is good at once, also for a server that is
/// already running on the same configuration.
#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    config: ConfigArgument,
    /// The team that the key belongs to. Teams see only their own assessments.
    #[arg(long)]
    team: Name,
    /// What the key is called in messages and logs.
    #[arg(long, default_value = "default")]
    name: Name,
    /// What it may do: assess, read, compare, label, review, erase, audit, admin, separated by commas; or all.
    #[arg(long, value_name = "SCOPES", default_value = "assess,read")]
    scopes: Scopes,
    /// live, or test: a test key takes only routes on providers with sandbox = true, and sees only what test keys
    /// of its team made.
    #[arg(long, value_enum, default_value_t = KeyEnvironment::Live)]
    environment: KeyEnvironment,
    /// Print one JSON line: id, key, team, scopes.
    #[arg(long)]
    json: bool,
}

/// List keys: whose they are, what they may do, when they were last used.
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    config: ConfigArgument,
    /// Only this team's.
    #[arg(long)]
    team: Option<Name>,
    /// Print one JSON line: keys.
    #[arg(long)]
    json: bool,
}

/// Revoke a key. Every server refuses it within 5 seconds, for good.
#[derive(Debug, Args)]
struct Revoke {
    #[command(flatten)]
    config: ConfigArgument,
    /// The key's id, as `keys list` shows it: the part between the first two "_" of the key.
    id: String,
    /// Print one JSON line: id, revoked.
    #[arg(long)]
    json: bool,
}

/// Make another key for the same purpose, and revoke this one a while later.
#[derive(Debug, Args)]
struct Rotate {
    #[command(flatten)]
    config: ConfigArgument,
    /// The id of the key to replace, as `keys list` shows it.
    id: String,
    /// How long both are good, such as "0s", "1h" or "7d".
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = humantime::parse_duration)]
    overlap: Duration,
    /// Print one JSON line: id, key, team, scopes, replaces, until.
    #[arg(long)]
    json: bool,
}

// === impl Keys ===

impl Keys {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.action {
            Action::Create(create) => create.run().await,
            Action::List(list) => list.run().await,
            Action::Revoke(revoke) => revoke.run().await,
            Action::Rotate(rotate) => rotate.run().await,
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn open(config: &ConfigArgument) -> anyhow::Result<(Store, HashKey)> {
    let config = config.load()?;
    Ok(open_store(&config.store, &config.master_keys).await?)
}

/// The key of this id, or why there is none.
async fn find(store: &Store, id: &str) -> anyhow::Result<StoredKey> {
    match store.key(id).await? {
        Some(key) => Ok(key),
        None => bail!("no key has this id: \"risk-gateway keys list\" shows the ids"),
    }
}

// === impl Create ===

impl Create {
    async fn run(self) -> anyhow::Result<()> {
        let (store, hash_key) = open(&self.config).await?;
        let owner = KeyOwner {
            team: self.team.as_str().to_owned(),
            name: self.name.as_str().to_owned(),
            environment: self.environment,
        };
        let created = CreatedKey::new(&hash_key, &owner, &self.scopes, Clock::system().now())?;
        store.add_key(created.stored.clone()).await?;
        store.close().await;
        if self.json {
            let (id, key) = (&created.stored.id, created.key.expose_secret());
            let made = json!({ "id": id, "key": key, "team": owner.team, "scopes": self.scopes });
            return output::line(&made.to_string());
        }
        output::line(&format!(
            "{}\n\nteam {}, scopes {}, {}. Shown once: keep it now.",
            created.key.expose_secret(),
            owner.team,
            self.scopes,
            owner.environment.as_str()
        ))
    }
}

// === impl List ===

impl List {
    async fn run(self) -> anyhow::Result<()> {
        let (store, _) = open(&self.config).await?;
        let keys = store.keys(self.team.as_ref().map(Name::as_str)).await?;
        store.close().await;
        let now = Clock::system().now();
        if self.json {
            let told: Vec<Value> = keys.iter().map(|key| told(key, now)).collect();
            return output::line(&json!({ "keys": told }).to_string());
        }
        output::line(&row(["ID", "TEAM", "NAME", "ENV", "STATE", "LAST USED", "SCOPES"]))?;
        for key in &keys {
            let last_used = key.last_used_at.map_or_else(|| "never".to_owned(), whole_seconds);
            let state = state(key, now);
            output::line(&row([
                &key.id,
                &key.team,
                &key.name,
                &key.environment,
                &state,
                &last_used,
                &key.scopes,
            ]))?;
        }
        Ok(())
    }
}

fn row([id, team, name, environment, state, last_used, scopes]: [&str; 7]) -> String {
    format!("{id:<16}  {team:<16}  {name:<16}  {environment:<4}  {state:<29}  {last_used:<20}  {scopes}")
}

fn told(key: &StoredKey, now: Timestamp) -> Value {
    let scopes: Vec<&str> = key.scopes.split(',').collect();
    json!({
        "id": key.id, "team": key.team, "name": key.name, "environment": key.environment, "scopes": scopes,
        "created_at": key.created_at, "last_used_at": key.last_used_at, "revoked_at": key.revoked_at,
        "revoked": key.is_revoked(now),
    })
}

fn state(key: &StoredKey, now: Timestamp) -> String {
    match key.revoked_at {
        None => "good".to_owned(),
        Some(from) if from > now => format!("good until {}", whole_seconds(from)),
        Some(_) => "revoked".to_owned(),
    }
}

fn whole_seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

// === impl Revoke ===

impl Revoke {
    async fn run(self) -> anyhow::Result<()> {
        let (store, _) = open(&self.config).await?;
        find(&store, &self.id).await?;
        let from = Clock::system().now().checked_sub(SKEW)?;
        store.revoke_key(&self.id, from).await?;
        store.close().await;
        if self.json {
            return output::line(&json!({ "id": self.id, "revoked": true }).to_string());
        }
        output::line(&format!("{} is revoked; every server refuses it within 5 seconds", self.id))
    }
}

// === impl Rotate ===

impl Rotate {
    async fn run(self) -> anyhow::Result<()> {
        let (store, hash_key) = open(&self.config).await?;
        let now = Clock::system().now();
        let old = find(&store, &self.id).await?;
        if old.is_revoked(now) {
            bail!("this key is revoked: make another with \"risk-gateway keys create\"");
        }
        let owner = KeyOwner {
            environment: KeyEnvironment::from_word(&old.environment),
            team: old.team,
            name: old.name,
        };
        let scopes: Scopes = old.scopes.parse()?;
        let until = now.checked_add(self.overlap).context("the overlap is too long")?;
        let created = CreatedKey::new(&hash_key, &owner, &scopes, now)?;
        store.add_key(created.stored.clone()).await?;
        store.revoke_key(&self.id, until).await?;
        // It may have been settled before that it ends sooner.
        let until = find(&store, &self.id).await?.revoked_at.unwrap_or(until);
        store.close().await;
        if self.json {
            let key = created.key.expose_secret();
            let made = json!({
                "id": created.stored.id, "key": key, "team": owner.team, "scopes": scopes, "replaces": self.id,
                "until": until,
            });
            return output::line(&made.to_string());
        }
        output::line(&format!(
            "{}\n\nteam {}, scopes {scopes}. Shown once: keep it now. {} is good until {}.",
            created.key.expose_secret(),
            owner.team,
            self.id,
            whole_seconds(until)
        ))
    }
}
