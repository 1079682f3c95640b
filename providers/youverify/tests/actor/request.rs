//! What the vendor is asked.

use std::sync::Arc;

use indexmap::IndexMap;
use risk_provider::{FailureKind, Input, ProviderSettings, RiskProvider, VendorReference, subject::Kyc};
use risk_provider_youverify::Actor;
use serde_json::{Value, json};

use crate::support::{
    ANSWER, REQUEST, Vendor, accept, actor, ahmed, assess, block_on, call, common, company, sent, sent_about,
    settings, with,
};

#[test]
fn the_documented_subject_gives_the_documented_request() {
    let (_, asked) = assess(&actor(), ahmed(), Vendor::answering(200, &[], ANSWER));
    let ordered = |text: &str| serde_json::from_str::<IndexMap<String, Value>>(text).expect("JSON");
    let (ours, documented) = (ordered(asked[0].body.as_deref().expect("body")), ordered(REQUEST));
    assert_eq!(ours, documented);
    assert!(ours.keys().eq(documented.keys()), "{:?}", ours.keys());
}

#[test]
fn the_request_is_one_paid_post_with_the_token_in_its_own_header() {
    let (_, asked) = assess(&actor(), ahmed(), Vendor::answering(200, &[], ANSWER));
    let [request] = asked.as_slice() else { panic!("{} requests", asked.len()) };
    assert_eq!((request.operation, request.paid, request.method.as_str()), ("assessment", true, "POST"));
    assert_eq!(request.url.as_str(), "https://api.youverify.example/v2/api/actors/risk/assessment");
    assert_eq!(request.headers["token"], "s3cret-token");
    assert!(request.headers["token"].is_sensitive());
    assert_eq!(request.headers["content-type"], "application/json");
    assert!(!request.headers.contains_key("authorization"));
}

#[test]
fn q_yv_15_the_version_prefix_is_configurable_and_never_doubled() {
    let cases = [
        ("https://a.example", "v2", "https://a.example/v2/api/actors/risk/assessment"),
        ("https://a.example", "v1", "https://a.example/v1/api/actors/risk/assessment"),
        ("https://a.example/v2/api", "v2", "https://a.example/v2/api/actors/risk/assessment"),
        ("https://a.example/proxy/v1/", "v1", "https://a.example/proxy/v1/api/actors/risk/assessment"),
    ];
    for (base, version, expected) in cases {
        let common = ProviderSettings { base_url: base.parse().expect("url"), ..common() };
        let settings = json!({"token": "t", "api_version": version});
        let actor = Actor::new(common, serde_json::from_value(settings).expect("settings")).expect("valid");
        let (_, asked) = assess(&actor, ahmed(), Vendor::answering(200, &[], ANSWER));
        assert_eq!(asked[0].url.as_str(), expected);
    }
}

#[test]
fn q_yv_14_numbers_booleans_and_the_missing_range_have_json_types() {
    let body = sent(&actor(), ahmed());
    assert!(body["lengthOfStay"].is_u64() && body["ageOfAccount"].is_u64());
    assert!(body["country"].is_string() && body["city"].is_string());
    assert_eq!(body["isBeneficiary"], json!(false));

    let body = sent(&actor(), with(ahmed(), "is_beneficiary", json!(true)));
    assert_eq!(body["isBeneficiary"], json!(true));
    assert_eq!(body.get("adverseMediaQueryDateRange"), Some(&Value::Null));
}

#[test]
fn a_company_is_asked_about_by_its_name_and_absent_fields_are_left_out() {
    let expected = json!({
        "type": "business", "firstName": null, "lastName": null, "middleName": null,
        "businessName": "Twitter", "city": "lagos", "country": "NG", "industry": "others",
        "kycVerifiedBy": "not_verified", "isBeneficiary": false,
        "adverseMediaQueryDateRange": {"startDate": "2025-11-21", "endDate": "2026-11-21"},
    });
    assert_eq!(sent(&actor(), company()), expected);
}

#[test]
fn verification_is_derived_from_who_and_from_the_document() {
    let cases = [
        (json!({}), "not_verified"),
        (json!({"verified_by": "nobody"}), "not_verified"),
        (json!({"verified_by": "nobody", "document_expires_on": "2020-01-01"}), "not_verified"),
        (json!({"document_expires_on": "2020-01-01"}), "not_verified"),
        (json!({"verified_by": "youverify"}), "youverify"),
        (json!({"verified_by": "client"}), "client"),
        (json!({"verified_by": "idenfy"}), "client"),
        (json!({"verified_by": "youverify", "document_expires_on": "2026-11-21"}), "youverify"),
        (json!({"verified_by": "youverify", "document_expires_on": "2026-11-20"}), "expired_30"),
        (json!({"verified_by": "client", "document_expires_on": "2026-10-22"}), "expired_30"),
        (json!({"verified_by": "idenfy", "document_expires_on": "2026-10-21"}), "expired_90"),
    ];
    for (kyc, expected) in cases {
        let body = sent(&actor(), with(ahmed(), "kyc", kyc.clone()));
        assert_eq!(body["kycVerifiedBy"], expected, "{kyc}");
    }
}

/// No caller can say these; should one ever come another way, it raises nobody to `client`.
#[test]
fn looser_words_than_a_caller_may_write_are_read_all_the_same() {
    for (word, expected) in
        [(" Nobody ", "not_verified"), ("", "not_verified"), ("Youverify", "youverify"), ("Idenfy", "client")]
    {
        let mut subject = accept(ahmed());
        subject.kyc = Some(Kyc { verified_by: Some(word.to_owned()), document_expires_on: None });
        assert_eq!(sent_about(&actor(), &subject)["kycVerifiedBy"], expected, "{word:?}");
    }
}

#[test]
fn earlier_scores_leave_the_house_only_when_asked_to() {
    let quiet = Actor::new(ProviderSettings { send_previous: false, ..common() }, settings()).expect("valid");
    let body = sent(&quiet, ahmed());
    assert!(body.get("previousRiskScore").is_none() && body.get("previousAdverseMediaScore").is_none());
    assert!(!quiet.descriptor().inputs.contains(&Input::PreviousRiskScore));

    let body = sent(&actor(), with(ahmed(), "previous_risk_score", json!(12.5)));
    assert_eq!(body["previousRiskScore"], json!(12.5));
    assert_eq!(body["previousAdverseMediaScore"], json!(60));
}

#[test]
fn a_missing_city_is_found_before_any_exchange() {
    let (told, asked) =
        assess(&actor(), with(ahmed(), "city", Value::Null), Vendor::answering(200, &[], ANSWER));
    let error = told.expect_err("no city");
    assert_eq!((error.kind, error.fields), (FailureKind::MissingInput, vec!["city".to_owned()]));
    assert!(asked.is_empty());
}

/// One change per input of the contract; the request changes exactly for the declared ones.
#[test]
fn the_declared_inputs_are_those_that_change_the_request() {
    let changes = [
        (vec![Input::Name, Input::FirstName], "name", json!({"first": "Amina", "last": "Al Khalid"})),
        (vec![Input::LastName], "name", json!({"first": "Ahmed", "last": "Khan"})),
        (vec![Input::MiddleName], "name", json!({"first": "Ahmed", "middle": "K", "last": "Al Khalid"})),
        (vec![Input::Country], "country", json!("GH")),
        (vec![Input::City], "city", json!("abuja")),
        (vec![Input::Nationality], "nationality", json!("GH")),
        (vec![Input::DateOfBirth], "date_of_birth", json!("1985-03-05")),
        (vec![Input::Industry], "industry", json!("casinos")),
        (vec![Input::Occupation], "occupation", json!("baker")),
        (vec![Input::MonthsAtAddress], "months_at_address", json!(31)),
        (vec![Input::AccountAgeMonths], "account_age_months", json!(51)),
        (vec![Input::KycVerifiedBy], "kyc", json!({"verified_by": "client"})),
        (
            vec![Input::KycDocumentState],
            "kyc",
            json!({"verified_by": "x", "document_expires_on": "2026-01-01"}),
        ),
        (vec![Input::PoliticallyExposed], "politically_exposed", json!(true)),
        (vec![Input::PreviousRiskScore], "previous_risk_score", json!(41)),
        (vec![Input::PreviousAdverseMediaScore], "previous_adverse_media_score", json!(61)),
        (vec![Input::AdverseMediaWindow], "adverse_media_window", Value::Null),
        (vec![Input::IsBeneficiary], "is_beneficiary", json!(true)),
        (vec![Input::IdNumber], "id_number", json!("A1")),
        (vec![Input::Phone], "phone", json!("+234 801 555")),
        (vec![Input::Consent], "consent", json!(true)),
        (vec![Input::Answer("hobby".to_owned())], "answers", json!({"hobby": "chess"})),
    ];
    let (actor, usual) = (actor(), sent(&actor(), ahmed()));
    let mut declared = 0;
    for (inputs, field, value) in changes {
        let changed = sent(&actor, with(ahmed(), field, value)) != usual;
        for input in inputs {
            assert_eq!(actor.descriptor().inputs.contains(&input), changed, "{}", input.name());
            declared += usize::from(changed);
        }
    }
    assert_eq!(actor.descriptor().inputs.len(), declared);
}

#[test]
fn q_yv_7_an_answer_cannot_be_read_again() {
    let vendor = Arc::new(Vendor::default());
    let told = block_on(async { actor().retrieve(&call(&vendor), &VendorReference("x".to_owned())).await });
    assert_eq!(told.expect_err("nothing kept").kind, FailureKind::Unsupported);
    assert!(vendor.asked().is_empty());
}
