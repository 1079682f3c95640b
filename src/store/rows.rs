//! SQL of assessments and what they are made of, beside the row types.

use std::sync::Arc;

use jiff::Timestamp;
use risk_provider::ProviderAssessment;
use sqlx::{SqliteConnection, SqlitePool};

use super::StoreError;
use crate::{
    assessment::Assessment,
    attempts::Attempt,
    ids::{AssessmentId, ProviderAssessmentId, RequestId, SubjectId},
    vault::{DataKey, Vault},
};

/// What finds a team's subject: the keyed hash of its reference, never the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectKey {
    /// The team.
    pub team: String,
    /// Keyed hash of the caller's reference.
    pub reference_mac: [u8; 32],
    /// When it was asked about.
    pub at: Timestamp,
}

/// A subject as the store knows it: its id, and the key to everything about it.
#[derive(Debug)]
pub struct StoredSubject {
    /// The gateway's random id.
    pub id: SubjectId,
    pub(super) data_key: DataKey,
}

/// Who had a vendor called, about whom.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Who asked.
    pub team: String,
    /// The route taken.
    pub route: String,
    /// Whom it is about.
    pub subject: Arc<StoredSubject>,
    /// The request that led to it.
    pub request_id: RequestId,
}

/// Exchanges with a vendor, to be kept.
#[derive(Debug, Clone)]
pub struct AttemptsRecord {
    /// Who had them made.
    pub origin: Origin,
    /// The exchanges.
    pub attempts: Vec<Attempt>,
}

/// One provider's answer to be kept.
#[derive(Debug, Clone)]
pub struct ProviderRecord {
    /// Its id.
    pub id: ProviderAssessmentId,
    /// What was said.
    pub assessment: Arc<ProviderAssessment>,
    /// The exchanges that led to it.
    pub exchanges: AttemptsRecord,
}

/// One assessment to be kept, with the provider assessments that it was made of.
#[derive(Debug, Clone)]
pub struct AssessmentRecord {
    /// Whose it is.
    pub team: String,
    /// Whom it is about.
    pub subject: Arc<StoredSubject>,
    /// The answer.
    pub assessment: Arc<Assessment>,
    /// What it was asked for.
    pub purpose: Option<String>,
    /// What it was made of; written with it where that has not been done yet.
    pub sources: Vec<Arc<ProviderRecord>>,
}

/// A stored assessment given again.
#[derive(Debug, Clone)]
pub struct ServedRecord {
    /// The request that it answered.
    pub request_id: RequestId,
    /// Whom it is about.
    pub subject: Arc<StoredSubject>,
    /// Which.
    pub assessment_id: AssessmentId,
    /// Which revision.
    pub revision: u32,
    /// What it was asked for.
    pub purpose: Option<String>,
    /// When.
    pub at: Timestamp,
}

const INSERT_SUBJECT: &str = "INSERT INTO subjects (id, team, reference_mac, created_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (team, reference_mac) DO NOTHING";

/// Nothing where somebody else was first with the subject.
const INSERT_DATA_KEY: &str = "INSERT INTO data_keys (subject_id, wrapped) \
     SELECT id, $2 FROM subjects WHERE id = $1";

const FIND_SUBJECT: &str = "SELECT subjects.id, data_keys.wrapped FROM subjects \
     JOIN data_keys ON data_keys.subject_id = subjects.id \
     WHERE subjects.team = $1 AND subjects.reference_mac = $2";

const INSERT_PROVIDER_ASSESSMENT: &str = "INSERT INTO provider_assessments \
     (id, subject_id, provider, kind, mapping_version, level, score, assessed_at, document) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const HAS_PROVIDER_ASSESSMENT: &str = "SELECT COUNT(*) FROM provider_assessments WHERE id = $1";

const INSERT_ATTEMPT: &str = "INSERT INTO attempts \
     (id, provider, operation, outcome, sent, billed, price_micros, currency, started_at, duration_ms, \
      team, route, subject_id, request_id, provider_assessment_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

const INSERT_ASSESSMENT: &str = "INSERT INTO assessments \
     (id, revision, team, subject_id, route, status, level, score, decided_by, purpose, created_at, document) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

const INSERT_SOURCE: &str = "INSERT INTO assessment_sources \
     (assessment_id, revision, provider_assessment_id) VALUES ($1, $2, $3)";

const INSERT_SERVED: &str = "INSERT INTO servings \
     (request_id, assessment_id, revision, subject_id, purpose, served_at) VALUES ($1, $2, $3, $4, $5, $6)";

const FIND_ASSESSMENT: &str = "SELECT assessments.revision, assessments.document, data_keys.subject_id, \
     data_keys.wrapped FROM assessments JOIN data_keys ON data_keys.subject_id = assessments.subject_id \
     WHERE assessments.id = $1 AND assessments.team = $2 ORDER BY assessments.revision DESC LIMIT 1";

const FIND_SOURCES: &str = "SELECT provider_assessments.id, provider_assessments.document, \
     data_keys.subject_id, data_keys.wrapped FROM assessment_sources \
     JOIN provider_assessments ON provider_assessments.id = assessment_sources.provider_assessment_id \
     JOIN data_keys ON data_keys.subject_id = provider_assessments.subject_id \
     WHERE assessment_sources.assessment_id = $1 AND assessment_sources.revision = \
     (SELECT MAX(revision) FROM assessments WHERE id = $1)";

/// Where a sealed value belongs; it opens nowhere else.
mod place {
    use super::{AssessmentId, ProviderAssessmentId, RequestId};

    pub(super) fn provider_document(id: &ProviderAssessmentId) -> String {
        format!("provider_assessments/{id}/document")
    }

    pub(super) fn document(id: &AssessmentId, revision: u32) -> String {
        format!("assessments/{id}/{revision}/document")
    }

    pub(super) fn purpose(id: &AssessmentId, revision: u32) -> String {
        format!("assessments/{id}/{revision}/purpose")
    }

    pub(super) fn served_purpose(id: &RequestId) -> String {
        format!("servings/{id}/purpose")
    }
}

pub(super) async fn insert_subject(
    connection: &mut SqliteConnection,
    key: &SubjectKey,
    id: &SubjectId,
    data_key: &[u8],
) -> Result<(), StoreError> {
    sqlx::query(INSERT_SUBJECT)
        .bind(id.as_str())
        .bind(&key.team)
        .bind(key.reference_mac.as_slice())
        .bind(key.at.as_microsecond())
        .execute(&mut *connection)
        .await?;
    sqlx::query(INSERT_DATA_KEY).bind(id.as_str()).bind(data_key).execute(connection).await?;
    Ok(())
}

pub(super) async fn find_subject(
    pool: &SqlitePool,
    vault: &Vault,
    key: &SubjectKey,
) -> Result<Option<StoredSubject>, StoreError> {
    let row: Option<(String, Vec<u8>)> = sqlx::query_as(FIND_SUBJECT)
        .bind(&key.team)
        .bind(key.reference_mac.as_slice())
        .fetch_optional(pool)
        .await?;
    row.map(|(id, data_key)| stored_subject(vault, &id, &data_key)).transpose()
}

fn stored_subject(vault: &Vault, id: &str, data_key: &[u8]) -> Result<StoredSubject, StoreError> {
    let id = SubjectId::from_text(id);
    let data_key = vault.unwrap_data_key(&id, data_key)?;
    Ok(StoredSubject { id, data_key })
}

pub(super) async fn insert_provider_assessment(
    connection: &mut SqliteConnection,
    record: &ProviderRecord,
) -> Result<(), StoreError> {
    let said = &record.assessment;
    let subject = &record.exchanges.origin.subject;
    let document = serde_json::to_vec(said)?;
    sqlx::query(INSERT_PROVIDER_ASSESSMENT)
        .bind(record.id.as_str())
        .bind(subject.id.as_str())
        .bind(said.provider.as_str())
        .bind(&said.kind)
        .bind(&said.mapping_version)
        .bind(said.level.map(risk_provider::Level::as_str))
        .bind(said.score.as_ref().map(risk_provider::Score::value))
        .bind(said.assessed_at.as_microsecond())
        .bind(subject.data_key.seal(&place::provider_document(&record.id), &document)?)
        .execute(&mut *connection)
        .await?;
    insert_attempts(connection, &record.exchanges, Some(&record.id)).await
}

pub(super) async fn insert_attempts(
    connection: &mut SqliteConnection,
    record: &AttemptsRecord,
    provider_assessment: Option<&ProviderAssessmentId>,
) -> Result<(), StoreError> {
    let AttemptsRecord { origin, attempts } = record;
    for attempt in attempts {
        sqlx::query(INSERT_ATTEMPT)
            .bind(attempt.id.as_str())
            .bind(attempt.provider.as_str())
            .bind(&attempt.operation)
            .bind(attempt.outcome.as_str())
            .bind(attempt.sent)
            .bind(attempt.billed.as_str())
            .bind(attempt.price.as_ref().map(risk_provider::Money::micros))
            .bind(attempt.price.as_ref().map(risk_provider::Money::currency))
            .bind(attempt.started_at.as_microsecond())
            .bind(i64::try_from(attempt.duration_ms).unwrap_or(i64::MAX))
            .bind(&origin.team)
            .bind(&origin.route)
            .bind(origin.subject.id.as_str())
            .bind(origin.request_id.as_str())
            .bind(provider_assessment.map(ProviderAssessmentId::as_str))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn insert_assessment(
    connection: &mut SqliteConnection,
    record: &AssessmentRecord,
) -> Result<(), StoreError> {
    let AssessmentRecord { assessment, subject, .. } = record;
    let (id, revision) = (&assessment.id, assessment.revision);
    let document = serde_json::to_vec(assessment)?;
    let purpose = sealed(subject, &place::purpose(id, revision), record.purpose.as_deref())?;
    sqlx::query(INSERT_ASSESSMENT)
        .bind(assessment.id.as_str())
        .bind(assessment.revision)
        .bind(&record.team)
        .bind(subject.id.as_str())
        .bind(&assessment.route)
        .bind(assessment.status.as_str())
        .bind(assessment.level.map(risk_provider::Level::as_str))
        .bind(assessment.score.as_ref().map(risk_provider::Score::value))
        .bind(assessment.decided_by.as_ref().map(risk_provider::ProviderName::as_str))
        .bind(purpose)
        .bind(assessment.created_at.as_microsecond())
        .bind(subject.data_key.seal(&place::document(id, revision), &document)?)
        .execute(&mut *connection)
        .await?;
    for source in &record.sources {
        let there: i64 = sqlx::query_scalar(HAS_PROVIDER_ASSESSMENT)
            .bind(source.id.as_str())
            .fetch_one(&mut *connection)
            .await?;
        // Handed over when the vendor answered, but the disk may have been full then.
        if there == 0 {
            insert_provider_assessment(connection, source).await?;
        }
        sqlx::query(INSERT_SOURCE)
            .bind(assessment.id.as_str())
            .bind(assessment.revision)
            .bind(source.id.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn insert_served(
    connection: &mut SqliteConnection,
    record: &ServedRecord,
) -> Result<(), StoreError> {
    let purpose =
        sealed(&record.subject, &place::served_purpose(&record.request_id), record.purpose.as_deref())?;
    sqlx::query(INSERT_SERVED)
        .bind(record.request_id.as_str())
        .bind(record.assessment_id.as_str())
        .bind(record.revision)
        .bind(record.subject.id.as_str())
        .bind(purpose)
        .bind(record.at.as_microsecond())
        .execute(connection)
        .await?;
    Ok(())
}

fn sealed(subject: &StoredSubject, place: &str, text: Option<&str>) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(text.map(|text| subject.data_key.seal(place, text.as_bytes())).transpose()?)
}

pub(super) async fn find_assessment(
    pool: &SqlitePool,
    vault: &Vault,
    team: &str,
    id: &AssessmentId,
) -> Result<Option<Assessment>, StoreError> {
    let row: Option<(u32, Vec<u8>, String, Vec<u8>)> =
        sqlx::query_as(FIND_ASSESSMENT).bind(id.as_str()).bind(team).fetch_optional(pool).await?;
    let Some((revision, document, subject, data_key)) = row else { return Ok(None) };
    let subject = stored_subject(vault, &subject, &data_key)?;
    let document = subject.data_key.open(&place::document(id, revision), &document)?;
    Ok(Some(serde_json::from_slice(&document)?))
}

pub(super) async fn find_sources(
    pool: &SqlitePool,
    vault: &Vault,
    id: &AssessmentId,
) -> Result<Vec<ProviderAssessment>, StoreError> {
    let rows: Vec<(String, Vec<u8>, String, Vec<u8>)> =
        sqlx::query_as(FIND_SOURCES).bind(id.as_str()).fetch_all(pool).await?;
    let open = |(id, document, subject, data_key): (String, Vec<u8>, String, Vec<u8>)| {
        let subject = stored_subject(vault, &subject, &data_key)?;
        let place = place::provider_document(&ProviderAssessmentId::from_text(&id));
        Ok(serde_json::from_slice(&subject.data_key.open(&place, &document)?)?)
    };
    rows.into_iter().map(open).collect()
}
