//! What a provider derives from a subject: the inputs that may reach a vendor, by name.
//!
//! A provider declares the inputs it uses; the cache key is made of exactly those. [`Subject::inputs`] takes
//! the subject apart field by field, so that a new field cannot be forgotten here.

use std::fmt;

use jiff::{Span, Unit, civil::Date};

use crate::subject::{Identity, Subject, Window};

/// One input of a provider: a subject's field, or what is derived from it at the time of the call.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the subject's field names")]
pub enum Input {
    Name,
    FirstName,
    MiddleName,
    LastName,
    Country,
    City,
    Nationality,
    DateOfBirth,
    Industry,
    Occupation,
    /// Whole months since `moved_in_on`.
    MonthsAtAddress,
    /// Whole months since `account_opened_on`.
    AccountAgeMonths,
    KycVerifiedBy,
    /// The last valid day of the identity document.
    KycDocumentExpiresOn,
    /// How long ago the identity document expired: `valid`, `expired_30` or `expired_90`. Only of a subject whose
    /// document's last day is known: of any other, nobody said that the document is valid.
    KycDocumentState,
    PoliticallyExposed,
    PreviousRiskScore,
    PreviousAdverseMediaScore,
    /// The days searched for adverse media; the last year when the caller names none.
    AdverseMediaWindow,
    IsBeneficiary,
    IdNumber,
    Phone,
    Consent,
    /// The answer to the caller's question of this name.
    Answer(String),
}

/// The value of one input.
#[derive(Clone, PartialEq)]
pub enum InputValue {
    /// A text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A count of whole months.
    Months(u32),
    /// A day.
    Day(Date),
    /// A range of days.
    Days(Window),
}

/// How an identity document stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentState {
    /// Still valid, or no expiry known.
    Valid,
    /// Expired for at most 30 days.
    Expired30,
    /// Expired for longer.
    Expired90,
}

const NAMES: [(&str, Input); 23] = [
    ("name", Input::Name),
    ("name.first", Input::FirstName),
    ("name.middle", Input::MiddleName),
    ("name.last", Input::LastName),
    ("country", Input::Country),
    ("city", Input::City),
    ("nationality", Input::Nationality),
    ("date_of_birth", Input::DateOfBirth),
    ("industry", Input::Industry),
    ("occupation", Input::Occupation),
    ("months_at_address", Input::MonthsAtAddress),
    ("account_age_months", Input::AccountAgeMonths),
    ("kyc.verified_by", Input::KycVerifiedBy),
    ("kyc.document_expires_on", Input::KycDocumentExpiresOn),
    ("kyc.document_state", Input::KycDocumentState),
    ("politically_exposed", Input::PoliticallyExposed),
    ("previous_risk_score", Input::PreviousRiskScore),
    ("previous_adverse_media_score", Input::PreviousAdverseMediaScore),
    ("adverse_media_window", Input::AdverseMediaWindow),
    ("is_beneficiary", Input::IsBeneficiary),
    ("id_number", Input::IdNumber),
    ("phone", Input::Phone),
    ("consent", Input::Consent),
];

// === impl Input ===

impl Input {
    /// Reads a dotted name such as `kyc.verified_by` or `answers.hobby`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if let Some(question) = name.strip_prefix("answers.") {
            return (!question.is_empty()).then(|| Self::Answer(question.to_owned()));
        }
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, input)| input.clone())
    }

    /// Every name that [`Input::parse`] knows, besides `answers.…`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// The dotted name of the subject's field.
    #[must_use]
    pub fn name(&self) -> String {
        if let Self::Answer(question) = self {
            return format!("answers.{question}");
        }
        let known = NAMES.iter().find(|(_, input)| input == self);
        known.map_or_else(String::new, |(name, _)| (*name).to_owned())
    }

    /// The dotted name of the field that a caller gives to have this input.
    #[must_use]
    pub fn field(&self) -> String {
        if *self == Self::KycDocumentState { Self::KycDocumentExpiresOn.name() } else { self.name() }
    }
}

impl fmt::Debug for Input {
    /// The name, without the caller's own words in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self, Self::Answer(_)) {
            f.write_str("answers.[personal]")
        } else {
            f.write_str(&self.name())
        }
    }
}

// === impl InputValue ===

impl InputValue {
    /// An unambiguous text of the value, for keys.
    #[must_use]
    pub fn canonical(&self) -> String {
        match self {
            Self::Text(text) => format!("text:{text}"),
            Self::Texts(texts) => {
                let texts = texts.iter().map(|text| format!("{}:{text}", text.len())).collect::<Vec<_>>();
                format!("texts:{}", texts.join(","))
            }
            Self::Flag(flag) => format!("flag:{flag}"),
            Self::Number(number) => format!("number:{number}"),
            Self::Months(months) => format!("months:{months}"),
            Self::Day(day) => format!("day:{day}"),
            Self::Days(window) => format!("days:{}/{}", window.from, window.to),
        }
    }

    /// The value in words, as a questionnaire takes it; `true` and `false` for a flag.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.clone()],
            Self::Texts(texts) => texts.clone(),
            Self::Flag(flag) => vec![flag.to_string()],
            Self::Number(number) => vec![number.to_string()],
            Self::Months(months) => vec![months.to_string()],
            Self::Day(day) => vec![day.to_string()],
            Self::Days(window) => vec![format!("{}/{}", window.from, window.to)],
        }
    }
}

impl fmt::Debug for InputValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

// === impl DocumentState ===

impl DocumentState {
    /// The word used in keys and by questionnaires.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired30 => "expired_30",
            Self::Expired90 => "expired_90",
        }
    }
}

// === impl Subject ===

impl Subject {
    /// Every input that this subject has on `today`, in a fixed order; absent fields are left out.
    #[must_use]
    pub fn inputs(&self, today: Date) -> Vec<(Input, InputValue)> {
        let Self {
            reference: _, // identifies the subject to the caller; no vendor receives it
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
            adverse_media_window: _,
            is_beneficiary,
            id_number,
            phone,
            consent,
            answers,
        } = self;
        let text = |text: &crate::Personal<String>| InputValue::Text(text.expose().clone());
        let since = |date: &Date| InputValue::Months(whole_months(*date, today));
        let verified_by = kyc.as_ref().and_then(|kyc| kyc.verified_by.clone());
        let expires_on = kyc.as_ref().and_then(|kyc| kyc.document_expires_on);
        let mut inputs = name_inputs(identity);
        let mut add =
            |input: Input, value: Option<InputValue>| inputs.extend(value.map(|value| (input, value)));
        add(Input::Country, Some(InputValue::Text(country.to_string())));
        add(Input::City, city.as_ref().map(text));
        add(Input::Nationality, nationality.map(|code| InputValue::Text(code.to_string())));
        add(Input::DateOfBirth, date_of_birth.as_ref().map(|date| InputValue::Day(*date.expose())));
        add(Input::Industry, industry.as_ref().map(text));
        add(Input::Occupation, occupation.as_ref().map(text));
        add(Input::MonthsAtAddress, moved_in_on.as_ref().map(since));
        add(Input::AccountAgeMonths, account_opened_on.as_ref().map(since));
        add(Input::KycVerifiedBy, verified_by.map(InputValue::Text));
        add(Input::KycDocumentExpiresOn, expires_on.map(InputValue::Day));
        let state = expires_on.map(|_| self.document_state(today).as_str().to_owned());
        add(Input::KycDocumentState, state.map(InputValue::Text));
        add(Input::PoliticallyExposed, politically_exposed.map(InputValue::Flag));
        add(Input::PreviousRiskScore, previous_risk_score.map(InputValue::Number));
        add(Input::PreviousAdverseMediaScore, previous_adverse_media_score.map(InputValue::Number));
        add(Input::AdverseMediaWindow, Some(InputValue::Days(self.media_window(today))));
        add(Input::IsBeneficiary, is_beneficiary.map(InputValue::Flag));
        add(Input::IdNumber, id_number.as_ref().map(text));
        add(Input::Phone, phone.as_ref().map(text));
        add(Input::Consent, consent.map(InputValue::Flag));
        for (question, answer) in answers {
            add(Input::Answer(question.clone()), Some(InputValue::Texts(answer.texts())));
        }
        inputs
    }

    /// The value of one input on `today`.
    #[must_use]
    pub fn input(&self, wanted: &Input, today: Date) -> Option<InputValue> {
        self.inputs(today).into_iter().find(|(input, _)| input == wanted).map(|(_, value)| value)
    }

    /// The days to search for adverse media: the caller's, else the year up to `today`.
    #[must_use]
    pub fn media_window(&self, today: Date) -> Window {
        let last_year =
            || Window { from: today.checked_sub(Span::new().years(1)).unwrap_or(today), to: today };
        self.adverse_media_window.unwrap_or_else(last_year)
    }

    /// How the identity document stands on `today`; it is still valid on its last day.
    #[must_use]
    pub fn document_state(&self, today: Date) -> DocumentState {
        let expires_on = self.kyc.as_ref().and_then(|kyc| kyc.document_expires_on);
        match expires_on.map(|last| days_between(last, today)) {
            None | Some(..=0) => DocumentState::Valid,
            Some(1..=30) => DocumentState::Expired30,
            Some(31..) => DocumentState::Expired90,
        }
    }
}

fn name_inputs(identity: &Identity) -> Vec<(Input, InputValue)> {
    let text = |text: &crate::Personal<String>| InputValue::Text(text.expose().clone());
    match identity {
        Identity::Individual(name) => {
            let mut inputs = vec![
                (Input::Name, text(&name.full())),
                (Input::FirstName, text(&name.first)),
                (Input::LastName, text(&name.last)),
            ];
            inputs.extend(name.middle.as_ref().map(|middle| (Input::MiddleName, text(middle))));
            inputs
        }
        Identity::Business(name) => vec![(Input::Name, text(name))],
    }
}

/// Whole months from `date` to `today`; 0 when `date` lies in the future.
#[must_use]
pub fn whole_months(date: Date, today: Date) -> u32 {
    let months = date.until((Unit::Month, today)).map_or(0, |span| span.get_months());
    u32::try_from(months).unwrap_or(0)
}

fn days_between(earlier: Date, later: Date) -> i32 {
    later.since(earlier).map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn names_and_inputs_are_one_to_one() {
        for name in Input::names() {
            assert_eq!(Input::parse(name).map(|input| input.name()), Some(name.to_owned()));
        }
        assert_eq!(Input::parse("answers.hobby"), Some(Input::Answer("hobby".to_owned())));
        assert_eq!(Input::parse("answers."), None);
        assert_eq!(Input::parse("reference"), None);
    }

    #[test]
    fn months_are_whole_and_never_negative() {
        let today = date(2026, 11, 21);
        let cases = [
            (date(2026, 11, 21), 0),
            (date(2026, 10, 22), 0),
            (date(2026, 10, 21), 1),
            (date(2024, 5, 21), 30),
            (date(1926, 11, 21), 1200),
            (date(2027, 1, 1), 0),
        ];
        for (since, months) in cases {
            assert_eq!(whole_months(since, today), months, "{since}");
        }
    }
}
