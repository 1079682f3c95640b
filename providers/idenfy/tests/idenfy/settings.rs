//! What the settings may say.

use risk_provider::{FailureKind, Input, RiskProvider, VendorReference};
use risk_provider_idenfy::{Idenfy, Settings, UpdateMethod};
use serde_json::{Value, json};

use crate::support::{
    CHECK, Vendor, common, documented, matthew, problems, profile_then, provider, reply, settings, with,
};

fn refused(more: &Value) -> Vec<String> {
    let plain = json!({"api_key": "k", "api_secret": "s", "profile": "p", "questions": {"a": "country"}});
    let settings: Settings = serde_json::from_value(with(&plain.to_string(), more)).expect("typed settings");
    let problems = Idenfy::new(common(), settings).map(drop).err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.field).collect()
}

#[test]
fn every_problem_is_named_with_its_key() {
    assert_eq!(refused(&json!({})), [""; 0]);
    assert_eq!(refused(&json!({"api_key": " "})), ["api_key"]);
    assert_eq!(refused(&json!({"api_key": "a:b"})), ["api_key"]);
    assert_eq!(refused(&json!({"api_secret": "s\n"})), ["api_secret"]);
    for profile in ["", "a/b", "../x", "a b"] {
        assert_eq!(refused(&json!({"profile": profile})), ["profile"], "{profile}");
    }
    assert_eq!(refused(&json!({"questions": {}})), ["questions"]);
    let several = json!({"api_secret": "", "questions": {"Is shareholder PEP?": "pep", "residency": "land"}});
    assert_eq!(refused(&several), ["api_secret", "questions.\"Is shareholder PEP?\"", "questions.residency"]);
}

#[test]
fn updates_and_callbacks_are_set_up_by_known_words_only() {
    let plain = json!({"api_key": "k", "api_secret": "s", "profile": "p", "questions": {"a": "country"}});
    let typed = |more: Value| serde_json::from_value::<Settings>(with(&plain.to_string(), &more));
    let default = typed(json!({})).expect("typed settings");
    assert_eq!((default.update_method, default.update_slash), (UpdateMethod::Post, false));
    assert!(default.callback_key.is_none());
    for (word, method) in [("POST", UpdateMethod::Post), ("PUT", UpdateMethod::Put)] {
        let settings = typed(json!({"update_method": word, "update_slash": true})).expect("typed settings");
        assert_eq!((settings.update_method, settings.update_slash), (method, true));
    }
    for wrong in [
        json!({"update_method": "PATCH"}),
        json!({"update_method": "put"}),
        json!({"update_method": null}),
        json!({"update_slash": "no"}),
        json!({"callback_key": 5}),
        json!({"update_mehod": "PUT"}),
        json!({"update_slahs": true}),
        json!({"callback_kye": "k"}),
    ] {
        assert!(typed(wrong.clone()).is_err(), "{wrong}");
    }
    for key in ["", " ", "key\n"] {
        assert_eq!(refused(&json!({"callback_key": key})), ["callback_key"], "{key:?}");
    }
    assert_eq!(refused(&json!({"callback_key": "k"})), [""; 0]);
}

#[test]
fn an_unknown_field_names_the_nearest_one() {
    for (typo, meant) in
        [("contry", "country"), ("kyc.verifed_by", "kyc.verified_by"), ("Occupation", "occupation")]
    {
        let problems = problems(&json!({"Residency": typo}));
        assert!(
            problems[0].detail.ends_with(&format!("did you mean \"{meant}\"?")),
            "{}",
            problems[0].detail
        );
    }
}

#[test]
fn a_question_is_a_field_or_a_table_and_nothing_else() {
    for mapping in
        [json!(5), json!(["country"]), json!({"choices": {}}), json!({"field": "city", "feild": "x"})]
    {
        let settings =
            json!({"api_key": "k", "api_secret": "s", "profile": "p", "questions": {"a": mapping}});
        assert!(serde_json::from_value::<Settings>(settings).is_err(), "{mapping}");
    }
    let twice = json!({"field": "industry", "choices": {"Arms": "x", "ARMS": "y"}});
    assert_eq!(problems(&json!({"Industry": twice}))[0].field, "questions.Industry");
    let blank = json!({"field": "industry", "otherwise": ""});
    assert_eq!(problems(&json!({"Industry": blank}))[0].field, "questions.Industry");
}

#[test]
fn earlier_scores_are_mapped_only_where_they_may_be_sent() {
    let questions = json!({"Former score": "previous_risk_score"});
    assert!(problems(&questions)[0].detail.contains("send_previous"));
    let mut common = common();
    common.send_previous = true;
    assert!(Idenfy::new(common, settings(&questions)).is_ok());
}

#[test]
fn the_descriptor_names_what_is_sent_and_what_is_needed() {
    let provider = provider(&json!({
        "Residency": "country", "Hobby": {"field": "answers.hobby", "optional": true}, "Country": "country",
        "Industry": {"field": "industry", "choices": {"arms": "Arms"}, "otherwise": "Others"},
    }));
    let descriptor = provider.descriptor();
    let hobby = Input::Answer("hobby".to_owned());
    assert_eq!(descriptor.inputs, [Input::Name, Input::Country, Input::Industry, hobby]);
    assert_eq!(descriptor.required, [Input::Country, Input::Industry]);
    assert_eq!((descriptor.kind, descriptor.scale), ("idenfy", "idenfy:0-100"));
    let operations: Vec<_> = descriptor.operations.iter().map(|it| (it.name, it.paid)).collect();
    let expected = [
        ("profile", false),
        ("profiles", false),
        ("check", true),
        ("assessment", false),
        ("assessments", false),
        ("recheck", true),
        ("company", false),
    ];
    assert_eq!(operations, expected);
}

#[tokio::test]
async fn nothing_prints_a_secret() {
    let vendor = profile_then(CHECK);
    let provider = documented();
    provider.assess(&vendor.call(), &matthew()).await.expect("an assessment");
    let request = vendor.asked().remove(1);
    assert_eq!(request.headers["authorization"], "Basic a2V5LTE6czNjcmV0LTE=");
    let printed =
        format!("{provider:?} {:?} {request:?} {:?}", settings(&json!({"a": "country"})), request.headers);
    for secret in ["key-1", "s3cret-1", "a2V5", "Matthew"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test]
async fn a_base_address_may_hold_a_path() {
    let mut common = common();
    common.base_url = "https://proxy.example/idenfy/risk".parse().expect("an address");
    let provider = Idenfy::new(common, settings(&json!({"a": "country"}))).expect("valid settings");
    let vendor = Vendor::new([reply(404, "")]);
    let error =
        provider.retrieve(&vendor.call(), &VendorReference("x".to_owned())).await.expect_err("not there");
    assert_eq!(error.kind, FailureKind::NotFound);
    assert_eq!(vendor.asked()[0].url.as_str(), "https://proxy.example/idenfy/risk/assessments/x/");
}
