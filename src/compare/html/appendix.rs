//! How the figures are made, for whoever wants to check them.

use super::escape;
use crate::compare::{
    report::Report,
    words::{percent, sureness},
};

/// What is meant by each figure.
const CONVENTIONS: [(&str, &str); 11] = [
    (
        "Sides",
        "Left is the incumbent, right the challenger. Rows of the level table are the left side's. The bias is right − left; differences of areas and precisions are left − right.",
    ),
    (
        "Levels",
        "The provider's own overall word where it has one, else the score's cut: [0,20) [20,40) [40,60) [60,80) [80,100].",
    ),
    (
        "Kappa",
        "Cohen 1968, linear and quadratic weights, standard error of Fleiss, Cohen and Everitt 1969. AC1: Gwet 2008.",
    ),
    ("Symmetry", "Bowker 1948; only pairs of cells that hold anyone count as degrees of freedom."),
    (
        "Correlation",
        "Spearman with the interval of Bonett and Wright 2000; Kendall's tau-b; Lin's concordance 1989 with moments over n.",
    ),
    ("Limits of agreement", "Bland and Altman 1986: bias ± 1.96 standard deviations, with n − 1."),
    (
        "Stability index",
        "Counts by level, half a subject added to each; critical value of Yurdakul and Naranjo 2020. Both sides judge the same subjects, so that it errs on the quiet side.",
    ),
    (
        "Area under the curve",
        "Ties count one half. Variances and the test: DeLong, DeLong and Clarke-Pearson 1988; near 1 and with few positives an area's own interval is too narrow, the difference's one is not. Average precision in steps over distinct scores, its difference by a seeded bootstrap over whole pairs.",
    ),
    (
        "Recall in the top",
        "Subjects are taken by score, highest first; among equal scores the expectation counts.",
    ),
    ("Flags", "McNemar 1947, exact. Intervals of shares: Wilson 1927."),
    (
        "Calibration",
        "Observed shares by level, and isotonic regression on outcomes (Ayer et al. 1955), fitted to the same outcomes that judge it. A score is never read as a probability.",
    ),
];

pub(super) fn conventions(report: &Report) -> String {
    let settings = &report.settings;
    let items: String =
        CONVENTIONS.iter().map(|(name, text)| format!("<dt>{name}</dt><dd>{text}</dd>\n")).collect();
    let verdicts = format!(
        "<dt>Verdict</dt><dd>The first that holds. Without outcomes of both kinds: inconclusive. Below {} pairs, {} positives \
         or {} negatives: extend. Whose outcomes or answers are known depends on flags, scores or outcomes, or fewer \
         than one in ten is unflagged by both: extend. Neither area can \
         be above ½ by {margin}: inconclusive. Both together (the mean of both ranks) are surely above either in area, and may be so \
         by {margin}; each side flags surely more than {} of all positives which the other does not; and one side's flag makes the \
         other's less likely: complementary. The gain in area is surely above 0 and may reach {margin}, and the right area is \
         surely above ½: promote. Both together as before, and the left side not surely better: complementary. The gain is \
         surely below {margin}, and the left area surely above ½: keep. Else: extend. Where a side left subjects without an answer whose outcomes are known, gain and areas are taken at \
         the worst that it could have said of them.</dd>\n",
        settings.minimum.pairs,
        settings.minimum.positives,
        settings.minimum.negatives,
        percent(Some(settings.complementary_share)),
        margin = settings.margin
    );
    let versions = &report.versions;
    let joined = |versions: &[String]| {
        if versions.is_empty() { "not known".to_owned() } else { escape(&versions.join(", ")) }
    };
    let made = format!(
        "<dt>Versions</dt><dd>{}, Risk Gateway {}; {}: {}; {}: {}. Confidence {}, power {}, seed {}.</dd>\n",
        escape(&versions.report),
        escape(&versions.gateway),
        escape(&report.left),
        joined(&versions.left),
        escape(&report.right),
        joined(&versions.right),
        sureness(settings.confidence),
        percent(Some(settings.power)),
        settings.bootstrap.seed
    );
    format!("<dl class=\"conventions\">\n{items}{verdicts}{made}</dl>\n")
}
