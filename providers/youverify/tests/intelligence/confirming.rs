//! A report that was read by its reference, held against whom was asked about.

use jiff::civil::date;
use risk_provider::{AnswerState, FactorState, FailureKind, Flag, ProviderAssessment, RiskProvider, Subject};
use risk_provider_youverify::Intelligence;
use serde_json::{Value, json};

use crate::support::{
    ID, Told, accept, company, edited, envelope, factor, provider, read, ready, retrieve, started, strict,
    with, without,
};

fn confirm(provider: &Intelligence, subject: &Subject, answer: ProviderAssessment) -> Told {
    provider.confirm(subject, date(2026, 11, 21), answer)
}

fn other_company() -> Subject {
    accept(with(company(), json!({"business_name": "Twitter"})))
}

#[test]
fn a_report_about_the_subject_stays_what_it_is() {
    for id in [ID, "647f096187f89a18587648ce"] {
        let (told, _) = retrieve(&provider(), id, 200, &envelope(&ready()).to_string());
        let told = told.expect("an answer");
        let confirmed = confirm(&provider(), &accept(company()), told.clone()).expect("the same");
        assert_eq!(confirmed, told);
    }
}

#[test]
fn q_yv_8_a_report_that_is_read_later_about_another_name_is_flagged_or_refused() {
    let told = read(&ready()).expect("an answer");
    assert!(told.flags.is_empty(), "nobody was asked about");
    let confirmed = confirm(&provider(), &other_company(), told.clone()).expect("flagged");
    assert!(confirmed.flags.contains(&Flag::SubjectNameMismatch));
    assert_eq!(
        (confirmed.vendor_reference, confirmed.assessed_at, confirmed.raw),
        (told.vendor_reference.clone(), told.assessed_at, told.raw.clone())
    );
    let refused = confirm(&strict(), &other_company(), told).expect_err("strict");
    assert_eq!(refused.kind, FailureKind::Malformed);
    let of_report = |name: Value| edited(ready(), &[("/latestReport/personal/name", name)]);
    for profile in
        [of_report(json!("Twitter")), of_report(Value::Null), without(ready(), "/latestReport/personal/name")]
    {
        let confirmed =
            confirm(&provider(), &accept(company()), read(&profile).expect("kept")).expect("flagged");
        assert!(confirmed.flags.contains(&Flag::SubjectNameMismatch), "{profile}");
    }
}

#[test]
fn what_is_still_pending_is_held_against_the_name_of_its_record() {
    let told = read(&started()).expect("pending");
    let own = confirm(&provider(), &accept(company()), told.clone()).expect("pending");
    assert_eq!(own, told);
    let other = confirm(&provider(), &other_company(), told).expect("pending");
    assert_eq!((other.state, other.flags.contains(&Flag::SubjectNameMismatch)), (AnswerState::Pending, true));
}

#[test]
fn what_was_asked_is_taken_from_the_subject_once_it_is_known() {
    let profile = without(ready(), "/entityInformation/businessInformation/phoneNumber");
    let told = read(&profile).expect("an answer");
    assert_eq!(factor(&told, "geography.phone").state, FactorState::MissingInput);
    let confirmed = confirm(&provider(), &accept(company()), told).expect("the same");
    assert_eq!(factor(&confirmed, "geography.phone").state, FactorState::Scored);
}
