//! A check's request body, read as strictly as the vendor is taken to.
//!
//! Which keys exist is the profile's matter. Questions left out are unanswered, which is allowed.

use std::collections::BTreeMap;

use hyper::http::StatusCode;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::country;

use super::identified;
use super::profile::{Kind, Profile, Question};

/// A filled-in questionnaire.
pub(super) struct Form {
    pub(super) name: String,
    /// By question key, which is unique within a profile.
    pub(super) answers: BTreeMap<&'static str, Vec<String>>,
}

/// Why the vendor does not take a request.
#[derive(Debug)]
pub(super) struct Refused {
    identifier: &'static str,
    message: String,
}

// === impl Form ===

impl Form {
    pub(super) fn read(profile: &Profile, body: &Value) -> Result<Self, Refused> {
        let body = object(body, "body")?;
        only(body, &["sections", "name"], "body")?;
        let Value::String(name) = present(body, "name")? else { return Err(bad("name")) };
        if name.trim().is_empty() {
            return Err(bad("name"));
        }
        let mut answers = BTreeMap::new();
        for (key, given) in object(present(body, "sections")?, "sections")? {
            let section = profile.section(key).ok_or_else(|| unknown("section"))?;
            for (key, given) in object(given, "section")? {
                let question = section.question(key).ok_or_else(|| unknown("question"))?;
                answers.insert(question.key, values(question, given)?);
            }
        }
        Ok(Self { name: name.clone(), answers })
    }
}

fn values(question: &Question, given: &Value) -> Result<Vec<String>, Refused> {
    let given = object(given, "question")?;
    only(given, &["value"], "question")?;
    let Value::Array(values) = present(given, "value")? else { return Err(bad("value")) };
    if values.len() > 1 {
        return Err(bad("value"));
    }
    values.iter().map(|value| one(question, value)).collect()
}

fn one(question: &Question, value: &Value) -> Result<String, Refused> {
    let Value::String(value) = value else { return Err(bad("value")) };
    let fits = match &question.kind {
        Kind::Select(choices) => choices.iter().any(|choice| choice.key == value),
        Kind::Country(_) => country::is_assigned(value),
    };
    if fits { Ok(value.clone()) } else { Err(bad("value")) }
}

fn object<'a>(value: &'a Value, field: &str) -> Result<&'a Map<String, Value>, Refused> {
    value.as_object().ok_or_else(|| bad(field))
}

fn present<'a>(object: &'a Map<String, Value>, field: &str) -> Result<&'a Value, Refused> {
    let value = object.get(field).filter(|value| !value.is_null());
    value.ok_or_else(|| Refused::new("MISSING_VALUE", &format!("{field} is required.")))
}

fn only(object: &Map<String, Value>, known: &[&str], place: &str) -> Result<(), Refused> {
    if object.keys().all(|key| known.contains(&key.as_str())) {
        return Ok(());
    }
    Err(unknown(&format!("{place} key")))
}

fn bad(field: &str) -> Refused {
    Refused::new("BAD_VALUE", &format!("{field} has a bad value."))
}

fn unknown(what: &str) -> Refused {
    Refused::new("VALIDATION_ERROR", &format!("Unknown {what}."))
}

// === impl Refused ===

impl Refused {
    pub(super) fn new(identifier: &'static str, message: &str) -> Self {
        Self { identifier, message: message.to_owned() }
    }

    pub(super) fn answer(&self) -> Answer {
        identified(StatusCode::BAD_REQUEST, self.identifier, &self.message)
    }
}
