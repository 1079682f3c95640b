//! Request bodies: JSON, of bounded size, sent in bounded time; what does not fit is named by its field.
//!
//! Messages never repeat a value: it may be personal.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use risk_provider::{FieldProblem, object::Object};
use serde::de::DeserializeOwned;

use super::{Api, problem::Problem};

/// A JSON body read as a `T`, and as it came.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T, pub(super) Vec<u8>);

impl<T: DeserializeOwned> FromRequest<Api> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Self::Rejection> {
        if !is_json(request.headers()) {
            let detail = "send the body as JSON, with \"Content-Type: application/json\"";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        let bytes = arrived(api, request.into_body()).await?;
        parse(&bytes).map(|read| Self(read, bytes))
    }
}

/// The whole body, within its bounds of size and time.
pub(super) async fn arrived(api: &Api, body: Body) -> Result<Vec<u8>, Problem> {
    let reading = read(body, api.0.max_body_bytes);
    tokio::time::timeout(api.0.body_timeout, reading).await.map_err(|_elapsed| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "the body took too long to arrive")
    })?
}

/// Reads JSON as a `T`.
///
/// # Errors
///
/// A problem that says what does not fit and where, without repeating it.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let Object(read) = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        match error.inner().classify() {
            serde_json::error::Category::Data => Problem::fields(vec![field_problem(&path, error.inner())]),
            serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof
            | serde_json::error::Category::Io => malformed(error.inner()),
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(read)
}

async fn read(body: Body, max_bytes: usize) -> Result<Vec<u8>, Problem> {
    let collected = Limited::new(body, max_bytes).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            let detail = format!("the body is larger than {max_bytes} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
        } else {
            Problem::new(StatusCode::BAD_REQUEST, "body_not_read", "the body did not arrive whole")
        }
    })?;
    Ok(collected.to_bytes().to_vec())
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn malformed(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let detail = match error.classify() {
        serde_json::error::Category::Eof if line <= 1 && column == 0 => {
            "the body is empty; send a JSON object".to_owned()
        }
        serde_json::error::Category::Eof => format!("the JSON ends too early (line {line}, column {column})"),
        serde_json::error::Category::Syntax
        | serde_json::error::Category::Data
        | serde_json::error::Category::Io => format!("the body is not JSON (line {line}, column {column})"),
    };
    Problem::new(StatusCode::BAD_REQUEST, "malformed_json", detail)
}

/// Puts a library's message into words without the value.
fn field_problem(path: &str, error: &serde_json::Error) -> FieldProblem {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let path = path.trim_matches('.').trim_end_matches(".?");
    let path = if path == "?" { "" } else { path };
    let below = |name: &str| {
        let last = path.rsplit('.').next().unwrap_or_default();
        if path.is_empty() {
            name.to_owned()
        } else if last == name {
            path.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let named = quoted.first().copied().unwrap_or_default();
    if message.starts_with("missing field") {
        return FieldProblem::new(below(named), "is required");
    }
    if message.starts_with("unknown field") {
        let known = quoted.get(1..).unwrap_or_default();
        let near = crate::config::nearest(named, known);
        let advice = near.map_or_else(
            || format!("known here: {}", known.join(", ")),
            |near| format!("did you mean \"{near}\"?"),
        );
        return FieldProblem::new(below(named), format!("is not a known field; {advice}"));
    }
    if message.starts_with("duplicate field") {
        return FieldProblem::new(below(named), "is given twice");
    }
    let at = if path.is_empty() { "body" } else { path };
    if message.starts_with("unknown variant") {
        return FieldProblem::new(
            at,
            format!("must be one of: {}", quoted.get(1..).unwrap_or_default().join(", ")),
        );
    }
    if message.starts_with("must ") {
        return FieldProblem::new(at, message);
    }
    // Only these of the library's messages say what is expected without saying what was found.
    if message.starts_with("invalid ")
        && let Some((_, expected)) = message.rsplit_once(", expected ")
    {
        return FieldProblem::new(at, format!("must be {}", plain(expected)));
    }
    if message.contains("untagged enum Answer") {
        return FieldProblem::new(at, "must be a text or a list of texts");
    }
    // What is left is a date that cannot be read; the library's message would repeat it.
    FieldProblem::new(at, "must be a date, written YYYY-MM-DD")
}

/// A Rust type's name in words.
fn plain(expected: &str) -> String {
    match expected {
        "u16" | "u32" | "u64" | "usize" => "a whole number, not below zero".to_owned(),
        "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" | "a borrowed string" => "a text".to_owned(),
        "a map" => "an object".to_owned(),
        "a sequence" => "a list".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        other if other.starts_with("internally tagged") => "an object".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use risk_provider::SubjectRequest;
    use serde_json::{Value, json};

    use super::*;

    fn refused(body: &Value) -> String {
        let problem = parse::<SubjectRequest>(body.to_string().as_bytes()).expect_err("refused");
        serde_json::to_value(&problem).expect("json")["detail"].as_str().expect("text").to_owned()
    }

    fn person(field: &str, value: Value) -> Value {
        let mut subject = json!({"reference": "r", "type": "individual", "country": "NG",
            "name": {"first": "Canary", "last": "Canary"}});
        subject[field] = value;
        subject
    }

    #[test]
    fn every_misfit_is_named_by_its_field_and_never_repeated() {
        let cases = [
            (
                person("country", json!("UK")),
                "country must be an assigned ISO 3166-1 alpha-2 code: the United Kingdom is \"GB\", not \"UK\"",
            ),
            (person("country", json!(4)), "country must be a text"),
            (person("contry", json!("Canary")), "contry is not a known field; did you mean \"country\"?"),
            (person("type", json!("Canary")), "type must be one of: individual, business"),
            (person("name", json!({"first": "Canary"})), "name.last is required"),
            (person("name", json!({"first": "Canary", "last": 7})), "name.last must be a text"),
            (person("name", json!("Canary")), "name must be an object"),
            (
                person("name", json!({"first": "a", "last": "b", "midle": "Canary"})),
                "name.midle is not a known field; did you mean \"middle\"?",
            ),
            (person("date_of_birth", json!("Canary")), "date_of_birth must be a date, written YYYY-MM-DD"),
            (
                person("months_at_address", json!(-3)),
                "months_at_address must be a whole number, not below zero",
            ),
            (
                person("months_at_address", json!("Canary")),
                "months_at_address must be a whole number, not below zero",
            ),
            (person("politically_exposed", json!("Canary")), "politically_exposed must be true or false"),
            (person("previous_risk_score", json!("Canary")), "previous_risk_score must be a number"),
            (
                person("answers", json!({"hobby": {"Canary": 1}})),
                "answers.hobby must be a text or a list of texts",
            ),
            (person("name", json!(["Canary", null, "Canary"])), "name must be an object"),
            (person("kyc", json!(["Canary"])), "kyc must be an object"),
            (json!(["Canary"]), "body must be an object"),
            (person("answers", json!(["Canary"])), "answers must be an object"),
            (json!("Canary"), "body must be an object"),
            (json!({}), "reference is required"),
        ];
        for (body, expected) in cases {
            assert_eq!(refused(&body), expected);
        }
    }
}
