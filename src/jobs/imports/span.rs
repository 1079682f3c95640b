//! Of which time a history is wanted: from a day or a time on, until a day or a time.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use risk_provider::ProviderAssessment;
use serde::{Deserialize, Serialize};

/// One end of a time that is wanted: a day in UTC, or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum End {
    /// A day: from its beginning on, or until its end.
    Day(Date),
    /// A moment.
    Moment(Timestamp),
}

/// The text is no end of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a day in UTC such as 2026-06-01, or a time such as 2026-06-01T00:00:00Z")]
pub struct NoEnd;

/// Of which time a history is wanted; all of it where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Made then or later.
    pub from: Option<End>,
    /// Made on that day or before, or before that moment.
    pub to: Option<End>,
}

// === impl End ===

impl End {
    fn day(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Moment(moment) => moment.to_zoned(TimeZone::UTC).date(),
        }
    }

    /// The first moment that counts where it is the beginning.
    #[must_use]
    pub fn begins(self) -> Timestamp {
        match self {
            Self::Day(day) => midnight(day),
            Self::Moment(moment) => moment,
        }
    }

    /// The first moment that no longer counts where it is the end.
    #[must_use]
    pub fn is_over(self) -> Timestamp {
        match self {
            Self::Day(day) => day.checked_add(1.day()).map_or(Timestamp::MAX, midnight),
            Self::Moment(moment) => moment,
        }
    }
}

impl FromStr for End {
    type Err = NoEnd;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(moment) = text.parse() {
            return Ok(Self::Moment(moment));
        }
        let shaped = text.len() == "2026-06-01".len();
        text.parse().ok().filter(|_| shaped).map(Self::Day).ok_or(NoEnd)
    }
}

impl TryFrom<String> for End {
    type Error = NoEnd;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<End> for String {
    fn from(end: End) -> Self {
        end.to_string()
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Moment(moment) => moment.fmt(f),
        }
    }
}

// === impl Span ===

impl Span {
    /// Whether it has any length.
    #[must_use]
    pub fn has_length(&self) -> bool {
        self.from.zip(self.to).is_none_or(|(from, to)| from.begins() < to.is_over())
    }

    /// Whether what was made at `moment` is wanted.
    #[must_use]
    pub fn holds(&self, moment: Timestamp) -> bool {
        self.from.is_none_or(|from| moment >= from.begins()) && self.to.is_none_or(|to| moment < to.is_over())
    }

    /// The days to ask a vendor for, which may be more than is wanted.
    pub(super) fn days(&self) -> [Option<Date>; 2] {
        [self.from, self.to].map(|end| end.map(End::day))
    }
}

/// When the vendor judged, as it says; when it made the entry where its answer was only dated by its arrival.
pub(super) fn judged_at(
    said: &ProviderAssessment,
    made_at: Option<Timestamp>,
    asked_at: Timestamp,
) -> Timestamp {
    made_at.filter(|_| said.assessed_at >= asked_at).unwrap_or(said.assessed_at)
}

fn midnight(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: Option<&str>, to: Option<&str>) -> Span {
        let end = |text: Option<&str>| text.map(|text| text.parse().expect("an end"));
        Span { from: end(from), to: end(to) }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_day_counts_whole_at_either_end_and_a_moment_to_the_moment() {
        let days = span(Some("2026-06-01"), Some("2026-06-02"));
        for (moment, wanted) in [
            ("2026-05-31T23:59:59.999999Z", false),
            ("2026-06-01T00:00:00Z", true),
            ("2026-06-02T23:59:59.999999Z", true),
            ("2026-06-03T00:00:00Z", false),
        ] {
            assert_eq!(days.holds(at(moment)), wanted, "{moment}");
        }
        let moments = span(Some("2026-06-01T10:00:00+02:00"), Some("2026-06-01T09:00:00Z"));
        for (moment, wanted) in
            [("2026-06-01T07:59:59Z", false), ("2026-06-01T08:00:00Z", true), ("2026-06-01T09:00:00Z", false)]
        {
            assert_eq!(moments.holds(at(moment)), wanted, "{moment}");
        }
        assert!(span(None, None).holds(Timestamp::MIN) && span(None, None).holds(Timestamp::MAX));
    }

    #[test]
    fn only_a_span_with_something_in_it_has_length() {
        assert!(span(Some("2026-06-01"), Some("2026-06-01")).has_length());
        assert!(span(Some("2026-06-01"), None).has_length());
        assert!(!span(Some("2026-06-02"), Some("2026-06-01")).has_length());
        assert!(!span(Some("2026-06-01T00:00:00Z"), Some("2026-06-01T00:00:00Z")).has_length());
    }

    #[test]
    fn an_end_reads_back_as_it_was_written_and_nothing_else_is_one() {
        for text in ["2026-06-01", "2026-06-01T08:00:00Z"] {
            assert_eq!(text.parse::<End>().map(String::from).as_deref(), Ok(text));
        }
        for text in ["", "yesterday", "2026-13-01", "2026-06-01T08:00:00", "20260601", "2026-W22-1"] {
            assert_eq!(text.parse::<End>(), Err(NoEnd), "{text}");
        }
    }
}
