//! The two databases behind one face: the same SQL and the same values go to SQLite and to PostgreSQL.
//!
//! Statements use `$1`, which both understand, and portable columns: text, bytes, 64-bit integers, floats, booleans.

mod statement;
mod value;

use std::{fmt, str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions, Connection as _, Decode, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Type,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};

use tokio::time::timeout;

pub(super) use statement::{Statement, sql};
pub(super) use value::Value;

use super::StoreError;

const READERS: u32 = 4;
/// How much of an SQLite file each reader may keep in memory, as SQLite writes it: 16 MiB.
const READ_CACHE: &str = "-16384";
/// How many rows SQLite may read ahead of whoever takes them.
const ROWS_AHEAD: usize = 1000;
/// How long a statement waits for somebody else's lock, and a connection for the database.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the beginning of a transaction may take: longer than it waits for a lock.
const BEGIN_PATIENCE: Duration = Duration::from_secs(7);
/// How long a reader may be silent before it is given up.
const READ_PATIENCE: Duration = Duration::from_secs(10);
/// How long a read of very many rows may take.
const LONG_READ_PATIENCE: Duration = Duration::from_secs(60);

/// Nobody waits long for somebody else's lock, and nobody keeps locks that went away in the middle of a transaction.
/// Comparisons sort very many rows: each sort may take so much memory before it goes to disk.
const MANNERS: &str = "SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '5s'; \
     SET client_min_messages = warning; SET work_mem = '64MB'";

/// Where the store is: `sqlite:FILE`, or `postgres://…`. Shown without its password.
#[derive(Clone)]
pub struct StoreUrl(SecretString);

/// The text names no store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be \"sqlite:\" and a file name, such as \"sqlite:risk-gateway.db\", or \"postgres://user@host/database\""
)]
pub struct BadStoreUrl;

/// When a record counts as durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Once it is on disk: it survives a power cut.
    #[default]
    Commit,
    /// Once the database has taken it: it survives the end of the process; a power cut may cost the last moments.
    Relaxed,
}

/// Connections of one kind, to one database.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// One connection.
#[derive(Debug)]
pub(super) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// A row that was found.
#[derive(Debug)]
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// What can stand in a portable column.
pub(super) trait Column:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Column for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

// === impl StoreUrl ===

impl StoreUrl {
    /// Where an embedded store lies.
    #[must_use]
    pub fn of_file(file: &std::path::Path) -> Self {
        Self(format!("sqlite:{}", file.display()).into())
    }

    pub(super) fn sqlite(&self) -> Option<Result<SqliteConnectOptions, sqlx::Error>> {
        let url = self.0.expose_secret();
        url.starts_with("sqlite:").then(|| SqliteConnectOptions::from_str(url))
    }
}

impl FromStr for StoreUrl {
    type Err = BadStoreUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = match text.split_once(':') {
            Some(("sqlite", file)) => {
                !file.is_empty() && !file.contains(":memory:") && !file.contains("mode=memory")
            }
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                PgConnectOptions::from_str(text).is_ok()
            }
            _ => false,
        };
        if good { Ok(Self(text.into())) } else { Err(BadStoreUrl) }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0.expose_secret();
        match url.split_once("://") {
            // What stands after "?" may hold a password too.
            Some((scheme, rest)) => {
                let rest = rest.split('?').next().unwrap_or_default();
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                write!(f, "{scheme}://{place}")
            }
            None => f.write_str(url),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// === impl Pool ===

impl Pool {
    /// The one connection that writes, and those that read.
    pub(super) async fn open(url: &StoreUrl, durability: Durability) -> Result<(Self, Self), StoreError> {
        match url.sqlite() {
            Some(options) => Self::open_sqlite(options?, durability).await,
            None => Self::open_postgres(PgConnectOptions::from_str(url.0.expose_secret())?, durability).await,
        }
    }

    async fn open_sqlite(
        options: SqliteConnectOptions,
        durability: Durability,
    ) -> Result<(Self, Self), StoreError> {
        super::make_private(options.get_filename())?;
        let synchronous = match durability {
            Durability::Commit => SqliteSynchronous::Full,
            Durability::Relaxed => SqliteSynchronous::Normal,
        };
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        super::migrations::run_sqlite(&writer).await?;
        let reading = options.read_only(true).row_buffer_size(ROWS_AHEAD).pragma("cache_size", READ_CACHE);
        let readers = SqlitePoolOptions::new().max_connections(READERS).connect_with(reading).await?;
        Ok((Self::Sqlite(writer), Self::Sqlite(readers)))
    }

    async fn open_postgres(
        options: PgConnectOptions,
        durability: Durability,
    ) -> Result<(Self, Self), StoreError> {
        let options = options.application_name("risk-gateway");
        // Set here, whatever the server's own default is.
        let settings = match durability {
            Durability::Commit => "SET synchronous_commit = on",
            Durability::Relaxed => "SET synchronous_commit = off",
        };
        let pool = |connections| {
            // Not tried beforehand: whoever uses a connection finds out, and gives up one that says nothing.
            let options = PgPoolOptions::new().test_before_acquire(false);
            options.max_connections(connections).acquire_timeout(PATIENCE).after_connect(
                move |connection, _| {
                    Box::pin(async move {
                        sqlx::raw_sql(settings).execute(&mut *connection).await?;
                        sqlx::raw_sql(MANNERS).execute(connection).await?;
                        Ok(())
                    })
                },
            )
        };
        // By itself first: a pool goes on trying, and does not tell why in vain.
        options.connect().await?.close().await?;
        let writer = pool(1).connect_with(options.clone()).await?;
        super::migrations::run_postgres(&writer).await?;
        let readers = pool(READERS).connect_with(options).await?;
        Ok((Self::Postgres(writer), Self::Postgres(readers)))
    }

    pub(super) async fn acquire(&self) -> Result<Connection, StoreError> {
        Ok(match self {
            Self::Sqlite(pool) => Connection::Sqlite(pool.acquire().await?),
            Self::Postgres(pool) => Connection::Postgres(pool.acquire().await?),
        })
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// Every row that `statement` finds. Tried once more where the connection had ended meanwhile.
    pub(super) async fn all(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let mut connection = self.acquire().await?;
        let read = timeout(READ_PATIENCE, statement.clone().all(&mut connection)).await;
        let read = read.unwrap_or(Err(StoreError::TooSlow));
        let Err(error) = read else { return read };
        if !error.is_of_connection() {
            return Err(error);
        }
        connection.abandon();
        let mut connection = self.acquire().await?;
        let read = timeout(READ_PATIENCE, statement.all(&mut connection)).await;
        read.unwrap_or(Err(StoreError::TooSlow))
    }

    /// Hands every row that `statement` finds to `take`, as they come. Tried once more where the connection had ended
    /// before the first.
    pub(super) async fn each(
        &self,
        statement: Statement,
        take: &mut (impl FnMut(&Row) -> Result<(), StoreError> + Send),
    ) -> Result<(), StoreError> {
        let mut connection = self.acquire().await?;
        let mut taken = false;
        let mut noted = |row: &Row| {
            taken = true;
            take(row)
        };
        let read = timeout(LONG_READ_PATIENCE, statement.clone().each(&mut connection, &mut noted)).await;
        let Err(error) = read.unwrap_or(Err(StoreError::TooSlow)) else { return Ok(()) };
        if taken || !error.is_of_connection() || matches!(error, StoreError::TooSlow) {
            connection.abandon();
            return Err(error);
        }
        connection.abandon();
        let mut connection = self.acquire().await?;
        let read = timeout(LONG_READ_PATIENCE, statement.each(&mut connection, take)).await;
        read.unwrap_or(Err(StoreError::TooSlow))
    }

    /// The row that `statement` finds.
    pub(super) async fn optional(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Ok(self.all(statement).await?.into_iter().next())
    }
}

// === impl Connection ===

impl Connection {
    /// A connection in a transaction that may write. One that had ended, or says nothing, is given up for another.
    pub(super) async fn for_writing(pool: &Pool) -> Result<Self, StoreError> {
        let mut connection = pool.acquire().await?;
        let begun = timeout(BEGIN_PATIENCE, connection.begin()).await;
        let Err(error) = begun.unwrap_or(Err(StoreError::TooSlow)) else { return Ok(connection) };
        connection.abandon();
        if !error.is_of_connection() {
            return Err(error);
        }
        let mut connection = pool.acquire().await?;
        timeout(BEGIN_PATIENCE, connection.begin()).await.unwrap_or(Err(StoreError::TooSlow))?;
        Ok(connection)
    }

    /// Begins a transaction that may write.
    async fn begin(&mut self) -> Result<(), StoreError> {
        let begin = match self {
            Self::Sqlite(_) => sql("BEGIN IMMEDIATE"),
            Self::Postgres(_) => sql("BEGIN"),
        };
        begin.run(self).await.map(drop)
    }

    /// Makes what was written durable.
    pub(super) async fn commit(&mut self) -> Result<(), StoreError> {
        sql("COMMIT").run(self).await.map(drop)
    }

    /// Ends the connection, and with it whatever was not committed.
    pub(super) async fn close(self) {
        drop(match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        });
    }

    /// Ends the connection without a word to the other side, which may no longer listen.
    pub(super) fn abandon(self) {
        match self {
            Self::Sqlite(connection) => drop(connection.detach()),
            Self::Postgres(connection) => drop(connection.detach()),
        }
    }

    /// The text for this database, where the two differ.
    pub(super) const fn either(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }
}

// === impl Row ===

impl Row {
    /// The value of the column at `index`, counted from 0.
    pub(super) fn get<T: Column>(&self, index: usize) -> Result<T, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(index)?,
            Self::Postgres(row) => row.try_get(index)?,
        })
    }
}
