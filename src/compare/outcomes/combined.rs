//! Whether both sides together would find more than either alone.
//!
//! Together means the mean of both ranks, which fits nothing to the outcomes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Labelled, delong::compared};
use crate::compare::{
    figure::{Estimate, finite},
    ranks::{midranks, order},
};

/// How well the mean of both sides' ranks puts positives above negatives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Combined {
    /// Its area under the curve.
    pub auc: Estimate,
    /// How much larger that is than the left side's.
    pub over_left: Estimate,
    /// How much larger than the right side's.
    pub over_right: Estimate,
    /// Among positives, the logarithm of the odds ratio of both sides' flags, ½ added to each count: below 0 where each
    /// side finds what the other misses.
    pub flags_of_positives: Estimate,
}

pub(super) fn combined(labelled: &Labelled, flags: [[u64; 2]; 2], reach: f64, confidence: f64) -> Combined {
    let left = midranks(&labelled.by_left, |index| labelled.rows[index].left);
    let right = midranks(&labelled.by_right, |index| labelled.rows[index].right);
    let ranks: Vec<f64> = left.iter().zip(&right).map(|(left, right)| left + right).collect();
    let order = order(ranks.iter().copied());
    let [auc, over_left, over_right] = compared(labelled, &order, |index| ranks[index], confidence);
    Combined { auc, over_left, over_right, flags_of_positives: odds(flags, reach) }
}

/// Haldane 1956 and Anscombe 1956: the logarithm of an odds ratio, with Woolf's standard error.
fn odds(flags: [[u64; 2]; 2], reach: f64) -> Estimate {
    let [[neither, right_only], [left_only, both]] = flags.map(|row| row.map(|count| count as f64 + 0.5));
    if neither + right_only + left_only + both <= 2.0 {
        return Estimate::none("no outcome is positive");
    }
    let log = (both * neither / (left_only * right_only)).ln();
    let se = (1.0 / both + 1.0 / neither + 1.0 / left_only + 1.0 / right_only).sqrt();
    Estimate { se: finite(se), ..Estimate::with(log, (log - reach * se, log + reach * se)) }
}
