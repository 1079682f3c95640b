//! `risk-gateway profiles`

use risk_provider::ProviderName;
use serde_json::{Value, json};

use super::{Which, failed, name};
use crate::{
    app::App,
    cli::output,
    questionnaires::{MappingState, MappingStatus, Profile, Watched, told::ProfileQuestion},
};

pub(super) async fn run(which: &Which) -> anyhow::Result<()> {
    let app = which.open().await?;
    let found = all(which, &app).await;
    app.close().await;
    let found = found?;
    if which.json {
        let told = |(provider, profiles)| json!({ "provider": provider, "profiles": profiles });
        let providers: Vec<Value> = found.into_iter().map(told).collect();
        return output::line(&json!({ "providers": providers }).to_string());
    }
    for (provider, profiles) in &found {
        for profile in profiles {
            tell(provider.as_str(), profile)?;
        }
    }
    Ok(())
}

async fn all(which: &Which, app: &App) -> anyhow::Result<Vec<(ProviderName, Vec<Profile>)>> {
    let mut found = Vec::new();
    for watched in which.watched(app)? {
        found.push((name(watched).clone(), read(watched, which.profile.as_deref()).await?));
    }
    Ok(found)
}

/// The profile of this id, or every one of the account.
async fn read(watched: &Watched, only: Option<&str>) -> anyhow::Result<Vec<Profile>> {
    let ids = match only {
        Some(id) => vec![id.to_owned()],
        None => {
            let listed = watched.list().await.map_err(|error| failed(watched, error))?;
            listed.into_iter().map(|(id, _)| id).collect()
        }
    };
    let mut profiles = Vec::new();
    for id in ids {
        let reading = watched.read(&id).await.map_err(|error| failed(watched, error))?;
        profiles.push(Profile::of(watched, &reading));
    }
    Ok(profiles)
}

fn tell(provider: &str, profile: &Profile) -> anyhow::Result<()> {
    let standing = profile.mapping.as_ref().map_or_else(|| "not configured".to_owned(), standing);
    output::quoting_line(&format!("{provider}  {}  {:?}  {standing}", profile.id, profile.name))?;
    for change in profile.mapping.iter().flat_map(|mapping| &mapping.changes) {
        output::quoting_line(&format!("  changed: {change}"))?;
    }
    if let (true, Some(misfit)) = (profile.in_force, &profile.misfit) {
        output::quoting_line(&format!("  the mapping does not fit: {misfit}"))?;
    }
    for section in &profile.sections {
        output::quoting_line(&format!("  {}", section.name))?;
        for question in &section.questions {
            output::quoting_line(&format!("    {}", told(question)))?;
        }
    }
    Ok(())
}

fn standing(mapping: &MappingStatus) -> String {
    let by =
        mapping.accepted_by.as_ref().map_or_else(|| "when first read".to_owned(), |by| format!("by {by}"));
    let at = mapping.accepted_at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default();
    match mapping.state {
        MappingState::Accepted => format!("configured, accepted {by}, {at}"),
        MappingState::Stale => format!("configured, STALE: accepted {by}, {at}, and changed since"),
        MappingState::Unknown => "configured".to_owned(),
    }
}

fn told(question: &ProfileQuestion) -> String {
    let choices: Vec<&str> = question.choices.iter().map(|choice| choice.title.as_str()).collect();
    let choices = if choices.is_empty() { String::new() } else { format!(" ({})", choices.join(", ")) };
    let answered = match &question.answered_by {
        Some(field) if question.optional => format!("{field}, if given"),
        Some(field) => field.clone(),
        None => "unanswered".to_owned(),
    };
    format!("{}  {}{choices}  <- {answered}", question.title, question.kind)
}
