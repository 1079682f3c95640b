//! The sandbox's own paths beside the vendor's, for someone with curl.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use hyper::http::{StatusCode, Uri};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::exchange::{Counter, exchange};
use crate::fault::Fault;
use crate::idenfy::Order;
use crate::record::RecordedCall;
use crate::settings::Vendor;
use crate::youverify;

/// The control paths, and the vendor on every other path.
pub(crate) fn router(counter: Arc<Counter>) -> Router {
    let faults = post(inject).get(waiting).delete(clear);
    Router::new()
        .route("/_sandbox/faults", faults)
        .route("/_sandbox/calls", get(calls))
        .route("/_sandbox/idenfy", post(order))
        .route("/_sandbox/webhooks", post(call_back))
        .route("/_sandbox/{*rest}", axum::routing::any(nowhere))
        .fallback(exchange)
        .with_state(counter)
}

async fn inject(State(counter): State<Arc<Counter>>, body: String) -> Response {
    let fault: Fault = match serde_json::from_str(&body) {
        Ok(fault) => fault,
        Err(problem) => return refused(&problem.to_string()),
    };
    let known = counter.vendor.operations();
    if fault.operation.as_deref().is_some_and(|operation| !known.contains(&operation)) {
        return refused(&format!("unknown operation, expected one of {}", known.join(", ")));
    }
    let answer = Answer::json(StatusCode::CREATED, &json!(fault));
    counter.faults.push(fault);
    answer.respond()
}

async fn waiting(State(counter): State<Arc<Counter>>) -> Response {
    Answer::json(StatusCode::OK, &json!({ "faults": counter.faults.waiting() })).respond()
}

async fn clear(State(counter): State<Arc<Counter>>) -> StatusCode {
    counter.faults.clear();
    StatusCode::NO_CONTENT
}

async fn calls(State(counter): State<Arc<Counter>>, uri: Uri) -> Response {
    let bodies = uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "bodies=true"));
    let calls: Vec<Value> = counter.log.calls().iter().map(|call| shown(call, bodies)).collect();
    Answer::json(StatusCode::OK, &json!({ "calls": calls, "billed": counter.log.billed() })).respond()
}

/// Tells iDenfy to do something beside failing.
async fn order(State(counter): State<Arc<Counter>>, body: String) -> Response {
    if counter.vendor != Vendor::Idenfy {
        return refused("this is another vendor");
    }
    let order: Order = match serde_json::from_str(&body) {
        Ok(order) => order,
        Err(problem) => return refused(&problem.to_string()),
    };
    match counter.idenfy.obey(order).await {
        Ok(done) => Answer::json(StatusCode::OK, &done).respond(),
        Err(problem) => refused(&problem),
    }
}

/// Calls back as Youverify does, and tells the receiver's status.
async fn call_back(body: String) -> Response {
    let order: youverify::Order = match serde_json::from_str(&body) {
        Ok(order) => order,
        Err(problem) => return refused(&problem.to_string()),
    };
    match order.send().await {
        Ok(status) => Answer::json(StatusCode::OK, &json!({ "answered": status })).respond(),
        Err(problem) => refused(&problem.to_string()),
    }
}

async fn nowhere() -> Response {
    let paths = "POST, GET, DELETE /_sandbox/faults; GET /_sandbox/calls; POST /_sandbox/idenfy; \
                 POST /_sandbox/webhooks";
    Answer::json(StatusCode::NOT_FOUND, &json!({ "error": "no such path", "paths": paths })).respond()
}

fn refused(problem: &str) -> Response {
    Answer::json(StatusCode::BAD_REQUEST, &json!({ "error": problem })).respond()
}

/// A call as JSON; `answered` is the status, or the fault that kept one from being sent.
fn shown(call: &RecordedCall, bodies: bool) -> Value {
    let mut shown = json!({
        "operation": call.operation,
        "method": call.method,
        "path": call.path,
        "answered": call.status.map_or_else(|| json!(call.fault), |status| json!(status)),
        "fault": call.fault,
        "billed": call.billed,
    });
    if bodies && let Some(object) = shown.as_object_mut() {
        object.insert("body".to_owned(), call.body.value().clone());
    }
    shown
}
