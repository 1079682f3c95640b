//! Reading JSON objects as objects only: derived readers would also take a list, by position.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// A `T` that is written as an object.
#[derive(Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        required(deserializer).map(Self)
    }
}

/// For `#[serde(deserialize_with)]`: an object, and nothing else.
///
/// # Errors
///
/// For anything that is no object, or no `T`.
pub fn required<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

/// For `#[serde(default, deserialize_with)]`: an object, null or nothing.
///
/// # Errors
///
/// For anything else, or no `T`.
pub fn optional<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::<Object<T>>::deserialize(deserializer)?.map(|Object(value)| value))
}

/// For `#[serde(deserialize_with)]`: an object that names each key once. Of two values under one key, JSON readers keep
/// either.
///
/// # Errors
///
/// For anything that is no object, for what is no `T`, and for a key that stands there twice, which is not repeated.
pub fn distinct<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    deserializer.deserialize_map(DistinctVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

struct DistinctVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for DistinctVisitor<T> {
    type Value = BTreeMap<String, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut read = BTreeMap::new();
        while let Some((key, value)) = map.next_entry()? {
            if read.insert(key, value).is_some() {
                return Err(A::Error::custom("must not name the same key twice"));
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::PersonName;

    #[test]
    fn a_list_is_no_object() {
        assert!(serde_json::from_str::<Object<PersonName>>(r#"{"first": "A", "last": "B"}"#).is_ok());
        let error = serde_json::from_str::<Object<PersonName>>(r#"["A", null, "B"]"#).expect_err("a list");
        assert!(error.to_string().contains("expected an object"), "{error}");
        assert!(
            serde_json::from_str::<PersonName>(r#"["A", null, "B"]"#).is_ok(),
            "or the guard is not needed"
        );
    }
}
