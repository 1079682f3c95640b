//! Verdicts on populations of which the truth is known.

use super::{Bootstrap, Context, Generator, Settings, noise, pairs, report};
use crate::compare::{Points, Report, Said, Unpaired, Verdict};

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
fn nobody_wins_where_one_side_is_wrong_and_the_other_tells_nothing() {
    let wrong_and_blind = |generator: &mut Generator, positive: bool, _: usize| {
        (seen(generator, !positive, 2.0), seen(generator, false, 10.0))
    };
    let report = population(20_000, 1, wrong_and_blind);
    assert_eq!(report.verdict, Verdict::Inconclusive, "{:?}", report.verdict_reasons);
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
fn noise_is_neither_kept_nor_called_complementary() {
    let opposite: Sides = |generator, _, _| {
        let left = seen(generator, false, 0.0);
        (left, 100.0 - left)
    };
    for sides in [blind as Sides, opposite] {
        let verdicts = (1..41).map(|seed| population(2000, seed, sides).verdict);
        let decided = verdicts.filter(|verdict| verdict.decides()).count();
        assert!(decided <= 5, "{decided} of 40, where 1 or 2 are expected");
    }
    let large = population(100_000, 1, blind);
    assert_eq!(large.verdict, Verdict::Inconclusive, "{:?}", large.verdict_reasons);
    assert!(large.verdict_reasons[0].contains("Neither side tells"), "{:?}", large.verdict_reasons);
}

#[test]
fn both_together_must_be_worth_the_margin() {
    // Nearly the same twice: with very many pairs the mean of both is surely better, by next to nothing.
    let report = population(60_000, 7, |generator, positive, _| {
        let common = seen(generator, positive, 20.0);
        (common + 2.0 * noise(generator), common + 2.0 * noise(generator))
    });
    let combined = &report.outcomes.combined;
    assert!(combined.over_left.low > Some(0.0) && combined.over_left.high < Some(0.02), "{combined:?}");
    assert_eq!(report.verdict, Verdict::Keep, "{:?}", report.verdict_reasons);
}

/// Two equal sides, of whom outcomes are known only as `is_known` says of the left score and a number.
fn chosen(count: usize, is_known: impl Fn(f64, usize) -> bool, all: bool) -> Report {
    let mut generator = Generator::new(5);
    let rows: Vec<_> = (0..count)
        .filter_map(|place| {
            let positive = place % 5 == 0;
            let common = 8.0 * noise(&mut generator);
            let mut side = || (seen(&mut generator, positive, 20.0) + common).clamp(0.0, 100.0);
            let (left, right) = (side(), side());
            let known = is_known(left, place);
            (known || all).then_some((left, right, known.then_some(positive), None))
        })
        .collect();
    report(&pairs(rows))
}

#[test]
fn nobody_wins_where_only_the_flagged_were_looked_into_however_few_they_are() {
    let few = chosen(60_000, |left, place| left >= 60.0 && place % 23 == 0, true);
    let labelling = &few.outcomes.labelling;
    assert!(labelling.left_flagged.share() < Some(0.05) && labelling.selective, "{labelling:?}");
    assert_eq!(few.verdict, Verdict::Extend, "{:?}", few.verdict_reasons);
    let export = chosen(10_000, |left, _| left >= 60.0, false);
    assert_eq!(export.outcomes.labelled, export.n);
    assert_eq!(export.verdict, Verdict::Extend, "{:?}", export.verdict_reasons);
    assert!(export.verdict_reasons[0].contains("export of flagged cases"), "{:?}", export.verdict_reasons);
    let wider = chosen(10_000, |left, _| left >= 40.0, false);
    let told = wider.verdict_reasons.join(" ");
    assert!(wider.verdict.decides(), "where most are unflagged it is taken for a population: {told}");
    assert!(told.contains("Nobody here has a score of alpha below 40"), "{told}");
}

#[test]
fn nobody_wins_where_scores_decided_who_was_looked_into_wherever_the_line_is() {
    for line in [40.0, 48.0, 70.0] {
        let report = chosen(6_000, |left, place| left >= line || place % 20 == 0, true);
        assert_eq!(report.verdict, Verdict::Extend, "{line}: {:?}", report.verdict_reasons);
        assert!(report.outcomes.labelling.left_scores.selective, "{line}");
    }
    let by_chance = chosen(6_000, |_, place| place % 3 == 0, true);
    assert!(!by_chance.outcomes.labelling.selective, "{:?}", by_chance.outcomes.labelling);
}

#[test]
fn a_few_unflagged_ones_do_not_make_an_export_a_population() {
    let with_unflagged =
        |of_unflagged| chosen(10_000, |left, place| left >= 60.0 || place % of_unflagged == 0, false);
    let export = with_unflagged(60);
    let unflagged = export.outcomes.labelling.unflagged.pairs * 100 / export.n;
    assert!(
        (3..10).contains(&unflagged) && export.outcomes.labelling.only_flagged,
        "{unflagged} in a hundred"
    );
    assert_eq!(export.verdict, Verdict::Extend);
    assert!(with_unflagged(10).outcomes.labelling.only_flagged, "an export with a sample of others");
    assert!(!with_unflagged(2).outcomes.labelling.only_flagged);
}

#[test]
fn nobody_wins_by_silence_about_the_hard_cases() {
    let mut generator = Generator::new(3);
    let (mut answered, mut unpaired) = (Vec::new(), Unpaired::default());
    for place in 0..4000 {
        let positive = place % 5 == 0;
        let (left, right) = weak_and_strong(&mut generator, positive, place);
        if positive && right < 60.0 {
            unpaired.count(said(left), Said::Nothing, Some(true));
        } else {
            answered.push((left.clamp(0.0, 100.0), right.clamp(0.0, 100.0), Some(positive), None));
        }
    }
    let context = Context { unpaired, right: "beta".to_owned(), ..Context::default() };
    let silent = Report::of(&pairs(answered), &Settings::default(), context);
    assert!(silent.unanswered.selective && silent.unanswered.right.negatives == 0, "{:?}", silent.unanswered);
    assert_eq!(silent.verdict, Verdict::Extend);
    assert!(silent.verdict_reasons[0].starts_with("beta left"), "{:?}", silent.verdict_reasons);
}

fn said(score: f64) -> Said {
    Said::of(Points::new(score.clamp(0.0, 100.0)))
}

/// Of pairs, beside those who make none, without resamples.
fn beside(unpaired: Unpaired, answered: Vec<(f64, f64, Option<bool>, Option<&str>)>) -> Report {
    let settings = Settings { bootstrap: Bootstrap { rounds: 0, seed: 1 }, ..Settings::default() };
    let context = Context { unpaired, right: "beta".to_owned(), ..Context::default() };
    Report::of(&pairs(answered), &settings, context)
}

/// 4,000 subjects, a fifth positive, as `sides` says of them; `hushed` says whom the right side leaves without an answer, and
/// `known` of whom of these an outcome is known.
fn hushed(
    seed: u64,
    sides: Sides,
    hushed: impl Fn(bool, f64, usize) -> bool,
    known: impl Fn(bool) -> bool,
    asked: bool,
) -> Report {
    let mut generator = Generator::new(seed);
    let (mut answered, mut unpaired) = (Vec::new(), Unpaired::default());
    for place in 0..4000 {
        let positive = place % 5 == 0;
        let (left, right) = sides(&mut generator, positive, place);
        let outcome = known(positive).then_some(positive);
        if !hushed(positive, right, place) {
            answered.push((left.clamp(0.0, 100.0), right.clamp(0.0, 100.0), Some(positive), None));
        } else if asked {
            unpaired.count(said(left), Said::Nothing, outcome);
        } else {
            unpaired.count(said(left), Said::NotAsked, outcome);
        }
    }
    beside(unpaired, answered)
}

fn equal(generator: &mut Generator, positive: bool, _: usize) -> (f64, f64) {
    (seen(generator, positive, 20.0), seen(generator, positive, 20.0))
}

#[test]
fn nobody_wins_by_silence_about_as_many_of_each_kind_where_it_would_have_erred() {
    for seed in 1..=20 {
        // About one in seven of each kind, those whom the right side would have ranked worst.
        let report = hushed(
            seed,
            equal,
            |positive, right, _| if positive { right < 47.0 } else { right > 53.0 },
            |_| true,
            true,
        );
        assert!(!report.unanswered.selective, "{:?}", report.unanswered);
        let auc = &report.outcomes.auc;
        assert!(auc.difference_high < Some(-0.02), "it looks better: {auc:?}");
        assert_eq!(report.verdict, Verdict::Extend, "{:?}", report.verdict_reasons);
        let told = report.verdict_reasons.join(" ");
        for part in
            ["beta left", "without an answer", "whatever this one would have said", "asking them again"]
        {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}

#[test]
fn nobody_wins_by_silence_where_the_other_side_is_right() {
    let weak = |generator: &mut Generator, positive: bool, _: usize| {
        (seen(generator, positive, 8.0), seen(generator, positive, 8.0))
    };
    for seed in 1..=20 {
        let (mut answered, mut unpaired) = (Vec::new(), Unpaired::default());
        let mut generator = Generator::new(seed);
        for place in 0..40_000 {
            let positive = place % 10 == 0;
            let (left, right) = weak(&mut generator, positive, place);
            // About one in fifty of each kind: whom the left side ranks far better than the right one.
            if (left - right) * if positive { 1.0 } else { -1.0 } > 35.0 {
                unpaired.count(said(left), Said::Nothing, Some(positive));
            } else {
                answered.push((left.clamp(0.0, 100.0), right.clamp(0.0, 100.0), Some(positive), None));
            }
        }
        let report = beside(unpaired, answered);
        assert!(
            report.outcomes.auc.difference_high < Some(-0.005),
            "it looks better: {:?}",
            report.outcomes.auc
        );
        let change = report.unanswered.area_change;
        assert!(change.left > 0.005 && change.right == 0.0, "{change:?}");
        assert!(!matches!(report.verdict, Verdict::Promote | Verdict::Keep), "{:?}", report.verdict_reasons);
    }
}

#[test]
fn nobody_wins_by_few_outcomes_none_of_which_is_of_those_left_without_an_answer() {
    let mut selective = 0;
    for seed in 1..=20 {
        let (mut answered, mut unpaired) = (Vec::new(), Unpaired::default());
        let mut generator = Generator::new(seed);
        for place in 0..4000 {
            let positive = place % 3 == 0;
            let (left, right) = equal(&mut generator, positive, place);
            let outcome = (place % 20 < 2).then_some(positive);
            if if positive { right < 36.0 } else { right > 64.0 } {
                unpaired.count(said(left), Said::Nothing, None);
            } else {
                answered.push((left.clamp(0.0, 100.0), right.clamp(0.0, 100.0), outcome, None));
            }
        }
        let report = beside(unpaired, answered);
        selective += usize::from(report.unanswered.selective);
        assert_eq!(report.verdict, Verdict::Extend, "{:?}", report.verdict_reasons);
        if !report.unanswered.selective {
            let told = report.verdict_reasons.join(" ");
            assert!(told.contains("were it as often as of pairs") && told.contains("may lie from"), "{told}");
        }
    }
    assert!(selective < 10, "they are too few to be seen: {selective}");
}

#[test]
fn a_much_better_side_wins_though_it_is_silent_now_and_then() {
    for asked in [true, false] {
        let report = hushed(2, weak_and_strong, |_, _, place| place % 61 == 0, |_| true, asked);
        assert_eq!(report.verdict, Verdict::Promote, "{:?}", report.verdict_reasons);
        assert_eq!(report.verdict_reasons.join(" ").contains("the gain may lie"), asked);
        assert!(report.verdict_reasons.join(" ").contains("66"), "{:?}", report.verdict_reasons);
    }
}

#[test]
fn nobody_wins_by_silence_about_those_of_whom_nothing_is_known() {
    for asked in [true, false] {
        let report =
            hushed(3, equal, |positive, right, _| positive && right < 50.0, |positive| !positive, asked);
        assert!(report.unanswered.selective, "{:?}", report.unanswered);
        assert_eq!(report.verdict, Verdict::Extend);
        let by_outcome = hushed(3, equal, |positive, right, _| positive && right < 50.0, |_| true, asked);
        assert!(by_outcome.unanswered.selective, "{:?}", by_outcome.unanswered);
        assert!(
            by_outcome.verdict_reasons[0].contains("nobody wins by the rest"),
            "{:?}",
            by_outcome.verdict_reasons
        );
    }
}

#[test]
fn where_few_pairs_have_an_outcome_it_takes_as_many_more_pairs() {
    let report = chosen(5000, |_, place| place % 11 == 0, true);
    let advice = &report.sample_advice;
    let rate = report.n as f64 / report.outcomes.labelled as f64;
    let pairs = advice.labelled.need as f64 * rate;
    assert!((advice.pairs.need as f64 / pairs - 1.0).abs() < 0.01, "{advice:?}");
    assert!(advice.text[0].contains("of pairs have an outcome"), "{:?}", advice.text);
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

#[test]
fn where_every_case_is_flagged_it_is_said_that_nobody_else_may_have_been_looked_into() {
    let told = |presumed: fn(f64, f64) -> bool| {
        let mut generator = Generator::new(9);
        let rows: Vec<_> = (0..2000)
            .map(|place| {
                let positive = place % 5 == 0;
                let side = |generator: &mut Generator| seen(generator, positive, 20.0).clamp(0.0, 100.0);
                let (left, right) = (side(&mut generator), side(&mut generator));
                (left, right, Some(positive && presumed(left, right)), None)
            })
            .collect();
        report(&pairs(rows)).verdict_reasons.join(" ")
    };
    assert!(!told(|_, _| true).contains("look like that"));
    assert!(told(|left, _| left >= 60.0).contains("are flagged by alpha. If few others"));
    assert!(told(|_, right| right >= 60.0).contains("are flagged by beta. If few others"));
    assert!(
        told(|left, right| left >= 60.0 || right >= 60.0).contains("by one side or the other. If few others")
    );
    assert!(!told(|left, _| left >= 92.0).contains("look like that"), "too few to tell");
}

#[test]
fn nobody_wins_in_a_file_of_flagged_cases_with_a_sample_of_others() {
    let mut generator = Generator::new(9);
    let rows = (0..20_000).filter_map(|place| {
        let positive = place % 10 == 0;
        let (left, right) = equal(&mut generator, positive, place);
        let is_in = left >= 60.0 || place % 30 == 1;
        is_in.then(|| (left.clamp(0.0, 100.0), right.clamp(0.0, 100.0), Some(positive), None))
    });
    let mut rows: Vec<_> = rows.collect();
    let all = pairs(rows.clone());
    rows[0].2 = None;
    let one_late = report(&pairs(rows));
    let report = report(&all);
    let unflagged = report.outcomes.labelling.unflagged.pairs * 100 / report.n;
    assert!((10..50).contains(&unflagged), "{unflagged} in a hundred");
    assert_eq!(report.verdict, Verdict::Extend, "{:?}", report.verdict_reasons);
    assert!(report.verdict_reasons[0].contains("take everybody"), "{:?}", report.verdict_reasons);
    assert!(one_late.outcomes.labelling.only_flagged, "one outcome that is not known yet changes nothing");
    let stated = Settings { everybody: true, ..Settings::default() };
    let stated = Report::of(&all, &stated, Context::default());
    assert!(!stated.outcomes.labelling.only_flagged, "somebody says that it is everybody");
}

#[test]
fn nobody_wins_where_one_segment_is_known_better_than_another() {
    // The right side is better in one segment, and worse in the other.
    let known = |here_known: usize, there_known: usize| {
        let mut generator = Generator::new(4);
        let rows = (0..12_000).map(|place| {
            let (positive, here) = (place % 10 == 0, place % 20 < 10);
            let common = 11.0 * noise(&mut generator);
            let mut side = |strength: f64| {
                40.0 + common + f64::from(u8::from(positive)) * strength + 6.0 * noise(&mut generator)
            };
            let (left, right) = (side(20.0), side(if here { 25.0 } else { 15.0 }));
            let share = if here { here_known } else { there_known };
            let outcome = (place / 20 % 10 < share).then_some(positive);
            let segment = Some(if here { "here" } else { "there" });
            (left.clamp(0.0, 100.0), right.clamp(0.0, 100.0), outcome, segment)
        });
        report(&pairs(rows.collect::<Vec<_>>()))
    };
    let uneven = known(10, 2);
    assert!(uneven.outcomes.labelling.segments.selective, "{:?}", uneven.outcomes.labelling);
    assert_eq!(uneven.verdict, Verdict::Extend, "{:?}", uneven.verdict_reasons);
    assert!(uneven.verdict_reasons[0].contains("By segment"), "{:?}", uneven.verdict_reasons);
    assert!(!known(5, 5).outcomes.labelling.selective);
}

#[test]
fn nobody_wins_against_a_scale_the_wrong_way_round() {
    for (turned, name) in [(true, "left"), (false, "right")] {
        let mut generator = Generator::new(6);
        let rows = (0..3000).map(|place| {
            let positive = place % 10 == 0;
            let (left, right) = equal(&mut generator, positive, place);
            let (left, right) = (left.clamp(0.0, 100.0), right.clamp(0.0, 100.0));
            let (left, right) = if turned { (100.0 - left, right) } else { (left, 100.0 - right) };
            (left, right, Some(positive), None)
        });
        let context = Context { left: "left".to_owned(), right: "right".to_owned(), ..Context::default() };
        // Turned round, half of them are high.
        let settings = Settings { flag_level: risk_provider::Level::VeryHigh, ..Settings::default() };
        let all = pairs(rows.collect::<Vec<_>>());
        let report = Report::of(&all, &settings, context.clone());
        assert_eq!(report.verdict, Verdict::Inconclusive, "{:?}", report.verdict_reasons);
        let told = &report.verdict_reasons[0];
        assert!(told.starts_with(name) && told.contains("wrong way round"), "{told}");
        let flagging = Report::of(&all, &Settings::default(), context);
        assert_eq!(flagging.verdict, Verdict::Extend, "half are flagged: {:?}", flagging.verdict_reasons);
        assert!(flagging.verdict_reasons[1].contains("wrong way round"), "{:?}", flagging.verdict_reasons);
    }
}
