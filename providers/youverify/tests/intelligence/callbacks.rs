//! Callbacks.

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use risk_provider::{FailureKind, ProviderError, RiskProvider, VendorReference};
use risk_provider_youverify::Intelligence;
use serde_json::json;
use sha2::{Sha256, Sha512};

use crate::support::{ID, provider, provider_with};

const SECRET: &str = "wh-secret";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("key").chain_update(body);
    hex(&mac.finalize().into_bytes())
}

fn sha512(body: &[u8]) -> String {
    let mac = Hmac::<Sha512>::new_from_slice(SECRET.as_bytes()).expect("key").chain_update(body);
    hex(&mac.finalize().into_bytes())
}

fn taking(sha512: bool) -> Intelligence {
    provider_with(json!({"webhook_secret": SECRET, "webhook_sha512": sha512}))
}

fn verify(
    provider: &Intelligence,
    signatures: &[&str],
    body: &[u8],
) -> Result<Option<VendorReference>, ProviderError> {
    let mut headers = HeaderMap::new();
    for signature in signatures {
        headers.append("x-youverify-signature", HeaderValue::from_str(signature).expect("header"));
    }
    provider.callbacks().expect("callbacks").verify(&headers, body)
}

fn genuine(body: &str) -> Result<Option<String>, FailureKind> {
    let verified = verify(&taking(false), &[&sha256(SECRET, body.as_bytes())], body.as_bytes());
    verified.map(|reference| reference.map(|reference| reference.0)).map_err(|error| error.kind)
}

/// The published example of RFC 4231, so that not both sides of this test can be wrong alike.
#[test]
fn the_signature_is_the_standard_one() {
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(sha256("Jefe", b"what do ya want for nothing?"), expected);
}

#[test]
fn a_genuine_callback_gives_only_a_reference_to_read() {
    for data in [
        json!({"_id": ID}),
        json!({"id": ID}),
        json!({"identityId": ID, "latestRiskStatus": "very_low_risk"}),
        json!({"_id": 7, "entityId": ID}),
    ] {
        let body = json!({"event": "risk_check.completed", "apiVersion": "v2", "data": data}).to_string();
        assert_eq!(genuine(&body), Ok(Some(ID.to_owned())), "{body}");
    }
}

#[test]
fn a_callback_about_something_else_is_not_acted_on() {
    for body in [
        json!({"event": "tm.actor.updated", "apiVersion": "v1", "data": {"_id": ID}}),
        json!({"event": "risk_check.completed", "data": {}}),
        json!({"event": "risk_check.completed", "data": [ID]}),
        json!({"event": "risk_check.completed", "data": {"_id": "../x"}}),
        json!({"event": "risk_check.completed"}),
    ] {
        assert_eq!(genuine(&body.to_string()), Ok(None), "{body}");
    }
}

#[test]
fn a_genuine_body_that_is_no_callback_is_malformed() {
    for body in ["", "x", "<html>", "[]", "null", "{}", r#"{"event": 7}"#, r#"["e", {}]"#] {
        assert_eq!(genuine(body), Err(FailureKind::Malformed), "{body}");
    }
}

#[test]
fn a_wrong_or_missing_signature_is_bad_credentials_whatever_the_body_is() {
    let body = json!({"event": "risk_check.completed", "data": {"_id": ID}}).to_string();
    let right = sha256(SECRET, body.as_bytes());
    let other = sha256("other", body.as_bytes());
    let cases: [&[&str]; 9] = [
        &[],
        &[""],
        &["x"],
        &[&other],
        &[&right[..62]],
        &[&right[1..]],
        &["sha256=00"],
        &[&right, &right],
        &[&other, &right],
    ];
    for signatures in cases {
        for body in [body.as_str(), "x", ""] {
            let error = verify(&taking(true), signatures, body.as_bytes()).expect_err("refused");
            assert_eq!(error.kind, FailureKind::BadCredentials, "{signatures:?}");
        }
    }
    let changed = body.replace("completed", "completeD");
    let error = verify(&taking(true), &[&right], changed.as_bytes()).expect_err("changed");
    assert_eq!(error.kind, FailureKind::BadCredentials);
    let spaced = body.replace(':', ": ");
    assert!(verify(&taking(true), &[&right], spaced.as_bytes()).is_err(), "the raw bytes are signed");
    assert!(verify(&taking(true), &[&right.to_uppercase()], body.as_bytes()).is_ok());
}

#[test]
fn q_yv_26_sha_256_is_always_taken_and_sha_512_only_when_configured() {
    let body = json!({"event": "risk_check.completed", "data": {"_id": ID}}).to_string();
    let (short, long) = (sha256(SECRET, body.as_bytes()), sha512(body.as_bytes()));
    assert_eq!((short.len(), long.len()), (64, 128));
    for (old, signature, taken) in
        [(false, &short, true), (true, &short, true), (false, &long, false), (true, &long, true)]
    {
        assert_eq!(verify(&taking(old), &[signature], body.as_bytes()).is_ok(), taken, "{old}");
    }
}

#[test]
fn without_a_secret_there_are_no_callbacks() {
    assert!(provider().callbacks().is_none());
}
