//! How two providers' answers change from week to week.

use axum::{
    Json,
    extract::{RawQuery, State},
};
use jiff::ToSpan;

use super::{selection, settings};
use crate::{
    api::{
        Api,
        auth::Caller,
        problem::{KeyRefusals, Problem},
        query::Parameters,
    },
    comparing::{Drift, drift},
    keys::Scope,
};

const PARAMETERS: &[&str] = &["left", "right", "from", "to", "window", "confidence"];
/// What is told where nobody says since when.
const WEEKS: i64 = 26;

/// See how two providers drift.
///
/// Week by week: by how much each provider's levels, and each of its factors, shifted since the first week of the same version
/// (population stability index with its critical value), how far both agree, and when another version began to answer.
/// The factors of a week are told of a random sample of at most 1,000 answers.
#[utoipa::path(
    get,
    path = "/v1/comparisons/drift",
    tag = "comparisons",
    params(
        ("left" = String, Query, description = "The incumbent: a configured provider"),
        ("right" = String, Query, description = "The challenger: another one"),
        ("from" = Option<String>, Query, description = "Since then: a day in UTC or a time; half a year ago when left out"),
        ("to" = Option<String>, Query, description = "Until the end of that day, or before that time"),
        ("window" = Option<String>, Query, description = "How far apart in time two answers of a pair may be, such as 24h (the default) or 7d"),
        ("confidence" = Option<f64>, Query, description = "How seldom chance alone exceeds a critical value; 0.95 when left out"),
    ),
    security(("key" = [])),
    responses(
        (status = 200, description = "How they drift", body = Drift),
        (status = 400, description = "An unknown parameter", body = Problem, content_type = "application/problem+json"),
        KeyRefusals,
        (status = 422, description = "Parameters to mend", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::api) async fn read_drift(
    State(api): State<Api>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Drift>, Problem> {
    caller.needs(Scope::Compare)?;
    let mut given = Parameters::read(query.as_deref(), PARAMETERS)?;
    let (mut selection, settings) = (selection(&api, &caller, &mut given), settings(&mut given));
    given.checked()?;
    let since = selection.to.unwrap_or_else(|| api.0.clock.now()).checked_sub((24 * 7 * WEEKS).hours());
    selection.from = selection.from.or_else(|| since.ok());
    drift(&api.0.store, &selection, settings.confidence).await.map(Json).map_err(Problem::unreadable)
}
