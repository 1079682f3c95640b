//! What a body says against itself: signs of failure beside what reads like a good answer.
//!
//! No vendor documents them for good answers, so an answer that has one is none, however low the risk beside it. An adapter
//! asks about every object that it reads a judgement from.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Words of a status that speak for an answer, in small letters.
const GOOD: &[&str] = &[
    "active",
    "approved",
    "assessed",
    "checked",
    "complete",
    "completed",
    "done",
    "final",
    "finished",
    "ok",
    "okay",
    "ready",
    "reviewed",
    "success",
    "succeeded",
    "successful",
];

/// The parts of an object that may be signs. One that stands twice is an error.
#[derive(Deserialize)]
struct Signs<'a> {
    #[serde(borrow, default, deserialize_with = "stated")]
    success: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
    #[serde(borrow, rename = "errorMessage")]
    error_message: Option<&'a RawValue>,
    #[serde(borrow, rename = "error_message")]
    snake_error_message: Option<&'a RawValue>,
    #[serde(borrow, rename = "errorCode")]
    error_code: Option<&'a RawValue>,
    #[serde(borrow, rename = "error_code")]
    snake_error_code: Option<&'a RawValue>,
    #[serde(borrow)]
    exception: Option<&'a RawValue>,
    #[serde(borrow)]
    fault: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(borrow)]
    severity: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow, rename = "statusCode")]
    status_code: Option<&'a RawValue>,
    #[serde(borrow, rename = "status_code")]
    snake_status_code: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
}

/// Why the object in `text` is no answer, whatever else stands in it; none for one that says nothing against itself, and for
/// what is no object, which is left to whoever decodes it.
#[must_use]
pub fn of_answer(text: &str) -> Option<&'static str> {
    of(text, |signs| signs.against().or_else(|| signs.status_against()))
}

/// The same of a record that holds answers, or lists them, and may have a status of its own.
#[must_use]
pub fn of_record(text: &str) -> Option<&'static str> {
    of(text, |signs| signs.against())
}

/// The same of every object in `text`, however deep: for what holds nothing but parts of a judgement.
#[must_use]
pub fn within(text: &str) -> Option<&'static str> {
    if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(text) {
        return list.into_iter().find_map(|item| within(item.get()));
    }
    let Ok(fields) = serde_json::from_str::<HashMap<String, &RawValue>>(text) else { return None };
    of_answer(text).or_else(|| fields.into_values().find_map(|field| within(field.get())))
}

fn of(text: &str, against: impl FnOnce(&Signs<'_>) -> Option<&'static str>) -> Option<&'static str> {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if !text.starts_with('{') {
        return None;
    }
    match serde_json::from_str::<Signs<'_>>(text) {
        Ok(signs) => against(&signs),
        Err(error) if error.is_data() => Some("the answer says twice whether it is one"),
        Err(_cut) => None,
    }
}

// === impl Signs ===

impl Signs<'_> {
    fn against(&self) -> Option<&'static str> {
        if self.success.is_some_and(|success| success.get() != "true") {
            return Some("the answer does not say that it succeeded");
        }
        let errors = [
            self.error,
            self.errors,
            self.error_message,
            self.snake_error_message,
            self.error_code,
            self.snake_error_code,
            self.exception,
            self.fault,
            self.detail,
            self.severity,
        ];
        if errors.into_iter().flatten().any(says_something) {
            return Some("an error stands beside the answer");
        }
        let codes = [self.status_code, self.snake_status_code].into_iter().flatten();
        let is_failure = codes.map(RawValue::get).any(|code| !is_success(code));
        // What is no number, or a small one, is the code of something else.
        let is_error = self.code.and_then(|code| number(code.get())).is_some_and(|code| code >= 300.0);
        (is_failure || is_error).then_some("the answer has the status of none")
    }

    /// A word that nobody knows is none that speaks for it.
    fn status_against(&self) -> Option<&'static str> {
        let status = self.status?.get();
        let word = serde_json::from_str::<String>(status);
        let is_good = match &word {
            Ok(word) => {
                let word = word.trim().to_lowercase();
                word.is_empty() || GOOD.contains(&word.as_str()) || is_success(&word)
            }
            Err(_no_text) => status == "true" || is_success(status),
        };
        (!is_good).then_some("the answer is pending, failed, or in a state that nobody documented")
    }
}

/// A number, also in quotes.
fn number(text: &str) -> Option<f64> {
    text.trim_matches('"').trim().parse().ok()
}

fn is_success(text: &str) -> bool {
    // Accepted for later is not answered.
    number(text).is_some_and(|code| (200.0..202.0).contains(&code) || (203.0..300.0).contains(&code))
}

/// Whether something stands there, and not only the place for it.
fn says_something(raw: &RawValue) -> bool {
    let nothing = ["false", "\"\"", "[]", "{}", "0", "\"NOT_SEVERE\""];
    let text: String = raw.get().split_whitespace().collect();
    !nothing.contains(&text.as_str())
}

/// A value that is there, also null.
fn stated<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_failure_speak_against_an_answer() {
        for sign in [
            r#""success":false"#,
            r#""success":null"#,
            r#""success":"true""#,
            r#""success":true,"success":true"#,
            r#""error":"boom""#,
            r#""errors":["x"]"#,
            r#""errorMessage":"x""#,
            r#""error_code":7"#,
            r#""errorMessage":null,"error_message":"x""#,
            r#""detail":"Not found.""#,
            r#""severity":"SEVERE""#,
            r#""statusCode":500"#,
            r#""statusCode":"500""#,
            r#""statusCode":202"#,
            r#""statusCode":302"#,
            r#""status_code":600"#,
            r#""statusCode":"soon""#,
            r#""code":500"#,
            r#""status":500"#,
            r#""status":"error""#,
            r#""status":"TIMEOUT""#,
            r#""status":"Not checked""#,
            r#""status":{}"#,
            r#""status":"null""#,
        ] {
            assert!(of_answer(&format!("\u{feff} {{{sign},\"riskScore\":1}}")).is_some(), "{sign}");
        }
    }

    #[test]
    fn what_says_nothing_against_itself_is_left_alone() {
        for sign in [
            r#""success":true"#,
            r#""error":null,"errors":[],"detail":"""#,
            r#""errorMessage":null,"error_message":null,"errorCode":0,"error_code":null"#,
            r#""statusCode":200"#,
            r#""status":"Completed""#,
            r#""status":null"#,
            r#""status":200"#,
            r#""code":7"#,
            r#""code":"E500""#,
            r#""severity":"NOT_SEVERE""#,
            r#""name":"Error","message":"an error""#,
        ] {
            assert_eq!(of_answer(&format!("{{{sign},\"riskScore\":1}}")), None, "{sign}");
        }
        assert!(
            within(r#"[{"a":[{"b":{"error":"down"}}]}]"#).is_some()
                && within(r#"{"status":"failed"}"#).is_some()
        );
        assert_eq!(within(r#"[{"a":[{"b":{"error":null}}],"error":"","name":"x"}, 1]"#), None);
        assert_eq!(of_record(r#"{"status":"PENDING"}"#), None, "a record has a state of its own");
        assert!(of_record(r#"{"status":"PENDING","detail":"db down"}"#).is_some());
        for text in ["", "[]", "{\"error\": ", "<html>"] {
            assert_eq!(of_answer(text), None, "{text}: left to whoever decodes it");
        }
    }
}
