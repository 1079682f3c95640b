//! Comparisons that are registered before their data come in, so that nobody can choose afterwards what was asked.
//!
//! An experiment says beforehand whom it compares about whom, by which difference, how many labelled pairs it takes and how
//! often one looks. Only pairs made after it count, of the versions that it was registered with: another version
//! closes its segment. A verdict is given at planned looks alone, each as sure as it must be for all of them together to err
//! no more often than one. What was registered, found and decided is only ever appended.

mod audit;
mod course;
mod look;
mod plan;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use audit::{AuditSample, Sampled};
pub use course::{Course, Due, ExperimentStatus, VersionRun};
pub use look::Look;
pub use plan::{Endpoint, Horizon, Plan, Population, UnusablePlan};

use crate::ids::{DecisionId, ExperimentId};

/// An experiment as it was registered.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// Its id.
    pub id: ExperimentId,
    /// Whose it is.
    pub team: String,
    /// What its team calls it.
    pub name: String,
    /// What was registered.
    pub plan: Plan,
    /// By which API key.
    pub registered_by: String,
    /// When.
    pub registered_at: Timestamp,
}

/// What somebody decided by an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Decision {
    /// Its id, `dec_…`.
    pub id: DecisionId,
    /// What was decided.
    pub decision: DecisionWord,
    /// The last look before it; none where none was taken.
    pub look: Option<u32>,
    /// Why.
    pub rationale: String,
    /// Id of the API key that decided.
    pub decided_by: String,
    /// Its name.
    pub key_name: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub decided_at: Timestamp,
}

/// What can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionWord {
    /// The challenger takes the incumbent's place.
    Promote,
    /// The incumbent stays.
    Keep,
    /// Both go on, as they find what the other misses.
    Combine,
    /// Another experiment follows.
    Extend,
    /// It ends without a result.
    Stop,
}

// === impl DecisionWord ===

impl DecisionWord {
    /// Every word.
    pub const ALL: [Self; 5] = [Self::Promote, Self::Keep, Self::Combine, Self::Extend, Self::Stop];

    /// The word used in JSON and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Keep => "keep",
            Self::Combine => "combine",
            Self::Extend => "extend",
            Self::Stop => "stop",
        }
    }

    /// Whether it is decided by what a look found.
    #[must_use]
    pub fn needs_a_look(self) -> bool {
        self != Self::Stop
    }

    /// The decision of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.as_str() == word)
    }
}
