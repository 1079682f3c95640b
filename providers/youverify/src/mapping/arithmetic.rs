//! The vendor's documented sums: checked, never corrected.

use crate::wire::Sums;

const TOLERANCE: f64 = 1e-6;

/// Whether weights, blocks and total fit together, as far as the report states them.
pub(crate) fn adds_up(blocks: [&Sums; 3], basic: Option<f64>, total: f64) -> bool {
    let sum = |part: fn(&Sums) -> Option<f64>| {
        let parts: Option<Vec<f64>> = blocks.iter().map(|block| part(block)).collect();
        parts.map(|parts| parts.iter().sum())
    };
    blocks.iter().all(|block| block.adds_up())
        && agree(sum(|block| block.weight), Some(1.0))
        && agree(sum(|block| block.weighted_score), basic)
        && agree(basic, Some(total))
}

// === impl Sums ===

impl Sums {
    /// The block's share of the whole; the documented one unless the report states a possible one.
    pub(crate) fn share(&self, documented: f64) -> f64 {
        self.weight.filter(|weight| is_share(*weight)).unwrap_or(documented)
    }

    fn adds_up(&self) -> bool {
        let product = self.weight.zip(self.actual_score).map(|(weight, score)| weight * score);
        self.weight.is_none_or(is_share) && agree(product, self.weighted_score)
    }
}

fn is_share(weight: f64) -> bool {
    (0.0..=1.0).contains(&weight)
}

/// Whether two numbers are the same; a missing one contradicts nothing.
fn agree(left: Option<f64>, right: Option<f64>) -> bool {
    left.zip(right).is_none_or(|(left, right)| (left - right).abs() <= TOLERANCE)
}
