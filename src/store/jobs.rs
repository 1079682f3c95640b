//! SQL of durable work: jobs and their numbered items.
//!
//! A worker leases an item and keeps the lease alive while it works. Whoever ends an item must still hold its lease, in
//! the same transaction as the result: so an item has exactly one result, however many workers tried.

mod items;

use std::sync::Arc;

use jiff::Timestamp;

pub use items::{Failure, Lease, LeaseRequest, LeasedItem, NewItem, Progress};

use super::{
    Store, StoreError, StoredSubject,
    engine::{Connection, Pool, Row, sql},
    idempotency, place, subjects,
    writer::{Add, Change, Write, Written},
};
use crate::{
    ids::{JobId, RequestId},
    vault::Vault,
};

const INSERT_JOB: &str = "INSERT INTO jobs (id, kind, team, label, created_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (kind, team, label) DO NOTHING";

const FIND_JOB: &str = "SELECT id, cancelled_at FROM jobs WHERE kind = $1 AND team = $2 AND label = $3";

const POSTPONE: &str =
    "SELECT number FROM job_items WHERE job_id = $1 AND status = 'queued' ORDER BY number LIMIT 1";

/// What it was for is done: its former tries are nobody's business any more.
const RESCHEDULE: &str = "UPDATE job_items SET run_at = $3, payload = $4, subject_id = $5, tries = 0, \
     request_id = NULL, former = '' \
     WHERE job_id = $1 AND number = $2 AND status = 'queued'";

const NEXT_NUMBER: &str = "SELECT COALESCE(MAX(number), 0) + 1 FROM job_items WHERE job_id = $1";

const INSERT_ITEM: &str = "INSERT INTO job_items (job_id, number, status, subject_id, payload, run_at) \
     VALUES ($1, $2, 'queued', $3, $4, $5)";

const DUE_SQLITE: &str = "SELECT job_items.job_id, job_items.number, job_items.request_id, jobs.team, jobs.label, \
     job_items.tries, job_items.subject_id, job_items.payload, job_items.former, job_items.status \
     FROM job_items JOIN jobs ON jobs.id = job_items.job_id WHERE jobs.kind = $1 AND jobs.cancelled_at IS NULL \
     AND ((job_items.status = 'queued' AND job_items.run_at <= $2) \
       OR (job_items.status = 'running' AND job_items.lease_until <= $2)) \
     ORDER BY job_items.run_at LIMIT $3";

/// Several workers take different items, and none waits for another.
const DUE_POSTGRES: &str = "SELECT job_items.job_id, job_items.number, job_items.request_id, jobs.team, jobs.label, \
     job_items.tries, job_items.subject_id, job_items.payload, job_items.former, job_items.status \
     FROM job_items JOIN jobs ON jobs.id = job_items.job_id WHERE jobs.kind = $1 AND jobs.cancelled_at IS NULL \
     AND ((job_items.status = 'queued' AND job_items.run_at <= $2) \
       OR (job_items.status = 'running' AND job_items.lease_until <= $2)) \
     ORDER BY job_items.run_at LIMIT $3 FOR UPDATE OF job_items SKIP LOCKED";

const TAKE: &str = "UPDATE job_items SET former = former || ' ' || COALESCE(request_id, ''), status = 'running', \
     request_id = $3, lease_until = $4, tries = tries + 1 WHERE job_id = $1 AND number = $2";

const EXTEND: &str = "UPDATE job_items SET lease_until = $4 \
     WHERE job_id = $1 AND number = $2 AND request_id = $3 AND status = 'running'";

/// Changes nothing, and has whoever would change the row wait.
const HOLD: &str = "UPDATE job_items SET status = 'running' \
     WHERE job_id = $1 AND number = $2 AND request_id = $3 AND status = 'running'";

const COMPLETE: &str = "UPDATE job_items SET status = 'completed', result = $4, finished_at = $5, error = NULL \
     WHERE job_id = $1 AND number = $2 AND request_id = $3 AND status = 'running'";

const RETRY: &str = "UPDATE job_items SET status = 'queued', error = $4, run_at = $5, \
     former = CASE WHEN $6 THEN former ELSE '' END \
     WHERE job_id = $1 AND number = $2 AND request_id = $3 AND status = 'running'";

const FAIL: &str = "UPDATE job_items SET status = 'failed', error = $4, finished_at = $5 \
     WHERE job_id = $1 AND number = $2 AND request_id = $3 AND status = 'running'";

const CANCEL_JOB: &str = "UPDATE jobs SET cancelled_at = $2 WHERE id = $1 AND cancelled_at IS NULL";

/// Also what is running: its worker can no longer end it, and hears of that when it extends its lease.
const CANCEL_ITEMS: &str = "UPDATE job_items SET status = 'cancelled', finished_at = $2 \
     WHERE job_id = $1 AND status IN ('queued', 'running')";

const HURRY: &str = "UPDATE job_items SET run_at = $3 WHERE status = 'queued' AND run_at > $3 \
     AND job_id IN (SELECT id FROM jobs WHERE kind = $1 AND label LIKE $2)";

const PROGRESS: &str = "SELECT status, COUNT(*) FROM job_items WHERE job_id = $1 GROUP BY status";

const FIND_LABELLED: &str = "SELECT id FROM jobs WHERE kind = $1 AND team = $2 AND label = $3";

const IS_DUE: &str = "SELECT job_items.number FROM job_items JOIN jobs ON jobs.id = job_items.job_id \
     WHERE jobs.kind = $1 AND jobs.cancelled_at IS NULL AND ((job_items.status = 'queued' AND job_items.run_at <= $2) \
       OR (job_items.status = 'running' AND job_items.lease_until <= $2)) LIMIT 1";

macro_rules! of_lease {
    ($text:expr, $lease:expr) => {
        sql($text).bind($lease.job.as_str()).bind($lease.number).bind($lease.request_id.as_str())
    };
}

// === impl Store ===

impl Store {
    /// Adds an item to its job by itself; an answer's own transaction can do so too.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn enqueue(
        &self,
        team: &str,
        subject: &Arc<StoredSubject>,
        item: NewItem,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (team, subject) = (team.to_owned(), Arc::clone(subject));
        self.writer.write(Add::Item { team, subject, item, now }).await.map(drop)
    }

    /// Leases items that are due.
    ///
    /// # Errors
    ///
    /// When the store could not be read or written.
    pub async fn lease(&self, request: LeaseRequest) -> Result<Vec<LeasedItem>, StoreError> {
        if !is_due(&self.readers, request.kind, request.now).await? {
            return Ok(Vec::new());
        }
        match self.writer.write(Write::Lease(request)).await? {
            Written::Leased(items) => Ok(items),
            Written::Rows(_) | Written::Claim(_) => Err(StoreError::Closed),
        }
    }

    /// What is needed for an item; none once its subject is erased.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn payload(&self, item: &LeasedItem) -> Result<Option<Vec<u8>>, StoreError> {
        payload(&self.readers, &self.vault, item).await
    }

    /// Keeps a lease alive until `until`; false once somebody else has the item, or it has ended.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn extend(&self, lease: &Lease, until: Timestamp) -> Result<bool, StoreError> {
        Ok(self.writer.change(Change::Extend { lease: lease.clone(), until }).await? > 0)
    }

    /// Ends an item without a result, or puts it off; false once somebody else has it, or it has ended.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn fail(&self, lease: &Lease, failure: Failure) -> Result<bool, StoreError> {
        Ok(self.writer.change(Change::Fail { lease: lease.clone(), failure }).await? > 0)
    }

    /// Makes items due at once that wait in jobs of this kind whose labels begin with `label`, which holds no wildcard.
    /// How many there were.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn hurry(&self, kind: &'static str, label: String, now: Timestamp) -> Result<u64, StoreError> {
        self.writer.change(Change::Hurry { kind, label, now }).await
    }

    /// Cancels a job: no item of it that has no result yet will have one. Whether that changed anything.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn cancel_job(&self, job: &JobId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.writer.change(Change::CancelJob { job: job.clone(), now }).await? > 0)
    }

    /// How far a job is.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn progress(&self, job: &JobId) -> Result<Progress, StoreError> {
        progress(&self.readers, job).await
    }

    /// The job of this kind, team and label.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn job(&self, kind: &str, team: &str, label: &str) -> Result<Option<JobId>, StoreError> {
        find(&self.readers, kind, team, label).await
    }
}

/// Adds an item to its job, which is made with its first one. An item of that job which still waits is put off
/// instead. Nothing once the job is cancelled.
pub(super) async fn enqueue(
    connection: &mut Connection,
    team: &str,
    subject: &StoredSubject,
    item: &NewItem,
    now: Timestamp,
) -> Result<(), StoreError> {
    begin(connection, &JobId::new(), team, item, now).await?;
    let job = sql(FIND_JOB).bind(item.kind).bind(team).bind(&item.label).optional(connection).await?;
    let job = job.ok_or(StoreError::Closed)?;
    if job.get::<Option<i64>>(1)?.is_some() {
        return Ok(());
    }
    let job = JobId::from_text(&job.get::<String>(0)?);
    if let Some(waiting) = sql(POSTPONE).bind(job.as_str()).optional(connection).await? {
        let number: i64 = waiting.get(0)?;
        let sealed = subject.data_key.seal(&place::job_payload(&job, number), &item.payload)?;
        let put_off = sql(RESCHEDULE).bind(job.as_str()).bind(number).bind(item.run_at).bind(sealed);
        if put_off.bind(subject.id.as_str()).run(connection).await? > 0 {
            return Ok(());
        }
    }
    add(connection, &job, subject, item).await
}

/// Makes the job of an item, without the item; false where it is there already.
pub(super) async fn begin(
    connection: &mut Connection,
    job: &JobId,
    team: &str,
    item: &NewItem,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let job = sql(INSERT_JOB).bind(job.as_str()).bind(item.kind).bind(team).bind(&item.label);
    Ok(job.bind(now).run(connection).await? > 0)
}

/// Adds an item to a job that is there, whatever else waits in it.
pub(super) async fn add(
    connection: &mut Connection,
    job: &JobId,
    subject: &StoredSubject,
    item: &NewItem,
) -> Result<(), StoreError> {
    let next = sql(NEXT_NUMBER).bind(job.as_str()).optional(connection).await?;
    let number = next.map_or(Ok(1), |row| row.get::<i64>(0))?;
    let sealed = subject.data_key.seal(&place::job_payload(job, number), &item.payload)?;
    let insert = sql(INSERT_ITEM).bind(job.as_str()).bind(number).bind(subject.id.as_str()).bind(sealed);
    insert.bind(item.run_at).run(connection).await.map(drop)
}

/// Whether any item is due, or its worker has gone.
pub(super) async fn is_due(pool: &Pool, kind: &str, now: Timestamp) -> Result<bool, StoreError> {
    Ok(pool.optional(sql(IS_DUE).bind(kind).bind(now)).await?.is_some())
}

/// Leases items that are due, and those whose worker let its lease run out.
pub(super) async fn lease(
    connection: &mut Connection,
    request: &LeaseRequest,
) -> Result<Vec<LeasedItem>, StoreError> {
    let due = sql(connection.either(DUE_SQLITE, DUE_POSTGRES)).bind(request.kind).bind(request.now);
    let due = due.bind(request.limit).all(connection).await?;
    let mut leased = Vec::with_capacity(due.len());
    for row in &due {
        let item = leased_item(row)?;
        of_lease!(TAKE, item.lease).bind(request.until).run(connection).await?;
        leased.push(item);
    }
    Ok(leased)
}

fn leased_item(row: &Row) -> Result<LeasedItem, StoreError> {
    let job = JobId::from_text(&row.get::<String>(0)?);
    let latest = row.get::<Option<String>>(2)?.map(|id| RequestId::from_text(&id));
    let earlier = idempotency::requests(&row.get::<String>(8)?, latest.as_ref());
    Ok(LeasedItem {
        lease: Lease { job, number: row.get(1)?, request_id: RequestId::new() },
        team: row.get(3)?,
        label: row.get(4)?,
        tries: row.get::<i64>(5)? + 1,
        earlier,
        was_cut_short: row.get::<String>(9)? == "running",
        subject_id: row.get::<Option<String>>(6)?.unwrap_or_default(),
        sealed: row.get::<Option<Vec<u8>>>(7)?.unwrap_or_default(),
    })
}

/// What is needed for the item; none once its subject is erased.
pub(super) async fn payload(
    pool: &Pool,
    vault: &Vault,
    item: &LeasedItem,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(subject) = subjects::find_by_id(pool, vault, &item.subject_id).await? else { return Ok(None) };
    let place = place::job_payload(&item.lease.job, item.lease.number);
    Ok(Some(subject.data_key.open(&place, &item.sealed)?))
}

/// Whether a lease holds still. Nobody else takes its item before the transaction ends.
pub(super) async fn holds(connection: &mut Connection, lease: &Lease) -> Result<bool, StoreError> {
    Ok(of_lease!(HOLD, lease).run(connection).await? > 0)
}

/// Keeps a lease alive. Not once somebody else has it, or the job is cancelled.
pub(super) async fn extend(
    connection: &mut Connection,
    lease: &Lease,
    until: Timestamp,
) -> Result<u64, StoreError> {
    of_lease!(EXTEND, lease).bind(until).run(connection).await
}

/// Ends an item with its result.
///
/// # Errors
///
/// [`StoreError::LeaseLost`] when somebody else has it or it is cancelled; nothing of the same transaction stays.
pub(super) async fn complete(
    connection: &mut Connection,
    lease: &Lease,
    result: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let changed = of_lease!(COMPLETE, lease).bind(result).bind(now).run(connection).await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::LeaseLost) }
}

/// Ends an item without result, or puts it off.
pub(super) async fn fail(
    connection: &mut Connection,
    lease: &Lease,
    failure: &Failure,
) -> Result<u64, StoreError> {
    let ending = match failure.retry_at {
        Some(at) => of_lease!(RETRY, lease).bind(&failure.error).bind(at).bind(failure.keeps_tries),
        None => of_lease!(FAIL, lease).bind(&failure.error).bind(failure.now),
    };
    ending.run(connection).await
}

/// Makes waiting items due at once. How many there were.
pub(super) async fn hurry(
    connection: &mut Connection,
    kind: &str,
    label: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    sql(HURRY).bind(kind).bind(format!("{label}%").as_str()).bind(now).run(connection).await
}

/// Cancels a job: no item of it that has no result yet will have one. How many jobs that changed.
pub(super) async fn cancel(
    connection: &mut Connection,
    job: &JobId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let changed = sql(CANCEL_JOB).bind(job.as_str()).bind(now).run(connection).await?;
    sql(CANCEL_ITEMS).bind(job.as_str()).bind(now).run(connection).await?;
    Ok(changed)
}

pub(super) async fn progress(pool: &Pool, job: &JobId) -> Result<Progress, StoreError> {
    let rows = pool.all(sql(PROGRESS).bind(job.as_str())).await?;
    let counted: Result<_, StoreError> = rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect();
    Ok(Progress(counted?))
}

/// The job of this kind, team and label.
pub(super) async fn find(
    pool: &Pool,
    kind: &str,
    team: &str,
    label: &str,
) -> Result<Option<JobId>, StoreError> {
    let row = pool.optional(sql(FIND_LABELLED).bind(kind).bind(team).bind(label)).await?;
    row.map(|row| Ok(JobId::from_text(&row.get::<String>(0)?))).transpose()
}
