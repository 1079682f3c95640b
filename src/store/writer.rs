//! The one task that writes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::{Connection, SqliteConnection, SqlitePool};
use tokio::sync::{mpsc, oneshot};

use super::{
    AssessmentRecord, AttemptsRecord, NewKey, ProviderRecord, ServedRecord, StoreError, SubjectKey, facts,
    keys, rows,
};
use crate::ids::SubjectId;

/// Writers wait once this many writes are queued.
const QUEUE: usize = 1024;
const MAX_BATCH: usize = 256;
/// Records of money kept in memory while the store cannot be written.
const MAX_OWED: usize = 10_000;

/// One thing to write.
#[derive(Debug)]
pub(super) enum Write {
    Subject {
        key: SubjectKey,
        id: SubjectId,
        data_key: Vec<u8>,
    },
    Provider(Arc<ProviderRecord>),
    Attempts(AttemptsRecord),
    Assessment(Box<AssessmentRecord>),
    Served(ServedRecord),
    Key(Box<NewKey>),
    /// The keyed hash that recognises the master key; the first one stays.
    MasterKey([u8; 32]),
    /// Nothing but proof that writing works.
    Proof,
    /// Nothing after it is taken.
    Close,
}

/// The way to the writing task.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Queued>,
    /// Whether the last write failed for a reason that lies in the store, not in what was written.
    failing: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Queued {
    write: Write,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// Says when a write that was handed over is durable.
#[derive(Debug)]
pub struct Receipt(oneshot::Receiver<Result<(), StoreError>>);

// === impl Write ===

impl Write {
    /// Whether it says what was, or may have been, paid for: that is written later rather than never.
    const fn tells_of_money(&self) -> bool {
        match self {
            Self::Provider(_) | Self::Attempts(_) => true,
            Self::Subject { .. }
            | Self::Assessment(_)
            | Self::Served(_)
            | Self::Key(_)
            | Self::MasterKey(_)
            | Self::Proof
            | Self::Close => false,
        }
    }
}

// === impl Writer ===

impl Writer {
    pub(super) fn start(pool: SqlitePool) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        let failing = Arc::new(AtomicBool::new(false));
        tokio::spawn(write_batches(pool, queue, Arc::clone(&failing)));
        Self { queue: sender, failing }
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    pub(super) async fn send(&self, write: Write) -> Result<Receipt, StoreError> {
        let (done, receipt) = oneshot::channel();
        let queued = self.queue.send(Queued { write, done }).await;
        queued.map(|()| Receipt(receipt)).map_err(|_closed| StoreError::Closed)
    }

    pub(super) async fn close(&self) {
        if let Ok(receipt) = self.send(Write::Close).await {
            // A writer that is already gone has nothing left to write.
            drop(receipt.durable().await);
        }
    }
}

// === impl Receipt ===

impl Receipt {
    /// Waits until the write is on disk.
    ///
    /// # Errors
    ///
    /// When it could not be written; it is then not there.
    pub async fn durable(self) -> Result<(), StoreError> {
        self.0.await.unwrap_or(Err(StoreError::Closed))
    }
}

async fn write_batches(pool: SqlitePool, mut queue: mpsc::Receiver<Queued>, failing: Arc<AtomicBool>) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    let mut owed = Vec::new();
    let mut closing = None;
    while queue.recv_many(&mut batch, MAX_BATCH).await > 0 {
        if let Some(close) = batch.iter().position(|queued| matches!(queued.write, Write::Close)) {
            // What is queued is still written; whoever comes now is refused.
            queue.close();
            closing = Some(batch.remove(close).done);
        }
        let store_works = write_batch(&pool, &mut batch, &mut owed).await;
        failing.store(!store_works, Ordering::Relaxed);
    }
    pool.close().await;
    drop(closing.map(|done| done.send(Ok(()))));
}

/// Writes the whole batch in one transaction, after what is owed from before. When a row in it is bad, each write is
/// tried by itself, so that it spoils no other. Returns whether the store works.
async fn write_batch(pool: &SqlitePool, batch: &mut Vec<Queued>, owed: &mut Vec<Write>) -> bool {
    let error = match commit(pool, owed.iter().chain(batch.iter().map(|queued| &queued.write))).await {
        Ok(()) => {
            owed.clear();
            // Nobody may wait for a record that was only handed over.
            batch.drain(..).for_each(|queued| drop(queued.done.send(Ok(()))));
            return true;
        }
        Err(error) => error,
    };
    if !error.is_bad_row() {
        tracing::error!(error = error.told(), writes = batch.len(), "the store cannot write");
        for queued in batch.drain(..) {
            drop(queued.done.send(Err(StoreError::NotWritten(error.told()))));
            if queued.write.tells_of_money() && owed.len() < MAX_OWED {
                owed.push(queued.write);
            }
        }
        return false;
    }
    let mut store_works = true;
    let owing = std::mem::take(owed).into_iter().map(|write| Queued { write, done: oneshot::channel().0 });
    for queued in owing.chain(batch.drain(..)) {
        let result = commit(pool, [&queued.write].into_iter()).await;
        if let Err(error) = &result {
            tracing::error!(error = error.told(), "a record could not be written");
            store_works &= error.is_bad_row();
        }
        drop(queued.done.send(result));
    }
    store_works
}

async fn commit<'a>(pool: &SqlitePool, writes: impl Iterator<Item = &'a Write>) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    let result = transact(&mut connection, writes).await;
    if result.is_err() {
        // After a full disk SQLite has rolled back by itself and the library does not know: start afresh.
        drop(connection.close().await);
    }
    result
}

async fn transact<'a>(
    connection: &mut SqliteConnection,
    writes: impl Iterator<Item = &'a Write>,
) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for write in writes {
        apply(&mut transaction, write).await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn apply(connection: &mut SqliteConnection, write: &Write) -> Result<(), StoreError> {
    match write {
        Write::Subject { key, id, data_key } => rows::insert_subject(connection, key, id, data_key).await,
        Write::Provider(record) => rows::insert_provider_assessment(connection, record).await,
        Write::Attempts(record) => rows::insert_attempts(connection, record, None).await,
        Write::Assessment(record) => rows::insert_assessment(connection, record).await,
        Write::Served(record) => rows::insert_served(connection, record).await,
        Write::Key(key) => keys::insert(connection, key).await,
        Write::MasterKey(mac) => facts::keep(connection, facts::MASTER_KEY, mac).await,
        Write::Proof => facts::replace(connection, facts::PROOF, b"1").await,
        Write::Close => Ok(()),
    }
}
