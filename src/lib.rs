//! The Risk Gateway: one internal endpoint in front of every risk-scoring vendor.
//!
//! A request goes straight through: [`api`] (authorise, parse) → [`routing`] (plan) → [`cache`] →
//! [`resilience`] → a provider → [`policy`] → [`store`] → [`api`]. Nothing flows back up. [`app`] wires the
//! rooms together and [`registry`] alone names vendor crates.

pub mod api;
pub mod app;
pub mod assessment;
pub mod attempts;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod compare;
pub mod comparing;
pub mod config;
pub mod deadline;
#[cfg(doc)]
pub mod docs;
pub mod drains;
pub mod experiments;
pub mod ids;
pub mod jobs;
pub mod keys;
pub mod outcomes;
pub mod policy;
pub mod questionnaires;
pub mod registry;
pub mod resilience;
pub mod routing;
pub mod secrets;
pub mod store;
pub mod team_limits;
pub mod telemetry;
pub mod upkeep;
pub mod vault;
