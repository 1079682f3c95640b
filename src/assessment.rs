//! The gateway's answer, as callers read it and the store keeps it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use risk_provider::{
    Evidence, Factor, Flag, Level, Personal, ProviderName, Score, SubjectType, VendorReference,
    assessment::Bounds,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    attempts::Attempt,
    ids::{AssessmentId, SubjectId},
};

/// One answer about one subject: score, level, and every reason and attempt behind it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Assessment {
    /// The answer's id, `asm_…`.
    pub id: AssessmentId,
    /// 1 for the first answer under this id; raised when a pending one completes.
    pub revision: u32,
    /// The assessment that this one was made in place of, by a recheck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<AssessmentId>,
    /// Whether the answer can be relied on.
    pub status: Status,
    /// The route that was taken.
    pub route: String,
    /// How the route chooses among providers.
    pub strategy: Strategy,
    /// Whom it is about.
    pub subject: SubjectSummary,
    /// The score; none when nothing reliable was said.
    pub score: Option<Score>,
    /// The level; none when nothing reliable was said.
    pub level: Option<Level>,
    /// Where the score could lie if every missing factor were known.
    pub bounds: Bounds,
    /// Weight of the factors behind the score ÷ weight of the applicable ones, 0 to 1.
    pub coverage: f64,
    /// The provider whose answer stands.
    #[schema(value_type = Option<String>)]
    pub decided_by: Option<ProviderName>,
    /// The provider assigned by a split, whoever served.
    #[schema(value_type = Option<String>)]
    pub assigned_to: Option<ProviderName>,
    /// How many answers were combined; only where the route asks for a consensus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consensus: Option<Consensus>,
    /// What policy made of the providers' answers.
    pub policy: PolicyOutcome,
    /// The reasons.
    pub factors: Vec<Factor>,
    /// What was found.
    pub evidence: Vec<Evidence>,
    /// What a reader must know.
    pub flags: BTreeSet<Flag>,
    /// The providers' answers behind this one.
    pub providers: Vec<ProviderAnswer>,
    /// Every exchange with a vendor, and every provider passed over, in order.
    pub attempts: Vec<Attempt>,
    /// When this answer was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Until when it is fresh.
    #[schema(value_type = String, format = DateTime)]
    pub valid_until: Timestamp,
    /// The vendors' payloads by provider, when asked for with `include: ["raw"]`.
    #[schema(value_type = Option<BTreeMap<String, RawAnswer>>)]
    pub raw: Option<BTreeMap<ProviderName, RawAnswer>>,
}

/// How many answers were combined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Consensus {
    /// Providers that the route asks.
    pub asked: usize,
    /// Those of them that answered in time.
    pub answered: usize,
    /// Vendors whose answer counts: one vote each, whichever way they were asked, and none for too little said.
    pub vendors: usize,
}

/// Whether an answer can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Judged on enough of the subject.
    Completed,
    /// Too little was judged, or it may be about somebody else.
    Partial,
    /// A vendor is still working.
    Pending,
    /// Nobody answered yet; asked again in the background, or given up.
    Unavailable,
}

/// How a route chooses among providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Providers in order; the first answer wins, only a failure moves on.
    Failover,
    /// The provider that the subject is assigned to by a weighted draw; the others when it fails.
    Split,
    /// Every provider; their answers are combined.
    Consensus,
}

/// Whom an assessment is about.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SubjectSummary {
    /// The gateway's random id, `sub_…`.
    pub id: SubjectId,
    /// The caller's own id.
    #[schema(value_type = String)]
    pub reference: Personal<String>,
    /// Person or company.
    #[serde(rename = "type")]
    pub kind: SubjectType,
}

/// What policy made of the providers' answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyOutcome {
    /// Fingerprint of the rules that judged; none in answers from before there were any.
    #[serde(default)]
    pub version: Option<String>,
    /// The level before floors and override.
    pub base_level: Option<Level>,
    /// The floors that applied; a floor never lowers.
    pub floors_applied: Vec<AppliedFloor>,
    /// A person's decision in place of the level.
    #[serde(rename = "override")]
    pub overridden: Option<Override>,
    /// Whether a person must look at this answer.
    pub review_required: bool,
    /// Why: flags and rules, as stable words.
    pub reasons: Vec<String>,
}

/// A floor that applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppliedFloor {
    /// The lowest level it allows.
    pub level: Level,
    /// Why.
    pub reason: String,
    /// The condition that held.
    pub when: String,
}

/// A person's decision in place of the level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Override {
    /// The level decided.
    pub level: Level,
    /// Why.
    pub reason: String,
    /// The last day it stands.
    #[schema(value_type = String, format = Date)]
    pub expires_on: jiff::civil::Date,
}

/// One provider's answer behind an assessment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProviderAnswer {
    /// Who.
    #[schema(value_type = String)]
    pub provider: ProviderName,
    /// Its part in the route.
    pub role: Role,
    /// How its answer came to be in this one.
    pub served: Served,
    /// Its score.
    pub score: Option<Score>,
    /// Its level; none where its answer cannot be relied on.
    pub level: Option<Level>,
    /// Its own overall word.
    pub vendor_level: Option<String>,
    /// Its own id of the answer.
    #[schema(value_type = Option<String>)]
    pub vendor_reference: Option<VendorReference>,
    /// When it judged.
    #[schema(value_type = String, format = DateTime)]
    pub assessed_at: Timestamp,
    /// Age of the answer in whole seconds.
    pub age_s: u64,
    /// The mapping that normalised it.
    pub mapping_version: String,
}

/// A provider's part in a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Asked first.
    Primary,
    /// Asked because one before it failed, or was slow.
    Fallback,
    /// Asked as one of several whose answers are combined.
    Consensus,
}

/// How a provider's answer came to be in an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Served {
    /// The vendor was called for it.
    Called,
    /// From the cache, or from a call that was already under way.
    Cached,
    /// From the cache although no longer fresh, since nobody answered.
    Stale,
    /// From a call that had ended without a word: what an earlier request for the same had brought, or what was found in
    /// the vendor's own history.
    Adopted,
}

/// A vendor's payload.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct RawAnswer {
    /// The vendor's JSON, number literals as sent.
    #[schema(value_type = Object)]
    pub payload: Box<RawValue>,
    /// Dotted paths of the account fields that were removed from it.
    pub removed: Vec<String>,
}

// === impl RawAnswer ===

impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawAnswer").field("removed", &self.removed).finish_non_exhaustive()
    }
}

// === impl Status ===

impl Status {
    /// The word used in JSON, columns and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Partial => "partial",
            Self::Pending => "pending",
            Self::Unavailable => "unavailable",
        }
    }
}

// === impl Served ===

impl Served {
    /// The word used in JSON and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Called => "called",
            Self::Cached => "cached",
            Self::Stale => "stale",
            Self::Adopted => "adopted",
        }
    }
}

// === impl Strategy ===

impl Strategy {
    /// The word used in JSON and configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failover => "failover",
            Self::Split => "split",
            Self::Consensus => "consensus",
        }
    }
}
