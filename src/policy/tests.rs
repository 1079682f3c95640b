use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use risk_provider::{Category, Factor, FactorState, ProviderName, RawPayload};

use super::*;

fn factor(weight: f64, state: FactorState) -> Factor {
    Factor {
        category: Category::Customer,
        code: "customer.kyc".to_owned(),
        label: "KYC".to_owned(),
        state,
        value: None,
        score: Some(10.0),
        level: Some(Level::VeryLow),
        vendor_label: None,
        weight: Some(weight),
        contribution: None,
        provider: ProviderName::new("test"),
    }
}

fn answer(
    score: Option<&str>,
    level: Option<Level>,
    factors: Vec<Factor>,
    flags: &[Flag],
) -> ProviderAssessment {
    ProviderAssessment {
        provider: ProviderName::new("test"),
        kind: "test".to_owned(),
        mapping_version: "test/1".to_owned(),
        profile_fingerprint: None,
        state: AnswerState::Final,
        vendor_reference: None,
        score: score.map(|literal| Score::percent(literal, "test:0-100").expect("score")),
        level,
        vendor_level: None,
        factors,
        evidence: Vec::new(),
        flags: flags.iter().copied().collect::<BTreeSet<_>>(),
        assessed_at: Timestamp::UNIX_EPOCH,
        raw: RawPayload::verbatim("{}".to_owned()),
    }
}

fn covered() -> Vec<Factor> {
    vec![factor(1.0, FactorState::Scored)]
}

#[test]
fn a_covered_answer_is_completed_with_the_vendors_level() {
    let judged = judge(&answer(Some("12"), Some(Level::VeryLow), covered(), &[]));
    assert_eq!((judged.status, judged.level), (Status::Completed, Some(Level::VeryLow)));
    assert_eq!((judged.coverage, judged.review_required), (1.0, false));
    assert_eq!(judged.bounds, Bounds { low: 12.0, high: 12.0 });
}

#[test]
fn an_answer_below_the_coverage_floor_keeps_bad_news_and_withholds_good_news() {
    let thin = || vec![factor(0.49, FactorState::Scored), factor(0.51, FactorState::MissingInput)];
    let good = judge(&answer(Some("12"), Some(Level::VeryLow), thin(), &[]));
    assert_eq!((good.status, good.level, good.score), (Status::Partial, None, None));
    assert_eq!(good.bounds, Bounds { low: 0.0, high: 100.0 });
    let bad = judge(&answer(Some("90"), Some(Level::VeryHigh), thin(), &[]));
    assert_eq!((bad.status, bad.level), (Status::Partial, Some(Level::VeryHigh)));
    assert_eq!(bad.reasons, ["coverage_below_floor"]);
}

#[test]
fn the_coverage_floor_itself_is_enough() {
    let half = vec![factor(0.5, FactorState::Scored), factor(0.5, FactorState::NoData)];
    assert_eq!(judge(&answer(Some("12"), Some(Level::VeryLow), half, &[])).status, Status::Completed);
}

#[test]
fn an_unanswered_check_has_no_level_whatever_the_vendor_says() {
    let nothing = vec![factor(1.0, FactorState::MissingInput)];
    for level in Level::ALL {
        let judged = judge(&answer(Some("0"), Some(level), nothing.clone(), &[Flag::Unanswered]));
        assert_eq!((judged.status, judged.level, judged.score), (Status::Partial, None, None));
        assert!(judged.coverage.is_sign_positive(), "not written as -0.0");
        assert!(judged.review_required);
    }
}

#[test]
fn another_subjects_answer_is_partial_only_where_it_would_read_below_medium() {
    let mismatch = &[Flag::SubjectNameMismatch];
    let low = judge(&answer(Some("30"), Some(Level::Low), covered(), mismatch));
    assert_eq!((low.status, low.level), (Status::Partial, None));
    let medium = judge(&answer(Some("58"), Some(Level::Medium), covered(), mismatch));
    assert_eq!((medium.status, medium.level), (Status::Completed, Some(Level::Medium)));
    assert_eq!((medium.review_required, medium.reasons), (true, vec!["subject_name_mismatch".to_owned()]));
}

#[test]
fn a_word_far_below_its_own_score_stands_but_needs_review() {
    let judged = judge(&answer(Some("95"), Some(Level::VeryLow), covered(), &[Flag::VendorLevelOverridden]));
    assert_eq!((judged.status, judged.level), (Status::Completed, Some(Level::VeryLow)));
    assert_eq!((judged.review_required, judged.reasons), (true, vec!["level_below_score".to_owned()]));
}

#[test]
fn a_hit_in_screening_is_a_reason_and_needs_review() {
    for code in ["screening.sanction", "screening.pep"] {
        let hit = Factor {
            code: code.to_owned(),
            level: Some(Level::VeryHigh),
            ..factor(0.1, FactorState::Scored)
        };
        let judged =
            judge(&answer(Some("70"), Some(Level::High), vec![hit, factor(0.9, FactorState::Scored)], &[]));
        assert_eq!((judged.status, judged.review_required), (Status::Completed, true));
        assert_eq!(judged.reasons, [code]);
    }
}

#[test]
fn a_pending_answer_gives_nothing() {
    let mut pending = answer(Some("0"), Some(Level::VeryLow), covered(), &[]);
    pending.state = AnswerState::Pending;
    let judged = judge(&pending);
    assert_eq!((judged.status, judged.level, judged.score), (Status::Pending, None, None));
}

fn states() -> impl Strategy<Value = FactorState> {
    prop_oneof![
        Just(FactorState::Scored),
        Just(FactorState::Defaulted),
        Just(FactorState::MissingInput),
        Just(FactorState::NoData),
        Just(FactorState::NotApplicable),
        Just(FactorState::Unsupported),
    ]
}

proptest! {
    #[test]
    fn bounds_contain_the_score_and_thin_answers_never_read_below_medium(
        score in 0.0..=100.0_f64,
        level in 0..5_usize,
        parts in prop::collection::vec((0.0..1.0_f64, states()), 0..8),
    ) {
        let factors = parts.iter().map(|&(weight, state)| factor(weight, state)).collect();
        let level = Level::ALL[level];
        let judged = judge(&answer(Some(&score.to_string()), Some(level), factors, &[]));
        prop_assert!((0.0..=1.0).contains(&judged.coverage));
        prop_assert!(judged.bounds.low <= judged.bounds.high);
        if let Some(score) = &judged.score {
            prop_assert!(judged.bounds.low <= score.value() && score.value() <= judged.bounds.high);
        }
        if judged.coverage < COVERAGE_FLOOR {
            prop_assert_eq!(judged.status, Status::Partial);
            prop_assert!(judged.level.is_none_or(|level| level >= Level::Medium));
        }
        prop_assert!(judged.level.is_none_or(|given| given >= level));
    }
}
