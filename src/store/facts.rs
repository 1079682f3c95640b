//! What the store says of itself.

use sqlx::{SqliteConnection, SqlitePool};

use super::StoreError;

/// Keyed hash by which the master key is recognised.
pub(super) const MASTER_KEY: &str = "master_key_mac";
/// Written to prove that writing works.
pub(super) const PROOF: &str = "proof";

const KEEP: &str = "INSERT INTO store_facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

const REPLACE: &str = "INSERT INTO store_facts (name, value) VALUES ($1, $2) \
     ON CONFLICT (name) DO UPDATE SET value = excluded.value";

const FIND: &str = "SELECT value FROM store_facts WHERE name = $1";

/// Writes a fact that stays as it was first written.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    name: &str,
    value: &[u8],
) -> Result<(), StoreError> {
    sqlx::query(KEEP).bind(name).bind(value).execute(connection).await?;
    Ok(())
}

/// Writes a fact in place of an earlier one.
pub(super) async fn replace(
    connection: &mut SqliteConnection,
    name: &str,
    value: &[u8],
) -> Result<(), StoreError> {
    sqlx::query(REPLACE).bind(name).bind(value).execute(connection).await?;
    Ok(())
}

pub(super) async fn find(pool: &SqlitePool, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(sqlx::query_scalar(FIND).bind(name).fetch_optional(pool).await?)
}
