//! Answers by question, each question once: of two answers to one question, JSON readers keep either.

use std::{collections::BTreeMap, fmt};

use serde::{Deserializer, de};

use super::Answer;

/// Reads the answers; a question that stands there twice is refused without repeating it.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Answer>, D::Error> {
    deserializer.deserialize_map(Once)
}

struct Once;

// === impl Once ===

impl<'de> de::Visitor<'de> for Once {
    type Value = BTreeMap<String, Answer>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut answers = BTreeMap::new();
        while let Some((question, answer)) = map.next_entry()? {
            if answers.insert(question, answer).is_some() {
                return Err(de::Error::custom("must not name the same question twice"));
            }
        }
        Ok(answers)
    }
}
