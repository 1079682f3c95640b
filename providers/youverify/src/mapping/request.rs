//! From a subject to the vendor's question.

use jiff::civil::Date;
use risk_provider::{
    Personal, Subject,
    input::{DocumentState, whole_months},
    subject::{Identity, PersonName},
};
use serde_json::Number;

use crate::wire::{DateRange, Request};

/// The question about `subject` on `today`; earlier scores only with `send_previous`.
pub(crate) fn to_wire(subject: &Subject, today: Date, send_previous: bool) -> Request<'_> {
    let (person, business) = match &subject.identity {
        Identity::Individual(name) => (Some(name), None),
        Identity::Business(name) => (None, Some(text(name))),
    };
    let previous = |score: Option<f64>| score.filter(|_| send_previous).and_then(number);
    let months = |since: Option<Date>| since.map(|since| whole_months(since, today));
    let is_beneficiary = subject.is_beneficiary.unwrap_or(false);
    Request {
        kind: subject.kind(),
        first_name: person.map(|name| text(&name.first)),
        last_name: person.map(|name| text(&name.last)),
        middle_name: person.and_then(middle_name),
        business_name: business,
        city: subject.city.as_ref().map(text),
        country: subject.country.as_str(),
        kyc_verified_by: kyc_verified_by(subject, today),
        length_of_stay: months(subject.moved_in_on),
        industry: subject.industry.as_ref().map(text),
        age_of_account: months(subject.account_opened_on),
        previous_adverse_media_score: previous(subject.previous_adverse_media_score),
        previous_risk_score: previous(subject.previous_risk_score),
        adverse_media_query_date_range: (!is_beneficiary).then(|| date_range(subject, today)),
        is_beneficiary,
        custom_weight: None,
    }
}

/// The vendor's word for who verified the identity; whatever is not verified cannot expire.
fn kyc_verified_by(subject: &Subject, today: Date) -> &'static str {
    let verified_by = subject.kyc.as_ref().and_then(|kyc| kyc.verified_by.as_deref());
    let verified_by = verified_by.map(|word| word.trim().to_lowercase()).unwrap_or_default();
    match (verified_by.as_str(), subject.document_state(today)) {
        ("" | "nobody", _) => "not_verified",
        (_, DocumentState::Expired30) => "expired_30",
        (_, DocumentState::Expired90) => "expired_90",
        ("youverify", DocumentState::Valid) => "youverify",
        (_, DocumentState::Valid) => "client",
    }
}

fn date_range(subject: &Subject, today: Date) -> DateRange {
    let window = subject.media_window(today);
    DateRange { start_date: window.from.to_string(), end_date: window.to.to_string() }
}

/// The number as documented: whole ones without a fraction.
fn number(value: f64) -> Option<Number> {
    value.to_string().parse().ok()
}

fn middle_name(name: &PersonName) -> Option<&str> {
    name.middle.as_ref().map(text)
}

fn text(text: &Personal<String>) -> &str {
    text.expose()
}
