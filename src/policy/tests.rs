mod properties;

use std::collections::BTreeSet;

use jiff::Timestamp;
use risk_provider::{Category, Factor, FactorState, Flag, RawPayload};

use super::*;

fn somebody() -> Facts {
    let country = CountryCode::parse("NG").expect("a country");
    Facts { country, nationality: None, kind: SubjectType::Individual, politically_exposed: None }
}

fn judge(answer: &ProviderAssessment) -> Judgement {
    Policy::default().judge(&[answer], &somebody(), Combine::default())
}

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

/// An answer of `provider`, whole and sound.
fn said(provider: &str, score: f64) -> ProviderAssessment {
    let answer = answer(Some(&score.to_string()), Some(Level::of(score)), covered(), &[]);
    ProviderAssessment { provider: ProviderName::new(provider), kind: provider.to_owned(), ..answer }
}

/// An answer of `provider` with too little behind it.
fn thin(provider: &str, score: f64) -> ProviderAssessment {
    let factors = vec![factor(0.4, FactorState::Scored), factor(0.6, FactorState::MissingInput)];
    ProviderAssessment { factors, ..said(provider, score) }
}

fn floor(when: &str, level: Level) -> Floor {
    Floor { when: when.parse().expect("a condition"), level, reason: format!("because {when}") }
}

fn with(change: impl FnOnce(&mut Rules)) -> Policy {
    let mut rules = Rules::default();
    change(&mut rules);
    Policy::new(rules)
}

fn all_of(answers: &[ProviderAssessment], combine: Combine) -> Judgement {
    let answers: Vec<_> = answers.iter().collect();
    Policy::default().judge(&answers, &somebody(), combine)
}

#[test]
fn every_floor_that_holds_is_listed_and_the_highest_decides() {
    let policy = with(|rules| {
        rules.floors = vec![
            floor("country == NG", Level::High),
            floor("country == DE", Level::VeryHigh),
            floor("type == individual", Level::Low),
        ];
    });
    let judged = policy.judge(&[&said("a", 10.0)], &somebody(), Combine::default());
    assert_eq!((judged.base_level, judged.level), (Some(Level::VeryLow), Some(Level::High)));
    let applied: Vec<_> =
        judged.floors_applied.iter().map(|floor| (floor.when.as_str(), floor.level)).collect();
    assert_eq!(applied, [("country == NG", Level::High), ("type == individual", Level::Low)]);
    assert_eq!((judged.status, judged.review_required), (Status::Completed, false));
    let high = policy.judge(&[&said("a", 95.0)], &somebody(), Combine::default());
    assert_eq!((high.level, high.floors_applied.len()), (Some(Level::VeryHigh), 2), "a floor never lowers");
}

#[test]
fn a_partial_answer_without_a_level_gets_one_only_from_a_floor_of_medium_or_above() {
    for (level, given) in
        [(Level::Low, None), (Level::Medium, Some(Level::Medium)), (Level::High, Some(Level::High))]
    {
        let policy = with(|rules| rules.floors = vec![floor("coverage < 0.7", level)]);
        let judged = policy.judge(&[&thin("a", 10.0)], &somebody(), Combine::default());
        assert_eq!((judged.status, judged.base_level, judged.level), (Status::Partial, None, given));
        assert_eq!((judged.score, judged.bounds), (None, ANYWHERE));
        assert_eq!(judged.floors_applied.len(), 1);
    }
}

#[test]
fn a_required_factor_that_nobody_judged_makes_the_answer_partial() {
    let policy = with(|rules| rules.required_factors = vec!["screening.sanction".to_owned()]);
    for (score, level) in [(10.0, None), (70.0, Some(Level::High))] {
        for state in
            [FactorState::NoData, FactorState::MissingInput, FactorState::Scored, FactorState::Defaulted]
        {
            let mut answer = said("a", score);
            answer.factors.push(Factor { code: "screening.sanction".to_owned(), ..factor(0.1, state) });
            let judged = policy.judge(&[&answer], &somebody(), Combine::default());
            if state.covers() {
                assert_eq!((judged.status, judged.level), (Status::Completed, Some(Level::of(score))));
            } else {
                assert_eq!((judged.status, judged.level), (Status::Partial, level));
                assert_eq!(judged.reasons, ["required_factor_missing:screening.sanction"]);
                assert!(judged.review_required);
            }
        }
    }
}

#[test]
fn a_review_that_holds_has_a_person_look_and_changes_nothing_else() {
    let policy = with(|rules| {
        let when = "politically_exposed == true".parse().expect("a condition");
        rules.review = vec![Review { when, reason: "declared exposure".to_owned() }];
    });
    let exposed = Facts { politically_exposed: Some(true), ..somebody() };
    let judged = policy.judge(&[&said("a", 10.0)], &exposed, Combine::default());
    assert_eq!((judged.status, judged.level), (Status::Completed, Some(Level::VeryLow)));
    assert_eq!((judged.review_required, judged.reasons), (true, vec!["declared exposure".to_owned()]));
    let other = policy.judge(&[&said("a", 10.0)], &somebody(), Combine::default());
    assert_eq!((other.review_required, other.reasons.len()), (false, 0));
}

#[test]
fn a_coverage_floor_of_its_own_counts_and_none_lets_an_unanswered_check_pass() {
    let lax = with(|rules| rules.coverage_floor = 0.0);
    assert_eq!(lax.verdict(&thin("a", 10.0)).status, Status::Completed);
    let nothing = answer(Some("0"), Some(Level::VeryLow), vec![factor(1.0, FactorState::NoData)], &[]);
    assert_eq!((lax.verdict(&nothing).status, lax.verdict(&nothing).level), (Status::Partial, None));
    let strict = with(|rules| rules.coverage_floor = 1.0);
    let most = vec![factor(0.9, FactorState::Scored), factor(0.1, FactorState::NoData)];
    assert_eq!(strict.verdict(&answer(Some("10"), Some(Level::VeryLow), most, &[])).status, Status::Partial);
}

#[test]
fn vendors_two_levels_apart_come_out_as_the_higher_for_a_person_to_look_at() {
    for combine in [Combine::MostConservative, Combine::Mean, Combine::Quorum(1.try_into().expect("one"))] {
        let judged = all_of(&[said("a", 10.0), said("b", 50.0), said("c", 12.0)], combine);
        assert_eq!((judged.level, judged.spread), (Some(Level::Medium), 2), "{combine:?}");
        assert_eq!(judged.decided_by, Some(ProviderName::new("b")));
        assert_eq!((judged.review_required, judged.reasons), (true, vec!["providers_apart".to_owned()]));
        let near = all_of(&[said("a", 10.0), said("b", 30.0)], combine);
        assert_eq!((near.spread, near.review_required), (1, false), "{combine:?}");
    }
}

#[test]
fn the_mean_is_at_most_one_level_below_the_highest_and_nobodys_own() {
    let judged = all_of(&[said("a", 21.0), said("b", 19.0), said("c", 1.0)], Combine::Mean);
    assert_eq!((judged.level, judged.decided_by, judged.answered), (Some(Level::VeryLow), None, 3));
    let score = judged.score.expect("a score");
    assert!((score.value() - 41.0 / 3.0).abs() < 1e-9 && score.scale() == "mean:0-100", "{score:?}");
    // A level of its own scale may lie above what the mean of the scores would be.
    let mut worded = said("b", 5.0);
    worded.level = Some(Level::Low);
    let judged = all_of(&[said("a", 1.0), worded.clone()], Combine::Mean);
    assert_eq!(judged.level, Some(Level::VeryLow));
    let alone = all_of(&[worded.clone()], Combine::Mean);
    assert_eq!(
        (alone.level, alone.score),
        (Some(Level::Low), worded.score.clone()),
        "one answer is its own mean"
    );
    let agreed = all_of(&[worded.clone(), said("a", 25.0)], Combine::Mean);
    assert_eq!(agreed.level, Some(Level::Low), "not below every vendor's");
    worded.flags.insert(Flag::UnknownVendorLevel);
    let judged = all_of(&[said("a", 1.0), worded], Combine::Mean);
    assert_eq!(judged.level, Some(Level::Low), "what a person must look at is not averaged away");
}

#[test]
fn a_quorum_takes_the_level_of_most_and_the_higher_of_equals() {
    let quorum = |least: usize| Combine::Quorum(least.try_into().expect("above zero"));
    let judged = all_of(&[said("a", 10.0), said("b", 30.0), said("c", 12.0)], quorum(2));
    assert_eq!((judged.level, judged.status), (Some(Level::VeryLow), Status::Completed));
    assert_eq!(judged.decided_by, Some(ProviderName::new("c")));
    let tie = all_of(&[said("a", 10.0), said("b", 30.0)], quorum(2));
    assert_eq!(tie.level, Some(Level::Low));
    let short = all_of(&[said("a", 10.0), thin("b", 12.0)], quorum(2));
    assert_eq!((short.status, short.level, short.answered), (Status::Partial, None, 1));
    assert!(short.reasons.contains(&"quorum_not_met".to_owned()));
    let short = all_of(&[said("a", 70.0)], quorum(2));
    assert_eq!((short.status, short.level), (Status::Partial, Some(Level::High)), "bad news stands");
}

#[test]
fn two_kinds_of_one_vendor_have_one_vote() {
    let of_kind =
        |name: &str, kind: &str, score| ProviderAssessment { kind: kind.to_owned(), ..said(name, score) };
    let answers = [
        of_kind("a", "youverify-actor", 10.0),
        of_kind("b", "youverify-risk-intelligence", 12.0),
        of_kind("c", "idenfy", 30.0),
    ];
    let judged = all_of(&answers, Combine::Quorum(2.try_into().expect("two")));
    assert_eq!((judged.answered, judged.level), (2, Some(Level::Low)), "one against one");
}

#[test]
fn a_partial_answer_does_not_count_beside_a_complete_one_except_for_its_bad_news() {
    for combine in [Combine::MostConservative, Combine::Mean] {
        let good = all_of(&[said("a", 30.0), thin("b", 1.0)], combine);
        assert_eq!((good.status, good.level, good.answered), (Status::Completed, Some(Level::Low), 1));
        let bad = all_of(&[said("a", 30.0), thin("b", 45.0)], combine);
        assert_eq!((bad.status, bad.level), (Status::Completed, Some(Level::Medium)));
        assert_eq!(bad.decided_by, Some(ProviderName::new("b")));
        assert!(bad.review_required);
    }
    let only = all_of(&[thin("a", 10.0), thin("b", 70.0)], Combine::default());
    assert_eq!((only.status, only.level), (Status::Partial, Some(Level::High)));
}

#[test]
fn a_pending_answer_beside_others_leaves_them_partial() {
    let mut pending = said("b", 0.0);
    pending.state = AnswerState::Pending;
    let judged = all_of(&[said("a", 10.0), pending.clone()], Combine::default());
    assert_eq!((judged.status, judged.level), (Status::Partial, None));
    let judged = all_of(&[said("a", 90.0), pending], Combine::default());
    assert_eq!((judged.status, judged.level), (Status::Partial, Some(Level::VeryHigh)));
    assert_eq!(all_of(&[], Combine::default()).status, Status::Partial);
}

#[test]
fn the_same_rules_in_any_order_are_one_policy_and_others_are_another() {
    let (one, other) = (floor("country == NG", Level::High), floor("spread >= 1", Level::Medium));
    let policy = |floors: Vec<Floor>| with(|rules| rules.floors = floors);
    let plain = policy(vec![one.clone(), other.clone()]);
    assert_eq!(plain.version(), policy(vec![other.clone(), one.clone()]).version());
    let renamed = Floor { reason: "else".to_owned(), ..one.clone() };
    let lower = Floor { level: Level::Medium, ..one.clone() };
    for different in [vec![one], vec![renamed, other.clone()], vec![lower, other], Vec::new()] {
        assert_ne!(plain.version(), policy(different).version());
    }
    assert_eq!(Policy::default().version(), "0ca8ad4133a40ee6", "kept records name it");
}
