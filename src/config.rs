//! Configuration: one file, strictly read, every problem reported at once with its line.
//!
//! Every struct here holds checked values; what is wrong cannot be built. Secrets come from the environment by
//! `${NAME}` and print as nothing.

mod document;
mod limit;
mod policy;
mod provider;
mod read;
mod routes;
#[cfg(test)]
mod tests;
mod units;
mod watch;

use std::{
    collections::BTreeMap, fmt, net::SocketAddr, num::NonZeroU32, path::Path, sync::Arc, time::Duration,
};

use risk_provider::ProviderName;

pub use document::Problem;
pub(crate) use document::nearest;
pub use provider::{ProviderConfig, VendorTable};

use crate::{
    policy::{Allowed, Policy},
    routing::{OnUnavailable, Plan},
    secrets::MasterKeys,
    store::{Durability, StoreUrl},
};

/// The commented file that shows every key with its default.
pub const EXAMPLE: &str = include_str!("config/example.toml");

/// Everything configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// The HTTP server.
    pub server: ServerConfig,
    /// The durable record.
    pub store: StoreConfig,
    /// The cache.
    pub cache: CacheConfig,
    /// The master key in force, and earlier ones.
    pub master_keys: Arc<MasterKeys>,
    /// Teams with settings of their own, by name.
    pub teams: BTreeMap<String, TeamConfig>,
    /// Providers, by name.
    pub providers: BTreeMap<ProviderName, ProviderConfig>,
    /// Routes, by name.
    pub routes: BTreeMap<String, RouteConfig>,
}

/// The HTTP server.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// How long a client may take to send a request's head.
    pub header_read_timeout: Duration,
    /// Connections at once; more wait to be accepted.
    pub max_connections: usize,
    /// How long requests under way may take to end after a stop signal.
    pub drain_timeout: Duration,
}

/// The durable record.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// Where it is.
    pub url: StoreUrl,
    /// When an answer counts as recorded.
    pub durability: Durability,
}

/// The cache.
#[derive(Debug, Clone, Copy)]
pub struct CacheConfig {
    /// About how much memory it may take.
    pub max_bytes: u64,
}

/// A named way to answer.
#[derive(Debug, Clone)]
pub struct RouteConfig {
    /// How it chooses among providers.
    pub plan: Plan,
    /// The providers, in order; at least one, each configured, none twice.
    pub providers: Vec<ProviderName>,
    /// The longest that an answer may take.
    pub deadline: Duration,
    /// How long after an answer the subject is asked about again.
    pub rescreen_every: Option<Duration>,
    /// Who else is asked, for comparison alone.
    pub shadow: Option<ShadowConfig>,
    /// What a caller gets when no provider answered.
    pub on_unavailable: OnUnavailable,
    /// What it makes of providers' answers.
    pub policy: Policy,
    /// To whom it shows which subjects.
    pub allowed: Allowed,
}

/// Who else is asked for comparison, never served.
#[derive(Debug, Clone)]
pub struct ShadowConfig {
    /// Whom; each configured, none twice.
    pub providers: Vec<ProviderName>,
    /// About which share of the subjects, above 0 and up to 1.
    pub sample: f64,
    /// How many such calls at once; what is more is left out.
    pub concurrency: NonZeroU32,
}

/// A team's own settings.
#[derive(Debug, Clone, Copy)]
pub struct TeamConfig {
    /// How many requests it may make.
    pub limit: Option<TeamLimit>,
}

/// How many requests a team may make: at most `requests` at once, and as many again in every `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TeamLimit {
    /// Requests.
    pub requests: NonZeroU32,
    /// In this time.
    pub per: Duration,
}

/// The process environment, or a test's.
pub struct Environment(Box<Lookup>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The configuration cannot be used: every problem found.
#[derive(Debug)]
pub struct ConfigError {
    /// The file.
    pub file: String,
    /// What is wrong, by line.
    pub problems: Vec<Problem>,
}

// === impl Config ===

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// Every problem found, or the one that the file cannot be read.
    pub fn load(file: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| {
            let problem = format!(
                "the file cannot be read: {error}; name another with --config, or start from the output of \
                 \"risk-gateway config example\""
            );
            ConfigError { file: name.clone(), problems: vec![Problem { line: None, message: problem }] }
        })?;
        Self::parse(&text, environment).map_err(|problems| ConfigError { file: name, problems })
    }

    /// Reads and checks a configuration text.
    ///
    /// # Errors
    ///
    /// Every problem found, by line.
    pub fn parse(text: &str, environment: &Environment) -> Result<Self, Vec<Problem>> {
        read::config(text, environment)
    }
}

// === impl Environment ===

impl Environment {
    /// The process's own environment.
    #[must_use]
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        Self(Box::new(|name| std::env::var(name).ok()))
    }

    /// An environment that holds what `lookup` finds.
    #[must_use]
    pub fn from_fn(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Box::new(lookup))
    }

    /// A variable's value; none when it is not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not usable:", self.file)?;
        for problem in &self.problems {
            match problem.line {
                Some(line) => write!(f, "\n  line {line}: {}", problem.message)?,
                None => write!(f, "\n  {}", problem.message)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
