//! The pictures. What they show is counted in the report, so that a million pairs make no larger page than a thousand.

use risk_provider::Level;

use super::plot::{Axis, Plot, scores, shares};
use crate::compare::{
    outcomes::{RocPoint, SideCalibration},
    report::Report,
    words::{count, level, percent, points},
};

/// How many pairs have which levels.
pub(super) fn heat_map(report: &Report) -> String {
    let table = &report.agreement.table;
    let largest = table.iter().flatten().copied().max().unwrap_or(0).max(1) as f64;
    let mut plot = Plot::new("Levels of both sides", 380.0, (0.0, 5.0), (0.0, 5.0));
    let middles = |turn: fn(usize) -> f64| {
        Level::ALL.iter().enumerate().map(|(place, &word)| (turn(place), level(word).to_owned())).collect()
    };
    for (row, counts) in table.iter().enumerate() {
        for (column, &number) in counts.iter().enumerate() {
            let (x, y) = (column as f64, 4.0 - row as f64);
            let strength = (number as f64 / largest).sqrt() * 0.72;
            plot.area("cell", strength, (x + 0.02, y + 0.03), (x + 0.98, y + 0.97));
            let at = (plot.x(x + 0.5), plot.y(y + 0.5));
            plot.text((at.0, at.1 - 1.0), "middle", "ink", &count(number));
            if number > 0 {
                plot.text(
                    (at.0, at.1 + 14.0),
                    "middle",
                    "ink",
                    &percent(Some(number as f64 / report.n as f64)),
                );
            }
        }
        let (from, to) = (row as f64 + 0.02, 4.0 - row as f64 + 0.03);
        let corners =
            [(from, to), (from + 0.96, to), (from + 0.96, to + 0.94), (from, to + 0.94), (from, to)];
        plot.line("diagonal", corners.into_iter());
    }
    let across =
        Axis { label: &format!("{} (right)", report.right), ticks: middles(|place| place as f64 + 0.5) };
    plot.axes(&across, &Axis { label: &format!("{} (left)", report.left), ticks: Vec::new() });
    plot.names(&middles(|place| 4.5 - place as f64));
    plot.figure(
        "Rows are the left side's levels, columns the right side's. On the framed diagonal both agree.",
    )
}

/// Differences against means.
pub(super) fn bland_altman(report: &Report) -> String {
    let figures = &report.scores.bland_altman;
    let farthest =
        figures.points.iter().map(|cell| cell.difference.abs().max((cell.difference + 4).abs())).max();
    let bound = f64::from(farthest.unwrap_or(20).clamp(20, 100));
    let mut plot = Plot::new("Differences of scores", 360.0, (0.0, 100.0), (-bound, bound));
    let halves = [-bound, -bound / 2.0, 0.0, bound / 2.0, bound];
    let ticks = halves.into_iter().map(|value| (value, points(Some(value)))).collect();
    plot.axes(
        &Axis { label: "mean of both scores", ticks: scores() },
        &Axis { label: "right − left", ticks },
    );
    let largest = figures.points.iter().map(|cell| cell.count).max().unwrap_or(1);
    for shade in 1..=SHADES {
        let inside = figures.points.iter().filter(|cell| shade_of(cell.count, largest) == shade);
        let cells = inside.map(|cell| (f64::from(cell.mean).min(98.0), f64::from(cell.difference).min(96.0)));
        plot.cells(0.12 + 0.7 * f64::from(shade) / f64::from(SHADES), (2.0, 4.0), cells);
    }
    for (class, value) in [("dash", figures.lower), ("axis", figures.bias), ("dash", figures.upper)] {
        let Some(value) = value.filter(|value| value.abs() <= bound) else { continue };
        plot.line(class, [(0.0, value), (100.0, value)].into_iter());
        let at = (plot.x(100.0) - 4.0, plot.y(value) - 5.0);
        plot.text(at, "end", "ink", &points(Some(value)));
    }
    plot.figure("The darker, the more pairs. The line is the mean difference; about 95 % of pairs lie between the dashed lines.")
}

const SHADES: u8 = 6;

/// From 1 to [`SHADES`], by the logarithm of a count.
fn shade_of(number: u64, largest: u64) -> u8 {
    let share = ((number + 1) as f64).ln() / ((largest + 1) as f64).ln();
    ((share * f64::from(SHADES)).ceil() as u8).clamp(1, SHADES)
}

/// How often scores come: left above the line, right below.
pub(super) fn histograms(report: &Report) -> String {
    let histograms = &report.scores.histograms;
    let highest = histograms.left.iter().chain(&histograms.right).copied().max().unwrap_or(0).max(1);
    let share = |number: u64| number as f64 / report.n.max(1) as f64;
    let top = share(highest);
    let mut plot = Plot::new("Distribution of scores", 320.0, (0.0, 100.0), (-top, top));
    let up = [-top, -top / 2.0, 0.0, top / 2.0, top];
    let ticks = up.into_iter().map(|at| (at, percent(Some(at.abs())))).collect();
    plot.axes(&Axis { label: "score", ticks: scores() }, &Axis { label: "share of pairs", ticks });
    for ((edges, &left), &right) in histograms.edges.windows(2).zip(&histograms.left).zip(&histograms.right) {
        let (from, to) = (f64::from(edges[0]) + 0.3, f64::from(edges[1]) - 0.3);
        plot.area("left-fill", 0.8, (from, 0.0), (to, share(left)));
        plot.area("right-fill", 0.8, (from, -share(right)), (to, 0.0));
    }
    plot.line("axis", [(0.0, 0.0), (100.0, 0.0)].into_iter());
    plot.legend(&report.left, &report.right);
    plot.figure("Above the line the left side, below it the right side.")
}

/// Positives found against negatives flagged.
pub(super) fn roc(report: &Report) -> String {
    let auc = &report.outcomes.auc;
    let mut plot =
        Plot::new("Positives found and negatives flagged, at every score", 430.0, (0.0, 1.0), (0.0, 1.0));
    plot.axes(
        &Axis { label: "share of negatives flagged", ticks: shares(1.0) },
        &Axis { label: "share of positives found", ticks: shares(1.0) },
    );
    plot.line("dash", [(0.0, 0.0), (1.0, 1.0)].into_iter());
    for (class, curve) in [("left-line", &auc.roc_left), ("right-line", &auc.roc_right)] {
        let place = |point: &RocPoint| (point.false_positive_rate, point.true_positive_rate);
        plot.line(class, curve.iter().map(place));
    }
    plot.legend(&report.left, &report.right);
    plot.figure("The nearer a curve comes to the upper left corner, the better; on the dashed line scores tell nothing.")
}

/// Observed rates against scores.
pub(super) fn calibration(report: &Report) -> String {
    let calibration = &report.outcomes.calibration;
    let steps = calibration.left.curve.iter().chain(&calibration.right.curve);
    let highest = steps.map(|step| step.rate).fold(0.0, f64::max);
    let top = ((highest * 20.0).ceil() / 20.0).clamp(0.05, 1.0);
    let mut plot = Plot::new("What scores have meant", 340.0, (0.0, 100.0), (0.0, top));
    plot.axes(
        &Axis { label: "score", ticks: scores() },
        &Axis { label: "observed share of positives", ticks: shares(top) },
    );
    if let Some(rate) = calibration.base_rate {
        plot.line("dash", [(0.0, rate), (100.0, rate)].into_iter());
    }
    let stairs = |side: &SideCalibration| {
        side.curve.iter().flat_map(|step| [(step.from, step.rate), (step.to, step.rate)]).collect::<Vec<_>>()
    };
    plot.line("left-line", stairs(&calibration.left).into_iter());
    plot.line("right-line", stairs(&calibration.right).into_iter());
    plot.legend(&report.left, &report.right);
    plot.figure(
        "The best share that never falls as the score rises (isotonic regression). The dashed line is the share among all. \
         A score is not a probability.",
    )
}

const SEGMENTS: usize = 15;

/// Both sides' areas under the curve by segment.
pub(super) fn segments(report: &Report) -> String {
    let judged = report.segments.iter().filter(|segment| segment.auc.difference.is_some());
    let judged: Vec<_> = judged.take(SEGMENTS).collect();
    if judged.is_empty() {
        return String::new();
    }
    let lows = judged.iter().flat_map(|segment| [segment.auc.left.low, segment.auc.right.low]).flatten();
    let lowest = (lows.fold(0.5, f64::min) * 10.0).floor() / 10.0;
    let height = 90.0 + 34.0 * judged.len() as f64;
    let mut plot = Plot::new(
        "Area under the curve by segment",
        height,
        (lowest - 0.28 * (1.0 - lowest), 1.0),
        (0.0, 1.0),
    );
    let ticks = (0..=5).map(|part| lowest + f64::from(part) * (1.0 - lowest) / 5.0);
    let ticks = ticks.map(|value| (value, format!("{value:.2}"))).collect();
    plot.axes(
        &Axis { label: "area under the curve, with interval", ticks },
        &Axis { label: "", ticks: Vec::new() },
    );
    for (place, segment) in judged.iter().enumerate() {
        let at = 46.0 + 34.0 * place as f64;
        let name = segment.segment.as_deref().unwrap_or("(none)");
        plot.text((20.0, at + 4.0), "start", "ink", &format!("{} · {}", short(name), count(segment.n)));
        for (side, shift, estimate) in [("left", -6.0, &segment.auc.left), ("right", 6.0, &segment.auc.right)]
        {
            if let (Some(value), Some(low), Some(high)) = (estimate.value, estimate.low, estimate.high) {
                plot.whisker(side, at + shift, (low.max(lowest), value, high));
            }
        }
    }
    plot.legend(&report.left, &report.right);
    plot.figure("Dots are the left side, squares the right side; behind each name the number of its pairs.")
}

fn short(name: &str) -> String {
    if name.chars().count() <= 18 { name.to_owned() } else { name.chars().take(17).chain(['…']).collect() }
}
