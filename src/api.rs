//! The HTTP API: authorise, parse, one call, answer. Every refusal is a problem document.

mod assessments;
mod auth;
mod body;
mod catalog;
mod health;
mod observe;
mod openapi;
pub mod problem;
pub mod server;

use std::sync::{Arc, atomic::AtomicBool};

use axum::{Router, middleware};
use moka::future::Cache;
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

pub use assessments::{AssessRequest, Include, Options, add_raw};
pub use body::parse as parse_request;

use crate::{
    clock::Clock, routing::Assessor, secrets::MasterKey, store::Store, store::StoredKey, telemetry::Telemetry,
};

/// What every handler may use.
#[derive(Debug, Clone)]
pub struct Api(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    assessor: Arc<Assessor>,
    store: Store,
    master_key: Arc<MasterKey>,
    clock: Clock,
    telemetry: Telemetry,
    /// Keys lately looked up, by id; forgotten within seconds, so that a revoked key is.
    known_keys: Cache<String, Arc<StoredKey>>,
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
    pub master_key: Arc<MasterKey>,
    /// The time.
    pub clock: Clock,
    /// Logs and metrics.
    pub telemetry: Telemetry,
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
        let Parts { assessor, store, master_key, clock, telemetry, max_body_bytes, body_timeout } = parts;
        let known_keys = auth::known_keys();
        let draining = AtomicBool::new(false);
        Self(Arc::new(Inner {
            assessor,
            store,
            master_key,
            clock,
            telemetry,
            known_keys,
            draining,
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
        .routes(routes!(assessments::create))
        .routes(routes!(assessments::read))
        .routes(routes!(catalog::providers))
        .routes(routes!(catalog::routes))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
}

/// The OpenAPI document, as served under `/openapi.json`.
#[must_use]
pub fn openapi_document() -> utoipa::openapi::OpenApi {
    documented().into_openapi()
}
