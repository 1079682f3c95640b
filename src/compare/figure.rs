//! Figures that may be impossible: then they are null, with the reason beside them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A number, or why there is none.
pub(super) type Figure = Result<f64, &'static str>;

pub(super) const NO_PAIRS: &str = "there are no pairs";
pub(super) const CONSTANT: &str = "all scores of one side are equal";

/// A figure with its interval. What cannot be given is null, and `reason` says why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Estimate {
    /// The figure.
    #[schema(required)]
    pub value: Option<f64>,
    /// Where its interval begins.
    #[schema(required)]
    pub low: Option<f64>,
    /// Where its interval ends.
    #[schema(required)]
    pub high: Option<f64>,
    /// Its standard error, where the interval is made of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub se: Option<f64>,
    /// Why something is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why figures are null, by their names.
pub type Reasons = BTreeMap<String, String>;

// === impl Estimate ===

impl Estimate {
    /// No figure.
    pub(super) fn none(reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..Self::default() }
    }

    /// A figure without an interval.
    pub(super) fn bare(value: f64, reason: &str) -> Self {
        Self { value: finite(value), reason: Some(reason.to_owned()), ..Self::default() }
    }

    pub(super) fn with(value: f64, (low, high): (f64, f64)) -> Self {
        let all = finite(value).zip(finite(low)).zip(finite(high));
        match all {
            Some(((value, low), high)) => {
                Self { value: Some(value), low: Some(low), high: Some(high), se: None, reason: None }
            }
            None => Self::none("the figure is not a finite number"),
        }
    }
}

/// A finite number, and no negative zero.
pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value + 0.0)
}

/// The figure, or null and the reason under its name.
pub(super) fn noted(reasons: &mut Reasons, name: &str, figure: Figure) -> Option<f64> {
    let reason = match figure.map(finite) {
        Ok(Some(value)) => return Some(value),
        Ok(None) => "the figure is not a finite number",
        Err(reason) => reason,
    };
    reasons.insert(name.to_owned(), reason.to_owned());
    None
}
