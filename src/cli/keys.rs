//! `risk-gateway keys`

use std::process::ExitCode;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde_json::json;

use super::{ConfigArgument, Name, output};
use crate::{
    app::open_store,
    clock::Clock,
    keys::{CreatedKey, Scopes},
};

/// Manage API keys.
#[derive(Debug, Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Create(Create),
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
    /// Print one JSON line: id, key, team, scopes.
    #[arg(long)]
    json: bool,
}

// === impl Keys ===

impl Keys {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.action {
            Action::Create(create) => create.run().await,
        }
    }
}

// === impl Create ===

impl Create {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let config = self.config.load()?;
        let store = open_store(&config.store.url, &config.master_key).await?;
        let now = Clock::system().now();
        let created =
            CreatedKey::new(&config.master_key, self.team.as_str(), self.name.as_str(), &self.scopes, now)?;
        let id = created.stored.id.clone();
        store.add_key(created.stored).await?;
        store.close().await;
        let key = created.key.expose_secret();
        if self.json {
            let made = json!({ "id": id, "key": key, "team": self.team.as_str(), "scopes": self.scopes });
            output::line(&made.to_string())?;
        } else {
            output::line(&format!(
                "{key}\n\nteam {}, scopes {}. Shown once: keep it now.",
                self.team.as_str(),
                self.scopes
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
