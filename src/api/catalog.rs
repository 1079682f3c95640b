//! What is configured and how it fares: providers and routes.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use http::StatusCode;
use jiff::Timestamp;
use risk_provider::{FailureKind, Input, Level, SubjectType};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api,
    auth::Caller,
    problem::{KeyRefusals, Problem},
};
use crate::{
    assessment::Strategy,
    keys::Scope,
    policy::{AllowedRule, Floor, Policy, Review},
    questionnaires::MappingStatus,
    resilience::BreakerState,
    routing::{Provider, Route},
};

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
    /// How it fares, by its breakers.
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
    /// A breaker is open.
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

/// Every route.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Routes {
    routes: Vec<RouteStatus>,
}

/// One route.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RouteStatus {
    /// Its name.
    name: String,
    /// How it chooses.
    strategy: Strategy,
    /// Whom it asks, in order.
    providers: Vec<String>,
    /// The longest that an answer may take, in milliseconds.
    deadline_ms: u128,
    /// What it makes of providers' answers.
    policy: PolicyStatus,
    /// Subjects that a provider may be shown; one that is not named may be shown all.
    allowed: Vec<AllowedStatus>,
}

/// What a route makes of providers' answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PolicyStatus {
    /// Fingerprint of these rules, as in `policy.version` of the assessments that they judged.
    version: String,
    /// The least coverage with which an answer counts as complete.
    coverage_floor: f64,
    /// From how many levels apart the higher answer stands and a person must look.
    spread_levels: u8,
    /// Codes of the factors that must have been judged.
    required_factors: Vec<String>,
    /// What the level is at least.
    floors: Vec<FloorStatus>,
    /// What a person must look at.
    review: Vec<ReviewStatus>,
}

/// While its condition holds, the level is at least this.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FloorStatus {
    /// The condition.
    when: String,
    /// The lowest level it allows.
    level: Level,
    /// Why.
    reason: String,
}

/// While its condition holds, a person must look.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReviewStatus {
    /// The condition.
    when: String,
    /// Why.
    reason: String,
}

/// Subjects that one provider may be shown.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AllowedStatus {
    /// The provider.
    provider: String,
    /// Countries of residence or incorporation; none for every one.
    countries: Option<Vec<String>>,
    /// Types; none for both.
    types: Option<Vec<SubjectType>>,
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

/// List routes.
///
/// The ways to answer, by the name that a request may give.
#[utoipa::path(
    get,
    path = "/v1/routes",
    tag = "operations",
    security(("key" = [])),
    responses(
        (status = 200, description = "Every route", body = Routes),
        KeyRefusals,
    )
)]
pub(super) async fn routes(State(api): State<Api>, caller: Caller) -> Result<Json<Routes>, Problem> {
    caller.needs(Scope::Read)?;
    Ok(Json(Routes { routes: api.0.assessor.routes().map(RouteStatus::of).collect() }))
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
        let health =
            operations.iter().map(|operation| Health::of(operation.breaker)).max().unwrap_or(Health::Up);
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

// === impl RouteStatus ===

impl RouteStatus {
    fn of(route: &Route) -> Self {
        let name = |provider: &std::sync::Arc<Provider>| provider.adapter.descriptor().name.to_string();
        Self {
            name: route.name.clone(),
            strategy: route.strategy(),
            providers: route.providers.iter().map(name).collect(),
            deadline_ms: route.deadline.as_millis(),
            policy: PolicyStatus::of(&route.policy),
            allowed: route.allowed.0.iter().map(AllowedStatus::of).collect(),
        }
    }
}

// === impl PolicyStatus ===

impl PolicyStatus {
    fn of(policy: &Policy) -> Self {
        let floor = |floor: &Floor| FloorStatus {
            when: floor.when.to_string(),
            level: floor.level,
            reason: floor.reason.clone(),
        };
        let review =
            |review: &Review| ReviewStatus { when: review.when.to_string(), reason: review.reason.clone() };
        Self {
            version: policy.version().to_owned(),
            coverage_floor: policy.coverage_floor(),
            spread_levels: policy.spread_levels(),
            required_factors: policy.required_factors().to_vec(),
            floors: policy.floors().iter().map(floor).collect(),
            review: policy.review().iter().map(review).collect(),
        }
    }
}

// === impl AllowedStatus ===

impl AllowedStatus {
    fn of(rule: &AllowedRule) -> Self {
        let countries = Some(&rule.countries).filter(|countries| !countries.is_empty());
        let types = Some(&rule.types).filter(|types| !types.is_empty());
        Self {
            provider: rule.provider.to_string(),
            countries: countries.map(|countries| countries.iter().map(ToString::to_string).collect()),
            types: types.cloned(),
        }
    }
}
