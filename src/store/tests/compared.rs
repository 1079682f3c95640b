use super::*;
use crate::assessment::Served;
use crate::store::{
    AskedAbout, Candidate, CandidateSource, Candidates, Compared, Part, ShadowAnswer, ShadowRecord,
};
use risk_provider::SubjectType;

on_each_store!(
    answers_of_one_question_are_candidates_and_other_teams_see_none,
    the_answer_that_a_pending_one_came_to_takes_its_place,
    who_was_asked_in_vain_never_hides_an_answer,
    an_earlier_release_writes_beside_and_is_no_candidate,
    exchanges_are_counted_by_what_they_came_to,
);

fn asked() -> AskedAbout {
    let (question_mac, country_mac) = ("0303".to_owned(), "0404".to_owned());
    AskedAbout { question_mac, subject_type: SubjectType::Individual, country_mac }
}

/// What a provider said, with this score.
fn said(subject: &Arc<StoredSubject>, provider: &str, score: &str) -> ProviderRecord {
    let mut said = provider_record(subject);
    let mut document = serde_json::to_value(said.assessment.as_ref()).expect("JSON");
    document["provider"] = provider.into();
    document["score"] =
        serde_json::json!({"value": score.parse::<f64>().expect("a number"), "raw": score, "scale": "0-100"});
    document["level"] = "high".into();
    said.assessment = Arc::new(serde_json::from_value(document).expect("a provider assessment"));
    said.reference_mac = None;
    said
}

/// An answer of `idenfy` to a question.
fn answered(subject: &Arc<StoredSubject>, revision: u32, score: &str, status: Status) -> AssessmentRecord {
    let mut record = record("risk", subject, revision);
    let mut document = serde_json::to_value(record.assessment.as_ref()).expect("JSON");
    document["providers"] = serde_json::json!([{
        "provider": "idenfy", "role": "primary", "served": "called", "score": null, "level": null, "vendor_level": null,
        "vendor_reference": null, "assessed_at": "2026-11-21T10:00:00Z", "age_s": 0, "mapping_version": "idenfy/2",
    }]);
    let failed = Attempt { provider: ProviderName::new("youverify"), ..attempt() };
    document["attempts"] = serde_json::to_value([attempt(), failed]).expect("JSON");
    record.assessment = Arc::new(serde_json::from_value(document).expect("an assessment"));
    record.sources = vec![Arc::new(said(subject, "idenfy", score))];
    let question = (revision == 1).then(asked);
    record.compared = Some(Compared { question, statuses: vec![status], without: Vec::new() });
    record
}

fn shadow(subject: &Arc<StoredSubject>, of: &AssessmentRecord, answers: bool) -> ShadowRecord {
    let record = Arc::new(said(subject, "youverify", "70.5"));
    ShadowRecord {
        team: "risk".to_owned(),
        assessment: Arc::clone(&of.assessment),
        question: Some(asked()),
        provider: ProviderName::new("youverify"),
        answer: answers
            .then_some(ShadowAnswer { record, served: Served::Called, status: Status::Completed })
            .ok_or(Part::InVain),
        at: later(9),
        completes: None,
    }
}

/// Hands the shadow's answer over, as its call does.
async fn note(store: &Store, shadow: ShadowRecord) {
    if let Ok(answer) = &shadow.answer {
        store.hand_over(Arc::clone(&answer.record)).await.expect("taken").durable().await.expect("written");
    }
    store.note_shadow(shadow).await.expect("noted");
}

async fn candidates(store: &Store, team: &str, left: &str, right: &str) -> Vec<Candidate> {
    let wanted = Candidates {
        team: team.to_owned(),
        left: ProviderName::new(left),
        right: ProviderName::new(right),
        from: Timestamp::MIN,
        to: Timestamp::MAX,
        countries: true,
    };
    let mut found = Vec::new();
    store.candidates(&wanted, |candidate| found.push(candidate)).await.expect("read");
    found
}

async fn answers_of_one_question_are_candidates_and_other_teams_see_none(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    let first = answered(&subject, 1, "61.5", Status::Completed);
    store.append(first.clone()).await.expect("appended");
    note(&store, shadow(&subject, &first, true)).await;
    let [candidate]: [Candidate; 1] =
        candidates(&store, "risk", "idenfy", "youverify").await.try_into().expect("one");
    assert_eq!((candidate.source, candidate.subject), (CandidateSource::Question, subject.id.clone()));
    assert_eq!((candidate.erased, candidate.same_question), (false, Some(true)));
    assert_eq!(candidate.country_mac.as_deref(), Some("0404"));
    assert_eq!((&*candidate.subject_type, &*candidate.route), ("individual", "default"));
    let (left, right) = (candidate.left, candidate.right);
    assert_eq!((left.part, right.part), (Some(Part::Primary), Some(Part::Shadow)));
    assert_eq!((left.score, right.score), (Some(61.5), Some(70.5)));
    assert_eq!((left.status, left.served), (Some(Status::Completed), Some(Served::Called)));
    assert_eq!((&*left.version, left.asked_at == right.asked_at), ("idenfy idenfy/2", true));
    assert_eq!(left.assessed_at, Some("2026-11-21T10:00:00Z".parse().expect("a time")));
    assert_eq!(candidates(&store, "risk", "youverify", "idenfy").await.len(), 1);
    assert_eq!(candidates(&store, "risk", "idenfy", "other").await.len(), 0);
    for team in ["fraud", "risk/test"] {
        assert_eq!(candidates(&store, team, "idenfy", "youverify").await.len(), 0, "{team}");
    }
    change(&place, "DELETE FROM data_keys").await;
    assert!(candidates(&store, "risk", "idenfy", "youverify").await[0].erased);
}

async fn the_answer_that_a_pending_one_came_to_takes_its_place(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    let first = answered(&subject, 1, "1.5", Status::Pending);
    store.append(first.clone()).await.expect("appended");
    note(&store, shadow(&subject, &first, true)).await;
    let asked_at = candidates(&store, "risk", "idenfy", "youverify").await[0].left.asked_at;
    let mut second = answered(&subject, 2, "61.5", Status::Completed);
    let ripened = Assessment { created_at: later(90), ..second.assessment.as_ref().clone() };
    second.assessment = Arc::new(ripened);
    store.append(second).await.expect("appended");
    let found = candidates(&store, "risk", "idenfy", "youverify").await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].left.score, found[0].left.status), (Some(61.5), Some(Status::Completed)));
    assert_eq!(found[0].same_question, Some(true), "what was asked is known from before");
    assert_eq!(found[0].left.asked_at, asked_at, "it was asked when it was asked");
}

async fn who_was_asked_in_vain_never_hides_an_answer(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    let first = answered(&subject, 1, "61.5", Status::Completed);
    store.append(first.clone()).await.expect("appended");
    let part = async || candidates(&store, "risk", "idenfy", "youverify").await[0].right.part;
    assert_eq!(part().await, Some(Part::InVain), "it stands among the attempts");
    note(&store, shadow(&subject, &first, true)).await;
    assert_eq!(part().await, Some(Part::Shadow));
    note(&store, shadow(&subject, &first, false)).await;
    store.append(answered(&subject, 2, "61.5", Status::Completed)).await.expect("appended");
    assert_eq!(part().await, Some(Part::Shadow));
}

async fn an_earlier_release_writes_beside_and_is_no_candidate(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    let old = AssessmentRecord { compared: None, ..answered(&subject, 1, "61.5", Status::Completed) };
    store.append(old.clone()).await.expect("appended");
    note(&store, shadow(&subject, &old, true)).await;
    assert_eq!(candidates(&store, "risk", "idenfy", "youverify").await.len(), 0);
}

async fn exchanges_are_counted_by_what_they_came_to(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    for _ in 0..3 {
        store.append_attempts(exchanges(&subject)).await.expect("appended");
    }
    let idenfy = ProviderName::new("idenfy");
    let count = async |team: &str, from| store.exchanges(team, &idenfy, from, later(9)).await.expect("read");
    let counted = count("risk", later(0)).await;
    assert_eq!(counted.len(), 1);
    assert_eq!((counted[0].number, counted[0].micros, counted[0].duration_ms), (3, 1_500_000, 7));
    assert_eq!(
        (counted[0].outcome, counted[0].billed),
        (Outcome::Failed(FailureKind::UnknownOutcome), Billed::Unknown)
    );
    assert_eq!((count("fraud", later(0)).await, count("risk", later(1)).await), (Vec::new(), Vec::new()));
}
