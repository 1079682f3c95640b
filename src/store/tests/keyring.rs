use super::*;

on_each_store!(
    keys_are_listed_revoked_for_good_and_their_use_is_noted,
    the_master_key_is_rotated_beside_a_server_that_knows_both,
    without_its_data_key_nothing_about_a_subject_can_be_read,
    a_store_belongs_to_the_master_key_that_came_first,
);

async fn a_store_belongs_to_the_master_key_that_came_first(place: TestStore) {
    let store = store(&place).await;
    let first = store.unlock(&master_keys(5, &[])).await.expect("the first");
    let again = store.unlock(&master_keys(5, &[])).await.expect("the same");
    assert_eq!(first.expose(), again.expose());
    let other = open(&place, &master_keys(6, &[])).await;
    assert!(matches!(other.unlock(&master_keys(6, &[])).await, Err(StoreError::OtherMasterKey)));
}

fn new_key(id: &str, team: &str) -> NewKey {
    NewKey {
        id: id.to_owned(),
        team: team.to_owned(),
        name: "ci".to_owned(),
        scopes: "assess,read".to_owned(),
        environment: "live".to_owned(),
        secret_mac: [1; 32],
        created_at: later(0),
    }
}

async fn keys_are_listed_revoked_for_good_and_their_use_is_noted(place: TestStore) {
    let store = store(&place).await;
    for (id, team) in [("k1", "risk"), ("k2", "fraud"), ("k3", "risk")] {
        store.add_key(new_key(id, team)).await.expect("added");
    }
    let ids = async |team| -> Vec<String> {
        store.keys(team).await.expect("read").into_iter().map(|key| key.id).collect()
    };
    assert_eq!(ids(None).await, ["k2", "k1", "k3"]);
    assert_eq!(ids(Some("risk")).await, ["k1", "k3"]);
    assert!(store.revoke_key("k1", later(100)).await.expect("written"));
    let key = store.key("k1").await.expect("read").expect("there");
    assert!(!key.is_revoked(later(99)) && key.is_revoked(later(100)));
    assert!(store.revoke_key("k1", later(50)).await.expect("written"), "earlier");
    assert!(!store.revoke_key("k1", later(70)).await.expect("written"), "never later");
    assert!(!store.revoke_key("k9", later(70)).await.expect("written"), "no such key");
    store.note_key_used("k3", later(7));
    store.note_key_used("k3", later(6));
    store.add_key(new_key("k4", "risk")).await.expect("written after it");
    assert_eq!(store.key("k3").await.expect("read").expect("there").last_used_at, Some(later(7)));
}

async fn the_master_key_is_rotated_beside_a_server_that_knows_both(place: TestStore) {
    let old = open(&place, &master_keys(1, &[])).await;
    let hash_key = old.unlock(&master_keys(1, &[])).await.expect("the owner");
    let subject = old.subject(&subject_key("risk", 1)).await.expect("a subject");
    old.append(record("risk", &subject, 1)).await.expect("appended");
    old.close().await;
    // Step 2: it reads what either key wraps, and still wraps by the old one.
    let server_keys = master_keys(1, &[2]);
    let server = open(&place, &server_keys).await;
    server.unlock(&server_keys).await.expect("the owner");
    let rotation_keys = master_keys(2, &[1]);
    let rotating = open(&place, &rotation_keys).await;
    rotating.unlock(&rotation_keys).await.expect("knows the owner");
    for number in 2..40 {
        server.subject(&subject_key("risk", number)).await.expect("a subject");
    }
    assert_eq!(rotating.rotate(&rotation_keys, |_| {}).await.expect("rotated"), 39);
    let id = AssessmentId::from_text("asm_1");
    assert!(server.assessment("risk", &id).await.expect("read").is_some(), "the server goes on");
    assert_eq!(rotating.rotate(&rotation_keys, |_| {}).await.expect("again"), 0);
    // Step 5: the old key is gone.
    let new = open(&place, &master_keys(2, &[])).await;
    let same = new.unlock(&master_keys(2, &[])).await.expect("the new owner");
    assert_eq!(same.expose(), hash_key.expose(), "references and API keys are still found");
    assert!(new.assessment("risk", &id).await.expect("read").is_some());
    let forgotten = open(&place, &master_keys(1, &[])).await;
    assert!(matches!(forgotten.unlock(&master_keys(1, &[])).await, Err(StoreError::OtherMasterKey)));
}

async fn without_its_data_key_nothing_about_a_subject_can_be_read(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    store.append(record("risk", &subject, 1)).await.expect("appended");
    change(&place, "CREATE TABLE backup AS SELECT subject_id, wrapped FROM data_keys").await;
    change(&place, "DELETE FROM data_keys").await;
    let id = AssessmentId::from_text("asm_1");
    assert!(store.assessment("risk", &id).await.expect("read").is_none());
    assert!(store.list("risk", &Filter::default(), 10).await.expect("read").is_empty());
    change(&place, "INSERT INTO data_keys SELECT subject_id, wrapped FROM backup").await;
    assert!(
        store.assessment("risk", &id).await.expect("read").is_some(),
        "keys come back from their own backup"
    );
}
