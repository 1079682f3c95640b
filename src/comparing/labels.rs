//! What turned out to be true of each subject, by the outcomes that still count.
//!
//! A subject of whom anything positive is known is a case, whatever else was said of it: another outcome takes that back
//! only by superseding it.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Selection;
use crate::{
    outcomes::OutcomeType,
    store::{Store, StoreError},
};

/// What is known of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    /// Whether it is a case.
    pub(super) positive: bool,
    /// Whether all who said so had seen no score; none where one of them did not tell.
    pub(super) blinded: Option<bool>,
    /// When the first of them was recorded.
    pub(super) since: Timestamp,
}

/// What is known, by subject.
#[derive(Debug, Default)]
pub struct Labels(HashMap<String, Label>);

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
    pub(super) async fn read(store: &Store, selection: &Selection) -> Result<Self, StoreError> {
        let mut labels = Self::default();
        let positive = &selection.positive;
        store
            .labels(&selection.team, |subject, kind, blinded, at| {
                labels.add(subject, kind, (blinded, at), positive);
            })
            .await?;
        Ok(labels)
    }

    pub(super) fn of(&self, subject: &str) -> Option<Label> {
        self.0.get(subject).copied()
    }

    fn add(
        &mut self,
        subject: &str,
        kind: OutcomeType,
        (blinded, at): (Option<bool>, Timestamp),
        positive: &[OutcomeType],
    ) {
        let positive = positive.contains(&kind);
        let label = self.0.entry(subject.to_owned()).or_insert(Label { positive, blinded, since: at });
        label.positive |= positive;
        label.since = label.since.min(at);
        label.blinded = match (label.blinded, blinded) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            (None, _) | (_, None) => None,
        };
    }
}

// === impl Blinding ===

impl Blinding {
    pub(super) fn count(&mut self, label: Option<Label>) {
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
    use super::*;

    const FRAUD: &[OutcomeType] = &[OutcomeType::ConfirmedFraud];

    fn label(outcomes: &[(OutcomeType, Option<bool>)]) -> Label {
        let mut labels = Labels::default();
        for (kind, blinded) in outcomes {
            labels.add("sub_1", *kind, (*blinded, Timestamp::UNIX_EPOCH), FRAUD);
        }
        labels.of("sub_1").expect("a label")
    }

    #[test]
    fn one_positive_outcome_makes_a_case_and_one_open_eye_unblinds() {
        let (fraud, cleared) = (OutcomeType::ConfirmedFraud, OutcomeType::Cleared);
        assert!(
            !label(&[(cleared, None), (OutcomeType::Chargeback, None)]).positive,
            "not among the wanted ones"
        );
        assert!(
            label(&[(fraud, None), (cleared, None)]).positive
                && label(&[(cleared, None), (fraud, None)]).positive
        );
        assert_eq!(label(&[(fraud, Some(true)), (cleared, Some(true))]).blinded, Some(true));
        assert_eq!(label(&[(fraud, None), (cleared, Some(false))]).blinded, Some(false));
        assert_eq!(label(&[(fraud, Some(true)), (cleared, None)]).blinded, None);
    }
}
