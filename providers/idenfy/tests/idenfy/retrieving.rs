//! Reading an answer again.

use risk_provider::{FailureKind, Flag, Level, ProviderAssessment, RiskProvider, VendorReference};
use serde_json::json;

use crate::support::{CHECK, NOW, UNANSWERED, Vendor, documented, reply, time_of, with};

const REFERENCE: &str = "Fi6cT2FO0AoDYyPljKhM41";

async fn retrieve(body: impl ToString) -> ProviderAssessment {
    let vendor = Vendor::new([reply(200, body)]);
    let reference = VendorReference(REFERENCE.to_owned());
    documented().retrieve(&vendor.call(), &reference).await.expect("an assessment")
}

#[tokio::test]
async fn q_id_3_both_timestamp_formats_are_read() {
    let cases = [
        (json!({}), "2024-05-06T09:45:02.405609Z"),
        (json!({"updatedAt": "2024-05-16T08:57:04.654821Z"}), "2024-05-16T08:57:04.654821Z"),
        (json!({"updatedAt": "2024-05-16 08:57:04+00:00"}), "2024-05-16T08:57:04Z"),
        (json!({"updatedAt": null}), "2024-05-06T09:45:02.405602Z"),
        (json!({"updatedAt": "yesterday"}), "2024-05-06T09:45:02.405602Z"),
        (json!({"updatedAt": null, "createdAt": null}), NOW),
    ];
    for (times, expected) in cases {
        let answer = retrieve(with(UNANSWERED, &times)).await;
        assert_eq!(answer.assessed_at, time_of(expected), "{times}");
    }
}

#[tokio::test]
async fn an_earlier_answer_reads_like_a_fresh_one() {
    let answer = retrieve(with(CHECK, &json!({"id": REFERENCE}))).await;
    assert_eq!(answer.level, Some(Level::VeryHigh));
    assert_eq!(answer.factors[0].code, "screening.pep");
    assert_eq!(answer.profile_fingerprint, None);
    assert!(answer.flags.is_empty());
    let unanswered = retrieve(UNANSWERED).await;
    assert_eq!(unanswered.level, None);
    assert_eq!(unanswered.flags.into_iter().collect::<Vec<_>>(), [Flag::Unanswered]);
}

#[tokio::test]
async fn the_reference_names_the_path_and_nothing_else_does() {
    let vendor = Vendor::new([reply(200, CHECK)]);
    let reference = VendorReference("17CRlVRrxUa91BAMvMdeYP".to_owned());
    documented().retrieve(&vendor.call(), &reference).await.expect("an assessment");
    let asked = vendor.asked();
    assert_eq!(asked[0].url.path(), "/risk/assessments/17CRlVRrxUa91BAMvMdeYP/");
    assert_eq!((asked[0].operation, asked[0].paid, asked[0].method.as_str()), ("assessment", false, "GET"));
    for odd in ["", "../assessment-profiles", "a/b", "a?b", "a#b", "%2e%2e", "é"] {
        let vendor = Vendor::new([]);
        let error = documented().retrieve(&vendor.call(), &VendorReference(odd.to_owned())).await;
        assert_eq!(error.map(drop).map_err(|error| error.kind), Err(FailureKind::NotFound), "{odd}");
        assert!(vendor.asked().is_empty(), "{odd}");
    }
}

#[tokio::test]
async fn another_answer_than_was_asked_for_is_none() {
    for id in [json!("bb2"), json!(2), json!("fi6ct2fo0aodyypljkhm41")] {
        let vendor = Vendor::new([reply(200, with(CHECK, &json!({"id": id})))]);
        let error = documented().retrieve(&vendor.call(), &VendorReference(REFERENCE.to_owned())).await;
        assert_eq!(error.map(drop).map_err(|error| error.kind), Err(FailureKind::Malformed), "{id}");
    }
}
