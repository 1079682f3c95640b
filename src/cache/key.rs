//! What makes two questions the same: keys by construction.

use std::sync::Arc;

use jiff::civil::Date;
use risk_provider::{
    CountryCode, Descriptor, Input, ProviderAssessment, ProviderName, Subject, VendorReference,
};
use serde::{Deserialize, Serialize};

use crate::{
    secrets::{HashKey, Purpose},
    store::AskedAbout,
};

/// Keyed hash of a question; equal only for equal questions, and says nothing about the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CacheKey([u8; 32]);

/// Makes keys.
#[derive(Debug, Clone)]
pub struct KeyMaker(Arc<HashKey>);

// === impl KeyMaker ===

impl KeyMaker {
    /// A maker of keys under `hash_key`.
    #[must_use]
    pub const fn new(hash_key: Arc<HashKey>) -> Self {
        Self(hash_key)
    }

    /// The key of `team` asking the provider of `descriptor` about `subject` on `today`, with the questionnaire
    /// of `fingerprint` in force.
    ///
    /// Holds exactly the inputs that the provider declares; [`Subject::inputs`] takes the subject apart.
    #[must_use]
    pub fn key(
        &self,
        team: &str,
        descriptor: &Descriptor,
        fingerprint: Option<&str>,
        subject: &Subject,
        today: Date,
    ) -> CacheKey {
        let present = subject.inputs(today);
        let mut parts: Vec<Vec<u8>> = [
            team,
            subject.reference.expose(),
            descriptor.name.as_str(),
            descriptor.kind,
            descriptor.mapping_version,
            fingerprint.unwrap_or_default(),
            subject.kind().as_str(),
        ]
        .map(|part| part.as_bytes().to_vec())
        .to_vec();
        for declared in &descriptor.inputs {
            let value = present.iter().find(|(input, _)| input == declared);
            parts.push(declared.name().into_bytes());
            parts.push(value.map_or_else(|| b"absent".to_vec(), |(_, value)| value.canonical().into_bytes()));
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        CacheKey(self.0.mac(Purpose::CacheKey, &parts))
    }

    /// What `team` asks about `subject` on `today`, whoever is asked: every input that any provider could derive. The
    /// last year, which is searched for adverse media where nobody says otherwise, is the same on every day.
    #[must_use]
    pub fn asked_about(&self, team: &str, subject: &Subject, today: Date) -> AskedAbout {
        let fixed = [team, subject.reference.expose(), subject.kind().as_str()];
        let mut parts: Vec<Vec<u8>> = fixed.map(|part| part.as_bytes().to_vec()).to_vec();
        for (input, value) in subject.inputs(today) {
            if input == Input::AdverseMediaWindow && subject.adverse_media_window.is_none() {
                continue;
            }
            parts.push(input.name().into_bytes());
            parts.push(value.canonical().into_bytes());
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        AskedAbout {
            question_mac: half(&self.0.mac(Purpose::Question, &parts)),
            subject_type: subject.kind(),
            country_mac: self.country(subject.country),
        }
    }

    /// Keyed hash of a country, in which subjects are alike and that says nothing.
    #[must_use]
    pub fn country(&self, country: CountryCode) -> String {
        half(&self.0.mac(Purpose::Country, &[country.as_str().as_bytes()]))
    }

    /// Keyed hash of a vendor's own reference, in hexadecimal.
    #[must_use]
    pub fn vendor_reference(&self, provider: &ProviderName, reference: &VendorReference) -> String {
        let parts = [provider.as_str().as_bytes(), reference.0.as_bytes()];
        let mac = self.0.mac(Purpose::VendorReference, &parts);
        mac.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A team's draw about a subject for a purpose: from 0 up to 1, evenly spread, and the same every time.
    #[must_use]
    pub fn draw(&self, team: &str, purpose: &str, reference: &str) -> f64 {
        let parts = [team.as_bytes(), purpose.as_bytes(), reference.as_bytes()];
        let [a, b, c, d, ..] = self.0.mac(Purpose::Draw, &parts);
        f64::from(u32::from_be_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
    }

    /// Keyed hash by which a team's answer of this provider is found again.
    #[must_use]
    pub fn held_reference(
        &self,
        team: &str,
        provider: &ProviderName,
        reference: &VendorReference,
    ) -> [u8; 32] {
        let parts = [team, provider.as_str(), &reference.0].map(str::as_bytes);
        self.0.mac(Purpose::VendorReference, &parts)
    }

    /// The same of what a provider said; none where it gave no reference.
    #[must_use]
    pub fn reference_of(&self, team: &str, said: &ProviderAssessment) -> Option<[u8; 32]> {
        said.vendor_reference.as_ref().map(|reference| self.held_reference(team, &said.provider, reference))
    }

    /// Stands in for the reference of a subject whom nobody asked about, such as that of an imported check.
    #[must_use]
    pub fn nameless(&self, parts: &[&str]) -> [u8; 32] {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        self.0.mac(Purpose::Import, &parts)
    }

    /// Keyed hash of what a vendor lists on one page, in whatever order.
    #[must_use]
    pub fn listed(&self, mut references: Vec<&str>) -> String {
        references.sort_unstable();
        half(&self.nameless(&references))
    }

    /// Keyed hash of a team's subject reference.
    #[must_use]
    pub fn reference_mac(&self, team: &str, reference: &str) -> [u8; 32] {
        self.0.mac(Purpose::SubjectReference, &[team.as_bytes(), reference.as_bytes()])
    }
}

/// Half of a hash, in hexadecimal: enough to tell what is equal.
fn half(mac: &[u8; 32]) -> String {
    mac.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use risk_provider::{Input, SubjectRequest, SubjectType};
    use serde_json::{Value, json};

    use super::*;

    const TODAY: Date = date(2026, 11, 21);

    fn descriptor() -> Descriptor {
        Descriptor {
            name: ProviderName::new("idenfy"),
            kind: "idenfy",
            subject_types: &[SubjectType::Individual],
            inputs: vec![Input::Name, Input::Country, Input::MonthsAtAddress],
            required: Vec::new(),
            scale: "idenfy:0-100",
            mapping_version: "idenfy/2",
            operations: &[],
        }
    }

    fn key_of(team: &str, fingerprint: Option<&str>, change: impl Fn(&mut Value), today: Date) -> CacheKey {
        let mut subject = json!({"reference": "r", "type": "individual", "country": "NG", "moved_in_on": "2024-05-21",
            "name": {"first": "Ahmed", "last": "Al Khalid"}});
        change(&mut subject);
        let subject =
            serde_json::from_value::<SubjectRequest>(subject).expect("typed").accept(today).expect("valid");
        let maker = KeyMaker::new(Arc::new(HashKey::from_bytes([1; 32])));
        maker.key(team, &descriptor(), fingerprint, &subject, today)
    }

    #[test]
    fn only_what_the_provider_receives_makes_another_question() {
        let same = |_: &mut Value| {};
        let plain = key_of("risk", None, same, TODAY);
        assert_eq!(plain, key_of("risk", None, |subject| subject["city"] = json!("lagos"), TODAY));
        assert_eq!(plain, key_of("risk", None, same, date(2026, 12, 20)), "still 30 whole months");
        let others = [
            key_of("fraud", None, same, TODAY),
            key_of("risk", Some("f1"), same, TODAY),
            key_of("risk", None, |subject| subject["reference"] = json!("s"), TODAY),
            key_of("risk", None, |subject| subject["country"] = json!("DE"), TODAY),
            key_of("risk", None, |subject| subject["name"]["last"] = json!("Khalid"), TODAY),
            key_of("risk", None, |subject| subject["moved_in_on"] = Value::Null, TODAY),
            key_of("risk", None, same, date(2026, 12, 21)),
        ];
        for (index, other) in others.iter().enumerate() {
            assert_ne!(plain, *other, "{index}");
        }
    }

    #[test]
    fn whatever_any_provider_could_derive_makes_another_question() {
        let asked = |change: &dyn Fn(&mut Value), team: &str, today| {
            let mut subject = json!({"reference": "r", "type": "individual", "country": "NG", "city": "lagos",
                "moved_in_on": "2024-05-21", "name": {"first": "Ahmed", "last": "Al Khalid"}});
            change(&mut subject);
            let subject = serde_json::from_value::<SubjectRequest>(subject)
                .expect("typed")
                .accept(today)
                .expect("valid");
            KeyMaker::new(Arc::new(HashKey::from_bytes([1; 32]))).asked_about(team, &subject, today)
        };
        let same: &dyn Fn(&mut Value) = &|_| {};
        let plain = asked(same, "risk", TODAY);
        assert_eq!(plain, asked(same, "risk", date(2026, 12, 20)), "another day, and the same whole months");
        let set =
            |field: &'static str, value: Value| move |subject: &mut Value| subject[field] = value.clone();
        let others = [
            asked(same, "fraud", TODAY),
            asked(same, "risk", date(2026, 12, 21)),
            asked(&set("reference", json!("s")), "risk", TODAY),
            asked(&set("city", json!("abuja")), "risk", TODAY),
            asked(&set("phone", json!("1")), "risk", TODAY),
            asked(&set("previous_risk_score", json!(4)), "risk", TODAY),
            asked(
                &set("adverse_media_window", json!({"from": "2025-01-01", "to": "2025-02-01"})),
                "risk",
                TODAY,
            ),
        ];
        for (index, other) in others.iter().enumerate() {
            assert_ne!(plain.question_mac, other.question_mac, "{index}");
            assert_eq!(plain.country_mac, other.country_mac, "{index}");
        }
        assert_ne!(plain.country_mac, asked(&set("country", json!("DE")), "risk", TODAY).country_mac);
    }
}
