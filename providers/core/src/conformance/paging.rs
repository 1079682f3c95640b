//! A history: read to its end without loss or repeat, and never at another address than the vendor's.

use std::collections::{BTreeMap, HashSet};

use url::Url;

use super::{
    ability::{Ask, Probe, Told},
    bench::{Bench, NOWHERE, Question, Reply, Vendor},
    exchange::CannedExchange,
    report::Report,
    server::based_at,
    spoil::{Change, places, spoilt},
};
use crate::{History, HistoryQuery, VendorReference};

/// Addresses where the credentials must not go, though some look like the vendor's.
const ELSEWHERE: [&str; 5] = [
    "https://elsewhere.invalid/list?page=2",
    "http://user:word@vendor.invalid/list?page=2",
    "https://vendor.invalid/list?page=2",
    "http://vendor.invalid:8443/list?page=2",
    "//elsewhere.invalid/list?page=2",
];
/// How many of them stand at every place of a page in turn.
const TRIED_EVERYWHERE: usize = 2;

pub(super) async fn check(bench: &Bench<'_>, report: &mut Report) {
    let Some(question) = report.keep("history", bench.usual()) else { return };
    let Some((first, _)) = bench.harness.pages.first() else { return };
    check_walk(bench, &question, report).await;
    check_filters(bench, &question, report).await;
    check_cursors(bench, &question, report).await;
    let body =
        serde_json::from_str(&first.body).map_err(|error| format!("the first page is no JSON: {error}"));
    let Some(body) = report.keep("history", body) else { return };
    let probe = Probe { ask: Ask::History(None), answer: first };
    for place in places(&body) {
        for address in ELSEWHERE.iter().take(TRIED_EVERYWHERE) {
            let case = format!("history/{address} at {place}");
            let literal = Change::literal(&serde_json::Value::from(*address).to_string());
            let page = spoilt(&body, &place, &literal);
            check_led(bench, &case, &question, &probe, &page, report).await;
        }
    }
}

/// All pages in turn, each served at its own address alone.
async fn check_walk(bench: &Bench<'_>, question: &Question, report: &mut Report) {
    let case = "history/to the end";
    let expected: Vec<&VendorReference> =
        bench.harness.pages.iter().flat_map(|(_, references)| references).collect();
    let (mut found, mut cursor) = (Vec::new(), None);
    for page in 1..=bench.harness.pages.len() {
        let vendor = Vendor::Canned(listed(bench));
        let ask = Ask::History(cursor.take());
        let Some(reply) = bench.put(case, &ask, question, vendor, report).await else { return };
        let told = reply.result.map_err(|error| format!("page {page} gives {error}"));
        let Some(page) = report.keep(case, told).and_then(|told| told.page) else { return };
        found.extend(page.items.into_iter().map(|item| item.reference));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    report.expect(case, cursor.is_none(), || "there is a page after the last one".to_owned());
    report.expect(case, found.iter().eq(expected), || {
        "the references on the pages are not the harness's, each once and in order".to_owned()
    });
}

/// Every value of a declared filter reaches the vendor, and leaves nothing that is not there without it.
async fn check_filters(bench: &Bench<'_>, question: &Question, report: &mut Report) {
    let Some(provider) = report.keep("history", bench.idle(question)) else { return };
    let filters = provider.history().map(History::filters).unwrap_or_default();
    let Some((first, references)) = bench.harness.pages.first() else { return };
    let mut all: Vec<BTreeMap<&str, &str>> = vec![BTreeMap::new()];
    for filter in filters {
        all.extend(filter.values.iter().map(|value| BTreeMap::from([(filter.name, *value)])));
    }
    let mut asked = HashSet::new();
    for filters in all {
        let case = format!("history/filters {filters:?}");
        let filters = filters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let probe =
            Probe { ask: Ask::Filtered(HistoryQuery { filters, ..HistoryQuery::default() }), answer: first };
        let vendor = Vendor::Canned(bench.canned_for(&probe, &first.body));
        let Some(reply) = bench.put(&case, &probe.ask, question, vendor, report).await else { return };
        let is_new = reply.asked.iter().all(|request| asked.insert(request.url.clone()));
        report.expect(&case, is_new, || "the vendor is asked as without it, or as for another".to_owned());
        let told = reply.result.map_err(|error| format!("gives {error}"));
        let Some(page) = report.keep(&case, told).and_then(|told| told.page) else { continue };
        let is_known = page.items.iter().all(|item| references.contains(&item.reference));
        report.expect(&case, is_known, || "an item is none of the unfiltered list".to_owned());
    }
}

/// A cursor that is an address is as little to be trusted as one on a page: it may have been stored.
async fn check_cursors(bench: &Bench<'_>, question: &Question, report: &mut Report) {
    for address in ELSEWHERE {
        let case = format!("history/cursor {address}");
        let ask = Ask::History(Some(address.to_owned()));
        let vendor = Vendor::Canned(listed(bench));
        if let Some(reply) = bench.put(&case, &ask, question, vendor, report).await {
            look_at_addresses(&case, &reply, report);
        }
    }
}

/// Where a spoilt page leads.
async fn check_led(
    bench: &Bench<'_>,
    case: &str,
    question: &Question,
    probe: &Probe<'_>,
    page: &str,
    report: &mut Report,
) {
    let mut cursor = None;
    for _ in 0..2 {
        let vendor = Vendor::Canned(bench.canned_for(probe, page));
        let ask = Ask::History(cursor.take());
        let Some(reply) = bench.put(case, &ask, question, vendor, report).await else { return };
        look_at_addresses(case, &reply, report);
        cursor = reply.result.ok().and_then(|told| told.page).and_then(|page| page.next);
        if cursor.is_none() {
            return;
        }
    }
}

fn look_at_addresses(case: &str, reply: &Reply<Told>, report: &mut Report) {
    let home = Url::parse(NOWHERE).map(|url| url.origin()).ok();
    let at_home = |url: &Url| Some(url.origin()) == home && url.username().is_empty();
    report.expect(case, reply.asked.iter().all(|request| at_home(&request.url)), || {
        "a request with the credentials goes to another address than the configured one".to_owned()
    });
}

/// The whole list from memory, each page at its address.
fn listed(bench: &Bench<'_>) -> CannedExchange {
    let pages = bench.harness.pages.iter();
    pages.fold(bench.canned(), |canned, (answer, _)| {
        canned.at(&answer.path, based_at(answer.body.as_str().into(), NOWHERE))
    })
}
