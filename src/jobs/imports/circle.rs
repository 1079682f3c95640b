//! Tells a list that leads in a circle from a long one, in a few bytes carried from page to page.
//!
//! By Brent's method: one earlier page is remembered, and after twice as many pages each time a later one instead. So a
//! circle is seen after at most three times as many pages as lead into it and around it.

use serde::{Deserialize, Serialize};

/// A page that was read before, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    cursor: Option<String>,
    since: u64,
    until: u64,
}

// === impl Mark ===

impl Mark {
    /// Goes on to the page at `cursor`; none when that is the page remembered.
    pub(super) fn then(&self, cursor: &str) -> Option<Self> {
        if self.cursor.as_deref() == Some(cursor) {
            return None;
        }
        if self.since < self.until {
            return Some(Self { since: self.since + 1, ..self.clone() });
        }
        Some(Self { cursor: Some(cursor.to_owned()), since: 0, until: (self.until * 2).max(1) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// After how many pages of `list` a circle is seen.
    fn seen(list: impl Iterator<Item = usize>) -> Option<usize> {
        let mut mark = Mark::default();
        for (read, page) in list.enumerate() {
            match mark.then(&page.to_string()) {
                Some(next) => mark = next,
                None => return Some(read),
            }
        }
        None
    }

    proptest! {
        #[test]
        fn a_circle_is_seen_soon_and_a_line_never(before in 0..200_usize, around in 1..200_usize) {
            let circle = (0..).map(|page| if page < before { page } else { before + (page - before) % around });
            let seen_after = seen(circle.take(10_000)).expect("seen");
            prop_assert!(seen_after <= 3 * (before + around) + 3, "{seen_after}");
            prop_assert_eq!(seen(0..10_000), None);
        }
    }
}
