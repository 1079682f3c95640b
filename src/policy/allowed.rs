//! To which vendors a route may show which subjects.

use risk_provider::{CountryCode, FailureKind, ProviderError, ProviderName, Subject, SubjectType};

/// Subjects that one provider may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedRule {
    /// The provider.
    pub provider: ProviderName,
    /// Countries of residence or incorporation; every one, where there are none.
    pub countries: Vec<CountryCode>,
    /// Types; both, where there are none.
    pub types: Vec<SubjectType>,
}

/// To whom a route's subjects may be shown: a provider with rules only those that one of its rules names, a provider
/// without any all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed(pub Vec<AllowedRule>);

// === impl Allowed ===

impl Allowed {
    /// Whether `subject` may be shown to `provider`.
    ///
    /// # Errors
    ///
    /// `unsupported` with the fields that the rules look at, where it may not.
    pub fn check(&self, provider: &ProviderName, subject: &Subject) -> Result<(), ProviderError> {
        let rules = || self.0.iter().filter(|rule| rule.provider == *provider);
        if rules().next().is_none() || rules().any(|rule| rule.covers(subject)) {
            return Ok(());
        }
        let by_country = rules().any(|rule| rule.types_hold(subject));
        let by_type = rules().any(|rule| rule.countries_hold(subject));
        // Either alone would do; where neither would, both must change.
        let fields = match (by_country, by_type) {
            (true, false) => vec!["country".to_owned()],
            (false, true) => vec!["type".to_owned()],
            _ => vec!["country".to_owned(), "type".to_owned()],
        };
        let detail = format!(
            "this route does not show such a subject to {provider}: \"allowed\" has no rule for its {}",
            fields.join(" and ")
        );
        Err(ProviderError::new(FailureKind::Unsupported, detail).with_fields(fields))
    }
}

// === impl AllowedRule ===

impl AllowedRule {
    fn covers(&self, subject: &Subject) -> bool {
        self.countries_hold(subject) && self.types_hold(subject)
    }

    fn countries_hold(&self, subject: &Subject) -> bool {
        self.countries.is_empty() || self.countries.contains(&subject.country)
    }

    fn types_hold(&self, subject: &Subject) -> bool {
        self.types.is_empty() || self.types.contains(&subject.kind())
    }
}
