//! The books: what the store says was sent and paid for, against what the vendors saw.

use std::{collections::BTreeMap, time::Duration};

use risk_provider_sandbox::{RecordedCall, Sandbox};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tokio::time::Instant;

use crate::vendors::Vendors;

/// How long it may take until nothing is open any more: a deadline, the time to record, and a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

const SENT: &str = "SELECT provider, COUNT(*), SUM(CASE WHEN concluded THEN 1 ELSE 0 END), \
     SUM(CASE WHEN billed = 'yes' THEN 1 ELSE 0 END), SUM(CASE WHEN billed = 'unknown' THEN 1 ELSE 0 END) \
     FROM attempts WHERE sent GROUP BY provider";

/// What was sent to the vendors, as the store has it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Books {
    /// Attempts that were, or may have been, sent.
    pub(crate) sent: i64,
    /// Those of them whose process ended before it could tell.
    pub(crate) concluded: i64,
    /// Those that were paid for.
    pub(crate) paid: i64,
    /// Those that may have been paid for.
    pub(crate) maybe_paid: i64,
}

/// Rows of one statement without values, on either store.
macro_rules! rows {
    ($url:expr, $statement:expr) => {{
        let (url, statement) = ($url, AssertSqlSafe($statement));
        if url.starts_with("sqlite:") {
            let mut store = SqliteConnection::connect(url).await.expect("the store");
            sqlx::query_as(statement).fetch_all(&mut store).await.expect("rows")
        } else {
            let mut store = PgConnection::connect(url).await.expect("the store");
            sqlx::query_as(statement).fetch_all(&mut store).await.expect("rows")
        }
    }};
}

/// The number that `statement` selects.
pub(crate) async fn number(url: &str, statement: &str) -> i64 {
    let rows: Vec<(i64,)> = rows!(url, statement.to_owned());
    rows.first().expect("a row").0
}

/// How many rows `statement` changes.
pub(crate) async fn change(url: &str, statement: &str) -> u64 {
    let statement = AssertSqlSafe(statement.to_owned());
    if url.starts_with("sqlite:") {
        let mut store = SqliteConnection::connect(url).await.expect("the store");
        sqlx::query(statement).execute(&mut store).await.expect("a change").rows_affected()
    } else {
        let mut store = PgConnection::connect(url).await.expect("the store");
        sqlx::query(statement).execute(&mut store).await.expect("a change").rows_affected()
    }
}

/// The most that were sent to the provider in any window of this length, by the time that each was sent.
pub(crate) async fn busiest(url: &str, provider: &str, window: Duration) -> i64 {
    let of = |name: &str| format!("{name}.provider = '{provider}' AND {name}.sent");
    let length = window.as_micros();
    let within = format!("b.started_at >= a.started_at AND b.started_at < a.started_at + {length}");
    let counts = format!(
        "SELECT (SELECT COUNT(*) FROM attempts b WHERE {} AND {within}) AS n FROM attempts a WHERE {}",
        of("b"),
        of("a")
    );
    number(url, &format!("SELECT COALESCE(MAX(n), 0) FROM ({counts}) windows")).await
}

/// Waits until no exchange is open, and holds the books against what each vendor saw.
pub(crate) async fn balance(url: &str, vendors: &Vendors) -> Books {
    settled(url).await;
    let rows: Vec<(String, i64, i64, i64, i64)> = rows!(url, SENT.to_owned());
    let books = |(provider, sent, concluded, paid, maybe_paid)| {
        (provider, Books { sent, concluded, paid, maybe_paid })
    };
    let by_provider: BTreeMap<String, Books> = rows.into_iter().map(books).collect();
    let mut total = Books::default();
    for (name, vendor) in [("idenfy", &vendors.idenfy), ("youverify", &vendors.youverify)] {
        let books = by_provider.get(name).copied().unwrap_or_default();
        books.hold_against(name, vendor);
        total.sent += books.sent;
        total.concluded += books.concluded;
        total.paid += books.paid;
        total.maybe_paid += books.maybe_paid;
    }
    total
}

async fn settled(url: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let open = number(url, "SELECT COUNT(*) FROM intents").await;
        if open == 0 {
            return;
        }
        assert!(Instant::now() < deadline, "{open} exchanges are still open");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How often each person was billed in these calls, by family name.
pub(crate) fn billed_by_name(calls: &[RecordedCall]) -> BTreeMap<String, usize> {
    let mut billed = BTreeMap::new();
    for name in calls.iter().filter(|call| call.billed).filter_map(family_name) {
        *billed.entry(name).or_default() += 1;
    }
    billed
}

fn family_name(call: &RecordedCall) -> Option<String> {
    let body = call.body.value();
    let whole = body["name"].as_str().and_then(|name| name.rsplit(' ').next());
    whole.or_else(|| body["lastName"].as_str()).map(str::to_owned)
}

// === impl Books ===

impl Books {
    fn hold_against(self, name: &str, vendor: &Sandbox) {
        let count = |number: usize| i64::try_from(number).expect("a number of calls");
        let (calls, billed) = (count(vendor.calls().len()), count(vendor.billed()));
        let told = format!("{name}: {calls} calls, {billed} billed, {self:?}");
        assert!(self.sent >= calls, "a call without an attempt: {told}");
        assert!(self.sent - self.concluded <= calls, "an attempt that was never made: {told}");
        assert!(self.paid <= billed, "paid without being billed: {told}");
        assert!(self.paid + self.maybe_paid >= billed, "billed without a trace: {told}");
    }
}
