//! What is written, in the shape that callers hand over.

use std::sync::Arc;

use jiff::Timestamp;
use risk_provider::{Money, ProviderAssessment, ProviderName, SubjectType};
use serde::{Deserialize, Serialize};

use super::{
    answers::Part,
    jobs::{Lease, NewItem},
};
use crate::{
    assessment::{Assessment, Served, Status},
    attempts::Attempt,
    ids::{AssessmentId, AttemptId, ProviderAssessmentId, RequestId, SubjectId},
    vault::DataKey,
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

/// An exchange with a vendor that is about to be made.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The attempt's id.
    pub id: AttemptId,
    /// Who will be asked.
    pub provider: ProviderName,
    /// What will be asked.
    pub operation: &'static str,
    /// Whether the vendor bills it.
    pub paid: bool,
    /// What it costs, where that is known.
    pub price: Option<Money>,
    /// When.
    pub started_at: Timestamp,
    /// When nobody waits for its outcome any more.
    pub settle_by: Timestamp,
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
    /// Keyed hash of the vendor's own reference, by which it is found again; none where the vendor gave none.
    pub reference_mac: Option<[u8; 32]>,
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
    /// The item of a job whose result it is.
    pub completes: Option<Lease>,
    /// What is to be done next because of it.
    pub enqueues: Vec<NewItem>,
    /// What comparisons need to know beside that; none where they need not know of it.
    pub compared: Option<Compared>,
}

/// What comparisons need to know of an assessment beside its answers.
#[derive(Debug, Clone)]
pub struct Compared {
    /// What was asked; none where an earlier revision told.
    pub question: Option<AskedAbout>,
    /// What each source is worth alone, in their order.
    pub statuses: Vec<Status>,
    /// Who was to be one of several answers and is not: asked in vain, or not asked.
    pub without: Vec<(ProviderName, Part)>,
}

/// What was asked, without saying it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedAbout {
    /// Keyed hash of the subject and of everything that is derived from what was said of it, in hexadecimal.
    pub question_mac: String,
    /// Person or company.
    pub subject_type: SubjectType,
    /// Keyed hash of the country, in hexadecimal.
    pub country_mac: String,
}

/// What another provider said, or that it did not answer, when a question was answered already; for comparison.
#[derive(Debug, Clone)]
pub struct ShadowRecord {
    /// Who asked.
    pub team: String,
    /// The answer that was served.
    pub assessment: Arc<Assessment>,
    /// What was asked; none where that is known from before.
    pub question: Option<AskedAbout>,
    /// Who was asked.
    pub provider: ProviderName,
    /// What it said, or that it was asked in vain, or not asked.
    pub answer: Result<ShadowAnswer, Part>,
    /// When.
    pub at: Timestamp,
    /// The item of a job that looked for it.
    pub completes: Option<Lease>,
}

/// What another provider said.
#[derive(Debug, Clone)]
pub struct ShadowAnswer {
    /// As it is recorded.
    pub record: Arc<ProviderRecord>,
    /// Whether the vendor was called for it.
    pub served: Served,
    /// What it is worth alone.
    pub status: Status,
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
    /// The item of a job whose result it is.
    pub completes: Option<Lease>,
}
