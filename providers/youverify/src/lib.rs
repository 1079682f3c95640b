//! Youverify as a provider of risk assessments.
//!
//! | kind | type | asks |
//! |---|---|---|
//! | `youverify-actor` | [`Actor`] | one call about a person or company, answered at once |
//! | `youverify-risk-intelligence` | [`Intelligence`] | a check that the vendor works on, and its report later |
//!
//! | module | holds |
//! |---|---|
//! | `config`, `intelligence::config` | [`Settings`], [`IntelligenceSettings`] and their checks |
//! | `wire`, `intelligence::wire` | the vendor's JSON as sent |
//! | `mapping`, `intelligence::profile` | report and profile to assessment; pure |
//! | `intelligence::history`, `intelligence::callbacks` | listing what the vendor keeps, and what it calls back about |
//! | `envelope`, `failure` | what wraps an answer, and what an error means; pure |
//! | `client` | requests, and what their answers hold |
//!
//! The vendor documents neither limits nor idempotency. An actor's answer has no id: it can never be fetched again.

mod actor;
mod client;
mod config;
mod envelope;
mod failure;
mod intelligence;
mod mapping;
mod wire;

pub use actor::Actor;
pub use config::{ApiVersion, CustomWeights, Settings};
pub use intelligence::{Intelligence, IntelligenceSettings, OptionsKey};
