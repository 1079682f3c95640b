//! `risk-gateway profiles`

mod accept;
mod list;
mod suggest;

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use risk_provider::{ProviderError, ProviderName};

use super::{ConfigArgument, Name};
use crate::{app::App, clock::Clock, questionnaires::Watched};

/// List vendors' profiles: what they ask, and what answers it.
///
/// Reads the questionnaires of every provider that has some, and says which subject field answers each question by the
/// configured mapping, and whether the configured profile changed since it was accepted. Bills nothing. Every command
/// works beside running servers.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Profiles {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Subcommand)]
enum Action {
    Suggest(suggest::Suggest),
    Accept(accept::Accept),
}

/// Which profiles are meant.
#[derive(Debug, Args)]
struct Which {
    #[command(flatten)]
    config: ConfigArgument,
    /// Only this provider's.
    #[arg(long)]
    provider: Option<Name>,
    /// Only the profile of this id, as the vendor calls it.
    #[arg(long, value_name = "ID")]
    profile: Option<String>,
    /// Print one JSON line.
    #[arg(long)]
    json: bool,
}

// === impl Profiles ===

impl Profiles {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.action {
            None => list::run(&self.which).await?,
            Some(Action::Suggest(suggest)) => suggest.run().await?,
            Some(Action::Accept(accept)) => return accept.run().await,
        }
        Ok(ExitCode::SUCCESS)
    }
}

// === impl Which ===

impl Which {
    async fn open(&self) -> anyhow::Result<App> {
        Ok(App::start(self.config.load()?, Clock::system()).await?)
    }

    /// The providers that are meant.
    fn watched<'a>(&self, app: &'a App) -> anyhow::Result<Vec<&'a Watched>> {
        let Some(name) = &self.provider else {
            let all: Vec<&Watched> = app.watched.iter().map(|(_, watched)| watched).collect();
            if all.is_empty() {
                bail!("no configured provider has profiles");
            }
            return Ok(all);
        };
        match app.watched.get(&ProviderName::new(name.as_str())) {
            Some(watched) => Ok(vec![watched]),
            None if app.assessor.provider(name.as_str()).is_some() => {
                bail!("the provider {} has no profiles: its kind knows none", name.as_str())
            }
            None => bail!("no provider {} is configured", name.as_str()),
        }
    }
}

/// The name of the provider that `watched` is.
fn name(watched: &Watched) -> &ProviderName {
    &watched.provider().adapter.descriptor().name
}

/// A failed read, in words.
fn failed(watched: &Watched, error: ProviderError) -> anyhow::Error {
    anyhow::Error::new(error).context(format!("the profiles of {} cannot be read", name(watched)))
}
