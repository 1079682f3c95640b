//! One deadline for each request, shared out so that the next provider always has a reserve.

use std::time::Duration;

use tokio::time::Instant;

/// The most of the remaining time that a provider may use while another could still be asked.
const SHARE: f64 = 0.6;
/// Kept back from the total for making and recording the answer.
const SETTLE: f64 = 0.05;
const MIN_SETTLE: Duration = Duration::from_millis(25);
const MAX_SETTLE: Duration = Duration::from_millis(250);
/// How much earlier than its waiting caller a call gives up, so that the caller hears how it ended.
const GRACE: Duration = Duration::from_millis(20);
/// The grace is at most this share of the time.
const MAX_GRACE: f64 = 0.05;

/// Kept back from a call whose vendor lists what it answered, for looking there when its answer is lost.
const LOOK: f64 = 0.1;
const MAX_LOOK: Duration = Duration::from_millis(500);

/// A request's deadline: the route's, and the caller's where that is shorter.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    route: Instant,
    caller: Option<Instant>,
}

/// One provider's part of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Until when the provider's call may run: the route's time, whoever is waiting.
    pub call_until: Instant,
    /// Until when this caller waits for it.
    pub wait_until: Instant,
}

// === impl Deadline ===

impl Deadline {
    /// The deadline of a request that began at `began`.
    #[must_use]
    pub fn new(began: Instant, route: Duration, caller: Option<Duration>) -> Self {
        let usable = |total: Duration| began + (total - total.mul_f64(SETTLE).clamp(MIN_SETTLE, MAX_SETTLE));
        Self { route: usable(route), caller: caller.filter(|&caller| caller < route).map(usable) }
    }

    /// The share of the next provider, when `left` providers including it can still be asked.
    #[must_use]
    pub fn share(&self, now: Instant, left: usize) -> Share {
        let part = |until: Instant| {
            let remaining = until.saturating_duration_since(now);
            now + if left > 1 { remaining.mul_f64(SHARE) } else { remaining }
        };
        let call = part(self.route);
        let grace = (call - now).mul_f64(MAX_GRACE).min(GRACE);
        Share { call_until: call - grace, wait_until: self.caller.map_or(call, part) }
    }

    /// Whether no time is left to ask anybody.
    #[must_use]
    pub fn is_past(&self, now: Instant) -> bool {
        self.caller.unwrap_or(self.route) <= now
    }
}

// === impl Share ===

impl Share {
    /// The same, less the time that looking for a lost answer takes.
    #[must_use]
    pub fn with_time_to_look(self, now: Instant) -> Self {
        let whole = self.call_until.saturating_duration_since(now);
        Self { call_until: self.call_until - whole.mul_f64(LOOK).min(MAX_LOOK), ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whoever_is_hung_the_next_has_a_reserve_and_the_total_holds(
            route_ms in 100..60_000_u64,
            caller_ms in prop::option::of(100..60_000_u64),
            providers in 1..5_usize,
        ) {
            let began = Instant::now();
            let route = Duration::from_millis(route_ms);
            let caller = caller_ms.map(Duration::from_millis);
            let total = caller.map_or(route, |caller| caller.min(route));
            let deadline = Deadline::new(began, route, caller);
            let mut now = began;
            for left in (1..=providers).rev() {
                let share = deadline.share(now, left);
                prop_assert!(share.wait_until > now, "provider {left} has no time");
                prop_assert!(caller.is_some() || share.call_until < share.wait_until);
                let fair = (total - (now - began)).mul_f64(if left > 1 { SHARE } else { 1.0 });
                prop_assert!(share.wait_until - now <= fair + Duration::from_nanos(1));
                now = share.wait_until;
            }
            prop_assert!(now <= began + total);
        }
    }

    #[test]
    fn a_shorter_caller_waits_less_but_the_call_keeps_the_routes_time() {
        let began = Instant::now();
        let deadline = Deadline::new(began, Duration::from_secs(10), Some(Duration::from_secs(1)));
        let share = deadline.share(began, 2);
        assert!(share.call_until - began > Duration::from_secs(5));
        assert!(share.wait_until - began < Duration::from_millis(600));
    }
}
