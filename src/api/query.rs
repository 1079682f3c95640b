//! Query parameters: each known and given once; what does not fit is named, with what to write instead.
//!
//! A parameter without a value counts as left out. Messages never repeat a value.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use risk_provider::FieldProblem;
use url::form_urlencoded;

use super::problem::Problem;
use crate::{config::nearest, jobs::imports::End};

/// The parameters of one request, and what is wrong with them so far.
#[derive(Debug)]
pub(super) struct Parameters {
    values: BTreeMap<&'static str, String>,
    problems: Vec<FieldProblem>,
}

// === impl Parameters ===

impl Parameters {
    /// Reads a query in which nothing but `known` may stand.
    pub(super) fn read(query: Option<&str>, known: &'static [&'static str]) -> Result<Self, Problem> {
        let mut values = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let Some(name) = known.iter().find(|known| **known == name) else {
                return Err(unknown(&name, known));
            };
            if value.is_empty() {
                continue;
            }
            if values.insert(*name, value.into_owned()).is_some() {
                return Err(refused(name, "is given twice: give it once"));
            }
        }
        Ok(Self { values, problems: Vec::new() })
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.values.remove(name)
    }

    /// What `parse` makes of a parameter; what it says of one that does not fit is told in the end.
    pub(super) fn parsed<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let parsed = parse(&self.text(name)?);
        parsed.map_err(|detail| self.refuse(name, detail)).ok()
    }

    /// The times `from` and `to`: a day counts whole at either end.
    pub(super) fn span(&mut self) -> (Option<Timestamp>, Option<Timestamp>) {
        let end = |text: &str| text.parse::<End>().map_err(|error| error.to_string());
        let from = self.parsed("from", end).map(End::begins);
        let to = self.parsed("to", end).map(End::is_over);
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            self.refuse("to", "must be later than from");
        }
        (from, to)
    }

    /// A number from 1 to `most`.
    pub(super) fn limit(&mut self, default: u32, most: u32) -> u32 {
        let number = |text: &str| {
            let number = text.parse().ok().filter(|number| (1..=most).contains(number));
            number.ok_or_else(|| format!("must be from 1 to {most}"))
        };
        self.parsed("limit", number).unwrap_or(default)
    }

    pub(super) fn refuse(&mut self, name: &str, detail: impl Into<String>) {
        self.problems.push(FieldProblem::new(name, detail.into()));
    }

    /// Everything that does not fit, if anything does not.
    pub(super) fn checked(self) -> Result<(), Problem> {
        if self.problems.is_empty() { Ok(()) } else { Err(Problem::fields(self.problems)) }
    }
}

/// One of `words`, or what to write instead.
pub(super) fn one_of<T>(
    text: &str,
    words: &[&str],
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, String> {
    read(text).ok_or_else(|| format!("must be one of: {}{}", words.join(", "), did_you_mean(text, words)))
}

fn did_you_mean(text: &str, words: &[&str]) -> String {
    nearest(text, words).map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default()
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let advice = nearest(name, known).map_or_else(
        || format!("known here: {}", known.join(", ")),
        |near| format!("did you mean \"{near}\"?"),
    );
    refused(name, &format!("is not a known parameter; {advice}"))
}

fn refused(name: &str, detail: &str) -> Problem {
    let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid_query", format!("{name} {detail}"));
    problem.with_field(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["from", "to", "limit", "type"];

    fn refusal(query: &str) -> String {
        let read = Parameters::read(Some(query), KNOWN);
        let checked = read.and_then(|mut parameters| {
            parameters.span();
            parameters.limit(50, 200);
            parameters.checked()
        });
        checked.expect_err("refused").detail().to_owned()
    }

    #[test]
    fn what_does_not_fit_is_named_with_a_remedy() {
        assert_eq!(refusal("form=2026-06-01"), "form is not a known parameter; did you mean \"from\"?");
        assert_eq!(refusal("to=2026-06-01&to=x"), "to is given twice: give it once");
        assert_eq!(refusal("from=2026-06-02&to=2026-06-01"), "to must be later than from");
        assert_eq!(refusal("limit=0"), "limit must be from 1 to 200");
        assert!(refusal("from=yesterday").starts_with("from must be a day in UTC such as"));
        assert!(Parameters::read(Some("from=&to=&limit="), KNOWN).expect("nothing").checked().is_ok());
    }
}
