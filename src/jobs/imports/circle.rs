//! Tells a list that leads in a circle from a long one, in a few bytes carried from page to page.
//!
//! By Brent's method: one earlier page is remembered, and after twice as many pages each time a later one instead. So a
//! circle is seen after at most three times as many pages as lead into it and around it. A circle whose pages have a new
//! address each time is told by what they hold, a few rounds later: a list that moves on while it is read may show the
//! same page twice.

use serde::{Deserialize, Serialize};

/// So often a list may show what it held on the page remembered.
const MOST_REPEATS: u32 = 3;

/// A page that was read before, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    cursor: Option<String>,
    /// What the page before it held, as a keyed hash.
    #[serde(default)]
    content: Option<String>,
    /// How often a page held the same as the one remembered.
    #[serde(default)]
    repeats: u32,
    since: u64,
    until: u64,
}

// === impl Mark ===

impl Mark {
    /// Goes on from a page that holds `content` to the one at `cursor`; none when the list leads in a circle.
    pub(super) fn then(&self, cursor: &str, content: String) -> Option<Self> {
        let repeats = self.repeats + u32::from(self.content.as_ref() == Some(&content));
        if self.cursor.as_deref() == Some(cursor) || repeats > MOST_REPEATS {
            return None;
        }
        if self.since < self.until {
            return Some(Self { since: self.since + 1, repeats, ..self.clone() });
        }
        let (cursor, content) = (Some(cursor.to_owned()), Some(content));
        Some(Self { cursor, content, repeats, since: 0, until: (self.until * 2).max(1) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// After how many pages a circle is seen in a list of addresses and contents.
    fn seen(list: impl Iterator<Item = (usize, usize)>) -> Option<usize> {
        let mut mark = Mark::default();
        for (read, (address, content)) in list.enumerate() {
            match mark.then(&address.to_string(), content.to_string()) {
                Some(next) => mark = next,
                None => return Some(read),
            }
        }
        None
    }

    proptest! {
        #[test]
        fn a_circle_is_seen_soon_and_a_line_never(before in 0..200_usize, around in 1..200_usize) {
            let circle = || (0..10_000).map(|page| if page < before { page } else { before + (page - before) % around });
            let seen_after = seen(circle().map(|page| (page, page))).expect("seen");
            prop_assert!(seen_after <= 3 * (before + around) + 3, "{seen_after}");
            let seen_after = seen(circle().enumerate()).expect("seen under new addresses");
            prop_assert!(seen_after <= 7 * (before + around) + 7, "{seen_after}");
            prop_assert_eq!(seen((0..10_000).map(|page| (page, page))), None);
        }
    }

    #[test]
    fn a_list_that_moves_on_may_show_a_page_twice() {
        let moving = (0..1000).map(|page| (page, if page == 500 { 499 } else { page }));
        assert_eq!(seen(moving), None);
    }
}
