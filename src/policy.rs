//! What the gateway makes of a provider's answer: pure, total, and never lower than the facts allow.

#[cfg(test)]
mod tests;

use risk_provider::{AnswerState, Factor, Flag, Level, ProviderAssessment, Score, assessment::Bounds};

use crate::assessment::Status;

/// The least coverage with which an answer counts as complete.
pub const COVERAGE_FLOOR: f64 = 0.5;

/// What one provider's answer is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Whether it can be relied on.
    pub status: Status,
    /// The provider's level before anything else.
    pub base_level: Option<Level>,
    /// The level to give; none where giving one would mislead.
    pub level: Option<Level>,
    /// The score to give; none where giving one would mislead.
    pub score: Option<Score>,
    /// Weight of the factors behind the score ÷ weight of the applicable ones.
    pub coverage: f64,
    /// Where the score could lie.
    pub bounds: Bounds,
    /// Whether a person must look at it.
    pub review_required: bool,
    /// Why, as stable words.
    pub reasons: Vec<String>,
}

/// Judges one provider's answer.
///
/// - Pending: nothing is given.
/// - Nothing answered, or too little coverage: partial. A level below `medium` is withheld, and so is any
///   level when nothing at all was answered.
/// - About another name, and below `medium`: partial, without a level.
/// - A hit on sanctions or political exposure: a person must look.
/// - A vendor's word two or more levels below its own score: the word stands, and a person must look.
#[must_use]
pub fn judge(answer: &ProviderAssessment) -> Judgement {
    let coverage = answer.coverage();
    let mut reasons: Vec<String> = Vec::new();
    let (status, level) = match answer.state {
        AnswerState::Pending => {
            reasons.push("pending".to_owned());
            (Status::Pending, None)
        }
        AnswerState::Final => {
            reasons.extend(shortcomings(answer, coverage).map(str::to_owned));
            if reasons.is_empty() {
                (Status::Completed, answer.level)
            } else {
                (Status::Partial, partial_level(answer, coverage))
            }
        }
    };
    if let (Some(score), Some(level)) = (&answer.score, level)
        && Level::of(score.value()) > level
        && Level::of(score.value()).distance(level) >= 2
    {
        reasons.push("level_below_score".to_owned());
    }
    reasons.extend(screening_hits(answer));
    for flag in answer.flags.iter().filter(|flag| flag.needs_review()) {
        if !reasons.iter().any(|reason| reason == flag.as_str()) {
            reasons.push(flag.as_str().to_owned());
        }
    }
    Judgement {
        status,
        base_level: level,
        level,
        score: level.and_then(|_| answer.score.clone()),
        coverage,
        bounds: if level.is_some() { answer.bounds() } else { Bounds { low: 0.0, high: 100.0 } },
        review_required: status != Status::Pending && !reasons.is_empty(),
        reasons,
    }
}

/// Why a final answer is not complete.
fn shortcomings(answer: &ProviderAssessment, coverage: f64) -> impl Iterator<Item = &'static str> {
    let unscored = answer.score.is_none() || answer.level.is_none();
    let somebody_else =
        answer.flags.contains(&Flag::SubjectNameMismatch) && answer.level < Some(Level::Medium);
    [
        (unscored, "no_score"),
        (coverage < COVERAGE_FLOOR, "coverage_below_floor"),
        (somebody_else, Flag::SubjectNameMismatch.as_str()),
    ]
    .into_iter()
    .filter_map(|(applies, reason)| applies.then_some(reason))
}

/// The screening factors that came out high: whatever the level, a person must look.
fn screening_hits(answer: &ProviderAssessment) -> impl Iterator<Item = String> {
    let listed = |factor: &&Factor| matches!(factor.code.as_str(), "screening.sanction" | "screening.pep");
    let hit = |factor: &&Factor| factor.state.covers() && factor.level >= Some(Level::High);
    answer.factors.iter().filter(listed).filter(hit).map(|factor| factor.code.clone())
}

/// The level that a partial answer still carries: bad news stands, good news does not.
fn partial_level(answer: &ProviderAssessment, coverage: f64) -> Option<Level> {
    answer.level.filter(|&level| level >= Level::Medium && coverage > 0.0 && answer.score.is_some())
}
