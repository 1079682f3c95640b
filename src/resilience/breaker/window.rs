//! Exact counts of calls and failures over the last while, in ten buckets.

use std::time::Duration;

use tokio::time::Instant;

const BUCKETS: u32 = 10;

/// Calls and failures, bucket by bucket.
#[derive(Debug)]
pub(super) struct Window {
    bucket_length: Duration,
    buckets: Vec<Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    began: Instant,
    calls: u32,
    failures: u32,
}

// === impl Window ===

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        Self { bucket_length: length / BUCKETS, buckets: Vec::new() }
    }

    pub(super) fn add(&mut self, now: Instant, failed: bool) {
        self.buckets.retain(|bucket| self.bucket_length * BUCKETS > now.duration_since(bucket.began));
        let current =
            self.buckets.last_mut().filter(|last| now.duration_since(last.began) < self.bucket_length);
        match current {
            Some(bucket) => bucket.count(failed),
            None => {
                let mut bucket = Bucket { began: now, calls: 0, failures: 0 };
                bucket.count(failed);
                self.buckets.push(bucket);
            }
        }
    }

    /// Calls and failures in the window that ends `now`.
    pub(super) fn counts(&self, now: Instant) -> (u32, u32) {
        let length = self.bucket_length * BUCKETS;
        let recent = self.buckets.iter().filter(|bucket| now.duration_since(bucket.began) < length);
        recent.fold((0, 0), |(calls, failures), bucket| {
            (calls.saturating_add(bucket.calls), failures.saturating_add(bucket.failures))
        })
    }

    pub(super) fn clear(&mut self) {
        self.buckets.clear();
    }
}

// === impl Bucket ===

impl Bucket {
    const fn count(&mut self, failed: bool) {
        self.calls = self.calls.saturating_add(1);
        if failed {
            self.failures = self.failures.saturating_add(1);
        }
    }
}
