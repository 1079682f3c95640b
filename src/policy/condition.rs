//! Conditions of floors and reviews: a small language over an answer and its subject.
//!
//! A condition is read once, when the configuration is loaded, and holds or does not; nothing in it can fail later.
//! What is not known makes every comparison with it false, so there is `missing(…)` to ask for just that.

mod codes;
mod holds;
mod read;
mod show;
#[cfg(test)]
pub(in crate::policy) mod tests;
mod tokens;

use risk_provider::{CountryCode, FactorState, Flag, Level, SubjectType};

pub(crate) use codes::check_code;
pub use holds::Case;

/// Something that holds of an answer and its subject, or does not.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// At least one of these holds.
    Any(Vec<Self>),
    /// All of these hold.
    All(Vec<Self>),
    /// This does not hold.
    Not(Box<Self>),
    /// `factor("…")`: somebody judged it.
    Judged(String),
    /// `factor("…").level`
    FactorLevel(String, Comparison, Level),
    /// `factor("…").score`
    FactorScore(String, Comparison, f64),
    /// `factor("…").state`; whether it is or is not so.
    FactorState(String, bool, FactorState),
    /// `missing(…)`
    Missing(Unknown),
    /// `evidence("…")`: there is some of this kind, or with this tag.
    Evidence(String),
    /// `evidence("…").count`
    EvidenceCount(String, Comparison, f64),
    /// `evidence("…").severity`
    EvidenceSeverity(String, Comparison, f64),
    /// `flag("…")`
    Flag(Flag),
    /// `country` or `nationality`; whether it is or is not one of these.
    Place(Place, bool, Vec<CountryCode>),
    /// `type`; whether it is or is not this.
    Type(bool, SubjectType),
    /// `politically_exposed`, as the caller says.
    PoliticallyExposed(bool),
    /// `level`, before any floor.
    Level(Comparison, Level),
    /// `score`, `coverage` or `spread`.
    Number(Quantity, Comparison, f64),
}

/// What may not be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// Nobody judged this factor.
    Factor(String),
    /// The caller did not say.
    Nationality,
    /// The caller did not say.
    PoliticallyExposed,
    /// Nobody gave one.
    Score,
}

/// A country of the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Of residence or incorporation.
    Country,
    /// Of citizenship.
    Nationality,
}

/// A number about the whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// 0 to 100.
    Score,
    /// 0 to 1.
    Coverage,
    /// Levels between the lowest and the highest provider.
    Spread,
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `<=`
    AtMost,
    /// `<`
    Below,
}

/// A text that is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {message}")]
pub struct BadCondition {
    /// The character, counted from 1, at which reading stopped.
    pub at: usize,
    /// What is wrong there, and what to write.
    pub message: String,
}
