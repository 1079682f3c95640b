//! tokio's clock for governor, so that one clock rules all waiting and tests can pause it.

use std::{ops::Add, time::Duration};

use governor::{clock::Clock, clock::Reference, nanos::Nanos};
use tokio::time::Instant;

/// Tells tokio's time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TokioClock;

/// A moment on tokio's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TokioInstant(Instant);

impl Clock for TokioClock {
    type Instant = TokioInstant;

    fn now(&self) -> Self::Instant {
        TokioInstant(Instant::now())
    }
}

impl Reference for TokioInstant {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_duration_since(earlier.0).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.checked_sub(duration.into()).unwrap_or(self.0))
    }
}

impl Add<Nanos> for TokioInstant {
    type Output = Self;

    fn add(self, other: Nanos) -> Self {
        let other: Duration = other.into();
        Self(self.0 + other)
    }
}
