//! What iDenfy refuses.

use risk_provider_sandbox::PROFILE_ID;
use serde_json::{Value, json};

use crate::support::{documented_check, idenfy, told, with, without};

fn answered(value: &Value) -> Value {
    json!({ "sections": { "bXUsmLJeMI": { "lib-AEgWHKDkwF": value } }, "name": "Matthew Collins" })
}

#[tokio::test]
async fn credentials_are_checked() {
    let play = idenfy().await;
    let url = play.url("/risk/assessment-profiles/");
    let (status, body) = told(play.client.get(&url)).await;
    assert_eq!((status, body.get("identifier")), (401, None));
    for (user, password) in [("sandbox-key", "wrong"), ("wrong", "sandbox-secret"), ("", "")] {
        let (status, body) = told(play.client.get(&url).basic_auth(user, Some(password))).await;
        assert_eq!((status, &body["identifier"]), (401, &json!("UNAUTHORIZED")));
    }
    let (status, _) = told(play.client.get(&url).bearer_auth("sandbox-key")).await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn bodies_the_vendor_does_not_take_are_refused_and_not_charged() {
    let play = idenfy().await;
    let good = documented_check;
    let cases = [
        (without(good(), "name"), "MISSING_VALUE"),
        (without(good(), "sections"), "MISSING_VALUE"),
        (with(good(), &json!({ "name": null })), "MISSING_VALUE"),
        (with(good(), &json!({ "name": 7 })), "BAD_VALUE"),
        (with(good(), &json!({ "name": "  " })), "BAD_VALUE"),
        (with(good(), &json!({ "comment": "x" })), "VALIDATION_ERROR"),
        (with(good(), &json!({ "sections": [] })), "BAD_VALUE"),
        (with(good(), &json!({ "sections": { "nowhere": {} } })), "VALIDATION_ERROR"),
        (with(good(), &json!({ "sections": { "bXUsmLJeMI": [] } })), "BAD_VALUE"),
        (
            with(good(), &json!({ "sections": { "bXUsmLJeMI": { "lib-x": { "value": [] } } } })),
            "VALIDATION_ERROR",
        ),
        (answered(&json!({})), "MISSING_VALUE"),
        (answered(&json!("EE")), "BAD_VALUE"),
        (answered(&json!({ "value": "EE" })), "BAD_VALUE"),
        (answered(&json!({ "value": [7] })), "BAD_VALUE"),
        (answered(&json!({ "value": ["XX"] })), "BAD_VALUE"),
        (answered(&json!({ "value": ["EST"] })), "BAD_VALUE"),
        (answered(&json!({ "value": ["ee"] })), "BAD_VALUE"),
        (answered(&json!({ "value": ["EE", "LT"] })), "BAD_VALUE"),
        (answered(&json!({ "value": ["EE"], "comment": "x" })), "VALIDATION_ERROR"),
        (
            with(
                good(),
                &json!({ "sections": { "bXUsmLJeMI": { "lib-YHlTleSKmo": { "value": ["Yes"] } } } }),
            ),
            "BAD_VALUE",
        ),
        (json!([]), "BAD_VALUE"),
    ];
    for (body, identifier) in cases {
        let (status, answer) = told(play.check(PROFILE_ID, &body)).await;
        assert_eq!((status, &answer["identifier"]), (400, &json!(identifier)), "{body}");
        assert!(answer["message"].is_string());
        assert!(!answer.to_string().contains("Matthew"));
    }
    assert_eq!(play.sandbox.billed(), 0);
    assert_eq!(told(play.get("/risk/assessments/")).await.1["count"], 0);
}

#[tokio::test]
async fn a_body_must_be_json_and_say_so() {
    let play = idenfy().await;
    let check = |body: &'static [u8], media: &str| {
        play.check(PROFILE_ID, &json!({})).header("content-type", media).body(body)
    };
    for (body, media, identifier) in [
        (&b"{"[..], "application/json", "JSON_ERROR"),
        (&b""[..], "application/json", "JSON_ERROR"),
        (&b"{\"name\": \"\xff\"}"[..], "application/json", "ENCODING_ERROR"),
    ] {
        let (status, answer) = told(check(body, media)).await;
        assert_eq!((status, &answer["identifier"]), (400, &json!(identifier)));
    }
    let url = play.url(&format!("/risk/assessment-profiles/{PROFILE_ID}/check/"));
    let plain = play.client.post(url).basic_auth("sandbox-key", Some("sandbox-secret")).body("{}");
    assert_eq!(told(plain).await.1["identifier"], "JSON_ERROR");
}

#[tokio::test]
async fn unknown_ids_paths_and_methods_are_refused() {
    let play = idenfy().await;
    let (status, body) = told(play.check("no-such-profile", &documented_check())).await;
    assert_eq!((status, body["message"].is_string()), (404, true));
    for path in ["/risk/assessment-profiles/no-such-profile/", "/risk/assessments/no-such-assessment/"] {
        assert_eq!(told(play.get(path)).await.0, 404);
    }
    for path in ["/", "/risk/", "/risk/assessments", "/risk/assessment-profiles", "/kyb/companies/"] {
        assert_eq!(told(play.get(path)).await, (404, json!({ "detail": "Not found." })), "{path}");
    }
    let (status, body) = told(play.get(&format!("/risk/assessment-profiles/{PROFILE_ID}/check/"))).await;
    assert_eq!((status, &body["identifier"]), (405, &json!("METHOD_NOT_ALLOWED")));
    let calls = play.sandbox.calls();
    assert_eq!(calls.last().unwrap().operation, "check");
    assert!(calls.iter().any(|call| call.operation == "unknown" && call.path == "/risk/"));
}
