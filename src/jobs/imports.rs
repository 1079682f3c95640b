//! Bringing a vendor's own history in, so that a comparison has a past.
//!
//! Each page of the vendor's list is an item of its job. What became of an entry is counted in the transaction that
//! records it; a page is read again from its beginning after a kill, and what is counted already is passed over. One
//! exchange at a time, so that callers never wait for more than one.

mod circle;
mod page;
mod span;
mod wanted;

use std::time::Duration;

use jiff::Timestamp;
use risk_provider::{FailureKind, ProviderError, ProviderName};
use serde::{Deserialize, Serialize};

pub use span::{End, NoEnd, Span};
pub use wanted::{Extent, MAX_REFERENCES, Unwanted, Wanted};

use super::{Runner, Vain};
use crate::{
    cache::KeyMaker,
    ids::RequestId,
    keys::KeyEnvironment,
    store::{Import, LeasedItem, NewImport, NewItem, Store, StoreError, SubjectKey},
};

/// The kind of job.
pub const KIND: &str = "import";
/// The code of a page that was put off because its server stopped.
pub const STOPPED: &str = "stopped";
/// The code of a page whose next one was read before: what the vendor lists is in, as far as it can be told.
const CIRCULAR_LIST: &str = "circular_list";

/// The code of a list that ended though it had said that it holds more: what it showed is in.
const CUT_LIST: &str = "cut_list";

/// So many pages may repeat earlier ones, as where a list moves on while it is read.
const MOST_IDLE: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);
/// How often a page is tried whose vendor may be well again soon.
const TRIES: i64 = 50;
/// How often a page is tried that is none.
const TRIES_OF_RUBBISH: i64 = 3;

/// What a page needs.
#[derive(Debug, Serialize, Deserialize)]
struct Step {
    provider: ProviderName,
    #[serde(flatten)]
    extent: Extent,
    /// Where it begins; none for the first.
    cursor: Option<String>,
    /// What tells a list that leads in a circle.
    #[serde(default)]
    mark: circle::Mark,
    /// How many pages before it held nothing that had not stood on earlier ones.
    #[serde(default)]
    idle: u32,
    /// How many entries stood on the pages before it.
    #[serde(default)]
    shown: u64,
}

/// What a page held that is followed by another one.
struct After {
    /// What it listed, as a keyed hash.
    content: String,
    /// How many entries stood on it and on those before it.
    shown: u64,
    /// Whether anything on it was new.
    is_new: bool,
}

// === impl Wanted ===

impl Wanted {
    /// Begins to bring it in, unless there is an import of this label already: that one is given instead. Without a
    /// label it is an import of its own.
    ///
    /// # Errors
    ///
    /// When it could not be recorded.
    pub async fn begin(
        &self,
        store: &Store,
        keys: &KeyMaker,
        label: Option<String>,
        now: Timestamp,
    ) -> Result<Import, StoreError> {
        let label = label.unwrap_or_else(|| RequestId::new().to_string());
        let subject = store.subject(&own_subject(keys, &self.tenant, &label, now)).await?;
        let mark = circle::Mark::default();
        let step = Step {
            provider: self.provider.clone(),
            extent: self.extent.clone(),
            cursor: None,
            mark,
            idle: 0,
            shown: 0,
        };
        let import = NewImport {
            team: self.tenant.clone(),
            provider: self.provider.clone(),
            from: self.from(),
            to: self.to(),
            filters: self.extent.filters.clone(),
            references: self.extent.references.len(),
            wanted_mac: self.mac(keys)?,
            subject,
            first: step.item(label, now)?,
            at: now,
        };
        store.begin_import(import).await
    }
}

/// What an import's own exchanges and pages are kept under: a subject that is nobody.
fn own_subject(keys: &KeyMaker, tenant: &str, label: &str, at: Timestamp) -> SubjectKey {
    SubjectKey { team: tenant.to_owned(), reference_mac: keys.nameless(&[tenant, label]), at }
}

// === impl Step ===

impl Step {
    fn item(&self, label: String, now: Timestamp) -> Result<NewItem, StoreError> {
        Ok(NewItem { kind: KIND, label, run_at: now, payload: serde_json::to_vec(self)? })
    }

    /// The page after this one.
    ///
    /// # Errors
    ///
    /// When it was read before, or page after page repeats what was.
    fn next(&self, cursor: String, after: After) -> Result<Self, Vain> {
        let After { content, shown, is_new } = after;
        let idle = if is_new { 0 } else { self.idle + 1 };
        if idle > MOST_IDLE {
            return Err(Vain::for_good(CIRCULAR_LIST));
        }
        let mark = self.mark.then(&cursor, content).ok_or(Vain::for_good(CIRCULAR_LIST))?;
        Ok(Self {
            provider: self.provider.clone(),
            extent: self.extent.clone(),
            cursor: Some(cursor),
            mark,
            idle,
            shown,
        })
    }
}

// === impl Runner ===

impl Runner {
    /// Brings in one page, and adds the one after it.
    pub(super) async fn bring_in(&self, item: &LeasedItem) -> Result<(), Vain> {
        let payload = self.store.payload(item).await.map_err(|error| of_store(item, &error))?;
        let payload = payload.ok_or(Vain::for_good("erased"))?;
        let step: Step =
            serde_json::from_slice(&payload).map_err(|_unreadable| Vain::for_good("unreadable"))?;
        let provider = self.assessor.provider(step.provider.as_str());
        let provider = provider.ok_or(Vain::for_good("unknown_provider"))?;
        let history = provider.adapter.history().ok_or(Vain::for_good("unsupported"))?;
        let environment = if provider.sandbox { KeyEnvironment::Test } else { KeyEnvironment::Live };
        if KeyEnvironment::of_tenant(&item.team) != environment {
            return Err(Vain::for_good("wrong_environment"));
        }
        page::Page::new(self, item, &step, provider).await?.bring_in(history).await
    }
}

/// The store failed; to be tried again, unless somebody else has the page.
fn of_store(item: &LeasedItem, error: &StoreError) -> Vain {
    if matches!(error, StoreError::LeaseLost) {
        return Vain::NotOurs;
    }
    tracing::warn!(error = error.told(), "an import could not be recorded");
    Vain::Failed { code: "store_failed", retry_in: Some(wait(item.tries)) }
}

/// The vendor failed: whether and when the page is tried again.
fn of_vendor(item: &LeasedItem, error: &ProviderError) -> Vain {
    let tries = match error.kind {
        // Nothing gets better until an operator has seen to it.
        FailureKind::BadCredentials
        | FailureKind::Misconfigured
        | FailureKind::OutOfCredit
        | FailureKind::Unsupported
        | FailureKind::InvalidSubject
        | FailureKind::MissingInput => 1,
        FailureKind::Malformed | FailureKind::NotFound => TRIES_OF_RUBBISH,
        FailureKind::RateLimited
        | FailureKind::Throttled
        | FailureKind::Unreachable
        | FailureKind::VendorError
        | FailureKind::UnknownOutcome => TRIES,
    };
    let wait = wait(item.tries).max(error.retry_after.unwrap_or_default());
    Vain::Failed { code: error.kind.as_str(), retry_in: (item.tries < tries).then_some(wait) }
}

/// Whether only this entry cannot be read, and the next one may be.
const fn is_of_one_entry(kind: FailureKind) -> bool {
    match kind {
        FailureKind::InvalidSubject
        | FailureKind::MissingInput
        | FailureKind::Unsupported
        | FailureKind::Malformed
        | FailureKind::NotFound => true,
        FailureKind::Misconfigured
        | FailureKind::BadCredentials
        | FailureKind::OutOfCredit
        | FailureKind::RateLimited
        | FailureKind::Throttled
        | FailureKind::Unreachable
        | FailureKind::VendorError
        | FailureKind::UnknownOutcome => false,
    }
}

/// Twice as long after every try.
fn wait(tries: i64) -> Duration {
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or_default();
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_WAIT)
}
