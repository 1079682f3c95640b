//! Where a test's records go: a SQLite file of its own, or a schema of its own in PostgreSQL.
//!
//! `DATABASE_URL` names a PostgreSQL database in which schemas may be made and dropped. What needs it and does not find
//! it says so on stderr and does nothing. `TEST_STORE=postgres` runs everything on it that has no say in the matter.

use std::{io::Write, thread};

use base64::{Engine, engine::general_purpose::STANDARD};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tempfile::TempDir;
use uuid::Uuid;

/// A store that is gone with its test.
pub(crate) struct TestStore {
    /// As it stands in a configuration.
    pub(crate) url: String,
    place: Place,
}

enum Place {
    File { folder: TempDir },
    Schema(Schema),
}

/// A schema in the database of `DATABASE_URL`.
struct Schema {
    database: String,
    name: String,
}

#[expect(clippy::disallowed_methods, reason = "what the tests run on is told by the environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

// === impl TestStore ===

impl TestStore {
    /// A store of the kind that this run is about.
    pub(crate) fn new() -> Self {
        match variable("TEST_STORE").as_deref() {
            Some("postgres") => Self::postgres("everything").expect("DATABASE_URL"),
            _ => Self::sqlite(),
        }
    }

    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("risk-gateway.db").display());
        Self { url, place: Place::File { folder } }
    }

    /// None, after saying that `what` is skipped, where there is no PostgreSQL.
    pub(crate) fn postgres(what: &str) -> Option<Self> {
        let Some(database) = variable("DATABASE_URL") else {
            // Past the harness, which shows nothing of a test that passes.
            drop(writeln!(std::io::stderr(), "skipped on PostgreSQL, for want of DATABASE_URL: {what}"));
            return None;
        };
        Some(Self::schema_in(database))
    }

    /// A schema in `database`, which must be there until this is dropped.
    pub(crate) fn schema_in(database: String) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let separator = if database.contains('?') { '&' } else { '?' };
        let url = format!("{database}{separator}options[search_path]={name}");
        let schema = Schema { database, name };
        schema.run(format!("CREATE SCHEMA {}", schema.name)).expect("a schema in the database");
        Self { url, place: Place::Schema(schema) }
    }

    /// Everything in it, as it lies there: each file's bytes, or each table's rows; byte columns also as text.
    pub(crate) fn dump(&self) -> Vec<(String, String)> {
        match &self.place {
            Place::File { folder } => {
                let files = std::fs::read_dir(folder.path()).expect("a folder");
                let file = |file: std::fs::DirEntry| {
                    let bytes = std::fs::read(file.path()).expect("its bytes");
                    let name = file.file_name().into_string().expect("a name");
                    (name, String::from_utf8_lossy(&bytes).into_owned())
                };
                files.map(|found| file(found.expect("a file"))).collect()
            }
            Place::Schema(schema) => schema.dump(),
        }
    }

    /// Where the file and its companions lie.
    pub(crate) fn folder(&self) -> &std::path::Path {
        match &self.place {
            Place::File { folder } => folder.path(),
            Place::Schema(schema) => panic!("{} is no file", schema.name),
        }
    }
}

// === impl Schema ===

impl Schema {
    /// Runs one statement, on a thread of its own since a test may be asynchronous or ending.
    fn run(&self, statement: String) -> Result<(), sqlx::Error> {
        let options: PgConnectOptions = self.database.parse()?;
        let running = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let mut connection: PgConnection = options.disable_statement_logging().connect().await?;
                connection.execute("SET lock_timeout = '5s'").await?;
                connection.execute(sqlx::AssertSqlSafe(statement)).await?;
                connection.close().await
            })
        });
        running.join().expect("an end")
    }
}

impl Schema {
    fn dump(&self) -> Vec<(String, String)> {
        let query = format!(
            "SELECT table_name::text, query_to_xml(format('SELECT * FROM %I.%I', table_schema, table_name), \
             true, false, '')::text FROM information_schema.tables WHERE table_schema = '{}'",
            self.name
        );
        let options: PgConnectOptions = self.database.parse().expect("an address");
        let reading = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let mut connection: PgConnection = options.connect().await?;
                connection.execute("SET xmlbinary = 'base64'").await?;
                sqlx::query_as::<_, (String, String)>(sqlx::AssertSqlSafe(query))
                    .fetch_all(&mut connection)
                    .await
            })
        });
        let tables = reading.join().expect("an end").expect("rows");
        tables.into_iter().map(|(name, xml)| (name, with_decoded(&xml))).collect()
    }
}

/// The text, with every word that is base64 once more as the text that it may be.
fn with_decoded(xml: &str) -> String {
    let words = xml.split(['<', '>', '\n']).filter(|word| word.len() > 8);
    let decoded = words.filter_map(|word| STANDARD.decode(word).ok());
    let texts: Vec<String> = decoded.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
    format!("{xml}\n{}", texts.join("\n"))
}

impl Drop for Schema {
    fn drop(&mut self) {
        if let Err(error) = self.run(format!("DROP SCHEMA {} CASCADE", self.name)) {
            drop(writeln!(std::io::stderr(), "schema {} is left behind: {error}", self.name));
        }
    }
}
