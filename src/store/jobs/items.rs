//! Items of jobs, leases on them, and what becomes of them.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

use crate::ids::{JobId, RequestId};

/// The right to work on an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// The item's number in it.
    pub number: i64,
    /// The request that is the try under this lease; what tells one lease from another.
    pub request_id: RequestId,
}

/// Work to be done.
#[derive(Clone)]
pub struct NewItem {
    /// What kind of job it belongs to.
    pub kind: &'static str,
    /// Which job of that kind and team.
    pub label: String,
    /// When.
    pub run_at: Timestamp,
    /// What is needed for it; sealed by the subject's data key.
    pub payload: Vec<u8>,
}

/// An item that was leased.
#[derive(Debug)]
pub struct LeasedItem {
    /// The lease.
    pub lease: Lease,
    /// Whose job it is.
    pub team: String,
    /// Which job of its kind and team.
    pub label: String,
    /// How often it has been tried, this time included.
    pub tries: i64,
    /// The requests of the tries before, which may have ended without a word.
    pub earlier: Vec<RequestId>,
    /// Whether the try before ended without a word, rather than being put off.
    pub was_cut_short: bool,
    pub(super) subject_id: String,
    pub(super) sealed: Vec<u8>,
}

/// Asks for items that are due.
#[derive(Debug, Clone)]
pub struct LeaseRequest {
    /// Of which kind of job.
    pub kind: &'static str,
    /// Now.
    pub now: Timestamp,
    /// How long the lease holds unless it is extended.
    pub until: Timestamp,
    /// How many at the most.
    pub limit: u32,
}

/// What becomes of an item that was tried in vain.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The code of why.
    pub error: String,
    /// Now.
    pub now: Timestamp,
    /// When to try again; none when that is over.
    pub retry_at: Option<Timestamp>,
    /// Whether the tries so far may have brought something that is not recorded yet.
    pub keeps_tries: bool,
}

/// How far a job is: its items by status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress(pub BTreeMap<String, i64>);

// === impl NewItem ===

impl fmt::Debug for NewItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewItem").field("kind", &self.kind).finish_non_exhaustive()
    }
}
