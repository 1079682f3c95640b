//! Which part of whose history is to be brought in, and why it cannot be.

use std::collections::BTreeMap;

use risk_provider::{History, HistoryFilter, HistoryQuery, ProviderName, VendorReference};
use serde::{Deserialize, Serialize};

use super::Span;
use crate::{
    cache::KeyMaker,
    config::nearest,
    keys::KeyEnvironment,
    routing::{Assessor, Provider},
};

/// How many answers can be named at once.
pub const MAX_REFERENCES: usize = 1000;
const LONGEST_REFERENCE: usize = 200;

/// A history that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Under whose name it is kept.
    pub tenant: String,
    /// Whose history.
    pub provider: ProviderName,
    /// Which part of it.
    pub extent: Extent,
}

/// Which part of a history is wanted: all of it where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Of which time.
    #[serde(flatten)]
    pub span: Span,
    /// What the vendor's own filters leave, by their names.
    #[serde(default)]
    pub filters: BTreeMap<String, String>,
    /// These answers alone, whether or not the vendor lists them.
    #[serde(default)]
    pub references: Vec<VendorReference>,
}

/// Why no history can be brought in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwanted {
    /// No such provider is configured.
    #[error("must be a configured provider: {}{}", known.join(", "), did_you_mean(near.as_deref()))]
    UnknownProvider {
        /// The providers there are.
        known: Vec<String>,
        /// The one that may be meant.
        near: Option<String>,
    },
    /// The vendor keeps no history that can be listed.
    #[error("{provider} has no history that can be listed; {}", those_with(with))]
    NoHistory {
        /// The provider.
        provider: ProviderName,
        /// Those that have one.
        with: Vec<String>,
    },
    /// Nothing lies between the two ends.
    #[error("must be later than from")]
    Backwards,
    /// The vendor's list has no such filter, or the filter no such value.
    #[error("{}", filters_of(provider, known))]
    UnknownFilter {
        /// The provider.
        provider: ProviderName,
        /// The filters there are.
        known: &'static [HistoryFilter],
    },
    /// Answers are named and a list is asked for.
    #[error("name answers by themselves: without from, to and filters")]
    ListedAndNamed,
    /// Too many answers are named, or one by no reference.
    #[error(
        "must be 1 to {MAX_REFERENCES} of the vendor's own references, of 1 to {LONGEST_REFERENCE} characters"
    )]
    BadReferences,
}

// === impl Wanted ===

impl Wanted {
    /// The provider of this name and the environment whose keys may use it.
    ///
    /// # Errors
    ///
    /// When there is none, or its vendor lists no history.
    pub fn find<'a>(assessor: &'a Assessor, name: &str) -> Result<(&'a Provider, KeyEnvironment), Unwanted> {
        let names = |providers: &mut dyn Iterator<Item = &Provider>| {
            providers.map(|provider| provider.adapter.descriptor().name.to_string()).collect::<Vec<_>>()
        };
        let Some(provider) = assessor.provider(name) else {
            let known = names(&mut assessor.providers());
            let near = nearest(name, &known.iter().map(String::as_str).collect::<Vec<_>>());
            return Err(Unwanted::UnknownProvider { near: near.map(str::to_owned), known });
        };
        if provider.adapter.history().is_none() {
            let with = names(&mut assessor.providers().filter(|other| other.adapter.history().is_some()));
            let provider = provider.adapter.descriptor().name.clone();
            return Err(Unwanted::NoHistory { provider, with });
        }
        let environment = if provider.sandbox { KeyEnvironment::Test } else { KeyEnvironment::Live };
        Ok((provider, environment))
    }

    /// What is wanted, under this name.
    ///
    /// # Errors
    ///
    /// When nothing lies in the extent, or the vendor does not know it.
    pub fn new(tenant: String, provider: &Provider, extent: Extent) -> Result<Self, Unwanted> {
        let name = provider.adapter.descriptor().name.clone();
        let known = provider.adapter.history().map(History::filters).unwrap_or_default();
        extent.check(&name, known)?;
        Ok(Self { tenant, provider: name, extent })
    }

    /// From when on, in words.
    #[must_use]
    pub fn from(&self) -> Option<String> {
        self.extent.span.from.map(String::from)
    }

    /// Until when, in words.
    #[must_use]
    pub fn to(&self) -> Option<String> {
        self.extent.span.to.map(String::from)
    }

    /// Keyed hash of all of it.
    ///
    /// # Errors
    ///
    /// None in practice: an extent is always JSON.
    pub fn mac(&self, keys: &KeyMaker) -> Result<[u8; 32], serde_json::Error> {
        let extent = serde_json::to_string(&self.extent)?;
        Ok(keys.nameless(&["wanted", &self.tenant, self.provider.as_str(), &extent]))
    }
}

// === impl Extent ===

impl Extent {
    /// What to ask the vendor for, which may be more than is wanted.
    pub(super) fn query(&self) -> HistoryQuery {
        let [from, to] = self.span.days();
        HistoryQuery { from, to, filters: self.filters.clone(), name: None }
    }

    fn check(&self, provider: &ProviderName, known: &'static [HistoryFilter]) -> Result<(), Unwanted> {
        if !self.span.has_length() {
            return Err(Unwanted::Backwards);
        }
        let is_known = |(name, value): (&String, &String)| {
            known.iter().any(|filter| filter.name == name && filter.values.contains(&value.as_str()))
        };
        if !self.filters.iter().all(is_known) {
            return Err(Unwanted::UnknownFilter { provider: provider.clone(), known });
        }
        let is_reference = |reference: &VendorReference| {
            (1..=LONGEST_REFERENCE).contains(&reference.0.len()) && !reference.0.contains(char::is_control)
        };
        if self.references.len() > MAX_REFERENCES || !self.references.iter().all(is_reference) {
            return Err(Unwanted::BadReferences);
        }
        let listed = self.span != Span::default() || !self.filters.is_empty();
        if listed && !self.references.is_empty() { Err(Unwanted::ListedAndNamed) } else { Ok(()) }
    }
}

// === impl Unwanted ===

impl Unwanted {
    /// The field of a request to mend.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::UnknownProvider { .. } | Self::NoHistory { .. } => "provider",
            Self::Backwards => "to",
            Self::UnknownFilter { .. } => "filters",
            Self::ListedAndNamed | Self::BadReferences => "references",
        }
    }
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default()
}

fn those_with(with: &[String]) -> String {
    if with.is_empty() {
        "nor has any other".to_owned()
    } else {
        format!("there is one of: {}", with.join(", "))
    }
}

fn filters_of(provider: &ProviderName, known: &[HistoryFilter]) -> String {
    if known.is_empty() {
        return format!("the list of {provider} has no filters but from and to");
    }
    let known: Vec<String> =
        known.iter().map(|filter| format!("{} ({})", filter.name, filter.values.join(", "))).collect();
    format!("the list of {provider} is filtered by {}", known.join("; "))
}
