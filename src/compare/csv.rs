//! Pairs as CSV: what `compare` reads and what a server writes are one format.
//!
//! A header line, then a line a pair. Columns go by name, in any order; unknown ones are passed over. `left_score` and
//! `right_score` must be there, `left_level`, `right_level`, `outcome` and `segment` may. A blank level is the cut of its
//! score, a blank outcome is unknown. A blank score is a provider that did not answer: the pair is left out and counted. Of
//! several lines with one `subject_id` the first that has both scores counts, since statistics take pairs for independent; an
//! outcome is one of the subject, whichever line tells it, and one that is positive makes it a case.
//! Anything else that is not understood refuses the whole file, with its line: a report from the rest would look
//! complete, and rubbish might read as low.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher, RandomState},
    io::{self, Read, Write},
};

use csv::{ByteRecord, ReaderBuilder, Trim};
use risk_provider::Level;

use super::{Funnel, Pair, Pairs, Points, Rating, Said, Unpaired};

/// The columns that every file has, in the order in which they are written.
pub const COLUMNS: [&str; 6] =
    ["left_score", "right_score", "left_level", "right_level", "outcome", "segment"];
/// The columns that are understood: those, and what tells subjects apart.
const NAMES: [&str; 7] =
    [COLUMNS[0], COLUMNS[1], COLUMNS[2], COLUMNS[3], COLUMNS[4], COLUMNS[5], "subject_id"];
/// More segments than this are no segments.
const MOST_SEGMENTS: usize = 10_000;

/// Why a file is not usable.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// A column that must be there is not.
    #[error("the header line has no column {0}; it needs left_score and right_score")]
    NoColumn(&'static str),
    /// Columns seem to be told apart by something else than a comma.
    #[error(
        "the header line has no column {name}, and holds {separator}: columns are told apart by commas here"
    )]
    Separator {
        /// The column.
        name: &'static str,
        /// What stands there.
        separator: &'static str,
    },
    /// A column is there twice.
    #[error("the header line has the column {0} twice; keep one of them")]
    TwiceColumn(&'static str),
    /// A value is not understood.
    #[error("line {line}, column {column}: {found}; {wanted}")]
    Value {
        /// The line, from 1.
        line: u64,
        /// The column's name.
        column: &'static str,
        /// What kind of value stands there.
        found: &'static str,
        /// What to write instead.
        wanted: &'static str,
    },
    /// A field goes over several lines, as where a quote is not closed.
    #[error(
        "line {0}: a field goes over several lines, which nothing here needs; is a quote in it not closed? Within a value it is written twice"
    )]
    OpenQuote(u64),
    /// The segments are as many as subjects.
    #[error(
        "line {0}, column segment: more than {MOST_SEGMENTS} different values: name groups, not subjects"
    )]
    TooManySegments(u64),
    /// It is no CSV, or cannot be read.
    #[error("reading the pairs")]
    Csv(#[from] csv::Error),
}

/// What was read.
#[derive(Debug, Default)]
pub struct Found {
    /// The usable pairs.
    pub pairs: Pairs,
    /// How they were found: `read`, `usable`, `labelled`, pairs without a score and repeated ones.
    pub funnel: Funnel,
    /// Whom a side left without an answer.
    pub unpaired: Unpaired,
    /// Whether there is a column `subject_id`, by which several lines about one subject are told.
    pub tells_subjects: bool,
}

/// Reads pairs, about a million a second.
///
/// # Errors
///
/// The header lacks a column, a value is not understood, or the input is no CSV or cannot be read.
pub fn read(input: impl Read) -> Result<Found, CsvError> {
    let mut reader = ReaderBuilder::new().trim(Trim::Headers).buffer_capacity(1 << 18).from_reader(input);
    let columns = Columns::of(reader.byte_headers()?)?;
    let mut record = ByteRecord::new();
    let (mut found, mut left_out, mut subjects) = (Found::default(), [0_u64; 4], Subjects::default());
    let mut read = 0;
    while reader.read_byte_record(&mut record)? {
        read += 1;
        let line = record.position().map_or(0, csv::Position::line);
        if record.as_slice().contains(&b'\n') {
            return Err(CsvError::OpenQuote(line));
        }
        let row = Line { record: &record, columns: &columns, line };
        let (left, right) = (row.rating(Side::Left)?, row.rating(Side::Right)?);
        let (outcome, segment) = (row.outcome()?, row.segment()?);
        let subject = Some(row.value(SUBJECT)).filter(|subject| !subject.is_empty());
        let (Some(left), Some(right)) = (left, right) else {
            left_out[usize::from(left.is_none()) + 2 * usize::from(right.is_none()) - 1] += 1;
            let [left, right] = [left, right].map(|rating| Said::of(rating.map(|rating| rating.score)));
            match subject {
                Some(subject) => subjects.note_silence(subject, (left, right), outcome),
                None => found.unpaired.count(left, right, outcome),
            }
            continue;
        };
        let earlier = subject.and_then(|subject| subjects.earlier(subject, found.pairs.len()));
        if let Some(earlier) = earlier {
            found.pairs.tell(earlier, outcome);
            left_out[3] += 1;
            continue;
        }
        found.pairs.push(Pair { left, right, outcome, segment });
        if found.pairs.segments() > MOST_SEGMENTS {
            return Err(CsvError::TooManySegments(line));
        }
    }
    subjects.count_silence(&mut found);
    found.tells_subjects = columns.0[SUBJECT].is_some();
    found.funnel = Funnel::default()
        .step("read", read)
        .step("usable", found.pairs.len() as u64)
        .step("labelled", found.pairs.labelled() as u64);
    let reasons = ["no_left_score", "no_right_score", "no_score", "repeated"];
    for (reason, count) in reasons.into_iter().zip(left_out).filter(|(_, count)| *count > 0) {
        found.funnel = found.funnel.without(reason, count);
    }
    Ok(found)
}

/// Who was seen, by 128 bits of a hash: nobody is taken for somebody else before there are more subjects than people.
#[derive(Default)]
struct Subjects {
    hasher: RandomState,
    /// The number of the pair.
    answered: HashMap<u128, usize>,
    silent: HashMap<u128, ((Said, Said), Option<bool>)>,
}

// === impl Subjects ===

impl Subjects {
    fn key(&self, subject: &[u8]) -> u128 {
        let half = |salt: u8| u128::from(self.hasher.hash_one((salt, subject)));
        half(0) << 64 | half(1)
    }

    /// The pair that there is about a subject; where there is none, the one of this number will be.
    fn earlier(&mut self, subject: &[u8], number: usize) -> Option<usize> {
        match self.answered.entry(self.key(subject)) {
            Entry::Occupied(earlier) => Some(*earlier.get()),
            Entry::Vacant(place) => {
                place.insert(number);
                None
            }
        }
    }

    fn note_silence(&mut self, subject: &[u8], said: (Said, Said), outcome: Option<bool>) {
        let key = self.key(subject);
        let (sides, known) = self.silent.entry(key).or_insert((said, None));
        *sides = (sides.0.then(said.0), sides.1.then(said.1));
        // One positive outcome makes a case.
        *known = (*known).max(outcome);
    }

    /// Counts whom a side left without an answer and no pair is about, each once; what is told of the others is told of them.
    fn count_silence(&self, found: &mut Found) {
        for (key, ((left, right), outcome)) in &self.silent {
            match self.answered.get(key) {
                Some(&pair) => found.pairs.tell(pair, *outcome),
                None => found.unpaired.count(*left, *right, *outcome),
            }
        }
    }
}

/// Writes pairs in the format that [`read`] reads, each with further columns of the caller's own.
#[derive(Debug)]
pub struct PairWriter<W: Write> {
    writer: csv::Writer<W>,
}

// === impl PairWriter ===

impl<W: Write> PairWriter<W> {
    /// Writes the header: [`COLUMNS`], then `further` ones.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn new(output: W, further: &[&str]) -> Result<Self, CsvError> {
        let mut writer = csv::Writer::from_writer(output);
        writer.write_record(COLUMNS.iter().chain(further))?;
        Ok(Self { writer })
    }

    /// Writes one pair, and its further values in the order of their columns.
    ///
    /// Scores are written so that they read back as the same number.
    ///
    /// # Errors
    ///
    /// The output cannot be written, or there are not as many values as columns.
    pub fn write(&mut self, pair: &Pair<'_>, further: &[&str]) -> Result<(), CsvError> {
        let (left, right) = (pair.left.score.value().to_string(), pair.right.score.value().to_string());
        let outcome = pair.outcome.map_or("", |positive| if positive { "positive" } else { "negative" });
        let levels = (pair.left.level.as_str(), pair.right.level.as_str());
        let fields = [&left, &right, levels.0, levels.1, outcome, pair.segment.unwrap_or_default()];
        Ok(self.writer.write_record(fields.iter().chain(further))?)
    }

    /// Writes what is still held back, and gives the output back.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn finish(self) -> Result<W, CsvError> {
        self.writer
            .into_inner()
            .map_err(|error| csv::Error::from(io::Error::from(error.error().kind())).into())
    }
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// Where each column of [`NAMES`] stands.
struct Columns([Option<usize>; NAMES.len()]);

const LEFT_SCORE: usize = 0;
const RIGHT_SCORE: usize = 1;
const LEFT_LEVEL: usize = 2;
const RIGHT_LEVEL: usize = 3;
const OUTCOME: usize = 4;
const SEGMENT: usize = 5;
const SUBJECT: usize = 6;

// === impl Columns ===

impl Columns {
    fn of(header: &ByteRecord) -> Result<Self, CsvError> {
        let mut columns = [None; NAMES.len()];
        for (place, name) in header.iter().enumerate() {
            // A spreadsheet may mark the beginning of UTF-8.
            let name = name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name);
            let Some(column) = NAMES.iter().position(|column| column.as_bytes() == name) else { continue };
            if columns[column].replace(place).is_some() {
                return Err(CsvError::TwiceColumn(NAMES[column]));
            }
        }
        for needed in [LEFT_SCORE, RIGHT_SCORE] {
            if columns[needed].is_none() {
                let holds = |byte: u8| header.as_slice().contains(&byte);
                return Err(match (holds(b';'), holds(b'\t')) {
                    (true, _) => CsvError::Separator { name: NAMES[needed], separator: "semicolons" },
                    (_, true) => CsvError::Separator { name: NAMES[needed], separator: "tabs" },
                    _ => CsvError::NoColumn(NAMES[needed]),
                });
            }
        }
        Ok(Self(columns))
    }
}

/// One line of the file.
struct Line<'a> {
    record: &'a ByteRecord,
    columns: &'a Columns,
    line: u64,
}

// === impl Line ===

impl<'a> Line<'a> {
    /// The value of a column without blanks around it; empty where the file has no such column.
    fn value(&self, column: usize) -> &'a [u8] {
        self.columns.0[column].and_then(|place| self.record.get(place)).unwrap_or_default().trim_ascii()
    }

    fn refused(&self, column: usize, found: &'static str, wanted: &'static str) -> CsvError {
        CsvError::Value { line: self.line, column: NAMES[column], found, wanted }
    }

    /// None for a blank score.
    fn rating(&self, side: Side) -> Result<Option<Rating>, CsvError> {
        let (score, level) = match side {
            Side::Left => (LEFT_SCORE, LEFT_LEVEL),
            Side::Right => (RIGHT_SCORE, RIGHT_LEVEL),
        };
        let level = self.level(level)?;
        let Some(score) = self.score(score)? else { return Ok(None) };
        Ok(Some(level.map_or_else(|| Rating::of(score), |level| Rating { score, level })))
    }

    fn score(&self, column: usize) -> Result<Option<Points>, CsvError> {
        const WANTED: &str = "write a number from 0 to 100, or leave it blank where there is no answer";
        let value = self.value(column);
        if value.is_empty() {
            return Ok(None);
        }
        // `inf`, `nan` and `1_0` are no scores, though some programs read them.
        let plain = value.iter().all(|letter| letter.is_ascii_digit() || b"+-.eE".contains(letter));
        let number =
            std::str::from_utf8(value).ok().filter(|_| plain).and_then(|text| text.parse::<f64>().ok());
        let Some(number) = number else { return Err(self.refused(column, "not a number", WANTED)) };
        let outside = || self.refused(column, "a number outside 0 to 100", WANTED);
        Points::new(number).map(Some).ok_or_else(outside)
    }

    fn level(&self, column: usize) -> Result<Option<Level>, CsvError> {
        let value = self.value(column);
        if value.is_empty() {
            return Ok(None);
        }
        let level = Level::ALL.into_iter().find(|level| level.as_str().as_bytes() == value);
        let unknown = || {
            const WANTED: &str = "write very_low, low, medium, high or very_high, or leave it blank";
            self.refused(column, "an unknown word", WANTED)
        };
        level.map(Some).ok_or_else(unknown)
    }

    fn outcome(&self) -> Result<Option<bool>, CsvError> {
        match self.value(OUTCOME) {
            b"" => Ok(None),
            b"positive" => Ok(Some(true)),
            b"negative" => Ok(Some(false)),
            _ => Err(self.refused(OUTCOME, "an unknown word", "write positive, negative or leave it blank")),
        }
    }

    fn segment(&self) -> Result<Option<&'a str>, CsvError> {
        let value = self.value(SEGMENT);
        let refused = |_| self.refused(SEGMENT, "not UTF-8", "save the file as UTF-8");
        let text = std::str::from_utf8(value).map_err(refused)?;
        if text.chars().any(acts) {
            return Err(self.refused(SEGMENT, "a control character", "write plain text"));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }
}

/// Whether a letter moves the cursor, turns the direction of writing, or is not seen.
fn acts(letter: char) -> bool {
    let formats =
        matches!(letter, '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}');
    letter.is_control() || formats || matches!(letter, '\u{2060}'..='\u{206f}')
}

#[cfg(test)]
mod tests;
