//! The area under the ROC curve, and whether two of them differ.
//!
//! DeLong, DeLong and Clarke-Pearson 1988, from ranks in O(n log n) (Sun and Xu 2014). A difference is left − right, as
//! is its z. Where the variance is zero because one side puts all in perfect order, its interval is the exact one of as
//! many successes as there are subjects of the rarer kind (Clopper and Pearson 1934), and the difference's one is put
//! together from both (Zou and Donner 2008), so that few subjects never make a certainty. An area without variance that is not
//! perfect, as of constant scores, has no interval, nor has the difference of two equal orders.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Group, Labelled, tally};
use crate::compare::{
    figure::{Estimate, finite},
    numbers::{reach, two_sided},
};

/// How well each side's scores put positives above negatives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Auc {
    /// The left side's area under the curve.
    pub left: Estimate,
    /// The right side's.
    pub right: Estimate,
    /// Whether both sides put everybody in the same order, so that there is no difference to test.
    #[serde(default)]
    pub same_order: bool,
    /// left − right.
    #[schema(required)]
    pub difference: Option<f64>,
    /// Where the interval of the difference begins.
    #[schema(required)]
    pub difference_low: Option<f64>,
    /// Where it ends.
    #[schema(required)]
    pub difference_high: Option<f64>,
    /// The difference in standard errors.
    #[schema(required)]
    pub z: Option<f64>,
    /// How probable so large a difference is when both are equally good.
    #[schema(required)]
    pub p: Option<f64>,
    /// Variance of the left area.
    #[schema(required)]
    pub variance_left: Option<f64>,
    /// Variance of the right area.
    #[schema(required)]
    pub variance_right: Option<f64>,
    /// Covariance of both areas.
    #[schema(required)]
    pub covariance: Option<f64>,
    /// The left side's curve, at most 200 points of it.
    pub roc_left: Vec<RocPoint>,
    /// The right side's curve.
    pub roc_right: Vec<RocPoint>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is flagged from a score on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RocPoint {
    /// The share of negatives with such a score.
    pub false_positive_rate: f64,
    /// The share of positives with such a score.
    pub true_positive_rate: f64,
}

/// How often each subject stands on the right side of those of the other kind.
struct Placements(Vec<f64>);

/// Variances of both areas, and their covariance.
#[derive(Clone, Copy, Default)]
pub(in crate::compare) struct Spread {
    pub(in crate::compare) left: f64,
    pub(in crate::compare) right: f64,
    pub(in crate::compare) covariance: f64,
}

const CURVE: usize = 200;

pub(super) fn auc(labelled: &Labelled, confidence: f64) -> Auc {
    if let Some(reason) = labelled.hindrance() {
        return Auc::none(reason);
    }
    let left = Placements::of(labelled, &labelled.by_left, &labelled.left);
    let right = Placements::of(labelled, &labelled.by_right, &labelled.right);
    let areas = (left.area(labelled), right.area(labelled));
    let known = Auc {
        roc_left: curve(&labelled.left, labelled.positives, labelled.negatives()),
        roc_right: curve(&labelled.right, labelled.positives, labelled.negatives()),
        difference: finite(areas.0 - areas.1),
        ..Auc::none("a variance needs two positives and two negatives")
    };
    if labelled.positives < 2 || labelled.negatives() < 2 {
        let bare = |area| Estimate { value: finite(area), ..known.left.clone() };
        return Auc { left: bare(areas.0), right: bare(areas.1), ..known };
    }
    known.tested(
        areas,
        spread(labelled, &left, &right),
        labelled.positives.min(labelled.negatives()),
        confidence,
    )
}

/// How good another score is, and how much better than the left and the right one.
pub(super) fn compared(
    labelled: &Labelled,
    order: &[u32],
    score: impl Fn(usize) -> f64,
    confidence: f64,
) -> [Estimate; 3] {
    let few = labelled.positives < 2 || labelled.negatives() < 2;
    let hindrance = few.then_some("a variance needs two positives and two negatives");
    if let Some(reason) = labelled.hindrance().or(hindrance) {
        return std::array::from_fn(|_| Estimate::none(reason));
    }
    let groups = tally(order, score, &labelled.positive);
    let other = Placements::of(labelled, order, &groups);
    let rarer = labelled.positives.min(labelled.negatives());
    let over = |order: &[u32], groups: &[Group]| {
        let side = Placements::of(labelled, order, groups);
        let areas = (other.area(labelled), side.area(labelled));
        estimates(areas, spread(labelled, &other, &side), rarer, confidence)
    };
    let [auc, _, over_left] = over(&labelled.by_left, &labelled.left);
    let [_, _, over_right] = over(&labelled.by_right, &labelled.right);
    [auc, over_left, over_right]
}

/// Two areas and their difference with intervals, where the rarer kind of subjects is so many.
pub(in crate::compare) fn estimates(
    areas: (f64, f64),
    spread: Spread,
    rarer: u64,
    confidence: f64,
) -> [Estimate; 3] {
    let value = areas.0 - areas.1;
    let tested = Auc { difference: finite(value), ..Auc::none("") }.tested(areas, spread, rarer, confidence);
    let reason = tested.reason.as_deref().unwrap_or_default();
    let difference = match tested.difference_low.zip(tested.difference_high) {
        Some(range) => Estimate::with(value, range),
        None => Estimate::bare(value, reason),
    };
    [tested.left, tested.right, difference]
}

// === impl Auc ===

impl Auc {
    fn none(reason: &str) -> Self {
        Self {
            left: Estimate::none(reason),
            right: Estimate::none(reason),
            same_order: false,
            difference: None,
            difference_low: None,
            difference_high: None,
            z: None,
            p: None,
            variance_left: None,
            variance_right: None,
            covariance: None,
            roc_left: Vec::new(),
            roc_right: Vec::new(),
            reason: Some(reason.to_owned()),
        }
    }

    /// With intervals and the test.
    fn tested(self, (left, right): (f64, f64), spread: Spread, rarer: u64, confidence: f64) -> Self {
        let (left, right) = (
            interval(left, spread.left, rarer, confidence),
            interval(right, spread.right, rarer, confidence),
        );
        let variance = spread.left + spread.right - 2.0 * spread.covariance;
        let difference = self.difference.unwrap_or_default();
        // What is left of equal variances by rounding is none.
        let certain = variance <= 1e-14 * (spread.left + spread.right) || variance <= 0.0;
        let z = finite(difference / variance.sqrt()).filter(|_| !certain);
        // Without variance and not perfect, both put everyone in the same order.
        let same_order =
            certain && difference == 0.0 && left.value.is_some_and(|area| area > 0.0 && area < 1.0);
        let range = match certain {
            _ if same_order => (f64::NAN, f64::NAN),
            true => put_together(difference, &left, &right),
            false => around(difference, variance, confidence),
        };
        let reason = match z {
            Some(_) => None,
            None if same_order => {
                Some("both sides put everybody in the same order: there is no difference to test")
            }
            None => Some("the difference has no variance: no test is possible"),
        };
        Self {
            same_order,
            difference_low: finite(range.0).map(|low| low.max(-1.0)),
            difference_high: finite(range.1).map(|high| high.min(1.0)),
            z,
            p: z.map(two_sided),
            left,
            right,
            variance_left: finite(spread.left),
            variance_right: finite(spread.right),
            covariance: finite(spread.covariance),
            reason: reason.map(str::to_owned),
            ..self
        }
    }
}

fn around(value: f64, variance: f64, confidence: f64) -> (f64, f64) {
    let half = reach(confidence) * variance.sqrt();
    (value - half, value + half)
}

fn interval(area: f64, variance: f64, rarer: u64, confidence: f64) -> Estimate {
    let least = ((1.0 - confidence) / 2.0).powf(1.0 / rarer as f64);
    let (low, high) = around(area, variance, confidence);
    let range = if area >= 1.0 {
        (least, 1.0)
    } else if area <= 0.0 {
        (0.0, 1.0 - least)
    } else {
        (low.max(0.0), high.min(1.0))
    };
    if range.0 >= range.1 {
        return Estimate::bare(area, "every placement is the same: there is no variance");
    }
    Estimate { se: finite(variance.sqrt()), ..Estimate::with(area, range) }
}

/// The interval of a difference from those of its parts.
fn put_together(difference: f64, left: &Estimate, right: &Estimate) -> (f64, f64) {
    let part = |estimate: &Estimate| {
        let value = estimate.value.unwrap_or_default();
        (value - estimate.low.unwrap_or(value), estimate.high.unwrap_or(value) - value)
    };
    let ((left_below, left_above), (right_below, right_above)) = (part(left), part(right));
    (difference - left_below.hypot(right_above), difference + left_above.hypot(right_below))
}

// === impl Placements ===

impl Placements {
    fn of(labelled: &Labelled, order: &[u32], groups: &[Group]) -> Self {
        let (positives, negatives) = (labelled.positives as f64, labelled.negatives() as f64);
        let mut placements = vec![0.0; order.len()];
        let (mut positives_below, mut negatives_below, mut begin) = (0.0, 0.0, 0);
        for group in groups {
            let (of_positives, of_negatives) = (group.positives as f64, group.negatives as f64);
            let of_positive = (negatives_below + of_negatives / 2.0) / negatives;
            let of_negative = (positives - positives_below - of_positives / 2.0) / positives;
            let end = begin + group.total() as usize;
            for &index in &order[begin..end] {
                let index = index as usize;
                placements[index] = if labelled.positive[index] { of_positive } else { of_negative };
            }
            begin = end;
            positives_below += of_positives;
            negatives_below += of_negatives;
        }
        Self(placements)
    }

    fn area(&self, labelled: &Labelled) -> f64 {
        let placed = self.0.iter().zip(&labelled.positive).filter(|&(_, &positive)| positive);
        placed.map(|(placement, _)| placement).sum::<f64>() / labelled.positives as f64
    }
}

fn spread(labelled: &Labelled, left: &Placements, right: &Placements) -> Spread {
    let mut sum = Spread::default();
    let means = (left.area(labelled), right.area(labelled));
    for (kind, count) in [(true, labelled.positives), (false, labelled.negatives())] {
        let scale = count as f64 * (count as f64 - 1.0);
        let mut part = Spread::default();
        let both = left.0.iter().zip(&right.0).zip(&labelled.positive);
        for ((left, right), _) in both.filter(|&(_, &positive)| positive == kind) {
            let (left, right) = (left - means.0, right - means.1);
            part.left += left * left;
            part.right += right * right;
            part.covariance += left * right;
        }
        sum.left += part.left / scale;
        sum.right += part.right / scale;
        sum.covariance += part.covariance / scale;
    }
    sum
}

/// The curve from nobody flagged to everybody flagged; thinned out evenly where it has too many points.
fn curve(groups: &[Group], positives: u64, negatives: u64) -> Vec<RocPoint> {
    let mut points = vec![RocPoint { false_positive_rate: 0.0, true_positive_rate: 0.0 }];
    let (mut found, mut wrong) = (0, 0);
    let every = groups.len().div_ceil(CURVE - 1).max(1);
    for (place, group) in groups.iter().rev().enumerate() {
        found += group.positives;
        wrong += group.negatives;
        if (place + 1) % every == 0 || place + 1 == groups.len() {
            points.push(RocPoint {
                false_positive_rate: wrong as f64 / negatives as f64,
                true_positive_rate: found as f64 / positives as f64,
            });
        }
    }
    points
}
