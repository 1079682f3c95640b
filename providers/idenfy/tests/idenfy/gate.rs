//! Whether a questionnaire may be answered is asked before anything is paid for.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use risk_provider::{
    Admission, FailureKind, Flag, ProviderError, Questionnaire, QuestionnaireGate, Questionnaires, Recheck,
    RiskProvider, VendorReference, questionnaire::Takes,
};
use serde_json::{Value, json};

use crate::support::{
    CHECK, PROFILE, PROFILE_ID, UPDATE, Vendor, documented, matthew, provider, reply, with,
};

/// A gate that does as told and remembers what it was asked.
#[derive(Default)]
struct Gate {
    check: Mutex<Option<FailureKind>>,
    admit: Mutex<Option<FailureKind>>,
    warns: bool,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl QuestionnaireGate for Gate {
    fn check(&self) -> Result<(), ProviderError> {
        self.check.lock().unwrap().map_or(Ok(()), |kind| Err(ProviderError::new(kind, "known to be barred")))
    }

    async fn admit(&self, questionnaire: &Questionnaire) -> Result<Admission, ProviderError> {
        self.asked.lock().unwrap().push(questionnaire.fingerprint.clone());
        match *self.admit.lock().unwrap() {
            Some(kind) => Err(ProviderError::new(kind, "barred")),
            None if self.warns => Ok(Admission::Unaccepted),
            None => Ok(Admission::Accepted),
        }
    }
}

#[tokio::test]
async fn a_questionnaire_that_is_barred_is_not_answered_and_is_read_again_once_it_is_let_through() {
    let (provider, gate) = (documented(), Arc::new(Gate::default()));
    provider.guard(Arc::<Gate>::clone(&gate));
    *gate.admit.lock().unwrap() = Some(FailureKind::Misconfigured);
    let vendor = Vendor::new([reply(200, PROFILE), reply(200, PROFILE), reply(200, CHECK)]);
    let error = provider.assess(&vendor.call(), &matthew()).await.expect_err("barred");
    assert_eq!((error.kind, error.sent), (FailureKind::Misconfigured, false));
    *gate.admit.lock().unwrap() = None;
    provider.assess(&vendor.call(), &matthew()).await.expect("an assessment");
    assert_eq!(vendor.operations(), ["profile", "profile", "check"]);
}

#[tokio::test]
async fn what_is_known_to_be_barred_is_not_even_read() {
    let (provider, gate) = (documented(), Arc::new(Gate::default()));
    provider.guard(Arc::<Gate>::clone(&gate));
    *gate.check.lock().unwrap() = Some(FailureKind::Misconfigured);
    let vendor = Vendor::new([]);
    let error = provider.assess(&vendor.call(), &matthew()).await.expect_err("barred");
    assert_eq!(error.detail, "known to be barred");
    let reference = VendorReference("abc".to_owned());
    Recheck::recheck(&provider, &vendor.call(), &reference, &matthew()).await.expect_err("barred");
    assert_eq!(vendor.operations(), Vec::<&str>::new());
}

#[tokio::test]
async fn an_answer_to_a_questionnaire_that_is_not_accepted_says_so() {
    let provider = documented();
    provider.guard(Arc::new(Gate { warns: true, ..Gate::default() }));
    let vendor = Vendor::new([reply(200, PROFILE), reply(200, CHECK), reply(200, UPDATE)]);
    let answer = provider.assess(&vendor.call(), &matthew()).await.expect("an assessment");
    assert!(answer.flags.contains(&Flag::UnacceptedQuestionnaire));
    let reference = answer.vendor_reference.expect("a reference");
    let again =
        Recheck::recheck(&provider, &vendor.call(), &reference, &matthew()).await.expect("an assessment");
    assert!(again.flags.contains(&Flag::UnacceptedQuestionnaire));
}

#[tokio::test]
async fn a_questionnaire_that_the_mapping_does_not_fit_passes_the_gate_first_and_is_told_as_it_is() {
    let (provider, gate) = (documented(), Arc::new(Gate::default()));
    provider.guard(Arc::<Gate>::clone(&gate));
    let mut other: Value = serde_json::from_str(PROFILE).expect("JSON");
    other["sections"][0]["questions"][0]["title"] = json!("Exposed?");
    other["sections"][0]["questions"][0]["name"] = json!("Exposed?");
    let vendor =
        Vendor::new([reply(200, PROFILE), reply(200, CHECK), reply(200, &other), reply(200, &other)]);
    provider.assess(&vendor.call(), &matthew()).await.expect("an assessment");
    let read = provider.read(&vendor.call(), PROFILE_ID).await.expect("a questionnaire");
    assert_eq!(read.misfit.as_deref(), Some("the profile has no question \"Is shareholder PEP?\""));
    assert_eq!(read.questionnaire.sections[0].questions[0].title, "Exposed?");
    assert_eq!(provider.fingerprint(), None, "nothing can be asked under it");
    assert_eq!(provider.in_force().as_deref(), Some(&read));
    let error = provider.assess(&vendor.call(), &matthew()).await.expect_err("does not fit");
    assert!(error.detail.contains("no question \"Is shareholder PEP?\""), "{}", error.detail);
    assert_eq!(gate.asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn reading_tells_questions_and_what_answers_them_but_nothing_of_the_mapping_in_the_fingerprint() {
    let vendor = Vendor::new([reply(200, PROFILE), reply(200, PROFILE)]);
    let provider_of_both = documented();
    let both = provider_of_both.read(&vendor.call(), PROFILE_ID).await.expect("a questionnaire");
    let (section, question) = both.questionnaire.questions().next().expect("a question");
    assert_eq!((question.title.as_str(), question.takes), ("Is shareholder PEP?", Takes::Choices));
    assert_eq!(
        question.choices.iter().map(|choice| choice.title.as_str()).collect::<Vec<_>>(),
        ["Yes", "No"]
    );
    let answered = both.answered_by(&section.key, &question.key).expect("a field");
    assert_eq!((answered.field.as_str(), answered.optional), ("politically_exposed", false));
    let one = provider(&json!({"Shareholder residency": {"field": "country", "optional": true}}));
    let one = one.read(&vendor.call(), PROFILE_ID).await.expect("a questionnaire");
    assert_eq!(one.questionnaire, both.questionnaire);
    assert_eq!(one.answered.len(), 1);
}

#[tokio::test]
async fn reading_the_same_again_keeps_it_and_another_one_is_only_told() {
    let provider = documented();
    let other = with(PROFILE, &json!({"id": "other", "name": "Other", "sections": []}));
    let vendor = Vendor::new([
        reply(200, PROFILE),
        reply(200, PROFILE),
        reply(200, other),
        reply(404, r#"{"identifier": "BAD_VALUE"}"#),
        reply(200, CHECK),
    ]);
    let first = provider.read(&vendor.call(), PROFILE_ID).await.expect("a questionnaire");
    let fingerprint = provider.fingerprint();
    assert!(fingerprint.is_some());
    assert_eq!(provider.read(&vendor.call(), PROFILE_ID).await.expect("the same"), first);
    let other = provider.read(&vendor.call(), "other").await.expect("another");
    assert_eq!((other.questionnaire.name.as_str(), other.questionnaire.sections.len()), ("Other", 0));
    let error = provider.read(&vendor.call(), "nothing").await.expect_err("not there");
    assert_eq!(error.kind, FailureKind::NotFound);
    let error = provider.read(&vendor.call(), "../../kyb").await.expect_err("no id");
    assert_eq!(error.kind, FailureKind::NotFound);
    assert_eq!(provider.fingerprint(), fingerprint);
    provider.assess(&vendor.call(), &matthew()).await.expect("an assessment without another read");
}
