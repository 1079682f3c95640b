//! Looking again for an answer that a vendor still owes.
//!
//! The first look is enqueued with the pending assessment, in one transaction; the last one ends with its next revision.

use super::{Runner, Vain};
use crate::{
    routing::{Look, Owed},
    store::{LeasedItem, StoreError},
};

/// The kind of job.
pub const KIND: &str = "poll";
/// The code of a look that found the vendor still working.
pub(super) const PENDING: &str = "pending";

// === impl Runner ===

impl Runner {
    pub(super) async fn poll(&self, item: &LeasedItem) -> Result<(), Vain> {
        let payload = self.store.payload(item).await.map_err(|_error: StoreError| Vain::of_store(item))?;
        let payload = payload.ok_or(Vain::for_good("erased"))?;
        let owed: Owed =
            serde_json::from_slice(&payload).map_err(|_unreadable| Vain::for_good("unreadable"))?;
        match self.assessor.look_for(item, &owed).await {
            Ok(Look::Ended) => Ok(()),
            Ok(Look::Gone) => Err(Vain::for_good("not_pending")),
            Ok(Look::Pending { again_in }) => Err(Vain::Failed { code: PENDING, retry_in: Some(again_in) }),
            Ok(Look::Failed { kind, again_in }) => {
                Err(Vain::Failed { code: kind.as_str(), retry_in: Some(again_in) })
            }
            Err(StoreError::LeaseLost) => Err(Vain::NotOurs),
            Err(_unrecorded) => Err(Vain::of_store(item)),
        }
    }
}
