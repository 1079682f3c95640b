//! SQL of vendors' questionnaires: what was accepted, every time, and what was last read.

use jiff::Timestamp;
use risk_provider::{ProviderName, Questionnaire};

use super::{
    Store, StoreError,
    engine::{Connection, Pool, Row, sql},
    writer::Change,
};

/// A provider's questionnaire, as it stands in the store.
#[derive(Debug, Clone)]
pub struct KnownQuestionnaire {
    /// What an operator accepted, or what was read first.
    pub accepted: Questionnaire,
    /// When.
    pub accepted_at: Timestamp,
    /// Who accepted it; nobody where it was the first one read.
    pub accepted_by: Option<String>,
    /// What was last read, by whichever server.
    pub seen: Questionnaire,
}

/// A questionnaire and what happened to it.
#[derive(Debug)]
pub(super) struct QuestionnaireRecord {
    pub(super) provider: ProviderName,
    pub(super) questionnaire: Questionnaire,
    pub(super) at: Timestamp,
}

/// The first one read is accepted by nobody; whoever else reads one meanwhile has not been first.
const ACCEPT_FIRST: &str = "INSERT INTO accepted_questionnaires (provider, profile, number, fingerprint, document, \
     accepted_at, accepted_by) VALUES ($1, $2, 1, $3, $4, $5, NULL) \
     ON CONFLICT (provider, profile, number) DO NOTHING";

const ACCEPT: &str = "INSERT INTO accepted_questionnaires (provider, profile, number, fingerprint, document, \
     accepted_at, accepted_by) SELECT $1, $2, COALESCE(MAX(number), 0) + 1, $3, $4, $5, $6 \
     FROM accepted_questionnaires WHERE provider = $1 AND profile = $2";

const SEE: &str = "INSERT INTO seen_questionnaires (provider, profile, fingerprint, document, seen_at) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (provider, profile) DO UPDATE SET fingerprint = excluded.fingerprint, \
     document = excluded.document, seen_at = excluded.seen_at";

const FIND: &str = "SELECT accepted.document, accepted.accepted_at, accepted.accepted_by, seen.document \
     FROM accepted_questionnaires AS accepted JOIN seen_questionnaires AS seen \
       ON seen.provider = accepted.provider AND seen.profile = accepted.profile \
     WHERE accepted.provider = $1 AND accepted.profile = $2 \
     ORDER BY accepted.number DESC LIMIT 1";

const STATE: &str = "SELECT accepted.number, seen.fingerprint \
     FROM accepted_questionnaires AS accepted JOIN seen_questionnaires AS seen \
       ON seen.provider = accepted.provider AND seen.profile = accepted.profile \
     WHERE accepted.provider = $1 AND accepted.profile = $2 \
     ORDER BY accepted.number DESC LIMIT 1";

// === impl Store ===

impl Store {
    /// Notes that a provider's questionnaire was read; the first one ever is accepted with that.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn see_questionnaire(
        &self,
        provider: &ProviderName,
        questionnaire: &Questionnaire,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let record = record(provider, questionnaire, at);
        self.writer.write(Change::SeeQuestionnaire(Box::new(record))).await.map(drop)
    }

    /// Notes that somebody accepted a provider's questionnaire, which was just read.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn accept_questionnaire(
        &self,
        provider: &ProviderName,
        questionnaire: &Questionnaire,
        at: Timestamp,
        by: &str,
    ) -> Result<(), StoreError> {
        let (record, by) = (Box::new(record(provider, questionnaire, at)), by.to_owned());
        self.writer.write(Change::AcceptQuestionnaire { record, by }).await.map(drop)
    }

    /// A provider's questionnaire; none where it was never read.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn questionnaire(
        &self,
        provider: &ProviderName,
        profile: &str,
    ) -> Result<Option<KnownQuestionnaire>, StoreError> {
        find(&self.readers, provider, profile).await
    }

    /// What tells whether anything became of a provider's questionnaire: how often one was accepted, and the fingerprint of the one
    /// last read.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn questionnaire_state(
        &self,
        provider: &ProviderName,
        profile: &str,
    ) -> Result<Option<(i64, String)>, StoreError> {
        let row = self.readers.optional(sql(STATE).bind(provider.as_str()).bind(profile)).await?;
        row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
    }
}

fn record(provider: &ProviderName, questionnaire: &Questionnaire, at: Timestamp) -> QuestionnaireRecord {
    QuestionnaireRecord { provider: provider.clone(), questionnaire: questionnaire.clone(), at }
}

/// Writes what was read. How many rows that changed.
pub(super) async fn see(
    connection: &mut Connection,
    record: &QuestionnaireRecord,
) -> Result<u64, StoreError> {
    let QuestionnaireRecord { provider, questionnaire, at } = record;
    let document = serde_json::to_string(questionnaire)?;
    let mut changed = 0;
    for statement in [ACCEPT_FIRST, SEE] {
        changed += sql(statement)
            .bind(provider.as_str())
            .bind(&questionnaire.id)
            .bind(&questionnaire.fingerprint)
            .bind(&document)
            .bind(*at)
            .run(connection)
            .await?;
    }
    Ok(changed)
}

/// Writes what was read and accepted. How many rows that changed.
pub(super) async fn accept(
    connection: &mut Connection,
    record: &QuestionnaireRecord,
    by: &str,
) -> Result<u64, StoreError> {
    let QuestionnaireRecord { provider, questionnaire, at } = record;
    let accepted = sql(ACCEPT)
        .bind(provider.as_str())
        .bind(&questionnaire.id)
        .bind(&questionnaire.fingerprint)
        .bind(&serde_json::to_string(questionnaire)?)
        .bind(*at)
        .bind(by)
        .run(connection)
        .await?;
    Ok(accepted + see(connection, record).await?)
}

async fn find(
    pool: &Pool,
    provider: &ProviderName,
    profile: &str,
) -> Result<Option<KnownQuestionnaire>, StoreError> {
    let row = pool.optional(sql(FIND).bind(provider.as_str()).bind(profile)).await?;
    row.as_ref().map(known).transpose()
}

fn known(row: &Row) -> Result<KnownQuestionnaire, StoreError> {
    let (accepted, seen): (String, String) = (row.get(0)?, row.get(3)?);
    Ok(KnownQuestionnaire {
        accepted: serde_json::from_str(&accepted)?,
        accepted_at: Timestamp::from_microsecond(row.get(1)?).unwrap_or(Timestamp::MAX),
        accepted_by: row.get(2)?,
        seen: serde_json::from_str(&seen)?,
    })
}
