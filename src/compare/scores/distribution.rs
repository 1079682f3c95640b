//! How differently both sides' scores are distributed.
//!
//! The population stability index counts by level, with half a subject added to each: Σ (q − p) · ln(q ÷ p), where a
//! share is (count + ½) ÷ (n + ½ · 5). It exceeds its critical value by chance as seldom as the confidence says: (1/n +
//! 1/m) · χ² with one degree of freedom fewer than there are levels in use (Yurdakul and Naranjo 2020). Both sides
//! judge the same subjects, which makes chance differences smaller than that formula assumes: it errs on the quiet side.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::compare::{
    agreement::LevelTable,
    figure::{NO_PAIRS, finite},
    numbers::chi_square_quantile,
    pairs::Row,
};

/// How differently both sides use the levels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Psi {
    /// The index; 0 when both use them equally often.
    #[schema(required)]
    pub value: Option<f64>,
    /// What it exceeds by chance only as seldom as the confidence says.
    #[schema(required)]
    pub critical: Option<f64>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How often scores come, in bins of 5 points; the last one holds 100 too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Histograms {
    /// Where bins begin and end.
    pub edges: Vec<u32>,
    /// How many of the left side's scores lie in each.
    pub left: Vec<u64>,
    /// How many of the right side's.
    pub right: Vec<u64>,
}

const BINS: usize = 20;

// === impl Psi ===

impl Psi {
    /// None can be given, for this reason.
    #[must_use]
    pub fn none(reason: &str) -> Self {
        Self { value: None, critical: None, reason: Some(reason.to_owned()) }
    }
}

pub(super) fn histograms(rows: &[Row]) -> Histograms {
    let bin = |score: f64| ((score / 5.0) as usize).min(BINS - 1);
    let mut histograms =
        Histograms { edges: (0..=100).step_by(5).collect(), left: vec![0; BINS], right: vec![0; BINS] };
    for row in rows {
        histograms.left[bin(row.left)] += 1;
        histograms.right[bin(row.right)] += 1;
    }
    histograms
}

pub(super) fn psi(table: &LevelTable, confidence: f64) -> Psi {
    let left = table.map(|row| row.iter().sum::<u64>());
    let right: [u64; 5] = std::array::from_fn(|level| table.iter().map(|row| row[level]).sum());
    if left.iter().sum::<u64>() == 0 {
        return Psi::none(NO_PAIRS);
    }
    let psi = shift(&left, &right, confidence);
    if psi.critical.is_none() {
        return Psi { reason: Some("both sides gave everyone the same level".to_owned()), ..psi };
    }
    psi
}

/// By how much what was counted in the same bins shifted from `before` to `now`, which both hold something.
#[must_use]
pub fn shift(before: &[u64], now: &[u64], confidence: f64) -> Psi {
    let (n, m) = (before.iter().sum::<u64>() as f64, now.iter().sum::<u64>() as f64);
    if n == 0.0 || m == 0.0 {
        return Psi::none("nothing was counted");
    }
    let share = |count: u64, all: f64| (count as f64 + 0.5) / (all + 0.5 * before.len() as f64);
    let parts = before.iter().zip(now).map(|(&p, &q)| {
        let (p, q) = (share(p, n), share(q, m));
        (q - p) * (q / p).ln()
    });
    let value = finite(parts.sum());
    let used = before.iter().zip(now).filter(|&(&p, &q)| p + q > 0).count();
    if used < 2 {
        return Psi { value, critical: None, reason: Some("all of it lies in one bin".to_owned()) };
    }
    let critical = (1.0 / n + 1.0 / m) * chi_square_quantile(1.0 - confidence, used as u32 - 1);
    Psi { value, critical: finite(critical), reason: None }
}

/// `rows` are sorted by left score, `right` are the right scores sorted.
pub(super) fn ks(rows: &[Row], right: &[f64]) -> f64 {
    let (mut i, mut j, mut widest) = (0, 0, 0);
    while i < rows.len() && j < right.len() {
        let value = f64::min(rows[i].left, right[j]);
        while i < rows.len() && rows[i].left <= value {
            i += 1;
        }
        while j < right.len() && right[j] <= value {
            j += 1;
        }
        widest = widest.max(i.abs_diff(j));
    }
    widest as f64 / rows.len() as f64
}

/// With as many scores on both sides: the mean distance of scores at equal places.
pub(super) fn wasserstein(rows: &[Row], right: &[f64]) -> f64 {
    let sum: f64 = rows.iter().zip(right).map(|(row, right)| (row.left - right).abs()).sum();
    sum / rows.len() as f64
}
