//! A recording as it is written.

use std::{collections::BTreeMap, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use url::Url;

use super::{Scrub, Session, Taken, TapeError, invent::Invented};
use crate::{
    ProviderAssessment,
    conformance::{Play, server::BASE_URL},
};

/// The headers that are written; the others may hold anything.
const HEADERS: [&str; 2] = ["content-type", "retry-after"];
/// What of an assessment is not compared: the payload, which is the recording itself, and a digest over values
/// that were replaced.
const NOT_COMPARED: [&str; 2] = ["raw", "profile_fingerprint"];

/// A scrubbed recording.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fixture {
    /// When the vendor was asked, which is when it is asked again.
    pub(super) recorded_at: Timestamp,
    /// The invented subject.
    pub(super) subject: Value,
    /// Every exchange, in order.
    pub(super) exchanges: Vec<Recorded>,
    /// What the adapter made of it.
    told: Vec<Value>,
}

/// One exchange.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recorded {
    operation: String,
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    /// The shape of the request's JSON body: its keys, and types for values.
    pub(super) body: Option<Value>,
    status: u16,
    headers: BTreeMap<String, String>,
    /// The answer's body as sent, where it is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    json: Option<Box<RawValue>>,
    /// Any other body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// The keys of `body`, and the type of each value.
pub(super) fn shape(body: &Value) -> Value {
    match body {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), shape(value))).collect(),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::String(_) => json!("string"),
        Value::Number(_) => json!("number"),
        Value::Bool(_) => json!("boolean"),
        Value::Null => Value::Null,
    }
}

// === impl Fixture ===

impl Fixture {
    pub(super) fn read(file: &Path) -> Result<Self, TapeError> {
        let failed = |what: String| TapeError(format!("{}: {what}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
    }

    /// The text of a fixture, fit to publish.
    ///
    /// # Errors
    ///
    /// Where texts stand that nobody has looked at, or that something private would be left in it.
    pub(super) fn scrubbed(
        session: &Session,
        scrub: &Scrub,
        recorded_at: Timestamp,
        taken: &[Taken],
        told: &[&ProviderAssessment],
    ) -> Result<String, TapeError> {
        let invented = scrub.invented(session, taken);
        let unknown = scrub.unknown(taken, &invented);
        if !unknown.is_empty() {
            let detail = "nothing is written before these texts are named by Scrub::replace or Scrub::keep";
            return Err(TapeError(format!("{detail}: {}", unknown.join(", "))));
        }
        let fixture = Self {
            recorded_at,
            subject: replaced(&session.subject, &invented),
            exchanges: taken.iter().map(|one| Recorded::of(one, &invented)).collect::<Result<_, _>>()?,
            told: told
                .iter()
                .map(|one| Ok(replaced(&compared(one)?, &invented)))
                .collect::<Result<_, _>>()?,
        };
        let text = serde_json::to_string_pretty(&fixture).map_err(|error| TapeError(error.to_string()))?;
        let document = serde_json::from_str(&text).map_err(|error| TapeError(error.to_string()))?;
        match invented.left_in(&document) {
            0 => Ok(format!("{text}\n")),
            left => Err(TapeError(format!(
                "nothing is written: {left} private values would be left, as numbers, keys or in another spelling"
            ))),
        }
    }

    /// # Errors
    ///
    /// Where the adapter tells something else than was recorded.
    pub(super) fn compare(&self, told: &[&ProviderAssessment], base_url: &Url) -> Result<(), TapeError> {
        let mut here = Invented::default();
        here.learn_as(base_url.as_str().trim_end_matches('/'), BASE_URL.to_owned());
        let told = told.iter().map(|one| Ok(replaced(&compared(one)?, &here)));
        let told = Value::Array(told.collect::<Result<_, TapeError>>()?);
        let recorded = Value::Array(self.told.clone());
        let mut differing = Vec::new();
        differences(&recorded, &told, String::new(), &mut differing);
        if differing.is_empty() {
            return Ok(());
        }
        Err(TapeError(format!("the adapter tells something else than recorded at {}", differing.join(", "))))
    }
}

// === impl Recorded ===

impl Recorded {
    fn of(taken: &Taken, invented: &Invented) -> Result<Self, TapeError> {
        let Taken { request, response } = taken;
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let sent = request.body.as_deref().and_then(|body| serde_json::from_str::<Value>(body).ok());
        let headers = HEADERS.iter().filter_map(|name| {
            let value = response.headers.get(*name)?.to_str().ok()?;
            Some(((*name).to_owned(), value.to_owned()))
        });
        let body = String::from_utf8_lossy(&response.body);
        let is_json = serde_json::from_str::<&RawValue>(&body).is_ok();
        let raw = |text: String| RawValue::from_string(text).map_err(|error| TapeError(error.to_string()));
        Ok(Self {
            operation: request.operation.to_owned(),
            method: request.method.to_string(),
            target: invented.apply(&format!("{}{query}", request.url.path())),
            body: sent.map(|body| shape(&body)),
            status: response.status,
            headers: headers.collect(),
            json: is_json.then(|| raw(strings_replaced(&body, invented))).transpose()?,
            text: (!is_json).then(|| invented.apply(&body)),
        })
    }

    /// The answer again.
    pub(super) fn play(self) -> Play {
        let header = |name: &&'static str| Some((*name, self.headers.get(*name)?.clone()));
        let headers = HEADERS.iter().filter_map(header).collect();
        let body = self.json.map(|json| json.get().to_owned()).or(self.text).unwrap_or_default();
        Play::Answer { status: self.status, headers, body: body.into_bytes() }
    }
}

/// An assessment as it is compared.
fn compared(told: &ProviderAssessment) -> Result<Value, TapeError> {
    let mut told = serde_json::to_value(told).map_err(|error| TapeError(error.to_string()))?;
    if let Some(fields) = told.as_object_mut() {
        NOT_COMPARED.iter().for_each(|field| drop(fields.remove(*field)));
    }
    Ok(told)
}

/// `value` with every text scrubbed.
fn replaced(value: &Value, invented: &Invented) -> Value {
    match value {
        Value::String(text) => Value::from(invented.apply(text)),
        Value::Array(items) => items.iter().map(|item| replaced(item, invented)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), replaced(value, invented))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// The JSON `text` with every string but keys scrubbed, and every other byte as it was: numbers keep their spelling.
fn strings_replaced(text: &str, invented: &Invented) -> String {
    let (mut written, mut rest) = (String::new(), text);
    while let Some(start) = rest.find('"') {
        let (before, literal) = rest.split_at(start);
        written.push_str(before);
        let mut escaped = false;
        let end = literal.char_indices().skip(1).find(|(_, letter)| {
            let closes = *letter == '"' && !escaped;
            escaped = *letter == '\\' && !escaped;
            closes
        });
        let (literal, after) = literal.split_at(end.map_or(literal.len(), |(at, _)| at + 1));
        let key = after.trim_start().starts_with(':');
        let scrubbed = serde_json::from_str::<String>(literal).map(|text| {
            let applied = invented.apply(&text);
            if key || applied == text { literal.to_owned() } else { Value::from(applied).to_string() }
        });
        written.push_str(&scrubbed.unwrap_or_else(|_| literal.to_owned()));
        rest = after;
    }
    written.push_str(rest);
    written
}

/// The places where two documents differ.
fn differences(left: &Value, right: &Value, at: String, found: &mut Vec<String>) {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for key in keys {
                let (one, other) = (left.get(key), right.get(key));
                differences(
                    one.unwrap_or(&Value::Null),
                    other.unwrap_or(&Value::Null),
                    format!("{at}/{key}"),
                    found,
                );
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (one, other)) in left.iter().zip(right).enumerate() {
                differences(one, other, format!("{at}/{index}"), found);
            }
        }
        _ if left == right => {}
        _ => found.push(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_change_and_everything_else_stays_as_it_was_sent() {
        let mut invented = Invented::default();
        invented.learn_as("Ottoline", "Veronika".to_owned());
        let sent = r#"{ "n" : 34.474999999999994, "e":1e400,"Ottoline":"said \"Ottoline\" \u00e9", "ottoline" :[ "a\\" ,"b"]}"#;
        let expected = r#"{ "n" : 34.474999999999994, "e":1e400,"Ottoline":"said \"Veronika\" é", "ottoline" :[ "a\\" ,"b"]}"#;
        assert_eq!(strings_replaced(sent, &invented), expected);
    }

    #[test]
    fn a_shape_tells_keys_and_types_and_no_value() {
        let body = json!({"name": "Ottoline", "months": 30, "sections": {"a": [true, null]}});
        let expected = json!({"name": "string", "months": "number", "sections": {"a": ["boolean", null]}});
        assert_eq!(shape(&body), expected);
    }
}
