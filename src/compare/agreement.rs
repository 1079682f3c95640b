//! How far both sides give the same levels.
//!
//! The table's rows are the left side's levels, its columns the right side's. Weighted kappa: Cohen 1968, with the
//! standard error for large samples of Fleiss, Cohen and Everitt 1969; linear weights are distances, quadratic ones
//! their squares. AC1: Gwet 2008, over the five levels; of the two answers "flagged" and "not flagged" it stands under
//! `flag`, beside their kappa and PABAK (Byrt, Bishop and Carlin 1993). Symmetry: Bowker 1948, where only pairs of
//! cells that hold anyone count as degrees of freedom.

use risk_provider::Level;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    figure::{Estimate, NO_PAIRS, Reasons, finite},
    numbers::{chi_square_tail, reach},
    pairs::Row,
    settings::Settings,
};

/// How many subjects stand in each cell: rows are the left side's levels, columns the right side's, lowest first.
pub type LevelTable = [[u64; 5]; 5];

/// How far both sides give the same levels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Agreement {
    /// Rows are the left side's levels, columns the right side's, lowest first.
    #[schema(value_type = Vec<Vec<u64>>)]
    pub table: LevelTable,
    /// The share of pairs with equal levels.
    #[schema(required)]
    pub exact: Option<f64>,
    /// The share of pairs whose levels are equal or neighbours.
    #[schema(required)]
    pub within_one: Option<f64>,
    /// Cohen's kappa without weights.
    pub kappa: Estimate,
    /// Cohen's kappa, weighted by distance.
    pub kappa_linear: Estimate,
    /// Cohen's kappa, weighted by squared distance.
    pub kappa_quadratic: Estimate,
    /// Gwet's AC1 over the five levels.
    #[schema(required)]
    pub ac1: Option<f64>,
    /// Whether one side gives higher levels than the other.
    pub bowker: Bowker,
    /// The same for "flagged" and "not flagged".
    pub flag: FlagAgreement,
    /// Why something here is null.
    #[serde(default, skip_serializing_if = "Reasons::is_empty")]
    pub reasons: Reasons,
}

/// Bowker's test of symmetry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bowker {
    /// `Σ (n_ij − n_ji)² ÷ (n_ij + n_ji)`, over pairs of cells that hold anyone.
    #[schema(required)]
    pub chi2: Option<f64>,
    /// Pairs of cells that hold anyone.
    pub df: u32,
    /// How probable so much asymmetry is without a cause.
    #[schema(required)]
    pub p: Option<f64>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Agreement on whom to flag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlagAgreement {
    /// From this level on a subject is flagged.
    pub from: Level,
    /// Rows are the left side's, columns the right side's: not flagged, flagged.
    #[schema(value_type = Vec<Vec<u64>>)]
    pub table: [[u64; 2]; 2],
    /// The share of pairs on which both agree.
    #[schema(required)]
    pub exact: Option<f64>,
    /// Cohen's kappa.
    #[schema(required)]
    pub kappa: Option<f64>,
    /// Gwet's AC1, which stays steady where few are flagged.
    #[schema(required)]
    pub ac1: Option<f64>,
    /// Kappa as if half were flagged: 2 · exact − 1.
    #[schema(required)]
    pub pabak: Option<f64>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

const NO_DISAGREEMENT: &str =
    "both sides gave everyone the same level, so that chance alone would agree as much";
const NO_SPREAD: &str = "these pairs leave its standard error at zero, which says nothing about others";

pub(super) fn table(rows: &[Row]) -> LevelTable {
    let mut table = LevelTable::default();
    for row in rows {
        table[usize::from(row.left_level)][usize::from(row.right_level)] += 1;
    }
    table
}

/// Everything about agreement follows from the table.
pub(super) fn agreement(table: LevelTable, settings: &Settings) -> Agreement {
    let n = total(&table);
    let mut reasons = Reasons::new();
    if n == 0 {
        for name in ["exact", "within_one", "ac1"] {
            reasons.insert(name.to_owned(), NO_PAIRS.to_owned());
        }
    }
    let kappa = |weight| weighted_kappa(&table, weight, settings.confidence);
    Agreement {
        table,
        exact: share(&table, |distance| distance == 0),
        within_one: share(&table, |distance| distance <= 1),
        kappa: kappa(Weight::Exact),
        kappa_linear: kappa(Weight::Linear),
        kappa_quadratic: kappa(Weight::Quadratic),
        ac1: ac1(&table),
        bowker: bowker(&table),
        flag: flag_agreement(&table, settings),
        reasons,
    }
}

fn flag_agreement(levels: &LevelTable, settings: &Settings) -> FlagAgreement {
    let from = settings.flag_level as usize;
    let mut table = [[0; 2]; 2];
    for (left, row) in levels.iter().enumerate() {
        for (right, count) in row.iter().enumerate() {
            table[usize::from(left >= from)][usize::from(right >= from)] += count;
        }
    }
    let exact = share(&table, |distance| distance == 0);
    let kappa = weighted_kappa(&table, Weight::Exact, settings.confidence);
    FlagAgreement {
        from: settings.flag_level,
        table,
        exact,
        kappa: kappa.value,
        ac1: ac1(&table),
        pabak: exact.map(|exact| 2.0 * exact - 1.0),
        reason: kappa.reason.filter(|_| kappa.value.is_none()),
    }
}

/// The share of pairs whose levels are so far apart.
pub(super) fn share<const K: usize>(table: &[[u64; K]; K], wanted: impl Fn(usize) -> bool) -> Option<f64> {
    let cells =
        table.iter().enumerate().flat_map(|(i, row)| row.iter().enumerate().map(move |(j, n)| (i, j, n)));
    let hits: u64 = cells.filter(|&(i, j, _)| wanted(i.abs_diff(j))).map(|(_, _, n)| n).sum();
    finite(hits as f64 / total(table) as f64)
}

fn total<const K: usize>(table: &[[u64; K]; K]) -> u64 {
    table.iter().flatten().sum()
}

/// The shares of the table's rows and of its columns.
fn margins<const K: usize>(table: &[[u64; K]; K]) -> ([f64; K], [f64; K]) {
    let n = total(table) as f64;
    let mut margins = ([0.0; K], [0.0; K]);
    for (i, row) in table.iter().enumerate() {
        for (j, &count) in row.iter().enumerate() {
            margins.0[i] += count as f64 / n;
            margins.1[j] += count as f64 / n;
        }
    }
    margins
}

/// What a cell off the diagonal is worth.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weight {
    Exact,
    Linear,
    Quadratic,
}

// === impl Weight ===

impl Weight {
    /// 1 where both agree, 0 where they are farthest apart.
    fn of(self, i: usize, j: usize, categories: usize) -> f64 {
        let apart = i.abs_diff(j) as f64 / (categories - 1) as f64;
        match self {
            Self::Exact => f64::from(u8::from(i == j)),
            Self::Linear => 1.0 - apart,
            Self::Quadratic => 1.0 - apart * apart,
        }
    }
}

pub(super) fn weighted_kappa<const K: usize>(
    table: &[[u64; K]; K],
    weight: Weight,
    confidence: f64,
) -> Estimate {
    let n = total(table) as f64;
    if n == 0.0 {
        return Estimate::none(NO_PAIRS);
    }
    let (rows, columns) = margins(table);
    if (0..K).any(|level| rows[level] >= 1.0 && columns[level] >= 1.0) {
        return Estimate::none(NO_DISAGREEMENT);
    }
    let (mut observed, mut expected) = (0.0, 0.0);
    let (mut of_row, mut of_column) = ([0.0; K], [0.0; K]);
    for i in 0..K {
        for j in 0..K {
            let weight = weight.of(i, j, K);
            observed += weight * table[i][j] as f64 / n;
            expected += weight * rows[i] * columns[j];
            of_row[i] += weight * columns[j];
            of_column[j] += weight * rows[i];
        }
    }
    let kappa = (observed - expected) / (1.0 - expected);
    let mut squares = 0.0;
    for i in 0..K {
        for j in 0..K {
            let part = weight.of(i, j, K) - (of_row[i] + of_column[j]) * (1.0 - kappa);
            squares += table[i][j] as f64 / n * part * part;
        }
    }
    let centre = kappa - expected * (1.0 - kappa);
    let spread = squares - centre * centre;
    // What is left by rounding is nothing.
    if spread <= 1e-12 {
        return Estimate::bare(kappa, NO_SPREAD);
    }
    let se = (spread / n).sqrt() / (1.0 - expected);
    let half = reach(confidence) * se;
    let interval = ((kappa - half).max(-1.0), (kappa + half).min(1.0));
    Estimate { se: finite(se), ..Estimate::with(kappa, interval) }
}

/// Gwet's AC1: agreement by chance is Σ π(1 − π) ÷ (categories − 1), with π the mean of both sides' shares.
pub(super) fn ac1<const K: usize>(table: &[[u64; K]; K]) -> Option<f64> {
    let (rows, columns) = margins(table);
    let mean = (0..K).map(|level| f64::midpoint(rows[level], columns[level]));
    let chance = mean.map(|share| share * (1.0 - share)).sum::<f64>() / (K - 1) as f64;
    let exact = share(table, |distance| distance == 0)?;
    finite((exact - chance) / (1.0 - chance))
}

fn bowker(table: &LevelTable) -> Bowker {
    let (mut chi2, mut df) = (0.0, 0);
    for (i, row) in table.iter().enumerate() {
        for (&one, other) in row.iter().zip(table.iter().map(|row| row[i])).take(i) {
            let (one, other) = (one as f64, other as f64);
            if one + other > 0.0 {
                chi2 += (one - other) * (one - other) / (one + other);
                df += 1;
            }
        }
    }
    if df == 0 {
        let reason = if total(table) == 0 { NO_PAIRS } else { "both sides agree on every subject" };
        return Bowker { chi2: None, df, p: None, reason: Some(reason.to_owned()) };
    }
    Bowker { chi2: finite(chi2), df, p: finite(chi_square_tail(chi2, df)), reason: None }
}
