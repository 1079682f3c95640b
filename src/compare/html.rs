//! The report as one page for a committee: no scripts, nothing fetched from elsewhere, good on paper.
//!
//! Everything on it is in the report, so that a report read from JSON makes the same page.

mod appendix;
mod charts;
mod plot;
mod sections;

use super::{
    report::Report,
    words::{count, verdict},
};

const STYLE: &str = include_str!("html/style.css");

/// The report as one self-contained page.
#[must_use]
pub fn page(report: &Report) -> String {
    let (left, right) = (escape(&report.left), escape(&report.right));
    let reasons = list(report.verdict_reasons.iter().chain(&report.notes).map(String::as_str));
    let advice = list(report.sample_advice.text.iter().map(String::as_str));
    let word = report.verdict.as_str();
    let head = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{left} and {right}: {word}</title>\n<style>\n{STYLE}</style>\n</head>\n"
    );
    let top = format!(
        "<body>\n<main>\n<header>\n<p class=\"kicker\">Comparison of two risk providers</p>\n<h1>{left} <span>and</span> \
         {right}</h1>\n<p class=\"sides\"><span class=\"key left\"></span>{left}, the incumbent (left) \
         <span class=\"key right\"></span>{right}, the challenger (right)</p>\n</header>\n<section class=\"verdict \
         {word}\" aria-labelledby=\"verdict\">\n<p class=\"kicker\">Verdict</p>\n<h2 id=\"verdict\">{}</h2>\n{reasons}\
         </section>\n",
        escape(&verdict(report))
    );
    let wanted = number("more outcomes wanted", count(report.sample_advice.labelled.more));
    let numbers = format!(
        "<dl class=\"numbers\">\n{}{}{}{}</dl>\n",
        number("pairs", count(report.n)),
        number("with an outcome", count(report.outcomes.labelled)),
        number("positive", count(report.outcomes.positives)),
        if report.verdict.decides() { "" } else { &wanted },
    );
    let sections = [
        section("Sample", &format!("{advice}{}", sections::funnel(report))),
        section("Who was right", &sections::outcomes(report)),
        section("Agreement of levels", &sections::agreement(report)),
        section("Agreement of scores", &sections::scores(report)),
        section("Segments", &sections::segments(report)),
        section("Service", &sections::service(report)),
        section("Conventions", &appendix::conventions(report)),
    ];
    format!("{head}{top}{numbers}{}</main>\n</body>\n</html>\n", sections.concat())
}

fn section(title: &str, body: &str) -> String {
    if body.is_empty() { String::new() } else { format!("<section>\n<h2>{title}</h2>\n{body}</section>\n") }
}

fn number(name: &str, value: String) -> String {
    format!("<div><dt>{name}</dt><dd>{value}</dd></div>\n")
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let items: String = items.map(|item| format!("<li>{}</li>\n", escape(item))).collect();
    format!("<ul>\n{items}</ul>\n")
}

/// Text that came from outside, so that it stays text.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}
