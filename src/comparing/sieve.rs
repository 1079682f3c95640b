//! What makes a pair of two answers.
//!
//! Both answered the same question about the same subject, each by itself and completely, at about the same time. Every
//! candidate that is none is counted under the first reason that holds. Of several pairs about one subject the earliest
//! counts, since statistics take pairs for independent: so a later question changes no pair that there is. Of those made
//! at once, that of one question counts before a recheck, and a recheck before what was brought in. What was brought in can
//! be so at any time, and takes no question's place, however early the vendor had answered.

mod reason;

use std::collections::{BTreeMap, HashMap, HashSet, hash_map::Entry};

use jiff::{SignedDuration, Timestamp};
use risk_provider::Level;

use self::reason::Reason;
use super::{
    AskedOf, ComparedPair, ComparedSide, Countries, PairSource, SegmentKey, Selection, Silent, Word,
};
use crate::{
    assessment::{Served, Status},
    compare::{Funnel, Points, Rating, Said},
    ids::SubjectId,
    store::{Candidate, CandidateSource, Part, Side},
};

/// Answers from the cache are equally old when they were made no further apart than this.
const EQUALLY_OLD: SignedDuration = SignedDuration::from_secs(60);

/// Whether a question is of the population.
type Takes<'a> = &'a (dyn Fn(AskedOf<'_>) -> bool + Send + Sync);

/// Whether anything was told of a subject before that time: what is known already is no prediction.
type ToldBefore<'a> = &'a (dyn Fn(&str, Timestamp) -> bool + Send + Sync);

/// What was found so far.
pub(super) struct Sieve<'a> {
    selection: &'a Selection,
    countries: &'a Countries,
    from: Timestamp,
    to: Timestamp,
    takes: Takes<'a>,
    told_before: ToldBefore<'a>,
    /// Subjects that have their pair: a second one would count them twice.
    seen: HashSet<SubjectId>,
    /// Pairs that were not made by one question, the earliest of each subject; those of questions follow them.
    others: HashMap<SubjectId, ComparedPair>,
    /// Subjects whom a side left without an answer, or was not asked about.
    silent: HashMap<SubjectId, Silent>,
    excluded: BTreeMap<Reason, u64>,
    found: u64,
    /// The best so far for what was brought in: all its candidates follow each other.
    brought: Option<Brought>,
}

/// What one entry of a vendor's history makes, as far as is known.
struct Brought {
    asked_in: String,
    best: Result<ComparedPair, Reason>,
}

// === impl Sieve ===

impl<'a> Sieve<'a> {
    pub(super) fn new(
        selection: &'a Selection,
        countries: &'a Countries,
        takes: Takes<'a>,
        told_before: ToldBefore<'a>,
    ) -> Self {
        let (from, to) = selection.span();
        Self {
            selection,
            countries,
            from,
            to,
            takes,
            told_before,
            seen: HashSet::new(),
            others: HashMap::new(),
            silent: HashMap::new(),
            excluded: BTreeMap::new(),
            found: 0,
            brought: None,
        }
    }

    /// The pair that a candidate makes. Candidates that were not asked in one question come first, and each kind in the
    /// order of asking.
    pub(super) fn sift(&mut self, candidate: Candidate) -> Option<ComparedPair> {
        let at = candidate.left.asked_at.max(candidate.right.asked_at)?;
        if at < self.from || at >= self.to || !(self.takes)(self.asked_of(&candidate)) {
            return None;
        }
        let verdict = self.judge(&candidate, at);
        match candidate.source {
            CandidateSource::Question => {
                self.end_of_history();
                self.note_silence(&candidate, at, verdict.as_ref().err());
                self.settle(verdict)
            }
            CandidateSource::Recheck => {
                self.end_of_history();
                self.keep(verdict);
                None
            }
            CandidateSource::Import => {
                self.weigh(candidate.asked_in, verdict);
                None
            }
        }
    }

    /// The pairs that no question made earlier.
    pub(super) fn end(&mut self) -> Vec<ComparedPair> {
        self.end_of_history();
        let others = std::mem::take(&mut self.others).into_values();
        let mut others: Vec<_> = others.filter(|pair| self.seen.insert(pair.subject.clone())).collect();
        others.sort_by(|one, other| (one.at, &one.asked_in).cmp(&(other.at, &other.asked_in)));
        self.found += u64::try_from(others.len()).unwrap_or(u64::MAX);
        others
    }

    /// Whom a side left without a whole answer, or was not asked about, and nobody made up for by a pair; `outcome` tells what
    /// became of a subject.
    pub(super) fn silent(&self, outcome: impl Fn(&str) -> Option<bool>) -> Vec<Silent> {
        let silent = self.silent.iter().filter(|(subject, _)| !self.seen.contains(*subject));
        silent.map(|(subject, it)| Silent { outcome: outcome(subject.as_str()), ..*it }).collect()
    }

    /// How many made no pair as something was told of their subjects before.
    pub(super) fn known_before(&self) -> u64 {
        self.excluded.get(&Reason::KnownBefore).copied().unwrap_or_default()
    }

    /// An answer that is not whole, or has no score, is as good as none. Whoever was not asked is not silent.
    fn note_silence(&mut self, candidate: &Candidate, at: Timestamp, reason: Option<&Reason>) {
        let is_silence = matches!(
            reason,
            Some(
                Reason::LeftUnanswered
                    | Reason::RightUnanswered
                    | Reason::NeitherAnswered
                    | Reason::NotAsked
                    | Reason::Incomplete
                    | Reason::NoScore
            )
        );
        if !is_silence || (self.told_before)(candidate.subject.as_str(), at) {
            return;
        }
        let said = |side: &Side| match (side.part, side.status) {
            (Some(Part::NotAsked), _) => Said::NotAsked,
            (_, Some(Status::Completed)) => Said::of(side.score.and_then(Points::new)),
            _ => Said::Nothing,
        };
        let (left, right) = (said(&candidate.left), said(&candidate.right));
        let silent = self.silent.entry(candidate.subject.clone());
        let silent = silent.or_insert(Silent { said: (left, right), at, outcome: None });
        silent.said = (silent.said.0.then(left), silent.said.1.then(right));
        silent.at = silent.at.min(at);
    }

    /// One of what was brought in makes one pair, with whichever answer fits best. All its candidates follow each other.
    fn weigh(&mut self, asked_in: String, verdict: Result<ComparedPair, Reason>) {
        match &mut self.brought {
            Some(brought) if brought.asked_in == asked_in => {
                if is_better(&verdict, &brought.best) {
                    brought.best = verdict;
                }
            }
            _ => {
                self.end_of_history();
                self.brought = Some(Brought { asked_in, best: verdict });
            }
        }
    }

    fn end_of_history(&mut self) {
        if let Some(brought) = self.brought.take() {
            self.keep(brought.best);
        }
    }

    /// Keeps the earliest pair of each subject until it is known whether a question made one earlier.
    fn keep(&mut self, verdict: Result<ComparedPair, Reason>) {
        match verdict {
            Ok(pair) => {
                let later = match self.others.entry(pair.subject.clone()) {
                    Entry::Vacant(place) => {
                        place.insert(pair);
                        None
                    }
                    Entry::Occupied(mut kept) if turn(&pair) < turn(kept.get()) => Some(kept.insert(pair)),
                    Entry::Occupied(_) => Some(pair),
                };
                if later.is_some() {
                    self.exclude(Reason::Repeated);
                }
            }
            Err(reason) => self.exclude(reason),
        }
    }

    fn exclude(&mut self, reason: Reason) {
        *self.excluded.entry(reason).or_default() += 1;
    }

    pub(super) fn funnel(&self, unattached: u64, labelled: usize) -> Funnel {
        let count = |reason: Reason| self.excluded.get(&reason).copied().unwrap_or_default();
        let total: u64 = self.excluded.values().sum();
        let not_both: u64 = Reason::NOT_BOTH.into_iter().map(count).sum();
        let eligible = self.found + total + unattached;
        let mut funnel = Funnel::default()
            .step("eligible", eligible)
            .step("both_answered", eligible - not_both - unattached)
            .step("comparable", self.found)
            .step("labelled", u64::try_from(labelled).unwrap_or(u64::MAX));
        for (reason, count) in &self.excluded {
            funnel = funnel.without(reason.as_str(), *count);
        }
        if unattached > 0 { funnel.without(Reason::Unattached.as_str(), unattached) } else { funnel }
    }

    /// Counts what a question made, and gives it where it is the earliest pair of its subject.
    fn settle(&mut self, verdict: Result<ComparedPair, Reason>) -> Option<ComparedPair> {
        let pair = match verdict {
            Ok(pair) => pair,
            Err(reason) => {
                self.exclude(reason);
                return None;
            }
        };
        let goes_before = |other: &ComparedPair| turn(other) < turn(&pair);
        if self.seen.contains(&pair.subject) || self.others.get(&pair.subject).is_some_and(goes_before) {
            self.exclude(Reason::Repeated);
            return None;
        }
        if self.others.remove(&pair.subject).is_some() {
            self.exclude(Reason::Repeated);
        }
        self.seen.insert(pair.subject.clone());
        self.found += 1;
        Some(pair)
    }

    fn judge(&self, candidate: &Candidate, at: Timestamp) -> Result<ComparedPair, Reason> {
        let Candidate { left, right, .. } = candidate;
        if candidate.erased {
            return Err(Reason::Erased);
        }
        match (answered(left)?, answered(right)?) {
            (true, true) => {}
            (false, true) => return Err(Reason::LeftUnanswered),
            (true, false) => return Err(Reason::RightUnanswered),
            (false, false) => return Err(Reason::NeitherAnswered),
        }
        if [left.part, right.part].contains(&Some(Part::Fallback)) {
            return Err(Reason::Failover);
        }
        if [left.status, right.status].iter().any(|status| *status != Some(Status::Completed)) {
            return Err(Reason::Incomplete);
        }
        let (left, right) = (side(left)?, side(right)?);
        let apart = left.assessed_at.duration_since(right.assessed_at).abs();
        let from_cache = |side: &ComparedSide| matches!(side.served, Served::Cached | Served::Stale);
        if (from_cache(&left) || from_cache(&right)) && apart > EQUALLY_OLD {
            return Err(Reason::Cached);
        }
        if apart > SignedDuration::try_from(self.selection.window).unwrap_or(SignedDuration::MAX) {
            return Err(Reason::TooFarApart);
        }
        match candidate.same_question {
            None => return Err(Reason::UnknownInputs),
            Some(false) => return Err(Reason::OtherInputs),
            Some(true) => {}
        }
        if (self.told_before)(candidate.subject.as_str(), at) {
            return Err(Reason::KnownBefore);
        }
        let source = PairSource::of(candidate);
        Ok(ComparedPair {
            source,
            asked_in: candidate.asked_in.clone(),
            subject: candidate.subject.clone(),
            subject_type: Word::clone(&candidate.subject_type),
            route: Word::clone(&candidate.route),
            at,
            segment: self.segment(candidate, source),
            left,
            right,
        })
    }

    fn asked_of<'b>(&self, candidate: &'b Candidate) -> AskedOf<'b> {
        let answers = [candidate.left.assessed_at, candidate.right.assessed_at];
        AskedOf {
            subject: &candidate.subject,
            subject_type: &candidate.subject_type,
            country: self.country(candidate),
            route: &candidate.route,
            answered_at: answers.into_iter().flatten().min(),
        }
    }

    fn country(&self, candidate: &Candidate) -> Option<&'static str> {
        self.countries.get(candidate.country_mac.as_deref()?).copied()
    }

    fn segment(&self, candidate: &Candidate, source: PairSource) -> Option<Word> {
        let word = match self.selection.segment? {
            SegmentKey::Type => Word::clone(&candidate.subject_type),
            SegmentKey::Route => Word::clone(&candidate.route),
            SegmentKey::Source => source.as_str().into(),
            SegmentKey::Country => Word::from(self.country(candidate)?),
        };
        Some(word).filter(|word| !word.is_empty())
    }
}

/// Of several pairs about one subject the one whose turn is first counts.
fn turn(pair: &ComparedPair) -> (bool, Timestamp) {
    (pair.source == PairSource::Import, pair.at)
}

/// Whether this side answered.
///
/// # Errors
///
/// When it was not even asked.
fn answered(side: &Side) -> Result<bool, Reason> {
    match side.part {
        None => Err(Reason::NoCounterpart),
        Some(Part::InVain) => Ok(false),
        Some(Part::NotAsked) => Err(Reason::NotAsked),
        Some(Part::Unattached) => Err(Reason::Unattached),
        Some(Part::Primary | Part::Fallback | Part::Consensus | Part::Shadow | Part::Import) => Ok(true),
    }
}

fn side(side: &Side) -> Result<ComparedSide, Reason> {
    let score = side.score.and_then(Points::new).ok_or(Reason::NoScore)?;
    let level = side.level.unwrap_or_else(|| Level::of(score.value()));
    Ok(ComparedSide {
        rating: Rating { score, level },
        version: Word::clone(&side.version),
        served: side.served.ok_or(Reason::Incomplete)?,
        assessed_at: side.assessed_at.ok_or(Reason::Incomplete)?,
    })
}

/// Whether the one is a pair and the other is not, or its reason is nearer to one.
fn is_better(one: &Result<ComparedPair, Reason>, other: &Result<ComparedPair, Reason>) -> bool {
    match (one, other) {
        (_, Ok(_)) => false,
        (Ok(_), Err(_)) => true,
        (Err(one), Err(other)) => one > other,
    }
}

#[cfg(test)]
mod tests;
