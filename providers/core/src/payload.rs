//! What a vendor sent, kept verbatim.

use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A vendor's payload: JSON text with every number literal as sent, less the account fields an adapter declares.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawPayload {
    text: String,
    removed: Vec<String>,
}

impl RawPayload {
    /// Keeps `text` whole.
    #[must_use]
    pub const fn verbatim(text: String) -> Self {
        Self { text, removed: Vec::new() }
    }

    /// Keeps `text` without the fields at `paths`, each a dotted path of object keys.
    ///
    /// Only paths that were present count as removed. Text that is not JSON is not kept at all: what cannot be
    /// read cannot be cleaned.
    #[must_use]
    pub fn without(text: &str, paths: &[&str]) -> Self {
        let Ok(mut raw) = serde_json::from_str::<Box<RawValue>>(text) else {
            return Self {
                text: "null".to_owned(),
                removed: paths.iter().map(|&path| path.to_owned()).collect(),
            };
        };
        let mut removed = Vec::new();
        for path in paths {
            if let Some(rest) = remove(&raw, path) {
                raw = rest;
                removed.push((*path).to_owned());
            }
        }
        Self { text: raw.get().to_owned(), removed }
    }

    /// The JSON text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The dotted paths of what was removed.
    #[must_use]
    pub fn removed(&self) -> &[String] {
        &self.removed
    }
}

impl fmt::Debug for RawPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawPayload").field("bytes", &self.text.len()).field("removed", &self.removed).finish()
    }
}

/// `raw` without the field at `path`; none when there is no such field.
fn remove(raw: &RawValue, path: &str) -> Option<Box<RawValue>> {
    let mut object: IndexMap<String, Box<RawValue>> = serde_json::from_str(raw.get()).ok()?;
    match path.split_once('.') {
        None => {
            object.shift_remove(path)?;
        }
        Some((key, rest)) => {
            let inner = object.get_mut(key)?;
            *inner = remove(inner, rest)?;
        }
    }
    serde_json::value::to_raw_value(&object).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_fields_go_and_number_literals_stay() {
        let text =
            r#"{"a": 34.474999999999994, "partner": {"id": 1}, "data": {"by": "x", "n": 1.0}, "z": 1e2}"#;
        let payload = RawPayload::without(text, &["partner", "data.by", "absent", "a.b"]);
        assert_eq!(payload.text(), r#"{"a":34.474999999999994,"data":{"n":1.0},"z":1e2}"#);
        assert_eq!(payload.removed(), ["partner", "data.by"]);
    }

    #[test]
    fn what_cannot_be_read_is_not_kept() {
        assert_eq!(RawPayload::without("<html>", &["partner"]).text(), "null");
    }
}
