//! The vendor's own list of profiles, page by page.

use async_trait::async_trait;
use jiff::Span;
use risk_provider::{
    Call, FailureKind, History, HistoryFilter, HistoryItem, HistoryPage, HistoryQuery, Personal,
    ProviderError, RawPayload, VendorResponse, doubt, names::normalise,
};
use serde_json::value::RawValue;
use url::Url;

use super::{
    HISTORY, Intelligence, PATH, STAFF,
    profile::{Profile, Reading, Whom},
    wire::{Page, Pagination},
};
use crate::{
    client,
    failure::Purpose,
    mapping::{self, Origin, Unusable},
    wire::object,
};

/// The vendor's own default.
const PER_PAGE: &str = "20";

const RISK_STATUS: &str = "latestRiskStatus";
const TRACKING_STATUS: &str = "trackingStatus";
const TYPE: &str = "type";
const FILTERS: [HistoryFilter; 3] = [
    HistoryFilter {
        name: RISK_STATUS,
        values: &[
            "pending",
            "very_low_risk",
            "low_risk",
            "potential_medium_risk",
            "potential_high_risk",
            "critical_high_risk",
        ],
    },
    HistoryFilter { name: TRACKING_STATUS, values: &["active", "paused", "stopped"] },
    HistoryFilter { name: TYPE, values: &["individual", "business"] },
];

#[async_trait]
impl History for Intelligence {
    /// Gives all of the vendor's days up to and including the last one. Names are sorted out here, and so is what the
    /// vendor gives beside its filters; a profile that does not tell stays.
    ///
    /// A profile whose report cannot be read is on the page without its assessment.
    async fn page(
        &self,
        call: &Call,
        query: &HistoryQuery,
        cursor: Option<&str>,
    ) -> Result<HistoryPage, ProviderError> {
        let page = number(cursor)?;
        let request = self.client.read(HISTORY, self.page_url(query, page))?;
        call.exchange(request, |response| self.read_page(response, query, page)).await
    }

    fn filters(&self) -> &'static [HistoryFilter] {
        &FILTERS
    }
}

// === impl Intelligence ===

impl Intelligence {
    /// The documented body of this GET goes into the address, so a name, which is personal, is never part of it.
    fn page_url(&self, query: &HistoryQuery, page: u64) -> Url {
        let mut url = self.client.url(&format!("{PATH}/history"));
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("page", &page.to_string()).append_pair("limit", PER_PAGE);
        if let Some(from) = query.from {
            pairs.append_pair("startDate", &from.to_string());
        }
        if let Some(to) = query.to {
            // A bare day may be taken for its first moment, so the next one is named.
            let end = to.checked_add(Span::new().days(1)).unwrap_or(to);
            pairs.append_pair("endDate", &end.to_string());
        }
        pairs.extend_pairs(&query.filters);
        drop(pairs);
        url
    }

    fn read_page(
        &self,
        response: &VendorResponse,
        query: &HistoryQuery,
        page: u64,
    ) -> Result<HistoryPage, ProviderError> {
        let content = client::content(response, Purpose::List)?;
        let malformed = |detail: Unusable| response.failure(FailureKind::Malformed, detail);
        let shape = || malformed("the list has another shape than documented");
        let listed: Page<'_> = object(content).ok_or_else(shape)?;
        let pagination: Pagination = object(listed.pagination.get()).ok_or_else(shape)?;
        let reading = Reading {
            provider: &self.common.name,
            origin: Origin::new(&self.descriptor),
            strict: false,
            received_at: response.received_at,
        };
        let (mut items, mut beside) = (Vec::new(), Vec::new());
        for document in &listed.docs {
            let profile = Profile::read(document.get()).map_err(malformed)?;
            if is_wanted(query, &profile) {
                items.push(item(document, &profile, &reading).map_err(malformed)?);
            } else {
                beside.extend(profile.reference());
            }
        }
        let next = pagination.after(page).map_err(malformed)?;
        if next.is_some() && listed.docs.is_empty() {
            return Err(malformed("a page without anything on it is followed by another"));
        }
        // Whether it counts what its filters leave out is not known.
        let total = pagination.total_docs.filter(|_| *query == HistoryQuery::default());
        Ok(HistoryPage { items, beside, total, next: next.map(|next| next.to_string()) })
    }
}

/// The page of a cursor; the first without one.
fn number(cursor: Option<&str>) -> Result<u64, ProviderError> {
    let Some(cursor) = cursor else { return Ok(1) };
    let page = cursor.parse().ok().filter(|page| *page > 0);
    page.ok_or_else(|| ProviderError::new(FailureKind::NotFound, "the cursor is none of this history"))
}

/// The item of a document, which holds this profile.
fn item(document: &RawValue, profile: &Profile<'_>, reading: &Reading<'_>) -> Result<HistoryItem, Unusable> {
    let reference = profile.reference().ok_or("a profile on the list has no id to read it by")?;
    let raw = RawPayload::without(document.get(), &STAFF);
    // What speaks against itself is read by its reference, and refused there.
    let assessment = match doubt::of_answer(document.get()) {
        None => profile.assessment(Whom::Kept { reference: None }, reading, raw),
        Some(why) => Err(why),
    };
    Ok(HistoryItem {
        reference,
        name: profile.name(),
        created_at: profile.created_at(),
        assessment: assessment.ok().map(Box::new),
    })
}

/// Whether a profile is asked for, as far as it tells.
fn is_wanted(query: &HistoryQuery, profile: &Profile<'_>) -> bool {
    let has = |(name, value): (&String, &String)| {
        let told = match name.as_str() {
            RISK_STATUS => profile.risk_status(),
            TRACKING_STATUS => profile.tracking_status(),
            TYPE => profile.kind(),
            _ => None,
        };
        // A word that nobody documented may mean anything.
        let is_known =
            |told: &str| FILTERS.iter().any(|filter| filter.name == *name && filter.values.contains(&told));
        told.map(|told| mapping::normalise(&told)).is_none_or(|told| told == *value || !is_known(&told))
    };
    let named = |wanted: &Personal<String>| {
        profile.name().is_none_or(|name| normalise(name.expose()) == normalise(wanted.expose()))
    };
    query.filters.iter().all(has) && query.name.as_ref().is_none_or(named)
}

// === impl Pagination ===

impl Pagination {
    /// The page after `page`, if there is one.
    fn after(&self, page: u64) -> Result<Option<u64>, Unusable> {
        if self.current_page.is_some_and(|current| current != page) {
            return Err("the list is another page than asked for");
        }
        let is_cut = self.has_next_page == Some(false) && self.total_pages.is_some_and(|pages| page < pages);
        if is_cut {
            return Err("the list says that it holds more, and ends");
        }
        let more = self.has_next_page.or_else(|| Some(page < self.total_pages?));
        let more = more.or_else(|| self.next_page.map(|_| true));
        if !more.ok_or("the list does not say whether it holds more")? {
            return Ok(None);
        }
        let after = page.saturating_add(1);
        match self.next_page {
            Some(next) if next != after => Err("the list's next page is not the one after this"),
            Some(_) | None => Ok(Some(after)),
        }
    }
}
