//! Whom the tests ask about.

use serde_json::{Value, json};

/// A person whom both vendors can be asked about.
pub(crate) fn person(reference: &str) -> Value {
    json!({
        "reference": reference, "type": "individual", "name": {"first": "Ahmed", "last": "Al Khalid"},
        "country": "NG", "city": "lagos", "industry": "arms_dealers", "months_at_address": 30,
        "account_age_months": 50, "kyc": {"verified_by": "nobody"}, "politically_exposed": true,
    })
}

/// Somebody whom both vendors score low.
pub(crate) fn harmless(reference: &str) -> Value {
    json!({
        "reference": reference, "type": "individual", "name": {"first": "John", "last": "Clear"},
        "country": "DE", "city": "berlin", "industry": "retail", "occupation": "Employee",
        "months_at_address": 70, "account_age_months": 70, "politically_exposed": false,
        "kyc": {"verified_by": "idenfy"},
    })
}

/// The request of Youverify's documented example.
pub(crate) fn ahmed() -> Value {
    json!({
        "reference": "cust-42", "type": "individual", "name": {"first": "Ahmed", "last": "Al Khalid"},
        "country": "NG", "city": "lagos", "industry": "arms_dealers", "months_at_address": 30,
        "account_age_months": 50, "kyc": {"verified_by": "nobody"}, "previous_risk_score": 40,
        "previous_adverse_media_score": 60, "is_beneficiary": false,
        "adverse_media_window": {"from": "2023-05-23", "to": "2023-06-23"},
    })
}

/// The request of iDenfy's documented example.
pub(crate) fn matthew() -> Value {
    json!({
        "reference": "cust-7", "type": "individual", "name": {"first": "Matthew", "last": "Collins"},
        "country": "HU", "politically_exposed": true,
    })
}

/// A question about `subject` by the default route.
pub(crate) fn about(subject: &Value) -> Value {
    json!({ "subject": subject })
}

/// A question about `subject` by `route`.
pub(crate) fn by(route: &str, subject: &Value) -> Value {
    json!({ "route": route, "subject": subject })
}

/// `question` with these options.
pub(crate) fn with(mut question: Value, options: Value) -> Value {
    question["options"] = options;
    question
}
