//! Reasons: factors, evidence and flags.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Level, Personal, ProviderName};

/// One reason behind a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Factor {
    /// What the reason is about.
    pub category: Category,
    /// Stable dotted code, such as `geography.country`.
    pub code: String,
    /// Readable name.
    pub label: String,
    /// Where the factor's score comes from, or why there is none.
    pub state: FactorState,
    /// The input or answer that was judged, such as `NG`.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub value: Option<Personal<String>>,
    /// 0 to 100, higher is riskier.
    pub score: Option<f64>,
    /// The level of the factor's score; at least `medium` for a word that nobody documented.
    pub level: Option<Level>,
    /// The vendor's own word for this factor.
    pub vendor_label: Option<String>,
    /// Share of the whole, 0 to 1; a block's weight is divided equally among its applicable factors.
    pub weight: Option<f64>,
    /// Points contributed to the overall score, where the vendor documents them.
    pub contribution: Option<f64>,
    /// Who said so.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub provider: ProviderName,
}

/// What a factor is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Who the subject is and how well it is known.
    Customer,
    /// Where it is.
    Geography,
    /// What it does or buys.
    Product,
    /// How it came.
    Channel,
    /// What it moves.
    Transaction,
    /// Sanctions, exposure and media.
    Screening,
}

/// Where a factor's score comes from, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FactorState {
    /// Judged on the subject's own input.
    Scored,
    /// The vendor's default for an answer it does not list.
    Defaulted,
    /// The subject's input was not given; a score, if any, is the vendor's assumption.
    MissingInput,
    /// The vendor had nothing to judge by.
    NoData,
    /// Means nothing for this subject.
    NotApplicable,
    /// The call has no such input.
    Unsupported,
}

/// Something found that speaks for or against the subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// Where it was found, usually an address.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub source: Option<Personal<String>>,
    /// When it was published.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub published_at: Option<Timestamp>,
    /// Its headline.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub headline: Option<Personal<String>>,
    /// The vendor's words for what it is about.
    pub tags: Vec<String>,
    /// 0 to 100, as the vendor rates the finding.
    pub severity: Option<f64>,
    /// Who found it.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub provider: ProviderName,
}

/// What a piece of evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A news article or similar.
    AdverseMedia,
}

/// Something about an answer that its reader must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The answer is about another name than asked, or another country.
    SubjectNameMismatch,
    /// The overall word is missing or nobody documented it.
    UnknownVendorLevel,
    /// A word about a part of the answer is one that nobody documented.
    UnknownVendorWord,
    /// The wording of a sanctions or exposure result is one that nobody documented.
    UnknownScreeningResult,
    /// A factor's word and its score are two or more levels apart.
    LabelConflict,
    /// The vendor's documented arithmetic does not come out.
    VendorArithmeticMismatch,
    /// The answer names another questionnaire profile than asked, or repeats a changed one.
    ProfileMismatch,
    /// A person changed the level at the vendor.
    VendorLevelOverridden,
    /// The questionnaire came back without a single answer.
    Unanswered,
    /// The questionnaire changed since its mapping was accepted.
    UnacceptedQuestionnaire,
}

// === impl Category ===

impl Category {
    /// The word used in JSON and at the start of codes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Geography => "geography",
            Self::Product => "product",
            Self::Channel => "channel",
            Self::Transaction => "transaction",
            Self::Screening => "screening",
        }
    }
}

// === impl FactorState ===

impl FactorState {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scored => "scored",
            Self::Defaulted => "defaulted",
            Self::MissingInput => "missing_input",
            Self::NoData => "no_data",
            Self::NotApplicable => "not_applicable",
            Self::Unsupported => "unsupported",
        }
    }

    /// Whether the factor stands behind the score: it is scored, or the vendor has a default for it.
    #[must_use]
    pub const fn covers(self) -> bool {
        match self {
            Self::Scored | Self::Defaulted => true,
            Self::MissingInput | Self::NoData | Self::NotApplicable | Self::Unsupported => false,
        }
    }

    /// Whether the factor should have a score for this subject and call.
    #[must_use]
    pub const fn applies(self) -> bool {
        match self {
            Self::Scored | Self::Defaulted | Self::MissingInput | Self::NoData => true,
            Self::NotApplicable | Self::Unsupported => false,
        }
    }
}

// === impl EvidenceKind ===

impl EvidenceKind {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AdverseMedia => "adverse_media",
        }
    }
}

// === impl Flag ===

impl Flag {
    /// The word used in JSON and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SubjectNameMismatch => "subject_name_mismatch",
            Self::UnknownVendorLevel => "unknown_vendor_level",
            Self::UnknownVendorWord => "unknown_vendor_word",
            Self::UnknownScreeningResult => "unknown_screening_result",
            Self::LabelConflict => "label_conflict",
            Self::VendorArithmeticMismatch => "vendor_arithmetic_mismatch",
            Self::ProfileMismatch => "profile_mismatch",
            Self::VendorLevelOverridden => "vendor_level_overridden",
            Self::Unanswered => "unanswered",
            Self::UnacceptedQuestionnaire => "unaccepted_questionnaire",
        }
    }

    /// Whether a person must look at an answer with this flag.
    #[must_use]
    pub const fn needs_review(self) -> bool {
        match self {
            Self::SubjectNameMismatch
            | Self::UnknownVendorLevel
            | Self::UnknownScreeningResult
            | Self::ProfileMismatch
            | Self::Unanswered => true,
            Self::UnknownVendorWord
            | Self::LabelConflict
            | Self::VendorArithmeticMismatch
            | Self::VendorLevelOverridden
            | Self::UnacceptedQuestionnaire => false,
        }
    }
}
