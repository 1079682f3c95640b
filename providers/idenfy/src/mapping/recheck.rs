//! Whether a vendor's answer is about the answers that were sent, or about older or other ones.

use std::collections::BTreeSet;

use risk_provider::{Factor, FactorState, Flag, ProviderAssessment};

use super::plan::{Planned, Takes};
use crate::wire::{CheckRequest, Section};

/// Whether every question of `plan` came back once, with the answer that was sent to it, or with none where none was.
pub(crate) fn is_answered(plan: &[Planned], sent: &CheckRequest, came: &[Section]) -> bool {
    plan.iter().all(|planned| {
        let sections = came.iter().filter(|section| section.key == planned.section);
        let mut questions = sections.flat_map(|it| &it.questions).filter(|it| it.key == planned.key);
        let came = questions.next().map(|question| question.answers.as_slice()).unwrap_or_default();
        if questions.next().is_some() {
            return false;
        }
        let sent = sent.sections.get(&planned.section).and_then(|section| section.get(&planned.key));
        let sent = sent.map(|values| values.value.as_slice()).unwrap_or_default();
        match planned.takes {
            // What stands in the place of a choice's key when there are no choices, nobody documented.
            Takes::Text => came.is_empty() == sent.is_empty(),
            Takes::Country => same(came.iter().map(|it| &it.key), sent, str::to_ascii_uppercase),
            Takes::Choice { .. } => same(came.iter().map(|it| &it.key), sent, str::to_owned),
        }
    })
}

/// The assessment without a judgement: it is about other answers than were sent.
pub(crate) fn without_judgement(mut assessment: ProviderAssessment) -> ProviderAssessment {
    assessment.flags.insert(Flag::Unanswered);
    let factors = assessment.factors.into_iter().map(|factor| Factor {
        state: FactorState::NoData,
        value: None,
        score: None,
        level: None,
        vendor_label: None,
        contribution: None,
        ..factor
    });
    ProviderAssessment { factors: factors.collect(), score: None, level: None, ..assessment }
}

fn same<'a>(came: impl Iterator<Item = &'a String>, sent: &[String], form: fn(&str) -> String) -> bool {
    let came: BTreeSet<String> = came.map(|text| form(text)).collect();
    came == sent.iter().map(|text| form(text)).collect()
}
