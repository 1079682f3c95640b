//! Questionnaires as the API and the command line tell them.

use jiff::Timestamp;
use risk_provider::{
    Change, Reading,
    questionnaire::{QuestionnaireQuestion, QuestionnaireSection},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Gate, Standing, Watched};

/// How the mapping of a provider's questions stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MappingStatus {
    /// The profile that is configured.
    pub profile: String,
    /// Whether it is the one that was accepted.
    pub state: MappingState,
    /// What changed in it since, question by question.
    pub changes: Vec<Change>,
    /// When it was accepted, or first read.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub accepted_at: Option<Timestamp>,
    /// Who accepted it; nobody where it was the first one read.
    pub accepted_by: Option<String>,
}

/// Whether a questionnaire is the one that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MappingState {
    /// It was not read yet.
    Unknown,
    /// It is.
    Accepted,
    /// It changed since.
    Stale,
}

/// One questionnaire in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProfileSummary {
    /// The vendor's id of it.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Whether it is the one that is configured.
    pub in_force: bool,
}

/// One questionnaire, and which subject fields answer it by the configured mapping.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Profile {
    /// The vendor's id of it.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Whether it is the one that is configured.
    pub in_force: bool,
    /// Digest of what it asks and of how answers are judged.
    pub fingerprint: String,
    /// Its parts, in the vendor's order.
    pub sections: Vec<ProfileSection>,
    /// How the mapping stands, where it is the one that is configured.
    pub mapping: Option<MappingStatus>,
    /// Why the configured mapping does not fit it, where it does not.
    pub misfit: Option<String>,
}

/// A group of questions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProfileSection {
    /// The vendor's key of it.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Its share of the whole, in the vendor's own unit.
    pub weight: Option<f64>,
    /// Its questions, in the vendor's order.
    pub questions: Vec<ProfileQuestion>,
}

/// One question.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProfileQuestion {
    /// The vendor's key of it.
    pub key: String,
    /// What a person reads.
    pub title: String,
    /// The vendor's word for what it takes.
    #[serde(rename = "type")]
    pub kind: String,
    /// What can be chosen; empty where anything may be said.
    pub choices: Vec<ProfileChoice>,
    /// The subject's field that answers it; null where it stays unanswered.
    pub answered_by: Option<String>,
    /// Whether it stays unanswered where the subject lacks that field.
    pub optional: bool,
}

/// One choice of a question.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProfileChoice {
    /// The vendor's key of it.
    pub key: String,
    /// What a person reads.
    pub title: String,
}

// === impl MappingStatus ===

impl MappingStatus {
    /// How the questionnaire behind `gate` stands.
    #[must_use]
    pub fn of(gate: &Gate) -> Self {
        let (state, changes) = match gate.standing() {
            Standing::Unknown => (MappingState::Unknown, Vec::new()),
            Standing::Accepted => (MappingState::Accepted, Vec::new()),
            Standing::Stale(changes) => (MappingState::Stale, changes),
        };
        let known = gate.known();
        Self {
            profile: gate.profile().to_owned(),
            state,
            changes,
            accepted_at: known.as_ref().map(|known| known.accepted_at),
            accepted_by: known.and_then(|known| known.accepted_by.clone()),
        }
    }
}

// === impl MappingState ===

impl MappingState {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::Stale => "stale",
        }
    }
}

// === impl ProfileSummary ===

impl ProfileSummary {
    /// A questionnaire of `watched`'s account.
    #[must_use]
    pub fn of(watched: &Watched, (id, name): (String, String)) -> Self {
        let in_force = id == watched.gate().profile();
        Self { id, name, in_force }
    }
}

// === impl Profile ===

impl Profile {
    /// What was read of a questionnaire of `watched`'s account.
    #[must_use]
    pub fn of(watched: &Watched, reading: &Reading) -> Self {
        let asked = &reading.questionnaire;
        let in_force = asked.id == watched.gate().profile();
        Self {
            id: asked.id.clone(),
            name: asked.name.clone(),
            in_force,
            fingerprint: asked.fingerprint.clone(),
            sections: asked.sections.iter().map(|section| ProfileSection::of(reading, section)).collect(),
            mapping: in_force.then(|| MappingStatus::of(watched.gate())),
            misfit: reading.misfit.clone(),
        }
    }
}

// === impl ProfileSection ===

impl ProfileSection {
    fn of(reading: &Reading, section: &QuestionnaireSection) -> Self {
        let question = |asked: &QuestionnaireQuestion| ProfileQuestion::of(reading, &section.key, asked);
        Self {
            key: section.key.clone(),
            name: section.name.clone(),
            weight: section.weight,
            questions: section.questions.iter().map(question).collect(),
        }
    }
}

// === impl ProfileQuestion ===

impl ProfileQuestion {
    fn of(reading: &Reading, section: &str, asked: &QuestionnaireQuestion) -> Self {
        let answered = reading.answered_by(section, &asked.key);
        let choices = asked.choices.iter();
        let choices = choices.map(|it| ProfileChoice { key: it.key.clone(), title: it.title.clone() });
        Self {
            key: asked.key.clone(),
            title: asked.title.clone(),
            kind: asked.kind.clone(),
            choices: choices.collect(),
            answered_by: answered.map(|answered| answered.field.clone()),
            optional: answered.is_some_and(|answered| answered.optional),
        }
    }
}
