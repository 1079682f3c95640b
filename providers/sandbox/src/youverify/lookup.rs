//! Scores that are looked up: documented ones as documented, the others by hash.

use crate::chance::{Chance, normalised};
use crate::country;

use super::form::Form;

/// Whether the actor is on a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    pub(super) sanction: bool,
    pub(super) pep: bool,
}

pub(super) fn country(chance: Chance, code: &str) -> f64 {
    if code == "NG" { 56.78 } else { by_country(chance, "country", code) }
}

pub(super) fn citizenship(chance: Chance, code: &str) -> f64 {
    if code == "NG" { 68.8 } else { by_country(chance, "citizenship", code) }
}

pub(super) fn city(chance: Chance, city: &str) -> f64 {
    match normalised(city).as_str() {
        "lagos" => 67.6,
        other => chance.between(0.0, 100.0, &["city", other]),
    }
}

pub(super) fn industry(chance: Chance, industry: Option<&str>) -> f64 {
    match industry.map(normalised).as_deref() {
        None | Some("" | "others") => 0.0,
        Some("arms_dealers") => 100.0,
        Some("casinos") => 80.0,
        Some(other) => chance.between(0.0, 100.0, &["industry", other]),
    }
}

/// What a telephone number tells; nothing when there is none.
pub(super) fn phone(chance: Chance, number: Option<&str>) -> f64 {
    match number {
        None | Some("08000000000") => 0.0,
        Some(number) => chance.between(0.0, 60.0, &["phone", number]),
    }
}

/// List hits: a few in a hundred by hash, or as the name's own words demand.
pub(super) fn listed(chance: Chance, form: &Form) -> Listed {
    let roll = |what| chance.unit(&[what, &normalised(&form.name), &form.country]);
    let clear = says(form, &["clear"]);
    Listed {
        sanction: says(form, &["sanction", "sanctioned"]) || !clear && roll("sanction") < 0.03,
        pep: says(form, &["pep"]) || !clear && roll("pep") < 0.06,
    }
}

/// The adverse-media score: 0 for two in three, and where no media is searched.
pub(super) fn media(chance: Chance, form: &Form) -> f64 {
    if form.media_range.is_none() {
        return 0.0;
    }
    let name = normalised(&form.name);
    match (name.as_str(), form.country.as_str()) {
        ("ahmed al khalid", "NG") => return 231.7 / 3.0,
        ("tesla", "NG") => return 73.6,
        _ => {}
    }
    if says(form, &["media"]) {
        return chance.between(65.0, 98.0, &["media", &name, &form.country]);
    }
    let found = chance.unit(&["any media", &name, &form.country]) < 0.35 && !says(form, &["clear"]);
    if found { chance.between(12.0, 98.0, &["media", &name, &form.country]) } else { 0.0 }
}

/// Whether one of the words stands alone in the name, in any case.
fn says(form: &Form, words: &[&str]) -> bool {
    let name = form.name.to_lowercase();
    name.split(|letter: char| !letter.is_alphanumeric()).any(|word| words.contains(&word))
}

fn by_country(chance: Chance, what: &str, code: &str) -> f64 {
    let (low, high) = country::level(code).map_or((0.0, 100.0), crate::level::Level::fifth);
    chance.between(low, high, &[what, code])
}
