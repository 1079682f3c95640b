//! The circuit breaker: closed while the vendor answers, open while it fails, half-open for one probe at a time.
//!
//! It counts only what is the vendor's fault. A vendor's 429 closes the door for the time it asks for and says
//! nothing about its health; dead credentials and empty accounts open it at once.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use risk_provider::{FailureKind, failure::BreakerEffect};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::window::Window;

const MAX_PROBE_WAIT: Duration = Duration::from_secs(60);
const DEFAULT_COOL_DOWN: Duration = Duration::from_secs(1);

/// When a breaker opens, and when it looks again.
#[derive(Debug, Clone, PartialEq)]
pub struct BreakerSettings {
    /// Whether it ever opens.
    pub enabled: bool,
    /// Opens after this many failures in a row.
    pub consecutive_failures: u32,
    /// Opens at this share of failures in the window, 0 to 1.
    pub failure_rate: f64,
    /// The least calls in the window for the share to count.
    pub min_calls: u32,
    /// How far back the share looks.
    pub window: Duration,
    /// How long after opening the first probe is let through; doubles with each failed probe, up to a minute.
    pub probe_after: Duration,
}

/// One breaker, for one operation of one provider.
#[derive(Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    jitter: fn() -> f64,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    phase: Phase,
    window: Window,
    consecutive: u32,
    cool_until: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Closed,
    Open { until: Instant, waits: u32, reason: FailureKind },
    Probing { waits: u32, reason: FailureKind },
}

/// How a breaker stands, for operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// Calls are refused.
    Open,
    /// One probe decides.
    HalfOpen,
}

/// Leave for one exchange. Dropped without a verdict, it counts for nothing and frees the probe.
#[derive(Debug)]
pub struct Admission<'a> {
    breaker: &'a Breaker,
    probe: bool,
    settled: bool,
}

/// The door is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// When to ask again.
    pub retry_after: Duration,
    /// The failure that closed it.
    pub reason: FailureKind,
}

// === impl Breaker ===

impl Breaker {
    /// A closed breaker. `jitter` gives fractions from 0 to 1 by which waits are lengthened up to a fifth.
    #[must_use]
    pub fn new(settings: BreakerSettings, jitter: fn() -> f64) -> Self {
        let window = Window::new(settings.window);
        let inner = Inner { phase: Phase::Closed, window, consecutive: 0, cool_until: None };
        Self { settings, jitter, inner: Mutex::new(inner) }
    }

    /// Asks for leave to make one exchange.
    ///
    /// # Errors
    ///
    /// [`Refused`] while open, while another probe is under way, and while cooling down.
    pub fn admit(&self) -> Result<Admission<'_>, Refused> {
        let now = Instant::now();
        let mut inner = self.lock();
        if let Some(until) = inner.cool_until.filter(|&until| until > now) {
            return Err(Refused { retry_after: until - now, reason: FailureKind::RateLimited });
        }
        match inner.phase {
            Phase::Closed => Ok(Admission { breaker: self, probe: false, settled: false }),
            Phase::Open { until, reason, .. } if until > now => {
                Err(Refused { retry_after: until - now, reason })
            }
            Phase::Open { waits, reason, .. } => {
                inner.phase = Phase::Probing { waits, reason };
                Ok(Admission { breaker: self, probe: true, settled: false })
            }
            Phase::Probing { reason, .. } => Err(Refused { retry_after: self.settings.probe_after, reason }),
        }
    }

    /// Whether it would refuse an exchange now; once a probe is due it would not.
    #[must_use]
    pub fn refuses(&self) -> bool {
        let now = Instant::now();
        let inner = self.lock();
        let cools = inner.cool_until.is_some_and(|until| until > now);
        cools
            || match inner.phase {
                Phase::Closed => false,
                Phase::Open { until, .. } => until > now,
                Phase::Probing { .. } => true,
            }
    }

    /// How it stands, and the failure that opened it.
    #[must_use]
    pub fn state(&self) -> (BreakerState, Option<FailureKind>) {
        let inner = self.lock();
        if inner.cool_until.is_some_and(|until| until > Instant::now()) {
            return (BreakerState::Open, Some(FailureKind::RateLimited));
        }
        match inner.phase {
            Phase::Closed => (BreakerState::Closed, None),
            Phase::Open { reason, .. } => (BreakerState::Open, Some(reason)),
            Phase::Probing { reason, .. } => (BreakerState::HalfOpen, Some(reason)),
        }
    }

    /// Whether failures opened it; a cool-down does not.
    fn is_open(&self) -> bool {
        matches!(self.lock().phase, Phase::Open { .. })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, inner: &mut Inner, waits: u32, reason: FailureKind) {
        let wait = self.settings.probe_after.saturating_mul(2_u32.saturating_pow(waits)).min(MAX_PROBE_WAIT);
        let wait = wait.mul_f64(1.0 + 0.2 * (self.jitter)());
        inner.phase = Phase::Open { until: Instant::now() + wait, waits, reason };
    }

    fn should_open(&self, inner: &Inner, now: Instant) -> bool {
        let (calls, failures) = inner.window.counts(now);
        inner.consecutive >= self.settings.consecutive_failures
            || (calls >= self.settings.min_calls
                && f64::from(failures) >= self.settings.failure_rate * f64::from(calls))
    }

    fn succeed(&self, probe: bool) {
        let mut inner = self.lock();
        let now = Instant::now();
        inner.consecutive = 0;
        if probe {
            inner.phase = Phase::Closed;
            inner.window.clear();
        }
        inner.window.add(now, false);
    }

    /// Only the probe decides what follows a probe: calls from before the breaker opened may still end now.
    fn fail(&self, kind: FailureKind, at_once: bool, probe: bool) {
        let mut inner = self.lock();
        let now = Instant::now();
        inner.consecutive = inner.consecutive.saturating_add(1);
        inner.window.add(now, true);
        match inner.phase {
            Phase::Closed if at_once || self.should_open(&inner, now) => self.open(&mut inner, 0, kind),
            Phase::Probing { waits, .. } if probe => self.open(&mut inner, waits.saturating_add(1), kind),
            Phase::Closed | Phase::Probing { .. } | Phase::Open { .. } => {}
        }
    }

    fn cool_down(&self, retry_after: Option<Duration>) {
        let until = Instant::now() + retry_after.unwrap_or(DEFAULT_COOL_DOWN);
        let mut inner = self.lock();
        inner.cool_until = Some(inner.cool_until.map_or(until, |earlier| earlier.max(until)));
    }

    /// Back to waiting for a probe: the one that was let through proved nothing.
    fn forget_probe(&self) {
        let mut inner = self.lock();
        if let Phase::Probing { waits, reason } = inner.phase {
            inner.phase = Phase::Open { until: Instant::now(), waits, reason };
        }
    }
}

// === impl Admission ===

impl Admission<'_> {
    /// Reports how the exchange went: no failure, or its kind and the vendor's Retry-After. Returns whether the
    /// breaker opened by it.
    pub fn settle(mut self, failure: Option<(FailureKind, Option<Duration>)>) -> bool {
        if !self.breaker.settings.enabled {
            self.settled = true;
            return false;
        }
        let open_before = self.breaker.is_open();
        self.settled = match failure {
            None => {
                self.breaker.succeed(self.probe);
                true
            }
            Some((kind, retry_after)) => match kind.meaning().breaker {
                BreakerEffect::Count => {
                    self.breaker.fail(kind, false, self.probe);
                    true
                }
                BreakerEffect::Open => {
                    self.breaker.fail(kind, true, self.probe);
                    true
                }
                BreakerEffect::CoolDown => {
                    self.breaker.cool_down(retry_after);
                    false
                }
                // The vendor answered about this subject, so it is there.
                BreakerEffect::None => {
                    self.breaker.succeed(self.probe);
                    true
                }
            },
        };
        !open_before && self.breaker.is_open()
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        if self.probe && !self.settled {
            self.breaker.forget_probe();
        }
    }
}

#[cfg(test)]
mod tests;
