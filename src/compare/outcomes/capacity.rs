//! How many positives each side finds when only its highest scores can be investigated.
//!
//! ⌈capacity · labelled⌉ subjects are taken from the top. When the last of them share their score with others, the
//! expectation over all choices among those counts, and `ties` says how many they are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Group, Labelled};
use crate::compare::figure::finite;

/// How many positives each side finds when only its highest scores can be investigated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecallAtCapacity {
    /// The share of labelled subjects that can be investigated.
    pub capacity: f64,
    /// How many these are.
    pub investigated: u64,
    /// The share of positives that the left side finds.
    #[schema(required)]
    pub left: Option<f64>,
    /// The share that the right side finds.
    #[schema(required)]
    pub right: Option<f64>,
    /// Who shares the lowest score that is still investigated.
    pub ties: TieBands,
    /// The same at other capacities.
    pub curve: Vec<RecallAt>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who shares the lowest score that is still investigated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TieBands {
    /// On the left side; absent where nobody is investigated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<TieBand>,
    /// On the right side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<TieBand>,
}

/// Subjects with one score, of whom not all can be investigated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TieBand {
    /// Their score.
    pub score: f64,
    /// How many they are.
    pub subjects: u64,
    /// How many of them can be investigated.
    pub investigated: u64,
}

/// How much each side finds at a capacity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecallAt {
    /// The share of labelled subjects that can be investigated.
    pub capacity: f64,
    /// How many these are.
    pub investigated: u64,
    /// The share of positives that the left side finds.
    pub left: f64,
    /// The share that the right side finds.
    pub right: f64,
}

const CAPACITIES: [f64; 7] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5];

pub(super) fn recall_at_capacity(labelled: &Labelled, capacity: f64) -> RecallAtCapacity {
    let places = places(labelled.total(), capacity);
    if labelled.positives == 0 {
        let reason = labelled.hindrance().unwrap_or_default().to_owned();
        let (ties, curve) = (TieBands::default(), Vec::new());
        return RecallAtCapacity {
            capacity,
            investigated: places,
            left: None,
            right: None,
            ties,
            curve,
            reason: Some(reason),
        };
    }
    let find = |groups: &[Group], places| {
        let (found, band) = found(groups, places);
        (found / labelled.positives as f64, band)
    };
    let ((left, left_band), (right, right_band)) =
        (find(&labelled.left, places), find(&labelled.right, places));
    let at = |&capacity: &f64| {
        let investigated = self::places(labelled.total(), capacity);
        let (left, right) = (find(&labelled.left, investigated).0, find(&labelled.right, investigated).0);
        RecallAt { capacity, investigated, left, right }
    };
    RecallAtCapacity {
        capacity,
        investigated: places,
        left: finite(left),
        right: finite(right),
        ties: TieBands { left: left_band, right: right_band },
        curve: CAPACITIES.iter().map(at).collect(),
        reason: None,
    }
}

fn places(total: u64, capacity: f64) -> u64 {
    // 0.07 · 100 is 7.000000000000001, and means 7.
    ((capacity * total as f64 - 1e-9).ceil().max(0.0) as u64).min(total)
}

/// How many positives are expected among the highest scores, and who shares the last of them.
fn found(groups: &[Group], places: u64) -> (f64, Option<TieBand>) {
    let (mut found, mut left) = (0.0, places);
    for group in groups.iter().rev() {
        if group.total() >= left {
            found += group.positives as f64 * left as f64 / group.total() as f64;
            return (
                found,
                Some(TieBand { score: group.score, subjects: group.total(), investigated: left }),
            );
        }
        found += group.positives as f64;
        left -= group.total();
    }
    (found, None)
}
