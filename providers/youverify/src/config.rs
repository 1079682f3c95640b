//! Settings of this vendor, beside those that every provider has.

use std::fmt;

use http::HeaderValue;
use risk_provider::{FieldProblem, ProviderSettings};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// What Youverify needs beside [`ProviderSettings`].
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The account's API secret token.
    pub token: SecretString,
    /// Version prefix of the paths; default `v2`.
    #[serde(default)]
    pub api_version: ApiVersion,
}

/// Version prefix of the vendor's paths. Its pages name both for one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiVersion {
    /// `/v1/api/…`
    V1,
    /// `/v2/api/…`
    #[default]
    V2,
}

// === impl Settings ===

impl Settings {
    /// Everything wrong with these settings; empty when they can be used.
    pub(crate) fn problems(&self, common: &ProviderSettings) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        let token = self.token.expose_secret();
        if token.trim().is_empty() {
            problems.push(FieldProblem::new("token", "must not be blank"));
        } else if HeaderValue::from_str(token).is_err() {
            problems.push(FieldProblem::new("token", "must hold only characters that an HTTP header may"));
        }
        if common.base_url.cannot_be_a_base() {
            problems.push(FieldProblem::new("base_url", "must be an http or https address"));
        } else if self.api_version.other().ends(common.base_url.path()) {
            let detail = format!("base_url ends in another version than {}", self.api_version.as_str());
            problems.push(FieldProblem::new("api_version", detail));
        }
        problems
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("api_version", &self.api_version).finish_non_exhaustive()
    }
}

// === impl ApiVersion ===

impl ApiVersion {
    /// The word used in settings and paths.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::V1 => Self::V2,
            Self::V2 => Self::V1,
        }
    }

    /// Whether a base address with this path already fixes this version.
    fn ends(self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let path = path.strip_suffix("/api").unwrap_or(path);
        path.rsplit('/').next() == Some(self.as_str())
    }
}
