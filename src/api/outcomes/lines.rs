//! Outcomes in lines (NDJSON): read as they come, some at a time, so that memory is bounded however many there are.

use std::{collections::HashMap, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use futures_util::future::join_all;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use serde::Serialize;

use super::{OutcomeRequest, note as note_one};
use crate::{
    api::{Api, auth::Caller, body, problem::Problem},
    ids::OutcomeId,
    outcomes::Outcome,
};

pub(super) const CONTENT_TYPE: &str = "application/x-ndjson";
/// Lines that one request may have.
const MAX_LINES: usize = 50_000;
const MAX_LINE_BYTES: usize = 16 * 1024;
/// Lines that are recorded together.
const AT_ONCE: usize = 64;

/// What became of one line.
#[derive(Serialize)]
struct Told<'a> {
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<LineError<'a>>,
}

#[derive(Serialize)]
struct LineError<'a> {
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

/// A line as it came, or why it is none; lines count from 1.
type Line = (usize, Result<Vec<u8>, Problem>);
/// What was recorded, and whether it is new; or why it was not.
type Noted = Result<(Outcome, bool), Problem>;

/// The lines of a body, one after the other.
struct Lines {
    body: Body,
    patience: Duration,
    /// What came.
    arrived: Vec<u8>,
    /// How much of it is given out.
    given: usize,
    /// How much of it is given out, or known to hold no line's end.
    searched: usize,
    /// Lines given out.
    number: usize,
    /// Whether the beginning of the line that comes was too long and is gone.
    overlong: bool,
    ended: bool,
}

/// Whether the body is declared as lines.
pub(super) fn are_in(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(CONTENT_TYPE) || essence.eq_ignore_ascii_case("application/ndjson")
}

/// Records each line, and tells what became of it.
pub(super) async fn note(api: &Api, caller: &Caller, body: Body) -> Response {
    let mut lines = Lines::of(body, api.0.body_timeout);
    let mut told = Vec::new();
    loop {
        let batch = lines.next(AT_ONCE).await;
        if batch.is_empty() {
            break;
        }
        let noted = batch.into_iter().map(async |(line, text)| {
            let noted = match text.and_then(|text| body::parse::<OutcomeRequest>(&text)) {
                Ok(outcome) => note_one(api, caller, outcome).await,
                Err(problem) => Err(problem),
            };
            (line, noted)
        });
        for (line, noted) in first_created(join_all(noted).await) {
            let became = match &noted {
                Ok((outcome, created)) => {
                    let (id, created) = (Some(outcome.id.as_str()), Some(*created));
                    Told { line, id, created, error: None }
                }
                Err(problem) => {
                    let (code, detail, field) = (problem.code(), problem.detail(), problem.field());
                    Told { line, id: None, created: None, error: Some(LineError { code, detail, field }) }
                }
            };
            told.extend(serde_json::to_vec(&became).unwrap_or_default());
            told.push(b'\n');
        }
    }
    (StatusCode::OK, [(header::CONTENT_TYPE, CONTENT_TYPE)], told).into_response()
}

/// Of equal lines that are recorded together any may have come first: the first of them tells that it did.
fn first_created(mut noted: Vec<(usize, Noted)>) -> Vec<(usize, Noted)> {
    let mut first: HashMap<OutcomeId, usize> = HashMap::new();
    for later in 0..noted.len() {
        let Some((_, Ok((outcome, created)))) = noted.get_mut(later) else { continue };
        let earlier = *first.entry(outcome.id.clone()).or_insert(later);
        let is_new = earlier != later && std::mem::take(created);
        if let Some((_, Ok((_, created)))) = noted.get_mut(earlier).filter(|_| is_new) {
            *created = true;
        }
    }
    noted
}

// === impl Lines ===

impl Lines {
    const fn of(body: Body, patience: Duration) -> Self {
        let arrived = Vec::new();
        Self { body, patience, arrived, given: 0, searched: 0, number: 0, overlong: false, ended: false }
    }

    /// Up to `most` lines, without blank ones; none once there are no more.
    async fn next(&mut self, most: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        while lines.len() < most {
            let Some((number, line)) = self.one().await else { break };
            if line.as_ref().is_ok_and(|text| text.trim_ascii().is_empty()) {
                continue;
            }
            lines.push((number, line));
        }
        lines
    }

    async fn one(&mut self) -> Option<Line> {
        loop {
            let unsearched = self.arrived.get(self.searched..).unwrap_or_default();
            if let Some(end) = unsearched.iter().position(|byte| *byte == b'\n') {
                return Some(self.give(self.searched + end + 1));
            }
            self.searched = self.arrived.len();
            if self.arrived.len() - self.given > MAX_LINE_BYTES {
                self.overlong = true;
                self.forget();
            }
            if self.ended {
                let is_over = self.given == self.arrived.len() && !self.overlong;
                return (!is_over).then(|| self.give(self.arrived.len()));
            }
            self.arrived.drain(..self.given);
            (self.searched, self.given) = (self.searched - self.given, 0);
            if let Err(problem) = self.receive().await {
                self.ended = true;
                self.overlong = false;
                self.forget();
                return Some((self.number + 1, Err(problem)));
            }
        }
    }

    fn forget(&mut self) {
        self.arrived.clear();
        (self.given, self.searched) = (0, 0);
    }

    /// The next line, which ends at `end`.
    fn give(&mut self, end: usize) -> Line {
        self.number += 1;
        let line = self.arrived.get(self.given..end).unwrap_or_default();
        // Some programs mark the beginning of UTF-8.
        let mark = line.strip_prefix("\u{feff}".as_bytes()).filter(|_| self.number == 1);
        let line = mark.unwrap_or(line).to_vec();
        (self.given, self.searched) = (end, end);
        let overlong = std::mem::take(&mut self.overlong) || line.len() > MAX_LINE_BYTES;
        if self.number > MAX_LINES {
            self.ended = true;
            self.forget();
            let detail = format!(
                "a request may have {MAX_LINES} lines: this one and those after it were not read; send them in \
                 another request"
            );
            return (self.number, Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_lines", detail)));
        }
        if overlong {
            let detail = format!("the line is longer than {MAX_LINE_BYTES} bytes");
            return (self.number, Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "line_too_long", detail)));
        }
        (self.number, Ok(line))
    }

    /// Waits for more of the body.
    async fn receive(&mut self) -> Result<(), Problem> {
        let frame = tokio::time::timeout(self.patience, self.body.frame()).await.map_err(|_elapsed| {
            let detail =
                "the rest of the body took too long to arrive: this line and those after it were not read";
            Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", detail)
        })?;
        match frame {
            Some(Ok(frame)) => {
                self.arrived.extend(frame.into_data().unwrap_or_default());
                Ok(())
            }
            Some(Err(_broken)) => {
                let detail = "the body did not arrive whole";
                Err(Problem::new(StatusCode::BAD_REQUEST, "body_not_read", detail))
            }
            None => {
                self.ended = true;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: String) -> Vec<(usize, Result<String, &'static str>)> {
        let mut lines = Lines::of(Body::from(text), Duration::from_secs(1));
        let read = lines.next(usize::MAX).await;
        let line = |(number, line): Line| {
            let text = line.map(|text| String::from_utf8(text).expect("a text").trim().to_owned());
            (number, text.map_err(|problem| problem.code()))
        };
        read.into_iter().map(line).collect()
    }

    #[tokio::test]
    async fn blank_lines_count_and_say_nothing_and_the_last_needs_no_end() {
        let read = read("\u{feff}a\n\n  \r\nb".to_owned()).await;
        assert_eq!(read, [(1, Ok("a".to_owned())), (4, Ok("b".to_owned()))]);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_stops_no_other() {
        let long = "x".repeat(MAX_LINE_BYTES * 3);
        let read = read(format!("a\n{long}\nb\n{long}")).await;
        let long = Err("line_too_long");
        assert_eq!(read, [(1, Ok("a".to_owned())), (2, long.clone()), (3, Ok("b".to_owned())), (4, long)]);
    }

    #[tokio::test]
    async fn lines_past_the_limit_are_not_read_and_that_is_said() {
        let read = read("a\n".repeat(MAX_LINES + 7)).await;
        assert_eq!(read.len(), MAX_LINES + 1);
        assert_eq!(read.last(), Some(&(MAX_LINES + 1, Err("too_many_lines"))));
    }
}
