//! Exact counts over the last while, in ten buckets: how many, and how many of them were marked.

use std::time::Duration;

use tokio::time::Instant;

const BUCKETS: u32 = 10;

/// Events and the marked ones among them, bucket by bucket.
#[derive(Debug)]
pub(super) struct Window {
    bucket_length: Duration,
    buckets: Vec<Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    began: Instant,
    all: u32,
    marked: u32,
}

// === impl Window ===

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        Self { bucket_length: length / BUCKETS, buckets: Vec::new() }
    }

    pub(super) fn add(&mut self, now: Instant, marked: bool) {
        self.buckets.retain(|bucket| self.bucket_length * BUCKETS > now.duration_since(bucket.began));
        let current =
            self.buckets.last_mut().filter(|last| now.duration_since(last.began) < self.bucket_length);
        match current {
            Some(bucket) => bucket.count(marked),
            None => {
                let mut bucket = Bucket { began: now, all: 0, marked: 0 };
                bucket.count(marked);
                self.buckets.push(bucket);
            }
        }
    }

    /// How many events there were in the window that ends `now`, and how many of them were marked.
    pub(super) fn counts(&self, now: Instant) -> (u32, u32) {
        let length = self.bucket_length * BUCKETS;
        let recent = self.buckets.iter().filter(|bucket| now.duration_since(bucket.began) < length);
        recent.fold((0, 0), |(all, marked), bucket| {
            (all.saturating_add(bucket.all), marked.saturating_add(bucket.marked))
        })
    }

    pub(super) fn clear(&mut self) {
        self.buckets.clear();
    }
}

// === impl Bucket ===

impl Bucket {
    const fn count(&mut self, marked: bool) {
        self.all = self.all.saturating_add(1);
        if marked {
            self.marked = self.marked.saturating_add(1);
        }
    }
}
