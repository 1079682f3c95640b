//! The README's table of quirks is complete, and every test that it names is there.

#![cfg(test)]

use risk_provider::conformance::check_quirks;

#[test]
fn every_quirk_has_a_row_and_a_test() {
    check_quirks(env!("CARGO_MANIFEST_DIR"), "Q-YV", 28);
}
