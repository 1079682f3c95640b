//! Two answers that are compared, and the question that they belong to.

use jiff::Timestamp;

use super::Word;
use crate::{
    assessment::Served,
    compare::{Pair, Rating, Said, Unpaired},
    ids::SubjectId,
    store::{Candidate, CandidateSource, Part},
};

/// Where a pair comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PairSource {
    /// One was asked for comparison alone.
    Shadow,
    /// Both were asked for one answer.
    Consensus,
    /// One was asked in place of the other.
    Recheck,
    /// One was brought in from the vendor's own history.
    Import,
}

/// Two answers that are compared.
#[derive(Debug, Clone)]
pub struct ComparedPair {
    /// Where it comes from.
    pub source: PairSource,
    /// The question, or what was brought in.
    pub asked_in: String,
    /// Whom it is about.
    pub subject: SubjectId,
    /// Person or company, as a word.
    pub subject_type: Word,
    /// The route; empty for what was brought in.
    pub route: Word,
    /// When the later of both was asked.
    pub at: Timestamp,
    /// The part of the subjects that it belongs to.
    pub segment: Option<Word>,
    /// What the incumbent said.
    pub left: ComparedSide,
    /// What the challenger said.
    pub right: ComparedSide,
}

/// One side of a pair.
#[derive(Debug, Clone)]
pub struct ComparedSide {
    /// What it said.
    pub rating: Rating,
    /// The adapter, the mapping and the questionnaire.
    pub version: Word,
    /// How the answer came to be.
    pub served: Served,
    /// When the provider judged.
    pub assessed_at: Timestamp,
}

/// A subject whom a side left without a whole answer, or was not asked about.
#[derive(Debug, Clone, Copy)]
pub struct Silent {
    /// What the left side said, and the right one.
    pub said: (Said, Said),
    /// When that was asked first.
    pub at: Timestamp,
    /// What became of the subject.
    pub outcome: Option<bool>,
}

/// A question, as far as it tells whether it is of a population.
#[derive(Debug, Clone, Copy)]
pub struct AskedOf<'a> {
    /// About whom.
    pub subject: &'a SubjectId,
    /// Person or company, as a word.
    pub subject_type: &'a str,
    /// The country, where countries are known.
    pub country: Option<&'static str>,
    /// The route; empty for what was brought in.
    pub route: &'a str,
    /// When the first answer was made.
    pub answered_at: Option<Timestamp>,
}

// === impl Silent ===

impl Silent {
    /// How many there are, by side.
    #[must_use]
    pub fn count<'a>(all: impl IntoIterator<Item = &'a Self>) -> Unpaired {
        let mut unpaired = Unpaired::default();
        for Self { said: (left, right), outcome, .. } in all {
            unpaired.count(*left, *right, *outcome);
        }
        unpaired
    }
}

// === impl PairSource ===

impl PairSource {
    /// The word used in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Consensus => "consensus",
            Self::Recheck => "recheck",
            Self::Import => "import",
        }
    }

    pub(super) fn of(candidate: &Candidate) -> Self {
        match candidate.source {
            CandidateSource::Recheck => Self::Recheck,
            CandidateSource::Import => Self::Import,
            CandidateSource::Question => {
                let shadows = [candidate.left.part, candidate.right.part].contains(&Some(Part::Shadow));
                if shadows { Self::Shadow } else { Self::Consensus }
            }
        }
    }
}

// === impl ComparedPair ===

impl ComparedPair {
    /// As statistics take it.
    pub(super) fn row(&self, outcome: Option<bool>) -> Pair<'_> {
        let segment = self.segment.as_deref();
        Pair { left: self.left.rating, right: self.right.rating, outcome, segment }
    }
}
