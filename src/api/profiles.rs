//! Vendors' questionnaires, as their accounts have them right now.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use http::StatusCode;
use risk_provider::{FailureKind, ProviderError, ProviderName};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api,
    auth::Caller,
    catalog::no_provider,
    problem::{KeyRefusals, Problem},
};
use crate::{
    keys::Scope,
    questionnaires::{Profile, ProfileSummary, Watched},
    routing::Refusal,
};

/// The questionnaires of one provider.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Profiles {
    profiles: Vec<ProfileSummary>,
}

/// List a provider's profiles.
///
/// The questionnaires of its account, read from the vendor at once; none where this kind of provider has none.
#[utoipa::path(
    get,
    path = "/v1/providers/{provider}/profiles",
    tag = "operations",
    security(("key" = [])),
    params(("provider" = String, Path, description = "The provider's configured name")),
    responses(
        (status = 200, description = "Every profile", body = Profiles),
        (status = 404, description = "No provider has this name", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The vendor failed, or the provider is misconfigured", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The vendor cannot be asked right now", body = Problem, content_type = "application/problem+json"),
        (status = 504, description = "The vendor did not answer in time", body = Problem, content_type = "application/problem+json"),
        KeyRefusals,
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Profiles>, Problem> {
    caller.needs(Scope::Read)?;
    let name = path.map(|Path(name)| ProviderName::new(&name)).map_err(|_rejection| no_provider())?;
    api.0.assessor.provider(name.as_str()).ok_or_else(no_provider)?;
    let Some(watched) = api.0.watched.get(&name) else {
        return Ok(Json(Profiles { profiles: Vec::new() }));
    };
    let found = watched.list().await.map_err(|error| failed(watched, error))?;
    let profiles = found.into_iter().map(|profile| ProfileSummary::of(watched, profile)).collect();
    Ok(Json(Profiles { profiles }))
}

/// Read one of a provider's profiles.
///
/// The questionnaire as the vendor has it right now, and which subject field answers each question by the configured
/// mapping.
#[utoipa::path(
    get,
    path = "/v1/providers/{provider}/profiles/{id}",
    tag = "operations",
    security(("key" = [])),
    params(
        ("provider" = String, Path, description = "The provider's configured name"),
        ("id" = String, Path, description = "The vendor's id of the profile"),
    ),
    responses(
        (status = 200, description = "The profile", body = Profile),
        (status = 404, description = "No such provider or profile", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The vendor failed, or the provider is misconfigured", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The vendor cannot be asked right now", body = Problem, content_type = "application/problem+json"),
        (status = 504, description = "The vendor did not answer in time", body = Problem, content_type = "application/problem+json"),
        KeyRefusals,
    )
)]
pub(super) async fn read(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<Profile>, Problem> {
    caller.needs(Scope::Read)?;
    let Path((name, id)) = path.map_err(|_rejection| no_provider())?;
    api.0.assessor.provider(&name).ok_or_else(no_provider)?;
    let watched = api.0.watched.get(&ProviderName::new(&name)).ok_or_else(no_profile)?;
    let reading = watched.read(&id).await.map_err(|error| failed(watched, error))?;
    Ok(Json(Profile::of(watched, &reading)))
}

fn no_profile() -> Problem {
    let detail = "the provider has no profile of this id; GET /v1/providers/{provider}/profiles lists them";
    Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
}

/// Why the vendor told nothing.
fn failed(watched: &Watched, error: ProviderError) -> Problem {
    if error.kind == FailureKind::NotFound {
        return no_profile();
    }
    let name = watched.provider().adapter.descriptor().name.clone();
    let failures = vec![(name, Arc::new(error))];
    Refusal::NobodyAnswered { failures, attempts: Vec::new() }.into()
}
