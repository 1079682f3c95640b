//! One vendor on one listener.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use hyper::http::StatusCode;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::accept;
use crate::answer::Answer;
use crate::control;
use crate::exchange::Counter;
use crate::fault::Fault;
use crate::record::RecordedCall;
use crate::settings::{Settings, Vendor};

/// A vendor that runs on this machine, until it is shut down or dropped.
pub struct Sandbox {
    address: SocketAddr,
    counter: Arc<Counter>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

// === impl Sandbox ===

impl Sandbox {
    /// Binds the listener and starts to serve. Needs a Tokio runtime.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound.
    pub async fn start(vendor: Vendor, settings: &Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let counter = Arc::new(Counter::new(vendor, settings));
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(accept::serve(listener, control::router(Arc::clone(&counter)), stopped));
        Ok(Self { address, counter, stop: Some(stop), serving })
    }

    /// The address the listener is bound to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL for clients on this machine, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// Adds a fault. Counted faults queue up; a standing one replaces the standing one for its operation.
    pub fn inject(&self, fault: impl Into<Fault>) {
        self.counter.faults.push(fault.into());
    }

    /// Removes every fault, so that new requests are answered normally.
    pub fn clear_faults(&self) {
        self.counter.faults.clear();
    }

    /// Every request received, in order, without those to `/_sandbox/`.
    #[must_use]
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.counter.log.calls()
    }

    /// How many checks and assessments the vendor would charge.
    #[must_use]
    pub fn billed(&self) -> usize {
        self.counter.log.billed()
    }

    /// Answers the next request to the operation word for word, whatever it asks and whoever asks.
    ///
    /// Several wait in order. A fault that changes the vendor's own answer leaves these alone;
    /// a 2xx to a charged operation is charged. A status outside 100 to 999 becomes 500.
    pub fn answer_next(&self, operation: &str, status: u16, body: String) {
        self.counter.script.next(operation, scripted(status, body));
    }

    /// Answers every request to the operation word for word, once those of [`Self::answer_next`] are used up.
    pub fn answer_always(&self, operation: &str, status: u16, body: String) {
        self.counter.script.always(operation, scripted(status, body));
    }

    /// Removes every scripted answer.
    pub fn clear_answers(&self) {
        self.counter.script.clear();
    }

    /// Stops at once: ends every connection and frees the port.
    pub async fn shutdown(mut self) {
        drop(self.stop.take());
        // The only failure is a panic inside the server, and it is stopped then, too.
        drop((&mut self.serving).await);
    }
}

impl fmt::Debug for Sandbox {
    /// Without what was asked and answered, which is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("vendor", &self.counter.vendor)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn scripted(status: u16, body: String) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Answer::text(status, "application/json", body)
}
