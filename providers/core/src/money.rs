//! Exact money: integer millionths of a currency unit.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer, de};

const MICROS: i64 = 1_000_000;

/// An amount in one currency, exact to a millionth.
///
/// Serialised as `{"amount": "0.50", "currency": "EUR"}`; read from a decimal number or string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Decimal text with at least two decimals.
    #[serde(serialize_with = "write_amount", deserialize_with = "read_amount")]
    #[cfg_attr(feature = "schema", schema(value_type = String, example = "0.50"))]
    amount: i64,
    /// ISO 4217 code.
    #[cfg_attr(feature = "schema", schema(value_type = String, example = "EUR"))]
    currency: Currency,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Currency([u8; 3]);

impl Money {
    /// An amount in millionths of `currency`, three upper-case letters.
    #[must_use]
    pub fn from_micros(amount: i64, currency: &str) -> Option<Self> {
        Some(Self { amount, currency: Currency::try_from(currency.to_owned()).ok()? })
    }

    /// The amount in millionths.
    #[must_use]
    pub const fn micros(&self) -> i64 {
        self.amount
    }

    /// The amount as a decimal text with at least two decimals, such as `0.50`.
    #[must_use]
    pub fn decimal(&self) -> String {
        decimal(self.amount)
    }

    /// The ISO 4217 code.
    #[must_use]
    pub fn currency(&self) -> String {
        self.currency.clone().into()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency())
    }
}

impl TryFrom<String> for Currency {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(letters) if letters.iter().all(u8::is_ascii_uppercase) => Ok(Self(letters)),
            _ => Err("a currency is three upper-case letters, such as \"EUR\""),
        }
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.0.iter().map(|&letter| char::from(letter)).collect()
    }
}

fn decimal(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let fraction = format!("{:06}", micros % MICROS.unsigned_abs());
    let fraction = fraction.trim_end_matches('0');
    format!("{sign}{}.{fraction:0<2}", micros / MICROS.unsigned_abs())
}

fn parse(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(MICROS)?.checked_add(fraction)
}

fn write_amount<S: Serializer>(micros: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&decimal(*micros))
}

fn read_amount<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Amount {
        Whole(i64),
        Number(f64),
        Text(String),
    }
    let text = match Amount::deserialize(deserializer)? {
        Amount::Whole(number) => number.to_string(),
        // The shortest text that reads back as this number is what the author wrote.
        Amount::Number(number) => number.to_string(),
        Amount::Text(text) => text,
    };
    parse(&text).ok_or_else(|| {
        de::Error::custom("an amount is a decimal number with at most six decimals, not below zero")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_in_both_directions() {
        for (json, expected) in
            [("0.50", "0.50"), ("0.1", "0.10"), ("3", "3.00"), ("\"0.000001\"", "0.000001")]
        {
            let money: Money = serde_json::from_str(&format!(r#"{{"amount": {json}, "currency": "EUR"}}"#))
                .expect("valid money");
            assert_eq!(money.decimal(), expected);
        }
    }

    #[test]
    fn amounts_that_are_not_exact_are_refused() {
        for json in ["-1", "0.0000001", "\"1e3\"", "\"\"", "\"1,5\"", "null", "99999999999999999999"] {
            let money: Result<Money, _> =
                serde_json::from_str(&format!(r#"{{"amount": {json}, "currency": "EUR"}}"#));
            assert!(money.is_err(), "{json}");
        }
        assert!(serde_json::from_str::<Money>(r#"{"amount": 1, "currency": "euro"}"#).is_err());
    }

    #[cfg(feature = "schema")]
    #[test]
    fn the_schema_says_what_is_written() {
        use utoipa::PartialSchema;

        let schema = serde_json::to_value(Money::schema()).expect("JSON");
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["required"], serde_json::json!(["amount", "currency"]));
        let written = serde_json::to_value(Money::from_micros(500_000, "EUR")).expect("JSON");
        for (field, value) in written.as_object().expect("object") {
            let told = &schema["properties"][field];
            assert_eq!((&told["type"], &told["example"]), (&"string".into(), value), "{field}");
        }
    }
}
