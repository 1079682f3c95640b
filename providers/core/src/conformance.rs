//! The conformance kit: what every adapter must do, as one test that each adapter crate runs.
//!
//! The kit plays the vendor. It takes the vendor's good answers from a [`Harness`], then spoils them one by one,
//! on a real socket and in memory, and looks at what the adapter makes of it, what it sends, and what it prints.
//!
//! | group | the adapter … |
//! |---|---|
//! | `good` | normalises the good answer within the model's ranges, under its own names, payload kept as sent |
//! | `failures` | gives each broken answer of each operation the right kind, and asks only once |
//! | `rubbish` | never panics over one spoilt field, never reads it as less risk, never takes an impossible score |
//! | `words` | never reads an unknown overall word as low, whatever the score beside it |
//! | `inputs` | sends what it declares and nothing else, and says what it lacks before anything is paid |
//! | `hits` | reads an answer that found the subject on a list as high at least, and names the factor |
//! | `properties` | keeps its promises on answers changed at random, raised step by step, or in another order |
//! | `readback` | reads an answer again for nothing, or says that it cannot |
//! | `abilities` | has a sample for each ability and operation that it declares, and reads it |
//! | `pending` | leaves an answer pending while the vendor works, and holds what comes against whom was asked about |
//! | `history` | reads a list to its end, each item once, and never at another address |
//! | `callbacks` | takes a callback only with the right signature, and nothing from it but a reference |
//! | `secrecy` | shows neither credentials nor the subject in addresses, errors and debug output |
//!
//! In every case: each exchange belongs to a declared operation and is as paid as declared; at most one paid
//! request is sent; every request goes through the call's exchange; credentials are marked as sensitive.
//!
//! What the kit cannot know stays with the adapter's own tests: which number becomes which factor.

mod abilities;
mod ability;
mod always;
mod bench;
mod exchange;
mod failures;
mod good;
mod harness;
mod hits;
mod inputs;
mod paging;
mod pending;
mod properties;
mod quirks;
mod readback;
mod recording;
mod report;
mod rubbish;
mod sample;
mod scale;
mod secrecy;
mod server;
mod signed;
mod spoil;
#[cfg(test)]
mod tests;
mod words;

pub use ability::{Callback, ListedPage};
pub use exchange::{CannedExchange, NOW, PlainExchange, clock};
pub use harness::{Answer, Harness};
pub use quirks::check_quirks;
pub use recording::{Scrub, Session, Tape, TapeError};
pub use report::Finding;
pub use server::{ClosedPort, Play, Route, Seen, Server};

use bench::Bench;
use report::Report;

/// Runs every case against one adapter.
///
/// # Panics
///
/// When any case fails, with the names of all that did.
pub async fn run(harness: &Harness) {
    let findings = findings(harness).await;
    assert!(findings.is_empty(), "{}", report::summary(&findings));
}

/// What is wrong with one adapter; empty when it conforms.
pub async fn findings(harness: &Harness) -> Vec<Finding> {
    let mut report = Report::default();
    if let Some(bench) = report.keep("set-up", Bench::new(harness)) {
        check(&bench, &mut report).await;
    }
    report.into_findings()
}

/// The good answer first: with none to compare by, the rest says nothing.
async fn check(bench: &Bench<'_>, report: &mut Report) {
    let Some(good) = good::check(bench, report).await else { return };
    failures::check(bench, report).await;
    rubbish::check(bench, &good, report).await;
    words::check(bench, report).await;
    hits::check(bench, report).await;
    properties::check(bench, report);
    inputs::check(bench, report).await;
    readback::check(bench, report).await;
    abilities::check(bench, report).await;
    pending::check(bench, report).await;
    paging::check(bench, report).await;
    signed::check(bench, report).await;
    secrecy::check(bench, report).await;
}
