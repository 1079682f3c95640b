//! Which settings are refused, and what printing shows.

use risk_provider::{FieldProblem, ProviderSettings, RiskProvider, SubjectType};
use risk_provider_youverify::{Actor, ApiVersion, Settings};
use serde_json::{Value, json};

use crate::support::{ANSWER, Vendor, actor, ahmed, assess, common, sent, settings};

fn problems(base: &str, settings: Value) -> Vec<String> {
    let common = ProviderSettings { base_url: base.parse().expect("url"), ..common() };
    let settings: Settings = serde_json::from_value(settings).expect("typed");
    let problems: Vec<FieldProblem> = Actor::new(common, settings).err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.field).collect()
}

#[test]
fn weights_are_sent_only_when_configured_and_only_those_that_are_set() {
    assert!(sent(&actor(), ahmed()).get("customWeight").is_none());
    let weights = json!({"kyc": 0.5, "adverse_media": 2});
    let body = sent(&weighted(&weights), ahmed());
    assert_eq!(body["customWeight"], json!({"kyc": 0.5, "adverse_media": 2.0}));
    let all = json!({"kyc": 1.5, "industry": 2.5, "city": 3.5, "country": 4.5, "sanction": 5.5, "pep": 6.5,
        "adverse_media": 7.5});
    assert_eq!(sent(&weighted(&all), ahmed())["customWeight"], all);
}

/// The version is part of every cache key: an answer under other weights is an answer to another question.
#[test]
fn other_weights_are_another_question_and_the_same_ones_the_same() {
    let version = |weights: &Value| weighted(weights).descriptor().mapping_version;
    assert_eq!(actor().descriptor().mapping_version, "youverify-actor/2");
    let usual = version(&json!({"kyc": 0.5, "pep": 1}));
    assert_eq!(usual, "youverify-actor/2;kyc=0.5;pep=1");
    assert_eq!(version(&json!({"pep": 1.0, "kyc": 0.5})), usual);
    assert_ne!(version(&json!({"kyc": 0.5, "sanction": 1})), usual);
    let (told, _) =
        assess(&weighted(&json!({"kyc": 0.5, "pep": 1})), ahmed(), Vendor::answering(200, &[], ANSWER));
    assert_eq!(told.expect("an answer").mapping_version, usual);
}

#[test]
fn weights_that_cannot_be_are_refused() {
    for weights in [json!({}), json!({"kyc": -0.1})] {
        let settings = json!({"token": "t", "custom_weights": weights});
        let problems = Actor::new(common(), serde_json::from_value(settings).expect("typed"));
        let fields: Vec<String> =
            problems.err().unwrap_or_default().into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["custom_weights"], "{weights}");
    }
    for weights in [json!({"media": 1}), json!({"kyc": "1"}), json!([1])] {
        let settings = json!({"token": "t", "custom_weights": weights});
        assert!(serde_json::from_value::<Settings>(settings).is_err(), "{weights}");
    }
}

fn weighted(weights: &Value) -> Actor {
    let settings = json!({"token": "t", "custom_weights": weights});
    Actor::new(common(), serde_json::from_value(settings).expect("typed")).expect("valid")
}

#[test]
fn every_setting_that_cannot_be_used_is_named() {
    let cases = [
        ("https://a.example", json!({"token": "t"}), vec![]),
        ("https://a.example", json!({"token": " "}), vec!["token"]),
        ("https://a.example", json!({"token": "line\nbreak"}), vec!["token"]),
        ("mailto:a@example", json!({"token": "t"}), vec!["base_url"]),
        ("https://a.example/v1/api", json!({"token": ""}), vec!["token", "api_version"]),
        ("https://a.example/v2/", json!({"token": "t", "api_version": "v1"}), vec!["api_version"]),
        ("https://a.example/v2/proxy", json!({"token": "t", "api_version": "v1"}), vec![]),
    ];
    for (base, settings, expected) in cases {
        assert_eq!(problems(base, settings.clone()), expected, "{base} {settings}");
    }
}

#[test]
fn unknown_settings_and_versions_are_refused() {
    for settings in
        [json!({}), json!({"token": "t", "api_version": "v3"}), json!({"token": "t", "tokn": "t"})]
    {
        assert!(serde_json::from_value::<Settings>(settings.clone()).is_err(), "{settings}");
    }
    assert_eq!(settings().api_version, ApiVersion::V2);
}

#[test]
fn printing_shows_no_token() {
    let printed = format!("{:?} {:?}", settings(), actor());
    assert!(!printed.contains("s3cret"), "{printed}");
}

#[test]
fn the_descriptor_says_what_it_is() {
    let actor = actor();
    let descriptor = actor.descriptor();
    assert_eq!((descriptor.kind, Actor::KIND), ("youverify-actor", "youverify-actor"));
    assert_eq!(descriptor.mapping_version, "youverify-actor/2");
    assert_eq!(descriptor.subject_types, [SubjectType::Individual, SubjectType::Business]);
    assert!(descriptor.operations.iter().any(|operation| operation.name == "assessment" && operation.paid));
}
