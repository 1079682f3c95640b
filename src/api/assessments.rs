//! Asking about a subject, and reading an answer again.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use risk_provider::{FieldProblem, ProviderAssessment, SubjectRequest, object};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{
    Api,
    answering::Asking,
    auth::Caller,
    body::Json,
    idempotency,
    problem::{BodyRefusals, KeyRefusals, NobodyAnswered, Problem},
};
use crate::{
    assessment::{Assessment, RawAnswer},
    ids::{AssessmentId, RequestId},
    keys::Scope,
    routing::Question,
    store::{Store, StoreError},
};

const DEFAULT_ROUTE: &str = "default";
pub(super) const PATH: &str = "/v1/assessments";
const MIN_DEADLINE_MS: u64 = 100;
const MAX_PURPOSE: usize = 200;

/// A question about one subject.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssessRequest {
    /// The route to take; `default` when left out.
    #[schema(example = "default")]
    pub route: Option<String>,
    /// Whom it is about.
    #[serde(deserialize_with = "object::required")]
    pub subject: SubjectRequest,
    /// What the answer is for, in your own words; kept with the record.
    pub purpose: Option<String>,
    /// How to answer.
    #[serde(default, deserialize_with = "object::required")]
    pub options: Options,
}

/// How to answer.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The oldest cached answer to accept, in seconds; only tightens the provider's own time.
    pub max_age_s: Option<u64>,
    /// The longest to wait, in milliseconds, at least 100; only tightens the route's own deadline.
    #[schema(minimum = 100)]
    pub deadline_ms: Option<u64>,
    /// What to add to the answer.
    pub include: Vec<Include>,
}

/// What can be added to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Include {
    /// The vendors' payloads.
    Raw,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateQuery {
    #[serde(default)]
    pub(super) retry_unknown: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadQuery {
    include: Option<Include>,
}

// === impl CreateQuery ===

impl CreateQuery {
    pub(super) fn refused(_rejection: QueryRejection) -> Problem {
        let detail = "the only query parameter is retry_unknown, true or false";
        Problem::new(StatusCode::BAD_REQUEST, "invalid_query", detail)
    }
}

// === impl AssessRequest ===

impl AssessRequest {
    /// Whether the vendors' payloads are asked for.
    #[must_use]
    pub fn wants_raw(&self) -> bool {
        self.options.include.contains(&Include::Raw)
    }

    /// The question in it, or every problem with it.
    ///
    /// # Errors
    ///
    /// Every field to mend, as dotted paths.
    pub fn question(
        self,
        request_id: RequestId,
        team: &str,
        today: jiff::civil::Date,
    ) -> Result<Question, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        if self.options.deadline_ms.is_some_and(|deadline| deadline < MIN_DEADLINE_MS) {
            let detail = format!("must be at least {MIN_DEADLINE_MS}");
            problems.push(FieldProblem::new("options.deadline_ms", detail));
        }
        if self.purpose.as_ref().is_some_and(|purpose| purpose.chars().count() > MAX_PURPOSE) {
            problems.push(FieldProblem::new("purpose", format!("must be at most {MAX_PURPOSE} characters")));
        }
        let subject = match self.subject.accept(today) {
            Ok(subject) => subject,
            Err(found) => {
                let below = |problem: FieldProblem| FieldProblem {
                    field: format!("subject.{}", problem.field),
                    ..problem
                };
                problems.extend(found.into_iter().map(below));
                return Err(problems);
            }
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Question {
            request_id,
            team: team.to_owned(),
            route: self.route.unwrap_or_else(|| DEFAULT_ROUTE.to_owned()),
            subject: Arc::new(subject),
            purpose: self.purpose,
            max_age: self.options.max_age_s.map(Duration::from_secs),
            deadline: self.options.deadline_ms.map(Duration::from_millis),
            adopted: Vec::new(),
            completes: None,
            holds: None,
            replaces: None,
            continues: None,
            spares: Vec::new(),
        })
    }
}

/// Assess a subject.
///
/// Answers within the route's deadline, from the first provider that can, or from the cache. The answer is on
/// disk before it is sent.
///
/// Under an `Idempotency-Key` the same body has the same answer for 24 hours, and no vendor is paid twice for it, also
/// after a crash: then the answer says `Idempotent-Replayed: true`. What a vendor may have been paid for, without an
/// answer that is known, stays `unknown_outcome` under the key until it is sent with `retry_unknown=true`. Other failures
/// do not stay.
#[utoipa::path(
    post,
    path = "/v1/assessments",
    tag = "assessments",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters of your own"),
        ("retry_unknown" = Option<bool>, Query, description = "Ask, and perhaps pay, once more where the outcome under the key is not known"),
    ),
    request_body = AssessRequest,
    security(("key" = [])),
    responses(
        (status = 200, description = "The assessment", body = Assessment, headers(
            ("Cache-Status" = String, description = "RFC 9211: risk-gateway; hit, or why it was forwarded"),
            ("Age" = u64, description = "Seconds since the provider answered, for a hit"),
            ("Server-Timing" = String, description = "Milliseconds spent waiting for vendors and in the gateway"),
            ("Idempotent-Replayed" = String, description = "true for an answer that was given before under the same key"),
        )),
        (status = 202, description = "A vendor is still working", body = Assessment, headers(
            ("Location" = String, description = "Where to read it again"),
        )),
        BodyRefusals,
        KeyRefusals,
        (status = 409, description = "The first request with this Idempotency-Key is still being answered", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "The subject of the answer under this Idempotency-Key was erased", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields to mend, or an Idempotency-Key that came with another body", body = Problem, content_type = "application/problem+json"),
        NobodyAnswered,
    )
)]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Extension(request_id): Extension<RequestId>,
    query: Result<Query<CreateQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Json<AssessRequest>, Problem>,
) -> Result<Response, Problem> {
    caller.needs(Scope::Assess)?;
    let Query(query) = query.map_err(CreateQuery::refused)?;
    let Json(request, bytes) = body?;
    let with_raw = request.wants_raw();
    let question =
        request.question(request_id, &caller.tenant, api.0.clock.today()).map_err(Problem::fields)?;
    caller.may_take(&api, &question.route)?;
    let key = idempotency::key_of(&api, &headers, &caller.tenant, PATH, &bytes)?;
    Asking { question, with_raw, retry_unknown: query.retry_unknown }.answer(&api, key).await
}

/// The team's assessment of the id in `path`.
pub(super) async fn find(
    api: &Api,
    caller: &Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Assessment, Problem> {
    let no_such =
        || Problem::new(StatusCode::NOT_FOUND, "not_found", "your team has no assessment of this id");
    let Path(id) = path.map_err(|_rejection| no_such())?;
    if id.contains('\0') {
        return Err(no_such());
    }
    let id = AssessmentId::from_text(&id);
    let found = api.0.store.assessment(&caller.tenant, &id).await.map_err(Problem::unreadable)?;
    found.ok_or_else(no_such)
}

/// Read an assessment.
///
/// The latest revision, as it was answered.
#[utoipa::path(
    get,
    path = "/v1/assessments/{id}",
    tag = "assessments",
    params(
        ("id" = String, Path, description = "The assessment's id, asm_…"),
        ("include" = Option<Include>, Query, description = "`raw` adds the vendors' payloads"),
    ),
    security(("key" = [])),
    responses(
        (status = 200, description = "The assessment", body = Assessment),
        (status = 400, description = "The query is not understood", body = Problem, content_type = "application/problem+json"),
        KeyRefusals,
        (status = 404, description = "Your team has no such assessment", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn read(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<ReadQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    caller.needs(Scope::Read)?;
    let Query(query) = query.map_err(|_rejection| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid_query", "the only query parameter is include=raw")
    })?;
    let mut assessment = find(&api, &caller, path).await?;
    if query.include == Some(Include::Raw) {
        add_raw(&api.0.store, &mut assessment).await.map_err(Problem::unreadable)?;
    }
    Ok(axum::Json(assessment).into_response())
}

/// Puts the vendors' payloads into an assessment.
///
/// # Errors
///
/// When they could not be read.
pub async fn add_raw(store: &Store, assessment: &mut Assessment) -> Result<(), StoreError> {
    let said = store.payloads(&assessment.id).await?;
    let raw = |said: ProviderAssessment| -> Result<_, StoreError> {
        let payload = RawValue::from_string(said.raw.text().to_owned())?;
        Ok((said.provider, RawAnswer { payload, removed: said.raw.removed().to_vec() }))
    };
    assessment.raw = Some(said.into_iter().map(raw).collect::<Result<_, _>>()?);
    Ok(())
}
