//! What a question held, as far as the factors of its answer depend on it.

use risk_provider::SubjectType;

use crate::wire::Request;

/// The inputs behind a report.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) kind: SubjectType,
    pub(crate) country: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) length_of_stay: Given,
    pub(crate) phone: Given,
    pub(crate) industry: Given,
    pub(crate) occupation: Given,
    pub(crate) kyc: Given,
    pub(crate) age_of_account: Given,
    pub(crate) previous_adverse_media: Given,
}

/// Whether an input was there to be judged.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Given {
    /// It was.
    Value(String),
    /// It could have been, and was not.
    Missing,
    /// It means nothing for this subject.
    Meaningless,
    /// The call has no such input.
    Unsupported,
}

// === impl Asked ===

impl Asked {
    /// What an actor assessment was asked with.
    pub(crate) fn of_actor(request: &Request<'_>) -> Self {
        let previous = request.previous_adverse_media_score.as_ref();
        Self {
            kind: request.kind,
            country: Some(request.country.to_owned()),
            city: request.city.map(str::to_owned),
            length_of_stay: Given::text(request.length_of_stay),
            phone: Given::Unsupported,
            industry: Given::text(request.industry),
            occupation: match request.kind {
                SubjectType::Individual => Given::Unsupported,
                SubjectType::Business => Given::Meaningless,
            },
            kyc: Given::Value(request.kyc_verified_by.to_owned()),
            age_of_account: Given::text(request.age_of_account),
            previous_adverse_media: previous
                .map_or(Given::Meaningless, |sent| Given::Value(sent.to_string())),
        }
    }
}

// === impl Given ===

impl Given {
    /// An input that the call takes.
    pub(crate) fn text(value: Option<impl ToString>) -> Self {
        value.map_or(Self::Missing, |value| Self::Value(value.to_string()))
    }
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[personal]")
    }
}
