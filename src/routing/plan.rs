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
    use proptest::prelude::*;

    use super::*;

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
