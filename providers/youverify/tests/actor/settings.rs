//! Which settings are refused, and what printing shows.

use risk_provider::{FieldProblem, ProviderSettings, RiskProvider, SubjectType};
use risk_provider_youverify::{Actor, ApiVersion, Settings};
use serde_json::{Value, json};

use crate::support::{actor, common, settings};

fn problems(base: &str, settings: Value) -> Vec<String> {
    let common = ProviderSettings { base_url: base.parse().expect("url"), ..common() };
    let settings: Settings = serde_json::from_value(settings).expect("typed");
    let problems: Vec<FieldProblem> = Actor::new(common, settings).err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.field).collect()
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
    assert_eq!(descriptor.mapping_version, "youverify-actor/1");
    assert_eq!(descriptor.subject_types, [SubjectType::Individual, SubjectType::Business]);
    assert!(descriptor.operations.iter().any(|operation| operation.name == "assessment" && operation.paid));
}
