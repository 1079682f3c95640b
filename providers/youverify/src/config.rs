//! Settings of this vendor, beside those that every provider has.

use std::fmt;

use http::HeaderValue;
use risk_provider::{FieldProblem, ProviderSettings, object};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// What an actor assessment needs beside [`ProviderSettings`].
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The account's API secret token.
    pub token: SecretString,
    /// Version prefix of the paths; default `v2`.
    #[serde(default)]
    pub api_version: ApiVersion,
    /// Weights to send with every question; only for accounts that have custom weights.
    #[serde(default, deserialize_with = "object::optional")]
    pub custom_weights: Option<CustomWeights>,
}

/// Weights of components, in the unit that the account uses: the vendor documents none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CustomWeights {
    /// Of the verification of the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kyc: Option<f64>,
    /// Of the industry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub industry: Option<f64>,
    /// Of the city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<f64>,
    /// Of the country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<f64>,
    /// Of sanctions lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sanction: Option<f64>,
    /// Of political exposure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pep: Option<f64>,
    /// Of adverse media.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adverse_media: Option<f64>,
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
        let mut problems = account_problems(&self.token, self.api_version, common);
        if let Some(weights) = &self.custom_weights {
            problems.extend(weights.problem());
        }
        problems
    }
}

/// What is wrong with the settings that every kind has.
pub(crate) fn account_problems(
    token: &SecretString,
    api_version: ApiVersion,
    common: &ProviderSettings,
) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    let token = token.expose_secret();
    if token.trim().is_empty() {
        problems.push(FieldProblem::new("token", "must not be blank"));
    } else if HeaderValue::from_str(token).is_err() {
        problems.push(FieldProblem::new("token", "must hold only characters that an HTTP header may"));
    }
    if common.base_url.cannot_be_a_base() {
        problems.push(FieldProblem::new("base_url", "must be an http or https address"));
    } else if api_version.other().ends(common.base_url.path()) {
        let detail = format!("base_url ends in another version than {}", api_version.as_str());
        problems.push(FieldProblem::new("api_version", detail));
    }
    problems
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("api_version", &self.api_version).finish_non_exhaustive()
    }
}

// === impl CustomWeights ===

impl CustomWeights {
    /// The weights that are set, by the vendor's names, in the vendor's order.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let all = [
            ("kyc", self.kyc),
            ("industry", self.industry),
            ("city", self.city),
            ("country", self.country),
            ("sanction", self.sanction),
            ("pep", self.pep),
            ("adverse_media", self.adverse_media),
        ];
        all.into_iter().filter_map(|(name, weight)| Some((name, weight?)))
    }

    fn problem(&self) -> Option<FieldProblem> {
        let detail = if self.listed().next().is_none() {
            "must set at least one weight"
        } else if self.listed().any(|(_, weight)| !weight.is_finite() || weight < 0.0) {
            "must hold numbers that are not negative"
        } else {
            return None;
        };
        Some(FieldProblem::new("custom_weights", detail))
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
