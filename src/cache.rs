//! Providers' answers kept for a while, and one call at a time for each question.
//!
//! Only completed answers are kept; a hit is never stored again. The key holds no personal data, only a keyed
//! hash of it. Freshness is judged by the gateway's own clock; the library's expiry is only an upper bound.

mod flight;
mod key;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant as StdInstant},
};

use jiff::Timestamp;
use moka::{Expiry, future::Cache};
use risk_provider::AnswerState;
use tokio::sync::OnceCell;

pub use flight::{Flight, FlightError, FlightOutcome, Flights, Landed, LandedBy};
pub use key::{CacheKey, KeyMaker};

use crate::{assessment::Assessment, store::ProviderRecord};

/// A provider's answer, and the assessments made of it so far, by route.
#[derive(Debug)]
pub struct Entry {
    /// What was said, as it is recorded.
    pub record: Arc<ProviderRecord>,
    /// When it arrived here.
    pub stored_at: Timestamp,
    /// How long it is fresh.
    pub ttl: Duration,
    keep_stale: Duration,
    composed: Mutex<HashMap<String, Arc<OnceCell<Arc<Assessment>>>>>,
    drafts: Mutex<HashMap<String, Arc<Assessment>>>,
}

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

// === impl Entry ===

impl Entry {
    /// An answer that arrived at `stored_at`, fresh for `ttl` and kept for `keep_stale` after that.
    #[must_use]
    pub fn new(
        record: Arc<ProviderRecord>,
        stored_at: Timestamp,
        ttl: Duration,
        keep_stale: Duration,
    ) -> Self {
        Self { record, stored_at, ttl, keep_stale, composed: Mutex::default(), drafts: Mutex::default() }
    }

    /// The place of the assessment that `route` makes of this answer alone.
    pub fn composed(&self, route: &str) -> Arc<OnceCell<Arc<Assessment>>> {
        let mut composed = self.composed.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(composed.entry(route.to_owned()).or_default())
    }

    /// The assessment that `route` is about to record: the same one however often that is tried. Says whether it was
    /// tried before.
    pub fn draft(&self, route: &str, make: impl FnOnce() -> Assessment) -> (Arc<Assessment>, bool) {
        let mut drafts = self.drafts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(draft) = drafts.get(route) {
            return (Arc::clone(draft), true);
        }
        let draft = Arc::new(make());
        drafts.insert(route.to_owned(), Arc::clone(&draft));
        (draft, false)
    }

    /// Puts in the assessment that `route` made of this answer before.
    pub fn compose(&self, route: &str, made: Arc<Assessment>) {
        let mut composed = self.composed.lock().unwrap_or_else(PoisonError::into_inner);
        composed.insert(route.to_owned(), Arc::new(OnceCell::new_with(Some(made))));
    }

    /// Whether the vendor still owes the answer: it will be new for everybody.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.record.assessment.state == AnswerState::Pending
    }

    /// How long ago the answer arrived.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.stored_at)).unwrap_or_default()
    }

    /// Until when it is fresh.
    #[must_use]
    pub fn valid_until(&self) -> Timestamp {
        self.stored_at.checked_add(self.ttl).unwrap_or(Timestamp::MAX)
    }

    /// What it takes in memory, about: the payload, and its normalised form twice over.
    fn weight(&self) -> u32 {
        const FIXED: usize = 2048;
        const FACTOR: usize = 512;
        let said = &self.record.assessment;
        let parts = said.factors.len() + said.evidence.len();
        u32::try_from(FIXED + said.raw.text().len() + parts * FACTOR).unwrap_or(u32::MAX)
    }
}

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
