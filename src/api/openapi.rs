//! The document's head: what the API is, and how to present a key.

use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Risk Gateway",
        description = "One endpoint in front of every risk-scoring vendor. Ask about a person or a company and get one assessment, in bounded time, with its reasons, whichever vendor answered.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This gateway")),
    tags(
        (name = "assessments", description = "Ask about a subject, and read answers again"),
        (name = "subjects", description = "Find a subject by your own reference"),
        (name = "comparisons", description = "Say what turned out to be true, and compare providers by it"),
        (name = "operations", description = "What is configured and how it fares"),
        (name = "health", description = "For probes and Prometheus; no key needed"),
    ),
    modifiers(&Key),
)]
struct Head;

struct Key;

impl Modify for Key {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key, made with `risk-gateway keys create`"))
            .build();
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Head::openapi()
}
