//! Asking about a subject again: a route's `rescreen_every`.
//!
//! Every answer on such a route puts the next screening off, in its own transaction. A screening is asked like any
//! request, past the cache; its assessment and the end of its item are one transaction, so that there is exactly one.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use risk_provider::{FailureKind, SubjectRequest};
use serde::{Deserialize, Serialize};

use super::{Runner, Vain, after, backoff};
use crate::{
    keys::KeyEnvironment,
    routing::{Earlier, Known, Question, Route, Same},
    store::{LeasedItem, NewItem, StoreError, StoredSubject},
};

/// The kind of job.
pub const KIND: &str = "rescreen";

/// What may have been paid for is not asked again at once.
const WAIT_AFTER_PAYING: Duration = Duration::from_secs(24 * 60 * 60);

/// What a screening needs.
#[derive(Serialize, Deserialize)]
struct Screening {
    route: String,
    subject: SubjectRequest,
    purpose: Option<String>,
}

/// The next screening of `subject` after an answer to `question`; none where the route has none.
///
/// # Errors
///
/// When the subject cannot be written down.
pub fn next(
    route: &Route,
    question: &Question,
    subject: &StoredSubject,
    now: Timestamp,
) -> Result<Option<NewItem>, StoreError> {
    let Some(every) = route.rescreen_every else { return Ok(None) };
    let screening = Screening {
        route: route.name.clone(),
        subject: question.subject.to_request(),
        purpose: question.purpose.clone(),
    };
    Ok(Some(NewItem {
        kind: KIND,
        label: format!("{}/{}", route.name, subject.id),
        run_at: after(now, every),
        payload: serde_json::to_vec(&screening)?,
    }))
}

// === impl Runner ===

impl Runner {
    pub(super) async fn screen(&self, item: &LeasedItem) -> Result<(), Vain> {
        let question = self.question(item).await?;
        let Err(refusal) = self.assessor.assess(question).await else { return Ok(()) };
        // Rubbish was paid for, and what is not known may have been.
        let costly = |kind| matches!(kind, FailureKind::UnknownOutcome | FailureKind::Malformed);
        let paid = refusal.worst().is_some_and(|worst| costly(worst.kind));
        let wait = if paid { WAIT_AFTER_PAYING } else { backoff(item.tries) };
        Err(Vain::of_refusal(&refusal, wait))
    }

    async fn question(&self, item: &LeasedItem) -> Result<Question, Vain> {
        let later = |_error: StoreError| Vain::of_store(item);
        let payload = self.store.payload(item).await.map_err(later)?;
        let payload = payload.ok_or(Vain::for_good("erased"))?;
        let screening: Screening =
            serde_json::from_slice(&payload).map_err(|_unreadable| Vain::for_good("unreadable"))?;
        let environment = KeyEnvironment::of_tenant(&item.team);
        let screened = |route: &Route| route.rescreen_every.is_some() && route.is_for(environment);
        if !self.assessor.route(&screening.route).is_some_and(screened) {
            return Err(Vain::for_good("not_scheduled"));
        }
        let subject = screening.subject.accept(self.clock.today());
        let subject = subject.map_err(|_problems| Vain::for_good("invalid_request"))?;
        let subject = Arc::new(subject);
        let same = Same {
            subject: Arc::clone(&subject),
            key: self.assessor.subject_key(&item.team, subject.reference.expose()),
            route: screening.route.clone(),
        };
        let earlier = self.assessor.earlier(&item.earlier, &same).await.map_err(later)?;
        let Known { adopted, spares } = match self.assessor.recover(earlier, &same).await.map_err(later)? {
            Earlier::Answered { adopted, unknown } => Known::from(adopted, unknown),
            Earlier::Unknown(_) if item.was_cut_short => {
                let retry_in = Some(WAIT_AFTER_PAYING);
                return Err(Vain::Failed { code: "unknown_outcome", retry_in });
            }
            Earlier::Unknown(_) | Earlier::Nothing => Known::default(),
        };
        Ok(Question {
            request_id: item.lease.request_id.clone(),
            team: item.team.clone(),
            route: screening.route,
            subject,
            purpose: screening.purpose,
            max_age: Some(Duration::ZERO),
            deadline: None,
            adopted,
            completes: Some(item.lease.clone()),
            holds: None,
            replaces: None,
            continues: None,
            spares,
        })
    }
}
