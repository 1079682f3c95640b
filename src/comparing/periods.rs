//! Which versions were compared, and when: a changed adapter, mapping or questionnaire begins a period of its own.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ComparedPair, Word};

/// What stood behind one side's answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// The adapter.
    pub kind: String,
    /// The mapping that normalised them.
    pub mapping_version: String,
    /// Fingerprint of the questionnaire, where there is one.
    pub profile: Option<String>,
}

/// The pairs of one version on either side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Period {
    /// The incumbent's.
    pub left: Version,
    /// The challenger's.
    pub right: Version,
    /// When the first of its pairs was made.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// When the last one was.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// How many pairs.
    pub pairs: u64,
}

/// The periods seen so far.
#[derive(Debug, Default)]
pub(super) struct Periods(HashMap<(Word, Word), (Timestamp, Timestamp, u64)>);

// === impl Version ===

impl Version {
    /// Reads adapter, mapping and questionnaire, with blanks between them.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut words = text.split(' ');
        let mut next = || words.next().unwrap_or_default().to_owned();
        let (kind, mapping_version) = (next(), next());
        Self { kind, mapping_version, profile: Some(next()).filter(|profile| !profile.is_empty()) }
    }

    /// Its name in one word, or two where a questionnaire belongs to it.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.profile {
            Some(profile) => format!("{} {profile}", self.mapping_version),
            None => self.mapping_version.clone(),
        }
    }
}

// === impl Periods ===

impl Periods {
    pub(super) fn note(&mut self, pair: &ComparedPair) {
        let versions = (Word::clone(&pair.left.version), Word::clone(&pair.right.version));
        let (from, to, pairs) = self.0.entry(versions).or_insert((pair.at, pair.at, 0));
        *from = pair.at.min(*from);
        *to = pair.at.max(*to);
        *pairs += 1;
    }

    /// The earliest first.
    pub(super) fn in_order(self) -> Vec<Period> {
        let period = |((left, right), (from, to, pairs)): ((Word, Word), _)| Period {
            left: Version::read(&left),
            right: Version::read(&right),
            from,
            to,
            pairs,
        };
        let mut periods: Vec<Period> = self.0.into_iter().map(period).collect();
        periods.sort_by(|one, other| {
            (one.from, &one.left, &one.right).cmp(&(other.from, &other.left, &other.right))
        });
        periods
    }
}
