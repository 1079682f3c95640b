//! What a report was made from: the subject that was asked about, or the vendor's own record of it.

use jiff::civil::Date;
use risk_provider::{Personal, Subject, SubjectType, input::whole_months};
use serde_json::Value;

use super::request;
use crate::mapping::{Asked, Given};

/// What the vendor keeps about the subject of a profile.
pub(super) struct Entity {
    kind: SubjectType,
    information: Value,
}

/// What the check of `subject` was started with.
pub(super) fn of_subject(subject: &Subject, today: Date) -> Asked {
    let text = |text: &Option<Personal<String>>| Given::text(text.as_ref().map(Personal::expose));
    let kind = subject.kind();
    Asked {
        kind,
        country: Some(subject.country.to_string()),
        city: subject.city.as_ref().map(|city| city.expose().clone()),
        length_of_stay: Given::text(subject.moved_in_on.map(|since| whole_months(since, today))),
        phone: text(&subject.phone),
        industry: text(&subject.industry),
        occupation: occupation(kind, text(&subject.occupation)),
        kyc: verification(Some(request::is_verified(subject, today))),
        age_of_account: Given::Unsupported,
        previous_adverse_media: Given::Unsupported,
    }
}

fn occupation(kind: SubjectType, given: Given) -> Given {
    match kind {
        SubjectType::Individual => given,
        SubjectType::Business => Given::Meaningless,
    }
}

fn verification(verified: Option<bool>) -> Given {
    Given::text(verified.map(|verified| if verified { "verified" } else { "not_verified" }))
}

// === impl Entity ===

impl Entity {
    /// The vendor's record, of the stated type; of the type that the record fits when none is stated.
    pub(super) fn new(stated: Option<&str>, information: Value) -> Self {
        let kind = match stated {
            Some("individual") => SubjectType::Individual,
            Some("business") => SubjectType::Business,
            Some(_) | None if information.get("businessInformation").is_some_and(Value::is_object) => {
                SubjectType::Business
            }
            Some(_) | None => SubjectType::Individual,
        };
        Self { kind, information }
    }

    /// The whole name, when every part of it is there.
    pub(super) fn name(&self) -> Option<String> {
        match self.kind {
            SubjectType::Business => self.text("/businessInformation/businessName"),
            SubjectType::Individual => {
                let (first, last) =
                    (self.text("/personalInformation/firstName"), self.text("/personalInformation/lastName"));
                first.zip(last).map(|(first, last)| format!("{first} {last}"))
            }
        }
    }

    /// The record's own id, which is not the profile's.
    pub(super) fn id(&self) -> Option<String> {
        self.text("/_id")
    }

    /// What the check was started with, as far as the record says.
    pub(super) fn asked(&self) -> Asked {
        let own = match self.kind {
            SubjectType::Business => "/businessInformation",
            SubjectType::Individual => "/personalInformation",
        };
        let industry = match self.kind {
            SubjectType::Business => self.text("/businessInformation/businessIndustry"),
            SubjectType::Individual => self.text("/workInformation/industry"),
        };
        let verified = self.information.pointer(&format!("{own}/isIdVerified")).and_then(Value::as_bool);
        Asked {
            kind: self.kind,
            country: self.text("/geographicInformation/country"),
            city: self.text("/geographicInformation/city"),
            length_of_stay: Given::text(self.text("/geographicInformation/lengthOfStay")),
            phone: Given::text(self.text(&format!("{own}/phoneNumber"))),
            industry: Given::text(industry),
            occupation: occupation(self.kind, Given::text(self.text("/workInformation/occupation"))),
            kyc: verification(verified),
            age_of_account: Given::Unsupported,
            previous_adverse_media: Given::Unsupported,
        }
    }

    /// A text or number of the record; none for a blank one.
    fn text(&self, pointer: &str) -> Option<String> {
        match self.information.pointer(pointer)? {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}
