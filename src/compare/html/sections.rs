//! The page's parts: tables, each with a caption, and the pictures between them.

use super::{charts, escape};
use crate::compare::{
    figure::{Estimate, Reasons},
    outcomes::LevelRate,
    report::{Report, ServiceSide},
    words::{count, estimate, figure, level, percent, plain, points, probability, range, share, sureness},
};

/// A table; cells that come from outside are escaped already.
fn table(caption: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{}</th>", escape(head))).collect();
    let row = |cells: &Vec<String>| {
        let cells = cells.iter().enumerate().map(|(place, cell)| {
            if place == 0 { format!("<th scope=\"row\">{cell}</th>") } else { format!("<td>{cell}</td>") }
        });
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<div class=\"wide\"><table>\n<caption>{caption}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n\
         </table></div>\n"
    )
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|&cell| cell.to_owned()).collect()
}

fn note(text: &str) -> String {
    format!("<p class=\"note\">{}</p>\n", escape(text))
}

/// Why figures of a part are missing.
fn missing(reasons: &Reasons, objects: &[(&str, &Option<String>)]) -> String {
    let named = reasons.iter().map(|(name, reason)| (plain(name), reason));
    let objects = objects.iter().filter_map(|(name, reason)| Some(((*name).to_owned(), (*reason).as_ref()?)));
    let all: Vec<String> = named.chain(objects).map(|(name, reason)| format!("{name}: {reason}")).collect();
    if all.is_empty() {
        String::new()
    } else {
        note(&format!("Not given or without an interval. {}.", all.join("; ")))
    }
}

pub(super) fn funnel(report: &Report) -> String {
    let funnel = &report.funnel;
    let step = |(name, number): (&String, &u64)| vec![escape(&plain(name)), count(*number)];
    let mut rows: Vec<Vec<String>> = funnel.steps.iter().map(step).collect();
    rows.extend(
        funnel
            .excluded
            .iter()
            .map(|(reason, number)| vec![format!("left out: {}", escape(&plain(reason))), count(*number)]),
    );
    if rows.is_empty() {
        String::new()
    } else {
        table("How the pairs were found", &["step", "left after it"], &rows)
    }
}

pub(super) fn outcomes(report: &Report) -> String {
    let outcomes = &report.outcomes;
    if let Some(reason) = &outcomes.reason {
        return note(&format!("No figures: {reason}."));
    }
    let heads = ["", report.left.as_str(), report.right.as_str()];
    let (auc, flags) = (&outcomes.auc, &outcomes.mcnemar);
    let (precision, recall) = (&outcomes.average_precision, &outcomes.recall_at_capacity);
    let top = format!(
        "Recall in the top {} ({} subjects)",
        percent(Some(recall.capacity)),
        count(recall.investigated)
    );
    let from = level(report.settings.flag_level);
    let rows = [
        vec!["Area under the curve".to_owned(), estimate(&auc.left), estimate(&auc.right)],
        vec!["Average precision".to_owned(), figure(precision.left), figure(precision.right)],
        vec![top, percent(recall.left), percent(recall.right)],
        vec![
            format!("Recall of flags ({from} and above)"),
            share(&flags.left.recall),
            share(&flags.right.recall),
        ],
        vec![
            "Specificity of flags".to_owned(),
            share(&flags.left.specificity),
            share(&flags.right.specificity),
        ],
        vec!["Precision of flags".to_owned(), share(&flags.left.precision), share(&flags.right.precision)],
        vec![
            "Isotonic Brier score".to_owned(),
            figure(outcomes.calibration.left.isotonic_brier),
            figure(outcomes.calibration.right.isotonic_brier),
        ],
    ];
    let confidence =
        format!("Against what turned out to be true; intervals of {}", sureness(report.settings.confidence));
    [
        table(&confidence, &heads, &rows),
        tests(report),
        charts::roc(report),
        charts::calibration(report),
        levels(report),
        missing(
            &Reasons::new(),
            &[("difference", &auc.reason), ("average precision's difference", &precision.difference.reason)],
        ),
    ]
    .concat()
}

fn tests(report: &Report) -> String {
    let (auc, flags) = (&report.outcomes.auc, &report.outcomes.mcnemar);
    let difference = range(auc.difference, auc.difference_low, auc.difference_high, figure);
    let alone = |sides: &crate::compare::OneSided| {
        format!("{} | {}", count(sides.left_only), count(sides.right_only))
    };
    let precision = &report.outcomes.average_precision.difference;
    let rows = [
        vec!["Area under the curve, left − right (DeLong)".to_owned(), difference, probability(auc.p)],
        vec![
            "Average precision, left − right (bootstrap)".to_owned(),
            estimate(precision),
            crate::compare::words::NOTHING.to_owned(),
        ],
        vec![
            "Positives flagged by one side alone, left | right".to_owned(),
            alone(&flags.positives),
            probability(flags.positives.p),
        ],
        vec![
            "Negatives flagged by one side alone, left | right".to_owned(),
            alone(&flags.negatives),
            probability(flags.negatives.p),
        ],
        vec![
            "Right by one side alone, left | right (McNemar)".to_owned(),
            format!("{} | {}", count(flags.table[1][0]), count(flags.table[0][1])),
            probability(flags.p),
        ],
    ];
    table("Tests of the difference", &["", "figure", "p"], &rows)
}

fn levels(report: &Report) -> String {
    let calibration = &report.outcomes.calibration;
    let cell = |rate: &LevelRate| {
        format!("{} of {}: {}", count(rate.positives), count(rate.subjects), share(&rate.rate))
    };
    let rows: Vec<Vec<String>> = calibration
        .left
        .levels
        .iter()
        .zip(&calibration.right.levels)
        .map(|(left, right)| vec![level(left.level).to_owned(), cell(left), cell(right)])
        .collect();
    table("Observed share of positives by level", &["level", &report.left, &report.right], &rows)
}

pub(super) fn agreement(report: &Report) -> String {
    let agreement = &report.agreement;
    let bowker = &agreement.bowker;
    let symmetry = format!("χ² {}, df {}, p {}", figure(bowker.chi2), bowker.df, probability(bowker.p));
    let rows = [
        row(&["Equal levels", &percent(agreement.exact)]),
        row(&["Equal or neighbouring levels", &percent(agreement.within_one)]),
        row(&["Kappa, linear weights", &estimate(&agreement.kappa_linear)]),
        row(&["Kappa, quadratic weights", &estimate(&agreement.kappa_quadratic)]),
        row(&["Kappa, without weights", &estimate(&agreement.kappa)]),
        row(&["AC1, five levels", &figure(agreement.ac1)]),
        row(&["AC1, flagged or not", &figure(agreement.flag.ac1)]),
        row(&["Symmetry (Bowker)", &symmetry]),
    ];
    let reasons = [
        ("kappa", &agreement.kappa_linear.reason),
        ("symmetry", &bowker.reason),
        ("flags", &agreement.flag.reason),
    ];
    let why = missing(&agreement.reasons, &reasons);
    let caution = note("Agreement says how alike both sides are, not who is right.");
    [charts::heat_map(report), table("Agreement of levels", &["figure", "value"], &rows), why, caution]
        .concat()
}

pub(super) fn scores(report: &Report) -> String {
    let scores = &report.scores;
    let differences = &scores.bland_altman;
    let bias = range(differences.bias, differences.bias_low, differences.bias_high, points);
    let limits = format!("{} to {}", points(differences.lower), points(differences.upper));
    let rows = [
        row(&["Rank correlation (Spearman)", &estimate(&scores.spearman)]),
        row(&["Rank correlation (Kendall's tau-b)", &figure(scores.kendall_tau_b)]),
        row(&["Correlation (Pearson)", &figure(scores.pearson)]),
        row(&["Concordance (Lin)", &figure(scores.lin_ccc)]),
        row(&["Bias, right − left, points", &bias]),
        row(&["Limits of agreement, points", &limits]),
        row(&["Signed ranks (Wilcoxon), p", &probability(scores.wilcoxon.p)]),
        row(&["Distance of distributions (Kolmogorov-Smirnov)", &figure(scores.ks)]),
        row(&["Distance of distributions (Wasserstein), points", &points(scores.wasserstein)]),
        row(&["Population stability index of levels", &figure(scores.psi.value)]),
        row(&["… which chance seldom exceeds", &figure(scores.psi.critical)]),
    ];
    let reasons = [
        ("Spearman", &scores.spearman.reason),
        ("differences", &differences.reason),
        ("signed ranks", &scores.wilcoxon.reason),
        ("stability index", &scores.psi.reason),
    ];
    let why = missing(&scores.reasons, &reasons);
    [
        charts::histograms(report),
        charts::bland_altman(report),
        table("Agreement of scores", &["figure", "value"], &rows),
        why,
    ]
    .concat()
}

const SEGMENTS: usize = 40;

pub(super) fn segments(report: &Report) -> String {
    if report.segments.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = report
        .segments
        .iter()
        .take(SEGMENTS)
        .map(|segment| {
            vec![
                escape(segment.segment.as_deref().unwrap_or("(none)")),
                count(segment.n),
                count(segment.positives),
                percent(segment.exact),
                points(segment.bias),
                figure(segment.auc.left.value),
                figure(segment.auc.right.value),
                probability(segment.auc.p_adjusted),
            ]
        })
        .collect();
    let heads =
        ["segment", "pairs", "positive", "equal levels", "bias", "AUC left", "AUC right", "p, adjusted"];
    let more = report.segments.len().saturating_sub(SEGMENTS);
    let rest = if more > 0 {
        note(&format!("{more} smaller segments stand in the JSON report."))
    } else {
        String::new()
    };
    let least = note(&format!(
        "Segments below {} pairs have no figures of their own. p values are corrected for the number of segments (Holm).",
        report.settings.minimum.pairs
    ));
    [charts::segments(report), table("The main figures by segment", &heads, &rows), rest, least].concat()
}

pub(super) fn service(report: &Report) -> String {
    let service = &report.service;
    let mut page =
        service.reason.as_ref().map(|reason| note(&format!("Not given: {reason}."))).unwrap_or_default();
    let (Some(left), Some(right)) = (&service.left, &service.right) else { return page };
    let both =
        |name: &str, show: &dyn Fn(&ServiceSide) -> String| vec![name.to_owned(), show(left), show(right)];
    let milliseconds =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.0} ms"));
    let spend = |side: &ServiceSide| {
        let amounts: Vec<String> =
            side.spend.iter().map(|(currency, amount)| escape(&format!("{amount} {currency}"))).collect();
        if amounts.is_empty() { "–".to_owned() } else { amounts.join(", ") }
    };
    let errors = |side: &ServiceSide| {
        let kinds: Vec<String> = side
            .errors
            .iter()
            .map(|(kind, number)| escape(&format!("{} {}", plain(kind), count(*number))))
            .collect();
        if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") }
    };
    let availability = |estimate: &Estimate| share(estimate);
    let rows = [
        both("Exchanges", &|side| count(side.attempts)),
        both("Availability", &|side| availability(&side.availability)),
        both("Half answered within", &|side| milliseconds(side.latency_ms.p50)),
        both("99 in 100 answered within", &|side| milliseconds(side.latency_ms.p99)),
        both("Errors", &errors),
        both("Spent", &spend),
    ];
    page.push_str(&table("How well both sides served", &["", &report.left, &report.right], &rows));
    page
}
