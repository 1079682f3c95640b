//! Youverify as a provider of risk assessments.
//!
//! | kind | type | asks |
//! |---|---|---|
//! | `youverify-actor` | [`Actor`] | one call about a person or company, answered at once |
//!
//! | module | holds |
//! |---|---|
//! | `config` | [`Settings`] and their checks |
//! | `wire` | the vendor's JSON as sent |
//! | `mapping` | subject to request, report to assessment; pure |
//! | `envelope`, `failure` | what wraps a report, and what an error means; pure |
//! | `client` | the request and what its answer is taken for |
//!
//! The vendor documents neither limits nor idempotency, and an answer has no id: it can never be fetched again.

mod actor;
mod client;
mod config;
mod envelope;
mod failure;
mod mapping;
mod wire;

pub use actor::Actor;
pub use config::{ApiVersion, Settings};
