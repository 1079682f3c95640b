//! SQL of API keys. Only a keyed hash of a key's secret is stored.

use jiff::Timestamp;
use sqlx::{SqliteConnection, SqlitePool};

use super::StoreError;

/// A key to be stored.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Its public id.
    pub id: String,
    /// Whose it is.
    pub team: String,
    /// What it is called.
    pub name: String,
    /// What it may do: words separated by commas.
    pub scopes: String,
    /// Keyed hash of the secret.
    pub secret_mac: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StoredKey {
    /// Whose it is.
    pub team: String,
    /// What it is called.
    pub name: String,
    /// What it may do: words separated by commas.
    pub scopes: String,
    /// Keyed hash of the secret.
    pub secret_mac: Vec<u8>,
}

const INSERT: &str = "INSERT INTO api_keys (id, team, name, scopes, secret_mac, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6)";

const FIND: &str = "SELECT team, name, scopes, secret_mac FROM api_keys WHERE id = $1";

pub(super) async fn insert(connection: &mut SqliteConnection, key: &NewKey) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(&key.id)
        .bind(&key.team)
        .bind(&key.name)
        .bind(&key.scopes)
        .bind(key.secret_mac.as_slice())
        .bind(key.created_at.as_microsecond())
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn find(pool: &SqlitePool, id: &str) -> Result<Option<StoredKey>, StoreError> {
    Ok(sqlx::query_as(FIND).bind(id).fetch_optional(pool).await?)
}
