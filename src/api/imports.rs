//! Bringing a provider's own history in.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use risk_provider::{FieldProblem, VendorReference, object};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

use super::{
    Api,
    auth::Caller,
    body::Json,
    idempotency,
    problem::{BodyRefusals, KeyRefusals, Problem},
};
use crate::{
    cache::KeyMaker,
    ids::JobId,
    jobs::imports::{End, Extent, STOPPED, Span, Unwanted, Wanted},
    keys::Scope,
    store::{IdempotencyKey, Import, ImportStatus},
};

const PATH: &str = "/v1/imports";
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Whose history is wanted, and of which time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportRequest {
    /// The provider's configured name.
    #[schema(example = "idenfy")]
    provider: String,
    /// What was made on this day in UTC, or at this time, or later.
    #[serde(default, deserialize_with = "end")]
    #[schema(value_type = Option<String>, example = "2026-01-01")]
    from: Option<End>,
    /// What was made until the end of this day in UTC, or before this time.
    #[serde(default, deserialize_with = "end")]
    #[schema(value_type = Option<String>, example = "2026-06-30")]
    to: Option<End>,
    /// What the vendor's own filters leave, by the vendor's names: Youverify's Risk Intelligence has `type`,
    /// `latestRiskStatus` and `trackingStatus`.
    #[serde(default, deserialize_with = "object::distinct")]
    #[schema(example = json!({"type": "business"}))]
    filters: BTreeMap<String, String>,
    /// These answers alone, up to 1000, by the vendor's own references, whether or not it lists them. `kyb:` and the id
    /// of a company is the risk of a company that iDenfy verified. Without `from`, `to` and `filters`.
    #[schema(value_type = Option<Vec<String>>, max_items = 1000, min_items = 1)]
    references: Option<Vec<VendorReference>>,
}

/// How an import stands. Every entry of the vendor's list that is wanted is counted once: as imported, skipped or failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportState {
    /// Its id, `job_…`.
    pub id: JobId,
    /// Whose history.
    pub provider: String,
    /// How far it is.
    pub status: ImportStatus,
    /// Of what was made then or later.
    pub from: Option<String>,
    /// Of what was made until then.
    pub to: Option<String>,
    /// Of what the vendor's own filters leave.
    pub filters: BTreeMap<String, String>,
    /// How many answers are named; null where the vendor's list is read.
    pub references: Option<usize>,
    /// Entries brought in.
    pub imported: i64,
    /// Those of them about nobody whom your team has asked about: they can be paired with no other provider's answer.
    pub unattached: i64,
    /// Entries left out.
    pub skipped: i64,
    /// Why: `held` (here already), `pending` (the vendor has not answered yet), `erased`.
    pub skipped_for: BTreeMap<String, i64>,
    /// Entries that cannot be read.
    pub failed: i64,
    /// By which kind of failure, such as `malformed`.
    pub failed_for: BTreeMap<String, i64>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// Why it failed, `circular_list` where the vendor's list leads back or shows the same again and again, `cut_list` where it
    /// ends before all that it says it holds; while it runs, what it waits for to pass.
    pub error: Option<String>,
}

/// Import a provider's history.
///
/// Brings in what the vendor had answered before, for comparison: page by page, in the background, also across restarts.
/// What is here already is skipped, so another import goes on where one ended. Nothing is asked anew and nothing is
/// billed. With an `Idempotency-Key` the same request has the same import, for as long as that is kept.
#[utoipa::path(
    post,
    path = "/v1/imports",
    tag = "operations",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters of your own"),
    ),
    request_body = ImportRequest,
    security(("key" = [])),
    responses(
        (status = 202, description = "It will be done", body = ImportState, headers(
            ("Location" = String, description = "Where to see how far it is"),
        )),
        BodyRefusals,
        KeyRefusals,
        (status = 422, description = "Fields to mend, a provider without a history, or an Idempotency-Key that came with another body", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Json<ImportRequest>, Problem>,
) -> Result<Response, Problem> {
    caller.needs(Scope::Admin)?;
    let Json(request, bytes) = body?;
    let (provider, environment) = Wanted::find(&api.0.assessor, &request.provider).map_err(refused)?;
    caller.may_use(environment)?;
    let wanted = Wanted::new(caller.tenant.clone(), provider, request.extent()?).map_err(refused)?;
    let key = idempotency::key_of(&api, &headers, &caller.tenant, PATH, &bytes)?;
    let known = key.is_some();
    let label = key.map(label);
    let keys = KeyMaker::new(Arc::clone(&api.0.hash_key));
    let now = api.0.clock.now();
    let import = wanted.begin(&api.0.store, &keys, label, now).await.map_err(Problem::unreadable)?;
    let wanted_mac = wanted.mac(&keys).map_err(|error| Problem::unreadable(error.into()))?;
    if import.wanted_mac.as_ref().is_some_and(|mac| *mac != wanted_mac) {
        let detail = "this Idempotency-Key came with another body before: send the same body, or another key";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail));
    }
    let is_replayed = known && import.created_at != now;
    let location = format!("{PATH}/{}", import.id);
    let mut response = (StatusCode::ACCEPTED, axum::Json(ImportState::from(import))).into_response();
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if is_replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// See how far an import is.
#[utoipa::path(
    get,
    path = "/v1/imports/{id}",
    tag = "operations",
    params(("id" = String, Path, description = "The import's id, job_…")),
    security(("key" = [])),
    responses(
        (status = 200, description = "How it stands", body = ImportState),
        KeyRefusals,
        (status = 404, description = "Your team has no such import", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn read(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<axum::Json<ImportState>, Problem> {
    caller.needs(Scope::Admin)?;
    let import = find(&api, &caller, path).await?;
    Ok(axum::Json(import.into()))
}

/// Cancel an import.
///
/// What was brought in stays. One that has ended stays as it is.
#[utoipa::path(
    delete,
    path = "/v1/imports/{id}",
    tag = "operations",
    params(("id" = String, Path, description = "The import's id, job_…")),
    security(("key" = [])),
    responses(
        (status = 200, description = "How it stands now", body = ImportState),
        KeyRefusals,
        (status = 404, description = "Your team has no such import", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn cancel(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<axum::Json<ImportState>, Problem> {
    caller.needs(Scope::Admin)?;
    let import = find(&api, &caller, path).await?;
    let now = api.0.clock.now();
    api.0.store.cancel_job(&import.id, now).await.map_err(Problem::unreadable)?;
    let import = api.0.store.import(&caller.tenant, &import.id).await.map_err(Problem::unreadable)?;
    Ok(axum::Json(import.ok_or_else(no_such)?.into()))
}

async fn find(
    api: &Api,
    caller: &Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Import, Problem> {
    let Path(id) = path.map_err(|_rejection| no_such())?;
    // No id holds a NUL, and not every database takes one.
    let id = Some(id).filter(|id| !id.contains('\0')).ok_or_else(no_such)?;
    let found = api.0.store.import(&caller.tenant, &JobId::from_text(&id)).await;
    found.map_err(Problem::unreadable)?.ok_or_else(no_such)
}

fn no_such() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "your team has no such import")
}

/// One import for each key.
fn label(key: IdempotencyKey) -> String {
    key.key_mac.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn refused(unwanted: Unwanted) -> Problem {
    let problem = Problem::fields(vec![FieldProblem::new(unwanted.field(), unwanted.to_string())]);
    if matches!(unwanted, Unwanted::NoHistory { .. }) { problem.with_code("unsupported") } else { problem }
}

/// A day or a time; what is neither is not repeated.
fn end<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<End>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(de::Error::custom)).transpose()
}

// === impl ImportRequest ===

impl ImportRequest {
    fn extent(self) -> Result<Extent, Problem> {
        let Self { provider: _, from, to, filters, references } = self;
        if references.as_ref().is_some_and(Vec::is_empty) {
            return Err(refused(Unwanted::BadReferences));
        }
        Ok(Extent { span: Span { from, to }, filters, references: references.unwrap_or_default() })
    }
}

// === impl ImportState ===

impl From<Import> for ImportState {
    fn from(import: Import) -> Self {
        let Import { id, provider, from, to, filters, references, status, counts, .. } = import;
        let Import { created_at, finished_at, error, .. } = import;
        Self {
            id,
            provider: provider.to_string(),
            status,
            from,
            to,
            filters,
            references: Some(references).filter(|references| *references > 0),
            imported: counts.imported,
            unattached: counts.unattached,
            skipped: counts.skipped.values().sum(),
            skipped_for: counts.skipped,
            failed: counts.failed.values().sum(),
            failed_for: counts.failed,
            created_at,
            finished_at,
            error: error.filter(|error| error != STOPPED),
        }
    }
}
