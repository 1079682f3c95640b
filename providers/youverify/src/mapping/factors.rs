//! The components of a report's blocks as factors.

use risk_provider::{Category, Factor, FactorState, Personal, ProviderName, SubjectType};

use super::{
    asked::{Asked, Given},
    words::{Reading, Wording},
};
use crate::wire::{Echo, Geographic, Percent, PersonalBlock, Product};

const SANCTION: Wording = Wording::Screening { clear: "Sanction Clear", hit: "Sanctioned. High Risk." };
const PEP: Wording = Wording::Screening { clear: "PEP Clear", hit: "On PEP List. High Risk." };

/// One component, before its block's weight is divided.
pub(crate) struct Part<'a> {
    category: Category,
    name: &'static str,
    label: &'static str,
    wording: Wording,
    score: Option<f64>,
    word: Option<&'a str>,
    state: FactorState,
    value: Option<String>,
}

/// The `geographic` block.
pub(crate) fn geographic<'a>(block: &'a Geographic, asked: &Asked) -> Vec<Part<'a>> {
    let part = |name, label, score, word| Part::new(Category::Geography, name, label, score, word);
    let country = answered(block.country.as_ref()).or_else(|| asked.country.clone());
    let city = answered(block.city.as_ref()).or_else(|| asked.city.clone());
    let mut parts = vec![
        part("country", "Country", block.country_score, &block.country_score_status).with_value(country),
        part("city", "City", block.city_score, &block.city_score_status).with_value(city),
        part(
            "address_age",
            "Time at address",
            block.length_of_stay_score,
            &block.length_of_stay_score_status,
        )
        .asked_with(&asked.length_of_stay),
    ];
    let phone = block.phone_intelligence_score;
    if phone.is_some() || asked.phone != Given::Unsupported {
        let word = &block.phone_intelligence_score_status;
        parts.push(part("phone", "Telephone number", phone, word).asked_with(&asked.phone));
    }
    parts
}

/// The `product` block.
pub(crate) fn product<'a>(block: &'a Product, asked: &Asked) -> Vec<Part<'a>> {
    let part = |name, label, score, word| Part::new(Category::Product, name, label, score, word);
    vec![
        part("industry", "Industry", block.industry_score, &block.industry_score_status)
            .asked_with(&asked.industry),
        part("occupation", "Occupation", block.occupation_score, &block.occupation_score_status)
            .asked_with(&asked.occupation),
    ]
}

/// The `personal` block, for companies too. The vendor takes citizenship from the country.
pub(crate) fn personal<'a>(block: &'a PersonalBlock, asked: &Asked) -> Vec<Part<'a>> {
    let customer = |name, label, score, word| Part::new(Category::Customer, name, label, score, word);
    let screening = |name, label, score, word| Part::new(Category::Screening, name, label, score, word);
    let citizenship =
        customer("citizenship", "Citizenship", block.citizenship_score, &block.citizenship_score_status);
    let citizenship = match asked.kind {
        SubjectType::Individual => citizenship.with_value(asked.country.clone()),
        SubjectType::Business => citizenship.in_state(FactorState::NotApplicable),
    };
    let previous = screening(
        "previous_adverse_media",
        "Earlier adverse media",
        block.p_adverse_media_score,
        &block.p_adverse_media_score_status,
    )
    .asked_with(&asked.previous_adverse_media);
    vec![
        customer("kyc", "Identity verification", block.kyc_score, &block.kyc_score_status)
            .asked_with(&asked.kyc)
            .worded(Wording::Kyc),
        screening("sanction", "Sanctions lists", block.sanction_score, &block.sanction_score_status)
            .worded(SANCTION),
        screening("pep", "Political exposure", block.pep_score, &block.pep_score_status).worded(PEP),
        screening(
            "adverse_media",
            "Adverse media",
            block.adverse_media_score,
            &block.adverse_media_score_status,
        ),
        previous,
        customer("account_age", "Age of account", block.account_age_score, &block.account_age_score_status)
            .asked_with(&asked.age_of_account),
        citizenship,
    ]
}

/// A block's parts as factors, its weight divided equally among the applicable ones, each with its reading.
pub(crate) fn weighed(parts: Vec<Part<'_>>, weight: f64, provider: &ProviderName) -> Vec<(Factor, Reading)> {
    let applicable: f64 = parts.iter().filter(|part| part.state.applies()).map(|_| 1.0).sum();
    let share = weight / applicable.max(1.0);
    parts.into_iter().map(|part| part.weighed(share, provider)).collect()
}

// === impl Part ===

impl<'a> Part<'a> {
    fn new(
        category: Category,
        name: &'static str,
        label: &'static str,
        score: Option<Percent>,
        word: &'a Option<String>,
    ) -> Self {
        let state = if score.is_some() { FactorState::Scored } else { FactorState::NoData };
        let (score, word) = (score.map(|score| score.0), word.as_deref());
        Self { category, name, label, wording: Wording::Scale, score, word, state, value: None }
    }

    fn worded(self, wording: Wording) -> Self {
        Self { wording, ..self }
    }

    fn in_state(self, state: FactorState) -> Self {
        Self { state, ..self }
    }

    fn with_value(self, value: Option<String>) -> Self {
        Self { value, ..self }
    }

    /// With the input it judges; without one, the vendor's number is an assumption.
    fn asked_with(self, input: &Given) -> Self {
        match input {
            Given::Value(value) => self.with_value(Some(value.clone())),
            Given::Missing => self.in_state(FactorState::MissingInput),
            Given::Meaningless => self.in_state(FactorState::NotApplicable),
            Given::Unsupported => self.in_state(FactorState::Unsupported),
        }
    }

    /// A part that does not apply keeps the vendor's number and word, but neither level nor weight.
    fn weighed(self, share: f64, provider: &ProviderName) -> (Factor, Reading) {
        let applies = self.state.applies();
        let reading = if applies { self.wording.read(self.score, self.word) } else { Reading::SAYS_NOTHING };
        let factor = Factor {
            category: self.category,
            code: format!("{}.{}", self.category.as_str(), self.name),
            label: self.label.to_owned(),
            state: self.state,
            value: self.value.map(Personal::new),
            score: self.score,
            level: reading.level,
            vendor_label: self.word.map(str::to_owned),
            weight: applies.then_some(share),
            contribution: None,
            provider: provider.clone(),
        };
        (factor, reading)
    }
}

/// What the vendor repeats of an input.
pub(super) fn answered(echo: Option<&Echo>) -> Option<String> {
    echo.and_then(Echo::text)
}
