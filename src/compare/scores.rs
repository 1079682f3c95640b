//! How far both sides' scores go together, and how their distributions differ.
//!
//! Two providers' scores are not one quantity: a bias says how their scales differ, not who is right.

mod correlation;
mod difference;
mod distribution;

use std::thread;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use difference::{BlandAltman, Density, Wilcoxon};
pub use distribution::{Histograms, Psi, shift};

use super::{
    agreement::LevelTable,
    figure::{Estimate, Figure, NO_PAIRS, Reasons, noted},
    pairs::Row,
    ranks::{midranks, order},
    settings::Settings,
};

pub(super) use correlation::spearman;

/// How far both sides' scores go together, and how their distributions differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scores {
    /// Spearman's rank correlation.
    pub spearman: Estimate,
    /// Kendall's rank correlation with ties.
    #[schema(required)]
    pub kendall_tau_b: Option<f64>,
    /// Pearson's correlation.
    #[schema(required)]
    pub pearson: Option<f64>,
    /// Differences, right − left.
    pub bland_altman: BlandAltman,
    /// Lin's concordance: correlation that also wants the same scale.
    #[schema(required)]
    pub lin_ccc: Option<f64>,
    /// Whether one side scores higher than the other.
    pub wilcoxon: Wilcoxon,
    /// The largest distance between both cumulative distributions (Kolmogorov and Smirnov).
    #[schema(required)]
    pub ks: Option<f64>,
    /// The mean distance between both distributions, in points (Wasserstein).
    #[schema(required)]
    pub wasserstein: Option<f64>,
    /// How differently both sides use the levels.
    pub psi: Psi,
    /// How often scores come.
    pub histograms: Histograms,
    /// The lowest score of the left side and of the right one; for sentences.
    #[serde(skip)]
    pub(super) lowest: Option<(f64, f64)>,
    /// Why something here is null.
    #[serde(default, skip_serializing_if = "Reasons::is_empty")]
    pub reasons: Reasons,
}

/// Figures that need the right side's order.
struct Ordered {
    spearman: Estimate,
    ks: Figure,
    wasserstein: Figure,
}

fn lowest(rows: &[Row]) -> Option<(f64, f64)> {
    rows.iter().map(|row| (row.left, row.right)).reduce(|one, other| (one.0.min(other.0), one.1.min(other.1)))
}

pub(super) fn scores(rows: &[Row], table: &LevelTable, settings: &Settings) -> Scores {
    let (ordered, (tau, wilcoxon)) =
        both(|| ordered(rows, settings), || (correlation::kendall_tau_b(rows), difference::wilcoxon(rows)));
    let mut reasons = Reasons::new();
    let mut note = |name: &str, figure: Figure| noted(&mut reasons, name, figure);
    Scores {
        kendall_tau_b: note("kendall_tau_b", tau),
        pearson: note("pearson", correlation::pearson_of(rows)),
        lin_ccc: note("lin_ccc", correlation::lin(rows)),
        ks: note("ks", ordered.ks),
        wasserstein: note("wasserstein", ordered.wasserstein),
        spearman: ordered.spearman,
        lowest: lowest(rows),
        bland_altman: difference::bland_altman(rows, settings.confidence),
        wilcoxon,
        psi: distribution::psi(table, settings.confidence),
        histograms: distribution::histograms(rows),
        reasons,
    }
}

fn ordered(rows: &[Row], settings: &Settings) -> Ordered {
    if rows.is_empty() {
        return Ordered { spearman: Estimate::none(NO_PAIRS), ks: Err(NO_PAIRS), wasserstein: Err(NO_PAIRS) };
    }
    let order = order(rows.iter().map(|row| row.right));
    let ranks = midranks(&order, |index| rows[index].right);
    let sorted: Vec<f64> = order.iter().map(|&index| rows[index as usize].right).collect();
    Ordered {
        spearman: spearman(rows, &ranks, settings.confidence),
        ks: Ok(distribution::ks(rows, &sorted)),
        wasserstein: Ok(distribution::wasserstein(rows, &sorted)),
    }
}

/// Calls both: at the same time, or one after the other where no thread can be had.
pub(super) fn both<A: Send, B>(one: impl Fn() -> A + Sync, other: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let running = thread::Builder::new().spawn_scoped(scope, &one);
        let other = other();
        match running.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(one)) => (one, other),
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => (one(), other),
        }
    })
}
