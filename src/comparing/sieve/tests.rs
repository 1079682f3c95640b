use std::{collections::BTreeSet, sync::Arc, time::Duration};

use risk_provider::ProviderName;

use super::*;
use crate::outcomes::OutcomeType;

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn selection() -> Selection {
    Selection {
        team: "risk".to_owned(),
        left: ProviderName::new("a"),
        right: ProviderName::new("b"),
        from: None,
        to: None,
        window: Duration::from_secs(3600),
        segment: Some(SegmentKey::Source),
        positive: vec![OutcomeType::ConfirmedFraud],
        told_until: None,
    }
}

fn answer(part: Part) -> Side {
    Side {
        part: Some(part),
        served: Some(Served::Called),
        status: Some(Status::Completed),
        level: Some(Level::High),
        version: Arc::from("kind map/1 "),
        score: Some(61.5),
        assessed_at: Some(at(1000)),
        asked_at: Some(at(1000)),
    }
}

fn candidate(question: u8) -> Candidate {
    Candidate {
        source: CandidateSource::Question,
        asked_in: format!("asm_{question}"),
        subject: SubjectId::from_text(&format!("sub_{question}")),
        erased: false,
        same_question: Some(true),
        country_mac: None,
        subject_type: Arc::from("individual"),
        route: Arc::from("default"),
        left: answer(Part::Primary),
        right: answer(Part::Shadow),
    }
}

/// What becomes of candidates: the pairs' sources, and the reasons counted.
fn sifted(candidates: Vec<Candidate>) -> (Vec<&'static str>, Vec<(String, u64)>) {
    let (selection, countries) = (selection(), Countries::new());
    let mut sieve = Sieve::new(&selection, &countries, &|_| true, &|_, _| false);
    let mut pairs: Vec<ComparedPair> = candidates.into_iter().filter_map(|it| sieve.sift(it)).collect();
    pairs.extend(sieve.end());
    let funnel = sieve.funnel(0, 0);
    let excluded: u64 = funnel.excluded.values().sum();
    assert_eq!(funnel.steps["eligible"], funnel.steps["comparable"] + excluded, "everything is counted once");
    (pairs.iter().map(|pair| pair.source.as_str()).collect(), funnel.excluded.into_iter().collect())
}

fn reason(change: impl FnOnce(&mut Candidate)) -> String {
    let mut changed = candidate(1);
    change(&mut changed);
    let (pairs, excluded) = sifted(vec![changed]);
    assert_eq!((pairs.len(), excluded.len()), (0, 1), "{excluded:?}");
    excluded[0].0.clone()
}

#[test]
fn every_promise_of_a_pair_can_be_broken_and_is_counted() {
    assert_eq!(sifted(vec![candidate(1)]), (vec!["shadow"], Vec::new()));
    let reasons = [
        reason(|it| it.erased = true),
        reason(|it| it.right.part = Some(Part::NotAsked)),
        reason(|it| it.left.part = Some(Part::InVain)),
        reason(|it| it.right.part = Some(Part::InVain)),
        reason(|it| (it.left.part, it.right.part) = (Some(Part::InVain), Some(Part::InVain))),
        reason(|it| it.right.part = None),
        reason(|it| it.left.part = Some(Part::Fallback)),
        reason(|it| it.right.status = Some(Status::Partial)),
        reason(|it| it.left.status = Some(Status::Pending)),
        reason(|it| it.left.status = None),
        reason(|it| it.left.score = None),
        reason(|it| it.left.score = Some(100.5)),
        reason(|it| (it.right.served, it.right.assessed_at) = (Some(Served::Cached), Some(at(1061)))),
        reason(|it| (it.left.served, it.left.assessed_at) = (Some(Served::Stale), Some(at(900)))),
        reason(|it| it.right.assessed_at = Some(at(1000 + 3601))),
        reason(|it| it.same_question = None),
        reason(|it| it.same_question = Some(false)),
    ];
    assert_eq!(
        reasons,
        [
            "erased",
            "not_asked",
            "left_unanswered",
            "right_unanswered",
            "neither_answered",
            "no_counterpart",
            "failover",
            "incomplete",
            "incomplete",
            "incomplete",
            "no_score",
            "no_score",
            "cached",
            "cached",
            "too_far_apart",
            "unknown_inputs",
            "other_inputs",
        ]
    );
    let words: BTreeSet<&str> = reasons.iter().map(String::as_str).collect();
    assert_eq!(words.len() + 2, 15, "besides those that are repeated or unattached, every reason is here");
}

#[test]
fn what_is_equally_old_compares_also_from_the_cache() {
    let mut equally = candidate(1);
    equally.right.served = Some(Served::Cached);
    equally.right.assessed_at = Some(at(1060));
    let mut within = candidate(2);
    within.right.assessed_at = Some(at(1000 - 3600));
    let mut adopted = candidate(3);
    adopted.left.served = Some(Served::Adopted);
    adopted.left.assessed_at = Some(at(400));
    assert_eq!(sifted(vec![equally, within, adopted]), (vec!["shadow"; 3], Vec::new()));
}

#[test]
fn a_subject_has_one_pair_whatever_else_it_is_asked_about() {
    let recheck = |question| Candidate { source: CandidateSource::Recheck, ..candidate(question) };
    let mut panel = candidate(2);
    (panel.left.part, panel.right.part) = (Some(Part::Consensus), Some(Part::Consensus));
    let (pairs, excluded) = sifted(vec![recheck(1), recheck(3), candidate(1), panel, candidate(1)]);
    assert_eq!(pairs, ["shadow", "consensus", "recheck"]);
    assert_eq!(excluded, [("repeated".to_owned(), 2)]);
}

#[test]
fn what_comes_later_changes_no_pair_that_there_is() {
    let asked = |source, seconds| {
        let mut asked = Candidate { source, ..candidate(1) };
        asked.asked_in = format!("asm_at_{seconds}");
        (asked.left.asked_at, asked.right.asked_at) = (Some(at(seconds)), Some(at(seconds)));
        asked
    };
    let (selection, countries) = (selection(), Countries::new());
    let winner = |candidates: Vec<Candidate>| {
        let mut sieve = Sieve::new(&selection, &countries, &|_| true, &|_, _| false);
        let mut pairs: Vec<ComparedPair> = candidates.into_iter().filter_map(|it| sieve.sift(it)).collect();
        pairs.extend(sieve.end());
        assert_eq!(sieve.funnel(0, 0).excluded, BTreeMap::from([("repeated".to_owned(), 2)]));
        pairs.into_iter().map(|pair| pair.asked_in).collect::<String>()
    };
    let recheck = |seconds| asked(CandidateSource::Recheck, seconds);
    let brought = |seconds| asked(CandidateSource::Import, seconds);
    let question = |seconds| asked(CandidateSource::Question, seconds);
    assert_eq!(winner(vec![recheck(20), recheck(30), question(40)]), "asm_at_20");
    assert_eq!(winner(vec![recheck(20), recheck(10), question(40)]), "asm_at_10");
    assert_eq!(winner(vec![recheck(20), question(10), question(40)]), "asm_at_10");
    assert_eq!(winner(vec![recheck(20), question(20), question(40)]), "asm_at_20");
    // What was brought in can be so after all the others.
    assert_eq!(winner(vec![brought(10), question(20), question(40)]), "asm_at_20");
    assert_eq!(winner(vec![recheck(30), brought(10), brought(20)]), "asm_at_30");
    assert_eq!(winner(vec![brought(30), brought(10), brought(20)]), "asm_at_10");
}

#[test]
fn a_pair_outside_the_population_takes_nobodys_place() {
    let (selection, countries) = (selection(), Countries::new());
    let takes = |asked: AskedOf<'_>| asked.route == "panel";
    let mut sieve = Sieve::new(&selection, &countries, &takes, &|_, _| false);
    let panel = Candidate { route: Arc::from("panel"), ..candidate(1) };
    assert!(sieve.sift(candidate(1)).is_none() && sieve.sift(panel).is_some());
    assert_eq!((sieve.funnel(0, 0).steps["eligible"], sieve.end().len()), (1, 0));
}

#[test]
fn whoever_got_no_answer_is_counted_once_and_only_without_a_pair() {
    let without = |subject, left: bool, right: bool| {
        let mut asked = candidate(subject);
        for (side, answered) in [(&mut asked.left, left), (&mut asked.right, right)] {
            if !answered {
                (side.part, side.status, side.score) = (Some(Part::InVain), None, None);
            }
        }
        asked
    };
    let not_asked = |subject, left: bool| {
        let mut asked = without(subject, left, false);
        asked.right.part = Some(Part::NotAsked);
        asked
    };
    let mut partial = candidate(5);
    partial.right.status = Some(Status::Partial);
    let (selection, countries) = (selection(), Countries::new());
    let mut sieve = Sieve::new(&selection, &countries, &|_| true, &|_, _| false);
    for asked in [
        without(1, true, false),
        without(1, true, false),
        without(2, false, true),
        without(3, false, false),
        without(4, true, false),
        candidate(4),
        partial,
        not_asked(6, true),
        not_asked(7, false),
        not_asked(8, true),
        candidate(8),
        not_asked(1, true),
    ] {
        sieve.sift(asked);
    }
    let silent = sieve.silent(|subject| (subject != "sub_2").then_some(subject == "sub_1"));
    let unanswered = Silent::count(&silent).unanswered();
    let told = |silence: crate::compare::Silence| (silence.subjects, silence.positives, silence.negatives);
    assert_eq!((told(unanswered.left), told(unanswered.right)), ((3, 0, 2), (3, 1, 2)));
    assert_eq!(told(unanswered.both), (1, 0, 1));
    assert_eq!(
        told(unanswered.not_asked),
        (1, 0, 1),
        "silence beside it goes before, and a pair makes up for it"
    );
}

#[test]
fn what_was_brought_in_makes_one_pair_with_whatever_fits_best() {
    let brought = |entry: u8, change: fn(&mut Candidate)| {
        let mut brought = Candidate { source: CandidateSource::Import, ..candidate(entry) };
        brought.left.part = Some(Part::Import);
        brought.right.part = Some(Part::Primary);
        change(&mut brought);
        brought
    };
    let (pairs, excluded) = sifted(vec![
        brought(1, |it| it.right.assessed_at = Some(at(90_000))),
        brought(1, |_| {}),
        brought(1, |it| it.right.status = Some(Status::Partial)),
        brought(2, |it| it.right.part = None),
        brought(3, |it| it.right.status = Some(Status::Partial)),
        brought(3, |it| it.same_question = Some(false)),
    ]);
    assert_eq!(pairs, ["import"]);
    assert_eq!(excluded, [("no_counterpart".to_owned(), 1), ("other_inputs".to_owned(), 1)]);
}

#[test]
fn only_pairs_of_the_span_count_and_the_later_answer_decides() {
    let selection = Selection { from: Some(at(1000)), to: Some(at(2000)), ..selection() };
    let countries = Countries::new();
    let mut sieve = Sieve::new(&selection, &countries, &|_| true, &|_, _| false);
    let asked = |question, left, right| {
        let mut asked = candidate(question);
        (asked.left.asked_at, asked.right.asked_at) = (Some(at(left)), Some(at(right)));
        asked
    };
    let made = [asked(1, 999, 999), asked(2, 900, 1000), asked(3, 1999, 1000), asked(4, 1999, 2000)];
    let pairs: Vec<String> = made.into_iter().filter_map(|it| sieve.sift(it)).map(|it| it.asked_in).collect();
    assert_eq!(pairs, ["asm_2", "asm_3"]);
}

#[test]
fn what_is_known_before_makes_no_pair_takes_nobodys_place_and_makes_up_for_no_silence() {
    let (selection, countries) = (selection(), Countries::new());
    let told_before = |_: &str, asked: Timestamp| asked > at(2000);
    let mut sieve = Sieve::new(&selection, &countries, &|_| true, &told_before);
    let asked = |candidate: Candidate, second: i64| {
        let mut asked = candidate;
        asked.asked_in = format!("asm_at_{second}");
        (asked.left.asked_at, asked.right.asked_at) = (Some(at(second)), Some(at(second)));
        asked
    };
    let mut silent = asked(candidate(1), 1000);
    silent.right.part = Some(Part::InVain);
    silent.right.status = None;
    let mut brought = asked(candidate(2), 1000);
    (brought.source, brought.right.part) = (CandidateSource::Import, Some(Part::Import));
    assert!(sieve.sift(brought).is_none(), "it waits for a question's pair");
    assert!(sieve.sift(silent).is_none());
    for number in [1, 2] {
        assert!(sieve.sift(asked(candidate(number), 3000)).is_none(), "{number}");
    }
    let pairs = sieve.end();
    assert_eq!(pairs.iter().map(|pair| pair.subject.as_str()).collect::<Vec<_>>(), ["sub_2"]);
    assert_eq!(sieve.known_before(), 2);
    assert_eq!(Silent::count(&sieve.silent(|_| Some(true))).unanswered().right.positives, 1);
}
