//! Whether an answer is about the name that was asked.

use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use crate::subject::{Identity, Subject};

/// Whether `answered` is the subject's name, after NFKC, case folding and collapsing blanks.
///
/// A person's middle name may be missing from the answer.
#[must_use]
pub fn is_about(subject: &Subject, answered: &str) -> bool {
    let answered = normalise(answered);
    let asked = match &subject.identity {
        Identity::Individual(name) => vec![name.full(), name.without_middle()],
        Identity::Business(name) => vec![name.clone()],
    };
    asked.iter().any(|name| normalise(name.expose()) == answered)
}

/// NFKC, full case folding, single blanks.
#[must_use]
pub fn normalise(name: &str) -> String {
    let folded: String = UniCase::new(name.nfkc().collect::<String>()).to_folded_case().nfkc().collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SubjectRequest;

    fn subject(name: serde_json::Value) -> Subject {
        let request =
            serde_json::json!({"reference": "r", "type": "individual", "name": name, "country": "DE"});
        serde_json::from_value::<SubjectRequest>(request)
            .expect("typed")
            .accept(jiff::civil::date(2026, 1, 1))
            .expect("valid")
    }

    #[test]
    fn spelling_may_differ_but_not_the_name() {
        let subject = subject(serde_json::json!({"first": "Jürgen", "middle": "Karl", "last": "Groß"}));
        for same in ["Jürgen Karl Groß", "JÜRGEN  GROSS", " ju\u{308}rgen karl gross ", "Ｊürgen\u{a0}Groß"]
        {
            assert!(is_about(&subject, same), "{same}");
        }
        for other in ["Twitter", "", "Jürgen", "Karl Groß", "Jurgen Gross", "Groß Jürgen"] {
            assert!(!is_about(&subject, other), "{other}");
        }
    }
}
