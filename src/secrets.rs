//! The keys behind everything: master keys, which wrap other keys, and the key of a store's hashes.
//!
//! Hashes come from one sub-key for each purpose, so that no hash serves another.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::ids::{NoRandomness, random_bytes};

/// What a keyed hash is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Secrets of API keys.
    ApiKey,
    /// References of subjects.
    SubjectReference,
    /// Keys of the cache.
    CacheKey,
    /// Callers' idempotency keys.
    IdempotencyKey,
    /// Bodies that came with an idempotency key.
    RequestBody,
    /// Vendors' own references.
    VendorReference,
    /// Draws about subjects: arms of splits and samples of shadows.
    Draw,
    /// Subjects that came with a vendor's own history.
    Import,
    /// What was told of a subject later.
    Outcome,
    /// What was asked, whoever was asked.
    Question,
    /// Countries of subjects.
    Country,
}

/// What a master key is hashed for.
#[derive(Clone, Copy)]
enum MasterPurpose {
    Recognition,
    Wrapping,
}

/// The master key is not usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be base64 of exactly 32 bytes; make one with: openssl rand -base64 32")]
pub struct BadMasterKey;

/// A master key: 32 bytes, never printed.
pub struct MasterKey(SecretBox<[u8; 32]>);

/// The master key in force, and others under which something may still be wrapped.
#[derive(Debug)]
pub struct MasterKeys {
    current: MasterKey,
    others: Vec<MasterKey>,
}

/// The key of a store's hashes: of references, API keys, idempotency keys and questions. Never printed.
pub struct HashKey(SecretBox<[u8; 32]>);

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

    /// What tells this master key from another, and nothing about it.
    #[must_use]
    pub fn recognition(&self) -> [u8; 32] {
        self.mac(MasterPurpose::Recognition)
    }

    /// The key by which it wraps others.
    #[must_use]
    pub fn wrapping_key(&self) -> SecretBox<[u8; 32]> {
        SecretBox::new(Box::new(self.mac(MasterPurpose::Wrapping)))
    }

    fn mac(&self, purpose: MasterPurpose) -> [u8; 32] {
        hash(&hash(self.0.expose_secret(), &[purpose.label().as_bytes()]), &[])
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

// === impl MasterKeys ===

impl MasterKeys {
    /// The key in force, and others under which something may still be wrapped.
    #[must_use]
    pub const fn new(current: MasterKey, others: Vec<MasterKey>) -> Self {
        Self { current, others }
    }

    /// The key in force.
    #[must_use]
    pub const fn current(&self) -> &MasterKey {
        &self.current
    }

    /// Every key, the one in force first.
    pub fn iter(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.current).chain(&self.others)
    }

    /// The key that is recognised by `recognition`.
    #[must_use]
    pub fn recognised(&self, recognition: &[u8]) -> Option<&MasterKey> {
        self.iter().find(|key| key.recognition().ct_eq(recognition).into())
    }
}

// === impl HashKey ===

impl HashKey {
    /// A new key.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random bytes.
    pub fn random() -> Result<Self, NoRandomness> {
        Ok(Self::from_bytes(random_bytes()?))
    }

    /// A key made of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// The key of a store that the first release made: its hashes came from the master key itself.
    #[must_use]
    pub fn of_first_release(master_key: &MasterKey) -> Self {
        Self::from_bytes(*master_key.0.expose_secret())
    }

    /// The keyed hash of `parts`. Each part's length goes in with it, so that no two lists of parts collide.
    #[must_use]
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        let sub_key = hash(self.0.expose_secret(), &[purpose.label().as_bytes()]);
        hash(&sub_key, parts)
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey")
    }
}

// === impl Purpose ===

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::ApiKey => "risk-gateway/api-key/1",
            Self::SubjectReference => "risk-gateway/subject-reference/1",
            Self::CacheKey => "risk-gateway/cache-key/1",
            Self::IdempotencyKey => "risk-gateway/idempotency-key/1",
            Self::RequestBody => "risk-gateway/request-body/1",
            Self::VendorReference => "risk-gateway/vendor-reference/1",
            Self::Draw => "risk-gateway/draw/1",
            Self::Import => "risk-gateway/import/1",
            Self::Outcome => "risk-gateway/outcome/1",
            Self::Question => "risk-gateway/question/1",
            Self::Country => "risk-gateway/country/1",
        }
    }
}

// === impl MasterPurpose ===

impl MasterPurpose {
    const fn label(self) -> &'static str {
        match self {
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
        let key = HashKey::from_bytes([7; 32]);
        let one = key.mac(Purpose::ApiKey, &[b"ab", b"c"]);
        assert_ne!(one, key.mac(Purpose::ApiKey, &[b"a", b"bc"]));
        assert_ne!(one, key.mac(Purpose::CacheKey, &[b"ab", b"c"]));
        assert_ne!(one, HashKey::from_bytes([8; 32]).mac(Purpose::ApiKey, &[b"ab", b"c"]));
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
