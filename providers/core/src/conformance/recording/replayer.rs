//! Plays a vendor from a recording: each exchange once, in the order of asking.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use url::Url;

use super::{
    TapeError,
    fixture::{Recorded, shape},
};
use crate::conformance::{
    Play, Server,
    server::{Seen, parts},
};

/// A vendor that says again what it said.
pub(super) struct Replayer {
    server: Server,
    state: Arc<Mutex<State>>,
}

struct State {
    /// What was not asked for yet.
    left: Vec<Recorded>,
    /// What was asked for and never recorded.
    strange: Vec<String>,
}

// === impl Replayer ===

impl Replayer {
    pub(super) async fn start(exchanges: &[Recorded]) -> Result<Self, TapeError> {
        let state = Arc::new(Mutex::new(State { left: exchanges.to_vec(), strange: Vec::new() }));
        let playing = Arc::clone(&state);
        let server = Server::playing(move |seen: &Seen| {
            playing.lock().unwrap_or_else(PoisonError::into_inner).answer(seen)
        });
        let server = server.await.map_err(|error| TapeError(error.to_string()))?;
        Ok(Self { server, state })
    }

    pub(super) const fn base_url(&self) -> &Url {
        self.server.base_url()
    }

    /// # Errors
    ///
    /// What was asked for and never recorded, and what was recorded and not asked for.
    pub(super) fn finish(&self) -> Result<(), TapeError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let left = state.left.iter().map(|one| format!("{} {} was not asked for", one.method, one.target));
        let problems: Vec<String> = state.strange.iter().cloned().chain(left).collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(TapeError(format!("the recording is of other requests: {}", problems.join("; "))))
    }
}

// === impl State ===

impl State {
    fn answer(&mut self, seen: &Seen) -> Play {
        let body = serde_json::from_slice::<Value>(&seen.body).ok().map(|body| shape(&body));
        let same = |one: &Recorded| {
            one.method == seen.method.as_str()
                && parts(&one.target) == parts(&seen.target)
                && one.body == body
        };
        if let Some(at) = self.left.iter().position(same) {
            return self.left.remove(at).play();
        }
        self.strange.push(format!("{} {} was not recorded, or with another body", seen.method, seen.target));
        Play::json(404, "{}")
    }
}
