//! A provider's answer in the cache, and what routes made of it so far.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use risk_provider::AnswerState;
use tokio::sync::OnceCell;

use crate::{assessment::Assessment, policy::Facts, store::ProviderRecord};

/// So many assessments are remembered of one answer; whoever wants an earlier one has it made anew.
const REMEMBERED: usize = 8;

/// A provider's answer, and the assessments made of it lately.
#[derive(Debug)]
pub struct Entry {
    /// What was said, as it is recorded.
    pub record: Arc<ProviderRecord>,
    /// When it arrived here.
    pub stored_at: Timestamp,
    /// How long it is fresh.
    pub ttl: Duration,
    pub(super) keep_stale: Duration,
    made: Mutex<Vec<(Recipe, Arc<Made>)>>,
}

/// What an assessment is made by: the same recipe makes the same of the same answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The route with its policy, and what else is put together.
    pub name: String,
    /// What the route's rules may know of the subject.
    pub facts: Facts,
}

/// An assessment that is made once, though that may be tried several times.
#[derive(Debug, Default)]
pub struct Made {
    /// As it is recorded.
    pub assessment: OnceCell<Arc<Assessment>>,
    draft: Mutex<Option<Arc<Assessment>>>,
}

// === impl Entry ===

impl Entry {
    /// An answer that arrived at `stored_at`, fresh for `ttl` and kept for `keep_stale` after that.
    #[must_use]
    pub fn new(
        record: Arc<ProviderRecord>,
        stored_at: Timestamp,
        ttl: Duration,
        keep_stale: Duration,
    ) -> Self {
        Self { record, stored_at, ttl, keep_stale, made: Mutex::default() }
    }

    /// The place of the assessment that is made of this answer by `recipe`.
    pub fn made(&self, recipe: &Recipe) -> Arc<Made> {
        self.with(|all| {
            let known = all.iter().find(|(known, _)| known == recipe).map(|(_, made)| Arc::clone(made));
            known.unwrap_or_else(|| remember(all, recipe.clone(), Made::default()))
        })
    }

    /// Puts in the assessment that was made by `recipe` before.
    pub fn put(&self, recipe: Recipe, assessment: Arc<Assessment>) {
        let made = Made { assessment: OnceCell::new_with(Some(assessment)), ..Made::default() };
        self.with(|all| {
            all.retain(|(known, _)| *known != recipe);
            remember(all, recipe, made);
        });
    }

    /// Whether the vendor still owes the answer: it will be new for everybody.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.record.assessment.state == AnswerState::Pending
    }

    /// How long ago the answer arrived.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.stored_at)).unwrap_or_default()
    }

    /// Until when it is fresh.
    #[must_use]
    pub fn valid_until(&self) -> Timestamp {
        self.stored_at.checked_add(self.ttl).unwrap_or(Timestamp::MAX)
    }

    /// What it takes in memory, about: the payload, and its normalised form twice over.
    pub(super) fn weight(&self) -> u32 {
        const FIXED: usize = 2048;
        const FACTOR: usize = 512;
        let said = &self.record.assessment;
        let parts = said.factors.len() + said.evidence.len();
        u32::try_from(FIXED + said.raw.text().len() + parts * FACTOR).unwrap_or(u32::MAX)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<(Recipe, Arc<Made>)>) -> T) -> T {
        work(&mut self.made.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn remember(all: &mut Vec<(Recipe, Arc<Made>)>, recipe: Recipe, made: Made) -> Arc<Made> {
    if all.len() >= REMEMBERED {
        all.remove(0);
    }
    let made = Arc::new(made);
    all.push((recipe, Arc::clone(&made)));
    made
}

// === impl Made ===

impl Made {
    /// The assessment that is about to be recorded: the same one however often that is tried. Says whether it was tried
    /// before.
    pub fn draft(&self, make: impl FnOnce() -> Assessment) -> (Arc<Assessment>, bool) {
        let mut draft = self.draft.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(draft) = draft.as_ref() {
            return (Arc::clone(draft), true);
        }
        let made = Arc::new(make());
        *draft = Some(Arc::clone(&made));
        (made, false)
    }
}
