//! What the vendor's errors mean.

use std::time::Duration;

use risk_provider::{
    FailureKind,
    FailureKind::{
        BadCredentials, InvalidSubject, Malformed, Misconfigured, OutOfCredit, RateLimited, Unsupported,
        VendorError,
    },
    Level, ProviderError,
};
use serde_json::{Value, json};

use crate::support::{ANSWER, ERROR_404, Vendor, actor, ahmed, assess, read};

const HTML: &str = "<!doctype html><html><body>Ahmed</body></html>";

fn refused(status: u16, headers: &[(&'static str, &str)], body: &str) -> ProviderError {
    assess(&actor(), ahmed(), Vendor::answering(status, headers, body)).0.expect_err("an error")
}

fn envelope(status: u16, name: &str, message: &str) -> String {
    json!({"success": false, "statusCode": status, "message": message, "name": name, "data": {}}).to_string()
}

fn legacy(status: u16, message: &str) -> String {
    json!({"message": message, "status_code": status}).to_string()
}

#[test]
fn every_documented_error_has_its_kind() {
    let rows: Vec<(u16, String, FailureKind)> = vec![
        (402, envelope(402, "PaymentRequiredError", "Insufficient fund"), OutOfCredit),
        (403, envelope(403, "UnauthorizedError", "Permission denied"), BadCredentials),
        (404, ERROR_404.to_owned(), Misconfigured),
        (500, envelope(500, "Error", "Internal Server Error"), VendorError),
        (503, envelope(503, "Error", "Third-party provider not reacheable"), VendorError),
        (400, legacy(400, "Wrong id format"), InvalidSubject),
        (400, legacy(400, "You are low on credit"), OutOfCredit),
        (401, legacy(401, "Token does not exist"), BadCredentials),
        (403, legacy(403, "Insufficient Fund"), OutOfCredit),
        (404, legacy(404, "Not found"), Misconfigured),
        (422, legacy(422, "Validation failed"), InvalidSubject),
        (500, legacy(500, "Error"), VendorError),
        (503, legacy(503, "Error"), VendorError),
        (504, legacy(504, "Error"), VendorError),
        (401, envelope(401, "UnauthorizedError", "Invalid token"), BadCredentials),
        (429, envelope(429, "Error", "Too many requests"), RateLimited),
        (301, String::new(), Misconfigured),
        (405, HTML.to_owned(), Misconfigured),
        (401, HTML.to_owned(), BadCredentials),
        (403, HTML.to_owned(), BadCredentials),
        (502, HTML.to_owned(), VendorError),
        (504, String::new(), VendorError),
        (200, HTML.to_owned(), Malformed),
        (204, String::new(), Malformed),
        (418, envelope(418, "Error", "Teapot"), Malformed),
        (408, String::new(), VendorError),
        (409, HTML.to_owned(), VendorError),
        (410, String::new(), Misconfigured),
        (413, HTML.to_owned(), Misconfigured),
        (415, String::new(), Misconfigured),
        (423, String::new(), VendorError),
        (425, String::new(), VendorError),
        (451, HTML.to_owned(), Unsupported),
    ];
    for (status, body, kind) in rows {
        let error = refused(status, &[], &body);
        assert_eq!((error.kind, error.vendor_status), (kind, Some(status)), "{status} {body}");
        assert!(error.sent, "{status} {body}");
    }
}

#[test]
fn any_other_json_html_or_nothing_at_all_means_what_its_status_means() {
    let bodies = [
        "",
        " ",
        "null",
        "true",
        "7",
        "[]",
        "{}",
        r#""text""#,
        r#"{"riskStatus": "Very Low Risk", "riskScore": 0}"#,
        r#"{"message": 7, "name": ["x"], "statusCode": "no"}"#,
        r#"{"message": "#,
        HTML,
        "plain text",
    ];
    let rows = [
        (301, Misconfigured),
        (400, InvalidSubject),
        (401, BadCredentials),
        (402, OutOfCredit),
        (403, BadCredentials),
        (404, Misconfigured),
        (405, Misconfigured),
        (409, VendorError),
        (418, Malformed),
        (422, InvalidSubject),
        (429, RateLimited),
        (500, VendorError),
        (502, VendorError),
        (504, VendorError),
        (200, Malformed),
    ];
    for (status, kind) in rows {
        for body in bodies {
            assert_eq!(refused(status, &[], body).kind, kind, "{status} {body}");
        }
    }
}

#[test]
fn q_yv_1_a_failure_inside_http_200_is_the_same_failure_at_every_depth() {
    let wrap = |inner: Value| json!({"success": true, "statusCode": 200, "data": inner}).to_string();
    let rows = [
        (json!({"success": false, "statusCode": 402, "message": "x"}), OutOfCredit),
        (json!({"success": false, "statusCode": 403, "name": "UnauthorizedError"}), BadCredentials),
        (json!({"success": false, "statusCode": 404, "name": "ResourceNotFoundError"}), Misconfigured),
        (json!({"success": false, "statusCode": 422, "data": {"city": ["unknown"]}}), InvalidSubject),
        (json!({"success": false, "statusCode": 429}), RateLimited),
        (json!({"success": false, "statusCode": 503}), VendorError),
        (json!({"success": false, "statusCode": 200, "name": "PaymentRequiredError"}), OutOfCredit),
        (json!({"success": false, "name": "UnauthorizedError"}), BadCredentials),
        (json!({"success": false, "name": "ResourceNotFoundError"}), Misconfigured),
        (json!({"success": false, "message": "You are low on credit"}), OutOfCredit),
        (json!({"success": false}), Malformed),
        (json!({"success": true, "statusCode": 500, "data": {}}), VendorError),
        (json!({"status_code": 403, "message": "Insufficient Fund"}), OutOfCredit),
        (json!({"success": false, "geographic": {}, "statusCode": "500"}), VendorError),
    ];
    for (body, kind) in rows {
        assert_eq!(read(&body.to_string()).expect_err("outer").kind, kind, "{body}");
        assert_eq!(read(&wrap(body.clone())).expect_err("inner").kind, kind, "{body}");
    }
    let both = json!({"success": false, "statusCode": 200, "message": "outer",
        "data": {"success": false, "statusCode": 402, "message": "inner"}});
    let error = read(&both.to_string()).expect_err("both");
    assert_eq!(error.kind, OutOfCredit);
    assert!(error.detail.contains("inner"), "{error}");
}

/// `code` is a JSON literal in the place of an envelope's status.
fn with_code(code: &str) -> Result<Option<Level>, FailureKind> {
    let mut answer: Value = serde_json::from_str(ANSWER).expect("JSON");
    answer["statusCode"] = json!("CODE");
    let told = read(&answer.to_string().replace("\"CODE\"", code));
    told.map(|told| told.level).map_err(|error| error.kind)
}

#[test]
fn a_status_inside_that_is_none_or_one_of_an_error_makes_the_answer_none() {
    let failures = [
        ("500", VendorError),
        ("500.0", VendorError),
        ("5e2", VendorError),
        (r#""500 ""#, VendorError),
        (r#""402""#, OutOfCredit),
        ("402.5", OutOfCredit),
        ("70000", Malformed),
        ("200.0", Malformed),
        ("-1", Malformed),
        (r#""error""#, Malformed),
        (r#""""#, Malformed),
        ("{}", Malformed),
        ("false", Malformed),
    ];
    for (code, kind) in failures {
        assert_eq!(with_code(code), Err(kind), "{code}");
    }
    for code in ["200", r#""200""#, "201", "null"] {
        assert_eq!(with_code(code), Ok(Some(Level::Medium)), "{code}");
    }
}

#[test]
fn the_class_of_an_error_beside_success_is_that_error() {
    let named = |name: &str| {
        let mut answer: Value = serde_json::from_str(ANSWER).expect("JSON");
        answer["name"] = json!(name);
        answer["message"] = json!("Insufficient");
        read(&answer.to_string()).map(|told| told.level).map_err(|error| error.kind)
    };
    assert_eq!(named("PaymentRequiredError"), Err(OutOfCredit));
    assert_eq!(named("UnauthorizedError"), Err(BadCredentials));
    assert_eq!(named("ResourceNotFoundError"), Err(Misconfigured));
    assert_eq!(named("BrandNewError"), Err(Malformed));
    assert_eq!(named("Ahmed Al Khalid"), Ok(Some(Level::Medium)));
}

#[test]
fn an_error_beside_a_good_answer_makes_it_none() {
    let with = |place: &str, key: &str, value: Value| {
        let mut answer: Value = serde_json::from_str(ANSWER).expect("JSON");
        answer.pointer_mut(place).expect("a layer")[key] = value;
        read(&answer.to_string()).map(|told| told.level).map_err(|error| error.kind)
    };
    for place in ["", "/data", "/data/data"] {
        assert_eq!(with(place, "error", json!("boom")), Err(Malformed), "{place}");
        assert_eq!(with(place, "errors", json!(["x"])), Err(Malformed), "{place}");
        for (sign, value) in [
            ("status", json!("error")),
            ("status", json!("pending")),
            ("status", json!(500)),
            ("code", json!(500)),
            ("detail", json!("x")),
            ("errorMessage", json!("x")),
            ("statusCode", json!(202)),
            ("statusCode", json!(302)),
            ("statusCode", json!(600)),
        ] {
            assert_eq!(with(place, sign, value), Err(Malformed), "{sign} {place}");
        }
        for nothing in [json!(null), json!([]), json!({}), json!(""), json!(false)] {
            assert_eq!(with(place, "errors", nothing), Ok(Some(Level::Medium)), "{place}");
        }
    }
    let beside = json!({"success": false, "statusCode": 500});
    assert_eq!(with("/data/data", "data", beside), Err(Malformed), "an envelope beside the blocks");
    assert_eq!(with("/data/data", "name", json!("PaymentRequiredError")), Err(OutOfCredit));
    for block in ["geographic", "product", "personal"] {
        let place = format!("/data/data/{block}");
        assert_eq!(with(&place, "error", json!("lists unavailable")), Err(Malformed), "{block}");
        assert_eq!(with(&place, "success", json!(false)), Err(Malformed), "{block}");
    }
}

#[test]
fn refused_fields_are_named_as_the_subjects() {
    let bodies = [
        json!({"message": "Validation failed", "status_code": 422,
            "errors": {"lastName": ["too short"], "kycVerifiedBy": ["unknown"], "x": ["y"]}}),
        json!({"success": false, "statusCode": 422, "message": "Validation failed", "name": "Error",
            "data": {"lastName": "too short", "kycVerifiedBy": "unknown"}}),
        json!({"success": false, "statusCode": 422, "data": {"success": false, "statusCode": 422,
            "errors": {"lastName": [], "kycVerifiedBy": []}}}),
    ];
    for body in bodies {
        let error = refused(422, &[], &body.to_string());
        assert_eq!(error.fields, ["kyc.verified_by", "name.last"], "{body}");
    }
    let nested = json!({"errors": {"adverseMediaQueryDateRange.startDate": ["x"], "lengthOfStay": ["x"]}});
    assert_eq!(refused(400, &[], &nested.to_string()).fields, ["adverse_media_window", "months_at_address"]);
    assert!(refused(400, &[], &json!({"errors": ["city"]}).to_string()).fields.is_empty());
}

#[test]
fn the_wait_after_too_many_requests_is_the_vendors() {
    let wait = |headers: &[(&'static str, &str)]| refused(429, headers, "").retry_after;
    assert_eq!(wait(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
    assert_eq!(wait(&[("retry-after", "Sat, 21 Nov 2026 10:00:30 GMT")]), Some(Duration::from_secs(30)));
    assert_eq!(wait(&[]), None);
}

#[test]
fn q_yv_25_the_name_of_an_error_is_its_class_and_never_a_subject() {
    let error = refused(404, &[], ERROR_404);
    assert_eq!(error.vendor_identifier.as_deref(), Some("ResourceNotFoundError"));
    assert!(error.detail.contains("api_version"), "{error}");
    for name in ["Ahmed", "Al Khalid", "Ahmed Al Khalid"] {
        assert_eq!(refused(422, &[], &envelope(422, name, "x")).vendor_identifier, None, "{name}");
    }
}

#[test]
fn an_errors_text_never_holds_the_subject() {
    let echo = "Validation failed for Ahmed Al-Khalid of lagos, account 12345678: city is unknown";
    for (status, body) in
        [(422, envelope(422, "Error", echo)), (200, envelope(422, "Error", echo)), (503, HTML.to_owned())]
    {
        let printed = format!("{:?}", refused(status, &[], &body));
        for secret in ["Ahmed", "Khalid", "lagos", "12345678"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
    assert!(refused(422, &[], &envelope(422, "Error", echo)).detail.contains("is unknown"));
}
