//! What an assessment profile is made of.

use serde_json::{Value, json};

use crate::level::Level;

/// A questionnaire with its weights.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) sections: &'static [Section],
}

/// A group of questions; the weights of a profile's sections sum to 100.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    pub(super) weight: u64,
    pub(super) questions: &'static [Question],
}

#[derive(Debug)]
pub(super) struct Question {
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) kind: Kind,
    /// The level of every answer without its own.
    pub(super) default: Level,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// One of some choices.
    Select(&'static [Choice]),
    /// A country, and the levels of some.
    Country(&'static [(&'static str, Level)]),
}

#[derive(Debug)]
pub(super) struct Choice {
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) level: Option<Level>,
}

// === impl Profile ===

impl Profile {
    pub(super) fn section(&self, key: &str) -> Option<&'static Section> {
        self.sections.iter().find(|section| section.key == key)
    }

    /// The profile as the detail call answers it.
    pub(super) fn shown(&self) -> Value {
        let sections = self.sections.iter().map(|section| {
            let questions: Vec<Value> = section.questions.iter().map(Question::shown).collect();
            json!({ "key": section.key, "name": section.name, "weight": section.weight, "questions": questions })
        });
        json!({ "id": self.id, "name": self.name, "description": "", "sections": sections.collect::<Vec<_>>() })
    }
}

// === impl Section ===

impl Section {
    pub(super) fn question(&self, key: &str) -> Option<&'static Question> {
        self.questions.iter().find(|question| question.key == key)
    }
}

// === impl Question ===

impl Question {
    /// The question without answers.
    pub(super) fn shown(&self) -> Value {
        let level = |(key, level): (&str, Level)| json!({ "key": key, "riskLevel": level.word() });
        let choice = |choice: &Choice| json!({ "key": choice.key, "title": choice.title });
        let (kind, choices, levels): (_, Vec<Value>, Vec<Value>) = match &self.kind {
            Kind::Select(choices) => {
                let levels = choices.iter().filter_map(|choice| Some((choice.key, choice.level?)));
                ("SELECT", choices.iter().map(choice).collect(), levels.map(level).collect())
            }
            Kind::Country(levels) => ("COUNTRY", Vec::new(), levels.iter().copied().map(level).collect()),
        };
        json!({
            "key": self.key,
            "name": self.title,
            "title": self.title,
            "type": kind,
            "choices": choices,
            "riskLevels": levels,
            "riskLevelDefault": self.default.word(),
        })
    }

    /// The title and level of an answer. A country has no title.
    pub(super) fn answer(&self, key: &str) -> (Option<&'static str>, Level) {
        let (title, level) = match &self.kind {
            Kind::Select(choices) => {
                let choice = choices.iter().find(|choice| choice.key == key);
                (choice.map(|choice| choice.title), choice.and_then(|choice| choice.level))
            }
            Kind::Country(levels) => {
                (None, levels.iter().find(|(code, _)| *code == key).map(|(_, level)| *level))
            }
        };
        (title, level.unwrap_or(self.default))
    }

    /// The most points an answer can have.
    pub(super) fn most_points(&self) -> u64 {
        let levels: Vec<Level> = match &self.kind {
            Kind::Select(choices) => {
                choices.iter().map(|choice| choice.level.unwrap_or(self.default)).collect()
            }
            Kind::Country(levels) => levels.iter().map(|(_, level)| *level).chain([self.default]).collect(),
        };
        levels.into_iter().map(Level::points).max().unwrap_or(0)
    }
}
