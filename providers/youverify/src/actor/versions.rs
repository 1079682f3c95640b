//! Mapping versions of providers with weights of their own.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use crate::config::CustomWeights;

/// Every version that was ever needed: as many as there were different weights.
static VERSIONS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The version `base` with these weights, such as `youverify-actor/2;kyc=2`. The same weights have the same version.
pub(super) fn with(base: &str, weights: &CustomWeights) -> &'static str {
    let listed: String = weights.listed().map(|(name, weight)| format!(";{name}={weight}")).collect();
    let version = format!("{base}{listed}");
    let mut known = VERSIONS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(version) = known.get(version.as_str()) {
        return version;
    }
    let version: &'static str = version.leak();
    known.insert(version);
    version
}
