//! Around every request: its id, its one log line and count, and headers that every answer has.

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, StatusCode, header};
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    Api,
    auth::RateSlot,
    problem::{Problem, no_such_path},
};
use crate::ids::RequestId;

pub(super) async fn observe(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let request_id = RequestId::new();
    let method = request.method().clone();
    // The template, never the path as sent: labels are bounded, and nothing that a caller typed is logged.
    let endpoint = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    request.extensions_mut().insert(request_id.clone());
    let rate = RateSlot::default();
    request.extensions_mut().insert(rate.clone());
    let span = tracing::info_span!("request", request_id = request_id.as_str());
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let allow = response.headers_mut().remove(header::ALLOW);
        response = problem.render(&request_id);
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    } else if response.status() == StatusCode::NOT_FOUND
        && !response.headers().contains_key(header::CONTENT_TYPE)
    {
        response = no_such_path().render(&request_id);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
        headers.insert("x-request-id", value);
    }
    rate.put_into(headers);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let taken = began.elapsed();
    let status = response.status().as_u16();
    let known = matches!(method.as_str(), "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "HEAD" | "OPTIONS");
    api.0.telemetry.request(if known { method.as_str() } else { "other" }, &endpoint, status, taken);
    let duration_ms = taken.as_secs_f64() * 1000.0;
    span.in_scope(|| tracing::info!(%method, endpoint, status, duration_ms, "request answered"));
    response
}
