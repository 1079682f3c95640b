//! The vendor's words beside its scores.
//!
//! Neither is ever derived from the other: each field has its own, undocumented cuts. A word that nobody
//! documented never lowers a level.

use risk_provider::{Flag, Level};

const KYC_WORDINGS: [&str; 2] = ["Verified by Client", "Not Verified. High Risk."];

/// Which words a component speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// The common scale, `Low Risk` and so on.
    Scale,
    /// Free phrases about verification.
    Kyc,
    /// Free phrases about lists, of which one is known for a clear subject and one for a listed one.
    Screening {
        /// Of a clear subject.
        clear: &'static str,
        /// Of a listed one.
        hit: &'static str,
    },
}

/// What a component's score and word say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The component's level.
    pub(crate) level: Option<Level>,
    /// What a reader must know.
    pub(crate) flag: Option<Flag>,
    /// The overall level is at least this.
    pub(crate) floor: Level,
}

/// The level of a word of the common scale, in either spelling.
pub(crate) fn level(word: &str) -> Option<Level> {
    match normalise(word).as_str() {
        "very_low_risk" => Some(Level::VeryLow),
        "low_risk" => Some(Level::Low),
        "potential_medium_risk" => Some(Level::Medium),
        "potential_high_risk" => Some(Level::High),
        "critical_high_risk" => Some(Level::VeryHigh),
        _ => None,
    }
}

/// What the vendor's overall words say together.
pub(crate) struct Overall {
    pub(crate) level: Level,
    pub(crate) flags: Vec<Flag>,
}

/// The level of an answer under every overall word that belongs to it; the highest when they differ.
///
/// A word that is missing or that nobody documented counts as the level of the score, at least medium.
pub(crate) fn overall(words: &[Option<&str>], score: f64) -> Overall {
    let said: Vec<Option<Level>> = words.iter().map(|word| word.and_then(level)).collect();
    let doubtful = || Level::of(score).max(Level::Medium);
    let highest = said.iter().map(|said| said.unwrap_or_else(doubtful)).max();
    let mut known = said.iter().flatten();
    let first = known.next();
    let mut flags = Vec::new();
    if said.is_empty() || said.contains(&None) {
        flags.push(Flag::UnknownVendorLevel);
    }
    if known.any(|other| Some(other) != first) {
        flags.push(Flag::LabelConflict);
    }
    Overall { level: highest.unwrap_or_else(doubtful), flags }
}

/// Whether a word says that the vendor is not done.
pub(crate) fn is_pending(word: &str) -> bool {
    normalise(word) == "pending"
}

// === impl Reading ===

impl Reading {
    /// Of a component that means nothing for the subject or the call.
    pub(crate) const SAYS_NOTHING: Self = Self { level: None, flag: None, floor: Level::VeryLow };
}

// === impl Wording ===

impl Wording {
    pub(crate) fn read(self, score: Option<f64>, word: Option<&str>) -> Reading {
        match self {
            Self::Scale => scale(score, word),
            Self::Kyc => {
                let known = word.is_none_or(|word| KYC_WORDINGS.iter().any(|known| same(known, word)));
                let flag = (!known).then_some(Flag::UnknownVendorWord);
                Reading { level: documented(score, known), flag, floor: beside(known) }
            }
            Self::Screening { clear, hit } => screening(score, word, clear, hit),
        }
    }
}

fn scale(score: Option<f64>, word: Option<&str>) -> Reading {
    let said = word.and_then(level);
    let apart = said.zip(score).is_some_and(|(said, score)| said.distance(Level::of(score)) >= 2);
    let known = word.is_none() || said.is_some();
    let flag = if known { apart.then_some(Flag::LabelConflict) } else { Some(Flag::UnknownVendorWord) };
    Reading { level: documented(score, known), flag, floor: beside(known) }
}

/// The least that an answer comes to with such a word in it: one that nobody documented may be the worst one, or say that
/// nothing was found out.
const fn beside(known: bool) -> Level {
    if known { Level::VeryLow } else { Level::Medium }
}

/// A list check is clear only when score and word agree on it; without an answer it is not.
fn screening(score: Option<f64>, word: Option<&str>, clear: &str, hit: &str) -> Reading {
    let says = |known: &str| word.is_some_and(|word| same(known, word));
    let unknown = !says(clear) && !says(hit) && (word.is_some() || score.is_some());
    let listed = says(hit) || score.is_some_and(|score| score > 0.0);
    let floor = match score {
        _ if listed => Level::High,
        Some(_) if !unknown => Level::VeryLow,
        Some(_) | None => Level::Medium,
    };
    let level = score.map(|score| Level::of(score).max(floor));
    Reading {
        level: level.or_else(|| listed.then_some(floor)),
        flag: unknown.then_some(Flag::UnknownScreeningResult),
        floor,
    }
}

/// The level of a score; at least medium beside a word that nobody documented.
fn documented(score: Option<f64>, known: bool) -> Option<Level> {
    let level = Level::of(score?);
    Some(if known { level } else { level.max(Level::Medium) })
}

pub(crate) fn normalise(word: &str) -> String {
    word.to_lowercase().split_whitespace().collect::<Vec<_>>().join("_")
}

fn same(known: &str, word: &str) -> bool {
    known.eq_ignore_ascii_case(word.trim())
}
