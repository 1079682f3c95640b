//! Callbacks that the vendor signs.

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use risk_provider::{Callbacks, FailureKind, ProviderError, VendorReference, object::Object};
use secrecy::ExposeSecret;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{Idenfy, client, company};

const SIGNATURE: &str = "idenfy-signature";
const EVENT: &str = "idenfy-event-type";
/// The events after which a company's risk may be new.
const COMPANY_EVENTS: [&str; 2] = ["COMPANY_SUBMIT", "COMPANY_REVIEW"];

/// What a callback may say about a risk; every part optional.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    /// Of a company event: the company.
    #[serde(default)]
    id: Value,
    #[serde(default)]
    company_id: Value,
    /// As in the company's record, should an event ever carry it; null for a company that was not assessed.
    #[serde(default, deserialize_with = "told")]
    risk_assessment: Option<Value>,
}

impl Callbacks for Idenfy {
    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<Option<VendorReference>, ProviderError> {
        let refused = |detail: &str| ProviderError::new(FailureKind::BadCredentials, detail);
        let mut signatures = headers.get_all(SIGNATURE).iter();
        let (Some(signature), None) = (signatures.next(), signatures.next()) else {
            return Err(refused("the callback does not carry one signature"));
        };
        let expected = signature_of(self.callback_key.expose_secret().as_bytes(), body)
            .ok_or_else(|| refused("callbacks cannot be checked with the configured key"))?;
        if !bool::from(signature.as_bytes().ct_eq(expected.as_bytes())) {
            return Err(refused("the callback is not signed with the configured key"));
        }
        let Object(body): Object<Body> = serde_json::from_slice(body).map_err(|error| {
            // Not as its source: the message may quote the body.
            let detail =
                format!("the callback is no JSON object (line {}, column {})", error.line(), error.column());
            ProviderError::new(FailureKind::Malformed, detail)
        })?;
        let event = headers.get(EVENT).and_then(|event| event.to_str().ok());
        Ok(body.reference(event.unwrap_or_default()))
    }
}

// === impl Body ===

impl Body {
    /// What there is to read: the assessment, else the company that has one; a verification has neither.
    fn reference(&self, event: &str) -> Option<VendorReference> {
        if let Some(told) = &self.risk_assessment {
            return told.get("id").and_then(id).map(|id| VendorReference(id.to_owned()));
        }
        let company = id(&self.company_id).or_else(|| id(&self.id))?;
        COMPANY_EVENTS.contains(&event).then(|| company::reference(company))
    }
}

/// What is there, null too.
fn told<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn id(value: &Value) -> Option<&str> {
    value.as_str().filter(|id| client::is_id(id))
}

/// HMAC-SHA256 over the raw body in lower-case hexadecimal.
fn signature_of(key: &[u8], body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(body);
    Some(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}
