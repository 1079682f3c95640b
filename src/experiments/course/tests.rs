//! Which pairs count, and when a look is due.

use std::sync::Arc;

use jiff::ToSpan;
use risk_provider::{Level, ProviderName};

use super::*;
use crate::{
    assessment::Served,
    compare::{Points, Said},
    comparing::{ComparedSide, PairSource},
    experiments::{Endpoint, Horizon, Plan, Population},
    ids::ExperimentId,
    outcomes::OutcomeType,
    secrets::HashKey,
};

const BEGAN: Timestamp = Timestamp::UNIX_EPOCH;

fn version(mapping: &str) -> Version {
    Version { kind: "kind".to_owned(), mapping_version: mapping.to_owned(), profile: None }
}

fn experiment() -> Experiment {
    let plan = Plan {
        left: ProviderName::new("a"),
        right: ProviderName::new("b"),
        population: Population::default(),
        sample_rate: 1.0,
        primary_endpoint: Endpoint::Auc,
        margin: 0.02,
        error_rate: 0.05,
        flag_level: Level::High,
        positive: vec![OutcomeType::ConfirmedFraud],
        window_s: 60,
        horizon: Horizon { labelled: 100, days: 30 },
        looks: 4,
        left_version: version("a/1"),
        right_version: version("b/1"),
    };
    Experiment {
        id: ExperimentId::from_text("exp_1"),
        team: "risk".to_owned(),
        name: "trial".to_owned(),
        plan,
        registered_by: "key".to_owned(),
        registered_at: BEGAN,
    }
}

fn side(mapping: &str) -> ComparedSide {
    let rating = Rating::of(Points::new(50.0).expect("a score"));
    let version = Arc::from(format!("kind {mapping} "));
    ComparedSide { rating, version, served: Served::Called, assessed_at: BEGAN }
}

/// The pair of subject number `subject`, made in that second, with the right side's mapping.
fn pair(subject: i64, mapping: &str) -> (ComparedPair, Option<bool>) {
    let pair = ComparedPair {
        source: PairSource::Shadow,
        asked_in: format!("asm_{subject}"),
        subject: SubjectId::from_text(&format!("sub_{subject}")),
        subject_type: Arc::from("individual"),
        route: Arc::from("default"),
        at: BEGAN + subject.seconds(),
        segment: None,
        left: side("a/1"),
        right: side(mapping),
    };
    (pair, Some(subject % 2 == 0))
}

fn course(pairs: impl IntoIterator<Item = (ComparedPair, Option<bool>)>) -> Course {
    Course::of(&experiment(), pairs.into_iter().collect(), &[])
}

fn look(labelled: u64, is_last: bool) -> Look {
    let (experiment, none) = (experiment(), course([]));
    let keys = KeyMaker::new(Arc::new(HashKey::random().expect("randomness")));
    let by = ("key".to_owned(), BEGAN);
    let look = Look::take(&experiment, &none, &[], (0.5, is_last), (0.0, &keys), by);
    Look { labelled, ..look }
}

#[test]
fn another_version_closes_the_segment_for_good() {
    let pairs = (0..10).map(|number| pair(number, if number == 6 { "b/2" } else { "b/1" }));
    let course = course(pairs);
    let told: Vec<_> = course.segments.iter().map(|it| (it.counts, it.pairs, it.labelled)).collect();
    assert_eq!(told, [(true, 6, 6), (false, 1, 1), (false, 3, 3)]);
    assert_eq!((course.pairs(), course.labelled()), (6, 6));
    assert_eq!(course.closed_at(), Some(BEGAN + 6.seconds()));
    assert_eq!(course.status(&experiment(), &[], BEGAN), ExperimentStatus::Closed);
    let due = course.due(&experiment(), &[], BEGAN);
    assert_eq!(due, Due::Now { share: 0.06, is_last: true }, "what there was is looked at once");
}

#[test]
fn silence_counts_only_while_pairs_do() {
    let silences = |pairs: Vec<(ComparedPair, Option<bool>)>| {
        let silent = |second: i64| Silent {
            said: (Said::NotAsked, Said::Nothing),
            at: BEGAN + second.seconds(),
            outcome: None,
        };
        let silent: Vec<Silent> = (0..200).map(silent).collect();
        Course::of(&experiment(), pairs, &silent).unpaired.unanswered().right.subjects
    };
    let pairs = |all: i64, other: i64| {
        (0..all).map(move |number| pair(number, if number == other { "b/2" } else { "b/1" }))
    };
    assert_eq!(silences(pairs(50, -1).collect()), 200);
    assert_eq!(silences(pairs(50, 40).collect()), 40, "another version answers");
    assert_eq!(silences(pairs(150, -1).collect()), 100, "the planned number is there");
}

#[test]
fn what_was_not_registered_never_counts() {
    assert_eq!(course([pair(1, "b/2")]).pairs(), 0);
}

#[test]
fn whoever_was_asked_about_first_counts_up_to_the_planned_number_of_outcomes() {
    let told = |number: i64| {
        let (pair, outcome) = pair(number, "b/1");
        (pair, outcome.filter(|_| number % 10 != 9))
    };
    let course = course((0..130).rev().map(told));
    assert_eq!(
        (course.pairs(), course.labelled()),
        (111, 100),
        "with those among them of whom nothing is known"
    );
    assert_eq!(course.rows.last().map(|row| row.asked_in.as_str()), Some("asm_110"));
}

#[test]
fn a_closed_segment_waits_for_the_outcomes_of_what_there_was() {
    let closed = course([pair(1, "b/1"), pair(2, "b/1"), pair(3, "b/2")]);
    let (experiment, soon, over) = (experiment(), BEGAN + 1.hours(), BEGAN + (24 * 30).hours());
    let looked = [look(2, false)];
    assert_eq!(closed.due(&experiment, &looked, soon), Due::At(3));
    assert_eq!(closed.status(&experiment, &looked, soon), ExperimentStatus::Closed);
    assert_eq!(closed.status(&experiment, &looked, over), ExperimentStatus::Ended);
}

#[test]
fn looks_are_due_at_equal_shares_and_not_before() {
    let of = |pairs: i64| course((0..pairs).map(|number| pair(number, "b/1")));
    let experiment = experiment();
    let due = |pairs: i64, taken: &[Look]| of(pairs).due(&experiment, taken, BEGAN);
    assert_eq!(due(24, &[]), Due::At(25));
    assert_eq!(due(25, &[]), Due::Now { share: 0.25, is_last: false });
    let first = look(60, false);
    assert_eq!(due(60, std::slice::from_ref(&first)), Due::At(75), "what was missed is not made up for");
    assert_eq!(due(80, std::slice::from_ref(&first)), Due::Now { share: 0.8, is_last: false });
    assert_eq!(due(130, &[first]), Due::Now { share: 1.0, is_last: true });
    assert_eq!(due(130, &[look(130, true)]), Due::Never);
}

#[test]
fn its_time_ends_it_with_whatever_there_is() {
    let (experiment, some) = (experiment(), course((0..10).map(|number| pair(number, "b/1"))));
    let over = BEGAN + (24 * 30).hours();
    assert_eq!(experiment.ends_at(), over);
    assert_eq!(some.due(&experiment, &[], over), Due::Now { share: 0.1, is_last: true });
    assert_eq!(some.status(&experiment, &[], over), ExperimentStatus::Due);
    assert_eq!(course([]).due(&experiment, &[], over), Due::Never);
}

#[test]
fn early_looks_are_surer_and_nobody_wins_without_data() {
    let (experiment, some) = (experiment(), course((0..25).map(|number| pair(number, "b/1"))));
    let keys = KeyMaker::new(Arc::new(HashKey::random().expect("randomness")));
    let look = Look::take(&experiment, &some, &[], (0.25, false), (0.0, &keys), ("key".to_owned(), BEGAN));
    assert!(look.bound > 4.0 && look.confidence > 0.999_9, "{} {}", look.bound, look.confidence);
    assert!(!look.report.verdict.decides(), "{:?}", look.report.verdict);
    assert!(serde_json::to_value(&look).expect("JSON")["recall"]["left"]["reason"].is_string());
}

/// A trial of 4,000 subjects, one in ten a case. The challenger alone flags 400, of whom only `known` in a hundred are known:
/// those who surfaced by themselves, cases all. Everybody else is known but those whom nobody flags: all who are drawn are.
fn surfaced(known: i64) -> Look {
    let (experiment, keys) = (long(), KeyMaker::new(Arc::new(HashKey::random().expect("randomness"))));
    let made = (0..4000).map(|number| {
        let (mut pair, _) = pair(number, "b/1");
        let flags = match number % 10 {
            0 => (true, true),
            1 => (true, false),
            2 => (false, true),
            _ => (false, false),
        };
        let score = |flagged: bool, seed: i64| {
            let noise = f64::from(u32::try_from(number * seed % 19).expect("small"));
            Rating::of(Points::new(if flagged { 62.0 } else { 30.0 } + noise).expect("a score"))
        };
        (pair.left.rating, pair.right.rating) = (score(flags.0, 7), score(flags.1, 11));
        let positive = number / 10 % 10 == 3;
        let is_known = match flags {
            (false, true) => number / 10 % 100 < known,
            (false, false) => experiment.draw(&keys, "audit", &pair.subject) < 0.5,
            _ => true,
        };
        (pair, is_known.then_some(positive || (flags == (false, true) && known < 90)))
    });
    let course = Course::of(&experiment, made.collect(), &[]);
    Look::take(&experiment, &course, &[], (1.0, true), (0.5, &keys), ("key".to_owned(), BEGAN))
}

fn long() -> Experiment {
    let mut experiment = experiment();
    experiment.plan.horizon.labelled = 4_000;
    experiment
}

#[test]
fn a_pattern_of_flags_of_which_some_surfaced_by_themselves_weighs_nothing_and_corrects_nothing() {
    for known in [5, 30, 90] {
        let look = surfaced(known);
        assert!(look.report.outcomes.labelling.selective && look.weighted.is_none(), "{known}");
        assert!(!look.report.verdict.decides(), "{:?}", look.report.verdict_reasons);
        let reason = look.weighted_reason.expect("a reason");
        assert!(reason.starts_with("of 400 whom b alone flags only "), "{reason}");
        for recall in [look.recall.left, look.recall.right] {
            assert!(recall.corrected.is_none() && recall.low.is_none());
            assert_eq!(recall.reason.as_ref(), Some(&reason));
        }
    }
    let whole = surfaced(100);
    assert!(whole.weighted_reason.is_none() && whole.recall.right.corrected.is_some(), "{:?}", whole.recall);
    let areas = whole.weighted.expect("areas");
    assert!((areas.stand_for - 4000.0).abs() < 1e-6, "{areas:?}");
}

#[test]
fn a_version_that_closes_it_early_spends_only_what_its_share_allows() {
    let (experiment, keys) = (experiment(), KeyMaker::new(Arc::new(HashKey::random().expect("randomness"))));
    let bound = |other: i64, share: f64| {
        let pairs = (0..100).map(|number| pair(number, if number == other { "b/2" } else { "b/1" }));
        let by = ("key".to_owned(), BEGAN);
        let look = Look::take(&experiment, &course(pairs), &[], (share, true), (0.0, &keys), by);
        assert!(serde_json::from_str::<Look>(&serde_json::to_string(&look).expect("JSON")).is_ok());
        (look.bound, look.confidence)
    };
    let (closed, over) = (bound(50, 0.5), bound(-1, 0.5));
    assert!((closed.0 - 2.962_59).abs() < 1e-4, "what half of the planned pairs allow: {closed:?}");
    assert!((over.0 - 1.959_96).abs() < 1e-4, "its time is over, and all is spent: {over:?}");
    assert!(closed.1 > 0.996 && over.1 < 0.951);
    let soon = bound(1, 0.001);
    assert!(
        (39.9..=40.0).contains(&soon.0) && soon.1 < 1.0,
        "hardly any error is allowed, and that can be written: {soon:?}"
    );
    let (whole, _) = bound(99, 1.0);
    assert!((whole - 1.959_96).abs() < 1e-4, "the planned number is there: {whole}");
}

#[test]
fn a_look_names_what_else_compares_the_same_two_at_the_same_time() {
    let of = |name: &str, change: fn(&mut Experiment)| {
        let mut other = experiment();
        (other.id, other.name) = (ExperimentId::from_text(&format!("exp_{name}")), name.to_owned());
        change(&mut other);
        other
    };
    let all = [
        experiment(),
        of("twin", |_| {}),
        of("mirrored", |it| std::mem::swap(&mut it.plan.left, &mut it.plan.right)),
        of("overlapping", |it| it.registered_at = BEGAN + (24 * 29).hours()),
        of("later", |it| it.registered_at = BEGAN + (24 * 30).hours()),
        of("elsewhere", |it| it.plan.right = ProviderName::new("c")),
        of("others", |it| it.team = "fraud".to_owned()),
    ];
    let mut look = look(0, true);
    look.note_beside(&experiment(), &all[..1]);
    assert!(look.report.notes.is_empty(), "it is not beside itself");
    look.note_beside(&experiment(), &all);
    let note = look.report.notes.concat();
    assert!(note.contains("is 3: \"twin\", \"mirrored\", \"overlapping\"."), "{note}");
}
