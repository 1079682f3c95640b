//! The one place that names vendor crates. Adding a vendor adds one line to its table.

use std::{fmt, sync::Arc};

use risk_provider::{ProviderSettings, RiskProvider};
use risk_provider_idenfy::Idenfy;
use risk_provider_youverify::{Actor, Intelligence};

use crate::config::VendorTable;

type Read = fn(&mut VendorTable<'_, '_>, ProviderSettings) -> Option<Arc<dyn RiskProvider>>;

/// A kind of provider that can be configured.
pub struct Kind {
    name: &'static str,
    read: Read,
}

const KINDS: &[Kind] = &[
    Kind { name: Idenfy::KIND, read: |table, common| table.make(|own| Idenfy::new(common, own)).map(shared) },
    Kind { name: Actor::KIND, read: |table, common| table.make(|own| Actor::new(common, own)).map(shared) },
    Kind {
        name: Intelligence::KIND,
        read: |table, common| table.make(|own| Intelligence::new(common, own)).map(shared),
    },
];

fn shared(adapter: impl RiskProvider + 'static) -> Arc<dyn RiskProvider> {
    Arc::new(adapter)
}

/// The kind of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The names of all kinds.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

// === impl Kind ===

impl Kind {
    /// Makes the adapter of a provider's table; none when problems were noted there.
    pub fn read(
        &self,
        table: &mut VendorTable<'_, '_>,
        common: ProviderSettings,
    ) -> Option<Arc<dyn RiskProvider>> {
        (self.read)(table, common)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
