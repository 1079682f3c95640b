//! The HTTP API: authorise, parse, one call, answer. Every refusal is a problem document.

mod answering;
mod assessments;
mod auth;
mod body;
mod catalog;
mod comparisons;
mod drains;
mod experiments;
mod health;
mod hooks;
mod idempotency;
mod imports;
mod listing;
mod observe;
mod openapi;
mod outcomes;
pub mod problem;
mod profiles;
mod query;
mod recheck;
pub mod server;

use std::sync::{Arc, atomic::AtomicBool};

use axum::{Router, middleware};
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

pub use assessments::{AssessRequest, Include, Options, add_raw};
pub use body::parse as parse_request;
pub use imports::ImportState;

use tokio_util::task::TaskTracker;

use crate::{
    clock::Clock, drains::Drains, questionnaires::WatchedProviders, routing::Assessor, secrets::HashKey,
    store::Store, team_limits::TeamLimits, telemetry::Telemetry,
};

/// What every handler may use.
#[derive(Debug, Clone)]
pub struct Api(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    assessor: Arc<Assessor>,
    store: Store,
    hash_key: Arc<HashKey>,
    drains: Drains,
    watched: WatchedProviders,
    team_limits: TeamLimits,
    clock: Clock,
    telemetry: Telemetry,
    tasks: TaskTracker,
    /// Forgotten within seconds, so that a revoked key is.
    known_keys: auth::KnownKeys,
    draining: AtomicBool,
    max_body_bytes: usize,
    body_timeout: std::time::Duration,
}

/// What the API is made of.
#[derive(Debug)]
pub struct Parts {
    /// What answers questions.
    pub assessor: Arc<Assessor>,
    /// The durable record.
    pub store: Store,
    /// What keys are checked against.
    pub hash_key: Arc<HashKey>,
    /// Whom an operator keeps from being asked.
    pub drains: Drains,
    /// The providers that have questionnaires.
    pub watched: WatchedProviders,
    /// How many requests a team may make.
    pub team_limits: TeamLimits,
    /// The time.
    pub clock: Clock,
    /// Logs and metrics.
    pub telemetry: Telemetry,
    /// Where requests run that their callers may leave; shutting down waits for it.
    pub tasks: TaskTracker,
    /// The largest request body.
    pub max_body_bytes: usize,
    /// How long a client may take to send a body.
    pub body_timeout: std::time::Duration,
}

// === impl Api ===

impl Api {
    /// An API that is ready.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts {
            assessor,
            store,
            hash_key,
            drains,
            watched,
            team_limits,
            clock,
            telemetry,
            tasks,
            max_body_bytes,
            body_timeout,
        } = parts;
        Self(Arc::new(Inner {
            assessor,
            store,
            hash_key,
            drains,
            watched,
            team_limits,
            clock,
            telemetry,
            tasks,
            known_keys: auth::KnownKeys::new(),
            draining: AtomicBool::new(false),
            max_body_bytes,
            body_timeout,
        }))
    }

    /// Says on `/readyz` that no new requests should come.
    pub fn start_draining(&self) {
        self.0.draining.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// Every endpoint.
    pub fn router(&self) -> Router {
        let (router, document) = documented().split_for_parts();
        // Without this the page would tell a validator on the internet where the document is.
        let offline = utoipa_swagger_ui::Config::default().validator_url("none");
        let docs = SwaggerUi::new("/docs").url("/openapi.json", document).config(offline);
        router
            .merge(docs)
            .fallback(problem::fallback)
            .method_not_allowed_fallback(problem::wrong_method)
            .layer(middleware::from_fn_with_state(self.clone(), observe::observe))
            .with_state(self.clone())
    }
}

/// The endpoints with their documentation.
fn documented() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(openapi::document())
        .routes(routes!(assessments::create, listing::list))
        .routes(routes!(listing::search))
        .routes(routes!(assessments::read))
        .routes(routes!(recheck::recheck))
        .routes(routes!(listing::lookup))
        .routes(routes!(catalog::providers))
        .routes(routes!(drains::drain))
        .routes(routes!(drains::resume))
        .routes(routes!(catalog::provider))
        .routes(routes!(profiles::list))
        .routes(routes!(profiles::read))
        .routes(routes!(catalog::routes::list))
        .routes(routes!(imports::create))
        .routes(routes!(imports::read, imports::cancel))
        .routes(routes!(outcomes::create, outcomes::list))
        .routes(routes!(comparisons::read))
        .routes(routes!(comparisons::drift::read_drift))
        .routes(routes!(experiments::register, experiments::list))
        .routes(routes!(experiments::read))
        .routes(routes!(experiments::looks::take_look))
        .routes(routes!(experiments::decisions::decide))
        .routes(routes!(experiments::audit::draw_audit_sample, experiments::audit::read_audit_sample))
        .routes(routes!(hooks::take))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
}

/// The OpenAPI document, as served under `/openapi.json`.
#[must_use]
pub fn openapi_document() -> utoipa::openapi::OpenApi {
    documented().into_openapi()
}
