//! The ways to answer that are configured.

use std::sync::Arc;

use axum::{Json, extract::State};
use risk_provider::{Level, SubjectType};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        Api,
        auth::Caller,
        problem::{KeyRefusals, Problem},
    },
    assessment::Strategy,
    keys::Scope,
    policy::{AllowedRule, Combine, Floor, Policy, Review},
    routing::{OnUnavailable, Plan, Provider, Route, Shadow},
};

/// Every route.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Routes {
    routes: Vec<RouteStatus>,
}

/// One route.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct RouteStatus {
    /// Its name.
    name: String,
    /// How it chooses.
    strategy: Strategy,
    /// Whom it asks, in order.
    providers: Vec<String>,
    /// The longest that an answer may take, in milliseconds.
    deadline_ms: u128,
    /// After how many milliseconds without an answer the next provider is asked as well; none where it is not.
    hedge_after_ms: Option<u128>,
    /// How often each provider is drawn, in the order of `providers`; none but for a split.
    weights: Option<Vec<u32>>,
    /// What is drawn for; none but for a split.
    experiment: Option<String>,
    /// How several answers become one: `most_conservative`, `mean` or `quorum`; none but for a consensus.
    combine: Option<&'static str>,
    /// How many vendors make a quorum; none where none is asked for.
    quorum: Option<usize>,
    /// Who is asked for comparison alone; none where nobody is.
    shadow: Option<ShadowStatus>,
    /// What a caller gets when nobody answered: `fail`, `hold` or `stale`.
    on_unavailable: &'static str,
    /// How long a held question is asked again, in seconds; none where none is held.
    hold_for_s: Option<u64>,
    /// What it makes of providers' answers.
    policy: PolicyStatus,
    /// Subjects that a provider may be shown; one that is not named may be shown all.
    allowed: Vec<AllowedStatus>,
}

/// Who is asked for comparison alone, and how often.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ShadowStatus {
    /// Whom.
    providers: Vec<String>,
    /// About which share of the subjects.
    sample: f64,
}

/// What a route makes of providers' answers.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct PolicyStatus {
    /// Fingerprint of these rules, as in `policy.version` of the assessments that they judged.
    version: String,
    /// The least coverage with which an answer counts as complete.
    coverage_floor: f64,
    /// From how many levels apart the higher answer stands and a person must look.
    spread_levels: u8,
    /// Codes of the factors that must have been judged.
    required_factors: Vec<String>,
    /// What the level is at least.
    floors: Vec<FloorStatus>,
    /// What a person must look at.
    review: Vec<ReviewStatus>,
}

/// While its condition holds, the level is at least this.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct FloorStatus {
    /// The condition.
    when: String,
    /// The lowest level it allows.
    level: Level,
    /// Why.
    reason: String,
}

/// While its condition holds, a person must look.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ReviewStatus {
    /// The condition.
    when: String,
    /// Why.
    reason: String,
}

/// Subjects that one provider may be shown.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct AllowedStatus {
    /// The provider.
    provider: String,
    /// Countries of residence or incorporation; none for every one.
    countries: Option<Vec<String>>,
    /// Types; none for both.
    types: Option<Vec<SubjectType>>,
}

/// List routes.
///
/// The ways to answer, by the name that a request may give.
#[utoipa::path(
    get,
    path = "/v1/routes",
    tag = "operations",
    security(("key" = [])),
    responses(
        (status = 200, description = "Every route", body = Routes),
        KeyRefusals,
    )
)]
pub(in crate::api) async fn list(State(api): State<Api>, caller: Caller) -> Result<Json<Routes>, Problem> {
    caller.needs(Scope::Read)?;
    Ok(Json(Routes { routes: api.0.assessor.routes().map(RouteStatus::of).collect() }))
}

// === impl RouteStatus ===

impl RouteStatus {
    fn of(route: &Route) -> Self {
        let (hedge_after, split, combine) = match &route.plan {
            Plan::Failover { hedge_after } => (*hedge_after, None, None),
            Plan::Split(split) => (None, Some(split), None),
            Plan::Consensus(combine) => (None, None, Some(*combine)),
        };
        let hold_for = match route.on_unavailable {
            OnUnavailable::Hold { hold_for } => Some(hold_for),
            OnUnavailable::Fail | OnUnavailable::Stale => None,
        };
        Self {
            name: route.name.clone(),
            strategy: route.strategy(),
            providers: names(&route.providers),
            deadline_ms: route.deadline.as_millis(),
            hedge_after_ms: hedge_after.map(|after| after.as_millis()),
            weights: split.map(|split| split.weights.clone()),
            experiment: split.map(|split| split.experiment.clone()),
            combine: combine.map(Combine::as_str),
            quorum: combine.and_then(Combine::quorum),
            shadow: route.shadow.as_ref().map(ShadowStatus::of),
            on_unavailable: route.on_unavailable.as_str(),
            hold_for_s: hold_for.map(|hold_for| hold_for.as_secs()),
            policy: PolicyStatus::of(&route.policy),
            allowed: route.allowed.0.iter().map(AllowedStatus::of).collect(),
        }
    }
}

// === impl ShadowStatus ===

impl ShadowStatus {
    fn of(shadow: &Shadow) -> Self {
        Self { providers: names(&shadow.providers), sample: shadow.sample }
    }
}

fn names(providers: &[Arc<Provider>]) -> Vec<String> {
    providers.iter().map(|provider| provider.name().to_string()).collect()
}

// === impl PolicyStatus ===

impl PolicyStatus {
    fn of(policy: &Policy) -> Self {
        let floor = |floor: &Floor| FloorStatus {
            when: floor.when.to_string(),
            level: floor.level,
            reason: floor.reason.clone(),
        };
        let review =
            |review: &Review| ReviewStatus { when: review.when.to_string(), reason: review.reason.clone() };
        Self {
            version: policy.version().to_owned(),
            coverage_floor: policy.coverage_floor(),
            spread_levels: policy.spread_levels(),
            required_factors: policy.required_factors().to_vec(),
            floors: policy.floors().iter().map(floor).collect(),
            review: policy.review().iter().map(review).collect(),
        }
    }
}

// === impl AllowedStatus ===

impl AllowedStatus {
    fn of(rule: &AllowedRule) -> Self {
        let countries = Some(&rule.countries).filter(|countries| !countries.is_empty());
        let types = Some(&rule.types).filter(|types| !types.is_empty());
        Self {
            provider: rule.provider.to_string(),
            countries: countries.map(|countries| countries.iter().map(ToString::to_string).collect()),
            types: types.cloned(),
        }
    }
}
