//! From the vendor's profile of a subject to an assessment; pure.
//!
//! A profile without a report is pending, whatever its scores say: a score of 0 beside no report was never computed.

use jiff::{Timestamp, civil::Date};
use risk_provider::{
    Flag, Personal, ProviderAssessment, ProviderName, RawPayload, Subject, SubjectType, VendorReference,
    doubt, vendor_time,
};
use serde_json::{Value, value::RawValue};

use super::{
    asked::{self, Entity},
    wire::{ProfileFields, ReportDay},
};
use crate::{
    mapping::{self, About, Asked, Origin, Question, Unusable},
    wire::{Report, object, text},
};

const TOLERANCE: f64 = 1e-6;
const LONGEST_ID: usize = 64;

/// The vendor's record of one check.
pub(super) struct Profile<'a> {
    fields: ProfileFields<'a>,
    entity: Entity,
    name: Option<String>,
}

/// Whom a profile must be about.
#[derive(Clone, Copy)]
pub(super) enum Whom<'a> {
    /// The subject that the check was just started for.
    Asked {
        /// The subject.
        subject: &'a Subject,
        /// The day it was asked about.
        today: Date,
    },
    /// Whoever the vendor keeps under the reference, if one was asked for.
    Kept {
        /// The reference.
        reference: Option<&'a VendorReference>,
    },
}

/// How a profile is to be read.
pub(super) struct Reading<'a> {
    pub(super) provider: &'a ProviderName,
    pub(super) origin: Origin<'a>,
    /// Whether an answer about another name is none.
    pub(super) strict: bool,
    pub(super) received_at: Timestamp,
}

/// Whether `text` can be an id of this vendor, and is safe in an address.
pub(super) fn is_identifier(text: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(safe)
}

/// The first id of several that is one.
pub(super) fn first_id(candidates: &[Option<&RawValue>]) -> Option<String> {
    candidates.iter().filter_map(|raw| text(*raw)).find(|id| is_identifier(id))
}

// === impl Profile ===

impl<'a> Profile<'a> {
    /// The profile written in `content`.
    pub(super) fn read(content: &'a str) -> Result<Self, Unusable> {
        let fields: ProfileFields<'a> =
            object(content).ok_or("the profile has another shape than documented")?;
        let information = fields.entity_information.and_then(|raw| serde_json::from_str(raw.get()).ok());
        let entity = Entity::new(text(fields.kind).as_deref(), information.unwrap_or(Value::Null));
        let name = entity.name();
        Ok(Self { fields, entity, name })
    }

    /// The id to read it by: three fields hold the same one.
    pub(super) fn reference(&self) -> Option<VendorReference> {
        first_id(&self.ids()).map(VendorReference)
    }

    /// The name it is about, as the vendor keeps it.
    pub(super) fn name(&self) -> Option<Personal<String>> {
        self.name.clone().map(Personal::new)
    }

    /// The vendor's overall word, as written.
    pub(super) fn risk_status(&self) -> Option<String> {
        text(self.fields.latest_risk_status)
    }

    /// Whether the vendor renews its report, as written.
    pub(super) fn tracking_status(&self) -> Option<String> {
        text(self.fields.tracking_status)
    }

    /// Person or company, as written.
    pub(super) fn kind(&self) -> Option<String> {
        text(self.fields.kind)
    }

    /// When it was made.
    pub(super) fn created_at(&self) -> Option<Timestamp> {
        let times = [self.fields.created_at, self.fields.requested_at];
        times.into_iter().find_map(|raw| vendor_time::parse(&text(raw)?))
    }

    /// The assessment in it, about `whom`; pending while there is no report.
    pub(super) fn assessment(
        &self,
        whom: Whom<'_>,
        reading: &Reading<'_>,
        raw: RawPayload,
    ) -> Result<ProviderAssessment, Unusable> {
        let word = self.risk_status();
        let mut pending = reading.origin.pending(raw, reading.received_at);
        pending.vendor_reference = Some(self.checked_reference(whom)?);
        pending.vendor_level.clone_from(&word);
        pending.flags.extend(self.name_flag(whom, reading.strict)?);
        let Some(report) = self.fields.latest_report else { return Ok(pending) };
        if word.as_deref().is_some_and(mapping::is_pending) {
            return Ok(pending);
        }
        if let Some(why) = doubt::of_answer(report.get()) {
            return Err(why);
        }
        let report: Report<'_> =
            object(report.get()).ok_or("the report has another shape than documented")?;
        let words = [report.risk_status.as_deref(), word.as_deref()];
        if report.risk_status.as_deref().is_some_and(mapping::is_pending) {
            return Ok(pending);
        }
        let question = Question {
            provider: reading.provider,
            about: self.about(whom),
            asked: self.asked(whom),
            strict: reading.strict,
        };
        let past = self.past(&report);
        let verdict = mapping::judge(&report, past.as_ref(), &words, &question)?;
        let contradicted = self.contradicts(verdict.score.value());
        let mut told = verdict.into_assessment(pending);
        told.vendor_level = report.risk_status.or(word);
        told.assessed_at = self.assessed_at(whom, reading.received_at);
        told.flags.extend(contradicted.then_some(Flag::VendorArithmeticMismatch));
        Ok(told)
    }

    const fn ids(&self) -> [Option<&'a RawValue>; 3] {
        [self.fields.own_id, self.fields.id, self.fields.identity_id]
    }

    /// The profile's own id, whichever of its ids it was asked for by.
    fn checked_reference(&self, whom: Whom<'_>) -> Result<VendorReference, Unusable> {
        let own = self.reference().ok_or("the profile has no id to read it by")?;
        let Whom::Kept { reference: Some(asked) } = whom else { return Ok(own) };
        let named = |id: Option<String>| id.as_deref() == Some(asked.0.as_str());
        if self.ids().into_iter().any(|id| named(text(id))) || named(self.entity.id()) {
            Ok(own)
        } else {
            Err("the profile is another one than asked for")
        }
    }

    /// A flag for a record about another name than asked, or of a company where a person was asked about. A record that names
    /// nobody is judged by its report.
    fn name_flag(&self, whom: Whom<'_>, strict: bool) -> Result<Option<Flag>, Unusable> {
        let Whom::Asked { subject, .. } = whom else { return Ok(None) };
        let opposite = match subject.kind() {
            SubjectType::Individual => SubjectType::Business,
            SubjectType::Business => SubjectType::Individual,
        };
        let other = self.kind().is_some_and(|kind| mapping::normalise(&kind) == opposite.as_str());
        if !other && self.name.as_deref().is_none_or(|name| About::Subject(subject).is(name)) {
            Ok(None)
        } else if strict {
            Err("the profile is not about the name that was asked, or of the other type")
        } else {
            Ok(Some(Flag::SubjectNameMismatch))
        }
    }

    fn about<'b>(&'b self, whom: Whom<'b>) -> About<'b> {
        match whom {
            Whom::Asked { subject, .. } => About::Subject(subject),
            Whom::Kept { .. } => About::Named(self.name.as_deref()),
        }
    }

    fn asked(&self, whom: Whom<'_>) -> Asked {
        match whom {
            Whom::Asked { subject, today } => asked::of_subject(subject, today),
            Whom::Kept { .. } => self.entity.asked(),
        }
    }

    /// A fresh answer was made when it arrived; one that was kept, when its report was.
    fn assessed_at(&self, whom: Whom<'_>, received_at: Timestamp) -> Timestamp {
        match whom {
            Whom::Asked { .. } => received_at,
            Whom::Kept { .. } => {
                let stated = text(self.fields.report_last_updated_at);
                let stated = stated.and_then(|stated| vendor_time::parse(&stated));
                stated.map_or(received_at, |stated| stated.min(received_at))
            }
        }
    }

    /// Whether the profile states another overall score than its report.
    fn contradicts(&self, score: f64) -> bool {
        let stated: Option<f64> =
            self.fields.latest_risk_score.and_then(|raw| serde_json::from_str(raw.get()).ok());
        stated.is_some_and(|stated| (stated - score).abs() > TOLERANCE)
    }

    /// The newest report of the history with the same score: the same report, with its blocks' own scores.
    fn past(&self, latest: &Report<'_>) -> Option<Report<'a>> {
        let score = number(latest.risk_score?)?;
        let history = self.fields.risk_report_history?;
        let history: Vec<&RawValue> = serde_json::from_str(history.get()).ok()?;
        let sound = history.into_iter().filter(|raw| doubt::of_answer(raw.get()).is_none());
        let same = sound.filter_map(|raw| Some((day(raw), object::<Report<'a>>(raw.get())?)));
        let same = same.filter(|(_, past)| {
            past.risk_score.and_then(number).is_some_and(|past| (past - score).abs() <= TOLERANCE)
        });
        same.max_by(|(left, _), (right, _)| left.cmp(right)).map(|(_, past)| past)
    }
}

fn number(raw: &RawValue) -> Option<f64> {
    serde_json::from_str(raw.get()).ok()
}

/// The day of a report in a history, in an order that sorts.
fn day(raw: &RawValue) -> Option<Date> {
    let day: ReportDay = object(raw.get())?;
    let text = format!("{}-{}-{}", day.report_year?, day.report_month?, day.report_day?);
    text.parse().ok()
}
