//! The one task that writes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::{
    AssessmentRecord, AttemptsRecord, Claim, ClaimRequest, Failure, IdempotencyKey, Intent, Lease,
    LeaseRequest, LeasedItem, NewItem, NewKey, Origin, Pin, ProviderRecord, ServedRecord, StoreError,
    StoredSubject, SubjectKey, assessments, attempts,
    engine::{Connection, Pool},
    facts, idempotency, jobs, keys, subjects,
};
use crate::{
    ids::{JobId, RequestId, SubjectId},
    vault::Vault,
};

/// Writers wait once this many writes are queued.
const QUEUE: usize = 1024;
const MAX_BATCH: usize = 256;
/// Records of money kept in memory while the store cannot be written.
const MAX_OWED: usize = 10_000;
/// How often a write that met another server's is tried.
const MAX_TRIES: u32 = 5;

/// One thing to write.
#[derive(Debug)]
pub(super) enum Write {
    Add(Add),
    Change(Change),
    Claim(Box<ClaimRequest>),
    Lease(LeaseRequest),
    /// Nothing after it is taken.
    Close,
}

/// What is only added.
#[derive(Debug)]
pub(super) enum Add {
    Subject {
        key: SubjectKey,
        id: SubjectId,
        data_key: Vec<u8>,
    },
    Intent {
        origin: Origin,
        intent: Intent,
    },
    Provider(Arc<ProviderRecord>),
    Attempts(AttemptsRecord),
    Assessment(Box<AssessmentRecord>),
    Served(ServedRecord),
    Key(Box<NewKey>),
    Item {
        team: String,
        subject: Arc<StoredSubject>,
        item: NewItem,
        now: Timestamp,
    },
    /// A fact that stays as it was first written.
    Fact {
        name: &'static str,
        value: Vec<u8>,
    },
}

/// What changes rows that are there, perhaps none.
#[derive(Debug)]
pub(super) enum Change {
    /// Exchanges that nobody waits for any more.
    Conclude {
        now: Timestamp,
    },
    RevokeKey {
        id: String,
        from: Timestamp,
    },
    NoteKeyUsed {
        id: String,
        at: Timestamp,
    },
    Pin(Box<Pin>),
    Release {
        key: IdempotencyKey,
        request_id: RequestId,
    },
    PurgeIdempotencyKeys {
        now: Timestamp,
    },
    Extend {
        lease: Lease,
        until: Timestamp,
    },
    Fail {
        lease: Lease,
        failure: Failure,
    },
    CancelJob {
        job: JobId,
        now: Timestamp,
    },
    /// Data keys as they were read, to be wrapped anew.
    Rewrap {
        vault: Vault,
        keys: Vec<(SubjectId, Vec<u8>)>,
    },
    /// A fact in place of an earlier one.
    Fact {
        name: &'static str,
        value: Vec<u8>,
    },
}

/// What a write came to.
#[derive(Debug)]
pub(super) enum Written {
    /// How many rows it changed, where anybody wants to know.
    Rows(u64),
    Claim(Claim),
    Leased(Vec<LeasedItem>),
}

type Result<T> = std::result::Result<T, StoreError>;

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
    done: oneshot::Sender<Result<Written>>,
}

/// Says when a write that was handed over is durable.
#[derive(Debug)]
pub struct Receipt(oneshot::Receiver<Result<Written>>);

// === impl Write ===

impl Write {
    /// Whether it says what was, or may have been, paid for: that is written later rather than never.
    const fn tells_of_money(&self) -> bool {
        matches!(self, Self::Add(Add::Provider(_) | Add::Attempts(_)))
    }

    async fn apply(&self, connection: &mut Connection) -> Result<Written> {
        match self {
            Self::Add(add) => add.apply(connection).await.map(|()| Written::Rows(1)),
            Self::Change(change) => change.apply(connection).await.map(Written::Rows),
            Self::Claim(request) => idempotency::claim(connection, request).await.map(Written::Claim),
            Self::Lease(request) => jobs::lease(connection, request).await.map(Written::Leased),
            Self::Close => Ok(Written::Rows(0)),
        }
    }
}

impl From<Add> for Write {
    fn from(add: Add) -> Self {
        Self::Add(add)
    }
}

impl From<Change> for Write {
    fn from(change: Change) -> Self {
        Self::Change(change)
    }
}

// === impl Add ===

impl Add {
    async fn apply(&self, connection: &mut Connection) -> Result<()> {
        match self {
            Self::Subject { key, id, data_key } => subjects::insert(connection, key, id, data_key).await,
            Self::Intent { origin, intent } => attempts::intend(connection, origin, intent).await,
            Self::Provider(record) => assessments::insert_provider_assessment(connection, record).await,
            Self::Attempts(record) => attempts::insert(connection, record, None).await,
            Self::Assessment(record) => assessments::insert(connection, record).await,
            Self::Served(record) => assessments::insert_served(connection, record).await,
            Self::Key(key) => keys::insert(connection, key).await,
            Self::Item { team, subject, item, now } => {
                jobs::enqueue(connection, team, subject, item, *now).await
            }
            Self::Fact { name, value } => facts::keep(connection, name, value).await,
        }
    }
}

// === impl Change ===

impl Change {
    /// How many rows it changed.
    async fn apply(&self, connection: &mut Connection) -> Result<u64> {
        match self {
            Self::Conclude { now } => attempts::conclude(connection, *now).await,
            Self::RevokeKey { id, from } => keys::revoke(connection, id, *from).await,
            Self::NoteKeyUsed { id, at } => keys::used(connection, id, *at).await,
            Self::Pin(pin) => idempotency::pin(connection, pin).await,
            Self::Release { key, request_id } => idempotency::release(connection, key, request_id).await,
            Self::PurgeIdempotencyKeys { now } => idempotency::purge(connection, *now).await,
            Self::Extend { lease, until } => jobs::extend(connection, lease, *until).await,
            Self::Fail { lease, failure } => jobs::fail(connection, lease, failure).await,
            Self::CancelJob { job, now } => jobs::cancel(connection, job, *now).await,
            Self::Rewrap { vault, keys } => subjects::rewrap(connection, vault, keys).await,
            Self::Fact { name, value } => facts::replace(connection, name, value).await,
        }
    }
}

// === impl Writer ===

impl Writer {
    pub(super) fn start(pool: Pool) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        let failing = Arc::new(AtomicBool::new(false));
        tokio::spawn(write_batches(pool, queue, Arc::clone(&failing)));
        Self { queue: sender, failing }
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    pub(super) async fn send(&self, write: impl Into<Write>) -> Result<Receipt> {
        let (done, receipt) = oneshot::channel();
        let queued = self.queue.send(Queued { write: write.into(), done }).await;
        queued.map(|()| Receipt(receipt)).map_err(|_closed| StoreError::Closed)
    }

    /// Writes and waits until that is durable.
    pub(super) async fn write(&self, write: impl Into<Write>) -> Result<Written> {
        self.send(write).await?.written().await
    }

    /// How many rows a change changed, once that is durable.
    pub(super) async fn change(&self, change: Change) -> Result<u64> {
        match self.write(change).await? {
            Written::Rows(rows) => Ok(rows),
            Written::Claim(_) | Written::Leased(_) => Ok(0),
        }
    }

    pub(super) async fn close(&self) {
        // A writer that is already gone has nothing left to write.
        drop(self.write(Write::Close).await);
    }
}

// === impl Receipt ===

impl Receipt {
    /// Waits until the write is durable.
    ///
    /// # Errors
    ///
    /// When it could not be written; it is then not there.
    pub async fn durable(self) -> Result<()> {
        self.written().await.map(drop)
    }

    async fn written(self) -> Result<Written> {
        self.0.await.unwrap_or(Err(StoreError::Closed))
    }
}

async fn write_batches(pool: Pool, mut queue: mpsc::Receiver<Queued>, failing: Arc<AtomicBool>) {
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
    drop(closing.map(|done| done.send(Ok(Written::Rows(0)))));
}

/// Writes the whole batch in one transaction, after what is owed from before. When a row in it is bad, each write is
/// tried by itself, so that it spoils no other. Returns whether the store works.
async fn write_batch(pool: &Pool, batch: &mut Vec<Queued>, owed: &mut Vec<Write>) -> bool {
    let writes = owed.iter().chain(batch.iter().map(|queued| &queued.write));
    let error = match commit(pool, writes).await {
        Ok(written) => {
            // Nobody waits for what was owed, and nobody may wait for a record that was only handed over.
            let written = written.into_iter().skip(owed.len());
            batch.drain(..).zip(written).for_each(|(queued, written)| drop(queued.done.send(Ok(written))));
            owed.clear();
            return true;
        }
        Err(error) => error,
    };
    if !error.is_of_one_write() {
        tracing::error!(error = error.told(), writes = batch.len(), "the store cannot write");
        for queued in batch.drain(..) {
            drop(queued.done.send(Err(StoreError::NotWritten(error.told()))));
            owe(owed, queued.write);
        }
        return false;
    }
    let mut store_works = true;
    let owing = std::mem::take(owed).into_iter().map(|write| Queued { write, done: oneshot::channel().0 });
    for queued in owing.chain(batch.drain(..)) {
        let result = commit_alone(pool, &queued.write).await;
        if let Err(error) = &result {
            if !matches!(error, StoreError::LeaseLost) {
                tracing::error!(error = error.told(), "a record could not be written");
            }
            if !error.is_of_one_write() {
                store_works = false;
                owe(owed, queued.write);
            }
        }
        drop(queued.done.send(result));
    }
    store_works
}

/// Keeps what tells of money until writing works again.
fn owe(owed: &mut Vec<Write>, write: Write) {
    if write.tells_of_money() && owed.len() < MAX_OWED {
        owed.push(write);
    }
}

/// Writes one thing; again where another server's write stood in its way.
async fn commit_alone(pool: &Pool, write: &Write) -> Result<Written> {
    let mut tries = 1;
    loop {
        let result = commit(pool, [write].into_iter()).await;
        match result {
            Ok(written) => return Ok(written.into_iter().next().unwrap_or(Written::Rows(0))),
            Err(error) if tries < MAX_TRIES && error.is_contention() => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

async fn commit<'a>(pool: &Pool, writes: impl Iterator<Item = &'a Write>) -> Result<Vec<Written>> {
    let mut connection = pool.acquire().await?;
    let result = transact(&mut connection, writes).await;
    if result.is_err() {
        // After a full disk SQLite has rolled back by itself and the library does not know: start afresh.
        connection.close().await;
    }
    result
}

async fn transact<'a>(
    connection: &mut Connection,
    writes: impl Iterator<Item = &'a Write>,
) -> Result<Vec<Written>> {
    connection.begin().await?;
    let mut written = Vec::new();
    for write in writes {
        written.push(write.apply(connection).await?);
    }
    connection.commit().await?;
    Ok(written)
}
