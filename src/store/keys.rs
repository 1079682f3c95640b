//! SQL of API keys. Only a keyed hash of a key's secret is stored.

use jiff::Timestamp;

use super::{
    Store, StoreError,
    engine::{Connection, Pool, Row, sql},
    writer::{Add, Change},
};

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
    /// `live` or `test`.
    pub environment: String,
    /// Keyed hash of the secret.
    pub secret_mac: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key as stored.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// Its public id.
    pub id: String,
    /// Whose it is.
    pub team: String,
    /// What it is called.
    pub name: String,
    /// What it may do: words separated by commas.
    pub scopes: String,
    /// `live` or `test`.
    pub environment: String,
    /// Keyed hash of the secret.
    pub secret_mac: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is no longer good; may lie in the future.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to about a minute.
    pub last_used_at: Option<Timestamp>,
}

const INSERT: &str = "INSERT INTO api_keys (id, team, name, scopes, environment, secret_mac, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";

const FIND: &str = "SELECT id, team, name, scopes, environment, secret_mac, created_at, revoked_at, \
     last_used_at FROM api_keys WHERE id = $1";

const LIST: &str = "SELECT id, team, name, scopes, environment, secret_mac, created_at, revoked_at, \
     last_used_at FROM api_keys WHERE $1 IS NULL OR team = $1 ORDER BY team, created_at, id";

/// Only ever earlier: a key that was revoked does not come back.
const REVOKE: &str =
    "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND (revoked_at IS NULL OR revoked_at > $2)";

const USED: &str =
    "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";

// === impl Store ===

impl Store {
    /// Stores a new key and returns once it is durable.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn add_key(&self, key: NewKey) -> Result<(), StoreError> {
        self.writer.write(Add::Key(Box::new(key))).await.map(drop)
    }

    /// The key of this id.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn key(&self, id: &str) -> Result<Option<StoredKey>, StoreError> {
        find(&self.readers, id).await
    }

    /// Every key, or those of one team, also the revoked ones.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn keys(&self, team: Option<&str>) -> Result<Vec<StoredKey>, StoreError> {
        list(&self.readers, team).await
    }

    /// Makes a key no longer good from `from` on; never later than that was settled before. Whether that changed
    /// anything.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn revoke_key(&self, id: &str, from: Timestamp) -> Result<bool, StoreError> {
        Ok(self.writer.change(Change::RevokeKey { id: id.to_owned(), from }).await? > 0)
    }

    /// Hands over that a key was used; nobody waits for that, and it is left out when too much else is waiting.
    pub fn note_key_used(&self, id: &str, at: Timestamp) {
        self.writer.offer(Change::NoteKeyUsed { id: id.to_owned(), at });
    }
}

// === impl StoredKey ===

impl StoredKey {
    /// Whether it is revoked by `now`.
    #[must_use]
    pub fn is_revoked(&self, now: Timestamp) -> bool {
        self.revoked_at.is_some_and(|from| from <= now)
    }
}

pub(super) async fn insert(connection: &mut Connection, key: &NewKey) -> Result<(), StoreError> {
    sql(INSERT)
        .bind(&key.id)
        .bind(&key.team)
        .bind(&key.name)
        .bind(&key.scopes)
        .bind(&key.environment)
        .bind(key.secret_mac.as_slice())
        .bind(key.created_at)
        .run(connection)
        .await
        .map(drop)
}

pub(super) async fn find(pool: &Pool, id: &str) -> Result<Option<StoredKey>, StoreError> {
    pool.optional(sql(FIND).bind(id)).await?.as_ref().map(stored).transpose()
}

/// Every key, or those of one team.
pub(super) async fn list(pool: &Pool, team: Option<&str>) -> Result<Vec<StoredKey>, StoreError> {
    pool.all(sql(LIST).bind(team)).await?.iter().map(stored).collect()
}

/// Makes a key no longer good from `from` on. How many keys that changed.
pub(super) async fn revoke(
    connection: &mut Connection,
    id: &str,
    from: Timestamp,
) -> Result<u64, StoreError> {
    sql(REVOKE).bind(id).bind(from).run(connection).await
}

/// Notes that a key was used.
pub(super) async fn used(connection: &mut Connection, id: &str, at: Timestamp) -> Result<u64, StoreError> {
    sql(USED).bind(id).bind(at).run(connection).await
}

fn stored(row: &Row) -> Result<StoredKey, StoreError> {
    let time = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX);
    Ok(StoredKey {
        id: row.get(0)?,
        team: row.get(1)?,
        name: row.get(2)?,
        scopes: row.get(3)?,
        environment: row.get(4)?,
        secret_mac: row.get(5)?,
        created_at: time(row.get(6)?),
        // What cannot be read as a time is not good for ever.
        revoked_at: row
            .get::<Option<i64>>(7)?
            .map(|micros| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MIN)),
        last_used_at: row.get::<Option<i64>>(8)?.map(time),
    })
}
