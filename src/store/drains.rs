//! SQL of drains: providers that an operator keeps from being asked.

use jiff::Timestamp;
use risk_provider::ProviderName;

use super::{
    Store, StoreError,
    engine::{Connection, Pool, sql},
    writer::Change,
};

/// An operator's word that a provider is not to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain {
    /// Who is not to be asked.
    pub provider: ProviderName,
    /// Since when.
    pub since: Timestamp,
    /// The id of the key that said so.
    pub by_key: String,
}

/// The first word stands.
const INSERT: &str =
    "INSERT INTO drains (provider, since, by_key) VALUES ($1, $2, $3) ON CONFLICT (provider) DO NOTHING";

const DELETE: &str = "DELETE FROM drains WHERE provider = $1";

const LIST: &str = "SELECT provider, since, by_key FROM drains";

// === impl Store ===

impl Store {
    /// Keeps a provider from being asked, here and on every server of this store.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn drain(&self, drain: Drain) -> Result<(), StoreError> {
        self.writer.change(Change::Drain(drain)).await.map(drop)
    }

    /// Lets a provider be asked again.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn resume(&self, provider: &ProviderName) -> Result<(), StoreError> {
        self.writer.change(Change::Resume(provider.clone())).await.map(drop)
    }

    /// Every provider that is not to be asked.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn drains(&self) -> Result<Vec<Drain>, StoreError> {
        list(&self.readers).await
    }
}

pub(super) async fn insert(connection: &mut Connection, drain: &Drain) -> Result<u64, StoreError> {
    sql(INSERT).bind(drain.provider.as_str()).bind(drain.since).bind(&drain.by_key).run(connection).await
}

pub(super) async fn delete(connection: &mut Connection, provider: &ProviderName) -> Result<u64, StoreError> {
    sql(DELETE).bind(provider.as_str()).run(connection).await
}

async fn list(pool: &Pool) -> Result<Vec<Drain>, StoreError> {
    let rows = pool.all(sql(LIST)).await?;
    let drain = |row: &super::engine::Row| {
        Ok(Drain {
            provider: ProviderName::new(&row.get::<String>(0)?),
            since: Timestamp::from_microsecond(row.get(1)?).unwrap_or(Timestamp::MIN),
            by_key: row.get(2)?,
        })
    };
    rows.iter().map(drain).collect()
}
