//! How a route chooses: in which order, for whom, and what becomes of a question that nobody answered. All of it is
//! decided without asking anybody.

use std::time::Duration;

use crate::policy::Combine;

/// How a route chooses among providers.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// In order; the first answer wins, only a failure moves on.
    Failover {
        /// After which time without an answer the next one is asked as well.
        hedge_after: Option<Duration>,
    },
    /// By a weighted draw for each subject; the others when the drawn one fails.
    Split(Split),
    /// All of them; their answers are combined.
    Consensus(Combine),
}

/// A weighted draw that is the same for a subject every time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// One for each provider, in the route's order; not all 0.
    pub weights: Vec<u32>,
    /// What the draw is for: routes with the same experiment draw alike.
    pub experiment: String,
}

/// What a caller gets when no provider answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnavailable {
    /// A refusal that says why.
    Fail,
    /// An assessment without a level that is completed in the background.
    Hold {
        /// For so long.
        hold_for: Duration,
    },
    /// An answer that is no longer fresh, where one is kept.
    Stale,
}

// === impl OnUnavailable ===

impl OnUnavailable {
    /// The word used in configuration and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Hold { .. } => "hold",
            Self::Stale => "stale",
        }
    }
}

// === impl Split ===

impl Split {
    /// The arm that a draw from 0 up to 1 falls to: each as often as its weight says.
    #[must_use]
    pub fn arm(&self, draw: f64) -> usize {
        let total: f64 = self.weights.iter().copied().map(f64::from).sum();
        let mut reached = 0.0;
        for (arm, &weight) in self.weights.iter().enumerate() {
            reached += f64::from(weight);
            if draw * total < reached {
                return arm;
            }
        }
        // Rounding may leave the very end to nobody.
        self.weights.iter().rposition(|&weight| weight > 0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::{cache::KeyMaker, secrets::HashKey};

    fn split(weights: &[u32]) -> Split {
        Split { weights: weights.to_vec(), experiment: "x".to_owned() }
    }

    proptest! {
        #[test]
        fn every_draw_falls_to_an_arm_that_has_weight(
            weights in prop::collection::vec(0..100_u32, 1..6),
            draw in 0.0..1.0_f64,
        ) {
            prop_assume!(weights.iter().any(|&weight| weight > 0));
            let arm = split(&weights).arm(draw);
            prop_assert!(weights[arm] > 0);
        }
    }

    /// Who of 10,000 subjects is drawn for the second arm of 70 to 30.
    fn drawn(experiment: &str) -> Vec<bool> {
        let keys = KeyMaker::new(Arc::new(HashKey::from_bytes([7; 32])));
        let split = split(&[70, 30]);
        let arm = |number: u32| split.arm(keys.draw("risk", experiment, &format!("cust-{number}")));
        (0..10_000).map(|number| arm(number) == 1).collect()
    }

    fn share(of: impl IntoIterator<Item = bool>) -> f64 {
        let (all, marked) =
            of.into_iter().fold((0_u32, 0_u32), |(all, marked), one| (all + 1, marked + u32::from(one)));
        f64::from(marked) / f64::from(all)
    }

    #[test]
    fn ten_thousand_subjects_fall_to_the_arms_within_two_points_and_each_always_to_the_same() {
        for experiment in ["2026-q3", "2026-q4", "default", ""] {
            let arms = drawn(experiment);
            let second = share(arms.iter().copied());
            assert!((second - 0.30).abs() < 0.02, "{experiment}: {second}");
            assert_eq!(arms, drawn(experiment), "another server, another day");
        }
    }

    #[test]
    fn an_experiment_says_nothing_about_another() {
        let (first, second) = (drawn("2026-q3"), drawn("2026-q4"));
        let both = share(first.iter().zip(&second).map(|(&first, &second)| first && second));
        let (first, second) = (share(first), share(second));
        // The correlation of two yes-or-no draws; by chance alone it is 0.01 apart from 0, give or take.
        let spread = (first * (1.0 - first) * second * (1.0 - second)).sqrt();
        let correlation = (both - first * second) / spread;
        assert!(correlation.abs() < 0.05, "{correlation}");
    }

    #[test]
    fn arms_are_drawn_as_often_as_their_weights_say() {
        let split = split(&[70, 30, 0]);
        let draws = (0..10_000).map(|step| split.arm(f64::from(step) / 10_000.0));
        let mut counts = [0; 3];
        draws.for_each(|arm| counts[arm] += 1);
        assert_eq!(counts, [7000, 3000, 0]);
        assert_eq!(split.arm(1.0), 1, "the last one with any weight");
    }
}
