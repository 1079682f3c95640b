//! Which fault the next request meets.
//!
//! Faults with a count are used up in the order they came; then the standing one, if any, applies.
//! A standing fault replaces an earlier standing fault for the same operation.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::fault::{Fault, FaultKind};

/// The faults that are waiting for requests.
#[derive(Debug, Default)]
pub(crate) struct FaultQueue {
    faults: Mutex<VecDeque<Fault>>,
}

// === impl FaultQueue ===

impl FaultQueue {
    pub(crate) fn push(&self, fault: Fault) {
        let mut faults = self.locked();
        if fault.times.is_none() {
            faults.retain(|waiting| waiting.times.is_some() || waiting.operation != fault.operation);
        }
        faults.push_back(fault);
    }

    pub(crate) fn clear(&self) {
        self.locked().clear();
    }

    pub(crate) fn waiting(&self) -> Vec<Fault> {
        self.locked().iter().cloned().collect()
    }

    /// Takes the fault for one request to the operation.
    pub(crate) fn take(&self, operation: &str) -> Option<FaultKind> {
        let mut faults = self.locked();
        faults.retain(|fault| fault.times != Some(0));
        let hits = |fault: &Fault| fault.operation.as_deref().is_none_or(|named| named == operation);
        if let Some(fault) = faults.iter_mut().find(|fault| fault.times.is_some() && hits(fault)) {
            fault.times = fault.times.map(|times| times.saturating_sub(1));
            return Some(fault.kind);
        }
        // The one that names the operation is the more particular wish.
        let standing = || faults.iter().filter(|fault| hits(fault));
        let named = standing().find(|fault| fault.operation.is_some());
        named.or_else(|| standing().next()).map(|fault| fault.kind)
    }

    fn locked(&self) -> MutexGuard<'_, VecDeque<Fault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::FaultQueue;
    use crate::fault::{Fault, FaultKind};

    #[test]
    fn counted_faults_come_first_and_in_order() {
        let queue = FaultQueue::default();
        queue.push(FaultKind::Hang.into());
        queue.push(Fault::new(FaultKind::Html).times(1));
        queue.push(Fault::new(FaultKind::Empty).on("check").times(1));
        let met: Vec<_> =
            ["profile", "profile", "check", "check"].iter().map(|name| queue.take(name)).collect();
        let expected = [FaultKind::Html, FaultKind::Hang, FaultKind::Empty, FaultKind::Hang];
        assert_eq!(met, expected.map(Some));
    }

    #[test]
    fn a_standing_fault_replaces_the_one_before() {
        let queue = FaultQueue::default();
        queue.push(FaultKind::Hang.into());
        queue.push(FaultKind::Html.into());
        queue.push(Fault::new(FaultKind::Empty).on("check"));
        assert_eq!(queue.take("profile"), Some(FaultKind::Html));
        assert_eq!(queue.take("check"), Some(FaultKind::Empty));
        assert_eq!(queue.waiting().len(), 2);
        queue.clear();
        assert_eq!(queue.take("profile"), None);
    }
}
