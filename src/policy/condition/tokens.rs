//! A condition's text in words, quoted texts, numbers and signs.

use super::BadCondition;

/// One piece of a condition's text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// A bare word.
    Word(String),
    /// A quoted text.
    Text(String),
    /// A number.
    Number(f64),
    /// A sign such as `>=`.
    Sign(&'static str),
}

/// A piece and the character, counted from 1, at which it begins.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) piece: Piece,
}

/// Longer signs first, so that `>=` is not read as `>`.
const SIGNS: [&str; 12] = ["==", "!=", ">=", "<=", ">", "<", "(", ")", "[", "]", ",", "."];

/// Every piece of `text`, in order.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, BadCondition> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let total = text.chars().count();
    loop {
        rest = rest.trim_start();
        let at = total - rest.chars().count() + 1;
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let (piece, after) = match first {
            '"' | '\'' => quoted(rest, first),
            '0'..='9' => number(rest),
            'a'..='z' | 'A'..='Z' | '_' => Ok(word(rest)),
            _ => sign(rest, first),
        }
        .map_err(|message| BadCondition { at, message })?;
        tokens.push(Token { at, piece });
        rest = after;
    }
}

fn quoted(text: &str, quote: char) -> Result<(Piece, &str), String> {
    let inner = text.strip_prefix(quote).unwrap_or(text);
    let (inner, after) = inner
        .split_once(quote)
        .ok_or_else(|| format!("a text begins here and does not end: close it with {quote}"))?;
    Ok((Piece::Text(inner.to_owned()), after))
}

fn number(text: &str) -> Result<(Piece, &str), String> {
    let (digits, after) =
        split(text, |letter| letter.is_ascii_alphanumeric() || letter == '.' || letter == '_');
    let plain =
        digits.chars().all(|letter| letter.is_ascii_digit() || letter == '.') && !digits.ends_with('.');
    match digits.parse::<f64>() {
        Ok(number) if plain && number.is_finite() => Ok((Piece::Number(number), after)),
        _ => Err(format!("\"{digits}\" is no number: write it as 75 or 0.7")),
    }
}

fn word(text: &str) -> (Piece, &str) {
    let (word, after) = split(text, |letter| letter.is_ascii_alphanumeric() || letter == '_');
    (Piece::Word(word.to_owned()), after)
}

fn sign(text: &str, first: char) -> Result<(Piece, &str), String> {
    let found = SIGNS.into_iter().find_map(|sign| Some((Piece::Sign(sign), text.strip_prefix(sign)?)));
    found.ok_or_else(|| match first {
        '=' => "write \"==\" to compare".to_owned(),
        '!' => "write \"not\", or \"!=\" to compare".to_owned(),
        '&' => "write \"and\"".to_owned(),
        '|' => "write \"or\"".to_owned(),
        other => format!("\"{other}\" means nothing here"),
    })
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|letter| !belongs(letter)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

// === impl Piece ===

impl Piece {
    /// As it stands in the text, for messages.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word(text) | Self::Text(text) => format!("\"{text}\""),
            Self::Number(number) => format!("\"{number}\""),
            Self::Sign(sign) => format!("\"{sign}\""),
        }
    }
}
