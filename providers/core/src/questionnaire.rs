//! A vendor's questionnaire in a form of no vendor's own, and what differs between two of them.
//!
//! Everything in it is the vendor's: which subject field answers a question is told beside it, so that a mapping that
//! the operator changes never looks like a questionnaire that the vendor changed.

mod changes;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use changes::{Aspect, Change, Difference};

use crate::ProviderError;

/// A questionnaire, as its vendor has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Questionnaire {
    /// The vendor's id of it.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Digest of everything that is asked and of how answers are judged, whatever the order.
    pub fingerprint: String,
    /// Its parts, in the vendor's order.
    pub sections: Vec<QuestionnaireSection>,
}

/// A group of questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionnaireSection {
    /// The vendor's key of it.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Its share of the whole, in the vendor's own unit.
    pub weight: Option<f64>,
    /// Its questions, in the vendor's order.
    pub questions: Vec<QuestionnaireQuestion>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionnaireQuestion {
    /// The vendor's key of it.
    pub key: String,
    /// What a person reads.
    pub title: String,
    /// The vendor's word for what it takes, such as `SELECT`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it takes.
    pub takes: Takes,
    /// What can be chosen, in the vendor's order; empty where anything may be said.
    pub choices: Vec<QuestionnaireChoice>,
    /// Digest of how its answers are judged.
    pub levels: String,
    /// Digest of everything about it.
    pub digest: String,
}

/// What a question takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    /// One or several of its choices.
    Choices,
    /// A country.
    Country,
    /// A day.
    Day,
    /// A number.
    Number,
    /// Any text.
    Text,
}

/// One choice of a question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QuestionnaireChoice {
    /// The vendor's key of it.
    pub key: String,
    /// What a person reads.
    pub title: String,
}

/// A questionnaire that was read, and how the configured mapping fits it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The questionnaire.
    pub questionnaire: Questionnaire,
    /// Which subject fields answer its questions.
    pub answered: Vec<AnsweredQuestion>,
    /// Why the mapping does not fit, where it does not.
    pub misfit: Option<String>,
}

/// A question that a subject field answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredQuestion {
    /// Its section's key.
    pub section: String,
    /// Its own key.
    pub question: String,
    /// The subject's field, dotted.
    pub field: String,
    /// Whether it stays unanswered where the subject lacks the field.
    pub optional: bool,
}

/// Says whether a questionnaire may be answered at all. Whoever answers one asks before anything is paid for.
#[async_trait]
pub trait QuestionnaireGate: Send + Sync {
    /// Whether anything is known that bars the way, before the questionnaire is looked at.
    ///
    /// # Errors
    ///
    /// `misconfigured`, saying what bars it.
    fn check(&self) -> Result<(), ProviderError>;

    /// Whether `questionnaire`, the last one read, may be answered.
    ///
    /// # Errors
    ///
    /// `misconfigured`, saying what bars it; `throttled` when that could not be found out.
    async fn admit(&self, questionnaire: &Questionnaire) -> Result<Admission, ProviderError>;
}

/// How a questionnaire may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is the one that was accepted.
    Accepted,
    /// It changed since it was accepted; the answer says so.
    Unaccepted,
}

// === impl Questionnaire ===

impl Questionnaire {
    /// Every question with its section, in the vendor's order.
    pub fn questions(&self) -> impl Iterator<Item = (&QuestionnaireSection, &QuestionnaireQuestion)> {
        self.sections.iter().flat_map(|section| section.questions.iter().map(move |it| (section, it)))
    }
}

// === impl Reading ===

impl Reading {
    /// What answers a question; none where nothing does.
    #[must_use]
    pub fn answered_by(&self, section: &str, question: &str) -> Option<&AnsweredQuestion> {
        self.answered.iter().find(|answered| answered.section == section && answered.question == question)
    }
}
