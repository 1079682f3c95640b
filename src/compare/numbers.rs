//! Distributions, intervals and sums that several figures need.

use statrs::function::{
    erf::{erfc, erfc_inv},
    gamma::{gamma_ur, ln_gamma},
};

use super::figure::{CONSTANT, Figure, NO_PAIRS};

/// How many standard errors an interval of this confidence reaches to each side: 1.96 for 0.95.
pub(super) fn reach(confidence: f64) -> f64 {
    quantile(0.5 + confidence / 2.0)
}

/// The standard normal distribution's quantile.
pub(super) fn quantile(share: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * share)
}

/// How probable a standard normal number this far from zero is, on both sides.
pub(super) fn two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2).min(1.0)
}

/// How probable a χ² this large or larger is.
pub(super) fn chi_square_tail(chi_square: f64, df: u32) -> f64 {
    if chi_square <= 0.0 { 1.0 } else { gamma_ur(f64::from(df) / 2.0, chi_square / 2.0) }
}

/// The χ² that is exceeded with the given probability, by halving.
pub(super) fn chi_square_quantile(tail: f64, df: u32) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while chi_square_tail(high, df) > tail && high < 1e9 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if chi_square_tail(middle, df) > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The exact two-sided p of `fewer` against `more` when both are equally likely (binomial, doubled tail).
///
/// The tail is summed from its largest term down, which takes about √n steps.
pub(super) fn sign_test(one: u64, other: u64) -> f64 {
    let (fewer, n) = (one.min(other) as f64, (one + other) as f64);
    if one == other {
        return 1.0;
    }
    let ways = ln_gamma(n + 1.0) - ln_gamma(fewer + 1.0) - ln_gamma(n - fewer + 1.0);
    let largest = (ways - n * std::f64::consts::LN_2).exp();
    let (mut sum, mut term, mut k) = (0.0, 1.0, fewer);
    while k >= 0.0 && term > sum * 1e-17 {
        sum += term;
        term *= k / (n - k + 1.0);
        k -= 1.0;
    }
    (2.0 * largest * sum).min(1.0)
}

/// Wilson's score interval of a share (Wilson 1927).
pub fn wilson(hits: u64, total: u64, confidence: f64) -> Option<(f64, f64)> {
    if total == 0 {
        return None;
    }
    let (n, z) = (total as f64, reach(confidence));
    let share = hits as f64 / n;
    let (centre, spread) =
        (share + z * z / (2.0 * n), z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt());
    let scale = 1.0 + z * z / n;
    // At the ends the interval reaches them; rounding must not say otherwise.
    let low = if hits == 0 { 0.0 } else { ((centre - spread) / scale).max(0.0) };
    let high = if hits >= total { 1.0 } else { ((centre + spread) / scale).min(1.0) };
    Some((low, high))
}

/// Mean, and sum of squared distances from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    pub(super) n: f64,
    pub(super) mean: f64,
    pub(super) squares: f64,
}

// === impl Moments ===

impl Moments {
    /// In two passes, which keeps the digits.
    pub(super) fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (n, sum) = values.clone().fold((0.0, 0.0), |(n, sum), value| (n + 1.0, sum + value));
        let mean = sum / n;
        let squares = values.map(|value| (value - mean) * (value - mean)).sum();
        Self { n, mean, squares }
    }

    /// The variance of the sample, with n − 1.
    pub(super) fn variance(self) -> f64 {
        self.squares / (self.n - 1.0)
    }
}

/// Pearson's product-moment correlation.
pub(super) fn pearson(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Figure {
    let left = Moments::of(pairs.clone().map(|(left, _)| left));
    let right = Moments::of(pairs.clone().map(|(_, right)| right));
    if left.n == 0.0 {
        return Err(NO_PAIRS);
    }
    // Squares of nothing but rounding are those of equal scores.
    if constant(pairs.clone().map(|(left, _)| left)) || constant(pairs.clone().map(|(_, right)| right)) {
        return Err(CONSTANT);
    }
    let products: f64 = pairs.map(|(x, y)| (x - left.mean) * (y - right.mean)).sum();
    Ok((products / (left.squares.sqrt() * right.squares.sqrt())).clamp(-1.0, 1.0))
}

/// Whether all values are equal.
pub(super) fn constant(mut values: impl Iterator<Item = f64>) -> bool {
    values.next().is_none_or(|first| values.all(|value| value == first))
}

/// A small seeded generator (`SplitMix64`; Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub(super) struct Generator(u64);

// === impl Generator ===

impl Generator {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
