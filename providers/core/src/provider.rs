//! The contract between the gateway and an adapter.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    Call, Input, Personal, ProviderAssessment, ProviderError, QuestionnaireGate, Reading, Subject,
    SubjectType, VendorReference,
};

/// One configured vendor integration. Answers questions; never retries, caches, limits, logs or decides.
#[async_trait]
pub trait RiskProvider: Send + Sync + fmt::Debug {
    /// What this provider is and needs; constant for its lifetime.
    fn descriptor(&self) -> &Descriptor;

    /// Asks the vendor about `subject`.
    ///
    /// May need several exchanges (a questionnaire, then the check); each goes through `call`.
    ///
    /// # Errors
    ///
    /// Any [`crate::FailureKind`] but `not_found`. `missing_input` and `unsupported` are found before anything
    /// that costs money is sent.
    async fn assess(&self, call: &Call, subject: &Subject) -> Result<ProviderAssessment, ProviderError>;

    /// Reads an answer again by the vendor's own reference; also how a pending one is polled.
    ///
    /// # Errors
    ///
    /// `not_found` when the vendor has nothing there, `unsupported` when it cannot read answers back.
    async fn retrieve(
        &self,
        call: &Call,
        reference: &VendorReference,
    ) -> Result<ProviderAssessment, ProviderError>;

    /// Holds `answer`, which was read by its reference and so against nobody, against the subject that was asked about
    /// on `today`: one about another name is flagged. A vendor whose answers are never pending need not.
    ///
    /// # Errors
    ///
    /// `malformed` for an answer about another name where the settings are strict.
    fn confirm(
        &self,
        subject: &Subject,
        today: Date,
        answer: ProviderAssessment,
    ) -> Result<ProviderAssessment, ProviderError> {
        let _ = (subject, today);
        Ok(answer)
    }

    /// Questionnaires that the vendor's operator edits, where the vendor has them.
    fn questionnaires(&self) -> Option<&dyn Questionnaires> {
        None
    }

    /// Asking again about a subject that changed, where the vendor links the two.
    fn recheck(&self) -> Option<&dyn Recheck> {
        None
    }

    /// The vendor's own history, where it can be listed.
    fn history(&self) -> Option<&dyn History> {
        None
    }

    /// Callbacks that the vendor signs, where it sends any.
    fn callbacks(&self) -> Option<&dyn Callbacks> {
        None
    }
}

/// Questionnaires behind a provider.
#[async_trait]
pub trait Questionnaires: Send + Sync {
    /// The vendor's id of the questionnaire that is configured.
    fn id(&self) -> &str;

    /// Fingerprint of the questionnaire now in force; none until it was first read.
    ///
    /// Two questionnaires with one fingerprint ask the same questions with the same choices and levels, and are
    /// answered from the same inputs by the same rules: the configured mapping is part of it.
    fn fingerprint(&self) -> Option<String>;

    /// The questionnaire in force, as last read; none until then.
    fn in_force(&self) -> Option<Arc<Reading>>;

    /// The vendor's questionnaires, as `(id, name)`.
    ///
    /// # Errors
    ///
    /// As any read: never `missing_input` or `invalid_subject`.
    async fn list(&self, call: &Call) -> Result<Vec<(String, String)>, ProviderError>;

    /// Reads one questionnaire. The configured one takes the place of what was known of it; a mapping that does not
    /// fit is told and no error.
    ///
    /// # Errors
    ///
    /// As any read; `not_found` for another than the configured one.
    async fn read(&self, call: &Call, id: &str) -> Result<Reading, ProviderError>;

    /// From now on asks `gate` before anything is paid for under the configured questionnaire. The first gate stays.
    fn guard(&self, gate: Arc<dyn QuestionnaireGate>);
}

/// Asking again about a subject that changed.
#[async_trait]
pub trait Recheck: Send + Sync {
    /// Replaces the answer under `reference` by a new one about `subject`.
    ///
    /// # Errors
    ///
    /// As [`RiskProvider::assess`], and `not_found`.
    async fn recheck(
        &self,
        call: &Call,
        reference: &VendorReference,
        subject: &Subject,
    ) -> Result<ProviderAssessment, ProviderError>;
}

/// A vendor's own history.
#[async_trait]
pub trait History: Send + Sync {
    /// One page of what the vendor keeps, in its own order, and the cursor of the next page if there is one.
    ///
    /// # Errors
    ///
    /// As any read.
    async fn page(
        &self,
        call: &Call,
        query: &HistoryQuery,
        cursor: Option<&str>,
    ) -> Result<HistoryPage, ProviderError>;

    /// The vendor's own filters of its list, beside time and name; none where it has none.
    fn filters(&self) -> &'static [HistoryFilter] {
        &[]
    }

    /// Whether `answer`, read from the history, is the one to a check of `subject` on `today`: every answer that was
    /// sent stands in it, and no other. Decides whether a check whose answer was lost is adopted, so false where that
    /// cannot be told.
    fn answers(&self, subject: &Subject, today: Date, answer: &ProviderAssessment) -> bool {
        let _ = (subject, today, answer);
        false
    }
}

/// A filter of a vendor's own list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryFilter {
    /// The vendor's name of it.
    pub name: &'static str,
    /// The values that the vendor documents.
    pub values: &'static [&'static str],
}

/// What of a vendor's history is wanted. A vendor that cannot tell days gives more; whoever asks looks again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// On this day or later, in UTC.
    pub from: Option<Date>,
    /// On this day or earlier, in UTC.
    pub to: Option<Date>,
    /// About a subject of this name. It stands in no address: an adapter sorts out the other names itself.
    pub name: Option<Personal<String>>,
    /// With these values of the vendor's own filters, by their names; only declared ones.
    pub filters: BTreeMap<String, String>,
}

/// A page of a vendor's history.
#[derive(Debug)]
pub struct HistoryPage {
    /// What is on it and was asked for.
    pub items: Vec<HistoryItem>,
    /// What else is on it: a list that repeats itself is told by all that it holds.
    pub beside: Vec<VendorReference>,
    /// How many there are on all pages, where the list says so of just what was asked for and of what stands beside it.
    pub total: Option<u64>,
    /// Where the next page begins; none on the last one.
    pub next: Option<String>,
}

/// One answer in a vendor's history.
#[derive(Debug)]
pub struct HistoryItem {
    /// The vendor's id of it.
    pub reference: VendorReference,
    /// The name that it is about, as the vendor keeps it.
    pub name: Option<Personal<String>>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// The whole answer, where the list holds it; else [`RiskProvider::retrieve`] reads it.
    pub assessment: Option<Box<ProviderAssessment>>,
}

/// Callbacks that a vendor signs. A callback only ever triggers [`RiskProvider::retrieve`].
pub trait Callbacks: Send + Sync {
    /// The reference a genuine callback is about; none for one that is not ours to act on.
    ///
    /// # Errors
    ///
    /// `bad_credentials` for a wrong or missing signature, `malformed` for a body that is none.
    fn verify(
        &self,
        headers: &http::HeaderMap,
        body: &[u8],
    ) -> Result<Option<VendorReference>, ProviderError>;
}

/// A provider's configured name, such as `idenfy`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProviderName(Arc<str>);

/// What a provider is and needs.
#[derive(Debug, Clone)]
pub struct Descriptor {
    /// Its configured name.
    pub name: ProviderName,
    /// The adapter behind it, such as `idenfy`.
    pub kind: &'static str,
    /// The subjects it answers about.
    pub subject_types: &'static [SubjectType],
    /// Every input that can change what the vendor receives; the cache key is made of these.
    pub inputs: Vec<Input>,
    /// The inputs without which it does not call.
    pub required: Vec<Input>,
    /// The scale of its scores, such as `youverify:0-100`.
    pub scale: &'static str,
    /// Version of its mapping; raised whenever the same payload would normalise differently.
    pub mapping_version: &'static str,
    /// Its exchanges with the vendor.
    pub operations: &'static [Operation],
}

/// One kind of exchange with a vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// Its name in attempts, metrics and breakers.
    pub name: &'static str,
    /// Whether the vendor bills it.
    pub paid: bool,
}

/// Settings that every provider has.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// The configured name.
    pub name: ProviderName,
    /// Where the vendor listens.
    pub base_url: Url,
    /// The longest that one exchange may take.
    pub timeout: Duration,
    /// Whether an answer about another name is `malformed` instead of flagged.
    pub strict_subject_match: bool,
    /// Whether earlier scores are sent to the vendor.
    pub send_previous: bool,
}

// === impl ProviderName ===

impl ProviderName {
    /// A name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl Descriptor ===

impl Descriptor {
    /// The fields that `subject` lacks for the required inputs, as dotted names.
    #[must_use]
    pub fn missing(&self, subject: &Subject, today: Date) -> Vec<String> {
        let present = subject.inputs(today);
        let lacks = |wanted: &&Input| !present.iter().any(|(input, _)| input == *wanted);
        let mut fields: Vec<String> = Vec::new();
        for field in self.required.iter().filter(lacks).map(Input::field) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        fields
    }
}
