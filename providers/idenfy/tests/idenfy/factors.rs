//! Questions as factors.

use risk_provider::{Category, FactorState, FailureKind, Flag, Level, RiskProvider};
use serde_json::{Value, json};

use crate::support::{CHECK, assess, check_with, is, matthew, profile_then, provider};

const ANSWER: &str = "/sections/0/questions/0/answers/0";

#[tokio::test]
async fn q_id_4_points_sums_and_percents_are_three_scales() {
    let answer = assess(CHECK).await.expect("an assessment");
    // Points 2 and 3 of 5 are low and medium, their sum 5 is no percentage, and 5 of 5 is 100 percent.
    let scores: Vec<_> = answer.factors.iter().filter_map(|factor| factor.score).collect();
    assert_eq!(scores, [25.0, 50.0]);
    let contributed: f64 = answer.factors.iter().filter_map(|factor| factor.contribution).sum();
    assert!(is(contributed, answer.score.expect("a score").value()));
    // No level is listed, so that both are the profile's defaults.
    assert!(answer.factors.iter().all(|factor| factor.state == FactorState::Defaulted));
}

#[tokio::test]
async fn q_id_12_a_country_without_a_title_shows_its_code() {
    let answer = assess(CHECK).await.expect("an assessment");
    assert_eq!(answer.factors[1].value.as_ref().expect("a value").expose(), "HU");
}

#[tokio::test]
async fn answers_give_1_to_5_points_and_nothing_else() {
    for points in [json!(0), json!(6), json!(-1), json!("2"), Value::Null] {
        let error =
            assess(check_with(&format!("{ANSWER}/riskScore"), points.clone())).await.expect_err("refused");
        assert_eq!(error.kind, FailureKind::Malformed, "{points}");
    }
    for (points, level) in (1..=5).zip(Level::ALL) {
        let answer =
            assess(check_with(&format!("{ANSWER}/riskScore"), json!(points))).await.expect("an assessment");
        assert_eq!(answer.factors[0].level, Some(level), "{points}");
    }
}

#[tokio::test]
async fn a_factors_word_is_held_against_its_points() {
    for (word, points, level, flag) in [
        (json!("HIGH"), 2, Level::Low, Some(Flag::LabelConflict)),
        (json!("MEDIUM"), 2, Level::Low, None),
        (json!("VERY_LOW"), 5, Level::VeryHigh, Some(Flag::LabelConflict)),
        (json!("UNHEARD_OF"), 1, Level::Medium, Some(Flag::UnknownVendorWord)),
        (json!("UNHEARD_OF"), 5, Level::VeryHigh, Some(Flag::UnknownVendorWord)),
        (Value::Null, 1, Level::Medium, None),
    ] {
        let answers = json!({"key": "XOCgRfvUlu", "answer": "Yes", "riskLevel": word, "riskScore": points});
        let answer = assess(check_with(ANSWER, answers)).await.expect("an assessment");
        assert_eq!(answer.factors[0].level, Some(level), "{word} {points}");
        for possible in [Flag::LabelConflict, Flag::UnknownVendorWord] {
            assert_eq!(
                answer.flags.contains(&possible),
                flag == Some(possible),
                "{word} {points} {possible:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_riskiest_of_several_answers_counts() {
    let answers = json!([
        {"key": "XOCgRfvUlu", "answer": "Yes", "riskLevel": "HIGH", "riskScore": 4},
        {"key": "QQALQApLKI", "answer": "No", "riskLevel": "VERY_LOW", "riskScore": 1},
    ]);
    let answer = assess(check_with("/sections/0/questions/0/answers", answers)).await.expect("an assessment");
    let factor = &answer.factors[0];
    assert_eq!((factor.score, factor.vendor_label.as_deref()), (Some(75.0), Some("HIGH")));
    assert_eq!(factor.value.as_ref().expect("a value").expose(), "Yes, No");
    assert_eq!(factor.contribution, Some(100.0), "five points of five");
}

#[tokio::test]
async fn only_an_answer_with_a_level_of_its_own_is_scored() {
    let listed = [
        (json!([]), FactorState::Defaulted),
        (Value::Null, FactorState::Defaulted),
        (json!([{"key": "XOCgRfvUlu", "riskLevel": "LOW"}]), FactorState::Scored),
        (json!([{"riskLevel": "LOW", "values": ["AA", "XOCgRfvUlu"]}]), FactorState::Scored),
        (json!({"XOCgRfvUlu": "LOW"}), FactorState::Scored),
        (json!([{"key": "QQALQApLKI", "riskLevel": "HIGH"}, 5, true]), FactorState::Defaulted),
    ];
    for (levels, state) in listed {
        let body = check_with("/sections/0/questions/0/riskLevels", levels.clone());
        assert_eq!(assess(body).await.expect("an assessment").factors[0].state, state, "{levels}");
    }
}

#[tokio::test]
async fn a_question_left_out_lowers_coverage() {
    let body = check_with("/sections/0/questions/1/answers", json!([]));
    let answer = assess(body).await.expect("an assessment");
    assert!(is(answer.coverage(), 0.5));
    assert_eq!(answer.factors[1].state, FactorState::MissingInput);
    assert_eq!(answer.factors[1].contribution, None);
}

#[tokio::test]
async fn a_missing_weight_never_makes_the_rest_the_whole() {
    for weight in [Value::Null, json!("100"), json!(-100), json!(200)] {
        let mut body = check_with("/sections/0/weight", weight.clone());
        body["sections"]
            .as_array_mut()
            .expect("sections")
            .push(json!({"key": "b", "weight": 100, "questions": [
            {"key": "q", "answers": [{"key": "x", "riskLevel": "LOW", "riskScore": 2}]}]}));
        let answer = assess(body).await.expect("an assessment");
        assert!(answer.factors.iter().all(|factor| factor.weight.is_none()), "{weight}");
        assert!(is(answer.coverage(), 0.0), "{weight}");
    }
}

#[tokio::test]
async fn factor_codes_are_slugs_and_never_repeat() {
    let mut body: Value = serde_json::from_str(CHECK).expect("JSON");
    let questions = body["sections"][0]["questions"].as_array_mut().expect("questions");
    let more = |key: &str, name: Value| json!({"key": key, "name": name, "title": name, "answers": []});
    questions.push(more("lib-a", json!("Source of funds (main)?")));
    questions.push(more("lib-b", json!("Source of funds - main")));
    questions.push(more("lib-c", json!("Происхождение")));
    let only_pep = provider(&json!({"lib-YHlTleSKmo": "politically_exposed"}));
    let answer = only_pep.assess(&profile_then(body).call(), &matthew()).await.expect("an assessment");
    let codes: Vec<_> = answer.factors.iter().map(|factor| factor.code.as_str()).collect();
    let expected = [
        "screening.pep",
        "questionnaire.category.shareholder_residency",
        "questionnaire.category.source_of_funds_main",
        "questionnaire.category.source_of_funds_main_2",
        "questionnaire.category.lib_c",
    ];
    assert_eq!(codes, expected);
    assert_eq!(answer.factors[2].category, Category::Customer);
}
