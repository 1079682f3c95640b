//! The retry budget: tries beyond the first stay a fixed share of a provider's exchanges, so that its bad minute does not
//! become its worst.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::window::Window;

/// Retries may be this many of every hundred first tries.
const PERCENT: u32 = 20;
/// So many are always allowed, whatever the traffic.
const FLOOR: u32 = 3;
const WINDOW: Duration = Duration::from_secs(10);

/// One provider's retry budget.
#[derive(Debug)]
pub(super) struct RetryBudget(Mutex<Window>);

// === impl RetryBudget ===

impl RetryBudget {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Window::new(WINDOW)))
    }

    /// Notes a first try, which is always allowed.
    pub(super) fn note_first_try(&self) {
        self.lock().add(Instant::now(), false);
    }

    /// Takes a retry out of the budget; false when there is none left.
    pub(super) fn take(&self) -> bool {
        let now = Instant::now();
        let mut window = self.lock();
        let (all, retries) = window.counts(now);
        let allowed = retries < allowance(all - retries);
        if allowed {
            window.add(now, true);
        }
        allowed
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Window> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many retries so many first tries allow.
fn allowance(first_tries: u32) -> u32 {
    let share = u64::from(first_tries) * u64::from(PERCENT) / 100;
    u32::try_from(share).unwrap_or(u32::MAX).max(FLOOR)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime")
            .block_on(work)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn retries_stay_a_fifth_of_the_tries_before_them_or_three(
            steps in prop::collection::vec((any::<bool>(), 0..200_u64), 1..400),
        ) {
            run(async {
                let budget = RetryBudget::new();
                let (mut first_tries, mut retries): (Vec<Instant>, Vec<Instant>) = (Vec::new(), Vec::new());
                for (retry, gap) in steps {
                    tokio::time::advance(Duration::from_millis(gap)).await;
                    let now = Instant::now();
                    let recent = |events: &[Instant], within: Duration| {
                        events.iter().filter(|at| now.duration_since(**at) < within).count()
                    };
                    if !retry {
                        budget.note_first_try();
                        first_tries.push(now);
                    } else if budget.take() {
                        retries.push(now);
                        // A bucket is dropped whole, so that the window may be one bucket shorter than its length.
                        let taken = recent(&retries, WINDOW - WINDOW / 10);
                        let allowed = (recent(&first_tries, WINDOW) / 5).max(3);
                        prop_assert!(taken <= allowed, "{taken} retries where {allowed} are allowed");
                    }
                }
                Ok(())
            })?;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_traffic_three_are_left_and_they_come_back() {
        let budget = RetryBudget::new();
        assert_eq!((0..10).filter(|_| budget.take()).count(), 3);
        tokio::time::advance(WINDOW).await;
        assert_eq!((0..10).filter(|_| budget.take()).count(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_first_tries_allow_twenty_more() {
        let budget = RetryBudget::new();
        (0..100).for_each(|_| budget.note_first_try());
        assert_eq!((0..100).filter(|_| budget.take()).count(), 20);
    }
}
