//! Settings of the provider and their checks.

use std::{collections::BTreeMap, fmt};

use http::Method;
use risk_provider::{FieldProblem, Input, ProviderSettings, names::normalise};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};

use crate::client;

/// The keys of this vendor in a provider's table.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// API key.
    pub api_key: SecretString,
    /// API secret.
    pub api_secret: SecretString,
    /// Id of the assessment profile, made in the vendor's dashboard.
    pub profile: String,
    /// What answers the profile's questions: by question title or key, or by `section/question`.
    #[serde(default)]
    pub questions: BTreeMap<String, QuestionMapping>,
    /// The method by which an assessment is updated: `"POST"` (default) or `"PUT"`. The vendor documented both.
    #[serde(default)]
    pub update_method: UpdateMethod,
    /// Whether the path of an update ends in a slash, as all others do; default no, as documented.
    #[serde(default)]
    pub update_slash: bool,
    /// The key that signs callbacks, as set in the vendor's dashboard; without it they are signed with `api_secret`.
    pub callback_key: Option<SecretString>,
}

/// The method by which an assessment is updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum UpdateMethod {
    /// As in the newer documents.
    #[default]
    Post,
    /// As in the older documents.
    Put,
}

/// What answers one question: a subject field's name alone, or a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionMapping {
    /// The subject's field, dotted.
    pub field: String,
    /// Choices by subject value, each by title or key.
    pub choices: BTreeMap<String, String>,
    /// The choice, by title or key, for values that no other choice fits.
    pub otherwise: Option<String>,
    /// Whether the question stays unanswered when the subject lacks the field; default no.
    pub optional: bool,
}

/// A checked [`QuestionMapping`].
pub(crate) struct Mapping {
    /// The question as configured, for messages.
    pub(crate) question: String,
    /// The question to look for, normalised.
    pub(crate) wanted: String,
    pub(crate) input: Input,
    pub(crate) choices: BTreeMap<String, String>,
    pub(crate) otherwise: Option<String>,
    pub(crate) optional: bool,
}

// === impl Settings ===

impl Settings {
    /// The checked questions.
    ///
    /// # Errors
    ///
    /// Every problem found.
    pub(crate) fn check(&self, common: &ProviderSettings) -> Result<Vec<Mapping>, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let secrets = [("api_key", &self.api_key), ("api_secret", &self.api_secret)];
        let callback_key = self.callback_key.as_ref().map(|key| ("callback_key", key));
        for (field, secret) in secrets.into_iter().chain(callback_key) {
            let secret = secret.expose_secret();
            if secret.trim().is_empty() {
                problems.push(FieldProblem::new(field, "must not be blank"));
            } else if secret.trim() != secret {
                problems.push(FieldProblem::new(field, "must not begin or end with a blank or a line break"));
            }
        }
        if self.api_key.expose_secret().contains(':') {
            problems
                .push(FieldProblem::new("api_key", "must not hold a colon: that is where the secret begins"));
        }
        if !client::is_id(&self.profile) {
            let detail = "must be the id of an assessment profile: letters, digits, \"-\" and \"_\"";
            problems.push(FieldProblem::new("profile", detail));
        }
        let mappings = self.mappings(common, &mut problems);
        if problems.is_empty() { Ok(mappings) } else { Err(problems) }
    }

    fn mappings(&self, common: &ProviderSettings, problems: &mut Vec<FieldProblem>) -> Vec<Mapping> {
        if self.questions.is_empty() {
            let detail = "must map at least one question of the profile to a subject field: an unanswered check \
                          says nothing";
            problems.push(FieldProblem::new("questions", detail));
        }
        let mut mappings = Vec::new();
        for (question, mapping) in &self.questions {
            match mapping.check(question, common.send_previous) {
                Ok(mapping) => mappings.push(mapping),
                Err(detail) => problems.push(FieldProblem::new(question_field(question), detail)),
            }
        }
        mappings
    }
}

// === impl UpdateMethod ===

impl UpdateMethod {
    pub(crate) const fn method(self) -> Method {
        match self {
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
        }
    }

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Post => Self::Put,
            Self::Put => Self::Post,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("profile", &self.profile)
            .field("questions", &self.questions)
            .field("update_method", &self.update_method)
            .field("update_slash", &self.update_slash)
            .finish_non_exhaustive()
    }
}

// === impl QuestionMapping ===

impl QuestionMapping {
    /// A question that is answered by `field` as it stands.
    #[must_use]
    pub fn plain(field: &str) -> Self {
        Self { field: field.to_owned(), choices: BTreeMap::new(), otherwise: None, optional: false }
    }

    fn check(&self, question: &str, send_previous: bool) -> Result<Mapping, String> {
        if question.trim().is_empty() {
            return Err("must be named by its title or key".to_owned());
        }
        let input = Input::parse(&self.field).ok_or_else(|| unknown_field(&self.field))?;
        if matches!(input, Input::PreviousRiskScore | Input::PreviousAdverseMediaScore) && !send_previous {
            return Err(format!("{} is sent only to providers with send_previous = true", self.field));
        }
        let mut choices = BTreeMap::new();
        for (value, choice) in &self.choices {
            if choices.insert(normalise(value), choice.clone()).is_some() {
                return Err(format!("choices holds {value:?} twice, in different spellings"));
            }
        }
        if choices.values().chain(&self.otherwise).any(|choice| choice.trim().is_empty()) {
            return Err("choices must name choices by title or key".to_owned());
        }
        Ok(Mapping {
            question: question.to_owned(),
            wanted: normalise(question),
            input,
            choices,
            otherwise: self.otherwise.clone(),
            optional: self.optional,
        })
    }
}

impl<'de> Deserialize<'de> for QuestionMapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MappingVisitor)
    }
}

struct MappingVisitor;

impl<'de> de::Visitor<'de> for MappingVisitor {
    type Value = QuestionMapping;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a subject field such as \"country\", or a table such as { field = \"country\" }")
    }

    fn visit_str<E: de::Error>(self, field: &str) -> Result<QuestionMapping, E> {
        Ok(QuestionMapping::plain(field))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, table: A) -> Result<QuestionMapping, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            field: String,
            #[serde(default)]
            choices: BTreeMap<String, String>,
            otherwise: Option<String>,
            #[serde(default)]
            optional: bool,
        }
        let Table { field, choices, otherwise, optional } =
            Table::deserialize(de::value::MapAccessDeserializer::new(table))?;
        Ok(QuestionMapping { field, choices, otherwise, optional })
    }
}

/// The configuration key of a question, quoted where a bare key cannot hold it.
fn question_field(question: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !question.is_empty() && question.bytes().all(bare) {
        format!("questions.{question}")
    } else {
        format!("questions.{question:?}")
    }
}

fn unknown_field(field: &str) -> String {
    let nearest = Input::names().min_by_key(|known| strsim::damerau_levenshtein(known, field));
    let nearest = nearest.map(|known| format!("; did you mean {known:?}?")).unwrap_or_default();
    format!("{field:?} is no subject field and no answers.<question>{nearest}")
}
