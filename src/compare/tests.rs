//! Golden values, edges, laws, and what verdicts come of which populations.

mod edges;
mod golden;
mod laws;
mod pages;
mod populations;

use serde_json::Value;

use super::{Bootstrap, Context, Pair, Pairs, Points, Rating, Report, Settings, numbers::Generator};

fn rating(score: f64) -> Rating {
    Rating::of(Points::new(score).expect("a score"))
}

/// Pairs of scores with outcomes and segments.
fn pairs<'a>(rows: impl IntoIterator<Item = (f64, f64, Option<bool>, Option<&'a str>)>) -> Pairs {
    let mut pairs = Pairs::default();
    for (left, right, outcome, segment) in rows {
        pairs.push(Pair { left: rating(left), right: rating(right), outcome, segment });
    }
    pairs
}

fn report(pairs: &Pairs) -> Report {
    let context = Context { left: "alpha".to_owned(), right: "beta".to_owned(), ..Context::default() };
    // Few resamples: what they come to is not what these tests are about.
    let settings = Settings { bootstrap: Bootstrap { rounds: 200, seed: 1 }, ..Settings::default() };
    Report::of(pairs, &settings, context)
}

fn json(report: &Report) -> Value {
    serde_json::to_value(report).expect("JSON")
}

/// About normal with mean 0 and deviation 1.
pub(super) fn noise(generator: &mut Generator) -> f64 {
    (0..12).map(|_| (generator.next() >> 11) as f64 / (1_u64 << 53) as f64).sum::<f64>() - 6.0
}

/// A report that can be written and read again, whose every null has its reason beside it.
#[track_caller]
fn explained(report: &Report) -> Value {
    let text = serde_json::to_string(report).expect("JSON");
    let read: Report = serde_json::from_str(&text).expect("the same report");
    assert_eq!(
        (read.n, read.verdict, &read.verdict_reasons),
        (report.n, report.verdict, &report.verdict_reasons)
    );
    let json = json(report);
    let service_is_the_callers = "/service/";
    explain(&json, "", service_is_the_callers);
    json
}

#[track_caller]
fn explain(value: &Value, path: &str, skipped: &str) {
    if let Value::Array(items) = value {
        items.iter().for_each(|item| explain(item, path, skipped));
    }
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        let here = format!("{path}/{name}");
        let told = fields.get("reason").is_some_and(Value::is_string)
            || fields.get("reasons").is_some_and(|reasons| reasons[name].is_string());
        let free = here.starts_with(skipped) || here == "/segments/segment";
        assert!(!value.is_null() || told || free, "{here} is null without a reason");
        explain(value, &here, skipped);
    }
}
