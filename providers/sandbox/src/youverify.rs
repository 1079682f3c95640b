//! Youverify's APIs: paths, the token, envelopes.
//!
//! A good actor assessment is wrapped in two envelopes, one inside the other; a risk check's answer and an error in
//! one. The vendor's
//! text leaves open which envelope ends with `links`: here it is the inner one under `/v2`, the
//! outer one under `/v1`.

mod book;
mod distort;
mod form;
mod intake;
mod kyc;
mod listing;
mod lookup;
mod media;
mod profile;
mod report;
mod score;
mod status;
mod webhook;

use hyper::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::asked::Asked;
use crate::chance::Chance;
use crate::fault::{Depth, FaultKind};
use crate::settings::Settings;

use self::book::Book;
use self::form::{Form, Problems};
use self::intake::Intake;
use self::listing::Wanted;
pub(crate) use self::webhook::Order;

const MESSAGE: &str = "customer assessment successful!";
const V2: &str = "/v2/api/actors/risk/assessment";
const ENTITIES: &str = "identity/risk-check/entities/";

/// Youverify, which remembers risk checks and no actor assessments.
pub(crate) struct Youverify {
    token: String,
    chance: Chance,
    book: Book,
}

// === impl Youverify ===

impl Youverify {
    pub(crate) fn new(settings: &Settings) -> Self {
        let chance = Chance::new(settings.seed);
        let book = Book::new(chance, settings.youverify_ripening, settings.clock);
        Self { token: settings.youverify_token.clone(), chance, book }
    }

    pub(crate) fn operation(path: &str) -> &'static str {
        let versioned = path.strip_prefix("/v2/api/").or_else(|| path.strip_prefix("/v1/api/"));
        match versioned {
            Some("actors/risk/assessment") => "actor_assessment",
            Some("identity/risk-check/initialize") => "initialise",
            Some("identity/risk-check/history") => "history",
            Some(path) if entity(path).is_some() => "entity",
            Some(_) | None => "unknown",
        }
    }

    pub(crate) fn answer(&self, operation: &str, asked: &Asked, fault: Option<FaultKind>) -> Answer {
        let method = if matches!(operation, "entity" | "history") { Method::GET } else { Method::POST };
        if operation == "unknown" || asked.method != method {
            return error(StatusCode::NOT_FOUND);
        }
        if asked.header("token") != Some(&self.token) {
            return error(StatusCode::UNAUTHORIZED);
        }
        match operation {
            "entity" => self.entity(asked.uri.path(), fault),
            "history" => self.history(asked, fault),
            _ => self.posted(operation, asked, fault),
        }
    }

    fn posted(&self, operation: &str, asked: &Asked, fault: Option<FaultKind>) -> Answer {
        let Ok(body) = asked.json() else {
            return failed(
                StatusCode::BAD_REQUEST,
                "BadRequestError",
                "Request body is not valid JSON",
                &json!({}),
            );
        };
        if operation == "initialise" {
            return match Intake::read(&body) {
                Ok(intake) => succeeded(self.book.start(intake, fault)).charged(),
                Err(problems) => invalid(&problems),
            };
        }
        match Form::read(&body) {
            Ok(form) => self.assess(&form, asked, fault),
            Err(problems) => invalid(&problems),
        }
    }

    fn entity(&self, path: &str, fault: Option<FaultKind>) -> Answer {
        let id = path.rsplit('/').next().unwrap_or_default();
        self.book.read(id, fault).map_or_else(|| error(StatusCode::NOT_FOUND), succeeded)
    }

    fn history(&self, asked: &Asked, fault: Option<FaultKind>) -> Answer {
        match Wanted::read(asked) {
            Ok(wanted) => succeeded(self.book.page(&wanted, fault)),
            Err(problems) => invalid(&problems),
        }
    }

    fn assess(&self, form: &Form, asked: &Asked, fault: Option<FaultKind>) -> Answer {
        let mut report = report::report(self.chance, form);
        distort::distort(&mut report, fault);
        let mut inner = json!({ "success": true, "statusCode": 200, "message": MESSAGE, "data": report });
        let links_inside = asked.uri.path() == V2;
        if links_inside {
            link(&mut inner);
        }
        let mut outer = json!({ "success": true, "statusCode": 200, "message": MESSAGE, "data": inner });
        if !links_inside {
            link(&mut outer);
        }
        Answer::json(StatusCode::OK, &outer).charged()
    }
}

/// The id in the path of one profile.
fn entity(path: &str) -> Option<&str> {
    path.strip_prefix(ENTITIES).filter(|id| !id.is_empty() && !id.contains('/'))
}

/// A good answer in its one envelope.
fn succeeded(data: Value) -> Answer {
    let envelope =
        json!({ "success": true, "statusCode": 200, "message": "success", "data": data, "links": [] });
    Answer::json(StatusCode::OK, &envelope)
}

fn link(envelope: &mut Value) {
    if let Some(object) = envelope.as_object_mut() {
        object.insert("links".to_owned(), json!([]));
    }
}

fn invalid(problems: &Problems) -> Answer {
    failed(StatusCode::BAD_REQUEST, "ValidationError", "Validation failed", &json!({ "errors": problems }))
}

fn failed(status: StatusCode, name: &str, message: &str, data: &Value) -> Answer {
    Answer::json(status, &failure(status, name, message, data))
}

fn failure(status: StatusCode, name: &str, message: &str, data: &Value) -> Value {
    json!({ "success": false, "statusCode": status.as_u16(), "message": message, "name": name, "data": data })
}

/// The vendor's body for an error that has nothing to do with the request's content.
pub(crate) fn error(status: StatusCode) -> Answer {
    let (name, message) = match status.as_u16() {
        401 => ("UnauthorizedError", "Missing or invalid token"),
        402 => ("PaymentRequiredError", "Insufficient fund"),
        403 => ("UnauthorizedError", "Permission denied"),
        404 => ("ResourceNotFoundError", "You have attempted to get a resource that does not exist."),
        405 => ("MethodNotAllowedError", "Method not allowed"),
        429 => ("TooManyRequestsError", "Too many requests"),
        503 => ("Error", "Third-party provider not reacheable"),
        _ => ("Error", "Internal Server Error"),
    };
    failed(status, name, message, &json!({}))
}

/// The vendor's body when funds ran out; at another status than 402 in the shape of its legacy API.
pub(crate) fn out_of_credit(status: StatusCode) -> Answer {
    let legacy =
        |message: &str| Answer::json(status, &json!({ "message": message, "status_code": status.as_u16() }));
    match status {
        StatusCode::BAD_REQUEST => legacy("You are low on credit"),
        StatusCode::FORBIDDEN => legacy("Insufficient Fund"),
        _ => error(status),
    }
}

/// A failure under HTTP 200, told by one of the envelopes.
pub(crate) fn success_false(depth: Depth) -> Answer {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    let told = failure(status, "Error", "Internal Server Error", &json!({}));
    let body = match depth {
        Depth::Outer => told,
        Depth::Inner => {
            json!({ "success": true, "statusCode": 200, "message": "success", "data": told, "links": [] })
        }
    };
    Answer::json(StatusCode::OK, &body)
}
