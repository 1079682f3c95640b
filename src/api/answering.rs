//! From a question to the HTTP answer, once where an idempotency key says so.

use std::{sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::Instant;

use super::{Api, assessments::add_raw, idempotency::Keyed, problem::Problem};
use crate::{
    assessment::Status,
    routing::{Answer, CacheUse, Known, Question, Same},
    store::IdempotencyKey,
};

/// The longest that a call may go on where the route is not known.
const NO_TIME: Duration = Duration::ZERO;

/// A question on its way.
pub(super) struct Asking {
    pub(super) question: Question,
    pub(super) with_raw: bool,
    pub(super) retry_unknown: bool,
}

// === impl Asking ===

impl Asking {
    /// Answers, once where a key says so.
    pub(super) async fn answer(self, api: &Api, key: Option<IdempotencyKey>) -> Result<Response, Problem> {
        let Self { question, with_raw, retry_unknown } = self;
        let Some(key) = key else { return answer(api, question, with_raw).await };
        let (assessor, began) = (&api.0.assessor, Instant::now());
        let deadline = assessor.route(&question.route).map_or(NO_TIME, |route| route.deadline);
        let keyed = Keyed {
            api: api.clone(),
            key,
            request_id: question.request_id.clone(),
            same: Same {
                subject: Arc::clone(&question.subject),
                key: assessor.subject_key(&question.team, question.subject.reference.expose()),
                route: question.route.clone(),
            },
            calls_until: began + deadline,
            answer_by: began + question.deadline.map_or(deadline, |shorter| shorter.min(deadline)),
            retry_unknown,
        };
        let (api, holds) = (api.clone(), Some(keyed.key.clone()));
        let answering = async move |Known { adopted, spares }| {
            let question = Question { adopted, spares, holds, ..question };
            answer(&api, question, with_raw).await.into()
        };
        keyed.once(answering).await
    }
}

async fn answer(api: &Api, question: Question, with_raw: bool) -> Result<Response, Problem> {
    let began = Instant::now();
    let done = if question.replaces.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    let mut answer = api.0.assessor.assess(question).await?;
    if with_raw {
        add_raw(&api.0.store, &mut answer.assessment).await.map_err(Problem::unreadable)?;
    }
    let status = match answer.assessment.status {
        Status::Pending | Status::Unavailable => StatusCode::ACCEPTED,
        Status::Completed | Status::Partial => done,
    };
    let headers = headers(&answer, status, began.elapsed());
    Ok((status, headers, axum::Json(answer.assessment)).into_response())
}

/// `Cache-Status` (RFC 9211), `Age`, `Server-Timing`, and `Location` of an answer that is new or still to come.
fn headers(answer: &Answer, status: StatusCode, total: Duration) -> HeaderMap {
    let cache_status = match answer.cache {
        CacheUse::Hit => "risk-gateway; hit",
        CacheUse::Miss => "risk-gateway; fwd=miss",
        CacheUse::Joined => "risk-gateway; fwd=miss; collapsed",
        CacheUse::Stale => "risk-gateway; fwd=stale",
        CacheUse::TooOld => "risk-gateway; fwd=request",
        CacheUse::GivenStale => "risk-gateway; hit; detail=stale-if-error",
        CacheUse::Recovered => "risk-gateway; fwd=miss; detail=adopted",
        CacheUse::Adopted => "risk-gateway; fwd=bypass; detail=adopted",
    };
    let mut headers = HeaderMap::new();
    headers.insert("cache-status", HeaderValue::from_static(cache_status));
    if matches!(answer.cache, CacheUse::Hit | CacheUse::GivenStale) {
        headers.insert(header::AGE, HeaderValue::from(answer.age.as_secs()));
    }
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    let own = total.saturating_sub(answer.vendor_time);
    let timing = format!("vendor;dur={:.3}, gateway;dur={:.3}", millis(answer.vendor_time), millis(own));
    if let Ok(timing) = HeaderValue::try_from(timing) {
        headers.insert("server-timing", timing);
    }
    if status != StatusCode::OK
        && let Ok(location) = HeaderValue::try_from(format!("/v1/assessments/{}", answer.assessment.id))
    {
        headers.insert(header::LOCATION, location);
    }
    headers
}
