//! What one provider said.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Evidence, Factor, Flag, Level, ProviderName, RawPayload, Score};

/// One provider's answer: the vendor's payload verbatim and its normalised form. Never changed once made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderAssessment {
    /// Who answered.
    pub provider: ProviderName,
    /// The adapter behind the provider.
    pub kind: String,
    /// Version of the mapping that normalised the payload, such as `idenfy/1`.
    pub mapping_version: String,
    /// Fingerprint of the questionnaire that was answered and of the mapping that answered it, for providers that
    /// have one.
    pub profile_fingerprint: Option<String>,
    /// Whether the vendor is done.
    pub state: AnswerState,
    /// The vendor's id of this answer, where it has one.
    pub vendor_reference: Option<VendorReference>,
    /// The overall score; none when the vendor judged nothing.
    pub score: Option<Score>,
    /// The overall level, from the vendor's own word; at least `medium` for a word that nobody documented.
    pub level: Option<Level>,
    /// The vendor's own overall word.
    pub vendor_level: Option<String>,
    /// The reasons.
    pub factors: Vec<Factor>,
    /// What was found.
    pub evidence: Vec<Evidence>,
    /// What a reader must know.
    pub flags: BTreeSet<Flag>,
    /// When the vendor judged; for a fresh answer, when it arrived.
    pub assessed_at: Timestamp,
    /// What the vendor sent.
    pub raw: RawPayload,
}

/// Whether a vendor is done with a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerState {
    /// Judged.
    Final,
    /// Still being worked on; no score means anything yet.
    Pending,
}

/// A vendor's id of one answer, opaque.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct VendorReference(pub String);

/// The lowest and highest score possible if every missing factor came out at 0 or at 100.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Bounds {
    /// Every missing factor at 0.
    pub low: f64,
    /// Every missing factor at 100.
    pub high: f64,
}

// === impl ProviderAssessment ===

impl ProviderAssessment {
    /// Weight of the factors that stand behind the score ÷ weight of the applicable ones, 0 to 1.
    ///
    /// 0 when nothing applies: no factor, no coverage.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        let weigh = |counts: fn(&Factor) -> bool| -> f64 {
            self.factors.iter().filter(|factor| counts(factor)).filter_map(|factor| factor.weight).sum()
        };
        let applicable = weigh(|factor| factor.state.applies());
        if applicable <= 0.0 {
            return 0.0;
        }
        let covered = weigh(|factor| factor.state.applies() && factor.state.covers());
        // An empty sum is minus zero, which would be written as such.
        if covered <= 0.0 { 0.0 } else { (covered / applicable).min(1.0) }
    }

    /// Where the score could lie if the missing factors were known; 0 to 100 without a score.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        let coverage = self.coverage();
        let Some(score) = &self.score else { return Bounds { low: 0.0, high: 100.0 } };
        let value = score.value();
        // A full coverage keeps the vendor's digits; the products below can only lose some.
        if coverage >= 1.0 {
            return Bounds { low: value, high: value };
        }
        let low = (value * coverage).min(value);
        let high = 100.0f64.min(value.max(100.0_f64.mul_add(1.0 - coverage, low)));
        Bounds { low, high }
    }
}
