//! Vendors' callbacks. One that is genuine only has the gateway look for the answer itself, sooner.

use axum::{
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use risk_provider::FailureKind;

use super::{Api, body, problem::Problem};

/// Take a vendor's callback.
///
/// Signed as the vendor signs; no key is needed. What it says is not believed: it only makes the gateway look sooner for
/// an answer that the vendor still owes.
#[utoipa::path(
    post,
    path = "/hooks/{provider}",
    tag = "operations",
    params(("provider" = String, Path, description = "The provider's configured name")),
    request_body(content = Object, description = "Whatever the vendor sends", content_type = "application/json"),
    responses(
        (status = 202, description = "It is genuine"),
        (status = 400, description = "The body is not the vendor's", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The signature is wrong or missing", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such provider, or none that takes callbacks", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body took too long to arrive", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store does not work right now; `Retry-After` says when to send it again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn take(
    State(api): State<Api>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let no_such = || {
        let detail = "no provider of this name takes callbacks";
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
    };
    let Path(name) = path.map_err(|_rejection| no_such())?;
    let provider = api.0.assessor.provider(&name).ok_or_else(no_such)?;
    let callbacks = provider.adapter.callbacks().ok_or_else(no_such)?;
    let bytes = body::arrived(&api, body).await?;
    let reference = callbacks.verify(&headers, &bytes).map_err(|error| {
        tracing::warn!(provider = name, kind = error.kind.as_str(), "a callback was refused");
        if error.kind == FailureKind::BadCredentials {
            let detail = "the callback's signature is wrong or missing";
            Problem::new(StatusCode::UNAUTHORIZED, "bad_signature", detail)
        } else {
            Problem::new(StatusCode::BAD_REQUEST, "malformed", "the body is not what this vendor sends")
        }
    })?;
    if let Some(reference) = reference {
        let looks = api.0.assessor.look_sooner(&provider.adapter.descriptor().name, &reference).await;
        let looks = looks.map_err(Problem::unreadable)?;
        tracing::info!(provider = name, looks, "a callback brought looks forward");
    }
    Ok(StatusCode::ACCEPTED.into_response())
}
