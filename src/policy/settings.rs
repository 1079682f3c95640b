//! A route's own rules.

use risk_provider::Level;
use sha2::{Digest, Sha256};

use super::Condition;

/// What counts as complete by default.
const COVERAGE_FLOOR: f64 = 0.5;
/// How many levels apart vendors may not be.
const SPREAD_LEVELS: u8 = 2;
/// Raised whenever the same rules begin to mean something else.
const MEANING: &str = "policy/1";
/// So much of the fingerprint is enough to tell policies apart.
const VERSION_BYTES: usize = 8;

/// The rules of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The least coverage with which an answer counts as complete, 0 to 1.
    pub coverage_floor: f64,
    /// From how many levels apart the higher answer stands and a person must look; 1 or 2.
    pub spread_levels: u8,
    /// Codes of the factors that must have been judged.
    pub required_factors: Vec<String>,
    /// What the level is at least.
    pub floors: Vec<Floor>,
    /// What a person must look at.
    pub review: Vec<Review>,
}

/// While its condition holds, the level is at least this.
#[derive(Debug, Clone, PartialEq)]
pub struct Floor {
    /// When.
    pub when: Condition,
    /// The lowest level it allows.
    pub level: Level,
    /// Why.
    pub reason: String,
}

/// While its condition holds, a person must look.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// When.
    pub when: Condition,
    /// Why.
    pub reason: String,
}

/// What a route makes of providers' answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    rules: Rules,
    version: String,
}

// === impl Rules ===

impl Default for Rules {
    fn default() -> Self {
        Self {
            coverage_floor: COVERAGE_FLOOR,
            spread_levels: SPREAD_LEVELS,
            required_factors: Vec::new(),
            floors: Vec::new(),
            review: Vec::new(),
        }
    }
}

// === impl Policy ===

impl Policy {
    /// A policy of these rules.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        let version = fingerprint(&rules);
        Self { rules, version }
    }

    /// Short fingerprint of the rules: the same for the same rules in any order, everywhere and always.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The least coverage with which an answer counts as complete, 0 to 1.
    #[must_use]
    pub const fn coverage_floor(&self) -> f64 {
        self.rules.coverage_floor
    }

    /// From how many levels apart the higher answer stands and a person must look.
    #[must_use]
    pub const fn spread_levels(&self) -> u8 {
        self.rules.spread_levels
    }

    /// Codes of the factors that must have been judged.
    #[must_use]
    pub fn required_factors(&self) -> &[String] {
        &self.rules.required_factors
    }

    /// What the level is at least.
    #[must_use]
    pub fn floors(&self) -> &[Floor] {
        &self.rules.floors
    }

    /// What a person must look at.
    #[must_use]
    pub fn review(&self) -> &[Review] {
        &self.rules.review
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new(Rules::default())
    }
}

fn fingerprint(rules: &Rules) -> String {
    let Rules { coverage_floor, spread_levels, required_factors, floors, review } = rules;
    let mut lines =
        vec![format!("coverage_floor {coverage_floor}"), format!("spread_levels {spread_levels}")];
    lines.extend(required_factors.iter().map(|code| format!("required {code}")));
    lines.extend(floors.iter().map(|floor| {
        let Floor { when, level, reason } = floor;
        format!("floor {} {reason:?} {when}", level.as_str())
    }));
    lines.extend(review.iter().map(|Review { when, reason }| format!("review {reason:?} {when}")));
    lines.sort();
    lines.dedup();
    let digest = Sha256::digest(format!("{MEANING}\n{}", lines.join("\n")).as_bytes());
    digest.iter().take(VERSION_BYTES).map(|byte| format!("{byte:02x}")).collect()
}
