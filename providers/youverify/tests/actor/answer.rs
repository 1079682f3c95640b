//! What is made of a report.

use risk_provider::{
    AnswerState, FactorState, FailureKind, Flag, Level, ProviderAssessment, ProviderSettings,
};
use risk_provider_youverify::Actor;
use serde_json::{Value, json};

use crate::support::{
    ANSWER, ANSWER_LINKS_OUTER, Vendor, actor, ahmed, assess, common, company, edited, edited_at, factor,
    now, read, read_about, settings, spliced, with,
};

fn told(body: &str) -> ProviderAssessment {
    read(body).expect("an answer")
}

#[test]
fn the_documented_answer_is_read_whole() {
    let told = told(ANSWER);
    let score = told.score.as_ref().expect("score");
    assert_eq!(score.raw(), "58.27283333365");
    assert_eq!(told.level, Some(Level::Medium));
    assert_eq!(told.vendor_level.as_deref(), Some("Potential Medium Risk"));
    assert_eq!((told.state, told.kind.as_str()), (AnswerState::Final, "youverify-actor"));
    assert_eq!(told.mapping_version, "youverify-actor/2");
    assert!(told.flags.iter().eq(&[Flag::SubjectNameMismatch, Flag::LabelConflict]), "{:?}", told.flags);
    assert_eq!(told.evidence.len(), 3);
    assert!((told.coverage() - 1.0).abs() < 1e-9, "{}", told.coverage());
}

#[test]
fn every_component_of_the_documented_answer_is_a_factor() {
    let told = told(ANSWER);
    let row = |code: &str| {
        let factor = factor(&told, code);
        let value = factor.value.as_ref().map_or("-", |value| value.expose());
        let level = factor.level.map_or("-", Level::as_str);
        let weight = factor.weight.map_or_else(|| "-".to_owned(), |weight| format!("{weight:.4}"));
        format!("{code} {:?} {value} {} {level} {weight}", factor.state, factor.score.expect("score"))
    };
    let rows: Vec<String> = told.factors.iter().map(|factor| row(&factor.code)).collect();
    let expected = [
        "geography.country Scored NG 56.78 medium 0.0833",
        "geography.city Scored lagos 67.6 high 0.0833",
        "geography.address_age Scored 30 50.000000002 medium 0.0833",
        "product.industry Scored arms_dealers 100 very_high 0.2500",
        "product.occupation Unsupported - 0 - -",
        "customer.kyc Scored not_verified 100 very_high 0.0714",
        "screening.sanction Scored - 0 very_low 0.0714",
        "screening.pep Scored - 0 very_low 0.0714",
        "screening.adverse_media Scored - 77.23333333333333 high 0.0714",
        "screening.previous_adverse_media Scored 60 60 high 0.0714",
        "customer.account_age Scored 50 16.666666670000012 very_low 0.0714",
        "customer.citizenship Scored NG 68.8 high 0.0714",
    ];
    assert_eq!(rows, expected);
    assert!(told.factors.iter().all(|factor| factor.code.starts_with(factor.category.as_str())));
}

#[test]
fn q_yv_1_a_report_is_found_in_none_to_three_envelopes() {
    let report: Value = serde_json::from_str::<Value>(ANSWER).expect("JSON")["data"]["data"].take();
    let wrap = |inner: Value| json!({"success": true, "statusCode": 200, "message": "x", "data": inner});
    let mut body = report;
    for depth in 0..=3 {
        assert_eq!(told(&body.to_string()).level, Some(Level::Medium), "{depth}");
        body = wrap(body);
    }
    let error = read(&body.to_string()).expect_err("four envelopes");
    assert_eq!(error.kind, FailureKind::Malformed);
}

#[test]
fn q_yv_1_an_inner_failure_under_an_outer_success_is_an_error() {
    let inner = json!({"success": false, "statusCode": 402, "message": "Insufficient fund",
        "name": "PaymentRequiredError", "data": {}});
    let body = json!({"success": true, "statusCode": 200, "message": "success", "data": inner});
    let error = read(&body.to_string()).expect_err("failed inside");
    assert_eq!((error.kind, error.vendor_status), (FailureKind::OutOfCredit, Some(200)));
    assert_eq!(error.vendor_identifier.as_deref(), Some("PaymentRequiredError"));
}

#[test]
fn q_yv_2_both_places_of_links_read_the_same() {
    let (inner, outer) = (told(ANSWER), told(ANSWER_LINKS_OUTER));
    assert_eq!(outer.raw.text(), ANSWER_LINKS_OUTER);
    assert_eq!(ProviderAssessment { raw: inner.raw.clone(), ..outer }, inner);
}

#[test]
fn q_yv_7_the_answer_has_no_reference_and_its_time_is_that_of_arrival() {
    let told = told(ANSWER);
    assert_eq!((told.vendor_reference, told.assessed_at), (None, now()));
    assert_eq!(told.raw.text(), ANSWER);
    assert!(told.raw.removed().is_empty());
}

#[test]
fn q_yv_8_an_answer_about_another_name_or_none_is_flagged_or_refused() {
    let strict = Actor::new(ProviderSettings { strict_subject_match: true, ..common() }, settings());
    let strict = strict.expect("valid");
    let cases = [
        (Some(json!("Twitter")), true),
        (Some(json!("AHMED  al khalid")), false),
        (Some(json!("")), true),
        (Some(json!(" ")), true),
        (Some(Value::Null), true),
        (None, true),
    ];
    for (name, other) in cases {
        let body = edited_at("personal.name", name.clone());
        assert_eq!(told(&body).flags.contains(&Flag::SubjectNameMismatch), other, "{name:?}");
        let (told, _) = assess(&strict, ahmed(), Vendor::answering(200, &[], &body));
        assert_eq!(told.err().map(|error| error.kind), other.then_some(FailureKind::Malformed), "{name:?}");
    }
}

#[test]
fn q_yv_8_an_answer_about_another_country_is_one_about_somebody_else() {
    for (country, other) in
        [(json!("ng"), false), (json!(["NG"]), false), (json!("KP"), true), (Value::Null, false)]
    {
        let body = edited(|report| {
            report["personal"]["name"] = json!("Ahmed Al Khalid");
            report["geographic"]["country"] = country.clone();
        });
        assert_eq!(told(&body).flags.contains(&Flag::SubjectNameMismatch), other, "{country}");
    }
}

#[test]
fn q_yv_9_what_a_report_leaves_out_is_no_data_and_costs_coverage() {
    for (path, code) in [
        ("geographic.countryScore", "geography.country"),
        ("personal.sanctionScore", "screening.sanction"),
        ("personal.pepScore", "screening.pep"),
        ("personal.adverseMediaScore", "screening.adverse_media"),
        ("personal.kycScore", "customer.kyc"),
    ] {
        for value in [None, Some(Value::Null)] {
            let told = told(&edited_at(path, value));
            assert_eq!((factor(&told, code).state, factor(&told, code).score), (FactorState::NoData, None));
            assert!(told.coverage() < 0.95, "{path}");
        }
    }
    let told = told(&edited(|report| {
        report["geographic"].as_object_mut().expect("block").retain(|key, _| !key.starts_with("actual"));
        report["geographic"]["phoneIntelligenceScore"] = json!(0);
        report["geographic"]["phoneIntelligenceScoreStatus"] = json!("Low Risk");
    }));
    assert_eq!(factor(&told, "geography.phone").state, FactorState::Unsupported);
    assert!(!told.flags.contains(&Flag::VendorArithmeticMismatch));
}

#[test]
fn an_input_that_was_not_sent_leaves_the_vendors_assumption_marked() {
    let mut subject = ahmed();
    for field in ["months_at_address", "account_age_months", "industry", "previous_adverse_media_score"] {
        subject = with(subject, field, Value::Null);
    }
    let told = read_about(subject, ANSWER).expect("an answer");
    for (code, state, score) in [
        ("geography.address_age", FactorState::MissingInput, 50.000000002),
        ("customer.account_age", FactorState::MissingInput, 16.666666670000012),
        ("product.industry", FactorState::MissingInput, 100.0),
        ("screening.previous_adverse_media", FactorState::NotApplicable, 60.0),
    ] {
        let factor = factor(&told, code);
        assert_eq!((factor.state, factor.score, &factor.value), (state, Some(score), &None), "{code}");
    }
    let expected = 1.0 - 0.25 / 3.0 - 0.25 - 0.5 / 6.0;
    assert!((told.coverage() - expected).abs() < 1e-9, "{}", told.coverage());
}

#[test]
fn q_yv_20_a_companys_person_like_components_do_not_apply() {
    let told = read_about(company(), ANSWER).expect("an answer");
    for code in ["product.occupation", "customer.citizenship", "screening.previous_adverse_media"] {
        let factor = factor(&told, code);
        assert_eq!((factor.state, factor.weight, factor.level), (FactorState::NotApplicable, None, None));
    }
    assert!((factor(&told, "customer.kyc").weight.expect("weight") - 0.1).abs() < 1e-12);
    assert!(!told.flags.contains(&Flag::SubjectNameMismatch));
}

#[test]
fn q_yv_12_the_odd_spelling_of_earlier_media_is_read() {
    let told = told(&edited_at("personal.pAdverseMediaScore", Some(json!(61.5))));
    assert_eq!(factor(&told, "screening.previous_adverse_media").score, Some(61.5));
}

#[test]
fn q_yv_14_an_echoed_place_may_be_a_list_or_anything_else() {
    for (echo, value) in
        [(json!(["lagos"]), "lagos"), (json!("Lagos"), "Lagos"), (json!(7), "lagos"), (Value::Null, "lagos")]
    {
        let told = told(&edited_at("geographic.city", Some(echo)));
        let city = factor(&told, "geography.city");
        assert_eq!(city.value.as_ref().map(|value| value.expose().as_str()), Some(value));
    }
}

#[test]
fn q_yv_21_int_and_float_tokens_and_binary_noise_are_scores() {
    for literal in ["58", "58.0", "5.8e1", "34.474999999999994", "16.666666670000012"] {
        let body = spliced("\"riskScore\": 58.27283333365", &format!("\"riskScore\": {literal}"));
        let score = told(&body).score.expect("score");
        assert_eq!((score.raw(), score.value()), (literal, literal.parse().expect("number")));
    }
    let body = edited_at("product.industryScore", Some(json!(100.0)));
    assert_eq!(factor(&told(&body), "product.industry").score, Some(100.0));
}

#[test]
fn documented_sums_are_checked_within_a_tolerance_and_only_flagged() {
    let cases = [
        ("geographic.weightedScore", json!(14.6332504), false),
        ("geographic.weightedScore", json!(14.64), true),
        ("geographic.weight", json!(0.3), true),
        ("geographic.weight", json!(25), true),
        ("product.actualScore", json!(91), true),
        ("basicRiskScore", json!(58.3), true),
        ("riskScore", json!(58.3), true),
        ("personal.weightedScore", Value::Null, false),
        ("basicRiskScore", Value::Null, false),
    ];
    for (path, value, mismatch) in cases {
        let told = told(&edited_at(path, Some(value.clone())));
        assert_eq!(told.flags.contains(&Flag::VendorArithmeticMismatch), mismatch, "{path} {value}");
        assert_eq!(told.level, Some(Level::Medium), "{path} {value}");
    }
    let shares = |personal: f64| {
        let body = edited(|report| {
            report["personal"]["weight"] = json!(personal);
            report["personal"]["weightedScore"] = Value::Null;
        });
        told(&body).flags.contains(&Flag::VendorArithmeticMismatch)
    };
    assert!(!shares(0.5) && shares(0.4), "the blocks are the whole together");
}

#[test]
fn a_weight_that_is_no_share_gives_way_to_the_documented_one() {
    for weight in [json!(25), json!(-1), Value::Null] {
        let told = told(&edited_at("product.weight", Some(weight)));
        assert_eq!(factor(&told, "product.industry").weight, Some(0.25));
    }
    let told = told(&edited_at("product.weight", Some(json!(0.4))));
    assert_eq!(factor(&told, "product.industry").weight, Some(0.4));
}

#[test]
fn q_yv_22_an_echoed_earlier_score_changes_nothing() {
    for previous in [json!(0), json!(100), Value::Null, json!("x")] {
        let told = told(&edited_at("previousRiskScore", Some(previous)));
        assert!(!told.flags.contains(&Flag::VendorArithmeticMismatch));
        assert_eq!(told.score.expect("score").raw(), "58.27283333365");
    }
}

#[test]
fn q_yv_24_names_and_places_may_be_any_text() {
    let subject = with(ahmed(), "name", json!({"first": "Łukasz", "last": "Οδυσσέας 王"}));
    let body = edited_at("personal.name", Some(json!("łukasz οδυσσέας 王")));
    let (told, asked) = assess(&actor(), subject, Vendor::answering(200, &[], &body));
    let body: Value = serde_json::from_str(asked[0].body.as_deref().expect("body")).expect("JSON");
    assert_eq!(body["lastName"], "Οδυσσέας 王");
    assert!(!told.expect("an answer").flags.contains(&Flag::SubjectNameMismatch));
}
