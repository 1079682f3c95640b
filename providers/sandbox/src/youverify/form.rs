//! An actor-assessment request, read as strictly as the vendor is taken to.
//!
//! Optional fields may be null. All problems are collected, by field, and never quote a value.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::country;

use super::kyc::Kyc;

/// What is wrong with a request, by field.
pub(super) type Problems = BTreeMap<String, Vec<String>>;

const KNOWN: &[&str] = &[
    "type",
    "firstName",
    "lastName",
    "middleName",
    "businessName",
    "city",
    "country",
    "industry",
    "lengthOfStay",
    "ageOfAccount",
    "previousAdverseMediaScore",
    "previousRiskScore",
    "adverseMediaQueryDateRange",
    "kycVerifiedBy",
    "isBeneficiary",
    "customWeight",
];
const WEIGHTS: &[&str] = &["kyc", "industry", "city", "country", "sanction", "pep", "adverse_media"];

/// Everything an assessment depends on.
pub(super) struct Form {
    /// First, middle and last name, or the business name.
    pub(super) name: String,
    pub(super) city: String,
    pub(super) country: String,
    pub(super) industry: Option<String>,
    pub(super) months_of_stay: f64,
    pub(super) months_of_account: f64,
    pub(super) previous_media: f64,
    pub(super) previous_risk: f64,
    /// `None` when no media is to be searched.
    pub(super) media_range: Option<(Date, Date)>,
    pub(super) kyc: Kyc,
}

/// Reads one object of a request and collects what is wrong with it.
pub(super) struct Reader<'a> {
    object: &'a Map<String, Value>,
    pub(super) problems: Problems,
}

// === impl Form ===

impl Form {
    pub(super) fn read(body: &Value) -> Result<Self, Problems> {
        let mut reader = Reader::new(body)?;
        reader.only_known(KNOWN);
        let form = Self {
            name: reader.name(),
            city: reader.required("city"),
            country: reader.country(),
            industry: reader.optional("industry"),
            months_of_stay: reader.number("lengthOfStay", f64::MAX),
            months_of_account: reader.number("ageOfAccount", f64::MAX),
            previous_media: reader.number("previousAdverseMediaScore", 100.0),
            previous_risk: reader.number("previousRiskScore", 100.0),
            media_range: reader.media_range(),
            kyc: reader.kyc(),
        };
        reader.weights();
        if reader.problems.is_empty() { Ok(form) } else { Err(reader.problems) }
    }
}

// === impl Reader ===

impl<'a> Reader<'a> {
    pub(super) fn new(body: &'a Value) -> Result<Self, Problems> {
        let none = || Problems::from([("body".to_owned(), vec!["must be an object".to_owned()])]);
        Ok(Self { object: body.as_object().ok_or_else(none)?, problems: Problems::new() })
    }

    pub(super) fn problem(&mut self, field: &str, message: &str) {
        self.problems.entry(field.to_owned()).or_default().push(message.to_owned());
    }

    pub(super) fn only_known(&mut self, known: &[&str]) {
        let unknown: Vec<_> =
            self.object.keys().filter(|key| !known.contains(&key.as_str())).cloned().collect();
        unknown.iter().for_each(|key| self.problem(key, "is not a known field"));
    }

    /// A field that is neither missing nor null.
    pub(super) fn present(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    pub(super) fn optional(&mut self, field: &str) -> Option<String> {
        let value = self.present(field)?;
        let text = value.as_str().map(str::to_owned);
        if text.is_none() {
            self.problem(field, "must be a string");
        }
        text
    }

    pub(super) fn required(&mut self, field: &str) -> String {
        if self.present(field).is_none() {
            self.problem(field, "is required");
            return String::new();
        }
        let text = self.optional(field);
        if text.as_deref().is_some_and(|text| text.trim().is_empty()) {
            self.problem(field, "must not be empty");
        }
        text.unwrap_or_default()
    }

    /// A number from 0 to `most`; 0 when it is not given.
    fn number(&mut self, field: &str, most: f64) -> f64 {
        let Some(value) = self.present(field) else { return 0.0 };
        let number = value.as_f64();
        if !number.is_some_and(|number| (0.0..=most).contains(&number)) {
            self.problem(field, "must be a number within its range");
        }
        number.unwrap_or_default()
    }

    pub(super) fn name(&mut self) -> String {
        let kind = self.required("type");
        match kind.as_str() {
            "individual" => {
                let (first, middle, last) =
                    (self.required("firstName"), self.optional("middleName"), self.required("lastName"));
                let parts = [Some(first), middle, Some(last)].into_iter().flatten();
                parts
                    .map(|part| part.trim().to_owned())
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            "business" => self.required("businessName").trim().to_owned(),
            _ => {
                self.problem("type", "must be individual or business");
                String::new()
            }
        }
    }

    pub(super) fn country(&mut self) -> String {
        let country = self.required("country");
        if !country.is_empty() && !country::is_assigned(&country) {
            self.problem("country", "must be an ISO 3166-1 alpha-2 code");
        }
        country
    }

    fn kyc(&mut self) -> Kyc {
        let word = self.required("kycVerifiedBy");
        let kyc = Kyc::read(&word);
        if kyc.is_none() && !word.is_empty() {
            self.problem("kycVerifiedBy", "is not one of the documented values");
        }
        kyc.unwrap_or(Kyc::NotVerified)
    }

    fn beneficiary(&mut self) -> bool {
        match self.present("isBeneficiary").cloned() {
            None => false,
            Some(Value::Bool(beneficiary)) => beneficiary,
            // The table of fields calls it a number, the sample shows a boolean.
            Some(number) if number == 0 || number == 1 => number == 1,
            Some(_) => {
                self.problem("isBeneficiary", "must be a boolean");
                false
            }
        }
    }

    fn media_range(&mut self) -> Option<(Date, Date)> {
        const FIELD: &str = "adverseMediaQueryDateRange";
        let beneficiary = self.beneficiary();
        match self.object.get(FIELD) {
            None => self.problem(FIELD, "is required"),
            Some(none) if none.is_null() || none == "null" => {
                if !beneficiary {
                    self.problem(FIELD, "may be null for beneficiaries only");
                }
            }
            Some(range) => match dates(range) {
                Some(range) => return Some(range),
                None => self.problem(FIELD, "must have a startDate and a later endDate, both YYYY-MM-DD"),
            },
        }
        None
    }

    /// Custom weights are checked, but change nothing: the unit they are in is not documented.
    fn weights(&mut self) {
        let Some(weights) = self.present("customWeight") else { return };
        let fits = weights.as_object().is_some_and(|weights| {
            weights.iter().all(|(key, weight)| WEIGHTS.contains(&key.as_str()) && weight.is_number())
        });
        if !fits {
            self.problem("customWeight", "must be an object of numbers under the documented keys");
        }
    }
}

fn dates(range: &Value) -> Option<(Date, Date)> {
    let range = range.as_object().filter(|range| range.len() == 2)?;
    let date = |key| {
        let text = range.get(key)?.as_str().filter(|text| text.len() == "YYYY-MM-DD".len())?;
        text.parse::<Date>().ok()
    };
    let (start, end) = (date("startDate")?, date("endDate")?);
    (start <= end).then_some((start, end))
}
