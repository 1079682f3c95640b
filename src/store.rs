//! The durable record, in SQLite or PostgreSQL: assessments, provider assessments, attempts, jobs, keys. What was
//! answered or paid for is only ever appended.
//!
//! One task writes. It takes whatever is waiting, applies it in one transaction and answers everybody after the
//! commit, so that concurrent answers share one sync to disk and nobody hears of a record that is not durable.

mod answers;
mod assessments;
mod attempts;
mod candidates;
mod drains;
mod drift;
mod engine;
mod experiments;
mod facts;
mod idempotency;
mod imports;
mod jobs;
mod journal;
mod keys;
mod listing;
mod migrations;
mod outcomes;
mod ownership;
mod place;
mod questionnaires;
mod reading;
mod records;
mod subjects;
#[cfg(test)]
mod tests;
mod writer;

use std::{fs::OpenOptions, io::ErrorKind, os::unix::fs::OpenOptionsExt, path::Path, sync::Arc};

use jiff::Timestamp;

pub use answers::Part;
pub use attempts::ExchangeCount;
pub use candidates::{Candidate, CandidateSource, Candidates, Side};
pub use drains::Drain;
pub use drift::AnswerNoted;
pub use engine::{BadStoreUrl, Durability, StoreUrl};
pub use experiments::Draw;
pub use idempotency::{Claim, ClaimRequest, IdempotencyKey, Pin, PinnedAnswer, SealedAnswer};
pub use imports::{
    Brought, Entry, EntryOutcome, Held, Import, ImportCounts, ImportStatus, NewImport, PageEnd,
};
pub use jobs::{Failure, Lease, LeaseRequest, LeasedItem, NewItem, Progress};
pub use journal::Journal;
pub use keys::{NewKey, StoredKey};
pub use listing::Filter;
pub use outcomes::{NewOutcome, OutcomeFilter, OutcomeNoted, Supersedable};
pub use questionnaires::KnownQuestionnaire;
pub use records::{
    AskedAbout, AssessmentRecord, AttemptsRecord, Compared, Intent, Origin, ProviderRecord, ServedRecord,
    ShadowAnswer, ShadowRecord, StoredSubject, SubjectKey,
};
pub use writer::Receipt;

use engine::Pool;
use writer::{Add, Change, Writer};

use crate::{
    ids::SubjectId,
    vault::{Vault, VaultError},
};

/// The record could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the schema could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A document in the store is not what this version writes. Says where, never what: it holds personal data.
    #[error("a stored document cannot be read (column {column})")]
    Document {
        /// Where reading stopped.
        column: usize,
    },
    /// What is sealed in it does not open, or could not be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The file could not be made.
    #[error("the file cannot be made: {0}")]
    File(#[from] std::io::Error),
    /// The store was made under another master key.
    #[error("it was made under another master key: give that one as master_key or in previous_master_keys")]
    OtherMasterKey,
    /// Somebody else ended the item of a job meanwhile, or it was cancelled.
    #[error("somebody else has ended this item, or it was cancelled")]
    LeaseLost,
    /// The store did not answer within the request's deadline.
    #[error("it did not answer in time")]
    TooSlow,
    /// What sealed everything about a subject is gone: it was erased.
    #[error("the subject's key is gone")]
    Erased,
    /// The store is shutting down, or its writer is gone.
    #[error("it is closed")]
    Closed,
    /// A batch failed as a whole.
    #[error("it cannot be written: {0}")]
    NotWritten(String),
}

// === impl StoreError ===

impl StoreError {
    /// The error in words, for logs; holds no stored value.
    #[must_use]
    pub fn told(&self) -> String {
        if let Self::Database(sqlx::Error::Database(error)) = self {
            // Its details may quote the row.
            return format!("{} ({})", error.message(), error.code().unwrap_or_default());
        }
        self.to_string()
    }

    /// Whether it lies in one write, not in the store: others of the same batch may do well.
    fn is_of_one_write(&self) -> bool {
        self.is_bad_row() || self.is_contention() || self.code().as_deref() == Some("55P03")
    }

    /// Whether what was to be written can never be.
    fn is_bad_row(&self) -> bool {
        if matches!(self, Self::LeaseLost) {
            return true;
        }
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        error.is_unique_violation() || error.is_foreign_key_violation() || error.is_check_violation()
    }

    /// Whether another server's transaction stood in the way: a deadlock or a conflict.
    fn is_contention(&self) -> bool {
        matches!(self.code().as_deref(), Some("40P01" | "40001"))
    }

    /// Whether it lies in the connection alone.
    fn is_of_connection(&self) -> bool {
        let broken =
            matches!(self, Self::TooSlow | Self::Database(sqlx::Error::Io(_) | sqlx::Error::Protocol(_)));
        // Shut down by an administrator, shutting down, or left alone in a transaction.
        broken || matches!(self.code().as_deref(), Some("57P01" | "57P02" | "57P03" | "25P03"))
    }

    /// The database's own code.
    fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
        let Self::Database(sqlx::Error::Database(error)) = self else { return None };
        error.code()
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Document { column: error.column() }
    }
}

/// The durable record. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    readers: Pool,
    writer: Writer,
    vault: Vault,
}

// === impl Store ===

impl Store {
    /// Opens the database at `url`, creates the file if it is not there, and brings its schema up to date. What is
    /// personal in it is sealed by `vault`.
    ///
    /// # Errors
    ///
    /// When it cannot be opened or written.
    pub async fn open(url: &StoreUrl, durability: Durability, vault: Vault) -> Result<Self, StoreError> {
        let (writer, readers) = Pool::open(url, durability).await?;
        Ok(Self { readers, writer: Writer::start(writer), vault })
    }

    /// Notes that an exchange is about to be made and returns once that is durable.
    ///
    /// # Errors
    ///
    /// When it could not be written; nothing may be sent then.
    pub async fn intend(&self, origin: Origin, intent: Intent) -> Result<(), StoreError> {
        self.writer.write(Add::Intent { origin, intent }).await.map(drop)
    }

    /// Concludes that the outcome of exchanges which nobody waits for any more will not be known: their process
    /// ended before it could tell. How many there were.
    ///
    /// # Errors
    ///
    /// When the store could not be read or written.
    pub async fn conclude(&self, now: Timestamp) -> Result<u64, StoreError> {
        if !attempts::has_unsettled(&self.readers, now).await? {
            return Ok(0);
        }
        self.writer.change(Change::Conclude { now }).await
    }

    /// Hands over a provider's answer. Durable once anything handed over later is.
    ///
    /// # Errors
    ///
    /// When the store is closed.
    pub async fn hand_over(&self, record: Arc<ProviderRecord>) -> Result<Receipt, StoreError> {
        self.writer.send(Add::Provider(record)).await
    }

    /// Appends attempts that led to no answer and returns once they are durable.
    ///
    /// # Errors
    ///
    /// When they could not be written.
    pub async fn append_attempts(&self, record: AttemptsRecord) -> Result<(), StoreError> {
        self.writer.write(Add::Attempts(record)).await.map(drop)
    }

    /// Appends an assessment and returns once it is durable.
    ///
    /// # Errors
    ///
    /// When it could not be written; it is then not there. [`StoreError::LeaseLost`] when it was to end an item of a
    /// job that has ended already.
    pub async fn append(&self, record: AssessmentRecord) -> Result<(), StoreError> {
        self.writer.write(Add::Assessment(Box::new(record))).await.map(drop)
    }

    /// Notes that a stored assessment was given again and returns once that is durable.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn note_served(&self, record: ServedRecord) -> Result<(), StoreError> {
        self.writer.write(Add::Served(record)).await.map(drop)
    }

    /// A team's subject; its id and data key are made when it is first asked about.
    ///
    /// # Errors
    ///
    /// When it could not be read or written.
    pub async fn subject(&self, key: &SubjectKey) -> Result<Arc<StoredSubject>, StoreError> {
        if let Some(known) = subjects::find(&self.readers, &self.vault, key).await? {
            return Ok(Arc::new(known));
        }
        let id = SubjectId::new();
        let (_, data_key) = self.vault.new_data_key(&id)?;
        self.writer.write(Add::Subject { key: key.clone(), id, data_key }).await?;
        // Somebody else may have been first.
        let made = subjects::find(&self.readers, &self.vault, key).await?;
        made.map(Arc::new).ok_or(StoreError::Erased)
    }

    /// The subject of this id; none once its data key is gone.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn subject_of(&self, id: &SubjectId) -> Result<Option<StoredSubject>, StoreError> {
        subjects::find_by_id(&self.readers, &self.vault, id.as_str()).await
    }

    /// The id of a team's subject; none when the team has not asked about it.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn subject_id(
        &self,
        team: &str,
        reference_mac: &[u8; 32],
    ) -> Result<Option<SubjectId>, StoreError> {
        subjects::find_id(&self.readers, team, reference_mac).await
    }

    /// Whether the last write failed for a reason that lies in the store.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.writer.is_failing()
    }

    /// Makes sure that the store can be read and, if writing failed last time, that it works again.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn check(&self) -> Result<(), StoreError> {
        if self.writer.is_failing() {
            let proof = Change::Fact { name: facts::PROOF, value: b"1".to_vec() };
            return self.writer.write(proof).await.map(drop);
        }
        facts::find(&self.readers, facts::PROOF).await.map(drop)
    }

    /// Writes what is waiting and closes. Later writes are refused.
    pub async fn close(&self) {
        // The writer last: only it can tidy the write-ahead log away.
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Makes the file, readable by its owner alone; its companions inherit that. One that is there stays as it is.
fn make_private(file: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}
