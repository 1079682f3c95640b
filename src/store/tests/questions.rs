use risk_provider::Questionnaire;

use super::*;

on_each_store!(
    the_first_questionnaire_read_is_accepted_and_the_next_one_only_seen,
    every_acceptance_is_kept_and_the_last_one_counts,
    questionnaires_of_providers_and_profiles_are_apart,
);

fn questionnaire(id: &str, fingerprint: &str) -> Questionnaire {
    Questionnaire {
        id: id.to_owned(),
        name: "Customer risk".to_owned(),
        fingerprint: fingerprint.to_owned(),
        sections: Vec::new(),
    }
}

fn idenfy() -> ProviderName {
    ProviderName::new("idenfy")
}

async fn see(store: &Store, fingerprint: &str, at: i64) {
    let read = questionnaire("p1", fingerprint);
    store.see_questionnaire(&idenfy(), &read, later(at)).await.expect("written");
}

async fn accept(store: &Store, fingerprint: &str, at: i64, by: &str) {
    let read = questionnaire("p1", fingerprint);
    store.accept_questionnaire(&idenfy(), &read, later(at), by).await.expect("written");
}

/// The fingerprints accepted and seen, who accepted, and when.
async fn known(store: &Store) -> (String, String, Option<String>, Timestamp) {
    let known = store.questionnaire(&idenfy(), "p1").await.expect("read").expect("there");
    (known.accepted.fingerprint, known.seen.fingerprint, known.accepted_by, known.accepted_at)
}

fn text(text: &str) -> String {
    text.to_owned()
}

async fn the_first_questionnaire_read_is_accepted_and_the_next_one_only_seen(place: TestStore) {
    let store = store(&place).await;
    assert!(store.questionnaire(&idenfy(), "p1").await.expect("read").is_none());
    assert_eq!(store.questionnaire_state(&idenfy(), "p1").await.expect("read"), None);
    see(&store, "a", 1).await;
    assert_eq!(known(&store).await, (text("a"), text("a"), None, later(1)));
    see(&store, "b", 2).await;
    assert_eq!(known(&store).await, (text("a"), text("b"), None, later(1)));
    assert_eq!(store.questionnaire_state(&idenfy(), "p1").await.expect("read"), Some((1, text("b"))));
    store.close().await;
    let reopened = self::store(&place).await;
    assert_eq!(known(&reopened).await.1, "b");
}

async fn every_acceptance_is_kept_and_the_last_one_counts(place: TestStore) {
    let store = store(&place).await;
    see(&store, "a", 1).await;
    see(&store, "b", 2).await;
    accept(&store, "b", 3, "alice").await;
    assert_eq!(known(&store).await, (text("b"), text("b"), Some(text("alice")), later(3)));
    // Also of one that this store has not seen.
    accept(&store, "c", 4, "bob").await;
    assert_eq!(known(&store).await, (text("c"), text("c"), Some(text("bob")), later(4)));
    assert_eq!(store.questionnaire_state(&idenfy(), "p1").await.expect("read"), Some((3, text("c"))));
    let kept = rows(&store, "SELECT fingerprint FROM accepted_questionnaires ORDER BY number").await;
    assert_eq!(kept.len(), 3);
}

async fn questionnaires_of_providers_and_profiles_are_apart(place: TestStore) {
    let store = store(&place).await;
    see(&store, "a", 1).await;
    let other = ProviderName::new("other");
    store.see_questionnaire(&other, &questionnaire("p1", "x"), later(2)).await.expect("written");
    store.see_questionnaire(&idenfy(), &questionnaire("p2", "y"), later(3)).await.expect("written");
    assert_eq!(known(&store).await.1, "a");
    let found = store.questionnaire(&idenfy(), "p2").await.expect("read").expect("there");
    assert_eq!(found.accepted.fingerprint, "y");
}
