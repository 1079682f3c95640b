//! Every error body that the vendor or its framework is known to send, and bodies that nobody knows.

use risk_provider::{FailureKind as Kind, ProviderError};
use serde_json::json;

use crate::{
    failures::{check, company, detail, history, list, profile, recheck},
    support::{Reply, reply},
};

/// What every operation makes of `refusal`: a check, a profile, both lists, then a detail, a company and an update.
async fn everywhere(refusal: Reply) -> [ProviderError; 7] {
    [
        check(refusal.clone()).await,
        profile(refusal.clone()).await,
        list(refusal.clone()).await,
        history(refusal.clone()).await,
        detail(refusal.clone()).await,
        company(refusal.clone()).await,
        recheck(refusal).await,
    ]
}

#[tokio::test]
async fn every_documented_error_of_a_check_has_its_kind() {
    let identified = |identifier: &str| json!({"identifier": identifier, "message": "Not accepted."});
    let fuller = json!({
        "message": "Not accepted.", "identifier": "PARTNER_ERROR", "documentation": "", "severity": "NOT_SEVERE",
    });
    let rows = [
        (400, identified("INTERNAL_ERROR"), Kind::VendorError),
        (500, identified("INTERNAL_ERROR"), Kind::VendorError),
        (400, identified("BAD_VALUE"), Kind::InvalidSubject),
        (400, identified("MISSING_VALUE"), Kind::InvalidSubject),
        (400, identified("VALIDATION_ERROR"), Kind::InvalidSubject),
        (400, identified("JSON_ERROR"), Kind::Misconfigured),
        (400, identified("ENCODING_ERROR"), Kind::Misconfigured),
        (400, identified("UNAUTHORIZED"), Kind::BadCredentials),
        (401, identified("UNAUTHORIZED"), Kind::BadCredentials),
        (400, identified("PERMISSIONS_ERROR"), Kind::BadCredentials),
        (403, identified("PERMISSIONS_ERROR"), Kind::BadCredentials),
        (400, identified("PARTNER_CONTRACT_ERROR"), Kind::OutOfCredit),
        (405, identified("METHOD_NOT_ALLOWED"), Kind::Misconfigured),
        (400, identified("TOKEN_NOT_VALID"), Kind::InvalidSubject),
        (400, identified("TOO_MANY_REQUESTS"), Kind::RateLimited),
        (429, identified("TOO_MANY_REQUESTS"), Kind::RateLimited),
        (400, fuller, Kind::InvalidSubject),
        // Without an identifier: access, funds and wrong environments.
        (401, json!({"message": "Wrong key or secret."}), Kind::BadCredentials),
        (402, json!({"message": "Lack of funds or exceeded limit."}), Kind::OutOfCredit),
        (403, json!({"message": "Sandbox keys are used in production."}), Kind::BadCredentials),
        (400, json!({"message": "Partner reached token limit."}), Kind::OutOfCredit),
        (409, json!({"identifier": "BAD_VALUE", "message": "Duplicate clientId."}), Kind::VendorError),
        // As the framework behind it would say it.
        (400, json!({"detail": "JSON parse error."}), Kind::InvalidSubject),
        (400, json!({"sections": ["This field is required."]}), Kind::InvalidSubject),
        (401, json!({"detail": "Authentication credentials were not provided."}), Kind::BadCredentials),
        (403, json!({"detail": "You do not have permission."}), Kind::BadCredentials),
        (404, json!({"detail": "Not found."}), Kind::Misconfigured),
        (405, json!({"detail": "Method not allowed."}), Kind::Misconfigured),
        (429, json!({"detail": "Request was throttled."}), Kind::RateLimited),
    ];
    for (status, body, kind) in rows {
        let error = check(reply(status, &body)).await;
        assert_eq!(
            (error.kind, error.vendor_status, error.sent),
            (kind, Some(status), true),
            "{status} {body}"
        );
        let identifier = body.get("identifier").and_then(|identifier| identifier.as_str());
        assert_eq!(error.vendor_identifier.as_deref(), identifier, "{status} {body}");
    }
}

/// Where the body says nothing that is known, the status alone decides, alike on every operation.
#[tokio::test]
async fn any_other_json_html_or_nothing_at_all_means_what_its_status_means() {
    let bodies = [
        "",
        " ",
        "null",
        "true",
        "7",
        "[]",
        "{}",
        r#""text""#,
        r#"{"riskLevel": "VERY_LOW", "riskScore": 0}"#,
        r#"{"identifier": null, "message": null}"#,
        r#"{"identifier": 7, "message": ["x"]}"#,
        r#"{"identifier": "#,
        "<!doctype html><html><body>VERY_LOW</body></html>",
        "plain text",
        "\u{feff}{}",
    ];
    let by_reference = |kind: Kind, other: Kind| [kind, kind, kind, kind, other, other, other];
    let rows = [
        (301, by_reference(Kind::Misconfigured, Kind::Misconfigured)),
        (401, by_reference(Kind::BadCredentials, Kind::BadCredentials)),
        (402, by_reference(Kind::OutOfCredit, Kind::OutOfCredit)),
        (403, by_reference(Kind::BadCredentials, Kind::BadCredentials)),
        (404, by_reference(Kind::Misconfigured, Kind::NotFound)),
        (409, by_reference(Kind::VendorError, Kind::VendorError)),
        (418, by_reference(Kind::Malformed, Kind::Malformed)),
        (429, by_reference(Kind::RateLimited, Kind::RateLimited)),
        (500, by_reference(Kind::VendorError, Kind::VendorError)),
        (502, by_reference(Kind::VendorError, Kind::VendorError)),
        (503, by_reference(Kind::VendorError, Kind::VendorError)),
        (504, by_reference(Kind::VendorError, Kind::VendorError)),
    ];
    for (status, kinds) in rows {
        for body in bodies {
            let found = everywhere(reply(status, body)).await.map(|error| error.kind);
            assert_eq!(found, kinds, "{status} {body}");
        }
    }
    let kinds = everywhere(reply(200, "<html></html>")).await.map(|error| error.kind);
    assert_eq!(kinds, [Kind::Malformed; 7]);
}
