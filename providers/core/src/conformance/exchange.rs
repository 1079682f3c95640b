//! Two plain ways to a vendor, for tests: over the transport, and from answers held in memory.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use http::HeaderMap;
use jiff::Timestamp;
use tokio::time::Instant;

use super::server::parts;
use crate::{
    Exchange, Judge, ProviderError, Transport, VendorRequest, VendorResponse, transport::TransportError,
};

/// The time of every call and answer in the kit: 2026-03-02 09:30 UTC.
pub const NOW: Timestamp = Timestamp::constant(1_772_443_800, 0);

/// A clock that always says [`NOW`].
#[must_use]
pub fn clock() -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
    Arc::new(|| NOW)
}

/// An exchange over the transport, with no limiter, breaker or retry around it. Remembers what was asked.
#[derive(Debug)]
pub struct PlainExchange {
    transport: Transport,
    asked: Asked,
}

/// An exchange that answers from memory, by operation. Remembers what was asked.
///
/// An operation without an answer gets a 404.
#[derive(Debug, Default)]
pub struct CannedExchange {
    answers: HashMap<String, (u16, Vec<u8>)>,
    /// Bodies by path and query, before those by operation.
    pages: Vec<(String, Vec<u8>)>,
    asked: Asked,
}

#[derive(Default)]
struct Asked(Mutex<Vec<VendorRequest>>);

// === impl PlainExchange ===

impl PlainExchange {
    /// An exchange over a transport of its own, whose clock stands at [`NOW`].
    ///
    /// # Errors
    ///
    /// When the transport cannot be set up.
    pub fn new() -> Result<Self, TransportError> {
        Ok(Self::over(Transport::new(clock())?))
    }

    /// An exchange over `transport`.
    #[must_use]
    pub fn over(transport: Transport) -> Self {
        Self { transport, asked: Asked::default() }
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<VendorRequest> {
        self.asked.all()
    }
}

#[async_trait]
impl Exchange for PlainExchange {
    async fn run(
        &self,
        request: VendorRequest,
        deadline: Instant,
        judge: Judge<'_>,
    ) -> Result<(), ProviderError> {
        self.asked.add(&request);
        judge(&self.transport.send(request, deadline).await?)
    }
}

// === impl CannedExchange ===

impl CannedExchange {
    /// The same exchange, answering `operation` with `status` and `body`.
    #[must_use]
    pub fn with(mut self, operation: &str, status: u16, body: impl Into<Vec<u8>>) -> Self {
        self.answers.insert(operation.to_owned(), (status, body.into()));
        self
    }

    /// The same exchange, answering requests for this path and query with `body`.
    pub(super) fn at(mut self, target: &str, body: Vec<u8>) -> Self {
        self.pages.push((target.to_owned(), body));
        self
    }

    fn answer(&self, request: &VendorRequest) -> (u16, Vec<u8>) {
        let target = match request.url.query() {
            Some(query) => format!("{}?{query}", request.url.path()),
            None => request.url.path().to_owned(),
        };
        if let Some((_, body)) = self.pages.iter().find(|(page, _)| parts(page) == parts(&target)) {
            return (200, body.clone());
        }
        self.answers.get(request.operation).cloned().unwrap_or_else(|| (404, b"{}".to_vec()))
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<VendorRequest> {
        self.asked.all()
    }
}

#[async_trait]
impl Exchange for CannedExchange {
    async fn run(
        &self,
        request: VendorRequest,
        _deadline: Instant,
        judge: Judge<'_>,
    ) -> Result<(), ProviderError> {
        self.asked.add(&request);
        let (status, body) = self.answer(&request);
        judge(&VendorResponse { status, headers: HeaderMap::new(), body, received_at: NOW })
    }
}

// === impl Asked ===

impl Asked {
    fn add(&self, request: &VendorRequest) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    }

    fn all(&self) -> Vec<VendorRequest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Asked").field(&self.all().len()).finish()
    }
}
