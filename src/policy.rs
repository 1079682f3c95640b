//! What the gateway makes of providers' answers: pure, total, and never lower than the facts allow.
//!
//! Each answer is judged alone, the answers become one, and then a route's own rules are laid over it: factors that
//! must be there, floors, and reviews. No rule lowers a level, and their order means nothing.

pub mod allowed;
pub mod combine;
pub mod condition;
mod settings;
#[cfg(test)]
mod tests;
mod verdict;

use risk_provider::{AnswerState, CountryCode, Level, ProviderAssessment, ProviderName, Score, Subject};
use risk_provider::{SubjectType, assessment::Bounds};
use serde::{Deserialize, Serialize};

pub use allowed::{Allowed, AllowedRule};
pub use combine::{Combine, Combined};
pub use condition::{BadCondition, Case, Condition};
pub use settings::{Floor, Policy, Review, Rules};
pub use verdict::Verdict;

use crate::assessment::{AppliedFloor, PolicyOutcome, Status};

/// What the rules of a route may know of a subject.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Of residence or incorporation.
    pub country: CountryCode,
    /// Of citizenship.
    pub nationality: Option<CountryCode>,
    /// Person or company.
    pub kind: SubjectType,
    /// What the caller says.
    pub politically_exposed: Option<bool>,
}

/// What providers' answers are worth under a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Whether it can be relied on.
    pub status: Status,
    /// The level before any floor.
    pub base_level: Option<Level>,
    /// The level to give; none where giving one would mislead.
    pub level: Option<Level>,
    /// The score to give; none where giving one would mislead.
    pub score: Option<Score>,
    /// Weight of the factors behind the score ÷ weight of the applicable ones.
    pub coverage: f64,
    /// Where the score could lie.
    pub bounds: Bounds,
    /// Levels between the lowest and the highest provider.
    pub spread: u8,
    /// How many vendors' answers count.
    pub answered: usize,
    /// Whose answer decided; none where several did.
    pub decided_by: Option<ProviderName>,
    /// The floors that applied, in the order configured.
    pub floors_applied: Vec<AppliedFloor>,
    /// Whether a person must look at it.
    pub review_required: bool,
    /// Why, as stable words.
    pub reasons: Vec<String>,
    /// The policy that judged.
    pub policy_version: String,
}

/// The score could lie anywhere.
const ANYWHERE: Bounds = Bounds { low: 0.0, high: 100.0 };

// === impl Policy ===

impl Policy {
    /// Judges what providers `said` about the subject of `facts`.
    ///
    /// - A required factor that nobody judged: partial, and a level below `medium` is withheld.
    /// - The level is the highest of the answers' own and of every floor whose condition holds. A partial answer
    ///   without a level gets one only from a floor of `medium` or above.
    /// - A review whose condition holds: a person must look.
    #[must_use]
    pub fn judge(&self, said: &[&ProviderAssessment], facts: &Facts, combine: Combine) -> Judgement {
        let combined = self.combine(said, combine);
        let heard: Vec<_> = said.iter().copied().filter(|said| said.state == AnswerState::Final).collect();
        let case = Case {
            facts,
            said: &heard,
            level: combined.level,
            score: combined.score.as_ref().map(Score::value).or_else(|| highest_score(&heard)),
            coverage: combined.coverage,
            spread: combined.spread,
        };
        if combined.status == Status::Pending {
            return self.judgement(combined, Vec::new());
        }
        let missing: Vec<_> = self.required_factors().iter().filter(|code| !case.is_judged(code)).collect();
        let floors = self.floors().iter().filter(|floor| floor.when.holds(&case)).map(AppliedFloor::from);
        let reviews = self.review().iter().filter(|review| review.when.holds(&case));
        let mut reasons: Vec<_> =
            missing.iter().map(|code| format!("required_factor_missing:{code}")).collect();
        reasons.extend(reviews.map(|review| review.reason.clone()));
        let floors = floors.collect();
        let combined = if missing.is_empty() { combined } else { combined.withheld_below_medium() };
        self.judgement(combined.with_reasons(reasons), floors)
    }

    fn judgement(&self, combined: Combined, floors_applied: Vec<AppliedFloor>) -> Judgement {
        let Combined { status, level: base_level, score, coverage, bounds, spread, .. } = combined;
        let Combined { answered, decided_by, reasons, .. } = combined;
        let floor = floors_applied.iter().map(|floor| floor.level).max();
        let level = match base_level {
            Some(base) => Some(floor.map_or(base, |floor| floor.max(base))),
            // Too little is known to say that it is low.
            None => floor.filter(|&floor| floor >= Level::Medium),
        };
        let review_required = status != Status::Pending && !reasons.is_empty();
        Judgement {
            status,
            base_level,
            level,
            score,
            coverage,
            bounds,
            spread,
            answered,
            decided_by,
            floors_applied,
            review_required,
            reasons,
            policy_version: self.version().to_owned(),
        }
    }

    /// Whether `said` alone can be relied on.
    #[must_use]
    pub fn status_of(&self, said: &ProviderAssessment, facts: &Facts) -> Status {
        self.judge(&[said], facts, Combine::default()).status
    }
}

/// The highest score that was given, whether or not it counts.
fn highest_score(said: &[&ProviderAssessment]) -> Option<f64> {
    let scores = said.iter().filter_map(|said| said.score.as_ref());
    scores.map(|score| plain(score.value())).max_by(f64::total_cmp)
}

/// `score` as one from 0 to 100; what is none reads as the worst.
fn plain(score: f64) -> f64 {
    if (0.0..=100.0).contains(&score) { score } else { 100.0 }
}

// === impl Facts ===

impl From<&Subject> for Facts {
    fn from(subject: &Subject) -> Self {
        Self {
            country: subject.country,
            nationality: subject.nationality,
            kind: subject.kind(),
            politically_exposed: subject.politically_exposed,
        }
    }
}

impl std::fmt::Debug for Facts {
    /// Only what kind it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Facts").field("kind", &self.kind).finish_non_exhaustive()
    }
}

// === impl Judgement ===

impl Judgement {
    /// The same, to be looked at by a person because of `reason`.
    #[must_use]
    pub fn to_be_reviewed(mut self, reason: &str) -> Self {
        self.reasons.push(reason.to_owned());
        self.review_required = self.status != Status::Pending;
        self
    }

    /// What an assessment says of it.
    #[must_use]
    pub fn outcome(&self) -> PolicyOutcome {
        PolicyOutcome {
            version: Some(self.policy_version.clone()),
            base_level: self.base_level,
            floors_applied: self.floors_applied.clone(),
            overridden: None,
            review_required: self.review_required,
            reasons: self.reasons.clone(),
        }
    }
}

impl From<&Floor> for AppliedFloor {
    fn from(floor: &Floor) -> Self {
        Self { level: floor.level, reason: floor.reason.clone(), when: floor.when.to_string() }
    }
}
