//! How both providers' answers change from week to week, and what changed behind them.
//!
//! Each week is held against the first one of the same version that has enough answers: another mapping or questionnaire
//! begins anew, and is marked. Factors are sealed with their answers, so a week's are opened for a random sample only.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use risk_provider::{Factor, FactorState, Level, ProviderName};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ComparedPair, Selection, Version, gather};
use crate::{
    compare::{Pair, Psi, shift},
    store::{Store, StoreError},
};

/// Below this many answers a week is held against nothing, and nothing against it.
const FEWEST: u64 = 30;
/// Answers of a week whose factors are opened.
const SAMPLED: u32 = 1_000;
const LEVELS: usize = Level::ALL.len();
/// A factor's level, or why it has none: defaulted, its input missing, no data.
const BINS: usize = LEVELS + 3;
const TOO_FEW: &str = "fewer than 30 answers in this week";
const SEVERAL: &str = "several versions answered in this week";
const IS_REFERENCE: &str = "the week that later ones are held against";

/// How both providers' answers change.
#[derive(Debug, Serialize, ToSchema)]
pub struct Drift {
    /// The incumbent's.
    pub left: SideDrift,
    /// The challenger's.
    pub right: SideDrift,
    /// How far both agree, week by week.
    pub agreement: Vec<AgreementOfWeek>,
    /// When another version began to answer, on either side.
    pub changes: Vec<VersionChange>,
}

/// How one provider's answers change.
#[derive(Debug, Serialize, ToSchema)]
pub struct SideDrift {
    /// The provider.
    #[schema(value_type = String)]
    pub provider: ProviderName,
    /// Week by week.
    pub weeks: Vec<AnswersOfWeek>,
    /// The same of each factor, by its code.
    pub factors: Vec<FactorDrift>,
}

/// A provider's answers of one week.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnswersOfWeek {
    /// Its Monday, in UTC.
    #[schema(value_type = String, format = Date)]
    pub week: Date,
    /// How many complete answers the vendor was called for.
    pub answers: u64,
    /// How many of each level.
    pub levels: BTreeMap<&'static str, u64>,
    /// The Monday of the week that it is held against.
    #[schema(value_type = Option<String>, format = Date)]
    pub reference: Option<Date>,
    /// By how much the levels shifted since.
    pub psi: Psi,
}

/// How a factor changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactorDrift {
    /// Its code, such as `geography.country`.
    pub factor: String,
    /// Week by week, where it occurs.
    pub weeks: Vec<FactorOfWeek>,
}

/// A factor in a sample of one week's answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactorOfWeek {
    /// Its Monday, in UTC.
    #[schema(value_type = String, format = Date)]
    pub week: Date,
    /// How many answers of the sample have it.
    pub answers: u64,
    /// By how much its levels shifted since the reference week, where a default, a missing input and no data count as
    /// levels of their own.
    pub psi: Psi,
}

/// How far both agree in one week's pairs.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgreementOfWeek {
    /// Its Monday, in UTC.
    #[schema(value_type = String, format = Date)]
    pub week: Date,
    /// How many pairs.
    pub pairs: u64,
    /// The share with equal levels.
    pub exact: f64,
    /// The share whose levels are equal or neighbours.
    pub within_one: f64,
    /// The mean of right − left.
    pub bias: f64,
}

/// Another version began to answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionChange {
    /// When it first did.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whose.
    #[schema(value_type = String)]
    pub provider: ProviderName,
    /// The version before.
    pub from: Version,
    /// The version since.
    pub to: Version,
}

/// One provider's weeks, before they are held against each other.
#[derive(Debug, Default)]
struct Weeks {
    levels: BTreeMap<Date, [u64; LEVELS]>,
    /// The version of each; none where there were several.
    versions: BTreeMap<Date, Option<String>>,
    changes: Vec<(Timestamp, String, String)>,
    last: Option<String>,
}

#[derive(Debug, Default)]
struct Agreeing {
    pairs: u64,
    exact: u64,
    within_one: u64,
    difference: f64,
}

/// Reads how both providers of a selection drift.
///
/// # Errors
///
/// When the store could not be read.
pub async fn drift(store: &Store, selection: &Selection, confidence: f64) -> Result<Drift, StoreError> {
    let mut agreeing: BTreeMap<Date, Agreeing> = BTreeMap::new();
    let each = |pair: &ComparedPair, row: &Pair<'_>| agreeing.entry(monday(pair.at)).or_default().add(row);
    gather(store, selection, &BTreeMap::new(), |_| true, each).await?;
    let (left, mut changes) = side(store, selection, &selection.left, confidence).await?;
    let (right, more) = side(store, selection, &selection.right, confidence).await?;
    changes.extend(more);
    changes.sort_by_key(|change| change.at);
    let agreement = agreeing.into_iter().map(|(week, agreeing)| agreeing.told(week)).collect();
    Ok(Drift { left, right, agreement, changes })
}

async fn side(
    store: &Store,
    selection: &Selection,
    provider: &ProviderName,
    confidence: f64,
) -> Result<(SideDrift, Vec<VersionChange>), StoreError> {
    let (whose, mut weeks) = ((selection.team.as_str(), provider), Weeks::default());
    store
        .answers_noted(whose, selection.span(), |answer| weeks.add(answer.at, answer.level, answer.version))
        .await?;
    let references = weeks.references();
    let mut factors: BTreeMap<String, BTreeMap<Date, [u64; BINS]>> = BTreeMap::new();
    for &week in weeks.levels.keys() {
        let sample = store.factors_sampled(whose, selection.within(week), SAMPLED).await?;
        for answer in &sample {
            count(&mut factors, week, answer);
        }
    }
    let told = weeks.levels.iter().map(|(&week, levels)| {
        let reference = references.get(&week).copied().flatten();
        let before = reference.and_then(|reference| weeks.levels.get(&reference));
        AnswersOfWeek {
            week,
            answers: levels.iter().sum(),
            levels: Level::ALL.iter().map(|level| level.as_str()).zip(levels.iter().copied()).collect(),
            reference,
            psi: held_against(week, reference, before.map(<[u64; LEVELS]>::as_slice), levels, confidence),
        }
    });
    let told = SideDrift {
        provider: provider.clone(),
        weeks: told.collect(),
        factors: factor_drifts(&factors, &references, confidence),
    };
    let changes = weeks.changes.iter().map(|(at, from, to)| VersionChange {
        at: *at,
        provider: provider.clone(),
        from: Version::read(from),
        to: Version::read(to),
    });
    Ok((told, changes.collect()))
}

fn factor_drifts(
    factors: &BTreeMap<String, BTreeMap<Date, [u64; BINS]>>,
    references: &BTreeMap<Date, Option<Date>>,
    confidence: f64,
) -> Vec<FactorDrift> {
    let drift = |(factor, weeks): (&String, &BTreeMap<Date, [u64; BINS]>)| {
        let told = weeks.iter().map(|(&week, bins)| {
            let reference = references.get(&week).copied().flatten();
            let before = reference.and_then(|reference| weeks.get(&reference));
            let psi = held_against(week, reference, before.map(<[u64; BINS]>::as_slice), bins, confidence);
            FactorOfWeek { week, answers: bins.iter().sum(), psi }
        });
        FactorDrift { factor: factor.clone(), weeks: told.collect() }
    };
    factors.iter().map(drift).collect()
}

/// By how much `now` differs from `before`, or why that is not told.
fn held_against(
    week: Date,
    reference: Option<Date>,
    before: Option<&[u64]>,
    now: &[u64],
    confidence: f64,
) -> Psi {
    let enough = |counts: &[u64]| counts.iter().sum::<u64>() >= FEWEST;
    match before {
        _ if reference == Some(week) => Psi::none(IS_REFERENCE),
        Some(before) if enough(before) && enough(now) => shift(before, now, confidence),
        Some(_) => Psi::none(TOO_FEW),
        None if enough(now) => Psi::none(SEVERAL),
        None => Psi::none(TOO_FEW),
    }
}

fn count(factors: &mut BTreeMap<String, BTreeMap<Date, [u64; BINS]>>, week: Date, answer: &[Factor]) {
    let mut seen = BTreeSet::new();
    for factor in answer.iter().filter(|factor| seen.insert(factor.code.as_str())) {
        let Some(bin) = bin(factor) else { continue };
        let bins = factors.entry(factor.code.clone()).or_default().entry(week).or_insert([0; BINS]);
        if let Some(count) = bins.get_mut(bin) {
            *count += 1;
        }
    }
}

/// Where a factor is counted; not at all where it means nothing.
fn bin(factor: &Factor) -> Option<usize> {
    match factor.state {
        FactorState::Scored => Level::ALL.iter().position(|level| Some(*level) == factor.level),
        FactorState::Defaulted => Some(LEVELS),
        FactorState::MissingInput => Some(LEVELS + 1),
        FactorState::NoData => Some(LEVELS + 2),
        FactorState::NotApplicable | FactorState::Unsupported => None,
    }
}

/// The Monday of a moment's week, in UTC.
fn monday(at: Timestamp) -> Date {
    let day = at.to_zoned(TimeZone::UTC).date();
    let since = i64::from(day.weekday().to_monday_zero_offset());
    day.checked_sub(since.days()).unwrap_or(day)
}

fn begins(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

// === impl Selection ===

impl Selection {
    /// The part of a week that counts.
    fn within(&self, week: Date) -> (Timestamp, Timestamp) {
        let (from, to) = self.span();
        let end = week.checked_add(7.days()).map_or(Timestamp::MAX, begins);
        (from.max(begins(week)), to.min(end))
    }
}

// === impl Weeks ===

impl Weeks {
    fn add(&mut self, at: Timestamp, level: Option<Level>, version: String) {
        let week = monday(at);
        let levels = self.levels.entry(week).or_insert([0; LEVELS]);
        let place = level.and_then(|level| Level::ALL.iter().position(|other| *other == level));
        if let Some(count) = place.and_then(|place| levels.get_mut(place)) {
            *count += 1;
        }
        let before = self.last.replace(version.clone()).filter(|before| *before != version);
        if let Some(before) = before {
            self.changes.push((at, before, version.clone()));
        }
        let of_week = self.versions.entry(week).or_insert_with(|| Some(version.clone()));
        if of_week.as_ref() != Some(&version) {
            *of_week = None;
        }
    }

    /// The week that each is held against: the first with enough answers among those of its version.
    fn references(&self) -> BTreeMap<Date, Option<Date>> {
        let enough =
            |week: &Date| self.levels.get(week).is_some_and(|levels| levels.iter().sum::<u64>() >= FEWEST);
        let first = |version: &String| {
            let same = self.versions.iter().filter(|(_, other)| other.as_ref() == Some(version));
            same.map(|(week, _)| *week).find(enough)
        };
        let reference = |(week, version): (&Date, &Option<String>)| {
            (*week, version.as_ref().and_then(first).filter(|first| first <= week))
        };
        self.versions.iter().map(reference).collect()
    }
}

// === impl Agreeing ===

impl Agreeing {
    fn add(&mut self, row: &Pair<'_>) {
        let place = |level: Level| Level::ALL.iter().position(|other| *other == level).unwrap_or_default();
        let apart = place(row.left.level).abs_diff(place(row.right.level));
        self.pairs += 1;
        self.exact += u64::from(apart == 0);
        self.within_one += u64::from(apart <= 1);
        self.difference += row.right.score.value() - row.left.score.value();
    }

    #[expect(clippy::cast_precision_loss, reason = "no week has so many pairs")]
    fn told(self, week: Date) -> AgreementOfWeek {
        let all = self.pairs as f64;
        AgreementOfWeek {
            week,
            pairs: self.pairs,
            exact: self.exact as f64 / all,
            within_one: self.within_one as f64 / all,
            bias: self.difference / all,
        }
    }
}
