//! Signs of failure beside what reads like a good answer.

use risk_provider::{
    FailureKind as Kind, History, HistoryQuery, Level, ProviderError, Recheck, RiskProvider, VendorReference,
};
use serde_json::{Value, json};

use crate::support::{ASSESSMENTS, CHECK, PROFILE, Vendor, assess, documented, matthew, reply, with};

const REFERENCE: &str = "17CRlVRrxUa91BAMvMdeYP";

/// A check without any risk, with a field written before all others.
fn low(field: &str) -> String {
    let low = with(CHECK, &json!({"riskLevel": "VERY_LOW", "riskScore": 5})).to_string();
    format!("{{{field},{}", &low[1..])
}

/// What a check, an update and reading it again make of the same body.
async fn judged(body: &str) -> [Result<Option<Level>, ProviderError>; 3] {
    let reference = VendorReference(REFERENCE.to_owned());
    let vendor = Vendor::new([reply(200, PROFILE), reply(200, body)]);
    let updated = Recheck::recheck(&documented(), &vendor.call(), &reference, &matthew()).await;
    let read = documented().retrieve(&Vendor::new([reply(200, body)]).call(), &reference).await;
    [assess(body).await, updated, read].map(|told| told.map(|told| told.level))
}

#[tokio::test]
async fn a_sign_of_failure_beside_a_good_answer_makes_it_none() {
    let rows = [
        (r#""success":false"#, Kind::Malformed),
        (r#""success":"false""#, Kind::Malformed),
        (r#""success":"true""#, Kind::Malformed),
        (r#""success":0"#, Kind::Malformed),
        (r#""success":1"#, Kind::Malformed),
        (r#""success":null"#, Kind::Malformed),
        (r#""success":{}"#, Kind::Malformed),
        (r#""success":true,"success":true"#, Kind::Malformed),
        (r#""success":true,"succ\u0065ss":false"#, Kind::Malformed),
        (r#""error":"boom""#, Kind::Malformed),
        (r#""error":{"code":7}"#, Kind::Malformed),
        (r#""error":null,"error":null"#, Kind::Malformed),
        (r#""identifier":"INTERNAL_ERROR","message":"later""#, Kind::VendorError),
        (r#""identifier":"PARTNER_CONTRACT_ERROR""#, Kind::OutOfCredit),
        (r#""identifier":"BRAND_NEW""#, Kind::Malformed),
        (r#""identifier":7"#, Kind::Malformed),
        (r#""status":"PENDING""#, Kind::Malformed),
        (r#""status":"error""#, Kind::Malformed),
        (r#""status":" processing ""#, Kind::Malformed),
        (r#""status":"Not checked""#, Kind::Malformed),
        (r#""status":"IN-PROGRESS""#, Kind::Malformed),
        (r#""success":false,"limit":1e400"#, Kind::Malformed),
        (r#""errors":["x"]"#, Kind::Malformed),
        (r#""detail":"Not found.""#, Kind::Malformed),
        (r#""message":"Something failed","severity":"SEVERE","documentation":"""#, Kind::Malformed),
        (r#""statusCode":500"#, Kind::Malformed),
        (r#""status":500"#, Kind::Malformed),
        (r#""status":"errored""#, Kind::Malformed),
        (r#""status":"TIMEOUT""#, Kind::Malformed),
        (r#""status":"EXPIRED""#, Kind::Malformed),
    ];
    for (field, kind) in rows {
        for told in judged(&low(field)).await {
            assert_eq!(told.map_err(|error| error.kind), Err(kind), "{field}");
        }
    }
    for field in [
        r#""success":true"#,
        r#""error":null"#,
        r#""identifier":null"#,
        r#""status":"COMPLETED""#,
        r#""status":null"#,
    ] {
        for told in judged(&low(field)).await {
            assert_eq!(told.map_err(|error| error.kind), Ok(Some(Level::VeryLow)), "{field}");
        }
    }
}

#[tokio::test]
async fn a_sign_of_failure_in_any_part_of_an_answer_makes_it_none() {
    for place in ["/sections/0", "/sections/0/questions/0", "/sections/0/questions/0/answers/0"] {
        for sign in [
            json!({"error": "lookup failed"}),
            json!({"errors": ["PEP list unavailable"]}),
            json!({"success": false}),
            json!({"status": "pending"}),
            json!({"statusCode": 500}),
        ] {
            let mut body = with(CHECK, &json!({"riskLevel": "VERY_LOW", "riskScore": 5}));
            let part = body.pointer_mut(place).expect("a part");
            *part = with_value(part, &sign);
            for told in judged(&body.to_string()).await {
                assert_eq!(told.map_err(|error| error.kind), Err(Kind::Malformed), "{sign} in {place}");
            }
        }
    }
}

#[tokio::test]
async fn what_was_accepted_for_later_or_comes_in_part_is_no_answer() {
    for status in [202, 206] {
        let vendor = Vendor::new([reply(200, PROFILE), reply(status, CHECK)]);
        let told = documented().assess(&vendor.call(), &matthew()).await;
        assert_eq!(told.map(drop).map_err(|error| error.kind), Err(Kind::Malformed), "{status}");
    }
}

#[tokio::test]
async fn what_is_no_answer_about_a_subject_may_have_an_identifier_and_a_state() {
    let more = json!({"identifier": "list-1", "status": "PENDING", "id": "x"});
    let page = |body: Value| async move {
        let vendor = Vendor::new([reply(200, body)]);
        documented().page(&vendor.call(), &HistoryQuery::default(), None).await.map(|page| page.items.len())
    };
    assert_eq!(page(with(ASSESSMENTS, &more)).await.map_err(|error| error.kind), Ok(2));
    let refused = page(with(ASSESSMENTS, &json!({"success": "false"}))).await;
    assert_eq!(refused.map_err(|error| error.kind), Err(Kind::Malformed));
    let company = json!({"id": "c-1", "status": "PENDING", "identifier": "7",
        "riskAssessment": {"id": "r-1", "riskScore": 72, "riskLevel": "HIGH", "comment": null}});
    let told =
        documented().company(&Vendor::new([reply(200, company)]).call(), "c-1").await.expect("an answer");
    assert_eq!(told.expect("a risk").level, Some(Level::High));
}

#[tokio::test]
async fn a_company_whose_record_or_summary_speaks_against_itself_has_no_risk() {
    let summary = json!({"id": "r-1", "riskScore": 10, "riskLevel": "VERY_LOW", "comment": null});
    let record = json!({"id": "c-1", "riskAssessment": summary});
    let told = async |body: Value| {
        let vendor = Vendor::new([reply(200, body)]);
        documented().company(&vendor.call(), "c-1").await.map(drop).map_err(|error| error.kind)
    };
    assert_eq!(told(record.clone()).await, Ok(()));
    for sign in [
        json!({"error": "boom"}),
        json!({"errors": ["boom"]}),
        json!({"detail": "boom"}),
        json!({"success": false}),
        json!({"identifier": "INTERNAL_ERROR"}),
    ] {
        assert!(told(with_value(&record, &sign)).await.is_err(), "{sign} on the record");
        let summary = with_value(&summary, &sign);
        assert!(
            told(with_value(&record, &json!({"riskAssessment": summary}))).await.is_err(),
            "{sign} in it"
        );
    }
    for status in ["PENDING", "error"] {
        let summary = with_value(&summary, &json!({"status": status}));
        assert!(told(with_value(&record, &json!({"riskAssessment": summary}))).await.is_err(), "{status}");
    }
    let nobody = with_value(&record, &json!({"id": null}));
    assert_eq!(told(nobody).await, Err(Kind::Malformed), "nothing ties it to the company that was asked for");
}

fn with_value(body: &Value, more: &Value) -> Value {
    with(&body.to_string(), more)
}

#[tokio::test]
async fn a_byte_order_mark_before_a_good_answer_means_nothing() {
    let plain = assess(CHECK).await.expect("an assessment");
    assert_eq!(assess(format!("\u{feff}{CHECK}")).await.expect("an assessment"), plain);
    let refused = assess(format!("\u{feff}{}", low(r#""success":false"#))).await;
    assert_eq!(refused.map(drop).map_err(|error| error.kind), Err(Kind::Malformed));
}
