//! `risk-gateway import`

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use risk_provider::VendorReference;

use super::{ConfigArgument, Name, output, stop};
use crate::{
    api::ImportState,
    app::App,
    cache::KeyMaker,
    clock::Clock,
    ids::JobId,
    jobs::imports::{End, Extent, Span, Unwanted, Wanted},
    keys::KeyEnvironment,
    store::{Import, ImportStatus},
};

const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Bring a provider's own history in, for comparison.
///
/// Reads what the vendor had answered before, page by page, within the provider's limit, and asks nothing anew: nothing
/// is billed. What is here already is skipped. Works beside running servers, which may do part of it, or without one.
///
/// What is interrupted goes on when the same command is given again; after a kill that takes half a minute. A server
/// that runs goes on by itself. Progress goes to stderr, the result to stdout.
#[derive(Debug, Args)]
pub(super) struct ImportCommand {
    #[command(flatten)]
    config: ConfigArgument,
    /// Whose history.
    #[arg(long, value_name = "NAME", required_unless_present = "resume")]
    provider: Option<String>,
    /// What was made on this day in UTC, or at this time, or later.
    #[arg(long, value_name = "DAY")]
    from: Option<End>,
    /// What was made until the end of this day in UTC, or before this time.
    #[arg(long, value_name = "DAY")]
    to: Option<End>,
    /// Only what a filter of the vendor's own leaves, such as type=business. May be given for several filters.
    #[arg(long, value_name = "NAME=VALUE", value_parser = filter)]
    filter: Vec<(String, String)>,
    /// Only this answer, by the vendor's own reference; kyb: and a company's id is the risk of a company that iDenfy
    /// verified. May be given several times.
    #[arg(long, value_name = "REFERENCE", conflicts_with_all = ["from", "to", "filter"])]
    reference: Vec<String>,
    /// The team that it is kept for. What a sandbox plays is kept apart, as what test keys make.
    #[arg(long, default_value = "default")]
    team: Name,
    /// Go on with this import, job_….
    #[arg(long, value_name = "ID", conflicts_with_all = ["provider", "from", "to", "filter", "reference"])]
    resume: Option<String>,
    /// Print one JSON line: id, provider, status, imported, skipped, failed, and more.
    #[arg(long)]
    json: bool,
}

// === impl ImportCommand ===

impl ImportCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let app = App::start(self.config.load()?, Clock::system()).await?;
        let result = self.bring_in(&app).await;
        app.close().await;
        let import = result?;
        let counts = &import.counts;
        let all_failed = !counts.failed.is_empty() && counts.imported == 0 && counts.skipped.is_empty();
        let succeeded = import.status == ImportStatus::Completed && !all_failed;
        if !import.status.is_over() {
            output::progress(&format!(
                "interrupted; go on with: risk-gateway import --resume {} --team {}",
                import.id,
                self.team.as_str()
            ));
        }
        self.print(import)?;
        Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Brings it in until it has ended, or the program is to stop.
    async fn bring_in(&self, app: &App) -> anyhow::Result<Import> {
        let (tenant, id) = self.begun(app).await?;
        app.bring_in();
        let mut told = String::new();
        let stop = stop::signalled();
        tokio::pin!(stop);
        loop {
            let import = app.store.import(&tenant, &id).await?.context("the import is gone")?;
            let line = line(&import);
            if line != told {
                output::progress(&line);
                told = line;
            }
            if import.status.is_over() {
                return Ok(import);
            }
            tokio::select! {
                () = &mut stop => return Ok(import),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// The import to go on with, or a new one, and under whose name it is kept.
    async fn begun(&self, app: &App) -> anyhow::Result<(String, JobId)> {
        let Some(provider) = &self.provider else { return self.resumed(app).await };
        let named = |unwanted: Unwanted| match unwanted {
            Unwanted::UnknownProvider { .. } => anyhow!("--provider {unwanted}"),
            Unwanted::NoHistory { .. } => anyhow!("{unwanted}"),
            Unwanted::Backwards => anyhow!("--to {unwanted}"),
            Unwanted::UnknownFilter { .. } => anyhow!("--filter: {unwanted}"),
            Unwanted::ListedAndNamed | Unwanted::BadReferences => anyhow!("--reference: {unwanted}"),
        };
        let (provider, environment) = Wanted::find(&app.assessor, provider).map_err(named)?;
        let extent = self.extent();
        if extent.filters.len() < self.filter.len() {
            bail!("--filter: give each filter once");
        }
        let tenant = environment.tenant(self.team.as_str());
        let wanted = Wanted::new(tenant.clone(), provider, extent).map_err(named)?;
        let keys = KeyMaker::new(Arc::clone(&app.hash_key));
        let open = app.store.open_import(&tenant, &wanted.provider, &wanted.mac(&keys)?).await?;
        if let Some(id) = open {
            output::progress(&format!("going on with {id}, which has not ended"));
            return Ok((tenant, id));
        }
        let import = wanted.begin(&app.store, &keys, None, Clock::system().now()).await?;
        Ok((tenant, import.id))
    }

    fn extent(&self) -> Extent {
        let references = self.reference.iter().cloned().map(VendorReference).collect();
        let span = Span { from: self.from, to: self.to };
        Extent { span, filters: self.filter.iter().cloned().collect(), references }
    }

    async fn resumed(&self, app: &App) -> anyhow::Result<(String, JobId)> {
        let id = JobId::from_text(self.resume.as_deref().unwrap_or_default());
        for environment in [KeyEnvironment::Live, KeyEnvironment::Test] {
            let tenant = environment.tenant(self.team.as_str());
            if app.store.import(&tenant, &id).await?.is_some() {
                return Ok((tenant, id));
            }
        }
        bail!("team {} has no import of this id; --team names another", self.team.as_str())
    }

    fn print(&self, import: Import) -> anyhow::Result<()> {
        if self.json {
            return output::line(&serde_json::to_string(&ImportState::from(import))?);
        }
        let unattached = import.counts.unattached;
        let nobody = if unattached > 0 {
            format!(" {unattached} of them are about nobody whom the team has asked about.")
        } else {
            String::new()
        };
        output::line(&format!("{}.{nobody}", line(&import)))
    }
}

/// A filter and its value.
fn filter(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE, such as type=business")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// How an import stands, in words.
fn line(import: &Import) -> String {
    let state = ImportState::from(import.clone());
    let error = state.error.map(|error| format!(" ({error})")).unwrap_or_default();
    format!(
        "{} {}{error}: imported {}, skipped {}, failed {}",
        state.id,
        import.status.as_str(),
        state.imported,
        state.skipped,
        state.failed
    )
}
