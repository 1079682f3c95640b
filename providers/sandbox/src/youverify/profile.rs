//! One risk check: what is kept of it, and how it is shown.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::chance::Chance;

use super::intake::Intake;
use super::{lookup, report};

const HEX: &str = "0123456789abcdef";
const INTERVAL_DAYS: i64 = 30;

/// A risk check that was started.
pub(super) struct Profile {
    pub(super) id: String,
    entity_id: String,
    intake: Intake,
    report: Value,
    pub(super) requested_at: Timestamp,
    /// When the report came; none as long as there is none.
    pub(super) reported_at: Option<Timestamp>,
    /// How often it was read before its report was there.
    pub(super) reads: u32,
}

// === impl Profile ===

impl Profile {
    /// The `serial`-th check of a vendor.
    pub(super) fn new(chance: Chance, serial: usize, intake: Intake, now: Timestamp) -> Self {
        let serial = serial.to_string();
        let phone = lookup::phone(chance, intake.phone.as_deref());
        Self {
            id: chance.text(HEX, 24, &["profile", &serial]),
            entity_id: chance.text(HEX, 24, &["entity", &serial]),
            report: report::checked(chance, &intake.form, phone),
            intake,
            requested_at: now,
            reported_at: None,
            reads: 0,
        }
    }

    /// As the start of a check and the reading of one profile show it.
    pub(super) fn shown(&self) -> Value {
        let ready = self.reported_at.is_some();
        let score =
            |pointer| self.report.pointer(pointer).filter(|_| ready).cloned().unwrap_or_else(|| json!(0));
        let scores = json!({
            "latestRiskScore": score("/riskScore"),
            "latestAdverseMediaScore": score("/personal/adverseMediaScore"),
        });
        extended(self.common(), scores)
    }

    /// As a list shows it: with its id three times and without scores of its own.
    pub(super) fn listed(&self) -> Value {
        let more = json!({
            "id": self.id,
            "identityId": self.id,
            "createdAt": millis(self.requested_at),
            "isReportUpdated": self.reported_at.is_some(),
            "metadata": {},
        });
        extended(self.common(), more)
    }

    fn common(&self) -> Value {
        let information = extended(self.intake.information.clone(), json!({ "_id": self.entity_id }));
        let next = self
            .reported_at
            .map(|at| at.saturating_add(SignedDuration::from_hours(24 * INTERVAL_DAYS)).unwrap_or(at));
        json!({
            "_id": self.id,
            "type": self.intake.kind,
            "entityInformation": information,
            "latestRiskStatus": self.status(),
            "latestReport": self.reported_at.map(|_| self.latest()),
            "riskReportHistory": self.reported_at.map(|at| self.past(at)).into_iter().collect::<Vec<_>>(),
            "trackingStatus": "active",
            "trackingInterval": INTERVAL_DAYS,
            "requestedAt": millis(self.requested_at),
            "reportlastUpdatedAt": self.reported_at.map(millis),
            "reportNextUpdateAt": millis(next.unwrap_or(self.requested_at)),
            "businessId": "62b2e8b281442b03187f7896",
            "requestedById": "62b2e8b381442b75857f7898",
            "requestedBy": { "firstName": "Sandbox", "lastName": "Staff", "middleName": "" },
            "parentId": null,
        })
    }

    /// The overall word in the other of the vendor's two spellings.
    pub(super) fn status(&self) -> String {
        let title =
            self.report.get("riskStatus").and_then(Value::as_str).filter(|_| self.reported_at.is_some());
        title.map_or_else(|| "pending".to_owned(), |title| title.to_lowercase().replace(' ', "_"))
    }

    /// Without the blocks' own scores, which only the history has.
    fn latest(&self) -> Value {
        let mut latest = self.report.clone();
        for block in ["geographic", "product", "personal"] {
            if let Some(block) = latest.get_mut(block).and_then(Value::as_object_mut) {
                block.retain(|key, _| !key.starts_with("actualScore"));
            }
        }
        latest
    }

    fn past(&self, at: Timestamp) -> Value {
        let day = at.to_zoned(TimeZone::UTC);
        let part = |format: &str| day.strftime(format).to_string();
        let day = json!({ "reportYear": part("%Y"), "reportMonth": part("%m"), "reportDay": part("%d") });
        extended(self.report.clone(), day)
    }

    /// Whether the first, the last or the business name holds `part`, in any case.
    pub(super) fn is_named(&self, part: &str) -> bool {
        self.intake.names.iter().any(|name| name.to_lowercase().contains(&part.to_lowercase()))
    }

    pub(super) fn kind(&self) -> &str {
        &self.intake.kind
    }
}

fn millis(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// An object with further fields.
pub(super) fn extended(mut base: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut base, more) {
        fields.extend(more);
    }
    base
}
