//! When an answer that a vendor still owes is looked for.

use std::time::Duration;

/// When an answer that a vendor still owes is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PollSettings {
    /// The first time, after this.
    pub first: Duration,
    /// The longest wait between two looks.
    pub max: Duration,
    /// How much longer each wait is than the one before.
    pub factor: f64,
    /// When to give up.
    pub give_up_after: Duration,
}

// === impl PollSettings ===

impl PollSettings {
    /// How long to wait after so many looks.
    #[must_use]
    pub fn wait(&self, looks: i64) -> Duration {
        let looks = i32::try_from(looks.clamp(0, 64)).unwrap_or(64);
        let wait = self.first.as_secs_f64() * self.factor.powi(looks);
        Duration::try_from_secs_f64(wait).unwrap_or(self.max).min(self.max)
    }
}

impl Default for PollSettings {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            max: Duration::from_secs(15),
            factor: 1.5,
            give_up_after: Duration::from_secs(60 * 60),
        }
    }
}
