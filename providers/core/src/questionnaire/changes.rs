//! What differs between two questionnaires, question by question.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Questionnaire, QuestionnaireChoice, QuestionnaireQuestion, QuestionnaireSection};

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Change {
    /// The section's name, as it is now; as it was, where it is gone.
    pub section: String,
    /// The question's title, likewise; none where the section itself changed.
    pub question: Option<String>,
    /// What happened to it.
    pub difference: Difference,
    /// In what it differs; empty where it is new or gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aspects: Vec<Aspect>,
}

/// What happened to a question or a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is there, but another.
    Changed,
}

/// In what a question or a section differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// A section's name.
    Name,
    /// A section's weight.
    Weight,
    /// What a person reads.
    Title,
    /// What it takes.
    Type,
    /// What can be chosen.
    Choices,
    /// How answers are judged.
    Levels,
    /// Something else that the vendor says of it.
    Other,
}

// === impl Questionnaire ===

impl Questionnaire {
    /// What became of `accepted` in this one; empty exactly where both have one fingerprint.
    #[must_use]
    pub fn changes_since(&self, accepted: &Self) -> Vec<Change> {
        if self.fingerprint == accepted.fingerprint {
            return Vec::new();
        }
        let mut changes = Vec::new();
        for section in &self.sections {
            match accepted.section(&section.key) {
                Some(before) => changes.extend(section.changes_since(before)),
                None => changes.extend(section.whole(Difference::Added)),
            }
        }
        let gone = accepted.sections.iter().filter(|section| self.section(&section.key).is_none());
        changes.extend(gone.flat_map(|section| section.whole(Difference::Removed)));
        if changes.is_empty() {
            changes.push(Change::of(&self.name, None, vec![Aspect::Other]));
        }
        changes
    }

    fn section(&self, key: &str) -> Option<&QuestionnaireSection> {
        self.sections.iter().find(|section| section.key == key)
    }
}

// === impl QuestionnaireSection ===

impl QuestionnaireSection {
    fn changes_since(&self, before: &Self) -> Vec<Change> {
        let differs = [
            (Aspect::Name, self.name != before.name),
            (Aspect::Weight, self.weight.map(f64::to_bits) != before.weight.map(f64::to_bits)),
        ];
        let own = aspects(differs);
        let mut changes = Vec::new();
        if !own.is_empty() {
            changes.push(Change::of(&self.name, None, own));
        }
        for question in &self.questions {
            let told = Some(question.title.as_str());
            match before.question(&question.key) {
                None => changes.push(Change::whole(&self.name, told, Difference::Added)),
                Some(before) if before.digest == question.digest => {}
                Some(before) => changes.push(Change::of(&self.name, told, question.differs_from(before))),
            }
        }
        for gone in before.questions.iter().filter(|question| self.question(&question.key).is_none()) {
            changes.push(Change::whole(&self.name, Some(&gone.title), Difference::Removed));
        }
        changes
    }

    /// The section and all its questions.
    fn whole(&self, difference: Difference) -> impl Iterator<Item = Change> {
        let question = move |question: &QuestionnaireQuestion| {
            Change::whole(&self.name, Some(&question.title), difference)
        };
        std::iter::once(Change::whole(&self.name, None, difference))
            .chain(self.questions.iter().map(question))
    }

    fn question(&self, key: &str) -> Option<&QuestionnaireQuestion> {
        self.questions.iter().find(|question| question.key == key)
    }
}

// === impl QuestionnaireQuestion ===

impl QuestionnaireQuestion {
    fn differs_from(&self, before: &Self) -> Vec<Aspect> {
        let choices = |question: &Self| {
            let mut choices: Vec<QuestionnaireChoice> = question.choices.clone();
            choices.sort();
            choices
        };
        let told = aspects([
            (Aspect::Title, self.title != before.title),
            (Aspect::Type, self.kind != before.kind),
            (Aspect::Choices, choices(self) != choices(before)),
            (Aspect::Levels, self.levels != before.levels),
        ]);
        if told.is_empty() { vec![Aspect::Other] } else { told }
    }
}

fn aspects<const N: usize>(differs: [(Aspect, bool); N]) -> Vec<Aspect> {
    differs.into_iter().filter(|(_, differs)| *differs).map(|(aspect, _)| aspect).collect()
}

// === impl Change ===

impl Change {
    fn of(section: &str, question: Option<&str>, aspects: Vec<Aspect>) -> Self {
        Self { aspects, ..Self::whole(section, question, Difference::Changed) }
    }

    fn whole(section: &str, question: Option<&str>, difference: Difference) -> Self {
        let (section, question) = (section.to_owned(), question.map(str::to_owned));
        Self { section, question, difference, aspects: Vec::new() }
    }
}

impl fmt::Display for Change {
    /// Such as `question "Industry" changed (choices, levels)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.question {
            Some(question) => write!(f, "question {question:?} {}", self.difference.as_str())?,
            None => write!(f, "section {:?} {}", self.section, self.difference.as_str())?,
        }
        if self.aspects.is_empty() {
            return Ok(());
        }
        let aspects: Vec<&str> = self.aspects.iter().map(|aspect| aspect.as_str()).collect();
        write!(f, " ({})", aspects.join(", "))
    }
}

// === impl Difference ===

impl Difference {
    /// The word used in messages and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

// === impl Aspect ===

impl Aspect {
    /// The word used in messages and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Weight => "weight",
            Self::Title => "title",
            Self::Type => "type",
            Self::Choices => "choices",
            Self::Levels => "levels",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests;
