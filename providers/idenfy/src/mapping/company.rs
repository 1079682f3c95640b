//! A company's risk in short, out of its record.

use std::collections::BTreeSet;

use risk_provider::{
    AnswerState, FailureKind, Flag, Level, ProviderAssessment, ProviderError, ProviderName, RawPayload,
    Score, VendorReference, VendorResponse, doubt, object::Object,
};

use super::{MAPPING_VERSION, SCALE, level};
use crate::{
    Idenfy,
    wire::{Company, Summary},
};

/// The risk in the record of the company `id`; none for a company that was not assessed.
///
/// # Errors
///
/// `malformed`.
pub(crate) fn read(
    response: &VendorResponse,
    id: &str,
    provider: &ProviderName,
) -> Result<Option<ProviderAssessment>, ProviderError> {
    let Object(Company { id: told, risk_assessment }) = response.json()?;
    let malformed = |detail: &str| response.failure(FailureKind::Malformed, detail);
    if told.is_none_or(|told| !told.eq_ignore_ascii_case(id)) {
        return Err(malformed("the company is another one than asked for"));
    }
    if let Some(why) = doubt::of_answer(risk_assessment.get()) {
        return Err(malformed(why));
    }
    let summary: Option<Object<Summary>> = serde_json::from_str(risk_assessment.get())
        .map_err(|_error| malformed("riskAssessment has another shape than documented"))?;
    let Some(Object(summary)) = summary else { return Ok(None) };
    if summary.identifier.is_some() {
        return Err(malformed("an error stands beside the answer"));
    }
    let score = summary.risk_score.as_ref().map(|literal| Score::percent(literal.get(), SCALE));
    let score = score
        .transpose()
        .map_err(|source| malformed("riskScore is no number from 0 to 100").with_source(source))?;
    // Any answer gives a point: nought means that there was none.
    let score = score.filter(|score| score.value() > 0.0);
    let mut flags = BTreeSet::new();
    let level = judge(summary.risk_level.as_deref(), score.as_ref(), &mut flags);
    Ok(Some(ProviderAssessment {
        provider: provider.clone(),
        kind: Idenfy::KIND.to_owned(),
        mapping_version: MAPPING_VERSION.to_owned(),
        profile_fingerprint: None,
        state: AnswerState::Final,
        vendor_reference: Some(VendorReference(summary.id)),
        score,
        level,
        vendor_level: summary.risk_level,
        factors: Vec::new(),
        evidence: Vec::new(),
        flags,
        assessed_at: response.received_at,
        raw: RawPayload::verbatim(risk_assessment.get().to_owned()),
    }))
}

/// The vendor's word beside a score. A word without one is believed only when it warns.
fn judge(word: Option<&str>, score: Option<&Score>, flags: &mut BTreeSet<Flag>) -> Option<Level> {
    match (score, word.and_then(level)) {
        (Some(_), Some(level)) => Some(level),
        (Some(score), None) => {
            flags.insert(Flag::UnknownVendorLevel);
            Some(Level::of(score.value()).max(Level::Medium))
        }
        (None, level) => {
            flags.insert(Flag::Unanswered);
            level.filter(|level| *level >= Level::Medium)
        }
    }
}
