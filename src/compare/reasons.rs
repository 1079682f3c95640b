//! Why a verdict is what it is, in sentences, and what to keep in mind.

mod silence;

pub(super) use silence::{SILENCE_DECIDES, decides as silence_decides};

use super::{
    figure::Estimate,
    outcomes::Known,
    report::Report,
    verdict::Verdict,
    words::{count, percent, signed, sureness},
};

/// Where so large a share of cases is flagged, perhaps few others were looked into.
const NEARLY_ALL: f64 = 0.9;
/// Of fewer cases all may be flagged without that.
const FEWEST_CASES: u64 = 30;
/// Whoever knows nobody below this has no safe subjects.
const SAFE_BELOW: f64 = 20.0;

/// `gain` is the interval of right − left, whatever would have been said of those who were left without an answer.
pub(super) fn verdict_reasons(report: &Report, gain: Option<(f64, f64)>) -> Vec<String> {
    let mut reasons = main(report, gain);
    reasons.extend(silence::told(report, gain));
    // Among those whom the other side flags, anybody's scale may look turned.
    let is_told = report.verdict == Verdict::Inconclusive || report.outcomes.labelling.selective;
    reasons.extend(turned(report).filter(|_| !is_told));
    reasons.extend(flags(report));
    reasons.extend(unlabelled(report));
    reasons.extend(presumed(report));
    reasons.extend(narrow(report));
    reasons.extend(segments(report));
    reasons
}

/// What decided.
fn main(report: &Report, gain: Option<(f64, f64)>) -> Vec<String> {
    let (outcomes, settings) = (&report.outcomes, &report.settings);
    if let Some(reason) = outcomes.reason.as_ref() {
        return vec![
            format!("Nobody can say who is right: {reason}."),
            "Agreement alone names no winner: two providers may agree and both be wrong.".to_owned(),
        ];
    }
    let minimum = &settings.minimum;
    let mut few = Vec::new();
    for (have, need, what) in [
        (report.n, minimum.pairs, "pairs"),
        (outcomes.positives, minimum.positives, "positive outcomes"),
        (outcomes.negatives, minimum.negatives, "negative outcomes"),
    ] {
        if have < need {
            few.push(format!(
                "The number of {what} is {}, and nothing is concluded from fewer than {}.",
                count(have),
                count(need)
            ));
        }
    }
    if !few.is_empty() {
        let advice = &report.sample_advice;
        few.push(if advice.labelled.more == 0 {
            format!("Collect {} more pairs.", count(advice.pairs.more))
        } else {
            format!(
                "Collect about {} more positive and {} more negative outcomes.",
                count(advice.positives.more),
                count(advice.negatives.more)
            )
        });
        return few;
    }
    decided(report, gain)
}

fn decided(report: &Report, gain: Option<(f64, f64)>) -> Vec<String> {
    let auc = &report.outcomes.auc;
    let chosen: Vec<String> = [selective(report), silence::selective(report)].into_iter().flatten().collect();
    match (auc.difference_low, auc.difference_high) {
        (None, _) | (_, None) if !auc.same_order => {
            vec!["The difference has no interval.".to_owned()]
        }
        _ if !chosen.is_empty() => chosen,
        _ if report.verdict == Verdict::Inconclusive => vec![worthless(report)],
        (Some(low), Some(high)) => weighed(report, (low, high), gain.unwrap_or((-high, -low))),
        _ => {
            let same = format!(
                "{} and {} put everybody in the same order: {} gains nothing.",
                report.left, report.right, report.right
            );
            match report.verdict {
                Verdict::Extend if silence::decides(report) => vec![same, SILENCE_DECIDES.to_owned()],
                Verdict::Extend => vec![same, unsure(&report.left)],
                Verdict::Promote | Verdict::Keep | Verdict::Complementary | Verdict::Inconclusive => {
                    vec![same]
                }
            }
        }
    }
}

fn unsure(side: &str) -> String {
    format!("Whether {side} tells positive from negative outcomes at all is not sure yet.")
}

/// Why nobody wins whose scores tell nothing.
fn worthless(report: &Report) -> String {
    turned(report).unwrap_or_else(|| {
        format!(
            "Neither side tells positive from negative outcomes ({}): each is surely less than {} better than chance, so neither \
             is worth keeping for what it says.",
            areas(report),
            report.settings.margin
        )
    })
}

/// Who puts those above who should stand below.
fn turned(report: &Report) -> Option<String> {
    let (auc, change) = (&report.outcomes.auc, report.unanswered.area_change);
    let below = |area: &Estimate, change: f64| area.high.is_some_and(|high| high + change < 0.5);
    let side = match (below(&auc.left, change.left), below(&auc.right, change.right)) {
        (false, false) => return None,
        (true, true) => {
            return Some(format!(
                "Both sides put negative outcomes above positive ones ({}): scores or outcomes may be the wrong way round.",
                areas(report)
            ));
        }
        (true, false) => &report.left,
        (false, true) => &report.right,
    };
    Some(format!(
        "{side} puts negative outcomes above positive ones ({}): its scale may be the wrong way round, which says nothing of how \
         good it is.",
        areas(report)
    ))
}

fn areas(report: &Report) -> String {
    let (auc, change) = (&report.outcomes.auc, report.unanswered.area_change);
    let area = |side: &Estimate, change: f64| side.value.unwrap_or_default() + change;
    format!(
        "areas under the curve of {:.3} and {:.3}",
        area(&auc.left, change.left),
        area(&auc.right, change.right)
    )
}

/// The gain, what it means, and what it takes: `low` and `high` are of left − right as it was seen, `least` and `most` of
/// right − left whatever those would have said who were silent.
fn weighed(report: &Report, (low, high): (f64, f64), (least, most): (f64, f64)) -> Vec<String> {
    let (left, right, auc) = (&report.left, &report.right, &report.outcomes.auc);
    let confidence = sureness(report.settings.confidence);
    let margin = report.settings.margin;
    let gain = format!(
        "{right}'s area under the curve is {:.3} and {left}'s {:.3}: a gain of {} ({confidence} interval {} to {}; {margin} is \
         worth acting upon).",
        auc.right.value.unwrap_or_default(),
        auc.left.value.unwrap_or_default(),
        signed(-auc.difference.unwrap_or_default()),
        signed(-high),
        signed(-low)
    );
    let means = match report.verdict {
        Verdict::Promote => format!("{right} is better beyond noise."),
        Verdict::Keep if most < 0.0 => format!("{left} is better beyond noise."),
        Verdict::Keep => format!("Whatever {right} gains is surely less than {margin}."),
        Verdict::Extend if silence::decides(report) => SILENCE_DECIDES.to_owned(),
        Verdict::Extend if least > 0.0 && most >= margin => unsure(right),
        Verdict::Extend if most < margin => unsure(left),
        Verdict::Extend => {
            "The interval holds both no gain and one worth acting upon: more outcomes would decide."
                .to_owned()
        }
        Verdict::Complementary => together(report),
        Verdict::Inconclusive => "Nothing follows from that.".to_owned(),
    };
    let mut reasons = vec![gain, means];
    let is_open = least <= 0.0 && most >= margin;
    if report.verdict == Verdict::Extend && is_open && !silence::decides(report) {
        reasons.push(takes(report, (-high, -low)));
    }
    reasons
}

/// How many outcomes would decide. Where there are as many as that usually takes, the interval must still shrink until it
/// holds no more than one of no gain and the margin: with the square root of their number.
fn takes(report: &Report, (least, most): (f64, f64)) -> String {
    let advice = &report.sample_advice;
    let (gain, reach) = (f64::midpoint(least, most), (most - least) / 2.0);
    let shrunk = reach / gain.max(report.settings.margin - gain);
    let times = if advice.labelled.more == 0 { (shrunk * shrunk).max(1.0) } else { 0.0 };
    let need = |need: u64, have: u64| count(need.max((have as f64 * times).ceil() as u64));
    format!(
        "That takes about {} positive and {} negative outcomes.",
        need(advice.positives.need, advice.positives.have),
        need(advice.negatives.need, advice.negatives.have)
    )
}

fn together(report: &Report) -> String {
    let (positives, total) = (&report.outcomes.mcnemar.positives, report.outcomes.positives);
    format!(
        "Of {} positives, {} are flagged by {} alone and {} by {} alone: together they find {} of them. The mean \
         of both ranks has an area under the curve of {:.3}.",
        count(total),
        count(positives.left_only),
        report.left,
        count(positives.right_only),
        report.right,
        count(positives.both + positives.left_only + positives.right_only),
        report.outcomes.combined.auc.value.unwrap_or_default()
    )
}

/// Flags may tell another story than ranks.
fn flags(report: &Report) -> Option<String> {
    let positives = &report.outcomes.mcnemar.positives;
    let significant = positives.p.is_some_and(|p| p < 1.0 - report.settings.confidence);
    if !significant {
        return None;
    }
    let (more, fewer, one, other) = if positives.left_only > positives.right_only {
        (positives.left_only, positives.right_only, &report.left, &report.right)
    } else {
        (positives.right_only, positives.left_only, &report.right, &report.left)
    };
    let from = report.settings.flag_level.as_str();
    Some(format!(
        "From level {from} on, {one} flags {} positives that {other} does not, and {other} {} that {one} does \
         not. Levels of two providers need not mean the same: look at recall at equal capacity too.",
        count(more),
        count(fewer)
    ))
}

/// Why nobody wins where flags or scores decide whose outcomes are known.
fn selective(report: &Report) -> Option<String> {
    let labelling = &report.outcomes.labelling;
    if labelling.only_flagged {
        return Some(format!(
            "Only {} of {} subjects are unflagged by both sides, as in an export of flagged cases. What became of those who are \
             left out decides who is better, so nobody wins: take everybody who was asked about, or a random sample of all.{}",
            count(labelling.unflagged.pairs),
            count(report.n),
            if report.settings.everybody { "" } else { " If these are, say so: --everybody." }
        ));
    }
    if !labelling.selective {
        return None;
    }
    if !labelling.is_by_flags() {
        let told: Vec<String> = by_group(report).into_iter().chain(by_segment(report)).collect();
        return Some(told.join(" "));
    }
    let known = |flagged: Known, others: Known| {
        format!(
            "{} of {} whom it flags and of {} of {} others",
            count(flagged.labelled),
            count(flagged.pairs),
            count(others.labelled),
            count(others.pairs)
        )
    };
    let by_flags = format!(
        "For {}, outcomes are known of {}; for {}, of {}. Where whoever is flagged is looked into more often, the side that \
         is followed looks worse than it is, so nobody wins: find out what became of everybody, or of a random sample of all. Where \
         cases only come out sooner than others are cleared, end the comparison earlier and wait for the rest.",
        report.left,
        known(labelling.left_flagged, labelling.left_unflagged),
        report.right,
        known(labelling.right_flagged, labelling.right_unflagged)
    );
    let told: Vec<String> = std::iter::once(by_flags).chain(by_segment(report)).collect();
    Some(told.join(" "))
}

fn by_group(report: &Report) -> Vec<String> {
    let labelling = &report.outcomes.labelling;
    let sides = [(&report.left, &labelling.left_scores), (&report.right, &labelling.right_scores)];
    let told = sides.into_iter().filter(|(_, known)| known.selective).map(|(side, known)| {
        format!(
            "In groups by score, outcomes are known of {} to {} for {side}.",
            percent(known.least),
            percent(known.most)
        )
    });
    let mut told: Vec<String> = told.collect();
    if !told.is_empty() {
        told.push(
            "Such a choice cuts the scores of those who are known, so nobody wins: find out what became of everybody, or of a \
             random sample of all."
                .to_owned(),
        );
    }
    told
}

fn by_segment(report: &Report) -> Option<String> {
    let known = &report.outcomes.labelling.segments;
    known.selective.then(|| {
        format!(
            "By segment, outcomes are known of {} to {}. What a side is worth where fewer are known would count less than it should, \
             so nobody wins: find out as much everywhere, or compare one segment at a time.",
            percent(known.least),
            percent(known.most)
        )
    })
}

fn unlabelled(report: &Report) -> Option<String> {
    let (labelled, n) = (report.outcomes.labelled, report.n);
    (labelled > 0 && labelled < n && !report.outcomes.labelling.selective).then(|| {
        format!(
            "Only {} of {} pairs have an outcome. That does not depend on flags or scores as far as can be seen; if it follows \
             something else, such as a time or a country, all this is true only of those who were looked into.",
            count(labelled),
            count(n)
        )
    })
}

/// Where (nearly) every case is flagged, perhaps nobody else was looked into.
fn presumed(report: &Report) -> Option<String> {
    let found = &report.outcomes.mcnemar.positives;
    let total = report.outcomes.positives;
    let sides =
        [(&report.left, found.both + found.left_only), (&report.right, found.both + found.right_only)];
    let nearly_all = |flagged: u64| flagged as f64 >= NEARLY_ALL * total as f64;
    let side =
        sides.into_iter().filter(|(_, flagged)| nearly_all(*flagged)).max_by_key(|(_, flagged)| *flagged);
    let (who, flagged) = match side {
        Some((side, flagged)) => (side.as_str(), flagged),
        None if found.neither == 0 => ("one side or the other", total),
        None => return None,
    };
    (total >= FEWEST_CASES).then(|| {
        format!(
            "Of {} positive outcomes {} are flagged by {who}. If few others were looked into, and the rest were told as cleared, \
             outcomes would look like that: make sure that negative ones were looked into.",
            count(total),
            count(flagged)
        )
    })
}

/// A side that calls nobody safe may be told of a part of its subjects.
fn narrow(report: &Report) -> Vec<String> {
    let below = SAFE_BELOW;
    let lowest = report.scores.lowest;
    let sides =
        [(&report.left, lowest.map(|(left, _)| left)), (&report.right, lowest.map(|(_, right)| right))];
    let narrow =
        sides.into_iter().filter_map(|(side, lowest)| Some((side, lowest.filter(|&at| at >= below)?)));
    narrow
        .filter(|_| report.verdict.decides())
        .map(|(side, at)| {
            format!(
                "Nobody here has a score of {side} below {at:.0}. If such subjects are left out of these pairs, {side} looks worse \
                 than it is."
            )
        })
        .collect()
}

/// Segments in which the better side is worse.
fn segments(report: &Report) -> Vec<String> {
    let winner = match report.verdict {
        Verdict::Promote => -1.0,
        Verdict::Keep => 1.0,
        Verdict::Extend | Verdict::Complementary | Verdict::Inconclusive => return Vec::new(),
    };
    let against = report.segments.iter().filter(|segment| {
        let surely = segment.auc.p_adjusted.is_some_and(|p| p < 1.0 - report.settings.confidence);
        surely && segment.auc.difference.is_some_and(|difference| difference * winner < 0.0)
    });
    let names: Vec<&str> =
        against.map(|segment| segment.segment.as_deref().unwrap_or("(no segment)")).collect();
    if names.is_empty() {
        return Vec::new();
    }
    vec![format!("In these segments it is the other way round: {}.", names.join(", "))]
}
