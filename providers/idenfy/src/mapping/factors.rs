//! Answered questions as factors.

use std::collections::HashSet;

use risk_provider::{Category, Factor, FactorState, Input, Level, Personal, ProviderName};
use serde_json::Value;

use super::level;
use crate::wire::{Answer, Question, Section};

/// The codes of subject fields that every provider's factors share.
const WELL_KNOWN: [(Input, Category, &str); 9] = [
    (Input::Country, Category::Geography, "geography.country"),
    (Input::City, Category::Geography, "geography.city"),
    (Input::Nationality, Category::Geography, "geography.nationality"),
    (Input::MonthsAtAddress, Category::Geography, "geography.address_age"),
    (Input::PoliticallyExposed, Category::Screening, "screening.pep"),
    (Input::Industry, Category::Product, "product.industry"),
    (Input::Occupation, Category::Product, "product.occupation"),
    (Input::KycVerifiedBy, Category::Customer, "customer.kyc"),
    (Input::AccountAgeMonths, Category::Customer, "customer.account_age"),
];

/// Says which subject field answers a question.
pub(crate) type FieldOf<'a> = &'a (dyn Fn(&Section, &Question) -> Option<&'a Input> + Sync);

/// Every question of an answer as a factor, in the vendor's order.
pub(crate) fn factors(sections: &[Section], field_of: FieldOf<'_>, provider: &ProviderName) -> Vec<Factor> {
    // A weight that is missing would make the others look like the whole.
    let weighted = sections.iter().all(|section| section.percent().is_some());
    let mut codes = HashSet::new();
    let mut factors = Vec::new();
    for section in sections {
        let count = f64::from(u32::try_from(section.questions.len()).unwrap_or(u32::MAX));
        let weight = section.percent().filter(|_| weighted).map(|percent| percent / 100.0 / count);
        for question in &section.questions {
            let (category, code) = code(section, question, field_of(section, question));
            factors.push(Factor {
                category,
                code: unique(code, &mut codes),
                label: question.label().to_owned(),
                state: question.state(),
                value: question.value(),
                score: question.score(),
                level: question.level(),
                vendor_label: question.top().and_then(|answer| answer.risk_level.clone()),
                weight,
                contribution: question.contribution(section),
                provider: provider.clone(),
            });
        }
    }
    factors
}

/// Whether an answer's word and its points lie two or more levels apart.
pub(crate) fn labels_conflict(sections: &[Section]) -> bool {
    let conflicts = |answer: &Answer| {
        let word = answer.risk_level.as_deref().and_then(level);
        word.is_some_and(|word| word.distance(Level::of(answer.score())) >= 2)
    };
    sections.iter().flat_map(|section| &section.questions).flat_map(|it| &it.answers).any(conflicts)
}

/// Whether an answer's word is one that nobody documented.
pub(crate) fn has_unknown_word(sections: &[Section]) -> bool {
    let unknown = |answer: &Answer| answer.risk_level.as_deref().is_some_and(|word| level(word).is_none());
    sections.iter().flat_map(|section| &section.questions).flat_map(|it| &it.answers).any(unknown)
}

fn code(section: &Section, question: &Question, field: Option<&Input>) -> (Category, String) {
    let known = field.and_then(|field| WELL_KNOWN.iter().find(|(input, ..)| input == field));
    known.map_or_else(
        || {
            let section = slug(section.name.as_deref(), &section.key);
            let question = slug(question.name.as_deref().or(question.title.as_deref()), &question.key);
            (Category::Customer, format!("questionnaire.{section}.{question}"))
        },
        |(_, category, code)| (*category, (*code).to_owned()),
    )
}

/// `name` in lower snake case, else `key`.
fn slug(name: Option<&str>, key: &str) -> String {
    let snake = |text: &str| {
        let text = text.to_ascii_lowercase();
        let words =
            text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("_")
    };
    let named = name.map(snake).filter(|slug| !slug.is_empty());
    named.unwrap_or_else(|| snake(key))
}

fn unique(code: String, codes: &mut HashSet<String>) -> String {
    let mut candidate = code.clone();
    let mut count = 1_u32;
    while !codes.insert(candidate.clone()) {
        count += 1;
        candidate = format!("{code}_{count}");
    }
    candidate
}

// === impl Section ===

impl Section {
    /// The weight, when it is one.
    fn percent(&self) -> Option<f64> {
        self.weight.filter(|weight| (0.0..=100.0).contains(weight))
    }
}

// === impl Question ===

impl Question {
    /// The riskiest answer.
    fn top(&self) -> Option<&Answer> {
        self.answers.iter().max_by(|a, b| a.risk_score.total_cmp(&b.risk_score))
    }

    fn score(&self) -> Option<f64> {
        self.top().map(Answer::score)
    }

    /// The level of the points; at least medium once a word is missing or unknown.
    fn level(&self) -> Option<Level> {
        let unknown = |answer: &Answer| answer.risk_level.as_deref().and_then(level).is_none();
        let floor = if self.answers.iter().any(unknown) { Level::Medium } else { Level::VeryLow };
        self.score().map(|score| Level::of(score).max(floor))
    }

    fn state(&self) -> FactorState {
        if self.answers.is_empty() {
            FactorState::MissingInput
        } else if self.answers.iter().all(|answer| holds(&self.risk_levels, &answer.key)) {
            FactorState::Scored
        } else {
            FactorState::Defaulted
        }
    }

    fn value(&self) -> Option<Personal<String>> {
        let texts: Vec<&str> =
            self.answers.iter().map(|answer| answer.answer.as_deref().unwrap_or(&answer.key)).collect();
        (!texts.is_empty()).then(|| Personal::new(texts.join(", ")))
    }

    fn contribution(&self, section: &Section) -> Option<f64> {
        let (weight, max) = (section.percent()?, section.max_risk_score.filter(|max| *max > 0.0)?);
        let points: f64 = self.answers.iter().map(|answer| answer.risk_score).sum();
        (!self.answers.is_empty()).then(|| weight * points / max)
    }
}

// === impl Answer ===

impl Answer {
    /// Points 1 to 5 as 0, 25, 50, 75 and 100.
    fn score(&self) -> f64 {
        25.0 * (self.risk_score - 1.0)
    }
}

/// Whether `key` stands anywhere in `listed`, the levels of single answers.
fn holds(listed: &Value, key: &str) -> bool {
    match listed {
        Value::String(text) => text == key,
        Value::Array(items) => items.iter().any(|item| holds(item, key)),
        Value::Object(fields) => fields.iter().any(|(name, value)| name == key || holds(value, key)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
