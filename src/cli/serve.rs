//! `risk-gateway serve`

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::{ConfigArgument, output, stop};
use crate::{api::server, app::App, clock::Clock};

/// Run the gateway.
///
/// Reads the configuration, opens the store (created and brought up to date as needed) and serves until SIGTERM
/// or Ctrl-C; then requests under way may end. Starting asks no vendor. Make a key for a caller, also while it
/// runs, with `risk-gateway keys create`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    config: ConfigArgument,
    /// Print one JSON line with the address once ready.
    #[arg(long)]
    json: bool,
}

// === impl Serve ===

impl Serve {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = self.config.load()?;
        let address = config.server.listen;
        let listener = server::listen(address).await.with_context(|| {
            format!("cannot listen on {address}: change listen in the [server] section, or stop what listens there")
        })?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = App::start(config, Clock::system()).await?;
        tracing::info!(url, version = env!("CARGO_PKG_VERSION"), "ready");
        if self.json {
            output::line(&json!({ "url": url }).to_string())?;
        }
        app.serve(listener, stop::signalled()).await;
        Ok(ExitCode::SUCCESS)
    }
}
