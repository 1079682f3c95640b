//! A profile as a questionnaire of no vendor's own, and how the configured mapping fits it.

use risk_provider::{
    FailureKind, ProviderError, Questionnaire, Reading, VendorResponse,
    questionnaire::{
        AnsweredQuestion, QuestionnaireChoice, QuestionnaireQuestion, QuestionnaireSection, Takes,
    },
};
use serde_json::Value;

use crate::{
    config::Mapping,
    questionnaires::{digest_of_levels, digest_of_question, fingerprint},
    wire::{Profile, Question, Section},
};

/// The profile `id` out of the vendor's answer.
///
/// # Errors
///
/// `malformed`, also when it says that it is another one.
pub(crate) fn read(response: &VendorResponse, id: &str) -> Result<Profile, ProviderError> {
    let profile: Profile = response.json()?;
    let is_another = match &profile.id {
        Value::String(told) => !told.eq_ignore_ascii_case(id),
        // A number beside a text may be the same profile's other id.
        Value::Number(told) => id.parse::<u64>().is_ok() && told.to_string() != id,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    };
    if is_another {
        return Err(response.failure(FailureKind::Malformed, "the profile is another one than asked for"));
    }
    Ok(profile)
}

/// The profile `id` as it was read, with what answers it and why the mapping does not fit, if it does not.
pub(crate) fn reading(id: &str, profile: &Profile, mappings: &[Mapping], misfit: Option<String>) -> Reading {
    let questionnaire = Questionnaire {
        id: id.to_owned(),
        name: profile.name.clone().unwrap_or_default(),
        // Without the mapping: that is the operator's, not the vendor's.
        fingerprint: fingerprint(id, "", &profile.sections),
        sections: profile.sections.iter().map(section).collect(),
    };
    Reading { questionnaire, answered: answered(&profile.sections, mappings), misfit }
}

fn section(section: &Section) -> QuestionnaireSection {
    QuestionnaireSection {
        key: section.key.clone(),
        name: section.name.clone().unwrap_or_else(|| section.key.clone()),
        weight: section.weight,
        questions: section.questions.iter().map(question).collect(),
    }
}

fn question(question: &Question) -> QuestionnaireQuestion {
    let choices = question.choices.iter().map(|choice| QuestionnaireChoice {
        key: choice.key.clone(),
        title: choice.title.clone().unwrap_or_else(|| choice.key.clone()),
    });
    QuestionnaireQuestion {
        key: question.key.clone(),
        title: question.label().to_owned(),
        kind: question.kind.clone().unwrap_or_default(),
        takes: question.takes(),
        choices: choices.collect(),
        levels: digest_of_levels(question),
        digest: digest_of_question(question),
    }
}

fn answered(sections: &[Section], mappings: &[Mapping]) -> Vec<AnsweredQuestion> {
    let places = sections.iter().flat_map(|section| section.questions.iter().map(move |it| (section, it)));
    let answered = |(section, question): (&Section, &Question)| {
        let mapping = mappings.iter().find(|mapping| mapping.names(section, question))?;
        Some(AnsweredQuestion {
            section: section.key.clone(),
            question: question.key.clone(),
            field: mapping.input.name(),
            optional: mapping.optional,
        })
    };
    places.filter_map(answered).collect()
}

// === impl Question ===

impl Question {
    /// What it takes, by the vendor's word for it and by its choices.
    pub(crate) fn takes(&self) -> Takes {
        match self.kind.as_deref().unwrap_or_default() {
            "COUNTRY" | "COUNTRY_MULTI" => Takes::Country,
            kind if !self.choices.is_empty() || kind.starts_with("SELECT") => Takes::Choices,
            "DATE" | "DATETIME" => Takes::Day,
            "INTEGER" | "FLOAT" => Takes::Number,
            _ => Takes::Text,
        }
    }
}
