//! What titles and types suggest.

use std::collections::BTreeMap;

use risk_provider::{
    names::normalise,
    questionnaire::{QuestionnaireChoice, QuestionnaireQuestion, Takes},
};

use super::doubts;

/// What a question suggests.
pub(super) struct Guess {
    pub(super) field: String,
    pub(super) choices: BTreeMap<String, String>,
    pub(super) otherwise: Option<String>,
    /// Whether title and type both speak for it.
    pub(super) sure: bool,
}

/// Titles that speak for a subject field.
struct Rule {
    field: &'static str,
    /// Any of these, as whole words.
    titles: &'static [&'static str],
    answers: Answers,
}

/// What a subject field can answer.
#[derive(Clone, Copy)]
enum Answers {
    Country,
    YesOrNo,
    Day,
    /// A count of months, where the title says so.
    Months,
    /// A word of the caller's own, or one of several choices.
    Words,
    Text,
    /// Who verified the identity.
    Verifier,
}

/// The first rule that a title speaks for counts.
const RULES: &[Rule] = &[
    rule("politically_exposed", &["pep", "politically exposed", "political exposure"], Answers::YesOrNo),
    rule("nationality", &["nationality", "citizenship"], Answers::Country),
    rule("date_of_birth", &["date of birth", "birth date", "birthdate", "birthday", "dob"], Answers::Day),
    rule("is_beneficiary", &["beneficiary"], Answers::YesOrNo),
    rule("consent", &["consent"], Answers::YesOrNo),
    rule(
        "kyc.verified_by",
        &["kyc", "identity verified", "identity verification", "id verification", "verification status"],
        Answers::Verifier,
    ),
    rule("kyc.document_expires_on", &["document expires", "document expiry", "expiry date"], Answers::Day),
    rule(
        "industry",
        &["industry", "sector", "line of business", "nature of business", "business activity"],
        Answers::Words,
    ),
    rule("occupation", &["occupation", "profession", "employment", "job"], Answers::Words),
    rule(
        "account_age_months",
        &["account opened", "account age", "age of account", "customer since", "length of relationship"],
        Answers::Months,
    ),
    rule("months_at_address", &["at address", "at current address", "at this address"], Answers::Months),
    rule("phone", &["phone", "telephone", "mobile number"], Answers::Text),
    rule("id_number", &["id number", "identity number", "passport number", "national id"], Answers::Text),
    rule("city", &["city", "town"], Answers::Words),
    rule(
        "country",
        &[
            "country",
            "residence",
            "residency",
            "resident",
            "domicile",
            "incorporation",
            "incorporated",
            "registration",
        ],
        Answers::Country,
    ),
];

const OTHERS: &[&str] = &["other", "others", "none of the above", "not listed"];

const fn rule(field: &'static str, titles: &'static [&'static str], answers: Answers) -> Rule {
    Rule { field, titles, answers }
}

/// What `question` in a section of this name suggests; a question that suggests nothing is the caller's own to answer.
pub(super) fn guess(section: &str, question: &QuestionnaireQuestion, vendor: &str) -> Guess {
    let title = words(&question.title);
    let says = |phrase: &&str| title.contains(&format!(" {phrase} "));
    let Some(rule) = RULES.iter().find(|rule| rule.titles.iter().any(says)) else {
        return Guess::unsure(&format!("answers.{}", slug(&question.title, &question.key)));
    };
    let meant: Vec<&str> = rule.titles.iter().copied().filter(|phrase| says(phrase)).collect();
    if doubts::are_raised(&words(section), &title, &meant) {
        return Guess::unsure(rule.field);
    }
    let plain = |sure| Guess { sure, ..Guess::unsure(rule.field) };
    match (rule.answers, question.takes) {
        (Answers::Country, Takes::Country)
        | (Answers::Day, Takes::Day | Takes::Text)
        | (Answers::Text, Takes::Text | Takes::Number)
        | (Answers::Words, Takes::Text) => plain(true),
        (Answers::Months, Takes::Number | Takes::Text) => plain(says(&"months")),
        (Answers::YesOrNo, Takes::Choices) => {
            plain(["yes", "no"].iter().all(|word| titled(question, &[word]).is_some()))
        }
        (Answers::Words, Takes::Choices) => listed(rule.field, question),
        (Answers::Verifier, Takes::Choices) => verifier(rule.field, question, vendor),
        _ => plain(false),
    }
}

/// Each choice under a word of its own, and the one for all others.
fn listed(field: &str, question: &QuestionnaireQuestion) -> Guess {
    let other = titled(question, OTHERS);
    let mut guess = Guess::unsure(field);
    guess.sure = true;
    for choice in question.choices.iter().filter(|choice| Some(*choice) != other) {
        guess.choose(&slug(&choice.title, &choice.key), question, choice);
    }
    guess.otherwise = other.and_then(|choice| guess.spelling(question, choice));
    guess
}

/// Who verified the identity, as far as the choices tell apart.
fn verifier(field: &str, question: &QuestionnaireQuestion, vendor: &str) -> Guess {
    let mut guess = Guess::unsure(field);
    let nobody = titled(question, &["not verified", "unverified", "nobody", "none", "no"]);
    let here = titled(question, &["verified", "yes"]);
    let elsewhere = titled(question, &["verified by client", "verified by customer", "client"]);
    guess.sure = nobody.is_some() && here.is_some();
    if let Some(choice) = nobody {
        guess.choose("nobody", question, choice);
    }
    match (here, elsewhere) {
        (Some(here), Some(elsewhere)) => {
            guess.choose(vendor, question, here);
            guess.otherwise = guess.spelling(question, elsewhere);
        }
        (one, another) => {
            guess.otherwise = one.or(another).and_then(|choice| guess.spelling(question, choice));
        }
    }
    guess
}

/// The choice with one of these titles.
fn titled<'a>(question: &'a QuestionnaireQuestion, titles: &[&str]) -> Option<&'a QuestionnaireChoice> {
    question.choices.iter().find(|choice| titles.contains(&normalise(&choice.title).as_str()))
}

// === impl Guess ===

impl Guess {
    fn unsure(field: &str) -> Self {
        Self { field: field.to_owned(), choices: BTreeMap::new(), otherwise: None, sure: false }
    }

    fn choose(&mut self, value: &str, question: &QuestionnaireQuestion, choice: &QuestionnaireChoice) {
        if let Some(spelling) = self.spelling(question, choice) {
            self.choices.entry(value.to_owned()).or_insert(spelling);
        }
    }

    /// The title where it means this choice alone, else the key; none, and no longer sure, where neither can stand in a
    /// configuration.
    fn spelling(&mut self, question: &QuestionnaireQuestion, choice: &QuestionnaireChoice) -> Option<String> {
        let means_one = |spelling: &String| {
            let meant = |other: &&QuestionnaireChoice| {
                [&other.title, &other.key].iter().any(|it| normalise(it) == normalise(spelling))
            };
            // What stands between "${" and "}" would be taken for a variable.
            question.choices.iter().filter(meant).count() == 1
                && !spelling.contains("${")
                && !spelling.trim().is_empty()
        };
        let found = [&choice.title, &choice.key].into_iter().find(|spelling| means_one(spelling)).cloned();
        self.sure &= found.is_some();
        found
    }
}

/// The words of a title in lower case, each between blanks.
fn words(title: &str) -> String {
    let title = normalise(title);
    let words = title.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    format!(" {} ", words.collect::<Vec<_>>().join(" "))
}

/// `title` in lower snake case, else `key`.
fn slug(title: &str, key: &str) -> String {
    let snake = words(title).trim().replace(' ', "_");
    if snake.is_empty() { key.to_owned() } else { snake }
}
