//! What holds of every answer and every policy.

use proptest::prelude::*;
use risk_provider::{Evidence, EvidenceKind, VendorReference};

use super::*;

/// The coverage that counts as complete by default.
const COVERAGE_FLOOR: f64 = 0.5;

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

fn combines() -> impl Strategy<Value = Combine> {
    let quorum = (1..4_usize).prop_map(|least| Combine::Quorum(least.try_into().expect("above zero")));
    prop_oneof![Just(Combine::MostConservative), Just(Combine::Mean), quorum]
}

/// Weights as they should not be, too.
fn weights() -> impl Strategy<Value = f64> {
    prop_oneof![8 => 0.0..1.0_f64, 1 => Just(f64::NAN), 1 => Just(-1.0), 1 => Just(f64::INFINITY)]
}

fn flags() -> impl Strategy<Value = Vec<Flag>> {
    let known = [Flag::SubjectNameMismatch, Flag::UnknownVendorLevel, Flag::LabelConflict, Flag::Unanswered];
    prop::collection::vec(prop::sample::select(known.to_vec()), 0..2)
}

prop_compose! {
    /// Anything that an adapter could hand over, and more.
    fn answers()(
        score in prop::option::of(0.0..=100.0_f64),
        level in prop::option::of(0..5_usize),
        parts in prop::collection::vec((weights(), states(), prop::option::of(prop_oneof![0.0..=100.0_f64, Just(f64::NAN)])), 0..5),
        flags in flags(),
        pending in prop::bool::weighted(0.1),
        kind in prop::sample::select(vec!["idenfy", "youverify-actor", "youverify-risk-intelligence"]),
        severity in prop::option::of(prop_oneof![0.0..=100.0_f64, Just(f64::NAN)]),
    ) -> ProviderAssessment {
        let codes = ["customer.kyc", "screening.sanction", "screening.pep"];
        let factors = parts.iter().zip(codes.into_iter().cycle()).map(|(&(weight, state, score), code)| Factor {
            code: code.to_owned(), score, level: score.map(Level::of), ..factor(weight, state)
        });
        let found = Evidence {
            kind: EvidenceKind::AdverseMedia, source: None, published_at: None, headline: None,
            tags: vec!["Fraud".to_owned()], severity, provider: ProviderName::new("test"),
        };
        ProviderAssessment {
            kind: kind.to_owned(),
            state: if pending { AnswerState::Pending } else { AnswerState::Final },
            vendor_reference: Some(VendorReference("r".to_owned())),
            evidence: severity.map(|_| found).into_iter().collect(),
            ..answer(score.map(|score| score.to_string()).as_deref(), level.map(|level| Level::ALL[level]),
                factors.collect(), &flags)
        }
    }
}

prop_compose! {
    /// Several providers' answers.
    fn several()(mut answers in prop::collection::vec(answers(), 0..5)) -> Vec<ProviderAssessment> {
        for (index, answer) in answers.iter_mut().enumerate() {
            answer.provider = ProviderName::new(&format!("p{index}"));
        }
        answers
    }
}

fn floors() -> impl Strategy<Value = Vec<Floor>> {
    let one = (condition::tests::conditions(), 0..5_usize).prop_map(|(when, level)| Floor {
        reason: when.to_string(),
        when,
        level: Level::ALL[level],
    });
    prop::collection::vec(one, 0..5)
}

proptest! {
    #[test]
    fn whatever_is_said_the_judgement_is_sound(
        answers in several(), combine in combines(), floors in floors(), floor in 0.0..=1.0_f64,
    ) {
        let said: Vec<_> = answers.iter().collect();
        let policy = with(|rules| { rules.floors = floors; rules.coverage_floor = floor; });
        let judged = policy.judge(&said, &somebody(), combine);
        prop_assert!((0.0..=1.0).contains(&judged.coverage));
        prop_assert!(0.0 <= judged.bounds.low && judged.bounds.low <= judged.bounds.high && judged.bounds.high <= 100.0);
        if let Some(score) = &judged.score {
            prop_assert!(judged.bounds.low <= score.value() && score.value() <= judged.bounds.high);
        }
        let good = judged.level.is_some_and(|level| level < Level::Medium);
        if judged.status != Status::Completed {
            prop_assert!(!good);
        }
        if good {
            // Somebody complete said so, and nobody whose answer counts said worse by more than a level.
            let verdicts: Vec<_> = said.iter().map(|said| policy.verdict(said)).collect();
            prop_assert!(verdicts.iter().any(|verdict| verdict.status == Status::Completed));
            prop_assert!(verdicts.iter().all(|verdict| verdict.status != Status::Pending));
            let highest = verdicts.iter().filter_map(|verdict| verdict.level).max();
            prop_assert!(highest.is_some_and(|highest| highest <= Level::Medium));
        }
        if judged.status == Status::Pending {
            prop_assert!(judged.level.is_none() && judged.score.is_none());
        }
    }

    #[test]
    fn a_floor_never_lowers_and_a_further_one_neither(
        answers in several(), combine in combines(), floors in floors(), more in floors(),
    ) {
        let said: Vec<_> = answers.iter().collect();
        let judge = |floors: Vec<Floor>| with(|rules| rules.floors = floors).judge(&said, &somebody(), combine);
        let (plain, some, all) = (judge(Vec::new()), judge(floors.clone()), judge([floors, more].concat()));
        prop_assert!(plain.level <= some.level && some.level <= all.level);
        prop_assert_eq!(plain.base_level, all.base_level);
        for floor in &some.floors_applied {
            prop_assert!(some.level >= Some(floor.level) || (some.level.is_none() && floor.level < Level::Medium));
        }
    }

    #[test]
    fn the_order_of_answers_and_of_floors_does_not_matter(
        answers in several(), combine in combines(), floors in floors(), turn in 0..5_usize,
    ) {
        let judge = |answers: &[ProviderAssessment], floors: &[Floor]| {
            let said: Vec<_> = answers.iter().collect();
            let mut judged = with(|rules| rules.floors = floors.to_vec()).judge(&said, &somebody(), combine);
            judged.floors_applied.sort_by(|left, right| (&left.when, left.level).cmp(&(&right.when, right.level)));
            judged
        };
        let (mut other_answers, mut other_floors) = (answers.clone(), floors.clone());
        other_answers.rotate_left(turn.min(answers.len()));
        other_answers.reverse();
        other_floors.rotate_left(turn.min(floors.len()));
        prop_assert_eq!(judge(&answers, &floors), judge(&other_answers, &other_floors));
    }

    #[test]
    fn required_factors_and_reviews_never_make_an_answer_better(answers in several(), combine in combines()) {
        let said: Vec<_> = answers.iter().collect();
        let plain = Policy::default().judge(&said, &somebody(), combine);
        let strict = with(|rules| {
            rules.required_factors = vec!["screening.sanction".to_owned()];
            rules.review = vec![Review { when: "coverage < 0.9".parse().expect("good"), reason: "thin".to_owned() }];
        });
        let strict = strict.judge(&said, &somebody(), combine);
        prop_assert!(strict.level.is_none() || strict.level == plain.level);
        prop_assert!(strict.review_required || !plain.review_required);
    }
}
