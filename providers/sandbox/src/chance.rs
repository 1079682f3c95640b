//! Chance that is the same everywhere: a fixed hash of what was asked.
//!
//! FNV-1a over the parts, then a finaliser that spreads the bits. Written out here because the
//! standard library's hashes may change between releases, and an answer must not.

/// A source of deterministic values for one seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chance {
    seed: u64,
}

// === impl Chance ===

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// A number that depends on the seed and on every part and their order.
    pub(crate) fn roll(self, parts: &[&str]) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut eat = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        self.seed.to_le_bytes().into_iter().for_each(&mut eat);
        for part in parts {
            part.bytes().for_each(&mut eat);
            // Not a byte of any UTF-8 text, so ("ab", "c") differs from ("a", "bc").
            eat(0xff);
        }
        spread(hash)
    }

    /// A number of at least 0 and below 1.
    pub(crate) fn unit(self, parts: &[&str]) -> f64 {
        let high = u32::try_from(self.roll(parts) >> 32).unwrap_or(u32::MAX);
        f64::from(high) / 4_294_967_296.0
    }

    /// A number between the bounds, with two decimals.
    pub(crate) fn between(self, low: f64, high: f64, parts: &[&str]) -> f64 {
        ((low + (high - low) * self.unit(parts)) * 100.0).round() / 100.0
    }

    /// A number below `bound`; 0 when the bound is 0.
    pub(crate) fn below(self, bound: usize, parts: &[&str]) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.roll(parts) % bound).unwrap_or(0)
    }

    /// As many characters of the alphabet as asked for.
    pub(crate) fn text(self, alphabet: &str, length: usize, parts: &[&str]) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length)
            .filter_map(|place| {
                let place = place.to_string();
                let parts = [parts, &[place.as_str()]].concat();
                letters.get(self.below(letters.len(), &parts)).copied()
            })
            .collect()
    }
}

fn spread(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// A name as the hash sees it: lower case, runs of blanks as one.
pub(crate) fn normalised(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Chance, normalised};

    #[test]
    fn a_roll_never_changes_between_versions() {
        assert_eq!(Chance::new(0).roll(&["ahmed al khalid", "NG"]), 0xba4e_a2d0_18b2_4d23);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let chance = Chance::new(7);
        assert_ne!(chance.roll(&["ab", "c"]), chance.roll(&["a", "bc"]));
        assert_ne!(chance.roll(&["ab"]), Chance::new(8).roll(&["ab"]));
    }

    #[test]
    fn case_and_blanks_of_a_name_do_not_matter() {
        assert_eq!(normalised("  Ahmed   AL Khalid "), "ahmed al khalid");
    }
}
