//! Why a question got no answer.

use std::{sync::Arc, time::Duration};

use risk_provider::{FieldProblem, ProviderError, ProviderName};

use crate::{attempts::Attempt, store::StoreError};

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No such route is configured.
    #[error("must be one that is configured: {}", known.join(", "))]
    UnknownRoute {
        /// The routes there are.
        known: Vec<String>,
    },
    /// Every provider that was asked failed.
    #[error("no provider answered")]
    NobodyAnswered {
        /// Each provider's failure, in the order asked.
        failures: Vec<(ProviderName, Arc<ProviderError>)>,
        /// Every attempt, in order.
        attempts: Vec<Attempt>,
    },
    /// The answer could not be recorded, so it is not given.
    #[error("the answer could not be recorded")]
    Store {
        /// Why.
        error: Arc<StoreError>,
        /// Every attempt up to then, in order; what they brought may have been paid for.
        attempts: Vec<Attempt>,
    },
    /// The work on it ended abnormally.
    #[error("the work on this request ended abnormally")]
    Interrupted,
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store { error: Arc::new(error), attempts: Vec::new() }
    }
}

// === impl Refusal ===

impl Refusal {
    /// The stable word for it: the deciding failure's kind, or what else went wrong.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownRoute { .. } => "unknown_route",
            // Nobody was left to ask: each may have been paid for it already.
            Self::NobodyAnswered { .. } => {
                self.worst().map_or("unknown_outcome", |worst| worst.kind.as_str())
            }
            Self::Store { .. } => "store_failed",
            Self::Interrupted => "internal",
        }
    }

    /// The failure that decides what the caller sees: the worst by 504 > 502 > 503 > the rest, the first of
    /// equals. A caller's own mistake decides only when every failure is one.
    #[must_use]
    pub fn worst(&self) -> Option<&ProviderError> {
        let Self::NobodyAnswered { failures, .. } = self else { return None };
        let rank = |error: &ProviderError| match error.kind.meaning().http_status {
            504 => 3,
            502 => 2,
            503 => 1,
            _ => 0,
        };
        let mut worst: Option<&ProviderError> = None;
        for (_, error) in failures {
            if worst.is_none_or(|worst| rank(error) > rank(worst)) {
                worst = Some(error);
            }
        }
        worst
    }

    /// When asking again may help: the soonest that any provider named.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let Self::NobodyAnswered { failures, .. } = self else { return None };
        failures.iter().filter_map(|(_, error)| error.retry_after).min()
    }

    /// The subject's fields to mend, each with who named it and why; each field once.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldProblem> {
        let Self::NobodyAnswered { failures, .. } = self else { return Vec::new() };
        let mut fields: Vec<FieldProblem> = Vec::new();
        for (provider, error) in failures {
            for field in &error.fields {
                if !fields.iter().any(|known| known.field == *field) {
                    fields.push(FieldProblem::new(field, format!("{provider}: {}", error.detail)));
                }
            }
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use risk_provider::FailureKind::{self, *};

    use super::*;

    fn code(kinds: &[FailureKind]) -> &'static str {
        let fail = |&kind: &FailureKind| (ProviderName::new("x"), Arc::new(ProviderError::new(kind, "x")));
        Refusal::NobodyAnswered { failures: kinds.iter().map(fail).collect(), attempts: Vec::new() }.code()
    }

    #[test]
    fn the_worst_failure_decides_and_the_callers_own_only_when_alone() {
        assert_eq!(code(&[Unreachable, UnknownOutcome, VendorError]), "unknown_outcome");
        assert_eq!(code(&[Unreachable, Malformed]), "malformed");
        assert_eq!(code(&[OutOfCredit, RateLimited]), "out_of_credit");
        assert_eq!(code(&[MissingInput, Throttled]), "throttled");
        assert_eq!(code(&[MissingInput, InvalidSubject]), "missing_input");
    }
}
