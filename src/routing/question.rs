//! What is asked, and what an answer to it is.

use std::{sync::Arc, time::Duration};

use risk_provider::{ProviderName, Subject, VendorReference};
use serde::{Deserialize, Serialize};

use super::{Adopted, Provider};
use crate::{
    assessment::Assessment,
    ids::{AssessmentId, RequestId},
    store::{IdempotencyKey, Lease},
};

/// One question about one subject.
#[derive(Debug, Clone)]
pub struct Question {
    /// The request's id.
    pub request_id: RequestId,
    /// Who asks.
    pub team: String,
    /// The route to take.
    pub route: String,
    /// Whom it is about.
    pub subject: Arc<Subject>,
    /// What the answer is for, in the caller's words.
    pub purpose: Option<String>,
    /// The oldest cached answer allowed; only tightens the provider's own time.
    pub max_age: Option<Duration>,
    /// The longest that the answer may take; only tightens the route's own deadline.
    pub deadline: Option<Duration>,
    /// What providers said to an earlier request for the same, which ended without a word.
    pub adopted: Vec<Adopted>,
    /// The item of a job whose result the answer is.
    pub completes: Option<Lease>,
    /// The idempotency key under which it is answered.
    pub holds: Option<IdempotencyKey>,
    /// The answer that it is asked in place of.
    pub replaces: Option<Replaced>,
    /// The held assessment whose next revision the answer is.
    pub continues: Option<Continued>,
    /// Whom not to ask: they may have been paid for this question already.
    pub spares: Vec<ProviderName>,
}

/// A held assessment that is to have its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continued {
    /// The assessment.
    pub assessment: AssessmentId,
    /// Its latest revision.
    pub revision: u32,
}

/// An answer that is asked for anew because its subject changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Replaced {
    /// The assessment.
    pub assessment: AssessmentId,
    /// Whose answer stands in it.
    pub provider: Option<ProviderName>,
    /// That provider's own id of it.
    pub reference: Option<VendorReference>,
}

/// An answer, and how it came about.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The assessment, as this caller sees it.
    pub assessment: Assessment,
    /// What the cache did.
    pub cache: CacheUse,
    /// Age of the provider's answer.
    pub age: Duration,
    /// How much of the time was spent waiting for vendors.
    pub vendor_time: Duration,
}

/// What the cache did for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    /// It had a fresh answer.
    Hit,
    /// It had none.
    Miss,
    /// It had none, but a call was already under way.
    Joined,
    /// It had one that was no longer fresh.
    Stale,
    /// It had a fresh one that was too old for this caller.
    TooOld,
    /// It had one that was no longer fresh, which was given since nobody answered.
    GivenStale,
    /// It had none; the vendor was called, its answer was lost, and it was found in the vendor's history.
    Recovered,
    /// Not asked: an earlier call that had ended without a word had brought the answer.
    Adopted,
}

// === impl Question ===

impl Question {
    /// What the provider said to an earlier request for the same.
    pub(super) fn adopted_from(&self, provider: &Provider) -> Option<&Adopted> {
        let name = provider.name();
        self.adopted.iter().find(|adopted| adopted.record.assessment.provider == *name)
    }
}

// === impl CacheUse ===

impl CacheUse {
    /// The word used in metrics.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Joined => "joined",
            Self::Stale => "stale",
            Self::TooOld => "too_old",
            Self::GivenStale => "given_stale",
            Self::Recovered => "recovered",
            Self::Adopted => "adopted",
        }
    }

    /// Whether this caller had the vendor called.
    pub(super) const fn called(self) -> bool {
        match self {
            Self::Miss | Self::Stale | Self::TooOld | Self::Recovered => true,
            Self::Hit | Self::Joined | Self::GivenStale | Self::Adopted => false,
        }
    }

    /// What it did for an answer of two parts: the part that was not there counts.
    pub(super) const fn or(self, other: Self) -> Self {
        match self {
            Self::Hit => other,
            Self::Miss
            | Self::Joined
            | Self::Stale
            | Self::TooOld
            | Self::GivenStale
            | Self::Recovered
            | Self::Adopted => self,
        }
    }
}
