//! Puts one question to the adapter, and looks at what must hold whatever the answer was.

use std::{sync::Arc, time::Duration};

use jiff::{civil::Date, tz::TimeZone};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::{
    Answer, CannedExchange, ClosedPort, Harness, NOW, PlainExchange, Play, Route, Server, always, clock,
    report::Report,
    sample,
    secrecy::Words,
    spoil::{Change, spoilt},
};
use crate::{
    Call, Exchange, Operation, ProviderAssessment, ProviderError, ProviderName, ProviderSettings,
    RiskProvider, Subject, SubjectRequest, SubjectType, Transport, VendorRequest,
};

/// Long enough for a busy machine.
pub(super) const PATIENT: Duration = Duration::from_secs(20);
const NAME: &str = "kit";

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
pub(super) struct Reply {
    pub(super) provider: Arc<dyn RiskProvider>,
    pub(super) asked: Vec<VendorRequest>,
    pub(super) result: Result<ProviderAssessment, ProviderError>,
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
        let url = Url::parse("http://vendor.invalid").map_err(|error| error.to_string())?;
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

    /// The good answers on a socket, with `play` in place of the one to `spoilt`.
    pub(super) fn scripted(&self, spoilt: Option<(&str, Play)>) -> Vec<Route> {
        let route = |answer: &Answer| {
            let play = spoilt.clone().filter(|(operation, _)| *operation == answer.operation);
            let play = play.map_or_else(|| Play::json(200, answer.body.as_str()), |(_, play)| play);
            Route { method: answer.method.clone(), path: answer.path.clone(), play }
        };
        self.harness.answers.iter().map(route).collect()
    }

    /// Asks, and reports under `case` what must hold whatever comes; none when there is nothing to look at.
    pub(super) async fn ask(
        &self,
        case: &str,
        question: &Question,
        vendor: Vendor,
        report: &mut Report,
    ) -> Option<Reply> {
        let reply = match vendor {
            Vendor::Canned(canned) => self.ask_canned(question, canned).await,
            Vendor::Scripted(routes, patience) => {
                self.ask_scripted(case, question, (routes, patience), report).await
            }
            Vendor::Closed => self.ask_closed(question).await,
        };
        let reply = report.keep(case, reply)?;
        always::look(case, &reply, &Words::of(&question.subject, &self.harness.secrets), report);
        Some(reply)
    }

    async fn ask_canned(&self, question: &Question, canned: CannedExchange) -> Result<Reply, String> {
        let canned = Arc::new(canned);
        let exchange = Arc::clone(&canned) as Arc<dyn Exchange>;
        let (provider, result) = assess(self.idle(question)?, question, exchange, PATIENT).await?;
        Ok(Reply { provider, asked: canned.asked(), result })
    }

    async fn ask_scripted(
        &self,
        case: &str,
        question: &Question,
        (routes, patience): (Vec<Route>, Duration),
        report: &mut Report,
    ) -> Result<Reply, String> {
        let server = Server::start(routes).await.map_err(|error| error.to_string())?;
        let reply = self.ask_at(server.base_url().clone(), question, patience).await?;
        let (seen, asked) = (server.seen().len(), reply.asked.len());
        report.expect(case, seen == asked, || {
            format!("the vendor saw {seen} requests, the call {asked}: send through the call, follow nothing")
        });
        Ok(reply)
    }

    async fn ask_closed(&self, question: &Question) -> Result<Reply, String> {
        let port = ClosedPort::new().map_err(|error| error.to_string())?;
        self.ask_at(port.base_url().clone(), question, PATIENT).await
    }

    async fn ask_at(&self, url: Url, question: &Question, patience: Duration) -> Result<Reply, String> {
        let plain = Arc::new(PlainExchange::over(self.transport.clone()));
        let exchange = Arc::clone(&plain) as Arc<dyn Exchange>;
        let (provider, result) = assess(self.provider(url, question)?, question, exchange, patience).await?;
        Ok(Reply { provider, asked: plain.asked(), result })
    }
}

/// In a task of its own, so that a panic is a finding among others.
async fn assess(
    provider: Arc<dyn RiskProvider>,
    question: &Question,
    exchange: Arc<dyn Exchange>,
    patience: Duration,
) -> Result<(Arc<dyn RiskProvider>, Result<ProviderAssessment, ProviderError>), String> {
    let subject = accept(&question.subject)?;
    let asking = Arc::clone(&provider);
    let call = call(exchange, patience);
    let assessing = tokio::spawn(async move { asking.assess(&call, &subject).await });
    let result = assessing.await.map_err(|panic| format!("the adapter panicked: {panic}"))?;
    Ok((provider, result))
}

/// A call at [`NOW`] that may take as long as the caller has patience.
pub(super) fn call(exchange: Arc<dyn Exchange>, patience: Duration) -> Call {
    Call::new("conformance".into(), Instant::now() + patience, NOW, exchange)
}

/// The subject that a caller would have written so.
pub(super) fn accept(subject: &Value) -> Result<Subject, String> {
    let request: SubjectRequest = serde_json::from_value(subject.clone())
        .map_err(|error| format!("the harness's subject cannot be read: {error}"))?;
    request.accept(today()).map_err(|problems| format!("the harness's subject is refused: {problems:?}"))
}

// === impl Vendor ===

impl Vendor {
    /// Plays for a caller who can wait.
    pub(super) const fn plays(routes: Vec<Route>) -> Self {
        Self::Scripted(routes, PATIENT)
    }
}
