//! What is compared: for each subject what the left and the right provider said, and what turned out to be true.

use std::collections::HashMap;

use risk_provider::Level;

/// A risk score that is a number from 0 to 100, by construction.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Points(f64);

/// What one side said about a subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rating {
    /// Its score.
    pub score: Points,
    /// Its level: the provider's own word where it has one, else the cut of its score.
    pub level: Level,
}

/// One subject that both sides judged from the same inputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair<'a> {
    /// What the incumbent said.
    pub left: Rating,
    /// What the challenger said.
    pub right: Rating,
    /// Whether the subject turned out to be a case; none where nobody knows.
    pub outcome: Option<bool>,
    /// The segment that it belongs to, such as its country.
    pub segment: Option<&'a str>,
}

/// All that is compared. A pair takes 24 bytes; the order in which pairs come makes no difference to any figure.
#[derive(Debug, Clone, Default)]
pub struct Pairs {
    rows: Vec<Row>,
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

/// A pair as it is calculated with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) left: f64,
    pub(super) right: f64,
    /// Number of the segment, from 1; 0 is none.
    pub(super) segment: u32,
    pub(super) left_level: u8,
    pub(super) right_level: u8,
    outcome: u8,
}

const NEGATIVE: u8 = 0;
const POSITIVE: u8 = 1;
const UNKNOWN: u8 = 2;

const fn code(outcome: Option<bool>) -> u8 {
    match outcome {
        Some(true) => POSITIVE,
        Some(false) => NEGATIVE,
        None => UNKNOWN,
    }
}

// === impl Points ===

impl Points {
    /// A number from 0 to 100; anything else is no score.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        // Adding zero turns −0 into 0, so that the bits of scores sort as their values do.
        (0.0..=100.0).contains(&value).then_some(Self(value + 0.0))
    }

    /// From 0, the safest, to 100.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }
}

// === impl Rating ===

impl Rating {
    /// A score with the level of its cut.
    #[must_use]
    pub fn of(score: Points) -> Self {
        Self { score, level: Level::of(score.value()) }
    }
}

// === impl Pairs ===

impl Pairs {
    /// No pairs, with room for `capacity`.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { rows: Vec::with_capacity(capacity), ..Self::default() }
    }

    /// Adds one pair.
    pub fn push(&mut self, pair: Pair<'_>) {
        let segment = pair.segment.map_or(0, |name| self.segment(name));
        self.rows.push(Row {
            left: pair.left.score.value(),
            right: pair.right.score.value(),
            segment,
            left_level: pair.left.level as u8,
            right_level: pair.right.level as u8,
            outcome: code(pair.outcome),
        });
    }

    /// Tells another outcome of a pair, by the order in which they came: one that is positive makes a case, and what is known
    /// goes before nothing.
    pub(super) fn tell(&mut self, number: usize, outcome: Option<bool>) {
        if let Some(row) = self.rows.get_mut(number) {
            row.outcome = code(row.positive().max(outcome));
        }
    }

    /// How many pairs there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many segments they are of.
    pub(super) const fn segments(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many pairs have an outcome.
    #[must_use]
    pub fn labelled(&self) -> usize {
        self.rows.iter().filter(|row| row.positive().is_some()).count()
    }

    fn segment(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        self.names.push(name.to_owned());
        // More than four thousand million segments do not fit into memory.
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// The pairs by left score, then right score, and the segments' names by number: the same for every order in
    /// which the pairs came, so that sums of rounded numbers are too.
    pub(super) fn sorted(&self) -> (Vec<Row>, Vec<String>) {
        let mut names: Vec<(&String, usize)> =
            self.names.iter().enumerate().map(|(index, name)| (name, index)).collect();
        names.sort_unstable();
        let mut numbers = vec![0_u32; self.names.len() + 1];
        for (rank, &(_, index)) in names.iter().enumerate() {
            numbers[index + 1] = rank as u32 + 1;
        }
        let renumbered = |row: &Row| Row { segment: numbers[row.segment as usize], ..*row };
        let mut rows: Vec<Row> = self.rows.iter().map(renumbered).collect();
        rows.sort_unstable_by_key(Row::key);
        (rows, names.into_iter().map(|(name, _)| name.clone()).collect())
    }
}

// === impl Row ===

impl Row {
    pub(super) const fn positive(&self) -> Option<bool> {
        match self.outcome {
            NEGATIVE => Some(false),
            POSITIVE => Some(true),
            _ => None,
        }
    }

    pub(super) fn difference(&self) -> f64 {
        self.right - self.left
    }

    const fn key(&self) -> (u64, u64, u64) {
        let rest = ((self.left_level as u64 * 5 + self.right_level as u64) * 3 + self.outcome as u64) << 32;
        (self.left.to_bits(), self.right.to_bits(), rest | self.segment as u64)
    }
}
