//! SQL of lists of assessments, newest first. A page begins after an id, so that it stays the same page while new
//! assessments come.

use jiff::Timestamp;
use risk_provider::{Level, ProviderName};

use super::{
    StoreError, assessments,
    engine::{Pool, sql},
};
use crate::{
    assessment::{Assessment, Status},
    ids::{AssessmentId, SubjectId},
    vault::Vault,
};

/// Which assessments are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// About this subject.
    pub subject: Option<SubjectId>,
    /// By this route.
    pub route: Option<String>,
    /// Decided by this provider.
    pub provider: Option<ProviderName>,
    /// At this level.
    pub level: Option<Level>,
    /// In this status.
    pub status: Option<Status>,
    /// Made at this time or later.
    pub from: Option<Timestamp>,
    /// Made before this time.
    pub to: Option<Timestamp>,
    /// Older than this assessment.
    pub after: Option<AssessmentId>,
}

// === impl Filter ===

impl Filter {
    /// Whether anything could pass it: no record holds a text with a NUL, and not every database takes one.
    #[must_use]
    pub fn can_match(&self) -> bool {
        let after = self.after.as_ref().map(AssessmentId::as_str);
        let provider = self.provider.as_ref().map(ProviderName::as_str);
        ![after, provider, self.route.as_deref()].into_iter().flatten().any(|text| text.contains('\0'))
    }
}

const LIST: &str = "SELECT assessments.id, assessments.revision, assessments.document, data_keys.subject_id, \
     data_keys.wrapped FROM assessments JOIN data_keys ON data_keys.subject_id = assessments.subject_id \
     WHERE assessments.team = $1 AND ($2 IS NULL OR assessments.subject_id = $2) \
     AND ($3 IS NULL OR assessments.route = $3) AND ($4 IS NULL OR assessments.decided_by = $4) \
     AND ($5 IS NULL OR assessments.level = $5) AND ($6 IS NULL OR assessments.status = $6) \
     AND ($7 IS NULL OR assessments.created_at >= $7) AND ($8 IS NULL OR assessments.created_at < $8) \
     AND ($9 IS NULL OR assessments.id < $9) \
     AND assessments.revision = (SELECT MAX(latest.revision) FROM assessments AS latest \
       WHERE latest.id = assessments.id) \
     ORDER BY assessments.id DESC LIMIT $10";

/// The latest revisions of a team's assessments that pass the filter, newest first, at most `limit`.
pub(super) async fn list(
    pool: &Pool,
    vault: &Vault,
    team: &str,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Assessment>, StoreError> {
    let list = sql(LIST)
        .bind(team)
        .bind(filter.subject.as_ref().map(SubjectId::as_str))
        .bind(filter.route.as_deref())
        .bind(filter.provider.as_ref().map(ProviderName::as_str))
        .bind(filter.level.map(Level::as_str))
        .bind(filter.status.map(Status::as_str))
        .bind(filter.from.map(Timestamp::as_microsecond))
        .bind(filter.to.map(Timestamp::as_microsecond))
        .bind(filter.after.as_ref().map(AssessmentId::as_str))
        .bind(limit);
    let mut found = Vec::new();
    for row in pool.all(list).await? {
        match assessments::opened(vault, &row) {
            Err(StoreError::Vault(error)) => {
                // One that cannot be opened must not hide the others.
                tracing::error!(%error, "an assessment cannot be opened, and is left out of a list");
            }
            opened => found.push(opened?),
        }
    }
    Ok(found)
}
