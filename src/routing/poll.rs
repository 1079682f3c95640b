//! What a vendor still owes, and when it is looked for.

use std::{collections::BTreeSet, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use risk_provider::{
    FailureKind, Flag, ProviderAssessment, ProviderError, ProviderName, RiskProvider, SubjectRequest,
    VendorReference,
};
use serde::{Deserialize, Serialize};

use super::Provider;
use crate::{
    cache::{CacheKey, KeyMaker},
    ids::AssessmentId,
    jobs::polling,
    policy::Facts,
    store::{NewItem, StoreError},
};

/// An answer that a vendor still owes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Owed {
    /// The assessment that lacks it.
    pub(super) assessment: AssessmentId,
    pub(super) provider: ProviderName,
    pub(super) reference: VendorReference,
    /// Under which the answer is kept once it is there.
    pub(super) key: CacheKey,
    pub(super) since: Timestamp,
    /// What the route's policy may know of the subject.
    pub(super) facts: Facts,
    /// Whom it must be about; none where that was not kept.
    #[serde(default)]
    pub(super) subject: Option<SubjectRequest>,
    /// What the pending answer was flagged with.
    #[serde(default)]
    pub(super) flags: BTreeSet<Flag>,
    /// For a challenger's answer: the revision of the assessment that it is compared with, and is no part of.
    #[serde(default)]
    pub(super) shadow_of: Option<u32>,
}

/// What came of looking.
#[derive(Debug)]
pub enum Look {
    /// The answer is there, or given up.
    Ended,
    /// There is nothing to look for any more.
    Gone,
    /// The vendor is still working; when to look again.
    Pending {
        /// After this time.
        again_in: Duration,
    },
    /// The vendor could not be asked, or said nothing that could be read; when to look again.
    Failed {
        /// The failure's kind.
        kind: FailureKind,
        /// After this time.
        again_in: Duration,
    },
}

/// When an answer that a vendor still owes is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PollSettings {
    /// The first time, after this.
    pub first: Duration,
    /// The longest wait between two looks.
    pub max: Duration,
    /// How much longer each wait is than the one before.
    pub factor: f64,
    /// When to give up.
    pub give_up_after: Duration,
}

// === impl Owed ===

impl Owed {
    /// The first look for it.
    pub(super) fn first_look(&self, keys: &KeyMaker, provider: &Provider) -> Result<NewItem, StoreError> {
        let run_at = self.since.checked_add(provider.poll.first);
        Ok(NewItem {
            kind: polling::KIND,
            // Found again by the vendor's reference, whoever asked and by whichever route.
            label: format!("{}/{}", keys.vendor_reference(&self.provider, &self.reference), self.assessment),
            run_at: run_at.unwrap_or(Timestamp::MAX),
            payload: serde_json::to_vec(self)?,
        })
    }

    /// What was `said` under its reference, held against whom was asked about on the day of asking; with every flag
    /// that the pending answer had.
    ///
    /// # Errors
    ///
    /// `malformed` for an answer about somebody else where the provider's settings are strict.
    pub(super) fn confirmed(
        &self,
        adapter: &dyn RiskProvider,
        said: ProviderAssessment,
    ) -> Result<ProviderAssessment, ProviderError> {
        let today = self.since.to_zoned(TimeZone::UTC).date();
        let mut said = match &self.subject {
            None => said,
            Some(subject) => {
                let subject = subject.clone().accept(today).map_err(|_problems| {
                    let detail = "whom the pending answer is about can no longer be read";
                    ProviderError::new(FailureKind::Malformed, detail)
                })?;
                adapter.confirm(&subject, today, said)?
            }
        };
        said.flags.extend(&self.flags);
        Ok(said)
    }
}

// === impl PollSettings ===

impl PollSettings {
    /// How long to wait after so many looks.
    #[must_use]
    pub fn wait(&self, looks: i64) -> Duration {
        let looks = i32::try_from(looks.clamp(0, 64)).unwrap_or(64);
        let wait = self.first.as_secs_f64() * self.factor.powi(looks);
        Duration::try_from_secs_f64(wait).unwrap_or(self.max).min(self.max)
    }
}

impl Default for PollSettings {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            max: Duration::from_secs(15),
            factor: 1.5,
            give_up_after: Duration::from_secs(60 * 60),
        }
    }
}
