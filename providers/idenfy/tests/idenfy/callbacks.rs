//! Callbacks that the vendor signs.

use http::{HeaderMap, HeaderName, HeaderValue};
use risk_provider::{Callbacks, FailureKind, RiskProvider, VendorReference};
use risk_provider_idenfy::Idenfy;
use serde_json::{Value, json};

use crate::support::{Vendor, documented, documented_with, reply};

const BODY: &[u8] = br#"{"id": "c-1", "clientId": "client"}"#;
/// Made with `openssl dgst -sha256 -hmac s3cret-1` over [`BODY`], and with `-hmac signing-key`.
const BY_SECRET: &str = "f89eeebb5279e8549f9594be40b950d0824083aeea76c17b6e8e783ca42b11f2";
const BY_KEY: &str = "98ecbd16a7fd4a248ef9c5fc8c38921420551c4f38a67fb1499453bdc14d1697";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let header = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header"))
    };
    let mut headers = HeaderMap::new();
    for (name, value) in pairs.iter().map(header) {
        headers.append(name, value);
    }
    headers
}

fn verify(provider: &Idenfy, signature: &str, body: &[u8]) -> Result<Option<String>, FailureKind> {
    let headers = headers(&[("idenfy-signature", signature), ("idenfy-event-type", "COMPANY_REVIEW")]);
    let verified = provider.verify(&headers, body);
    verified.map(|found| found.map(|VendorReference(id)| id)).map_err(|error| error.kind)
}

/// What a genuine callback leads to.
fn reference(event: &str, body: &Value) -> Option<String> {
    let body = body.to_string();
    let headers =
        headers(&[("idenfy-signature", &signed("s3cret-1", body.as_bytes())), ("idenfy-event-type", event)]);
    documented().verify(&headers, body.as_bytes()).expect("a genuine callback").map(|found| found.0)
}

fn signed(key: &str, body: &[u8]) -> String {
    use hmac::{KeyInit, Mac};
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).expect("a key");
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn q_id_11_the_key_is_the_configured_one_or_else_the_api_secret() {
    let company = Ok(Some("kyb:c-1".to_owned()));
    assert_eq!(verify(&documented(), BY_SECRET, BODY), company);
    assert_eq!(verify(&documented(), BY_KEY, BODY), Err(FailureKind::BadCredentials));
    let keyed = documented_with(&json!({"callback_key": "signing-key"}));
    assert_eq!(verify(&keyed, BY_KEY, BODY), company);
    assert_eq!(verify(&keyed, BY_SECRET, BODY), Err(FailureKind::BadCredentials), "not both at once");
    assert_eq!(signed("signing-key", BODY), BY_KEY, "or the tests below prove nothing");
}

#[test]
fn a_signature_is_exact_or_none() {
    let (half, upper) = (&BY_SECRET[..32], BY_SECRET.to_uppercase());
    let longer = format!("{BY_SECRET}0");
    let prefixed = format!("sha256={BY_SECRET}");
    for wrong in ["", "0", half, &upper, &longer, &prefixed, &format!("{BY_SECRET},{BY_SECRET}")] {
        assert_eq!(verify(&documented(), wrong, BODY), Err(FailureKind::BadCredentials), "{wrong}");
    }
    let spaced = br#"{"id":"c-1","clientId":"client"}"#;
    assert_eq!(
        verify(&documented(), BY_SECRET, spaced),
        Err(FailureKind::BadCredentials),
        "the raw bytes count"
    );
    let kind = |pairs: &[_]| documented().verify(&headers(pairs), BODY).map(drop).map_err(|error| error.kind);
    assert_eq!(kind(&[]), Err(FailureKind::BadCredentials));
    assert_eq!(kind(&[("authorization", BY_SECRET)]), Err(FailureKind::BadCredentials));
    let twice = [("idenfy-signature", BY_SECRET), ("idenfy-signature", "0")];
    assert_eq!(kind(&twice), Err(FailureKind::BadCredentials));
    assert_eq!(kind(&[("idenfy-signature", BY_SECRET)]), Ok(()));
}

#[test]
fn a_genuine_callback_that_is_no_object_is_malformed() {
    for body in [&b""[..], b"{", b"[]", b"5", b"null", b"<html></html>", b"\xff", b"{\"id\": \"Zainab\" x"] {
        let headers = headers(&[("idenfy-signature", &signed("s3cret-1", body))]);
        let error = documented().verify(&headers, body).expect_err("malformed");
        assert_eq!(error.kind, FailureKind::Malformed);
        assert!(!format!("{error:?}").contains("Zainab"), "{error:?}");
        assert_eq!(
            verify(&documented(), "0", body),
            Err(FailureKind::BadCredentials),
            "unsigned is not read"
        );
    }
}

#[test]
fn a_callback_leads_to_what_can_be_retrieved_and_nowhere_else() {
    let company = Some("kyb:c-1".to_owned());
    assert_eq!(reference("COMPANY_SUBMIT", &json!({"id": "c-1"})), company);
    assert_eq!(reference("COMPANY_REVIEW", &json!({"id": "c-1", "companyName": "Acme"})), company);
    assert_eq!(reference("COMPANY_REVIEW", &json!({"id": "x", "companyId": "c-1"})), company);
    let told = json!({"id": "c-1", "riskAssessment": {"id": "r-1", "riskScore": 5, "riskLevel": "LOW"}});
    assert_eq!(reference("COMPANY_REVIEW", &told).as_deref(), Some("r-1"));
    for (event, body) in [
        ("COMPANY_AML_REVIEW", json!({"id": "x", "companyId": "c-1"})),
        ("VERIFICATION_RESULT", json!({"scanRef": "s-1", "clientId": "x", "final": true})),
        ("", json!({"scanRef": "s-1", "id": "c-1"})),
        ("COMPANY_SUBMIT", json!({"clientId": "c-1"})),
        ("COMPANY_SUBMIT", json!({"id": "../risk/x"})),
        ("COMPANY_SUBMIT", json!({"id": 7})),
        ("COMPANY_REVIEW", json!({"id": null})),
        ("COMPANY_REVIEW", json!({})),
        ("COMPANY_REVIEW", json!({"id": "c-1", "riskAssessment": null})),
        ("COMPANY_REVIEW", json!({"id": "c-1", "riskAssessment": {"id": "../x"}})),
    ] {
        assert_eq!(reference(event, &body), None, "{event} {body}");
    }
}

#[tokio::test]
async fn the_reference_of_a_company_is_retrieved_from_its_record() {
    let summary = json!({"id": "r-1", "riskScore": 72, "riskLevel": "HIGH", "comment": null});
    let vendor = Vendor::new([reply(200, json!({"id": "c-1", "riskAssessment": summary}))]);
    let reference = documented()
        .verify(&headers(&[("idenfy-signature", BY_SECRET), ("idenfy-event-type", "COMPANY_SUBMIT")]), BODY)
        .expect("a genuine callback")
        .expect("a reference");
    let risk = documented().retrieve(&vendor.call(), &reference).await.expect("an assessment");
    assert_eq!(risk.vendor_level.as_deref(), Some("HIGH"));
    assert_eq!(vendor.asked()[0].url.path(), "/kyb/companies/c-1/");
}
