//! What the kit must be told about one adapter.

use std::{fmt, sync::Arc};

use http::Method;
use serde_json::Value;

use crate::{FieldProblem, ProviderSettings, RiskProvider};

type Build = dyn Fn(ProviderSettings) -> Result<Arc<dyn RiskProvider>, Vec<FieldProblem>> + Send + Sync;

/// One adapter under test: how to build it, what its vendor answers when all is well, and where in the paid
/// answer the things stand that decide.
///
/// ```
/// # use risk_provider::{FieldProblem, ProviderSettings, RiskProvider, conformance::Harness};
/// # fn harness<P: RiskProvider + 'static>(new: fn(ProviderSettings) -> Result<P, Vec<FieldProblem>>) -> Harness {
/// Harness::new(new)
///     .with_secret("token-of-the-account")
///     .with_answer("check", http::Method::POST, "/v1/check", r#"{"score": 12, "level": "LOW"}"#)
///     .with_score_at("/score")
///     .with_level_at("/level")
/// # }
/// ```
pub struct Harness {
    build: Box<Build>,
    pub(super) secrets: Vec<String>,
    pub(super) person: Value,
    pub(super) company: Value,
    pub(super) answers: Vec<Answer>,
    pub(super) score: Option<String>,
    pub(super) level: Option<String>,
    pub(super) name: Option<String>,
    pub(super) guards: Vec<String>,
    pub(super) refusals: Vec<(String, String)>,
}

/// A vendor's good answer to one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The operation's declared name.
    pub operation: String,
    /// The method it is asked with.
    pub method: Method,
    /// The whole path it is asked at, the server's root as base address.
    pub path: String,
    /// The JSON body, sent with status 200.
    pub body: String,
}

// === impl Harness ===

impl Harness {
    /// A harness of the adapter that `build` makes. The kit chooses the common settings, `build` adds the
    /// adapter's own.
    pub fn new<P, F>(build: F) -> Self
    where
        P: RiskProvider + 'static,
        F: Fn(ProviderSettings) -> Result<P, Vec<FieldProblem>> + Send + Sync + 'static,
    {
        let build = move |common| build(common).map(|provider| Arc::new(provider) as Arc<dyn RiskProvider>);
        Self {
            build: Box::new(build),
            secrets: Vec::new(),
            person: Value::Null,
            company: Value::Null,
            answers: Vec::new(),
            score: None,
            level: None,
            name: None,
            guards: Vec::new(),
            refusals: Vec::new(),
        }
    }

    /// A credential that `build` configures; to be found nowhere but in sensitive headers.
    #[must_use]
    pub fn with_secret(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    /// The good answer to one operation that `assess` uses. Its level is best the vendor's own word, not one
    /// that the adapter raised for another reason: spoilt answers are compared with it.
    #[must_use]
    pub fn with_answer(mut self, operation: &str, method: Method, path: &str, body: &str) -> Self {
        let (operation, path, body) = (operation.to_owned(), path.to_owned(), body.to_owned());
        self.answers.push(Answer { operation, method, path, body });
        self
    }

    /// Fields of the person asked about, merged into the kit's own person, who has every field; `null` removes.
    #[must_use]
    pub fn with_person(mut self, fields: Value) -> Self {
        self.person = fields;
        self
    }

    /// The same for the company, of an adapter that serves companies.
    #[must_use]
    pub fn with_company(mut self, fields: Value) -> Self {
        self.company = fields;
        self
    }

    /// JSON pointer of the overall score in the paid answer.
    #[must_use]
    pub fn with_score_at(mut self, pointer: &str) -> Self {
        self.score = Some(pointer.to_owned());
        self
    }

    /// JSON pointer of the overall level's word in the paid answer.
    #[must_use]
    pub fn with_level_at(mut self, pointer: &str) -> Self {
        self.level = Some(pointer.to_owned());
        self
    }

    /// JSON pointer of the name that the paid answer is about.
    #[must_use]
    pub fn with_name_at(mut self, pointer: &str) -> Self {
        self.name = Some(pointer.to_owned());
        self
    }

    /// JSON pointer of a further field without which no answer may read as low, such as a sanctions result.
    #[must_use]
    pub fn with_guard(mut self, pointer: &str) -> Self {
        self.guards.push(pointer.to_owned());
        self
    }

    /// A way in which the vendor says inside a good-looking paid answer that it failed: a JSON pointer and the
    /// literal that stands there then, such as `/success` and `false`. Always an error, whatever else stands there.
    #[must_use]
    pub fn with_refusal(mut self, pointer: &str, literal: &str) -> Self {
        self.refusals.push((pointer.to_owned(), literal.to_owned()));
        self
    }

    pub(super) fn build(&self, common: ProviderSettings) -> Result<Arc<dyn RiskProvider>, String> {
        (self.build)(common).map_err(|problems| format!("the adapter refuses its settings: {problems:?}"))
    }
}

impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness").field("answers", &self.answers).finish_non_exhaustive()
    }
}
