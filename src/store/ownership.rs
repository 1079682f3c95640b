//! To whom the store belongs: the master key, and what it protects.
//!
//! The master key wraps every subject's data key and the store's own key of hashes. Nothing else depends on it, so that
//! another can take its place while servers run.

use super::{
    Store, StoreError, facts, subjects,
    writer::{Add, Change},
};
use crate::{
    ids::SubjectId,
    secrets::{HashKey, MasterKeys},
    vault::VaultError,
};

/// Data keys wrapped anew in one transaction.
const BATCH: u32 = 500;
const HASH_KEY_PLACE: &str = "store_facts/hash_key/value";

// === impl Store ===

impl Store {
    /// Makes sure that the store belongs to one of `master_keys`; whoever asks first owns it. Gives the key of its
    /// hashes.
    ///
    /// # Errors
    ///
    /// [`StoreError::OtherMasterKey`] when it was made under another.
    pub async fn unlock(&self, master_keys: &MasterKeys) -> Result<HashKey, StoreError> {
        let recognition = master_keys.current().recognition();
        let known = facts::find(&self.readers, facts::MASTER_KEY).await?;
        if known.is_none() {
            // First of all, so that an owner without a hash key means the first release.
            let key = HashKey::random().map_err(VaultError::from)?;
            self.keep(facts::HASH_KEY, &self.vault.wrap(HASH_KEY_PLACE, key.expose())?).await?;
            self.keep(facts::MASTER_KEY, &recognition).await?;
        }
        let owner = facts::find(&self.readers, facts::MASTER_KEY).await?.unwrap_or_default();
        let owner = master_keys.recognised(&owner).ok_or(StoreError::OtherMasterKey)?;
        if facts::find(&self.readers, facts::HASH_KEY).await?.is_none() {
            // The first release made its hashes with the master key itself.
            let key = HashKey::of_first_release(owner);
            self.keep(facts::HASH_KEY, &self.vault.wrap(HASH_KEY_PLACE, key.expose())?).await?;
        }
        let wrapped = facts::find(&self.readers, facts::HASH_KEY).await?.unwrap_or_default();
        Ok(HashKey::from_bytes(self.vault.unwrap(HASH_KEY_PLACE, &wrapped)?))
    }

    /// Wraps everything by the current master key that an earlier one wrapped, a batch at a time, while servers that
    /// know both keys run. Tells `progress` how many data keys were wrapped anew so far, and returns that number.
    ///
    /// # Errors
    ///
    /// When the store could not be read or written; what was done until then stays done.
    pub async fn rotate(
        &self,
        master_keys: &MasterKeys,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let changed = self.rewrap_all(&mut |done| progress(total + done)).await?;
            total += changed;
            // A server that wraps by the earlier key may have added some behind this one's back.
            if changed == 0 {
                break;
            }
        }
        if let Some(wrapped) = facts::find(&self.readers, facts::HASH_KEY).await?
            && let Some(anew) = self.vault.rewrapped(HASH_KEY_PLACE, &wrapped)?
        {
            self.replace(facts::HASH_KEY, &anew).await?;
        }
        self.replace(facts::MASTER_KEY, &master_keys.current().recognition()).await?;
        Ok(total)
    }

    async fn rewrap_all(&self, progress: &mut (impl FnMut(u64) + Send)) -> Result<u64, StoreError> {
        let (mut after, mut changed) = (SubjectId::from_text(""), 0);
        loop {
            let keys = subjects::data_keys_after(&self.readers, &after, BATCH).await?;
            let Some((last, _)) = keys.last() else { return Ok(changed) };
            after = last.clone();
            let old: Vec<_> =
                keys.into_iter().filter(|(_, wrapped)| !self.vault.is_current(wrapped)).collect();
            if !old.is_empty() {
                let vault = self.vault.clone();
                changed += self.writer.change(Change::Rewrap { vault, keys: old }).await?;
                progress(changed);
            }
        }
    }

    async fn keep(&self, name: &'static str, value: &[u8]) -> Result<(), StoreError> {
        self.writer.write(Add::Fact { name, value: value.to_vec() }).await.map(drop)
    }

    async fn replace(&self, name: &'static str, value: &[u8]) -> Result<(), StoreError> {
        self.writer.write(Change::Fact { name, value: value.to_vec() }).await.map(drop)
    }
}
