//! Proposes which subject field answers which question, by titles and types alone.
//!
//! Only what both strongly suggest is proposed as it stands; everything else is proposed as a comment. Whoever runs the
//! gateway decides: a wrong answer to a questionnaire reads like a right one.

mod doubts;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use risk_provider::{
    Questionnaire,
    names::normalise,
    questionnaire::{QuestionnaireQuestion, QuestionnaireSection},
};
use serde::Serialize;

use rules::Guess;

const HEADER: &str = "\
# by titles and types alone. Look over and edit every line before you use it: what is commented out needs you, and a
# question that is not named stays unanswered. With optional = true it stays so where the subject lacks the field;
# without, such a subject goes to the next provider.
";

/// What is proposed for one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The question, as a configuration may name it.
    pub question: String,
    /// The subject's field.
    pub field: String,
    /// Choices by subject value, each by title or key.
    pub choices: BTreeMap<String, String>,
    /// The choice for every other value.
    pub otherwise: Option<String>,
    /// Whether the question may stay unanswered.
    pub optional: bool,
    /// Whether title and type suggest it strongly enough to be used as it stands.
    pub active: bool,
    /// What the question takes, in the vendor's words, for whoever decides.
    #[serde(skip)]
    note: String,
}

/// What is proposed for every question of a questionnaire, in its order. `vendor` is how subjects name this vendor's own
/// verification.
#[must_use]
pub fn propose(questionnaire: &Questionnaire, vendor: &str) -> Vec<Proposal> {
    let proposal = |(section, question): (&QuestionnaireSection, &QuestionnaireQuestion)| {
        let Guess { field, choices, otherwise, sure } = rules::guess(&section.name, question, vendor);
        Proposal {
            question: name_of(questionnaire, section, question),
            // The one field of these that every subject has.
            optional: field != "country",
            field,
            choices,
            otherwise,
            active: sure,
            note: note(section, question),
        }
    };
    questionnaire.questions().map(proposal).collect()
}

/// The proposals as a table of the configuration.
#[must_use]
pub fn to_toml(provider: &str, questionnaire: &Questionnaire, proposals: &[Proposal]) -> String {
    let Questionnaire { id, name, .. } = questionnaire;
    let mut text = format!("# Proposed for profile {} (profile = {}),\n", quoted(name), quoted(id));
    text.push_str(HEADER);
    text.push_str(&format!("[providers.{provider}.questions]\n"));
    for proposal in proposals {
        let mark = if proposal.active { "" } else { "# " };
        text.push_str(&format!("# {}\n{mark}{}\n", proposal.note, proposal.line()));
    }
    text
}

/// The shortest name by which a configuration means this question and no other.
fn name_of(all: &Questionnaire, section: &QuestionnaireSection, question: &QuestionnaireQuestion) -> String {
    let candidates = [
        question.title.clone(),
        format!("{}/{}", section.name, question.title),
        question.key.clone(),
        format!("{}/{}", section.key, question.key),
    ];
    let means_one = |name: &String| {
        let meant = all.questions().filter(|(section, question)| is_meant(name, section, question)).count();
        meant == 1 && !name.trim().is_empty()
    };
    let [.., longest] = &candidates;
    candidates.iter().find(|name| means_one(name)).unwrap_or(longest).clone()
}

fn is_meant(name: &str, section: &QuestionnaireSection, question: &QuestionnaireQuestion) -> bool {
    let name = normalise(name);
    [&question.title, &question.key].into_iter().map(|it| normalise(it)).any(|question| {
        let within = |section: &String| format!("{}/{question}", normalise(section)) == name;
        question == name || [&section.name, &section.key].into_iter().any(within)
    })
}

/// Section, type and choices, on one line.
fn note(section: &QuestionnaireSection, question: &QuestionnaireQuestion) -> String {
    let choices: Vec<String> = question.choices.iter().map(|choice| quoted(&choice.title)).collect();
    let told = if choices.is_empty() { String::new() } else { format!(": {}", choices.join(", ")) };
    let (section, title) = (quoted(&section.name), quoted(&question.title));
    format!("{section}, {title}, {}{told}", plain(&question.kind))
}

// === impl Proposal ===

impl Proposal {
    /// The proposal as a line of the configuration.
    fn line(&self) -> String {
        let (question, field) = (quoted(&self.question), quoted(&self.field));
        let mut parts = vec![format!("field = {field}")];
        if !self.choices.is_empty() {
            let choices: Vec<String> = self
                .choices
                .iter()
                .map(|(value, choice)| format!("{} = {}", key(value), quoted(choice)))
                .collect();
            parts.push(format!("choices = {{ {} }}", choices.join(", ")));
        }
        parts.extend(self.otherwise.iter().map(|choice| format!("otherwise = {}", quoted(choice))));
        if self.optional {
            parts.push("optional = true".to_owned());
        }
        if let [_field_alone] = parts.as_slice() {
            return format!("{question} = {field}");
        }
        format!("{question} = {{ {} }}", parts.join(", "))
    }
}

/// A TOML key: bare where that is possible.
fn key(text: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !text.is_empty() && text.bytes().all(bare) { text.to_owned() } else { quoted(text) }
}

/// A TOML string on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(letter))),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// Without what a comment cannot hold.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}
