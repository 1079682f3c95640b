//! A subject's answers to a questionnaire.

use indexmap::IndexMap;
use jiff::civil::Date;
use risk_provider::{CountryCode, FailureKind, InputValue, ProviderError, Subject, names::normalise};

use super::plan::{Planned, Takes};
use crate::wire::{CheckRequest, Values};

/// Why a value cannot be sent.
enum Unfit {
    /// Several values for a question that takes one.
    Several,
    /// No choice for the value.
    NoChoice,
    /// Not a country's code.
    NoCountry,
}

/// The body of a check about `subject`.
///
/// # Errors
///
/// `missing_input`, naming every field that no question can take as it is and never its value; also when the
/// subject answers nothing at all.
pub(crate) fn to_wire(
    plan: &[Planned],
    subject: &Subject,
    today: Date,
) -> Result<CheckRequest, ProviderError> {
    let mut sections: IndexMap<String, IndexMap<String, Values>> = IndexMap::new();
    let (mut fields, mut details) = (Vec::new(), Vec::new());
    let inputs = subject.inputs(today);
    for planned in plan {
        let Some((_, value)) = inputs.iter().find(|(input, _)| *input == planned.input) else { continue };
        match planned.answers(value) {
            Ok(value) => {
                let section = sections.entry(planned.section.clone()).or_default();
                section.insert(planned.key.clone(), Values { value });
            }
            Err(unfit) => {
                fields.push(planned.input.field());
                details.push(planned.complaint(&unfit));
            }
        }
    }
    if !details.is_empty() {
        let error = ProviderError::new(FailureKind::MissingInput, details.join("; "));
        return Err(error.with_fields(fields));
    }
    if sections.is_empty() {
        return Err(ProviderError::missing_input(plan.iter().map(|planned| planned.input.field()).collect()));
    }
    Ok(CheckRequest { sections, name: subject.full_name().into_inner() })
}

// === impl Planned ===

impl Planned {
    fn answers(&self, value: &InputValue) -> Result<Vec<String>, Unfit> {
        let texts = value.texts();
        if texts.len() > 1 && !self.several {
            return Err(Unfit::Several);
        }
        let mut answers = Vec::new();
        for text in &texts {
            let answer = match &self.takes {
                Takes::Country => CountryCode::parse(&text.trim().to_ascii_uppercase())
                    .map(|code| code.to_string())
                    .ok()
                    .ok_or(Unfit::NoCountry)?,
                Takes::Text => yes_or_no(value).unwrap_or(text).to_owned(),
                Takes::Choice { keys, otherwise } => {
                    let spellings = [Some(text.as_str()), yes_or_no(value)];
                    let mut named = spellings.into_iter().flatten().filter_map(|it| keys.get(&normalise(it)));
                    // A spelling that two choices share is no answer, and none for `otherwise` either.
                    let key = named.next().map_or_else(|| otherwise.clone(), Clone::clone);
                    key.ok_or(Unfit::NoChoice)?
                }
            };
            if !answers.contains(&answer) {
                answers.push(answer);
            }
        }
        Ok(answers)
    }

    fn complaint(&self, unfit: &Unfit) -> String {
        let (question, field) = (&self.label, self.input.name());
        match unfit {
            Unfit::Several => format!("question {question:?} takes one answer, {field} has several"),
            Unfit::NoChoice => format!("question {question:?} has no choice for what {field} says"),
            Unfit::NoCountry => format!("question {question:?} needs {field} as an alpha-2 country code"),
        }
    }
}

const fn yes_or_no(value: &InputValue) -> Option<&'static str> {
    match value {
        InputValue::Flag(true) => Some("Yes"),
        InputValue::Flag(false) => Some("No"),
        InputValue::Text(_)
        | InputValue::Texts(_)
        | InputValue::Number(_)
        | InputValue::Months(_)
        | InputValue::Day(_)
        | InputValue::Days(_) => None,
    }
}
