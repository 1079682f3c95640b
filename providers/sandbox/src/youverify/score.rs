//! The arithmetic of a report.

use crate::chance::Chance;

use super::form::Form;
use super::kyc::Kyc;
use super::lookup::{self, Listed};

pub(super) const GEOGRAPHIC_WEIGHT: f64 = 0.25;
pub(super) const PRODUCT_WEIGHT: f64 = 0.25;
pub(super) const PERSONAL_WEIGHT: f64 = 0.5;

/// What a month takes off; the vendor's own ten digits, which leave a tail in every result.
const PER_MONTH: f64 = 1.666_666_666_6;

/// Every score of a report, 0 to 100 each.
#[derive(Debug)]
pub(super) struct Scores {
    pub(super) country: f64,
    pub(super) city: f64,
    pub(super) length_of_stay: f64,
    pub(super) industry: f64,
    /// Always 0: the request has no occupation.
    pub(super) occupation: f64,
    pub(super) kyc: Kyc,
    pub(super) listed: Listed,
    pub(super) media: f64,
    pub(super) previous_media: f64,
    pub(super) account_age: f64,
    pub(super) citizenship: f64,
}

// === impl Scores ===

impl Scores {
    pub(super) fn of(chance: Chance, form: &Form) -> Self {
        Self {
            country: lookup::country(chance, &form.country),
            city: lookup::city(chance, &form.city),
            length_of_stay: by_months(form.months_of_stay),
            industry: lookup::industry(chance, form.industry.as_deref()),
            occupation: 0.0,
            kyc: form.kyc,
            listed: lookup::listed(chance, form),
            media: lookup::media(chance, form),
            previous_media: form.previous_media,
            account_age: by_months(form.months_of_account),
            citizenship: lookup::citizenship(chance, &form.country),
        }
    }

    pub(super) fn geographic(&self) -> f64 {
        0.35 * self.country + 0.35 * self.city + 0.30 * self.length_of_stay
    }

    /// With what the telephone number tells; how the vendor splits its share with the stay is made up.
    pub(super) fn geographic_with_phone(&self, phone: f64) -> f64 {
        0.25 * self.country + 0.30 * self.city + 0.25 * self.length_of_stay + 0.20 * phone
    }

    pub(super) fn product(&self) -> f64 {
        0.9 * self.industry + 0.1 * self.occupation
    }

    pub(super) fn personal(&self) -> f64 {
        // A previous score of 0 counts as none, as in the vendor's company reports.
        let media = if self.previous_media > 0.0 {
            f64::midpoint(self.media, self.previous_media)
        } else {
            self.media
        };
        0.2 * self.kyc.scored().0
            + 0.2 * hit(self.listed.sanction)
            + 0.2 * hit(self.listed.pep)
            + 0.15 * media
            + 0.1 * self.account_age
            + 0.15 * self.citizenship
    }

    pub(super) fn overall(&self) -> f64 {
        GEOGRAPHIC_WEIGHT * self.geographic()
            + PRODUCT_WEIGHT * self.product()
            + PERSONAL_WEIGHT * self.personal()
    }
}

/// The score of being on a list, or not.
pub(super) fn hit(listed: bool) -> f64 {
    if listed { 100.0 } else { 0.0 }
}

/// Falls from 100 to 0 within five years. A time that is not given is no time.
fn by_months(months: f64) -> f64 {
    (100.0 - months * PER_MONTH).max(0.0)
}
