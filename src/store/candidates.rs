//! SQL of candidates: two providers' answers that may make a pair, and who else was to answer. What makes a pair of
//! them is decided elsewhere.
//!
//! Everything is read from narrow rows in the clear, in few passes, row by row: memory does not grow with their number.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use risk_provider::{Level, ProviderName};

use super::{
    Part, Store, StoreError,
    engine::{Row, Statement, sql},
};
use crate::{
    assessment::{Served, Status},
    ids::SubjectId,
};

/// Which candidates are wanted.
#[derive(Debug, Clone)]
pub struct Candidates {
    /// Whose.
    pub team: String,
    /// The incumbent.
    pub left: ProviderName,
    /// The challenger.
    pub right: ProviderName,
    /// Whose left answer was asked for at this time or later.
    pub from: Timestamp,
    /// Whose left answer was asked for before this time.
    pub to: Timestamp,
    /// Whether the hashes of countries are wanted.
    pub countries: bool,
}

/// Why two answers belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CandidateSource {
    /// Asked in one question: of several, or for comparison alone.
    Question,
    /// One was asked in place of the other.
    Recheck,
    /// One was brought in from the vendor's own history.
    Import,
}

/// Two answers that may make a pair.
#[derive(Debug)]
pub struct Candidate {
    /// Why they belong together.
    pub source: CandidateSource,
    /// The question, or what was brought in.
    pub asked_in: String,
    /// Whom it is about.
    pub subject: SubjectId,
    /// Whether the subject's key is gone.
    pub erased: bool,
    /// Whether both were asked the same; none where that is not known.
    pub same_question: Option<bool>,
    /// Keyed hash of the country.
    pub country_mac: Option<String>,
    /// Person or company, as a word.
    pub subject_type: Arc<str>,
    /// The route; empty for what was brought in.
    pub route: Arc<str>,
    /// What the incumbent said.
    pub left: Side,
    /// What the challenger said.
    pub right: Side,
}

/// One side of a candidate.
#[derive(Debug, Clone)]
pub struct Side {
    /// Its part in the question; none where there is no such answer.
    pub part: Option<Part>,
    /// How it came to be.
    pub served: Option<Served>,
    /// What it is worth alone.
    pub status: Option<Status>,
    /// Its level.
    pub level: Option<Level>,
    /// The adapter, the mapping and the questionnaire.
    pub version: Arc<str>,
    /// Its score.
    pub score: Option<f64>,
    /// When the provider judged.
    pub assessed_at: Option<Timestamp>,
    /// When it was asked.
    pub asked_at: Option<Timestamp>,
}

/// What few words a row may hold, read once.
#[derive(Debug, Clone)]
struct Words {
    left: Side,
    right: Side,
    subject_type: Arc<str>,
    route: Arc<str>,
}

/// A statement that selects candidates from `l`, `r` and `data_keys`. Those that were asked for within a minute come in
/// one text, a line each: to a driver a row, and each column, is dearer than what stands in it.
macro_rules! candidates {
    ($asked:literal, $from:literal) => {
        concat!(
            "SELECT string_agg(format('%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s %s %s|\
             %s|%s|%s|%s|%s %s %s|%s|%s', ",
            $asked,
            ".asked_in, l.subject_id, data_keys.subject_id IS NULL, l.question_mac = r.question_mac, \
             CASE WHEN $6 THEN COALESCE(l.country_mac, r.country_mac) END, l.score, r.score, \
             l.assessed_at, r.assessed_at, l.asked_at, r.asked_at, \
             l.part, l.served, l.status, l.level, l.kind, l.mapping_version, l.profile, \
             r.part, r.served, r.status, r.level, r.kind, r.mapping_version, r.profile, \
             COALESCE(l.subject_type, r.subject_type), COALESCE(l.route, r.route)), '\n') ",
            $from,
            " GROUP BY ",
            $asked,
            ".asked_minute ORDER BY ",
            $asked,
            ".asked_minute"
        )
    };
}

const IN_ONE_QUESTION: &str = candidates!(
    "l",
    "FROM compared_answers AS l JOIN compared_answers AS r ON r.asked_in = l.asked_in AND r.provider = $3 \
     LEFT JOIN data_keys ON data_keys.subject_id = l.subject_id \
     WHERE l.team = $1 AND l.provider = $2 AND l.asked_minute >= $4 / 60000000 - 1 AND l.asked_minute <= $5 / 60000000 + 1 \
     AND l.asked_at >= $4 AND l.asked_at < $5"
);

/// Only where each answered one of the two: else each question has its own pair.
const RIGHT_REPLACED: &str = candidates!(
    "l",
    "FROM compared_answers AS l JOIN compared_answers AS r ON r.asked_in = l.replaces AND r.provider = $3 \
     LEFT JOIN data_keys ON data_keys.subject_id = l.subject_id \
     WHERE l.team = $1 AND l.provider = $2 AND l.replaces IS NOT NULL AND l.asked_minute >= $4 / 60000000 - 1 AND l.asked_minute <= $5 / 60000000 + 1 \
     AND l.asked_at >= $4 AND l.asked_at < $5 \
     AND NOT EXISTS (SELECT 1 FROM compared_answers AS beside \
       WHERE beside.asked_in = l.asked_in AND beside.provider = $3)"
);

const LEFT_REPLACED: &str = candidates!(
    "r",
    "FROM compared_answers AS r JOIN compared_answers AS l ON l.asked_in = r.replaces AND l.provider = $2 \
     LEFT JOIN data_keys ON data_keys.subject_id = r.subject_id \
     WHERE r.team = $1 AND r.provider = $3 AND r.replaces IS NOT NULL AND r.asked_minute >= $4 / 60000000 - 1 AND r.asked_minute <= $5 / 60000000 + 1 \
     AND r.asked_at >= $4 AND r.asked_at < $5 \
     AND NOT EXISTS (SELECT 1 FROM compared_answers AS beside \
       WHERE beside.asked_in = r.asked_in AND beside.provider = $2)"
);

/// With every answer of the other side about the same subject.
const LEFT_BROUGHT: &str = candidates!(
    "l",
    "FROM compared_answers AS l LEFT JOIN compared_answers AS r \
       ON r.subject_id = l.subject_id AND r.provider = $3 AND r.part NOT IN ('in_vain', 'not_asked') \
     LEFT JOIN data_keys ON data_keys.subject_id = l.subject_id \
     WHERE l.team = $1 AND l.provider = $2 AND l.route IS NULL AND l.part = 'import' \
     AND l.asked_minute >= $4 / 60000000 - 1 AND l.asked_minute <= $5 / 60000000 + 1 \
     AND l.asked_at >= $4 AND l.asked_at < $5"
);

/// Where both were brought in, the one above has them.
const RIGHT_BROUGHT: &str = candidates!(
    "r",
    "FROM compared_answers AS r JOIN compared_answers AS l \
       ON l.subject_id = r.subject_id AND l.provider = $2 AND l.part NOT IN ('in_vain', 'not_asked', 'import') \
     LEFT JOIN data_keys ON data_keys.subject_id = r.subject_id \
     WHERE r.team = $1 AND r.provider = $3 AND r.route IS NULL AND r.part = 'import' \
     AND r.asked_minute >= $4 / 60000000 - 1 AND r.asked_minute <= $5 / 60000000 + 1 \
     AND r.asked_at >= $4 AND r.asked_at < $5"
);

const COUNT_UNATTACHED: &str = "SELECT COUNT(*) FROM compared_answers \
     WHERE team = $1 AND provider IN ($2, $3) AND route IS NULL AND part = 'unattached' \
     AND asked_minute >= $4 / 60000000 - 1 AND asked_minute <= $5 / 60000000 + 1 AND asked_at >= $4 AND asked_at < $5";

// === impl Store ===

impl Store {
    /// Hands every candidate to `take`: first rechecks, which are few, then what was brought in, then those of one
    /// question; each kind in the order in which they were asked.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn candidates(
        &self,
        wanted: &Candidates,
        mut take: impl FnMut(Candidate) + Send,
    ) -> Result<(), StoreError> {
        let mut words = HashMap::new();
        for (text, source) in [
            (RIGHT_REPLACED, CandidateSource::Recheck),
            (LEFT_REPLACED, CandidateSource::Recheck),
            (LEFT_BROUGHT, CandidateSource::Import),
            (RIGHT_BROUGHT, CandidateSource::Import),
            (IN_ONE_QUESTION, CandidateSource::Question),
        ] {
            let mut each = |row: &Row| {
                let lines: String = row.get(0)?;
                let mut found: Vec<Candidate> =
                    lines.lines().map(|line| Candidate::read(line, source, &mut words)).collect();
                found.sort_by(|one, other| one.order().cmp(&other.order()));
                found.into_iter().for_each(&mut take);
                Ok(())
            };
            let select = wanted.bound(text).bind(wanted.countries);
            self.readers.each(select, &mut each).await?;
        }
        Ok(())
    }

    /// How many answers of either side were brought in about nobody whom anybody asked about.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn unattached(&self, wanted: &Candidates) -> Result<u64, StoreError> {
        let row = self.readers.optional(wanted.bound(COUNT_UNATTACHED)).await?;
        let count = row.map_or(Ok(0), |row| row.get::<i64>(0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

// === impl Candidate ===

impl Candidate {
    fn read(line: &str, source: CandidateSource, known: &mut HashMap<String, Words>) -> Self {
        let mut parts = line.splitn(12, '|');
        let mut next = || parts.next().unwrap_or_default();
        let (asked_in, subject) = (next().to_owned(), SubjectId::from_text(next()));
        // One database writes 1 and 0, the other t and f.
        let [erased, same_question] =
            [next(), next()].map(|word| (!word.is_empty()).then_some(matches!(word, "1" | "t")));
        let country_mac = Some(next()).filter(|mac| !mac.is_empty()).map(str::to_owned);
        let [left_score, right_score] = [next(), next()].map(|score| score.parse().ok());
        let [left_at, right_at, left_asked, right_asked] = [next(), next(), next(), next()]
            .map(|micros| micros.parse().ok().and_then(|micros| Timestamp::from_microsecond(micros).ok()));
        let Words { left, right, subject_type, route } = Words::known(next(), known);
        Self {
            source,
            asked_in,
            subject,
            // What is not understood is not told of anybody.
            erased: erased != Some(false),
            same_question,
            country_mac,
            left: Side { score: left_score, assessed_at: left_at, asked_at: left_asked, ..left },
            right: Side { score: right_score, assessed_at: right_at, asked_at: right_asked, ..right },
            subject_type,
            route,
        }
    }

    /// By time; those of one entry of a history together.
    fn order(&self) -> (Option<Timestamp>, &str, Option<Timestamp>) {
        let (left, right) = (self.left.asked_at, self.right.asked_at);
        let first = match self.source {
            CandidateSource::Import if self.left.part == Some(Part::Import) => left,
            CandidateSource::Import => right,
            CandidateSource::Question | CandidateSource::Recheck => left.max(right),
        };
        (first, &self.asked_in, left.max(right))
    }
}

// === impl Candidates ===

impl Candidates {
    fn bound(&self, text: &'static str) -> Statement {
        let Self { team, left, right, from, to, countries: _ } = self;
        sql(text).bind(team).bind(left.as_str()).bind(right.as_str()).bind(*from).bind(*to)
    }
}

// === impl Words ===

impl Words {
    /// The words of a text, read once.
    fn known(text: &str, known: &mut HashMap<String, Self>) -> Self {
        if let Some(words) = known.get(text) {
            return words.clone();
        }
        let words = Self::read(text);
        known.insert(text.to_owned(), words.clone());
        words
    }

    /// Reads part, served, status, level and version of both sides, the subject's type and the route.
    fn read(text: &str) -> Self {
        let mut words = text.splitn(12, '|');
        let mut next = || words.next().unwrap_or_default();
        let mut side = || Side {
            part: Part::from_word(next()),
            served: of_word(next()),
            status: of_word(next()),
            level: of_word(next()),
            version: next().trim().into(),
            score: None,
            assessed_at: None,
            asked_at: None,
        };
        let (left, right) = (side(), side());
        Self { left, right, subject_type: next().into(), route: next().into() }
    }
}

/// What a word stands for; none for a word of a later version.
fn of_word<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}
