//! What Youverify refuses.

use serde_json::{Value, json};

use crate::support::{V2, actor, good, told, with, without, youverify};

#[tokio::test]
async fn the_token_is_checked() {
    let play = youverify().await;
    let url = play.url(V2);
    let plain = || play.client.post(&url).json(&actor("Some", "Body"));
    for request in [plain(), plain().header("token", "wrong"), plain().bearer_auth("sandbox-token")] {
        let (status, body) = told(request).await;
        assert_eq!((status, &body["statusCode"], &body["success"]), (401, &json!(401), &json!(false)));
        assert_eq!(body["data"], json!({}));
    }
}

#[tokio::test]
async fn missing_fields_are_named() {
    let play = youverify().await;
    let required =
        ["type", "firstName", "lastName", "city", "country", "kycVerifiedBy", "adverseMediaQueryDateRange"];
    for field in required {
        let (status, body) = told(play.actor(V2, &without(actor("Some", "Body"), field))).await;
        assert_eq!((status, &body["success"]), (400, &json!(false)));
        assert!(body["data"]["errors"][field].is_array(), "{body}");
    }
    let business = with(actor("Some", "Body"), &json!({ "type": "business" }));
    let (status, body) = told(play.actor(V2, &business)).await;
    assert_eq!((status, body["data"]["errors"]["businessName"].is_array()), (400, true));
    assert_eq!(play.sandbox.billed(), 0);
}

#[tokio::test]
async fn wrong_values_are_named_and_not_quoted() {
    let play = youverify().await;
    let range = |start: &str, end: &str| json!({ "startDate": start, "endDate": end });
    let cases: Vec<(&str, Value)> = vec![
        ("type", json!("legal_entity")),
        ("firstName", json!(7)),
        ("firstName", json!(" ")),
        ("middleName", json!([])),
        ("city", json!(["lagos"])),
        ("country", json!(["NG"])),
        ("country", json!("ng")),
        ("country", json!("XX")),
        ("industry", json!(1)),
        ("lengthOfStay", json!("30")),
        ("lengthOfStay", json!(-1)),
        ("ageOfAccount", json!(true)),
        ("previousAdverseMediaScore", json!(101)),
        ("previousRiskScore", json!("40")),
        ("kycVerifiedBy", json!("someone")),
        ("isBeneficiary", json!("yes")),
        ("isBeneficiary", json!(2)),
        ("customWeight", json!({ "adverseMedia": 1 })),
        ("customWeight", json!({ "kyc": "1" })),
        ("adverseMediaQueryDateRange", Value::Null),
        ("adverseMediaQueryDateRange", json!("null")),
        ("adverseMediaQueryDateRange", json!({})),
        ("adverseMediaQueryDateRange", range("2024-01-02", "2024-01-01")),
        ("adverseMediaQueryDateRange", range("01/02/2024", "2024-01-05")),
        ("adverseMediaQueryDateRange", range("2024-02-30", "2024-03-05")),
        ("dateOfBirth", json!("1985-03-05")),
        ("advancedOptions", json!({})),
    ];
    for (field, value) in cases {
        let (status, body) =
            told(play.actor(V2, &with(actor("Some", "Body"), &json!({ field: value })))).await;
        assert_eq!((status, body["data"]["errors"][field].is_array()), (400, true), "{field} {value} {body}");
        assert!(!body.to_string().contains("Body"));
    }
    assert_eq!(play.sandbox.billed(), 0);
}

#[tokio::test]
async fn a_beneficiary_needs_no_date_range() {
    let play = youverify().await;
    for (none, beneficiary) in [(Value::Null, json!(true)), (json!("null"), json!(1))] {
        let body = json!({ "adverseMediaQueryDateRange": none, "isBeneficiary": beneficiary });
        let report = play.report(&with(actor("Media", "Body"), &body)).await;
        assert_eq!(
            (&report["adverseMediaNews"], &report["personal"]["adverseMediaScore"]),
            (&json!([]), &json!(0))
        );
    }
}

#[tokio::test]
async fn documented_custom_weights_and_nulls_are_taken() {
    let play = youverify().await;
    let nulls = json!({
        "middleName": null, "businessName": null, "industry": null, "lengthOfStay": null, "ageOfAccount": null,
        "previousAdverseMediaScore": null, "previousRiskScore": null, "isBeneficiary": null,
        "customWeight": { "kyc": 1, "industry": 1, "city": 1, "country": 1, "sanction": 1, "pep": 1, "adverse_media": 1 },
    });
    let body = with(actor("Some", "Body"), &nulls);
    assert_eq!(play.report(&body).await, play.report(&actor("Some", "Body")).await);
}

#[tokio::test]
async fn other_paths_methods_and_bodies_are_refused() {
    let play = youverify().await;
    let missing = json!({
        "success": false, "statusCode": 404, "name": "ResourceNotFoundError", "data": {},
        "message": "You have attempted to get a resource that does not exist.",
    });
    for path in ["/v3/api/actors/risk/assessment", "/v2/api/v2/api/actors/risk/assessment", "/"] {
        assert_eq!(told(play.actor(path, &actor("Some", "Body"))).await, (404, missing.clone()));
    }
    assert_eq!(told(play.client.get(play.url(V2)).header("token", "sandbox-token")).await, (404, missing));
    let broken = play.actor(V2, &json!({})).body("{");
    assert_eq!(told(broken).await.0, 400);
    let (status, body) = told(play.actor(V2, &json!([]))).await;
    assert_eq!((status, body["data"]["errors"]["body"].is_array()), (400, true));
    good(play.actor(V2, &actor("Some", "Body")).send().await.unwrap()).await;
}
