//! Invented values in place of real ones: of the same shape, and the same for the same value.
//!
//! They come from a count, not from the value, so that nobody can guess their way back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::Value;

const ATTEMPTS: usize = 100;
/// Shorter words are only replaced where they stand alone.
const SYLLABLE: usize = 4;

/// Values and what is written in their place.
#[derive(Debug, Default)]
pub(super) struct Invented {
    /// By the value in lower case.
    values: BTreeMap<String, String>,
    /// Those that may not even be a key's name.
    private: BTreeSet<String>,
}

// === impl Invented ===

impl Invented {
    /// Gives the subject's `value` an invented one, unless it has one. A single letter or digit is nobody's.
    pub(super) fn learn(&mut self, value: &str) {
        let value = value.trim();
        if value.chars().count() < 2 || self.knows(value) {
            return;
        }
        let stand_in = self.another(value, 0);
        self.learn_as(value, stand_in);
    }

    /// The same for the words of a name, wherever they stand.
    pub(super) fn learn_words(&mut self, name: &str) {
        name.split_whitespace().for_each(|word| self.learn(word));
    }

    /// Gives a text of the vendor's an invented one, in which the subject's values are as everywhere.
    pub(super) fn learn_text(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() || self.knows(text) {
            return;
        }
        let mut stand_in = String::new();
        for (count, part) in text.split_inclusive(|letter: char| !letter.is_alphanumeric()).enumerate() {
            let word = part.trim_end_matches(|letter: char| !letter.is_alphanumeric());
            let known = self.apply(word);
            stand_in.push_str(&if known == word { self.another(word, count) } else { known });
            stand_in.push_str(part.get(word.len()..).unwrap_or_default());
        }
        self.values.insert(text.to_lowercase(), stand_in);
    }

    /// An invention for `value` that nothing else has.
    fn another(&self, value: &str, salt: usize) -> String {
        let mut seed = self.values.len().wrapping_add(salt.wrapping_mul(331));
        let mut invented = invent(value, seed);
        let taken = |invented: &String| {
            invented.to_lowercase() == value.to_lowercase()
                || self.values.values().any(|known| known == invented)
        };
        // Of a letter or two there may be no other left.
        for _ in 0..ATTEMPTS {
            if !taken(&invented) {
                break;
            }
            seed = seed.wrapping_add(1009);
            invented = invent(value, seed);
        }
        invented
    }

    /// Writes `stand_in` for `value`.
    pub(super) fn learn_as(&mut self, value: &str, stand_in: String) {
        self.values.insert(value.to_lowercase(), stand_in);
        self.private.insert(value.to_lowercase());
    }

    /// Whether all of `text` has an invented value.
    pub(super) fn knows(&self, text: &str) -> bool {
        self.values.contains_key(&text.trim().to_lowercase())
    }

    /// `text` with every known value replaced, the longest first, in the case that it stands in.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut needles: Vec<(&String, &String)> = self.values.iter().collect();
        needles.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        let (mut applied, mut rest) = (String::new(), text);
        while let Some(letter) = rest.chars().next() {
            let before = applied.chars().next_back();
            let found = needles.iter().find_map(|(value, stand_in)| {
                let length = matched(rest, value)?;
                let after = rest.get(length..).and_then(|rest| rest.chars().next());
                let alone = ![before, after].into_iter().flatten().any(char::is_alphanumeric);
                (alone || value.chars().count() >= SYLLABLE).then_some((length, *stand_in))
            });
            let length = match found {
                Some((length, stand_in)) => {
                    applied.push_str(&in_case_of(rest.get(..length).unwrap_or_default(), stand_in));
                    length
                }
                None => {
                    applied.push(letter);
                    letter.len_utf8()
                }
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        applied
    }

    /// How many real values still stand in `document`: a message must not repeat them. What is the subject's may
    /// not stand in a key either.
    pub(super) fn left_in(&self, document: &Value) -> usize {
        let whole = document.to_string().to_lowercase();
        let mut values = Vec::new();
        collect(document, &mut values);
        let holds = |value: &String| {
            (self.private.contains(value) && whole.contains(value.as_str()))
                || values.iter().any(|text| text.contains(value.as_str()))
        };
        self.values.keys().filter(|value| value.chars().count() >= SYLLABLE && holds(value)).count()
    }
}

/// Every text and number in `document`, in lower case.
fn collect(document: &Value, values: &mut Vec<String>) {
    match document {
        Value::Object(fields) => fields.values().for_each(|value| collect(value, values)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, values)),
        Value::String(text) => values.push(text.to_lowercase()),
        Value::Number(number) => values.push(number.to_string()),
        Value::Null | Value::Bool(_) => {}
    }
}

/// How much of `text` is `value` at its start, whatever the case.
fn matched(text: &str, value: &str) -> Option<usize> {
    let mut wanted = value.chars();
    let mut length = 0;
    for letter in text.chars() {
        if wanted.as_str().is_empty() {
            break;
        }
        for lower in letter.to_lowercase() {
            wanted.next().filter(|wanted| *wanted == lower)?;
        }
        length += letter.len_utf8();
    }
    wanted.as_str().is_empty().then_some(length)
}

fn in_case_of(found: &str, stand_in: &str) -> String {
    let letters = || found.chars().filter(|letter| letter.is_alphabetic());
    if letters().count() > 1 && letters().all(char::is_uppercase) {
        stand_in.to_uppercase()
    } else if letters().next().is_some() && letters().all(char::is_lowercase) {
        stand_in.to_lowercase()
    } else {
        stand_in.to_owned()
    }
}

/// A day for a day; else digits for digits and letters for letters, in the same case.
fn invent(value: &str, seed: usize) -> String {
    if value.parse::<Date>().is_ok() && value.len() == 10 {
        return format!("19{:02}-{:02}-{:02}", 50 + seed % 40, 1 + seed % 12, 1 + seed % 28);
    }
    let hexadecimal = value.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-');
    let letters = if hexadecimal { "abcdef" } else { "aeioubdfgklmnprstvz" };
    let mut state = u32::try_from(seed).unwrap_or(u32::MAX).wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut pick = |from: &str| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let at = usize::try_from(state >> 16).unwrap_or(0) % from.len().max(1);
        from.chars().nth(at).unwrap_or('0')
    };
    let mut shaped = |letter: char| match letter {
        digit if digit.is_ascii_digit() => pick("0123456789"),
        upper if upper.is_uppercase() => pick(letters).to_ascii_uppercase(),
        lower if lower.is_alphanumeric() => pick(letters),
        other => other,
    };
    value.chars().map(&mut shaped).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_value_is_the_same_invention_in_any_case_and_inside_other_text() {
        let mut invented = Invented::default();
        invented.learn_words("Ottoline Ng");
        invented.learn("1979-04-17");
        let name = invented.apply("Ottoline");
        assert_eq!((name.chars().count(), name.chars().next().map(char::is_uppercase)), (8, Some(true)));
        assert_ne!(name, "Ottoline");
        assert_eq!(invented.apply("OTTOLINE"), name.to_uppercase());
        assert_eq!(
            invented.apply("mail.ottoline@x, NG, sung"),
            format!("mail.{}@x, {}, sung", name.to_lowercase(), invented.apply("NG"))
        );
        assert_ne!(invented.apply("NG"), "NG");
        let day = invented.apply("born 1979-04-17T00:00:00Z");
        assert!(
            day.starts_with("born 19") && day.ends_with("T00:00:00Z") && !day.contains("1979-04-17"),
            "{day}"
        );
        assert_eq!(invented.left_in(&Value::from(day)), 0);
        assert_eq!(invented.left_in(&Value::from("Ottolines")), 1);
        assert_eq!(invented.left_in(&json!({"ottoline": 1})), 1);
        invented.learn_text("Board of Ottoline");
        assert!(invented.apply("Board of Ottoline").ends_with(&name));
        assert_eq!(invented.left_in(&json!({"board of ottoline": 1})), 1, "as a part of it is the subject's");
        let address = "https://paper.example/ottoline-fined";
        invented.learn_text(address);
        let other = invented.apply(address);
        assert!(
            other.contains(&name.to_lowercase()) && !other.contains("paper") && !other.contains("fined"),
            "{other}"
        );
        invented.learn_text("Status");
        assert_eq!(invented.left_in(&json!({"status": 1})), 0, "a key like a word of the vendor's");
    }

    #[test]
    fn an_invention_has_the_shape_of_what_it_replaces_and_is_nobody_elses() {
        let mut invented = Invented::default();
        for value in [
            "647f096187f89a18587648cc",
            "61fbe03e-961c-4c6f-a2cd-801083ddbe0d",
            "+2348015550199",
            "17CRlVRrxUa9",
        ] {
            invented.learn(value);
            let shape = |text: &str| -> String {
                text.chars()
                    .map(|letter| {
                        if letter.is_ascii_digit() {
                            '0'
                        } else if letter.is_alphabetic() {
                            'a'
                        } else {
                            letter
                        }
                    })
                    .collect()
            };
            assert_eq!(shape(&invented.apply(value)), shape(value));
        }
        let mut many = Invented::default();
        (10..99).for_each(|number: u32| many.learn(&number.to_string()));
        let distinct: BTreeSet<_> = many.values.values().collect();
        assert_eq!(distinct.len(), many.values.len());
    }
}
