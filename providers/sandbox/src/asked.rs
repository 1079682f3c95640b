//! A request as the vendor reads it: head and whole body.

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use hyper::http::header::{CONTENT_TYPE, HOST};
use hyper::http::{HeaderMap, Method, Uri};
use serde_json::Value;

/// The most the vendors read of a request, in bytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// One request, completely read.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why a body is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotJson {
    MediaType,
    Encoding,
    Syntax,
}

// === impl Asked ===

impl Asked {
    /// Reads the request to its end; `None` when it is cut short or too large.
    pub(crate) async fn read(request: Request) -> Option<Self> {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, MAX_BODY_BYTES).await.ok()?;
        Some(Self { method: head.method, uri: head.uri, headers: head.headers, body })
    }

    /// The value of a header that is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The value of a query parameter, as sent.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let pairs = self.uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next_back()
    }

    /// Host and port the client believes it is talking to.
    pub(crate) fn host(&self) -> Option<&str> {
        let named = self.uri.authority().map(hyper::http::uri::Authority::as_str);
        named.or_else(|| self.header(HOST.as_str()))
    }

    pub(crate) fn path_and_query(&self) -> String {
        self.uri.path_and_query().map_or_else(|| self.uri.path().to_owned(), ToString::to_string)
    }

    /// The body, which must be declared to be JSON and be it.
    pub(crate) fn json(&self) -> Result<Value, NotJson> {
        let declared = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        if !declared.to_ascii_lowercase().starts_with("application/json") {
            return Err(NotJson::MediaType);
        }
        let Ok(text) = std::str::from_utf8(&self.body) else { return Err(NotJson::Encoding) };
        serde_json::from_str(text).or(Err(NotJson::Syntax))
    }
}
