//! An answer before it is put on the wire, whole or broken.

use axum::body::Body;
use axum::response::Response;
use hyper::http::header::{CONTENT_TYPE, HeaderName};
use hyper::http::{HeaderValue, StatusCode};
use serde_json::Value;

/// Status, headers and body of one answer.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) header: Option<(HeaderName, String)>,
    pub(crate) body: String,
    /// Whether the vendor charges for it.
    pub(crate) billed: bool,
}

// === impl Answer ===

impl Answer {
    pub(crate) fn text(status: StatusCode, content_type: &'static str, body: impl Into<String>) -> Self {
        Self { status, content_type, header: None, body: body.into(), billed: false }
    }

    pub(crate) fn json(status: StatusCode, value: &Value) -> Self {
        Self::text(status, "application/json", value.to_string())
    }

    pub(crate) fn html(status: StatusCode, title: &str) -> Self {
        let page = format!(
            "<!doctype html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
        );
        Self::text(status, "text/html; charset=utf-8", page)
    }

    pub(crate) fn with_header(self, name: HeaderName, value: String) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    pub(crate) fn charged(self) -> Self {
        Self { billed: true, ..self }
    }

    /// The response with another body than the answer's own.
    pub(crate) fn respond_with(self, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::try_from(value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }

    pub(crate) fn respond(mut self) -> Response {
        let body = Body::from(std::mem::take(&mut self.body));
        self.respond_with(body)
    }
}
