//! Several providers' answers become one: pure, and in no order.

use std::num::NonZeroUsize;

use risk_provider::{Level, ProviderAssessment, ProviderName, Score, assessment::Bounds};
use serde::{Deserialize, Serialize};

use super::{ANYWHERE, Policy, Verdict};
use crate::assessment::Status;

/// How several answers become one.
///
/// In every way one vendor has one vote, its worst; what is partial does not count as long as anything is complete,
/// except that its bad news stands; and answers too far apart come out as the highest of them, for a person to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// The answer with the highest level.
    #[default]
    MostConservative,
    /// The mean of the scores; its level, but none below every vendor's, or more than one below the highest.
    Mean,
    /// The level that most vendors give, the higher one of equals; partial with fewer vendors than this.
    Quorum(NonZeroUsize),
}

/// What several answers come to, before any rule of a route.
#[derive(Debug, Clone, PartialEq)]
pub struct Combined {
    /// Whether it can be relied on.
    pub status: Status,
    /// The level; none where giving one would mislead.
    pub level: Option<Level>,
    /// The score; none where giving one would mislead.
    pub score: Option<Score>,
    /// The least coverage of the answers that count.
    pub coverage: f64,
    /// Where the score could lie, by every answer that counts.
    pub bounds: Bounds,
    /// Levels between the lowest and the highest answer.
    pub spread: u8,
    /// How many vendors' answers count.
    pub answered: usize,
    /// Whose answer decided; none where several did.
    pub decided_by: Option<ProviderName>,
    /// Why a person must look at it, as stable words.
    pub reasons: Vec<String>,
}

/// A level, and whose answer it comes from; none where it comes from several.
struct Opinion<'a> {
    level: Level,
    of: Option<&'a Verdict>,
}

// === impl Policy ===

impl Policy {
    /// Makes one answer of what providers `said`. Nobody having said anything is partial, without a level.
    #[must_use]
    pub fn combine(&self, said: &[&ProviderAssessment], combine: Combine) -> Combined {
        let mut verdicts: Vec<Verdict> = said.iter().map(|said| self.verdict(said)).collect();
        verdicts.sort_by(|left, right| {
            left.provider.as_str().cmp(right.provider.as_str()).then_with(|| right.compare(left))
        });
        let with = |status| verdicts.iter().filter(move |verdict| verdict.status == status);
        let (complete, partial): (Vec<_>, Vec<_>) =
            (with(Status::Completed).collect(), with(Status::Partial).collect());
        let mut reasons = all_reasons(&verdicts);
        if verdicts.is_empty() {
            return Combined::nothing(Status::Partial, vec!["nobody_answered".to_owned()]);
        }
        if complete.is_empty() && partial.is_empty() {
            let coverage = least_coverage(&verdicts);
            return Combined { coverage, ..Combined::nothing(Status::Pending, reasons) };
        }
        let counted = if complete.is_empty() { &partial } else { &complete };
        let votes = votes(counted);
        let is_partial = complete.is_empty() || with(Status::Pending).next().is_some();
        let short = matches!(combine, Combine::Quorum(least) if votes.len() < least.get());
        if short {
            reasons.push("quorum_not_met".to_owned());
        }
        let status = if is_partial || short { Status::Partial } else { Status::Completed };
        let spread = spread(&verdicts);
        let opinion = opinion(&votes, combine).map(|opinion| not_hiding(opinion, &partial, &mut reasons));
        let opinion = if spread >= self.spread_levels() {
            reasons.push("providers_apart".to_owned());
            worst(&verdicts)
        } else {
            opinion
        };
        let Some(opinion) = opinion else {
            let coverage = least_coverage(counted.iter().copied());
            return Combined {
                coverage,
                spread,
                answered: votes.len(),
                ..Combined::nothing(status, reasons)
            };
        };
        let combined = Combined {
            status,
            level: Some(opinion.level),
            score: opinion.of.map_or_else(|| mean(&votes), |verdict| verdict.score.clone()),
            coverage: least_coverage(counted.iter().copied().chain(opinion.of)),
            bounds: hull(counted.iter().copied().chain(opinion.of)),
            spread,
            answered: votes.len(),
            decided_by: opinion.of.map(|verdict| verdict.provider.clone()),
            reasons,
        };
        if status == Status::Partial { combined.withheld_below_medium() } else { combined }
    }
}

/// The opinion of those who have a vote.
fn opinion<'a>(votes: &[&'a Verdict], combine: Combine) -> Option<Opinion<'a>> {
    let highest = worst(votes.iter().copied())?;
    let chosen = match combine {
        Combine::MostConservative => return Some(highest),
        Combine::Mean if votes.len() < 2 => return Some(highest),
        Combine::Mean => {
            let lowest = votes.iter().filter_map(|vote| vote.level).min()?;
            let least = lowest.max(one_below(highest.level));
            Opinion { level: Level::of(mean(votes)?.value()).max(least), of: None }
        }
        Combine::Quorum(_) => majority(votes)?,
    };
    // What a person must look at is neither averaged away nor voted down.
    let doubtful = worst(votes.iter().copied().filter(|vote| !vote.reasons.is_empty()));
    Some(doubtful.filter(|doubtful| doubtful.level > chosen.level).unwrap_or(chosen))
}

/// The opinion, or a worse one of somebody whose answer is only partial.
fn not_hiding<'a>(opinion: Opinion<'a>, partial: &[&'a Verdict], reasons: &mut Vec<String>) -> Opinion<'a> {
    match worst(partial.iter().copied()).filter(|worst| worst.level > opinion.level) {
        Some(worst) => {
            reasons.push("partial_answer_is_higher".to_owned());
            worst
        }
        None => opinion,
    }
}

/// One vote a vendor: its worst answer.
fn votes<'a>(counted: &[&'a Verdict]) -> Vec<&'a Verdict> {
    let mut votes: Vec<&Verdict> = Vec::new();
    for &verdict in counted {
        match votes.iter_mut().find(|vote| vote.vendor() == verdict.vendor()) {
            Some(vote) if verdict.compare(vote).is_gt() => *vote = verdict,
            Some(_) => {}
            None => votes.push(verdict),
        }
    }
    votes
}

fn worst<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Option<Opinion<'a>> {
    let worst = verdicts.into_iter().max_by(|left, right| left.compare(right))?;
    Some(Opinion { level: worst.level?, of: Some(worst) })
}

/// The worst answer at the level that most give, the higher one of equals.
fn majority<'a>(votes: &[&'a Verdict]) -> Option<Opinion<'a>> {
    let at = |level| votes.iter().copied().filter(move |vote| vote.level == Some(level));
    let level = Level::ALL.into_iter().max_by_key(|&level| (at(level).count(), level))?;
    worst(at(level))
}

/// The mean of the scores; not a quantity of any vendor's.
fn mean(votes: &[&Verdict]) -> Option<Score> {
    let scores = votes.iter().filter_map(|vote| vote.score.as_ref().map(Score::value));
    let mut scores: Vec<f64> = scores.collect();
    scores.sort_by(f64::total_cmp);
    let (&low, &high) = (scores.first()?, scores.last()?);
    let count = f64::from(u32::try_from(scores.len()).ok()?);
    // Rounding must not push it out of what was said.
    let mean = (scores.iter().sum::<f64>() / count).clamp(low, high);
    Score::percent(&mean.to_string(), "mean:0-100").ok()
}

fn one_below(level: Level) -> Level {
    Level::ALL.into_iter().rev().find(|&below| below < level).unwrap_or(level)
}

/// Levels between the lowest and the highest answer that has one.
fn spread(verdicts: &[Verdict]) -> u8 {
    let levels = || verdicts.iter().filter_map(|verdict| verdict.level);
    levels().max().zip(levels().min()).map_or(0, |(highest, lowest)| highest.distance(lowest))
}

fn least_coverage<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> f64 {
    verdicts.into_iter().map(|verdict| verdict.coverage).min_by(f64::total_cmp).unwrap_or(0.0)
}

/// The narrowest bounds that hold those of every verdict.
fn hull<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> Bounds {
    let wider =
        |one: Bounds, other: Bounds| Bounds { low: one.low.min(other.low), high: one.high.max(other.high) };
    verdicts.map(|verdict| verdict.bounds).reduce(wider).unwrap_or(ANYWHERE)
}

/// Every verdict's reasons, each once.
fn all_reasons(verdicts: &[Verdict]) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for reason in verdicts.iter().flat_map(|verdict| &verdict.reasons) {
        if !reasons.contains(reason) {
            reasons.push(reason.clone());
        }
    }
    reasons
}

// === impl Combine ===

impl Combine {
    /// The word used in configuration and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MostConservative => "most_conservative",
            Self::Mean => "mean",
            Self::Quorum(_) => "quorum",
        }
    }

    /// How many vendors it takes, where that matters.
    #[must_use]
    pub const fn quorum(self) -> Option<usize> {
        match self {
            Self::Quorum(vendors) => Some(vendors.get()),
            Self::MostConservative | Self::Mean => None,
        }
    }
}

// === impl Combined ===

impl Combined {
    fn nothing(status: Status, reasons: Vec<String>) -> Self {
        Self {
            status,
            level: None,
            score: None,
            coverage: 0.0,
            bounds: ANYWHERE,
            spread: 0,
            answered: 0,
            decided_by: None,
            reasons,
        }
    }

    /// The same as a partial answer, which says nothing good.
    pub(super) fn withheld_below_medium(self) -> Self {
        let partial = Self { status: Status::Partial, ..self };
        if partial.level.is_some_and(|level| level >= Level::Medium) {
            return partial;
        }
        Self { level: None, score: None, bounds: ANYWHERE, decided_by: None, ..partial }
    }

    pub(super) fn with_reasons(mut self, more: Vec<String>) -> Self {
        for reason in more {
            if !self.reasons.contains(&reason) {
                self.reasons.push(reason);
            }
        }
        self
    }
}
