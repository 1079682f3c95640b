//! The command line: parse, call one library function, print. Data goes to stdout, logs and errors to stderr.

mod assess;
mod compare;
mod config;
mod demo;
mod import;
mod keys;
mod master_key;
mod output;
mod profiles;
mod sandbox;
mod serve;
mod stop;

use std::{path::PathBuf, process::ExitCode, str::FromStr};

use clap::{Parser, Subcommand};

use crate::{
    config::{Config, ConfigError, Environment},
    telemetry,
};

/// One endpoint in front of every risk-scoring vendor.
///
/// Start with `risk-gateway demo`: it needs nothing, plays both vendors and prints a curl command to try.
#[derive(Debug, Parser)]
#[command(name = "risk-gateway", version, propagate_version = true, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Demo(demo::Demo),
    Assess(assess::Assess),
    Compare(compare::Compare),
    Import(import::ImportCommand),
    Profiles(profiles::Profiles),
    Keys(keys::Keys),
    MasterKey(master_key::MasterKeyCommand),
    Config(config::ConfigCommand),
    Sandbox(sandbox::SandboxCommand),
}

/// Where the configuration is.
#[derive(Debug, clap::Args)]
struct ConfigArgument {
    /// The configuration file.
    #[arg(long = "config", value_name = "FILE", default_value = "risk-gateway.toml")]
    config_file: PathBuf,
}

/// A name of a team or a key.
#[derive(Debug, Clone)]
struct Name(String);

// === impl Name ===

impl Name {
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let good = (1..=64).contains(&text.len()) && text.chars().all(plain);
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err("letters, digits, \"-\", \"_\" and \".\", at most 64")
        }
    }
}

// === impl ConfigArgument ===

impl ConfigArgument {
    fn load(&self) -> Result<Config, ConfigError> {
        Config::load(&self.config_file, &Environment::system())
    }
}

/// Runs the program with the process's arguments.
///
/// Exit codes: 0 done, 1 failed, 2 the arguments or the configuration are not usable.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = Environment::system().get("RUST_LOG");
    telemetry::init_logs(filter.as_deref().or_else(|| arguments.command.default_log_filter()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(arguments.command.run()),
        Err(error) => Err(error.into()),
    };
    result.unwrap_or_else(|error| {
        output::error(&error);
        ExitCode::from(if error.is::<ConfigError>() { 2 } else { 1 })
    })
}

// === impl Command ===

impl Command {
    async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Serve(command) => command.run().await,
            Self::Demo(command) => command.run().await,
            Self::Assess(command) => command.run().await,
            Self::Compare(command) => command.run().await,
            Self::Import(command) => command.run().await,
            Self::Profiles(command) => command.run().await,
            Self::Keys(command) => command.run().await,
            Self::MasterKey(command) => command.run().await,
            Self::Config(command) => command.run(),
            Self::Sandbox(command) => command.run().await,
        }
    }

    /// What is logged when `RUST_LOG` says nothing: a server tells what it does, a command only what is wrong.
    const fn default_log_filter(&self) -> Option<&'static str> {
        match self {
            Self::Serve(_) => None,
            // It tells on stdout itself what changed.
            Self::Profiles(_) => Some("warn,risk_gateway::questionnaires::gate=off"),
            Self::Demo(_)
            | Self::Assess(_)
            | Self::Compare(_)
            | Self::Import(_)
            | Self::Keys(_)
            | Self::MasterKey(_)
            | Self::Config(_)
            | Self::Sandbox(_) => Some("warn"),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn no_two_arguments_of_a_command_collide() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn assess_takes_a_file_and_a_configuration() {
        let parsed =
            Arguments::try_parse_from(["risk-gateway", "assess", "question.json", "--config", "c.toml"]);
        assert!(parsed.is_ok(), "{parsed:?}");
    }
}
