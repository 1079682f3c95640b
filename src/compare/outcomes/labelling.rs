//! Whose outcomes are known: where it depends on a side's flags or scores, whatever is counted from outcomes alone favours a
//! side.
//!
//! Who is flagged by one side gets looked into, so that side's scores among the labelled are cut to a narrow range, and its
//! area under the curve with them (verification bias; Begg and Greenes 1983). It is told by Pearson's χ² of "flagged" against
//! "outcome known" with Yates's correction, below 0.001, where the shares also lie further apart than 0.05, or one is more
//! than a quarter larger than the other: of few who are labelled at all, few more make all the difference. And where hardly
//! anybody is unflagged by both sides, as in an export of flagged cases, nothing tells what became of the others; nor where
//! fewer than half are in a file of which nearly every outcome is known, as in an export of flagged cases with a sample of others,
//! unless somebody says that it holds everybody.
//!
//! Nor may it depend on a side's score, wherever those who look draw their line: so all pairs are put in order by each side's
//! score and cut into ten groups of about the same size, equal ones together and fewer where few are known or few are not, and
//! Pearson's χ² is taken of group against "outcome known", with the same limits for the groups of which least and most is known.
//! The same goes for segments: what a side is worth where fewer are known counts less than it should.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::compare::{
    figure::NO_PAIRS, numbers::chi_square_tail, pairs::Row, ranks::order, settings::Settings,
};

const ERROR: f64 = 0.001;
const APART: f64 = 0.05;
const LARGER: f64 = 1.25;
/// Where fewer than one in so many is unflagged by both sides, the others seem to be left out.
const UNFLAGGED_IN: u64 = 10;
/// The same where nearly every outcome is known: a file may hold those who were looked into, with some others beside them.
const UNFLAGGED_IN_KNOWN: u64 = 2;
const NEARLY_ALL: f64 = 0.95;
/// Groups of scores at the most.
const GROUPS: u64 = 10;
/// So many known and unknown outcomes are expected in each group at the least.
const EXPECTED: u64 = 5;

/// Of whom outcomes are known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Labelling {
    /// Of those whom the left side flags.
    pub left_flagged: Known,
    /// Of those whom it does not flag.
    pub left_unflagged: Known,
    /// Of those whom the right side flags.
    pub right_flagged: Known,
    /// Of those whom it does not flag.
    pub right_unflagged: Known,
    /// Of those whom neither side flags.
    #[serde(default)]
    pub unflagged: Known,
    /// Whether hardly anybody is unflagged by both sides: what is left out then decides who is better.
    #[serde(default)]
    pub only_flagged: bool,
    /// Of groups by the left side's score.
    #[serde(default)]
    pub left_scores: KnownByGroup,
    /// Of groups by the right side's score.
    #[serde(default)]
    pub right_scores: KnownByGroup,
    /// Of segments, small ones together.
    #[serde(default)]
    pub segments: KnownByGroup,
    /// Whether it depends on flags, scores or segments: then areas under the curve are biased, and nobody wins by them.
    pub selective: bool,
}

/// Of how many an outcome is known, by groups.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KnownByGroup {
    /// The share in the group of which least is known.
    #[schema(required)]
    pub least: Option<f64>,
    /// The share in the group of which most is known.
    #[schema(required)]
    pub most: Option<f64>,
    /// Whether it depends on the group.
    pub selective: bool,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Of how many an outcome is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Known {
    /// Pairs with an outcome.
    pub labelled: u64,
    /// Pairs with one or without.
    pub pairs: u64,
}

/// Pairs among those whom a side flags and among the others.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    flagged: Known,
    unflagged: Known,
}

pub(super) fn labelling(rows: &[Row], settings: &Settings) -> Labelling {
    let from = settings.flag_level as u8;
    let (mut left, mut right, mut either) = (Counts::default(), Counts::default(), Counts::default());
    for row in rows {
        let known = row.positive().is_some();
        let (by_left, by_right) = (row.left_level >= from, row.right_level >= from);
        left.add(by_left, known);
        right.add(by_right, known);
        either.add(by_left || by_right, known);
    }
    let (left_scores, right_scores) = by_scores(rows);
    let segments = KnownByGroup::of(&by_segment(rows));
    let by_group = [&left_scores, &right_scores, &segments].into_iter().any(|known| known.selective);
    let all = left.all();
    let is_chosen = !settings.everybody && all.labelled as f64 >= NEARLY_ALL * all.pairs as f64;
    let fewest = if is_chosen { UNFLAGGED_IN_KNOWN } else { UNFLAGGED_IN };
    Labelling {
        left_flagged: left.flagged,
        left_unflagged: left.unflagged,
        right_flagged: right.flagged,
        right_unflagged: right.unflagged,
        unflagged: either.unflagged,
        only_flagged: either.unflagged.pairs * fewest < all.pairs,
        selective: by_group || [left, right, either].into_iter().any(Counts::is_selective),
        left_scores,
        right_scores,
        segments,
    }
}

/// Segments of which many enough are known and not; the others are one group.
fn by_segment(rows: &[Row]) -> Vec<Known> {
    let mut segments: Vec<Known> = Vec::new();
    let (mut all, mut small) = (Known::default(), Known::default());
    for row in rows {
        let number = row.segment as usize;
        segments.resize(segments.len().max(number + 1), Known::default());
        let known = row.positive().is_some();
        segments[number].add(known);
        all.add(known);
    }
    let is_large = |segment: &Known| {
        let expected = all.share().unwrap_or_default() * segment.pairs as f64;
        expected.min(segment.pairs as f64 - expected) >= EXPECTED as f64
    };
    for segment in segments.iter().filter(|segment| !is_large(segment)) {
        small.pairs += segment.pairs;
        small.labelled += segment.labelled;
    }
    segments.retain(is_large);
    segments.extend(is_large(&small).then_some(small));
    if segments.is_empty() {
        segments.push(all);
    }
    segments
}

/// `rows` are sorted by the left score.
fn by_scores(rows: &[Row]) -> (KnownByGroup, KnownByGroup) {
    let known = rows.iter().filter(|row| row.positive().is_some()).count() as u64;
    let all = Known { labelled: known, pairs: rows.len() as u64 };
    // Where all are known, or nobody is, every group is like the others.
    if known == 0 || known == all.pairs {
        let even = KnownByGroup::of(&[all]);
        return (even.clone(), even);
    }
    let by_left = groups(all, rows.iter().map(|row| (row.left, row)));
    let right = order(rows.iter().map(|row| row.right));
    let in_order = right.iter().map(|&index| &rows[index as usize]);
    let by_right = groups(all, in_order.map(|row| (row.right, row)));
    (KnownByGroup::of(&by_left), KnownByGroup::of(&by_right))
}

/// Groups of about the same size, of pairs in the order of a score; whoever has the same one is in the same group.
fn groups<'a>(all: Known, rows: impl Iterator<Item = (f64, &'a Row)>) -> Vec<Known> {
    let rarer = all.labelled.min(all.pairs - all.labelled);
    let number = (rarer / EXPECTED).clamp(2, GROUPS);
    let mut groups = vec![Known::default(); GROUPS as usize];
    let (mut equal, mut score, mut before) = (Known::default(), f64::NAN, 0);
    let mut put = |equal: Known, before: u64| {
        // By the middle of those who have the same score.
        let group = &mut groups[((2 * before + equal.pairs) * number / (2 * all.pairs)) as usize];
        group.pairs += equal.pairs;
        group.labelled += equal.labelled;
    };
    for (at, row) in rows {
        if at != score && equal.pairs > 0 {
            put(equal, before);
            before += equal.pairs;
            equal = Known::default();
        }
        score = at;
        equal.pairs += 1;
        equal.labelled += u64::from(row.positive().is_some());
    }
    put(equal, before);
    groups.retain(|group| group.pairs > 0);
    groups
}

// === impl Labelling ===

impl Labelling {
    /// Whether it depends on flags, whatever the scores.
    pub(in crate::compare) fn is_by_flags(&self) -> bool {
        let (left, others) = (self.left_flagged, self.left_unflagged);
        let either = Known {
            labelled: left.labelled + others.labelled - self.unflagged.labelled,
            pairs: left.pairs + others.pairs - self.unflagged.pairs,
        };
        depends(left, others)
            || depends(self.right_flagged, self.right_unflagged)
            || depends(either, self.unflagged)
    }
}

// === impl KnownByGroup ===

impl KnownByGroup {
    fn of(groups: &[Known]) -> Self {
        let shares = || groups.iter().filter_map(|group| group.share());
        let (Some(least), Some(most)) = (shares().reduce(f64::min), shares().reduce(f64::max)) else {
            return Self { reason: Some(NO_PAIRS.to_owned()), ..Self::default() };
        };
        let selective = are_apart(least, most) && differ(groups);
        Self { least: Some(least), most: Some(most), selective, reason: None }
    }
}

/// Whether shares differ by enough to bias anything.
fn are_apart(less: f64, more: f64) -> bool {
    more - less > APART || more > LARGER * less
}

/// Whether shares of these groups differ by more than chance.
fn differ(groups: &[Known]) -> bool {
    let sum = |count: fn(&Known) -> u64| groups.iter().map(count).sum::<u64>() as f64;
    let (all, known) = (sum(|group| group.pairs), sum(|group| group.labelled));
    let share = known / all;
    let distance = |group: &Known| {
        let expected = share * group.pairs as f64;
        (group.labelled as f64 - expected).powi(2) / (expected * (1.0 - share))
    };
    let chi_square: f64 = groups.iter().map(distance).sum();
    groups.len() > 1 && chi_square.is_finite() && chi_square_tail(chi_square, groups.len() as u32 - 1) < ERROR
}

// === impl Known ===

impl Known {
    /// The share of them; none of nobody.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.pairs > 0).then(|| self.labelled as f64 / self.pairs as f64)
    }

    const fn add(&mut self, known: bool) {
        self.pairs += 1;
        self.labelled += known as u64;
    }

    const fn not(self) -> f64 {
        (self.pairs - self.labelled) as f64
    }
}

// === impl Counts ===

impl Counts {
    const fn add(&mut self, flagged: bool, known: bool) {
        let counts = if flagged { &mut self.flagged } else { &mut self.unflagged };
        counts.add(known);
    }

    const fn all(self) -> Known {
        Known {
            labelled: self.flagged.labelled + self.unflagged.labelled,
            pairs: self.flagged.pairs + self.unflagged.pairs,
        }
    }

    fn is_selective(self) -> bool {
        depends(self.flagged, self.unflagged)
    }
}

/// Whether something is known of one group surely more often, and much more often, than of another.
pub(in crate::compare) fn depends(one: Known, other: Known) -> bool {
    let (Some(share), Some(others)) = (one.share(), other.share()) else { return false };
    let (a, b) = (one.labelled as f64, one.not());
    let (c, d) = (other.labelled as f64, other.not());
    let margins = (a + b) * (c + d) * (a + c) * (b + d);
    if margins <= 0.0 {
        return false;
    }
    let all = a + b + c + d;
    let chi_square = all * ((a * d - b * c).abs() - all / 2.0).max(0.0).powi(2) / margins;
    let (less, more) = (share.min(others), share.max(others));
    are_apart(less, more) && chi_square_tail(chi_square, 1) < ERROR
}

#[cfg(test)]
mod tests {
    use super::labelling;
    use crate::compare::{Context, Pair, Pairs, Points, Rating, Report, Settings, numbers::Generator};

    /// A thousand pairs of which those are labelled that `is_known` says by number and left score.
    fn report(is_known: impl Fn(u32, f64) -> bool) -> Report {
        Report::of(&pairs(is_known), &Settings::default(), Context::default())
    }

    fn pairs(is_known: impl Fn(u32, f64) -> bool) -> Pairs {
        let mut pairs = Pairs::default();
        for number in 0..1000_u32 {
            let rating = |score: u32| Rating::of(Points::new(f64::from(score % 101)).expect("a score"));
            let (left, right) = (rating(number * 37), rating(number * 53 + 11));
            let known = is_known(number, left.score.value());
            pairs.push(Pair { left, right, outcome: known.then_some(number % 7 == 0), segment: None });
        }
        pairs
    }

    #[test]
    fn a_choice_by_flags_is_seen_and_one_by_chance_is_not() {
        assert!(!report(|_, _| true).outcomes.labelling.selective);
        assert!(!report(|number, _| number % 3 == 0).outcomes.labelling.selective);
        // Few are labelled at all, and all of them are flagged by the left side.
        let few = report(|number, score| score >= 60.0 && number % 12 == 0);
        assert!(few.outcomes.labelling.selective, "{:?}", few.outcomes.labelling);
        for flagged_and_a_few in [1_000, 20] {
            let chosen = report(|number, score| score >= 60.0 || number % flagged_and_a_few == 0);
            assert!(chosen.outcomes.labelling.selective, "{:?}", chosen.outcomes.labelling);
            assert!(!chosen.verdict.decides(), "{:?}", chosen.verdict_reasons);
            let labelling = &chosen.outcomes.labelling;
            assert_eq!(labelling.left_flagged.labelled, labelling.left_flagged.pairs);
            assert!(labelling.is_by_flags());
        }
    }

    #[test]
    fn a_choice_by_scores_is_seen_wherever_the_line_is() {
        for line in [20.0, 45.0, 75.0, 90.0] {
            let chosen = report(|number, score| score >= line || number % 20 == 0);
            let labelling = &chosen.outcomes.labelling;
            assert!(labelling.selective && labelling.left_scores.selective, "{line}: {labelling:?}");
            assert!(!chosen.verdict.decides());
        }
        // As many of those who are flagged as of the others, but the low ones of each.
        let within =
            report(|number, score| score < 30.0 || (60.0..80.0).contains(&score) || number % 10 == 0);
        let labelling = &within.outcomes.labelling;
        assert!(!labelling.is_by_flags() && labelling.left_scores.selective, "{labelling:?}");
        assert!(
            within.verdict_reasons[0].contains("by score, outcomes are known of"),
            "{:?}",
            within.verdict_reasons
        );
        let (least, most) = (labelling.left_scores.least, labelling.left_scores.most);
        assert!(least < Some(0.2) && most > Some(0.9), "{labelling:?}");
    }

    #[test]
    fn scores_that_are_all_the_same_have_one_group_and_a_choice_by_chance_is_seldom_seen() {
        let mut numbers = Generator::new(4);
        let mut chance = |share: f64| (numbers.next() >> 11) as f64 / ((1_u64 << 53) as f64) < share;
        let mut seen = 0;
        for share in (0..300).map(|number| [0.02, 0.3, 0.97][number % 3]) {
            let known: Vec<bool> = (0..1000).map(|_| chance(share)).collect();
            let (rows, _) = pairs(|number, _| known[number as usize]).sorted();
            seen += u32::from(labelling(&rows, &Settings::default()).selective);
        }
        assert!(seen <= 3, "{seen} of 300, where less than one is expected");
        let mut pairs = Pairs::default();
        let rating = Rating::of(Points::new(50.0).expect("a score"));
        for number in 0..200 {
            let outcome = (number % 3 == 0).then_some(number % 6 == 0);
            pairs.push(Pair { left: rating, right: rating, outcome, segment: None });
        }
        let scores =
            Report::of(&pairs, &Settings::default(), Context::default()).outcomes.labelling.right_scores;
        assert_eq!((scores.least, scores.most, scores.selective), (Some(0.335), Some(0.335), false));
    }
}
