//! Fits the configured questions to a questionnaire: once per questionnaire, before any subject is seen.

use std::collections::{HashMap, HashSet};

use risk_provider::{Input, names::normalise, questionnaire};

use crate::{
    config::Mapping,
    wire::{Question, Section},
};

/// One question and where its answer comes from.
pub(crate) struct Planned {
    /// The section's key.
    pub(crate) section: String,
    /// The question's key.
    pub(crate) key: String,
    /// The question as a person reads it.
    pub(crate) label: String,
    pub(crate) input: Input,
    /// Whether the question takes several answers.
    pub(crate) several: bool,
    pub(crate) takes: Takes,
}

/// What a question takes.
pub(crate) enum Takes {
    /// A country's alpha-2 code.
    Country,
    /// Any text.
    Text,
    /// The key of a choice.
    Choice {
        /// Keys by normalised subject value; none where two choices share a spelling.
        keys: HashMap<String, Option<String>>,
        /// The key for every other value.
        otherwise: Option<String>,
    },
}

/// Finds every configured question in a questionnaire.
///
/// # Errors
///
/// What does not fit, naming the question.
pub(crate) fn plan(sections: &[Section], mappings: &[Mapping]) -> Result<Vec<Planned>, String> {
    let mut planned: Vec<(usize, Planned)> = Vec::new();
    let mut seen = HashSet::new();
    let places = || sections.iter().flat_map(|section| section.questions.iter().map(move |it| (section, it)));
    for mapping in mappings {
        let mut found =
            places().enumerate().filter(|(_, (section, question))| mapping.names(section, question));
        let Some((place, (section, question))) = found.next() else {
            return Err(format!("the profile has no question {:?}", mapping.question));
        };
        if found.next().is_some() {
            return Err(format!(
                "the profile has several questions {:?}: name one as \"section/question\"",
                mapping.question
            ));
        }
        if !seen.insert(place) {
            return Err(format!("question {:?} is mapped twice", mapping.question));
        }
        planned.push((place, mapping.fit(section, question)?));
    }
    planned.sort_by_key(|(place, _)| *place);
    Ok(planned.into_iter().map(|(_, planned)| planned).collect())
}

// === impl Mapping ===

impl Mapping {
    /// Whether this mapping is about `question`: by title, name or key, alone or after its section's.
    pub(crate) fn names(&self, section: &Section, question: &Question) -> bool {
        let sections = [section.name.as_deref(), Some(section.key.as_str())];
        let questions = [question.title.as_deref(), question.name.as_deref(), Some(question.key.as_str())];
        questions.into_iter().flatten().map(normalise).any(|question| {
            let within = |section: &str| format!("{}/{question}", normalise(section)) == self.wanted;
            question == self.wanted || sections.into_iter().flatten().any(within)
        })
    }

    fn fit(&self, section: &Section, question: &Question) -> Result<Planned, String> {
        let kind = question.kind.as_deref().unwrap_or_default();
        let takes = match question.takes() {
            questionnaire::Takes::Country => self.without_choices(Takes::Country)?,
            questionnaire::Takes::Choices => self.with_choices(question)?,
            questionnaire::Takes::Day | questionnaire::Takes::Number | questionnaire::Takes::Text => {
                self.without_choices(Takes::Text)?
            }
        };
        Ok(Planned {
            section: section.key.clone(),
            key: question.key.clone(),
            label: question.label().to_owned(),
            input: self.input.clone(),
            several: kind.ends_with("_MULTI"),
            takes,
        })
    }

    fn without_choices(&self, takes: Takes) -> Result<Takes, String> {
        if self.choices.is_empty() && self.otherwise.is_none() {
            return Ok(takes);
        }
        Err(format!("question {:?} has no choices in the profile, but choices are configured", self.question))
    }

    fn with_choices(&self, question: &Question) -> Result<Takes, String> {
        let mut keys = HashMap::new();
        for choice in &question.choices {
            for spelling in [choice.title.as_ref(), Some(&choice.key)].into_iter().flatten() {
                let named = keys.entry(normalise(spelling)).or_insert_with(|| Some(choice.key.clone()));
                if named.as_ref() != Some(&choice.key) {
                    *named = None;
                }
            }
        }
        let key_of = |choice: &String| match keys.get(&normalise(choice)) {
            Some(Some(key)) => Ok(key.clone()),
            Some(None) => Err(format!("question {:?} has choice {choice:?} twice", self.question)),
            None => Err(format!("question {:?} has no choice {choice:?}", self.question)),
        };
        let otherwise = self.otherwise.as_ref().map(key_of).transpose()?;
        let configured: Vec<(String, String)> = self
            .choices
            .iter()
            .map(|(value, choice)| Ok((value.clone(), key_of(choice)?)))
            .collect::<Result<_, String>>()?;
        keys.extend(configured.into_iter().map(|(value, key)| (value, Some(key))));
        Ok(Takes::Choice { keys, otherwise })
    }
}
