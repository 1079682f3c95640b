//! Keyed hashes, all derived from the master key: one sub-key for each purpose, so that no hash serves another.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::Sha256;

/// What a keyed hash is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Secrets of API keys.
    ApiKey,
    /// References of subjects.
    SubjectReference,
    /// Keys of the cache.
    CacheKey,
    /// Recognising the master key itself.
    Recognition,
    /// Wrapping subjects' data keys.
    Wrapping,
}

/// The master key is not usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be base64 of exactly 32 bytes; make one with: openssl rand -base64 32")]
pub struct BadMasterKey;

/// The master key: 32 bytes, never printed.
pub struct MasterKey(SecretBox<[u8; 32]>);

// === impl MasterKey ===

impl MasterKey {
    /// Reads base64 of 32 bytes.
    ///
    /// # Errors
    ///
    /// [`BadMasterKey`] for anything else.
    pub fn parse(text: &SecretString) -> Result<Self, BadMasterKey> {
        let bytes = STANDARD.decode(text.expose_secret().trim()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| Self(SecretBox::new(Box::new(bytes)))).ok_or(BadMasterKey)
    }

    /// A key made of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// The keyed hash of `parts`. Each part's length goes in with it, so that no two lists of parts collide.
    #[must_use]
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        let sub_key = hash(self.0.expose_secret(), &[purpose.label().as_bytes()]);
        hash(&sub_key, parts)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

// === impl Purpose ===

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::ApiKey => "risk-gateway/api-key/1",
            Self::SubjectReference => "risk-gateway/subject-reference/1",
            Self::CacheKey => "risk-gateway/cache-key/1",
            Self::Recognition => "risk-gateway/recognition/1",
            Self::Wrapping => "risk-gateway/wrapping/1",
        }
    }
}

fn hash(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = hmac::digest::array::Array::default();
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = Hmac::<Sha256>::new(&block);
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_and_part_boundaries_keep_hashes_apart() {
        let key = MasterKey::from_bytes([7; 32]);
        let one = key.mac(Purpose::ApiKey, &[b"ab", b"c"]);
        assert_ne!(one, key.mac(Purpose::ApiKey, &[b"a", b"bc"]));
        assert_ne!(one, key.mac(Purpose::CacheKey, &[b"ab", b"c"]));
        assert_ne!(one, MasterKey::from_bytes([8; 32]).mac(Purpose::ApiKey, &[b"ab", b"c"]));
    }

    #[test]
    fn only_32_bytes_make_a_master_key() {
        let parse = |text: &str| MasterKey::parse(&SecretString::from(text)).is_ok();
        assert!(parse(&STANDARD.encode([1; 32])));
        for text in ["", "short", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33])] {
            assert!(!parse(text), "{text}");
        }
    }
}
