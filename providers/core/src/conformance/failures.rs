//! Broken answers: each gets the right kind, and none is asked for twice.

use std::time::Duration;

use super::{
    Play,
    ability::{Ask, Probe},
    bench::{Bench, PATIENT, Question, Vendor},
    report::Report,
};
use crate::{Billed, FailureKind, ProviderError, VendorRequest};

/// How long the caller waits for a vendor that never ends.
const IMPATIENT: Duration = Duration::from_millis(500);
/// Beyond the transport's cap.
const HUGE: usize = 5 * 1024 * 1024;
const HTML: &str = "<!doctype html><html><body><h1>Conformance</h1></body></html>";
const JSON: &str = r#"{"message": "conformance"}"#;
const WAIT: Duration = Duration::from_secs(30);

/// What a status means, whatever stands in the body. A 404 under a reference says that nothing is there.
const STATUSES: [(u16, &[FailureKind]); 13] = [
    (301, &[FailureKind::Misconfigured]),
    (302, &[FailureKind::Misconfigured]),
    (308, &[FailureKind::Misconfigured]),
    (401, &[FailureKind::BadCredentials]),
    (402, &[FailureKind::OutOfCredit]),
    (403, &[FailureKind::BadCredentials, FailureKind::OutOfCredit]),
    (404, &[FailureKind::Misconfigured]),
    (405, &[FailureKind::Misconfigured]),
    (429, &[FailureKind::RateLimited]),
    (500, &[FailureKind::VendorError]),
    (502, &[FailureKind::VendorError]),
    (503, &[FailureKind::VendorError]),
    (504, &[FailureKind::VendorError]),
];

/// Bodies that are no answer.
const BODIES: [(&str, &str); 9] = [
    ("html", HTML),
    ("empty", ""),
    ("null", "null"),
    ("array", "[]"),
    ("object", "{}"),
    ("text", r#""text""#),
    ("true", "true"),
    ("number", "0"),
    ("other object", r#"{"status": "ok", "result": {"risk": "none"}}"#),
];

/// One broken answer and what it is to be taken for.
struct Broken {
    name: String,
    play: Play,
    kinds: &'static [FailureKind],
}

pub(super) async fn check(bench: &Bench<'_>, report: &mut Report) {
    let Some(question) = report.keep("failures", bench.usual()) else { return };
    let probes: Vec<Probe<'_>> = bench.harness.assessing().chain(bench.harness.abilities()).collect();
    for probe in probes {
        for broken in broken(&probe) {
            check_one(bench, &question, &probe, broken, report).await;
        }
        check_closed(bench, &question, &probe.ask, report).await;
    }
}

async fn check_one(
    bench: &Bench<'_>,
    question: &Question,
    probe: &Probe<'_>,
    broken: Broken,
    report: &mut Report,
) {
    let Broken { name, play, kinds } = broken;
    let case = format!("failures/{}/{name}", probe.answer.operation);
    let Some(operation) = report.keep(&case, bench.operation(&probe.answer.operation)) else { return };
    let unknown = kinds.contains(&FailureKind::UnknownOutcome);
    let patience = if matches!(play, Play::Hang | Play::Drip(_)) { IMPATIENT } else { PATIENT };
    let status = if let Play::Answer { status, .. } = &play { Some(*status) } else { None };
    let waits = matches!(&play, Play::Answer { headers, .. } if headers.iter().any(|(name, _)| *name == "retry-after"));
    let vendor = Vendor::Scripted(bench.scripted_for(probe, &play), patience);
    let Some(reply) = bench.put(&case, &probe.ask, question, vendor, report).await else { return };
    let asked = reply.asked.iter().filter(|request| request.operation == operation.name);
    look_at_repeats(&case, status, &asked.collect::<Vec<_>>(), report);
    let Some(error) = failure(&case, reply.result.err(), kinds, report) else { return };
    report.expect(&case, error.sent, || "the request is not called sent".to_owned());
    report.expect(&case, error.vendor_status == status, || {
        format!("the vendor's status is {:?}, not {status:?}", error.vendor_status)
    });
    if unknown {
        let billed = if operation.paid { Billed::Unknown } else { Billed::No };
        report.expect(&case, error.billed(operation.paid) == billed, || {
            format!("not billed {}", billed.as_str())
        });
    }
    if waits {
        report.expect(&case, error.retry_after == Some(WAIT), || {
            format!("waits {:?}, the vendor asked for {WAIT:?}", error.retry_after)
        });
    }
}

/// Asked once; after a 405 perhaps once more by another method.
fn look_at_repeats(case: &str, status: Option<u16>, asked: &[&VendorRequest], report: &mut Report) {
    let others =
        asked.iter().skip(1).all(|request| Some(&request.method) != asked.first().map(|it| &it.method));
    let right = asked.len() == 1 || (asked.len() == 2 && status == Some(405) && others);
    report.expect(case, right, || format!("asked {} times: an adapter never retries", asked.len()));
}

/// Nobody listens: nothing was sent and nothing is billed.
async fn check_closed(bench: &Bench<'_>, question: &Question, ask: &Ask, report: &mut Report) {
    let case = &format!("failures/closed port/{}", ask.group());
    let Some(reply) = bench.put(case, ask, question, Vendor::Closed, report).await else { return };
    report.expect(case, reply.asked.len() == 1, || format!("asked {} times", reply.asked.len()));
    let Some(error) = failure(case, reply.result.err(), &[FailureKind::Unreachable], report) else { return };
    report.expect(case, !error.sent, || "the request is called sent".to_owned());
    report.expect(case, error.billed(true) == Billed::No, || "it is billed".to_owned());
}

/// The error, when there is one; reports one of another kind.
fn failure(
    case: &str,
    error: Option<ProviderError>,
    kinds: &[FailureKind],
    report: &mut Report,
) -> Option<ProviderError> {
    let expected = kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" or ");
    let Some(error) = error else {
        report.add(case, format!("taken for an answer, should be {expected}"));
        return None;
    };
    report.expect(case, kinds.contains(&error.kind), || format!("is {error}, should be {expected}"));
    Some(error)
}

/// Every broken answer to one operation.
fn broken(probe: &Probe<'_>) -> Vec<Broken> {
    let mut all = statuses(&probe.ask);
    all.extend(limits());
    all.extend(bodies(&probe.answer.body));
    all.extend(sockets(&probe.answer.body));
    // Nothing listed is a list.
    all.retain(|broken| probe.ask != Ask::Questionnaires || broken.name != "200 array");
    all
}

fn statuses(ask: &Ask) -> Vec<Broken> {
    let mut all = Vec::new();
    for (status, kinds) in STATUSES {
        let kinds = if status == 404 && ask.is_by_reference() { &[FailureKind::NotFound] } else { kinds };
        for (name, body) in [("json", JSON), ("html", HTML), ("empty", "")] {
            let headers = vec![("location", "/moved".to_owned())];
            let headers = if (300..400).contains(&status) { headers } else { Vec::new() };
            let play = Play::Answer { status, headers, body: body.into() };
            all.push(Broken { name: format!("{status} {name}"), play, kinds });
        }
    }
    all
}

/// 429 with both forms of `Retry-After`.
fn limits() -> Vec<Broken> {
    let forms = [("seconds", "30"), ("date", "Mon, 02 Mar 2026 09:30:30 GMT")];
    let limited = |(name, wait): (&str, &str)| {
        let headers = vec![("retry-after", wait.to_owned())];
        let play = Play::Answer { status: 429, headers, body: JSON.into() };
        Broken { name: format!("429 with {name}"), play, kinds: &[FailureKind::RateLimited] }
    };
    forms.into_iter().map(limited).collect()
}

fn bodies(good: &str) -> Vec<Broken> {
    let mut bodies: Vec<(&str, Vec<u8>)> = BODIES.map(|(name, body)| (name, body.into())).into();
    bodies.push(("cut json", good.bytes().take(good.len() / 2).collect()));
    bodies.push(("not utf-8", [good.as_bytes(), b"\xff"].concat()));
    bodies.push(("two answers", [good, good].concat().into_bytes()));
    let mut huge = good.as_bytes().to_vec();
    huge.resize(HUGE, b' ');
    bodies.push(("huge", huge));
    let body = |(name, body)| Broken {
        name: format!("200 {name}"),
        play: Play::json(200, body),
        kinds: &[FailureKind::Malformed],
    };
    bodies.into_iter().map(body).collect()
}

fn sockets(good: &str) -> Vec<Broken> {
    let plays = [
        ("hang", Play::Hang),
        ("slow drip", Play::Drip(good.into())),
        ("cut body", Play::Cut(good.into())),
        ("reset", Play::Reset),
        ("closed without a word", Play::Close),
    ];
    let broken = |(name, play): (&str, Play)| Broken {
        name: name.to_owned(),
        play,
        kinds: &[FailureKind::UnknownOutcome],
    };
    plays.into_iter().map(broken).collect()
}
