//! What a comparison takes for granted. Every report repeats it under `settings`.

use risk_provider::Level;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a comparison takes for granted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How sure intervals are, from 0.8 on and below 1. Default 0.95.
    pub confidence: f64,
    /// How often a true difference of `margin` should be found, above 0 and below 1; for sample sizes. Default 0.8.
    pub power: f64,
    /// The smallest difference between two AUC that is worth acting upon, above 0. Default 0.02.
    pub margin: f64,
    /// From this level on a subject is flagged. Default `high`.
    pub flag_level: Level,
    /// The share of labelled subjects that can be investigated, above 0 and up to 1. Default 0.1.
    pub capacity: f64,
    /// Both sides are complementary when each surely finds more than this share of all positives that the other
    /// misses. Default 0.05.
    pub complementary_share: f64,
    /// The widest half of an interval of kappa that is good enough. Default 0.05.
    pub kappa_half_width: f64,
    /// Whether the pairs are known to be of everybody who was asked about, or of a random sample: then many may be flagged.
    /// Default false; true for what a gateway has asked itself.
    pub everybody: bool,
    /// Below this many nothing is concluded.
    pub minimum: Minimum,
    /// How intervals without a closed form are made.
    pub bootstrap: Bootstrap,
}

/// Below this many nothing is concluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Minimum {
    /// Pairs, in all and for a segment's own figures. Default 100.
    pub pairs: u64,
    /// Positive outcomes. Default 30.
    pub positives: u64,
    /// Negative outcomes. Default 30.
    pub negatives: u64,
}

/// How intervals without a closed form are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bootstrap {
    /// How many resamples at most; 0 makes none. Fewer are drawn from large samples, none from huge ones. Default 1000.
    pub rounds: u64,
    /// Where the pseudo-random numbers start: the same seed gives the same interval. Default 1.
    pub seed: u64,
}

// === impl Settings ===

impl Default for Settings {
    fn default() -> Self {
        Self {
            confidence: 0.95,
            power: 0.8,
            margin: 0.02,
            flag_level: Level::High,
            capacity: 0.1,
            complementary_share: 0.05,
            kappa_half_width: 0.05,
            everybody: false,
            minimum: Minimum::default(),
            bootstrap: Bootstrap::default(),
        }
    }
}

impl Settings {
    /// The same settings if every number is one that can be meant.
    ///
    /// # Errors
    ///
    /// Names the first setting that cannot, and its range.
    pub fn checked(self) -> Result<Self, UnusableSetting> {
        let open = |value: f64| value > 0.0 && value < 1.0;
        let half_open = |value: f64| value > 0.0 && value <= 1.0;
        for (name, good, range) in [
            ("confidence", (0.8..1.0).contains(&self.confidence), "from 0.8 on and below 1"),
            ("power", open(self.power), "above 0 and below 1"),
            ("margin", open(self.margin), "above 0 and below 1"),
            ("capacity", half_open(self.capacity), "above 0 and up to 1"),
            ("complementary_share", open(self.complementary_share), "above 0 and below 1"),
            ("kappa_half_width", open(self.kappa_half_width), "above 0 and below 1"),
        ] {
            if !good {
                return Err(UnusableSetting { name, range });
            }
        }
        Ok(self)
    }
}

/// A setting that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be {range}")]
pub struct UnusableSetting {
    /// The setting.
    pub name: &'static str,
    /// What it must be.
    pub range: &'static str,
}

// === impl Minimum ===

impl Minimum {
    /// Whether so many are too few.
    pub(super) const fn is_more_than(&self, pairs: u64, positives: u64, negatives: u64) -> bool {
        pairs < self.pairs || positives < self.positives || negatives < self.negatives
    }
}

impl Default for Minimum {
    fn default() -> Self {
        Self { pairs: 100, positives: 30, negatives: 30 }
    }
}

// === impl Bootstrap ===

impl Default for Bootstrap {
    fn default() -> Self {
        Self { rounds: 1000, seed: 1 }
    }
}
