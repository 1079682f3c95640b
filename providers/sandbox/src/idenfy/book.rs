//! The assessments the account has made, kept in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::asked::Asked;
use crate::chance::{Chance, normalised};
use crate::fault::FaultKind;
use crate::settings::Settings;

use super::distort::distort;
use super::form::Form;
use super::list::listing;
use super::profile::Profile;
use super::score::score;

const ALPHANUMERICS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Every assessment of this run, oldest first.
pub(super) struct Book {
    assessments: Mutex<Vec<Assessment>>,
    chance: Chance,
    clock: fn() -> Timestamp,
}

/// One assessment as the check, or the last update of it, answered it.
struct Assessment {
    created: Timestamp,
    written: Timestamp,
    told: Value,
}

// === impl Book ===

impl Book {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { assessments: Mutex::default(), chance: Chance::new(settings.seed), clock: settings.clock }
    }

    /// Makes an assessment, fault and all: what a check answered is what later reads answer.
    pub(super) fn enter(&self, profile: &Profile, form: &Form, fault: Option<FaultKind>) -> Value {
        let created = (self.clock)();
        let mut assessments = self.locked();
        let number = assessments.len().to_string();
        let id = self.chance.text(ALPHANUMERICS, 22, &["assessment", &number, &normalised(&form.name)]);
        let mut told = assess(&id, profile, form);
        stamp(&mut told, created, created, rfc_3339);
        distort(&mut told, fault);
        assessments.push(Assessment { created, written: created, told: told.clone() });
        told
    }

    /// The profile that an assessment was made with.
    pub(super) fn profile_of(&self, id: &str) -> Option<String> {
        let assessments = self.locked();
        let told = assessments.iter().find(|assessment| assessment.is(id))?;
        told.told.pointer("/profile/id")?.as_str().map(str::to_owned)
    }

    /// Replaces the answers and the name of an assessment, fault and all. It keeps its id and when it was made.
    pub(super) fn change(
        &self,
        id: &str,
        profile: &Profile,
        form: &Form,
        fault: Option<FaultKind>,
    ) -> Option<Value> {
        let mut assessments = self.locked();
        let assessment = assessments.iter_mut().find(|assessment| assessment.is(id))?;
        assessment.written = (self.clock)();
        let mut told = assess(id, profile, form);
        distort(&mut told, fault);
        // Kept as the check tells it, which the list shows.
        stamp(&mut told, assessment.created, assessment.written, rfc_3339);
        assessment.told = told;
        Some(assessment.shown())
    }

    /// One assessment in the form of the detail call, whose timestamps look otherwise.
    pub(super) fn read(&self, id: &str) -> Option<Value> {
        self.locked().iter().find(|assessment| assessment.is(id)).map(Assessment::shown)
    }

    /// The page of the list that was asked for, newest first; `None` when there is no such page.
    pub(super) fn page(&self, asked: &Asked) -> Option<Value> {
        let newest_first: Vec<Value> =
            self.locked().iter().rev().map(|assessment| assessment.told.clone()).collect();
        listing(&newest_first, asked)
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Assessment>> {
        self.assessments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Assessment ===

impl Assessment {
    fn is(&self, id: &str) -> bool {
        self.told.get("id").is_some_and(|own| own == id)
    }

    fn shown(&self) -> Value {
        let mut told = self.told.clone();
        stamp(&mut told, self.created, self.written, with_blank);
        told
    }
}

fn assess(id: &str, profile: &Profile, form: &Form) -> Value {
    let scored = score(profile, form);
    json!({
        "id": id,
        "name": form.name,
        "sections": scored.sections,
        "riskScore": scored.score,
        "riskLevel": scored.level.word(),
        "comment": null,
        "updateRequired": false,
        "stateChangeEvent": "INITIAL",
        "companyId": null,
        "partner": {
            "id": 1001,
            "created": "2023-10-11T14:09:40.458303Z",
            "companyName": "Sandbox Account",
            "environment": "TESTING",
            "isActive": true,
        },
        "profile": { "id": profile.id, "name": profile.name },
        "riskLevelChangedBy": null,
    })
}

fn stamp(told: &mut Value, created: Timestamp, written: Timestamp, format: fn(Timestamp) -> String) {
    // The vendor writes a record a few microseconds after it dates it.
    let updated = written.saturating_add(SignedDuration::from_micros(3)).unwrap_or(written);
    if let Some(object) = told.as_object_mut() {
        object.insert("createdAt".to_owned(), json!(format(created)));
        object.insert("updatedAt".to_owned(), json!(format(updated)));
    }
}

fn rfc_3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

fn with_blank(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S.%6f+00:00").to_string()
}
