//! Both vendors' HTTP APIs as a local server, with faults on demand.
//!
//! A [`Sandbox`] is one vendor on one listener. It authenticates, validates, scores and keeps
//! assessments as the vendor's documents describe, written from those documents alone: it shares no
//! code with the adapters, so that a mistake in one cannot hide in the other. Answers depend on
//! nothing but the request and [`Settings::seed`], so the same subject is answered alike on every
//! machine and in every version.
//!
//! [`Sandbox::inject`] makes the vendor fail, down to the socket, and [`Sandbox::calls`] tells what
//! arrived and what the vendor would have charged. Beside the vendor's own paths the listener serves
//! `/_sandbox/`, the same controls over HTTP.
//!
//! It refuses to be a second scoring engine: scores are plausible and arithmetically consistent,
//! never meaningful.

mod accept;
mod answer;
mod asked;
mod chance;
mod control;
mod country;
mod exchange;
mod fault;
mod fault_queue;
mod idenfy;
mod level;
mod record;
mod refusal;
mod script;
mod server;
mod settings;
mod trickle;
mod youverify;

pub use fault::{CreditGuise, Depth, Fault, FaultKind, ImpossibleForm};
pub use idenfy::{
    ASSESSED_COMPANY_ID, DEMO_PROFILE_ID, ONBOARDING_PROFILE_ID, PROFILE_ID, UNASSESSED_COMPANY_ID,
    UNCHECKED_COMPANY_ID, UNSCORED_PROFILE_ID,
};
pub use record::{RecordedBody, RecordedCall};
pub use server::Sandbox;
pub use settings::{Ripening, Settings, Vendor};
