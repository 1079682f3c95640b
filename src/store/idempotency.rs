//! SQL of idempotency keys: who answers under a key, and what was answered.

use std::fmt;

use jiff::Timestamp;

use super::{
    Store, StoreError, StoredSubject,
    engine::{Connection, Pool, Row, sql},
    place, subjects,
    writer::{Change, Write, Written},
};
use crate::{
    ids::{RequestId, SubjectId},
    vault::Vault,
};

/// What a caller's key comes to: only keyed hashes, since a key may say anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose it is.
    pub team: String,
    /// The path that it was sent to.
    pub path: String,
    /// Keyed hash of the key.
    pub key_mac: [u8; 32],
    /// Keyed hash of the body.
    pub body_mac: [u8; 32],
}

/// A request that wants to answer under a key.
#[derive(Debug, Clone)]
pub struct ClaimRequest {
    /// The key.
    pub key: IdempotencyKey,
    /// The request.
    pub request_id: RequestId,
    /// Now.
    pub now: Timestamp,
    /// When another request may take over.
    pub held_until: Timestamp,
    /// When the key is forgotten.
    pub expires_at: Timestamp,
    /// Whether to ask again where the outcome is not known and may have been paid for.
    pub retry_unknown: bool,
}

/// What came of wanting to answer under a key.
#[derive(Debug, Clone)]
pub enum Claim {
    /// The request holds the key.
    Held,
    /// The request holds it in place of earlier ones, which never ended.
    TakenOver {
        /// The earlier ones.
        from: Vec<RequestId>,
    },
    /// Another request is still answering.
    Running {
        /// When it may be taken over.
        until: Timestamp,
    },
    /// The key came with another body before.
    OtherBody,
    /// It was answered.
    Pinned(SealedAnswer),
    /// What an earlier request may have paid for was not known, as its caller was told.
    Unknown(SealedAnswer),
}

/// An answer as it was pinned.
#[derive(Debug, Clone)]
pub struct SealedAnswer {
    subject_id: String,
    request_id: RequestId,
    status: u16,
    sealed: Vec<u8>,
}

/// An answer to be given again.
#[derive(Clone)]
pub struct PinnedAnswer {
    /// Its HTTP status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

/// What a request answered under its key.
#[derive(Debug)]
pub struct Pin {
    /// The key.
    pub key: IdempotencyKey,
    /// The request.
    pub request_id: RequestId,
    /// Whom the answer is about; erased with it.
    pub subject_id: SubjectId,
    /// Its HTTP status.
    pub status: u16,
    /// Whether it says that an outcome is not known.
    pub unknown_outcome: bool,
    /// Its body, sealed.
    sealed: Vec<u8>,
}

const RUNNING: &str = "running";
const ANSWERED: &str = "answered";
const UNKNOWN: &str = "unknown_outcome";

const FORGET: &str =
    "DELETE FROM idempotency_keys WHERE team = $1 AND path = $2 AND key_mac = $3 AND expires_at <= $4";

const INSERT: &str = "INSERT INTO idempotency_keys \
     (team, path, key_mac, body_mac, request_id, state, held_until, created_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, 'running', $6, $7, $8) ON CONFLICT (team, path, key_mac) DO NOTHING";

const FIND: &str = "SELECT body_mac, request_id, state, held_until, subject_id, status, answer, former \
     FROM idempotency_keys WHERE team = $1 AND path = $2 AND key_mac = $3";

const TAKE: &str = "UPDATE idempotency_keys SET former = former || ' ' || request_id, request_id = $4, \
     state = 'running', held_until = $5 \
     WHERE team = $1 AND path = $2 AND key_mac = $3 AND request_id = $6 AND state = $7";

const PIN: &str = "UPDATE idempotency_keys SET state = $5, subject_id = $6, status = $7, answer = $8 \
     WHERE team = $1 AND path = $2 AND key_mac = $3 AND request_id = $4 AND state = 'running'";

const FOLLOW: &str = "UPDATE idempotency_keys SET former = former || ' ' || $5 \
     WHERE team = $1 AND path = $2 AND key_mac = $3 AND request_id = $4 AND state = 'running'";

const RELEASE: &str = "DELETE FROM idempotency_keys \
     WHERE team = $1 AND path = $2 AND key_mac = $3 AND request_id = $4 AND state = 'running' AND former = ''";

const HAND_ON: &str = "UPDATE idempotency_keys SET held_until = 0 \
     WHERE team = $1 AND path = $2 AND key_mac = $3 AND request_id = $4 AND state = 'running'";

const PURGE: &str = "DELETE FROM idempotency_keys WHERE expires_at <= $1";

macro_rules! of_key {
    ($text:expr, $key:expr) => {
        sql($text).bind(&$key.team).bind(&$key.path).bind($key.key_mac.as_slice())
    };
}

// === impl Store ===

impl Store {
    /// Asks for the right to answer under an idempotency key.
    ///
    /// # Errors
    ///
    /// When the store could not be read or written.
    pub async fn claim(&self, request: ClaimRequest) -> Result<Claim, StoreError> {
        match self.writer.write(Write::Claim(Box::new(request))).await? {
            Written::Claim(claim) => Ok(claim),
            Written::Rows(_) | Written::Leased(_) => Err(StoreError::Closed),
        }
    }

    /// The answer that was pinned; none once its subject is erased.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn open_pinned(&self, answer: &SealedAnswer) -> Result<Option<PinnedAnswer>, StoreError> {
        open(&self.readers, &self.vault, answer).await
    }

    /// Pins an answer to its key and returns once that is durable. Not where another request has taken over: says
    /// whether it is pinned.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn pin(&self, pin: Pin) -> Result<bool, StoreError> {
        Ok(self.writer.change(Change::Pin(Box::new(pin))).await? > 0)
    }

    /// Notes durably that a request under a key shares the call of another, `leader`.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn follow(
        &self,
        key: &IdempotencyKey,
        request_id: &RequestId,
        leader: &RequestId,
    ) -> Result<(), StoreError> {
        let (key, request_id, leader) = (key.clone(), request_id.clone(), leader.clone());
        self.writer.change(Change::Follow { key, request_id, leader }).await.map(drop)
    }

    /// Lets an idempotency key go without an answer. One that was taken over stays for whoever comes next, who looks for
    /// what became of the requests before.
    ///
    /// # Errors
    ///
    /// When it could not be written; the key is free once the request's time is over.
    pub async fn release(&self, key: IdempotencyKey, request_id: RequestId) -> Result<(), StoreError> {
        self.writer.write(Change::Release { key, request_id }).await.map(drop)
    }

    /// Forgets idempotency keys whose time is over. How many there were.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn purge_idempotency_keys(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.writer.change(Change::PurgeIdempotencyKeys { now }).await
    }
}

// === impl PinnedAnswer ===

impl fmt::Debug for PinnedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PinnedAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}

// === impl Pin ===

impl Pin {
    /// Seals an answer so that it opens only with the subject's own key.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn new(
        key: IdempotencyKey,
        request_id: RequestId,
        subject: &StoredSubject,
        answer: &PinnedAnswer,
        unknown_outcome: bool,
    ) -> Result<Self, StoreError> {
        let sealed = subject.data_key.seal(&place::pinned_answer(&request_id), &answer.body)?;
        let (subject_id, status) = (subject.id.clone(), answer.status);
        Ok(Self { key, request_id, subject_id, status, unknown_outcome, sealed })
    }
}

pub(super) async fn claim(connection: &mut Connection, claim: &ClaimRequest) -> Result<Claim, StoreError> {
    let ClaimRequest { key, request_id, now, held_until, expires_at, retry_unknown } = claim;
    of_key!(FORGET, key).bind(*now).run(connection).await?;
    let inserted = of_key!(INSERT, key)
        .bind(key.body_mac.as_slice())
        .bind(request_id.as_str())
        .bind(*held_until)
        .bind(*now)
        .bind(*expires_at)
        .run(connection)
        .await?;
    if inserted > 0 {
        return Ok(Claim::Held);
    }
    let Some(row) = of_key!(FIND, key).optional(connection).await? else {
        // Let go a moment ago: whoever comes next finds it free.
        return Ok(Claim::Running { until: *now });
    };
    if row.get::<Vec<u8>>(0)? != key.body_mac {
        return Ok(Claim::OtherBody);
    }
    let from = RequestId::from_text(&row.get::<String>(1)?);
    let earlier = requests(&row.get::<String>(7)?, Some(&from));
    let until = Timestamp::from_microsecond(row.get(3)?).unwrap_or(Timestamp::MAX);
    let state: String = row.get(2)?;
    let taken = match state.as_str() {
        RUNNING if until > *now => return Ok(Claim::Running { until }),
        RUNNING => Claim::TakenOver { from: earlier },
        UNKNOWN if *retry_unknown => Claim::TakenOver { from: earlier },
        UNKNOWN => return Ok(Claim::Unknown(sealed(&row, from)?)),
        _ => return Ok(Claim::Pinned(sealed(&row, from)?)),
    };
    let take = of_key!(TAKE, key).bind(request_id.as_str()).bind(*held_until).bind(from.as_str());
    let changed = take.bind(state.as_str()).run(connection).await?;
    Ok(if changed > 0 { taken } else { Claim::Running { until: *held_until } })
}

/// The requests of whom each stands after a blank, and the latest one.
pub(super) fn requests(former: &str, latest: Option<&RequestId>) -> Vec<RequestId> {
    former.split_whitespace().map(RequestId::from_text).chain(latest.cloned()).collect()
}

fn sealed(row: &Row, request_id: RequestId) -> Result<SealedAnswer, StoreError> {
    Ok(SealedAnswer {
        subject_id: row.get::<Option<String>>(4)?.unwrap_or_default(),
        request_id,
        status: row.get::<Option<i64>>(5)?.and_then(|status| u16::try_from(status).ok()).unwrap_or(200),
        sealed: row.get::<Option<Vec<u8>>>(6)?.unwrap_or_default(),
    })
}

/// The answer in it; none once its subject is erased.
pub(super) async fn open(
    pool: &Pool,
    vault: &Vault,
    answer: &SealedAnswer,
) -> Result<Option<PinnedAnswer>, StoreError> {
    let Some(subject) = subjects::find_by_id(pool, vault, &answer.subject_id).await? else { return Ok(None) };
    let body = subject.data_key.open(&place::pinned_answer(&answer.request_id), &answer.sealed)?;
    Ok(Some(PinnedAnswer { status: answer.status, body }))
}

/// Pins an answer, unless another request has taken over. How many keys that changed.
pub(super) async fn pin(connection: &mut Connection, pin: &Pin) -> Result<u64, StoreError> {
    of_key!(PIN, pin.key)
        .bind(pin.request_id.as_str())
        .bind(if pin.unknown_outcome { UNKNOWN } else { ANSWERED })
        .bind(pin.subject_id.as_str())
        .bind(i64::from(pin.status))
        .bind(pin.sealed.as_slice())
        .run(connection)
        .await
}

/// Lets a key go without an answer.
pub(super) async fn release(
    connection: &mut Connection,
    key: &IdempotencyKey,
    request_id: &RequestId,
) -> Result<u64, StoreError> {
    let released = of_key!(RELEASE, key).bind(request_id.as_str()).run(connection).await?;
    let handed_on = of_key!(HAND_ON, key).bind(request_id.as_str()).run(connection).await?;
    Ok(released + handed_on)
}

/// Notes that a request shares another's call.
pub(super) async fn follow(
    connection: &mut Connection,
    key: &IdempotencyKey,
    request_id: &RequestId,
    leader: &RequestId,
) -> Result<u64, StoreError> {
    of_key!(FOLLOW, key).bind(request_id.as_str()).bind(leader.as_str()).run(connection).await
}

/// Forgets keys whose time is over.
pub(super) async fn purge(connection: &mut Connection, now: Timestamp) -> Result<u64, StoreError> {
    sql(PURGE).bind(now).run(connection).await
}
