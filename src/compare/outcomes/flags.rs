//! Whether one side's flags are right more often.
//!
//! McNemar 1947, exact: the smaller of both one-sided counts against a fair coin, both tails. `table` counts who was
//! right: rows are the left side, columns the right side, wrong before right.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Labelled;
use crate::compare::{
    figure::{Estimate, finite},
    numbers::{sign_test, wilson},
    settings::Settings,
};

/// Whether one side's flags are right more often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Mcnemar {
    /// Rows are the left side, columns the right side: wrong, right.
    #[schema(value_type = Vec<Vec<u64>>)]
    pub table: [[u64; 2]; 2],
    /// How probable so uneven a count is when both are right equally often.
    #[schema(required)]
    pub p: Option<f64>,
    /// Positives, by who flags them.
    pub positives: OneSided,
    /// Negatives, by who flags them.
    pub negatives: OneSided,
    /// The left side's flags.
    pub left: FlagRates,
    /// The right side's flags.
    pub right: FlagRates,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Subjects of one kind, by who flags them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OneSided {
    /// Flagged by both sides.
    pub both: u64,
    /// Flagged by the left side alone.
    pub left_only: u64,
    /// Flagged by the right side alone.
    pub right_only: u64,
    /// Flagged by nobody.
    pub neither: u64,
    /// How probable so uneven a count is when both flag equally often.
    #[schema(required)]
    pub p: Option<f64>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How good the flags of one side are, with Wilson's intervals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlagRates {
    /// The share of positives that it flags.
    pub recall: Estimate,
    /// The share of negatives that it does not flag.
    pub specificity: Estimate,
    /// The share of positives among what it flags.
    pub precision: Estimate,
}

pub(super) fn mcnemar(labelled: &Labelled, settings: &Settings) -> Mcnemar {
    let from = settings.flag_level as u8;
    // By kind, left flag and right flag.
    let mut counts = [[[0_u64; 2]; 2]; 2];
    for (row, &positive) in labelled.rows.iter().zip(&labelled.positive) {
        let (left, right) = (row.left_level >= from, row.right_level >= from);
        counts[usize::from(positive)][usize::from(left)][usize::from(right)] += 1;
    }
    let [negatives, positives] = counts;
    let (left_right, right_right) = (positives[1][0] + negatives[0][1], positives[0][1] + negatives[1][0]);
    let table =
        [[positives[0][0] + negatives[1][1], right_right], [left_right, positives[1][1] + negatives[0][0]]];
    let nobody = labelled.total() == 0;
    Mcnemar {
        table,
        p: finite(sign_test(left_right, right_right)).filter(|_| !nobody),
        positives: OneSided::of(positives, "no outcome is positive"),
        negatives: OneSided::of(negatives, "no outcome is negative"),
        left: FlagRates::of(
            &positives,
            &negatives,
            |flags, flag| flags[flag].iter().sum(),
            settings.confidence,
        ),
        right: FlagRates::of(
            &positives,
            &negatives,
            |flags, flag| flags.iter().map(|row| row[flag]).sum(),
            settings.confidence,
        ),
        reason: labelled.hindrance().filter(|_| nobody).map(str::to_owned),
    }
}

// === impl OneSided ===

impl OneSided {
    fn of(flags: [[u64; 2]; 2], without: &str) -> Self {
        let [[neither, right_only], [left_only, both]] = flags;
        let nobody = both + left_only + right_only + neither == 0;
        Self {
            both,
            left_only,
            right_only,
            neither,
            p: finite(sign_test(left_only, right_only)).filter(|_| !nobody),
            reason: nobody.then(|| without.to_owned()),
        }
    }

    pub(super) const fn table(&self) -> [[u64; 2]; 2] {
        [[self.neither, self.right_only], [self.left_only, self.both]]
    }
}

// === impl FlagRates ===

impl FlagRates {
    /// `flagged` counts, of a table by left and right flag, those whom this side flags or not.
    fn of(
        positives: &[[u64; 2]; 2],
        negatives: &[[u64; 2]; 2],
        flagged: impl Fn(&[[u64; 2]; 2], usize) -> u64,
        confidence: f64,
    ) -> Self {
        let rate = |hits: u64, misses: u64, reason: &str| share(hits, hits + misses, confidence, reason);
        let (found, missed) = (flagged(positives, 1), flagged(positives, 0));
        let (wrong, cleared) = (flagged(negatives, 1), flagged(negatives, 0));
        Self {
            recall: rate(found, missed, "no outcome is positive"),
            specificity: rate(cleared, wrong, "no outcome is negative"),
            precision: rate(found, wrong, "it flags nobody with an outcome"),
        }
    }
}

/// A share with Wilson's interval.
pub(super) fn share(hits: u64, total: u64, confidence: f64, reason: &str) -> Estimate {
    wilson(hits, total, confidence)
        .map_or_else(|| Estimate::none(reason), |range| Estimate::with(hits as f64 / total as f64, range))
}
