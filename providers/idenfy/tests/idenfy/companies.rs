//! The risk in the record of a verified company.

use risk_provider::{
    FailureKind, Flag, Level, ProviderAssessment, ProviderError, RiskProvider, VendorReference,
};
use serde_json::{Value, json};

use crate::support::{NOW, Vendor, documented, reply, time_of};

const COMPANY: &str = "0c7f9f0e-52c4-4b58-9d0b-3f6f4f1d2a90";

fn record(summary: &Value) -> Value {
    json!({"id": COMPANY, "companyName": "Acme Mills Ltd", "directors": [{"name": "Zainab"}], "riskAssessment": summary})
}

async fn company(body: impl ToString) -> Result<Option<ProviderAssessment>, ProviderError> {
    documented().company(&Vendor::new([reply(200, body)]).call(), COMPANY).await
}

async fn risk(score: Value, level: Value) -> ProviderAssessment {
    let summary = json!({"id": "r-1", "riskScore": score, "riskLevel": level, "comment": null});
    company(record(&summary)).await.expect("an answer").expect("a risk")
}

#[tokio::test]
async fn a_companys_risk_is_read_and_nothing_else_of_it_kept() {
    let summary = json!({"id": "r-1", "riskScore": 72, "riskLevel": "HIGH", "comment": null});
    let vendor = Vendor::new([reply(200, record(&summary))]);
    let risk = documented().company(&vendor.call(), COMPANY).await.expect("an answer").expect("a risk");
    assert_eq!((risk.score.as_ref().expect("a score").raw(), risk.level), ("72", Some(Level::High)));
    assert_eq!(risk.vendor_reference, Some(VendorReference("r-1".to_owned())));
    assert!(risk.factors.is_empty() && risk.flags.is_empty());
    assert_eq!((risk.coverage(), risk.assessed_at), (0.0, time_of(NOW)));
    let kept: Value = serde_json::from_str(risk.raw.text()).expect("JSON");
    assert_eq!(kept, summary);
    let asked = vendor.asked();
    assert_eq!((asked[0].operation, asked[0].paid, asked[0].method.as_str()), ("company", false, "GET"));
    assert_eq!(asked[0].url.path(), format!("/kyb/companies/{COMPANY}/"));
}

#[tokio::test]
async fn q_id_2_a_companys_summary_may_have_an_id_of_another_kind() {
    for id in [json!("61fbe03e-961c-4c6f-a2cd-801083ddbe0d"), json!("17CRlVRrxUa91BAMvMdeYP"), json!(7)] {
        let summary = json!({"id": id, "riskScore": 72, "riskLevel": "HIGH", "comment": null});
        let risk = company(record(&summary)).await.expect("an answer").expect("a risk");
        assert_eq!(risk.vendor_reference.expect("a reference").0, id.as_str().unwrap_or("7"));
    }
}

#[tokio::test]
async fn a_company_without_an_assessment_has_none() {
    assert_eq!(company(record(&Value::Null)).await.expect("an answer"), None);
    let vendor = Vendor::new([reply(200, record(&Value::Null))]);
    let reference = VendorReference(format!("kyb:{COMPANY}"));
    let error = documented().retrieve(&vendor.call(), &reference).await.expect_err("nothing there");
    assert_eq!((error.kind, vendor.operations()), (FailureKind::NotFound, vec!["company"]));
}

#[tokio::test]
async fn nothing_unjudged_reads_as_low() {
    let low =
        [Value::Null, json!("NOT_CHECKED"), json!("VERY_LOW"), json!("LOW"), json!("very_low"), json!(1)];
    for word in low {
        let risk = risk(Value::Null, word.clone()).await;
        assert_eq!((risk.score, risk.level), (None, None), "{word}");
        assert!(risk.flags.contains(&Flag::Unanswered), "{word}");
    }
    for (score, level) in [(5, Level::Medium), (61, Level::High)] {
        for word in [Value::Null, json!("NOT_CHECKED"), json!("CLEAR"), json!("low")] {
            let risk = risk(json!(score), word.clone()).await;
            assert_eq!(risk.level, Some(level), "{score} {word}");
            assert!(risk.flags.contains(&Flag::UnknownVendorLevel), "{score} {word}");
        }
    }
    assert_eq!(risk(json!(15), json!("VERY_LOW")).await.level, Some(Level::VeryLow));
    let warned = risk(Value::Null, json!("VERY_HIGH")).await;
    assert_eq!((warned.score, warned.level), (None, Some(Level::VeryHigh)), "a warning is not lost");
}

#[tokio::test]
async fn q_id_5_a_companys_score_of_nought_was_never_answered() {
    for score in [json!(0), json!(0.0)] {
        let risk = risk(score.clone(), json!("VERY_LOW")).await;
        assert_eq!((risk.score, risk.level), (None, None), "{score}");
        assert!(risk.flags.contains(&Flag::Unanswered), "{score}");
    }
}

#[tokio::test]
async fn what_is_no_summary_is_malformed() {
    let summaries = [
        json!({}),
        json!([]),
        json!("LOW"),
        json!(5),
        json!(false),
        json!({"id": "x", "riskScore": -1, "riskLevel": "LOW"}),
        json!({"id": "x", "riskScore": 101, "riskLevel": "LOW"}),
        json!({"id": "x", "riskScore": "5", "riskLevel": "LOW"}),
        json!({"riskScore": 5, "riskLevel": "LOW"}),
    ];
    for summary in summaries {
        let error = company(record(&summary)).await.expect_err("no summary");
        assert_eq!(error.kind, FailureKind::Malformed, "{summary}");
    }
    for body in ["", "{}", "[]", "null", "<html></html>", r#"{"id": "x"}"#] {
        assert_eq!(company(body).await.expect_err(body).kind, FailureKind::Malformed, "{body}");
    }
}

#[tokio::test]
async fn another_company_than_was_asked_for_is_none() {
    let summary = json!({"id": "r-1", "riskScore": 72, "riskLevel": "HIGH", "comment": null});
    let told = |id: Value| json!({"id": id, "riskAssessment": summary});
    for id in [json!("c-2"), Value::Null] {
        assert_eq!(company(told(id)).await.expect_err("another").kind, FailureKind::Malformed);
    }
    company(told(json!(COMPANY.to_uppercase()))).await.expect("an answer").expect("a risk");
}

#[tokio::test]
async fn a_company_is_found_by_its_id_and_nothing_else() {
    for odd in ["", "../risk", "a/b", "a?b", "%2e%2e", "kyb:x"] {
        let vendor = Vendor::new([]);
        let error = documented().company(&vendor.call(), odd).await.expect_err(odd);
        assert_eq!(error.kind, FailureKind::NotFound, "{odd}");
        assert!(vendor.asked().is_empty(), "{odd}");
    }
}
