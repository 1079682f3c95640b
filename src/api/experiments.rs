//! Experiments: registered, looked at when that is due, and decided by people.

pub(super) mod audit;
pub(super) mod decisions;
pub(super) mod looks;
mod told;

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use risk_provider::{FieldProblem, Level, ProviderName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use told::{ExperimentState, ExperimentSummary};

use super::{
    Api,
    auth::Caller,
    body::Json,
    comparisons,
    listing::{DEFAULT_LIMIT, MAX_LIMIT, after_cursor, cursor_after},
    problem::{BodyRefusals, KeyRefusals, Problem},
    query::{Parameters, one_of},
};
use crate::{
    cache::KeyMaker,
    compare::Settings,
    comparing::{Countries, DEFAULT_WINDOW, Version},
    experiments::{Course, Endpoint, Experiment, Horizon, Look, Plan, Population},
    ids::ExperimentId,
    keys::Scope,
    outcomes::OutcomeType,
};

const PATH: &str = "/v1/experiments";
const PARAMETERS: &[&str] = &["limit", "cursor"];
const MAX_NAME: usize = 100;

/// What is to be found out, said before the data come in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExperimentRequest {
    /// What you call it; your team has one of a name.
    #[schema(example = "2026-q4-youverify")]
    name: String,
    /// The incumbent: a configured provider.
    #[schema(example = "idenfy")]
    left: String,
    /// The challenger: another one.
    #[schema(example = "youverify")]
    right: String,
    /// About whom it is; everybody when left out.
    #[serde(default)]
    population: Population,
    /// The share of them that takes part, above 0 and up to 1; 1 when left out.
    #[serde(default = "everybody")]
    sample_rate: f64,
    /// What decides; `auc` when left out.
    #[serde(default)]
    primary_endpoint: Endpoint,
    /// The smallest difference that is worth acting upon; 0.02 when left out.
    #[serde(default = "margin")]
    margin: f64,
    /// How often it may err where there is no difference, in all its looks together; 0.05 when left out.
    #[serde(default = "error_rate")]
    error_rate: f64,
    /// From this level on a subject is flagged; `high` when left out.
    flag_level: Option<Level>,
    /// The outcomes that make a subject a case; every one but `cleared` when left out.
    positive: Option<Vec<OutcomeType>>,
    /// How far apart in time two answers of a pair may be, in seconds; a day when left out.
    window_s: Option<u64>,
    /// When it is over.
    horizon: Horizon,
    /// How often it is looked at, the last time included, at equal numbers of labelled pairs; 1 when left out.
    #[serde(default = "once")]
    looks: u32,
}

/// A page of experiments, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExperimentPage {
    experiments: Vec<ExperimentSummary>,
    /// Give it as `cursor` for the next page; none on the last one.
    next_cursor: Option<String>,
}

/// An experiment with everything that is known of it.
struct Opened {
    experiment: Experiment,
    course: Course,
    looks: Vec<Look>,
    keys: KeyMaker,
}

const fn everybody() -> f64 {
    1.0
}

fn margin() -> f64 {
    Settings::default().margin
}

const fn error_rate() -> f64 {
    0.05
}

const fn once() -> u32 {
    1
}

/// Register an experiment.
///
/// Says beforehand who is compared about whom, and when one looks: only what is answered from now on counts, by the versions
/// that both providers have now, and only outcomes that are first told from now on. What is registered is never changed; the same told again is the same experiment. Pairs come
/// as for `GET /v1/comparisons`, such as from a route's `shadow`.
#[utoipa::path(
    post,
    path = "/v1/experiments",
    tag = "comparisons",
    request_body = ExperimentRequest,
    security(("key" = [])),
    responses(
        (status = 200, description = "The same was registered before", body = ExperimentState),
        (status = 201, description = "Registered", body = ExperimentState, headers(
            ("Location" = String, description = "Where to see how far it is"),
        )),
        BodyRefusals,
        KeyRefusals,
        (status = 409, description = "Your team has another experiment of this name", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields to mend", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn register(
    State(api): State<Api>,
    caller: Caller,
    body: Result<Json<ExperimentRequest>, Problem>,
) -> Result<Response, Problem> {
    caller.needs(Scope::Compare)?;
    let Json(request, _) = body?;
    let name = named(&request.name)?;
    let plan = request.plan(&api)?;
    let experiment = Experiment {
        id: ExperimentId::new(),
        team: caller.tenant.clone(),
        name,
        plan,
        registered_by: caller.key_id().to_owned(),
        registered_at: api.0.clock.now(),
    };
    let registered = api.0.store.register_experiment(experiment.clone()).await;
    let registered = registered.map_err(|error| not_recorded(&error))?;
    if !registered.plan.says_the_same(&experiment.plan) {
        let detail =
            "name: your team has another experiment of this name; what is registered is never changed";
        return Err(Problem::new(StatusCode::CONFLICT, "name_taken", detail).with_field("name"));
    }
    let is_new = registered.id == experiment.id;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("{PATH}/{}", registered.id);
    let state = state(&api, registered).await?;
    let mut response = (status, axum::Json(state)).into_response();
    if let Some(location) = HeaderValue::try_from(location).ok().filter(|_| is_new) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// List experiments.
///
/// Your team's, newest first, with what the last look found and what was decided; each by its id tells how far it is.
#[utoipa::path(
    get,
    path = "/v1/experiments",
    tag = "comparisons",
    params(
        ("limit" = Option<u32>, Query, description = "How many at the most, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    security(("key" = [])),
    responses(
        (status = 200, description = "A page of experiments", body = ExperimentPage),
        (status = 400, description = "An unknown parameter", body = Problem, content_type = "application/problem+json"),
        KeyRefusals,
        (status = 422, description = "Parameters to mend", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<axum::Json<ExperimentPage>, Problem> {
    caller.needs(Scope::Compare)?;
    let mut given = Parameters::read(query.as_deref(), PARAMETERS)?;
    let limit = given.limit(DEFAULT_LIMIT, MAX_LIMIT);
    let after = given.parsed("cursor", |text| {
        let id = after_cursor(text, "exp_").map(|id| ExperimentId::from_text(&id));
        id.ok_or_else(|| "must be next_cursor of the page before".to_owned())
    });
    given.checked()?;
    // One more than wanted tells whether there is a next page.
    let found = api.0.store.experiments(&caller.tenant, after.as_ref(), limit + 1).await;
    let mut found = found.map_err(Problem::unreadable)?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > wanted;
    found.truncate(wanted);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor_after(last.id.as_str()));
    let mut experiments = Vec::with_capacity(found.len());
    for experiment in found {
        let looks = api.0.store.looks(&experiment.id).await.map_err(Problem::unreadable)?;
        let decisions = api.0.store.decisions(&experiment.id).await.map_err(Problem::unreadable)?;
        experiments.push(ExperimentSummary::of(experiment, &looks, decisions));
    }
    Ok(axum::Json(ExperimentPage { experiments, next_cursor }))
}

/// See how far an experiment is.
///
/// How many pairs count, when the next look is due, what the looks taken found and what was decided. Nothing tells which way
/// the data point between looks.
#[utoipa::path(
    get,
    path = "/v1/experiments/{id}",
    tag = "comparisons",
    params(("id" = String, Path, description = "The experiment's id, exp_…")),
    security(("key" = [])),
    responses(
        (status = 200, description = "How it stands", body = ExperimentState),
        KeyRefusals,
        (status = 404, description = "Your team has no such experiment", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn read(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<axum::Json<ExperimentState>, Problem> {
    caller.needs(Scope::Compare)?;
    let experiment = find(&api, &caller, path).await?;
    state(&api, experiment).await.map(axum::Json)
}

async fn find(
    api: &Api,
    caller: &Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Experiment, Problem> {
    let no_such = || Problem::new(StatusCode::NOT_FOUND, "not_found", "your team has no such experiment");
    let Path(id) = path.map_err(|_rejection| no_such())?;
    // No id holds a NUL, and not every database takes one.
    let id = Some(id).filter(|id| !id.contains('\0')).ok_or_else(no_such)?;
    let found = api.0.store.experiment(&caller.tenant, &ExperimentId::from_text(&id)).await;
    found.map_err(Problem::unreadable)?.ok_or_else(no_such)
}

async fn open(api: &Api, experiment: Experiment) -> Result<Opened, Problem> {
    let keys = KeyMaker::new(Arc::clone(&api.0.hash_key));
    let countries = if experiment.plan.population.country.is_some() {
        comparisons::all_countries(&keys)
    } else {
        Countries::new()
    };
    let course = Course::read(&api.0.store, &experiment, &keys, &countries).await;
    let course = course.map_err(Problem::unreadable)?;
    let looks = api.0.store.looks(&experiment.id).await.map_err(Problem::unreadable)?;
    Ok(Opened { experiment, course, looks, keys })
}

async fn state(api: &Api, experiment: Experiment) -> Result<ExperimentState, Problem> {
    let opened = open(api, experiment).await?;
    let store = &api.0.store;
    let decisions = store.decisions(&opened.experiment.id).await.map_err(Problem::unreadable)?;
    let audited = store.audited_share(&opened.experiment.id).await.map_err(Problem::unreadable)?;
    Ok(ExperimentState::of(opened, decisions, audited, api.0.clock.now()))
}

fn not_recorded(error: &crate::store::StoreError) -> Problem {
    tracing::error!(error = error.told(), "a step of an experiment could not be recorded");
    Problem::not_recorded()
}

fn named(name: &str) -> Result<String, Problem> {
    let fits = !name.trim().is_empty() && name.chars().count() <= MAX_NAME && !name.contains('\0');
    let detail = || format!("must be 1 to {MAX_NAME} characters");
    if fits { Ok(name.to_owned()) } else { Err(Problem::fields(vec![FieldProblem::new("name", detail())])) }
}

// === impl ExperimentRequest ===

impl ExperimentRequest {
    fn plan(self, api: &Api) -> Result<Plan, Problem> {
        let (left, left_version) = side(api, "left", &self.left)?;
        let (right, right_version) = side(api, "right", &self.right)?;
        if let Some(route) =
            self.population.route.as_deref().filter(|name| api.0.assessor.route(name).is_none())
        {
            let known: Vec<&str> = api.0.assessor.routes().map(|route| route.name.as_str()).collect();
            let detail = one_of(route, &known, |_| None::<()>).err().unwrap_or_default();
            return Err(Problem::fields(vec![FieldProblem::new("population.route", detail)]));
        }
        let bad = || OutcomeType::ALL.into_iter().filter(|kind| kind.is_bad()).collect();
        let plan = Plan {
            left,
            right,
            population: self.population,
            sample_rate: self.sample_rate,
            primary_endpoint: self.primary_endpoint,
            margin: self.margin,
            error_rate: self.error_rate,
            flag_level: self.flag_level.unwrap_or_else(|| Settings::default().flag_level),
            positive: self.positive.unwrap_or_else(bad),
            window_s: self.window_s.unwrap_or(DEFAULT_WINDOW.as_secs()),
            horizon: self.horizon,
            looks: self.looks,
            left_version,
            right_version,
        };
        plan.checked().map_err(Problem::fields)
    }
}

/// A provider, and its version as it answers now.
fn side(api: &Api, field: &str, name: &str) -> Result<(ProviderName, Version), Problem> {
    let known: Vec<&str> = api.0.assessor.providers().map(|provider| provider.name().as_str()).collect();
    let found = one_of(name, &known, |name| api.0.assessor.provider(name));
    let provider = found.map_err(|detail| Problem::fields(vec![FieldProblem::new(field, detail)]))?;
    let descriptor = provider.adapter.descriptor();
    let profile = provider.adapter.questionnaires().and_then(|questionnaires| questionnaires.fingerprint());
    let version = Version {
        kind: descriptor.kind.to_owned(),
        mapping_version: descriptor.mapping_version.to_owned(),
        profile,
    };
    Ok((descriptor.name.clone(), version))
}
