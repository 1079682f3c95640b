//! Why a provider did not answer, and what each kind of failure means.
//!
//! [`FailureKind::meaning`] is the one table: everybody asks the kind, nobody a status code.

use std::{error::Error, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::redact::Credentials;

/// Why a provider did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The vendor refused our input.
    InvalidSubject,
    /// This provider needs a field that the subject lacks; found before calling.
    MissingInput,
    /// Subject type, operation or country that this provider does not serve.
    Unsupported,
    /// Wrong path, version or profile, or a mapping that no longer fits the profile.
    Misconfigured,
    /// The vendor does not accept our credentials.
    BadCredentials,
    /// The account has no funds, credits or contract for this.
    OutOfCredit,
    /// The vendor's own 429.
    RateLimited,
    /// Our own limit, or an open breaker.
    Throttled,
    /// Never sent: connecting failed.
    Unreachable,
    /// The vendor failed (5xx).
    VendorError,
    /// Sent, and no whole answer came: timeout, reset or cut connection.
    UnknownOutcome,
    /// An answer that is none: HTML, cut JSON, wrong shape, impossible score.
    Malformed,
    /// Nothing there under this reference; only when reading back or rechecking.
    NotFound,
}

/// Whether an exchange was paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Billed {
    /// Not paid for.
    No,
    /// Paid for.
    Yes,
    /// The vendor may have billed it.
    Unknown,
}

/// Whether the same provider may be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Never.
    No,
    /// Yes: nothing was sent.
    Yes,
    /// Only an exchange that cannot bill twice: a read.
    IfSafe,
    /// After the vendor's Retry-After, if the deadline allows.
    AfterHint,
    /// Once our own limit lets it through, if the deadline allows.
    WhenFree,
}

/// What a failure does to the provider's breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerEffect {
    /// Says nothing about the vendor's health.
    None,
    /// Counts as a failure.
    Count,
    /// Opens it at once.
    Open,
    /// Closes the door for the Retry-After, without counting.
    CoolDown,
}

/// What one kind of failure means, whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// May the same provider be asked again?
    pub retry: Retry,
    /// May the next provider be asked?
    pub fail_over: bool,
    /// What it does to the breaker.
    pub breaker: BreakerEffect,
    /// Must an operator be told?
    pub alert: bool,
    /// Was it paid for, had the exchange a price?
    pub billed: Billed,
    /// Is it the vendor's fault?
    pub vendors_fault: bool,
    /// What the caller sees when nobody answers.
    pub http_status: u16,
}

/// A provider's failure: its kind, and what an operator needs to find the cause; never the subject.
#[derive(Debug)]
pub struct ProviderError {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// What went wrong, readable alone and free of personal data.
    pub detail: String,
    /// The HTTP status the vendor answered with.
    pub vendor_status: Option<u16>,
    /// The vendor's own error constant.
    pub vendor_identifier: Option<String>,
    /// The subject's fields to mend, as dotted names.
    pub fields: Vec<String>,
    /// How long to wait before asking again.
    pub retry_after: Option<Duration>,
    /// Whether any of the request may have reached the vendor.
    pub sent: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

// === impl FailureKind ===

impl FailureKind {
    /// Every kind, in the order of the table.
    pub const ALL: [Self; 13] = [
        Self::InvalidSubject,
        Self::MissingInput,
        Self::Unsupported,
        Self::Misconfigured,
        Self::BadCredentials,
        Self::OutOfCredit,
        Self::RateLimited,
        Self::Throttled,
        Self::Unreachable,
        Self::VendorError,
        Self::UnknownOutcome,
        Self::Malformed,
        Self::NotFound,
    ];

    /// The row of the table.
    #[must_use]
    pub const fn meaning(self) -> Meaning {
        /// Nothing to retry, nothing billed, nobody blamed; the next provider is asked.
        const PLAIN: Meaning = Meaning {
            retry: Retry::No,
            fail_over: true,
            breaker: BreakerEffect::None,
            alert: false,
            billed: Billed::No,
            vendors_fault: false,
            http_status: 503,
        };
        const CALLERS: Meaning = Meaning { http_status: 422, ..PLAIN };
        const OURS: Meaning = Meaning { breaker: BreakerEffect::Open, alert: true, ..PLAIN };
        const VENDORS: Meaning = Meaning { breaker: BreakerEffect::Count, vendors_fault: true, ..PLAIN };
        match self {
            Self::InvalidSubject | Self::MissingInput | Self::Unsupported => CALLERS,
            Self::Misconfigured | Self::BadCredentials => Meaning { http_status: 502, ..OURS },
            Self::OutOfCredit => OURS,
            Self::RateLimited => {
                Meaning { retry: Retry::AfterHint, breaker: BreakerEffect::CoolDown, ..PLAIN }
            }
            Self::Throttled => Meaning { retry: Retry::WhenFree, ..PLAIN },
            Self::Unreachable => Meaning { retry: Retry::Yes, ..VENDORS },
            Self::VendorError => {
                Meaning { retry: Retry::IfSafe, billed: Billed::Unknown, http_status: 502, ..VENDORS }
            }
            Self::UnknownOutcome => Meaning { billed: Billed::Unknown, http_status: 504, ..VENDORS },
            Self::Malformed => Meaning { billed: Billed::Yes, http_status: 502, ..VENDORS },
            Self::NotFound => Meaning { fail_over: false, http_status: 404, ..PLAIN },
        }
    }

    /// The word used in JSON, columns and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidSubject => "invalid_subject",
            Self::MissingInput => "missing_input",
            Self::Unsupported => "unsupported",
            Self::Misconfigured => "misconfigured",
            Self::BadCredentials => "bad_credentials",
            Self::OutOfCredit => "out_of_credit",
            Self::RateLimited => "rate_limited",
            Self::Throttled => "throttled",
            Self::Unreachable => "unreachable",
            Self::VendorError => "vendor_error",
            Self::UnknownOutcome => "unknown_outcome",
            Self::Malformed => "malformed",
            Self::NotFound => "not_found",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Billed ===

impl Billed {
    /// The word used in JSON and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Yes => "yes",
            Self::Unknown => "unknown",
        }
    }
}

// === impl ProviderError ===

impl ProviderError {
    /// A failure found before anything was sent.
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            vendor_status: None,
            vendor_identifier: None,
            fields: Vec::new(),
            retry_after: None,
            sent: false,
            source: None,
        }
    }

    /// A failure read from what the vendor answered with `status`.
    pub fn answered(kind: FailureKind, status: u16, detail: impl Into<String>) -> Self {
        Self { vendor_status: Some(status), sent: true, ..Self::new(kind, detail) }
    }

    /// A field that the provider needs and the subject lacks.
    #[must_use]
    pub fn missing_input(fields: Vec<String>) -> Self {
        let detail = format!("this provider needs {}", fields.join(", "));
        Self { fields, ..Self::new(FailureKind::MissingInput, detail) }
    }

    /// The same failure, naming the subject's fields to mend.
    #[must_use]
    pub fn with_fields(self, fields: Vec<String>) -> Self {
        Self { fields, ..self }
    }

    /// The same failure with the vendor's error constant; text that is no constant is left out.
    #[must_use]
    pub fn with_identifier(self, identifier: Option<&str>) -> Self {
        let constant = |text: &&str| {
            (1..=64).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        };
        Self { vendor_identifier: identifier.filter(constant).map(str::to_owned), ..self }
    }

    /// The same failure with a time to wait.
    #[must_use]
    pub fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }

    /// The same failure, saying whether any of the request may have reached the vendor.
    #[must_use]
    pub fn with_sent(self, sent: bool) -> Self {
        Self { sent, ..self }
    }

    /// The same failure with its cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// The same failure without `credentials` in what it quotes.
    pub(crate) fn without(self, credentials: &Credentials) -> Self {
        let untouched = |identifier: &String| credentials.mask(identifier) == *identifier;
        Self {
            detail: credentials.mask(&self.detail),
            vendor_identifier: self.vendor_identifier.filter(untouched),
            ..self
        }
    }

    /// Whether the exchange was paid for, given that it has a price or not.
    #[must_use]
    pub const fn billed(&self, paid: bool) -> Billed {
        if paid && self.sent { self.kind.meaning().billed } else { Billed::No }
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.detail)
    }
}

impl Error for ProviderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line per kind, as the contract's table reads: retry, fail over, breaker, billed, blame, status.
    #[test]
    fn the_table_reads_as_the_contract_says() {
        let row = |kind: FailureKind| {
            let meaning = kind.meaning();
            format!(
                "{kind} {:?} {} {:?} {} {} {}",
                meaning.retry,
                if meaning.fail_over { "over" } else { "stay" },
                meaning.breaker,
                meaning.billed.as_str(),
                if meaning.vendors_fault { "vendor" } else { "-" },
                meaning.http_status
            )
        };
        let table: Vec<String> = FailureKind::ALL.into_iter().map(row).collect();
        let expected = [
            "invalid_subject No over None no - 422",
            "missing_input No over None no - 422",
            "unsupported No over None no - 422",
            "misconfigured No over Open no - 502",
            "bad_credentials No over Open no - 502",
            "out_of_credit No over Open no - 503",
            "rate_limited AfterHint over CoolDown no - 503",
            "throttled WhenFree over None no - 503",
            "unreachable Yes over Count no vendor 503",
            "vendor_error IfSafe over Count unknown vendor 502",
            "unknown_outcome No over Count unknown vendor 504",
            "malformed No over Count yes vendor 502",
            "not_found No stay None no - 404",
        ];
        assert_eq!(table, expected);
    }

    #[test]
    fn reads_and_unsent_requests_are_never_billed() {
        let error = ProviderError::answered(FailureKind::VendorError, 500, "x");
        assert_eq!(error.billed(true), Billed::Unknown);
        assert_eq!(error.billed(false), Billed::No);
        assert_eq!(ProviderError::new(FailureKind::UnknownOutcome, "x").billed(true), Billed::No);
    }

    #[test]
    fn an_identifier_that_is_no_constant_is_left_out() {
        let keep = |text: &str| {
            ProviderError::new(FailureKind::VendorError, "x").with_identifier(Some(text)).vendor_identifier
        };
        assert_eq!(keep("BAD_VALUE").as_deref(), Some("BAD_VALUE"));
        assert_eq!(keep("Ahmed Al Khalid"), None);
    }
}
