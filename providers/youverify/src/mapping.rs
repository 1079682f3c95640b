//! From a subject to the vendor's question, and from its report to an assessment. Pure: values in, values out.

mod arithmetic;
mod factors;
mod news;
mod request;
mod words;

use std::collections::BTreeSet;

use jiff::Timestamp;
use risk_provider::{
    AnswerState, Factor, Flag, Level, ProviderAssessment, ProviderName, RawPayload, Score, Subject, names,
};
use serde::Deserialize;
use serde_json::value::RawValue;

pub(crate) use request::to_wire;

use self::words::Reading;
use crate::{
    actor::{Actor, MAPPING_VERSION, SCALE},
    wire::{Geographic, PersonalBlock, Product, Report, Request, Sums, object},
};

/// What was asked, and how the answer is to be read.
pub(crate) struct Question<'a> {
    pub(crate) provider: &'a ProviderName,
    pub(crate) subject: &'a Subject,
    pub(crate) asked: &'a Request<'a>,
    /// Whether an answer about another name is none.
    pub(crate) strict: bool,
}

/// Why a report is no answer, free of personal data.
pub(crate) type Unusable = &'static str;

const SHAPE: Unusable = "the report has another shape than documented";

/// The three blocks, decoded.
struct Blocks {
    geographic: (Sums, Geographic),
    product: (Sums, Product),
    personal: (Sums, PersonalBlock),
}

/// The assessment in the `report` that came at `received_at` within the body `raw`.
pub(crate) fn from_wire(
    report: &str,
    question: &Question<'_>,
    raw: String,
    received_at: Timestamp,
) -> Result<ProviderAssessment, Unusable> {
    let report: Report<'_> = object(report).ok_or(SHAPE)?;
    let blocks = Blocks::read(&report)?;
    if report.risk_status.as_deref().is_some_and(words::is_pending) {
        return Err("the report is still pending");
    }
    let score = score(&report)?;
    let mut flags: BTreeSet<Flag> = name_flag(&blocks, question)?.into_iter().collect();
    let readings = blocks.factors(question);
    flags.extend(readings.iter().filter_map(|(_, reading)| reading.flag));
    if !arithmetic::adds_up(blocks.sums(), report.basic_risk_score, score.value()) {
        flags.insert(Flag::VendorArithmeticMismatch);
    }
    let said = report.risk_status.as_deref().and_then(words::level);
    if said.is_none() {
        flags.insert(Flag::UnknownVendorLevel);
    }
    let level = said.unwrap_or_else(|| Level::of(score.value()).max(Level::Medium));
    let (factors, floors): (Vec<Factor>, Vec<Level>) =
        readings.into_iter().map(|(factor, Reading { floor, .. })| (factor, floor)).unzip();
    Ok(ProviderAssessment {
        provider: question.provider.clone(),
        kind: Actor::KIND.to_owned(),
        mapping_version: MAPPING_VERSION.to_owned(),
        profile_fingerprint: None,
        state: AnswerState::Final,
        vendor_reference: None,
        level: floors.into_iter().chain([level]).max(),
        score: Some(score),
        vendor_level: report.risk_status,
        factors,
        evidence: news::evidence(&report.adverse_media_news.unwrap_or_default(), question.provider),
        flags,
        assessed_at: received_at,
        raw: RawPayload::verbatim(raw),
    })
}

fn score(report: &Report<'_>) -> Result<Score, Unusable> {
    let literal = report.risk_score.ok_or("the report has no score")?;
    Score::percent(literal.get(), SCALE).ok().ok_or("the score is no number from 0 to 100")
}

/// A flag for an answer about another name; one that names nobody is about nobody we asked for.
fn name_flag(blocks: &Blocks, question: &Question<'_>) -> Result<Option<Flag>, Unusable> {
    let (_, personal) = &blocks.personal;
    if personal.name.as_deref().is_some_and(|name| names::is_about(question.subject, name)) {
        Ok(None)
    } else if question.strict {
        Err("the report is not about the name that was asked")
    } else {
        Ok(Some(Flag::SubjectNameMismatch))
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

    const fn sums(&self) -> [&Sums; 3] {
        [&self.geographic.0, &self.product.0, &self.personal.0]
    }

    fn factors(&self, question: &Question<'_>) -> Vec<(Factor, Reading)> {
        let Self { geographic, product, personal } = self;
        let asked = question.asked;
        let blocks = [
            (factors::geographic(&geographic.1, asked), geographic.0.share(0.25)),
            (factors::product(&product.1, asked), product.0.share(0.25)),
            (factors::personal(&personal.1, asked), personal.0.share(0.5)),
        ];
        let weighed = blocks.map(|(parts, share)| factors::weighed(parts, share, question.provider));
        weighed.into_iter().flatten().collect()
    }
}

/// A block and its sums; a report without all three is none, whatever its score says.
fn block<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Result<(Sums, T), Unusable> {
    let text = raw.ok_or("the report lacks a block")?.get();
    object(text).zip(object(text)).ok_or(SHAPE)
}
