//! Youverify's actor assessment when nothing is wrong.

use serde_json::{Value, json};

use crate::support::{V1, V2, actor, documented_actor, good, with, youverify};

fn near(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap();
    assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
}

#[tokio::test]
async fn the_documented_subject_scores_as_documented() {
    let play = youverify().await;
    let report = play.report(&documented_actor()).await;
    for (pointer, expected) in [
        ("/geographic/countryScore", 56.78),
        ("/geographic/cityScore", 67.6),
        ("/geographic/lengthOfStayScore", 50.000_000_002),
        ("/geographic/actualScore", 58.533_000_000_6),
        ("/geographic/weightedScore", 14.633_250_000_15),
        ("/product/industryScore", 100.0),
        ("/product/actualScore", 90.0),
        ("/product/weightedScore", 22.5),
        ("/personal/kycScore", 100.0),
        ("/personal/sanctionScore", 0.0),
        ("/personal/pepScore", 0.0),
        ("/personal/adverseMediaScore", 77.233_333_333_333_33),
        ("/personal/pAdverseMediaScore", 60.0),
        ("/personal/accountAgeScore", 16.666_666_67),
        ("/personal/citizenshipScore", 68.8),
        ("/personal/actualScore", 42.279_166_667),
        ("/personal/weightedScore", 21.139_583_333_5),
        ("/basicRiskScore", 58.272_833_333_65),
        ("/riskScore", 58.272_833_333_65),
        ("/previousRiskScore", 40.0),
    ] {
        near(report.pointer(pointer).unwrap(), expected);
    }
    assert_eq!(report["personal"]["name"], "Ahmed Al Khalid");
    assert_eq!(report["personal"]["kycScore"].to_string(), "100");
}

#[tokio::test]
async fn the_documented_subject_has_the_documented_words() {
    let play = youverify().await;
    let report = play.report(&documented_actor()).await;
    for (pointer, expected) in [
        ("/geographic/countryScoreStatus", "Potential High Risk"),
        ("/geographic/cityScoreStatus", "Potential High Risk"),
        ("/geographic/lengthOfStayScoreStatus", "Potential Medium Risk"),
        ("/geographic/actualScoreStatus", "Potential Medium Risk"),
        ("/product/industryScoreStatus", "Potential High Risk"),
        ("/product/occupationScoreStatus", "Low Risk"),
        ("/product/actualScoreStatus", "Critical High Risk"),
        ("/personal/kycScoreStatus", "Not Verified. High Risk."),
        ("/personal/sanctionScoreStatus", "Sanction Clear"),
        ("/personal/pepScoreStatus", "PEP Clear"),
        ("/personal/adverseMediaScoreStatus", "Potential High Risk"),
        ("/personal/pAdverseMediaScoreStatus", "Potential Medium Risk"),
        ("/personal/accountAgeScoreStatus", "Potential Medium Risk"),
        ("/personal/citizenshipScoreStatus", "Potential High Risk"),
        ("/personal/actualScoreStatus", "Potential Medium Risk"),
        ("/riskStatus", "Potential Medium Risk"),
    ] {
        assert_eq!(report.pointer(pointer).unwrap(), expected, "{pointer}");
    }
}

#[tokio::test]
async fn both_versions_answer_in_two_envelopes() {
    let play = youverify().await;
    for (path, inner_links) in [(V2, true), (V1, false)] {
        let answer = good(play.actor(path, &documented_actor()).send().await.unwrap()).await;
        assert_eq!((&answer["statusCode"], &answer["data"]["statusCode"]), (&json!(200), &json!(200)));
        assert_eq!(answer["data"].get("links").is_some(), inner_links);
        assert_eq!(answer.get("links").is_some(), !inner_links);
        assert!(answer["data"]["data"]["geographic"].is_object());
    }
    assert_eq!(play.sandbox.billed(), 2);
}

#[tokio::test]
async fn articles_have_the_vendors_habits() {
    let play = youverify().await;
    let report = play.report(&documented_actor()).await;
    assert!(report["adverseMediaNewsReason"].as_str().unwrap().starts_with(' '));
    let news = report["adverseMediaNews"].as_array().unwrap();
    assert!(!news.is_empty());
    for article in news {
        let date = article["date"].as_str().unwrap();
        assert!(date.len() == 19 && ("2023-05-23".."2023-06-24").contains(&date), "{date}");
        assert!(article["source"].as_str().unwrap().starts_with("https://"));
        assert!(article["tags"].as_array().unwrap().iter().all(|tag| tag[0].is_string() && tag[1].is_u64()));
        for list in ["persons", "organizations"] {
            assert!(
                article[list].as_array().unwrap().iter().all(|name| name.as_str().unwrap().ends_with(' '))
            );
        }
        assert!((0.0..=100.0).contains(&article["score"].as_f64().unwrap()));
        assert_eq!(article["_id"].as_str().unwrap().len(), 24);
        assert_eq!((&article["inferring"], &article["site"]), (&json!("Negative"), &Value::Null));
    }
}

#[tokio::test]
async fn some_stories_come_twice() {
    let play = youverify().await;
    let mut twice = 0;
    for number in 0..40 {
        let report = play.report(&actor("Media", &format!("Person{number}"))).await;
        let news = report["adverseMediaNews"].as_array().unwrap();
        assert!(!news.is_empty());
        let same =
            |article: &&Value| article["score"] == news[0]["score"] && article["date"] == news[0]["date"];
        if let [first, second] = news.iter().filter(same).collect::<Vec<_>>().as_slice() {
            assert_ne!(first["_id"], second["_id"]);
            twice += 1;
        }
    }
    assert!((3..30).contains(&twice), "{twice}");
}

#[tokio::test]
async fn words_of_a_name_decide_what_is_found() {
    let play = youverify().await;
    let listed = play.report(&actor("Pep", "Sanction-Jones")).await;
    assert_eq!(listed["personal"]["sanctionScoreStatus"], "Sanctioned. High Risk.");
    assert_eq!(listed["personal"]["pepScoreStatus"], "On PEP List. High Risk.");
    assert_eq!(
        (&listed["personal"]["sanctionScore"], &listed["personal"]["pepScore"]),
        (&json!(100), &json!(100))
    );
    for number in 0..60 {
        let clear = play.report(&actor("Clear", &format!("Peppermint{number}"))).await;
        let personal = &clear["personal"];
        for score in ["sanctionScore", "pepScore", "adverseMediaScore"] {
            assert_eq!(personal[score], 0);
        }
        assert_eq!(clear["adverseMediaNews"], json!([]));
    }
}

#[tokio::test]
async fn a_business_is_answered_like_a_person() {
    let play = youverify().await;
    let business = with(
        actor("ignored", "ignored"),
        &json!({
            "type": "business", "firstName": null, "lastName": null, "businessName": "Clear Harbour Ltd",
            "industry": "casinos", "lengthOfStay": 321, "ageOfAccount": 90.5, "kycVerifiedBy": "youverify",
        }),
    );
    let report = play.report(&business).await;
    assert_eq!(report["personal"]["name"], "Clear Harbour Ltd");
    assert_eq!(report["personal"]["kycScore"], 0);
    assert_eq!(report["geographic"]["lengthOfStayScore"], 0);
    assert_eq!(report["personal"]["accountAgeScore"], 0);
    assert_eq!(report["product"]["actualScore"], 72);
}

#[tokio::test]
async fn what_is_not_sent_counts_as_nothing_known() {
    let play = youverify().await;
    let report = play.report(&with(actor("Clear", "Water"), &json!({ "middleName": "Still" }))).await;
    assert_eq!(report["personal"]["name"], "Clear Still Water");
    assert_eq!(report["geographic"]["lengthOfStayScore"], 100);
    assert_eq!(report["personal"]["accountAgeScore"], 100);
    assert_eq!(report["product"]["actualScore"], 0);
    assert_eq!(
        (&report["previousRiskScore"], &report["personal"]["pAdverseMediaScore"]),
        (&json!(0), &json!(0))
    );
}
