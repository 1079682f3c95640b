//! ISO 3166-1 alpha-2 country codes.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// An assigned ISO 3166-1 alpha-2 code in upper case, such as `NG`.
///
/// Codes in common use that ISO has not assigned (`UK`, `XK`, `EL`) are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct CountryCode(&'static str);

/// Why a text is not a country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CountryError {
    /// The right letters in the wrong case.
    #[error("must be an ISO 3166-1 alpha-2 code in upper case, such as \"NG\"")]
    Case,
    /// `UK` is reserved; the United Kingdom is `GB`.
    #[error("must be an assigned ISO 3166-1 alpha-2 code: the United Kingdom is \"GB\", not \"UK\"")]
    Uk,
    /// No country has this code.
    #[error("must be an assigned ISO 3166-1 alpha-2 country code, such as \"NG\" or \"DE\"")]
    Unknown,
}

impl CountryCode {
    /// Parses an assigned code.
    ///
    /// # Errors
    ///
    /// [`CountryError`] says what is wrong with the text, without repeating it.
    pub fn parse(text: &str) -> Result<Self, CountryError> {
        if text == "UK" {
            return Err(CountryError::Uk);
        }
        // celes also knows Kosovo as XK, which is a user-assigned code.
        let found = celes::Country::from_alpha2(text).ok().filter(|country| country.alpha2 != "XK");
        match found {
            Some(country) if country.alpha2 == text => Ok(Self(country.alpha2)),
            Some(_) => Err(CountryError::Case),
            None => Err(CountryError::Unknown),
        }
    }

    /// The two letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<'de> Deserialize<'de> for CountryCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_assigned_codes_in_upper_case_are_countries() {
        assert_eq!(CountryCode::parse("NG").map(CountryCode::as_str), Ok("NG"));
        assert_eq!(CountryCode::parse("UK"), Err(CountryError::Uk));
        assert_eq!(CountryCode::parse("ng"), Err(CountryError::Case));
        for text in ["XK", "EL", "ZZ", "", "N", "NGA", "N G", "ÄÖ"] {
            assert_eq!(CountryCode::parse(text), Err(CountryError::Unknown), "{text}");
        }
    }
}
