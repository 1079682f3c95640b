//! From a subject to the vendor's questionnaire.

use risk_provider::{FailureKind, ProviderError, RiskProvider};
use serde_json::{Value, json};

use crate::support::{
    CHECK, CHECK_REQUEST, PROFILE_ID, Vendor, documented, matthew, profile_then, provider, reply, subject,
};

/// A profile of two sections with every kind of question.
fn profile() -> Value {
    let choices = json!([{"key": "kA", "title": "Arms dealers"}, {"key": "kM", "title": "Money services"},
        {"key": "kO", "title": "Others"}]);
    let ask = |key: &str, title: &str, kind: &str, choices: &Value| {
        json!({"key": key, "name": title, "title": title,
        "type": kind, "choices": choices, "riskLevels": [], "riskLevelDefault": "LOW"})
    };
    let yes_no = json!([{"key": "kY", "title": "Yes"}, {"key": "kN", "title": "No"}]);
    json!({"id": 17, "name": "Customers", "sections": [
        {"key": "sCust", "name": "Customer", "weight": 60, "questions": [
            ask("lib-ind", "Industry", "SELECT", &choices),
            ask("lib-pep", "PEP?", "SELECT", &yes_no),
            ask("lib-act", "Activities", "SELECT_MULTI", &choices),
            ask("own-twice", "Twice", "RADIO", &json!([{"key": "k1", "title": "Same"}, {"key": "k2", "title": "SAME"}])),
        ]},
        {"key": "sGeo", "name": "Geography", "weight": 40, "questions": [
            ask("lib-res", "Country", "COUNTRY", &json!([])),
            ask("lib-visits", "Visits", "COUNTRY_MULTI", &json!([])),
            ask("lib-note", "Note", "TEXT", &json!([])),
            ask("lib-ind2", "Industry", "SELECT", &choices),
        ]},
    ]})
}

/// The answers sent for `questions` about a subject with `more`.
async fn sent(questions: &Value, more: &Value) -> Result<Value, ProviderError> {
    let vendor = Vendor::new([reply(200, profile()), reply(200, CHECK)]);
    provider(questions).assess(&vendor.call(), &subject(more)).await?;
    Ok(vendor.last_body()["sections"].clone())
}

/// How a check of `questions` fails, before anything that costs money.
async fn unsent(questions: &Value, more: &Value) -> ProviderError {
    let vendor = Vendor::new([reply(200, profile())]);
    let error = provider(questions).assess(&vendor.call(), &subject(more)).await.expect_err("refused");
    assert_eq!(vendor.operations(), ["profile"], "{error}");
    error
}

#[tokio::test]
async fn the_documented_request_is_sent_as_documented() {
    let vendor = profile_then(CHECK);
    documented().assess(&vendor.call(), &matthew()).await.expect("an assessment");
    assert_eq!(vendor.last_body(), serde_json::from_str::<Value>(CHECK_REQUEST).expect("JSON"));
    let asked: Vec<_> = vendor
        .asked()
        .iter()
        .map(|it| (it.operation, it.paid, format!("{} {}", it.method, it.url.path())))
        .collect();
    let profile = format!("GET /risk/assessment-profiles/{PROFILE_ID}/");
    let check = format!("POST /risk/assessment-profiles/{PROFILE_ID}/check/");
    assert_eq!(asked, [("profile", false, profile), ("check", true, check)]);
    assert_eq!(vendor.asked()[1].headers["content-type"], "application/json");
}

#[tokio::test]
async fn a_question_is_found_by_title_key_or_section() {
    for name in
        ["PEP?", " pep? ", "lib-pep", "Customer/PEP?", "sCust/lib-pep", "customer/lib-pep", "sCust/PEP?"]
    {
        let sent = sent(&json!({name: "politically_exposed"}), &json!({})).await.expect(name);
        assert_eq!(sent, json!({"sCust": {"lib-pep": {"value": ["kY"]}}}), "{name}");
    }
    let sent = sent(&json!({"Geography/Industry": "industry"}), &json!({"industry": "others"})).await;
    assert_eq!(sent.expect("sent"), json!({"sGeo": {"lib-ind2": {"value": ["kO"]}}}));
}

#[tokio::test]
async fn a_mapping_that_does_not_fit_the_profile_is_our_mistake() {
    let industry = |more: Value| {
        let mut mapping = json!({"field": "industry"});
        mapping.as_object_mut().expect("a table").extend(more.as_object().cloned().unwrap_or_default());
        json!({"Customer/Industry": mapping})
    };
    let cases = [
        (json!({"Hobby": "answers.hobby"}), "no question \"Hobby\""),
        (json!({"Industry": "industry"}), "several questions \"Industry\""),
        (json!({"PEP?": "politically_exposed", "lib-pep": "consent"}), "mapped twice"),
        (
            industry(json!({"choices": {"arms": "Weapons"}})),
            "\"Customer/Industry\" has no choice \"Weapons\"",
        ),
        (industry(json!({"otherwise": "Else"})), "\"Customer/Industry\" has no choice \"Else\""),
        (json!({"Twice": {"field": "city", "otherwise": "same"}}), "\"Twice\" has choice \"same\" twice"),
        (json!({"Country": {"field": "country", "otherwise": "DE"}}), "\"Country\" has no choices"),
        (json!({"Note": {"field": "city", "choices": {"a": "b"}}}), "\"Note\" has no choices"),
    ];
    for (questions, expected) in cases {
        let all = json!({"industry": "x", "city": "x", "consent": true, "answers": {"hobby": "x"}});
        let error = unsent(&questions, &all).await;
        assert_eq!(error.kind, FailureKind::Misconfigured, "{questions}");
        assert!(error.detail.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_field_that_is_lacking_is_found_before_any_exchange() {
    let questions = json!({"Customer/Industry": "industry", "Country": "country", "Note": "answers.note"});
    let vendor = Vendor::new([]);
    let error = provider(&questions).assess(&vendor.call(), &matthew()).await.expect_err("refused");
    assert_eq!(error.kind, FailureKind::MissingInput);
    assert_eq!(error.fields, ["industry", "answers.note"]);
    assert!(vendor.asked().is_empty());
}

#[tokio::test]
async fn a_document_of_which_nothing_is_known_answers_nothing() {
    let valid =
        json!({"field": "kyc.document_state", "choices": {"valid": "Others"}, "otherwise": "Arms dealers"});
    let questions = json!({"Customer/Industry": valid});
    for kyc in [Value::Null, json!({"verified_by": "client"})] {
        let vendor = Vendor::new([]);
        let told = provider(&questions).assess(&vendor.call(), &subject(&json!({"kyc": kyc}))).await;
        let error = told.expect_err("refused");
        assert_eq!(
            (error.kind, error.fields.as_slice()),
            (FailureKind::MissingInput, &["kyc.document_expires_on".to_owned()][..])
        );
        assert!(vendor.asked().is_empty());
    }
    for (last, choice) in [("2026-11-21", "kO"), ("2026-11-20", "kA")] {
        let sections = sent(&questions, &json!({"kyc": {"document_expires_on": last}})).await.expect("sent");
        assert_eq!(sections, json!({"sCust": {"lib-ind": {"value": [choice]}}}), "{last}");
    }
    // Where it may stay open, it does, and a refusal names what the caller can give.
    let optional = json!({"field": "kyc.document_state", "otherwise": "Others", "optional": true});
    let error = unsent(&json!({"Customer/Industry": optional}), &json!({})).await;
    assert_eq!(
        (error.kind, error.fields),
        (FailureKind::MissingInput, vec!["kyc.document_expires_on".to_owned()])
    );
}

#[tokio::test]
async fn an_optional_question_stays_open_but_not_all_of_them() {
    let optional = json!({"field": "industry", "optional": true});
    let questions = json!({"Customer/Industry": optional, "Country": "country"});
    let sections = sent(&questions, &json!({})).await.expect("sent");
    assert_eq!(sections, json!({"sGeo": {"lib-res": {"value": ["HU"]}}}));
    let error = unsent(&json!({"Customer/Industry": optional}), &json!({})).await;
    assert_eq!((error.kind, error.fields), (FailureKind::MissingInput, vec!["industry".to_owned()]));
}

#[tokio::test]
async fn values_become_choices_by_table_then_title_or_key_then_otherwise() {
    let mapping = json!({"field": "industry", "choices": {"arms_dealers": "arms dealers", "msb": "kM"}});
    let mut with_otherwise = mapping.clone();
    with_otherwise["otherwise"] = json!("Others");
    let cases = [
        ("arms_dealers", "kA"),
        ("ARMS_dealers", "kA"),
        ("msb", "kM"),
        ("Money  services", "kM"),
        ("kO", "kO"),
    ];
    for (industry, key) in cases {
        for mapping in [&mapping, &with_otherwise] {
            let sent = sent(&json!({"Customer/Industry": mapping}), &json!({"industry": industry})).await;
            assert_eq!(sent.expect(industry)["sCust"]["lib-ind"]["value"], json!([key]), "{industry}");
        }
    }
    let bakery = json!({"industry": "Secret bakery"});
    let other = sent(&json!({"Customer/Industry": with_otherwise}), &bakery).await.expect("sent");
    assert_eq!(other["sCust"]["lib-ind"]["value"], json!(["kO"]));
    let error = unsent(&json!({"Customer/Industry": mapping}), &bakery).await;
    assert_eq!(
        (error.kind, error.fields.as_slice()),
        (FailureKind::MissingInput, &["industry".to_owned()][..])
    );
    assert!(error.detail.contains("\"Industry\" has no choice"), "{error}");
    assert!(!error.detail.contains("bakery"), "{error}");
}

#[tokio::test]
async fn a_flag_answers_yes_or_no_or_what_the_table_says() {
    for (flag, plain, turned) in [(true, "kY", "kN"), (false, "kN", "kY")] {
        let more = json!({"politically_exposed": flag});
        let sections = sent(&json!({"PEP?": "politically_exposed"}), &more).await.expect("sent");
        assert_eq!(sections["sCust"]["lib-pep"]["value"], json!([plain]));
        let table = json!({"field": "politically_exposed", "choices": {"true": "No", "false": "Yes"}});
        let sections = sent(&json!({"PEP?": table}), &more).await.expect("sent");
        assert_eq!(sections["sCust"]["lib-pep"]["value"], json!([turned]));
    }
}

#[tokio::test]
async fn a_spelling_of_two_choices_is_no_answer() {
    let error = unsent(&json!({"Twice": "city"}), &json!({"city": "Same"})).await;
    assert_eq!(error.kind, FailureKind::MissingInput);
    let sections = sent(&json!({"Twice": "city"}), &json!({"city": "k2"})).await.expect("sent");
    assert_eq!(sections["sCust"]["own-twice"]["value"], json!(["k2"]));
}

#[tokio::test]
async fn several_values_go_only_to_questions_that_take_them() {
    let several = json!({"answers": {"list": ["Arms dealers", "Others", "kA"]}});
    let sections = sent(&json!({"Activities": "answers.list"}), &several).await.expect("sent");
    assert_eq!(sections["sCust"]["lib-act"]["value"], json!(["kA", "kO"]));
    let error = unsent(&json!({"Customer/Industry": "answers.list"}), &several).await;
    assert_eq!((error.kind, error.fields), (FailureKind::MissingInput, vec!["answers.list".to_owned()]));
    let countries = json!({"answers": {"list": ["de", "NG"]}});
    let sections = sent(&json!({"Visits": "answers.list"}), &countries).await.expect("sent");
    assert_eq!(sections["sGeo"]["lib-visits"]["value"], json!(["DE", "NG"]));
    assert_eq!(unsent(&json!({"Country": "answers.list"}), &countries).await.kind, FailureKind::MissingInput);
}

#[tokio::test]
async fn a_country_is_a_code_and_a_text_is_sent_as_it_is() {
    let error = unsent(&json!({"Country": "city"}), &json!({"city": "Budapest"})).await;
    assert_eq!((error.kind, error.fields), (FailureKind::MissingInput, vec!["city".to_owned()]));
    let note = json!({"Note": "answers.note"});
    let sections = sent(&note, &json!({"answers": {"note": " As it is "}})).await.expect("sent");
    assert_eq!(sections["sGeo"]["lib-note"]["value"], json!([" As it is "]));
}
