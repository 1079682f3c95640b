//! Reading an answer again: free of charge, honest about what is not there, and safe against odd references.
//!
//! A provider that cannot read back says so and sends nothing.

use std::sync::Arc;

use super::{
    CannedExchange, always,
    bench::{self, Bench, PATIENT},
    report::Report,
};
use crate::{Exchange, FailureKind, ProviderError, VendorReference, VendorRequest};

const PLAIN: &str = "a1b2c3";
/// References that would lead elsewhere if they were put into an address as they are.
pub(super) const ODD: [&str; 6] = ["../a1b2c3", "a1b2c3/../x", "a1b2c3?x=1", "a1b2c3#x", "a/b", ""];

const ANSWERS: [(&str, u16, &str, FailureKind); 7] = [
    ("404", 404, "{}", FailureKind::NotFound),
    ("401", 401, "{}", FailureKind::BadCredentials),
    ("429", 429, "{}", FailureKind::RateLimited),
    ("500", 500, "{}", FailureKind::VendorError),
    ("200 html", 200, "<html></html>", FailureKind::Malformed),
    ("200 empty", 200, "", FailureKind::Malformed),
    ("200 object", 200, "{}", FailureKind::Malformed),
];

/// What came of reading back.
struct Read {
    asked: Vec<VendorRequest>,
    error: Option<ProviderError>,
}

pub(super) async fn check(bench: &Bench<'_>, report: &mut Report) {
    let mut plain = None;
    for (name, status, body, kind) in ANSWERS {
        let case = format!("readback/{name}");
        let Some(read) = read(bench, &case, PLAIN, (status, body), report).await else { return };
        let expected = if read.asked.is_empty() { FailureKind::Unsupported } else { kind };
        let found = read.error.map(|error| error.kind);
        report.expect(&case, found == Some(expected), || format!("is {found:?}, should be {expected}"));
        plain = plain.or_else(|| read.asked.first().map(shape));
    }
    let Some(plain) = plain else { return };
    report.expect("readback", !bench.harness.readbacks.is_empty(), || {
        "retrieve asks the vendor and there is no sample: add Harness::with_readback".to_owned()
    });
    for reference in ODD {
        let case = format!("readback/reference {reference:?}");
        let Some(read) = read(bench, &case, reference, (404, "{}"), report).await else { return };
        report.expect(&case, read.asked.iter().all(|request| shape(request) == plain), || {
            "it leads to another address than a reference may".to_owned()
        });
    }
}

async fn read(
    bench: &Bench<'_>,
    case: &str,
    reference: &str,
    (status, body): (u16, &str),
    report: &mut Report,
) -> Option<Read> {
    let provider = report.keep(case, bench.usual().and_then(|question| bench.idle(&question)))?;
    let operations = provider.descriptor().operations.iter();
    let canned = operations.fold(CannedExchange::default(), |all, one| all.with(one.name, status, body));
    let canned = Arc::new(canned);
    let call = bench::call(Arc::clone(&canned) as Arc<dyn Exchange>, PATIENT);
    let (reading, reference) = (Arc::clone(&provider), VendorReference(reference.to_owned()));
    let result = tokio::spawn(async move { reading.retrieve(&call, &reference).await }).await;
    let result = report.keep(case, result.map_err(|panic| format!("the adapter panicked: {panic}")))?;
    let asked = canned.asked();
    always::look_at_exchanges(case, &asked, provider.descriptor(), report);
    report.expect(case, !asked.iter().any(|request| request.paid), || "a read was paid for".to_owned());
    Some(Read { asked, error: result.err() })
}

/// What a reference must not change about an address: how deep it is, and that it ends there.
pub(super) fn shape(request: &VendorRequest) -> (usize, Option<String>, Option<String>) {
    let text = |part: Option<&str>| part.map(str::to_owned);
    let depth = request.url.path_segments().into_iter().flatten().count();
    (depth, text(request.url.query()), text(request.url.fragment()))
}
