//! Callbacks: taken only with the right signature, and good for nothing but a reference to read.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    ability::{Ask, Callback},
    bench::{Bench, Question, Vendor},
    report::Report,
    secrecy::{self, Words},
};
use crate::{FailureKind, ProviderError, RiskProvider, VendorReference};

/// Every how many bytes of the body one is changed.
const STRIDE: usize = 7;

type Verified = Result<Option<VendorReference>, ProviderError>;

/// Bodies that are no callback, however well they are signed, and whether each must be `malformed`.
const BODIES: [(&str, &[u8], bool); 8] = [
    ("html", b"<!doctype html><html></html>", true),
    ("empty", b"", true),
    ("not utf-8", b"\xff\xfe", true),
    ("text", b"conformance", true),
    ("two objects", b"{}{}", true),
    ("array", b"[]", true),
    ("null", b"null", true),
    ("object", b"{}", false),
];

pub(super) async fn check(bench: &Bench<'_>, report: &mut Report) {
    let Some(callback) = &bench.harness.callback else { return };
    let Some(question) = report.keep("callbacks", bench.usual()) else { return };
    let Some(provider) = report.keep("callbacks", bench.idle(&question)) else { return };
    let words = Words::of(&question.subject, &bench.harness.secrets);
    let bodies = Trial { callback, provider: &provider, words: &words };
    let genuine = bodies.verify("callbacks/genuine", &callback.headers(), callback.body.as_bytes(), report);
    let expected = VendorReference(callback.reference.clone());
    report.expect("callbacks/genuine", genuine == Some(Ok(Some(expected.clone()))), || {
        format!("gives {genuine:?}, should be the harness's reference")
    });
    bodies.check_signatures(report);
    bodies.check_tampering(report);
    bodies.check_rubbish(report);
    check_read(bench, &question, expected, report).await;
}

/// The reference leads to a read, and to nothing else.
async fn check_read(bench: &Bench<'_>, question: &Question, reference: VendorReference, report: &mut Report) {
    let case = "callbacks/reading what it is about";
    let vendor = Vendor::Canned(bench.canned());
    let Some(reply) = bench.put(case, &Ask::Readback(reference), question, vendor, report).await else {
        return;
    };
    let read = !reply.asked.is_empty() && reply.asked.iter().all(|request| !request.paid);
    report.expect(case, read, || "retrieve does not read it, or pays for it".to_owned());
}

/// One callback and who is to take it.
struct Trial<'a> {
    callback: &'a Callback,
    provider: &'a Arc<dyn RiskProvider>,
    words: &'a Words,
}

// === impl Trial ===

impl Trial<'_> {
    /// What the provider makes of it, errors by their kind; none when it takes no callbacks or panics.
    fn verify(
        &self,
        case: &str,
        headers: &HeaderMap,
        body: &[u8],
        report: &mut Report,
    ) -> Option<Result<Option<VendorReference>, FailureKind>> {
        let callbacks = self.provider.callbacks()?;
        let trying = std::panic::AssertUnwindSafe(|| callbacks.verify(headers, body));
        let panicked = |_| "the adapter panicked".to_owned();
        let verified: Verified = report.keep(case, std::panic::catch_unwind(trying).map_err(panicked))?;
        if let Err(error) = &verified {
            secrecy::look_at_error(case, error, self.words, report);
        }
        Some(verified.map_err(|error| error.kind))
    }

    fn expect_refusal(&self, case: &str, headers: &HeaderMap, body: &[u8], report: &mut Report) {
        let found = self.verify(case, headers, body, report);
        let refused = found.is_none() || found == Some(Err(FailureKind::BadCredentials));
        report.expect(case, refused, || format!("gives {found:?}, should be bad_credentials"));
    }

    fn check_signatures(&self, report: &mut Report) {
        let genuine = self.callback.headers();
        let Ok(name) = self.callback.signature.parse::<HeaderName>() else {
            report.add("callbacks/signature", "the harness's signature header is no header's name");
            return;
        };
        let Some(right) = genuine.get(&name).and_then(|value| value.to_str().ok()).map(str::to_owned) else {
            report.add("callbacks/signature", format!("the harness signs no header {name}"));
            return;
        };
        let body = self.callback.body.as_bytes();
        let mut missing = genuine.clone();
        missing.remove(&name);
        self.expect_refusal("callbacks/signature missing", &missing, body, report);
        let mut twice = genuine.clone();
        twice.append(&name, HeaderValue::from_static("0"));
        self.expect_refusal("callbacks/signature and another one", &twice, body, report);
        let wrong = [
            ("empty", String::new()),
            ("cut", right.chars().skip(1).collect()),
            ("too long", format!("{right}0")),
            ("first letter changed", changed(&right, 0)),
            ("last letter changed", changed(&right, right.len().saturating_sub(1))),
            ("of zeros", "0".repeat(right.len())),
            ("of another body", self.signature_of(b"{}", &name)),
        ];
        for (what, signature) in wrong {
            let mut headers = genuine.clone();
            let Ok(value) = HeaderValue::from_str(&signature) else { continue };
            headers.insert(&name, value);
            self.expect_refusal(&format!("callbacks/signature {what}"), &headers, body, report);
        }
    }

    fn signature_of(&self, body: &[u8], name: &HeaderName) -> String {
        let headers = (self.callback.sign)(body);
        headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// Any byte of the body, and whatever is added to it, is signed.
    fn check_tampering(&self, report: &mut Report) {
        let (headers, body) = (self.callback.headers(), self.callback.body.as_bytes());
        for at in (0..body.len()).step_by(STRIDE) {
            let mut tampered = body.to_vec();
            if let Some(byte) = tampered.get_mut(at) {
                *byte ^= 1;
            }
            self.expect_refusal(&format!("callbacks/byte {at} changed"), &headers, &tampered, report);
        }
        for (what, tampered) in [("blank", [body, b" "].concat()), ("empty", Vec::new())] {
            self.expect_refusal(&format!("callbacks/body tampered: {what}"), &headers, &tampered, report);
        }
    }

    /// What the vendor signs and nobody documented leads nowhere.
    fn check_rubbish(&self, report: &mut Report) {
        for (what, body, malformed) in BODIES {
            let case = format!("callbacks/signed {what}");
            let found = self.verify(&case, &(self.callback.sign)(body), body, report);
            let right = match &found {
                None | Some(Err(FailureKind::Malformed)) => true,
                Some(Ok(None)) => !malformed,
                Some(Ok(Some(_)) | Err(_)) => false,
            };
            report.expect(&case, right, || format!("gives {found:?}, should be malformed"));
        }
    }
}

/// `text` with another letter or digit at `at`.
fn changed(text: &str, at: usize) -> String {
    let other = |letter| if letter == '0' { '1' } else { '0' };
    text.char_indices().map(|(index, letter)| if index == at { other(letter) } else { letter }).collect()
}

// === impl Callback ===

impl Callback {
    fn headers(&self) -> HeaderMap {
        (self.sign)(self.body.as_bytes())
    }
}
