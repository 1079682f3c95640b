//! Differences of scores, right − left.
//!
//! Bland and Altman 1986: limits are bias ± 1.96 standard deviations (n − 1). Wilcoxon's signed ranks 1945: pairs
//! without a difference are left out, the p value is the normal approximation with correction for ties and without one
//! for continuity.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::compare::{
    figure::{NO_PAIRS, finite},
    numbers::{Moments, reach, two_sided},
    pairs::Row,
    ranks::{midranks, order},
};

/// Differences, right − left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BlandAltman {
    /// The mean difference: above 0 the right side scores higher.
    #[schema(required)]
    pub bias: Option<f64>,
    /// Where the interval of the bias begins.
    #[schema(required)]
    pub bias_low: Option<f64>,
    /// Where it ends.
    #[schema(required)]
    pub bias_high: Option<f64>,
    /// The standard deviation of differences.
    #[schema(required)]
    pub sd: Option<f64>,
    /// bias − 1.96 · sd.
    #[schema(required)]
    pub lower: Option<f64>,
    /// bias + 1.96 · sd.
    #[schema(required)]
    pub upper: Option<f64>,
    /// How many pairs have which mean and difference.
    pub points: Vec<Density>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How many pairs have about this mean and difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Density {
    /// The mean of both scores, from here up to 2 more.
    pub mean: i32,
    /// Right − left, from here up to 4 more.
    pub difference: i32,
    /// How many pairs.
    pub count: u64,
}

/// Wilcoxon's signed ranks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Wilcoxon {
    /// The smaller of both sums of ranks.
    #[schema(required)]
    pub w: Option<f64>,
    /// How probable so small a sum is when neither side scores higher.
    #[schema(required)]
    pub p: Option<f64>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

const LIMIT: f64 = 1.96;
/// Cells of 2 points from 0 to 100, and of 4 points from −100 to 100.
const CELLS: usize = 51;

pub(super) fn bland_altman(rows: &[Row], confidence: f64) -> BlandAltman {
    let mut figures = BlandAltman {
        bias: None,
        bias_low: None,
        bias_high: None,
        sd: None,
        lower: None,
        upper: None,
        points: density(rows),
        reason: None,
    };
    let moments = Moments::of(rows.iter().map(Row::difference));
    figures.bias = finite(moments.mean);
    if rows.len() < 2 {
        let reason = if rows.is_empty() { NO_PAIRS } else { "a standard deviation needs two pairs" };
        figures.reason = Some(reason.to_owned());
        return figures;
    }
    let sd = moments.variance().sqrt();
    let half = reach(confidence) * sd / moments.n.sqrt();
    figures.sd = finite(sd);
    figures.lower = finite(moments.mean - LIMIT * sd);
    figures.upper = finite(moments.mean + LIMIT * sd);
    if sd <= 0.0 {
        figures.reason = Some("every difference is the same: the bias has no interval".to_owned());
        return figures;
    }
    figures.bias_low = finite(moments.mean - half);
    figures.bias_high = finite(moments.mean + half);
    figures
}

/// Counts in cells of 2 by 4 points, sorted by mean and difference.
fn density(rows: &[Row]) -> Vec<Density> {
    let mut grid = vec![0_u64; CELLS * CELLS];
    for row in rows {
        let mean = (f64::midpoint(row.left, row.right) / 2.0) as usize;
        let difference = ((row.difference() + 100.0) / 4.0) as usize;
        grid[mean * CELLS + difference] += 1;
    }
    let filled = grid.into_iter().enumerate().filter(|&(_, count)| count > 0);
    let density = |(cell, count)| {
        let (mean, difference) = ((cell / CELLS) as i32 * 2, (cell % CELLS) as i32 * 4 - 100);
        Density { mean, difference, count }
    };
    filled.map(density).collect()
}

pub(super) fn wilcoxon(rows: &[Row]) -> Wilcoxon {
    let differences: Vec<f64> = rows.iter().map(Row::difference).filter(|&value| value != 0.0).collect();
    if differences.is_empty() {
        let reason = if rows.is_empty() { NO_PAIRS } else { "no pair has a difference" };
        return Wilcoxon { w: None, p: None, reason: Some(reason.to_owned()) };
    }
    let order = order(differences.iter().map(|value| value.abs()));
    let ranks = midranks(&order, |index| differences[index].abs());
    let (mut above, mut below) = (0.0, 0.0);
    for (rank, difference) in ranks.iter().zip(&differences) {
        if *difference > 0.0 {
            above += rank;
        } else {
            below += rank;
        }
    }
    let ties = order.chunk_by(|&one, &next| ranks[one as usize] == ranks[next as usize]);
    let tied: f64 = ties.map(|group| group.len() as f64).map(|size| size * size * size - size).sum();
    let n = differences.len() as f64;
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - tied / 48.0;
    let w = f64::min(above, below);
    let z = (w - n * (n + 1.0) / 4.0) / variance.sqrt();
    Wilcoxon { w: finite(w), p: finite(two_sided(z)), reason: None }
}
