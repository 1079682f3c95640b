//! Whether a condition holds.

use std::cmp::Ordering;

use risk_provider::{Evidence, Factor, Level, ProviderAssessment};

use super::{Comparison, Condition, Place, Quantity, Unknown};
use crate::policy::{Facts, plain};

/// What conditions are about: an answer before any floor, what providers said, and the subject.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What is known of the subject.
    pub facts: &'a Facts,
    /// What every provider said that was heard.
    pub said: &'a [&'a ProviderAssessment],
    /// The level, where there is one.
    pub level: Option<Level>,
    /// The score; where it is withheld, the highest that was given.
    pub score: Option<f64>,
    /// 0 to 1.
    pub coverage: f64,
    /// Levels between the lowest and the highest provider.
    pub spread: u8,
}

// === impl Condition ===

impl Condition {
    /// Whether it holds in `case`.
    #[must_use]
    pub fn holds(&self, case: &Case<'_>) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.holds(case)),
            Self::All(parts) => parts.iter().all(|part| part.holds(case)),
            Self::Not(inner) => !inner.holds(case),
            Self::Judged(code) => case.is_judged(code),
            Self::FactorLevel(code, comparison, level) => case
                .factors(code)
                .filter_map(|factor| factor.level)
                .any(|given| comparison.holds(&given, level)),
            Self::FactorScore(code, comparison, score) => {
                let mut scores = case.factors(code).filter_map(|factor| factor.score);
                scores.any(|given| comparison.holds(&plain(given), score))
            }
            Self::FactorState(code, is, state) => {
                case.factors(code).any(|factor| (factor.state == *state) == *is)
            }
            Self::Missing(unknown) => case.is_missing(unknown),
            Self::Evidence(word) => case.evidence(word).next().is_some(),
            Self::EvidenceCount(word, comparison, count) => {
                let found = u32::try_from(case.evidence(word).count()).unwrap_or(u32::MAX);
                comparison.holds(&f64::from(found), count)
            }
            Self::EvidenceSeverity(word, comparison, severity) => {
                let mut severities = case.evidence(word).filter_map(|found| found.severity);
                severities.any(|given| comparison.holds(&plain(given), severity))
            }
            Self::Flag(flag) => case.said.iter().any(|said| said.flags.contains(flag)),
            Self::Place(place, is, countries) => {
                let country = match place {
                    Place::Country => Some(case.facts.country),
                    Place::Nationality => case.facts.nationality,
                };
                country.is_some_and(|country| countries.contains(&country) == *is)
            }
            Self::Type(is, kind) => (case.facts.kind == *kind) == *is,
            Self::PoliticallyExposed(exposed) => case.facts.politically_exposed == Some(*exposed),
            Self::Level(comparison, level) => case.level.is_some_and(|given| comparison.holds(&given, level)),
            Self::Number(quantity, comparison, number) => {
                case.quantity(*quantity).is_some_and(|given| comparison.holds(&given, number))
            }
        }
    }
}

// === impl Case ===

impl<'a> Case<'a> {
    /// Whether any provider judged this factor: it is scored, or has the vendor's default.
    #[must_use]
    pub fn is_judged(&self, code: &str) -> bool {
        self.factors(code).any(|factor| factor.state.covers())
    }

    fn is_missing(&self, unknown: &Unknown) -> bool {
        match unknown {
            Unknown::Factor(code) => !self.is_judged(code),
            Unknown::Nationality => self.facts.nationality.is_none(),
            Unknown::PoliticallyExposed => self.facts.politically_exposed.is_none(),
            Unknown::Score => self.score.is_none(),
        }
    }

    fn factors(&self, code: &str) -> impl Iterator<Item = &'a Factor> {
        self.said.iter().flat_map(|said| &said.factors).filter(move |factor| factor.code == code)
    }

    /// Evidence of this kind, or with this tag.
    fn evidence(&self, word: &str) -> impl Iterator<Item = &'a Evidence> {
        let is_of = move |found: &&Evidence| {
            found.kind.as_str() == word || found.tags.iter().any(|tag| tag.eq_ignore_ascii_case(word))
        };
        self.said.iter().flat_map(|said| &said.evidence).filter(is_of)
    }

    fn quantity(&self, quantity: Quantity) -> Option<f64> {
        match quantity {
            Quantity::Score => self.score,
            Quantity::Coverage => Some(self.coverage),
            Quantity::Spread => Some(f64::from(self.spread)),
        }
    }
}

// === impl Comparison ===

impl Comparison {
    /// Whether `left` compares so with `right`; never, where they cannot be compared.
    fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        left.partial_cmp(right).is_some_and(|ordering| match self {
            Self::Equal => ordering == Ordering::Equal,
            Self::Unequal => ordering != Ordering::Equal,
            Self::AtLeast => ordering != Ordering::Less,
            Self::Above => ordering == Ordering::Greater,
            Self::AtMost => ordering != Ordering::Greater,
            Self::Below => ordering == Ordering::Less,
        })
    }
}
