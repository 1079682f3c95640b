//! Scores and levels: numbers cross the border typed, range-checked, with the vendor's own text beside them.

use serde::{Deserialize, Serialize};

/// A risk score from 0 to 100, higher is riskier; never a probability.
///
/// Two providers' scores are not one quantity: `scale` says whose this is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Score {
    /// 0 to 100 after the provider's documented linear rescale.
    value: f64,
    /// The number exactly as the vendor wrote it.
    raw: String,
    /// The vendor's scale, such as `youverify:0-100`.
    scale: String,
}

/// A number that cannot be a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a number on the scale of scores")]
pub struct ImpossibleScore;

impl Score {
    /// Reads a vendor's number on a 0 to 100 scale from its JSON literal.
    ///
    /// # Errors
    ///
    /// [`ImpossibleScore`] for strings, null, NaN, infinities, and numbers below 0 or above 100.
    pub fn percent(literal: &str, scale: &str) -> Result<Self, ImpossibleScore> {
        let value = number(literal).ok_or(ImpossibleScore)?;
        Ok(Self { value, raw: literal.to_owned(), scale: scale.to_owned() })
    }

    /// Reads a vendor's number on another linear scale from its JSON literal: `safest` is 0 and `riskiest` 100,
    /// whichever of the two is the greater number.
    ///
    /// # Errors
    ///
    /// [`ImpossibleScore`] for strings, null, NaN, infinities, and numbers that do not lie between the two.
    pub fn linear(literal: &str, scale: &str, safest: f64, riskiest: f64) -> Result<Self, ImpossibleScore> {
        let told: f64 = serde_json::from_str(literal).map_err(|_no_number| ImpossibleScore)?;
        if !(safest.min(riskiest)..=safest.max(riskiest)).contains(&told) {
            return Err(ImpossibleScore);
        }
        let value = 100.0 * (told - safest) / (riskiest - safest);
        if !(0.0..=100.0).contains(&value) {
            return Err(ImpossibleScore);
        }
        Ok(Self { value, raw: literal.to_owned(), scale: scale.to_owned() })
    }

    /// The value, 0 to 100.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.value
    }

    /// The number as the vendor wrote it.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The vendor's scale.
    #[must_use]
    pub fn scale(&self) -> &str {
        &self.scale
    }
}

/// A JSON number literal from 0 to 100.
#[must_use]
pub fn number(literal: &str) -> Option<f64> {
    // JSON's own grammar, so that `inf`, `+1` or `1_0`, which Rust would read, are no numbers.
    let value: f64 = serde_json::from_str(literal).ok()?;
    // Also of nought: what has a sign is no score.
    (0.0..=100.0).contains(&value).then_some(value).filter(|value| value.is_sign_positive())
}

/// How risky, in five words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Scores from 0 up to, not including, 20.
    VeryLow,
    /// 20 up to 40.
    Low,
    /// 40 up to 60.
    Medium,
    /// 60 up to 80.
    High,
    /// 80 to 100.
    VeryHigh,
}

impl Level {
    /// All levels, lowest first.
    pub const ALL: [Self; 5] = [Self::VeryLow, Self::Low, Self::Medium, Self::High, Self::VeryHigh];

    /// The level of a score by half-open cuts: `[0,20)` `[20,40)` `[40,60)` `[60,80)` `[80,100]`.
    ///
    /// Anything that is no number is `VeryHigh`: nothing unknown reads as low.
    #[must_use]
    pub fn of(score: f64) -> Self {
        match score {
            score if score < 20.0 => Self::VeryLow,
            score if score < 40.0 => Self::Low,
            score if score < 60.0 => Self::Medium,
            score if score < 80.0 => Self::High,
            _ => Self::VeryHigh,
        }
    }

    /// The word used in JSON, columns and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "very_low",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::VeryHigh => "very_high",
        }
    }

    /// How many levels lie between the two; 0 when equal.
    #[must_use]
    pub fn distance(self, other: Self) -> u8 {
        (self as u8).abs_diff(other as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_half_open() {
        let cases = [
            (0.0, Level::VeryLow),
            (19.999, Level::VeryLow),
            (20.0, Level::Low),
            (20.5, Level::Low),
            (40.0, Level::Medium),
            (59.999, Level::Medium),
            (60.0, Level::High),
            (80.0, Level::VeryHigh),
            (84.5, Level::VeryHigh),
            (100.0, Level::VeryHigh),
            (f64::NAN, Level::VeryHigh),
        ];
        for (score, level) in cases {
            assert_eq!(Level::of(score), level, "{score}");
        }
    }

    #[test]
    fn a_scale_of_its_own_is_stretched_from_its_safest_number_to_its_riskiest() {
        for (literal, safest, riskiest, value) in [
            ("250", 0.0, 1000.0, 25.0),
            ("850", 850.0, 300.0, 0.0),
            ("300", 850.0, 300.0, 100.0),
            ("-50", -100.0, 100.0, 25.0),
            ("0.5", 0.0, 1.0, 50.0),
        ] {
            let score = Score::linear(literal, "test:own", safest, riskiest).expect("a score");
            assert!((score.value() - value).abs() < 1e-9, "{literal}: {}", score.value());
            assert_eq!(score.raw(), literal);
        }
        for literal in ["-0.1", "1000.1", "NaN", "inf", "null", "\"50\"", "", "1e400"] {
            assert_eq!(Score::linear(literal, "test:own", 0.0, 1000.0), Err(ImpossibleScore), "{literal}");
        }
        assert_eq!(Score::linear("5", "test:own", 5.0, 5.0), Err(ImpossibleScore));
        assert_eq!(Score::linear("5", "test:own", f64::NAN, 10.0), Err(ImpossibleScore));
    }

    #[test]
    fn only_numbers_from_0_to_100_are_scores() {
        for literal in ["0", "100", "58.27283333365", "1e1", "0.0"] {
            assert!(Score::percent(literal, "test:0-100").is_ok(), "{literal}");
        }
        for literal in
            ["-0.1", "100.1", "NaN", "inf", "null", "\"50\"", "", "+1", "-0", "-0.0", "[1]", "1e400"]
        {
            assert_eq!(Score::percent(literal, "test:0-100"), Err(ImpossibleScore), "{literal}");
        }
    }
}
