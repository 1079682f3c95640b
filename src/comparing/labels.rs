//! What turned out to be true of each subject, by the outcomes that count at a moment.
//!
//! A subject of whom anything positive is known is a case, whatever else was said of it: another outcome takes that back
//! only by superseding it. An answer predicts nothing that was told before it was asked for: then it may be known to whoever
//! answers.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Selection;
use crate::store::{OutcomeNoted, Store, StoreError};

/// What is known of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    /// Whether it is a case.
    pub(super) positive: bool,
    /// Whether all who said so had seen no score; none where one of them did not tell.
    pub(super) blinded: Option<bool>,
}

/// What was told of a subject.
#[derive(Debug)]
struct Told {
    /// What counts of it.
    label: Option<Label>,
    /// When anything was first told, also what no longer counts.
    since: Timestamp,
}

/// What is known, by subject.
#[derive(Debug, Default)]
pub struct Labels(HashMap<String, Told>);

/// How many labelled pairs were labelled by somebody who had seen no score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Blinding {
    /// By nobody who had seen one.
    pub blinded: u64,
    /// By somebody who had seen one.
    pub not_blinded: u64,
    /// Nobody told.
    pub unknown: u64,
}

// === impl Labels ===

impl Labels {
    /// By the outcomes that counted at the selection's own end of telling; by all that count now where it has none.
    pub(super) async fn read(store: &Store, selection: &Selection) -> Result<Self, StoreError> {
        let mut labels = Self::default();
        store.labels(&selection.team, |noted| labels.add(noted, selection)).await?;
        Ok(labels)
    }

    pub(super) fn of(&self, subject: &str) -> Option<Label> {
        self.0.get(subject).and_then(|told| told.label)
    }

    /// Whether anything was told of a subject before `at`.
    pub(super) fn told_before(&self, subject: &str, at: Timestamp) -> bool {
        self.0.get(subject).is_some_and(|told| told.since < at)
    }

    fn add(&mut self, noted: OutcomeNoted<'_>, selection: &Selection) {
        let OutcomeNoted { subject, kind, blinded, is_sure, recorded_at, superseded_at } = noted;
        let ends = selection.told_until.unwrap_or(Timestamp::MAX);
        if recorded_at >= ends {
            return;
        }
        if !self.0.contains_key(subject) {
            self.0.insert(subject.to_owned(), Told { label: None, since: recorded_at });
        }
        let Some(told) = self.0.get_mut(subject) else { return };
        told.since = told.since.min(recorded_at);
        if is_sure && superseded_at.is_none_or(|at| at >= ends) {
            let positive = selection.positive.contains(&kind);
            let label = told.label.get_or_insert(Label { positive, blinded });
            label.positive |= positive;
            label.blinded = match (label.blinded, blinded) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                (None, _) | (_, None) => None,
            };
        }
    }
}

// === impl Blinding ===

impl Blinding {
    /// Counts the label of a pair.
    pub(super) const fn count(&mut self, label: Option<Label>) {
        let Some(label) = label else { return };
        let count = match label.blinded {
            Some(true) => &mut self.blinded,
            Some(false) => &mut self.not_blinded,
            None => &mut self.unknown,
        };
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use risk_provider::ProviderName;

    use super::*;
    use crate::outcomes::OutcomeType;

    const FRAUD: OutcomeType = OutcomeType::ConfirmedFraud;
    const CLEARED: OutcomeType = OutcomeType::Cleared;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn noted(kind: OutcomeType, second: i64) -> OutcomeNoted<'static> {
        OutcomeNoted {
            subject: "sub_1",
            kind,
            blinded: None,
            is_sure: true,
            recorded_at: at(second),
            superseded_at: None,
        }
    }

    fn labels_until(ends: Option<i64>, outcomes: &[OutcomeNoted<'static>]) -> Labels {
        let selection = Selection {
            team: "risk".to_owned(),
            left: ProviderName::new("left"),
            right: ProviderName::new("right"),
            from: None,
            to: None,
            window: super::super::DEFAULT_WINDOW,
            segment: None,
            positive: vec![FRAUD],
            told_until: ends.map(at),
        };
        let mut labels = Labels::default();
        outcomes.iter().for_each(|noted| labels.add(*noted, &selection));
        labels
    }

    fn label_until(ends: Option<i64>, outcomes: &[OutcomeNoted<'static>]) -> Option<Label> {
        labels_until(ends, outcomes).of("sub_1")
    }

    fn label(outcomes: &[OutcomeNoted<'static>]) -> Label {
        label_until(None, outcomes).expect("a label")
    }

    #[test]
    fn one_positive_outcome_makes_a_case_and_one_open_eye_unblinds() {
        let chargeback = noted(OutcomeType::Chargeback, 2);
        assert!(!label(&[noted(CLEARED, 1), chargeback]).positive, "not among the wanted ones");
        for order in [[FRAUD, CLEARED], [CLEARED, FRAUD]] {
            assert!(label(&order.map(|kind| noted(kind, 1))).positive);
        }
        let seen = |blinded| OutcomeNoted { blinded, ..noted(FRAUD, 1) };
        assert_eq!(label(&[seen(Some(true)), seen(Some(true))]).blinded, Some(true));
        assert_eq!(label(&[seen(None), seen(Some(false))]).blinded, Some(false));
        assert_eq!(label(&[seen(Some(true)), seen(None)]).blinded, None);
    }

    #[test]
    fn what_was_superseded_counts_no_more_and_was_told_all_the_same() {
        let first = OutcomeNoted { superseded_at: Some(at(9)), ..noted(FRAUD, 1) };
        let later = labels_until(None, &[first, noted(CLEARED, 9)]);
        assert_eq!(later.of("sub_1").map(|label| label.positive), Some(false));
        assert!(later.told_before("sub_1", at(2)) && !later.told_before("sub_1", at(1)));
        let doubtful = OutcomeNoted { is_sure: false, ..noted(FRAUD, 9) };
        assert_eq!(label_until(None, &[first, doubtful]), None, "nobody is sure any more");
    }

    #[test]
    fn what_is_told_after_the_end_changes_nothing() {
        let first = OutcomeNoted { superseded_at: Some(at(9)), ..noted(FRAUD, 1) };
        let until = |ends| label_until(Some(ends), &[first, noted(CLEARED, 9)]).map(|label| label.positive);
        assert_eq!([until(1), until(5), until(9), until(10)], [None, Some(true), Some(true), Some(false)]);
    }
}
