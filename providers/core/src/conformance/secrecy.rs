//! Credentials and the subject's words, and the places where they must not show.

use std::{error::Error, fmt::Debug};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderValue;
use serde_json::{Value, json};

use super::{
    Play,
    bench::{Bench, Vendor},
    report::Report,
    spoil,
};
use crate::{ProviderError, VendorRequest};

/// Shorter words occur everywhere.
const MIN_WORD: usize = 4;
/// Fields whose every word names the subject; of the others only the whole value is looked for.
const NAMES: [&str; 4] = ["/name/first", "/name/middle", "/name/last", "/business_name"];
/// Words that belong to no subject: types, countries, and who verified an identity.
const PUBLIC: [&str; 4] = ["/type", "/country", "/nationality", "/kyc/verified_by"];

/// What must not show, in lower case.
#[derive(Debug)]
pub(super) struct Words {
    secrets: Vec<String>,
    personal: Vec<String>,
}

/// Errors that repeat what they were asked, with the status they come under.
fn echoes(name: &str, secret: &str) -> Vec<(&'static str, u16, Value)> {
    let text = format!("cannot check {name}: not accepted");
    let mut echoes = Vec::new();
    for status in [400, 401, 403, 422, 429, 500] {
        echoes.extend([
            ("message", status, json!({"message": text, "identifier": name})),
            ("detail", status, json!({"detail": text})),
            ("class", status, json!({"success": false, "statusCode": status, "name": name, "message": text})),
            ("field list", status, json!({name: [text], "errors": {name: [text]}, "data": {name: text}})),
            ("text", status, json!(text)),
            ("credentials", status, json!({"message": format!("{secret} is no key"), "detail": secret})),
        ]);
    }
    let refused = json!({"success": false, "statusCode": 400, "name": name, "message": text});
    echoes.push(("refusal", 200, refused));
    echoes
}

pub(super) async fn check(bench: &Bench<'_>, report: &mut Report) {
    let Some(question) = report.keep("secrecy", bench.usual()) else { return };
    let name = full_name(&question.subject);
    let secret = bench.harness.secrets.first().map_or("", String::as_str);
    for probe in bench.harness.assessing().chain(bench.harness.abilities()) {
        for (shape, status, body) in echoes(&name, secret) {
            let case = format!("secrecy/{}/{status} echo as {shape}", probe.answer.operation);
            let play = Play::json(status, body.to_string());
            let vendor = Vendor::plays(bench.scripted_for(&probe, &play));
            if let Some(reply) = bench.put(&case, &probe.ask, &question, vendor, report).await {
                report.expect(&case, reply.result.is_err(), || "an error was taken for an answer".to_owned());
            }
        }
    }
}

/// Nothing in the address; credentials in no body, and in headers only as sensitive ones.
pub(super) fn look_at_request(case: &str, request: &VendorRequest, words: &Words, report: &mut Report) {
    let url = request.url.as_str().replace("%20", " ").replace('+', " ");
    words.look("the address of a request", &url, case, report);
    words.look_for_secrets("the body of a request", request.body.as_deref().unwrap_or(""), case, report);
    for (name, value) in &request.headers {
        report.expect(case, !words.hold_secret_of(value) || value.is_sensitive(), || {
            format!("the header {name} holds credentials and is not marked as sensitive")
        });
    }
}

/// Nothing in what an operator or a caller can read of an error, its causes included.
pub(super) fn look_at_error(case: &str, error: &ProviderError, words: &Words, report: &mut Report) {
    words.look("an error", &format!("{error} {error:?} {}", error.fields.join(" ")), case, report);
    let mut cause = error.source();
    while let Some(source) = cause {
        words.look("the cause of an error", &format!("{source} {source:?}"), case, report);
        cause = source.source();
    }
}

/// Nothing in the debug output of `value`.
pub(super) fn look_at_debug(case: &str, what: &str, value: &dyn Debug, words: &Words, report: &mut Report) {
    words.look(what, &format!("{value:?}"), case, report);
}

/// The subject's name as a vendor would repeat it.
pub(super) fn full_name(subject: &Value) -> String {
    let part = |pointer: &&str| subject.pointer(pointer).and_then(Value::as_str);
    NAMES.iter().filter_map(part).collect::<Vec<_>>().join(" ")
}

// === impl Words ===

impl Words {
    pub(super) fn of(subject: &Value, secrets: &[String]) -> Self {
        let mut personal = Vec::new();
        for place in spoil::places(subject) {
            let Some(text) = subject.pointer(&place).and_then(Value::as_str) else { continue };
            if !PUBLIC.contains(&place.as_str()) {
                personal.push(text.to_lowercase());
            }
            if NAMES.contains(&place.as_str()) {
                personal.extend(text.split_whitespace().map(str::to_lowercase));
            }
        }
        personal.retain(|word| word.chars().count() >= MIN_WORD);
        Self { secrets: secrets.iter().map(|secret| secret.to_lowercase()).collect(), personal }
    }

    fn look(&self, place: &str, text: &str, case: &str, report: &mut Report) {
        self.look_for_secrets(place, text, case, report);
        let text = text.to_lowercase();
        for word in self.personal.iter().filter(|word| text.contains(*word)) {
            report.add(case, format!("{place} holds the subject's {word:?}"));
        }
    }

    fn look_for_secrets(&self, place: &str, text: &str, case: &str, report: &mut Report) {
        report.expect(case, !self.hold_secret(text), || format!("{place} holds credentials"));
    }

    /// Whether a request carries a credential; so does every one when the harness names none.
    pub(super) fn authorise(&self, request: &VendorRequest) -> bool {
        self.secrets.is_empty() || request.headers.values().any(|value| self.hold_secret_of(value))
    }

    /// Whether a header holds a credential, as it is or in Base64 as basic authentication sends it.
    fn hold_secret_of(&self, value: &HeaderValue) -> bool {
        let text = value.to_str().unwrap_or_default();
        let decoded = text.rsplit(' ').next().and_then(|last| STANDARD.decode(last).ok()).unwrap_or_default();
        self.hold_secret(text) || self.hold_secret(&String::from_utf8_lossy(&decoded))
    }

    fn hold_secret(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.secrets.iter().any(|secret| text.contains(secret))
    }
}
