//! What was asked of the vendor, what it answered, and what it would have charged.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::Value;

use crate::fault::FaultKind;

/// One request as the vendor saw it. Its `Debug` leaves the body out.
#[derive(Clone, Debug)]
pub struct RecordedCall {
    /// When the whole request was there.
    pub received_at: Instant,
    /// The operation asked for; `unknown` for a path the vendor does not have.
    pub operation: String,
    /// The request's method.
    pub method: String,
    /// The request's path, with its query if it had one.
    pub path: String,
    /// The status answered; `None` while the request is in work, and for good when nothing was sent.
    pub status: Option<u16>,
    /// The name of the fault the request met.
    pub fault: Option<String>,
    /// Whether the vendor would charge for it.
    pub billed: bool,
    /// The request's body; null when it had none or it was not JSON.
    pub body: RecordedBody,
}

/// A request's body, which holds personal data and therefore has no readable `Debug`.
#[derive(Clone, Default, PartialEq)]
pub struct RecordedBody(Value);

/// All calls of one sandbox.
#[derive(Debug, Default)]
pub(crate) struct Log {
    calls: Mutex<Vec<RecordedCall>>,
}

/// The place of a call in its log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry(usize);

// === impl RecordedBody ===

impl RecordedBody {
    pub(crate) fn new(value: Value) -> Self {
        Self(value)
    }

    /// The body itself.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for RecordedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordedBody(..)")
    }
}

// === impl Log ===

impl Log {
    pub(crate) fn begin(&self, call: RecordedCall) -> Entry {
        let mut calls = self.locked();
        calls.push(call);
        Entry(calls.len() - 1)
    }

    pub(crate) fn met(&self, entry: Entry, fault: FaultKind) {
        self.change(entry, |call| call.fault = Some(fault.name().to_owned()));
    }

    pub(crate) fn bill(&self, entry: Entry) {
        self.change(entry, |call| call.billed = true);
    }

    pub(crate) fn answered(&self, entry: Entry, status: u16) {
        self.change(entry, |call| call.status = Some(status));
    }

    pub(crate) fn calls(&self) -> Vec<RecordedCall> {
        self.locked().clone()
    }

    pub(crate) fn billed(&self) -> usize {
        self.locked().iter().filter(|call| call.billed).count()
    }

    fn change(&self, entry: Entry, change: impl FnOnce(&mut RecordedCall)) {
        if let Some(call) = self.locked().get_mut(entry.0) {
            change(call);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Vec<RecordedCall>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
