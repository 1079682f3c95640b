//! Refusals, as RFC 9457 problem documents with a stable `code`.

use std::time::Duration;

use axum::{
    body::Body,
    extract::OriginalUri,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header};
use risk_provider::FieldProblem;
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::{attempts::Attempt, ids::RequestId, routing::Refusal, store::StoreError};

/// A refusal: what was wrong, where, and what to do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// The code as a URN.
    #[serde(rename = "type")]
    #[schema(example = "urn:risk-gateway:problem:invalid_request")]
    kind: String,
    /// The HTTP status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// Stable word to branch on.
    #[schema(example = "invalid_request")]
    code: &'static str,
    /// What was wrong and what to do, for people.
    detail: String,
    /// The first field to mend.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Every field to mend.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
    /// Every exchange with a vendor, and every provider passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<Attempt>>,
    /// The request's id, as in the logs.
    #[serde(skip_serializing_if = "String::is_empty")]
    request_id: String,
    #[serde(skip)]
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

/// What every endpoint that needs a key may say.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "stands in the OpenAPI document only")]
pub(super) enum KeyRefusals {
    /// No key, or none that is known; `WWW-Authenticate` says how to present one
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// The key lacks the scope, or is of another environment than the route
    #[response(status = 403, content_type = "application/problem+json")]
    MissingScope(Problem),
    /// Your team makes more requests than it may; `Retry-After` says when to go on
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyRequests(Problem),
    /// The store does not work right now; `Retry-After` says when to ask again
    #[response(status = 503, content_type = "application/problem+json")]
    StoreFailed(Problem),
}

/// What every endpoint that takes a body may say.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "stands in the OpenAPI document only")]
pub(super) enum BodyRefusals {
    /// The body is not JSON
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// The body took too long to arrive
    #[response(status = 408, content_type = "application/problem+json")]
    TooSlow(Problem),
    /// The body is too large
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is not declared as JSON
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
}

/// What asking about a subject may come to.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "stands in the OpenAPI document only")]
pub(super) enum NobodyAnswered {
    /// Something went wrong here
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(Problem),
    /// The vendors failed, or a provider is misconfigured
    #[response(status = 502, content_type = "application/problem+json")]
    VendorsFailed(Problem),
    /// Nobody can be asked right now, or the answer could not be recorded; `Retry-After` says when to ask again
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
    /// The vendors did not answer in time; they may have billed
    #[response(status = 504, content_type = "application/problem+json")]
    TooLate(Problem),
}

// === impl Problem ===

impl Problem {
    /// A refusal with this status and code.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:risk-gateway:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Refused").to_owned(),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            field: None,
            errors: Vec::new(),
            attempts: None,
            request_id: String::new(),
            headers: Vec::new(),
        }
    }

    /// A request whose fields need mending; `errors` is not empty.
    #[must_use]
    pub fn fields(errors: Vec<FieldProblem>) -> Self {
        let detail =
            errors.iter().map(|error| format!("{} {}", error.field, error.detail)).collect::<Vec<_>>();
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", detail.join("; "));
        Self { field: errors.first().map(|error| error.field.clone()), errors, ..problem }
    }

    /// The store could not be read.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "for map_err")]
    pub fn unreadable(error: StoreError) -> Self {
        tracing::error!(error = error.told(), "the store could not be read");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store_failed",
            "the store cannot be read right now; try again",
        )
        .with_retry_after(Duration::from_secs(1))
    }

    /// Something went wrong that should not.
    pub(super) fn internal() -> Self {
        let detail = "something went wrong here; the request id finds it in the logs";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// The store does not take a record.
    pub(super) fn not_recorded() -> Self {
        let detail = "the store does not take the record right now; try again later";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store_failed", detail)
            .with_retry_after(Duration::from_secs(5))
    }

    /// The same refusal, about this field.
    #[must_use]
    pub(super) fn with_field(self, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..self }
    }

    /// The first field to mend.
    pub(super) fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The stable word to branch on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What was wrong and what to do, for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The same refusal with a header.
    #[must_use]
    pub fn with_header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same refusal, asking the caller to wait: in whole seconds, at least one.
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// What an earlier request may have paid for is not known.
    pub(super) fn unknown_outcome(attempts: Vec<Attempt>) -> Self {
        let detail = "an earlier request with this Idempotency-Key ended without a word, and a vendor may have billed \
                      it; send it again with ?retry_unknown=true to ask, and perhaps pay, once more";
        let problem = Self::new(StatusCode::GATEWAY_TIMEOUT, "unknown_outcome", detail);
        Self { attempts: Some(attempts), ..problem }
    }

    /// Whether a vendor may have been paid without an answer that is known.
    pub(super) fn may_have_paid_for_nothing(&self) -> bool {
        self.attempts.iter().flatten().any(Attempt::may_have_paid_for_nothing)
    }

    /// The document for one request, as bytes.
    pub(super) fn document(&self, request_id: &RequestId) -> Vec<u8> {
        let document = Self { request_id: request_id.to_string(), ..self.clone() };
        serde_json::to_vec(&document).unwrap_or_default()
    }

    /// The answer to one request.
    pub(super) fn render(self, request_id: &RequestId) -> Response {
        let body = self.document(request_id);
        let Self { status, headers, .. } = self;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().extend(headers);
        response
    }
}

impl IntoResponse for Problem {
    /// Rides in the response's extensions until the request's id is put in.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = refusal.code();
        match &refusal {
            Refusal::UnknownRoute { .. } => {
                Self::fields(vec![FieldProblem::new("route", refusal.to_string())]).with_code(code)
            }
            Refusal::Store { error, .. } if matches!(**error, StoreError::Erased) => {
                Self::new(StatusCode::GONE, "erased", "this subject was erased, and its key with it")
            }
            Refusal::Store { error, attempts } => {
                tracing::error!(error = error.told(), "an answer could not be recorded");
                let detail =
                    "the store does not take the record right now, so no answer is given; try again later";
                let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
                Self { attempts: Some(attempts.clone()), ..problem }.with_retry_after(Duration::from_secs(5))
            }
            Refusal::Interrupted => {
                tracing::error!("the work on a request ended abnormally");
                let detail = "something went wrong here; the request id finds it in the logs";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, detail)
            }
            Refusal::NobodyAnswered { .. } => nobody_answered(refusal),
        }
    }
}

impl Problem {
    /// The same refusal under another code.
    pub(super) fn with_code(self, code: &'static str) -> Self {
        Self { kind: format!("urn:risk-gateway:problem:{code}"), code, ..self }
    }
}

fn nobody_answered(refusal: Refusal) -> Problem {
    let code = refusal.code();
    let meaning = refusal.worst().map(|worst| worst.kind.meaning());
    let status = meaning.and_then(|meaning| StatusCode::from_u16(meaning.http_status).ok());
    let status = status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let fields = refusal.fields();
    let wait = refusal.retry_after();
    let Refusal::NobodyAnswered { failures, attempts } = refusal else {
        return Problem::new(status, code, "no provider answered");
    };
    let told = failures.iter().map(|(provider, error)| format!("{provider}: {error}")).collect::<Vec<_>>();
    let detail = format!("no provider answered; {}", told.join("; "));
    let mut problem = Problem { attempts: Some(attempts), ..Problem::new(status, code, detail) };
    if status == StatusCode::UNPROCESSABLE_ENTITY {
        let below =
            |problem: FieldProblem| FieldProblem { field: format!("subject.{}", problem.field), ..problem };
        problem.errors = fields.into_iter().map(below).collect();
        problem.field = problem.errors.first().map(|error| error.field.clone());
    }
    let waiting = matches!(code, "rate_limited" | "throttled");
    match wait.or_else(|| waiting.then_some(Duration::from_secs(1))) {
        Some(wait) if status == StatusCode::SERVICE_UNAVAILABLE => problem.with_retry_after(wait),
        _ => problem,
    }
}

pub(super) async fn fallback() -> Problem {
    no_such_path()
}

pub(super) fn no_such_path() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_such_path",
        "there is nothing under this path; /docs lists what there is",
    )
}

pub(super) async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> Problem {
    let endpoint = match uri.path() {
        "/v1/assessments" => "; use POST to ask, GET to list",
        "/v1/assessments/search" | "/v1/subjects/lookup" => "; use POST",
        _ => "; /docs lists what there is",
    };
    let detail = format!("{method} is not possible here{endpoint}");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}
