//! One schema for both databases, brought up to date at start.
//!
//! A migration only adds, so that the release before it keeps working beside it: what is no longer used goes a release
//! later. For the same reason a newer schema than this version knows is no error.

use sqlx::{
    AssertSqlSafe, PgPool, SqlSafeStr, SqlitePool,
    migrate::{MigrateError, Migration, Migrator},
};

static MIGRATOR: Migrator = sqlx::migrate!("src/store/migrations");

pub(super) async fn run_sqlite(pool: &SqlitePool) -> Result<(), MigrateError> {
    let mut migrator = Migrator::with_migrations(MIGRATOR.iter().cloned().collect());
    migrator.set_ignore_missing(true).run(pool).await
}

pub(super) async fn run_postgres(pool: &PgPool) -> Result<(), MigrateError> {
    let mut migrator = Migrator::with_migrations(MIGRATOR.iter().map(for_postgres).collect());
    migrator.set_ignore_missing(true).run(pool).await
}

/// The same schema under the names that PostgreSQL gives the same types.
fn for_postgres(migration: &Migration) -> Migration {
    let text = migration.sql.as_str().replace(" BLOB", " BYTEA").replace(" INTEGER", " BIGINT");
    let Migration { version, description, migration_type, no_tx, .. } = migration.clone();
    let text = AssertSqlSafe(text).into_sql_str();
    Migration::new(version, description, migration_type, text, no_tx)
}

/// The statements that made the schema of the first release, and the library's own table.
#[cfg(test)]
pub(super) fn first_release() -> [AssertSqlSafe<String>; 2] {
    let library = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
         installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, \
         execution_time BIGINT NOT NULL)";
    let first = MIGRATOR.iter().next().map(|migration| migration.sql.as_str().to_owned()).unwrap_or_default();
    [AssertSqlSafe(library.to_owned()), AssertSqlSafe(first)]
}
