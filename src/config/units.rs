//! Values with units or bounds, as people write them.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

const MAX_LENGTH: Duration = Duration::from_secs(366 * 24 * 60 * 60);
const MAX_CONNECTIONS: usize = 1_000_000;

/// A length of time such as `800ms`, `5s`, `1h` or `7d`, at most a year; `true` for one that must not be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Length<const POSITIVE: bool = false>(pub(super) Duration);

/// A size such as `256 MiB`, not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

/// A number of connections, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Connections(pub(super) usize);

impl<'de, const POSITIVE: bool> Deserialize<'de> for Length<POSITIVE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let length = humantime::parse_duration(&text).map_err(|_unreadable| {
            de::Error::custom("a length of time is a number and a unit: \"800ms\", \"5s\", \"1h\", \"7d\"")
        })?;
        match length {
            Duration::ZERO if POSITIVE => Err(de::Error::custom("must be longer than zero")),
            length if length > MAX_LENGTH => Err(de::Error::custom("must be at most a year")),
            length => Ok(Self(length)),
        }
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.parse::<bytesize::ByteSize>() {
            Ok(size) if size.as_u64() > 0 => Ok(Self(size.as_u64())),
            _ => Err(de::Error::custom("a size is a number above zero and a unit: \"64 KiB\", \"256 MiB\"")),
        }
    }
}

impl<'de> Deserialize<'de> for Connections {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match usize::deserialize(deserializer)? {
            number @ 1..=MAX_CONNECTIONS => Ok(Self(number)),
            _ => Err(de::Error::custom(format!("must be from 1 to {MAX_CONNECTIONS}"))),
        }
    }
}
