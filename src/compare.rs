//! Which of two providers is better on our own subjects: statistics on pairs, and nothing else.
//!
//! A caller fills [`Pairs`] and gets a [`Report`]. Everything here is a pure function: no store, no clock, no
//! randomness without a seed, and the same report for every order of the pairs. Left is the incumbent, right the
//! challenger. A score is a provider's own measure and never a probability.
//!
//! Sources and conventions stand in the modules: `agreement`, `scores`, `outcomes`, `segments`, `advice` and
//! `verdict`, which holds the table that decides. What cannot be computed is null, with a reason; it is never guessed.
//! Everything is counted from sorted values in O(n log n).
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::float_cmp,
    clippy::indexing_slicing,
    reason = "statistics turn counts into numbers, compare equal scores, and walk tables whose size they know"
)]

mod advice;
mod agreement;
pub mod csv;
mod figure;
pub mod html;
mod numbers;
mod outcomes;
mod pairs;
mod ranks;
mod reasons;
mod recall;
mod report;
mod scores;
mod segments;
mod sequential;
mod settings;
pub mod text;
mod unanswered;
mod unpaired;
mod verdict;
mod weighted;
mod words;

#[cfg(test)]
mod tests;

pub use advice::{Need, SampleAdvice};
pub use agreement::{Agreement, Bowker, FlagAgreement, LevelTable};
pub use figure::{Estimate, Reasons};
pub use numbers::wilson;
pub use outcomes::{
    Auc, AveragePrecision, Calibration, Combined, FlagRates, Known, KnownByGroup, Labelling, LevelRate,
    Mcnemar, OneSided, Outcomes, RecallAt, RecallAtCapacity, RocPoint, SideCalibration, Step, TieBand,
    TieBands,
};
pub use pairs::{Pair, Pairs, Points, Rating};
pub use recall::{CorrectedRecall, Stratum, Verified};
pub use report::{Context, Funnel, Latency, Report, Service, ServiceSide, Versions};
pub use scores::{BlandAltman, Density, Histograms, Psi, Scores, Wilcoxon, shift};
pub use segments::{Segment, SegmentAuc};
pub use sequential::{bounds, nominal};
pub use settings::{Bootstrap, Minimum, Settings, UnusableSetting};
pub use unanswered::{AreaChange, Silence, Unanswered};
pub use unpaired::{Said, Unpaired};
pub use verdict::Verdict;
pub use weighted::{Weighted, WeightedAreas};
