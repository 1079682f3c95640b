//! The vendor's JSON as sent. Optional fields of another type than documented are read as absent or as their
//! text; only what no answer can be understood without must be there.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, de, de::IgnoredAny};
use serde_json::{Number, Value, value::RawValue};

/// The body of a check.
#[derive(Serialize)]
pub(crate) struct CheckRequest {
    /// Answers by section key and question key.
    pub(crate) sections: IndexMap<String, IndexMap<String, Values>>,
    pub(crate) name: String,
}

/// The answers to one question.
#[derive(Serialize)]
pub(crate) struct Values {
    pub(crate) value: Vec<String>,
}

/// A questionnaire.
#[derive(Deserialize)]
pub(crate) struct Profile {
    /// A text, or the number that the vendor documents.
    #[serde(default)]
    pub(crate) id: Value,
    #[serde(default, deserialize_with = "word")]
    pub(crate) name: Option<String>,
    pub(crate) sections: Vec<Section>,
}

/// The list of questionnaires, bare or as a page.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Profiles {
    Bare(Vec<ProfileItem>),
    Page { results: Vec<ProfileItem> },
}

/// One line of the list of questionnaires.
#[derive(Deserialize)]
pub(crate) struct ProfileItem {
    #[serde(deserialize_with = "text")]
    pub(crate) id: String,
    #[serde(default, deserialize_with = "word")]
    pub(crate) name: Option<String>,
}

/// A page of the list of assessments.
#[derive(Deserialize)]
pub(crate) struct Page {
    /// How many there are on all pages.
    pub(crate) count: Option<Number>,
    /// Where the next page is; null on the last one, and always there: without it the list may be cut.
    pub(crate) next: Value,
    pub(crate) results: Vec<AssessmentItem>,
}

/// One line of the list of assessments. It tells no score.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssessmentItem {
    #[serde(deserialize_with = "text")]
    pub(crate) id: String,
    #[serde(default, deserialize_with = "word")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "word")]
    pub(crate) created_at: Option<String>,
}

/// What is of interest in the record of a company.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Company {
    #[serde(default, deserialize_with = "word")]
    pub(crate) id: Option<String>,
    /// A [`Summary`], or null. Always there.
    pub(crate) risk_assessment: Box<RawValue>,
}

/// A company's risk in short.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    #[serde(deserialize_with = "text")]
    pub(crate) id: String,
    /// Percent, with the literal as sent, or null.
    pub(crate) risk_score: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "word")]
    pub(crate) risk_level: Option<String>,
    /// Of an error.
    pub(crate) identifier: Option<IgnoredAny>,
}

/// The answer of a check, also when read again.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Assessment {
    #[serde(deserialize_with = "text")]
    pub(crate) id: String,
    #[serde(default, deserialize_with = "word")]
    pub(crate) name: Option<String>,
    pub(crate) sections: Vec<Section>,
    /// Percent, with the literal as sent.
    pub(crate) risk_score: Box<RawValue>,
    #[serde(default, deserialize_with = "word")]
    pub(crate) risk_level: Option<String>,
    #[serde(default)]
    pub(crate) risk_level_changed_by: Option<Value>,
    #[serde(default, deserialize_with = "word")]
    pub(crate) created_at: Option<String>,
    #[serde(default, deserialize_with = "word")]
    pub(crate) updated_at: Option<String>,
    /// `{id, name}`; nobody promised more than that.
    #[serde(default)]
    pub(crate) profile: Value,
}

/// A section, as asked (without scores) or as answered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Section {
    #[serde(deserialize_with = "text")]
    pub(crate) key: String,
    #[serde(default, deserialize_with = "word")]
    pub(crate) name: Option<String>,
    /// Percent of the whole.
    #[serde(default, deserialize_with = "number")]
    pub(crate) weight: Option<f64>,
    pub(crate) questions: Vec<Question>,
    /// Sum of the answers' points.
    #[serde(default, deserialize_with = "number")]
    pub(crate) risk_score: Option<f64>,
    /// The most points that the answered questions could have given.
    #[serde(default, deserialize_with = "number")]
    pub(crate) max_risk_score: Option<f64>,
}

/// A question, as asked (without answers) or as answered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Question {
    #[serde(deserialize_with = "text")]
    pub(crate) key: String,
    #[serde(default, deserialize_with = "word")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "word")]
    pub(crate) title: Option<String>,
    #[serde(rename = "type", default, deserialize_with = "word")]
    pub(crate) kind: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) choices: Vec<Choice>,
    /// Levels of single answers, in a shape that nobody documented.
    #[serde(default)]
    pub(crate) risk_levels: Value,
    #[serde(default, deserialize_with = "word")]
    pub(crate) risk_level_default: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) answers: Vec<Answer>,
}

/// One choice of a question.
#[derive(Deserialize)]
pub(crate) struct Choice {
    #[serde(deserialize_with = "text")]
    pub(crate) key: String,
    #[serde(default, deserialize_with = "word")]
    pub(crate) title: Option<String>,
}

/// One answer to a question.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    /// A choice's key, or a country.
    #[serde(deserialize_with = "text")]
    pub(crate) key: String,
    /// The choice's title; null for a country.
    #[serde(default, deserialize_with = "word")]
    pub(crate) answer: Option<String>,
    #[serde(default, deserialize_with = "word")]
    pub(crate) risk_level: Option<String>,
    /// Points, 1 to 5.
    pub(crate) risk_score: f64,
}

// === impl Question ===

impl Question {
    /// What a person reads: the title, else the name, else the key.
    pub(crate) fn label(&self) -> &str {
        let given = |text: &&str| !text.trim().is_empty();
        let title = self.title.as_deref().filter(given);
        title.or_else(|| self.name.as_deref().filter(given)).unwrap_or(&self.key)
    }
}

/// A text or a number, as text: ids are opaque and documented as either.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let text = value.as_str().map(str::to_owned).or_else(|| value.as_number().map(ToString::to_string));
    text.filter(|text| !text.is_empty()).ok_or_else(|| de::Error::custom("neither a text nor a number"))
}

/// A text, or the JSON of what stands in its place; none for null.
fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    Ok(value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
}

/// A number; none for anything else.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_f64())
}

/// A list; empty for null.
fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
