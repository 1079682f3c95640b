//! One question on its way along a route: whom it is put to, and every exchange that led to.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use risk_provider::ProviderName;
use tokio::time::Instant;

use super::{CacheUse, Provider, Question, Route};
use crate::{
    assessment::Role,
    attempts::{Attempt, AttemptLog},
    cache::Entry,
    store::Part,
};

/// One question on one route.
#[derive(Debug)]
pub(super) struct Inquiry {
    pub(super) route: Arc<Route>,
    pub(super) question: Arc<Question>,
    /// The provider that a split assigned the subject to.
    pub(super) assigned_to: Option<ProviderName>,
    /// Whether what one provider says is the route's answer.
    pub(super) one_decides: bool,
    /// Who has decided, where one decides; none of them once something else was given. What comes later is kept, and
    /// answers nobody.
    pub(super) decided: OnceLock<Option<Voice>>,
    /// Who was to be one of several answers and is not, once that is known.
    pub(super) without: OnceLock<Vec<(ProviderName, Part)>>,
    pub(super) trail: Trail,
}

/// One provider's turn in answering it.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) inquiry: Arc<Inquiry>,
    pub(super) provider: Arc<Provider>,
    pub(super) role: Role,
    /// Its place in the trail.
    place: usize,
}

/// A provider that may be asked, and as what.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) provider: Arc<Provider>,
    pub(super) role: Role,
}

/// A provider's answer, and what the cache did for it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) entry: Arc<Entry>,
    pub(super) cache: CacheUse,
}

/// A provider's answer as a part of the route's.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    pub(super) provider: Arc<Provider>,
    pub(super) role: Role,
    pub(super) found: Found,
}

/// The exchanges of an inquiry, in the order in which providers got their turn; also those still under way.
#[derive(Debug, Default)]
pub(super) struct Trail(Mutex<Vec<AttemptLog>>);

// === impl Inquiry ===

impl Inquiry {
    pub(super) fn new(
        route: &Arc<Route>,
        question: &Arc<Question>,
        assigned_to: Option<ProviderName>,
    ) -> Self {
        let (route, question) = (Arc::clone(route), Arc::clone(question));
        let (decided, without, trail) = (OnceLock::new(), OnceLock::new(), Trail::default());
        Self { route, question, assigned_to, one_decides: true, decided, without, trail }
    }

    /// Whether this provider's answer is the route's, as nothing else was before it.
    pub(super) fn is_decided_by(&self, voice: &Voice) -> bool {
        self.one_decides && self.decided.set(Some(voice.clone())).is_ok()
    }

    /// The answer that is the route's: `voice`, unless another came before it.
    pub(super) fn decide(&self, voice: Voice) -> Voice {
        match self.decided.get_or_init(|| Some(voice.clone())) {
            // What the cache did for it is this caller's own matter.
            Some(first) if first.provider.name() != voice.provider.name() => first.clone(),
            Some(_) | None => voice,
        }
    }

    /// Something else is given, so that no answer is the route's any more; the answer, if one came before that.
    pub(super) fn close(&self) -> Option<Voice> {
        self.decided.get_or_init(|| None).clone()
    }

    /// The next turn is this candidate's.
    pub(super) fn turn(self: &Arc<Self>, candidate: &Candidate) -> Turn {
        let Candidate { provider, role } = candidate.clone();
        Turn { inquiry: Arc::clone(self), provider, role, place: self.trail.next() }
    }
}

// === impl Turn ===

impl Turn {
    /// Tells the trail by which call the turn is spent.
    pub(super) fn spend_on(&self, log: &AttemptLog) {
        self.inquiry.trail.put(self.place, log.clone());
    }
}

// === impl Trail ===

impl Trail {
    fn next(&self) -> usize {
        self.with(|logs| {
            logs.push(AttemptLog::default());
            logs.len() - 1
        })
    }

    fn put(&self, place: usize, log: AttemptLog) {
        self.with(|logs| logs.get_mut(place).into_iter().for_each(|empty| *empty = log.clone()));
    }

    /// Every attempt so far.
    pub(super) fn attempts(&self) -> Vec<Attempt> {
        self.with(|logs| logs.iter().flat_map(AttemptLog::attempts).collect())
    }

    /// The times spent waiting for vendors, as (from, to).
    pub(super) fn waits(&self) -> Vec<(Instant, Instant)> {
        self.with(|logs| logs.iter().flat_map(AttemptLog::waits).collect())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<AttemptLog>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
