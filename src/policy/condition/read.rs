//! Reading a condition: `or` over `and` over `not` over single tests.

use std::str::FromStr;

use risk_provider::{CountryCode, Flag};
use serde::{
    Deserialize,
    de::{IntoDeserializer, value},
};

use super::{
    BadCondition, Comparison, Condition, Place, Quantity, Unknown,
    codes::check_code,
    tokens::{Piece, Token, tokens},
};
use crate::config::nearest;

/// What a test may begin with.
const TESTS: [&str; 14] = [
    "factor",
    "missing",
    "evidence",
    "flag",
    "country",
    "nationality",
    "type",
    "politically_exposed",
    "level",
    "score",
    "coverage",
    "spread",
    "not",
    "(",
];
const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    (">=", Comparison::AtLeast),
    (">", Comparison::Above),
    ("<=", Comparison::AtMost),
    ("<", Comparison::Below),
];
/// Nobody means more parentheses within each other than this.
const DEEPEST: usize = 32;

struct Reader {
    tokens: std::vec::IntoIter<Token>,
    /// The character after the last.
    end: usize,
    depth: usize,
}

impl FromStr for Condition {
    type Err = BadCondition;

    fn from_str(text: &str) -> Result<Self, BadCondition> {
        let tokens = tokens(text)?.into_iter();
        let mut reader = Reader { tokens, end: text.chars().count() + 1, depth: 0 };
        let condition = reader.any()?;
        match reader.tokens.next() {
            None => Ok(condition),
            Some(Token { at, piece }) => Err(bad(
                at,
                format!("{} comes after the end: join tests by \"and\" or \"or\"", piece.shown()),
            )),
        }
    }
}

fn bad(at: usize, message: impl Into<String>) -> BadCondition {
    BadCondition { at, message: message.into() }
}

/// The one that is meant by `word`, or what to say about it.
fn one_of<T: Copy>(at: usize, word: &str, what: &str, known: &[(&str, T)]) -> Result<T, BadCondition> {
    let found = known.iter().find(|(name, _)| *name == word);
    found.map(|&(_, value)| value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|&(name, _)| name).collect();
        unknown(at, word, what, &names)
    })
}

fn unknown(at: usize, word: &str, what: &str, known: &[&str]) -> BadCondition {
    let advice = match nearest(word, known) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("known are {}", known.join(", ")),
    };
    bad(at, format!("\"{word}\" is no {what}; {advice}"))
}

/// A word as the model knows it.
fn modelled<T: for<'de> Deserialize<'de>>(at: usize, word: &str, what: &str) -> Result<T, BadCondition> {
    let read: Result<T, value::Error> = T::deserialize(word.into_deserializer());
    read.map_err(|error| {
        let told = error.to_string();
        // "unknown variant `x`, expected one of `a`, `b`"
        let known: Vec<&str> = told.split('`').skip(3).step_by(2).collect();
        unknown(at, word, what, &known)
    })
}

// === impl Reader ===

impl Reader {
    fn any(&mut self) -> Result<Condition, BadCondition> {
        let mut parts = vec![self.all()?];
        while self.takes_word("or") {
            parts.push(self.all()?);
        }
        Ok(single(parts).unwrap_or_else(Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, BadCondition> {
        let mut parts = vec![self.unary()?];
        while self.takes_word("and") {
            parts.push(self.unary()?);
        }
        Ok(single(parts).unwrap_or_else(Condition::All))
    }

    fn unary(&mut self) -> Result<Condition, BadCondition> {
        let Token { at, piece } = self.next("a test is expected, such as country == NG")?;
        let is_open = piece == Piece::Sign("(");
        if is_open || piece == Piece::Word("not".to_owned()) {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err(bad(at, "there are too many parentheses within each other"));
            }
            let inner = if is_open { self.any()? } else { Condition::Not(Box::new(self.unary()?)) };
            self.depth -= 1;
            if is_open {
                self.sign(")")?;
            }
            return Ok(inner);
        }
        let Piece::Word(word) = piece else {
            return Err(bad(at, format!("{} stands where a test is expected", piece.shown())));
        };
        self.test(at, &word)
    }

    fn test(&mut self, at: usize, word: &str) -> Result<Condition, BadCondition> {
        match word {
            "factor" => self.factor(),
            "missing" => self.missing(),
            "evidence" => self.evidence(),
            "flag" => {
                let (at, word) = self.argument()?;
                modelled::<Flag>(at, &word, "flag").map(Condition::Flag)
            }
            "country" => self.place(Place::Country),
            "nationality" => self.place(Place::Nationality),
            "type" => {
                let (is, (at, word)) = (self.equality()?, self.word("individual or business")?);
                Ok(Condition::Type(is, modelled(at, &word, "type of subject")?))
            }
            "politically_exposed" => {
                let (is, (at, word)) = (self.equality()?, self.word("true or false")?);
                let exposed = one_of(at, &word, "answer", &[("true", true), ("false", false)])?;
                Ok(Condition::PoliticallyExposed(exposed == is))
            }
            "level" => {
                let (comparison, (at, word)) = (self.comparison()?, self.word("a level")?);
                Ok(Condition::Level(comparison, modelled(at, &word, "level")?))
            }
            "score" => self.number(100.0, false).map(|(by, to)| Condition::Number(Quantity::Score, by, to)),
            "coverage" => {
                self.number(1.0, false).map(|(by, to)| Condition::Number(Quantity::Coverage, by, to))
            }
            "spread" => self.number(4.0, true).map(|(by, to)| Condition::Number(Quantity::Spread, by, to)),
            _ => Err(unknown(at, word, "test", &TESTS)),
        }
    }

    fn factor(&mut self) -> Result<Condition, BadCondition> {
        let code = self.code()?;
        if !self.takes_sign(".") {
            return Ok(Condition::Judged(code));
        }
        let (at, part) = self.word("level, score or state")?;
        match part.as_str() {
            "level" => {
                let (comparison, (at, word)) = (self.comparison()?, self.word("a level")?);
                Ok(Condition::FactorLevel(code, comparison, modelled(at, &word, "level")?))
            }
            "score" => self.number(100.0, false).map(|(by, to)| Condition::FactorScore(code, by, to)),
            "state" => {
                let (is, (at, word)) = (self.equality()?, self.word("a factor's state")?);
                Ok(Condition::FactorState(code, is, modelled(at, &word, "state of a factor")?))
            }
            _ => Err(unknown(at, &part, "part of a factor", &["level", "score", "state"])),
        }
    }

    fn missing(&mut self) -> Result<Condition, BadCondition> {
        let known = [
            ("nationality", Unknown::Nationality),
            ("politically_exposed", Unknown::PoliticallyExposed),
            ("score", Unknown::Score),
        ];
        self.sign("(")?;
        let Token { at, piece } = self.next("a factor's code in quotes is expected")?;
        let missing = match &piece {
            Piece::Text(code) => {
                check_code(code).map_err(|message| bad(at, message))?;
                Unknown::Factor(code.clone())
            }
            Piece::Word(word) => {
                let names = known.each_ref().map(|(name, _)| *name);
                let found = known.into_iter().find(|(name, _)| name == word);
                found.ok_or_else(|| unknown(at, word, "part of a subject that may be missing", &names))?.1
            }
            Piece::Number(_) | Piece::Sign(_) => {
                return Err(bad(at, format!("{} cannot be missing", piece.shown())));
            }
        };
        self.sign(")")?;
        Ok(Condition::Missing(missing))
    }

    fn evidence(&mut self) -> Result<Condition, BadCondition> {
        let (at, word) = self.argument()?;
        if word.trim().is_empty() || word.contains('"') {
            return Err(bad(at, "a kind of evidence or a tag is expected, such as \"adverse_media\""));
        }
        if !self.takes_sign(".") {
            return Ok(Condition::Evidence(word));
        }
        let (at, part) = self.word("count or severity")?;
        match part.as_str() {
            "count" => self.number(1e6, true).map(|(by, to)| Condition::EvidenceCount(word, by, to)),
            "severity" => self.number(100.0, false).map(|(by, to)| Condition::EvidenceSeverity(word, by, to)),
            _ => Err(unknown(at, &part, "part of evidence", &["count", "severity"])),
        }
    }

    fn place(&mut self, place: Place) -> Result<Condition, BadCondition> {
        let is = !self.takes_word("not");
        if is && !self.takes_word("in") {
            let is = self.equality()?;
            return Ok(Condition::Place(place, is, vec![self.country()?]));
        }
        if !is && !self.takes_word("in") {
            return Err(bad(self.here(), "\"in\" is expected: country not in [NG, GH]"));
        }
        self.sign("[")?;
        let mut countries = vec![self.country()?];
        while self.takes_sign(",") {
            countries.push(self.country()?);
        }
        self.sign("]")?;
        Ok(Condition::Place(place, is, countries))
    }

    fn country(&mut self) -> Result<CountryCode, BadCondition> {
        let (at, word) = self.word("a country's code")?;
        CountryCode::parse(&word).map_err(|error| bad(at, format!("\"{word}\" {error}")))
    }

    fn code(&mut self) -> Result<String, BadCondition> {
        let (at, code) = self.argument()?;
        check_code(&code).map_err(|message| bad(at, message))?;
        Ok(code)
    }

    /// A quoted text in parentheses.
    fn argument(&mut self) -> Result<(usize, String), BadCondition> {
        self.sign("(")?;
        let Token { at, piece } = self.next("a text in quotes is expected")?;
        let Piece::Text(text) = piece else {
            return Err(bad(at, format!("{} must be a text in quotes", piece.shown())));
        };
        self.sign(")")?;
        Ok((at, text))
    }

    /// A word, bare or in quotes.
    fn word(&mut self, what: &str) -> Result<(usize, String), BadCondition> {
        let Token { at, piece } = self.next(&format!("{what} is expected"))?;
        match &piece {
            Piece::Word(word) | Piece::Text(word) => Ok((at, word.clone())),
            Piece::Number(_) | Piece::Sign(_) => {
                Err(bad(at, format!("{} stands where {what} is expected", piece.shown())))
            }
        }
    }

    fn comparison(&mut self) -> Result<Comparison, BadCondition> {
        let Token { at, piece } = self.next("a comparison is expected, such as >=")?;
        let found = COMPARISONS.iter().find(|(sign, _)| piece == Piece::Sign(sign));
        found.map(|&(_, comparison)| comparison).ok_or_else(|| {
            bad(at, format!("{} stands where a comparison is expected: == != >= > <= <", piece.shown()))
        })
    }

    /// `==` or `!=`
    fn equality(&mut self) -> Result<bool, BadCondition> {
        let at = self.here();
        match self.comparison()? {
            Comparison::Equal => Ok(true),
            Comparison::Unequal => Ok(false),
            Comparison::AtLeast | Comparison::Above | Comparison::AtMost | Comparison::Below => {
                Err(bad(at, "this has no order: compare it by == or !="))
            }
        }
    }

    fn number(&mut self, most: f64, whole: bool) -> Result<(Comparison, f64), BadCondition> {
        let comparison = self.comparison()?;
        let kind = if whole { "a whole number" } else { "a number" };
        let Token { at, piece } = self.next(&format!("{kind} is expected"))?;
        if let Piece::Number(number) = piece
            && number <= most
            && (!whole || number.fract() <= 0.0)
        {
            return Ok((comparison, number));
        }
        Err(bad(at, format!("{} must be {kind} from 0 to {most}", piece.shown())))
    }

    fn here(&self) -> usize {
        self.tokens.as_slice().first().map_or(self.end, |token| token.at)
    }

    fn next(&mut self, expected: &str) -> Result<Token, BadCondition> {
        let end = self.end;
        self.tokens.next().ok_or_else(|| bad(end, format!("the condition ends here: {expected}")))
    }

    fn takes(&mut self, piece: &Piece) -> bool {
        let is_next = self.tokens.as_slice().first().is_some_and(|token| token.piece == *piece);
        if is_next {
            self.tokens.next();
        }
        is_next
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.takes(&Piece::Word(word.to_owned()))
    }

    fn takes_sign(&mut self, sign: &'static str) -> bool {
        self.takes(&Piece::Sign(sign))
    }

    fn sign(&mut self, sign: &'static str) -> Result<(), BadCondition> {
        let at = self.here();
        if self.takes_sign(sign) { Ok(()) } else { Err(bad(at, format!("\"{sign}\" is expected"))) }
    }
}

/// The only part, or all of them.
fn single(mut parts: Vec<Condition>) -> Result<Condition, Vec<Condition>> {
    if parts.len() > 1 {
        return Err(parts);
    }
    parts.pop().ok_or(parts)
}
