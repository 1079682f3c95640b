//! iDenfy's risk-assessment API: paths, authentication, error bodies.
//!
//! Kept as documented even where it is odd: an error is an identifier and a message, but a missing
//! key pair is told without identifier, and a path nobody serves answers in the web framework's words.

mod book;
mod callback;
mod companies;
mod distort;
mod form;
mod list;
mod onboarding;
mod order;
mod profile;
mod profiles;
mod score;

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::http::header::AUTHORIZATION;
use hyper::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::asked::{Asked, NotJson};
use crate::fault::FaultKind;
use crate::settings::Settings;

use self::book::Book;
use self::companies::Companies;
pub use self::companies::{ASSESSED_COMPANY_ID, UNASSESSED_COMPANY_ID, UNCHECKED_COMPANY_ID};
use self::form::{Form, Refused};
pub use self::onboarding::ONBOARDING_PROFILE_ID;
pub(crate) use self::order::Order;
use self::order::UpdateMethod;
use self::profile::Profile;
use self::profiles::Profiles;
pub use self::profiles::{DEMO_PROFILE_ID, PROFILE_ID, UNSCORED_PROFILE_ID};

/// iDenfy, with everything it remembers.
pub(crate) struct Idenfy {
    book: Book,
    profiles: Profiles,
    companies: Companies,
    habits: Mutex<Habits>,
    authorization: String,
    secret: String,
}

/// How updates are taken.
struct Habits {
    methods: Vec<UpdateMethod>,
    /// Whether they change nothing.
    stale: bool,
}

/// The operation named by a path; the id it speaks of.
fn route(path: &str) -> Option<(&'static str, &str)> {
    if let Some(company) = path.strip_prefix("/kyb/companies/") {
        let id = company.strip_suffix('/').filter(|id| !id.is_empty() && !id.contains('/'))?;
        return Some(("company", id));
    }
    match path.strip_prefix("/risk/")?.split('/').collect::<Vec<_>>().as_slice() {
        ["assessment-profiles", ""] => Some(("profiles", "")),
        ["assessment-profiles", id, ""] => Some(("profile", id)),
        ["assessment-profiles", id, "check", ""] => Some(("check", id)),
        ["assessments", ""] => Some(("assessments", "")),
        ["assessments", id, ""] => Some(("assessment", id)),
        // The one path that ends without a slash.
        ["assessments", id] if !id.is_empty() => Some(("recheck", id)),
        _ => None,
    }
}

// === impl Idenfy ===

impl Idenfy {
    pub(crate) fn new(settings: &Settings) -> Self {
        let pair = format!("{}:{}", settings.idenfy_api_key, settings.idenfy_api_secret);
        let habits = Habits { methods: vec![UpdateMethod::Post, UpdateMethod::Put], stale: false };
        Self {
            book: Book::new(settings),
            profiles: Profiles::default(),
            companies: Companies::default(),
            habits: Mutex::new(habits),
            authorization: BASE64_STANDARD.encode(pair),
            secret: settings.idenfy_api_secret.clone(),
        }
    }

    pub(crate) fn operation(path: &str) -> &'static str {
        route(path).map_or("unknown", |(operation, _)| operation)
    }

    pub(crate) fn answer(&self, operation: &str, asked: &Asked, fault: Option<FaultKind>) -> Answer {
        let Some((_, id)) = route(asked.uri.path()) else {
            return Answer::json(StatusCode::NOT_FOUND, &json!({ "detail": "Not found." }));
        };
        if let Some(answer) = self.unauthorised(asked) {
            return answer;
        }
        if !self.takes(operation, &asked.method) {
            return error(StatusCode::METHOD_NOT_ALLOWED);
        }
        match operation {
            "profiles" => Answer::json(StatusCode::OK, &Profiles::listed()),
            "profile" => self.profiles.find(id).map_or_else(not_found, |profile| found(&profile.shown())),
            "check" => {
                self.profiles.find(id).map_or_else(not_found, |profile| self.check(profile, asked, fault))
            }
            "recheck" => self.update(id, asked, fault).unwrap_or_else(not_found),
            "company" => self.companies.read(id).map_or_else(not_found, |company| found(&company)),
            "assessments" => self.book.page(asked).map_or_else(invalid_page, |page| told(page, fault)),
            _ => self.book.read(id).map_or_else(not_found, |assessment| told(assessment, fault)),
        }
    }

    fn takes(&self, operation: &str, method: &Method) -> bool {
        match operation {
            "check" => method == Method::POST,
            "recheck" => self.habits().methods.iter().any(|taken| match taken {
                UpdateMethod::Post => method == Method::POST,
                UpdateMethod::Put => method == Method::PUT,
            }),
            _ => method == Method::GET,
        }
    }

    fn habits(&self) -> MutexGuard<'_, Habits> {
        self.habits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unauthorised(&self, asked: &Asked) -> Option<Answer> {
        let Some(header) = asked.header(AUTHORIZATION.as_str()) else {
            let body = json!({ "message": "Authentication credentials were not provided." });
            return Some(Answer::json(StatusCode::UNAUTHORIZED, &body));
        };
        let known = header.split_once(' ').is_some_and(|(scheme, pair)| {
            scheme.eq_ignore_ascii_case("basic") && pair.trim() == self.authorization
        });
        (!known).then(|| error(StatusCode::UNAUTHORIZED))
    }

    fn check(&self, profile: &'static Profile, asked: &Asked, fault: Option<FaultKind>) -> Answer {
        let form = match asked.json().map_err(not_json).and_then(|body| Form::read(profile, &body)) {
            Ok(form) => form,
            Err(refused) => return refused.answer(),
        };
        found(&self.book.enter(profile, &form, fault)).charged()
    }

    /// Other answers to an assessment; `None` when there is none.
    fn update(&self, id: &str, asked: &Asked, fault: Option<FaultKind>) -> Option<Answer> {
        let profile = self.profiles.find(&self.book.profile_of(id)?)?;
        let form = match asked.json().map_err(not_json).and_then(|body| Form::read(profile, &body)) {
            Ok(form) => form,
            Err(refused) => return Some(refused.answer()),
        };
        let stale = self.habits().stale;
        let told = if stale { self.book.read(id) } else { self.book.change(id, profile, &form, fault) };
        told.map(|told| found(&told).charged())
    }
}

fn found(value: &Value) -> Answer {
    Answer::json(StatusCode::OK, value)
}

/// An answer from the book, changed by the fault this reading of it met.
fn told(mut value: Value, fault: Option<FaultKind>) -> Answer {
    distort::distort(&mut value, fault);
    found(&value)
}

fn not_json(reason: NotJson) -> Refused {
    match reason {
        NotJson::MediaType => Refused::new("JSON_ERROR", "Content-Type must be application/json."),
        NotJson::Encoding => Refused::new("ENCODING_ERROR", "Request body is not UTF-8."),
        NotJson::Syntax => Refused::new("JSON_ERROR", "Request body is not valid JSON."),
    }
}

fn not_found() -> Answer {
    identified(StatusCode::NOT_FOUND, "BAD_VALUE", "No object with this id.")
}

fn invalid_page() -> Answer {
    Answer::json(StatusCode::NOT_FOUND, &json!({ "detail": "Invalid page." }))
}

fn identified(status: StatusCode, identifier: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "identifier": identifier, "message": message }))
}

/// The vendor's body for an error that has nothing to do with the request's content.
pub(crate) fn error(status: StatusCode) -> Answer {
    match status.as_u16() {
        401 => identified(status, "UNAUTHORIZED", "API key or secret is wrong."),
        404 => not_found(),
        405 => identified(status, "METHOD_NOT_ALLOWED", "Method not allowed."),
        429 => identified(status, "TOO_MANY_REQUESTS", "Hourly request limit reached."),
        503 => identified(status, "INTERNAL_ERROR", "Service temporarily unavailable."),
        _ => identified(status, "INTERNAL_ERROR", "Internal server error."),
    }
}

/// The vendor's body when credits ran out: without identifier at 402, as a permission problem otherwise.
pub(crate) fn out_of_credit(status: StatusCode) -> Answer {
    match status {
        StatusCode::PAYMENT_REQUIRED => Answer::json(status, &json!({ "message": "Not enough funds." })),
        _ => identified(status, "PERMISSIONS_ERROR", "Partner reached token limit."),
    }
}
