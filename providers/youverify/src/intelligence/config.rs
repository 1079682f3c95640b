//! Settings of the kind `youverify-risk-intelligence`, beside those that every provider has.

use std::fmt;

use risk_provider::{FieldProblem, ProviderSettings};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::config::{ApiVersion, account_problems};

/// What Risk Intelligence needs beside [`ProviderSettings`].
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntelligenceSettings {
    /// The account's API secret token.
    pub token: SecretString,
    /// Version prefix of the paths; default `v2`.
    #[serde(default)]
    pub api_version: ApiVersion,
    /// The key of the request's options; default `advanceOptions`.
    #[serde(default)]
    pub options_key: OptionsKey,
    /// What callbacks are signed with; without it none is taken.
    #[serde(default)]
    pub webhook_secret: Option<SecretString>,
    /// Whether the older signatures with SHA-512 are taken too; default no.
    #[serde(default)]
    pub webhook_sha512: bool,
}

/// The key under which the options of a check are sent. The vendor's pages name both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum OptionsKey {
    /// As in the vendor's samples.
    #[default]
    #[serde(rename = "advanceOptions")]
    Advance,
    /// As in the vendor's table of fields.
    #[serde(rename = "advancedOptions")]
    Advanced,
}

// === impl IntelligenceSettings ===

impl IntelligenceSettings {
    /// Everything wrong with these settings; empty when they can be used.
    pub(crate) fn problems(&self, common: &ProviderSettings) -> Vec<FieldProblem> {
        let mut problems = account_problems(&self.token, self.api_version, common);
        let blank = |secret: &SecretString| secret.expose_secret().trim().is_empty();
        match &self.webhook_secret {
            Some(secret) if blank(secret) => {
                problems.push(FieldProblem::new("webhook_secret", "must not be blank"));
            }
            None if self.webhook_sha512 => {
                problems.push(FieldProblem::new("webhook_sha512", "means nothing without webhook_secret"));
            }
            Some(_) | None => {}
        }
        problems
    }
}

impl fmt::Debug for IntelligenceSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntelligenceSettings")
            .field("api_version", &self.api_version)
            .field("options_key", &self.options_key)
            .finish_non_exhaustive()
    }
}
