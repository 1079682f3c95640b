//! What a refusal means: status, headers and body to a failure's kind.

use jiff::civil::Date;
use risk_provider::{FailureKind, ProviderError, Subject, VendorResponse, redact::Redactor};
use serde_json::Value;

use super::{
    plan::Planned,
    signs::{self, Sign},
};
use crate::client::Endpoint;

/// What was sent, for an error text that names the subject's fields and never the subject.
pub(crate) struct About<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) today: Date,
    pub(crate) plan: &'a [Planned],
}

/// The vendor's error body, every part optional.
struct Refusal {
    identifier: Option<String>,
    message: Option<String>,
    /// Names of the body's other keys, which some frameworks use for the refused fields.
    keys: Vec<String>,
}

/// The failure that `response` tells of; none when it is to be read as an answer.
pub(crate) fn refuse(
    endpoint: Endpoint,
    response: &VendorResponse,
    about: Option<&About<'_>>,
) -> Option<ProviderError> {
    if (200..300).contains(&response.status) {
        match signs::of(endpoint, response) {
            Sign::None => return None,
            Sign::Refusal => {}
            Sign::Malformed(why) => return Some(response.failure(FailureKind::Malformed, why)),
        }
    }
    let refusal = Refusal::read(&response.json().unwrap_or(Value::Null));
    let kind = kind(endpoint, response.status, &refusal);
    let redactor = about.map(|about| Redactor::new(about.subject, about.today));
    let quoted = redactor.as_ref().zip(refusal.message.as_ref());
    let quoted = quoted.map(|(redactor, message)| format!(": {}", redactor.excerpt(message)));
    let detail = format!("{}{}", explain(kind, response.status), quoted.unwrap_or_default());
    // A name in the constant's place would pass for one.
    let identifier = refusal.identifier.as_deref().map(|identifier| match &redactor {
        Some(redactor) => redactor.excerpt(identifier),
        None => identifier.to_owned(),
    });
    let mut failure = response.failure(kind, detail).with_identifier(identifier.as_deref());
    if kind == FailureKind::RateLimited {
        failure = failure.with_retry_after(response.retry_after());
    }
    if let (FailureKind::InvalidSubject, Some(about)) = (kind, about) {
        failure = failure.with_fields(refusal.fields(about.plan, &response.body));
    }
    Some(failure)
}

/// Whether the vendor takes the address but not the method, and another may do.
pub(crate) fn refuses_method(response: &VendorResponse) -> bool {
    let identifier = || {
        let body: Value = response.json().unwrap_or(Value::Null);
        Refusal::read(&body).identifier
    };
    match response.status {
        405 => true,
        200..=299 if signs::of(Endpoint::Recheck, response) != Sign::Refusal => false,
        500..=599 => false,
        _ => identifier().as_deref() == Some("METHOD_NOT_ALLOWED"),
    }
}

/// Whether a check's failure may come from a questionnaire that changed since it was read.
pub(crate) fn doubts_questionnaire(failure: &ProviderError) -> bool {
    let identifier = failure.vendor_identifier.as_deref().unwrap_or_default();
    (failure.kind == FailureKind::Misconfigured && failure.vendor_status == Some(404))
        || (failure.kind == FailureKind::InvalidSubject
            && matches!(identifier, "BAD_VALUE" | "MISSING_VALUE" | "VALIDATION_ERROR"))
}

fn kind(endpoint: Endpoint, status: u16, refusal: &Refusal) -> FailureKind {
    // A fault of the vendor's stays one, whatever it says about us.
    if (500..600).contains(&status) {
        return FailureKind::VendorError;
    }
    // Every error may come as a 400, so that a constant of one meaning tells more than the status.
    match refusal.identifier.as_deref() {
        Some("INTERNAL_ERROR") => FailureKind::VendorError,
        Some("UNAUTHORIZED") => FailureKind::BadCredentials,
        Some("PARTNER_CONTRACT_ERROR") => FailureKind::OutOfCredit,
        Some("PERMISSIONS_ERROR") if status == 402 || refusal.tells_of_no_credit() => {
            FailureKind::OutOfCredit
        }
        Some("PERMISSIONS_ERROR") => FailureKind::BadCredentials,
        Some("TOO_MANY_REQUESTS") => FailureKind::RateLimited,
        Some("METHOD_NOT_ALLOWED" | "JSON_ERROR" | "ENCODING_ERROR") => FailureKind::Misconfigured,
        Some("BAD_VALUE" | "MISSING_VALUE" | "VALIDATION_ERROR" | "PARTNER_ERROR" | "TOKEN_NOT_VALID")
            if matches!(status, 200..=299 | 400 | 422) =>
        {
            refused_input(endpoint, refusal)
        }
        None if matches!(status, 400 | 403) && refusal.tells_of_no_credit() => FailureKind::OutOfCredit,
        _ => by_status(endpoint, status, refusal),
    }
}

fn by_status(endpoint: Endpoint, status: u16, refusal: &Refusal) -> FailureKind {
    match status {
        401 | 403 => FailureKind::BadCredentials,
        402 => FailureKind::OutOfCredit,
        404 | 410 if endpoint.is_by_reference() => FailureKind::NotFound,
        // Gone, or a request of another form than the vendor takes: nothing that a subject could mend.
        300..=399 | 404 | 405 | 410 | 413 | 415 => FailureKind::Misconfigured,
        // The vendor could not do it just now; whether it billed the try, it does not say.
        408 | 409 | 423 | 425 => FailureKind::VendorError,
        // Not for this subject by law: a rule about countries or persons, as `unsupported` is.
        451 => FailureKind::Unsupported,
        400 | 422 => refused_input(endpoint, refusal),
        429 => FailureKind::RateLimited,
        _ => FailureKind::Malformed,
    }
}

/// A refused value: the subject's where there is one, else the id that the address holds.
fn refused_input(endpoint: Endpoint, refusal: &Refusal) -> FailureKind {
    let about_a_value = matches!(refusal.identifier.as_deref(), Some("BAD_VALUE" | "VALIDATION_ERROR"));
    match endpoint {
        Endpoint::Check | Endpoint::Recheck => FailureKind::InvalidSubject,
        Endpoint::Profile | Endpoint::Profiles | Endpoint::Assessments => FailureKind::Misconfigured,
        Endpoint::Assessment | Endpoint::Company | Endpoint::OtherProfile if about_a_value => {
            FailureKind::NotFound
        }
        Endpoint::Assessment | Endpoint::Company | Endpoint::OtherProfile => FailureKind::Malformed,
    }
}

fn explain(kind: FailureKind, status: u16) -> String {
    let what = match kind {
        FailureKind::InvalidSubject => "the vendor refused what it was told about the subject",
        FailureKind::Misconfigured => "the vendor knows no such path, method or profile",
        FailureKind::BadCredentials => "the vendor does not let this account in",
        FailureKind::OutOfCredit => "the account has no credit or contract for risk assessments",
        FailureKind::RateLimited => "the vendor's request limit is reached",
        FailureKind::VendorError => "the vendor failed",
        FailureKind::NotFound => "the vendor has nothing under this reference",
        FailureKind::Unsupported => "the vendor may not answer about this subject",
        FailureKind::MissingInput
        | FailureKind::Throttled
        | FailureKind::Unreachable
        | FailureKind::UnknownOutcome
        | FailureKind::Malformed => "the vendor answered as nobody documented",
    };
    format!("{what} (status {status})")
}

// === impl Endpoint ===

impl Endpoint {
    /// Whether its answer is an assessment of a subject.
    pub(super) const fn judges(self) -> bool {
        match self {
            Self::Check | Self::Recheck | Self::Assessment => true,
            Self::Profiles | Self::Profile | Self::OtherProfile | Self::Assessments | Self::Company => false,
        }
    }

    /// Whether its address holds a reference that may have led nowhere.
    const fn is_by_reference(self) -> bool {
        match self {
            Self::Assessment | Self::Recheck | Self::Company | Self::OtherProfile => true,
            Self::Profiles | Self::Profile | Self::Check | Self::Assessments => false,
        }
    }
}

// === impl Refusal ===

impl Refusal {
    fn read(body: &Value) -> Self {
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let keys = body.as_object().map(|body| body.keys().cloned().collect()).unwrap_or_default();
        Self { identifier: text("identifier"), message: text("message").or_else(|| text("detail")), keys }
    }

    fn tells_of_no_credit(&self) -> bool {
        self.message.as_ref().is_some_and(|message| message.to_ascii_lowercase().contains("token limit"))
    }

    /// The subject's fields behind the questions that the body names.
    fn fields(&self, plan: &[Planned], body: &[u8]) -> Vec<String> {
        let body = String::from_utf8_lossy(body);
        let named = plan.iter().filter(|planned| body.contains(&planned.key));
        let mut fields: Vec<String> = named.map(|planned| planned.input.field()).collect();
        if self.keys.iter().any(|key| key == "name") {
            fields.push("name".to_owned());
        }
        fields
    }
}
