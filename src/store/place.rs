//! Where a sealed value belongs; it opens nowhere else.

use crate::ids::{AssessmentId, JobId, OutcomeId, ProviderAssessmentId, RequestId};

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

pub(super) fn pinned_answer(request_id: &RequestId) -> String {
    format!("idempotency_keys/{request_id}/answer")
}

pub(super) fn labelled_by(id: &OutcomeId) -> String {
    format!("outcomes/{id}/labelled_by")
}

pub(super) fn job_payload(job: &JobId, number: i64) -> String {
    format!("job_items/{job}/{number}/payload")
}
