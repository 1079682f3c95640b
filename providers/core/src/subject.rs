//! The subject: the person or company asked about.

mod day;
mod request;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use request::{FieldProblem, SubjectRequest};

use crate::{CountryCode, Personal};

/// A person or a company, as accepted from a caller: every field checked, every duration stored as a date.
#[derive(Clone, PartialEq)]
pub struct Subject {
    /// The caller's own stable id.
    pub reference: Personal<String>,
    /// Who it is.
    pub identity: Identity,
    /// Country of residence or incorporation.
    pub country: CountryCode,
    /// City of residence or incorporation.
    pub city: Option<Personal<String>>,
    /// Citizenship.
    pub nationality: Option<CountryCode>,
    /// Date of birth.
    pub date_of_birth: Option<Personal<Date>>,
    /// Industry, free text or the vendor's word.
    pub industry: Option<Personal<String>>,
    /// Occupation, free text.
    pub occupation: Option<Personal<String>>,
    /// Since when at this address.
    pub moved_in_on: Option<Date>,
    /// Since when a customer.
    pub account_opened_on: Option<Date>,
    /// Who verified the identity, and until when.
    pub kyc: Option<Kyc>,
    /// Known to be politically exposed, or known not to be.
    pub politically_exposed: Option<bool>,
    /// An earlier risk score, 0 to 100.
    pub previous_risk_score: Option<f64>,
    /// An earlier adverse media score, 0 to 100.
    pub previous_adverse_media_score: Option<f64>,
    /// The days searched for adverse media.
    pub adverse_media_window: Option<Window>,
    /// Whether the subject only receives money.
    pub is_beneficiary: Option<bool>,
    /// Number of an identity document.
    pub id_number: Option<Personal<String>>,
    /// Telephone number.
    pub phone: Option<Personal<String>>,
    /// Whether the subject agreed to be checked.
    pub consent: Option<bool>,
    /// Answers to further questions, by the caller's own question names.
    pub answers: BTreeMap<String, Answer>,
}

/// Who a subject is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A person.
    Individual(PersonName),
    /// A company, by its registered name.
    Business(Personal<String>),
}

/// Person or company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// A person.
    Individual,
    /// A company.
    Business,
}

/// A person's name in parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PersonName {
    /// Given name.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub first: Personal<String>,
    /// Middle name or names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub middle: Option<Personal<String>>,
    /// Family name.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub last: Personal<String>,
}

/// Who verified an identity, and until when the document is valid.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Kyc {
    /// `nobody`, `client`, or a vendor's name in lower case such as `youverify`. An identity that is not verified is
    /// `nobody`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_by: Option<String>,
    /// The last day on which the document is valid.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "day::optional")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Date))]
    pub document_expires_on: Option<Date>,
}

/// A range of whole days, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First day.
    #[serde(deserialize_with = "day::required")]
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Date))]
    pub from: Date,
    /// Last day.
    #[serde(deserialize_with = "day::required")]
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Date))]
    pub to: Date,
}

/// The answer to one further question: one text or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// One answer.
    One(Personal<String>),
    /// Several answers.
    Many(Vec<Personal<String>>),
}

// === impl Subject ===

impl Subject {
    /// The request that would be accepted as this subject on any later day, with dates in place of durations.
    #[must_use]
    pub fn to_request(&self) -> SubjectRequest {
        let Self {
            reference,
            identity,
            country,
            city,
            nationality,
            date_of_birth,
            industry,
            occupation,
            moved_in_on,
            account_opened_on,
            kyc,
            politically_exposed,
            previous_risk_score,
            previous_adverse_media_score,
            adverse_media_window,
            is_beneficiary,
            id_number,
            phone,
            consent,
            answers,
        } = self.clone();
        let kind = self.kind();
        let (name, business_name) = match identity {
            Identity::Individual(name) => (Some(name), None),
            Identity::Business(name) => (None, Some(name)),
        };
        SubjectRequest {
            reference,
            kind,
            name,
            business_name,
            country,
            city,
            nationality,
            date_of_birth,
            industry,
            occupation,
            moved_in_on,
            months_at_address: None,
            account_opened_on,
            account_age_months: None,
            kyc,
            politically_exposed,
            previous_risk_score,
            previous_adverse_media_score,
            adverse_media_window,
            is_beneficiary,
            id_number,
            phone,
            consent,
            answers,
        }
    }

    /// Person or company.
    #[must_use]
    pub const fn kind(&self) -> SubjectType {
        match self.identity {
            Identity::Individual(_) => SubjectType::Individual,
            Identity::Business(_) => SubjectType::Business,
        }
    }

    /// The full name: given, middle and family name with single blanks, or the company's name.
    #[must_use]
    pub fn full_name(&self) -> Personal<String> {
        match &self.identity {
            Identity::Individual(name) => name.full(),
            Identity::Business(name) => name.clone(),
        }
    }
}

impl fmt::Debug for Subject {
    /// Only what kind it is: also the names of the caller's questions may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

// === impl Kyc ===

impl fmt::Debug for Kyc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

// === impl PersonName ===

impl PersonName {
    /// Given, middle and family name with single blanks.
    #[must_use]
    pub fn full(&self) -> Personal<String> {
        let parts = [Some(&self.first), self.middle.as_ref(), Some(&self.last)];
        let parts: Vec<&str> = parts.into_iter().flatten().map(|part| part.expose().trim()).collect();
        Personal::new(parts.join(" "))
    }

    /// Given and family name.
    #[must_use]
    pub fn without_middle(&self) -> Personal<String> {
        Personal::new(format!("{} {}", self.first.expose().trim(), self.last.expose().trim()))
    }
}

// === impl SubjectType ===

impl SubjectType {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Business => "business",
        }
    }
}

// === impl Answer ===

impl Answer {
    /// The answers, at least one.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text.expose().clone()],
            Self::Many(texts) => texts.iter().map(|text| text.expose().clone()).collect(),
        }
    }
}
