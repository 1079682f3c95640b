//! Every error body that the vendor is known to send, and bodies that nobody knows, on each of the three endpoints.

use std::sync::Arc;

use risk_provider::{
    FailureKind::{
        self, BadCredentials, InvalidSubject, Malformed, Misconfigured, NotFound, OutOfCredit, RateLimited,
        VendorError,
    },
    HistoryQuery, RiskProvider, VendorReference,
};
use serde_json::{Value, json};

use crate::support::{ID, Vendor, accept, block_on, call, person, provider};

/// What starting a check, reading one and listing them make of an answer.
fn everywhere(status: u16, body: &str) -> [FailureKind; 3] {
    let vendor = || Arc::new(Vendor::answering(status, body));
    let provider = provider();
    let history = provider.history().expect("a history");
    block_on(async {
        let started = provider.assess(&call(&vendor()), &accept(person())).await.map(drop);
        let read = provider.retrieve(&call(&vendor()), &VendorReference(ID.to_owned())).await.map(drop);
        let listed = history.page(&call(&vendor()), &HistoryQuery::default(), None).await.map(drop);
        [started, read, listed].map(|outcome| {
            let error = outcome.expect_err("an error");
            assert_eq!((error.vendor_status, error.sent), (Some(status), true), "{status} {body}");
            error.kind
        })
    })
}

#[test]
fn every_documented_error_has_its_kind_on_every_endpoint() {
    let current = |status: u16, name: &str, message: &str| json!({"success": false, "statusCode": status, "message": message, "name": name, "data": {}});
    let legacy = |status: u16, message: &str| json!({"message": message, "status_code": status});
    let refused =
        json!({"message": "Validation failed", "status_code": 422, "errors": {"city": ["unknown"]}});
    let rows: [(u16, Value, [FailureKind; 3]); 15] = [
        (402, current(402, "PaymentRequiredError", "Insufficient fund"), [OutOfCredit; 3]),
        (403, current(403, "UnauthorizedError", "Permission denied"), [BadCredentials; 3]),
        (404, current(404, "ResourceNotFoundError", "Not found"), [Misconfigured, NotFound, Misconfigured]),
        (500, current(500, "Error", "Internal Server Error"), [VendorError; 3]),
        (503, current(503, "Error", "Third-party provider not reacheable"), [VendorError; 3]),
        (400, legacy(400, "Wrong id format"), [InvalidSubject, NotFound, Misconfigured]),
        (400, legacy(400, "You are low on credit"), [OutOfCredit; 3]),
        (401, legacy(401, "Token does not exist"), [BadCredentials; 3]),
        (403, legacy(403, "Insufficient Fund"), [OutOfCredit; 3]),
        (404, legacy(404, "Not found"), [Misconfigured, NotFound, Misconfigured]),
        (422, refused, [InvalidSubject, NotFound, Misconfigured]),
        (500, legacy(500, "Error"), [VendorError; 3]),
        (503, legacy(503, "Error"), [VendorError; 3]),
        (504, legacy(504, "Error"), [VendorError; 3]),
        (429, current(429, "Error", "Too many requests"), [RateLimited; 3]),
    ];
    for (status, body, kinds) in rows {
        assert_eq!(everywhere(status, &body.to_string()), kinds, "{status} {body}");
        let successful = everywhere(200, &with_status(&body, status).to_string());
        assert_eq!(successful, kinds, "inside HTTP 200: {status} {body}");
    }
}

/// The same error as an HTTP 200 would carry it.
fn with_status(body: &Value, status: u16) -> Value {
    let mut body = body.clone();
    body["success"] = json!(false);
    body["statusCode"] = json!(status);
    body
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
        r#"{"success": true, "statusCode": 200, "data": {"latestRiskStatus": "very_low_risk"}}"#,
        r#"{"message": 7, "name": ["x"], "statusCode": "no"}"#,
        r#"{"message": "#,
        "<!doctype html><html><body>Low Risk</body></html>",
        "plain text",
    ];
    let rows = [
        (301, [Misconfigured; 3]),
        (400, [InvalidSubject, NotFound, Misconfigured]),
        (401, [BadCredentials; 3]),
        (402, [OutOfCredit; 3]),
        (403, [BadCredentials; 3]),
        (404, [Misconfigured, NotFound, Misconfigured]),
        (405, [Misconfigured; 3]),
        (409, [VendorError; 3]),
        (422, [InvalidSubject, NotFound, Misconfigured]),
        (429, [RateLimited; 3]),
        (500, [VendorError; 3]),
        (502, [VendorError; 3]),
        (504, [VendorError; 3]),
    ];
    for (status, kinds) in rows {
        for body in bodies {
            assert_eq!(everywhere(status, body), kinds, "{status} {body}");
        }
    }
    for body in bodies {
        assert_eq!(everywhere(200, body), [Malformed; 3], "{body}");
    }
}
