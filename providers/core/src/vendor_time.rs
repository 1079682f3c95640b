//! Vendors' timestamp spellings.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// Reads RFC 3339 (`2024-05-16T08:57:04.654818Z`), the same with a blank (`2024-05-06 09:45:02.405602+00:00`),
/// or a time without a zone (`2023-06-15 08:18:50`), which is taken as UTC.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse::<Timestamp>().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        local.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_spelling_is_read_as_utc() {
        let cases = [
            ("2024-05-16T08:57:04.654818Z", "2024-05-16T08:57:04.654818Z"),
            ("2024-05-06 09:45:02.405602+00:00", "2024-05-06T09:45:02.405602Z"),
            ("2024-05-06 09:45:02+00:00", "2024-05-06T09:45:02Z"),
            ("2023-06-06T10:24:33.317Z", "2023-06-06T10:24:33.317Z"),
            ("2023-06-15 08:18:50", "2023-06-15T08:18:50Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).map(|time| time.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "2023-13-01 00:00:00"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
