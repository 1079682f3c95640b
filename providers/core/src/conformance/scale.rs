//! The scale of a vendor's scores.

use super::spoil::Change;
use crate::Score;

/// From the least risk to the most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) safest: f64,
    pub(super) riskiest: f64,
}

// === impl Scale ===

impl Scale {
    pub(super) const PERCENT: Self = Self { safest: 0.0, riskiest: 100.0 };

    /// The JSON literal at so many hundredths of it; whole, as some scales are, where it has whole numbers.
    pub(super) fn at(self, hundredths: u8) -> String {
        let span = self.riskiest - self.safest;
        let number = self.safest + span * f64::from(hundredths) / 100.0;
        let number = if span.abs() > 1.0 { number.round() } else { number };
        number.to_string()
    }

    /// The literals closest beyond either end.
    pub(super) fn beyond(self) -> [String; 2] {
        let (lowest, highest) = (self.safest.min(self.riskiest), self.safest.max(self.riskiest));
        [(lowest - 0.5).to_string(), (highest + 0.5).to_string()]
    }

    /// The literal as a score from 0 to 100; none for what is no number on it.
    pub(super) fn score(self, literal: &str) -> Option<f64> {
        Score::linear(literal, "", self.safest, self.riskiest).ok().map(|score| score.value())
    }

    /// Whether what is written by `change` is on it.
    pub(super) fn allows(self, change: &Change) -> bool {
        match change {
            Change::Literal(literal) => self.score(literal).is_some(),
            Change::Removed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_lie_on_the_scale_or_just_beyond_it_whichever_way_it_runs() {
        let cases = [
            (0.0, 100.0, "39", ["-0.5", "100.5"]),
            (0.0, 1000.0, "390", ["-0.5", "1000.5"]),
            (850.0, 300.0, "636", ["299.5", "850.5"]),
            (0.0, 1.0, "0.39", ["-0.5", "1.5"]),
        ];
        for (safest, riskiest, within, beyond) in cases {
            let scale = Scale { safest, riskiest };
            assert_eq!(scale.at(39), within);
            assert!(scale.allows(&Change::literal(within)));
            assert_eq!(scale.beyond(), beyond);
            assert!(beyond.iter().all(|literal| !scale.allows(&Change::literal(literal))));
        }
    }

    #[test]
    fn what_is_no_number_is_on_no_scale() {
        let scale = Scale { safest: -10.0, riskiest: 10.0 };
        assert!(scale.allows(&Change::literal("-1")));
        for change in
            ["null", "true", "NaN", r#""1""#, "1e400"].map(Change::literal).iter().chain([&Change::Removed])
        {
            assert!(!scale.allows(change), "{change}");
        }
    }
}
