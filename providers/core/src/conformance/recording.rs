//! Record and replay: a real vendor's answers, scrubbed into a fixture that any machine can replay.
//!
//! One test is both. With `RISK_PROVIDER_RECORD` naming a session file, kept outside the repository, it asks the
//! vendor and writes the fixture; without, it replays the fixture on a loopback socket and needs no credentials.
//!
//! ```no_run
//! # use risk_provider::{FieldProblem, ProviderSettings, RiskProvider, conformance::{Scrub, Tape, TapeError}};
//! # async fn example<P: RiskProvider>(new: fn(ProviderSettings, String) -> P) -> Result<(), TapeError> {
//! let scrub = Scrub::new().replace("/account/*").keep("/level");
//! let tape = Tape::open("tests/fixtures/recording.json", scrub).await?;
//! let provider = new(tape.settings("acme"), tape.credential("token"));
//! let answer = provider.assess(&tape.call(), &tape.subject()?).await.expect("an answer");
//! tape.close(&[&answer])
//! # }
//! ```
//!
//! A session file is `{"base_url": "https://…", "credentials": {"token": "…"}, "subject": {…}}`, the subject as a
//! caller of the gateway writes it.
//!
//! What is written: of a request, its method, its address and the shape of its body; of an answer, its status, two
//! harmless headers and its body, scrubbed as [`Scrub`] says. Credentials are never written, and a fixture that would
//! hold one, or a word of the subject's, is not written at all.

mod fixture;
mod invent;
mod replayer;
mod scrub;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use self::{fixture::Fixture, replayer::Replayer};
use super::{PlainExchange, bench};
use crate::{
    Call, Exchange, Judge, ProviderAssessment, ProviderError, ProviderName, ProviderSettings, Subject,
    Transport, VendorRequest, VendorResponse,
};

pub use scrub::Scrub;

/// Names the session file of a recording.
const VARIABLE: &str = "RISK_PROVIDER_RECORD";
const PATIENCE: Duration = Duration::from_secs(60);

/// Why nothing could be recorded or replayed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TapeError(String);

/// Whom to record: all of it private.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Where the vendor listens.
    pub base_url: Url,
    /// What the adapter is configured with that must not be published, by names of the author's choice.
    pub credentials: BTreeMap<String, String>,
    /// Whom to ask about, as a caller of the gateway writes it.
    pub subject: Value,
}

/// A recording in progress, or one that is replayed.
pub struct Tape {
    file: PathBuf,
    transport: Transport,
    at: Timestamp,
    side: Side,
}

enum Side {
    Record { session: Session, scrub: Scrub, taken: Arc<Recorder> },
    Replay { fixture: Fixture, replayer: Replayer },
}

/// One exchange as it went.
#[derive(Clone)]
struct Taken {
    request: VendorRequest,
    response: VendorResponse,
}

struct Recorder {
    transport: Transport,
    taken: Mutex<Vec<Taken>>,
}

// === impl Tape ===

impl Tape {
    /// Records into `file` when the environment says so, else replays it.
    ///
    /// # Errors
    ///
    /// When the session file or the fixture cannot be read.
    pub async fn open(file: impl AsRef<Path>, scrub: Scrub) -> Result<Self, TapeError> {
        match environment() {
            None => Self::replay(file).await,
            Some(path) => Self::record(file, Session::read(Path::new(&path))?, wall_time(), scrub),
        }
    }

    /// Records into `file` what a vendor answers now, which is `at`.
    ///
    /// # Errors
    ///
    /// When the transport cannot be set up.
    pub fn record(
        file: impl AsRef<Path>,
        session: Session,
        at: Timestamp,
        scrub: Scrub,
    ) -> Result<Self, TapeError> {
        let transport = transport(at)?;
        let taken = Arc::new(Recorder { transport: transport.clone(), taken: Mutex::default() });
        let side = Side::Record { session, scrub, taken };
        Ok(Self { file: file.as_ref().to_owned(), transport, at, side })
    }

    /// Replays `file` on a loopback socket.
    ///
    /// # Errors
    ///
    /// When the fixture cannot be read, or there is no socket.
    pub async fn replay(file: impl AsRef<Path>) -> Result<Self, TapeError> {
        let file = file.as_ref().to_owned();
        let fixture = Fixture::read(&file)?;
        let replayer = Replayer::start(&fixture.exchanges).await?;
        let at = fixture.recorded_at;
        Ok(Self { file, transport: transport(at)?, at, side: Side::Replay { fixture, replayer } })
    }

    /// The credential of this name: the real one while recording, else the stand-in that was written for it.
    #[must_use]
    pub fn credential(&self, name: &str) -> String {
        match &self.side {
            Side::Record { session, .. } => session.credentials.get(name).cloned(),
            Side::Replay { .. } => None,
        }
        .unwrap_or_else(|| stand_in(name))
    }

    /// Settings of a provider of this name that asks the vendor, or who replays it.
    #[must_use]
    pub fn settings(&self, name: &str) -> ProviderSettings {
        let base_url = match &self.side {
            Side::Record { session, .. } => session.base_url.clone(),
            Side::Replay { replayer, .. } => replayer.base_url().clone(),
        };
        ProviderSettings {
            name: ProviderName::new(name),
            base_url,
            timeout: PATIENCE,
            strict_subject_match: false,
            send_previous: false,
        }
    }

    /// The subject of the session, or the invented one that was written for it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn subject(&self) -> Result<Subject, TapeError> {
        let subject = match &self.side {
            Side::Record { session, .. } => &session.subject,
            Side::Replay { fixture, .. } => &fixture.subject,
        };
        bench::accepted(subject, self.at.to_zoned(TimeZone::UTC).date()).map_err(TapeError)
    }

    /// A call whose exchanges are recorded, or replayed, at the time of the recording.
    #[must_use]
    pub fn call(&self) -> Call {
        let exchange: Arc<dyn Exchange> = match &self.side {
            Side::Record { taken, .. } => Arc::<Recorder>::clone(taken),
            Side::Replay { .. } => Arc::new(PlainExchange::over(self.transport.clone())),
        };
        Call::new("recording".into(), Instant::now() + PATIENCE, self.at, exchange)
    }

    /// Writes the fixture with what the adapter `told`; or checks that everything recorded was asked for again,
    /// nothing else was, and the adapter told the same.
    ///
    /// # Errors
    ///
    /// What would be published or nobody has looked at, or what differs.
    pub fn close(self, told: &[&ProviderAssessment]) -> Result<(), TapeError> {
        match self.side {
            Side::Record { session, scrub, taken } => {
                let taken = taken.taken.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let text = Fixture::scrubbed(&session, &scrub, self.at, &taken, told)?;
                let failed = |error| TapeError(format!("{} cannot be written: {error}", self.file.display()));
                std::fs::write(&self.file, text).map_err(failed)
            }
            Side::Replay { fixture, replayer } => {
                replayer.finish()?;
                fixture.compare(told, replayer.base_url())
            }
        }
    }
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape").field("file", &self.file).finish_non_exhaustive()
    }
}

// === impl Session ===

impl Session {
    fn read(path: &Path) -> Result<Self, TapeError> {
        // The reason of a parse error may quote the file.
        let failed = |what: String| TapeError(format!("{VARIABLE} names {}: {what}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| {
            failed(format!("no session at line {}, column {}", error.line(), error.column()))
        })
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("base_url", &self.base_url.as_str()).finish_non_exhaustive()
    }
}

// === impl Recorder ===

#[async_trait]
impl Exchange for Recorder {
    async fn run(
        &self,
        request: VendorRequest,
        deadline: Instant,
        judge: Judge<'_>,
    ) -> Result<(), ProviderError> {
        let response = self.transport.send(request.clone(), deadline).await?;
        let taken = Taken { request, response: response.clone() };
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
        judge(&response)
    }
}

/// What stands for a credential in a fixture.
fn stand_in(name: &str) -> String {
    format!("recorded-{name}")
}

fn transport(at: Timestamp) -> Result<Transport, TapeError> {
    Transport::new(Arc::new(move || at)).map_err(|error| TapeError(error.to_string()))
}

#[expect(clippy::disallowed_methods, reason = "the one variable of the kit; no test changes it")]
fn environment() -> Option<String> {
    std::env::var(VARIABLE).ok()
}

#[expect(clippy::disallowed_methods, reason = "a vendor is recorded when it is asked")]
fn wall_time() -> Timestamp {
    Timestamp::now()
}
