//! The report as text and as a page.

use super::{pairs, report};
use crate::compare::{Context, Report, Settings, html, text};

fn rows(count: i32) -> impl Iterator<Item = (f64, f64, Option<bool>, Option<&'static str>)> {
    let segment = |row| if row % 2 == 0 { Some("<NG>") } else { Some("GB") };
    (0..count).map(move |row| {
        (f64::from(row * 37 % 101), f64::from(row * 41 % 101), Some(row % 4 == 0), segment(row))
    })
}

#[test]
fn a_page_needs_nothing_from_elsewhere_and_keeps_names_as_text() {
    let context = Context { left: "<b>&\"".to_owned(), right: "beta".to_owned(), ..Context::default() };
    let page = html::page(&Report::of(&pairs(rows(1000)), &Settings::default(), context));
    for wanted in ["<!DOCTYPE html>", "&lt;b&gt;&amp;&quot;", "&lt;NG&gt;", "<caption>", "<title>", "@page"] {
        assert!(page.contains(wanted), "{wanted}");
    }
    for unwanted in ["<script", "http:", "https:", "url(", "@import", "<b>", "NaN", "inf\""] {
        assert!(!page.contains(unwanted), "{unwanted}");
    }
    assert_eq!(
        page.matches("<svg").count(),
        6,
        "heat map, differences, histograms, ROC, calibration, segments"
    );
    assert_eq!(page.matches("<svg").count(), page.matches("<figcaption").count());
    assert_eq!(page.matches("<table").count(), page.matches("<caption").count());
}

#[test]
fn a_page_stays_small_however_many_pairs_there_are() {
    let page = html::page(&report(&pairs(rows(50_000))));
    assert!(page.len() < 200_000, "{}", page.len());
}

#[test]
fn pages_and_texts_of_nothing_break_nothing() {
    for count in [0, 1, 2, 12] {
        let report = report(&pairs(rows(count)));
        let (page, text) = (html::page(&report), text::summary(&report));
        assert!(!page.contains("NaN") && !text.contains("NaN"), "{count}: {text}");
        assert!(text.contains("How much data it takes"), "{text}");
    }
}

#[test]
fn the_text_begins_with_the_verdict_and_its_reasons() {
    let report = report(&pairs(rows(12)));
    let text = text::summary(&report);
    assert!(text.starts_with("Extend: collect more outcomes\n"), "{text}");
    for reason in &report.verdict_reasons {
        assert!(text.contains(reason), "{reason}");
    }
}
