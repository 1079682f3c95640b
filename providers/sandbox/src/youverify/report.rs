//! The report as JSON.

use serde_json::{Map, Number, Value, json};

use crate::chance::Chance;

use super::form::Form;
use super::media::{self, Media};
use super::score::{GEOGRAPHIC_WEIGHT, PERSONAL_WEIGHT, PRODUCT_WEIGHT, Scores, hit};
use super::status;

/// A block of a report, built field by field.
#[derive(Default)]
struct Block(Map<String, Value>);

/// Assesses an actor.
pub(super) fn report(chance: Chance, form: &Form) -> Value {
    let scores = Scores::of(chance, form);
    let Media { news, reason } = media::search(chance, form, scores.media);
    let overall = scores.overall();
    json!({
        "geographic": geographic(form, &scores),
        "product": product(&scores),
        "personal": personal(form, &scores),
        "basicRiskScore": number(overall),
        "previousRiskScore": number(form.previous_risk),
        "riskScore": number(overall),
        "riskStatus": status::overall(overall),
        "adverseMediaNews": news,
        "adverseMediaNewsReason": reason,
    })
}

/// The report of a risk check, as its history has it: with the blocks' own scores, without media.
pub(super) fn checked(chance: Chance, form: &Form, phone: f64) -> Value {
    let scores = Scores::of(chance, form);
    let actual = scores.geographic_with_phone(phone);
    let overall =
        GEOGRAPHIC_WEIGHT * actual + PRODUCT_WEIGHT * scores.product() + PERSONAL_WEIGHT * scores.personal();
    let geographic =
        places(form, &scores).score("phoneIntelligenceScore", phone).weighted(GEOGRAPHIC_WEIGHT, actual);
    json!({
        "geographic": geographic,
        "product": product(&scores),
        "personal": personal(form, &scores),
        "basicRiskScore": number(overall),
        "previousRiskScore": 0,
        "riskScore": number(overall),
        "riskStatus": status::overall(overall),
    })
}

fn geographic(form: &Form, scores: &Scores) -> Value {
    places(form, scores).weighted(GEOGRAPHIC_WEIGHT, scores.geographic())
}

fn places(form: &Form, scores: &Scores) -> Block {
    Block::default()
        .text("country", &form.country)
        .text("city", &form.city)
        .score("countryScore", scores.country)
        .score("cityScore", scores.city)
        .score("lengthOfStayScore", scores.length_of_stay)
}

fn product(scores: &Scores) -> Value {
    Block::default()
        .score("industryScore", scores.industry)
        .score("occupationScore", scores.occupation)
        .weighted(PRODUCT_WEIGHT, scores.product())
}

fn personal(form: &Form, scores: &Scores) -> Value {
    let (kyc, kyc_status) = scores.kyc.scored();
    let listed = scores.listed;
    Block::default()
        .text("name", &form.name)
        .worded("kycScore", kyc, kyc_status)
        .worded("sanctionScore", hit(listed.sanction), status::sanction(listed.sanction))
        .worded("pepScore", hit(listed.pep), status::pep(listed.pep))
        .score("adverseMediaScore", scores.media)
        .score("pAdverseMediaScore", scores.previous_media)
        .score("accountAgeScore", scores.account_age)
        .score("citizenshipScore", scores.citizenship)
        .weighted(PERSONAL_WEIGHT, scores.personal())
}

// === impl Block ===

impl Block {
    fn text(mut self, key: &str, text: &str) -> Self {
        self.0.insert(key.to_owned(), json!(text));
        self
    }

    fn worded(mut self, key: &str, score: f64, status: &str) -> Self {
        self.0.insert(key.to_owned(), number(score));
        self.text(&format!("{key}Status"), status)
    }

    fn score(self, key: &str, score: f64) -> Self {
        self.worded(key, score, status::component(key, score))
    }

    fn weighted(mut self, weight: f64, actual: f64) -> Value {
        self.0.insert("weight".to_owned(), number(weight));
        self.0.insert("weightedScore".to_owned(), number(weight * actual));
        Value::Object(self.worded("actualScore", actual, status::overall(actual)).0)
    }
}

/// A number as the vendor writes it: whole ones without a point.
pub(super) fn number(value: f64) -> Value {
    if value.fract() == 0.0
        && let Ok(whole) = format!("{value:.0}").parse::<i64>()
    {
        return json!(whole);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}
