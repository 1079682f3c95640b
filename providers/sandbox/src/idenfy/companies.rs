//! The companies that the account verified, as far as they concern risk.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

/// A company whose risk is high.
pub const ASSESSED_COMPANY_ID: &str = "8f14e45f-ceea-4a1d-9c3b-6d2f0e5b7a01";

/// A company whose assessment is there and says nothing.
pub const UNCHECKED_COMPANY_ID: &str = "8f14e45f-ceea-4a1d-9c3b-6d2f0e5b7a02";

/// A company that was verified without an assessment.
pub const UNASSESSED_COMPANY_ID: &str = "8f14e45f-ceea-4a1d-9c3b-6d2f0e5b7a03";

/// Companies by id, with what `riskAssessment` says.
pub(super) struct Companies(Mutex<BTreeMap<String, Value>>);

// === impl Companies ===

impl Companies {
    /// Sets a company's risk; null for none.
    pub(super) fn put(&self, id: String, risk: Value) {
        self.locked().insert(id, risk);
    }

    /// The company's record.
    pub(super) fn read(&self, id: &str) -> Option<Value> {
        let risk = self.locked().get(id)?.clone();
        Some(json!({
            "id": id,
            "companyName": "Sandbox Mills Ltd",
            "registrationNumber": "12345678",
            "country": "EE",
            "riskAssessment": risk,
        }))
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Companies {
    fn default() -> Self {
        let risk = |id: &str, score: Value, level: &str| json!({ "id": id, "riskScore": score, "riskLevel": level, "comment": null });
        let high = risk("2b0e9a54-1c57-4a39-8f0d-4f8b2f3f7c11", json!(72), "HIGH");
        let unchecked = risk("2b0e9a54-1c57-4a39-8f0d-4f8b2f3f7c12", Value::Null, "NOT_CHECKED");
        let companies = [
            (ASSESSED_COMPANY_ID, high),
            (UNCHECKED_COMPANY_ID, unchecked),
            (UNASSESSED_COMPANY_ID, Value::Null),
        ];
        Self(Mutex::new(companies.map(|(id, risk)| (id.to_owned(), risk)).into()))
    }
}
