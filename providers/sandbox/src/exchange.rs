//! The way of one request through the vendor: record, fail, work, charge, answer.
//!
//! The order is the point. A fault before the work leaves nothing behind; one after it leaves an
//! assessment that was made and charged though the client never learns of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use hyper::http::header::CONTENT_LENGTH;
use hyper::http::{HeaderValue, StatusCode};
use serde_json::Value;

use crate::accept::Line;
use crate::answer::Answer;
use crate::asked::Asked;
use crate::fault::FaultKind;
use crate::fault_queue::FaultQueue;
use crate::idenfy::Idenfy;
use crate::record::{Log, RecordedBody, RecordedCall};
use crate::refusal::refusal;
use crate::script::Script;
use crate::settings::{Settings, Vendor};
use crate::trickle::Trickle;
use crate::youverify::Youverify;

const HUGE_BYTES: usize = 10 * 1024 * 1024;

/// Everything behind one listener.
pub(crate) struct Counter {
    pub(crate) vendor: Vendor,
    pub(crate) faults: FaultQueue,
    pub(crate) log: Log,
    pub(crate) script: Script,
    settings: Settings,
    pub(crate) idenfy: Idenfy,
    youverify: Youverify,
}

// === impl Counter ===

impl Counter {
    pub(crate) fn new(vendor: Vendor, settings: &Settings) -> Self {
        Self {
            vendor,
            faults: FaultQueue::default(),
            log: Log::default(),
            script: Script::default(),
            settings: settings.clone(),
            idenfy: Idenfy::new(settings),
            youverify: Youverify::new(settings),
        }
    }

    fn operation(&self, asked: &Asked) -> &'static str {
        match self.vendor {
            Vendor::Idenfy => Idenfy::operation(asked.uri.path()),
            Vendor::Youverify => Youverify::operation(asked.uri.path()),
        }
    }

    /// The vendor's answer, with those faults in it that change what it says.
    fn work(&self, operation: &str, asked: &Asked, fault: Option<FaultKind>) -> Answer {
        if let Some(answer) = self.script.take(operation) {
            let billed = matches!(operation, "check" | "recheck" | "actor_assessment" | "initialise")
                && answer.status.is_success();
            return Answer { billed, ..answer };
        }
        match self.vendor {
            Vendor::Idenfy => self.idenfy.answer(operation, asked, fault),
            Vendor::Youverify => self.youverify.answer(operation, asked, fault),
        }
    }
}

/// Answers one request to the vendor.
pub(crate) async fn exchange(
    State(counter): State<Arc<Counter>>,
    Extension(line): Extension<Line>,
    request: Request,
) -> Response {
    let Some(asked) = Asked::read(request).await else {
        return Answer::text(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "").respond();
    };
    let operation = counter.operation(&asked);
    let entry = counter.log.begin(recorded(operation, &asked));
    let fault = counter.faults.take(operation);
    if let Some(fault) = fault {
        counter.log.met(entry, fault);
        if let FaultKind::Latency { ms } = fault {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        if let Some(answer) = refusal(counter.vendor, fault, &asked, counter.settings.clock) {
            counter.log.answered(entry, answer.status.as_u16());
            return answer.respond();
        }
    }
    if matches!(fault, Some(FaultKind::Hang | FaultKind::Reset)) {
        return unanswered(fault, &line).await;
    }
    let answer = counter.work(operation, &asked, fault);
    if answer.billed {
        counter.log.bill(entry);
    }
    if matches!(fault, Some(FaultKind::HangAfterBilling | FaultKind::ResetAfterBilling)) {
        return unanswered(fault, &line).await;
    }
    let response = deliver(answer, fault, counter.vendor);
    counter.log.answered(entry, response.status().as_u16());
    response
}

fn recorded(operation: &str, asked: &Asked) -> RecordedCall {
    RecordedCall {
        received_at: Instant::now(),
        operation: operation.to_owned(),
        method: asked.method.to_string(),
        path: asked.path_and_query(),
        status: None,
        fault: None,
        billed: false,
        body: RecordedBody::new(serde_json::from_slice(&asked.body).unwrap_or(Value::Null)),
    }
}

/// Ends the exchange without an answer: by a reset, or never.
async fn unanswered(fault: Option<FaultKind>, line: &Line) -> Response {
    if matches!(fault, Some(FaultKind::Hang | FaultKind::HangAfterBilling)) {
        return std::future::pending().await;
    }
    line.break_off();
    // Never sent: writing it is what resets the connection.
    Answer::text(StatusCode::OK, "text/plain", "").respond()
}

/// Puts the answer on the wire, with those faults that break it on its way.
fn deliver(mut answer: Answer, fault: Option<FaultKind>, vendor: Vendor) -> Response {
    match fault {
        Some(FaultKind::Empty) => Answer::text(StatusCode::OK, answer.content_type, "").respond(),
        Some(FaultKind::WrongShape) => Answer::json(StatusCode::OK, &wrong_shape(vendor)).respond(),
        Some(FaultKind::CutJson) => {
            // Everything the vendors say up to the closing brackets is needed, so any cut breaks it.
            let mut end = answer.body.len() * 3 / 5;
            while !answer.body.is_char_boundary(end) {
                end -= 1;
            }
            answer.body.truncate(end);
            answer.respond()
        }
        Some(FaultKind::HugeBody) => {
            answer.body.insert_str(0, &" ".repeat(HUGE_BYTES));
            answer.respond()
        }
        Some(FaultKind::CutBody) => announced(answer, Trickle::cut),
        Some(FaultKind::SlowDrip { interval_ms }) => {
            announced(answer, |body| Trickle::drip(body, Duration::from_millis(interval_ms)))
        }
        _ => answer.respond(),
    }
}

/// Announces the length of the whole body, whatever becomes of it.
fn announced(mut answer: Answer, trickle: impl FnOnce(String) -> Trickle) -> Response {
    let body = std::mem::take(&mut answer.body);
    let length = HeaderValue::from(body.len());
    let mut response = answer.respond_with(Body::new(trickle(body)));
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}

fn wrong_shape(vendor: Vendor) -> Value {
    match vendor {
        Vendor::Idenfy => serde_json::json!({"status": "done", "items": [1, 2, 3]}),
        Vendor::Youverify => {
            serde_json::json!({"success": true, "statusCode": 200, "message": "success", "data": [1, 2, 3], "links": []})
        }
    }
}
