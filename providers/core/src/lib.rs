//! What every adapter of the Risk Gateway shares: the unified risk model, the [`RiskProvider`] contract, the
//! failure kinds with their one table, and the HTTP transport to a vendor.
//!
//! An adapter answers questions. It never retries, caches, limits, logs subject data or decides policy: those
//! are the gateway's, and they wrap each exchange from outside through [`Exchange`].
//!
//! | module | holds |
//! |---|---|
//! | [`subject`], [`input`] | the person or company asked about, and what a provider derives from it |
//! | [`assessment`], [`factor`], [`score`] | what one provider said, normalised |
//! | [`failure`] | why a provider did not answer, and what each kind means |
//! | [`provider`], [`call`] | the contract |
//! | [`questionnaire`] | what a vendor's questionnaire asks, and what changed in it |
//! | [`transport`] | the one HTTP client |

pub mod assessment;
pub mod call;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod country;
pub mod doubt;
pub mod factor;
pub mod failure;
pub mod input;
pub mod money;
pub mod names;
pub mod object;
pub mod payload;
pub mod personal;
pub mod provider;
pub mod questionnaire;
pub mod redact;
pub mod score;
pub mod subject;
pub mod transport;
pub mod vendor_time;

pub use assessment::{AnswerState, ProviderAssessment, VendorReference};
pub use call::{Call, Exchange, Judge, VendorRequest, VendorResponse};
pub use country::CountryCode;
pub use factor::{Category, Evidence, EvidenceKind, Factor, FactorState, Flag};
pub use failure::{Billed, FailureKind, ProviderError};
pub use input::{Input, InputValue};
pub use money::Money;
pub use payload::RawPayload;
pub use personal::Personal;
pub use provider::{
    Callbacks, Descriptor, History, HistoryFilter, HistoryItem, HistoryPage, HistoryQuery, Operation,
    ProviderName, ProviderSettings, Questionnaires, Recheck, RiskProvider,
};
pub use questionnaire::{Admission, Change, Questionnaire, QuestionnaireGate, Reading};
pub use score::{Level, Score};
pub use subject::{FieldProblem, Subject, SubjectRequest, SubjectType};
pub use transport::Transport;
