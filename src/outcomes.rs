//! What later turned out to be true of a subject: the truth that providers' answers are held against.
//!
//! An outcome is somebody's word, never the gateway's own decision. It is only ever appended; a later one may
//! supersede it, and then it no longer counts.

use jiff::Timestamp;
use risk_provider::Personal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{AssessmentId, OutcomeId, SubjectId};

/// What turned out to be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeType {
    /// The subject committed fraud.
    ConfirmedFraud,
    /// The subject is on a sanctions list.
    SanctionsTrueMatch,
    /// The subject is politically exposed.
    PepConfirmed,
    /// A payment was charged back.
    Chargeback,
    /// The account was closed for its risk.
    AccountClosedRisk,
    /// Looked into, and nothing was found.
    Cleared,
}

/// What somebody said of a subject, as it is kept.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SubjectOutcome)] // an attempt's outcome has the short name
pub struct Outcome {
    /// Its id, `out_…`.
    pub id: OutcomeId,
    /// Whom it is about, `sub_…`.
    pub subject_id: SubjectId,
    /// The assessment by which it was told, where it was told by one.
    pub assessment_id: Option<AssessmentId>,
    /// What turned out to be true.
    #[serde(rename = "type")]
    pub kind: OutcomeType,
    /// When it happened.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub occurred_at: Option<Timestamp>,
    /// Who found out. Kept sealed, and gone once the subject is erased.
    #[schema(value_type = Option<String>)]
    pub labelled_by: Option<Personal<String>>,
    /// How sure they are, 0 to 1.
    pub confidence: Option<f64>,
    /// Whether they had seen no score.
    pub blinded: Option<bool>,
    /// The earlier outcome that no longer counts because of it.
    pub supersedes: Option<OutcomeId>,
    /// The later outcome because of which it no longer counts.
    pub superseded_by: Option<OutcomeId>,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
    /// Id of the API key that recorded it.
    pub recorded_by: String,
}

// === impl OutcomeType ===

impl OutcomeType {
    /// Every type.
    pub const ALL: [Self; 6] = [
        Self::ConfirmedFraud,
        Self::SanctionsTrueMatch,
        Self::PepConfirmed,
        Self::Chargeback,
        Self::AccountClosedRisk,
        Self::Cleared,
    ];

    /// The word used in JSON, columns and queries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConfirmedFraud => "confirmed_fraud",
            Self::SanctionsTrueMatch => "sanctions_true_match",
            Self::PepConfirmed => "pep_confirmed",
            Self::Chargeback => "chargeback",
            Self::AccountClosedRisk => "account_closed_risk",
            Self::Cleared => "cleared",
        }
    }

    /// The type of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether it is what a provider should have warned of, where nobody says otherwise.
    #[must_use]
    pub fn is_bad(self) -> bool {
        self != Self::Cleared
    }
}
