use super::*;
use crate::{
    ids::OutcomeId,
    outcomes::OutcomeType,
    store::{NewOutcome, OutcomeFilter, Supersedable},
};

on_each_store!(
    the_same_content_is_one_outcome_however_it_races,
    an_outcome_is_superseded_once_however_it_races,
    who_labelled_is_sealed_and_gone_with_the_key,
);

pub(super) fn outcome(subject: &Arc<StoredSubject>, mac: u8) -> NewOutcome {
    NewOutcome {
        id: OutcomeId::new(),
        team: "risk".to_owned(),
        subject: Arc::clone(subject),
        assessment_id: None,
        kind: OutcomeType::Chargeback,
        occurred_at: Some(later(5)),
        labelled_by: Some("CANARY".into()),
        confidence: Some(0.5),
        blinded: Some(false),
        supersedes: None,
        content_mac: [mac; 32],
        key_id: "k1".to_owned(),
        at: later(9),
    }
}

async fn the_same_content_is_one_outcome_however_it_races(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    let note = async || store.note_outcome(outcome(&subject, 1)).await.expect("noted").expect("there");
    let (one, two, three) = tokio::join!(note(), note(), note());
    let new = [&one, &two, &three].iter().filter(|(_, is_new)| *is_new).count();
    assert_eq!((new, one.0.id == two.0.id, two.0.id == three.0.id), (1, true, true));
    let read = store.outcome("risk", &[1; 32]).await.expect("read").expect("there");
    assert_eq!(
        (read.kind, read.occurred_at, read.recorded_at),
        (OutcomeType::Chargeback, Some(later(5)), later(9))
    );
    assert_eq!((read.confidence, read.blinded, read.recorded_by.as_str()), (Some(0.5), Some(false), "k1"));
    assert_eq!(read.labelled_by.expect("a name").expose(), "CANARY");
    assert!(store.outcome("fraud", &[1; 32]).await.expect("read").is_none());
    assert!(!store.is_failing());
}

async fn an_outcome_is_superseded_once_however_it_races(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    let (first, _) = store.note_outcome(outcome(&subject, 1)).await.expect("noted").expect("there");
    let supersede = async |mac| {
        let later = NewOutcome { supersedes: Some(first.id.clone()), ..outcome(&subject, mac) };
        store.note_outcome(later).await.expect("written or not")
    };
    let (one, two) = tokio::join!(supersede(2), supersede(3));
    let (later, _) = one.xor(two).expect("exactly one");
    let stands = store.supersedable("risk", &subject.id, &first.id).await.expect("read");
    assert_eq!(stands, Supersedable::SupersededBy(later.id.clone()));
    let stands = store.supersedable("risk", &subject.id, &later.id).await.expect("read");
    assert_eq!(stands, Supersedable::Counts);
    for team in ["risk", "fraud"] {
        let other = store.subject(&subject_key(team, 2)).await.expect("a subject");
        let stands = store.supersedable(team, &other.id, &later.id).await.expect("read");
        assert_eq!(stands, Supersedable::Unknown);
    }
    assert!(!store.is_failing());
}

async fn who_labelled_is_sealed_and_gone_with_the_key(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    store.note_outcome(outcome(&subject, 1)).await.expect("noted").expect("there");
    for (name, text) in place.dump() {
        assert!(!text.contains("CANARY"), "{name}");
    }
    let all = OutcomeFilter::default();
    assert_eq!(store.outcomes("risk", &all, 9).await.expect("read").len(), 1);
    change(&place, "DELETE FROM data_keys").await;
    assert_eq!(store.outcomes("risk", &all, 9).await.expect("read").len(), 0);
    assert!(store.outcome("risk", &[1; 32]).await.expect("read").is_none());
}
