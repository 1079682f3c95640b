//! What is written, in the shape that callers hand over.

use std::sync::Arc;

use jiff::Timestamp;
use risk_provider::{Money, ProviderAssessment, ProviderName};

use super::jobs::{Lease, NewItem};
use crate::{
    assessment::{Assessment, Served},
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
}

/// What another provider said to a question that was answered already, for comparison.
#[derive(Debug, Clone)]
pub struct ShadowRecord {
    /// The answer that was served.
    pub assessment_id: AssessmentId,
    /// Which revision of it.
    pub revision: u32,
    /// What the other provider said.
    pub provider_assessment_id: ProviderAssessmentId,
    /// Whether the vendor was called for it.
    pub served: Served,
    /// When.
    pub at: Timestamp,
    /// The item of a job that looked for it.
    pub completes: Option<Lease>,
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
