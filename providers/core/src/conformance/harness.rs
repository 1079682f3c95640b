//! What the kit must be told about one adapter.

use std::{fmt, sync::Arc};

use http::Method;
use serde_json::Value;

use super::{Callback, ListedPage, scale::Scale};
use crate::{FieldProblem, ProviderSettings, RiskProvider, VendorReference};

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
    pub(super) scale: Scale,
    pub(super) level: Option<String>,
    pub(super) name: Option<String>,
    pub(super) guards: Vec<String>,
    pub(super) refusals: Vec<(String, String)>,
    pub(super) ladders: Vec<(String, Vec<String>)>,
    pub(super) hits: Vec<Hit>,
    pub(super) pending: Option<String>,
    pub(super) readbacks: Vec<(VendorReference, Answer)>,
    pub(super) recheck: Option<(VendorReference, Answer)>,
    pub(super) questionnaires: Option<(Answer, Vec<(String, String)>)>,
    pub(super) pages: Vec<(Answer, Vec<VendorReference>)>,
    pub(super) callback: Option<Callback>,
}

/// A vendor's good answer to one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The operation's declared name.
    pub operation: String,
    /// The method it is asked with.
    pub method: Method,
    /// The whole path it is asked at, the server's root as base address; a query in it must be asked for too.
    pub path: String,
    /// The JSON body, sent with status 200.
    pub body: String,
}

/// What a paid answer looks like in which the vendor found something grave.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    /// The factor that must name it.
    pub(super) factor: String,
    /// JSON pointers in the paid answer and the literals that stand there then.
    pub(super) edits: Vec<(String, String)>,
}

// === impl Answer ===

impl Answer {
    /// The good answer to one operation.
    #[must_use]
    pub fn new(operation: &str, method: Method, path: &str, body: &str) -> Self {
        let [operation, path, body] = [operation, path, body].map(str::to_owned);
        Self { operation, method, path, body }
    }
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
            scale: Scale::PERCENT,
            level: None,
            name: None,
            guards: Vec::new(),
            refusals: Vec::new(),
            ladders: Vec::new(),
            hits: Vec::new(),
            pending: None,
            readbacks: Vec::new(),
            recheck: None,
            questionnaires: None,
            pages: Vec::new(),
            callback: None,
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
        self.answers.push(Answer::new(operation, method, path, body));
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

    /// Where the vendor's own scale of that score has the least risk and where the most, for one that is not 0 to
    /// 100.
    #[must_use]
    pub const fn with_scale(mut self, safest: f64, riskiest: f64) -> Self {
        self.scale = Scale { safest, riskiest };
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

    /// How the paid answer says more risk: a JSON pointer and literals for it, from the least risk to the most.
    /// No step up may ever lower the level. At least one is required.
    #[must_use]
    pub fn with_ladder(mut self, pointer: &str, literals: &[&str]) -> Self {
        self.ladders.push((pointer.to_owned(), literals.iter().map(|&literal| literal.to_owned()).collect()));
        self
    }

    /// A paid answer in which the vendor found the subject on a list: edits of the good one, as JSON pointers and
    /// literals. It must read as high at least, and so must the factor called `factor`.
    #[must_use]
    pub fn with_hit(mut self, factor: &str, edits: &[(&str, &str)]) -> Self {
        let edits = edits.iter().map(|(at, literal)| ((*at).to_owned(), (*literal).to_owned()));
        self.hits.push(Hit { factor: factor.to_owned(), edits: edits.collect() });
        self
    }

    /// The paid answer while the vendor is still working, of an adapter whose answers may be pending. Each sample of
    /// [`Harness::with_readback`] must then be about the subject that the harness asks about.
    #[must_use]
    pub fn with_pending(mut self, body: &str) -> Self {
        self.pending = Some(body.to_owned());
        self
    }

    /// The good answer to reading `reference` again. Required of an adapter that can; one for each operation.
    #[must_use]
    pub fn with_readback(mut self, reference: &str, answer: Answer) -> Self {
        self.readbacks.push((VendorReference(reference.to_owned()), answer));
        self
    }

    /// The good answer to rechecking `reference` about the harness's subject. Required of an adapter that can.
    #[must_use]
    pub fn with_recheck(mut self, reference: &str, answer: Answer) -> Self {
        self.recheck = Some((VendorReference(reference.to_owned()), answer));
        self
    }

    /// The good answer to listing questionnaires, and each one's id and name. Required of an adapter that can.
    #[must_use]
    pub fn with_questionnaires(mut self, answer: Answer, listed: &[(&str, &str)]) -> Self {
        let listed = listed.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned()));
        self.questionnaires = Some((answer, listed.collect()));
        self
    }

    /// The vendor's list under `operation`, page by page, at least two. Required of an adapter that has a history.
    #[must_use]
    pub fn with_history(mut self, operation: &str, pages: impl IntoIterator<Item = ListedPage>) -> Self {
        let listed = pages.into_iter().map(|page| {
            let answer = Answer::new(operation, Method::GET, &page.target, &page.body);
            (answer, page.references.into_iter().map(VendorReference).collect())
        });
        self.pages = listed.collect();
        self
    }

    /// A callback as the vendor would send it. Required of an adapter that takes any.
    #[must_use]
    pub fn with_callback(mut self, callback: Callback) -> Self {
        self.callback = Some(callback);
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
