//! The one HTTP client to vendors: pooled, rustls, no redirects, capped answers, and an honest word on every
//! failure about whether the request can have reached the vendor.
//!
//! A request with a body was sent once the connection asked for that body; before, the vendor can hold no question.
//! A request without one was sent unless connecting failed: nothing tells the moment when it leaves.

mod question;
#[cfg(test)]
mod tests;

use std::{error::Error, fmt, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::Instant;
use url::Url;

use self::question::{Question, Sent};
use crate::{FailureKind, ProviderError, VendorRequest, VendorResponse};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Shorter than common server keep-alives, so that a pooled connection is rarely closed under a request.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(20);
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Sends requests to vendors. Cheap to clone; clones share the pool.
#[derive(Clone)]
pub struct Transport {
    client: reqwest::Client,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// The transport could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for vendors could not be built")]
pub struct TransportError(#[from] reqwest::Error);

// === impl Transport ===

impl Transport {
    /// A transport that stamps answers by the clock `now`.
    ///
    /// # Errors
    ///
    /// When the system's certificate store cannot be read.
    pub fn new(now: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Result<Self, TransportError> {
        // An error only says that a provider is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .tcp_nodelay(true)
            .retry(reqwest::retry::never())
            .no_proxy()
            .user_agent(concat!("risk-gateway/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, now })
    }

    /// Sends `request` and reads the whole answer before `deadline`.
    ///
    /// # Errors
    ///
    /// `unreachable` when nothing was sent, `unknown_outcome` when it may have been and no whole answer came,
    /// `malformed` for an answer over the size cap.
    pub async fn send(
        &self,
        request: VendorRequest,
        deadline: Instant,
    ) -> Result<VendorResponse, ProviderError> {
        let (outgoing, sent) = self.outgoing(request);
        let answer = match tokio::time::timeout_at(deadline, outgoing.send()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(failure(error, !sent.give_up())),
            Err(elapsed) => return Err(too_late(!sent.give_up()).with_source(elapsed)),
        };
        match tokio::time::timeout_at(deadline, self.read(answer)).await {
            Ok(answer) => answer,
            Err(elapsed) => Err(too_late(true).with_source(elapsed)),
        }
    }

    fn outgoing(&self, request: VendorRequest) -> (reqwest::RequestBuilder, Sent) {
        let outgoing = self.client.request(request.method, request.url).headers(request.headers);
        match request.body.filter(|body| !body.is_empty()) {
            None => (outgoing, Sent::untold()),
            Some(body) => {
                let (question, sent) = Question::new(body);
                (outgoing.body(reqwest::Body::wrap(question)), sent)
            }
        }
    }

    async fn read(&self, mut answer: reqwest::Response) -> Result<VendorResponse, ProviderError> {
        let status = answer.status().as_u16();
        let headers = std::mem::take(answer.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failure(error, true))? {
            if body.len().saturating_add(chunk.len()) > MAX_ANSWER_BYTES {
                let detail = format!("the answer is larger than {MAX_ANSWER_BYTES} bytes");
                return Err(ProviderError::answered(FailureKind::Malformed, status, detail));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(VendorResponse { status, headers, body, received_at: (self.now)() })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

/// What it means that time ran out.
fn too_late(sent: bool) -> ProviderError {
    if sent {
        ProviderError::new(FailureKind::UnknownOutcome, "no whole answer within the time allowed")
            .with_sent(true)
    } else {
        ProviderError::new(FailureKind::Unreachable, "no connection within the time allowed")
    }
}

/// What the client's failure means. The address is cut out: it may hold more than the operator's logs should.
fn failure(error: reqwest::Error, sent: bool) -> ProviderError {
    let error = error.without_url();
    let cause = root_cause(&error);
    let (kind, what) = if error.is_connect() || error.is_builder() {
        (FailureKind::Unreachable, "could not connect")
    } else if !sent {
        (FailureKind::Unreachable, "the connection broke before anything was sent")
    } else {
        (FailureKind::UnknownOutcome, "the connection broke before the whole answer")
    };
    let sent = kind == FailureKind::UnknownOutcome;
    ProviderError::new(kind, format!("{what}: {cause}")).with_sent(sent).with_source(error)
}

fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// Joins an endpoint's path to a base address that may already hold the start of it.
///
/// `https://api.example/v2/api` and `/v2/api/actors` give `https://api.example/v2/api/actors`. A trailing
/// slash of the path is kept.
#[must_use]
pub fn join(base: &Url, path: &str) -> Url {
    let parts =
        |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let held = parts(base.path());
    let wanted = parts(path);
    let overlap = (0..=held.len().min(wanted.len()))
        .rev()
        .find(|&count| held.iter().rev().take(count).rev().eq(wanted.iter().take(count)))
        .unwrap_or(0);
    let mut joined = held;
    joined.extend(wanted.into_iter().skip(overlap));
    let mut url = base.clone();
    url.set_path(&format!("/{}{}", joined.join("/"), if path.ends_with('/') { "/" } else { "" }));
    url
}
