//! Correlations.
//!
//! Spearman 1904, with Fisher's z and the standard error √((1 + r²/2) ÷ (n − 3)) of Bonett and Wright 2000. Kendall's
//! tau-b 1945, counted in O(n log n) as Knight 1966 does. Lin's concordance 1989, with moments over n.

use crate::compare::{
    figure::{CONSTANT, Estimate, Figure, NO_PAIRS, finite},
    numbers::{Moments, constant, pearson, reach},
    pairs::Row,
    ranks::{inversions, midranks, pairs_of, tied_pairs},
};

/// `ranks` are those of the right scores; `rows` are sorted by the left ones.
pub(in crate::compare) fn spearman(rows: &[Row], ranks: &[f64], confidence: f64) -> Estimate {
    let places: Vec<u32> = (0..rows.len() as u32).collect();
    let left = midranks(&places, |index| rows[index].left);
    let r = match pearson(left.iter().copied().zip(ranks.iter().copied())) {
        Ok(r) => r,
        Err(reason) => return Estimate::none(reason),
    };
    if rows.len() <= 3 {
        return Estimate::bare(r, "an interval needs at least four pairs");
    }
    if r.abs() >= 1.0 - 1e-12 {
        return Estimate::bare(r, "a perfect rank correlation has no interval by this method");
    }
    let se = ((1.0 + r * r / 2.0) / (rows.len() as f64 - 3.0)).sqrt();
    let (centre, half) = (r.atanh(), reach(confidence) * se);
    Estimate { se: finite(se), ..Estimate::with(r, ((centre - half).tanh(), (centre + half).tanh())) }
}

/// `rows` are sorted by left score, then by right score.
pub(super) fn kendall_tau_b(rows: &[Row]) -> Figure {
    let n = rows.len() as u64;
    if n < 2 {
        return Err(if n == 0 { NO_PAIRS } else { "a correlation needs two pairs" });
    }
    let all = pairs_of(n);
    let tied_left = tied_pairs(rows, |one, next| one.left == next.left);
    let tied_both = tied_pairs(rows, |one, next| one.left == next.left && one.right == next.right);
    let mut right: Vec<f64> = rows.iter().map(|row| row.right).collect();
    let discordant = inversions(&mut right);
    let tied_right = tied_pairs(&right, |one, next| one == next);
    if tied_left == all || tied_right == all {
        return Err(CONSTANT);
    }
    let untied = all + tied_both - tied_left - tied_right;
    let balance = untied as f64 - 2.0 * discordant as f64;
    let scale = ((all - tied_left) as f64).sqrt() * ((all - tied_right) as f64).sqrt();
    Ok((balance / scale).clamp(-1.0, 1.0))
}

pub(super) fn pearson_of(rows: &[Row]) -> Figure {
    pearson(rows.iter().map(|row| (row.left, row.right)))
}

pub(super) fn lin(rows: &[Row]) -> Figure {
    if rows.is_empty() {
        return Err(NO_PAIRS);
    }
    if constant(rows.iter().flat_map(|row| [row.left, row.right])) {
        return Err("all scores of both sides are equal");
    }
    let left = Moments::of(rows.iter().map(|row| row.left));
    let right = Moments::of(rows.iter().map(|row| row.right));
    let products: f64 = rows.iter().map(|row| (row.left - left.mean) * (row.right - right.mean)).sum();
    let shift = left.mean - right.mean;
    Ok(2.0 * products / (left.squares + right.squares + left.n * shift * shift))
}
