//! SQL of assessments, of the providers' answers they were made of, and of when they were given again.

use risk_provider::{Level, ProviderAssessment, ProviderName, Score};

use super::{
    AssessmentRecord, ProviderRecord, ServedRecord, ShadowRecord, StoreError, StoredSubject, answers,
    attempts,
    engine::{Connection, Pool, Row, sql},
    jobs, place, subjects,
};
use crate::{
    assessment::Assessment,
    ids::{AssessmentId, AttemptId, ProviderAssessmentId, RequestId},
    vault::Vault,
};

/// Nothing where it was written already and only word of that was lost, or another import was first.
const INSERT_PROVIDER_ASSESSMENT: &str = "INSERT INTO provider_assessments \
     (id, subject_id, provider, kind, mapping_version, level, score, assessed_at, document, reference_mac, origin) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";

/// How a provider's answer came here: somebody asked for it.
const ASKED: &str = "asked";

const INSERT_ASSESSMENT: &str = "INSERT INTO assessments \
     (id, revision, team, subject_id, route, status, level, score, decided_by, purpose, created_at, document, \
      replaces) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

const INSERT_SOURCE: &str = "INSERT INTO assessment_sources \
     (assessment_id, revision, provider_assessment_id) VALUES ($1, $2, $3)";

const INSERT_SERVED: &str = "INSERT INTO servings \
     (request_id, assessment_id, revision, subject_id, purpose, served_at) VALUES ($1, $2, $3, $4, $5, $6)";

/// One for each answer and provider.
const INSERT_SHADOW: &str = "INSERT INTO shadow_answers \
     (assessment_id, revision, provider_assessment_id, served, created_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (assessment_id, revision, provider_assessment_id) DO NOTHING";

const FIND: &str = "SELECT assessments.id, assessments.revision, assessments.document, data_keys.subject_id, \
     data_keys.wrapped FROM assessments JOIN data_keys ON data_keys.subject_id = assessments.subject_id \
     WHERE assessments.id = $1 AND assessments.team = $2 ORDER BY assessments.revision DESC LIMIT 1";

const FIND_SOURCES: &str = "SELECT provider_assessments.id, provider_assessments.document, \
     data_keys.subject_id, data_keys.wrapped FROM assessment_sources \
     JOIN provider_assessments ON provider_assessments.id = assessment_sources.provider_assessment_id \
     JOIN data_keys ON data_keys.subject_id = provider_assessments.subject_id \
     WHERE assessment_sources.assessment_id = $1 AND assessment_sources.revision = \
     (SELECT MAX(revision) FROM assessments WHERE id = $1)";

const FIND_MADE: &str = "SELECT assessments.id, assessments.revision, assessments.document, data_keys.subject_id, \
     data_keys.wrapped FROM assessment_sources \
     JOIN assessments ON assessments.id = assessment_sources.assessment_id \
       AND assessments.revision = assessment_sources.revision \
     JOIN data_keys ON data_keys.subject_id = assessments.subject_id \
     WHERE assessment_sources.provider_assessment_id = $1 AND assessments.team = $2 AND assessments.route = $3 \
     ORDER BY assessments.id LIMIT 1";

const FIND_BY_ATTEMPT: &str = "SELECT provider_assessments.id, provider_assessments.document, \
     data_keys.subject_id, data_keys.wrapped FROM attempts \
     JOIN provider_assessments ON provider_assessments.id = attempts.provider_assessment_id \
     JOIN data_keys ON data_keys.subject_id = provider_assessments.subject_id \
     WHERE attempts.id = $1 AND attempts.team = $2";

const FIND_BY_REQUEST: &str = "SELECT provider_assessments.id, provider_assessments.document, \
     data_keys.subject_id, data_keys.wrapped FROM attempts \
     JOIN provider_assessments ON provider_assessments.id = attempts.provider_assessment_id \
     JOIN data_keys ON data_keys.subject_id = provider_assessments.subject_id \
     WHERE attempts.request_id = $1";

pub(super) async fn insert_provider_assessment(
    connection: &mut Connection,
    record: &ProviderRecord,
) -> Result<(), StoreError> {
    insert_said(connection, record, &record.exchanges.origin.subject, ASKED).await?;
    attempts::insert(connection, &record.exchanges, Some(&record.id)).await
}

/// What a provider said about `subject`, without the exchanges that led to it; false where it is there already.
pub(super) async fn insert_said(
    connection: &mut Connection,
    record: &ProviderRecord,
    subject: &StoredSubject,
    origin: &'static str,
) -> Result<bool, StoreError> {
    let said = &record.assessment;
    let document = serde_json::to_vec(said)?;
    let inserted = sql(INSERT_PROVIDER_ASSESSMENT)
        .bind(record.id.as_str())
        .bind(subject.id.as_str())
        .bind(said.provider.as_str())
        .bind(&said.kind)
        .bind(&said.mapping_version)
        .bind(said.level.map(Level::as_str))
        .bind(said.score.as_ref().map(Score::value))
        .bind(said.assessed_at)
        .bind(subject.data_key.seal(&place::provider_document(&record.id), &document)?)
        .bind(record.reference_mac.map_or_else(Vec::new, Vec::from))
        .bind(origin)
        .run(connection)
        .await?;
    Ok(inserted > 0)
}

/// An assessment, what it was made of, and what it does to jobs.
pub(super) async fn insert(connection: &mut Connection, record: &AssessmentRecord) -> Result<(), StoreError> {
    insert_assessment(connection, record).await?;
    let AssessmentRecord { assessment, subject, .. } = record;
    for source in &record.sources {
        // Handed over when the vendor answered, but the disk may have been full then.
        insert_provider_assessment(connection, source).await?;
        sql(INSERT_SOURCE)
            .bind(assessment.id.as_str())
            .bind(assessment.revision)
            .bind(source.id.as_str())
            .run(connection)
            .await?;
    }
    if let Some(lease) = &record.completes {
        jobs::complete(connection, lease, assessment.id.as_str(), assessment.created_at).await?;
    }
    for item in &record.enqueues {
        jobs::enqueue(connection, &record.team, subject, item, assessment.created_at).await?;
    }
    answers::insert(connection, record).await
}

async fn insert_assessment(connection: &mut Connection, record: &AssessmentRecord) -> Result<(), StoreError> {
    let AssessmentRecord { assessment, subject, .. } = record;
    let (id, revision) = (&assessment.id, assessment.revision);
    let document = serde_json::to_vec(assessment)?;
    let purpose = sealed(subject, &place::purpose(id, revision), record.purpose.as_deref())?;
    sql(INSERT_ASSESSMENT)
        .bind(assessment.id.as_str())
        .bind(assessment.revision)
        .bind(&record.team)
        .bind(subject.id.as_str())
        .bind(&assessment.route)
        .bind(assessment.status.as_str())
        .bind(assessment.level.map(Level::as_str))
        .bind(assessment.score.as_ref().map(Score::value))
        .bind(assessment.decided_by.as_ref().map(ProviderName::as_str))
        .bind(purpose)
        .bind(assessment.created_at)
        .bind(subject.data_key.seal(&place::document(id, revision), &document)?)
        .bind(assessment.replaces.as_ref().map(AssessmentId::as_str))
        .run(connection)
        .await?;
    Ok(())
}

pub(super) async fn insert_served(
    connection: &mut Connection,
    record: &ServedRecord,
) -> Result<(), StoreError> {
    let purpose =
        sealed(&record.subject, &place::served_purpose(&record.request_id), record.purpose.as_deref())?;
    sql(INSERT_SERVED)
        .bind(record.request_id.as_str())
        .bind(record.assessment_id.as_str())
        .bind(record.revision)
        .bind(record.subject.id.as_str())
        .bind(purpose)
        .bind(record.at)
        .run(connection)
        .await?;
    if let Some(lease) = &record.completes {
        jobs::complete(connection, lease, record.assessment_id.as_str(), record.at).await?;
    }
    Ok(())
}

pub(super) async fn insert_shadow(
    connection: &mut Connection,
    shadow: &ShadowRecord,
) -> Result<(), StoreError> {
    if let Ok(answer) = &shadow.answer {
        sql(INSERT_SHADOW)
            .bind(shadow.assessment.id.as_str())
            .bind(shadow.assessment.revision)
            .bind(answer.record.id.as_str())
            .bind(answer.served.as_str())
            .bind(shadow.at)
            .run(connection)
            .await?;
    }
    answers::insert_shadow(connection, shadow).await?;
    if let (Some(lease), Ok(answer)) = (&shadow.completes, &shadow.answer) {
        jobs::complete(connection, lease, answer.record.id.as_str(), shadow.at).await?;
    }
    Ok(())
}

fn sealed(subject: &StoredSubject, place: &str, text: Option<&str>) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(text.map(|text| subject.data_key.seal(place, text.as_bytes())).transpose()?)
}

pub(super) async fn find(
    pool: &Pool,
    vault: &Vault,
    team: &str,
    id: &AssessmentId,
) -> Result<Option<Assessment>, StoreError> {
    let row = pool.optional(sql(FIND).bind(id.as_str()).bind(team)).await?;
    row.map(|row| opened(vault, &row)).transpose()
}

/// The assessment in a row of id, revision, document, subject and its wrapped data key.
pub(super) fn opened(vault: &Vault, row: &Row) -> Result<Assessment, StoreError> {
    let id = AssessmentId::from_text(&row.get::<String>(0)?);
    let revision = u32::try_from(row.get::<i64>(1)?).unwrap_or(u32::MAX);
    let subject = subjects::stored(vault, &row.get::<String>(3)?, &row.get::<Vec<u8>>(4)?)?;
    let document = subject.data_key.open(&place::document(&id, revision), &row.get::<Vec<u8>>(2)?)?;
    Ok(serde_json::from_slice(&document)?)
}

/// What the latest revision of an assessment was made of.
pub(super) async fn find_sources(
    pool: &Pool,
    vault: &Vault,
    id: &AssessmentId,
) -> Result<Vec<(ProviderAssessmentId, ProviderAssessment)>, StoreError> {
    let rows = pool.all(sql(FIND_SOURCES).bind(id.as_str())).await?;
    rows.iter().map(|row| said(vault, row)).collect()
}

/// What providers said to a request, whatever became of it.
pub(super) async fn find_said(
    pool: &Pool,
    vault: &Vault,
    request: &RequestId,
) -> Result<Vec<(ProviderAssessmentId, ProviderAssessment)>, StoreError> {
    let rows = pool.all(sql(FIND_BY_REQUEST).bind(request.as_str())).await?;
    rows.iter().map(|row| said(vault, row)).collect()
}

/// What a provider said in an exchange of this team.
pub(super) async fn find_said_in(
    pool: &Pool,
    vault: &Vault,
    team: &str,
    attempt: &AttemptId,
) -> Result<Option<(ProviderAssessmentId, ProviderAssessment)>, StoreError> {
    let row = pool.optional(sql(FIND_BY_ATTEMPT).bind(attempt.as_str()).bind(team)).await?;
    row.map(|row| said(vault, &row)).transpose()
}

/// The first assessment that a team's route made of what a provider said.
pub(super) async fn find_made(
    pool: &Pool,
    vault: &Vault,
    (team, route): (&str, &str),
    source: &ProviderAssessmentId,
) -> Result<Option<Assessment>, StoreError> {
    let row = pool.optional(sql(FIND_MADE).bind(source.as_str()).bind(team).bind(route)).await?;
    row.map(|row| opened(vault, &row)).transpose()
}

/// What a provider said, in a row of id, document, subject and its wrapped data key.
pub(super) fn said(
    vault: &Vault,
    row: &Row,
) -> Result<(ProviderAssessmentId, ProviderAssessment), StoreError> {
    let id = ProviderAssessmentId::from_text(&row.get::<String>(0)?);
    let subject = subjects::stored(vault, &row.get::<String>(2)?, &row.get::<Vec<u8>>(3)?)?;
    let document = subject.data_key.open(&place::provider_document(&id), &row.get::<Vec<u8>>(1)?)?;
    Ok((id, serde_json::from_slice(&document)?))
}
