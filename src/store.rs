//! The durable record, in SQLite: assessments, provider assessments, attempts, keys. Rows are only appended.
//!
//! One task writes. It takes whatever is waiting, applies it in one transaction and answers everybody after the
//! commit, so that concurrent answers share one sync to disk and nobody hears of a record that is not durable.

mod facts;
mod keys;
mod rows;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    fs::OpenOptions, io::ErrorKind, os::unix::fs::OpenOptionsExt, path::Path, str::FromStr, sync::Arc,
    time::Duration,
};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use keys::{NewKey, StoredKey};
pub use rows::{
    AssessmentRecord, AttemptsRecord, Origin, ProviderRecord, ServedRecord, StoredSubject, SubjectKey,
};
pub use writer::Receipt;
use writer::{Write, Writer};

use crate::{
    assessment::Assessment,
    ids::{AssessmentId, SubjectId},
    vault::{Vault, VaultError},
};

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

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
    #[error("it was made under another master key: give that one, or another store")]
    OtherMasterKey,
    /// The store did not answer within the request's deadline.
    #[error("it did not answer in time")]
    TooSlow,
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
        self.to_string()
    }

    /// Whether it lies in what was to be written, not in the store.
    fn is_bad_row(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        error.is_unique_violation() || error.is_foreign_key_violation() || error.is_check_violation()
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
    readers: SqlitePool,
    writer: Writer,
    vault: Vault,
}

// === impl Store ===

impl Store {
    /// Opens the database at `url` (`sqlite:FILE`), creates it if it is not there, and brings its schema up to
    /// date. What is personal in it is sealed by `vault`.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or written, or comes from a newer version.
    pub async fn open(url: &str, vault: Vault) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)?;
        make_private(options.get_filename())?;
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        sqlx::migrate!("src/store/migrations").run(&writer).await?;
        let readers =
            SqlitePoolOptions::new().max_connections(READERS).connect_with(options.read_only(true)).await?;
        Ok(Self { readers, writer: Writer::start(writer), vault })
    }

    /// Hands over a provider's answer. Durable once anything handed over later is.
    ///
    /// # Errors
    ///
    /// When the store is closed.
    pub async fn hand_over(&self, record: Arc<ProviderRecord>) -> Result<Receipt, StoreError> {
        self.writer.send(Write::Provider(record)).await
    }

    /// Appends attempts that led to no answer and returns once they are durable.
    ///
    /// # Errors
    ///
    /// When they could not be written.
    pub async fn append_attempts(&self, record: AttemptsRecord) -> Result<(), StoreError> {
        self.writer.send(Write::Attempts(record)).await?.durable().await
    }

    /// Appends an assessment and returns once it is durable.
    ///
    /// # Errors
    ///
    /// When it could not be written; it is then not there.
    pub async fn append(&self, record: AssessmentRecord) -> Result<(), StoreError> {
        self.writer.send(Write::Assessment(Box::new(record))).await?.durable().await
    }

    /// Notes that a stored assessment was given again and returns once that is durable.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn note_served(&self, record: ServedRecord) -> Result<(), StoreError> {
        self.writer.send(Write::Served(record)).await?.durable().await
    }

    /// A team's subject; its id and data key are made when it is first asked about.
    ///
    /// # Errors
    ///
    /// When it could not be read or written.
    pub async fn subject(&self, key: &SubjectKey) -> Result<Arc<StoredSubject>, StoreError> {
        if let Some(known) = rows::find_subject(&self.readers, &self.vault, key).await? {
            return Ok(Arc::new(known));
        }
        let id = SubjectId::new();
        let (_, data_key) = self.vault.new_data_key(&id)?;
        self.writer.send(Write::Subject { key: key.clone(), id, data_key }).await?.durable().await?;
        // Somebody else may have been first.
        let made = rows::find_subject(&self.readers, &self.vault, key).await?;
        made.map(Arc::new).ok_or(StoreError::Closed)
    }

    /// The latest revision of a team's assessment; none when the team has no such assessment.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn assessment(&self, team: &str, id: &AssessmentId) -> Result<Option<Assessment>, StoreError> {
        rows::find_assessment(&self.readers, &self.vault, team, id).await
    }

    /// The payloads behind an assessment, by provider.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn payloads(
        &self,
        id: &AssessmentId,
    ) -> Result<Vec<risk_provider::ProviderAssessment>, StoreError> {
        rows::find_sources(&self.readers, &self.vault, id).await
    }

    /// Stores a new key and returns once it is durable.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn add_key(&self, key: NewKey) -> Result<(), StoreError> {
        self.writer.send(Write::Key(Box::new(key))).await?.durable().await
    }

    /// The key of this id.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn key(&self, id: &str) -> Result<Option<StoredKey>, StoreError> {
        keys::find(&self.readers, id).await
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
            return self.writer.send(Write::Proof).await?.durable().await;
        }
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        Ok(())
    }

    /// Makes sure that the store belongs to the master key of this keyed hash; the first one to ask owns it.
    ///
    /// # Errors
    ///
    /// [`StoreError::OtherMasterKey`] when it was made under another.
    pub async fn claim(&self, master_key_mac: [u8; 32]) -> Result<(), StoreError> {
        self.writer.send(Write::MasterKey(master_key_mac)).await?.durable().await?;
        let owner = facts::find(&self.readers, facts::MASTER_KEY).await?;
        if owner.as_deref() == Some(&master_key_mac[..]) { Ok(()) } else { Err(StoreError::OtherMasterKey) }
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
