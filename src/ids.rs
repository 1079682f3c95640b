//! Randomness enters the gateway here and nowhere else: identifiers, secrets and jitter.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The operating system gave no random bytes; nothing secret can be made.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes: {0}")]
pub struct NoRandomness(getrandom::Error);

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $new:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new identifier.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "every call makes another one")]
            pub fn new() -> Self {
                Self(format!(concat!($prefix, "_{}"), Uuid::$new().simple()))
            }

            /// The identifier of this text, whoever made it.
            #[must_use]
            pub fn from_text(text: &str) -> Self {
                Self(text.to_owned())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// An assessment's id, `asm_…`; orders by time of creation.
    AssessmentId, "asm", now_v7
);
identifier!(
    /// A provider assessment's id, `pas_…`; orders by time of creation.
    ProviderAssessmentId, "pas", now_v7
);
identifier!(
    /// An attempt's id, `att_…`; orders by time of creation.
    AttemptId, "att", now_v7
);
identifier!(
    /// A subject's id, `sub_…`; random, so that it says nothing about the subject.
    SubjectId, "sub", new_v4
);
identifier!(
    /// A job's id, `job_…`; orders by time of creation.
    JobId, "job", now_v7
);
identifier!(
    /// An outcome's id, `out_…`; orders by time of recording.
    OutcomeId, "out", now_v7
);
identifier!(
    /// An experiment's id, `exp_…`; orders by time of registration.
    ExperimentId, "exp", now_v7
);
identifier!(
    /// A decision's id, `dec_…`; orders by time of decision.
    DecisionId, "dec", now_v7
);
identifier!(
    /// A request's id, `req_…`.
    RequestId, "req", new_v4
);

/// `N` random bytes fit for secrets.
///
/// # Errors
///
/// When the operating system has none.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}

/// A random fraction from 0 up to, not including, 1; for jitter.
#[must_use]
pub fn random_fraction() -> f64 {
    // Without randomness a fixed jitter still keeps every promise.
    let bytes = random_bytes::<4>().unwrap_or([0x80, 0, 0, 0]);
    f64::from(u32::from_be_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}
