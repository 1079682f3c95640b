//! Takes a subject out of a vendor's error text.

use std::{collections::HashSet, fmt};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderMap;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::names::normalise;
use crate::{InputValue, subject::Subject};

const MAX_EXCERPT: usize = 200;
const MASK: &str = "[…]";
/// Shorter ASCII words stand inside many others.
const LONGEST_SYLLABLE: usize = 4;
/// So many digits may tell of somebody.
const LONG_NUMBER: usize = 5;

/// Knows the words of one subject and masks them in texts.
pub struct Redactor {
    words: HashSet<String>,
}

impl Redactor {
    /// Learns every word of `subject`'s fields.
    #[must_use]
    pub fn new(subject: &Subject, today: jiff::civil::Date) -> Self {
        let mut texts = vec![subject.reference.expose().clone()];
        texts.extend(subject.inputs(today).iter().flat_map(|(_, value)| personal_texts(value)));
        let texts = texts.iter().map(|text| text.nfkc().collect::<String>());
        let words = texts.flat_map(|text| words(&text).map(plain).collect::<Vec<_>>());
        Self { words: words.collect() }
    }

    /// An excerpt of `text` that holds no word of the subject, whatever its accents, and no long number, however its digits
    /// are grouped; at most 200 characters.
    ///
    /// Markup is not quoted at all.
    #[must_use]
    pub fn excerpt(&self, text: &str) -> String {
        if text.trim_start().starts_with('<') {
            return "(markup, not shown)".to_owned();
        }
        // Vendors quote addresses and forms too: a percent-encoded name is a name.
        let text: String = percent_decode(text).nfkc().collect();
        let excerpt = mask_words(&mask_numbers(&text), |word| self.tells_of(&plain(word)));
        let excerpt = excerpt.replace(char::is_control, " ");
        excerpt.trim().chars().take(MAX_EXCERPT).collect()
    }

    /// Whether a word is one of the subject's, or has one run into it, as where a script writes no blanks.
    fn tells_of(&self, word: &str) -> bool {
        let tells = |known: &String| known.chars().count() >= LONGEST_SYLLABLE || !known.is_ascii();
        self.words.contains(word)
            || self.words.iter().any(|known| tells(known) && word.contains(known.as_str()))
    }
}

/// `text` with the words masked that `personal` finds.
fn mask_words(text: &str, personal: impl Fn(&str) -> bool) -> String {
    let mut masked = String::new();
    for part in text.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
        let word = part.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        let hidden = !word.is_empty() && personal(word);
        masked.push_str(if hidden { MASK } else { word });
        masked.push_str(part.get(word.len()..).unwrap_or_default());
    }
    masked
}

/// `text` with every number of five digits or more masked, also where blanks, hyphens, dots, slashes or brackets stand between
/// its digits, as in telephone numbers and dates.
fn mask_numbers(text: &str) -> String {
    let is_between =
        |letter: char| letter.is_whitespace() || matches!(letter, '-' | '.' | '/' | '(' | ')' | '+');
    let (mut masked, mut rest) = (String::new(), text);
    while let Some(begin) = rest.find(is_digit) {
        let run = rest.get(begin..).unwrap_or_default();
        let length = run.find(|letter| !is_digit(letter) && !is_between(letter)).unwrap_or(run.len());
        let run = run.get(..length).unwrap_or_default();
        let number = run.trim_end_matches(|letter| !is_digit(letter));
        masked.push_str(rest.get(..begin).unwrap_or_default());
        masked.push_str(if number.chars().filter(|&it| is_digit(it)).count() >= LONG_NUMBER {
            MASK
        } else {
            number
        });
        rest = rest.get(begin + number.len()..).unwrap_or_default();
    }
    masked + rest
}

/// In any script.
fn is_digit(letter: char) -> bool {
    letter.is_numeric()
}

/// A word as it is compared: without accents, which a vendor may drop or add.
fn plain(word: &str) -> String {
    normalise(word).nfd().filter(|letter| !is_combining_mark(*letter)).collect()
}

/// Knows the credentials of one request and masks them in texts.
pub(crate) struct Credentials(Vec<String>);

/// Shorter texts are no credentials, but may well be words.
const SHORTEST_CREDENTIAL: usize = 4;

impl Credentials {
    /// Learns every sensitive header's value, and what is inside basic authentication.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sensitive = headers.values().filter(|value| value.is_sensitive());
        let mut known: Vec<String> = sensitive
            .filter_map(|value| value.to_str().ok())
            .flat_map(parts)
            .map(|part| part.to_lowercase())
            .collect();
        known.retain(|part| part.len() >= SHORTEST_CREDENTIAL);
        // The longest first, so that no part of one is left behind.
        known.sort_by_key(|part| std::cmp::Reverse(part.len()));
        Self(known)
    }

    /// `text` without the credentials, and without any word of theirs, whole or cut: what was masked or cut before
    /// may have left a piece of one.
    pub(crate) fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for known in &self.0 {
            while let Some(at) = masked.to_ascii_lowercase().find(known.as_str()) {
                masked.replace_range(at..at + known.len(), MASK);
            }
        }
        let pieces: Vec<&str> = self.0.iter().flat_map(|known| words(known)).collect();
        mask_words(&masked, |word| {
            let word = word.to_ascii_lowercase();
            word.len() >= SHORTEST_CREDENTIAL && pieces.iter().any(|piece| piece.starts_with(&word))
        })
    }
}

fn parts(value: &str) -> Vec<String> {
    let mut parts = vec![value.to_owned()];
    if let Some((_, rest)) = value.split_once(' ') {
        parts.push(rest.to_owned());
        let decoded = STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some((user, password)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) {
            parts.extend([user.to_owned(), password.to_owned()]);
        }
    }
    parts
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

/// `text` with every `%XX` decoded, as far as that gives UTF-8.
fn percent_decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let encoded =
            if first == b'%' { after.split_at_checked(2).and_then(|(hex, _)| hex_byte(hex)) } else { None };
        decoded.push(encoded.unwrap_or(first));
        rest = if encoded.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8(decoded).unwrap_or_else(|_not_utf8| text.to_owned())
}

fn hex_byte(hex: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match hex {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}

fn personal_texts(value: &InputValue) -> Vec<String> {
    match value {
        InputValue::Flag(_) | InputValue::Months(_) | InputValue::Number(_) => Vec::new(),
        InputValue::Text(_) | InputValue::Texts(_) | InputValue::Day(_) | InputValue::Days(_) => {
            value.texts()
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SubjectRequest;

    #[test]
    fn an_echo_of_the_credentials_is_masked_whole_or_cut() {
        let url = url::Url::parse("https://vendor.example").expect("url");
        let basic = format!("Basic {}", STANDARD.encode("key-1234:s3cr3t/value"));
        let request =
            crate::VendorRequest::read("profile", url).with_secret(http::header::AUTHORIZATION, &basic);
        let credentials = Credentials::of(&request.expect("header").headers);
        let masked = credentials.mask(&format!("no KEY-1234 nor s3cr3t/value nor {basic}; ends in s3cr3"));
        assert_eq!(masked, "no […] nor […] nor […]; ends in […]");
        assert_eq!(credentials.mask("city is required"), "city is required");
        assert_eq!(credentials.mask("left of it: s3cr3t/[…]; check"), "left of it: […]/[…]; check");
    }

    #[test]
    fn an_echo_of_the_subject_is_masked_and_the_rest_stays() {
        let request = serde_json::json!({
            "reference": "cust-77", "type": "individual", "country": "NG", "phone": "+234 801 555",
            "name": {"first": "Ahmed", "last": "Al Khalid"}, "date_of_birth": "1985-03-05",
        });
        let today = jiff::civil::date(2026, 1, 1);
        let subject =
            serde_json::from_value::<SubjectRequest>(request).expect("typed").accept(today).expect("valid");
        let redactor = Redactor::new(&subject, today);
        let excerpt = redactor
            .excerpt("Validation failed for AHMED al-khalid, born 1985-03-05, id 12345678: city is required");
        for secret in ["AHMED", "khalid", "1985", "12345678"] {
            assert!(!excerpt.contains(secret), "{excerpt}");
        }
        assert!(excerpt.contains("city is required"), "{excerpt}");
        assert_eq!(redactor.excerpt("no account for userAhmedAlKhalid"), "no account for […]");
        assert_eq!(redactor.excerpt("?name=Ahmed%20Khalid&n=100%"), "?name=[…] […]&n=100%");
        assert_eq!(redactor.excerpt("<html>Ahmed</html>"), "(markup, not shown)");
        for number in [
            "+234 801 555 0199",
            "(0801) 555-0199",
            "+234-801-555-0199",
            "0801\u{a0}555\u{a0}0199",
            "5.3.1985",
        ] {
            let excerpt = redactor.excerpt(&format!("phone {number} is not valid (400)"));
            assert!(!excerpt.contains(['5', '8']) && excerpt.ends_with("is not valid (400)"), "{excerpt}");
        }
        assert_eq!(redactor.excerpt("Àhmed AL KHÁLID is 42"), "[…] […] […] is 42");
        assert_eq!(redactor.excerpt(&"x ".repeat(500)).chars().count(), MAX_EXCERPT);
    }
}
