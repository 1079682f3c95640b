//! Races on a paused clock.

use std::sync::{Mutex, PoisonError};

use proptest::prelude::*;

use super::*;

/// What somebody who is asked does: how long it takes, and how it ends.
#[derive(Debug, Clone, Copy)]
struct Runner {
    takes_ms: u64,
    ends: Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Answers,
    Fails,
    FailsForGood,
    Hangs,
}

/// When each was asked and ended, in the order of being asked, as (who, asked at, ended at) in milliseconds.
type Course = Vec<(usize, u64, u64)>;

/// Who won, or who failed; when it was over, and its course.
fn raced(
    runners: &[Runner],
    hedge_ms: Option<u64>,
    total_ms: u64,
) -> (Result<usize, Vec<usize>>, u64, Course) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let began = Instant::now();
        let ms = move || u64::try_from((Instant::now() - began).as_millis()).expect("a short race");
        let course: Mutex<Course> = Mutex::default();
        let with =
            |work: &dyn Fn(&mut Course)| work(&mut course.lock().unwrap_or_else(PoisonError::into_inner));
        let deadline = Deadline::new(began, Duration::from_millis(total_ms), None);
        let pace = Pace { deadline, hedge_after: hedge_ms.map(Duration::from_millis) };
        let ended = first_of(0..runners.len(), pace, |who, share| {
            with(&|course| course.push((who, ms(), u64::MAX)));
            let Runner { takes_ms, ends } = runners[who];
            let with = &with;
            async move {
                let takes = if ends == Ending::Hangs { u64::from(u32::MAX) } else { takes_ms };
                let over = (Instant::now() + Duration::from_millis(takes)).min(share.wait_until);
                let is_late = over == share.wait_until;
                sleep_until(over).await;
                with(&|course| course.iter_mut().filter(|it| it.0 == who).for_each(|it| it.2 = ms()));
                match ends {
                    Ending::Answers if !is_late => Word::Ends(who),
                    Ending::FailsForGood if !is_late => Word::NobodyElse(who),
                    Ending::Answers | Ending::FailsForGood | Ending::Fails | Ending::Hangs => {
                        Word::MovesOn(who)
                    }
                }
            }
        })
        .await;
        let over = ms();
        (ended, over, course.into_inner().unwrap_or_else(PoisonError::into_inner))
    })
}

fn runner() -> impl Strategy<Value = Runner> {
    let ending = prop_oneof![
        3 => Just(Ending::Answers),
        2 => Just(Ending::Fails),
        1 => Just(Ending::FailsForGood),
        1 => Just(Ending::Hangs),
    ];
    (0..3_000_u64, ending).prop_map(|(takes_ms, ends)| Runner { takes_ms, ends })
}

proptest! {
    #[test]
    fn whoever_runs_each_is_asked_once_in_order_and_all_ends_in_time(
        runners in prop::collection::vec(runner(), 1..5),
        hedge_ms in prop::option::of(10..2_500_u64),
        total_ms in 100..4_000_u64,
    ) {
        let (ended, over, course) = raced(&runners, hedge_ms, total_ms);
        prop_assert!(over <= total_ms, "{over} of {total_ms} ms");
        let asked: Vec<usize> = course.iter().map(|&(who, ..)| who).collect();
        prop_assert_eq!(&asked, &(0..asked.len()).collect::<Vec<_>>());
        // Somebody else is asked while one still runs only once, and only when the first of them was late.
        let early: Vec<_> = course.windows(2).filter(|pair| pair[1].1 < pair[0].2).collect();
        prop_assert!(early.len() <= 1, "{course:?}");
        for pair in early {
            prop_assert_eq!(Some(pair[1].1 - pair[0].1), hedge_ms);
        }
        match ended {
            Ok(winner) => prop_assert_eq!(course[winner].2, over, "the first answer ends it: {:?}", course),
            Err(failures) => {
                prop_assert_eq!(failures.len(), asked.len(), "everybody who was asked failed");
                let for_good = failures.iter().any(|&who| runners[who].ends == Ending::FailsForGood);
                prop_assert!(for_good || asked.len() == runners.len() || over + 1 >= total_ms * 3 / 4);
            }
        }
    }
}

const fn answers(takes_ms: u64) -> Runner {
    Runner { takes_ms, ends: Ending::Answers }
}

#[test]
fn a_late_first_is_hedged_once_and_whoever_answers_first_wins() {
    let slow = answers(2_000);
    let (ended, over, course) = raced(&[slow, answers(100), answers(1)], Some(300), 8_000);
    assert_eq!((ended, over), (Ok(1), 400));
    assert_eq!(course.iter().map(|&(_, at, _)| at).collect::<Vec<_>>(), [0, 300], "no second hedge");
    let (ended, over, _) = raced(&[answers(350), answers(100)], Some(300), 8_000);
    assert_eq!((ended, over), (Ok(0), 350), "the first may still win");
}

#[test]
fn who_answers_before_is_not_hedged() {
    let (ended, _, course) = raced(&[answers(299), answers(1)], Some(300), 8_000);
    assert_eq!((ended, course.len()), (Ok(0), 1));
}

#[test]
fn a_failure_that_nobody_mends_still_waits_for_the_hedge() {
    let first = Runner { takes_ms: 400, ends: Ending::FailsForGood };
    let (ended, over, _) = raced(&[first, answers(300), answers(1)], Some(200), 8_000);
    assert_eq!((ended, over), (Ok(1), 500));
}
