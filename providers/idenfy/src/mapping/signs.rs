//! What an answer that comes with a status of success says about itself: that it is one, or that it is none.
//!
//! None of these signs is documented for such answers. An answer that has one is taken for none, however low the
//! risk beside it.

use risk_provider::{VendorResponse, doubt};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::client::Endpoint;

/// What an answer says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Nothing that speaks against it.
    None,
    /// The vendor refuses.
    Refusal,
    /// It cannot be taken for an answer; why.
    Malformed(&'static str),
}

/// The parts of a body that may be signs. One that stands twice is an error.
#[derive(Deserialize)]
struct Signs<'a> {
    #[serde(borrow, default, deserialize_with = "stated")]
    success: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    identifier: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    sections: Option<&'a RawValue>,
}

/// What the body of `response` says about itself. What is no object at all is left to whoever decodes it.
pub(crate) fn of(endpoint: Endpoint, response: &VendorResponse) -> Sign {
    let Ok(text) = response.text() else { return Sign::None };
    if !text.trim_start().starts_with('{') {
        return Sign::None;
    }
    match serde_json::from_str::<Signs<'_>>(text) {
        Ok(signs) => match signs.read(endpoint) {
            Sign::None if endpoint.judges() => {
                let in_parts = || signs.sections.and_then(|sections| doubt::within(sections.get()));
                let why = not_final(response.status).or_else(|| doubt::of_answer(text)).or_else(in_parts);
                why.map_or(Sign::None, Sign::Malformed)
            }
            Sign::None => doubt::of_record(text).map_or(Sign::None, Sign::Malformed),
            sign @ (Sign::Refusal | Sign::Malformed(_)) => sign,
        },
        Err(error) if error.is_data() => Sign::Malformed("the answer says twice whether it is one"),
        Err(_cut) => Sign::None,
    }
}

/// Why a status of success is not one of an answer.
const fn not_final(status: u16) -> Option<&'static str> {
    match status {
        202 => Some("the answer was accepted for later"),
        206 => Some("the answer is a part of one"),
        _ => None,
    }
}

// === impl Signs ===

impl Signs<'_> {
    fn read(&self, endpoint: Endpoint) -> Sign {
        let judges = endpoint.judges();
        match self.success.map(RawValue::get) {
            None | Some("true") => {}
            Some("false") => return Sign::Refusal,
            Some(_) => return Sign::Malformed("the answer says neither yes nor no to its success"),
        }
        // A record of something else may have an identifier of its own, but none like an error's.
        let is_own = !judges && self.id.is_some();
        let is_refusal =
            if is_own { self.identifier.is_some_and(is_constant) } else { self.identifier.is_some() };
        if is_refusal || (self.error.is_some() && !is_own) {
            return Sign::Refusal;
        }
        Sign::None
    }
}

/// Whether it is written as the vendor writes the constants of its errors.
fn is_constant(raw: &RawValue) -> bool {
    let text = serde_json::from_str::<String>(raw.get()).unwrap_or_default();
    text.contains('_') && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// A value that is there, also null.
fn stated<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}
