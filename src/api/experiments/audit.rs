//! The random sample of those whom nobody flags.

use axum::extract::{Path, State, rejection::PathRejection};
use risk_provider::FieldProblem;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Opened, find, not_recorded, open};
use crate::{
    api::{
        Api,
        auth::Caller,
        body::Json,
        problem::{BodyRefusals, KeyRefusals, Problem},
    },
    experiments::AuditSample,
    keys::Scope,
    store::Draw,
};

/// How many to look into: exactly one of both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct DrawRequest {
    /// About so many of the unflagged whom there are now.
    #[schema(minimum = 1)]
    size: Option<u64>,
    /// This share of the unflagged, also of those still to come; above 0 and up to 1.
    share: Option<f64>,
}

/// Draw an audit sample.
///
/// Of the subjects whom neither side flags, at random and for good: a keyed hash decides, so each has the same chance
/// whenever it is asked about, and drawing a larger share only adds to it. Look into all of them, whatever their scores,
/// and into (nearly) all whom a side flags, and record outcomes; then the next look tells recall among all cases and not only
/// among those that were found.
#[utoipa::path(
    post,
    path = "/v1/experiments/{id}/audit-sample",
    tag = "comparisons",
    params(("id" = String, Path, description = "The experiment's id, exp_…")),
    request_body = DrawRequest,
    security(("key" = [])),
    responses(
        (status = 200, description = "Who is drawn", body = AuditSample),
        BodyRefusals,
        KeyRefusals,
        (status = 404, description = "Your team has no such experiment", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields to mend", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::api) async fn draw_audit_sample(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
    body: Result<Json<DrawRequest>, Problem>,
) -> Result<axum::Json<AuditSample>, Problem> {
    caller.needs(Scope::Compare)?;
    let opened = open(&api, find(&api, &caller, path).await?).await?;
    let Json(request, _) = body?;
    let share = request.share(&opened)?;
    let (experiment, by) = (opened.experiment.id.clone(), caller.key_id().to_owned());
    let draw = Draw { experiment, share, by, at: api.0.clock.now() };
    api.0.store.draw_audit(draw).await.map_err(|error| not_recorded(&error))?;
    sample(&api, &opened).await
}

/// See the audit sample.
///
/// Who is drawn so far, and whose outcome is known.
#[utoipa::path(
    get,
    path = "/v1/experiments/{id}/audit-sample",
    tag = "comparisons",
    params(("id" = String, Path, description = "The experiment's id, exp_…")),
    security(("key" = [])),
    responses(
        (status = 200, description = "Who is drawn", body = AuditSample),
        KeyRefusals,
        (status = 404, description = "Your team has no such experiment", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::api) async fn read_audit_sample(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<axum::Json<AuditSample>, Problem> {
    caller.needs(Scope::Compare)?;
    let opened = open(&api, find(&api, &caller, path).await?).await?;
    sample(&api, &opened).await
}

async fn sample(api: &Api, opened: &Opened) -> Result<axum::Json<AuditSample>, Problem> {
    let share = api.0.store.audited_share(&opened.experiment.id).await.map_err(Problem::unreadable)?;
    Ok(axum::Json(opened.experiment.audit_sample(&opened.course, share, &opened.keys)))
}

// === impl DrawRequest ===

impl DrawRequest {
    fn share(&self, opened: &Opened) -> Result<f64, Problem> {
        let refuse = |field: &str, detail: &str| Err(Problem::fields(vec![FieldProblem::new(field, detail)]));
        match (self.size, self.share) {
            (Some(0), None) => refuse("size", "must be at least 1"),
            (Some(size), None) => Ok(opened.experiment.share_for(size, &opened.course)),
            (None, Some(share)) if share > 0.0 && share <= 1.0 => Ok(share),
            (None, Some(_)) => refuse("share", "lies above 0 and is at most 1"),
            (Some(_), Some(_)) => refuse("share", "must be left out beside size"),
            (None, None) => refuse("size", "or share is required"),
        }
    }
}
