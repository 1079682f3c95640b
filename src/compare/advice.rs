//! How much data the question takes.
//!
//! To know agreement well enough, the interval of linear kappa must be narrow: n grows with the square of what is
//! missing. To find a difference of one margin between two AUC with the wanted power, positives = v · ((`z_α/2` + `z_β`) ÷
//! margin)², where v is the variance of the difference times the number of positives. As long as there are too few
//! outcomes to know v, it is planned with: both AUC 0.8, correlation ½ (Hanley and McNeil 1982), and nine negatives for
//! each positive where there are none of one kind; kappa with a variance of 1 ÷ n, the most cautious.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    figure::Estimate,
    numbers::{quantile, reach},
    outcomes::Outcomes,
    settings::Settings,
    words::{count, percent},
};

/// How much data the question takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SampleAdvice {
    /// Pairs, with or without an outcome, while as large a share of them has one.
    pub pairs: Need,
    /// Pairs with an outcome.
    pub labelled: Need,
    /// Positive outcomes.
    pub positives: Need,
    /// Negative outcomes.
    pub negatives: Need,
    /// Whether the numbers of outcomes come from these data; if not, they come from planning values.
    pub measured: bool,
    /// The same in sentences.
    pub text: Vec<String>,
}

/// How many there are, and how many it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Need {
    /// How many there are.
    pub have: u64,
    /// How many it takes.
    pub need: u64,
    /// How many are missing.
    pub more: u64,
}

const PLANNED_AUC: f64 = 0.8;
const PLANNED_CORRELATION: f64 = 0.5;
const PLANNED_NEGATIVES: f64 = 9.0;
/// More than this is "more than anyone has".
const MOST: f64 = 1e15;

pub(super) fn sample_advice(
    pairs: u64,
    kappa: &Estimate,
    outcomes: &Outcomes,
    settings: &Settings,
) -> SampleAdvice {
    let minimum = &settings.minimum;
    let ratio = if outcomes.positives > 0 && outcomes.negatives > 0 {
        outcomes.negatives as f64 / outcomes.positives as f64
    } else {
        PLANNED_NEGATIVES
    };
    let measured = measured(outcomes, settings);
    let spread = measured.unwrap_or_else(|| planned(ratio));
    let reach = (reach(settings.confidence) + quantile(settings.power)) / settings.margin;
    let positives = whole(spread * reach * reach).max(minimum.positives);
    let negatives = whole(positives as f64 * ratio).max(minimum.negatives);
    let labelled = positives.saturating_add(negatives);
    // Where only some pairs have an outcome, it takes as many more of them.
    let unlabelled = if outcomes.labelled > 0 { pairs as f64 / outcomes.labelled as f64 } else { 1.0 };
    let for_outcomes = whole(labelled as f64 * unlabelled);
    let advice = SampleAdvice {
        pairs: Need::of(pairs, pairs_for(pairs, kappa, settings).max(minimum.pairs).max(for_outcomes)),
        labelled: Need::of(outcomes.labelled, labelled),
        positives: Need::of(outcomes.positives, positives),
        negatives: Need::of(outcomes.negatives, negatives),
        measured: measured.is_some(),
        text: Vec::new(),
    };
    SampleAdvice { text: advice.sentences(pairs_for(pairs, kappa, settings), settings), ..advice }
}

/// The variance of the difference for one positive, as these data have it.
fn measured(outcomes: &Outcomes, settings: &Settings) -> Option<f64> {
    let enough =
        outcomes.positives >= settings.minimum.positives && outcomes.negatives >= settings.minimum.negatives;
    let auc = &outcomes.auc;
    let variance = auc.variance_left? + auc.variance_right? - 2.0 * auc.covariance?;
    (enough && variance > 1e-12).then_some(variance * outcomes.positives as f64)
}

/// The same by Hanley and McNeil.
fn planned(ratio: f64) -> f64 {
    let area = PLANNED_AUC;
    let (one, two) = (area / (2.0 - area), 2.0 * area * area / (1.0 + area));
    let variance = (two - area * area) + (one - area * area) / ratio;
    2.0 * (1.0 - PLANNED_CORRELATION) * variance
}

fn pairs_for(pairs: u64, kappa: &Estimate, settings: &Settings) -> u64 {
    let known = kappa.se.filter(|_| pairs >= settings.minimum.pairs);
    let variance = known.map_or(1.0, |se| se * se * pairs as f64);
    let reach = reach(settings.confidence) / settings.kappa_half_width;
    whole(variance * reach * reach)
}

fn whole(number: f64) -> u64 {
    number.min(MOST).ceil() as u64
}

// === impl Need ===

impl Need {
    const fn of(have: u64, need: u64) -> Self {
        Self { have, need, more: need.saturating_sub(have) }
    }
}

// === impl SampleAdvice ===

impl SampleAdvice {
    /// How many pairs that takes, where not all have an outcome.
    fn of_pairs(&self) -> String {
        if self.labelled.have == 0 || self.labelled.have == self.pairs.have || self.labelled.more == 0 {
            return String::new();
        }
        let share = percent(Some(self.labelled.have as f64 / self.pairs.have as f64));
        format!(" While {share} of pairs have an outcome, that is about {} pairs.", count(self.pairs.need))
    }

    fn sentences(&self, for_kappa: u64, settings: &Settings) -> Vec<String> {
        let source = if self.measured {
            "as these data vary"
        } else {
            "by planning values, until there are more data"
        };
        let outcomes = format!(
            "To find a difference of {} between the areas under the curve with a power of {} takes about {} positive \
             and {} negative outcomes, {} in all ({source}); there are {} and {}.{}",
            settings.margin,
            settings.power,
            count(self.positives.need),
            count(self.negatives.need),
            count(self.labelled.need),
            count(self.positives.have),
            count(self.negatives.have),
            self.of_pairs()
        );
        let kappa = format!(
            "To know linear kappa to ± {} takes about {} pairs; there are {}.",
            settings.kappa_half_width,
            count(for_kappa),
            count(self.pairs.have)
        );
        let minimum = &settings.minimum;
        let least = format!(
            "Nothing is concluded from fewer than {} pairs, {} positive and {} negative outcomes.",
            count(minimum.pairs),
            count(minimum.positives),
            count(minimum.negatives)
        );
        vec![outcomes, kappa, least]
    }
}
