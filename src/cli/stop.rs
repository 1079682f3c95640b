//! The signals that ask the program to stop.

use tokio::signal::unix::{SignalKind, signal};

/// Resolves on SIGTERM or Ctrl-C.
pub(super) async fn signalled() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return wait_for_interrupt().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        () = wait_for_interrupt() => {}
    }
}

async fn wait_for_interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without the signal there is nothing to wait for, and stopping at once would be worse.
        std::future::pending::<()>().await;
    }
}
