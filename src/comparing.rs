//! From the record to a comparison: which answers make a pair, what turned out to be true, how both providers served.
//!
//! The store gives candidates and counts, the statistics know only pairs; what makes two answers comparable is decided
//! here, by pure rules. Nothing is opened on the way: a comparison reads only what stands in the clear.

mod costs;
mod drift;
mod labels;
mod pairs;
mod periods;
mod service;
mod sieve;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use risk_provider::ProviderName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use costs::{Cost, Costs};
pub use drift::{Drift, drift};
pub use labels::{Blinding, Labels};
pub use pairs::{AskedOf, ComparedPair, ComparedSide, PairSource, Silent};
pub use periods::{Period, Version};
pub use service::Spent;

use periods::Periods;
use sieve::Sieve;

use crate::{
    compare::{self, Funnel, Pairs, Service, Versions},
    outcomes::OutcomeType,
    store::{Candidates, Store, StoreError},
};

/// How far apart in time two answers may be, where nobody says otherwise.
pub const DEFAULT_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// The narrowest such window: nobody answers faster.
pub const LEAST_WINDOW: Duration = Duration::from_secs(1);
/// The widest one.
pub const MAX_WINDOW: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// A question's answers may come so much later than the question.
const LATE: SignedDuration = SignedDuration::from_hours(24);

/// What is to be compared.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Whose subjects.
    pub team: String,
    /// The incumbent.
    pub left: ProviderName,
    /// The challenger.
    pub right: ProviderName,
    /// Pairs made at this time or later.
    pub from: Option<Timestamp>,
    /// Pairs made before this time.
    pub to: Option<Timestamp>,
    /// How far apart in time the two answers of a pair may be.
    pub window: Duration,
    /// By what pairs are divided.
    pub segment: Option<SegmentKey>,
    /// The outcomes that make a subject a case.
    pub positive: Vec<OutcomeType>,
    /// What is told from then on changes nothing.
    pub told_until: Option<Timestamp>,
}

/// By what pairs can be divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentKey {
    /// Person or company.
    Type,
    /// The country of residence or incorporation.
    Country,
    /// The route that was asked.
    Route,
    /// Where the pair comes from.
    Source,
}

/// What a comparison is made of.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The pairs.
    pub pairs: Pairs,
    /// How they were found.
    pub funnel: Funnel,
    /// How many more there might be, had nothing been told of their subjects before they were asked for.
    pub known_before: u64,
    /// Whom a side left without an answer.
    pub silent: Vec<Silent>,
    /// What was compared, when.
    pub periods: Vec<Period>,
    /// Whether whoever labelled had seen scores.
    pub blinding: Blinding,
}

/// What the record names, by the keyed hash under which it is kept.
pub type Countries = BTreeMap<String, &'static str>;

/// Gathers the pairs of a selection, of questions that `takes` lets in, one for each subject, and hands each to `each` as well.
///
/// # Errors
///
/// When the store could not be read.
pub async fn gather(
    store: &Store,
    selection: &Selection,
    countries: &Countries,
    takes: impl Fn(AskedOf<'_>) -> bool + Send + Sync,
    mut each: impl FnMut(&ComparedPair, &compare::Pair<'_>) + Send,
) -> Result<Gathered, StoreError> {
    let labels = Labels::read(store, selection).await?;
    let told_before = |subject: &str, at: Timestamp| labels.told_before(subject, at);
    let mut sieve = Sieve::new(selection, countries, &takes, &told_before);
    let (mut pairs, mut periods, mut blinding) = (Pairs::default(), Periods::default(), Blinding::default());
    let mut take = |pair: ComparedPair| {
        let label = labels.of(pair.subject.as_str());
        blinding.count(label);
        periods.note(&pair);
        let row = pair.row(label.map(|label| label.positive));
        each(&pair, &row);
        pairs.push(row);
    };
    let wanted = selection.candidates();
    store.candidates(&wanted, |candidate| sieve.sift(candidate).into_iter().for_each(&mut take)).await?;
    sieve.end().into_iter().for_each(&mut take);
    let unattached = store.unattached(&selection.exactly()).await?;
    let silent = sieve.silent(|subject| labels.of(subject).map(|label| label.positive));
    let (funnel, known_before) = (sieve.funnel(unattached, pairs.labelled()), sieve.known_before());
    Ok(Gathered { pairs, funnel, known_before, silent, periods: periods.in_order(), blinding })
}

/// How both providers served the team in the time of a selection, whatever they were asked; `paid` says which exchanges
/// of a provider are about subjects.
///
/// # Errors
///
/// When the store could not be read.
pub async fn served(
    store: &Store,
    selection: &Selection,
    paid: impl Fn(&ProviderName, &str) -> bool + Send,
    confidence: f64,
) -> Result<(Service, [Spent; 2]), StoreError> {
    let (from, to) = selection.span();
    let mut sides = Vec::with_capacity(2);
    for provider in [&selection.left, &selection.right] {
        let counts = store.exchanges(&selection.team, provider, from, to).await?;
        let asked = counts.into_iter().filter(|count| paid(provider, &count.operation)).collect::<Vec<_>>();
        sides.push(service::side(&asked, confidence));
    }
    let (right, left) = (sides.pop(), sides.pop());
    let spent = [&left, &right].map(|side| side.as_ref().map(|(_, spent)| spent.clone()).unwrap_or_default());
    let side =
        |side: Option<(compare::ServiceSide, _)>| side.map(|(side, _)| side).filter(|it| it.attempts > 0);
    let (left, right) = (side(left), side(right));
    let reason = (left.is_none() || right.is_none()).then(|| "no exchange with it in this time".to_owned());
    Ok((Service { left, right, reason }, spent))
}

// === impl Selection ===

impl Selection {
    /// The first moment that counts, and the first that no longer does.
    fn span(&self) -> (Timestamp, Timestamp) {
        (self.from.unwrap_or(Timestamp::MIN), self.to.unwrap_or(Timestamp::MAX))
    }

    fn exactly(&self) -> Candidates {
        let (from, to) = self.span();
        Candidates {
            team: self.team.clone(),
            left: self.left.clone(),
            right: self.right.clone(),
            from,
            to,
            countries: self.segment == Some(SegmentKey::Country),
        }
    }

    /// A pair is made with its later answer, so the earlier one may have been asked before the span.
    fn candidates(&self) -> Candidates {
        let before = SignedDuration::try_from(self.window).unwrap_or(SignedDuration::MAX).max(LATE);
        let exactly = self.exactly();
        Candidates { from: exactly.from.checked_sub(before).unwrap_or(Timestamp::MIN), ..exactly }
    }

    /// What the report tells of versions.
    #[must_use]
    pub fn versions(periods: &[Period]) -> Versions {
        let told = |version: fn(&Period) -> &Version| {
            let mut names: Vec<String> = periods.iter().map(|period| version(period).name()).collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        Versions {
            left: told(|period| &period.left),
            right: told(|period| &period.right),
            ..Versions::default()
        }
    }
}

// === impl SegmentKey ===

impl SegmentKey {
    /// Every key.
    pub const ALL: [Self; 4] = [Self::Type, Self::Country, Self::Route, Self::Source];

    /// The word used in JSON and queries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Country => "country",
            Self::Route => "route",
            Self::Source => "source",
        }
    }

    /// The key of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.as_str() == word)
    }
}

/// A text of which there are few.
type Word = Arc<str>;
