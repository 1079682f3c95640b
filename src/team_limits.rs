//! How many requests a team may make: a bucket for each team that is full at first and fills at a steady rate.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed},
};

use crate::config::TeamLimit;

type Bucket = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// Buckets by tenant.
#[derive(Debug, Default)]
pub struct TeamLimits {
    limits: BTreeMap<String, TeamLimit>,
    buckets: Mutex<BTreeMap<String, std::sync::Arc<Bucket>>>,
}

/// How a team stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The team's limit.
    pub limit: TeamLimit,
    /// Requests that it may still make at once.
    pub remaining: u32,
    /// How long until it may make another; none when it may now.
    pub wait: Option<Duration>,
}

// === impl TeamLimits ===

impl TeamLimits {
    /// Full buckets for teams with these limits; others have none.
    #[must_use]
    pub fn new(limits: BTreeMap<String, TeamLimit>) -> Self {
        Self { limits, buckets: Mutex::default() }
    }

    /// Takes one request of `team` out of the bucket of `tenant`; none when the team has no limit.
    #[must_use]
    pub fn take(&self, team: &str, tenant: &str) -> Option<Standing> {
        let limit = *self.limits.get(team)?;
        let bucket = {
            let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || std::sync::Arc::new(bucket(limit));
            std::sync::Arc::clone(buckets.entry(tenant.to_owned()).or_insert_with(new))
        };
        Some(match bucket.check() {
            Ok(state) => Standing { limit, remaining: state.remaining_burst_capacity(), wait: None },
            Err(full) => {
                let wait = full.wait_time_from(DefaultClock::default().now());
                Standing { limit, remaining: 0, wait: Some(wait) }
            }
        })
    }
}

fn bucket(limit: TeamLimit) -> Bucket {
    let each = (limit.per / limit.requests.get()).max(Duration::from_nanos(1));
    let quota = Quota::with_period(each).unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN));
    RateLimiter::direct(quota.allow_burst(limit.requests)).with_middleware()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_may_make_so_many_at_once_and_others_do_not_matter() {
        let limit = TeamLimit { requests: NonZeroU32::new(2).expect("two"), per: Duration::from_secs(3600) };
        let limits = TeamLimits::new([("risk".to_owned(), limit)].into());
        let remaining = |tenant| limits.take("risk", tenant).expect("a limit").remaining;
        assert_eq!((remaining("risk"), remaining("risk")), (1, 0));
        let refused = limits.take("risk", "risk").expect("a limit");
        let wait = refused.wait.expect("to wait");
        assert!(wait > Duration::from_secs(1700) && wait <= Duration::from_secs(1800), "{wait:?}");
        assert_eq!(remaining("risk/test"), 1, "what is tried out has a bucket of its own");
        assert_eq!(limits.take("fraud", "fraud"), None);
    }
}
