//! Starting a check.

use std::sync::Arc;

use risk_provider::{AnswerState, FailureKind, Flag, Level, RiskProvider, VendorReference};
use serde_json::{Value, json};

use crate::support::{
    ID, Vendor, accept, assess, block_on, call, company, edited, envelope, person, provider, provider_with,
    ready, started, strict, with, without,
};

fn sent(settings: Value, subject: Value) -> Value {
    let (_, asked) = assess(&provider_with(settings), subject, 200, &envelope(&started()));
    serde_json::from_str(asked[0].body.as_deref().expect("body")).expect("JSON")
}

#[test]
fn a_check_is_one_paid_post_with_the_token_in_its_own_header() {
    let (_, asked) = assess(&provider(), company(), 200, &envelope(&started()));
    let [request] = asked.as_slice() else { panic!("{} requests", asked.len()) };
    assert_eq!((request.operation, request.paid, request.method.as_str()), ("initialise", true, "POST"));
    let url = "https://api.youverify.example/v2/api/identity/risk-check/initialize";
    assert_eq!(request.url.as_str(), url);
    assert!(request.headers["token"].is_sensitive());
}

#[test]
fn q_yv_15_the_version_prefix_holds_for_every_endpoint() {
    let v1 = provider_with(json!({"api_version": "v1"}));
    let (_, asked) = assess(&v1, company(), 200, &envelope(&started()));
    assert_eq!(asked[0].url.path(), "/v1/api/identity/risk-check/initialize");
}

#[test]
fn q_yv_14_months_are_sent_as_a_string_and_places_as_strings() {
    let body = sent(json!({}), person());
    assert_eq!(body["advanceOptions"]["lengthOfStay"], json!("30"));
    assert_eq!((&body["country"], &body["city"]), (&json!("NG"), &json!("lagos")));
}

#[test]
fn q_yv_13_the_options_go_under_the_configured_one_of_two_keys() {
    for (settings, key, other) in [
        (json!({}), "advanceOptions", "advancedOptions"),
        (json!({"options_key": "advanceOptions"}), "advanceOptions", "advancedOptions"),
        (json!({"options_key": "advancedOptions"}), "advancedOptions", "advanceOptions"),
    ] {
        let body = sent(settings, person());
        assert_eq!(body[key]["occupation"], "broker");
        assert!(body.get(other).is_none());
    }
}

#[test]
fn a_person_and_a_company_are_asked_about_by_their_own_fields() {
    let expected = json!({
        "type": "individual", "firstName": "Ahmed", "lastName": "Al Khalid", "businessName": null,
        "businessIndustry": null, "country": "NG", "city": "lagos", "isSubjectConsent": true,
        "advanceOptions": {"idExpiryDate": "2031-06-07", "isIdVerified": true, "lengthOfStay": "30",
            "occupation": "broker", "industry": "arms_dealers"},
    });
    assert_eq!(sent(json!({}), person()), expected);
    let expected = json!({
        "type": "business", "firstName": null, "lastName": null, "businessName": "Tesla",
        "businessIndustry": "others", "country": "NG", "city": "lagos", "isSubjectConsent": true,
        "advanceOptions": {"idNumber": "1234567890", "isIdVerified": true, "phoneNumber": "08000000000",
            "lengthOfStay": "321", "industry": "others"},
    });
    assert_eq!(sent(json!({}), company()), expected);
}

#[test]
fn an_identity_is_verified_only_by_somebody_and_with_a_valid_document() {
    for (kyc, verified) in [
        (json!({"verified_by": "client"}), true),
        (json!({"verified_by": "idenfy", "document_expires_on": "2026-11-21"}), true),
        (json!({"verified_by": "client", "document_expires_on": "2026-11-20"}), false),
        (json!({"verified_by": "nobody"}), false),
        (json!({"document_expires_on": "2031-01-01"}), false),
    ] {
        let body = sent(json!({}), with(person(), json!({"kyc": kyc})));
        assert_eq!(body["advanceOptions"]["isIdVerified"], json!(verified), "{kyc}");
    }
}

#[test]
fn without_consent_a_place_or_a_companys_trade_nothing_is_sent() {
    let cases = [
        (without(person(), "/consent"), "consent"),
        (without(person(), "/city"), "city"),
        (without(company(), "/industry"), "industry"),
    ];
    for (subject, field) in cases {
        let (told, asked) = assess(&provider(), subject, 200, &envelope(&started()));
        let error = told.expect_err(field);
        assert_eq!((error.kind, error.fields), (FailureKind::MissingInput, vec![field.to_owned()]));
        assert!(asked.is_empty());
    }
}

/// No caller can say this; should it ever come another way, nobody is checked against their will.
#[test]
fn a_consent_that_was_refused_is_no_consent() {
    let vendor = Arc::new(Vendor::default());
    let mut subject = accept(person());
    subject.consent = Some(false);
    let told = block_on(async { provider().assess(&call(&vendor), &subject).await });
    let error = told.expect_err("refused");
    assert_eq!((error.kind, error.fields), (FailureKind::MissingInput, vec!["consent".to_owned()]));
    assert!(vendor.asked().is_empty());
}

#[test]
fn q_yv_10_a_started_check_is_pending_and_its_zeros_mean_nothing() {
    let (told, _) = assess(&provider(), company(), 200, &envelope(&started()));
    let told = told.expect("started");
    assert_eq!((told.state, told.level), (AnswerState::Pending, None));
    assert!(told.score.is_none() && told.factors.is_empty());
    assert_eq!(told.vendor_reference, Some(VendorReference(ID.to_owned())));
    assert_eq!(told.vendor_level.as_deref(), Some("pending"));
}

/// Whatever else a profile without a report says, it is not done.
#[test]
fn q_yv_10_no_word_makes_a_profile_without_a_report_final() {
    for word in [json!("very_low_risk"), json!("low_risk"), json!("x"), Value::Null, json!(0)] {
        for profile in [started(), without(started(), "/latestReport")] {
            let profile = edited(profile, &[("/latestRiskStatus", word.clone())]);
            let (told, _) = assess(&provider(), company(), 200, &envelope(&profile));
            let told = told.expect("started");
            assert_eq!((told.state, told.level, told.score), (AnswerState::Pending, None, None), "{word}");
        }
    }
    for report in [json!({}), json!([]), json!(""), json!(false), json!(0)] {
        let profile = edited(ready(), &[("/latestReport", report.clone())]);
        let (told, _) = assess(&provider(), company(), 200, &envelope(&profile));
        assert_eq!(told.expect_err("no report").kind, FailureKind::Malformed, "{report}");
    }
}

#[test]
fn a_report_that_is_ready_at_once_is_final() {
    let (told, _) = assess(&provider(), company(), 200, &envelope(&ready()));
    let told = told.expect("an answer");
    assert_eq!((told.state, told.level), (AnswerState::Final, Some(Level::Medium)));
    assert_eq!(told.assessed_at, crate::support::now());
    assert!(told.flags.is_empty(), "{:?}", told.flags);
}

#[test]
fn q_yv_11_the_profiles_own_id_is_the_reference_whichever_field_holds_it() {
    for keep in ["_id", "id", "identityId"] {
        let mut profile = started();
        for other in ["_id", "id", "identityId"].into_iter().filter(|other| *other != keep) {
            profile = without(profile, &format!("/{other}"));
        }
        let (told, _) = assess(&provider(), company(), 200, &envelope(&profile));
        assert_eq!(told.expect("started").vendor_reference, Some(VendorReference(ID.to_owned())), "{keep}");
    }
    let mut profile =
        edited(started(), &[("/_id", json!(" ")), ("/id", json!(7)), ("/identityId", json!("a/b"))]);
    let (told, _) = assess(&provider(), company(), 200, &envelope(&profile));
    assert_eq!(told.expect_err("nothing to read by").kind, FailureKind::Malformed);
    profile["id"] = json!(ID);
    let (told, _) = assess(&provider(), company(), 200, &envelope(&profile));
    assert_eq!(told.expect("started").vendor_reference, Some(VendorReference(ID.to_owned())));
}

#[test]
fn q_yv_8_a_check_started_for_another_name_or_type_is_flagged_or_refused() {
    let pointer = "/entityInformation/businessInformation/businessName";
    for change in [(pointer, json!("Twitter")), ("/type", json!("Individual"))] {
        let profile = envelope(&edited(started(), std::slice::from_ref(&change)));
        let (told, _) = assess(&provider(), company(), 200, &profile);
        assert!(told.expect("started").flags.contains(&Flag::SubjectNameMismatch), "{change:?}");
        let (told, _) = assess(&strict(), company(), 200, &profile);
        assert_eq!(told.expect_err("somebody else").kind, FailureKind::Malformed, "{change:?}");
    }
}

#[test]
fn q_yv_1_a_failure_inside_http_200_starts_nothing() {
    let inner = json!({"success": false, "statusCode": 402, "message": "Insufficient fund"});
    for body in [inner.clone(), envelope(&inner)] {
        let (told, _) = assess(&provider(), company(), 200, &body);
        assert_eq!(told.expect_err("no funds").kind, FailureKind::OutOfCredit);
    }
}

#[test]
fn refused_options_are_named_as_the_subjects_fields() {
    let body = json!({"success": false, "statusCode": 422, "name": "Error", "message": "x",
        "data": {"advanceOptions.phoneNumber": "x", "isSubjectConsent": "x", "businessIndustry": "x"}});
    let (told, _) = assess(&provider(), company(), 422, &body);
    let error = told.expect_err("refused");
    assert_eq!(
        (error.kind, error.fields.as_slice()),
        (FailureKind::InvalidSubject, &["consent", "industry", "phone"].map(str::to_owned)[..])
    );
}

#[test]
fn a_wrong_path_is_misconfigured_and_not_nothing_there() {
    let body = json!({"success": false, "statusCode": 404, "name": "ResourceNotFoundError", "message": "x"});
    let (told, _) = assess(&provider(), company(), 404, &body);
    assert_eq!(told.expect_err("wrong path").kind, FailureKind::Misconfigured);
}

#[test]
fn debug_shows_neither_token_nor_secret() {
    let provider = provider_with(json!({"webhook_secret": "wh-s3cret"}));
    let printed =
        format!("{provider:?} {:?}", crate::support::settings(json!({"webhook_secret": "wh-s3cret"})));
    assert!(!printed.contains("s3cret"), "{printed}");
    let vendor = Arc::new(Vendor::answering(200, &envelope(&started()).to_string()));
    let subject = accept(company());
    let told = block_on(async { provider.assess(&call(&vendor), &subject).await });
    assert!(!format!("{told:?}").contains("Tesla"));
}
