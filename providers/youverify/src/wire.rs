//! The vendor's JSON exactly as sent; fields that nobody reads are left out.

use risk_provider::SubjectType;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Number, value::RawValue};

use crate::config::CustomWeights;

/// Body of an actor assessment, in the documented order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: SubjectType,
    pub(crate) first_name: Option<&'a str>,
    pub(crate) last_name: Option<&'a str>,
    pub(crate) middle_name: Option<&'a str>,
    pub(crate) business_name: Option<&'a str>,
    pub(crate) city: Option<&'a str>,
    pub(crate) country: &'static str,
    pub(crate) kyc_verified_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) length_of_stay: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) industry: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) age_of_account: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) previous_adverse_media_score: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) previous_risk_score: Option<Number>,
    pub(crate) adverse_media_query_date_range: Option<DateRange>,
    pub(crate) is_beneficiary: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) custom_weight: Option<&'a CustomWeights>,
}

/// Days searched for adverse media, both included.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DateRange {
    pub(crate) start_date: String,
    pub(crate) end_date: String,
}

/// A report; its parts are decoded on their own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report<'a> {
    #[serde(borrow)]
    pub(crate) geographic: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) product: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) personal: Option<&'a RawValue>,
    pub(crate) basic_risk_score: Option<f64>,
    #[serde(borrow)]
    pub(crate) risk_score: Option<&'a RawValue>,
    pub(crate) risk_status: Option<String>,
    #[serde(borrow)]
    pub(crate) adverse_media_news: Option<Vec<&'a RawValue>>,
}

/// What every block has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sums {
    pub(crate) weight: Option<f64>,
    pub(crate) actual_score: Option<f64>,
    pub(crate) weighted_score: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Geographic {
    pub(crate) country: Option<Echo>,
    pub(crate) country_score: Option<Percent>,
    pub(crate) country_score_status: Option<String>,
    pub(crate) city: Option<Echo>,
    pub(crate) city_score: Option<Percent>,
    pub(crate) city_score_status: Option<String>,
    pub(crate) length_of_stay_score: Option<Percent>,
    pub(crate) length_of_stay_score_status: Option<String>,
    pub(crate) phone_intelligence_score: Option<Percent>,
    pub(crate) phone_intelligence_score_status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Product {
    pub(crate) industry_score: Option<Percent>,
    pub(crate) industry_score_status: Option<String>,
    pub(crate) occupation_score: Option<Percent>,
    pub(crate) occupation_score_status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonalBlock {
    pub(crate) name: Option<String>,
    pub(crate) kyc_score: Option<Percent>,
    pub(crate) kyc_score_status: Option<String>,
    pub(crate) sanction_score: Option<Percent>,
    pub(crate) sanction_score_status: Option<String>,
    pub(crate) pep_score: Option<Percent>,
    pub(crate) pep_score_status: Option<String>,
    pub(crate) adverse_media_score: Option<Percent>,
    pub(crate) adverse_media_score_status: Option<String>,
    /// The previous one.
    pub(crate) p_adverse_media_score: Option<Percent>,
    pub(crate) p_adverse_media_score_status: Option<String>,
    pub(crate) account_age_score: Option<Percent>,
    pub(crate) account_age_score_status: Option<String>,
    pub(crate) citizenship_score: Option<Percent>,
    pub(crate) citizenship_score_status: Option<String>,
}

/// An article; every field is decoded on its own, so that an odd one costs only itself.
#[derive(Deserialize, Default)]
pub(crate) struct Article<'a> {
    #[serde(borrow, rename = "_id")]
    pub(crate) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) date: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) source: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) headline: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) score: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) tags: Option<&'a RawValue>,
}

/// A component's score: a number from 0 to 100, or the whole report is refused.
#[derive(Clone, Copy)]
pub(crate) struct Percent(pub(crate) f64);

/// An input that comes back; documented as an array, sent as a string.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Echo {
    One(String),
    Many(Vec<String>),
    Odd(de::IgnoredAny),
}

// === impl Percent ===

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        let possible = (0.0..=100.0).contains(&value);
        possible.then_some(Self(value)).ok_or_else(|| de::Error::custom("not a number from 0 to 100"))
    }
}

// === impl Echo ===

impl Echo {
    /// The input in words; none when nothing readable came back.
    pub(crate) fn text(&self) -> Option<String> {
        let text = match self {
            Self::One(text) => text.clone(),
            Self::Many(texts) => texts.join(", "),
            Self::Odd(_) => return None,
        };
        (!text.trim().is_empty()).then_some(text)
    }
}

/// Decodes a JSON object; none for anything else, arrays included, which serde would read by position.
pub(crate) fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    let text = text.trim_start();
    if text.starts_with('{') { serde_json::from_str(text).ok() } else { None }
}

/// A JSON string that says something, without stray blanks.
pub(crate) fn text(raw: Option<&RawValue>) -> Option<String> {
    let text: String = serde_json::from_str(raw?.get()).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
