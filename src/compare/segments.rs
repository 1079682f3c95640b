//! The main figures by segment.
//!
//! Many segments are many chances to find something: `p_adjusted` is the p value corrected for their number (Holm 1979).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    agreement::{Weight, share, table, weighted_kappa},
    figure::{Estimate, finite},
    numbers::Moments,
    outcomes::auc_of,
    pairs::Row,
    settings::Settings,
};

/// The main figures of a segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Segment {
    /// Its name; null for pairs without one.
    #[schema(required)]
    pub segment: Option<String>,
    /// How many pairs.
    pub n: u64,
    /// How many of them have an outcome.
    pub labelled: u64,
    /// How many turned out to be a case.
    pub positives: u64,
    /// The share of pairs with equal levels.
    #[schema(required)]
    pub exact: Option<f64>,
    /// The share of pairs whose levels are equal or neighbours.
    #[schema(required)]
    pub within_one: Option<f64>,
    /// Cohen's kappa, weighted by distance.
    pub kappa_linear: Estimate,
    /// The mean of right − left.
    #[schema(required)]
    pub bias: Option<f64>,
    /// Who is right more often.
    pub auc: SegmentAuc,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How well each side puts a segment's positives above its negatives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SegmentAuc {
    /// The left side's area under the curve.
    pub left: Estimate,
    /// The right side's.
    pub right: Estimate,
    /// left − right.
    #[schema(required)]
    pub difference: Option<f64>,
    /// How probable so large a difference is when both are equally good.
    #[schema(required)]
    pub p: Option<f64>,
    /// The same, corrected for the number of segments.
    #[schema(required)]
    pub p_adjusted: Option<f64>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// More segments than this nobody reads, and their number is a mistake.
const MOST: usize = 1000;

/// The largest 1000 segments, the largest first, pairs without one last; none where no pair has a segment.
pub(super) fn segments(rows: &[Row], names: &[String], settings: &Settings) -> Vec<Segment> {
    if names.is_empty() {
        return Vec::new();
    }
    let mut parts: Vec<Vec<Row>> = vec![Vec::new(); names.len() + 1];
    for row in rows {
        parts[row.segment as usize].push(*row);
    }
    let mut parts = parts.into_iter();
    let unnamed = parts.next().unwrap_or_default();
    let mut named: Vec<(&String, Vec<Row>)> = names.iter().zip(parts).collect();
    named.sort_by(|one, other| (other.1.len(), one.0).cmp(&(one.1.len(), other.0)));
    named.truncate(MOST);
    let mut segments: Vec<Segment> =
        named.into_iter().map(|(name, rows)| segment(Some(name.clone()), &rows, settings)).collect();
    if !unnamed.is_empty() {
        segments.push(segment(None, &unnamed, settings));
    }
    adjust(&mut segments);
    segments
}

fn segment(name: Option<String>, rows: &[Row], settings: &Settings) -> Segment {
    let n = rows.len() as u64;
    let (auc, labelled, positives) = auc_of(rows, settings.confidence);
    let counts = Segment {
        segment: name,
        n,
        labelled,
        positives,
        exact: None,
        within_one: None,
        kappa_linear: Estimate::default(),
        bias: None,
        auc: SegmentAuc {
            left: auc.left,
            right: auc.right,
            difference: auc.difference,
            p: auc.p,
            p_adjusted: None,
            reason: auc.reason,
        },
        reason: None,
    };
    if n < settings.minimum.pairs {
        let reason = format!("fewer than {} pairs", settings.minimum.pairs);
        let none = || Estimate::none(&reason);
        let auc = SegmentAuc {
            left: none(),
            right: none(),
            difference: None,
            p: None,
            p_adjusted: None,
            reason: Some(reason.clone()),
        };
        return Segment { kappa_linear: none(), auc, reason: Some(reason.clone()), ..counts };
    }
    let table = table(rows);
    Segment {
        exact: share(&table, |distance| distance == 0),
        within_one: share(&table, |distance| distance <= 1),
        kappa_linear: weighted_kappa(&table, Weight::Linear, settings.confidence),
        bias: finite(Moments::of(rows.iter().map(Row::difference)).mean),
        ..counts
    }
}

/// Holm's correction: the smallest p counts as often as there are tests, the next one once less.
fn adjust(segments: &mut [Segment]) {
    let mut tests: Vec<(f64, usize)> =
        segments.iter().enumerate().filter_map(|(index, segment)| Some((segment.auc.p?, index))).collect();
    tests.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (count, mut largest) = (tests.len(), 0.0_f64);
    for (place, (p, index)) in tests.into_iter().enumerate() {
        largest = largest.max((p * (count - place) as f64).min(1.0));
        segments[index].auc.p_adjusted = Some(largest);
    }
}
