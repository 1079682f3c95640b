//! The vendor's words: every documented one, every documented pair, and those that nobody documented.

use risk_provider::{Flag, Level, ProviderAssessment};
use serde_json::{Value, json};

use crate::support::{edited, factor, read};

fn told(edit: impl FnOnce(&mut Value)) -> ProviderAssessment {
    read(&edited(edit)).expect("an answer")
}

fn overall(score: Value, word: Value) -> ProviderAssessment {
    told(|report| {
        report["riskScore"] = score;
        report["riskStatus"] = word;
    })
}

/// The factor `code` after its score and word are replaced, and the whole answer.
fn component(code: &str, score: Value, word: Value) -> ProviderAssessment {
    let (block, key) = match code {
        "geography.country" => ("geographic", "country"),
        "geography.city" => ("geographic", "city"),
        "geography.address_age" => ("geographic", "lengthOfStay"),
        "product.industry" => ("product", "industry"),
        "customer.kyc" => ("personal", "kyc"),
        "screening.sanction" => ("personal", "sanction"),
        "screening.pep" => ("personal", "pep"),
        "screening.adverse_media" => ("personal", "adverseMedia"),
        "screening.previous_adverse_media" => ("personal", "pAdverseMedia"),
        "customer.account_age" => ("personal", "accountAge"),
        "customer.citizenship" => ("personal", "citizenship"),
        other => panic!("{other}"),
    };
    told(|report| {
        // The documented answer's own conflict, out of the way.
        report["personal"]["accountAgeScoreStatus"] = json!("Low Risk");
        report[block][format!("{key}Score")] = score;
        report[block][format!("{key}ScoreStatus")] = word;
    })
}

#[test]
fn q_yv_4_both_spellings_of_every_overall_word_are_levels() {
    let words = [
        ("Very Low Risk", "very_low_risk", Level::VeryLow),
        ("Low Risk", "low_risk", Level::Low),
        ("Potential Medium Risk", "potential_medium_risk", Level::Medium),
        ("Potential High Risk", "potential_high_risk", Level::High),
        ("Critical High Risk", "critical_high_risk", Level::VeryHigh),
    ];
    for (title, snake, level) in words {
        for word in [title, snake, &title.to_uppercase(), &format!(" {title} ")] {
            let told = overall(json!(50), json!(word));
            assert_eq!((told.level, told.vendor_level.as_deref()), (Some(level), Some(word)));
            assert!(!told.flags.contains(&Flag::UnknownVendorLevel), "{word}");
        }
    }
}

#[test]
fn an_unknown_or_missing_overall_word_is_at_least_medium_and_flagged() {
    for word in [json!("No Risk"), json!("Medium"), json!(""), Value::Null] {
        for (score, level) in [
            (0, Level::Medium),
            (30, Level::Medium),
            (59, Level::Medium),
            (60, Level::High),
            (95, Level::VeryHigh),
        ] {
            let told = overall(json!(score), word.clone());
            assert_eq!(told.level, Some(level), "{score} {word}");
            assert!(told.flags.contains(&Flag::UnknownVendorLevel), "{score} {word}");
            assert_eq!(told.vendor_level.as_deref(), word.as_str());
        }
    }
}

/// Every documented pair that this call can meet: the level follows the score alone, the word is kept.
#[test]
fn q_yv_6_score_and_word_are_kept_apart_for_every_documented_pair() {
    let pairs = [
        ("geography.country", 56.78, "Potential High Risk", Level::Medium, false),
        ("geography.city", 67.6, "Potential High Risk", Level::High, false),
        ("geography.city", 50.0, "Potential Medium Risk", Level::Medium, false),
        ("geography.address_age", 0.0, "Low Risk", Level::VeryLow, false),
        ("geography.address_age", 50.000000002, "Potential Medium Risk", Level::Medium, false),
        ("product.industry", 0.0, "Low Risk", Level::VeryLow, false),
        ("product.industry", 100.0, "Potential High Risk", Level::VeryHigh, false),
        ("screening.adverse_media", 73.6, "Potential High Risk", Level::High, false),
        ("screening.adverse_media", 77.23333333333333, "Potential High Risk", Level::High, false),
        ("screening.adverse_media", 0.0, "Low Risk", Level::VeryLow, false),
        ("screening.previous_adverse_media", 0.0, "Low Risk", Level::VeryLow, false),
        ("screening.previous_adverse_media", 60.0, "Potential Medium Risk", Level::High, false),
        ("customer.account_age", 100.0, "Potential High Risk", Level::VeryHigh, false),
        ("customer.account_age", 16.666666670000012, "Potential Medium Risk", Level::VeryLow, true),
        ("customer.citizenship", 68.8, "Potential High Risk", Level::High, false),
    ];
    for (code, score, word, level, conflict) in pairs {
        let told = component(code, json!(score), json!(word));
        let factor = factor(&told, code);
        assert_eq!((factor.score, factor.level), (Some(score), Some(level)), "{code} {score}");
        assert_eq!(factor.vendor_label.as_deref(), Some(word), "{code} {score}");
        assert_eq!(told.flags.contains(&Flag::LabelConflict), conflict, "{code} {score}");
    }
    for (score, word, level) in [
        (28.29875, "Potential Medium Risk", Level::Medium),
        (58.27283333365, "Potential Medium Risk", Level::Medium),
        (64.0, "Potential High Risk", Level::High),
    ] {
        assert_eq!(overall(json!(score), json!(word)).level, Some(level));
    }
}

#[test]
fn an_unknown_component_word_never_lowers_a_factor_and_a_missing_one_changes_nothing() {
    for (score, word, level) in [
        (0, json!("Fine"), Level::Medium),
        (70, json!("Fine"), Level::High),
        (0, json!("pending"), Level::Medium),
        (30, Value::Null, Level::Low),
    ] {
        let mut body = component_body("geography.city", &json!(score), &word);
        body["riskStatus"] = json!("Low Risk");
        let told = told(|report| *report = body);
        assert_eq!(
            told.level,
            Some(if word.is_null() { Level::Low } else { Level::Medium }),
            "{score} {word}"
        );
        assert_eq!(factor(&told, "geography.city").level, Some(level), "{score} {word}");
        assert!(!told.flags.contains(&Flag::LabelConflict), "{score} {word}");
        assert_eq!(told.flags.contains(&Flag::UnknownVendorWord), !word.is_null(), "{score} {word}");
    }
}

#[test]
fn q_yv_5_free_phrases_about_verification_never_conflict() {
    for (score, word, level, known) in [
        (40, "Verified by Client", Level::Medium, true),
        (100, "Not Verified. High Risk.", Level::VeryHigh, true),
        (0, "verified by client ", Level::VeryLow, true),
        (0, "Verified by Youverify", Level::Medium, false),
        (70, "Expired", Level::High, false),
    ] {
        let mut body = component_body("customer.kyc", &json!(score), &json!(word));
        body["riskStatus"] = json!("Low Risk");
        let told = told(|report| *report = body);
        let kyc = factor(&told, "customer.kyc");
        assert_eq!((kyc.level, kyc.vendor_label.as_deref()), (Some(level), Some(word)));
        assert!(!told.flags.contains(&Flag::LabelConflict), "{word}");
        assert_eq!(told.flags.contains(&Flag::UnknownVendorWord), !known, "{word}");
        assert_eq!(told.level, Some(if known { Level::Low } else { Level::Medium }), "{word}");
    }
}

#[test]
fn a_component_that_is_not_judged_yet_never_leaves_a_low_answer() {
    for (code, score, word) in [
        ("screening.adverse_media", Value::Null, "Pending"),
        ("screening.adverse_media", json!(0), "Error"),
        ("customer.kyc", json!(0), "Verification Failed"),
    ] {
        let mut body = component_body(code, &score, &json!(word));
        body["riskStatus"] = json!("Very Low Risk");
        assert_eq!(told(|report| *report = body).level, Some(Level::Medium), "{code} {word}");
    }
}

/// Score and wording of a list check, the factor's level, the overall level above `low`, and whether it is unknown.
#[test]
fn q_yv_5_a_list_check_is_clear_only_when_score_and_wording_say_so() {
    use Level::{High, Low, Medium, VeryHigh, VeryLow};
    let lists = [
        ("screening.sanction", "Sanction Clear", "Sanctioned. High Risk."),
        ("screening.pep", "PEP Clear", "On PEP List. High Risk."),
    ];
    for (code, clear, hit) in lists {
        let cases = [
            (json!(0), json!(clear), Some(VeryLow), Low, false),
            (json!(0), json!(format!(" {} ", clear.to_uppercase())), Some(VeryLow), Low, false),
            (json!(100), json!(hit), Some(VeryHigh), High, false),
            (json!(0), json!(hit.to_lowercase()), Some(High), High, false),
            (json!(0.5), json!(clear), Some(High), High, false),
            (json!(60), json!("Possible match"), Some(High), High, true),
            (json!(0), json!("Possible match"), Some(Medium), Medium, true),
            (json!(0), json!("Low Risk"), Some(Medium), Medium, true),
            (json!(0), Value::Null, Some(Medium), Medium, true),
            (Value::Null, json!(hit), Some(High), High, false),
            (Value::Null, json!(clear), None, Medium, false),
            (Value::Null, json!("Possible match"), None, Medium, true),
            (Value::Null, Value::Null, None, Medium, false),
        ];
        for (score, word, level, least, unknown) in cases {
            let mut body = component_body(code, &score, &word);
            body["riskStatus"] = json!("Low Risk");
            let told = told(|report| *report = body);
            assert_eq!(factor(&told, code).level, level, "{code} {score} {word}");
            assert_eq!(told.level, Some(least), "{code} {score} {word}");
            let flagged = told.flags.contains(&Flag::UnknownScreeningResult);
            assert_eq!(flagged, unknown, "{code} {score} {word}");
        }
    }
}

fn component_body(code: &str, score: &Value, word: &Value) -> Value {
    let told = component(code, score.clone(), word.clone());
    let body: Value = serde_json::from_str(told.raw.text()).expect("JSON");
    body["data"]["data"].clone()
}
