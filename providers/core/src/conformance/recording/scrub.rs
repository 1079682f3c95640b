//! What of a recording is replaced, what is fit to publish, and what somebody must still look at.

use serde_json::Value;

use super::{Session, Taken, invent::Invented, stand_in};
use crate::conformance::{server::BASE_URL, spoil::places};

/// Fields of the subject whose every word is replaced wherever it stands; of the others the whole value is.
const NAMES: [&str; 5] = ["/name/first", "/name/middle", "/name/last", "/business_name", "/city"];
/// Fields that tell nothing of one person, or by which the vendor judges.
const PUBLIC: [&str; 9] = [
    "/type",
    "/country",
    "/nationality",
    "/kyc/verified_by",
    "/kyc/document_expires_on",
    "/moved_in_on",
    "/account_opened_on",
    "/adverse_media_window/from",
    "/adverse_media_window/to",
];

/// How answers are scrubbed.
///
/// Replaced without being told: credentials, the vendor's address, and every value of the subject but its type,
/// countries, and the days that scores depend on. Any other text in an answer must be named here, by a JSON pointer
/// in which `*` stands for any one key or index; days, times and countries need not. Until every text is either
/// replaced or kept, nothing is written.
#[derive(Debug, Clone, Default)]
pub struct Scrub {
    replaced: Vec<String>,
    kept: Vec<String>,
    kept_of_subject: Vec<String>,
}

// === impl Scrub ===

impl Scrub {
    /// Nothing but what is always replaced.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Text at `pointer` of any answer is replaced by an invented one, everywhere alike: ids, other people's names.
    #[must_use]
    pub fn replace(mut self, pointer: &str) -> Self {
        self.replaced.push(pointer.to_owned());
        self
    }

    /// Text at `pointer` of any answer is fit to publish: words of the vendor's own.
    #[must_use]
    pub fn keep(mut self, pointer: &str) -> Self {
        self.kept.push(pointer.to_owned());
        self
    }

    /// The subject's value at `pointer` is kept as well, such as an industry that the settings name.
    #[must_use]
    pub fn keep_of_subject(mut self, pointer: &str) -> Self {
        self.kept_of_subject.push(pointer.to_owned());
        self
    }

    /// Everything that is replaced in this recording.
    pub(super) fn invented(&self, session: &Session, taken: &[Taken]) -> Invented {
        let mut invented = Invented::default();
        invented.learn_as(session.base_url.as_str().trim_end_matches('/'), BASE_URL.to_owned());
        for (name, secret) in &session.credentials {
            invented.learn_as(secret, stand_in(name));
        }
        for (place, text) in texts(&session.subject) {
            let public = PUBLIC.contains(&place.as_str()) || any(&self.kept_of_subject, &place);
            if NAMES.contains(&place.as_str()) {
                invented.learn_words(text);
            } else if !public {
                invented.learn(text);
            }
        }
        for body in taken.iter().filter_map(body) {
            let texts = texts(&body).into_iter().filter(|(place, _)| any(&self.replaced, place));
            texts.for_each(|(_, text)| invented.learn_text(text));
        }
        invented
    }

    /// The places of texts that are neither replaced nor known to be fit to publish, as `operation pointer`.
    pub(super) fn unknown(&self, taken: &[Taken], invented: &Invented) -> Vec<String> {
        let mut unknown = Vec::new();
        for one in taken {
            let operation = one.request.operation;
            match body(one) {
                Some(body) => {
                    let texts = texts(&body).into_iter();
                    let doubtful = texts.filter(|(place, text)| {
                        !any(&self.kept, place) && !invented.knows(text) && !is_harmless(text)
                    });
                    unknown.extend(doubtful.map(|(place, _)| format!("{operation} {place}")));
                }
                None if one.response.body.is_empty() || any(&self.kept, "") => {}
                None => {
                    unknown.push(format!("{operation} (its body, which is no JSON; keep(\"\") keeps it)"));
                }
            }
        }
        unknown.sort();
        unknown.dedup();
        unknown
    }
}

/// The body of an answer, where it is JSON.
fn body(taken: &Taken) -> Option<Value> {
    serde_json::from_slice(&taken.response.body).ok()
}

/// Every text in `document` with its place.
fn texts(document: &Value) -> Vec<(String, &str)> {
    let places = places(document).into_iter();
    let text = |place: String| {
        let text = document.pointer(&place)?.as_str()?;
        Some((place, text))
    };
    places.chain([String::new()]).filter_map(text).collect()
}

fn any(patterns: &[String], place: &str) -> bool {
    patterns.iter().any(|pattern| {
        let (mut wanted, mut keys) = (pattern.split('/'), place.split('/'));
        loop {
            match (wanted.next(), keys.next()) {
                (None, None) => return true,
                (Some(wanted), Some(key)) if wanted == "*" || wanted == key => {}
                _ => return false,
            }
        }
    })
}

/// Blanks, countries, days and times.
fn is_harmless(text: &str) -> bool {
    let text = text.trim();
    let country = text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase());
    let time = |letter: char| letter.is_ascii_digit() || "-:.+TZ ".contains(letter);
    let dated = text.get(..10).is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok());
    text.is_empty() || country || (dated && text.chars().all(time))
}
