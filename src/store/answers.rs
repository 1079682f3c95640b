//! SQL of what comparisons need of answers: a narrow row for each question and provider, written with the answer.
//!
//! A provider's answer may serve several questions: asked, then from the cache. Each has a row of its own, since what is
//! compared is two answers to one question.

use risk_provider::{Level, ProviderAssessment};

use super::{
    AskedAbout, AssessmentRecord, ShadowRecord, Store, StoreError,
    engine::{Connection, Statement, sql},
    writer::Add,
};
use crate::{
    assessment::{Assessment, Role, Served, Status},
    attempts::{Attempt, Outcome},
    ids::{ProviderAssessmentId, SubjectId},
};

/// What part an answer has in a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Asked first.
    Primary,
    /// Asked because one before it failed, or was slow.
    Fallback,
    /// Asked as one of several.
    Consensus,
    /// Asked for comparison alone.
    Shadow,
    /// Asked, without an answer.
    InVain,
    /// To be asked, and left out: it had failed too often, or there was no turn.
    NotAsked,
    /// Brought in from the vendor's own history, about a subject that was asked about.
    Import,
    /// Brought in, about nobody whom anybody asked about.
    Unattached,
}

/// The answer that a pending one came to takes its place; what was asked, and when, is known from before.
const INSERT: &str = "INSERT INTO compared_answers \
     (asked_in, provider, provider_assessment_id, team, subject_id, route, replaces, part, served, status, level, \
      score, kind, mapping_version, profile, question_mac, subject_type, country_mac, assessed_at, asked_at, \
      asked_minute) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, \
      $20 / 60000000) \
     ON CONFLICT (asked_in, provider) DO UPDATE SET \
     provider_assessment_id = excluded.provider_assessment_id, part = excluded.part, served = excluded.served, \
     status = excluded.status, level = excluded.level, score = excluded.score, kind = excluded.kind, \
     mapping_version = excluded.mapping_version, profile = excluded.profile, \
     question_mac = COALESCE(excluded.question_mac, compared_answers.question_mac), \
     subject_type = COALESCE(excluded.subject_type, compared_answers.subject_type), \
     country_mac = COALESCE(excluded.country_mac, compared_answers.country_mac), \
     assessed_at = excluded.assessed_at";

/// Nothing where it answered after all.
const INSERT_WITHOUT: &str = "INSERT INTO compared_answers \
     (asked_in, provider, team, subject_id, route, replaces, part, question_mac, subject_type, country_mac, asked_at, \
      asked_minute) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11 / 60000000) ON CONFLICT (asked_in, provider) DO NOTHING";

/// What was asked is known where the vendor's reference was held from that question.
const INSERT_BROUGHT: &str = "INSERT INTO compared_answers \
     (asked_in, provider, provider_assessment_id, team, subject_id, part, served, status, level, score, kind, \
      mapping_version, profile, assessed_at, asked_at, asked_minute, question_mac, subject_type, country_mac) \
     SELECT $1, $2, $1, subjects.team, subjects.id, $4, 'called', $5, $6, $7, $8, $9, $10, $11, $11, $11 / 60000000, \
     owed.question_mac, owed.subject_type, owed.country_mac FROM subjects \
     LEFT JOIN (SELECT compared_answers.question_mac, compared_answers.subject_type, compared_answers.country_mac \
       FROM provider_assessments JOIN compared_answers \
         ON compared_answers.provider_assessment_id = provider_assessments.id AND compared_answers.subject_id = $3 \
       WHERE provider_assessments.reference_mac = $12 AND compared_answers.route IS NOT NULL \
       ORDER BY compared_answers.asked_at LIMIT 1) AS owed ON TRUE \
     WHERE subjects.id = $3 ON CONFLICT (asked_in, provider) DO NOTHING";

// === impl Store ===

impl Store {
    /// Notes what another provider said to a question that was answered already, or that it was asked in vain.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn note_shadow(&self, record: ShadowRecord) -> Result<(), StoreError> {
        self.writer.write(Add::Shadow(Box::new(record))).await.map(drop)
    }
}

/// What was answered, and who was asked in vain, in an assessment.
pub(super) async fn insert(connection: &mut Connection, record: &AssessmentRecord) -> Result<(), StoreError> {
    let Some(compared) = &record.compared else { return Ok(()) };
    let assessment = record.assessment.as_ref();
    let question = Question { team: &record.team, assessment, about: compared.question.as_ref() };
    for (source, status) in record.sources.iter().zip(&compared.statuses) {
        let said = &source.assessment;
        let Some(told) = assessment.providers.iter().find(|told| told.provider == said.provider) else {
            continue;
        };
        let insert = question.answer(&source.id, said, Part::of(told.role), told.served, *status);
        insert.run(connection).await?;
    }
    for attempt in assessment.attempts.iter().filter(|attempt| was_asked_in_vain(attempt)) {
        question.without(attempt.provider.as_str(), Part::InVain).run(connection).await?;
    }
    for (provider, part) in &compared.without {
        question.without(provider.as_str(), *part).run(connection).await?;
    }
    Ok(())
}

/// What a shadow said to the question of an assessment.
pub(super) async fn insert_shadow(
    connection: &mut Connection,
    shadow: &ShadowRecord,
) -> Result<(), StoreError> {
    let (assessment, about) = (shadow.assessment.as_ref(), shadow.question.as_ref());
    let question = Question { team: &shadow.team, assessment, about };
    let insert = match &shadow.answer {
        Ok(answer) => {
            let (id, said) = (&answer.record.id, &answer.record.assessment);
            question.answer(id, said, Part::Shadow, answer.served, answer.status)
        }
        Err(part) => question.without(shadow.provider.as_str(), *part),
    };
    insert.run(connection).await.map(drop)
}

/// What a vendor had said before, about a subject that was asked about or not.
pub(super) async fn insert_brought(
    connection: &mut Connection,
    (id, said): (&ProviderAssessmentId, &ProviderAssessment),
    subject: &SubjectId,
    reference_mac: &[u8; 32],
    (attached, status): (bool, Status),
) -> Result<(), StoreError> {
    let part = if attached { Part::Import } else { Part::Unattached };
    sql(INSERT_BROUGHT)
        .bind(id.as_str())
        .bind(said.provider.as_str())
        .bind(subject.as_str())
        .bind(part.as_str())
        .bind(status.as_str())
        .bind(said.level.map(Level::as_str))
        .bind(said.score.as_ref().map(|score| score.value().to_string()))
        .bind(&said.kind)
        .bind(&said.mapping_version)
        .bind(said.profile_fingerprint.as_deref())
        .bind(said.assessed_at)
        .bind(reference_mac.as_slice())
        .run(connection)
        .await
        .map(drop)
}

/// Whether the vendor was turned to and gave nothing, through nobody else's fault.
fn was_asked_in_vain(attempt: &Attempt) -> bool {
    match attempt.outcome {
        Outcome::Answered => false,
        Outcome::Failed(kind) => attempt.sent || kind.meaning().vendors_fault,
    }
}

/// The question of an assessment.
struct Question<'a> {
    team: &'a str,
    assessment: &'a Assessment,
    about: Option<&'a AskedAbout>,
}

// === impl Question ===

impl Question<'_> {
    fn answer(
        &self,
        id: &ProviderAssessmentId,
        said: &ProviderAssessment,
        part: Part,
        served: Served,
        status: Status,
    ) -> Statement {
        let Self { team, assessment, about } = *self;
        sql(INSERT)
            .bind(assessment.id.as_str())
            .bind(said.provider.as_str())
            .bind(id.as_str())
            .bind(team)
            .bind(assessment.subject.id.as_str())
            .bind(&assessment.route)
            .bind(self.replaces())
            .bind(part.as_str())
            .bind(served.as_str())
            .bind(status.as_str())
            .bind(said.level.map(Level::as_str))
            .bind(said.score.as_ref().map(|score| score.value().to_string()))
            .bind(&said.kind)
            .bind(&said.mapping_version)
            .bind(said.profile_fingerprint.as_deref())
            .bind(about.map(|about| about.question_mac.as_str()))
            .bind(about.map(|about| about.subject_type.as_str()))
            .bind(about.map(|about| about.country_mac.as_str()))
            .bind(said.assessed_at)
            .bind(assessment.created_at)
    }

    /// That a provider gave no answer.
    fn without(&self, provider: &str, part: Part) -> Statement {
        let Self { team, assessment, about } = *self;
        sql(INSERT_WITHOUT)
            .bind(assessment.id.as_str())
            .bind(provider)
            .bind(team)
            .bind(assessment.subject.id.as_str())
            .bind(&assessment.route)
            .bind(self.replaces())
            .bind(part.as_str())
            .bind(about.map(|about| about.question_mac.as_str()))
            .bind(about.map(|about| about.subject_type.as_str()))
            .bind(about.map(|about| about.country_mac.as_str()))
            .bind(assessment.created_at)
    }

    fn replaces(&self) -> Option<&str> {
        self.assessment.replaces.as_ref().map(crate::ids::AssessmentId::as_str)
    }
}

// === impl Part ===

impl Part {
    const ALL: [Self; 8] = [
        Self::Primary,
        Self::Fallback,
        Self::Consensus,
        Self::Shadow,
        Self::InVain,
        Self::NotAsked,
        Self::Import,
        Self::Unattached,
    ];

    const fn of(role: Role) -> Self {
        match role {
            Role::Primary => Self::Primary,
            Role::Fallback => Self::Fallback,
            Role::Consensus => Self::Consensus,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Fallback => "fallback",
            Self::Consensus => "consensus",
            Self::Shadow => "shadow",
            Self::InVain => "in_vain",
            Self::NotAsked => "not_asked",
            Self::Import => "import",
            Self::Unattached => "unattached",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == word)
    }
}
