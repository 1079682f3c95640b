//! What holds for all pairs whatever.

use proptest::prelude::*;

use super::{explained, json, pairs, report};
use crate::compare::{
    Estimate,
    ranks::{inversions, midranks, order},
};

type Row = (f64, f64, Option<bool>, Option<&'static str>);

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..=100.0, (0..=10_u8).prop_map(|tenth| f64::from(tenth) * 10.0), Just(50.0)]
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let segment = prop_oneof![Just(None), Just(Some("NG")), Just(Some("GB"))];
    prop::collection::vec((score(), score(), any::<Option<bool>>(), segment), 0..150)
}

#[track_caller]
fn equal(one: Option<f64>, other: Option<f64>) {
    let near = match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() <= 1e-9 * one.abs().max(1.0),
        (one, other) => one.is_none() && other.is_none(),
    };
    assert!(near, "{one:?} and {other:?}");
}

fn within(estimate: &Estimate) {
    if let (Some(low), Some(value), Some(high)) = (estimate.low, estimate.value, estimate.high) {
        assert!(low <= value + 1e-12 && value <= high + 1e-12, "{estimate:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_order_of_pairs_makes_no_difference_at_all(rows in rows().prop_shuffle(), turn in 0..150_usize) {
        let mut turned = rows.clone();
        turned.rotate_left(turn.min(rows.len()));
        turned.reverse();
        assert_eq!(json(&report(&pairs(rows))), json(&report(&pairs(turned))));
    }

    #[test]
    fn changed_sides_mirror_every_figure(rows in rows()) {
        let mirrored = report(&pairs(rows.iter().map(|&(left, right, outcome, segment)| (right, left, outcome, segment))));
        let report = report(&pairs(rows));
        for (row, cells) in report.agreement.table.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                assert_eq!(*cell, mirrored.agreement.table[column][row]);
            }
        }
        equal(report.agreement.kappa_linear.value, mirrored.agreement.kappa_linear.value);
        equal(report.agreement.kappa_linear.se, mirrored.agreement.kappa_linear.se);
        equal(report.agreement.ac1, mirrored.agreement.ac1);
        equal(report.agreement.bowker.chi2, mirrored.agreement.bowker.chi2);
        equal(report.scores.spearman.value, mirrored.scores.spearman.value);
        equal(report.scores.kendall_tau_b, mirrored.scores.kendall_tau_b);
        equal(report.scores.lin_ccc, mirrored.scores.lin_ccc);
        equal(report.scores.bland_altman.bias, mirrored.scores.bland_altman.bias.map(|bias| -bias));
        equal(report.scores.ks, mirrored.scores.ks);
        equal(report.scores.wasserstein, mirrored.scores.wasserstein);
        equal(report.scores.psi.value, mirrored.scores.psi.value);
        equal(report.outcomes.auc.left.value, mirrored.outcomes.auc.right.value);
        equal(report.outcomes.auc.left.low, mirrored.outcomes.auc.right.low);
        equal(report.outcomes.auc.z, mirrored.outcomes.auc.z.map(|z| -z));
        equal(report.outcomes.auc.difference_low, mirrored.outcomes.auc.difference_high.map(|high| -high));
        equal(report.outcomes.average_precision.left, mirrored.outcomes.average_precision.right);
        equal(report.outcomes.recall_at_capacity.left, mirrored.outcomes.recall_at_capacity.right);
        equal(report.outcomes.mcnemar.p, mirrored.outcomes.mcnemar.p);
        equal(
            report.outcomes.calibration.left.isotonic_brier,
            mirrored.outcomes.calibration.right.isotonic_brier,
        );
    }

    #[test]
    fn every_null_has_a_reason_and_every_interval_holds_its_figure(rows in rows()) {
        let report = report(&pairs(rows));
        explained(&report);
        within(&report.agreement.kappa);
        within(&report.agreement.kappa_linear);
        within(&report.agreement.kappa_quadratic);
        within(&report.scores.spearman);
        within(&report.outcomes.auc.left);
        within(&report.outcomes.auc.right);
        within(&report.outcomes.combined.auc);
        within(&report.outcomes.mcnemar.left.recall);
        within(&report.outcomes.mcnemar.right.precision);
        let auc = &report.outcomes.auc;
        within(&Estimate { value: auc.difference, low: auc.difference_low, high: auc.difference_high, ..Estimate::default() });
    }

    #[test]
    fn merges_count_as_many_inversions_as_comparing_all_pairs(values in prop::collection::vec(score(), 0..120)) {
        let all = values.iter().enumerate();
        let slow = all.map(|(place, value)| values[place..].iter().filter(|&later| value > later).count()).sum::<usize>();
        let mut sorted = values;
        assert_eq!(inversions(&mut sorted), slow as u64);
        assert!(sorted.is_sorted());
    }

    #[test]
    fn a_midrank_is_how_many_are_lower_and_half_of_the_equal_ones(values in prop::collection::vec(score(), 1..80)) {
        let ranks = midranks(&order(values.iter().copied()), |index| values[index]);
        for (rank, value) in ranks.iter().zip(&values) {
            let lower = values.iter().filter(|&other| other < value).count() as f64;
            let same = values.iter().filter(|&other| other == value).count() as f64;
            assert_eq!(*rank, lower + (same + 1.0) / 2.0);
        }
    }
}
