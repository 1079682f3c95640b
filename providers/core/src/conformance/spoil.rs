//! Spoils one place of a JSON document.

use std::fmt;

use serde_json::Value;

/// Stands where a literal goes; long enough never to occur.
const PLACE: &str = "\u{1}the literal goes here\u{1}";

/// What is done to one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// The field is not there.
    Removed,
    /// The value is this text, which need not be JSON.
    Literal(String),
}

// === impl Change ===

impl Change {
    pub(super) fn literal(text: &str) -> Self {
        Self::Literal(text.to_owned())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed => f.write_str("removed"),
            Self::Literal(text) => write!(f, "= {text}"),
        }
    }
}

/// The text of `document` after `change` at `pointer`; unchanged when nothing stands there.
pub(super) fn spoilt(document: &Value, pointer: &str, change: &Change) -> String {
    let mut document = document.clone();
    match change {
        Change::Removed => {
            remove(&mut document, pointer);
            document.to_string()
        }
        Change::Literal(literal) => {
            if let Some(place) = document.pointer_mut(pointer) {
                *place = Value::from(PLACE);
            }
            document.to_string().replace(&Value::from(PLACE).to_string(), literal)
        }
    }
}

/// The value at `pointer`, taken out of `document`.
pub(super) fn remove(document: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, last) = pointer.rsplit_once('/')?;
    let key = last.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent)? {
        Value::Object(fields) => fields.remove(&key),
        Value::Array(items) => {
            let index = key.parse().ok().filter(|index| *index < items.len())?;
            Some(items.remove(index))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// JSON pointers of every place below the root, each before what lies inside it.
pub(super) fn places(document: &Value) -> Vec<String> {
    let mut places = Vec::new();
    collect(document, "", &mut places);
    places
}

fn collect(value: &Value, at: &str, places: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, child)| (escaped(key), child)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (key, child) in children {
        let pointer = format!("{at}/{key}");
        places.push(pointer.clone());
        collect(child, &pointer, places);
    }
}

/// A key as a JSON pointer writes it (RFC 6901).
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_place_changes_and_nothing_else() {
        let document = json!({"a/b": [1, {"c": 2}], "d": 3});
        assert_eq!(places(&document), ["/a~1b", "/a~1b/0", "/a~1b/1", "/a~1b/1/c", "/d"]);
        let cases = [
            ("/a~1b/0", Change::Removed, r#"{"a/b":[{"c":2}],"d":3}"#),
            ("/a~1b/1/c", Change::Removed, r#"{"a/b":[1,{}],"d":3}"#),
            ("/d", Change::literal("NaN"), r#"{"a/b":[1,{"c":2}],"d":NaN}"#),
            ("/e", Change::literal("NaN"), r#"{"a/b":[1,{"c":2}],"d":3}"#),
        ];
        for (pointer, change, expected) in cases {
            assert_eq!(spoilt(&document, pointer, &change), expected);
        }
    }
}
