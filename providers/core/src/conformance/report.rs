//! Gathers what is wrong, so that one run tells all of it.

use std::fmt;

const MAX_SHOWN: usize = 60;

/// One thing that an adapter does wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The case, such as `failures/check/200 html`.
    pub case: String,
    /// What was expected and what happened.
    pub problem: String,
}

/// The findings of one run.
#[derive(Debug, Default)]
pub(super) struct Report {
    findings: Vec<Finding>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.problem)
    }
}

// === impl Report ===

impl Report {
    pub(super) fn add(&mut self, case: &str, problem: impl Into<String>) {
        self.findings.push(Finding { case: case.to_owned(), problem: problem.into() });
    }

    /// Adds what `problem` says unless `holds`.
    pub(super) fn expect(&mut self, case: &str, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.add(case, problem());
        }
    }

    /// The value; or none, with the error as a finding.
    pub(super) fn keep<T>(&mut self, case: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|problem| self.add(case, problem)).ok()
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// All findings in one text, a line each; a long list is cut and says so.
pub(super) fn summary(findings: &[Finding]) -> String {
    let mut text = format!("the adapter does not conform in {} cases:", findings.len());
    for finding in findings.iter().take(MAX_SHOWN) {
        text.push_str(&format!("\n  {finding}"));
    }
    if let Some(more) = findings.len().checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("\n  … and {more} more"));
    }
    text
}
