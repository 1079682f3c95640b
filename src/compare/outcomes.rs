//! Who was right: scores and flags against what turned out to be true.
//!
//! Only pairs with an outcome count here. The pairs with one may differ from those without: when flagged subjects are
//! investigated more often, recall and areas are not what they seem. Nothing here corrects that; `labelling` tells it.

mod calibration;
mod capacity;
mod combined;
mod delong;
mod flags;
mod labelling;
mod precision;
mod tally;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use calibration::{Calibration, LevelRate, SideCalibration, Step};
pub use capacity::{RecallAt, RecallAtCapacity, TieBand, TieBands};
pub use combined::Combined;
pub use delong::{Auc, RocPoint};
pub(super) use delong::{Spread, estimates};
pub use flags::{FlagRates, Mcnemar, OneSided};
pub(super) use labelling::depends;
pub use labelling::{Known, KnownByGroup, Labelling};
pub use precision::AveragePrecision;

use super::{figure::NO_PAIRS, numbers::reach, pairs::Row, ranks::order, scores::both, settings::Settings};
use tally::{Group, tally};

/// Who was right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Outcomes {
    /// Pairs with an outcome.
    pub labelled: u64,
    /// Those that turned out to be a case.
    pub positives: u64,
    /// Those that did not.
    pub negatives: u64,
    /// Of whom outcomes are known.
    pub labelling: Labelling,
    /// How well each side's scores put positives above negatives.
    pub auc: Auc,
    /// How pure the top of each side's list is.
    pub average_precision: AveragePrecision,
    /// How many positives each side finds when only its highest scores can be investigated.
    pub recall_at_capacity: RecallAtCapacity,
    /// Whether one side's flags are right more often.
    pub mcnemar: Mcnemar,
    /// Whether both sides together would find more than either alone.
    pub combined: Combined,
    /// What the levels and scores of each side have meant.
    pub calibration: Calibration,
    /// Why figures here are null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The pairs with an outcome, sorted by the left score, and where each stands by the right one.
pub(super) struct Labelled {
    rows: Vec<Row>,
    /// By position in `rows`.
    positive: Vec<bool>,
    by_left: Vec<u32>,
    by_right: Vec<u32>,
    left: Vec<Group>,
    right: Vec<Group>,
    positives: u64,
}

const NO_OUTCOMES: &str = "no pair has an outcome";
const NO_POSITIVES: &str = "no outcome is positive: nothing could have been found";
const NO_NEGATIVES: &str = "every outcome is positive: nothing tells the two kinds apart";

// === impl Labelled ===

impl Labelled {
    /// `rows` are sorted by the left score.
    pub(super) fn of(rows: &[Row]) -> Self {
        let rows: Vec<Row> = rows.iter().filter(|row| row.positive().is_some()).copied().collect();
        let positive: Vec<bool> = rows.iter().map(|row| row.positive() == Some(true)).collect();
        let by_left: Vec<u32> = (0..rows.len() as u32).collect();
        let by_right = order(rows.iter().map(|row| row.right));
        let left = tally(&by_left, |index| rows[index].left, &positive);
        let right = tally(&by_right, |index| rows[index].right, &positive);
        let positives = positive.iter().filter(|&&positive| positive).count() as u64;
        Self { rows, positive, by_left, by_right, left, right, positives }
    }

    const fn total(&self) -> u64 {
        self.rows.len() as u64
    }

    const fn negatives(&self) -> u64 {
        self.total() - self.positives
    }

    /// Why nothing can be said about who is right.
    const fn hindrance(&self) -> Option<&'static str> {
        match (self.total(), self.positives, self.negatives()) {
            (0, ..) => Some(NO_OUTCOMES),
            (_, 0, _) => Some(NO_POSITIVES),
            (_, _, 0) => Some(NO_NEGATIVES),
            _ => None,
        }
    }
}

pub(super) fn outcomes(rows: &[Row], settings: &Settings) -> Outcomes {
    let labelled = Labelled::of(rows);
    let (average_precision, (auc, calibration)) = both(
        || precision::average_precision(&labelled, settings),
        || {
            (
                delong::auc(&labelled, settings.confidence),
                calibration::calibration(&labelled, settings.confidence),
            )
        },
    );
    let mcnemar = flags::mcnemar(&labelled, settings);
    let flags = mcnemar.positives.table();
    let combined = combined::combined(&labelled, flags, reach(settings.confidence), settings.confidence);
    let hindrance = if rows.is_empty() { Some(NO_PAIRS) } else { labelled.hindrance() };
    Outcomes {
        labelled: labelled.total(),
        positives: labelled.positives,
        negatives: labelled.negatives(),
        labelling: labelling::labelling(rows, settings),
        auc,
        average_precision,
        recall_at_capacity: capacity::recall_at_capacity(&labelled, settings.capacity),
        mcnemar,
        combined,
        calibration,
        reason: hindrance.map(str::to_owned),
    }
}

/// How well both sides' scores put positives above negatives, for a part of the pairs.
pub(super) fn auc_of(rows: &[Row], confidence: f64) -> (Auc, u64, u64) {
    let labelled = Labelled::of(rows);
    (delong::auc(&labelled, confidence), labelled.total(), labelled.positives)
}
