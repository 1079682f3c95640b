//! Asking again about a subject that nobody could answer about: a route's `on_unavailable = "hold"`.
//!
//! The first try is enqueued with the held assessment, in one transaction; the last one ends with its next revision.
//! Whoever may have been paid already is not asked again: only the vendor's own history can answer for it then.

use std::{sync::Arc, time::Duration};

use risk_provider::ProviderName;

use super::{Runner, Vain};
use crate::{
    assessment::{Assessment, Status},
    attempts::Attempt,
    keys::KeyEnvironment,
    routing::{Continued, Earlier, Held, Known, Question, Same},
    store::{LeasedItem, StoreError},
};

/// The kind of job.
pub const KIND: &str = "hold";
/// When the first try is due.
pub const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

// === impl Runner ===

impl Runner {
    pub(super) async fn ask_again(&self, item: &LeasedItem) -> Result<(), Vain> {
        let later = |_error: StoreError| Vain::of_store(item);
        let payload = self.store.payload(item).await.map_err(later)?;
        let payload = payload.ok_or(Vain::for_good("erased"))?;
        let held: Held =
            serde_json::from_slice(&payload).map_err(|_unreadable| Vain::for_good("unreadable"))?;
        let first = self.store.assessment(&item.team, &held.assessment).await.map_err(later)?;
        let Some(first) = first.filter(|first| first.status == Status::Unavailable) else {
            return Err(Vain::for_good("not_held"));
        };
        let environment = KeyEnvironment::of_tenant(&item.team);
        if self.assessor.route(&first.route).is_some_and(|route| !route.is_for(environment)) {
            // Another configuration by now: a test key's question is not for a real vendor, nor a live one's for a sandbox.
            return self.assessor.stop_holding(item, first).await.map_err(later);
        }
        let until = held.until;
        let question = self.held_question(item, held, &first).await?;
        let Err(refusal) = self.assessor.assess(question).await else { return Ok(()) };
        let refused = Vain::of_refusal(&refusal, wait(item.tries));
        if self.clock.now() < until || matches!(refused, Vain::NotOurs) {
            return Err(refused);
        }
        self.assessor.stop_holding(item, first).await.map_err(later)
    }

    async fn held_question(
        &self,
        item: &LeasedItem,
        held: Held,
        first: &Assessment,
    ) -> Result<Question, Vain> {
        let later = |_error: StoreError| Vain::of_store(item);
        let subject = held.subject.accept(self.clock.today());
        let subject = Arc::new(subject.map_err(|_problems| Vain::for_good("invalid_request"))?);
        let same = Same {
            key: self.assessor.subject_key(&item.team, subject.reference.expose()),
            subject: Arc::clone(&subject),
            route: first.route.clone(),
        };
        let Known { adopted, spares } = self.known_of(item, first, &same).await.map_err(later)?;
        Ok(Question {
            request_id: item.lease.request_id.clone(),
            team: item.team.clone(),
            route: first.route.clone(),
            subject,
            purpose: held.purpose,
            max_age: held.max_age_s.map(Duration::from_secs),
            deadline: None,
            adopted,
            completes: Some(item.lease.clone()),
            holds: None,
            replaces: held.replaces,
            continues: Some(Continued { assessment: first.id.clone(), revision: first.revision }),
            spares,
        })
    }

    /// What providers said to the tries so far, and who was paid, or may have been, without an answer that is known.
    async fn known_of(
        &self,
        item: &LeasedItem,
        first: &Assessment,
        same: &Same,
    ) -> Result<Known, StoreError> {
        let mut tried = first.attempts.clone();
        for request in &item.earlier {
            tried.extend(self.store.attempts_of(request).await?);
        }
        let paid = tried.iter().filter(|attempt| attempt.has_paid_for_rubbish());
        let paid: Vec<ProviderName> = paid.map(|attempt| attempt.provider.clone()).collect();
        tried.retain(Attempt::may_have_paid_for_nothing);
        let mut known = self.said_of(item, tried, same).await?;
        known.spares.extend(paid);
        Ok(known)
    }

    /// What became of the tries so far, of which these exchanges were `lost`.
    async fn said_of(&self, item: &LeasedItem, lost: Vec<Attempt>, same: &Same) -> Result<Known, StoreError> {
        if let Earlier::Answered { adopted, .. } = self.assessor.earlier(&item.earlier, same).await? {
            return Ok(Known::from(adopted, lost));
        }
        if lost.is_empty() {
            return Ok(Known::default());
        }
        let known = self.assessor.come_to_light(lost, same).await?;
        Ok(match self.assessor.recover(known, same).await? {
            Earlier::Answered { adopted, unknown } => Known::from(adopted, unknown),
            Earlier::Unknown(lost) => Known::from(Vec::new(), lost),
            Earlier::Nothing => Known::default(),
        })
    }
}

/// Twice as long after every try.
fn wait(tries: i64) -> Duration {
    let doublings = u32::try_from(tries).unwrap_or_default();
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_WAIT)
}
