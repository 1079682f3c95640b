//! Answers given word for word, instead of the vendor's own.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::answer::Answer;

/// Scripted answers by operation.
#[derive(Default)]
pub(crate) struct Script {
    parts: Mutex<BTreeMap<String, Part>>,
}

#[derive(Default)]
struct Part {
    next: VecDeque<Answer>,
    always: Option<Answer>,
}

// === impl Script ===

impl Script {
    pub(crate) fn next(&self, operation: &str, answer: Answer) {
        self.locked().entry(operation.to_owned()).or_default().next.push_back(answer);
    }

    pub(crate) fn always(&self, operation: &str, answer: Answer) {
        self.locked().entry(operation.to_owned()).or_default().always = Some(answer);
    }

    pub(crate) fn clear(&self) {
        self.locked().clear();
    }

    /// The answer for one request to the operation: those said once first, in order.
    pub(crate) fn take(&self, operation: &str) -> Option<Answer> {
        let mut parts = self.locked();
        let part = parts.get_mut(operation)?;
        part.next.pop_front().or_else(|| part.always.clone())
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Part>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
