//! Average precision, and whether both sides' differ.
//!
//! Σ (recall gained at a score) · (precision from that score on), over the distinct scores from the top, as in the area
//! under a precision-recall curve in steps. There is no closed form for the difference's interval: whole pairs are drawn
//! anew (bootstrap, percentiles; Efron 1979) with Poisson weights, from a seed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Group, Labelled};
use crate::compare::{
    figure::{Estimate, finite},
    numbers::Generator,
    settings::Settings,
};

/// How pure the top of each side's list is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AveragePrecision {
    /// The left side's.
    #[schema(required)]
    pub left: Option<f64>,
    /// The right side's.
    #[schema(required)]
    pub right: Option<f64>,
    /// left − right.
    pub difference: Estimate,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How many draws of a pair are made at most, over all rounds.
const DRAWS: u64 = 20_000_000;
/// With fewer rounds percentiles are too coarse.
const ROUNDS: u64 = 200;

pub(super) fn average_precision(labelled: &Labelled, settings: &Settings) -> AveragePrecision {
    if let Some(reason) = labelled.hindrance() {
        let (difference, reason) = (Estimate::none(reason), Some(reason.to_owned()));
        return AveragePrecision { left: None, right: None, difference, reason };
    }
    let precision = |groups: &[Group]| {
        steps(groups.iter().rev().map(|group| (group.positives as f64, group.negatives as f64)))
    };
    let (left, right) = (precision(&labelled.left), precision(&labelled.right));
    AveragePrecision {
        left: finite(left),
        right: finite(right),
        difference: difference(labelled, left - right, settings),
        reason: None,
    }
}

/// From positives and negatives of each distinct score, highest first.
fn steps(groups: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut sum, mut positives, mut total) = (0.0, 0.0, 0.0);
    for (of_positives, of_negatives) in groups {
        positives += of_positives;
        total += of_positives + of_negatives;
        if of_positives > 0.0 {
            sum += of_positives * positives / total;
        }
    }
    sum / positives
}

fn difference(labelled: &Labelled, value: f64, settings: &Settings) -> Estimate {
    let rounds = settings.bootstrap.rounds.min(DRAWS / labelled.total().max(1));
    if rounds < ROUNDS {
        let reason = if settings.bootstrap.rounds < ROUNDS {
            "an interval takes 200 resamples or more"
        } else {
            "resampling more than 100,000 outcomes takes too long"
        };
        return Estimate::bare(value, reason);
    }
    let mut differences = redrawn(labelled, settings.bootstrap.seed, rounds);
    differences.sort_unstable_by(f64::total_cmp);
    let percentile = |share: f64| {
        let place = share * (differences.len() as f64 - 1.0);
        let (below, part) = (place.floor() as usize, place.fract());
        let at =
            |place: usize| differences.get(place).or_else(|| differences.last()).copied().unwrap_or(f64::NAN);
        at(below) + part * (at(below + 1) - at(below))
    };
    let tail = (1.0 - settings.confidence) / 2.0;
    let (low, high) = (percentile(tail), percentile(1.0 - tail));
    if low >= high {
        return Estimate::bare(value, "every resample has the same difference");
    }
    Estimate::with(value, (low, high))
}

/// The difference in each round, of pairs drawn anew.
fn redrawn(labelled: &Labelled, seed: u64, rounds: u64) -> Vec<f64> {
    let lefts = places(&labelled.by_left, &labelled.left);
    let rights = places(&labelled.by_right, &labelled.right);
    let positives = labelled.positive.iter().copied().map(u32::from);
    let rows: Vec<_> = lefts.into_iter().zip(rights).zip(positives).collect();
    let (poisson, mut generator) = (Poisson::new(), Generator::new(seed));
    let mut left = vec![Drawn::default(); labelled.left.len()];
    let mut right = vec![Drawn::default(); labelled.right.len()];
    let differences = (0..rounds).filter_map(|_| {
        left.fill(Drawn::default());
        right.fill(Drawn::default());
        for &((in_left, in_right), positive) in &rows {
            let times = poisson.draw(generator.next());
            left[in_left as usize].add(times, positive);
            right[in_right as usize].add(times, positive);
        }
        finite(redrawn_precision(&left) - redrawn_precision(&right))
    });
    differences.collect()
}

fn redrawn_precision(drawn: &[Drawn]) -> f64 {
    steps(
        drawn
            .iter()
            .rev()
            .map(|group| (f64::from(group.positives), f64::from(group.times - group.positives))),
    )
}

/// To which group each row belongs.
fn places(order: &[u32], groups: &[Group]) -> Vec<u32> {
    let mut places = vec![0; order.len()];
    let mut rows = order.iter();
    for (number, group) in groups.iter().enumerate() {
        for &row in rows.by_ref().take(group.total() as usize) {
            places[row as usize] = number as u32;
        }
    }
    places
}

/// How often those of one score were drawn, and so as positives.
#[derive(Debug, Clone, Copy, Default)]
struct Drawn {
    times: u32,
    positives: u32,
}

impl Drawn {
    const fn add(&mut self, times: u8, positive: u32) {
        self.times += times as u32;
        self.positives += times as u32 * positive;
    }
}

/// How often a pair is drawn: Poisson with mean 1, from 32 random bits.
struct Poisson {
    /// By the first bits; where the others decide, none.
    known: [Option<u8>; 1 << 12],
}

impl Poisson {
    /// ⌊2³² · P(X ≤ k)⌋
    const UP_TO: [u32; 10] = [
        1_580_030_168,
        3_160_060_337,
        3_950_075_421,
        4_213_413_783,
        4_279_248_373,
        4_292_415_291,
        4_294_609_777,
        4_294_923_276,
        4_294_962_463,
        4_294_966_817,
    ];

    fn new() -> Self {
        Self {
            known: std::array::from_fn(|first| {
                let least = (first as u32) << 20;
                let times = Self::times(least);
                (Self::times(least | 0xf_ffff) == times).then_some(times)
            }),
        }
    }

    fn draw(&self, bits: u64) -> u8 {
        self.known[(bits >> 52) as usize].unwrap_or_else(|| Self::times((bits >> 32) as u32))
    }

    fn times(bits: u32) -> u8 {
        Self::UP_TO.iter().map(|&bound| u8::from(bits >= bound)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_first_bits_decide_is_what_all_of_them_say() {
        let poisson = Poisson::new();
        let mut generator = Generator::new(11);
        let near_bounds =
            Poisson::UP_TO.into_iter().flat_map(|bound| [bound - 1, bound, bound.saturating_add(1)]);
        let anywhere = (0..100_000).map(|_| (generator.next() >> 32) as u32);
        for bits in [0, u32::MAX].into_iter().chain(near_bounds).chain(anywhere) {
            assert_eq!(poisson.draw(u64::from(bits) << 32), Poisson::times(bits), "{bits}");
        }
    }
}
