//! The five risk levels, in points as iDenfy counts them.

/// How risky one answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    VeryLow,
    Low,
    Medium,
    High,
    VeryHigh,
}

// === impl Level ===

impl Level {
    /// Points from 1 to 5.
    pub(crate) fn points(self) -> u64 {
        match self {
            Self::VeryLow => 1,
            Self::Low => 2,
            Self::Medium => 3,
            Self::High => 4,
            Self::VeryHigh => 5,
        }
    }

    /// iDenfy's word for the level.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::VeryLow => "VERY_LOW",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::VeryHigh => "VERY_HIGH",
        }
    }

    /// iDenfy's default bands over a percentage.
    pub(crate) fn of_percentage(score: u64) -> Self {
        match score {
            0..=20 => Self::VeryLow,
            21..=40 => Self::Low,
            41..=60 => Self::Medium,
            61..=80 => Self::High,
            _ => Self::VeryHigh,
        }
    }

    /// The lower and upper end of the fifth of a 0 to 100 scale that belongs to the level.
    pub(crate) fn fifth(self) -> (f64, f64) {
        match self {
            Self::VeryLow => (0.0, 19.0),
            Self::Low => (20.0, 39.0),
            Self::Medium => (40.0, 59.0),
            Self::High => (60.0, 79.0),
            Self::VeryHigh => (80.0, 100.0),
        }
    }
}
