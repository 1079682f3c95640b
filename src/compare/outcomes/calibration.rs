//! What the levels and scores of each side have meant.
//!
//! A score is never a probability. What it has meant is read off the outcomes: the observed rate of each level (with
//! Wilson's interval), and the best rate that never falls as the score rises (isotonic regression, pool adjacent
//! violators; Ayer et al. 1955), whose mean squared error is `isotonic_brier`. It is fitted to the same outcomes that
//! judge it, which flatters both sides alike.

use risk_provider::Level;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Group, Labelled, flags::share};
use crate::compare::{
    figure::{Estimate, finite},
    pairs::Row,
};

/// What the levels and scores of each side have meant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Calibration {
    /// The share of positives among all outcomes.
    #[schema(required)]
    pub base_rate: Option<f64>,
    /// The left side.
    pub left: SideCalibration,
    /// The right side.
    pub right: SideCalibration,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What the levels and scores of one side have meant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SideCalibration {
    /// The mean squared error of the rising rate: 0 when scores tell all, `base_rate` · (1 − `base_rate`) when nothing.
    #[schema(required)]
    pub isotonic_brier: Option<f64>,
    /// The rising rate, at most 200 steps of it.
    pub curve: Vec<Step>,
    /// What was observed at each level.
    pub levels: Vec<LevelRate>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Scores from one to another, and the rate among them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// The lowest score.
    pub from: f64,
    /// The highest score.
    pub to: f64,
    /// The share of positives.
    pub rate: f64,
    /// How many there are.
    pub subjects: u64,
}

/// What was observed at a level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LevelRate {
    /// The level.
    pub level: Level,
    /// How many with an outcome have it.
    pub subjects: u64,
    /// How many of them are positive.
    pub positives: u64,
    /// Their share.
    pub rate: Estimate,
}

const STEPS: usize = 200;

pub(super) fn calibration(labelled: &Labelled, confidence: f64) -> Calibration {
    let base_rate = finite(labelled.positives as f64 / labelled.total() as f64);
    let side = |groups: &[Group], level: fn(&Row) -> u8| {
        let steps = rising(groups);
        SideCalibration {
            isotonic_brier: finite(brier(&steps) / labelled.total() as f64),
            curve: thinned(&steps),
            levels: levels(labelled, level, confidence),
            reason: base_rate.is_none().then(|| super::NO_OUTCOMES.to_owned()),
        }
    };
    Calibration {
        base_rate,
        left: side(&labelled.left, |row| row.left_level),
        right: side(&labelled.right, |row| row.right_level),
        reason: base_rate.is_none().then(|| super::NO_OUTCOMES.to_owned()),
    }
}

fn levels(labelled: &Labelled, level: fn(&Row) -> u8, confidence: f64) -> Vec<LevelRate> {
    let mut counts = [(0, 0); 5];
    for (row, &positive) in labelled.rows.iter().zip(&labelled.positive) {
        let count = &mut counts[usize::from(level(row))];
        count.0 += 1;
        count.1 += u64::from(positive);
    }
    let rate = |(level, (subjects, positives))| LevelRate {
        level,
        subjects,
        positives,
        rate: share(positives, subjects, confidence, "nobody with an outcome has this level"),
    };
    Level::ALL.into_iter().zip(counts).map(rate).collect()
}

/// A stretch of scores with one rate.
#[derive(Debug, Clone, Copy)]
struct Block {
    from: f64,
    to: f64,
    positives: u64,
    total: u64,
}

/// Joins neighbours until rates rise.
fn rising(groups: &[Group]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for group in groups {
        let mut block =
            Block { from: group.score, to: group.score, positives: group.positives, total: group.total() };
        // Products instead of quotients, so that equal rates are equal.
        while let Some(last) = blocks.pop_if(|last| {
            u128::from(last.positives) * u128::from(block.total)
                >= u128::from(block.positives) * u128::from(last.total)
        }) {
            block.from = last.from;
            block.positives += last.positives;
            block.total += last.total;
        }
        blocks.push(block);
    }
    blocks
}

/// The sum of squared distances between outcomes and rates.
fn brier(blocks: &[Block]) -> f64 {
    blocks
        .iter()
        .map(|block| block.positives as f64 * (1.0 - block.positives as f64 / block.total as f64))
        .sum()
}

fn thinned(blocks: &[Block]) -> Vec<Step> {
    let size = blocks.len().div_ceil(STEPS).max(1);
    let step = |blocks: &[Block]| {
        let (first, last) = (blocks.first()?, blocks.last()?);
        let positives: u64 = blocks.iter().map(|block| block.positives).sum();
        let subjects = blocks.iter().map(|block| block.total).sum();
        Some(Step { from: first.from, to: last.to, rate: positives as f64 / subjects as f64, subjects })
    };
    blocks.chunks(size).filter_map(step).collect()
}
