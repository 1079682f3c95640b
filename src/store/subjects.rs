//! SQL of subjects and the keys to what is known about them.

use super::{
    StoreError, StoredSubject, SubjectKey,
    engine::{Connection, Pool, sql},
};
use crate::{ids::SubjectId, vault::Vault};

const INSERT: &str = "INSERT INTO subjects (id, team, reference_mac, created_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (team, reference_mac) DO NOTHING";

/// Nothing where somebody else was first with the subject.
const INSERT_DATA_KEY: &str = "INSERT INTO data_keys (subject_id, wrapped) \
     SELECT id, $2 FROM subjects WHERE id = $1";

const FIND: &str = "SELECT subjects.id, data_keys.wrapped FROM subjects \
     JOIN data_keys ON data_keys.subject_id = subjects.id \
     WHERE subjects.team = $1 AND subjects.reference_mac = $2";

const FIND_ID: &str = "SELECT id FROM subjects WHERE team = $1 AND reference_mac = $2";

const FIND_DATA_KEY: &str = "SELECT wrapped FROM data_keys WHERE subject_id = $1";

const DATA_KEYS_AFTER: &str =
    "SELECT subject_id, wrapped FROM data_keys WHERE subject_id > $1 ORDER BY subject_id LIMIT $2";

/// Nothing where it was wrapped anew, or erased, meanwhile.
const REPLACE_DATA_KEY: &str = "UPDATE data_keys SET wrapped = $3 WHERE subject_id = $1 AND wrapped = $2";

pub(super) async fn insert(
    connection: &mut Connection,
    key: &SubjectKey,
    id: &SubjectId,
    data_key: &[u8],
) -> Result<(), StoreError> {
    let insert = sql(INSERT).bind(id.as_str()).bind(&key.team).bind(key.reference_mac.as_slice());
    insert.bind(key.at).run(connection).await?;
    sql(INSERT_DATA_KEY).bind(id.as_str()).bind(data_key).run(connection).await?;
    Ok(())
}

pub(super) async fn find(
    pool: &Pool,
    vault: &Vault,
    key: &SubjectKey,
) -> Result<Option<StoredSubject>, StoreError> {
    let find = sql(FIND).bind(&key.team).bind(key.reference_mac.as_slice());
    let Some(row) = pool.optional(find).await? else { return Ok(None) };
    stored(vault, &row.get::<String>(0)?, &row.get::<Vec<u8>>(1)?).map(Some)
}

/// The id of a team's subject.
pub(super) async fn find_id(
    pool: &Pool,
    team: &str,
    reference_mac: &[u8; 32],
) -> Result<Option<SubjectId>, StoreError> {
    let row = pool.optional(sql(FIND_ID).bind(team).bind(reference_mac.as_slice())).await?;
    row.map(|row| Ok(SubjectId::from_text(&row.get::<String>(0)?))).transpose()
}

/// The subject of this id; none once its data key is gone.
pub(super) async fn find_by_id(
    pool: &Pool,
    vault: &Vault,
    id: &str,
) -> Result<Option<StoredSubject>, StoreError> {
    let row = pool.optional(sql(FIND_DATA_KEY).bind(id)).await?;
    row.map(|row| stored(vault, id, &row.get::<Vec<u8>>(0)?)).transpose()
}

/// A subject whose wrapped data key was read.
pub(super) fn stored(vault: &Vault, id: &str, wrapped: &[u8]) -> Result<StoredSubject, StoreError> {
    let id = SubjectId::from_text(id);
    let data_key = vault.unwrap_data_key(&id, wrapped)?;
    Ok(StoredSubject { id, data_key })
}

/// Up to `limit` wrapped data keys, of the subjects whose ids follow `after`.
pub(super) async fn data_keys_after(
    pool: &Pool,
    after: &SubjectId,
    limit: u32,
) -> Result<Vec<(SubjectId, Vec<u8>)>, StoreError> {
    let rows = pool.all(sql(DATA_KEYS_AFTER).bind(after.as_str()).bind(limit)).await?;
    rows.iter().map(|row| Ok((SubjectId::from_text(&row.get::<String>(0)?), row.get(1)?))).collect()
}

/// Wraps the data keys anew that `vault` would wrap otherwise today.
pub(super) async fn rewrap(
    connection: &mut Connection,
    vault: &Vault,
    keys: &[(SubjectId, Vec<u8>)],
) -> Result<u64, StoreError> {
    let mut changed = 0;
    for (id, wrapped) in keys {
        let Some(anew) = vault.rewrapped_data_key(id, wrapped)? else { continue };
        let replace = sql(REPLACE_DATA_KEY).bind(id.as_str()).bind(wrapped.as_slice()).bind(anew);
        changed += replace.run(connection).await?;
    }
    Ok(changed)
}
