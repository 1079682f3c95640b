//! Callbacks: whether one is genuine, and which profile it is about.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use risk_provider::{Callbacks, FailureKind, ProviderError, VendorReference};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Sha256, Sha512};

use super::{
    profile::first_id,
    wire::{Notice, NoticeData},
};
use crate::wire::object;

const HEADER: &str = "x-youverify-signature";
/// Events about monitored transactions and their clients, which are no risk checks.
const OTHERS_EVENTS: &str = "tm.";

/// Checks signatures with the account's secret.
pub(super) struct Signatures {
    secret: SecretString,
    /// Whether the older signatures with SHA-512 are taken too.
    sha512: bool,
}

// === impl Signatures ===

impl Signatures {
    pub(super) const fn new(secret: SecretString, sha512: bool) -> Self {
        Self { secret, sha512 }
    }

    /// Whether `signature` is that of `body`; compared in constant time.
    fn is_genuine(&self, signature: &[u8], body: &[u8]) -> bool {
        let secret = self.secret.expose_secret().as_bytes();
        match signature.len() {
            32 => Hmac::<Sha256>::new_from_slice(secret)
                .is_ok_and(|mac| mac.chain_update(body).verify_slice(signature).is_ok()),
            64 if self.sha512 => Hmac::<Sha512>::new_from_slice(secret)
                .is_ok_and(|mac| mac.chain_update(body).verify_slice(signature).is_ok()),
            _ => false,
        }
    }
}

impl Callbacks for Signatures {
    fn verify(
        &self,
        headers: &http::HeaderMap,
        body: &[u8],
    ) -> Result<Option<VendorReference>, ProviderError> {
        let mut signatures = headers.get_all(HEADER).iter();
        let signature = signatures.next().and_then(|value| hex(value.to_str().ok()?.trim()));
        let genuine = signature.is_some_and(|signature| self.is_genuine(&signature, body));
        if !genuine || signatures.next().is_some() {
            let detail = "the callback's signature is wrong or missing";
            return Err(ProviderError::new(FailureKind::BadCredentials, detail));
        }
        reference(body)
    }
}

impl fmt::Debug for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signatures").field("sha512", &self.sha512).finish_non_exhaustive()
    }
}

/// The profile that a genuine callback is about. Nothing else in it is believed.
fn reference(body: &[u8]) -> Result<Option<VendorReference>, ProviderError> {
    let malformed = || ProviderError::new(FailureKind::Malformed, "the callback is none that is documented");
    let text = std::str::from_utf8(body).map_err(|source| malformed().with_source(source))?;
    let notice: Notice<'_> = object(text).ok_or_else(malformed)?;
    if notice.event.starts_with(OTHERS_EVENTS) {
        return Ok(None);
    }
    let data: Option<NoticeData<'_>> = notice.data.and_then(|data| object(data.get()));
    let id = data.and_then(|data| first_id(&[data.own_id, data.id, data.identity_id, data.entity_id]));
    Ok(id.map(VendorReference))
}

/// The bytes of hexadecimal digits.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: &u8| char::from(*letter).to_digit(16);
    let digits: Option<Vec<u32>> = text.as_bytes().iter().map(digit).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    let pairs = digits.chunks_exact(2);
    pairs.map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte << 4 | digit)).ok()).collect()
}
