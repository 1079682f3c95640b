//! The risk checks that were started, and when their reports come.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::fault::FaultKind;
use crate::settings::Ripening;

use super::distort::distort_profile;
use super::intake::Intake;
use super::listing::Wanted;
use super::profile::Profile;

/// Every risk check of one vendor, oldest first.
pub(super) struct Book {
    chance: Chance,
    ripening: Ripening,
    clock: fn() -> Timestamp,
    profiles: Mutex<Vec<Profile>>,
}

// === impl Book ===

impl Book {
    pub(super) fn new(chance: Chance, ripening: Ripening, clock: fn() -> Timestamp) -> Self {
        Self { chance, ripening, clock, profiles: Mutex::default() }
    }

    /// Starts a check and shows its profile.
    pub(super) fn start(&self, intake: Intake, fault: Option<FaultKind>) -> Value {
        let now = (self.clock)();
        let mut profiles = self.locked();
        let mut profile = Profile::new(self.chance, profiles.len(), intake, now);
        self.ripen(&mut profile, now);
        let mut shown = profile.shown();
        profiles.push(profile);
        distort_profile(&mut shown, fault);
        shown
    }

    /// Shows one profile, which counts as a reading.
    pub(super) fn read(&self, id: &str, fault: Option<FaultKind>) -> Option<Value> {
        let now = (self.clock)();
        let mut profiles = self.locked();
        let profile = profiles.iter_mut().find(|profile| profile.id == id)?;
        self.ripen(profile, now);
        profile.reads = profile.reads.saturating_add(1);
        let mut shown = profile.shown();
        distort_profile(&mut shown, fault);
        Some(shown)
    }

    /// Shows one page of the profiles that are wanted, the newest first. Being listed counts as no reading.
    pub(super) fn page(&self, wanted: &Wanted, fault: Option<FaultKind>) -> Value {
        let now = (self.clock)();
        let mut profiles = self.locked();
        profiles.iter_mut().for_each(|profile| self.ripen(profile, now));
        let found: Vec<&Profile> = profiles.iter().rev().filter(|profile| wanted.takes(profile)).collect();
        let shown = wanted.cut(&found).into_iter().map(|profile| {
            let mut shown = profile.listed();
            distort_profile(&mut shown, fault);
            shown
        });
        json!({ "docs": shown.collect::<Vec<_>>(), "pagination": wanted.pagination(found.len()) })
    }

    fn ripen(&self, profile: &mut Profile, now: Timestamp) {
        let ripe = match self.ripening {
            Ripening::Reads(reads) => profile.reads >= reads,
            Ripening::Millis(millis) => {
                now.duration_since(profile.requested_at).as_millis() >= i128::from(millis)
            }
        };
        if ripe && profile.reported_at.is_none() {
            profile.reported_at = Some(now);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Profile>> {
        self.profiles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
