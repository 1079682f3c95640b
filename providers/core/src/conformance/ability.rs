//! What else can be asked of a provider than an assessment, and the samples it takes to check that.

use std::fmt;

use http::HeaderMap;

use super::{Answer, Harness};
use crate::{
    Call, FailureKind, HistoryPage, HistoryQuery, ProviderAssessment, ProviderError, RiskProvider, Subject,
    VendorReference,
};

type Sign = dyn Fn(&[u8]) -> HeaderMap + Send + Sync;

/// One page of a vendor's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPage {
    /// The path and query that the vendor serves the page at.
    pub target: String,
    /// The JSON body. `{base_url}` in it becomes the address of whoever plays the vendor.
    pub body: String,
    /// The references on it, in order.
    pub references: Vec<String>,
}

/// A callback as the vendor would sign it under the harness's settings.
pub struct Callback {
    pub(super) sign: Box<Sign>,
    pub(super) signature: String,
    pub(super) body: String,
    pub(super) reference: String,
}

/// One question to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    Assess,
    Readback(VendorReference),
    Recheck(VendorReference),
    Questionnaires,
    History(Option<String>),
    /// The first page of what a query leaves.
    Filtered(HistoryQuery),
}

/// What a provider said; each question fills its own part.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) assessment: Option<ProviderAssessment>,
    pub(super) questionnaires: Vec<(String, String)>,
    pub(super) page: Option<HistoryPage>,
}

/// A question and the good answer to one operation that it takes.
#[derive(Debug, Clone)]
pub(super) struct Probe<'a> {
    pub(super) ask: Ask,
    pub(super) answer: &'a Answer,
}

// === impl Callback ===

impl Callback {
    /// A callback with `body` that is about `reference`. `sign` makes every header that the vendor sends with a
    /// body; the one called `signature` holds the signature.
    pub fn new<F>(signature: &str, body: &str, reference: &str, sign: F) -> Self
    where
        F: Fn(&[u8]) -> HeaderMap + Send + Sync + 'static,
    {
        let [signature, body, reference] = [signature, body, reference].map(str::to_owned);
        Self { sign: Box::new(sign), signature, body, reference }
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("signature", &self.signature).finish_non_exhaustive()
    }
}

// === impl Ask ===

impl Ask {
    /// The word that stands in the names of cases.
    pub(super) const fn group(&self) -> &'static str {
        match self {
            Self::Assess => "assess",
            Self::Readback(_) => "readback",
            Self::Recheck(_) => "recheck",
            Self::Questionnaires => "questionnaires",
            Self::History(_) | Self::Filtered(_) => "history",
        }
    }

    /// Whether a 404 says that the vendor has nothing under a reference.
    pub(super) const fn is_by_reference(&self) -> bool {
        match self {
            Self::Readback(_) | Self::Recheck(_) => true,
            Self::Assess | Self::Questionnaires | Self::History(_) | Self::Filtered(_) => false,
        }
    }

    /// Asks `provider`; one without the ability is a failure of the kit's own.
    pub(super) async fn put(
        &self,
        provider: &dyn RiskProvider,
        call: &Call,
        subject: &Subject,
    ) -> Result<Told, ProviderError> {
        let assessed = |assessment| Told { assessment: Some(assessment), ..Told::default() };
        let listed = |page| Told { page: Some(page), ..Told::default() };
        let lacking = || ProviderError::new(FailureKind::Unsupported, "the adapter has no such ability");
        match self {
            Self::Assess => provider.assess(call, subject).await.map(assessed),
            Self::Readback(reference) => provider.retrieve(call, reference).await.map(assessed),
            Self::Recheck(reference) => {
                let recheck = provider.recheck().ok_or_else(lacking)?;
                recheck.recheck(call, reference, subject).await.map(assessed)
            }
            Self::Questionnaires => {
                let questionnaires = provider.questionnaires().ok_or_else(lacking)?.list(call).await?;
                Ok(Told { questionnaires, ..Told::default() })
            }
            Self::History(cursor) => {
                let history = provider.history().ok_or_else(lacking)?;
                history.page(call, &HistoryQuery::default(), cursor.as_deref()).await.map(listed)
            }
            Self::Filtered(query) => {
                provider.history().ok_or_else(lacking)?.page(call, query, None).await.map(listed)
            }
        }
    }
}

// === impl Told ===

impl Told {
    /// Every assessment in it.
    pub(super) fn assessments(&self) -> impl Iterator<Item = &ProviderAssessment> {
        let listed = self.page.iter().flat_map(|page| &page.items);
        self.assessment.iter().chain(listed.filter_map(|item| item.assessment.as_deref()))
    }
}

// === impl Harness ===

impl Harness {
    /// One question for each answer that assessing takes.
    pub(super) fn assessing(&self) -> impl Iterator<Item = Probe<'_>> {
        self.answers.iter().map(|answer| Probe { ask: Ask::Assess, answer })
    }

    /// One question for each sample of another ability.
    pub(super) fn abilities(&self) -> Vec<Probe<'_>> {
        let readbacks = self.readbacks.iter();
        let readbacks = readbacks.map(|(one, answer)| Probe { ask: Ask::Readback(one.clone()), answer });
        let recheck = self.recheck.iter();
        let recheck = recheck.map(|(one, answer)| Probe { ask: Ask::Recheck(one.clone()), answer });
        let questionnaires = self.questionnaires.iter();
        let questionnaires = questionnaires.map(|(answer, _)| Probe { ask: Ask::Questionnaires, answer });
        let history = self.pages.first();
        let history = history.map(|(answer, _)| Probe { ask: Ask::History(None), answer });
        readbacks.chain(recheck).chain(questionnaires).chain(history).collect()
    }
}
