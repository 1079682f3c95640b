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
    let mut generator = Generator::new(settings.bootstrap.seed);
    let mut drawn = vec![Drawn::default(); labelled.rows.len()];
    let mut differences: Vec<f64> = Vec::with_capacity(rounds as usize);
    for _ in 0..rounds {
        for (drawn, &positive) in drawn.iter_mut().zip(&labelled.positive) {
            let times = poisson(generator.next());
            *drawn = Drawn { times, positives: times * u8::from(positive) };
        }
        let left = weighted(&labelled.by_left, &labelled.left, &drawn);
        let right = weighted(&labelled.by_right, &labelled.right, &drawn);
        differences.extend(finite(left - right));
    }
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

/// How often a subject was drawn, and so as a positive.
#[derive(Debug, Clone, Copy, Default)]
struct Drawn {
    times: u8,
    positives: u8,
}

/// Average precision when each subject counts as often as it was drawn.
fn weighted(order: &[u32], groups: &[Group], drawn: &[Drawn]) -> f64 {
    let mut end = order.len();
    steps(groups.iter().rev().map(|group| {
        let begin = end - group.total() as usize;
        let (mut positives, mut all) = (0_u32, 0_u32);
        for &index in &order[begin..end] {
            let Drawn { times, positives: as_positive } = drawn[index as usize];
            all += u32::from(times);
            positives += u32::from(as_positive);
        }
        end = begin;
        (f64::from(positives), f64::from(all - positives))
    }))
}

/// How often a pair is drawn: Poisson with mean 1, from 32 random bits.
fn poisson(bits: u64) -> u8 {
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
    let bits = (bits >> 32) as u32;
    // All are compared, though they ascend: without a branch that is several times as quick.
    UP_TO.iter().map(|&bound| u8::from(bits >= bound)).sum()
}
