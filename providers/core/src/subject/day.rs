//! Days as callers write them: `YYYY-MM-DD` and nothing else, so that no time of day or zone is quietly dropped.

use jiff::civil::Date;
use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny},
};

use crate::Personal;

const EXPECTED: &str = "must be a date, written YYYY-MM-DD";

/// A day read strictly.
pub(super) struct Day(Date);

/// Reads a field that must be there.
pub(super) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    Day::deserialize(deserializer).map(Date::from)
}

/// Reads a field that may be null.
pub(super) fn optional<'de, D: Deserializer<'de>, T: From<Day>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::<Day>::deserialize(deserializer)?.map(T::from))
}

// === impl Day ===

impl<'de> Deserialize<'de> for Day {
    /// Fails without repeating what was read, which is personal.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Other(IgnoredAny),
        }
        let day = match Written::deserialize(deserializer)? {
            Written::Text(text) => parse(&text),
            Written::Other(IgnoredAny) => None,
        };
        day.map(Self).ok_or_else(|| de::Error::custom(EXPECTED))
    }
}

impl From<Day> for Date {
    fn from(Day(date): Day) -> Self {
        date
    }
}

impl From<Day> for Personal<Date> {
    fn from(Day(date): Day) -> Self {
        Self::new(date)
    }
}

fn parse(text: &str) -> Option<Date> {
    let fits =
        |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    let shaped = text.len() == 10 && text.bytes().enumerate().all(fits);
    text.parse().ok().filter(|_| shaped)
}
