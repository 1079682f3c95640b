//! What the store says of itself.

use super::{
    StoreError,
    engine::{Connection, Pool, sql},
};

/// Keyed hash by which the master key is recognised.
pub(super) const MASTER_KEY: &str = "master_key_mac";
/// The key of every other keyed hash, wrapped by the master key.
pub(super) const HASH_KEY: &str = "hash_key";
/// Written to prove that writing works.
pub(super) const PROOF: &str = "proof";

const KEEP: &str = "INSERT INTO store_facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

const REPLACE: &str = "INSERT INTO store_facts (name, value) VALUES ($1, $2) \
     ON CONFLICT (name) DO UPDATE SET value = excluded.value";

const FIND: &str = "SELECT value FROM store_facts WHERE name = $1";

/// Writes a fact that stays as it was first written.
pub(super) async fn keep(connection: &mut Connection, name: &str, value: &[u8]) -> Result<(), StoreError> {
    sql(KEEP).bind(name).bind(value).run(connection).await.map(drop)
}

/// Writes a fact in place of an earlier one.
pub(super) async fn replace(
    connection: &mut Connection,
    name: &str,
    value: &[u8],
) -> Result<u64, StoreError> {
    sql(REPLACE).bind(name).bind(value).run(connection).await
}

pub(super) async fn find(pool: &Pool, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let row = pool.optional(sql(FIND).bind(name)).await?;
    row.map(|row| row.get(0)).transpose()
}
