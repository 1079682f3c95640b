//! A condition as text: what is printed reads as the same condition again.

use std::fmt;

use super::{Comparison, Condition, Place, Quantity, Unknown};

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(parts) => joined(f, parts, "or"),
            Self::All(parts) => joined(f, parts, "and"),
            Self::Not(inner) => {
                f.write_str("not ")?;
                part(f, inner)
            }
            Self::Judged(code) => write!(f, "factor(\"{code}\")"),
            Self::FactorLevel(code, comparison, level) => {
                write!(f, "factor(\"{code}\").level {comparison} {}", level.as_str())
            }
            Self::FactorScore(code, comparison, score) => {
                write!(f, "factor(\"{code}\").score {comparison} {score}")
            }
            Self::FactorState(code, is, state) => {
                write!(f, "factor(\"{code}\").state {} {}", equality(*is), state.as_str())
            }
            Self::Missing(unknown) => write!(f, "missing({unknown})"),
            Self::Evidence(word) => write!(f, "evidence(\"{word}\")"),
            Self::EvidenceCount(word, comparison, count) => {
                write!(f, "evidence(\"{word}\").count {comparison} {count}")
            }
            Self::EvidenceSeverity(word, comparison, severity) => {
                write!(f, "evidence(\"{word}\").severity {comparison} {severity}")
            }
            Self::Flag(flag) => write!(f, "flag(\"{}\")", flag.as_str()),
            Self::Place(place, is, countries) => {
                let countries: Vec<&str> = countries.iter().map(|country| country.as_str()).collect();
                match (is, countries.as_slice()) {
                    (_, [country]) => write!(f, "{} {} {country}", place.as_str(), equality(*is)),
                    (true, _) => write!(f, "{} in [{}]", place.as_str(), countries.join(", ")),
                    (false, _) => write!(f, "{} not in [{}]", place.as_str(), countries.join(", ")),
                }
            }
            Self::Type(is, kind) => write!(f, "type {} {}", equality(*is), kind.as_str()),
            Self::PoliticallyExposed(exposed) => write!(f, "politically_exposed == {exposed}"),
            Self::Level(comparison, level) => write!(f, "level {comparison} {}", level.as_str()),
            Self::Number(quantity, comparison, number) => {
                write!(f, "{} {comparison} {number}", quantity.as_str())
            }
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Condition], by: &str) -> fmt::Result {
    for (index, inner) in parts.iter().enumerate() {
        if index > 0 {
            write!(f, " {by} ")?;
        }
        part(f, inner)?;
    }
    Ok(())
}

/// A part of a larger condition, in parentheses where it has parts itself.
fn part(f: &mut fmt::Formatter<'_>, inner: &Condition) -> fmt::Result {
    if matches!(inner, Condition::Any(_) | Condition::All(_)) {
        write!(f, "({inner})")
    } else {
        write!(f, "{inner}")
    }
}

const fn equality(is: bool) -> &'static str {
    if is { "==" } else { "!=" }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Factor(code) => write!(f, "\"{code}\""),
            Self::Nationality => f.write_str("nationality"),
            Self::PoliticallyExposed => f.write_str("politically_exposed"),
            Self::Score => f.write_str("score"),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::AtMost => "<=",
            Self::Below => "<",
        })
    }
}

// === impl Place ===

impl Place {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Nationality => "nationality",
        }
    }
}

// === impl Quantity ===

impl Quantity {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Coverage => "coverage",
            Self::Spread => "spread",
        }
    }
}
