//! What a vendor received, and when.

use std::time::Instant;

use risk_provider_sandbox::Sandbox;

/// When the vendor received each request, in order.
pub(crate) fn receipts(vendor: &Sandbox) -> Vec<Instant> {
    let mut receipts: Vec<Instant> = vendor.calls().iter().map(|call| call.received_at).collect();
    receipts.sort_unstable();
    receipts
}
