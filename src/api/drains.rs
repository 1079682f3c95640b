//! Keeping a provider from being asked, and letting it be asked again, while the gateway runs.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use http::StatusCode;

use super::{
    Api,
    auth::Caller,
    catalog::ProviderStatus,
    problem::{KeyRefusals, Problem},
};
use crate::{keys::Scope, routing::Provider, store::Drain};

/// Drain a provider.
///
/// It gets no new questions from any server of this store, within seconds and until it is resumed: routes go on to the
/// next one. What is under way ends, what is cached is still given, and answers that it owes are still read.
#[utoipa::path(
    post,
    path = "/v1/providers/{provider}/drain",
    tag = "operations",
    params(("provider" = String, Path, description = "The provider's configured name")),
    security(("key" = [])),
    responses(
        (status = 200, description = "The provider as it stands now", body = ProviderStatus),
        KeyRefusals,
        (status = 404, description = "No such provider is configured", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn drain(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<ProviderStatus>, Problem> {
    caller.needs(Scope::Admin)?;
    let provider = find(&api, path)?;
    let drain = Drain {
        provider: provider.name().clone(),
        since: api.0.clock.now(),
        by_key: caller.key_id().to_owned(),
    };
    api.0.drains.drain(drain).await.map_err(Problem::unreadable)?;
    Ok(Json(ProviderStatus::of(&api, provider)))
}

/// Resume a provider.
///
/// It is asked again, by every server of this store within seconds.
#[utoipa::path(
    post,
    path = "/v1/providers/{provider}/resume",
    tag = "operations",
    params(("provider" = String, Path, description = "The provider's configured name")),
    security(("key" = [])),
    responses(
        (status = 200, description = "The provider as it stands now", body = ProviderStatus),
        KeyRefusals,
        (status = 404, description = "No such provider is configured", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn resume(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<ProviderStatus>, Problem> {
    caller.needs(Scope::Admin)?;
    let provider = find(&api, path)?;
    api.0.drains.resume(provider.name(), caller.key_id()).await.map_err(Problem::unreadable)?;
    Ok(Json(ProviderStatus::of(&api, provider)))
}

fn find(api: &Api, path: Result<Path<String>, PathRejection>) -> Result<&Provider, Problem> {
    let found = path.ok().and_then(|Path(name)| api.0.assessor.provider(&name));
    found.ok_or_else(|| {
        let known: Vec<&str> = api.0.assessor.providers().map(|provider| provider.name().as_str()).collect();
        let detail = format!("no provider of this name is configured; there are: {}", known.join(", "));
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
    })
}
