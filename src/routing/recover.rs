//! Looking in a vendor's own history for a check whose answer was lost, so that nobody pays for it again.

use std::{collections::BTreeSet, sync::Arc};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use risk_provider::{
    AnswerState, Call, History, HistoryItem, HistoryQuery, Personal, ProviderAssessment, ProviderError,
    Questionnaires, Subject, VendorReference, names,
};
use tokio::time::Instant;

use super::{Adopted, Assessor, Earlier, Provider, Same};
use crate::{
    attempts::{Attempt, AttemptLog},
    deadline::Share,
    ids::{ProviderAssessmentId, RequestId},
    keys::KeyEnvironment,
    store::{AttemptsRecord, Held, Journal, Origin, ProviderRecord, StoreError, StoredKey},
};

/// The vendor's clock and ours may differ by so much.
const SKEW: SignedDuration = SignedDuration::from_secs(30);
/// Pages of the vendor's history that are looked through.
const MAX_PAGES: usize = 5;

// === impl Assessor ===

impl Assessor {
    /// The answer that the vendor keeps to the check among `attempts` whose outcome is not known; none where it keeps
    /// none, or it cannot be told from another.
    pub(super) async fn find_lost(
        &self,
        team: &str,
        provider: &Provider,
        call: &Call,
        subject: &Subject,
        attempts: &[Attempt],
    ) -> Option<ProviderAssessment> {
        let history = provider.adapter.history()?;
        let lost = attempts.iter().rfind(|attempt| attempt.may_have_paid_for_nothing())?;
        if Instant::now() >= call.deadline {
            return None;
        }
        let found = self.look_through(team, (provider, history), call, subject, lost).await;
        match found {
            Ok(found) => {
                let (provider, found_it) = (provider.name().as_str(), found.is_some());
                tracing::info!(provider, found_it, "a lost check was looked for in the vendor's history");
                found
            }
            Err(error) => {
                let kind = error.kind.as_str();
                tracing::info!(
                    provider = provider.name().as_str(),
                    kind,
                    "a lost check could not be looked for"
                );
                None
            }
        }
    }

    /// What vendors keep of the checks whose outcome is not known, recorded; nobody is paid for that. What none of them
    /// keeps stays unknown.
    ///
    /// # Errors
    ///
    /// When the store could not be read or written.
    pub async fn recover(&self, earlier: Earlier, same: &Same) -> Result<Earlier, StoreError> {
        let Earlier::Unknown(attempts) = earlier else { return Ok(earlier) };
        let (mut adopted, mut unknown) = (Vec::new(), Vec::new());
        for lost in attempts.iter().filter(|attempt| attempt.may_have_paid_for_nothing()) {
            let Some(provider) = self.providers.get(&lost.provider) else { continue };
            match self.recover_one(provider, lost, same).await? {
                Some(found) => adopted.push(found),
                None => unknown.push(lost.clone()),
            }
        }
        unknown.extend(attempts.iter().filter(|attempt| attempt.has_paid_for_rubbish()).cloned());
        Ok(if adopted.is_empty() {
            Earlier::Unknown(attempts)
        } else {
            Earlier::Answered { adopted, unknown }
        })
    }

    async fn recover_one(
        &self,
        provider: &Arc<Provider>,
        lost: &Attempt,
        same: &Same,
    ) -> Result<Option<Adopted>, StoreError> {
        if provider.adapter.history().is_none() {
            return Ok(None);
        }
        let origin = Origin {
            team: same.key.team.clone(),
            route: same.route.clone(),
            subject: self.store.subject(&same.key).await?,
            request_id: RequestId::new(),
        };
        let log = AttemptLog::default();
        let over = Instant::now() + provider.guards.timeout();
        let journal = Journal::new(self.store.clone(), origin.clone());
        let call = provider.guards.call(journal, Share { wait_until: over, call_until: over }, log.clone());
        let found =
            self.find_lost(&same.key.team, provider, &call, &same.subject, std::slice::from_ref(lost)).await;
        let exchanges = AttemptsRecord { origin, attempts: log.attempts() };
        let Some(found) = found else {
            self.store.append_attempts(exchanges).await?;
            return Ok(None);
        };
        let id = ProviderAssessmentId::new();
        let reference_mac = self.keys.reference_of(&same.key.team, &found);
        let record = Arc::new(ProviderRecord { id, assessment: Arc::new(found), exchanges, reference_mac });
        // It is written again, to no effect, with the assessment that is made of it.
        self.store.hand_over(Arc::clone(&record)).await?.durable().await?;
        Ok(Some(Adopted { record, made: None }))
    }

    /// Whether any team holds the vendor's check of this reference, or that cannot be told.
    async fn is_held(&self, team: &str, provider: &Provider, reference: &VendorReference) -> bool {
        let Ok(keys) = self.store.keys(None).await else { return true };
        let tenant = |key: &StoredKey| KeyEnvironment::from_word(&key.environment).tenant(&key.team);
        let mut tenants: BTreeSet<String> = keys.iter().map(tenant).collect();
        tenants.insert(team.to_owned());
        for tenant in &tenants {
            let reference_mac = self.keys.held_reference(tenant, provider.name(), reference);
            if !matches!(self.store.held(&reference_mac).await, Ok(Held::Nothing)) {
                return true;
            }
        }
        false
    }

    async fn look_through(
        &self,
        team: &str,
        (provider, history): (&Provider, &dyn History),
        call: &Call,
        subject: &Subject,
        lost: &Attempt,
    ) -> Result<Option<ProviderAssessment>, ProviderError> {
        if let Some(questionnaires) = provider.adapter.questionnaires()
            && questionnaires.fingerprint().is_none()
        {
            // After a restart nobody has read yet what was answered.
            questionnaires.read(call, questionnaires.id()).await?;
        }
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        let since = lost.started_at.checked_sub(SKEW).unwrap_or(lost.started_at);
        let until = self.clock.now().checked_add(SKEW).unwrap_or(Timestamp::MAX);
        let name = Some(subject.full_name());
        let query =
            HistoryQuery { from: Some(day(since)), to: Some(day(until)), name, ..HistoryQuery::default() };
        let is_near = |item: &HistoryItem| item.created_at.is_some_and(|at| since <= at && at <= until);
        let is_named = |item: &HistoryItem| {
            let name = item.name.as_ref().map(Personal::expose);
            name.is_some_and(|name| names::is_about(subject, name))
        };
        let (mut cursor, mut candidates) = (None, Vec::new());
        for _ in 0..MAX_PAGES {
            let page = history.page(call, &query, cursor.as_deref()).await?;
            candidates.extend(page.items.into_iter().filter(|item| is_near(item) && is_named(item)));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let mut answers = Vec::new();
        for item in candidates {
            if self.is_held(team, provider, &item.reference).await {
                // The answer to another question, which had its own check.
                continue;
            }
            let answer = match item.assessment {
                Some(answer) => *answer,
                None => provider.adapter.retrieve(call, &item.reference).await?,
            };
            if answer.state == AnswerState::Final && history.answers(subject, call.today(), &answer) {
                answers.push(answer);
            }
        }
        // Two that fit cannot be told apart, and somebody else's must not be taken.
        let only = if answers.len() > 1 { None } else { answers.pop() };
        let fingerprint = provider.adapter.questionnaires().and_then(Questionnaires::fingerprint);
        Ok(only.map(|answer| ProviderAssessment { profile_fingerprint: fingerprint, ..answer }))
    }
}
