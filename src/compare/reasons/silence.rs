//! What silence does to a verdict, in sentences.

use crate::compare::{
    outcomes::Known,
    report::Report,
    unanswered::{Reach, Silence},
    verdict::{Areas, Evidence, decide},
    words::{count, signed},
};

/// What it takes where silence alone keeps a report from naming anybody.
pub(in crate::compare) const SILENCE_DECIDES: &str = "Only those who were left without an answer keep it open: fewer unanswered \
    questions would decide, or asking them again, or knowing what became of them as often as of others.";

/// Whether another verdict would follow if nobody had been silent.
pub(in crate::compare) fn decides(report: &Report) -> bool {
    let Report { n, outcomes, unanswered, settings, .. } = report;
    let by =
        |silence: Reach| decide(&Evidence::of(&Areas::of(outcomes), *n, outcomes, silence, false), settings);
    !unanswered.selective && by(unanswered.reach(outcomes, *n)) != by(Reach::default())
}

/// How many were left without an answer, and what the gain may be whatever would have been said of them.
pub(super) fn told(report: &Report, gain: Option<(f64, f64)>) -> Option<String> {
    let Report { unanswered, outcomes, .. } = report;
    let sides = [(&report.left, unanswered.left), (&report.right, unanswered.right)];
    let sides = sides.into_iter().filter(|(_, silence)| silence.subjects > 0);
    let mut told: Vec<String> =
        sides.map(|(side, silence)| format!("{side} left {} without an answer", subjects(silence))).collect();
    if unanswered.not_asked.subjects > 0 {
        told.push(format!("about {} a side was not asked", subjects(unanswered.not_asked)));
    }
    if told.is_empty() {
        return None;
    }
    let beside = format!("Beside {} pairs, {}.", count(report.n), told.join("; "));
    let gain = gain.filter(|_| unanswered.reach(outcomes, report.n).is_any());
    Some(gain.map_or_else(
        || beside.clone(),
        |(low, high)| {
            let (low, high) = (low.max(-1.0), high.min(1.0));
            let change = unanswered.area_change;
            let heard = if change.left == 0.0 && change.right == 0.0 {
                "Whatever would have been said of them"
            } else {
                "With what the other side said of them, and whatever this one would have said"
            };
            let known = Known { labelled: outcomes.labelled, pairs: report.n };
            let missing = unanswered.missing(known).round() as u64;
            let missing = if missing > 0 {
                format!(
                    " Of about {} more of them an outcome would be known, were it as often as of pairs: these may be of either kind.",
                    count(missing)
                )
            } else {
                String::new()
            };
            format!("{beside}{missing} {heard}, the gain may lie from {} to {}.", signed(low), signed(high))
        },
    ))
}

fn subjects(silence: Silence) -> String {
    let Silence { subjects, positives, negatives } = silence;
    format!("{} ({} positive, {} negative)", count(subjects), count(positives), count(negatives))
}

/// Why nobody wins where a side is silent about the hard cases, or about those of whom nothing is known.
pub(super) fn selective(report: &Report) -> Option<String> {
    let Report { unanswered, outcomes, n, .. } = report;
    if !unanswered.selective {
        return None;
    }
    let by_side = unanswered.by_side(outcomes, *n);
    let of = |silence: Silence| {
        format!(
            "{} positive and {} negative outcomes of {} subjects",
            count(silence.positives),
            count(silence.negatives),
            count(silence.subjects)
        )
    };
    let mut told: Vec<String> =
        [(&report.left, unanswered.left, by_side.left), (&report.right, unanswered.right, by_side.right)]
            .into_iter()
            .filter(|(.., selective)| *selective)
            .map(|(side, silence, _)| format!("{side} left {} without an answer", of(silence)))
            .collect();
    if by_side.not_asked {
        told.push(format!("{} were not asked about", of(unanswered.not_asked)));
    }
    Some(format!(
        "{}, beside {} and {} of {} that both answered. Whoever is not heard about one kind, or about those of whom nothing is \
         known, looks better than it is, so nobody wins by the rest.",
        told.join("; "),
        count(outcomes.positives),
        count(outcomes.negatives),
        count(*n)
    ))
}
