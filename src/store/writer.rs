//! The one task that writes: what it takes, and the way to it.

mod batches;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use jiff::Timestamp;
use risk_provider::ProviderName;
use tokio::sync::{mpsc, oneshot};

use super::{
    AssessmentRecord, AttemptsRecord, Claim, ClaimRequest, Drain, Failure, IdempotencyKey, Intent, Lease,
    LeaseRequest, LeasedItem, NewItem, NewKey, NewOutcome, Origin, Pin, ProviderRecord, ServedRecord,
    ShadowRecord, StoreError, StoredSubject, SubjectKey, assessments, attempts, drains,
    engine::{Connection, Pool},
    experiments, facts, idempotency, imports, jobs, keys, outcomes,
    questionnaires::{self, QuestionnaireRecord},
    subjects,
};
use crate::{
    ids::{JobId, RequestId, SubjectId},
    vault::Vault,
};

/// Writers wait once this many writes are queued.
const QUEUE: usize = 1024;

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
    Shadow(Box<ShadowRecord>),
    Key(Box<NewKey>),
    Item {
        team: String,
        subject: Arc<StoredSubject>,
        item: NewItem,
        now: Timestamp,
    },
    /// A step in bringing a vendor's own history in.
    Import(Box<imports::Step>),
    Outcome(Box<NewOutcome>),
    Experiment(Box<experiments::Step>),
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
    Drain(Drain),
    Resume(ProviderName),
    Pin(Box<Pin>),
    Release {
        key: IdempotencyKey,
        request_id: RequestId,
    },
    Follow {
        key: IdempotencyKey,
        request_id: RequestId,
        leader: RequestId,
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
    Hurry {
        kind: &'static str,
        label: String,
        now: Timestamp,
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
    SeeQuestionnaire(Box<QuestionnaireRecord>),
    AcceptQuestionnaire {
        record: Box<QuestionnaireRecord>,
        by: String,
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
            Self::Shadow(record) => assessments::insert_shadow(connection, record).await,
            Self::Key(key) => keys::insert(connection, key).await,
            Self::Item { team, subject, item, now } => {
                jobs::enqueue(connection, team, subject, item, *now).await
            }
            Self::Import(step) => imports::apply(connection, step).await,
            Self::Outcome(outcome) => outcomes::insert(connection, outcome).await,
            Self::Experiment(step) => experiments::apply(connection, step).await,
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
            Self::Drain(drain) => drains::insert(connection, drain).await,
            Self::Resume(provider) => drains::delete(connection, provider).await,
            Self::Pin(pin) => idempotency::pin(connection, pin).await,
            Self::Release { key, request_id } => idempotency::release(connection, key, request_id).await,
            Self::Follow { key, request_id, leader } => {
                idempotency::follow(connection, key, request_id, leader).await
            }
            Self::PurgeIdempotencyKeys { now } => idempotency::purge(connection, *now).await,
            Self::Extend { lease, until } => jobs::extend(connection, lease, *until).await,
            Self::Fail { lease, failure } => jobs::fail(connection, lease, failure).await,
            Self::Hurry { kind, label, now } => jobs::hurry(connection, kind, label, *now).await,
            Self::CancelJob { job, now } => jobs::cancel(connection, job, *now).await,
            Self::Rewrap { vault, keys } => subjects::rewrap(connection, vault, keys).await,
            Self::SeeQuestionnaire(record) => questionnaires::see(connection, record).await,
            Self::AcceptQuestionnaire { record, by } => questionnaires::accept(connection, record, by).await,
            Self::Fact { name, value } => facts::replace(connection, name, value).await,
        }
    }
}

// === impl Writer ===

impl Writer {
    pub(super) fn start(pool: Pool) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        let failing = Arc::new(AtomicBool::new(false));
        tokio::spawn(batches::write(pool, queue, Arc::clone(&failing)));
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

    /// Hands over what may be left out when too much is waiting already.
    pub(super) fn offer(&self, write: impl Into<Write>) {
        // Nobody waits for it.
        drop(self.queue.try_send(Queued { write: write.into(), done: oneshot::channel().0 }));
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
