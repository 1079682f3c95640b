//! Lists of assessments, newest first, and finding a subject. A reference stands in a body, never in a URL.

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use jiff::Timestamp;
use risk_provider::{FieldProblem, Level, Personal, ProviderName};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

use super::{
    Api,
    auth::Caller,
    body::Json,
    problem::{BodyRefusals, KeyRefusals, Problem},
};
use crate::{
    assessment::{Assessment, Status},
    ids::{AssessmentId, SubjectId},
    keys::Scope,
    store::Filter,
};

pub(super) const DEFAULT_LIMIT: u32 = 50;
pub(super) const MAX_LIMIT: u32 = 200;
const QUERY: &str = "the query parameters are route, provider, level, status, from, to (times such as \
                     2026-06-01T00:00:00Z), limit (1 to 200) and cursor; a reference goes into the body of POST \
                     /v1/assessments/search";

/// Which assessments are wanted.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Search {
    /// About the subject of this reference.
    #[schema(value_type = Option<String>, example = "cust-42")]
    reference: Option<Personal<String>>,
    /// By this route.
    route: Option<String>,
    /// Decided by this provider.
    provider: Option<String>,
    /// At this level.
    level: Option<Level>,
    /// In this status.
    status: Option<Status>,
    /// Made at this time or later.
    #[serde(deserialize_with = "time")]
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Made before this time.
    #[serde(deserialize_with = "time")]
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// How many at the most, 1 to 200; 50 when left out.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// A page of assessments, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page {
    /// The latest revision of each, as it was answered.
    assessments: Vec<Assessment>,
    /// Give it as `cursor` for the next page; none on the last one.
    next_cursor: Option<String>,
}

/// Which subject is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lookup {
    /// Your own id of the customer.
    #[schema(value_type = String, example = "cust-42")]
    reference: Personal<String>,
}

/// The subject of a reference.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Found {
    /// The gateway's random id, `sub_…`.
    id: SubjectId,
}

/// List assessments.
///
/// Your team's, newest first, the latest revision of each. A page stays the same page while new assessments come.
#[utoipa::path(
    get,
    path = "/v1/assessments",
    tag = "assessments",
    params(
        ("route" = Option<String>, Query, description = "By this route"),
        ("provider" = Option<String>, Query, description = "Decided by this provider"),
        ("level" = Option<Level>, Query, description = "At this level"),
        ("status" = Option<Status>, Query, description = "In this status"),
        ("from" = Option<String>, Query, description = "Made at this time or later, such as 2026-06-01T00:00:00Z"),
        ("to" = Option<String>, Query, description = "Made before this time"),
        ("limit" = Option<u32>, Query, description = "How many at the most, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    security(("key" = [])),
    responses(
        (status = 200, description = "A page of assessments", body = Page),
        (status = 400, description = "The query is not understood", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Parameters to mend", body = Problem, content_type = "application/problem+json"),
        KeyRefusals,
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<Search>, QueryRejection>,
) -> Result<Response, Problem> {
    caller.needs(Scope::Read)?;
    match query {
        Ok(Query(wanted)) if wanted.reference.is_none() => page(&api, &caller, wanted).await,
        _ => Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_query", QUERY)),
    }
}

/// Search assessments.
///
/// As the list, and by your own reference of a subject: that must not stand in a URL.
#[utoipa::path(
    post,
    path = "/v1/assessments/search",
    tag = "assessments",
    request_body = Search,
    security(("key" = [])),
    responses(
        (status = 200, description = "A page of assessments", body = Page),
        BodyRefusals,
        KeyRefusals,
        (status = 422, description = "Fields to mend", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn search(
    State(api): State<Api>,
    caller: Caller,
    body: Result<Json<Search>, Problem>,
) -> Result<Response, Problem> {
    caller.needs(Scope::Read)?;
    let Json(wanted, _) = body?;
    page(&api, &caller, wanted).await
}

/// Find a subject.
///
/// The gateway's id of the subject that your team calls by this reference.
#[utoipa::path(
    post,
    path = "/v1/subjects/lookup",
    tag = "subjects",
    request_body = Lookup,
    security(("key" = [])),
    responses(
        (status = 200, description = "The subject", body = Found),
        BodyRefusals,
        KeyRefusals,
        (status = 404, description = "Your team has not asked about such a subject", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields to mend", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn lookup(
    State(api): State<Api>,
    caller: Caller,
    body: Result<Json<Lookup>, Problem>,
) -> Result<Response, Problem> {
    caller.needs(Scope::Read)?;
    let Json(Lookup { reference }, _) = body?;
    match find(&api, &caller, &reference).await? {
        Some(id) => Ok(axum::Json(Found { id }).into_response()),
        None => {
            let detail = "your team has not asked about a subject of this reference";
            Err(Problem::new(StatusCode::NOT_FOUND, "not_found", detail))
        }
    }
}

/// A time; what is none is not repeated.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let time = text.parse().map_err(|_unreadable| {
        de::Error::custom("must be a time in UTC or with an offset, such as 2026-06-01T00:00:00Z")
    })?;
    Ok(Some(time))
}

async fn find(
    api: &Api,
    caller: &Caller,
    reference: &Personal<String>,
) -> Result<Option<SubjectId>, Problem> {
    let mac = api.0.assessor.reference_mac(&caller.tenant, reference.expose());
    api.0.store.subject_id(&caller.tenant, &mac).await.map_err(Problem::unreadable)
}

async fn page(api: &Api, caller: &Caller, wanted: Search) -> Result<Response, Problem> {
    let reference = wanted.reference.clone();
    let (mut filter, limit) = filter(wanted)?;
    let nothing = || axum::Json(Page { assessments: Vec::new(), next_cursor: None }).into_response();
    if !filter.can_match() {
        return Ok(nothing());
    }
    if let Some(reference) = reference {
        filter.subject = find(api, caller, &reference).await?;
        if filter.subject.is_none() {
            return Ok(nothing());
        }
    }
    // One more than wanted tells whether there is a next page.
    let found = api.0.store.list(&caller.tenant, &filter, limit + 1).await;
    let mut assessments = found.map_err(Problem::unreadable)?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = assessments.len() > wanted;
    assessments.truncate(wanted);
    let next_cursor = assessments.last().filter(|_| more).map(|last| cursor_after(last.id.as_str()));
    Ok(axum::Json(Page { assessments, next_cursor }).into_response())
}

/// What is wanted, about whomever, and how many at the most.
fn filter(wanted: Search) -> Result<(Filter, u32), Problem> {
    let Search { reference: _, route, provider, level, status, from, to, limit, cursor } = wanted;
    let mut problems = Vec::new();
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        problems.push(FieldProblem::new("limit", format!("must be from 1 to {MAX_LIMIT}")));
    }
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        problems.push(FieldProblem::new("to", "must be later than from"));
    }
    let after = cursor.as_deref().map(|cursor| after_cursor(cursor, "asm_"));
    if after == Some(None) {
        problems.push(FieldProblem::new("cursor", "must be next_cursor of the page before"));
    }
    if !problems.is_empty() {
        return Err(Problem::fields(problems));
    }
    let provider = provider.as_deref().map(ProviderName::new);
    Ok((
        Filter {
            subject: None,
            route,
            provider,
            level,
            status,
            from,
            to,
            after: after.flatten().map(|id| AssessmentId::from_text(&id)),
        },
        limit,
    ))
}

/// Opaque to callers, so that what a page hangs on may change.
pub(super) fn cursor_after(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

/// The id, which begins with `prefix`, that a cursor stands for.
pub(super) fn after_cursor(cursor: &str, prefix: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    // No id holds a NUL, and not every database takes one.
    (text.starts_with(prefix) && !text.contains('\0')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let id = AssessmentId::new();
        assert_eq!(after_cursor(&cursor_after(id.as_str()), "asm_"), Some(id.to_string()));
        for text in ["", "asm_1", "////", &URL_SAFE_NO_PAD.encode("sub_1"), &URL_SAFE_NO_PAD.encode("asm_\0")]
        {
            assert_eq!(after_cursor(text, "asm_"), None, "{text}");
        }
    }
}
