//! What has to be done from time to time, whoever asks: closing the books of exchanges whose process ended, and
//! forgetting idempotency keys.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{clock::Clock, store::Store};

const EVERY: Duration = Duration::from_secs(1);
/// In rounds of [`EVERY`].
const FORGET_EVERY: u64 = 600;

/// Keeps the store tidy until `stop` is cancelled.
pub async fn run(store: Store, clock: Clock, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    let mut round: u64 = 0;
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        match store.conclude(clock.now()).await {
            Ok(0) => {}
            Ok(exchanges) => {
                tracing::warn!(
                    exchanges,
                    "exchanges whose outcome was not recorded in time: it is not known"
                );
            }
            Err(error) => tracing::warn!(error = error.told(), "open exchanges could not be looked through"),
        }
        if round.is_multiple_of(FORGET_EVERY)
            && let Err(error) = store.purge_idempotency_keys(clock.now()).await
        {
            tracing::warn!(error = error.told(), "old idempotency keys could not be forgotten");
        }
        round += 1;
    }
}
