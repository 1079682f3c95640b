//! Where the exchanges of one call are noted before they are made.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

use super::{Intent, Origin, Store, StoreError};
use crate::ids::RequestId;

/// A store that takes no longer than this is not slow.
const SLOW: Duration = Duration::from_millis(500);

/// Where the exchanges of one call are noted before they are made. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Journal {
    request_id: RequestId,
    /// None where nothing is noted.
    place: Option<(Store, Origin)>,
    failure: Arc<OnceLock<Arc<StoreError>>>,
}

// === impl Journal ===

impl Journal {
    /// The journal of a call that `origin` had made.
    #[must_use]
    pub fn new(store: Store, origin: Origin) -> Self {
        let request_id = origin.request_id.clone();
        Self { request_id, place: Some((store, origin)), failure: Arc::default() }
    }

    /// The journal of a call that is about nobody: it notes nothing, and lets nothing be paid for.
    #[must_use]
    pub fn about_nobody(request_id: RequestId) -> Self {
        Self { request_id, place: None, failure: Arc::default() }
    }

    /// The request that led to the call.
    #[must_use]
    pub const fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// Notes an exchange and says whether that is durable by `deadline`; if not, it must not be made.
    pub async fn intend(&self, intent: Intent, deadline: Instant) -> bool {
        let Some((store, origin)) = &self.place else { return !intent.paid };
        let began = Instant::now();
        let noted = timeout_at(deadline, store.intend(origin.clone(), intent)).await;
        let error = match noted {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => error,
            // Whoever comes in the last moment proves nothing about the store.
            Err(_elapsed) if began.elapsed() < SLOW => return false,
            Err(_elapsed) => StoreError::TooSlow,
        };
        // The first failure is the one to tell.
        drop(self.failure.set(Arc::new(error)));
        false
    }

    /// Why an exchange could not be noted.
    #[must_use]
    pub fn failure(&self) -> Option<Arc<StoreError>> {
        self.failure.get().cloned()
    }
}
