//! What the vendor wraps its reports and errors in.
//!
//! An actor assessment comes in two envelopes, one inside the other, and either may say that the call failed
//! while HTTP says 200. `links`, whose place is unclear, is never read.

use risk_provider::doubt;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::wire::{object, text};

const MAX_DEPTH: usize = 3;

/// One envelope, current or legacy, or the report inside.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer<'a> {
    #[serde(borrow)]
    success: Option<&'a RawValue>,
    #[serde(borrow)]
    status_code: Option<&'a RawValue>,
    #[serde(borrow, rename = "status_code")]
    legacy_status_code: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
    #[serde(borrow)]
    geographic: Option<&'a RawValue>,
}

/// What an error envelope says.
#[derive(Default)]
pub(crate) struct Refusal {
    /// Its own status, when that is one of an error.
    pub(crate) status: Option<u16>,
    /// The class of the error, such as `PaymentRequiredError`; never a subject's name.
    pub(crate) class: Option<String>,
    pub(crate) message: Option<String>,
    /// The request's keys that it complains about.
    pub(crate) keys: Vec<String>,
}

/// Why there is no report.
pub(crate) enum Unopened {
    /// The vendor says so.
    Refused(Refusal),
    /// These are no envelopes.
    Shape,
    /// Something in them speaks against the answer; what.
    Doubtful(&'static str),
}

/// The report inside `text`, out of at most three envelopes.
pub(crate) fn open(whole: &str) -> Result<&str, Unopened> {
    let mut text = whole;
    for depth in 0..=MAX_DEPTH {
        let layer: Layer<'_> = object(text).ok_or(Unopened::Shape)?;
        if layer.has_failed().ok_or(Unopened::Shape)? {
            return Err(Unopened::Refused(layer.refusal(MAX_DEPTH - depth)));
        }
        if let Some(why) = doubt::of_answer(text) {
            return Err(Unopened::Doubtful(why));
        }
        match (layer.success, layer.data, layer.geographic) {
            (Some(_), Some(data), None) if depth < MAX_DEPTH => text = data.get(),
            (_, Some(beside), Some(_)) => {
                return doubt::of_answer(beside.get()).map_or(Ok(text), |why| Err(Unopened::Doubtful(why)));
            }
            _ => break,
        }
    }
    Ok(text)
}

/// What the body of an error answer says; nothing when it is none of the known shapes.
pub(crate) fn refusal(text: &str) -> Refusal {
    object::<Layer<'_>>(text).map(|layer| layer.refusal(MAX_DEPTH)).unwrap_or_default()
}

// === impl Layer ===

impl Layer<'_> {
    /// Whether the call failed; none when `success` is neither true nor false, or a status is none.
    fn has_failed(&self) -> Option<bool> {
        let said = match self.success.map(RawValue::get) {
            None | Some("true") => false,
            Some("false") => true,
            Some(_) => return None,
        };
        let complains = [self.error, self.errors].into_iter().flatten().any(says_something);
        if said || complains || self.error_status().is_some() || self.error_class().is_some() {
            return Some(true);
        }
        self.codes().all(|code| code.parse::<u16>().is_ok()).then_some(false)
    }

    /// What stands in the places of its status, without quotes.
    fn codes(&self) -> impl Iterator<Item = &str> {
        let codes = [self.status_code, self.legacy_status_code].into_iter().flatten();
        codes.map(|code| code.get().trim_matches('"'))
    }

    /// Its status, when that is one of an error in whatever form.
    fn error_status(&self) -> Option<u16> {
        let mut codes = self.codes().filter_map(|code| code.trim().parse::<f64>().ok());
        let code = codes.find(|code| (400.0..600.0).contains(code))?;
        (400..600).rev().find(|status| f64::from(*status) <= code)
    }

    /// The class of an error: one word, as no subject is called.
    fn error_class(&self) -> Option<String> {
        let is_class =
            |name: &String| name.ends_with("Error") && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        text(self.name).filter(is_class)
    }

    /// What the innermost failed envelope says, completed by the outer ones.
    fn refusal(&self, depth: usize) -> Refusal {
        let inner = self.data.filter(|_| depth > 0).and_then(|data| object::<Layer<'_>>(data.get()));
        let inner = inner.filter(|inner| inner.has_failed() == Some(true));
        let inner = inner.map(|inner| inner.refusal(depth - 1)).unwrap_or_default();
        let mut keys = inner.keys;
        keys.extend([self.errors, self.data].into_iter().flatten().flat_map(keys_of));
        Refusal {
            status: inner.status.or_else(|| self.error_status()),
            class: inner.class.or_else(|| text(self.name)),
            message: inner.message.or_else(|| text(self.message)),
            keys,
        }
    }
}

/// Whether an error stands there, and not only the place for one.
fn says_something(raw: &RawValue) -> bool {
    let nothing = ["null", "false", "\"\"", "[]", "{}"];
    let text: String = raw.get().split_whitespace().collect();
    !nothing.contains(&text.as_str())
}

fn keys_of(raw: &RawValue) -> Vec<String> {
    match serde_json::from_str(raw.get()) {
        Ok(Value::Object(fields)) => fields.into_iter().map(|(key, _)| key).collect(),
        Ok(_) | Err(_) => Vec::new(),
    }
}
