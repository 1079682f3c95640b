//! A TOML document that knows where everything stands, so that every problem names its line.

use std::{borrow::Cow, ops::Range};

use serde::{Deserialize, Serialize};
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::Environment;

/// One thing wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The line, counted from 1; none for what is missing altogether.
    pub line: Option<usize>,
    /// What is wrong and what to do.
    pub message: String,
}

/// A document being read, and the problems found in it so far.
#[derive(Debug)]
pub(super) struct Document<'i> {
    text: &'i str,
    pub(super) problems: Vec<Problem>,
    /// Lines whose `${NAME}` could not be filled in; what else is wrong there follows from that.
    unfilled: Vec<usize>,
}

/// Why a table could not be read; what is wrong with it is noted already.
#[derive(Debug, Default)]
pub(super) struct Unread {
    /// A required key that is not there.
    pub(super) missing: Option<String>,
    bad_values: Vec<String>,
}

pub(super) type Value<'i> = Spanned<DeValue<'i>>;

// === impl Document ===

impl<'i> Document<'i> {
    /// Parses `text` and puts the environment's values in place of every `${NAME}`.
    pub(super) fn parse(text: &'i str, environment: &Environment) -> (Self, DeTable<'i>) {
        let mut document = Self { text, problems: Vec::new(), unfilled: Vec::new() };
        match DeTable::parse(text) {
            Ok(root) => {
                let mut root = root.into_inner();
                document.substitute(&mut root, environment);
                (document, root)
            }
            Err(error) => {
                document.problem(error.span(), error.message().to_owned());
                (document, DeTable::new())
            }
        }
    }

    pub(super) fn problem(&mut self, span: Option<Range<usize>>, message: impl Into<String>) {
        let line = span.map(|span| self.line(span.start));
        if line.is_some_and(|line| self.unfilled.contains(&line)) {
            return;
        }
        self.problems.push(Problem { line, message: message.into() });
    }

    fn line(&self, offset: usize) -> usize {
        self.text.as_bytes().iter().take(offset).filter(|&&byte| byte == b'\n').count() + 1
    }

    fn substitute(&mut self, table: &mut DeTable<'i>, environment: &Environment) {
        for (_, value) in table.iter_mut() {
            self.substitute_in(value, environment);
        }
    }

    fn substitute_in(&mut self, value: &mut Value<'i>, environment: &Environment) {
        let span = value.span();
        match value.get_mut() {
            DeValue::Table(inner) => self.substitute(inner, environment),
            DeValue::Array(values) => {
                for value in values.iter_mut() {
                    self.substitute_in(value, environment);
                }
            }
            DeValue::String(text) => match expand(text, environment) {
                Ok(Some(expanded)) => *text = Cow::Owned(expanded),
                Ok(None) => {}
                Err(message) => {
                    let line = self.line(span.start);
                    self.problem(Some(span), message);
                    self.unfilled.push(line);
                }
            },
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
        }
    }

    /// Takes the table under `name` out of `root`.
    pub(super) fn take(root: &mut DeTable<'i>, name: &str) -> Option<Value<'i>> {
        root.remove(name)
    }

    /// Reads `value` as a `T`, or none after noting what is wrong with it. A key that is unknown or has a bad value
    /// is noted and left out, and reading goes on, so that one does not hide the next.
    ///
    /// `also_known` are keys of the same table that are read elsewhere.
    pub(super) fn read<T: Deserialize<'i>>(
        &mut self,
        mut value: Value<'i>,
        place: &str,
        also_known: &[&str],
    ) -> Result<T, Unread> {
        let mut unread = Unread::default();
        loop {
            let error = match T::deserialize(ValueDeserializer::from(value.clone())) {
                Ok(read) if unread.bad_values.is_empty() => return Ok(read),
                Ok(_) => return Err(unread),
                Err(error) => error,
            };
            let span = error.span();
            if let Some(name) =
                error.message().strip_prefix("missing field ").map(|name| name.trim_matches('`'))
            {
                // A key whose value was bad is not missing.
                if !unread.bad_values.iter().any(|bad| bad.rsplit('.').next() == Some(name)) {
                    unread.missing = Some(name.to_owned());
                    self.problem(span, format!("{place}: {name} is required"));
                }
                return Err(unread);
            }
            if let Some((unknown, known)) = unknown_key(error.message()) {
                let known: Vec<&str> =
                    known.iter().map(String::as_str).chain(also_known.iter().copied()).collect();
                self.unknown(span.clone(), place, &unknown, &known);
            } else {
                let key = span.as_ref().and_then(|span| key_of(value.get_ref(), span));
                let at = key.as_ref().map_or_else(|| place.to_owned(), |key| format!("{place} {key}"));
                self.problem(span.clone(), format!("{at}: {}", error.message().replace('\n', " ")));
                unread.bad_values.push(key.unwrap_or_default());
            }
            if !span.is_some_and(|span| remove(value.get_mut(), &span)) {
                return Err(unread);
            }
        }
    }

    /// Notes a key that nobody knows.
    pub(super) fn unknown(&mut self, span: Option<Range<usize>>, place: &str, unknown: &str, known: &[&str]) {
        let advice = match nearest(unknown, known) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("known keys: {}", known.join(", ")),
        };
        self.problem(span, format!("{place}: unknown key \"{unknown}\"; {advice}"));
    }
}

/// The name in an "unknown field" message, and the names that it says are expected.
fn unknown_key(message: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix("unknown field ")?;
    let mut quoted = rest.split('`').skip(1).step_by(2).map(str::to_owned);
    Some((quoted.next()?, quoted.collect()))
}

/// The known name that `unknown` was probably meant to be.
pub(crate) fn nearest<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    let scored = known.iter().map(|&name| (strsim::damerau_levenshtein(unknown, name), name));
    let (distance, name) = scored.min()?;
    (distance <= 1 + unknown.chars().count() / 3).then_some(name)
}

/// The dotted key whose value stands at `span`, below `value`.
fn key_of(value: &DeValue<'_>, span: &Range<usize>) -> Option<String> {
    if let DeValue::Array(values) = value {
        return values.iter().find_map(|inner| key_of(inner.get_ref(), span));
    }
    let DeValue::Table(table) = value else { return None };
    table.iter().find_map(|(key, inner)| {
        if inner.span() == *span {
            return Some(key.get_ref().to_string());
        }
        key_of(inner.get_ref(), span).map(|below| format!("{}.{below}", key.get_ref()))
    })
}

/// Removes the key that stands at `span`, or whose value does, wherever it is in `value`.
fn remove(value: &mut DeValue<'_>, span: &Range<usize>) -> bool {
    if let DeValue::Array(values) = value {
        return values.iter_mut().any(|inner| remove(inner.get_mut(), span));
    }
    let DeValue::Table(table) = value else { return false };
    let found = table.iter().find(|(key, inner)| key.span() == *span || inner.span() == *span);
    let key = found.map(|(key, _)| key.get_ref().to_string());
    match key {
        Some(key) => table.remove(key.as_str()).is_some(),
        None => table.iter_mut().any(|(_, inner)| remove(inner.get_mut(), span)),
    }
}

/// `text` with every `${NAME}` replaced; none when there is nothing to replace.
fn expand(text: &str, environment: &Environment) -> Result<Option<String>, String> {
    if !text.contains("${") {
        return Ok(None);
    }
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) =
            after.split_once('}').ok_or_else(|| "\"${\" without its \"}\": write \"${NAME}\"".to_owned())?;
        expanded.push_str(before);
        let value = environment.get(name).filter(|value| !value.is_empty());
        expanded.push_str(&value.ok_or_else(|| format!("the environment variable {name} is not set"))?);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(Some(expanded))
}
