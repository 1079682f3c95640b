//! Equal scores, counted: what every figure about ranking starts from.

/// How many have the same score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Group {
    pub(super) score: f64,
    pub(super) positives: u64,
    pub(super) negatives: u64,
}

// === impl Group ===

impl Group {
    pub(super) const fn total(&self) -> u64 {
        self.positives + self.negatives
    }
}

/// Groups of equal scores, lowest score first.
pub(super) fn tally(order: &[u32], score: impl Fn(usize) -> f64, positive: &[bool]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for &index in order {
        let index = index as usize;
        let (score, hit) = (score(index), u64::from(positive[index]));
        match groups.last_mut() {
            Some(group) if group.score == score => {
                group.positives += hit;
                group.negatives += 1 - hit;
            }
            _ => groups.push(Group { score, positives: hit, negatives: 1 - hit }),
        }
    }
    groups
}
