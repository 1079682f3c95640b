//! `Idempotency-Key`: the same question under the same key has one answer, also after a crash and across servers.
//!
//! A request first claims its key, durably. What it answers is pinned to the key before it leaves. A request whose
//! process ended is taken over once its time is past: what vendors had said to it is adopted, and what may have been
//! paid for without a known answer is told instead of paid again.

use std::time::Duration;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::{Api, problem::Problem};
use crate::{
    attempts::Attempt,
    ids::RequestId,
    routing::{Earlier, Known, Same},
    secrets::Purpose,
    store::{Claim, ClaimRequest, IdempotencyKey, Pin, PinnedAnswer, SealedAnswer, StoreError},
};

pub(super) const HEADER: &str = "idempotency-key";
const REPLAYED: &str = "idempotent-replayed";
const MAX_LENGTH: usize = 255;
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// How long after its deadline a request may take to record what it came to.
const RECORDED_WITHIN: Duration = Duration::from_secs(3);
/// What the store always gets to record how a request ended.
const LAST_MOMENT: Duration = Duration::from_millis(500);

/// One request under an idempotency key.
pub(super) struct Keyed {
    pub(super) api: Api,
    pub(super) key: IdempotencyKey,
    pub(super) request_id: RequestId,
    /// What it asks.
    pub(super) same: Same,
    /// When calls of vendors are over, whoever waits for them.
    pub(super) calls_until: Instant,
    /// When its caller wants to hear something.
    pub(super) answer_by: Instant,
    pub(super) retry_unknown: bool,
}

/// What a request came to.
pub(super) enum Outcome {
    /// An answer.
    Answered(Response),
    /// A refusal.
    Refused(Problem),
}

/// What an answer was called.
#[derive(Deserialize)]
struct ToldId {
    id: String,
}

/// What a refusal told of exchanges.
#[derive(Default, Deserialize)]
struct Told {
    attempts: Vec<Attempt>,
}

/// What there is to go on once a key is claimed.
enum Start {
    /// Answer the question; nobody need be asked again who said something already.
    Go(Known),
    /// This is the answer.
    Replay(Response),
    /// What an earlier request may have paid for is not known.
    Unknown(Problem),
}

/// The caller's key; none when there is none.
pub(super) fn key_of(
    api: &Api,
    headers: &HeaderMap,
    tenant: &str,
    path: &str,
    body: &[u8],
) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| (1..=MAX_LENGTH).contains(&text.len()));
    let (Some(text), None) = (text, values.next()) else {
        let detail =
            format!("Idempotency-Key must be one text of 1 to {MAX_LENGTH} printable ASCII characters");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_idempotency_key", detail));
    };
    // Equal JSON is an equal body, however its writer orders it.
    let mut body: Value = serde_json::from_slice(body).unwrap_or_default();
    body.sort_all_objects();
    let hash = |purpose, text: &str| {
        api.0.hash_key.mac(purpose, &[tenant.as_bytes(), path.as_bytes(), text.as_bytes()])
    };
    Ok(Some(IdempotencyKey {
        team: tenant.to_owned(),
        path: path.to_owned(),
        key_mac: hash(Purpose::IdempotencyKey, text),
        body_mac: hash(Purpose::RequestBody, &body.to_string()),
    }))
}

// === impl Keyed ===

impl Keyed {
    /// Answers once: by `work`, or by what an earlier request answered. Runs detached, so that a caller who leaves
    /// finds the answer under the key.
    pub(super) async fn once<F>(
        self,
        work: impl FnOnce(Known) -> F + Send + 'static,
    ) -> Result<Response, Problem>
    where
        F: Future<Output = Outcome> + Send,
    {
        let tasks = self.api.0.tasks.clone();
        let answering = async move {
            match self.start().await? {
                Start::Go(known) => self.finish(work(known).await).await,
                Start::Replay(response) => Ok(response),
                Start::Unknown(problem) => self.finish(Outcome::Refused(problem)).await,
            }
        };
        let answering = tasks.spawn(answering.in_current_span());
        answering.await.unwrap_or_else(|_panicked| {
            let detail = "something went wrong here; the request id finds it in the logs";
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail))
        })
    }

    async fn start(&self) -> Result<Start, Problem> {
        match self.claim(self.retry_unknown).await? {
            Claim::Held => Ok(Start::Go(Known::default())),
            Claim::TakenOver { from } => self.go_on_from(&from).await,
            Claim::Running { until } => Err(self.running(until)),
            Claim::OtherBody => {
                let detail =
                    "this Idempotency-Key came with another body before: send the same body, or another key";
                Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail))
            }
            Claim::Pinned(answer) => match self.open(&answer).await? {
                Some(answer) => Ok(Start::Replay(replay(answer))),
                None => Err(erased()),
            },
            Claim::Unknown(answer) => self.look_again(&answer).await,
        }
    }

    /// What was not known may have come to light meanwhile.
    async fn look_again(&self, answer: &SealedAnswer) -> Result<Start, Problem> {
        let Some(told) = self.open(answer).await? else { return Err(erased()) };
        let Told { attempts } = serde_json::from_slice(&told.body).unwrap_or_default();
        let assessor = &self.api.0.assessor;
        let earlier = assessor.come_to_light(attempts, &self.same).await.map_err(Problem::unreadable)?;
        let Earlier::Answered { adopted, unknown } = self.recovered(earlier).await? else {
            return Ok(Start::Replay(replay(told)));
        };
        if matches!(self.claim(true).await?, Claim::TakenOver { .. }) {
            return Ok(Start::Go(Known::from(adopted, unknown)));
        }
        Err(self.running(self.api.0.clock.now()))
    }

    async fn claim(&self, retry_unknown: bool) -> Result<Claim, Problem> {
        let now = self.api.0.clock.now();
        let after = |time: Duration| now.checked_add(time).unwrap_or(Timestamp::MAX);
        let calls_over = self.calls_until.saturating_duration_since(Instant::now());
        let request = ClaimRequest {
            key: self.key.clone(),
            request_id: self.request_id.clone(),
            now,
            held_until: after(calls_over + RECORDED_WITHIN),
            expires_at: after(KEPT_FOR),
            retry_unknown,
        };
        in_time(self.answer_by, self.api.0.store.claim(request)).await
    }

    async fn go_on_from(&self, from: &[RequestId]) -> Result<Start, Problem> {
        let earlier = self.api.0.assessor.earlier(from, &self.same).await.map_err(Problem::unreadable)?;
        Ok(match self.recovered(earlier).await? {
            Earlier::Answered { adopted, .. } if self.retry_unknown => {
                Start::Go(Known { adopted, spares: Vec::new() })
            }
            Earlier::Answered { adopted, unknown } => Start::Go(Known::from(adopted, unknown)),
            Earlier::Unknown(attempts) if !self.retry_unknown => {
                Start::Unknown(Problem::unknown_outcome(attempts))
            }
            Earlier::Unknown(_) | Earlier::Nothing => Start::Go(Known::default()),
        })
    }

    /// What is not known may stand in the vendor's own history; looked for as long as the caller waits.
    async fn recovered(&self, earlier: Earlier) -> Result<Earlier, Problem> {
        let Earlier::Unknown(attempts) = earlier else { return Ok(earlier) };
        let recovering = self.api.0.assessor.recover(Earlier::Unknown(attempts.clone()), &self.same);
        let recovered = timeout_at(self.answer_by, recovering).await;
        recovered.unwrap_or(Ok(Earlier::Unknown(attempts))).map_err(Problem::unreadable)
    }

    fn running(&self, until: Timestamp) -> Problem {
        let wait = Duration::try_from(until.duration_since(self.api.0.clock.now())).unwrap_or_default();
        let detail = "the first request with this Idempotency-Key is still being answered; ask again later";
        Problem::new(StatusCode::CONFLICT, "idempotency_key_in_use", detail).with_retry_after(wait)
    }

    async fn open(&self, answer: &SealedAnswer) -> Result<Option<PinnedAnswer>, Problem> {
        self.api.0.store.open_pinned(answer).await.map_err(Problem::unreadable)
    }

    /// Pins an answer, or what is not known, to the key; lets the key go after any other refusal.
    async fn finish(self, outcome: Outcome) -> Result<Response, Problem> {
        match outcome {
            Outcome::Answered(response) => {
                let (parts, body) = response.into_parts();
                let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default().to_vec();
                let answer = PinnedAnswer { status: parts.status.as_u16(), body };
                self.pin(&answer, false).await?;
                Ok(Response::from_parts(parts, Body::from(answer.body)))
            }
            Outcome::Refused(problem) => {
                match problem.code() {
                    "unknown_outcome" if problem.may_have_paid_for_nothing() => {
                        let body = problem.document(&self.request_id);
                        let status = StatusCode::GATEWAY_TIMEOUT.as_u16();
                        self.pin(&PinnedAnswer { status, body }, true).await?;
                    }
                    // What may have been paid for comes to light once the key is taken over.
                    "store_failed" | "internal" => {}
                    _ => self.release().await,
                }
                Err(problem)
            }
        }
    }

    /// Lets the key go. If that fails it is free once the request's time is over.
    async fn release(self) {
        let releasing = self.api.0.store.release(self.key, self.request_id);
        if let Err(problem) = in_time(self.answer_by, releasing).await {
            tracing::warn!(code = problem.code(), "an idempotency key could not be let go");
        }
    }

    async fn pin(&self, answer: &PinnedAnswer, unknown_outcome: bool) -> Result<(), Problem> {
        let store = &self.api.0.store;
        let pinning = async {
            let subject = store.subject(&self.same.key).await?;
            let (key, request_id) = (self.key.clone(), self.request_id.clone());
            store.pin(Pin::new(key, request_id, &subject, answer, unknown_outcome)?).await
        };
        if in_time(self.answer_by, pinning).await? {
            return Ok(());
        }
        // Another request took over because this one was late: its answer is the one that stands.
        Err(self.running(self.api.0.clock.now()))
    }
}

/// What the store comes to by `deadline`, or a moment later for what is already answered.
async fn in_time<T>(
    deadline: Instant,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Problem> {
    let done = timeout_at(deadline.max(Instant::now() + LAST_MOMENT), work).await;
    done.unwrap_or(Err(StoreError::TooSlow)).map_err(Problem::unreadable)
}

fn erased() -> Problem {
    Problem::new(StatusCode::GONE, "erased", "the subject of this answer was erased")
}

fn replay(answer: PinnedAnswer) -> Response {
    let PinnedAnswer { status, body } = answer;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let content_type = if status.is_success() { "application/json" } else { "application/problem+json" };
    let told: Option<ToldId> = serde_json::from_slice(&body).ok();
    let location = told.and_then(|told| HeaderValue::try_from(format!("/v1/assessments/{}", told.id)).ok());
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let (true, Some(location)) = (status.is_success() && status != StatusCode::OK, location) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

impl<T: IntoResponse> From<Result<T, Problem>> for Outcome {
    fn from(result: Result<T, Problem>) -> Self {
        match result {
            Ok(answer) => Self::Answered(answer.into_response()),
            Err(problem) => Self::Refused(problem),
        }
    }
}
