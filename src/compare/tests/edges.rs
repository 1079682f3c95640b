//! What cannot be computed is null with a reason; nothing is NaN, and nothing breaks.

use super::{explained, pairs, report};
use crate::compare::{Pairs, Points, Verdict};

const BOTH: [Option<bool>; 2] = [Some(false), Some(true)];

#[test]
fn no_pairs_give_no_figures() {
    let json = explained(&report(&Pairs::default()));
    assert_eq!((&json["n"], &json["verdict"]), (&0.into(), &"inconclusive".into()));
    for figure in ["/agreement/exact", "/agreement/kappa_linear/value", "/scores/ks", "/scores/psi/value"] {
        assert!(json.pointer(figure).is_some_and(serde_json::Value::is_null), "{figure}: {json}");
    }
    assert_eq!(json["agreement"]["kappa_linear"]["reason"], "there are no pairs");
    assert_eq!(json["outcomes"]["reason"], "there are no pairs");
}

#[test]
fn one_two_and_three_pairs_break_nothing() {
    for count in 1..=3 {
        let rows = (0..count).map(|row| (f64::from(row), 90.0, BOTH[row as usize % 2], Some("NG")));
        let json = explained(&report(&pairs(rows)));
        assert_eq!(json["n"], count);
        assert_eq!(json["scores"]["bland_altman"]["sd"].is_null(), count == 1);
    }
}

#[test]
fn without_outcomes_agreement_is_told_and_nobody_wins() {
    let rows = (0..1000).map(|row| (f64::from(row % 100), f64::from(row % 97), None, None));
    let json = explained(&report(&pairs(rows)));
    assert_eq!(json["verdict"], "inconclusive");
    assert_eq!(json["outcomes"]["auc"]["left"]["reason"], "no pair has an outcome");
    assert!(json["agreement"]["kappa_linear"]["value"].is_f64());
    assert!(json["verdict_reasons"][1].as_str().is_some_and(|reason| reason.contains("Agreement alone")));
}

#[test]
fn outcomes_of_one_kind_name_nobody() {
    for (outcome, reason) in [
        (true, "every outcome is positive: nothing tells the two kinds apart"),
        (false, "no outcome is positive: nothing could have been found"),
    ] {
        let rows = (0..500).map(|row| (f64::from(row % 100), f64::from(row % 97), Some(outcome), None));
        let json = explained(&report(&pairs(rows)));
        assert_eq!((&json["verdict"], &json["outcomes"]["reason"]), (&"inconclusive".into(), &reason.into()));
        assert!(json["outcomes"]["auc"]["z"].is_null());
        assert_eq!(json["outcomes"]["recall_at_capacity"]["left"].is_null(), !outcome);
    }
}

#[test]
fn constant_scores_correlate_with_nothing() {
    for (left, right) in [(true, true), (true, false), (false, true)] {
        let score = |constant, row: i32| if constant { 50.0 } else { f64::from(row % 100) };
        let rows = (0..400).map(|row| (score(left, row), score(right, row), BOTH[row as usize % 2], None));
        let json = explained(&report(&pairs(rows)));
        let scores = &json["scores"];
        for figure in ["kendall_tau_b", "pearson"] {
            assert!(scores[figure].is_null() && scores["reasons"][figure].is_string(), "{figure}: {scores}");
        }
        assert!(scores["spearman"]["value"].is_null());
        let area = if left { "left" } else { "right" };
        assert_eq!(json["outcomes"]["auc"][area]["value"], 0.5);
    }
}

#[test]
fn everybody_at_one_level_leaves_kappa_without_a_value() {
    let rows = (0..200).map(|row| (f64::from(row % 20), f64::from(row % 19), BOTH[row as usize % 2], None));
    let json = explained(&report(&pairs(rows)));
    assert_eq!(json["agreement"]["exact"], 1.0);
    assert!(json["agreement"]["kappa_quadratic"]["value"].is_null());
    assert!(json["agreement"]["bowker"]["p"].is_null() && json["scores"]["psi"]["critical"].is_null());
    assert_eq!(json["agreement"]["ac1"], 1.0);
}

#[test]
fn two_levels_in_turn_with_ties_everywhere_still_have_figures() {
    let rows = (0..400).map(|row| {
        let (left, right) = (f64::from(row % 2) * 100.0, f64::from(row / 2 % 2) * 100.0);
        (left, right, Some(row % 3 == 0), None)
    });
    let json = explained(&report(&pairs(rows)));
    let recall = &json["outcomes"]["recall_at_capacity"];
    assert_eq!(recall["investigated"], 40);
    assert_eq!(
        recall["ties"]["left"],
        serde_json::json!({"score": 100.0, "subjects": 200, "investigated": 40})
    );
    assert!((recall["left"].as_f64().expect("a figure") - 0.1).abs() < 0.01, "{recall}");
}

#[test]
fn equal_sides_have_nothing_to_test() {
    let rows = (0..400).map(|row| {
        let score = f64::from(row * 37 % 101);
        (score, score, Some(row % 4 == 0), None)
    });
    let report = report(&pairs(rows));
    let json = explained(&report);
    let auc = &json["outcomes"]["auc"];
    assert_eq!((&auc["difference"], &auc["same_order"]), (&0.0.into(), &true.into()));
    assert!(auc["difference_low"].is_null() && auc["z"].is_null() && auc["reason"].is_string());
    assert!(json["scores"]["bland_altman"]["bias_low"].is_null(), "an interval has a width");
    assert!(json["outcomes"]["average_precision"]["difference"]["low"].is_null());
    assert!(json["scores"]["wilcoxon"]["p"].is_null());
    assert_eq!(
        report.verdict,
        Verdict::Extend,
        "and neither tells cases surely: {:?}",
        report.verdict_reasons
    );
}

#[test]
fn a_side_that_says_the_same_is_no_reason_to_change_and_a_useless_one_no_reason_to_keep() {
    let both = |score: fn(i32) -> f64| {
        let rows = (0..400).map(|row| (score(row), score(row), Some(row % 4 == 0), None));
        report(&pairs(rows))
    };
    let same = both(|row| f64::from(row % 4 == 0) * 30.0 + f64::from(row * 37 % 71));
    assert_eq!(same.verdict, Verdict::Keep, "{:?}", same.verdict_reasons);
    assert!(same.verdict_reasons[0].contains("same order"), "{:?}", same.verdict_reasons);
    let constant = both(|_| 50.0);
    assert_eq!(constant.verdict, Verdict::Inconclusive);
    assert!(constant.verdict_reasons[0].contains("Neither side tells"), "{:?}", constant.verdict_reasons);
    assert!(constant.outcomes.auc.left.low.is_none() && constant.outcomes.auc.left.reason.is_some());
}

#[test]
fn perfect_order_of_few_is_no_certainty() {
    let rows = (0..60).map(|row| (f64::from(row), 60.0 - f64::from(row), Some(row >= 30), None));
    let auc = report(&pairs(rows)).outcomes.auc;
    assert_eq!((auc.left.value, auc.right.value), (Some(1.0), Some(0.0)));
    assert!(auc.left.low.is_some_and(|low| (0.85..0.9).contains(&low)), "{auc:?}");
    assert!(auc.difference_low.is_some_and(|low| low < 0.9 && low > 0.0), "{auc:?}");
}

#[test]
fn only_numbers_from_0_to_100_are_scores() {
    for value in [0.0, -0.0, 20.5, 100.0] {
        assert!(Points::new(value).is_some_and(|points| points.value().is_sign_positive()), "{value}");
    }
    for value in [-0.1, 100.1, f64::NAN, f64::INFINITY] {
        assert_eq!(Points::new(value), None, "{value}");
    }
}

#[test]
fn segments_below_the_minimum_have_counts_and_a_reason() {
    let segment = |row| {
        if row < 30 {
            Some("KP")
        } else if row < 180 {
            Some("NG")
        } else {
            None
        }
    };
    let rows =
        (0..300).map(|row| (f64::from(row % 100), f64::from(row % 89), BOTH[row as usize % 2], segment(row)));
    let json = explained(&report(&pairs(rows)));
    let names: Vec<_> = (0..3).map(|place| &json["segments"][place]["segment"]).collect();
    assert_eq!(names, [&"NG".into(), &"KP".into(), &serde_json::Value::Null], "those without one come last");
    assert!(json["segments"][0]["auc"]["p_adjusted"].is_f64());
    assert_eq!(json["segments"][1]["reason"], "fewer than 100 pairs");
    assert_eq!(json["segments"][1]["n"], 30);
}
