//! `risk-gateway config`

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{ConfigArgument, output};
use crate::config::EXAMPLE;

/// Check the configuration, or print an example.
#[derive(Debug, Args)]
pub(super) struct ConfigCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Check(Check),
    Example(Example),
}

/// Check the configuration and name every problem with its line.
///
/// Reads the file and the environment variables that it names; opens no store and asks no vendor. Exit code 2
/// when it is not usable.
#[derive(Debug, Args)]
struct Check {
    #[command(flatten)]
    config: ConfigArgument,
    /// Print one JSON line: valid, problems.
    #[arg(long)]
    json: bool,
}

/// Print a commented configuration that shows every key with its default.
///
/// Start from it: risk-gateway config example > risk-gateway.toml
#[derive(Debug, Args)]
struct Example {
    /// Print one JSON line: toml.
    #[arg(long)]
    json: bool,
}

// === impl ConfigCommand ===

impl ConfigCommand {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self.action {
            Action::Check(check) => check.run(),
            Action::Example(example) => example.run(),
        }
    }
}

// === impl Check ===

impl Check {
    fn run(self) -> anyhow::Result<ExitCode> {
        let loaded = self.config.load();
        if self.json {
            let problems = loaded.as_ref().err().map_or(&[][..], |error| &error.problems);
            output::line(&json!({ "valid": loaded.is_ok(), "problems": problems }).to_string())?;
            return Ok(ExitCode::from(if loaded.is_ok() { 0 } else { 2 }));
        }
        let config = loaded?;
        let file = self.config.config_file.display();
        let count =
            |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let (providers, routes) =
            (count(config.providers.len(), "provider"), count(config.routes.len(), "route"));
        output::line(&format!("{file} is good: {providers}, {routes}"))?;
        Ok(ExitCode::SUCCESS)
    }
}

// === impl Example ===

impl Example {
    fn run(self) -> anyhow::Result<ExitCode> {
        if self.json {
            output::line(&json!({ "toml": EXAMPLE }).to_string())?;
        } else {
            output::line(EXAMPLE.trim_end())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
