//! The report for a terminal.

use risk_provider::Level;

use super::{
    agreement::LevelTable,
    report::Report,
    words::{count, estimate, figure, percent, plain, points, probability, range, share, verdict},
};

/// The report in about fifty lines.
#[must_use]
pub fn summary(report: &Report) -> String {
    let mut lines = vec![verdict(report), String::new()];
    lines.extend(report.verdict_reasons.iter().chain(&report.notes).map(|reason| format!("  {reason}")));
    lines.push(String::new());
    lines.push(format!("left (incumbent): {}; right (challenger): {}", report.left, report.right));
    let steps =
        report.funnel.steps.iter().map(|(name, number)| format!("{} {}", plain(name), count(*number)));
    lines.push(steps.collect::<Vec<_>>().join(" → "));
    for (reason, number) in &report.funnel.excluded {
        lines.push(format!("  left out, {}: {}", plain(reason), count(*number)));
    }
    lines.extend(agreement(report));
    lines.extend(scores(report));
    lines.extend(outcomes(report));
    lines.extend(segments(report));
    lines.push(String::new());
    lines.push("How much data it takes".to_owned());
    lines.extend(report.sample_advice.text.iter().map(|text| format!("  {text}")));
    lines.join("\n")
}

/// A heading and its figures, each on a line of its own.
fn block(heading: &str, figures: &[(&str, String)]) -> Vec<String> {
    let mut lines = vec![String::new(), heading.to_owned()];
    lines.extend(figures.iter().map(|(name, value)| format!("  {name:<34} {value}")));
    lines
}

fn agreement(report: &Report) -> Vec<String> {
    let agreement = &report.agreement;
    let bowker = &agreement.bowker;
    let mut lines = block(
        "Levels (rows: left, columns: right)",
        &[
            ("equal", percent(agreement.exact)),
            ("equal or neighbours", percent(agreement.within_one)),
            ("kappa, linear weights", estimate(&agreement.kappa_linear)),
            ("kappa, quadratic weights", estimate(&agreement.kappa_quadratic)),
            ("AC1", figure(agreement.ac1)),
            (
                "Bowker's symmetry",
                format!("χ² {}, df {}, p {}", figure(bowker.chi2), bowker.df, probability(bowker.p)),
            ),
        ],
    );
    lines.splice(2..2, table(&agreement.table));
    lines
}

fn table(table: &LevelTable) -> Vec<String> {
    let words: Vec<&str> = Level::ALL.iter().map(|level| level.as_str()).collect();
    let row = |head: &str, cells: Vec<String>| {
        cells.iter().fold(format!("  {head:<10}"), |line, cell| format!("{line} {cell:>10}"))
    };
    let mut lines = vec![row("", words.iter().map(|&word| word.to_owned()).collect())];
    let cells = |counts: &[u64; 5]| counts.iter().map(|&number| count(number)).collect();
    lines.extend(words.iter().zip(table).map(|(word, counts)| row(word, cells(counts))));
    lines
}

fn scores(report: &Report) -> Vec<String> {
    let scores = &report.scores;
    let differences = &scores.bland_altman;
    block(
        "Scores",
        &[
            ("Spearman", estimate(&scores.spearman)),
            ("Kendall's tau-b", figure(scores.kendall_tau_b)),
            ("Lin's concordance", figure(scores.lin_ccc)),
            (
                "bias, right − left",
                range(differences.bias, differences.bias_low, differences.bias_high, points),
            ),
            (
                "limits of agreement",
                format!("{} to {}", points(differences.lower), points(differences.upper)),
            ),
            ("Kolmogorov-Smirnov distance", figure(scores.ks)),
            ("Wasserstein distance, points", points(scores.wasserstein)),
            ("PSI (critical)", format!("{} ({})", figure(scores.psi.value), figure(scores.psi.critical))),
        ],
    )
}

fn outcomes(report: &Report) -> Vec<String> {
    let outcomes = &report.outcomes;
    let heading = format!(
        "Outcomes: {} labelled, {} positive, {} negative",
        count(outcomes.labelled),
        count(outcomes.positives),
        count(outcomes.negatives)
    );
    if let Some(reason) = &outcomes.reason {
        return vec![String::new(), heading, format!("  no figures: {reason}")];
    }
    let (auc, recall) = (&outcomes.auc, &outcomes.recall_at_capacity);
    let difference = range(auc.difference, auc.difference_low, auc.difference_high, figure);
    let precision = &outcomes.average_precision;
    block(
        &heading,
        &[
            ("area under the curve, left", estimate(&auc.left)),
            ("area under the curve, right", estimate(&auc.right)),
            ("difference, left − right", format!("{difference}, p {}", probability(auc.p))),
            (
                "average precision, left | right",
                format!("{} | {}", figure(precision.left), figure(precision.right)),
            ),
            (
                &format!("recall in the top {}", percent(Some(recall.capacity))),
                format!("{} | {}", percent(recall.left), percent(recall.right)),
            ),
            ("recall of flags, left", share(&outcomes.mcnemar.left.recall)),
            ("recall of flags, right", share(&outcomes.mcnemar.right.recall)),
            ("McNemar, flags that are right", format!("p {}", probability(outcomes.mcnemar.p))),
        ],
    )
}

const SEGMENTS: usize = 12;

fn segments(report: &Report) -> Vec<String> {
    if report.segments.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![
        String::new(),
        "Segments: pairs, equal levels, area under the curve left | right, p adjusted".to_owned(),
    ];
    lines.extend(report.segments.iter().take(SEGMENTS).map(|segment| {
        format!(
            "  {:<20} {:>10} {:>8}  {} | {}  {}",
            segment.segment.as_deref().unwrap_or("(none)"),
            count(segment.n),
            percent(segment.exact),
            figure(segment.auc.left.value),
            figure(segment.auc.right.value),
            probability(segment.auc.p_adjusted)
        )
    }));
    if report.segments.len() > SEGMENTS {
        lines.push(format!("  and {} smaller ones", report.segments.len() - SEGMENTS));
    }
    lines
}
