//! Whether the gateway lives, whether it is ready, and what it counted. None of it depends on a vendor.

use std::{sync::atomic::Ordering, time::Duration};

use axum::{Json, extract::State, response::IntoResponse};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Api, problem::Problem};

/// A good state, in a word.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HealthState {
    /// `live` or `ready`.
    status: &'static str,
}

/// Whether the process runs.
#[utoipa::path(
    get,
    path = "/livez",
    tag = "health",
    responses((status = 200, description = "It runs", body = HealthState))
)]
pub(super) async fn live() -> Json<HealthState> {
    Json(HealthState { status: "live" })
}

/// Whether requests may come.
///
/// Asks the store, never a vendor.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "health",
    responses(
        (status = 200, description = "Requests may come", body = HealthState),
        (status = 503, description = "Stopping, or the store does not work", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn ready(State(api): State<Api>) -> Result<Json<HealthState>, Problem> {
    if api.0.draining.load(Ordering::Relaxed) {
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "draining", "the gateway is stopping");
        return Err(problem.with_retry_after(Duration::from_secs(5)));
    }
    api.0.store.check().await.map_err(|error| {
        tracing::error!(error = error.told(), "the store does not work");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store_failed", "the store does not work right now")
            .with_retry_after(Duration::from_secs(1))
    })?;
    Ok(Json(HealthState { status: "ready" }))
}

/// Everything counted, for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "health",
    responses((status = 200, description = "Prometheus' text format", body = String, content_type = "text/plain"))
)]
pub(super) async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    // A breaker's state changes with time alone, too.
    for provider in api.0.assessor.providers() {
        for (operation, state, _) in provider.guards.breakers() {
            api.0.telemetry.breaker(&provider.adapter.descriptor().name, operation, state);
        }
    }
    let text_format = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, text_format)], api.0.telemetry.render())
}
