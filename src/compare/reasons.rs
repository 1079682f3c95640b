//! Why a verdict is what it is, in sentences, and what to keep in mind.

use super::{
    figure::Estimate,
    outcomes::Known,
    report::Report,
    verdict::Verdict,
    words::{count, signed},
};

pub(super) fn verdict_reasons(report: &Report) -> Vec<String> {
    let mut reasons = main(report);
    reasons.extend(flags(report));
    reasons.extend(unlabelled(report));
    reasons.extend(segments(report));
    reasons
}

/// What decided.
fn main(report: &Report) -> Vec<String> {
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
        few.push(format!(
            "Collect about {} more positive and {} more negative outcomes.",
            count(advice.positives.more),
            count(advice.negatives.more)
        ));
        return few;
    }
    decided(report)
}

fn decided(report: &Report) -> Vec<String> {
    let (left, right) = (&report.left, &report.right);
    let auc = &report.outcomes.auc;
    let (Some(difference), Some(low), Some(high)) = (auc.difference, auc.difference_low, auc.difference_high)
    else {
        return vec!["The difference has no interval.".to_owned()];
    };
    let worse = |area: &Estimate| area.high.is_some_and(|high| high < 0.5);
    if worse(&auc.left) && worse(&auc.right) {
        return vec!["Both sides put negative outcomes above positive ones: scores or outcomes may be the wrong way round.".to_owned()];
    }
    if let Some(selective) = selective(report) {
        return vec![selective];
    }
    let percent = report.settings.confidence * 100.0;
    let margin = report.settings.margin;
    let gain = format!(
        "{right}'s area under the curve is {:.3} and {left}'s {:.3}: a gain of {} ({percent:.0} % interval {} to {}; {margin} is \
         worth acting upon).",
        auc.right.value.unwrap_or_default(),
        auc.left.value.unwrap_or_default(),
        signed(-difference),
        signed(-high),
        signed(-low)
    );
    let means = match report.verdict {
        Verdict::Promote => format!("{right} is better beyond noise."),
        Verdict::Keep if low > 0.0 => format!("{left} is better beyond noise."),
        Verdict::Keep => format!("Whatever {right} gains is surely less than {margin}."),
        Verdict::Extend => {
            "The interval holds both no gain and one worth acting upon: more outcomes would decide."
                .to_owned()
        }
        Verdict::Complementary => together(report),
        Verdict::Inconclusive => "Nothing follows from that.".to_owned(),
    };
    let mut reasons = vec![gain, means];
    if report.verdict == Verdict::Extend {
        let advice = &report.sample_advice;
        reasons.push(format!(
            "That takes about {} positive and {} negative outcomes.",
            count(advice.positives.need),
            count(advice.negatives.need)
        ));
    }
    reasons
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

/// Why nobody wins where flags decide whose outcomes are known.
fn selective(report: &Report) -> Option<String> {
    let labelling = &report.outcomes.labelling;
    if !labelling.selective {
        return None;
    }
    let percent = |known: Known| known.share().unwrap_or_default() * 100.0;
    Some(format!(
        "Outcomes are known of {:.0} % of those whom {} flags and of {:.0} % of the others; for {} it is {:.0} % and {:.0} %. \
         Such a choice makes the side that it follows look worse in its area under the curve, so nobody wins: find out \
         what became of everybody, or of a random sample of all.",
        percent(labelling.left_flagged),
        report.left,
        percent(labelling.left_unflagged),
        report.right,
        percent(labelling.right_flagged),
        percent(labelling.right_unflagged)
    ))
}

fn unlabelled(report: &Report) -> Option<String> {
    let (labelled, n) = (report.outcomes.labelled, report.n);
    (labelled > 0 && labelled < n).then(|| {
        format!(
            "Only {} of {} pairs have an outcome. If flagged subjects were investigated more often than others, \
             recall looks better than it is.",
            count(labelled),
            count(n)
        )
    })
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
