//! `risk-gateway master-key`

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{ConfigArgument, output};
use crate::app::open_store;

/// Manage the master key.
#[derive(Debug, Args)]
pub(super) struct MasterKeyCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Rotate(Rotate),
}

const STEPS: &str = "Steps, with nobody refused:
  1. Make a key: openssl rand -base64 32
  2. Where several servers share the store: add it to previous_master_keys of each and restart one after the other, so
     that all can read what it wraps.
  3. Put it in master_key and the old one in previous_master_keys; restart one server after the other.
  4. risk-gateway master-key rotate, until it says that 0 data keys were wrapped anew
  5. Take the old key out of previous_master_keys. Keep it as long as backups from before are kept.";

/// Wrap everything by the master key in force that an earlier one wrapped.
///
/// Works beside running servers that know both keys, a batch at a time; what is interrupted can be run again. Documents
/// are not touched: only the keys that seal them are wrapped anew.
#[derive(Debug, Args)]
#[command(after_help = STEPS)]
struct Rotate {
    #[command(flatten)]
    config: ConfigArgument,
    /// Print one JSON line: rewrapped, the number of data keys.
    #[arg(long)]
    json: bool,
}

// === impl MasterKeyCommand ===

impl MasterKeyCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.action {
            Action::Rotate(rotate) => rotate.run().await,
        }
    }
}

// === impl Rotate ===

impl Rotate {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let config = self.config.load()?;
        let (store, _) = open_store(&config.store, &config.master_keys).await?;
        let rewrapped = store.rotate(&config.master_keys, |done| {
            tracing::info!(done, "data keys wrapped anew");
        });
        let rewrapped = rewrapped.await?;
        store.close().await;
        if self.json {
            output::line(&json!({ "rewrapped": rewrapped }).to_string())?;
        } else {
            output::line(&format!(
                "{rewrapped} data keys wrapped anew. Once no server wraps by another master_key any more, run this \
                 again: when it says 0, previous_master_keys may go."
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
