//! SQL of exchanges with vendors: what is about to be sent, and what came of it.
//!
//! Whatever was sent ends as an attempt: with its outcome, or, where its process ended first, as one whose outcome is
//! not known. An outcome that arrives after that was concluded takes its place.

use jiff::Timestamp;
use risk_provider::{Billed, FailureKind, Money, ProviderName};

use super::{
    AttemptsRecord, Intent, Origin, Store, StoreError,
    engine::{Connection, Pool, Row, sql},
};
use crate::{
    attempts::{Attempt, Outcome},
    ids::{AttemptId, ProviderAssessmentId, RequestId},
};

const INSERT_INTENT: &str = "INSERT INTO intents \
     (id, provider, operation, paid, price_micros, currency, started_at, settle_by, \
      team, route, subject_id, request_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

const DELETE_INTENT: &str = "DELETE FROM intents WHERE id = $1";

const INSERT_ATTEMPT: &str = "INSERT INTO attempts \
     (id, provider, operation, outcome, sent, billed, price_micros, currency, started_at, duration_ms, \
      team, route, subject_id, request_id, provider_assessment_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
     ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, sent = excluded.sent, \
     billed = excluded.billed, price_micros = excluded.price_micros, currency = excluded.currency, \
     duration_ms = excluded.duration_ms, provider_assessment_id = excluded.provider_assessment_id, \
     concluded = FALSE WHERE attempts.concluded";

const HAS_UNSETTLED: &str = "SELECT id FROM intents WHERE settle_by < $1 LIMIT 1";

const CONCLUDE: &str = "INSERT INTO attempts \
     (id, provider, operation, outcome, sent, billed, price_micros, currency, started_at, duration_ms, \
      team, route, subject_id, request_id, concluded) \
     SELECT id, provider, operation, 'unknown_outcome', TRUE, CASE WHEN paid THEN 'unknown' ELSE 'no' END, \
     price_micros, currency, started_at, (settle_by - started_at) / 1000, team, route, subject_id, request_id, TRUE \
     FROM intents WHERE settle_by < $1 ON CONFLICT (id) DO NOTHING";

const DELETE_CONCLUDED: &str = "DELETE FROM intents WHERE settle_by < $1 AND id IN (SELECT id FROM attempts)";

/// How many exchanges of a kind there were; nothing is made of them here. Grouped by what differs most first: then sorting
/// compares little.
const COUNT: &str = "SELECT operation, outcome, sent, billed, currency, duration_ms, COUNT(*), \
     CAST(COALESCE(SUM(price_micros), 0) AS BIGINT) FROM attempts \
     WHERE team = $1 AND provider = $2 AND started_at >= $3 AND started_at < $4 \
     GROUP BY duration_ms, operation, outcome, sent, billed, currency";

const FIND: &str = "SELECT id, provider, operation, outcome, sent, billed, price_micros, currency, \
     started_at, duration_ms FROM attempts WHERE id = $1 AND team = $2";

/// Also those that are still under way, which read as they will if nothing more is heard of them.
const FIND_BY_REQUEST: &str = "SELECT id, provider, operation, outcome, sent, billed, price_micros, currency, \
     started_at, duration_ms FROM attempts WHERE request_id = $1 \
     UNION ALL SELECT id, provider, operation, 'unknown_outcome', TRUE, \
     CASE WHEN paid THEN 'unknown' ELSE 'no' END, price_micros, currency, started_at, 0 \
     FROM intents WHERE request_id = $1 ORDER BY 9, 1";

/// How many exchanges came to the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeCount {
    /// What was asked.
    pub operation: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether any of the request may have reached the vendor.
    pub sent: bool,
    /// Whether it was paid for.
    pub billed: Billed,
    /// In which currency.
    pub currency: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// How many.
    pub number: u64,
    /// What all of them cost where they were billed, in millionths.
    pub micros: i64,
}

// === impl Store ===

impl Store {
    /// A team's exchanges with a provider that began in a time, counted.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn exchanges(
        &self,
        team: &str,
        provider: &ProviderName,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<ExchangeCount>, StoreError> {
        let count = sql(COUNT).bind(team).bind(provider.as_str()).bind(from).bind(to);
        self.readers.all(count).await?.iter().map(exchanges).collect()
    }
}

fn exchanges(row: &Row) -> Result<ExchangeCount, StoreError> {
    let number = |index| Ok::<_, StoreError>(u64::try_from(row.get::<i64>(index)?).unwrap_or_default());
    Ok(ExchangeCount {
        operation: row.get(0)?,
        outcome: outcome(&row.get::<String>(1)?),
        sent: row.get(2)?,
        billed: billed(&row.get::<String>(3)?),
        currency: row.get(4)?,
        duration_ms: number(5)?,
        number: number(6)?,
        micros: row.get(7)?,
    })
}

/// What came of an exchange; a word of a later version is no reason to call it answered.
fn outcome(word: &str) -> Outcome {
    let word = serde_json::Value::String(word.to_owned());
    serde_json::from_value(word).unwrap_or(Outcome::Failed(FailureKind::UnknownOutcome))
}

fn billed(word: &str) -> Billed {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).unwrap_or(Billed::Unknown)
}

pub(super) async fn intend(
    connection: &mut Connection,
    origin: &Origin,
    intent: &Intent,
) -> Result<(), StoreError> {
    sql(INSERT_INTENT)
        .bind(intent.id.as_str())
        .bind(intent.provider.as_str())
        .bind(intent.operation)
        .bind(intent.paid)
        .bind(intent.price.as_ref().map(Money::micros))
        .bind(intent.price.as_ref().map(Money::currency))
        .bind(intent.started_at)
        .bind(intent.settle_by)
        .bind(&origin.team)
        .bind(&origin.route)
        .bind(origin.subject.id.as_str())
        .bind(origin.request_id.as_str())
        .run(connection)
        .await?;
    Ok(())
}

pub(super) async fn insert(
    connection: &mut Connection,
    record: &AttemptsRecord,
    provider_assessment: Option<&ProviderAssessmentId>,
) -> Result<(), StoreError> {
    let AttemptsRecord { origin, attempts } = record;
    for attempt in attempts {
        sql(INSERT_ATTEMPT)
            .bind(attempt.id.as_str())
            .bind(attempt.provider.as_str())
            .bind(&attempt.operation)
            .bind(attempt.outcome.as_str())
            .bind(attempt.sent)
            .bind(attempt.billed.as_str())
            .bind(attempt.price.as_ref().map(Money::micros))
            .bind(attempt.price.as_ref().map(Money::currency))
            .bind(attempt.started_at)
            .bind(i64::try_from(attempt.duration_ms).unwrap_or(i64::MAX))
            .bind(&origin.team)
            .bind(&origin.route)
            .bind(origin.subject.id.as_str())
            .bind(origin.request_id.as_str())
            .bind(provider_assessment.map(ProviderAssessmentId::as_str))
            .run(connection)
            .await?;
        sql(DELETE_INTENT).bind(attempt.id.as_str()).run(connection).await?;
    }
    Ok(())
}

/// One exchange of a team.
pub(super) async fn find(pool: &Pool, team: &str, id: &AttemptId) -> Result<Option<Attempt>, StoreError> {
    let row = pool.optional(sql(FIND).bind(id.as_str()).bind(team)).await?;
    row.as_ref().map(attempt).transpose()
}

/// Whether anything was sent whose outcome nobody waits for any more.
pub(super) async fn has_unsettled(pool: &Pool, now: Timestamp) -> Result<bool, StoreError> {
    Ok(pool.optional(sql(HAS_UNSETTLED).bind(now)).await?.is_some())
}

/// Concludes that the outcome of whatever nobody waits for any more will not be known.
pub(super) async fn conclude(connection: &mut Connection, now: Timestamp) -> Result<u64, StoreError> {
    let concluded = sql(CONCLUDE).bind(now).run(connection).await?;
    sql(DELETE_CONCLUDED).bind(now).run(connection).await?;
    Ok(concluded)
}

/// Every exchange that a request led to, in order.
pub(super) async fn find_by_request(pool: &Pool, request: &RequestId) -> Result<Vec<Attempt>, StoreError> {
    let rows = pool.all(sql(FIND_BY_REQUEST).bind(request.as_str())).await?;
    rows.iter().map(attempt).collect()
}

fn attempt(row: &Row) -> Result<Attempt, StoreError> {
    let (micros, currency): (Option<i64>, Option<String>) = (row.get(6)?, row.get(7)?);
    let started_at = Timestamp::from_microsecond(row.get(8)?).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Attempt {
        id: AttemptId::from_text(&row.get::<String>(0)?),
        provider: ProviderName::new(&row.get::<String>(1)?),
        operation: row.get(2)?,
        outcome: outcome(&row.get::<String>(3)?),
        sent: row.get(4)?,
        billed: billed(&row.get::<String>(5)?),
        price: micros.zip(currency).and_then(|(micros, currency)| Money::from_micros(micros, &currency)),
        vendor_status: None,
        vendor_identifier: None,
        detail: None,
        started_at,
        duration_ms: u64::try_from(row.get::<i64>(9)?).unwrap_or_default(),
    })
}
