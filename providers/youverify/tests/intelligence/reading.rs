//! Reading a profile again.

use risk_provider::{AnswerState, FactorState, FailureKind, Flag, Level};
use serde_json::{Value, json};

use crate::support::{
    ID, Told, edited, envelope, factor, merge, provider, read, ready, retrieve, started, strict, with,
    without,
};

fn person_profile() -> Value {
    let information = json!({
        "personalInformation": {"firstName": "Ahmed", "lastName": "Al Khalid", "idNumber": "1", "isIdVerified": true,
            "idExpiryDate": null, "phoneNumber": "0800"},
        "workInformation": {"occupation": "broker", "industry": "casinos"},
        "geographicInformation": {"country": "NG", "city": "lagos", "lengthOfStay": 321},
        "_id": "647f096187f89a18587648ce",
    });
    let profile = with(ready(), json!({"type": "individual", "entityInformation": information}));
    edited(profile, &[("/latestReport/personal/name", json!("Ahmed Al Khalid"))])
}

fn kind(told: Told) -> FailureKind {
    told.expect_err("an error").kind
}

#[test]
fn reading_is_free_and_goes_to_the_reference() {
    let (_, asked) = retrieve(&provider(), ID, 200, &envelope(&ready()).to_string());
    let [request] = asked.as_slice() else { panic!("{} requests", asked.len()) };
    assert_eq!((request.operation, request.paid, request.method.as_str()), ("entity", false, "GET"));
    let url = format!("https://api.youverify.example/v2/api/identity/risk-check/entities/{ID}");
    assert_eq!(request.url.as_str(), url);
    assert!(request.headers["token"].is_sensitive());
}

#[test]
fn the_documented_profile_is_read_whole() {
    let told = read(&ready()).expect("an answer");
    assert_eq!(told.score.as_ref().map(|score| score.raw()), Some("28.29875"));
    assert_eq!((told.state, told.level), (AnswerState::Final, Some(Level::Medium)));
    assert_eq!(told.vendor_level.as_deref(), Some("Potential Medium Risk"));
    assert_eq!(told.kind, "youverify-risk-intelligence");
    assert_eq!(told.mapping_version, "youverify-risk-intelligence/2");
    assert!(told.flags.is_empty(), "{:?}", told.flags);
    let rows: Vec<String> = told
        .factors
        .iter()
        .map(|factor| {
            let value = factor.value.as_ref().map_or("-", |value| value.expose());
            let weight = factor.weight.map_or_else(|| "-".to_owned(), |weight| format!("{weight:.4}"));
            format!("{} {:?} {value} {} {weight}", factor.code, factor.state, factor.score.expect("score"))
        })
        .collect();
    let expected = [
        "geography.country Scored NG 56.78 0.0625",
        "geography.city Scored lagos 67.6 0.0625",
        "geography.address_age Scored 321 0 0.0625",
        "geography.phone Scored 08000000000 0 0.0625",
        "product.industry Scored others 0 0.2500",
        "product.occupation NotApplicable - 0 -",
        "customer.kyc Scored verified 40 0.1250",
        "screening.sanction Scored - 0 0.1250",
        "screening.pep Scored - 0 0.1250",
        "screening.adverse_media Scored - 73.6 0.1250",
        "screening.previous_adverse_media Unsupported - 0 -",
        "customer.account_age Unsupported - 100 -",
        "customer.citizenship NotApplicable - 68.8 -",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_persons_profile_is_read_by_its_own_fields() {
    let told = read(&person_profile()).expect("an answer");
    assert!(told.flags.is_empty(), "{:?}", told.flags);
    for (code, value) in [
        ("product.industry", "casinos"),
        ("product.occupation", "broker"),
        ("geography.phone", "0800"),
        ("customer.citizenship", "NG"),
    ] {
        let factor = factor(&told, code);
        assert_eq!(factor.state, FactorState::Scored, "{code}");
        assert_eq!(factor.value.as_ref().map(|value| value.expose().as_str()), Some(value), "{code}");
    }
}

#[test]
fn q_yv_10_a_profile_is_pending_until_its_report_is_there() {
    let pending_word = edited(ready(), &[("/latestRiskStatus", json!("pending"))]);
    let pending_report = edited(ready(), &[("/latestReport/riskStatus", json!("Pending"))]);
    let placeholder = edited(started(), &[("/latestReport", json!({}))]);
    for profile in [started(), pending_word, pending_report, placeholder] {
        let told = read(&profile).expect("kept");
        assert_eq!((told.state, told.level), (AnswerState::Pending, None));
        assert!(told.score.is_none() && told.factors.is_empty());
    }
}

#[test]
fn q_yv_4_both_spellings_of_the_overall_word_count_and_the_higher_one_wins() {
    use Level::{High, Low, Medium, VeryHigh, VeryLow};
    let cases = [
        ("very_low_risk", "Very Low Risk", VeryLow, None),
        ("low_risk", "Low Risk", Low, None),
        ("potential_high_risk", "Potential High Risk", High, None),
        ("critical_high_risk", "Critical High Risk", VeryHigh, None),
        ("low_risk", "Potential High Risk", High, Some(Flag::LabelConflict)),
        ("critical_high_risk", "Low Risk", VeryHigh, Some(Flag::LabelConflict)),
        ("something_new", "Low Risk", Medium, Some(Flag::UnknownVendorLevel)),
        ("low_risk", "Something New", Medium, Some(Flag::UnknownVendorLevel)),
    ];
    for (snake, title, level, flag) in cases {
        let edits = [("/latestRiskStatus", json!(snake)), ("/latestReport/riskStatus", json!(title))];
        let told = read(&edited(ready(), &edits)).expect("an answer");
        assert_eq!(told.level, Some(level), "{snake} {title}");
        assert!(told.flags.iter().eq(flag.as_ref()), "{snake} {title}: {:?}", told.flags);
    }
    for pointer in ["/latestRiskStatus", "/latestReport/riskStatus"] {
        let told = read(&without(ready(), pointer)).expect("an answer");
        assert!(told.flags.contains(&Flag::UnknownVendorLevel), "{pointer}");
        assert!(told.level >= Some(Medium));
    }
}

#[test]
fn q_yv_8_a_report_about_another_name_than_its_profile_is_flagged_or_refused() {
    for name in [json!("Twitter"), json!(""), Value::Null] {
        let profile = edited(ready(), &[("/latestReport/personal/name", name)]);
        assert!(read(&profile).expect("an answer").flags.contains(&Flag::SubjectNameMismatch));
        let (told, _) = retrieve(&strict(), ID, 200, &envelope(&profile).to_string());
        assert_eq!(kind(told), FailureKind::Malformed);
    }
    let nobody = without(ready(), "/entityInformation/businessInformation/businessName");
    assert!(read(&nobody).expect("an answer").flags.contains(&Flag::SubjectNameMismatch));
}

#[test]
fn q_yv_9_what_a_profile_or_its_report_leaves_out_costs_coverage_only() {
    let whole = read(&ready()).expect("an answer").coverage();
    let report = ready()["latestReport"]["geographic"].clone();
    assert!(report.get("actualScore").is_none() && (whole - 1.0).abs() < 1e-9);
    for (pointer, code, state) in [
        ("/latestReport/geographic/phoneIntelligenceScore", "geography.phone", FactorState::NoData),
        ("/latestReport/personal/sanctionScore", "screening.sanction", FactorState::NoData),
        ("/entityInformation/businessInformation/phoneNumber", "geography.phone", FactorState::MissingInput),
        (
            "/entityInformation/geographicInformation/lengthOfStay",
            "geography.address_age",
            FactorState::MissingInput,
        ),
        ("/entityInformation/businessInformation/isIdVerified", "customer.kyc", FactorState::MissingInput),
    ] {
        let told = read(&without(ready(), pointer)).expect("an answer");
        assert_eq!(factor(&told, code).state, state, "{pointer}");
        assert!(told.coverage() < whole, "{pointer}");
    }
}

#[test]
fn q_yv_9_the_blocks_own_scores_are_taken_from_the_history_and_checked() {
    let mismatch = |edits: &[(&str, Value)]| {
        read(&edited(ready(), edits)).expect("an answer").flags.contains(&Flag::VendorArithmeticMismatch)
    };
    assert!(!mismatch(&[]));
    let actual = "/riskReportHistory/0/geographic/actualScore";
    assert!(mismatch(&[(actual, json!(50))]));
    assert!(
        !mismatch(&[(actual, json!(50)), ("/riskReportHistory/0/riskScore", json!(77))]),
        "another report"
    );
    for odd in [json!([]), Value::Null, json!({}), json!([null, 1, {"geographic": 1}])] {
        assert!(!mismatch(&[("/riskReportHistory", odd)]));
    }
    assert!(!mismatch(&[("/latestRiskScore", json!(28.29875))]));
    assert!(mismatch(&[("/latestRiskScore", json!(12))]));
    assert!(mismatch(&[("/latestReport/basicRiskScore", json!(12))]));
}

#[test]
fn q_yv_16_of_equal_reports_in_a_history_the_one_of_the_latest_day_counts() {
    let mut profile = ready();
    let mut older = profile["riskReportHistory"][0].clone();
    older["reportMonth"] = json!("05");
    older["geographic"]["actualScore"] = json!(1);
    let mut newer = profile["riskReportHistory"][0].clone();
    newer["reportMonth"] = json!("07");
    profile["riskReportHistory"] = json!([newer, older]);
    assert!(!read(&profile).expect("an answer").flags.contains(&Flag::VendorArithmeticMismatch));
    profile["riskReportHistory"][1]["reportYear"] = json!("2024");
    assert!(read(&profile).expect("an answer").flags.contains(&Flag::VendorArithmeticMismatch));
}

#[test]
fn q_yv_27_a_newer_report_under_the_same_reference_is_another_answer_of_its_own_time() {
    let told = read(&ready()).expect("an answer");
    let later = edited(ready(), &[("/reportlastUpdatedAt", json!("2023-07-06T10:25:22.037Z"))]);
    let again = read(&later).expect("an answer");
    assert!(again.assessed_at > told.assessed_at && again.vendor_reference == told.vendor_reference);
    let right_after = edited(ready(), &[("/reportNextUpdateAt", ready()["requestedAt"].clone())]);
    assert_eq!(read(&right_after).expect("an answer").assessed_at, told.assessed_at);
}

#[test]
fn q_yv_12_the_time_of_an_answer_is_read_under_its_odd_spelling() {
    let told = read(&ready()).expect("an answer");
    assert_eq!(told.assessed_at.to_string(), "2023-06-06T10:25:22.037Z");
    for odd in [Value::Null, json!("soon"), json!("2099-01-01T00:00:00Z")] {
        let told = read(&edited(ready(), &[("/reportlastUpdatedAt", odd)])).expect("an answer");
        assert_eq!(told.assessed_at, crate::support::now());
    }
}

#[test]
fn q_yv_20_a_companys_person_like_components_do_not_apply() {
    let told = read(&ready()).expect("an answer");
    for code in ["product.occupation", "customer.citizenship"] {
        let factor = factor(&told, code);
        assert_eq!((factor.state, factor.weight, factor.level), (FactorState::NotApplicable, None, None));
    }
}

#[test]
fn q_yv_23_staff_names_are_removed_and_listed_at_every_depth() {
    for body in [ready(), envelope(&ready()), envelope(&envelope(&ready()))] {
        let (told, _) = retrieve(&provider(), ID, 200, &body.to_string());
        let raw = told.expect("an answer").raw;
        assert!(!raw.text().contains("Staff") && raw.text().contains("Tesla"));
        assert!(raw.removed().len() == 1 && raw.removed()[0].ends_with("requestedBy"), "{:?}", raw.removed());
    }
    let (told, _) = retrieve(&provider(), ID, 200, &envelope(&without(ready(), "/requestedBy")).to_string());
    assert!(told.expect("an answer").raw.removed().is_empty());
}

#[test]
fn q_yv_28_a_profile_is_asked_for_by_either_of_its_ids_and_no_other_is_taken() {
    let body = envelope(&ready()).to_string();
    for id in [ID, "647f096187f89a18587648ce"] {
        let (told, _) = retrieve(&provider(), id, 200, &body);
        assert_eq!(
            told.expect("an answer").vendor_reference.expect("reference").0,
            ID,
            "by {id}: the same answer"
        );
    }
    let (told, _) = retrieve(&provider(), "647efc16b80d630288c4c283", 200, &body);
    assert_eq!(kind(told), FailureKind::Malformed);
}

#[test]
fn a_report_that_speaks_against_itself_completes_nothing_wherever_it_is_read() {
    for sign in
        [json!({"error": "lists unavailable"}), json!({"success": false}), json!({"status": "failed"})]
    {
        let mut profile = ready();
        merge(&mut profile["latestReport"], sign.clone());
        assert_eq!(kind(read(&profile)), FailureKind::Malformed, "{sign}");
    }
}

#[test]
fn nothing_under_a_reference_is_not_found_and_never_misconfigured() {
    let refused = |status: u16| json!({"success": false, "statusCode": status, "message": "x"}).to_string();
    for (status, body, expected) in [
        (404, refused(404), FailureKind::NotFound),
        (404, String::new(), FailureKind::NotFound),
        (200, refused(404), FailureKind::NotFound),
        (400, json!({"message": "Wrong id format", "status_code": 400}).to_string(), FailureKind::NotFound),
        (400, json!({"message": "You are low on credit"}).to_string(), FailureKind::OutOfCredit),
        (401, refused(401), FailureKind::BadCredentials),
        (405, refused(405), FailureKind::Misconfigured),
        (429, refused(429), FailureKind::RateLimited),
        (503, refused(503), FailureKind::VendorError),
        (200, "{}".to_owned(), FailureKind::Malformed),
    ] {
        let (told, _) = retrieve(&provider(), ID, status, &body);
        assert_eq!(kind(told), expected, "{status} {body}");
    }
    for reference in ["", "..", "a/b", "a?b", "é", &"a".repeat(65)] {
        let (told, asked) = retrieve(&provider(), reference, 200, "{}");
        assert_eq!(kind(told), FailureKind::NotFound, "{reference}");
        assert!(asked.is_empty());
    }
}

/// Nobody knows whose words an error about a kept profile holds.
#[test]
fn q_yv_25_an_error_about_a_kept_profile_quotes_nothing_but_its_class() {
    let body = json!({"success": false, "statusCode": 500, "name": "Error", "message": "Tesla failed"});
    let (told, _) = retrieve(&provider(), ID, 500, &body.to_string());
    let error = told.expect_err("failed");
    assert_eq!(error.vendor_identifier.as_deref(), Some("Error"));
    assert!(!error.detail.contains("Tesla"), "{error}");
}
