//! Batches: whatever is waiting goes into one transaction, and everybody is answered after the commit.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

use super::{Queued, Result, Write, Written};
use crate::store::{
    StoreError,
    engine::{Connection, Pool},
};

const MAX_BATCH: usize = 256;
/// Records of money kept in memory while they cannot be written.
const MAX_OWED: usize = 10_000;
/// How often a write that met another server's is tried.
const MAX_TRIES: u32 = 5;
/// How long a transaction may take; a connection that is silent for longer is given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long what is owed waits after it could not be written again.
const OWED_WAITS: Duration = Duration::from_secs(5);

/// What tells of money and could not be written yet.
struct Owed {
    writes: Vec<Write>,
    not_before: Instant,
}

/// Writes what comes through `queue` until it is told to close.
pub(super) async fn write(pool: Pool, mut queue: mpsc::Receiver<Queued>, failing: Arc<AtomicBool>) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    let mut owed = Owed { writes: Vec::new(), not_before: Instant::now() };
    let mut closing = None;
    while queue.recv_many(&mut batch, MAX_BATCH).await > 0 {
        if let Some(close) = batch.iter().position(|queued| matches!(queued.write, Write::Close)) {
            // What is queued is still written; whoever comes now is refused.
            queue.close();
            closing = Some(batch.remove(close).done);
        }
        let result = match owed.pay(&pool).await {
            Ok(()) => write_batch(&pool, &mut batch, &mut owed).await,
            Err(error) => {
                refuse(&mut batch, &mut owed, &error);
                false
            }
        };
        failing.store(!result, Ordering::Relaxed);
    }
    pool.close().await;
    drop(closing.map(|done| done.send(Ok(Written::Rows(0)))));
}

/// Writes the whole batch in one transaction. When a row in it is bad, or somebody else's lock stands in its way, each
/// write is tried by itself, so that it spoils no other. Returns whether the store works.
async fn write_batch(pool: &Pool, batch: &mut Vec<Queued>, owed: &mut Owed) -> bool {
    let error = match commit(pool, batch.iter().map(|queued| &queued.write)).await {
        Ok(written) => {
            // Nobody may wait for a record that was only handed over.
            batch.drain(..).zip(written).for_each(|(queued, written)| drop(queued.done.send(Ok(written))));
            return true;
        }
        Err(error) => error,
    };
    if !error.is_of_one_write() {
        refuse(batch, owed, &error);
        return false;
    }
    let mut store_works = true;
    for queued in batch.drain(..) {
        if !store_works {
            owed.keep(queued.write);
            drop(queued.done.send(Err(StoreError::TooSlow)));
            continue;
        }
        let result = commit_alone(pool, &queued.write).await;
        if let Err(error) = &result {
            if !matches!(error, StoreError::LeaseLost) {
                tracing::error!(error = error.told(), "a record could not be written");
            }
            store_works = error.is_of_one_write();
            if !error.is_bad_row() {
                owed.keep(queued.write);
            }
        }
        drop(queued.done.send(result));
    }
    store_works
}

/// Tells everybody that nothing was written.
fn refuse(batch: &mut Vec<Queued>, owed: &mut Owed, error: &StoreError) {
    tracing::error!(error = error.told(), writes = batch.len(), "the store cannot write");
    for queued in batch.drain(..) {
        drop(queued.done.send(Err(StoreError::NotWritten(error.told()))));
        owed.keep(queued.write);
    }
}

// === impl Owed ===

impl Owed {
    fn keep(&mut self, write: Write) {
        if write.tells_of_money() && self.writes.len() < MAX_OWED {
            self.writes.push(write);
        }
    }

    /// Writes what is owed, in transactions of its own. What still cannot be written waits for a while.
    ///
    /// # Errors
    ///
    /// When the store does not work at all.
    async fn pay(&mut self, pool: &Pool) -> Result<()> {
        if self.writes.is_empty() || Instant::now() < self.not_before {
            return Ok(());
        }
        let Err(error) = commit(pool, self.writes.iter()).await else {
            self.writes.clear();
            return Ok(());
        };
        if !error.is_of_one_write() {
            return Err(error);
        }
        let mut writes = std::mem::take(&mut self.writes).into_iter();
        for write in writes.by_ref() {
            let Err(error) = commit_alone(pool, &write).await else { continue };
            if error.is_bad_row() {
                tracing::error!(error = error.told(), "a record that was owed could not be written");
                continue;
            }
            self.writes.push(write);
            if !error.is_of_one_write() {
                self.writes.extend(writes);
                return Err(error);
            }
            // One lock is enough to wait for.
            break;
        }
        self.writes.extend(writes);
        self.not_before = Instant::now() + OWED_WAITS;
        Ok(())
    }
}

/// Writes one thing; again where another server's write stood in its way.
async fn commit_alone(pool: &Pool, write: &Write) -> Result<Written> {
    let mut tries = 1;
    loop {
        match commit(pool, [write].into_iter()).await {
            Ok(written) => return Ok(written.into_iter().next().unwrap_or(Written::Rows(0))),
            Err(error) if tries < MAX_TRIES && error.is_contention() => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

async fn commit<'a>(pool: &Pool, writes: impl Iterator<Item = &'a Write>) -> Result<Vec<Written>> {
    let mut connection = Connection::for_writing(pool).await?;
    match timeout(PATIENCE, transact(&mut connection, writes)).await {
        Ok(Ok(written)) => Ok(written),
        Ok(Err(error)) => {
            // After a full disk SQLite has rolled back by itself and the library does not know: start afresh.
            drop(timeout(PATIENCE, connection.close()).await);
            Err(error)
        }
        Err(_elapsed) => {
            connection.abandon();
            Err(StoreError::TooSlow)
        }
    }
}

async fn transact<'a>(
    connection: &mut Connection,
    writes: impl Iterator<Item = &'a Write>,
) -> Result<Vec<Written>> {
    let mut written = Vec::new();
    for write in writes {
        written.push(write.apply(connection).await?);
    }
    connection.commit().await?;
    Ok(written)
}
