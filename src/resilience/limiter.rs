//! A provider's limits: how many exchanges at once, and how closely they may follow each other.
//!
//! Spacing leaves the vendor's limit a small margin, so that in no window of its length more than `requests`
//! are sent, whatever the arrivals: `per / (0.98 · requests)` without bursts, `per / (requests − burst)` with. A turn taken
//! late, as timers and busy machines make it, shortens the wait for the next one, within that margin.

mod clock;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter, clock::Clock, middleware::NoOpMiddleware, state::InMemoryState, state::NotKeyed,
};
use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use clock::TokioClock;

/// Leave a margin of a fiftieth for late turns and for the time between the permit and the wire.
const MARGIN: f64 = 0.98;
/// The meter counts in hundredths of a turn.
const PARTS: NonZeroU32 = match NonZeroU32::new(100) {
    Some(parts) => parts,
    None => NonZeroU32::MIN,
};
/// The most by which a late turn shortens the wait for the next one.
const MAX_CATCH_UP: Duration = Duration::from_millis(20);

/// What a vendor allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// How many exchanges in any `per`, and how many of them in a burst; none for no such limit.
    pub rate: Option<Rate>,
    /// How many exchanges at once.
    pub concurrency: NonZeroU32,
}

/// A rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At most this many in any `per`.
    pub requests: NonZeroU32,
    /// The length of the window.
    pub per: Duration,
    /// How many may follow each other at once; below `requests`.
    pub burst: NonZeroU32,
}

/// Keeps one provider's limits.
#[derive(Debug)]
pub struct Limiter {
    places: Arc<Semaphore>,
    all_places: usize,
    pace: Option<Pace>,
}

#[derive(Debug)]
struct Pace {
    governor: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<clock::TokioInstant>>,
    clock: TokioClock,
    /// Whoever holds it is next; the queue behind it is first come, first served.
    turn: Mutex<()>,
}

/// Leave to send one request now; holds a place until dropped.
#[derive(Debug)]
pub struct Permit {
    _place: OwnedSemaphorePermit,
}

/// No permit before the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The deadline was past already.
    Late,
    /// No place or no turn was free in time; when to ask again.
    Until(Duration),
}

// === impl Full ===

impl Full {
    /// When to ask again.
    #[must_use]
    pub const fn retry_after(self) -> Duration {
        match self {
            Self::Late => Duration::from_secs(1),
            Self::Until(wait) => wait,
        }
    }
}

// === impl Rate ===

impl Rate {
    /// The time between two requests once a burst is spent.
    #[must_use]
    pub fn spacing(&self) -> Duration {
        let requests = f64::from(self.requests.get());
        let sustained =
            if self.burst.get() > 1 { requests - f64::from(self.burst.get()) } else { MARGIN * requests };
        self.per.div_f64(sustained.max(f64::MIN_POSITIVE))
    }

    /// By how much a late turn shortens the wait for the next one: half of what the spacing leaves free in a window.
    fn catch_up(&self) -> Duration {
        let half = if self.burst.get() > 1 { self.spacing() / 2 } else { self.per / 100 };
        half.min(MAX_CATCH_UP)
    }
}

// === impl Limiter ===

impl Limiter {
    /// A limiter with every place free.
    #[must_use]
    pub fn new(settings: LimitSettings) -> Self {
        let all_places = usize::try_from(settings.concurrency.get()).unwrap_or(Semaphore::MAX_PERMITS);
        let places = Arc::new(Semaphore::new(all_places));
        Self { places, all_places, pace: settings.rate.as_ref().and_then(Pace::new) }
    }

    /// Waits for a place and for its turn, at most until `deadline`.
    ///
    /// # Errors
    ///
    /// [`Full`] when there is none in time.
    pub async fn acquire(&self, deadline: Instant) -> Result<Permit, Full> {
        if Instant::now() >= deadline {
            return Err(Full::Late);
        }
        let full = Full::Until(Duration::from_secs(1));
        let places = Arc::clone(&self.places);
        let place = match tokio::time::timeout_at(deadline, places.acquire_owned()).await {
            Ok(Ok(place)) => place,
            Ok(Err(_)) | Err(_) => return Err(full),
        };
        if let Some(pace) = &self.pace {
            // The place is held meanwhile, so that between the turn and the wire nothing waits any more.
            let turn = tokio::time::timeout_at(deadline, pace.turn.lock()).await.map_err(|_elapsed| full)?;
            pace.wait(deadline).await?;
            drop(turn);
        }
        Ok(Permit { _place: place })
    }

    /// Whether half of the places are taken, where there are several, or somebody waits for a turn.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        let queued = self.pace.as_ref().is_some_and(|pace| pace.turn.try_lock().is_err());
        queued || self.free_places() * 2 <= self.all_places
    }

    /// Places free right now.
    #[must_use]
    pub fn free_places(&self) -> usize {
        self.places.available_permits()
    }
}

// === impl Pace ===

impl Pace {
    fn new(rate: &Rate) -> Option<Self> {
        let clock = TokioClock;
        let part = rate.spacing() / PARTS.get();
        let ahead = rate.catch_up().as_nanos().checked_div(part.as_nanos())?;
        let burst = PARTS.saturating_mul(rate.burst).saturating_add(u32::try_from(ahead).unwrap_or(u32::MAX));
        let quota = Quota::with_period(part)?.allow_burst(burst);
        Some(Self { governor: RateLimiter::direct_with_clock(quota, clock), clock, turn: Mutex::new(()) })
    }

    async fn wait(&self, deadline: Instant) -> Result<(), Full> {
        // A burst has more than one turn's parts, so that a turn is never refused for its size.
        while let Ok(Err(not_until)) = self.governor.check_n(PARTS) {
            let wait = not_until.wait_time_from(self.clock.now());
            if Instant::now() + wait > deadline {
                return Err(Full::Until(wait));
            }
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proptest::prelude::*;

    use super::*;

    fn limiter(requests: u32, per: Duration, burst: u32) -> Limiter {
        let some = |number| NonZeroU32::new(number).expect("not zero");
        let rate = Rate { requests: some(requests), per, burst: some(burst) };
        Limiter::new(LimitSettings { rate: Some(rate), concurrency: some(64) })
    }

    /// The most sends in any window of `per`, each window beginning with a send.
    fn busiest(sent: &[Instant], per: Duration) -> usize {
        let from = |start: &Instant| sent.iter().filter(|at| *at >= start && **at < *start + per).count();
        sent.iter().map(from).max().unwrap_or(0)
    }

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
        fn no_window_ever_holds_more_than_the_limit(
            requests in 2..40_u32,
            burst in 1..39_u32,
            gaps in prop::collection::vec(0..400_u64, 1..160),
        ) {
            prop_assume!(burst < requests);
            let per = Duration::from_secs(1);
            let sent = run(async {
                let limiter = limiter(requests, per, burst);
                let mut sent = Vec::new();
                for gap in gaps {
                    tokio::time::sleep(Duration::from_millis(gap / 8)).await;
                    limiter.acquire(Instant::now() + Duration::from_secs(60)).await.expect("in time");
                    sent.push(Instant::now());
                }
                sent
            });
            prop_assert!(busiest(&sent, per) <= usize::try_from(requests).expect("small"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn steady_work_uses_at_least_96_percent_of_the_limit() {
        let limiter = limiter(20, Duration::from_secs(1), 1);
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut sent = 0;
        while limiter.acquire(deadline).await.is_ok() {
            sent += 1;
        }
        assert!((192..=200).contains(&sent), "{sent} of 200");
    }

    #[tokio::test(start_paused = true)]
    async fn turns_taken_late_cost_nothing_and_break_no_limit() {
        for (requests, tick) in [(20, 7), (50, 3), (200, 1)] {
            let per = Duration::from_secs(1);
            let limiter = limiter(requests, per, 1);
            let deadline = Instant::now() + per * 10;
            let mut sent = Vec::new();
            while Instant::now() < deadline {
                let mut turn = Box::pin(limiter.acquire(deadline + per));
                // A clock that ticks so coarsely wakes nobody in time.
                while (&mut turn).now_or_never().is_none() {
                    tokio::time::advance(Duration::from_millis(tick)).await;
                }
                sent.push(Instant::now());
            }
            let (least, most) = (usize::try_from(requests * 10 * 96 / 100), usize::try_from(requests));
            assert!(sent.len() >= least.expect("small"), "{} of {requests} a second", sent.len());
            assert!(busiest(&sent, per) <= most.expect("small"), "{} in one", busiest(&sent, per));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_comes_too_late_is_refused_at_once_with_the_wait() {
        let limiter = limiter(2, Duration::from_secs(10), 1);
        let soon = Instant::now() + Duration::from_millis(100);
        limiter.acquire(soon).await.expect("the first");
        let full = limiter.acquire(soon).await.expect_err("too soon");
        assert!(full.retry_after() > Duration::from_secs(5), "{full:?}");
        assert!(Instant::now() < soon, "refused without waiting");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_exchanges_at_once_than_places() {
        let limiter = Limiter::new(LimitSettings { rate: None, concurrency: NonZeroU32::MIN });
        let soon = Instant::now() + Duration::from_millis(10);
        let first = limiter.acquire(soon).await.expect("the only place");
        assert!(limiter.acquire(soon).await.is_err());
        drop(first);
        assert!(limiter.acquire(Instant::now() + Duration::from_millis(10)).await.is_ok());
    }
}
