//! What a refusal means.

use std::time::Duration;

use risk_provider::{
    Billed, FailureKind as Kind, History, HistoryQuery, ProviderError, Questionnaires, Recheck, RiskProvider,
    VendorReference,
};
use serde_json::json;

use crate::support::{CHECK, PROFILE, Reply, UNANSWERED, Vendor, assess, documented, matthew, reply, with};

fn identified(status: u16, identifier: &str, message: &str) -> Reply {
    reply(status, json!({"identifier": identifier, "message": message}))
}

pub(crate) async fn check(refusal: Reply) -> ProviderError {
    let vendor = Vendor::new([reply(200, PROFILE), refusal]);
    let error = documented().assess(&vendor.call(), &matthew()).await.expect_err("refused");
    assert_eq!(vendor.operations(), ["profile", "check"]);
    error
}

pub(crate) async fn profile(refusal: Reply) -> ProviderError {
    let vendor = Vendor::new([refusal]);
    documented().assess(&vendor.call(), &matthew()).await.expect_err("refused")
}

pub(crate) async fn list(refusal: Reply) -> ProviderError {
    documented().list(&Vendor::new([refusal]).call()).await.expect_err("refused")
}

pub(crate) async fn history(refusal: Reply) -> ProviderError {
    let all = HistoryQuery::default();
    documented().page(&Vendor::new([refusal]).call(), &all, None).await.expect_err("refused")
}

pub(crate) async fn company(refusal: Reply) -> ProviderError {
    documented().company(&Vendor::new([refusal]).call(), "c-1").await.expect_err("refused")
}

pub(crate) async fn recheck(refusal: Reply) -> ProviderError {
    let vendor = Vendor::new([reply(200, PROFILE), refusal]);
    let reference = VendorReference("17CRlVRrxUa91BAMvMdeYP".to_owned());
    Recheck::recheck(&documented(), &vendor.call(), &reference, &matthew()).await.expect_err("refused")
}

pub(crate) async fn detail(refusal: Reply) -> ProviderError {
    let reference = VendorReference("17CRlVRrxUa91BAMvMdeYP".to_owned());
    documented().retrieve(&Vendor::new([refusal]).call(), &reference).await.expect_err("refused")
}

#[tokio::test]
async fn a_status_alone_means_the_same_on_every_read_and_check() {
    let html = "<html><body>502 Bad Gateway</body></html>";
    // status, body, then the kind on a check, the profile, the list and the detail
    let rows = [
        (401, "", [Kind::BadCredentials; 4]),
        (402, "", [Kind::OutOfCredit; 4]),
        (403, "", [Kind::BadCredentials; 4]),
        (403, r#"{"message": "Partner reached token limit."}"#, [Kind::OutOfCredit; 4]),
        (400, r#"{"message": "Partner reached token limit."}"#, [Kind::OutOfCredit; 4]),
        (404, html, [Kind::Misconfigured, Kind::Misconfigured, Kind::Misconfigured, Kind::NotFound]),
        (405, "", [Kind::Misconfigured; 4]),
        (301, "", [Kind::Misconfigured; 4]),
        (302, html, [Kind::Misconfigured; 4]),
        (307, "", [Kind::Misconfigured; 4]),
        (400, "", [Kind::InvalidSubject, Kind::Misconfigured, Kind::Misconfigured, Kind::Malformed]),
        (422, "{}", [Kind::InvalidSubject, Kind::Misconfigured, Kind::Misconfigured, Kind::Malformed]),
        (408, "", [Kind::VendorError; 4]),
        (409, "", [Kind::VendorError; 4]),
        (410, html, [Kind::Misconfigured, Kind::Misconfigured, Kind::Misconfigured, Kind::NotFound]),
        (413, html, [Kind::Misconfigured; 4]),
        (415, "", [Kind::Misconfigured; 4]),
        (423, "", [Kind::VendorError; 4]),
        (425, "", [Kind::VendorError; 4]),
        (451, html, [Kind::Unsupported; 4]),
        (418, "", [Kind::Malformed; 4]),
        (429, "", [Kind::RateLimited; 4]),
        (500, "", [Kind::VendorError; 4]),
        (502, html, [Kind::VendorError; 4]),
        (503, CHECK, [Kind::VendorError; 4]),
        (200, html, [Kind::Malformed; 4]),
        (200, "", [Kind::Malformed; 4]),
        (204, "", [Kind::Malformed; 4]),
    ];
    for (status, body, kinds) in rows {
        let answer = || reply(status, body);
        let found = [
            check(answer()).await.kind,
            profile(answer()).await.kind,
            list(answer()).await.kind,
            detail(answer()).await.kind,
        ];
        assert_eq!(found, kinds, "{status} {body}");
    }
}

#[tokio::test]
async fn q_id_16_an_identifier_tells_more_than_a_400() {
    let rows = [
        ("INTERNAL_ERROR", "", Kind::VendorError),
        ("BAD_VALUE", "", Kind::InvalidSubject),
        ("MISSING_VALUE", "", Kind::InvalidSubject),
        ("VALIDATION_ERROR", "", Kind::InvalidSubject),
        ("PARTNER_ERROR", "", Kind::InvalidSubject),
        ("TOKEN_NOT_VALID", "", Kind::InvalidSubject),
        ("JSON_ERROR", "", Kind::Misconfigured),
        ("ENCODING_ERROR", "", Kind::Misconfigured),
        ("METHOD_NOT_ALLOWED", "", Kind::Misconfigured),
        ("UNAUTHORIZED", "", Kind::BadCredentials),
        ("PERMISSIONS_ERROR", "Feature is not enabled", Kind::BadCredentials),
        ("PERMISSIONS_ERROR", "Partner reached token limit.", Kind::OutOfCredit),
        ("PARTNER_CONTRACT_ERROR", "", Kind::OutOfCredit),
        ("TOO_MANY_REQUESTS", "", Kind::RateLimited),
    ];
    for (identifier, message, kind) in rows {
        for status in [200, 201, 400, 422] {
            let error = check(identified(status, identifier, message)).await;
            assert_eq!(error.kind, kind, "{status} {identifier} {message}");
            assert_eq!(error.vendor_identifier.as_deref(), Some(identifier));
            assert_eq!(error.vendor_status, Some(status));
            assert!(error.sent);
        }
        assert_eq!(check(identified(500, identifier, message)).await.kind, Kind::VendorError, "{identifier}");
    }
    for (status, kind) in [(400, Kind::InvalidSubject), (200, Kind::Malformed), (403, Kind::BadCredentials)] {
        assert_eq!(check(identified(status, "BRAND_NEW", "")).await.kind, kind, "{status}");
    }
    assert_eq!(check(identified(402, "PERMISSIONS_ERROR", "Lack of funds")).await.kind, Kind::OutOfCredit);
    assert_eq!(check(identified(402, "PARTNER_ERROR", "")).await.kind, Kind::OutOfCredit);
    assert_eq!(check(identified(429, "PARTNER_ERROR", "")).await.kind, Kind::RateLimited);
    assert_eq!(check(identified(403, "PARTNER_CONTRACT_ERROR", "")).await.kind, Kind::OutOfCredit);
}

#[tokio::test]
async fn q_id_16_an_empty_account_is_told_alike_on_every_operation() {
    let limit = "Partner reached token limit.";
    let guises = [
        reply(402, ""),
        reply(402, r#"{"message": "Not enough funds."}"#),
        identified(402, "PERMISSIONS_ERROR", ""),
        identified(400, "PERMISSIONS_ERROR", limit),
        reply(400, json!({ "message": limit })),
        identified(400, "PARTNER_CONTRACT_ERROR", ""),
        identified(403, "PERMISSIONS_ERROR", limit),
        reply(403, json!({ "message": limit })),
        identified(403, "PARTNER_CONTRACT_ERROR", ""),
    ];
    for guise in guises {
        let errors = [
            check(guise.clone()).await,
            profile(guise.clone()).await,
            list(guise.clone()).await,
            detail(guise.clone()).await,
            history(guise.clone()).await,
            company(guise.clone()).await,
            recheck(guise.clone()).await,
        ];
        for error in errors {
            assert_eq!(
                (error.kind, error.billed(true)),
                (Kind::OutOfCredit, Billed::No),
                "{guise:?} {error}"
            );
        }
    }
}

#[tokio::test]
async fn a_status_alone_means_the_same_on_lists_companies_and_updates() {
    let html = "<html><body>502 Bad Gateway</body></html>";
    // status, body, then the kind on the list of assessments, a company and an update
    let rows = [
        (401, "", [Kind::BadCredentials; 3]),
        (403, "", [Kind::BadCredentials; 3]),
        (404, html, [Kind::Misconfigured, Kind::NotFound, Kind::NotFound]),
        (302, "", [Kind::Misconfigured; 3]),
        (400, "", [Kind::Misconfigured, Kind::Malformed, Kind::InvalidSubject]),
        (400, r#"{"identifier": "BAD_VALUE"}"#, [Kind::Misconfigured, Kind::NotFound, Kind::InvalidSubject]),
        (409, "", [Kind::VendorError; 3]),
        (429, "", [Kind::RateLimited; 3]),
        (500, "", [Kind::VendorError; 3]),
        (502, html, [Kind::VendorError; 3]),
        (200, html, [Kind::Malformed; 3]),
        (200, "", [Kind::Malformed; 3]),
        (200, r#"{"identifier": "INTERNAL_ERROR"}"#, [Kind::VendorError; 3]),
        (200, r#"{"success": false}"#, [Kind::Malformed; 3]),
    ];
    for (status, body, kinds) in rows {
        let answer = || reply(status, body);
        let found =
            [history(answer()).await.kind, company(answer()).await.kind, recheck(answer()).await.kind];
        assert_eq!(found, kinds, "{status} {body}");
    }
    assert_eq!(
        (history(reply(405, "")).await.kind, company(reply(405, "")).await.kind),
        (Kind::Misconfigured, Kind::Misconfigured)
    );
}

#[tokio::test]
async fn a_read_is_never_the_subjects_fault() {
    for identifier in ["BAD_VALUE", "VALIDATION_ERROR"] {
        assert_eq!(profile(identified(400, identifier, "")).await.kind, Kind::Misconfigured);
        assert_eq!(list(identified(400, identifier, "")).await.kind, Kind::Misconfigured);
        assert_eq!(detail(identified(400, identifier, "")).await.kind, Kind::NotFound);
    }
}

#[tokio::test]
async fn q_id_8_a_redirected_check_is_refused_and_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let redirect = (status, vec![("location", "https://elsewhere.example/")], String::new());
        let vendor = Vendor::new([reply(200, PROFILE), redirect, reply(200, CHECK)]);
        let error = documented().assess(&vendor.call(), &matthew()).await.expect_err("refused");
        assert_eq!(
            (error.kind, vendor.operations()),
            (Kind::Misconfigured, vec!["profile", "check"]),
            "{status}"
        );
    }
}

#[tokio::test]
async fn q_id_21_a_failed_check_is_sent_once() {
    let vendor = Vendor::new([reply(200, PROFILE), reply(503, ""), reply(200, CHECK)]);
    documented().assess(&vendor.call(), &matthew()).await.expect_err("refused");
    assert_eq!(vendor.operations(), ["profile", "check"]);
    assert!(vendor.asked()[1].paid);
}

#[tokio::test]
async fn a_limit_says_how_long_to_wait() {
    let error = check((429, vec![("retry-after", "7")], String::new())).await;
    assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(check((400, vec![("retry-after", "7")], String::new())).await.retry_after, None);
}

#[tokio::test]
async fn a_refusal_names_fields_and_never_the_subject() {
    let message = "Matthew COLLINS from HU has no value at lib-AEgWHKDkwF, number 12345678";
    let error = check(identified(400, "BAD_VALUE", message)).await;
    assert_eq!(error.fields, ["country"]);
    for secret in ["Matthew", "COLLINS", "HU", "12345678"] {
        assert!(!error.to_string().contains(secret), "{error}");
    }
    assert!(error.detail.contains("has no value at"), "{error}");
    let error = check(reply(400, json!({"name": ["Matthew Collins is not a name"]}))).await;
    assert_eq!((error.kind, error.fields.as_slice()), (Kind::InvalidSubject, &["name".to_owned()][..]));
    assert!(!error.to_string().contains("Matthew"), "{error}");
    let error = detail(identified(400, "BAD_VALUE", "Matthew Collins")).await;
    assert!(!error.to_string().contains("Matthew"), "without a subject nothing can be masked: {error}");
}

#[tokio::test]
async fn no_rubbish_reads_as_low() {
    let low = |more| with(&CHECK.replace("VERY_HIGH", "VERY_LOW"), &more).to_string();
    let cut: String = low(json!({})).chars().take(900).collect();
    let rubbish = [
        String::new(),
        " ".to_owned(),
        "null".to_owned(),
        "true".to_owned(),
        "0".to_owned(),
        "\"VERY_LOW\"".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "NaN".to_owned(),
        "<html>VERY_LOW</html>".to_owned(),
        cut,
        format!("{CHECK}{CHECK}"),
        format!("[{CHECK}]"),
        json!({"data": {"riskLevel": "VERY_LOW", "riskScore": 0}}).to_string(),
        json!({"riskLevel": "VERY_LOW", "riskScore": 0}).to_string(),
        json!({"id": "x", "riskLevel": "VERY_LOW", "riskScore": 0}).to_string(),
        json!({"id": "x", "sections": null, "riskLevel": "VERY_LOW", "riskScore": 0}).to_string(),
        json!({"id": "x", "sections": {}, "riskLevel": "VERY_LOW", "riskScore": 0}).to_string(),
        json!({"id": "x", "sections": [], "riskLevel": "VERY_LOW", "riskScore": 0}).to_string(),
        json!({"id": "x", "sections": [], "riskLevel": "VERY_LOW"}).to_string(),
        low(json!({"id": null})),
        low(json!({"id": ""})),
        low(json!({"riskScore": null})),
        low(json!({"riskScore": "0"})),
        low(json!({"riskScore": -1})),
        low(json!({"riskScore": 101})),
        low(json!({"success": false})),
        low(json!({"id": 1, "riskLevel": null, "riskScore": 0})),
        low(json!({"riskLevel": "NOT_CHECKED", "riskScore": 0})),
        low(json!({"riskLevel": ["VERY_LOW"], "riskScore": 0})),
        low(json!({"sections": [{"key": "a"}]})),
        low(json!({"sections": [{"questions": []}]})),
        low(json!({"sections": [{"key": "a", "questions": [{"answers": []}]}]})),
        low(json!({"sections": [{"key": "a", "questions": [{"key": "q", "answers": [{"key": "x"}]}]}]})),
        low(json!({"sections": [{"key": "a", "questions": [{"key": "q", "answers": [{"riskScore": 1}]}]}]})),
        CHECK.replace("VERY_HIGH\",", "VERY_LOW\", \"riskScore\": 0,"),
        UNANSWERED.to_owned(),
    ];
    for body in rubbish {
        if let Ok(answer) = assess(&body).await {
            assert!(answer.level.is_none_or(|level| level >= risk_provider::Level::Medium), "{body}");
        }
    }
}
