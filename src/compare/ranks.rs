//! Sorting once, and what follows from sorted values: ranks with ties, and how many pairs are out of order.

/// The positions of `values`, lowest value first; among equal ones in their order.
///
/// The values are scores: never negative, so that their bits sort as they do.
pub(super) fn order(values: impl Iterator<Item = f64>) -> Vec<u32> {
    let mut keyed: Vec<(u64, u32)> =
        values.enumerate().map(|(index, value)| (value.to_bits(), index as u32)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, index)| index).collect()
}

/// The middle rank of each value, from 1: equal values share the mean of theirs.
pub(super) fn midranks(order: &[u32], value: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut ranks = vec![0.0; order.len()];
    let mut begin = 0;
    for group in order.chunk_by(|&one, &next| value(one as usize) == value(next as usize)) {
        let rank = begin as f64 + (group.len() as f64 + 1.0) / 2.0;
        for &index in group {
            ranks[index as usize] = rank;
        }
        begin += group.len();
    }
    ranks
}

/// How many pairs of values stand in the wrong order (Knight 1966): merges, with a count. Sorts `values`.
pub(super) fn inversions(values: &mut [f64]) -> u64 {
    let mut spare = values.to_vec();
    count(values, &mut spare)
}

/// Small runs are sorted by insertion, which is faster than merging them.
const SMALL: usize = 16;

fn count(values: &mut [f64], spare: &mut [f64]) -> u64 {
    if values.len() <= SMALL {
        return insert(values);
    }
    let middle = values.len() / 2;
    let (low, high) = values.split_at_mut(middle);
    let (spare_low, spare_high) = spare.split_at_mut(middle);
    let mut swaps = count(low, spare_low) + count(high, spare_high);
    spare.copy_from_slice(values);
    let (mut one, mut other) = (0, middle);
    for slot in values.iter_mut() {
        if other == spare.len() || (one < middle && spare[one] <= spare[other]) {
            *slot = spare[one];
            one += 1;
        } else {
            *slot = spare[other];
            swaps += (middle - one) as u64;
            other += 1;
        }
    }
    swaps
}

fn insert(values: &mut [f64]) -> u64 {
    let mut swaps = 0;
    for end in 1..values.len() {
        let mut at = end;
        while at > 0 && values[at - 1] > values[at] {
            values.swap(at - 1, at);
            swaps += 1;
            at -= 1;
        }
    }
    swaps
}

/// How many pairs of neighbours can be drawn from groups of equal values that stand together.
pub(super) fn tied_pairs<T>(values: &[T], equal: impl FnMut(&T, &T) -> bool) -> u64 {
    values.chunk_by(equal).map(|group| pairs_of(group.len() as u64)).sum()
}

/// n choose two.
pub(super) const fn pairs_of(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}
