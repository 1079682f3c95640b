//! Verdicts on populations of which the truth is known.

use super::{Generator, noise, pairs, report};
use crate::compare::{Report, Verdict};

type Sides = fn(&mut Generator, bool, usize) -> (f64, f64);

/// A fifth of `count` subjects are positive; `sides` makes up what both say of one.
fn population(count: usize, seed: u64, sides: Sides) -> Report {
    let mut generator = Generator::new(seed);
    let rows: Vec<_> = (0..count)
        .map(|place| {
            let positive = place % 5 == 0;
            let (left, right) = sides(&mut generator, positive, place);
            (left.clamp(0.0, 100.0), right.clamp(0.0, 100.0), Some(positive), None)
        })
        .collect();
    report(&pairs(rows))
}

fn seen(generator: &mut Generator, positive: bool, strength: f64) -> f64 {
    40.0 + f64::from(u8::from(positive)) * strength + 12.0 * noise(generator)
}

fn weak_and_strong(generator: &mut Generator, positive: bool, _: usize) -> (f64, f64) {
    (seen(generator, positive, 10.0), seen(generator, positive, 30.0))
}

fn strong_and_weak(generator: &mut Generator, positive: bool, place: usize) -> (f64, f64) {
    let (weak, strong) = weak_and_strong(generator, positive, place);
    (strong, weak)
}

/// Each side knows only every other positive.
fn halves(generator: &mut Generator, positive: bool, place: usize) -> (f64, f64) {
    let (left, right) = (positive && place.is_multiple_of(2), positive && !place.is_multiple_of(2));
    (seen(generator, left, 40.0), seen(generator, right, 40.0))
}

/// The right side is the left one with a little noise.
fn alike(generator: &mut Generator, positive: bool, _: usize) -> (f64, f64) {
    let left = seen(generator, positive, 25.0);
    (left, left + noise(generator))
}

fn blind(generator: &mut Generator, _: bool, _: usize) -> (f64, f64) {
    (seen(generator, false, 0.0), seen(generator, false, 0.0))
}

#[test]
fn the_better_challenger_is_promoted_and_the_worse_one_is_not() {
    for seed in 1..6 {
        assert_eq!(population(2000, seed, weak_and_strong).verdict, Verdict::Promote);
        assert_eq!(population(2000, seed, strong_and_weak).verdict, Verdict::Keep);
    }
}

#[test]
fn sides_that_find_different_positives_are_complementary() {
    for seed in 1..6 {
        let report = population(2000, seed, halves);
        assert_eq!(report.verdict, Verdict::Complementary, "{:?}", report.verdict_reasons);
        assert!(report.verdict_reasons[1].contains("alone"), "{:?}", report.verdict_reasons);
    }
}

#[test]
fn a_challenger_that_says_the_same_is_not_worth_changing_for() {
    assert_eq!(population(5000, 1, alike).verdict, Verdict::Keep);
}

#[test]
fn two_blind_sides_win_no_more_often_than_chance_allows() {
    let won = |seed: &u64| population(400, *seed, blind).verdict == Verdict::Promote;
    let winners = (1..=200).filter(won).count();
    assert!(winners <= 12, "{winners} of 200, where 5 are expected");
}

#[test]
fn twelve_pairs_give_no_winner_and_say_how_many_are_needed() {
    let report = population(12, 1, weak_and_strong);
    assert_eq!(report.verdict, Verdict::Extend);
    let reasons = report.verdict_reasons.join(" ");
    assert!(
        reasons.contains("The number of pairs is 12, and nothing is concluded from fewer than 100."),
        "{reasons}"
    );
    assert!(reasons.contains("Collect about 1,"), "{reasons}");
    let advice = report.sample_advice;
    assert_eq!((advice.positives.have, advice.labelled.have, advice.measured), (3, 12, false));
    assert!(advice.positives.need > 1000 && advice.positives.more == advice.positives.need - 3);
    assert!(advice.pairs.need >= advice.labelled.need);
}

#[test]
fn more_data_would_decide_a_close_race() {
    let close: Sides = |generator, positive, _| {
        let common = seen(generator, positive, 20.0);
        let own = [(); 2].map(|()| 5.0 * noise(generator));
        (common + own[0], common + own[1] + 3.0 * f64::from(u8::from(positive)))
    };
    let report = population(300, 3, close);
    assert_eq!(report.verdict, Verdict::Extend, "{:?}", report.verdict_reasons);
    assert!(report.sample_advice.measured && report.sample_advice.positives.more > 0);
}
