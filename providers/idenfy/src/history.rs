//! The vendor's own list of assessments, page by page.

use async_trait::async_trait;
use indexmap::IndexMap;
use jiff::{civil::Date, tz::TimeZone};
use risk_provider::{
    Call, FailureKind, History, HistoryItem, HistoryPage, HistoryQuery, Personal, ProviderAssessment,
    ProviderError, Subject, VendorReference, VendorResponse,
    names::{self, normalise},
    object::Object,
    transport, vendor_time,
};
use serde_json::Value;
use url::Url;

use crate::{
    Idenfy,
    mapping::answers,
    wire::{Answer, Assessment, AssessmentItem, CheckRequest, Page, Question, Section},
};

const PAGE: &str = "page";

#[async_trait]
impl History for Idenfy {
    async fn page(
        &self,
        call: &Call,
        query: &HistoryQuery,
        cursor: Option<&str>,
    ) -> Result<HistoryPage, ProviderError> {
        let base = self.client.base();
        let address = address(base, cursor).ok_or_else(|| {
            ProviderError::new(FailureKind::Malformed, "the cursor leads away from the vendor")
        })?;
        let asked = address.clone();
        let decode = |response: &VendorResponse| {
            let Object(Page { count, next, results }) = response.json()?;
            let malformed = |detail: &str| response.failure(FailureKind::Malformed, detail);
            let next = following(base, &asked, &next).map_err(malformed)?;
            if next.is_some() && results.is_empty() {
                return Err(malformed("a page without anything on it is followed by another"));
            }
            let total = count.and_then(|count| count.as_u64());
            let (items, others): (Vec<_>, Vec<_>) =
                results.into_iter().map(item).partition(|item| is_wanted(query, item));
            let beside = others.into_iter().map(|item| item.reference).collect();
            Ok(HistoryPage { items, beside, total, next })
        };
        self.client.assessments(call, address, decode).await
    }

    fn answers(&self, subject: &Subject, today: Date, answer: &ProviderAssessment) -> bool {
        let Some(questionnaire) = self.shelf.kept() else { return false };
        let (Ok(sent), Ok(told)) = (
            answers::to_wire(&questionnaire.plan, subject, today),
            serde_json::from_str::<Assessment>(answer.raw.text()),
        ) else {
            return false;
        };
        let profile = told.profile_id();
        let is_profile = profile.is_some_and(|id| id.eq_ignore_ascii_case(self.client.profile_id()));
        let named = told.name.as_deref().is_some_and(|name| names::is_about(subject, name));
        is_profile && named && sent.is_answered_by(&told.sections)
    }
}

// === impl CheckRequest ===

impl CheckRequest {
    /// Whether `told` holds exactly the answers that are sent here.
    fn is_answered_by(&self, told: &[Section]) -> bool {
        let questions = || {
            told.iter().flat_map(|section| section.questions.iter().map(move |question| (section, question)))
        };
        let asked: usize = self.sections.values().map(IndexMap::len).sum();
        let answered = questions().filter(|(_, question)| !question.answers.is_empty()).count();
        let same = |(section, question): (&Section, &Question)| {
            let sent = self.sections.get(&section.key).and_then(|sent| sent.get(&question.key));
            let sent = sent.map(|values| values.value.as_slice()).unwrap_or_default();
            sent.len() == question.answers.len()
                && sent.iter().all(|value| question.answers.iter().any(|answer| answer.is(value)))
        };
        asked == answered && questions().all(same)
    }
}

// === impl Answer ===

impl Answer {
    /// Whether it repeats what was sent: a choice's key, a country, or a text.
    fn is(&self, sent: &str) -> bool {
        self.key == sent || self.answer.as_deref() == Some(sent)
    }
}

/// Where a cursor leads: the first page, a numbered page, or an address that the vendor gave.
fn address(base: &Url, cursor: Option<&str>) -> Option<Url> {
    let mut first = transport::join(base, "/risk/assessments/");
    let Some(cursor) = cursor else { return Some(first) };
    if let Ok(number) = cursor.parse::<u64>() {
        first.query_pairs_mut().append_pair(PAGE, &number.to_string());
        return Some(first);
    }
    Url::parse(cursor).ok().filter(|address| is_vendors(base, address))
}

/// Whether the credentials may be sent to `address`, and only they.
fn is_vendors(base: &Url, address: &Url) -> bool {
    address.origin() == base.origin() && address.username().is_empty() && address.password().is_none()
}

/// The cursor of the page after `asked`; none after the last one.
///
/// # Errors
///
/// When `next` leads to another host, or nowhere new.
fn following(base: &Url, asked: &Url, next: &Value) -> Result<Option<String>, &'static str> {
    let current = asked.query_pairs().find(|(name, _)| name == PAGE);
    let current = current.and_then(|(_, number)| number.parse().ok()).unwrap_or(1_u64);
    match next {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => match Url::parse(text) {
            Ok(address) if !is_vendors(base, &address) => {
                Err("the next page is not at the configured address")
            }
            Ok(address) if address == *asked => Err("the next page is the same one"),
            Ok(_) => Ok(Some(text.clone())),
            Err(_) if text.starts_with(['/', '?']) => match asked.join(text) {
                Ok(address) if is_vendors(base, &address) && address != *asked => {
                    Ok(Some(address.to_string()))
                }
                Ok(_) | Err(_) => Err("the next page is not at the configured address, or is the same one"),
            },
            Err(_) => Ok(Some(current.saturating_add(1).to_string())),
        },
        Value::Number(number) => match number.as_u64().filter(|number| *number > current) {
            Some(number) => Ok(Some(number.to_string())),
            None => Err("the next page is not after this one"),
        },
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err("the next page has no address"),
    }
}

fn item(told: AssessmentItem) -> HistoryItem {
    HistoryItem {
        reference: VendorReference(told.id),
        name: told.name.map(Personal::new),
        created_at: told.created_at.as_deref().and_then(vendor_time::parse),
        assessment: None,
    }
}

/// Whether an item is asked for. One that does not tell is: whoever asks looks again.
fn is_wanted(query: &HistoryQuery, item: &HistoryItem) -> bool {
    let day = item.created_at.map(|time| time.to_zoned(TimeZone::UTC).date());
    let named = |name: &Personal<String>| {
        query.name.as_ref().is_none_or(|wanted| normalise(wanted.expose()) == normalise(name.expose()))
    };
    let in_time = day
        .is_none_or(|day| query.from.is_none_or(|from| day >= from) && query.to.is_none_or(|to| day <= to));
    in_time && item.name.as_ref().is_none_or(named)
}
