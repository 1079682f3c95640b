//! What people decide by an experiment, and why.

use axum::extract::{Path, State, rejection::PathRejection};
use http::StatusCode;
use risk_provider::FieldProblem;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{find, not_recorded};
use crate::{
    api::{
        Api,
        auth::Caller,
        body::Json,
        problem::{BodyRefusals, KeyRefusals, Problem},
    },
    experiments::{Decision, DecisionWord},
    ids::DecisionId,
    keys::Scope,
};

const MAX_RATIONALE: usize = 4_000;

/// What was decided, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct DecisionRequest {
    /// What was decided.
    decision: DecisionWord,
    /// Why, without anything personal: it is kept for good.
    #[schema(min_length = 1, max_length = 4000)]
    rationale: String,
}

/// Record a decision.
///
/// Under the name of the key that records it; the gateway does nothing by itself. Decisions are only ever added: a later one
/// tells that somebody thought again. Only stopping needs no look before it.
#[utoipa::path(
    post,
    path = "/v1/experiments/{id}/decisions",
    tag = "comparisons",
    params(("id" = String, Path, description = "The experiment's id, exp_…")),
    request_body = DecisionRequest,
    security(("key" = [])),
    responses(
        (status = 200, description = "The same was the last one recorded, by the same key and the same look", body = Decision),
        (status = 201, description = "Recorded", body = Decision),
        BodyRefusals,
        KeyRefusals,
        (status = 404, description = "Your team has no such experiment", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "No look was taken that it could be decided by", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields to mend", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::api) async fn decide(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
    body: Result<Json<DecisionRequest>, Problem>,
) -> Result<(StatusCode, axum::Json<Decision>), Problem> {
    caller.needs(Scope::Compare)?;
    let experiment = find(&api, &caller, path).await?;
    let Json(DecisionRequest { decision, rationale }, _) = body?;
    let is_said = !rationale.trim().is_empty() && !rationale.contains('\0');
    if !is_said || rationale.chars().count() > MAX_RATIONALE {
        let detail = format!("must say why, in 1 to {MAX_RATIONALE} characters");
        return Err(Problem::fields(vec![FieldProblem::new("rationale", detail)]));
    }
    let looks = api.0.store.looks(&experiment.id).await.map_err(Problem::unreadable)?;
    let look = looks.last().map(|look| look.number);
    let earlier = api.0.store.decisions(&experiment.id).await.map_err(Problem::unreadable)?;
    let same = |last: &&Decision| {
        (last.look, last.decision, &*last.rationale, &*last.decided_by)
            == (look, decision, &*rationale, caller.key_id())
    };
    if let Some(last) = earlier.last().filter(same) {
        return Ok((StatusCode::OK, axum::Json(last.clone())));
    }
    if decision.needs_a_look() && look.is_none() {
        let detail =
            "nothing was found yet that could be decided by: take a look once one is due, or stop it";
        return Err(Problem::new(StatusCode::CONFLICT, "no_look_taken", detail));
    }
    let decision = Decision {
        id: DecisionId::new(),
        look,
        decision,
        rationale,
        decided_by: caller.key_id().to_owned(),
        key_name: caller.key_name().to_owned(),
        decided_at: api.0.clock.now(),
    };
    let recorded = api.0.store.decide(&experiment.id, decision.clone()).await;
    recorded.map_err(|error| not_recorded(&error))?;
    Ok((StatusCode::CREATED, axum::Json(decision)))
}
