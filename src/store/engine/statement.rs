//! A statement and its values, handed to whichever driver.

use futures_util::TryStreamExt;

use super::{Connection, Row, Value};
use crate::store::StoreError;

/// A statement with its values.
#[derive(Debug, Clone)]
#[must_use]
pub(in crate::store) struct Statement {
    text: &'static str,
    values: Vec<Value>,
}

// === impl Statement ===

/// A statement without values yet.
pub(in crate::store) const fn sql(text: &'static str) -> Statement {
    Statement { text, values: Vec::new() }
}

/// Hands a statement's values to one of the drivers.
macro_rules! bound {
    ($statement:expr) => {{
        let Statement { text, values } = $statement;
        values.into_iter().fold(sqlx::query(text), |query, value| match value {
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
            Value::Integer(value) => query.bind(value),
            Value::Float(value) => query.bind(value),
            Value::Boolean(value) => query.bind(value),
        })
    }};
}

impl Statement {
    pub(in crate::store) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// How many rows it changed.
    pub(in crate::store) async fn run(self, connection: &mut Connection) -> Result<u64, StoreError> {
        Ok(match connection {
            Connection::Sqlite(connection) => bound!(self).execute(&mut **connection).await?.rows_affected(),
            Connection::Postgres(connection) => {
                bound!(self).execute(&mut **connection).await?.rows_affected()
            }
        })
    }

    /// Every row it finds, or returns of what it changed.
    pub(in crate::store) async fn all(self, connection: &mut Connection) -> Result<Vec<Row>, StoreError> {
        Ok(match connection {
            Connection::Sqlite(connection) => {
                let rows = bound!(self).fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Connection::Postgres(connection) => {
                let rows = bound!(self).fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Hands every row it finds to `take`, as they come.
    pub(in crate::store) async fn each(
        self,
        connection: &mut Connection,
        take: &mut (impl FnMut(&Row) -> Result<(), StoreError> + Send),
    ) -> Result<(), StoreError> {
        match connection {
            Connection::Sqlite(connection) => {
                let mut rows = bound!(self).fetch(&mut **connection);
                while let Some(row) = rows.try_next().await? {
                    take(&Row::Sqlite(row))?;
                }
            }
            Connection::Postgres(connection) => {
                let mut rows = bound!(self).fetch(&mut **connection);
                while let Some(row) = rows.try_next().await? {
                    take(&Row::Postgres(row))?;
                }
            }
        }
        Ok(())
    }

    /// The first row it finds.
    pub(in crate::store) async fn optional(
        self,
        connection: &mut Connection,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.all(connection).await?.into_iter().next())
    }
}
