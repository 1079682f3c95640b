//! iDenfy's calls when nothing is wrong.

use jiff::Timestamp;
use risk_provider_sandbox::{DEMO_PROFILE_ID, PROFILE_ID, Settings, Vendor};
use serde_json::{Value, json};

use crate::support::{Play, demo_form, documented_check, good, idenfy, told};

const CALM: &[(&str, &str)] = &[
    ("Country of residence", "EE"),
    ("Is the customer PEP?", "No"),
    ("Industry", "Others"),
    ("Occupation", "Employee"),
    ("KYC status", "Verified"),
];

fn noon() -> Timestamp {
    "2024-05-16T08:57:04.654818Z".parse().unwrap()
}

async fn at_noon() -> Play {
    Play::start(Vendor::Idenfy, &Settings { clock: noon, ..Settings::default() }).await
}

#[tokio::test]
async fn profiles_are_a_bare_array() {
    let play = idenfy().await;
    let profiles = good(play.get("/risk/assessment-profiles/").send().await.unwrap()).await;
    let documented = json!({ "id": "dd121b5c-e3ef-4197-b036-8b7e872f6678", "name": "RA profile name" });
    assert!(profiles.as_array().unwrap().contains(&documented));
    assert_eq!(profiles[0]["id"], DEMO_PROFILE_ID);
}

#[tokio::test]
async fn the_documented_profile_is_as_documented() {
    let play = idenfy().await;
    let profile =
        good(play.get(&format!("/risk/assessment-profiles/{PROFILE_ID}/")).send().await.unwrap()).await;
    let documented = json!({
        "id": "61fbe03e-961c-4c6f-a2cd-801083ddbe0d", "name": "Name", "description": "",
        "sections": [{ "key": "bXUsmLJeMI", "name": "Category", "weight": 100, "questions": [
            {
                "choices": [{ "key": "XOCgRfvUlu", "title": "Yes" }, { "key": "QQALQApLKI", "title": "No" }],
                "key": "lib-YHlTleSKmo", "name": "Is shareholder PEP?", "title": "Is shareholder PEP?",
                "type": "SELECT", "riskLevels": [], "riskLevelDefault": "LOW",
            },
            {
                "choices": [], "key": "lib-AEgWHKDkwF", "name": "Shareholder residency",
                "title": "Shareholder residency", "type": "COUNTRY", "riskLevels": [], "riskLevelDefault": "MEDIUM",
            },
        ] }],
    });
    assert_eq!(profile, documented);
}

#[tokio::test]
async fn the_documented_check_scores_as_documented() {
    let play = at_noon().await;
    let answer = play.checked(PROFILE_ID, &documented_check()).await;
    let section = &answer["sections"][0];
    assert_eq!((&section["riskScore"], &section["maxRiskScore"]), (&json!(5), &json!(5)));
    assert_eq!((&answer["riskScore"], &answer["riskLevel"]), (&json!(100), &json!("VERY_HIGH")));
    let given = |question: usize| section["questions"][question]["answers"].clone();
    assert_eq!(
        given(0),
        json!([{ "key": "XOCgRfvUlu", "answer": "Yes", "riskLevel": "LOW", "riskScore": 2 }])
    );
    assert_eq!(given(1), json!([{ "key": "HU", "answer": null, "riskLevel": "MEDIUM", "riskScore": 3 }]));
    assert_eq!(answer["profile"], json!({ "id": PROFILE_ID, "name": "Name" }));
    assert_eq!((&answer["comment"], &answer["companyId"]), (&Value::Null, &Value::Null));
    assert_eq!(answer["riskLevelChangedBy"], Value::Null);
    assert_eq!(answer["stateChangeEvent"], "INITIAL");
    assert_eq!(answer["partner"]["environment"], "TESTING");
    assert_eq!(answer["createdAt"], "2024-05-16T08:57:04.654818Z");
    assert_eq!(answer["updatedAt"], "2024-05-16T08:57:04.654821Z");
    let id = answer["id"].as_str().unwrap();
    assert!(id.len() == 22 && id.chars().all(|letter| letter.is_ascii_alphanumeric()));
    assert_eq!(play.sandbox.billed(), 1);
}

#[tokio::test]
async fn the_detail_call_tells_the_same_with_other_timestamps() {
    let play = at_noon().await;
    let mut expected = play.checked(PROFILE_ID, &documented_check()).await;
    let path = format!("/risk/assessments/{}/", expected["id"].as_str().unwrap());
    let detail = good(play.get(&path).send().await.unwrap()).await;
    expected["createdAt"] = json!("2024-05-16 08:57:04.654818+00:00");
    expected["updatedAt"] = json!("2024-05-16 08:57:04.654821+00:00");
    assert_eq!(detail, expected);
    assert_eq!(play.sandbox.billed(), 1);
}

#[tokio::test]
async fn the_list_is_paged_newest_first_by_absolute_urls() {
    let play = at_noon().await;
    for number in 0..23 {
        let body = json!({ "sections": {}, "name": format!("Person {number}") });
        play.checked(PROFILE_ID, &body).await;
    }
    let (mut names, mut pages) = (Vec::new(), 0);
    let mut next = Some(play.url("/risk/assessments/"));
    while let Some(url) = next {
        let request = play.client.get(url).basic_auth("sandbox-key", Some("sandbox-secret"));
        let page = good(request.send().await.unwrap()).await;
        assert_eq!(page["count"], 23);
        assert_eq!(page["previous"].is_null(), pages == 0);
        for item in page["results"].as_array().unwrap() {
            assert_eq!(item.as_object().unwrap().len(), 5);
            assert_eq!(item["createdAt"], "2024-05-16T08:57:04.654818Z");
            names.push(item["name"].as_str().unwrap().to_owned());
        }
        next = page["next"].as_str().map(str::to_owned);
        assert!(next.as_ref().is_none_or(|next| next.starts_with(&play.sandbox.base_url())));
        pages += 1;
    }
    assert_eq!(pages, 3);
    assert_eq!(names, (0..23).rev().map(|number| format!("Person {number}")).collect::<Vec<_>>());
    for page in ["0", "4", "x"] {
        let (status, body) = told(play.get(&format!("/risk/assessments/?page={page}"))).await;
        assert_eq!((status, body), (404, json!({ "detail": "Invalid page." })));
    }
}

#[tokio::test]
async fn an_unanswered_check_is_nought_of_nought() {
    let play = idenfy().await;
    let answer = play.checked(DEMO_PROFILE_ID, &json!({ "sections": {}, "name": "Nobody Asked" })).await;
    assert_eq!((&answer["riskScore"], &answer["riskLevel"]), (&json!(0), &json!("VERY_LOW")));
    for section in answer["sections"].as_array().unwrap() {
        assert_eq!((&section["riskScore"], &section["maxRiskScore"]), (&json!(0), &json!(0)));
        assert!(
            section["questions"].as_array().unwrap().iter().all(|question| question["answers"] == json!([]))
        );
    }
}

#[tokio::test]
async fn questions_left_out_count_for_nothing() {
    let play = idenfy().await;
    let form =
        demo_form(&play, "Half Done", &[("Is the customer PEP?", "Yes"), ("Industry", "Retail")]).await;
    let answer = play.checked(DEMO_PROFILE_ID, &form).await;
    // 100 % of 40, two fifths of 35, nothing of 25.
    assert_eq!((&answer["riskScore"], &answer["riskLevel"]), (&json!(54), &json!("MEDIUM")));
}

#[tokio::test]
async fn demo_scores_reach_every_level_and_add_up() {
    let play = idenfy().await;
    let changes: &[&[(&str, &str)]] = &[
        &[],
        &[("Industry", "Retail"), ("Country of residence", "GB"), ("KYC status", "Verified by client")],
        &[("Country of residence", "NG"), ("KYC status", "Expired"), ("Industry", "Financial services")],
        &[
            ("Is the customer PEP?", "Yes"),
            ("Country of residence", "NG"),
            ("Industry", "Casinos"),
            ("Occupation", "Company director"),
        ],
        &[
            ("Is the customer PEP?", "Yes"),
            ("Country of residence", "IR"),
            ("Industry", "Arms dealers"),
            ("Occupation", "Public official"),
            ("KYC status", "Not verified"),
        ],
    ];
    let mut levels = Vec::new();
    for change in changes {
        let answers: Vec<_> = change.iter().chain(CALM).copied().collect();
        let answer = play.checked(DEMO_PROFILE_ID, &demo_form(&play, "Some Body", &answers).await).await;
        adds_up(&answer);
        levels.push(answer["riskLevel"].as_str().unwrap().to_owned());
    }
    assert_eq!(levels, ["VERY_LOW", "LOW", "MEDIUM", "HIGH", "VERY_HIGH"]);
}

/// The documented way from answers to the total, computed another way than the sandbox does.
fn adds_up(assessment: &Value) {
    let mut total = 0.0;
    for section in assessment["sections"].as_array().unwrap() {
        let questions = section["questions"].as_array().unwrap();
        let points: i64 =
            questions.iter().map(|question| question["answers"][0]["riskScore"].as_i64().unwrap()).sum();
        assert_eq!(section["riskScore"], points);
        total += section["weight"].as_f64().unwrap() * section["riskScore"].as_f64().unwrap()
            / section["maxRiskScore"].as_f64().unwrap();
    }
    assert!((assessment["riskScore"].as_f64().unwrap() - total).abs() <= 0.5 + 1e-9, "{total}");
}
