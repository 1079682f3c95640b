//! What is configured and how it fares: providers, and in a room of their own routes.

pub(super) mod routes;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use http::StatusCode;
use jiff::Timestamp;
use risk_provider::{FailureKind, Input, SubjectType};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api,
    auth::Caller,
    problem::{KeyRefusals, Problem},
};
use crate::{keys::Scope, questionnaires::MappingStatus, resilience::BreakerState, routing::Provider};

/// Every provider.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Providers {
    providers: Vec<ProviderStatus>,
}

/// One provider: what it is and how it fares.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProviderStatus {
    /// Its configured name.
    name: String,
    /// The adapter behind it.
    kind: &'static str,
    /// How it fares, by its breakers and the mapping of its questionnaire.
    health: Health,
    /// Since when an operator keeps it from being asked; none while it is asked.
    #[schema(value_type = Option<String>, format = DateTime)]
    drained_since: Option<Timestamp>,
    /// Its exchanges with the vendor.
    operations: Vec<OperationStatus>,
    /// The subjects it answers about.
    subject_types: Vec<SubjectType>,
    /// The subject's fields without which it is passed over.
    required_inputs: Vec<String>,
    /// Every field of the subject that it uses.
    inputs: Vec<String>,
    /// The scale of its scores.
    scale: &'static str,
    /// The mapping that normalises its answers.
    mapping_version: &'static str,
    /// How long its answers are fresh, in seconds.
    cache_ttl_s: u64,
    /// Exchanges that could begin right now.
    free_places: usize,
    /// How the mapping of its questionnaire stands; null where it has none.
    mapping: Option<MappingStatus>,
}

/// How a provider fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Health {
    /// Every breaker is closed.
    Up,
    /// A probe is under way.
    Recovering,
    /// A breaker is open, or its questionnaire changed and nobody has accepted that.
    Down,
}

/// One kind of exchange with a vendor.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OperationStatus {
    /// Its name.
    name: &'static str,
    /// How its breaker stands.
    breaker: BreakerState,
    /// The failure that opened it.
    #[schema(value_type = Option<String>)]
    reason: Option<FailureKind>,
}

/// List providers.
///
/// What each is and needs, and how it fares.
#[utoipa::path(
    get,
    path = "/v1/providers",
    tag = "operations",
    security(("key" = [])),
    responses(
        (status = 200, description = "Every provider", body = Providers),
        KeyRefusals,
    )
)]
pub(super) async fn providers(State(api): State<Api>, caller: Caller) -> Result<Json<Providers>, Problem> {
    caller.needs(Scope::Read)?;
    let status = |provider| ProviderStatus::of(&api, provider);
    Ok(Json(Providers { providers: api.0.assessor.providers().map(status).collect() }))
}

/// Read one provider.
///
/// What it is and needs, and how it fares.
#[utoipa::path(
    get,
    path = "/v1/providers/{provider}",
    tag = "operations",
    security(("key" = [])),
    params(("provider" = String, Path, description = "The provider's configured name")),
    responses(
        (status = 200, description = "The provider", body = ProviderStatus),
        (status = 404, description = "No provider has this name", body = Problem, content_type = "application/problem+json"),
        KeyRefusals,
    )
)]
pub(super) async fn provider(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<ProviderStatus>, Problem> {
    caller.needs(Scope::Read)?;
    let name = path.map(|Path(name)| name).unwrap_or_default();
    let provider = api.0.assessor.provider(&name).ok_or_else(no_provider)?;
    Ok(Json(ProviderStatus::of(&api, provider)))
}

/// Why nothing is told of a provider.
pub(super) fn no_provider() -> Problem {
    let detail = "no provider has this name; GET /v1/providers lists them";
    Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
}

// === impl ProviderStatus ===

impl ProviderStatus {
    pub(super) fn of(api: &Api, provider: &Provider) -> Self {
        let descriptor = provider.adapter.descriptor();
        let watched = api.0.watched.get(&descriptor.name);
        let operations: Vec<OperationStatus> = provider
            .guards
            .breakers()
            .map(|(name, breaker, reason)| OperationStatus { name, breaker, reason })
            .collect();
        let is_barred = watched.is_some_and(|watched| watched.gate().bars());
        let by_mapping = if is_barred { Health::Down } else { Health::Up };
        let by_breakers = operations.iter().map(|operation| Health::of(operation.breaker));
        let health = by_breakers.fold(by_mapping, Health::max);
        Self {
            name: descriptor.name.to_string(),
            kind: descriptor.kind,
            health,
            drained_since: api.0.drains.since(&descriptor.name),
            operations,
            subject_types: descriptor.subject_types.to_vec(),
            required_inputs: descriptor.required.iter().map(Input::name).collect(),
            inputs: descriptor.inputs.iter().map(Input::name).collect(),
            scale: descriptor.scale,
            mapping_version: descriptor.mapping_version,
            cache_ttl_s: provider.ttl.as_secs(),
            free_places: provider.guards.free_places(),
            mapping: watched.map(|watched| MappingStatus::of(watched.gate())),
        }
    }
}

// === impl Health ===

impl Health {
    const fn of(breaker: BreakerState) -> Self {
        match breaker {
            BreakerState::Closed => Self::Up,
            BreakerState::HalfOpen => Self::Recovering,
            BreakerState::Open => Self::Down,
        }
    }
}
