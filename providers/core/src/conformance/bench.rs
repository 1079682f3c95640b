//! Puts one question to the adapter, and looks at what must hold whatever the answer was.

use std::{sync::Arc, time::Duration};

use http::Method;
use jiff::{civil::Date, tz::TimeZone};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::{
    Answer, CannedExchange, ClosedPort, Harness, NOW, PlainExchange, Play, Route, Server,
    ability::{Ask, Probe, Told},
    always, clock,
    report::Report,
    sample,
    secrecy::Words,
    server,
    spoil::{Change, spoilt},
};
use crate::{
    Call, Exchange, FailureKind, Operation, ProviderAssessment, ProviderError, ProviderName,
    ProviderSettings, RiskProvider, Subject, SubjectRequest, SubjectType, Transport, VendorRequest,
};

/// Long enough for a busy machine.
pub(super) const PATIENT: Duration = Duration::from_secs(20);
const NAME: &str = "kit";
/// Where a vendor would be that is played from memory.
pub(super) const NOWHERE: &str = "http://vendor.invalid";

/// One adapter and what the kit asks it with.
#[derive(Debug)]
pub(super) struct Bench<'a> {
    pub(super) harness: &'a Harness,
    transport: Transport,
}

/// How the provider is set up and whom it is asked about.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) subject: Value,
    pub(super) strict: bool,
    pub(super) send_previous: bool,
}

/// What the vendor does.
#[derive(Debug)]
pub(super) enum Vendor {
    /// Answers from memory.
    Canned(CannedExchange),
    /// Plays on a socket, until the caller's patience ends.
    Scripted(Vec<Route>, Duration),
    /// Does not listen.
    Closed,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Reply<T = ProviderAssessment> {
    pub(super) provider: Arc<dyn RiskProvider>,
    pub(super) asked: Vec<VendorRequest>,
    pub(super) result: Result<T, ProviderError>,
}

/// The day of [`NOW`].
pub(super) fn today() -> Date {
    NOW.to_zoned(TimeZone::UTC).date()
}

// === impl Bench ===

impl<'a> Bench<'a> {
    pub(super) fn new(harness: &'a Harness) -> Result<Self, String> {
        let transport = Transport::new(clock()).map_err(|error| error.to_string())?;
        let bench = Self { harness, transport };
        bench.paid()?;
        Ok(bench)
    }

    /// A provider that talks to `base_url`.
    pub(super) fn provider(
        &self,
        base_url: Url,
        question: &Question,
    ) -> Result<Arc<dyn RiskProvider>, String> {
        self.harness.build(ProviderSettings {
            name: ProviderName::new(NAME),
            base_url,
            timeout: PATIENT,
            strict_subject_match: question.strict,
            send_previous: question.send_previous,
        })
    }

    /// A provider that will only ever be looked at, or asked through memory.
    pub(super) fn idle(&self, question: &Question) -> Result<Arc<dyn RiskProvider>, String> {
        let url = Url::parse(NOWHERE).map_err(|error| error.to_string())?;
        self.provider(url, question)
    }

    /// A question about the sample subject of a kind, with default settings.
    pub(super) fn about(&self, kind: SubjectType) -> Question {
        let subject = match kind {
            SubjectType::Individual => sample::merged(sample::person(), &self.harness.person),
            SubjectType::Business => sample::merged(sample::company(), &self.harness.company),
        };
        Question { subject, strict: false, send_previous: false }
    }

    /// A question about the first kind of subject that the adapter serves.
    pub(super) fn usual(&self) -> Result<Question, String> {
        let question = self.about(SubjectType::Individual);
        let provider = self.idle(&question)?;
        let kind = provider.descriptor().subject_types.first().ok_or("it serves no type of subject")?;
        Ok(self.about(*kind))
    }

    pub(super) fn operation(&self, name: &str) -> Result<Operation, String> {
        let provider = self.idle(&self.about(SubjectType::Individual))?;
        let found = provider.descriptor().operations.iter().find(|operation| operation.name == name);
        found.copied().ok_or_else(|| format!("the harness answers {name}, which is no declared operation"))
    }

    /// The answer that is paid for and holds the assessment.
    pub(super) fn paid(&self) -> Result<&'a Answer, String> {
        for answer in &self.harness.answers {
            if self.operation(&answer.operation)?.paid {
                return Ok(answer);
            }
        }
        Err("the harness answers no paid operation".to_owned())
    }

    /// The good answers, from memory.
    pub(super) fn canned(&self) -> CannedExchange {
        let answers = self.harness.answers.iter();
        answers.fold(CannedExchange::default(), |all, answer| {
            all.with(&answer.operation, 200, answer.body.as_str())
        })
    }

    /// The good answers from memory, with `body` for the one that `probe` is about.
    pub(super) fn canned_for(&self, probe: &Probe<'_>, body: &str) -> CannedExchange {
        let body = server::based_at(body.into(), NOWHERE);
        self.canned().with(&probe.answer.operation, 200, body)
    }

    /// The body of the paid answer.
    pub(super) fn paid_body(&self) -> Result<Value, String> {
        serde_json::from_str(&self.paid()?.body)
            .map_err(|error| format!("the paid answer is no JSON: {error}"))
    }

    /// The good answers from memory, the paid one spoilt at one place.
    pub(super) fn spoilt(&self, pointer: &str, change: &Change) -> Result<CannedExchange, String> {
        let body = self.paid_body()?;
        body.pointer(pointer).ok_or_else(|| format!("nothing stands at {pointer} in the paid answer"))?;
        Ok(self.canned().with(&self.paid()?.operation, 200, spoilt(&body, pointer, change)))
    }

    /// The good answers on a socket.
    pub(super) fn scripted(&self) -> Vec<Route> {
        self.harness.answers.iter().map(|answer| route(answer, answer.method.clone(), good(answer))).collect()
    }

    /// The good answers on a socket, with `play` in place of the one that `probe` is about. Not even another
    /// method gets an answer there.
    pub(super) fn scripted_for(&self, probe: &Probe<'_>, play: &Play) -> Vec<Route> {
        let methods = [probe.answer.method.clone(), Method::POST, Method::PUT];
        let spoilt = methods.into_iter().map(|method| route(probe.answer, method, play.clone()));
        spoilt.chain(self.scripted()).collect()
    }

    /// Asks for an assessment, and reports under `case` what must hold whatever comes; none when there is nothing
    /// to look at.
    pub(super) async fn ask(
        &self,
        case: &str,
        question: &Question,
        vendor: Vendor,
        report: &mut Report,
    ) -> Option<Reply> {
        let Reply { provider, asked, result } =
            self.put(case, &Ask::Assess, question, vendor, report).await?;
        let nothing = || ProviderError::new(FailureKind::Malformed, "there is no assessment");
        let result = result.and_then(|told| told.assessment.ok_or_else(nothing));
        Some(Reply { provider, asked, result })
    }

    /// The same for any question.
    pub(super) async fn put(
        &self,
        case: &str,
        ask: &Ask,
        question: &Question,
        vendor: Vendor,
        report: &mut Report,
    ) -> Option<Reply<Told>> {
        let reply = match vendor {
            Vendor::Canned(canned) => self.put_canned(ask, question, canned).await,
            Vendor::Scripted(routes, patience) => {
                self.put_scripted(case, ask, question, (routes, patience), report).await
            }
            Vendor::Closed => self.put_closed(ask, question).await,
        };
        let reply = report.keep(case, reply)?;
        always::look(case, &reply, &Words::of(&question.subject, &self.harness.secrets), report);
        Some(reply)
    }

    async fn put_canned(
        &self,
        ask: &Ask,
        question: &Question,
        canned: CannedExchange,
    ) -> Result<Reply<Told>, String> {
        let canned = Arc::new(canned);
        let exchange = Arc::clone(&canned) as Arc<dyn Exchange>;
        let (provider, result) = answer(self.idle(question)?, ask, question, exchange, PATIENT).await?;
        Ok(Reply { provider, asked: canned.asked(), result })
    }

    async fn put_scripted(
        &self,
        case: &str,
        ask: &Ask,
        question: &Question,
        (routes, patience): (Vec<Route>, Duration),
        report: &mut Report,
    ) -> Result<Reply<Told>, String> {
        let server = Server::start(routes).await.map_err(|error| error.to_string())?;
        let reply = self.put_at(server.base_url().clone(), ask, question, patience).await?;
        let (seen, asked) = (server.seen().len(), reply.asked.len());
        report.expect(case, seen == asked, || {
            format!("the vendor saw {seen} requests, the call {asked}: send through the call, follow nothing")
        });
        Ok(reply)
    }

    async fn put_closed(&self, ask: &Ask, question: &Question) -> Result<Reply<Told>, String> {
        let port = ClosedPort::new().map_err(|error| error.to_string())?;
        self.put_at(port.base_url().clone(), ask, question, PATIENT).await
    }

    async fn put_at(
        &self,
        url: Url,
        ask: &Ask,
        question: &Question,
        patience: Duration,
    ) -> Result<Reply<Told>, String> {
        let plain = Arc::new(PlainExchange::over(self.transport.clone()));
        let exchange = Arc::clone(&plain) as Arc<dyn Exchange>;
        let provider = self.provider(url, question)?;
        let (provider, result) = answer(provider, ask, question, exchange, patience).await?;
        Ok(Reply { provider, asked: plain.asked(), result })
    }
}

fn route(answer: &Answer, method: Method, play: Play) -> Route {
    Route { method, path: answer.path.clone(), play }
}

fn good(answer: &Answer) -> Play {
    Play::json(200, answer.body.as_str())
}

/// In a task of its own, so that a panic is a finding among others.
async fn answer(
    provider: Arc<dyn RiskProvider>,
    ask: &Ask,
    question: &Question,
    exchange: Arc<dyn Exchange>,
    patience: Duration,
) -> Result<(Arc<dyn RiskProvider>, Result<Told, ProviderError>), String> {
    let subject = accept(&question.subject)?;
    let (asked, ask) = (Arc::clone(&provider), ask.clone());
    let call = call(exchange, patience);
    let answering = tokio::spawn(async move { ask.put(&*asked, &call, &subject).await });
    let result = answering.await.map_err(|panic| format!("the adapter panicked: {panic}"))?;
    Ok((provider, result))
}

/// A call at [`NOW`] that may take as long as the caller has patience.
pub(super) fn call(exchange: Arc<dyn Exchange>, patience: Duration) -> Call {
    Call::new("conformance".into(), Instant::now() + patience, NOW, exchange)
}

/// The subject that a caller would have written so.
pub(super) fn accept(subject: &Value) -> Result<Subject, String> {
    accepted(subject, today())
}

/// The same on another day.
pub(super) fn accepted(subject: &Value, today: Date) -> Result<Subject, String> {
    let request: SubjectRequest = serde_json::from_value(subject.clone())
        .map_err(|error| format!("the harness's subject cannot be read: {error}"))?;
    request.accept(today).map_err(|problems| format!("the harness's subject is refused: {problems:?}"))
}

// === impl Vendor ===

impl Vendor {
    /// Plays for a caller who can wait.
    pub(super) const fn plays(routes: Vec<Route>) -> Self {
        Self::Scripted(routes, PATIENT)
    }
}
