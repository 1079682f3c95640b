use proptest::prelude::*;

use super::*;

fn settings() -> BreakerSettings {
    BreakerSettings {
        enabled: true,
        consecutive_failures: 5,
        failure_rate: 0.5,
        min_calls: 20,
        window: Duration::from_secs(60),
        probe_after: Duration::from_secs(1),
    }
}

fn breaker() -> Breaker {
    Breaker::new(settings(), || 0.0)
}

fn settle(breaker: &Breaker, failure: Option<FailureKind>) -> bool {
    breaker.admit().expect("let through").settle(failure.map(|kind| (kind, None)))
}

const DOWN: Option<FailureKind> = Some(FailureKind::VendorError);

#[tokio::test(start_paused = true)]
async fn opens_on_the_fifth_failure_in_a_row_and_not_before() {
    let breaker = breaker();
    for _ in 0..4 {
        assert!(!settle(&breaker, DOWN));
    }
    settle(&breaker, None);
    for _ in 0..4 {
        assert!(!settle(&breaker, DOWN));
    }
    assert!(settle(&breaker, DOWN));
    let refused = breaker.admit().expect_err("open");
    assert_eq!((refused.reason, refused.retry_after), (FailureKind::VendorError, Duration::from_secs(1)));
}

#[tokio::test(start_paused = true)]
async fn opens_at_half_of_at_least_twenty_calls() {
    let breaker = breaker();
    for _ in 0..9 {
        assert!(!settle(&breaker, None));
        assert!(!settle(&breaker, DOWN));
    }
    assert!(!settle(&breaker, None));
    assert!(settle(&breaker, DOWN), "the twentieth call makes it ten of twenty");
}

#[tokio::test(start_paused = true)]
async fn failures_older_than_the_window_are_forgotten() {
    let breaker = breaker();
    for _ in 0..9 {
        settle(&breaker, DOWN);
        settle(&breaker, None);
    }
    tokio::time::advance(Duration::from_secs(67)).await;
    settle(&breaker, DOWN);
    assert!(!settle(&breaker, DOWN), "two calls are no sample");
}

#[tokio::test(start_paused = true)]
async fn one_probe_at_a_time_and_growing_waits_up_to_a_minute() {
    let breaker = breaker();
    assert!(settle(&breaker, Some(FailureKind::BadCredentials)), "opens at once");
    for expected in [1, 2, 4, 8, 16, 32, 60, 60] {
        let refused = breaker.admit().expect_err("open");
        assert_eq!(refused.retry_after, Duration::from_secs(expected));
        tokio::time::advance(refused.retry_after).await;
        let probe = breaker.admit().expect("a probe");
        assert!(breaker.admit().is_err(), "only one");
        probe.settle(Some((FailureKind::BadCredentials, None)));
    }
    tokio::time::advance(Duration::from_secs(60)).await;
    settle(&breaker, None);
    assert_eq!(breaker.state(), (BreakerState::Closed, None));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_proves_nothing_frees_the_place() {
    let breaker = breaker();
    settle(&breaker, Some(FailureKind::OutOfCredit));
    tokio::time::advance(Duration::from_secs(1)).await;
    drop(breaker.admit().expect("a probe"));
    assert!(breaker.admit().is_ok());
}

#[tokio::test(start_paused = true)]
async fn only_the_probe_decides_not_a_call_from_before() {
    let breaker = breaker();
    let (late_failure, late_success) = (breaker.admit().expect("closed"), breaker.admit().expect("closed"));
    settle(&breaker, Some(FailureKind::OutOfCredit));
    tokio::time::advance(Duration::from_secs(1)).await;
    let probe = breaker.admit().expect("a probe");
    late_success.settle(None);
    late_failure.settle(DOWN.map(|kind| (kind, None)));
    assert_eq!(breaker.state().0, BreakerState::HalfOpen);
    probe.settle(None);
    assert_eq!(breaker.state().0, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_429_cools_down_without_counting() {
    let breaker = breaker();
    let cooled = breaker.admit().expect("closed");
    let opened = cooled.settle(Some((FailureKind::RateLimited, Some(Duration::from_secs(7)))));
    assert!(!opened, "a cool-down is no trip");
    assert_eq!(breaker.admit().expect_err("cooling").retry_after, Duration::from_secs(7));
    assert_eq!(breaker.state(), (BreakerState::Open, Some(FailureKind::RateLimited)));
    tokio::time::advance(Duration::from_secs(7)).await;
    assert_eq!(breaker.state().0, BreakerState::Closed);
    assert!(breaker.admit().is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_the_vendors_fault_never_opens_it() {
    let breaker = breaker();
    for _ in 0..50 {
        settle(&breaker, Some(FailureKind::InvalidSubject));
    }
    assert_eq!(breaker.state().0, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn switched_off_it_never_opens() {
    let breaker = Breaker::new(BreakerSettings { enabled: false, ..settings() }, || 0.0);
    for _ in 0..50 {
        settle(&breaker, Some(FailureKind::BadCredentials));
    }
    assert!(breaker.admit().is_ok());
}

/// One thing that happens to a breaker.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// An exchange begins, if there is leave.
    Begin,
    /// The oldest exchange under way ends.
    End { failed: bool },
    /// The oldest exchange under way is cancelled.
    Cancel,
    /// Time passes.
    Pass { ms: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Begin),
        3 => any::<bool>().prop_map(|failed| Step::End { failed }),
        1 => Just(Step::Cancel),
        1 => (0..3000_u64).prop_map(|ms| Step::Pass { ms }),
    ]
}

/// What the outcomes so far allow a breaker to do, by its settings alone.
#[derive(Debug, Default)]
struct Model {
    in_a_row: u32,
    ended: Vec<(Instant, bool)>,
    probes: u32,
}

impl Model {
    fn end(&mut self, failed: bool) {
        self.in_a_row = if failed { self.in_a_row + 1 } else { 0 };
        self.ended.push((Instant::now(), failed));
    }

    /// Whether it may have opened: enough in a row, or a share that may lie in a window up to a bucket shorter than its length.
    fn may_open(&self, settings: &BreakerSettings) -> bool {
        let recent: Vec<bool> = self.within(settings.window);
        let least = usize::try_from(settings.min_calls).expect("small");
        let any_share = (least..=recent.len()).any(|last| {
            let of = &recent[recent.len() - last..];
            let failures = u32::try_from(of.iter().filter(|failed| **failed).count()).expect("small");
            f64::from(failures) >= settings.failure_rate * f64::from(u32::try_from(last).expect("small"))
        });
        self.in_a_row >= settings.consecutive_failures || any_share
    }

    fn within(&self, window: Duration) -> Vec<bool> {
        let recent = self.ended.iter().filter(|(at, _)| at.elapsed() <= window);
        recent.map(|(_, failed)| *failed).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn it_opens_only_when_its_settings_allow_and_lets_one_probe_through_at_a_time(
        steps in prop::collection::vec(step(), 1..300),
        consecutive_failures in 2..8_u32,
        min_calls in 4..20_u32,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let settings =
                BreakerSettings { consecutive_failures, min_calls, window: Duration::from_secs(20), ..settings() };
            let breaker = Breaker::new(settings.clone(), || 0.0);
            let (mut model, mut under_way) = (Model::default(), std::collections::VecDeque::new());
            for step in steps {
                let was = breaker.state().0;
                match step {
                    Step::Begin => under_way.extend(breaker.admit().ok().inspect(|leave| {
                        model.probes += u32::from(leave.probe);
                    })),
                    Step::End { failed } => if let Some(leave) = under_way.pop_front() {
                        model.probes -= u32::from(leave.probe);
                        leave.settle(failed.then_some((FailureKind::VendorError, None)));
                        model.end(failed);
                    },
                    Step::Cancel => if let Some(leave) = under_way.pop_front() {
                        model.probes -= u32::from(leave.probe);
                        drop(leave);
                    },
                    Step::Pass { ms } => tokio::time::advance(Duration::from_millis(ms)).await,
                }
                prop_assert!(model.probes <= 1, "{} probes at once", model.probes);
                let is = breaker.state().0;
                if was == BreakerState::Closed && is == BreakerState::Open {
                    prop_assert!(model.may_open(&settings), "opened too early: {model:?}");
                }
                if was == BreakerState::HalfOpen && is == BreakerState::Closed {
                    // What was counted before a probe that was answered says nothing any more.
                    model.ended.drain(..model.ended.len() - 1);
                }
            }
            Ok(())
        })?;
    }
}
