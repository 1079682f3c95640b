use jiff::civil::date;
use serde_json::{Value, json};

use super::*;
use crate::{Input, InputValue};

const TODAY: Date = date(2026, 3, 31);

fn accept(subject: Value) -> Result<Subject, Vec<FieldProblem>> {
    serde_json::from_value::<SubjectRequest>(subject).expect("typed").accept(TODAY)
}

fn person() -> Value {
    json!({"reference": "cust-42", "type": "individual", "name": {"first": "Ahmed", "last": "Al Khalid"}, "country": "NG"})
}

fn with(mut subject: Value, field: &str, value: Value) -> Value {
    subject[field] = value;
    subject
}

#[test]
fn durations_are_stored_as_dates_and_read_back_as_the_same_months() {
    let subject = accept(with(person(), "months_at_address", json!(1))).expect("valid");
    assert_eq!(subject.moved_in_on, Some(date(2026, 2, 28)));
    assert_eq!(crate::input::whole_months(date(2026, 2, 28), TODAY), 1);
}

#[test]
fn every_problem_is_named_with_its_field() {
    let refused = [
        (with(person(), "reference", json!(" ")), "reference"),
        (with(person(), "consent", json!(false)), "consent"),
        (with(person(), "moved_in_on", json!("0000-01-01")), "moved_in_on"),
        (with(person(), "name", json!({"first": "", "last": "x"})), "name.first"),
        (with(person(), "name", Value::Null), "name"),
        (with(person(), "business_name", json!("Acme")), "business_name"),
        (with(person(), "type", json!("business")), "name"),
        (with(person(), "city", json!("")), "city"),
        (with(person(), "city", json!("a\u{0}b")), "city"),
        (with(person(), "date_of_birth", json!("2026-04-01")), "date_of_birth"),
        (with(person(), "months_at_address", json!(1201)), "months_at_address"),
        (
            with(with(person(), "moved_in_on", json!("2020-01-01")), "months_at_address", json!(3)),
            "months_at_address",
        ),
        (with(person(), "account_opened_on", json!("2027-01-01")), "account_opened_on"),
        (with(person(), "previous_risk_score", json!(100.5)), "previous_risk_score"),
        (with(person(), "previous_adverse_media_score", json!(-1)), "previous_adverse_media_score"),
        (
            with(person(), "adverse_media_window", json!({"from": "2026-02-02", "to": "2026-02-01"})),
            "adverse_media_window.from",
        ),
        (
            with(person(), "adverse_media_window", json!({"from": "2026-02-02", "to": "2026-12-01"})),
            "adverse_media_window.to",
        ),
        (with(person(), "kyc", json!({"verified_by": ""})), "kyc.verified_by"),
        (with(person(), "kyc", json!({"verified_by": "Nobody"})), "kyc.verified_by"),
        (with(person(), "answers", json!({"hobby": []})), "answers.hobby"),
    ];
    for (subject, field) in refused {
        let problems = accept(subject).expect_err(field);
        assert_eq!(problems.first().map(|problem| problem.field.as_str()), Some(field), "{problems:?}");
    }
}

#[test]
fn who_verified_is_nobody_the_client_or_a_vendor_and_nothing_that_says_not() {
    let verified_by = |word: &str| accept(with(person(), "kyc", json!({"verified_by": word})));
    for word in ["nobody", "client", "youverify", "idenfy", "4stop", "notabene", "acme-id_2"] {
        let kyc = verified_by(word).expect(word).kyc.expect("kyc");
        assert_eq!(kyc.verified_by.as_deref(), Some(word));
    }
    let refused = [
        "Nobody",
        " nobody",
        "no-body",
        "nobody_",
        "Client",
        "Youverify",
        "you verify",
        "not verified",
        "vérif",
        "",
        "-",
        "0",
        "not_verified",
        "not-verified",
        "notverified",
        "not_yet_checked",
        "unverified",
        "none",
        "no",
        "no_one",
        "no-one",
        "false",
        "null",
        "unknown",
        "expired",
        "expired_30",
        "n_a",
        "n/a",
        "na",
        "pending",
        "rejected",
        "failed",
        "in_progress",
        "in-review",
        "incomplete",
        "unverifiable",
        "expired_60",
    ];
    for word in refused {
        let problems = verified_by(word).expect_err(word);
        let [problem] = problems.as_slice() else { panic!("{word}: {problems:?}") };
        assert_eq!(problem.field, "kyc.verified_by", "{word}");
        assert!(problem.detail.starts_with("must be "), "{problem:?}");
        assert!(problem.detail.contains("write \"nobody\""), "{problem:?}");
    }
}

#[test]
fn dates_are_written_in_one_way_and_never_repeated() {
    let place = |field: &str, value: &Value| match field {
        "kyc" => with(person(), field, json!({ "document_expires_on": value })),
        "from" => with(person(), "adverse_media_window", json!({"from": value, "to": "2026-01-01"})),
        "to" => with(person(), "adverse_media_window", json!({"from": "1970-01-01", "to": value})),
        _ => with(person(), field, value.clone()),
    };
    let odd = [
        json!("19850305"),
        json!("1985-03-05T10:00:00"),
        json!("1985-03-05 "),
        json!("1985-3-5"),
        json!("1985-064"),
        json!("1985-W10-2"),
        json!("1985-02-30"),
        json!("05.03.1985"),
        json!("1985٠03-05"),
        json!(""),
        json!(19_850_305),
        json!([1985, 3, 5]),
        json!({"year": 1985}),
        json!(true),
    ];
    for field in ["date_of_birth", "moved_in_on", "account_opened_on", "kyc", "from", "to"] {
        accept(place(field, &json!("1985-03-05"))).expect(field);
        for value in &odd {
            let error = serde_json::from_value::<SubjectRequest>(place(field, value)).expect_err(field);
            assert_eq!(error.to_string(), "must be a date, written YYYY-MM-DD", "{field} {value}");
        }
    }
    let open = accept(with(person(), "date_of_birth", Value::Null)).expect("null is no date");
    assert_eq!(open.date_of_birth, None);
}

#[test]
fn a_question_that_is_answered_twice_is_refused_and_never_repeated() {
    let written = |answers: &str| {
        let person = person().to_string();
        let open = person.trim_end().strip_suffix('}').expect("an object");
        serde_json::from_str::<SubjectRequest>(&format!("{open},\"answers\":{answers}}}"))
    };
    let request = written(r#"{"hobby": "chess", "pets": ["cat", "dog"]}"#).expect("two questions");
    assert_eq!(request.answers.len(), 2);
    let error = written(r#"{"hobby": "chess", "pets": "cat", "hobby": "chess"}"#).expect_err("twice");
    assert!(error.to_string().starts_with("must not name the same key twice"), "{error}");
    assert!(!error.to_string().contains("hobby"), "{error}");
    let error =
        serde_json::from_value::<SubjectRequest>(with(person(), "answers", json!([]))).expect_err("a list");
    assert_eq!(error.to_string(), "invalid type: sequence, expected a map");
}

#[test]
fn a_document_of_which_nothing_is_known_is_not_called_valid() {
    let state = |kyc: Value| {
        accept(with(person(), "kyc", kyc)).expect("valid").input(&Input::KycDocumentState, TODAY)
    };
    assert_eq!(state(Value::Null), None);
    assert_eq!(state(json!({"verified_by": "client"})), None);
    for (last, expected) in
        [("2026-03-31", "valid"), ("2026-03-30", "expired_30"), ("2026-02-01", "expired_90")]
    {
        let known = state(json!({ "document_expires_on": last }));
        assert_eq!(known, Some(InputValue::Text(expected.to_owned())), "{last}");
    }
    assert_eq!(Input::KycDocumentState.field(), "kyc.document_expires_on");
}

#[test]
fn debug_shows_no_personal_data() {
    let subject = with(person(), "city", json!("lagos"));
    let subject = with(subject, "answers", json!({"Is Ahmed married?": "to Zainab"}));
    let subject = with(subject, "moved_in_on", json!("2011-12-13"));
    let request: SubjectRequest =
        serde_json::from_value(with(subject.clone(), "kyc", json!({"verified_by": "Zainab"})))
            .expect("typed");
    let subject = accept(subject).expect("valid");
    let inputs = subject.inputs(TODAY);
    for printed in
        [format!("{request:?}"), format!("{:?}", request.kyc), format!("{subject:?}"), format!("{inputs:?}")]
    {
        for secret in ["Ahmed", "Khalid", "cust-42", "lagos", "Zainab", "2011"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}
