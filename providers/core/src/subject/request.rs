//! A subject as a caller writes it, and the checks that make it a [`Subject`].

use std::{collections::BTreeMap, fmt};

use jiff::{Span, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Answer, Identity, Kyc, PersonName, Subject, SubjectType, Window, day};
use crate::{CountryCode, Personal, object};

const MAX_TEXT: usize = 256;
const MAX_MONTHS: u32 = 1_200;
const MAX_ANSWERS: usize = 256;

const VERIFIED_BY: &str = "must be \"nobody\", \"client\" or a vendor's name: letters a to z in lower case, digits, \
                           \"-\" and \"_\"; write \"nobody\" when the identity is not verified";

/// Words, less their `-` and `_`, that name nobody who verified an identity and must not be taken for a vendor.
const NOBODY: [&str; 12] =
    ["false", "missing", "na", "nil", "no", "nobody", "none", "noone", "not", "null", "tbd", "undefined"];
/// Beginnings of words that speak of a verification that is missing, open or void.
const OPEN: [&str; 19] = [
    "await",
    "declin",
    "denied",
    "expire",
    "fail",
    "incomplete",
    "inprogress",
    "inreview",
    "invalid",
    "notverif",
    "pending",
    "progress",
    "refus",
    "reject",
    "review",
    "unconfirm",
    "unknown",
    "unverif",
    "void",
];

/// The person or company asked about. Every field is checked before any vendor is asked.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SubjectRequest {
    /// Your own stable id of this customer; never sent to a vendor.
    #[cfg_attr(feature = "schema", schema(value_type = String, example = "cust-42"))]
    pub reference: Personal<String>,
    /// Person or company.
    #[serde(rename = "type")]
    pub kind: SubjectType,
    /// A person's name; required for `individual`.
    #[serde(default, deserialize_with = "object::optional", skip_serializing_if = "Option::is_none")]
    pub name: Option<PersonName>,
    /// A company's registered name; required for `business`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub business_name: Option<Personal<String>>,
    /// Country of residence or incorporation, ISO 3166-1 alpha-2 in upper case.
    #[cfg_attr(feature = "schema", schema(value_type = String, example = "NG"))]
    pub country: CountryCode,
    /// City of residence or incorporation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub city: Option<Personal<String>>,
    /// Citizenship, ISO 3166-1 alpha-2 in upper case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub nationality: Option<CountryCode>,
    /// Date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "day::optional")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Date))]
    pub date_of_birth: Option<Personal<Date>>,
    /// Industry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub industry: Option<Personal<String>>,
    /// Occupation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub occupation: Option<Personal<String>>,
    /// Since when at this address; or give `months_at_address`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "day::optional")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Date))]
    pub moved_in_on: Option<Date>,
    /// Whole months at this address, as of today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub months_at_address: Option<u32>,
    /// Since when a customer; or give `account_age_months`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "day::optional")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Date))]
    pub account_opened_on: Option<Date>,
    /// Age of the account in whole months, as of today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_age_months: Option<u32>,
    /// Who verified the identity, and until when.
    #[serde(default, deserialize_with = "object::optional", skip_serializing_if = "Option::is_none")]
    pub kyc: Option<Kyc>,
    /// Known to be politically exposed (`true`) or known not to be (`false`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub politically_exposed: Option<bool>,
    /// An earlier risk score, 0 to 100; sent only to providers with `send_previous`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_risk_score: Option<f64>,
    /// An earlier adverse media score, 0 to 100; sent only to providers with `send_previous`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_adverse_media_score: Option<f64>,
    /// The days searched for adverse media; default: the last year.
    #[serde(default, deserialize_with = "object::optional", skip_serializing_if = "Option::is_none")]
    pub adverse_media_window: Option<Window>,
    /// Whether the subject only receives money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_beneficiary: Option<bool>,
    /// Number of an identity document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub id_number: Option<Personal<String>>,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub phone: Option<Personal<String>>,
    /// Whether the subject agreed to be checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<bool>,
    /// Answers to further questions of a provider's questionnaire, by the names that its configuration uses.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "object::distinct")]
    #[cfg_attr(feature = "schema", schema(value_type = BTreeMap<String, serde_json::Value>))]
    pub answers: BTreeMap<String, Answer>,
}

/// One thing wrong with a request: where, and what to do. Never repeats the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FieldProblem {
    /// Dotted path below the subject, such as `name.last`.
    pub field: String,
    /// What is wrong and what is expected.
    pub detail: String,
}

impl FieldProblem {
    /// A problem at `field`.
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

// === impl SubjectRequest ===

impl SubjectRequest {
    /// Checks the whole request and turns durations into dates, counted back from `today`.
    ///
    /// # Errors
    ///
    /// Every problem found, in the order of the fields.
    pub fn accept(self, today: Date) -> Result<Subject, Vec<FieldProblem>> {
        let mut check = Check { today, problems: Vec::new() };
        check.text("reference", Some(&self.reference));
        let identity = check.identity(self.kind, self.name, self.business_name);
        check.text("city", self.city.as_ref());
        check.past("date_of_birth", self.date_of_birth.as_ref().map(|date| *date.expose()));
        check.text("industry", self.industry.as_ref());
        check.text("occupation", self.occupation.as_ref());
        let moved_in_on =
            check.since(("moved_in_on", self.moved_in_on), ("months_at_address", self.months_at_address));
        let account_opened_on = check.since(
            ("account_opened_on", self.account_opened_on),
            ("account_age_months", self.account_age_months),
        );
        check.kyc(self.kyc.as_ref());
        check.percent("previous_risk_score", self.previous_risk_score);
        check.percent("previous_adverse_media_score", self.previous_adverse_media_score);
        check.window(self.adverse_media_window);
        check.text("id_number", self.id_number.as_ref());
        check.text("phone", self.phone.as_ref());
        check.consent(self.consent);
        check.answers(&self.answers);
        match identity {
            Some(identity) if check.problems.is_empty() => Ok(Subject {
                reference: self.reference,
                identity,
                country: self.country,
                city: self.city,
                nationality: self.nationality,
                date_of_birth: self.date_of_birth,
                industry: self.industry,
                occupation: self.occupation,
                moved_in_on,
                account_opened_on,
                kyc: self.kyc,
                politically_exposed: self.politically_exposed,
                previous_risk_score: self.previous_risk_score,
                previous_adverse_media_score: self.previous_adverse_media_score,
                adverse_media_window: self.adverse_media_window,
                is_beneficiary: self.is_beneficiary,
                id_number: self.id_number,
                phone: self.phone,
                consent: self.consent,
                answers: self.answers,
            }),
            _ => Err(check.problems),
        }
    }
}

impl fmt::Debug for SubjectRequest {
    /// Only what kind it is: also the names of the caller's questions may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubjectRequest").field("kind", &self.kind).finish_non_exhaustive()
    }
}

struct Check {
    today: Date,
    problems: Vec<FieldProblem>,
}

// === impl Check ===

impl Check {
    fn problem(&mut self, field: &str, detail: impl Into<String>) {
        self.problems.push(FieldProblem::new(field, detail));
    }

    fn text(&mut self, field: &str, text: Option<&Personal<String>>) {
        if let Some(text) = text {
            self.plain_text(field, text.expose());
        }
    }

    fn plain_text(&mut self, field: &str, text: &str) {
        if text.trim().is_empty() {
            self.problem(field, "must not be blank: give a value or leave the field out");
        } else if text.chars().count() > MAX_TEXT {
            self.problem(field, format!("must be at most {MAX_TEXT} characters"));
        } else if text.chars().any(char::is_control) {
            self.problem(field, "must not hold control characters");
        }
    }

    fn identity(
        &mut self,
        kind: SubjectType,
        name: Option<PersonName>,
        business_name: Option<Personal<String>>,
    ) -> Option<Identity> {
        match (kind, name, business_name) {
            (SubjectType::Individual, Some(name), None) => {
                self.text("name.first", Some(&name.first));
                self.text("name.middle", name.middle.as_ref());
                self.text("name.last", Some(&name.last));
                Some(Identity::Individual(name))
            }
            (SubjectType::Business, None, Some(name)) => {
                self.text("business_name", Some(&name));
                Some(Identity::Business(name))
            }
            (SubjectType::Individual, name, business_name) => {
                if name.is_none() {
                    self.problem("name", "is required for an individual: {\"first\": …, \"last\": …}");
                }
                if business_name.is_some() {
                    self.problem("business_name", "belongs to a business: leave it out for an individual");
                }
                None
            }
            (SubjectType::Business, name, business_name) => {
                if name.is_some() {
                    self.problem("name", "belongs to an individual: leave it out for a business");
                }
                if business_name.is_none() {
                    self.problem("business_name", "is required for a business");
                }
                None
            }
        }
    }

    fn past(&mut self, field: &str, date: Option<Date>) {
        let Some(date) = date else { return };
        if date > self.today {
            self.problem(field, "must not lie in the future");
        } else if crate::input::whole_months(date, self.today) > MAX_MONTHS + 12 * 30 {
            self.problem(field, "must not lie more than 130 years back");
        }
    }

    fn consent(&mut self, consent: Option<bool>) {
        if consent == Some(false) {
            let detail = "says that the subject did not agree to be checked, so no vendor is asked; leave it out where \
                          consent is not the ground";
            self.problem("consent", detail);
        }
    }

    /// The date of `on`, or the one that lies `months` before today.
    fn since(&mut self, on: (&str, Option<Date>), months: (&str, Option<u32>)) -> Option<Date> {
        match (on.1, months.1) {
            (Some(_), Some(_)) => {
                self.problem(months.0, format!("give either {} or {}, not both", on.0, months.0));
                None
            }
            (Some(date), None) => {
                self.past(on.0, Some(date));
                Some(date)
            }
            (None, Some(count)) if count > MAX_MONTHS => {
                self.problem(months.0, format!("must be at most {MAX_MONTHS}"));
                None
            }
            (None, Some(count)) => self.today.checked_sub(Span::new().months(count)).ok(),
            (None, None) => None,
        }
    }

    fn kyc(&mut self, kyc: Option<&Kyc>) {
        if let Some(verified_by) = kyc.and_then(|kyc| kyc.verified_by.as_deref()) {
            if names_who_verified(verified_by) {
                self.plain_text("kyc.verified_by", verified_by);
            } else {
                self.problem("kyc.verified_by", VERIFIED_BY);
            }
        }
    }

    fn percent(&mut self, field: &str, value: Option<f64>) {
        if value.is_some_and(|value| !(0.0..=100.0).contains(&value)) {
            self.problem(field, "must be a number from 0 to 100");
        }
    }

    fn window(&mut self, window: Option<Window>) {
        let Some(window) = window else { return };
        if window.from > window.to {
            self.problem("adverse_media_window.from", "must not lie after adverse_media_window.to");
        }
        self.past("adverse_media_window.to", Some(window.to));
    }

    fn answers(&mut self, answers: &BTreeMap<String, Answer>) {
        if answers.len() > MAX_ANSWERS {
            self.problem("answers", format!("must hold at most {MAX_ANSWERS} answers"));
        }
        for (question, answer) in answers {
            let field = format!("answers.{question}");
            let texts = answer.texts();
            if texts.is_empty() {
                self.problem(&field, "must hold at least one answer");
            }
            for text in &texts {
                self.plain_text(&field, text);
            }
        }
    }
}

/// Whether `word` is `nobody`, `client` or can be a vendor's name, and is none of the ways to say "not verified".
fn names_who_verified(word: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    let joined = word.replace(['-', '_'], "");
    let says_not = word.starts_with("not_")
        || word.starts_with("not-")
        || NOBODY.contains(&joined.as_str())
        || OPEN.iter().any(|beginning| joined.starts_with(beginning));
    word == "nobody"
        || (word.bytes().all(allowed) && word.bytes().any(|byte| byte.is_ascii_lowercase()) && !says_not)
}
