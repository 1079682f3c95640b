//! Axes and shapes of one picture.

use crate::compare::words;

/// A picture with axes, being drawn.
#[derive(Debug)]
pub(super) struct Plot {
    body: String,
    title: String,
    height: f64,
    x: (f64, f64),
    y: (f64, f64),
}

/// Width of every picture, and its margins: left, right, top, bottom.
const WIDTH: f64 = 720.0;
const MARGIN: (f64, f64, f64, f64) = (84.0, 20.0, 22.0, 50.0);

/// What an axis says.
pub(super) struct Axis<'a> {
    /// What it shows.
    pub(super) label: &'a str,
    /// Where it has ticks, and what they are called.
    pub(super) ticks: Vec<(f64, String)>,
}

// === impl Plot ===

impl Plot {
    pub(super) fn new(title: &str, height: f64, x: (f64, f64), y: (f64, f64)) -> Self {
        Self { body: String::new(), title: title.to_owned(), height, x, y }
    }

    pub(super) fn x(&self, value: f64) -> f64 {
        MARGIN.0 + (value - self.x.0) / (self.x.1 - self.x.0) * (WIDTH - MARGIN.0 - MARGIN.1)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        let height = self.height - MARGIN.2 - MARGIN.3;
        MARGIN.2 + (self.y.1 - value) / (self.y.1 - self.y.0) * height
    }

    /// Both axes, with lines through their ticks.
    pub(super) fn axes(&mut self, x: &Axis<'_>, y: &Axis<'_>) {
        let (left, right, bottom) = (MARGIN.0, WIDTH - MARGIN.1, self.height - MARGIN.3);
        for (value, name) in &y.ticks {
            let at = self.y(*value);
            self.add(&format!("<path class=\"grid\" d=\"M{left:.1} {at:.1}H{right:.1}\"/>"));
            self.text((left - 8.0, at + 4.0), "end", "", name);
        }
        for (value, name) in &x.ticks {
            let at = self.x(*value);
            self.add(&format!("<path class=\"axis\" d=\"M{at:.1} {bottom:.1}v5\"/>"));
            self.text((at, bottom + 20.0), "middle", "", name);
        }
        self.add(&format!("<path class=\"axis\" d=\"M{left:.1} {bottom:.1}H{right:.1}\"/>"));
        self.text((f64::midpoint(left, right), self.height - 8.0), "middle", "", x.label);
        let middle = f64::midpoint(MARGIN.2, bottom);
        self.add(&format!(
            "<text text-anchor=\"middle\" transform=\"translate(16 {middle:.1}) rotate(-90)\">{}</text>",
            super::escape(y.label)
        ));
    }

    /// Names at the left of the vertical axis, without lines.
    pub(super) fn names(&mut self, names: &[(f64, String)]) {
        for (value, name) in names {
            let at = self.y(*value) + 4.0;
            self.text((MARGIN.0 - 8.0, at), "end", "", name);
        }
    }

    /// A line through points of both axes.
    pub(super) fn line(&mut self, class: &str, points: impl Iterator<Item = (f64, f64)>) {
        let path: Vec<String> = points.map(|(x, y)| format!("{:.1} {:.1}", self.x(x), self.y(y))).collect();
        if !path.is_empty() {
            self.add(&format!("<path class=\"{class}\" d=\"M{}\"/>", path.join("L")));
        }
    }

    /// A rectangle between two points of both axes.
    pub(super) fn area(&mut self, class: &str, opacity: f64, from: (f64, f64), to: (f64, f64)) {
        let (x, y) = (self.x(from.0), self.y(to.1));
        let (width, height) = (self.x(to.0) - x, self.y(from.1) - y);
        self.add(&format!(
            "<rect class=\"{class}\" fill-opacity=\"{opacity:.2}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\"/>"
        ));
    }

    /// Cells of one size, all with one opacity.
    pub(super) fn cells(&mut self, opacity: f64, size: (f64, f64), cells: impl Iterator<Item = (f64, f64)>) {
        let (width, height) = (self.x(size.0) - self.x(0.0), self.y(0.0) - self.y(size.1));
        let path: String = cells
            .map(|(x, y)| format!("M{:.1} {:.1}h{width:.1}v-{height:.1}h-{width:.1}z", self.x(x), self.y(y)))
            .collect();
        if !path.is_empty() {
            self.add(&format!("<path class=\"cell\" fill-opacity=\"{opacity:.2}\" d=\"{path}\"/>"));
        }
    }

    /// A dot, and a line from `low` to `high`, at a height in pixels.
    pub(super) fn whisker(&mut self, side: &str, at: f64, (low, value, high): (f64, f64, f64)) {
        let (low, value, high) = (self.x(low), self.x(value), self.x(high));
        self.add(&format!("<path class=\"{side}-line whisker\" d=\"M{low:.1} {at:.1}H{high:.1}\"/>"));
        let shape = if side == "left" {
            format!("<circle class=\"left-fill\" cx=\"{value:.1}\" cy=\"{at:.1}\" r=\"4.5\"/>")
        } else {
            format!(
                "<rect class=\"right-fill\" x=\"{:.1}\" y=\"{:.1}\" width=\"8\" height=\"8\"/>",
                value - 4.0,
                at - 4.0
            )
        };
        self.add(&shape);
    }

    /// Text at a place in pixels.
    pub(super) fn text(&mut self, at: (f64, f64), anchor: &str, class: &str, text: &str) {
        let text = super::escape(text);
        self.add(&format!(
            "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{text}</text>",
            at.0, at.1
        ));
    }

    /// The two sides' names at the top right.
    pub(super) fn legend(&mut self, left: &str, right: &str) {
        let end = WIDTH - MARGIN.1;
        let wide = |name: &str| name.chars().count().min(30) as f64 * 7.0 + 40.0;
        let begin = end - wide(left) - wide(right);
        for (at, class, name) in [(begin, "left-line", left), (begin + wide(left), "right-line", right)] {
            self.add(&format!("<path class=\"{class}\" d=\"M{at:.1} 12h20\"/>"));
            self.text((at + 26.0, 16.0), "start", "", name);
        }
    }

    pub(super) fn add(&mut self, shape: &str) {
        self.body.push_str(shape);
        self.body.push('\n');
    }

    /// The picture, with what it shows for those who do not see it.
    pub(super) fn figure(self, description: &str) -> String {
        let (title, description) = (super::escape(&self.title), super::escape(description));
        format!(
            "<figure>\n<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n\
             <desc>{description}</desc>\n{}</svg>\n<figcaption>{title}. {description}</figcaption>\n</figure>\n",
            self.height, self.body
        )
    }
}

/// Ticks of a share.
pub(super) fn shares(highest: f64) -> Vec<(f64, String)> {
    (0..=5).map(|part| f64::from(part) * highest / 5.0).map(|at| (at, words::short_percent(at))).collect()
}

/// Ticks of a score.
pub(super) fn scores() -> Vec<(f64, String)> {
    (0..=5_u32).map(|part| (f64::from(part * 20), (part * 20).to_string())).collect()
}
