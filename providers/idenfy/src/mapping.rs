//! From a subject to the vendor's questionnaire and from the vendor's answer to the unified model, without I/O.

pub(crate) mod answers;
pub(crate) mod company;
pub(crate) mod factors;
pub(crate) mod failure;
pub(crate) mod plan;
pub(crate) mod profile;
pub(crate) mod recheck;
mod signs;

use std::collections::BTreeSet;

use jiff::Timestamp;
use risk_provider::{
    AnswerState, FailureKind, Flag, Level, ProviderAssessment, ProviderError, ProviderName, RawPayload,
    Score, Subject, VendorReference, VendorResponse, names, vendor_time,
};

use crate::{
    Idenfy,
    mapping::factors::FieldOf,
    wire::{Assessment, Section},
};

pub(crate) const MAPPING_VERSION: &str = "idenfy/2";
pub(crate) const SCALE: &str = "idenfy:0-100";

/// Account data that an answer is stored without.
const ACCOUNT: &str = "partner";
/// Who changed the level by hand, in a shape that nobody documented: most likely a member of the staff by name.
const CHANGED_BY: &str = "riskLevelChangedBy";

/// What is needed to read an answer.
pub(crate) struct Reader<'a> {
    pub(crate) provider: &'a ProviderName,
    pub(crate) field_of: FieldOf<'a>,
}

/// What a check asked.
pub(crate) struct Asked<'a> {
    pub(crate) subject: &'a Subject,
    /// The earlier check that was to be updated.
    pub(crate) updated: Option<&'a VendorReference>,
    pub(crate) profile: &'a str,
    /// Whether another name is refused instead of flagged.
    pub(crate) strict: bool,
}

// === impl Reader ===

impl Reader<'_> {
    /// Reads the answer of a check, and the sections that it repeats.
    ///
    /// # Errors
    ///
    /// `malformed`.
    pub(crate) fn check(
        &self,
        response: &VendorResponse,
        asked: &Asked<'_>,
    ) -> Result<(ProviderAssessment, Vec<Section>), ProviderError> {
        let wire: Assessment = response.json()?;
        wire.must_be(asked.updated, response)?;
        let mut assessment = self.normalise(&wire, response, response.received_at)?;
        if !wire.name.as_deref().is_some_and(|name| names::is_about(asked.subject, name)) {
            if asked.strict {
                return Err(response.failure(FailureKind::Malformed, "the answer is about another name"));
            }
            assessment.flags.insert(Flag::SubjectNameMismatch);
        }
        if wire.profile_id().is_some_and(|id| !id.eq_ignore_ascii_case(asked.profile)) {
            assessment.flags.insert(Flag::ProfileMismatch);
        }
        Ok((assessment, wire.sections))
    }

    /// Reads the answer of the earlier check under `reference`.
    ///
    /// # Errors
    ///
    /// `malformed`.
    pub(crate) fn earlier(
        &self,
        response: &VendorResponse,
        reference: &VendorReference,
    ) -> Result<ProviderAssessment, ProviderError> {
        let wire: Assessment = response.json()?;
        wire.must_be(Some(reference), response)?;
        let told = [&wire.updated_at, &wire.created_at].into_iter().flatten();
        let assessed_at = told.filter_map(|text| vendor_time::parse(text)).next();
        self.normalise(&wire, response, assessed_at.unwrap_or(response.received_at))
    }

    fn normalise(
        &self,
        wire: &Assessment,
        response: &VendorResponse,
        assessed_at: Timestamp,
    ) -> Result<ProviderAssessment, ProviderError> {
        let malformed = |detail: &str| response.failure(FailureKind::Malformed, detail);
        let score = Score::percent(wire.risk_score.get(), SCALE)
            .map_err(|source| malformed("riskScore is no number from 0 to 100").with_source(source))?;
        if wire.points().any(|points| !(1.0..=5.0).contains(&points)) {
            return Err(malformed("an answer has other than 1 to 5 points"));
        }
        let mut flags = wire.flags(score.value());
        // Nothing answered is nothing judged, whatever the vendor says about it.
        let answered = wire.points().next().is_some();
        let level = answered.then(|| wire.level(score.value(), &mut flags));
        // Any answer gives a point: with a total of nought none was counted, and only a warning is believed.
        let counted = score.value() > 0.0;
        let level = level.filter(|level| counted || *level >= Level::Medium);
        Ok(ProviderAssessment {
            provider: self.provider.clone(),
            kind: Idenfy::KIND.to_owned(),
            mapping_version: MAPPING_VERSION.to_owned(),
            profile_fingerprint: None,
            state: AnswerState::Final,
            vendor_reference: Some(VendorReference(wire.id.clone())),
            score: (answered && counted).then_some(score),
            level,
            vendor_level: wire.risk_level.clone(),
            factors: factors::factors(&wire.sections, self.field_of, self.provider),
            evidence: Vec::new(),
            flags,
            assessed_at,
            raw: RawPayload::without(response.text()?, wire.account_data()),
        })
    }
}

// === impl Assessment ===

impl Assessment {
    /// Whether it is the answer that was asked for by its reference, where one was.
    fn must_be(
        &self,
        asked: Option<&VendorReference>,
        response: &VendorResponse,
    ) -> Result<(), ProviderError> {
        if asked.is_none_or(|asked| asked.0 == self.id) {
            return Ok(());
        }
        Err(response.failure(FailureKind::Malformed, "the answer is another one than asked for"))
    }

    fn points(&self) -> impl Iterator<Item = f64> {
        self.sections.iter().flat_map(Section::points)
    }

    /// What the answer is stored without; that nobody changed the level stays in it as sent.
    const fn account_data(&self) -> &'static [&'static str] {
        if self.risk_level_changed_by.is_some() { &[ACCOUNT, CHANGED_BY] } else { &[ACCOUNT] }
    }

    pub(crate) fn profile_id(&self) -> Option<String> {
        let id = self.profile.get("id").unwrap_or(&self.profile);
        id.as_str().map(str::to_owned).or_else(|| id.as_number().map(ToString::to_string))
    }

    /// The vendor's word, which a person may have changed; the score's level, at least medium, without one. At least
    /// medium too with a word about an answer that nobody documented: it may be the worst one.
    fn level(&self, score: f64, flags: &mut BTreeSet<Flag>) -> Level {
        let floor = if flags.contains(&Flag::UnknownVendorWord) { Level::Medium } else { Level::VeryLow };
        let level = self.risk_level.as_deref().and_then(level).unwrap_or_else(|| {
            flags.insert(Flag::UnknownVendorLevel);
            Level::of(score).max(Level::Medium)
        });
        level.max(floor)
    }

    fn flags(&self, score: f64) -> BTreeSet<Flag> {
        let raised = [
            (Flag::Unanswered, self.points().next().is_none() || score <= 0.0),
            (Flag::VendorLevelOverridden, self.risk_level_changed_by.is_some()),
            (Flag::UnknownVendorWord, factors::has_unknown_word(&self.sections)),
            (Flag::LabelConflict, factors::labels_conflict(&self.sections)),
            (Flag::VendorArithmeticMismatch, !comes_out(&self.sections, score)),
        ];
        raised.into_iter().filter(|(_, raised)| *raised).map(|(flag, _)| flag).collect()
    }
}

// === impl Section ===

impl Section {
    fn points(&self) -> impl Iterator<Item = f64> {
        self.questions.iter().flat_map(|question| &question.answers).map(|answer| answer.risk_score)
    }
}

/// The level behind the vendor's word; none for a word that nobody documented, and for `NOT_CHECKED`.
pub(crate) fn level(word: &str) -> Option<Level> {
    match word {
        "VERY_LOW" => Some(Level::VeryLow),
        "LOW" => Some(Level::Low),
        "MEDIUM" => Some(Level::Medium),
        "HIGH" => Some(Level::High),
        "VERY_HIGH" => Some(Level::VeryHigh),
        _ => None,
    }
}

/// Whether the documented arithmetic gives `total`, as far as the answer holds what it needs.
///
/// Each section adds its points as a share of their maximum, times its weight. The total is an integer whose
/// rounding nobody documented: anything less than one point away fits.
fn comes_out(sections: &[Section], total: f64) -> bool {
    let mut expected = Some(0.0_f64);
    for section in sections {
        let points: f64 = section.points().sum();
        if section.risk_score.is_some_and(|told| (told - points).abs() > 1e-6) {
            return false;
        }
        let share = match section.max_risk_score {
            Some(max) if max > 0.0 => Some(points / max),
            Some(_) => Some(0.0),
            None => None,
        };
        expected = expected.zip(share).zip(section.weight).map(|((sum, share), weight)| sum + share * weight);
    }
    expected.is_none_or(|expected| (expected - total).abs() < 1.0)
}
