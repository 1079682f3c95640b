//! From the vendor's answer to the unified model.

use risk_provider::{Category, FactorState, FailureKind, Flag, Level, RiskProvider};
use risk_provider_idenfy::Idenfy;
use serde_json::{Value, json};

use crate::support::{
    CHECK, NOW, UNANSWERED, assess, check_with, common, documented, is, matthew, profile_then, settings,
    subject, time_of, with,
};

#[tokio::test]
async fn the_documented_check_reads_as_documented() {
    let answer = assess(CHECK).await.expect("an assessment");
    let score = answer.score.clone().expect("a score");
    assert_eq!((score.value(), score.raw()), (100.0, "100"));
    assert_eq!(answer.level, Some(Level::VeryHigh));
    assert_eq!(answer.vendor_level.as_deref(), Some("VERY_HIGH"));
    assert!(answer.flags.is_empty(), "{:?}", answer.flags);
    assert!(is(answer.coverage(), 1.0));
    assert_eq!(answer.assessed_at, time_of(NOW));
    assert_eq!(answer.mapping_version, "idenfy/2");
    assert_eq!(answer.kind, Idenfy::KIND);
    let factors: Vec<_> = answer
        .factors
        .iter()
        .map(|it| (it.category, it.code.as_str(), it.score, it.level, it.weight, it.contribution))
        .collect();
    let expected = [
        (Category::Screening, "screening.pep", Some(25.0), Some(Level::Low), Some(0.5), Some(40.0)),
        (Category::Geography, "geography.country", Some(50.0), Some(Level::Medium), Some(0.5), Some(60.0)),
    ];
    assert_eq!(factors, expected);
    assert_eq!(answer.factors[0].label, "Is shareholder PEP?");
    assert_eq!(answer.factors[0].vendor_label.as_deref(), Some("LOW"));
    assert_eq!(answer.factors[0].value.as_ref().expect("a value").expose(), "Yes");
}

#[tokio::test]
async fn q_id_2_references_are_opaque_whatever_their_length() {
    for id in [json!("17CRlVRrxUa91BAMvMdeYP"), json!("x"), json!("61fbe03e-961c-4c6f-a2cd-801083ddbe0d")] {
        let answer = assess(check_with("/id", id.clone())).await.expect("an assessment");
        assert_eq!(Some(answer.vendor_reference.expect("a reference").0.as_str()), id.as_str());
    }
}

#[tokio::test]
async fn q_id_5_an_unanswered_check_has_neither_score_nor_level() {
    let answer = assess(UNANSWERED).await.expect("an assessment");
    assert_eq!((answer.score.clone(), answer.level), (None, None));
    assert_eq!(answer.vendor_level.as_deref(), Some("VERY_LOW"));
    assert!(is(answer.coverage(), 0.0));
    assert!(answer.flags.contains(&Flag::Unanswered));
    assert_eq!(answer.factors.len(), 2);
    for factor in &answer.factors {
        assert_eq!((factor.state, factor.score, factor.level), (FactorState::MissingInput, None, None));
    }
    for sections in [json!([]), json!([{"key": "a", "weight": 100, "questions": []}])] {
        let answer = assess(with(UNANSWERED, &json!({"sections": sections}))).await.expect("an assessment");
        assert_eq!((answer.score.clone(), answer.level, answer.coverage()), (None, None, 0.0));
    }
}

#[tokio::test]
async fn q_id_5_answers_with_a_total_of_nought_were_not_counted() {
    for (word, level) in
        [("VERY_LOW", None), ("LOW", None), ("NOT_CHECKED", Some(Level::Medium)), ("HIGH", Some(Level::High))]
    {
        for nought in [json!(0), json!(0.0)] {
            let body = with(CHECK, &json!({"riskScore": nought, "riskLevel": word}));
            let answer = assess(body).await.expect("an assessment");
            assert_eq!((answer.score, answer.level), (None, level), "{word} {nought}");
            assert!(answer.flags.contains(&Flag::Unanswered), "{word} {nought}");
        }
    }
}

#[tokio::test]
async fn an_answer_with_a_word_that_nobody_documented_may_be_the_worst_one() {
    for (word, level) in [
        ("VERY_LOW", Level::Medium),
        ("LOW", Level::Medium),
        ("MEDIUM", Level::Medium),
        ("HIGH", Level::High),
    ] {
        let mut body = check_with("/sections/0/questions/1/answers/0/riskLevel", json!("EXTREME"));
        body["riskLevel"] = json!(word);
        let answer = assess(body).await.expect("an assessment");
        assert_eq!(answer.level, Some(level), "{word}");
        assert!(answer.flags.contains(&Flag::UnknownVendorWord), "{word}");
    }
}

#[tokio::test]
async fn q_id_13_optional_fields_may_be_missing_or_of_any_shape() {
    let odd = json!({"comment": {"text": "x"}, "companyId": 7, "stateChangeEvent": ["LATER"], "updateRequired": "no",
        "createdAt": 5, "updatedAt": null, "partner": null, "profile": null});
    let answer = assess(with(CHECK, &odd)).await.expect("an assessment");
    assert!(answer.flags.is_empty(), "{:?}", answer.flags);
    let mut bare: Value = serde_json::from_str(CHECK).expect("JSON");
    let fields = bare.as_object_mut().expect("an object");
    for field in
        ["comment", "createdAt", "updatedAt", "updateRequired", "stateChangeEvent", "companyId", "partner"]
            .into_iter()
            .chain(["profile", "riskLevelChangedBy"])
    {
        fields.remove(field).expect("a documented field");
    }
    assert_eq!(assess(bare).await.expect("an assessment").level, Some(Level::VeryHigh));
}

#[tokio::test]
async fn q_id_14_the_word_of_a_person_wins_over_the_score() {
    let changed = json!({"riskLevel": "LOW", "riskLevelChangedBy": {"name": "somebody"}});
    let answer = assess(with(CHECK, &changed)).await.expect("an assessment");
    assert_eq!(answer.level, Some(Level::Low));
    assert_eq!(answer.score.expect("a score").raw(), "100");
    assert!(answer.flags.contains(&Flag::VendorLevelOverridden));
}

#[tokio::test]
async fn who_changed_a_level_is_not_kept_but_that_somebody_did_is() {
    for by in
        [json!("Zainab Staff"), json!({"id": 7, "name": "Zainab Staff"}), json!(["Zainab Staff"]), json!(7)]
    {
        let answer = assess(with(CHECK, &json!({"riskLevelChangedBy": by}))).await.expect("an assessment");
        assert!(answer.flags.contains(&Flag::VendorLevelOverridden), "{by}");
        assert_eq!(answer.raw.removed(), ["partner", "riskLevelChangedBy"], "{by}");
        assert!(!answer.raw.text().contains("riskLevelChangedBy"), "{by}");
        assert!(!answer.raw.text().contains("Zainab"), "{by}");
    }
    let answer = assess(CHECK).await.expect("an assessment");
    assert_eq!(answer.raw.removed(), ["partner"]);
    assert!(answer.raw.text().contains(r#""riskLevelChangedBy":null"#), "{}", answer.raw.text());
}

#[tokio::test]
async fn q_id_15_every_word_counts_whatever_the_bands() {
    let words = [
        ("VERY_LOW", Level::VeryLow),
        ("LOW", Level::Low),
        ("MEDIUM", Level::Medium),
        ("HIGH", Level::High),
        ("VERY_HIGH", Level::VeryHigh),
    ];
    for (word, level) in words {
        let answer = assess(check_with("/riskLevel", json!(word))).await.expect("an assessment");
        assert_eq!(answer.level, Some(level), "{word}");
        assert!(answer.flags.is_empty(), "{word}");
    }
}

#[tokio::test]
async fn an_unknown_or_missing_word_is_at_least_medium_and_says_so() {
    for word in [json!("NOT_CHECKED"), json!("EXTREME"), json!("very_low"), json!(""), json!(1), Value::Null]
    {
        for (score, level) in [(0, Level::Medium), (45, Level::Medium), (61, Level::High)] {
            let body = with(CHECK, &json!({"riskLevel": word, "riskScore": score}));
            let answer = assess(body).await.expect("an assessment");
            assert_eq!(answer.level, Some(level), "{word} {score}");
            assert!(answer.flags.contains(&Flag::UnknownVendorLevel), "{word}");
        }
    }
}

#[tokio::test]
async fn q_id_17_the_order_of_keys_means_nothing() {
    fn reversed(value: &Value) -> String {
        match value {
            Value::Object(fields) => {
                let mut fields: Vec<_> = fields
                    .iter()
                    .map(|(name, value)| format!("{}:{}", json!(name), reversed(value)))
                    .collect();
                fields.sort_by(|a, b| b.cmp(a));
                format!("{{{}}}", fields.join(","))
            }
            Value::Array(items) => format!("[{}]", items.iter().map(reversed).collect::<Vec<_>>().join(",")),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
        }
    }
    let answer = assess(CHECK).await.expect("an assessment");
    let turned = assess(reversed(&serde_json::from_str(CHECK).expect("JSON"))).await.expect("an assessment");
    assert_eq!((turned.score, turned.level, turned.factors), (answer.score, answer.level, answer.factors));
}

#[tokio::test]
async fn q_id_18_account_data_is_not_kept() {
    let answer = assess(CHECK).await.expect("an assessment");
    assert_eq!(answer.raw.removed(), ["partner"]);
    for trace in ["partner", "TESTING", "2253", "companyName"] {
        assert!(!answer.raw.text().contains(trace), "{trace}");
    }
}

#[tokio::test]
async fn q_id_20_the_accounts_environment_decides_nothing() {
    let answer = assess(CHECK).await.expect("an assessment");
    let moved = CHECK.replace("TESTING", "PRODUCTION");
    assert_eq!(assess(moved).await.expect("an assessment"), answer);
}

#[tokio::test]
async fn q_id_19_an_answer_about_another_profile_is_flagged() {
    let answer = assess(UNANSWERED).await.expect("an assessment");
    assert!(answer.flags.contains(&Flag::ProfileMismatch));
    let answer = assess(CHECK.replace("61fbe03e", "61FBE03E")).await.expect("an assessment");
    assert!(answer.flags.is_empty());
}

#[tokio::test]
async fn another_name_is_flagged_or_refused_when_strict() {
    for (name, same) in [
        (json!("Matthew Collins"), true),
        (json!("MATTHEW  COLLINS"), true),
        (json!("Mathew Collins"), false),
        (json!(""), false),
        (Value::Null, false),
    ] {
        let body = check_with("/name", name.clone());
        let answer = assess(&body).await.expect("an assessment");
        assert_eq!(answer.flags.contains(&Flag::SubjectNameMismatch), !same, "{name}");
        let mut strict = common();
        strict.strict_subject_match = true;
        let questions =
            json!({"Is shareholder PEP?": "politically_exposed", "Shareholder residency": "country"});
        let strict = Idenfy::new(strict, settings(&questions)).expect("valid settings");
        let answer = strict.assess(&profile_then(body).call(), &matthew()).await;
        assert_eq!(
            answer.map(drop).map_err(|error| error.kind),
            same.then_some(()).ok_or(FailureKind::Malformed)
        );
    }
}

#[tokio::test]
async fn a_company_is_asked_about_and_answered_by_its_name() {
    let company = subject(&json!({"type": "business", "name": null, "business_name": "Acme Mills Ltd"}));
    let vendor = profile_then(check_with("/name", json!("ACME Mills Ltd")));
    let answer = documented().assess(&vendor.call(), &company).await.expect("an assessment");
    assert_eq!(vendor.last_body()["name"], "Acme Mills Ltd");
    assert!(answer.flags.is_empty());
}

#[tokio::test]
async fn only_numbers_from_0_to_100_are_scores() {
    for literal in ["-1", "100.5", "\"100\"", "null", "true", "[100]", "1e999"] {
        let error = assess(CHECK.replace("\"riskScore\": 100", &format!("\"riskScore\": {literal}")))
            .await
            .expect_err(literal);
        assert_eq!(error.kind, FailureKind::Malformed, "{literal}");
    }
    let body = CHECK.replace("\"riskScore\": 100", "\"riskScore\": 99.950");
    let answer = assess(body).await.expect("an assessment");
    assert_eq!(answer.score.expect("a score").raw(), "99.950");
}

#[tokio::test]
async fn arithmetic_that_does_not_come_out_is_flagged_and_nothing_more() {
    let cases = [
        ("/riskScore", json!(99.1), false),
        ("/riskScore", json!(99), true),
        ("/riskScore", json!(0), true),
        ("/sections/0/riskScore", json!(4), true),
        ("/sections/0/maxRiskScore", json!(10), true),
        ("/sections/0/maxRiskScore", json!(0), true),
        ("/sections/0/weight", json!(50), true),
        ("/sections/0/maxRiskScore", Value::Null, false),
        ("/sections/0/riskScore", json!("five"), false),
    ];
    for (place, value, flagged) in cases {
        let answer = assess(check_with(place, value.clone())).await.expect("an assessment");
        assert_eq!(answer.flags.contains(&Flag::VendorArithmeticMismatch), flagged, "{place} {value}");
        assert_eq!(answer.level, Some(Level::VeryHigh));
    }
}

#[tokio::test]
async fn what_judges_other_answers_than_were_sent_never_reads_as_low() {
    for (word, level) in
        [("VERY_LOW", None), ("LOW", None), ("MEDIUM", Some(Level::Medium)), ("HIGH", Some(Level::High))]
    {
        let mut body = check_with("/sections/0/questions/0/answers/0/key", json!("QQALQApLKI"));
        body["riskLevel"] = json!(word);
        let answer = assess(body).await.expect("an assessment");
        assert_eq!(answer.level, level, "{word}");
        assert_eq!(answer.flags.contains(&Flag::Unanswered), level.is_none(), "{word}");
        assert_eq!(answer.score.is_none(), level.is_none(), "{word}");
    }
}

#[tokio::test]
async fn a_question_that_comes_back_twice_never_reads_as_low() {
    for place in ["/sections", "/sections/0/questions"] {
        let mut body = check_with("/riskLevel", json!("LOW"));
        let parts = body.pointer_mut(place).and_then(Value::as_array_mut).expect("a list");
        parts.push(parts[0].clone());
        let answer = assess(body).await.expect("an assessment");
        assert!(answer.level.is_none() && answer.flags.contains(&Flag::Unanswered), "{place}: {answer:?}");
    }
}
