//! What an answer that comes with a status of success says about itself: that it is one, or that it is none.
//!
//! None of these signs is documented for such answers. An answer that has one is taken for none, however low the
//! risk beside it.

use risk_provider::VendorResponse;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::client::Endpoint;

/// Words of a status that say there is no answer, in small letters.
const FAILED: &[&str] = &["error", "failed", "failure"];

/// Words about an answer that is not there yet.
const UNFINISHED: &[&str] =
    &["pending", "processing", "in_progress", "in_review", "not_checked", "queued", "waiting", "started"];

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
    status: Option<&'a RawValue>,
}

/// What the body of `response` says about itself. What is no object at all is left to whoever decodes it.
pub(crate) fn of(endpoint: Endpoint, response: &VendorResponse) -> Sign {
    let Ok(text) = response.text() else { return Sign::None };
    if !text.trim_start().starts_with('{') {
        return Sign::None;
    }
    match serde_json::from_str::<Signs<'_>>(text) {
        Ok(signs) => signs.read(endpoint),
        Err(error) if error.is_data() => Sign::Malformed("the answer says twice whether it is one"),
        Err(_cut) => Sign::None,
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
        // A record of something else may have an identifier of its own.
        if (self.identifier.is_some() || self.error.is_some()) && (judges || self.id.is_none()) {
            return Sign::Refusal;
        }
        if judges && self.status_is_one_of(UNFINISHED) {
            return Sign::Malformed("the answer is still pending");
        }
        if judges && self.status_is_one_of(FAILED) {
            return Sign::Malformed("the answer says that it failed");
        }
        Sign::None
    }

    fn status_is_one_of(&self, words: &[&str]) -> bool {
        let word = self.status.and_then(|status| serde_json::from_str::<String>(status.get()).ok());
        let word = word.map(|word| word.trim().to_ascii_lowercase().replace([' ', '-'], "_"));
        word.is_some_and(|word| words.contains(&word.as_str()))
    }
}

/// A value that is there, also null.
fn stated<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}
