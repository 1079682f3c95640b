//! `risk-gateway profiles suggest`

use clap::Args;
use serde_json::{Value, json};

use super::{Which, failed, name};
use crate::{
    app::App,
    cli::output,
    questionnaires::suggest::{self, Proposal},
};

/// Propose which subject field answers which question.
///
/// Prints a table for the configuration, made from the titles and types of the profile's questions alone: look over and
/// edit every line before you use it. What is not certain is commented out.
#[derive(Debug, Args)]
pub(super) struct Suggest {
    #[command(flatten)]
    which: Which,
}

/// What is proposed for one provider.
struct Suggested {
    provider: String,
    profile: String,
    toml: String,
    questions: Vec<Proposal>,
}

// === impl Suggest ===

impl Suggest {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let app = self.which.open().await?;
        let suggested = self.suggest(&app).await;
        app.close().await;
        let suggested = suggested?;
        if self.which.json {
            let told: Vec<Value> = suggested.iter().map(Suggested::json).collect();
            return output::line(&json!({ "providers": told }).to_string());
        }
        suggested.iter().try_for_each(|suggested| output::line(&suggested.toml))
    }

    async fn suggest(&self, app: &App) -> anyhow::Result<Vec<Suggested>> {
        let mut suggested = Vec::new();
        for watched in self.which.watched(app)? {
            let id = self.which.profile.as_deref().unwrap_or_else(|| watched.gate().profile());
            let reading = watched.read(id).await.map_err(|error| failed(watched, error))?;
            let questionnaire = reading.questionnaire;
            let provider = name(watched).to_string();
            let questions = suggest::propose(&questionnaire, watched.provider().adapter.descriptor().kind);
            let toml = suggest::to_toml(&provider, &questionnaire, &questions);
            suggested.push(Suggested { provider, profile: questionnaire.id, toml, questions });
        }
        Ok(suggested)
    }
}

// === impl Suggested ===

impl Suggested {
    fn json(&self) -> Value {
        let Self { provider, profile, toml, questions } = self;
        json!({ "provider": provider, "profile": profile, "toml": toml, "questions": questions })
    }
}
