//! Providers' answers kept for a while, and one call at a time for each question.
//!
//! Only completed answers are kept; a hit is never stored again. The key holds no personal data, only a keyed
//! hash of it. Freshness is judged by the gateway's own clock; the library's expiry is only an upper bound.

mod entry;
mod flight;
mod key;

use std::{
    sync::Arc,
    time::{Duration, Instant as StdInstant},
};

use jiff::Timestamp;
use moka::{Expiry, future::Cache};

pub use entry::{Entry, Made, Recipe};
pub use flight::{Flight, FlightError, FlightOutcome, Flights, Landed, LandedBy};
pub use key::{CacheKey, KeyMaker};

/// What a look into the cache found.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// Fresh enough for this caller.
    Fresh(Arc<Entry>),
    /// Fresh, but older than this caller allows.
    TooOld,
    /// There, but no longer fresh.
    Stale(Arc<Entry>),
    /// Not there.
    Absent,
}

/// Providers' answers, bounded in bytes.
#[derive(Debug, Clone)]
pub struct AnswerCache(Cache<CacheKey, Arc<Entry>>);

// === impl AnswerCache ===

impl AnswerCache {
    /// An empty cache of about `max_bytes`.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        let cache = Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_key, entry: &Arc<Entry>| entry.weight())
            .expire_after(Retention)
            .build();
        Self(cache)
    }

    /// Looks for an answer that is fresh, and no older than `max_age` if that is given.
    pub async fn look(&self, key: &CacheKey, now: Timestamp, max_age: Option<Duration>) -> Lookup {
        let Some(entry) = self.0.get(key).await else { return Lookup::Absent };
        let age = entry.age(now);
        if age >= entry.ttl.saturating_add(entry.keep_stale) {
            Lookup::Absent
        } else if age >= entry.ttl {
            Lookup::Stale(entry)
        } else if !entry.is_pending() && max_age.is_some_and(|max_age| age > max_age) {
            Lookup::TooOld
        } else {
            Lookup::Fresh(entry)
        }
    }

    /// Keeps an answer.
    pub async fn keep(&self, key: CacheKey, entry: Arc<Entry>) {
        self.0.insert(key, entry).await;
    }
}

/// Keeps an answer longer than it is fresh, so that a stale one can be told from none.
struct Retention;

impl Expiry<CacheKey, Arc<Entry>> for Retention {
    fn expire_after_create(&self, _: &CacheKey, entry: &Arc<Entry>, _: StdInstant) -> Option<Duration> {
        Some(entry.ttl.saturating_add(entry.keep_stale))
    }

    fn expire_after_update(
        &self,
        key: &CacheKey,
        entry: &Arc<Entry>,
        now: StdInstant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, entry, now)
    }
}
