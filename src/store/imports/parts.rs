//! What imports are made of, in the shape that callers hand over and read.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use risk_provider::{ProviderAssessment, ProviderName};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ids::{JobId, ProviderAssessmentId},
    store::{AttemptsRecord, Lease, NewItem, StoredSubject},
};

/// An import to be begun.
#[derive(Debug)]
pub struct NewImport {
    /// Whose it is.
    pub team: String,
    /// Whose history is wanted.
    pub provider: ProviderName,
    /// From when on, as it was asked for.
    pub from: Option<String>,
    /// Until when, as it was asked for.
    pub to: Option<String>,
    /// The vendor's own filters, by their names.
    pub filters: BTreeMap<String, String>,
    /// How many answers are named; 0 where the vendor's list is wanted.
    pub references: usize,
    /// Keyed hash of all that is wanted.
    pub wanted_mac: [u8; 32],
    /// What the import's own exchanges and pages are kept under.
    pub subject: Arc<StoredSubject>,
    /// Its first page; its label tells one import from another.
    pub first: NewItem,
    /// Now.
    pub at: Timestamp,
}

/// How an import stands.
#[derive(Debug, Clone)]
pub struct Import {
    /// Its id.
    pub id: JobId,
    /// Whose history is wanted.
    pub provider: ProviderName,
    /// From when on, as it was asked for.
    pub from: Option<String>,
    /// Until when, as it was asked for.
    pub to: Option<String>,
    /// The vendor's own filters, by their names.
    pub filters: BTreeMap<String, String>,
    /// How many answers are named; 0 where the vendor's list is wanted.
    pub references: usize,
    /// Keyed hash of all that is wanted; none where an earlier release began it.
    pub wanted_mac: Option<Vec<u8>>,
    /// How far it is.
    pub status: ImportStatus,
    /// What became of the entries seen so far.
    pub counts: ImportCounts,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Why it failed, or what it waits for to pass.
    pub error: Option<String>,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// Nobody has begun it.
    Queued,
    /// Somebody works on it, or will go on, also after a restart.
    Running,
    /// Every entry was seen.
    Completed,
    /// Given up: `error` says why. Another import goes on where it ended.
    Failed,
    /// Somebody wanted no more of it.
    Cancelled,
}

/// What became of entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Brought in.
    pub imported: i64,
    /// Those of them about nobody whom the team has asked about.
    pub unattached: i64,
    /// Left out, by reason.
    pub skipped: BTreeMap<String, i64>,
    /// Not readable, by the kind of failure.
    pub failed: BTreeMap<String, i64>,
}

/// What is held under a vendor's reference.
#[derive(Debug)]
pub enum Held {
    /// Nothing.
    Nothing,
    /// An answer, or one that was erased.
    Answer,
    /// Only that the vendor still owed its answer, about this subject.
    Owed(Arc<StoredSubject>),
}

/// One entry of a vendor's list, and what became of it.
#[derive(Debug)]
pub struct Entry {
    /// The right to work on its page.
    pub lease: Lease,
    /// Keyed hash of the vendor's reference.
    pub reference_mac: [u8; 32],
    /// What became of it.
    pub outcome: EntryOutcome,
    /// The exchanges that it took.
    pub exchanges: AttemptsRecord,
    /// Now.
    pub at: Timestamp,
}

/// What became of an entry.
#[derive(Debug)]
pub enum EntryOutcome {
    /// It is brought in, unless another import was first.
    Brought(Brought),
    /// Left out, for this reason.
    Skipped(&'static str),
    /// It cannot be read, by this kind of failure.
    Failed(&'static str),
}

/// What is brought in.
#[derive(Debug)]
pub struct Brought {
    /// Its id.
    pub id: ProviderAssessmentId,
    /// What the vendor had said.
    pub said: Arc<ProviderAssessment>,
    /// Keyed hash of the vendor's own reference to it, whatever it was asked for by.
    pub reference_mac: [u8; 32],
    /// Whom it is about.
    pub subject: Arc<StoredSubject>,
    /// Whether that subject was known before.
    pub attached: bool,
}

/// A page whose every entry is written.
#[derive(Debug)]
pub struct PageEnd {
    /// The right to work on it.
    pub lease: Lease,
    /// What the import's pages are kept under.
    pub subject: Arc<StoredSubject>,
    /// The page after it, if there is one.
    pub next: Option<NewItem>,
    /// Now.
    pub at: Timestamp,
}

// === impl ImportStatus ===

impl ImportStatus {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will come of it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Completed | Self::Failed | Self::Cancelled => true,
        }
    }

    /// How the whole stands when its last page stands so.
    pub(super) fn of(page: &str, begun: bool) -> Self {
        match page {
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            "queued" if !begun => Self::Queued,
            _ => Self::Running,
        }
    }
}

// === impl ImportCounts ===

impl ImportCounts {
    pub(super) const IMPORTED: &'static str = "imported";
    pub(super) const SKIPPED: &'static str = "skipped";
    pub(super) const FAILED: &'static str = "failed";
}
