//! One page of a vendor's list, brought in entry by entry.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use risk_provider::{
    AnswerState, Call, History, HistoryItem, HistoryPage, ProviderAssessment, ProviderError, VendorReference,
};
use tokio::time::Instant;

use super::{
    After, CUT_LIST, KIND, STOPPED, Step, Vain, is_of_one_entry, of_store, of_vendor, own_subject, span,
};
use crate::{
    attempts::AttemptLog,
    deadline::Share,
    ids::ProviderAssessmentId,
    jobs::{Runner, polling},
    routing::Provider,
    store::{
        AttemptsRecord, Brought, Entry, EntryOutcome, Held, Journal, LeasedItem, Origin, PageEnd, StoreError,
        StoredSubject, SubjectKey,
    },
};

/// How long an exchange may wait for its turn, beside the time that it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Already here.
const HELD: &str = "held";
/// The vendor has not answered yet.
const PENDING: &str = "pending";
/// Its subject was erased.
const ERASED: &str = "erased";

/// One page of a vendor's list.
pub(super) struct Page<'a> {
    runner: &'a Runner,
    item: &'a LeasedItem,
    step: &'a Step,
    provider: &'a Provider,
    /// Of the import's own exchanges.
    origin: Origin,
    /// What is to be written with the next entry that took an exchange.
    waiting: Vec<Entry>,
}

/// What reading an entry came to.
enum Read {
    Said(Box<ProviderAssessment>),
    Failed(&'static str),
}

// === impl Page ===

impl<'a> Page<'a> {
    pub(super) async fn new(
        runner: &'a Runner,
        item: &'a LeasedItem,
        step: &'a Step,
        provider: &'a Provider,
    ) -> Result<Self, Vain> {
        let key = own_subject(&runner.keys, &item.team, &item.label, runner.clock.now());
        let subject = runner.store.subject(&key).await.map_err(|error| of_store(item, &error))?;
        let origin = Origin {
            team: item.team.clone(),
            route: KIND.to_owned(),
            subject,
            request_id: item.lease.request_id.clone(),
        };
        Ok(Self { runner, item, step, provider, origin, waiting: Vec::new() })
    }

    /// Brings in every entry that is wanted, and adds the page after this one.
    pub(super) async fn bring_in(mut self, history: &dyn History) -> Result<(), Vain> {
        if self.step.cursor.is_none() {
            self.note_references().await.map_err(|error| of_store(self.item, &error))?;
        }
        let page = self.list(history).await?;
        let listed = page.items.iter().map(|item| &item.reference).chain(&page.beside);
        let listed: Vec<&str> = listed.map(|reference| reference.0.as_str()).collect();
        let shown = self.step.shown.saturating_add(listed.len() as u64);
        let content = self.runner.keys.listed(listed);
        let (mut seen, mut is_new) = (BTreeSet::new(), page.items.is_empty());
        for listed in page.items {
            if listed.created_at.is_some_and(|made_at| !self.step.extent.span.holds(made_at)) {
                is_new = true;
                continue;
            }
            let name = &self.step.provider;
            let mac = self.runner.keys.held_reference(&self.item.team, name, &listed.reference);
            // A page may have moved on by an entry while this one was read.
            if seen.insert(mac) && !self.is_entered(&mac).await? {
                is_new = true;
                self.take(listed, mac).await?;
            }
        }
        self.flush().await?;
        let is_cut = page.next.is_none() && page.total.is_some_and(|total| shown < total);
        if is_cut {
            return Err(Vain::for_good(CUT_LIST));
        }
        let after = After { content, shown, is_new };
        let next = page.next.map(|cursor| self.step.next(cursor, after)).transpose()?;
        self.turn(next).await.map_err(|error| of_store(self.item, &error))
    }

    async fn is_entered(&self, mac: &[u8; 32]) -> Result<bool, Vain> {
        let entered = self.runner.store.is_entered(&self.item.lease.job, mac).await;
        entered.map_err(|error| of_store(self.item, &error))
    }

    /// What was recorded before references were noted may be among what the vendor lists.
    async fn note_references(&self) -> Result<(), StoreError> {
        let (team, keys) = (&self.item.team, &self.runner.keys);
        let reference_of = |said: &ProviderAssessment| keys.reference_of(team, said);
        self.runner.store.note_references(team, &self.step.provider, reference_of).await
    }

    /// The vendor's page, or the answers that are named.
    async fn list(&self, history: &dyn History) -> Result<HistoryPage, Vain> {
        let named = &self.step.extent.references;
        if !named.is_empty() {
            return Ok(HistoryPage {
                items: named.iter().cloned().map(item).collect(),
                beside: Vec::new(),
                total: None,
                next: None,
            });
        }
        let (call, log) = self.call();
        let query = self.step.extent.query();
        let listed = history.page(&call, &query, self.step.cursor.as_deref()).await;
        self.note_exchanges(&log).await?;
        listed.map_err(|error| of_vendor(self.item, &error))
    }

    /// What becomes of an entry, written at once where it took an exchange.
    async fn take(&mut self, listed: HistoryItem, mac: [u8; 32]) -> Result<(), Vain> {
        let log = AttemptLog::default();
        let Some(outcome) = self.outcome(listed, &mac, &log).await? else {
            return self.note_exchanges(&log).await;
        };
        let attempts = log.attempts();
        let took_exchange = !attempts.is_empty();
        self.waiting.push(Entry {
            lease: self.item.lease.clone(),
            reference_mac: mac,
            outcome,
            exchanges: AttemptsRecord { origin: self.origin.clone(), attempts },
            at: self.runner.clock.now(),
        });
        if took_exchange { self.flush().await } else { Ok(()) }
    }

    /// What becomes of an entry; none when it is not wanted.
    async fn outcome(
        &mut self,
        listed: HistoryItem,
        mac: &[u8; 32],
        log: &AttemptLog,
    ) -> Result<Option<EntryOutcome>, Vain> {
        let later = |error: StoreError| of_store(self.item, &error);
        let known = match self.runner.store.held(mac).await.map_err(later)? {
            Held::Answer => return Ok(Some(EntryOutcome::Skipped(HELD))),
            Held::Owed(_) if self.is_looked_for(&listed).await.map_err(later)? => {
                return Ok(Some(EntryOutcome::Skipped(PENDING)));
            }
            Held::Owed(subject) => Some(subject),
            Held::Nothing => None,
        };
        let (made_at, asked_at) = (listed.created_at, self.runner.clock.now());
        let subject_key = self.subject_key(&listed);
        let mut said = match self.read(listed, log).await? {
            Read::Failed(kind) => return Ok(Some(EntryOutcome::Failed(kind))),
            Read::Said(said) if said.state == AnswerState::Pending => {
                return Ok(Some(EntryOutcome::Skipped(PENDING)));
            }
            Read::Said(said) => said,
        };
        // It may be an answer that is here by another of its names.
        let own = self.runner.keys.reference_of(&self.item.team, &said).unwrap_or(*mac);
        let known = match known {
            None if own != *mac => match self.runner.store.held(&own).await.map_err(later)? {
                Held::Answer => return Ok(Some(EntryOutcome::Skipped(HELD))),
                Held::Owed(subject) => Some(subject),
                Held::Nothing => None,
            },
            known => known,
        };
        said.flags.iter().for_each(|&flag| self.runner.telemetry.flag(&said.provider, flag));
        said.assessed_at = span::judged_at(&said, made_at, asked_at);
        if made_at.is_none() && !self.step.extent.span.holds(said.assessed_at) {
            return Ok(None);
        }
        let attached = known.is_some();
        let subject = match known {
            Some(subject) => subject,
            None => match self.runner.store.subject(&subject_key).await {
                Ok(subject) => subject,
                Err(StoreError::Erased) => return Ok(Some(EntryOutcome::Skipped(ERASED))),
                Err(error) => return Err(of_store(self.item, &error)),
            },
        };
        Ok(Some(brought(*said, own, subject, attached)))
    }

    /// A subject of its own for whoever nobody has asked about.
    fn subject_key(&self, listed: &HistoryItem) -> SubjectKey {
        let team = &self.item.team;
        let parts = [team.as_str(), self.step.provider.as_str(), &listed.reference.0];
        let reference_mac = self.runner.keys.nameless(&parts);
        SubjectKey { team: team.clone(), reference_mac, at: self.runner.clock.now() }
    }

    /// Whether the answer is looked for anyway, and recorded then.
    async fn is_looked_for(&self, listed: &HistoryItem) -> Result<bool, StoreError> {
        let label = self.runner.keys.vendor_reference(&self.step.provider, &listed.reference);
        self.runner.store.is_looked_for(polling::KIND, &self.item.team, &format!("{label}/")).await
    }

    /// The vendor's answer: as listed, or read by its reference.
    async fn read(&mut self, listed: HistoryItem, log: &AttemptLog) -> Result<Read, Vain> {
        if let Some(said) = listed.assessment {
            return Ok(Read::Said(said));
        }
        if self.runner.stop.is_cancelled() {
            self.flush().await?;
            return Err(Vain::Failed { code: STOPPED, retry_in: Some(Duration::ZERO) });
        }
        let call = self.call_noted_in(log);
        match self.provider.adapter.retrieve(&call, &listed.reference).await {
            Ok(said) => Ok(Read::Said(Box::new(said))),
            Err(error) if is_of_one_entry(error.kind) => Ok(Read::Failed(error.kind.as_str())),
            Err(error) => Err(self.cut_short(&error, log).await),
        }
    }

    /// The vendor does not answer: what is known is written, and the page goes on later.
    async fn cut_short(&mut self, error: &ProviderError, log: &AttemptLog) -> Vain {
        if let Err(vain) = self.flush().await {
            return vain;
        }
        match self.note_exchanges(log).await {
            Ok(()) => of_vendor(self.item, error),
            Err(vain) => vain,
        }
    }

    async fn note_exchanges(&self, log: &AttemptLog) -> Result<(), Vain> {
        let attempts = log.attempts();
        if attempts.is_empty() {
            return Ok(());
        }
        let record = AttemptsRecord { origin: self.origin.clone(), attempts };
        self.runner.store.append_attempts(record).await.map_err(|error| of_store(self.item, &error))
    }

    async fn flush(&mut self) -> Result<(), Vain> {
        let waiting = std::mem::take(&mut self.waiting);
        self.runner.store.enter(waiting).await.map_err(|error| of_store(self.item, &error))
    }

    /// Ends this page, and adds the one after it.
    async fn turn(&self, next: Option<Step>) -> Result<(), StoreError> {
        let now = self.runner.clock.now();
        let next = next.map(|step| step.item(self.item.label.clone(), now));
        let page = PageEnd {
            lease: self.item.lease.clone(),
            subject: Arc::clone(&self.origin.subject),
            next: next.transpose()?,
            at: now,
        };
        self.runner.store.turn_page(page).await
    }

    fn call(&self) -> (Call, AttemptLog) {
        let log = AttemptLog::default();
        (self.call_noted_in(&log), log)
    }

    fn call_noted_in(&self, log: &AttemptLog) -> Call {
        let guards = &self.provider.guards;
        let over = Instant::now() + PATIENCE + guards.timeout();
        let share = Share { wait_until: over, call_until: over };
        guards.call(Journal::new(self.runner.store.clone(), self.origin.clone()), share, log.clone())
    }
}

/// An answer of which nothing is known but its reference.
const fn item(reference: VendorReference) -> HistoryItem {
    HistoryItem { reference, name: None, created_at: None, assessment: None }
}

fn brought(
    said: ProviderAssessment,
    reference_mac: [u8; 32],
    subject: Arc<StoredSubject>,
    attached: bool,
) -> EntryOutcome {
    let id = ProviderAssessmentId::new();
    EntryOutcome::Brought(Brought { id, said: Arc::new(said), reference_mac, subject, attached })
}
