//! Asking anew about a subject that changed.

use std::time::Duration;

use axum::{
    Extension,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::Response,
};
use http::HeaderMap;
use risk_provider::FieldProblem;

use super::{
    Api,
    answering::Asking,
    assessments::{AssessRequest, CreateQuery, PATH, find},
    auth::Caller,
    body::Json,
    idempotency,
    problem::{BodyRefusals, KeyRefusals, NobodyAnswered, Problem},
};
use crate::{assessment::Assessment, ids::RequestId, keys::Scope, routing::Replaced};

/// Recheck a subject that changed.
///
/// Takes the subject as it is now, whole, and answers on the same route with a new assessment that `replaces` this one.
/// A vendor that can update its own answer does so; else it is asked anew. Takes an `Idempotency-Key` like the first
/// question.
#[utoipa::path(
    post,
    path = "/v1/assessments/{id}/recheck",
    tag = "assessments",
    params(
        ("id" = String, Path, description = "The id of the assessment to replace, asm_…"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters of your own"),
        ("retry_unknown" = Option<bool>, Query, description = "Ask, and perhaps pay, once more where the outcome under the key is not known"),
    ),
    request_body = AssessRequest,
    security(("key" = [])),
    responses(
        (status = 201, description = "The new assessment", body = Assessment, headers(
            ("Location" = String, description = "Where to read it again"),
        )),
        (status = 202, description = "A vendor is still working", body = Assessment, headers(
            ("Location" = String, description = "Where to read it again"),
        )),
        BodyRefusals,
        KeyRefusals,
        (status = 404, description = "Your team has no such assessment", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The first request with this Idempotency-Key is still being answered", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "The subject of the answer under this Idempotency-Key was erased", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields to mend, or an Idempotency-Key that came with another body", body = Problem, content_type = "application/problem+json"),
        NobodyAnswered,
    )
)]
pub(super) async fn recheck(
    State(api): State<Api>,
    caller: Caller,
    Extension(request_id): Extension<RequestId>,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<CreateQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Json<AssessRequest>, Problem>,
) -> Result<Response, Problem> {
    caller.needs(Scope::Assess)?;
    let Query(query) = query.map_err(CreateQuery::refused)?;
    let first = find(&api, &caller, path).await?;
    let Json(request, bytes) = body?;
    let with_raw = request.wants_raw();
    let mut question =
        request.question(request_id, &caller.tenant, api.0.clock.today()).map_err(Problem::fields)?;
    let subject = &question.subject;
    if (&subject.reference, subject.kind()) != (&first.subject.reference, first.subject.kind) {
        let detail =
            "must be that of the assessment, with the same type: a recheck is about the same subject";
        return Err(Problem::fields(vec![FieldProblem::new("subject.reference", detail)]));
    }
    question.max_age = Some(Duration::ZERO);
    let deciding = first.providers.iter().find(|answer| Some(&answer.provider) == first.decided_by.as_ref());
    question.replaces = Some(Replaced {
        reference: deciding.and_then(|answer| answer.vendor_reference.clone()),
        provider: first.decided_by,
        assessment: first.id,
    });
    question.route = first.route;
    caller.may_take(&api, &question.route)?;
    let path = question
        .replaces
        .iter()
        .map(|replaced| format!("{PATH}/{}/recheck", replaced.assessment))
        .collect::<String>();
    let key = idempotency::key_of(&api, &headers, &caller.tenant, &path, &bytes)?;
    Asking { question, with_raw, retry_unknown: query.retry_unknown }.answer(&api, key).await
}
