//! One call of a provider, and the exchange through which its every vendor request goes.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use crate::{FailureKind, ProviderError, redact::Credentials};

/// What some servers put before their UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';
const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

/// What every room needs to know about one call: who asks, until when, and the way to the vendor.
#[derive(Clone)]
pub struct Call {
    /// The id of the caller's request, for logs.
    pub request_id: Arc<str>,
    /// When the answer is no longer wanted.
    pub deadline: Instant,
    /// The time of the call.
    pub now: Timestamp,
    exchange: Arc<dyn Exchange>,
}

/// The way to a vendor. The gateway's takes a limiter permit, passes the breaker and records an attempt.
#[async_trait]
pub trait Exchange: Send + Sync {
    /// Sends `request` and lets `judge` say what the answer means.
    ///
    /// `judge` may be asked more than once when a request is retried; the last judgement stands.
    ///
    /// # Errors
    ///
    /// What the judge found, or why there was nothing to judge.
    async fn run(
        &self,
        request: VendorRequest,
        deadline: Instant,
        judge: Judge<'_>,
    ) -> Result<(), ProviderError>;
}

/// Says what a vendor's answer means.
pub type Judge<'a> = &'a mut (dyn FnMut(&VendorResponse) -> Result<(), ProviderError> + Send);

/// A request to a vendor.
#[derive(Clone)]
pub struct VendorRequest {
    /// The [`crate::Operation`]'s name.
    pub operation: &'static str,
    /// Whether the vendor bills it. A request that is not paid only reads and may be sent again.
    pub paid: bool,
    /// HTTP method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers, with credentials marked as sensitive.
    pub headers: HeaderMap,
    /// JSON body.
    pub body: Option<String>,
}

/// A vendor's whole answer.
#[derive(Clone)]
pub struct VendorResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, within the transport's size cap.
    pub body: Vec<u8>,
    /// When it arrived.
    pub received_at: Timestamp,
}

// === impl Call ===

impl Call {
    /// A call that sends through `exchange`.
    #[must_use]
    pub fn new(request_id: Arc<str>, deadline: Instant, now: Timestamp, exchange: Arc<dyn Exchange>) -> Self {
        Self { request_id, deadline, now, exchange }
    }

    /// The day of the call, in UTC.
    #[must_use]
    pub fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }

    /// Sends `request` and decodes the answer. Whatever `decode` quotes of the answer, the request's
    /// credentials are masked in it.
    ///
    /// # Errors
    ///
    /// What `decode` found, or why there was nothing to decode.
    pub async fn exchange<T: Send>(
        &self,
        request: VendorRequest,
        mut decode: impl FnMut(&VendorResponse) -> Result<T, ProviderError> + Send,
    ) -> Result<T, ProviderError> {
        let credentials = Credentials::of(&request.headers);
        let mut decoded = None;
        let mut judge = |response: &VendorResponse| {
            decoded = Some(decode(response).map_err(|error| error.without(&credentials))?);
            Ok(())
        };
        self.exchange.run(request, self.deadline, &mut judge).await?;
        decoded
            .ok_or_else(|| ProviderError::new(FailureKind::Malformed, "the exchange ended without an answer"))
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

// === impl VendorRequest ===

impl VendorRequest {
    /// A request that only reads.
    #[must_use]
    pub fn read(operation: &'static str, url: Url) -> Self {
        Self { operation, paid: false, method: Method::GET, url, headers: HeaderMap::new(), body: None }
    }

    /// A request that the vendor bills, with a JSON body.
    #[must_use]
    pub fn paid(operation: &'static str, url: Url, body: String) -> Self {
        let headers =
            HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Self { operation, paid: true, method: Method::POST, url, headers, body: Some(body) }
    }

    /// The same request with a header that holds a secret.
    ///
    /// # Errors
    ///
    /// `bad_credentials` when the secret holds bytes that no header may.
    pub fn with_secret(mut self, name: HeaderName, value: &str) -> Result<Self, ProviderError> {
        let mut value = HeaderValue::from_str(value).map_err(|source| {
            let detail = "the configured credentials hold characters that no HTTP header may";
            ProviderError::new(FailureKind::BadCredentials, detail).with_source(source)
        })?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }
}

impl fmt::Debug for VendorRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VendorRequest")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("paid", &self.paid)
            .finish_non_exhaustive()
    }
}

// === impl VendorResponse ===

impl VendorResponse {
    /// The body as text, without a byte order mark.
    ///
    /// # Errors
    ///
    /// `malformed` when it is not UTF-8.
    pub fn text(&self) -> Result<&str, ProviderError> {
        let text = std::str::from_utf8(&self.body).map_err(|source| {
            self.failure(FailureKind::Malformed, "the answer is not UTF-8").with_source(source)
        })?;
        Ok(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text))
    }

    /// The body decoded as JSON.
    ///
    /// # Errors
    ///
    /// `malformed`, saying where the body stops being what is expected and never quoting it.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        let text = self.text()?;
        serde_json::from_str(text).map_err(|error| {
            let what = match error.classify() {
                serde_json::error::Category::Eof if text.trim().is_empty() => "the answer is empty",
                serde_json::error::Category::Eof => "the answer's JSON is cut",
                serde_json::error::Category::Data => "the answer's JSON has another shape than documented",
                serde_json::error::Category::Syntax if self.is_markup() => "the answer is markup, not JSON",
                serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
                    "the answer is not JSON"
                }
            };
            let detail = format!("{what} (line {}, column {})", error.line(), error.column());
            self.failure(FailureKind::Malformed, detail)
        })
    }

    /// Whether the body starts like HTML or XML.
    #[must_use]
    pub fn is_markup(&self) -> bool {
        self.text().is_ok_and(|text| text.trim_ascii_start().starts_with('<'))
    }

    /// How long the vendor asks to wait, from `Retry-After` in seconds or as a date; at most five minutes.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = text.parse().map(Duration::from_secs).ok().or_else(|| {
            let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            Some(Duration::try_from(until.duration_since(self.received_at)).unwrap_or_default())
        })?;
        Some(wait.min(MAX_RETRY_AFTER))
    }

    /// A failure read from this answer.
    pub fn failure(&self, kind: FailureKind, detail: impl Into<String>) -> ProviderError {
        ProviderError::answered(kind, self.status, detail)
    }
}

impl fmt::Debug for VendorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VendorResponse")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(retry_after: &str) -> VendorResponse {
        let headers =
            HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_str(retry_after).expect("text"))]);
        let received_at = "2026-11-21T10:00:00Z".parse().expect("time");
        VendorResponse { status: 429, headers, body: Vec::new(), received_at }
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_capped() {
        let cases = [
            ("7", Some(7)),
            ("86400", Some(300)),
            ("Sat, 21 Nov 2026 10:00:30 GMT", Some(30)),
            ("Sat, 21 Nov 2026 09:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(answer(text).retry_after(), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn debug_shows_neither_bodies_nor_credentials() {
        let url = Url::parse("https://vendor.example/check").expect("url");
        let request = VendorRequest::paid("check", url, "{\"name\":\"Ahmed\"}".to_owned())
            .with_secret(header::AUTHORIZATION, "Basic c2VjcmV0")
            .expect("header");
        let printed = format!("{request:?} {:?}", request.headers);
        assert!(!printed.contains("Ahmed") && !printed.contains("c2VjcmV0"), "{printed}");
    }
}
