//! From a subject to the vendor's question, and from its report to an assessment. Pure: values in, values out.

mod arithmetic;
mod asked;
mod factors;
mod news;
mod request;
mod words;

use std::collections::{BTreeSet, HashMap};

use risk_provider::{
    AnswerState, Descriptor, Evidence, Factor, FailureKind, Flag, Level, ProviderAssessment, ProviderError,
    ProviderName, RawPayload, Score, Subject, VendorResponse, doubt, names,
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

pub(crate) use asked::{Asked, Given};
pub(crate) use request::to_wire;
pub(crate) use words::{is_pending, normalise};

use self::words::Reading;
use crate::wire::{Geographic, PersonalBlock, Product, Report, Sums, object};

/// Scale of every score.
pub(crate) const SCALE: &str = "youverify:0-100";

/// What was asked, and how the answer is to be read.
pub(crate) struct Question<'a> {
    pub(crate) provider: &'a ProviderName,
    pub(crate) about: About<'a>,
    pub(crate) asked: Asked,
    /// Whether an answer about another name is none.
    pub(crate) strict: bool,
}

/// Whom a report must be about.
pub(crate) enum About<'a> {
    /// The subject asked about.
    Subject(&'a Subject),
    /// Whoever the vendor's own record names; none when it names nobody.
    Named(Option<&'a str>),
}

/// Which adapter reads.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    provider: &'a ProviderName,
    kind: &'static str,
    mapping_version: &'static str,
}

/// Why a report is no answer, free of personal data.
pub(crate) type Unusable = &'static str;

const LACKS_A_BLOCK: Unusable = "the report lacks a block";
const SHAPE: Unusable = "the report has another shape than documented";

/// What a report says.
pub(crate) struct Verdict {
    pub(crate) score: Score,
    pub(crate) level: Level,
    pub(crate) factors: Vec<Factor>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) flags: BTreeSet<Flag>,
}

/// The three blocks, decoded.
struct Blocks {
    geographic: (Sums, Geographic),
    product: (Sums, Product),
    personal: (Sums, PersonalBlock),
}

/// The assessment in the actor's `report` within `response`.
pub(crate) fn from_wire(
    report: &str,
    question: &Question<'_>,
    origin: Origin<'_>,
    response: &VendorResponse,
) -> Result<ProviderAssessment, ProviderError> {
    let malformed = |detail: Unusable| response.failure(FailureKind::Malformed, detail);
    if matches!(response.status, 202 | 206) {
        return Err(malformed("the answer was accepted for later, or is a part of one"));
    }
    let report: Report<'_> = object(report).ok_or_else(|| malformed(SHAPE))?;
    if report.risk_status.as_deref().is_some_and(is_pending) {
        return Err(malformed("the report is still pending"));
    }
    let verdict = judge(&report, None, &[report.risk_status.as_deref()], question).map_err(malformed)?;
    let raw = RawPayload::verbatim(response.text()?.to_owned());
    let pending = origin.pending(raw, response.received_at);
    Ok(ProviderAssessment { vendor_level: report.risk_status, ..verdict.into_assessment(pending) })
}

/// What `report` says, under the overall `words` that the vendor uses for it.
///
/// Of its blocks' own scores those that it leaves out are taken from `past`, the same report in a history.
pub(crate) fn judge(
    report: &Report<'_>,
    past: Option<&Report<'_>>,
    words: &[Option<&str>],
    question: &Question<'_>,
) -> Result<Verdict, Unusable> {
    let mut blocks = Blocks::read(report)?;
    if let Some(past) = past.and_then(|past| Blocks::read(past).ok()) {
        blocks.complete(&past);
    }
    let score = score(report)?;
    let mut flags: BTreeSet<Flag> = subject_flag(&blocks, question)?.into_iter().collect();
    let readings = blocks.factors(question);
    flags.extend(readings.iter().filter_map(|(_, reading)| reading.flag));
    if !arithmetic::adds_up(blocks.sums(), report.basic_risk_score, score.value()) {
        flags.insert(Flag::VendorArithmeticMismatch);
    }
    let overall = words::overall(words, score.value());
    flags.extend(overall.flags);
    let (factors, floors): (Vec<Factor>, Vec<Level>) =
        readings.into_iter().map(|(factor, Reading { floor, .. })| (factor, floor)).unzip();
    let news = report.adverse_media_news.as_deref().unwrap_or_default();
    Ok(Verdict {
        level: floors.into_iter().fold(overall.level, Level::max),
        score,
        factors,
        evidence: news::evidence(news, question.provider),
        flags,
    })
}

fn score(report: &Report<'_>) -> Result<Score, Unusable> {
    let literal = report.risk_score.ok_or("the report has no score")?;
    Score::percent(literal.get(), SCALE).ok().ok_or("the score is no number from 0 to 100")
}

/// A flag for an answer about another name, or about another country than asked; one that names nobody is about nobody we
/// asked for.
fn subject_flag(blocks: &Blocks, question: &Question<'_>) -> Result<Option<Flag>, Unusable> {
    let (Blocks { personal: (_, personal), geographic: (_, geographic), .. }, asked) =
        (blocks, &question.asked);
    let countries = factors::answered(geographic.country.as_ref()).zip(asked.country.as_ref());
    let elsewhere = countries.is_some_and(|(told, asked)| !told.trim().eq_ignore_ascii_case(asked));
    if !elsewhere && personal.name.as_deref().is_some_and(|name| question.about.is(name)) {
        Ok(None)
    } else if question.strict {
        Err("the report is not about the name, or the country, that was asked")
    } else {
        Ok(Some(Flag::SubjectNameMismatch))
    }
}

// === impl About ===

impl About<'_> {
    /// Whether `answered` is that name.
    pub(crate) fn is(&self, answered: &str) -> bool {
        match self {
            Self::Subject(subject) => names::is_about(subject, answered),
            Self::Named(name) => {
                name.is_some_and(|name| names::normalise(name) == names::normalise(answered))
            }
        }
    }
}

// === impl Origin ===

impl<'a> Origin<'a> {
    pub(crate) const fn new(descriptor: &'a Descriptor) -> Self {
        Self {
            provider: &descriptor.name,
            kind: descriptor.kind,
            mapping_version: descriptor.mapping_version,
        }
    }

    /// An answer that says nothing yet: no score, no level, no factor.
    pub(crate) fn pending(self, raw: RawPayload, at: jiff::Timestamp) -> ProviderAssessment {
        ProviderAssessment {
            provider: self.provider.clone(),
            kind: self.kind.to_owned(),
            mapping_version: self.mapping_version.to_owned(),
            profile_fingerprint: None,
            state: AnswerState::Pending,
            vendor_reference: None,
            score: None,
            level: None,
            vendor_level: None,
            factors: Vec::new(),
            evidence: Vec::new(),
            flags: BTreeSet::new(),
            assessed_at: at,
            raw,
        }
    }
}

// === impl Verdict ===

impl Verdict {
    /// The final form of an answer that was pending.
    pub(crate) fn into_assessment(self, pending: ProviderAssessment) -> ProviderAssessment {
        let Self { score, level, factors, evidence, flags } = self;
        ProviderAssessment {
            state: AnswerState::Final,
            score: Some(score),
            level: Some(level),
            factors,
            evidence,
            flags: pending.flags.into_iter().chain(flags).collect(),
            ..pending
        }
    }
}

// === impl Blocks ===

impl Blocks {
    fn read(report: &Report<'_>) -> Result<Self, Unusable> {
        Ok(Self {
            geographic: block(report.geographic)?,
            product: block(report.product)?,
            personal: block(report.personal)?,
        })
    }

    /// Takes the blocks' own scores from another copy of the report, where this one has none.
    fn complete(&mut self, other: &Self) {
        let own = [&mut self.geographic.0, &mut self.product.0, &mut self.personal.0];
        for (sums, other) in own.into_iter().zip(other.sums()) {
            sums.actual_score = sums.actual_score.or(other.actual_score);
        }
    }

    const fn sums(&self) -> [&Sums; 3] {
        [&self.geographic.0, &self.product.0, &self.personal.0]
    }

    fn factors(&self, question: &Question<'_>) -> Vec<(Factor, Reading)> {
        let Self { geographic, product, personal } = self;
        let asked = &question.asked;
        let blocks = [
            (factors::geographic(&geographic.1, asked), geographic.0.share(0.25)),
            (factors::product(&product.1, asked), product.0.share(0.25)),
            (factors::personal(&personal.1, asked), personal.0.share(0.5)),
        ];
        let weighed = blocks.map(|(parts, share)| factors::weighed(parts, share, question.provider));
        weighed.into_iter().flatten().collect()
    }
}

/// A block and its sums; a report without all three, or with one that holds no score, is none, whatever its own score
/// says.
fn block<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Result<(Sums, T), Unusable> {
    let text = raw.ok_or(LACKS_A_BLOCK)?.get();
    if let Some(why) = doubt::of_answer(text) {
        return Err(why);
    }
    let fields: HashMap<String, Option<IgnoredAny>> = object(text).ok_or(SHAPE)?;
    if !fields.iter().any(|(name, value)| name.ends_with("Score") && value.is_some()) {
        return Err(LACKS_A_BLOCK);
    }
    object(text).zip(object(text)).ok_or(SHAPE)
}
