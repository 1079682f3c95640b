//! Encryption at rest: every subject has a data key of its own, and the master key wraps it.
//!
//! A sealed value is `version · key id · nonce · ciphertext`. The place where it belongs goes in as associated data, so
//! that a value moved to another row or column no longer opens.

use std::{fmt, sync::Arc};

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use secrecy::{ExposeSecret, SecretBox};

use crate::{
    ids::{NoRandomness, SubjectId, random_bytes},
    secrets::{MasterKey, MasterKeys},
};

const VERSION: u8 = 1;
const KEY_ID: usize = 8;
const NONCE: usize = 24;

/// Makes data keys, wraps them by the master key in force, and unwraps them by whichever wrapped them.
#[derive(Debug, Clone)]
pub struct Vault {
    current: Arc<SealingKey>,
    others: Arc<[SealingKey]>,
}

/// A subject's own key. Without it nothing about the subject can be read.
#[derive(Debug)]
pub struct DataKey(SealingKey);

/// A key and the id by which its sealed values name it.
struct SealingKey {
    id: [u8; KEY_ID],
    key: SecretBox<[u8; 32]>,
}

/// A value could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// It was sealed under another key, or by another version.
    #[error("a sealed value names a key that is not the one at hand")]
    OtherKey,
    /// It was changed, or belongs to another place.
    #[error("a sealed value does not open: it was changed, or moved from its place")]
    Broken,
    /// Nothing random to make a key or nonce of.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

// === impl Vault ===

impl Vault {
    /// A vault under `master_keys`.
    #[must_use]
    pub fn new(master_keys: &MasterKeys) -> Self {
        let sealing =
            |key: &MasterKey| SealingKey { id: beginning(&key.recognition()), key: key.wrapping_key() };
        let current = Arc::new(sealing(master_keys.current()));
        Self { current, others: master_keys.iter().skip(1).map(sealing).collect() }
    }

    /// A new data key, and the same wrapped for the row of `subject`.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn new_data_key(&self, subject: &SubjectId) -> Result<(DataKey, Vec<u8>), VaultError> {
        let id: [u8; KEY_ID] = random_bytes()?;
        let key: [u8; 32] = random_bytes()?;
        let wrapped = self.current.seal(&place_of(subject), &[&id[..], &key[..]].concat())?;
        Ok((DataKey(SealingKey { id, key: SecretBox::new(Box::new(key)) }), wrapped))
    }

    /// The data key wrapped in the row of `subject`.
    ///
    /// # Errors
    ///
    /// When it was wrapped by a master key that is not at hand, or for another subject.
    pub fn unwrap_data_key(&self, subject: &SubjectId, wrapped: &[u8]) -> Result<DataKey, VaultError> {
        let opened = self.open(&place_of(subject), wrapped)?;
        let (id, key) = opened.split_at_checked(KEY_ID).ok_or(VaultError::Broken)?;
        let key: [u8; 32] = key.try_into().map_err(|_length| VaultError::Broken)?;
        Ok(DataKey(SealingKey { id: beginning(id), key: SecretBox::new(Box::new(key)) }))
    }

    /// A data key wrapped by the master key in force; none where it is already.
    ///
    /// # Errors
    ///
    /// When it was wrapped by a master key that is not at hand, or there is no randomness.
    pub fn rewrapped_data_key(
        &self,
        subject: &SubjectId,
        wrapped: &[u8],
    ) -> Result<Option<Vec<u8>>, VaultError> {
        self.rewrapped(&place_of(subject), wrapped)
    }

    /// Wraps another key that belongs to `place`.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn wrap(&self, place: &str, key: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
        self.current.seal(place, key)
    }

    /// The key wrapped for `place`.
    ///
    /// # Errors
    ///
    /// When it was wrapped by a master key that is not at hand, or for another place.
    pub fn unwrap(&self, place: &str, wrapped: &[u8]) -> Result<[u8; 32], VaultError> {
        self.open(place, wrapped)?.try_into().map_err(|_length| VaultError::Broken)
    }

    /// What was wrapped for `place`, by the master key in force; none where it is already.
    ///
    /// # Errors
    ///
    /// When it was wrapped by a master key that is not at hand, or there is no randomness.
    pub fn rewrapped(&self, place: &str, wrapped: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        if self.is_current(wrapped) {
            return Ok(None);
        }
        self.current.seal(place, &self.open(place, wrapped)?).map(Some)
    }

    /// Whether the master key in force wrapped it.
    #[must_use]
    pub fn is_current(&self, wrapped: &[u8]) -> bool {
        self.current.sealed(wrapped)
    }

    fn open(&self, place: &str, wrapped: &[u8]) -> Result<Vec<u8>, VaultError> {
        let other = self.others.iter().find(|key| key.sealed(wrapped));
        other.unwrap_or(&self.current).open(place, wrapped)
    }
}

// === impl DataKey ===

impl DataKey {
    /// Seals `plain` for `place`, such as `assessments/asm_…/1/document`.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.0.seal(place, plain)
    }

    /// Opens what was sealed for `place`.
    ///
    /// # Errors
    ///
    /// When it was sealed under another key or for another place, or was changed.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.0.open(place, sealed)
    }
}

// === impl SealingKey ===

impl SealingKey {
    fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce: [u8; NONCE] = random_bytes()?;
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let sealed =
            self.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_opaque| VaultError::Broken)?;
        Ok([&[VERSION][..], &self.id, &nonce, &sealed].concat())
    }

    fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (version, rest) = sealed.split_first().ok_or(VaultError::Broken)?;
        let (id, rest) = rest.split_at_checked(KEY_ID).ok_or(VaultError::Broken)?;
        if *version != VERSION || id != self.id {
            return Err(VaultError::OtherKey);
        }
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(VaultError::Broken)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_opaque| VaultError::Broken)
    }

    /// Whether `sealed` names this key.
    fn sealed(&self, sealed: &[u8]) -> bool {
        sealed.get(1..=KEY_ID) == Some(&self.id)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.expose_secret().into())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey")
    }
}

fn place_of(subject: &SubjectId) -> String {
    format!("data_keys/{subject}/wrapped")
}

fn beginning(bytes: &[u8]) -> [u8; KEY_ID] {
    let mut id = [0; KEY_ID];
    id.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::new(&MasterKeys::new(MasterKey::from_bytes([byte; 32]), Vec::new()))
    }

    #[test]
    fn a_value_opens_only_in_its_place_under_its_key_and_unchanged() {
        let subject = SubjectId::new();
        let (key, wrapped) = vault(1).new_data_key(&subject).expect("a key");
        let sealed = key.seal("assessments/a/document", b"personal").expect("sealed");
        assert!(!sealed.windows(8).any(|window| window == b"personal"));
        let unwrapped = vault(1).unwrap_data_key(&subject, &wrapped).expect("the same key");
        assert_eq!(unwrapped.open("assessments/a/document", &sealed).expect("opened"), b"personal");
        assert!(matches!(key.open("assessments/b/document", &sealed), Err(VaultError::Broken)));
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(key.open("assessments/a/document", &changed).is_err(), "byte {position}");
            assert!(key.open("assessments/a/document", &sealed[..position]).is_err(), "cut at {position}");
        }
        let (other, _) = vault(1).new_data_key(&subject).expect("a key");
        assert!(matches!(other.open("assessments/a/document", &sealed), Err(VaultError::OtherKey)));
    }

    #[test]
    fn a_wrapped_key_opens_only_for_its_subject_and_master_key() {
        let subject = SubjectId::new();
        let (_, wrapped) = vault(1).new_data_key(&subject).expect("a key");
        assert!(matches!(vault(2).unwrap_data_key(&subject, &wrapped), Err(VaultError::OtherKey)));
        assert!(matches!(vault(1).unwrap_data_key(&SubjectId::new(), &wrapped), Err(VaultError::Broken)));
    }

    #[test]
    fn the_same_value_never_seals_to_the_same_bytes() {
        let (key, _) = vault(1).new_data_key(&SubjectId::new()).expect("a key");
        assert_ne!(key.seal("p", b"x").expect("sealed"), key.seal("p", b"x").expect("sealed"));
    }
}
