//! `risk-gateway profiles accept`

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use risk_provider::{Change, Reading};
use serde_json::{Value, json};

use super::{Which, failed, name};
use crate::{
    app::App,
    cli::{Name, output},
    config::Environment,
    questionnaires::{Standing, Watched},
};

/// Accept a profile as the vendor has it now.
///
/// Shows what changed in the configured profile since it was accepted, question by question, and records that you have
/// looked it over. Every server that shares the store asks the provider again within seconds. Edit the mapping first
/// where the change concerns it: where it does not fit, the exit code is 1, and the provider stays out of routing until it
/// is edited. A profile that did not change is left as it is.
#[derive(Debug, Args)]
pub(super) struct Accept {
    #[command(flatten)]
    which: Which,
    /// Who accepts it, for the record. Default: whoever is logged in.
    #[arg(long, value_name = "NAME")]
    by: Option<Name>,
}

/// What became of one provider's profile.
struct Accepted {
    provider: String,
    profile: String,
    changes: Vec<Change>,
    /// Why the mapping does not fit it, where it does not.
    misfit: Option<String>,
}

// === impl Accept ===

impl Accept {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let app = self.which.open().await?;
        let accepted = self.accept(&app).await;
        app.close().await;
        let accepted = accepted?;
        if self.which.json {
            let told: Vec<Value> = accepted.iter().map(Accepted::json).collect();
            output::line(&json!({ "providers": told }).to_string())?;
        } else {
            accepted.iter().try_for_each(Accepted::tell)?;
        }
        let fits = accepted.iter().all(|accepted| accepted.misfit.is_none());
        Ok(if fits { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn accept(&self, app: &App) -> anyhow::Result<Vec<Accepted>> {
        let by = self.by.as_ref().map_or_else(logged_in, |by| by.as_str().to_owned());
        let mut accepted = Vec::new();
        for watched in self.which.watched(app)? {
            accepted.push(self.accept_of(watched, &by).await?);
        }
        Ok(accepted)
    }

    async fn accept_of(&self, watched: &Watched, by: &str) -> anyhow::Result<Accepted> {
        let configured = watched.gate().profile();
        if self.which.profile.as_deref().is_some_and(|id| id != configured) {
            bail!("{} is configured with profile {configured}: only that one can be accepted", name(watched));
        }
        let reading = watched.read(configured).await.map_err(|error| failed(watched, error))?;
        // Also where the read could not be noted: what is accepted is what stands in the store.
        watched.gate().note(&reading.questionnaire).await?;
        let changes = match watched.gate().standing() {
            Standing::Stale(changes) => changes,
            Standing::Unknown | Standing::Accepted => Vec::new(),
        };
        if !changes.is_empty() {
            watched.accept(&reading, by).await?;
        }
        let Reading { questionnaire, misfit, .. } = reading;
        Ok(Accepted { provider: name(watched).to_string(), profile: questionnaire.id, changes, misfit })
    }
}

// === impl Accepted ===

impl Accepted {
    fn json(&self) -> Value {
        let Self { provider, profile, changes, misfit } = self;
        let accepted = !changes.is_empty();
        json!({
            "provider": provider, "profile": profile, "accepted": accepted, "changes": changes, "misfit": misfit,
        })
    }

    fn tell(&self) -> anyhow::Result<()> {
        let Self { provider, profile, changes, misfit } = self;
        if changes.is_empty() {
            output::quoting_line(&format!(
                "{provider}: profile {profile} did not change: nothing to accept"
            ))?;
        }
        for change in changes {
            output::quoting_line(&format!("{provider}: {change}"))?;
        }
        if !changes.is_empty() {
            output::quoting_line(&format!("{provider}: profile {profile} is accepted as it is now"))?;
        }
        if let Some(misfit) = misfit {
            output::quoting_line(&format!(
                "{provider}: the mapping does not fit it, so edit that: {misfit}"
            ))?;
        }
        Ok(())
    }
}

fn logged_in() -> String {
    Environment::system().get("USER").filter(|user| !user.is_empty()).unwrap_or_else(|| "operator".to_owned())
}
