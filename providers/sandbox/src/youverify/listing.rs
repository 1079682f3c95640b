//! Which profiles a list is asked for: filters and pages, from the query string.
//!
//! Days are read as strictly as the documents allow: the last one is over at its first moment.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::asked::Asked;

use super::form::Problems;
use super::profile::Profile;

const PER_PAGE: usize = 20;
const STATUSES: &[&str] = &[
    "pending",
    "very_low_risk",
    "low_risk",
    "potential_medium_risk",
    "potential_high_risk",
    "critical_high_risk",
];

/// One page of one list.
#[derive(Debug)]
pub(super) struct Wanted {
    page: usize,
    limit: usize,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    status: Option<String>,
    tracking: Option<String>,
    name: Option<String>,
    kind: Option<String>,
}

// === impl Wanted ===

impl Wanted {
    pub(super) fn read(asked: &Asked) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let text = |key: &str| asked.query(key).map(decoded).filter(|text| !text.is_empty());
        let wanted = Self {
            page: count(text("page"), 1, "page", &mut problems),
            limit: count(text("limit"), PER_PAGE, "limit", &mut problems),
            start: day(text("startDate"), "startDate", &mut problems),
            end: day(text("endDate"), "endDate", &mut problems),
            status: one_of(text("latestRiskStatus"), STATUSES, "latestRiskStatus", &mut problems),
            tracking: one_of(
                text("trackingStatus"),
                &["active", "paused", "stopped"],
                "trackingStatus",
                &mut problems,
            ),
            name: text("name"),
            kind: one_of(text("type"), &["individual", "business"], "type", &mut problems),
        };
        if problems.is_empty() { Ok(wanted) } else { Err(problems) }
    }

    pub(super) fn takes(&self, profile: &Profile) -> bool {
        self.start.is_none_or(|start| profile.requested_at >= start)
            && self.end.is_none_or(|end| profile.requested_at <= end)
            && self.status.as_ref().is_none_or(|status| profile.status() == *status)
            && self.tracking.as_ref().is_none_or(|tracking| tracking == "active")
            && self.name.as_ref().is_none_or(|name| profile.is_named(name))
            && self.kind.as_ref().is_none_or(|kind| profile.kind() == kind)
    }

    /// The page out of everything found.
    pub(super) fn cut<'a>(&self, found: &[&'a Profile]) -> Vec<&'a Profile> {
        found.iter().copied().skip(self.before()).take(self.limit).collect()
    }

    pub(super) fn pagination(&self, total: usize) -> Value {
        let pages = total.div_ceil(self.limit);
        let (previous, next) = (self.page > 1, self.page < pages);
        json!({
            "totalDocs": total,
            "perPage": self.limit,
            "currentPage": self.page,
            "totalPages": pages,
            "serialNo": self.before() + 1,
            "hasPrevPage": previous,
            "hasNextPage": next,
            "prevPage": previous.then(|| self.page - 1),
            "nextPage": next.then(|| self.page + 1),
        })
    }

    fn before(&self) -> usize {
        (self.page - 1).saturating_mul(self.limit)
    }
}

fn problem(problems: &mut Problems, field: &str, message: &str) {
    problems.entry(field.to_owned()).or_default().push(message.to_owned());
}

fn count(text: Option<String>, default: usize, field: &str, problems: &mut Problems) -> usize {
    let count =
        text.map_or(Some(default), |text| text.parse().ok()).filter(|count| (1..=10_000).contains(count));
    if count.is_none() {
        problem(problems, field, "must be a whole number above 0");
    }
    count.unwrap_or(default)
}

fn day(text: Option<String>, field: &str, problems: &mut Problems) -> Option<Timestamp> {
    let text = text?;
    let date = text.parse::<Date>().ok().filter(|_| text.len() == "YYYY-MM-DD".len());
    let moment = date.and_then(|date| date.to_zoned(TimeZone::UTC).ok()).map(|zoned| zoned.timestamp());
    if moment.is_none() {
        problem(problems, field, "must be a day, YYYY-MM-DD");
    }
    moment
}

fn one_of(text: Option<String>, known: &[&str], field: &str, problems: &mut Problems) -> Option<String> {
    if text.as_deref().is_some_and(|text| !known.contains(&text)) {
        problem(problems, field, "is not one of the documented values");
    }
    text
}

/// A value of a query as it was before it was encoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let encoded = (byte == b'%').then(|| {
            let mut ahead = rest.clone();
            Some((digit(ahead.next())? << 4 | digit(ahead.next())?, ahead))
        });
        match encoded.flatten() {
            Some((value, ahead)) => {
                bytes.push(u8::try_from(value).unwrap_or_default());
                rest = ahead;
            }
            None if byte == b'+' => bytes.push(b' '),
            None => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
