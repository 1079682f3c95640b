//! How sure an early look must be, so that all looks together err no more often than one would.
//!
//! The error is spent by the function of Lan and DeMets (1983) that comes close to O'Brien and Fleming's bounds (1979):
//! α(t) = 4 · (1 − Φ(`z_α/4` ÷ √t)), on both sides together, where t is the share of the planned information. Almost
//! nothing is spent early; the last look spends the rest, however much information there is by then. The bound of each
//! look follows from those before it by integrating the density of what has not crossed yet (Armitage, McPherson and
//! Rowe 1969).

use super::numbers::{quantile, two_sided};

/// Points at which a density is held; even, for Simpson's rule.
const STEPS: usize = 800;
/// Beyond this many standard errors nothing is left to integrate.
const FAR: f64 = 8.0;

/// The density of a Brownian motion that has crossed no bound so far.
#[derive(Debug, Clone)]
struct Density {
    /// At equally spaced points from −`reach` to `reach`, times Simpson's weight of each.
    mass: Vec<f64>,
    reach: f64,
    /// The share of the information at which it is that.
    at: f64,
}

/// How many standard errors an estimate must be away at each look, on either side, for all of them together to err with
/// probability `alpha`.
///
/// `shares` are those of the planned information; they rise, above 0 and up to 1. The look at index `last`, if there is
/// one, spends what is left.
#[must_use]
pub fn bounds(shares: &[f64], last: Option<usize>, alpha: f64) -> Vec<f64> {
    let mut density: Option<Density> = None;
    let (mut bounds, mut spent_before) = (Vec::with_capacity(shares.len()), 0.0);
    for (number, &share) in shares.iter().enumerate() {
        let spent = if last == Some(number) { alpha } else { spent(share, alpha).min(alpha) };
        let bound = match &density {
            // From the tail, where the digits are.
            None => -quantile(spent / 2.0),
            Some(density) => density.bound(share, spent - spent_before),
        };
        density =
            Some(density.map_or_else(|| Density::first(share, bound), |density| density.then(share, bound)));
        bounds.push(bound);
        spent_before = spent;
    }
    bounds
}

/// How probable an estimate that far away is by chance alone: the level to which a look at this bound tests.
#[must_use]
pub fn nominal(bound: f64) -> f64 {
    two_sided(bound)
}

/// The error spent by the time that this share of the information is there.
fn spent(share: f64, alpha: f64) -> f64 {
    2.0 * two_sided(quantile(alpha / 4.0) / share.sqrt())
}

fn density_of_normal(x: f64, variance: f64) -> f64 {
    (-x * x / (2.0 * variance)).exp() / (std::f64::consts::TAU * variance).sqrt()
}

// === impl Density ===

impl Density {
    fn first(at: f64, bound: f64) -> Self {
        Self::new(at, bound, |x| density_of_normal(x, at))
    }

    fn then(&self, at: f64, bound: f64) -> Self {
        let variance = at - self.at;
        Self::new(at, bound, |x| {
            self.points().map(|(y, mass)| mass * density_of_normal(x - y, variance)).sum()
        })
    }

    fn new(at: f64, bound: f64, density: impl Fn(f64) -> f64) -> Self {
        let reach = bound.min(FAR) * at.sqrt();
        let width = 2.0 * reach / STEPS as f64;
        let weight = |step: usize| match step {
            0 | STEPS => 1.0,
            odd if odd % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let mass = |step: usize| density(-reach + width * step as f64) * weight(step) * width / 3.0;
        Self { mass: (0..=STEPS).map(mass).collect(), reach, at }
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        let width = 2.0 * self.reach / STEPS as f64;
        self.mass.iter().enumerate().map(move |(step, &mass)| (-self.reach + width * step as f64, mass))
    }

    /// The bound at `share` that is crossed with this probability.
    fn bound(&self, share: f64, probability: f64) -> f64 {
        let (mut low, mut high) = (0.0, FAR);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.crosses(share, middle) > probability { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    }

    /// How probable it is that the bound is crossed at `share`, and no earlier one was.
    fn crosses(&self, share: f64, bound: f64) -> f64 {
        let (edge, spread) = (bound * share.sqrt(), (share - self.at).sqrt());
        let above = |x: f64| tail((edge - x) / spread) + tail((edge + x) / spread);
        self.points().map(|(x, mass)| mass * above(x)).sum()
    }
}

/// How probable a standard normal number above `z` is.
fn tail(z: f64) -> f64 {
    let half = two_sided(z) / 2.0;
    if z < 0.0 { 1.0 - half } else { half }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[f64], expected: &[f64], by: f64) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < by, "{found} instead of {expected}");
        }
    }

    #[test]
    fn bounds_are_those_of_the_literature() {
        // As published for Lan and DeMets's function, two-sided 0.05, to as many digits as their integration kept.
        close(&bounds(&[1.0], Some(0), 0.05), &[1.959_96], 1e-5);
        close(&bounds(&[0.5, 1.0], Some(1), 0.05), &[2.962_59, 1.968_6], 1e-4);
        let five = bounds(&[0.2, 0.4, 0.6, 0.8, 1.0], Some(4), 0.05);
        close(&five, &[4.876_9, 3.356_9, 2.680_3, 2.289_8, 2.031_0], 2e-4);
        // By adaptive quadrature.
        close(&five[..2], &[4.876_884_948_8, 3.357_011_921_6], 1e-8);
    }

    #[test]
    fn the_last_look_spends_what_is_left_however_early_it_comes() {
        let early = bounds(&[0.3, 0.5], Some(1), 0.05);
        let planned = bounds(&[0.3, 0.5], None, 0.05);
        assert!(early[1] < planned[1], "{early:?} {planned:?}");
        assert!((nominal(early[1]) - 0.05).abs() < 1e-3, "almost all of it is left");
    }

    /// Of so many random walks, the share that crosses a bound at any look.
    fn crossed(shares: &[f64], bounds: &[f64], walks: u32) -> f64 {
        let mut numbers = crate::compare::numbers::Generator::new(7);
        let mut uniform = || (numbers.next() >> 11) as f64 / (1_u64 << 53) as f64;
        let mut normal = || quantile((uniform() + 1e-17).min(1.0 - 1e-16));
        let crosses = |_walk| {
            let (mut at, mut where_it_is, mut has_crossed) = (0.0, 0.0, false);
            for (&share, &bound) in shares.iter().zip(bounds) {
                where_it_is += normal() * f64::sqrt(share - at);
                at = share;
                has_crossed |= where_it_is.abs() >= bound * share.sqrt();
            }
            has_crossed
        };
        f64::from(u32::try_from((0..walks).map(crosses).filter(|&crossed| crossed).count()).expect("few"))
            / f64::from(walks)
    }

    #[test]
    fn ten_looks_together_err_as_often_as_one_and_uncorrected_ones_do_not() {
        let shares: Vec<f64> = (1..=10).map(|look| f64::from(look) / 10.0).collect();
        let bounds = bounds(&shares, Some(9), 0.05);
        assert!((crossed(&shares, &bounds, 40_000) - 0.05).abs() < 0.005);
        let uncorrected = crossed(&shares, &[1.96; 10], 40_000);
        assert!((uncorrected - 0.19).abs() < 0.01, "{uncorrected}");
    }
}
