//! Figures as people read them.

use risk_provider::Level;

use super::{figure::Estimate, reasons::silence_decides, report::Report, verdict::Verdict};

/// A confidence's distance from certainty is shown to within this share of it.
const NEARLY: f64 = 0.05;
const MOST_DECIMALS: usize = 12;
/// What stands where there is no figure.
pub(super) const NOTHING: &str = "–";

/// 1234567 as 1,234,567.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three decimals.
pub(super) fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), |value| minus(format!("{:.3}", value + 0.0)))
}

/// Three decimals with a sign.
pub(super) fn signed(value: f64) -> String {
    let text = figure(Some(value));
    if text.starts_with('−') { text } else { format!("+{text}") }
}

/// Points of a score: one decimal.
pub(super) fn points(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), |value| minus(format!("{:.1}", value + 0.0)))
}

pub(super) fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), |value| format!("{:.1} %", value * 100.0))
}

/// A share without needless decimals.
pub(super) fn short_percent(value: f64) -> String {
    let percent = value * 100.0;
    if percent < 10.0 && percent.fract() > 0.04 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// A confidence with as many decimals as tell how far it is from certainty: 95 %, 99.92 %, 99.9999 %.
pub(super) fn sureness(confidence: f64) -> String {
    let percent = confidence * 100.0;
    let doubt = 100.0 - percent;
    let shown = |decimals: usize| format!("{percent:.decimals$}");
    let tells = |text: &String| {
        text.parse::<f64>().is_ok_and(|shown| (100.0 - shown - doubt).abs() <= doubt * NEARLY + 1e-12)
    };
    let text = (0..=MOST_DECIMALS).map(shown).find(tells).unwrap_or_else(|| shown(MOST_DECIMALS));
    format!("{text} %")
}

pub(super) fn probability(value: Option<f64>) -> String {
    match value {
        None => NOTHING.to_owned(),
        Some(value) if value < 0.001 => "< 0.001".to_owned(),
        Some(value) => format!("{value:.3}"),
    }
}

/// A figure with its interval.
pub(super) fn estimate(estimate: &Estimate) -> String {
    range(estimate.value, estimate.low, estimate.high, figure)
}

/// A share with its interval.
pub(super) fn share(estimate: &Estimate) -> String {
    let (Some(low), Some(high)) = (estimate.low, estimate.high) else { return percent(estimate.value) };
    format!("{} ({:.1} to {:.1})", percent(estimate.value), low * 100.0, high * 100.0)
}

pub(super) fn range(
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    show: impl Fn(Option<f64>) -> String,
) -> String {
    if low.is_none() || high.is_none() {
        return show(value);
    }
    format!("{} ({} to {})", show(value), show(low), show(high))
}

/// A level for people.
pub(super) const fn level(level: Level) -> &'static str {
    match level {
        Level::VeryLow => "very low",
        Level::Low => "low",
        Level::Medium => "medium",
        Level::High => "high",
        Level::VeryHigh => "very high",
    }
}

/// The verdict as a sentence's head.
pub(super) fn verdict(report: &Report) -> String {
    match report.verdict {
        Verdict::Promote => format!("Promote {}", report.right),
        Verdict::Keep => format!("Keep {}", report.left),
        Verdict::Extend => format!("Extend: {}", missing(report)),
        Verdict::Complementary => "Complementary: use both".to_owned(),
        Verdict::Inconclusive => "Inconclusive".to_owned(),
    }
}

/// What would let a report decide.
fn missing(report: &Report) -> &'static str {
    let Report { outcomes, unanswered, .. } = report;
    if report.settings.minimum.is_more_than(report.n, outcomes.positives, outcomes.negatives) {
        "collect more outcomes"
    } else if outcomes.labelling.only_flagged {
        "take everybody, not those who are flagged"
    } else if outcomes.labelling.selective {
        "find out what became of a random sample"
    } else if unanswered.selective || silence_decides(report) {
        "ask again about those who were left out, and learn what became of them"
    } else {
        "collect more outcomes"
    }
}

/// `both_answered` as "both answered".
pub(super) fn plain(name: &str) -> String {
    name.replace('_', " ")
}

fn minus(number: String) -> String {
    // −0.000 says nothing that 0.000 does not.
    let zero = number.strip_prefix('-').filter(|rest| rest.chars().all(|digit| digit == '0' || digit == '.'));
    zero.map_or_else(|| number.replace('-', "−"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_people_write_them() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(figure(Some(-0.0004)), "0.000");
        assert_eq!(figure(Some(-0.5)), "−0.500");
        assert_eq!(figure(None), "–");
        assert_eq!(probability(Some(0.0001)), "< 0.001");
        for (confidence, shown) in [
            (0.95, "95 %"),
            (0.8, "80 %"),
            (0.975, "97.5 %"),
            (0.999, "99.9 %"),
            (0.9992, "99.92 %"),
            (0.999_999, "99.9999 %"),
            (1.0 - 1e-12, "99.9999999999 %"),
        ] {
            assert_eq!(sureness(confidence), shown);
        }
    }
}
