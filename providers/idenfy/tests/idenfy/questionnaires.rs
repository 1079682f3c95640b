//! The questionnaire that is kept in memory.

use std::{sync::Arc, time::Duration};

use risk_provider::{FailureKind, Questionnaires, RiskProvider};
use serde_json::{Value, json};

use crate::support::{
    CHECK, PROFILE, PROFILE_ID, PROFILES, Vendor, check_with, documented, matthew, profile_then, provider,
    reply, subject, with,
};

const REFUSAL: &str = r#"{"identifier": "BAD_VALUE", "message": "value has a bad value"}"#;

async fn fingerprint_of(profile: impl ToString) -> String {
    let provider = documented();
    let vendor = Vendor::new([reply(200, profile), reply(200, CHECK)]);
    assert_eq!(Questionnaires::fingerprint(&provider), None);
    let answer = provider.assess(&vendor.call(), &matthew()).await.expect("an assessment");
    assert_eq!(answer.profile_fingerprint, provider.fingerprint());
    answer.profile_fingerprint.expect("a fingerprint")
}

fn profile_with(pointer: &str, value: Value) -> Value {
    let mut profile: Value = serde_json::from_str(PROFILE).expect("JSON");
    *profile.pointer_mut(pointer).expect("a place in the profile") = value;
    profile
}

#[tokio::test]
async fn the_fingerprint_tells_what_is_asked_and_nothing_else() {
    let documented = fingerprint_of(PROFILE).await;
    let mut turned: Value = serde_json::from_str(PROFILE).expect("JSON");
    turned["sections"][0]["questions"].as_array_mut().expect("questions").reverse();
    let same = [
        with(PROFILE, &json!({"name": "Renamed", "description": "For customers"})),
        profile_with("/sections/0/weight", json!(100.0)),
        turned,
    ];
    for profile in same {
        assert_eq!(fingerprint_of(&profile).await, documented, "{profile}");
    }
    let first = "/sections/0/questions/0";
    let other = [
        profile_with("/sections/0/weight", json!(99)),
        profile_with("/sections/0/name", json!("Categories")),
        profile_with(&format!("{first}/riskLevelDefault"), json!("HIGH")),
        profile_with(&format!("{first}/riskLevels"), json!([{"key": "XOCgRfvUlu", "riskLevel": "HIGH"}])),
        profile_with(&format!("{first}/choices/1/key"), json!("QQALQApLKX")),
        profile_with(&format!("{first}/type"), json!("SELECT_MULTI")),
    ];
    let mut seen = vec![documented];
    for profile in other {
        let fingerprint = fingerprint_of(&profile).await;
        assert!(!seen.contains(&fingerprint), "{profile}");
        seen.push(fingerprint);
    }
}

/// The fingerprint under other mappings of the documented profile than the usual.
async fn fingerprint_under(questions: &Value) -> String {
    let provider = provider(questions);
    let vendor = profile_then(CHECK);
    let told = subject(&json!({"consent": true}));
    let answer = provider.assess(&vendor.call(), &told).await.expect("an assessment");
    assert_eq!(answer.profile_fingerprint, provider.fingerprint());
    answer.profile_fingerprint.expect("a fingerprint")
}

#[tokio::test]
async fn the_fingerprint_tells_how_the_questions_are_answered() {
    let pep = |mapping: Value| json!({"Is shareholder PEP?": mapping, "Shareholder residency": "country"});
    let usual = fingerprint_under(&pep(json!("politically_exposed"))).await;
    assert_eq!(usual, fingerprint_of(PROFILE).await);
    let same = [
        pep(json!({"field": "politically_exposed"})),
        pep(json!({"field": "politically_exposed", "choices": {}, "optional": false})),
        json!({"SHAREHOLDER  residency": "country", "is shareholder pep?": "politically_exposed"}),
    ];
    for questions in same {
        assert_eq!(fingerprint_under(&questions).await, usual, "{questions}");
    }
    let other = [
        pep(json!("consent")),
        pep(json!({"field": "politically_exposed", "optional": true})),
        pep(json!({"field": "politically_exposed", "otherwise": "No"})),
        pep(json!({"field": "politically_exposed", "otherwise": "Yes"})),
        pep(json!({"field": "politically_exposed", "choices": {"true": "No"}})),
        pep(json!({"field": "politically_exposed", "choices": {"true": "Yes"}})),
        pep(json!({"field": "politically_exposed", "choices": {"false": "Yes"}})),
        json!({"Is shareholder PEP?": "politically_exposed"}),
    ];
    let mut seen = vec![usual];
    for questions in other {
        let fingerprint = fingerprint_under(&questions).await;
        assert!(!seen.contains(&fingerprint), "{questions}");
        seen.push(fingerprint);
    }
}

#[tokio::test]
async fn q_id_1_the_profiles_id_may_be_a_number() {
    let plain = fingerprint_of(PROFILE).await;
    assert_eq!(fingerprint_of(with(PROFILE, &json!({"id": 1234}))).await, plain);
}

#[tokio::test]
async fn another_profile_than_was_asked_for_is_none() {
    let other = "dd121b5c-e3ef-4197-b036-8b7e872f6678";
    let profile = with(PROFILE, &json!({"id": other}));
    let vendor = Vendor::new([reply(200, &profile), reply(200, CHECK)]);
    let error = documented().assess(&vendor.call(), &matthew()).await.expect_err("another profile");
    assert_eq!((error.kind, vendor.operations()), (FailureKind::Malformed, vec!["profile"]));
    let read = async |asked: &str, told: Value| {
        let vendor = Vendor::new([reply(200, with(PROFILE, &json!({"id": told})))]);
        documented().read(&vendor.call(), asked).await.map(drop).map_err(|error| error.kind)
    };
    assert_eq!(read(PROFILE_ID, json!(other)).await, Err(FailureKind::Malformed));
    assert_eq!(read(other, json!(PROFILE_ID)).await, Err(FailureKind::Malformed));
    assert_eq!(read("7", json!(8)).await, Err(FailureKind::Malformed));
    for (asked, told) in
        [(PROFILE_ID, json!(PROFILE_ID.to_uppercase())), (other, Value::Null), ("7", json!(7))]
    {
        assert_eq!(read(asked, told.clone()).await, Ok(()), "{asked} {told}");
    }
}

#[tokio::test]
async fn many_callers_make_one_read() {
    let vendor = Vendor::slow(
        Duration::from_millis(5),
        std::iter::once(reply(200, PROFILE)).chain((0..8).map(|_| reply(200, CHECK))),
    );
    let provider = Arc::new(documented());
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let (provider, call) = (Arc::clone(&provider), vendor.call());
            tokio::spawn(async move { provider.assess(&call, &matthew()).await })
        })
        .collect();
    for call in calls {
        call.await.expect("no panic").expect("an assessment");
    }
    assert_eq!(vendor.operations().iter().filter(|operation| **operation == "profile").count(), 1);
}

#[tokio::test]
async fn a_failed_read_is_not_kept() {
    let provider = documented();
    let vendor = Vendor::new([reply(503, ""), reply(200, PROFILE), reply(200, CHECK)]);
    let error = provider.assess(&vendor.call(), &matthew()).await.expect_err("refused");
    assert_eq!(error.kind, FailureKind::VendorError);
    provider.assess(&vendor.call(), &matthew()).await.expect("an assessment");
    assert_eq!(vendor.operations(), ["profile", "profile", "check"]);
}

#[tokio::test]
async fn a_caller_that_leaves_lets_the_next_one_read() {
    let provider = documented();
    let never = Vendor::slow(Duration::from_secs(3600), []);
    let left =
        tokio::time::timeout(Duration::from_millis(5), provider.assess(&never.call(), &matthew())).await;
    assert!(left.is_err(), "the caller left");
    provider.assess(&profile_then(CHECK).call(), &matthew()).await.expect("an assessment");
}

#[tokio::test]
async fn waiting_for_anothers_read_ends_at_the_own_deadline() {
    let provider = Arc::new(documented());
    let never = Vendor::slow(Duration::from_secs(3600), []);
    let (reader, call) = (Arc::clone(&provider), never.call());
    let reading = tokio::spawn(async move { reader.assess(&call, &matthew()).await.map(drop) });
    while never.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    let waiting = provider.assess(&never.call_for(Duration::from_millis(5)), &matthew()).await;
    let error = waiting.expect_err("out of time");
    assert_eq!((error.kind, error.sent), (FailureKind::Unreachable, false));
    reading.abort();
}

#[tokio::test]
async fn a_refusal_that_may_come_from_the_mapping_makes_the_next_call_read_again() {
    let refusals = [
        (reply(400, REFUSAL), true),
        (reply(200, REFUSAL), true),
        (reply(422, r#"{"identifier": "VALIDATION_ERROR"}"#), true),
        (reply(404, "<html></html>"), true),
        (reply(400, r#"{"identifier": "PARTNER_ERROR"}"#), false),
        (reply(402, ""), false),
        (reply(500, REFUSAL), false),
    ];
    for (refusal, again) in refusals {
        let provider = documented();
        let told = format!("{refusal:?}");
        let vendor = Vendor::new([reply(200, PROFILE), refusal]);
        provider.assess(&vendor.call(), &matthew()).await.expect_err("refused");
        let before = provider.fingerprint();
        assert!(before.is_some(), "the last known stays so for the cache");
        if again {
            vendor.then(reply(200, PROFILE));
        }
        vendor.then(reply(200, CHECK));
        provider.assess(&vendor.call(), &matthew()).await.expect(&told);
        assert_eq!(vendor.operations().len(), if again { 4 } else { 3 }, "{told}");
        assert_eq!(provider.fingerprint(), before);
    }
}

#[tokio::test]
async fn answers_to_another_questionnaire_than_before_make_the_next_call_read_again() {
    let provider = documented();
    let edited = check_with("/sections/0/questions/0/riskLevelDefault", json!("HIGH"));
    let vendor = Vendor::new([reply(200, PROFILE), reply(200, CHECK), reply(200, CHECK), reply(200, edited)]);
    for kept in [true, true, false] {
        provider.assess(&vendor.call(), &matthew()).await.expect("an assessment");
        assert_eq!(provider.fingerprint().is_some(), kept);
    }
}

#[tokio::test]
async fn the_list_is_read_bare_or_as_a_page() {
    let expected = [("dd121b5c-e3ef-4197-b036-8b7e872f6678".to_owned(), "RA profile name".to_owned())];
    let page = format!(r#"{{"count": 1, "next": null, "previous": null, "results": {PROFILES}}}"#);
    for body in [PROFILES, &page] {
        let vendor = Vendor::new([reply(200, body)]);
        assert_eq!(documented().list(&vendor.call()).await.expect("a list"), expected);
        let asked = vendor.asked();
        assert_eq!((asked[0].operation, asked[0].url.path()), ("profiles", "/risk/assessment-profiles/"));
    }
    let vendor = Vendor::new([reply(200, r#"{"message": "maintenance"}"#)]);
    assert_eq!(documented().list(&vendor.call()).await.expect_err("no list").kind, FailureKind::Malformed);
}
