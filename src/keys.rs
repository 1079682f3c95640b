//! API keys: what they look like, what they may do, and how they are checked.
//!
//! A key is `rgk_<id>_<secret>_<checksum>`. The checksum makes a mistyped key fail before any query; the store
//! holds only a keyed hash of the secret.

use std::{collections::BTreeSet, fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    ids::{NoRandomness, random_bytes},
    secrets::{HashKey, Purpose},
    store::{NewKey, StoredKey},
};

const PREFIX: &str = "rgk";
const TEST_TENANT: &str = "/test";

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Ask about subjects.
    Assess,
    /// Read assessments.
    Read,
    /// Compare providers.
    Compare,
    /// Record what turned out to be true.
    Label,
    /// Decide reviews.
    Review,
    /// Erase subjects.
    Erase,
    /// Read the audit trail.
    Audit,
    /// Operate the gateway.
    Admin,
}

/// A set of scopes, written as words separated by commas; `all` for every one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

/// A word that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no scope; scopes are: assess, read, compare, label, review, erase, audit, admin, or all")]
pub struct UnknownScope(String);

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum KeyEnvironment {
    /// Real subjects, asked of real vendors.
    Live,
    /// Trying out: routes on sandbox providers alone, and nothing that a live key has made.
    Test,
}

/// Whose a key is.
#[derive(Debug, Clone)]
pub struct KeyOwner {
    /// The team.
    pub team: String,
    /// What the key is called.
    pub name: String,
    /// What it is for.
    pub environment: KeyEnvironment,
}

/// A key just made: shown once.
#[derive(Debug)]
pub struct CreatedKey {
    /// What is stored of it.
    pub stored: NewKey,
    /// The key itself.
    pub key: SecretString,
}

/// A key as a caller presents it, its checksum verified.
#[derive(Debug)]
pub struct PresentedKey {
    /// Its public id.
    pub id: String,
    secret: SecretString,
}

// === impl Scope ===

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 8] = [
        Self::Assess,
        Self::Read,
        Self::Compare,
        Self::Label,
        Self::Review,
        Self::Erase,
        Self::Audit,
        Self::Admin,
    ];

    /// The word used on the command line and in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assess => "assess",
            Self::Read => "read",
            Self::Compare => "compare",
            Self::Label => "label",
            Self::Review => "review",
            Self::Erase => "erase",
            Self::Audit => "audit",
            Self::Admin => "admin",
        }
    }
}

// === impl KeyEnvironment ===

impl KeyEnvironment {
    /// The word used in JSON, columns and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }

    /// The environment of this word; what is not known may do the least.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        if word == Self::Live.as_str() { Self::Live } else { Self::Test }
    }

    /// Under whose name a team's subjects, assessments, cached answers and idempotency keys are kept: what test keys
    /// make lies apart. No team has a name with a slash.
    #[must_use]
    pub fn tenant(self, team: &str) -> String {
        match self {
            Self::Live => team.to_owned(),
            Self::Test => format!("{team}{TEST_TENANT}"),
        }
    }

    /// The environment of whoever is kept under this name.
    #[must_use]
    pub fn of_tenant(tenant: &str) -> Self {
        if tenant.ends_with(TEST_TENANT) { Self::Test } else { Self::Live }
    }
}

// === impl Scopes ===

impl Scopes {
    /// Whether `scope` is among them.
    #[must_use]
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut scopes = BTreeSet::new();
        for word in text.split(',').map(str::trim) {
            match Scope::ALL.into_iter().find(|scope| scope.as_str() == word) {
                Some(scope) => drop(scopes.insert(scope)),
                None if word == "all" => scopes.extend(Scope::ALL),
                None => return Err(UnknownScope(word.to_owned())),
            }
        }
        Ok(Self(scopes))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&words.join(","))
    }
}

// === impl CreatedKey ===

impl CreatedKey {
    /// Makes a key for `owner`.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random bytes.
    pub fn new(
        hash_key: &HashKey,
        owner: &KeyOwner,
        scopes: &Scopes,
        now: Timestamp,
    ) -> Result<Self, NoRandomness> {
        let id = hex(&random_bytes::<8>()?);
        // URL-safe base64 may hold `_`, which separates the parts; hex may not.
        let secret = hex(&random_bytes::<32>()?);
        let body = format!("{PREFIX}_{id}_{secret}");
        let key = format!("{body}_{}", checksum(&body));
        let stored = NewKey {
            secret_mac: hash_key.mac(Purpose::ApiKey, &[id.as_bytes(), secret.as_bytes()]),
            id,
            team: owner.team.clone(),
            name: owner.name.clone(),
            environment: owner.environment.as_str().to_owned(),
            scopes: scopes.to_string(),
            created_at: now,
        };
        Ok(Self { stored, key: key.into() })
    }
}

// === impl PresentedKey ===

impl PresentedKey {
    /// Reads a key; none when its form or checksum is wrong.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (body, sum) = text.rsplit_once('_')?;
        if checksum(body) != sum {
            return None;
        }
        let mut parts = body.split('_');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(PREFIX), Some(id), Some(secret), None) => {
                Some(Self { id: id.to_owned(), secret: secret.into() })
            }
            _ => None,
        }
    }

    /// Whether it is the key stored under its id; compared in constant time.
    #[must_use]
    pub fn is(&self, stored: &StoredKey, hash_key: &HashKey) -> bool {
        let mac =
            hash_key.mac(Purpose::ApiKey, &[self.id.as_bytes(), self.secret.expose_secret().as_bytes()]);
        mac.ct_eq(stored.secret_mac.as_slice()).into()
    }
}

fn checksum(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    let short: Vec<u8> = digest.iter().take(6).copied().collect();
    URL_SAFE_NO_PAD.encode(short).replace(['-', '_'], "0")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created() -> (HashKey, CreatedKey) {
        let hash_key = HashKey::from_bytes([3; 32]);
        let owner =
            KeyOwner { team: "risk".to_owned(), name: "ci".to_owned(), environment: KeyEnvironment::Live };
        let scopes = "assess,read".parse().expect("scopes");
        let created = CreatedKey::new(&hash_key, &owner, &scopes, Timestamp::UNIX_EPOCH).expect("randomness");
        (hash_key, created)
    }

    fn stored(created: &CreatedKey) -> StoredKey {
        let NewKey { id, team, name, scopes, environment, secret_mac, created_at } = created.stored.clone();
        let secret_mac = secret_mac.to_vec();
        StoredKey {
            id,
            team,
            name,
            scopes,
            environment,
            secret_mac,
            created_at,
            revoked_at: None,
            last_used_at: None,
        }
    }

    #[test]
    fn a_key_is_itself_and_no_other() {
        let (hash_key, created) = created();
        let presented = PresentedKey::parse(created.key.expose_secret()).expect("well-formed");
        assert!(presented.is(&stored(&created), &hash_key));
        let (_, other) = self::created();
        assert!(!presented.is(&stored(&other), &hash_key));
        assert!(!presented.is(&stored(&created), &HashKey::from_bytes([4; 32])));
    }

    #[test]
    fn one_wrong_letter_fails_the_checksum() {
        let (_, created) = created();
        let key = created.key.expose_secret();
        for position in 0..key.len() {
            let mut wrong = key.as_bytes().to_vec();
            wrong[position] = if wrong[position] == b'x' { b'y' } else { b'x' };
            let wrong = String::from_utf8(wrong).expect("ascii");
            assert!(PresentedKey::parse(&wrong).is_none(), "{wrong}");
        }
        for text in ["", "rgk", "rgk_a_b_c", "Bearer x"] {
            assert!(PresentedKey::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn scopes_read_back_as_written() {
        let all: Scopes = "all".parse().expect("all");
        assert_eq!(all.to_string().parse::<Scopes>(), Ok(all));
        assert_eq!("assess,reed".parse::<Scopes>(), Err(UnknownScope("reed".to_owned())));
    }
}
