//! Answers that are none. Not one of them may read as a low risk.

use risk_provider::{FailureKind, Level};
use serde_json::{Value, json};

use crate::support::{ANSWER, edited, edited_at, read, spliced};

fn low(edit: impl FnOnce(&mut Value)) -> String {
    edited(|report| {
        report["riskScore"] = json!(5);
        report["basicRiskScore"] = json!(5);
        report["riskStatus"] = json!("Low Risk");
        edit(report);
    })
}

#[test]
fn what_is_no_answer_is_malformed() {
    let cut = &ANSWER[..ANSWER.len() / 2];
    let literals = [
        "<html><body>Busy</body></html>",
        "",
        " ",
        "[]",
        "null",
        "true",
        "7",
        "\"ok\"",
        "{}",
        r#"{"success":true}"#,
        r#"{"success":true,"data":null}"#,
        r#"{"success":true,"data":[]}"#,
        r#"{"success":true,"data":{}}"#,
        r#"{"success":true,"data":"x"}"#,
        r#"{"success":"true","data":{}}"#,
        r#"{"success":1,"data":{}}"#,
        r#"{"success":false}"#,
        r#"{"success":true,"statusCode":200,"data":{"success":false}}"#,
        r#"{"success":true,"data":{"latestReport":null,"latestRiskStatus":"pending","latestRiskScore":0}}"#,
        r#"[{"success":true}]"#,
        cut,
        "\u{feff}{}",
    ];
    for body in literals {
        let error = read(body).expect_err(body);
        assert_eq!(error.kind, FailureKind::Malformed, "{body}");
        assert_eq!(error.vendor_status, Some(200), "{body}");
    }
}

#[test]
fn a_score_that_is_no_number_from_0_to_100_is_malformed() {
    for literal in [
        "\"58\"", "null", "-1", "-0.1", "101", "100.0001", "1e400", "NaN", "Infinity", "[58]", "{}", "true",
        "+1",
    ] {
        let scores = [
            ("\"riskScore\": 58.27283333365", format!("\"riskScore\": {literal}")),
            ("\"sanctionScore\": 0,", format!("\"sanctionScore\": {literal},")),
            ("\"countryScore\": 56.78", format!("\"countryScore\": {literal}")),
            ("\"industryScore\": 100", format!("\"industryScore\": {literal}")),
        ];
        for (from, to) in scores {
            // A component may be absent, and null is how this vendor spells that.
            if literal == "null" && !to.contains("riskScore") {
                continue;
            }
            let error = read(&spliced(from, &to)).expect_err(&to);
            assert_eq!(error.kind, FailureKind::Malformed, "{to}");
        }
    }
    assert!(read(&edited_at("riskScore", None)).is_err());
}

#[test]
fn a_report_without_all_its_blocks_is_malformed_however_low_it_claims_to_be() {
    for block in ["geographic", "product", "personal"] {
        for odd in [
            None,
            Some(Value::Null),
            Some(json!([])),
            Some(json!("x")),
            Some(json!(0)),
            Some(json!({})),
            Some(json!({"weight": 0.25})),
            Some(json!({"countryScore": null, "industryScore": null, "kycScore": null})),
        ] {
            let body = low(|report| {
                let report = report.as_object_mut().expect("object");
                match odd.clone() {
                    Some(odd) => report.insert(block.to_owned(), odd),
                    None => report.remove(block),
                };
            });
            let error = read(&body).expect_err(block);
            assert_eq!(error.kind, FailureKind::Malformed, "{block} {odd:?}");
        }
    }
}

#[test]
fn a_pending_report_is_never_a_score() {
    for word in ["pending", "Pending", " PENDING "] {
        let body = low(|report| report["riskStatus"] = json!(word));
        assert_eq!(read(&body).expect_err(word).kind, FailureKind::Malformed);
    }
}

#[test]
fn wrong_types_are_malformed() {
    for (path, value) in [
        ("riskStatus", json!(3)),
        ("personal.sanctionScoreStatus", json!(false)),
        ("personal.name", json!(["Ahmed"])),
        ("product.weight", json!("0.25")),
        ("adverseMediaNews", json!({"0": {}})),
    ] {
        let error = read(&edited_at(path, Some(value))).expect_err(path);
        assert_eq!(error.kind, FailureKind::Malformed, "{path}");
    }
}

#[test]
fn nothing_unknown_or_unanswered_reads_below_medium() {
    let edits: [fn(&mut Value); 8] = [
        |report| report["riskStatus"] = json!("Splendid"),
        |report| report["riskStatus"] = Value::Null,
        |report| report["personal"]["sanctionScoreStatus"] = json!("Probably fine"),
        |report| report["personal"]["pepScoreStatus"] = json!("Probably fine"),
        |report| report["personal"]["sanctionScore"] = Value::Null,
        |report| report["personal"]["pepScore"] = Value::Null,
        |report| report["personal"] = json!({"kycScore": 0}),
        |report| report["personal"]["pepScore"] = json!(1),
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        let told = read(&low(edit)).expect("an answer");
        assert!(told.level >= Some(Level::Medium), "{number} {:?}", told.level);
    }
    assert_eq!(read(&low(|_| ())).expect("an answer").level, Some(Level::Low));
}

#[test]
fn a_malformed_answer_is_told_without_quoting_it() {
    for body in [edited_at("riskStatus", Some(json!({"Ahmed": 1}))), "{\"Ahmed\": ".to_owned()] {
        let printed = format!("{:?}", read(&body).expect_err("malformed"));
        assert!(!printed.contains("Ahmed"), "{printed}");
    }
}
