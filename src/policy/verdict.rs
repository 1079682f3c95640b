//! What one provider's answer is worth by itself.

use std::cmp::Ordering;

use risk_provider::{
    AnswerState, Factor, Flag, Level, ProviderAssessment, ProviderName, Score, assessment::Bounds,
};

use super::{ANYWHERE, Policy};
use crate::assessment::Status;

/// What one provider's answer is worth by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Who answered.
    pub provider: ProviderName,
    /// The adapter behind the provider.
    pub kind: String,
    /// Whether it can be relied on.
    pub status: Status,
    /// Its level; none where giving one would mislead.
    pub level: Option<Level>,
    /// Its score; none where giving one would mislead.
    pub score: Option<Score>,
    /// Weight of the factors behind the score ÷ weight of the applicable ones.
    pub coverage: f64,
    /// Where the score could lie.
    pub bounds: Bounds,
    /// Why a person must look at it, as stable words; empty where nobody must.
    pub reasons: Vec<String>,
}

// === impl Policy ===

impl Policy {
    /// Judges one provider's answer by itself.
    ///
    /// - Pending: nothing is given.
    /// - Nothing answered, or too little coverage: partial. A level below `medium` is withheld, and so is any
    ///   level when nothing at all was answered.
    /// - About another name, and below `medium`: partial, without a level.
    /// - A hit on sanctions or political exposure: a person must look.
    /// - A vendor's word two or more levels below its own score: the word stands, and a person must look.
    #[must_use]
    pub fn verdict(&self, answer: &ProviderAssessment) -> Verdict {
        let coverage = coverage(answer);
        let score = answer.score.as_ref().filter(|score| (0.0..=100.0).contains(&score.value()));
        let mut reasons: Vec<String> = Vec::new();
        let (status, level) = match answer.state {
            AnswerState::Pending => {
                reasons.push("pending".to_owned());
                (Status::Pending, None)
            }
            AnswerState::Final => {
                reasons.extend(self.shortcomings(answer, score, coverage).map(str::to_owned));
                if reasons.is_empty() {
                    (Status::Completed, answer.level)
                } else {
                    let bad_news =
                        |&level: &Level| level >= Level::Medium && coverage > 0.0 && score.is_some();
                    // Bad news stands, good news does not.
                    (Status::Partial, answer.level.filter(bad_news))
                }
            }
        };
        if let (Some(score), Some(level)) = (score, level)
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
        Verdict {
            provider: answer.provider.clone(),
            kind: answer.kind.clone(),
            status,
            level,
            score: level.and(score).cloned(),
            coverage,
            bounds: if level.is_some() { answer.bounds() } else { ANYWHERE },
            reasons,
        }
    }

    /// Why a final answer is not complete.
    fn shortcomings(
        &self,
        answer: &ProviderAssessment,
        score: Option<&Score>,
        coverage: f64,
    ) -> impl Iterator<Item = &'static str> {
        let unscored = score.is_none() || answer.level.is_none();
        let uncovered = coverage <= 0.0 || coverage < self.coverage_floor();
        let somebody_else =
            answer.flags.contains(&Flag::SubjectNameMismatch) && answer.level < Some(Level::Medium);
        [
            (unscored, "no_score"),
            (uncovered, "coverage_below_floor"),
            (somebody_else, Flag::SubjectNameMismatch.as_str()),
        ]
        .into_iter()
        .filter_map(|(applies, reason)| applies.then_some(reason))
    }
}

/// The answer's coverage; 0 where a weight is none.
fn coverage(answer: &ProviderAssessment) -> f64 {
    let mut weights = answer.factors.iter().filter_map(|factor| factor.weight);
    if weights.all(|weight| weight.is_finite() && weight >= 0.0) { answer.coverage() } else { 0.0 }
}

/// The screening factors that came out high: whatever the level, a person must look.
fn screening_hits(answer: &ProviderAssessment) -> impl Iterator<Item = String> {
    let listed = |factor: &&Factor| matches!(factor.code.as_str(), "screening.sanction" | "screening.pep");
    let hit = |factor: &&Factor| factor.state.covers() && factor.level >= Some(Level::High);
    answer.factors.iter().filter(listed).filter(hit).map(|factor| factor.code.clone())
}

// === impl Verdict ===

impl Verdict {
    /// The company behind the provider: the first part of its kind, so that two kinds of one vendor are not two
    /// opinions.
    pub(super) fn vendor(&self) -> &str {
        self.kind.split_once('-').map_or(self.kind.as_str(), |(vendor, _)| vendor)
    }

    /// The worse of two is the greater; equals differ only where they are the same in all that matters.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let score = |verdict: &Self| verdict.score.as_ref().map_or(-1.0, Score::value);
        let by_score = || score(self).total_cmp(&score(other));
        let by_name = || other.provider.as_str().cmp(self.provider.as_str());
        self.level.cmp(&other.level).then_with(by_score).then_with(by_name)
    }
}
