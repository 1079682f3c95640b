//! What an error of the vendor means; pure.
//!
//! 403 is two things: no permission in the current API, no funds in the legacy one that gateways still speak.

use risk_provider::{FailureKind, ProviderError, VendorResponse, redact::Redactor};

use crate::envelope::Refusal;

/// The vendor's keys and the subject's fields behind them.
const FIELDS: [(&str, &str); 22] = [
    ("type", "type"),
    ("firstName", "name.first"),
    ("lastName", "name.last"),
    ("middleName", "name.middle"),
    ("businessName", "business_name"),
    ("city", "city"),
    ("country", "country"),
    ("kycVerifiedBy", "kyc.verified_by"),
    ("lengthOfStay", "months_at_address"),
    ("industry", "industry"),
    ("ageOfAccount", "account_age_months"),
    ("previousAdverseMediaScore", "previous_adverse_media_score"),
    ("previousRiskScore", "previous_risk_score"),
    ("adverseMediaQueryDateRange", "adverse_media_window"),
    ("isBeneficiary", "is_beneficiary"),
    ("businessIndustry", "industry"),
    ("isSubjectConsent", "consent"),
    ("idNumber", "id_number"),
    ("idExpiryDate", "kyc.document_expires_on"),
    ("isIdVerified", "kyc.verified_by"),
    ("phoneNumber", "phone"),
    ("occupation", "occupation"),
];

/// What was asked of the vendor when it failed.
#[derive(Clone, Copy)]
pub(crate) enum Purpose<'a> {
    /// To judge a subject, whose words must not come back.
    Assess(&'a Redactor),
    /// To read one profile by its reference.
    Entity,
    /// To list profiles.
    List,
}

/// The failure that `refusal`, found in `response`, stands for.
pub(crate) fn failure(response: &VendorResponse, refusal: &Refusal, purpose: Purpose<'_>) -> ProviderError {
    let answered = response.status;
    let status = if is_success(answered) { refusal.status } else { Some(answered) };
    let status = status.or_else(|| status_of_class(refusal.class.as_deref()?));
    let kind = purpose.kind(status, kind(status, refusal));
    let class =
        refusal.class.as_deref().map(|class| purpose.quote(class).unwrap_or_else(|| class.to_owned()));
    let fields = if kind == FailureKind::InvalidSubject { fields(&refusal.keys) } else { Vec::new() };
    let wait = if kind == FailureKind::RateLimited { response.retry_after() } else { None };
    response
        .failure(kind, detail(answered, kind, refusal, purpose))
        .with_identifier(class.as_deref())
        .with_fields(fields)
        .with_retry_after(wait)
}

/// Whether HTTP itself reports success.
pub(crate) fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

fn kind(status: Option<u16>, refusal: &Refusal) -> FailureKind {
    let Some(status) = status else {
        return if lacks_funds(refusal) { FailureKind::OutOfCredit } else { FailureKind::Malformed };
    };
    match status {
        402 => FailureKind::OutOfCredit,
        400 | 403 | 422 if lacks_funds(refusal) => FailureKind::OutOfCredit,
        401 | 403 => FailureKind::BadCredentials,
        400 | 422 => FailureKind::InvalidSubject,
        // Gone, or a request of another form than the vendor takes: nothing that a subject could mend.
        300..=399 | 404 | 405 | 410 | 413 | 415 => FailureKind::Misconfigured,
        // The vendor could not do it just now; whether it billed the try, it does not say.
        408 | 409 | 423 | 425 => FailureKind::VendorError,
        // Not for this subject by law: a rule about countries or persons, as `unsupported` is.
        451 => FailureKind::Unsupported,
        429 => FailureKind::RateLimited,
        500..=599 => FailureKind::VendorError,
        _ => FailureKind::Malformed,
    }
}

/// The documented status of an error class, for envelopes that state none.
fn status_of_class(class: &str) -> Option<u16> {
    match class {
        "PaymentRequiredError" => Some(402),
        "UnauthorizedError" => Some(403),
        "ResourceNotFoundError" => Some(404),
        _ => None,
    }
}

fn lacks_funds(refusal: &Refusal) -> bool {
    let message = refusal.message.as_deref().unwrap_or_default().to_lowercase();
    message.contains("insufficient fund")
        || message.contains("low on credit")
        || refusal.class.as_deref() == Some("PaymentRequiredError")
}

fn fields(keys: &[String]) -> Vec<String> {
    let named = |key: &String| {
        // Options come as `advanceOptions.phoneNumber`, and dates as `adverseMediaQueryDateRange.startDate`.
        let mut parts = key.split('.');
        parts
            .find_map(|part| FIELDS.iter().find(|(known, _)| *known == part))
            .map(|(_, field)| (*field).to_owned())
    };
    let mut fields: Vec<String> = keys.iter().filter_map(named).collect();
    fields.sort();
    fields.dedup();
    fields
}

fn detail(answered: u16, kind: FailureKind, refusal: &Refusal, purpose: Purpose<'_>) -> String {
    let mut detail = format!("the vendor answered {answered}");
    if is_success(answered) {
        detail.push_str(" and says inside that it failed");
        if let Some(status) = refusal.status {
            detail.push_str(&format!(" ({status})"));
        }
    }
    if let Some(message) = refusal.message.as_deref().and_then(|message| purpose.quote(message)) {
        detail.push_str(&format!(": {message}"));
    }
    if kind == FailureKind::Misconfigured {
        detail.push_str("; check base_url and api_version");
    }
    detail
}

// === impl Purpose ===

impl Purpose<'_> {
    /// What `kind` means here: whoever reads sent no subject that could be wrong.
    fn kind(self, status: Option<u16>, kind: FailureKind) -> FailureKind {
        let nothing_there = matches!(status, Some(404 | 410)) || kind == FailureKind::InvalidSubject;
        match self {
            Self::Entity if nothing_there => FailureKind::NotFound,
            Self::List if kind == FailureKind::InvalidSubject => FailureKind::Misconfigured,
            Self::Assess(_) | Self::Entity | Self::List => kind,
        }
    }

    /// What may be shown of the vendor's own text; nothing where nobody knows whose words are in it.
    fn quote(self, text: &str) -> Option<String> {
        match self {
            Self::Assess(redactor) => Some(redactor.excerpt(text)),
            Self::Entity | Self::List => None,
        }
    }
}
