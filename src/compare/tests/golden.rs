//! Twenty pairs whose figures are known.

use risk_provider::Level;

use crate::compare::{Context, Pair, Pairs, Points, Rating, Report, Settings, figure::Estimate};

const LEFT: [u8; 20] = [12, 18, 25, 25, 31, 38, 40, 44, 47, 52, 55, 58, 61, 66, 70, 74, 79, 83, 88, 95];
const RIGHT: [u8; 20] = [20, 15, 33, 22, 40, 35, 52, 41, 60, 49, 63, 70, 58, 81, 66, 85, 72, 90, 97, 92];
const POSITIVE: [u8; 20] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 1];

/// Levels by other cuts than ours.
fn rating(score: u8) -> Rating {
    let cuts = [20.5, 40.5, 60.5, 80.5];
    let level = Level::ALL[cuts.iter().filter(|&&cut| f64::from(score) > cut).count()];
    Rating { score: Points::new(f64::from(score)).expect("a score"), level }
}

fn report() -> Report {
    let mut pairs = Pairs::default();
    for ((left, right), positive) in LEFT.into_iter().zip(RIGHT).zip(POSITIVE) {
        let outcome = Some(positive == 1);
        pairs.push(Pair { left: rating(left), right: rating(right), outcome, segment: None });
    }
    Report::of(&pairs, &Settings::default(), Context::default())
}

#[track_caller]
fn near(figure: impl Into<Option<f64>>, golden: f64) {
    let figure = figure.into().expect("a figure");
    assert!((figure - golden).abs() < 1e-6, "{figure} instead of {golden}");
}

#[track_caller]
fn near_with_se(figure: &Estimate, golden: f64, se: f64) {
    near(figure.value, golden);
    near(figure.se, se);
}

#[test]
fn agreement_meets_its_golden_values() {
    let agreement = report().agreement;
    let table = [[2, 0, 0, 0, 0], [0, 4, 1, 0, 0], [0, 0, 3, 2, 0], [0, 0, 1, 2, 2], [0, 0, 0, 0, 3]];
    assert_eq!(agreement.table, table);
    near_with_se(&agreement.kappa, 0.620_253_164_6, 0.130_967_67);
    near_with_se(&agreement.kappa_linear, 0.790_940_766_6, 0.080_594);
    near_with_se(&agreement.kappa_quadratic, 0.907_407_407_4, 0.041_082_94);
    assert_eq!(agreement.flag.table, [[10, 2], [1, 7]]);
    near(agreement.flag.kappa, 0.693_877_551);
    near(agreement.flag.ac1, 0.706_601_467);
    near(agreement.flag.pabak, 0.7);
    near(agreement.bowker.chi2, 3.333_333_333_3);
    assert_eq!(agreement.bowker.df, 3);
}

#[test]
fn scores_meet_their_golden_values() {
    let scores = report().scores;
    near(scores.spearman.value, 0.965_024_513_525);
    near(scores.kendall_tau_b, 0.860_161_305_487);
    near(scores.pearson, 0.956_284_672_332);
    near(scores.bland_altman.bias, 4.0);
    near(scores.bland_altman.sd, 7.305_369_330_3);
    near(scores.bland_altman.lower, -10.318_524);
    near(scores.bland_altman.upper, 18.318_524);
    near(scores.lin_ccc, 0.942_484_877_489);
    near(scores.psi.value, 0.058_013_850_596);
    near(scores.ks, 0.1);
    near(scores.wasserstein, 4.3);
    near(scores.wilcoxon.w, 45.5);
    near(scores.wilcoxon.p, 0.025_510_38);
}

#[test]
fn outcomes_meet_their_golden_values() {
    let outcomes = report().outcomes;
    assert_eq!((outcomes.labelled, outcomes.positives), (20, 6));
    near(outcomes.auc.left.value, 0.892_857_142_857);
    near(outcomes.auc.right.value, 0.952_380_952_381);
    near(outcomes.auc.variance_left, 0.006_388_452_817);
    near(outcomes.auc.variance_right, 0.002_703_645_561);
    near(outcomes.auc.covariance, 0.003_737_135_88);
    near(outcomes.auc.z, -1.479_873_965_6);
    near(outcomes.auc.p, 0.138_906_884_7);
    near(outcomes.average_precision.left, 0.835_714_285_7);
    near(outcomes.average_precision.right, 0.933_333_333_3);
    assert_eq!(outcomes.mcnemar.table, [[3, 1], [2, 14]]);
    near(outcomes.mcnemar.p, 1.0);
    near(outcomes.calibration.right.isotonic_brier, 0.04);
    near(outcomes.calibration.left.isotonic_brier, 0.09);
}
