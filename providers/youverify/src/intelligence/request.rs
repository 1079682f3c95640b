//! From a subject to the start of a check.

use jiff::civil::Date;
use risk_provider::{
    Personal, Subject,
    input::{DocumentState, whole_months},
    subject::Identity,
};

use super::{
    config::OptionsKey,
    wire::{Initialise, Options},
};

/// The question about `subject` on `today`, its options under `key`.
pub(super) fn to_wire(subject: &Subject, today: Date, key: OptionsKey) -> Initialise<'_> {
    let (person, business) = match &subject.identity {
        Identity::Individual(name) => (Some(name), None),
        Identity::Business(name) => (None, Some(text(name))),
    };
    let options = Some(options(subject, today));
    let (advance_options, advanced_options) = match key {
        OptionsKey::Advance => (options, None),
        OptionsKey::Advanced => (None, options),
    };
    Initialise {
        kind: subject.kind(),
        first_name: person.map(|name| text(&name.first)),
        last_name: person.map(|name| text(&name.last)),
        business_name: business,
        business_industry: business.and(subject.industry.as_ref()).map(text),
        country: subject.country.as_str(),
        city: subject.city.as_ref().map(text),
        is_subject_consent: subject.consent == Some(true),
        advance_options,
        advanced_options,
    }
}

fn options(subject: &Subject, today: Date) -> Options<'_> {
    let expires_on = subject.kyc.as_ref().and_then(|kyc| kyc.document_expires_on);
    Options {
        id_number: subject.id_number.as_ref().map(text),
        id_expiry_date: expires_on.map(|date| date.to_string()),
        is_id_verified: is_verified(subject, today),
        phone_number: subject.phone.as_ref().map(text),
        length_of_stay: subject.moved_in_on.map(|since| whole_months(since, today).to_string()),
        occupation: subject.occupation.as_ref().map(text),
        industry: subject.industry.as_ref().map(text),
    }
}

/// Whether somebody verified the identity with a document that has not expired.
pub(super) fn is_verified(subject: &Subject, today: Date) -> bool {
    let verified_by = subject.kyc.as_ref().and_then(|kyc| kyc.verified_by.as_deref());
    let verified_by = verified_by.map(|word| word.trim().to_lowercase()).unwrap_or_default();
    let verified = !matches!(verified_by.as_str(), "" | "nobody");
    verified && subject.document_state(today) == DocumentState::Valid
}

fn text(text: &Personal<String>) -> &str {
    text.expose()
}
