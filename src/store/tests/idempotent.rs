use super::*;
use crate::store::{Claim, ClaimRequest, IdempotencyKey, Pin, PinnedAnswer};

on_each_store!(
    a_key_that_shares_anothers_call_remembers_it,
    a_key_is_held_by_one_request_until_it_ends_or_its_time_is_over,
    an_answer_stays_under_its_key_and_opens_only_while_its_subject_is_known,
    what_is_not_known_is_told_again_until_asked_otherwise,
    many_who_claim_at_once_are_one_holder,
);

fn key(team: &str, body: u8) -> IdempotencyKey {
    IdempotencyKey {
        team: team.to_owned(),
        path: "/v1/assessments".to_owned(),
        key_mac: [1; 32],
        body_mac: [body; 32],
    }
}

fn request(key: IdempotencyKey, now: i64) -> ClaimRequest {
    ClaimRequest {
        key,
        request_id: RequestId::new(),
        now: later(now),
        held_until: later(now + 10),
        expires_at: later(now + 1000),
        retry_unknown: false,
    }
}

async fn claim(store: &Store, now: i64) -> Claim {
    store.claim(request(key("risk", 1), now)).await.expect("asked")
}

async fn pin(store: &Store, held: &ClaimRequest, unknown: bool) -> bool {
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    let answer = PinnedAnswer { status: if unknown { 504 } else { 200 }, body: b"the answer".to_vec() };
    let pin = Pin::new(held.key.clone(), held.request_id.clone(), &subject, &answer, unknown);
    store.pin(pin.expect("sealed")).await.expect("written")
}

async fn a_key_is_held_by_one_request_until_it_ends_or_its_time_is_over(place: TestStore) {
    let store = store(&place).await;
    let first = request(key("risk", 1), 0);
    assert!(matches!(store.claim(first.clone()).await, Ok(Claim::Held)));
    assert!(matches!(claim(&store, 9).await, Claim::Running { until } if until == later(10)));
    let other = store.claim(request(key("risk", 2), 9)).await;
    assert!(matches!(other, Ok(Claim::OtherBody)));
    assert!(matches!(store.claim(request(key("fraud", 2), 9)).await, Ok(Claim::Held)), "another team's key");
    let second = request(key("risk", 1), 10);
    let taken = store.claim(second.clone()).await;
    assert!(matches!(taken, Ok(Claim::TakenOver { from }) if from == [first.request_id.clone()]));
    assert!(!pin(&store, &first, false).await, "who was taken over pins nothing");
    store.release(first.key.clone(), first.request_id.clone()).await.expect("written");
    assert!(matches!(claim(&store, 11).await, Claim::Running { .. }), "nor lets anything go");
    let third = request(key("risk", 1), 20);
    let both = [first.request_id, second.request_id];
    assert!(matches!(store.claim(third.clone()).await, Ok(Claim::TakenOver { from }) if from == both));
    store.release(third.key.clone(), third.request_id.clone()).await.expect("written");
    let (first, second) = both.into();
    let taken = claim(&store, 21).await;
    assert!(matches!(taken, Claim::TakenOver { from } if from == [first, second, third.request_id]));
}

async fn an_answer_stays_under_its_key_and_opens_only_while_its_subject_is_known(place: TestStore) {
    let store = store(&place).await;
    let first = request(key("risk", 1), 0);
    store.claim(first.clone()).await.expect("held");
    assert!(pin(&store, &first, false).await);
    let Claim::Pinned(sealed) = claim(&store, 500).await else { panic!("answered") };
    let opened = store.open_pinned(&sealed).await.expect("read").expect("there");
    assert_eq!((opened.status, opened.body.as_slice()), (200, &b"the answer"[..]));
    assert!(matches!(store.claim(request(key("risk", 2), 500)).await, Ok(Claim::OtherBody)));
    change(&place, "DELETE FROM data_keys").await;
    assert!(store.open_pinned(&sealed).await.expect("read").is_none());
    assert_eq!(store.purge_idempotency_keys(later(999)).await.expect("looked"), 0);
    assert!(matches!(claim(&store, 1000).await, Claim::Held), "forgotten, also before anybody tidies up");
    assert_eq!(store.purge_idempotency_keys(later(2000)).await.expect("forgotten"), 1);
}

async fn what_is_not_known_is_told_again_until_asked_otherwise(place: TestStore) {
    let store = store(&place).await;
    let first = request(key("risk", 1), 0);
    store.claim(first.clone()).await.expect("held");
    assert!(pin(&store, &first, true).await);
    assert!(matches!(claim(&store, 1).await, Claim::Unknown(_)));
    let again = ClaimRequest { retry_unknown: true, ..request(key("risk", 1), 2) };
    let taken = store.claim(again).await;
    assert!(matches!(taken, Ok(Claim::TakenOver { from }) if from == [first.request_id]));
    assert!(matches!(claim(&store, 3).await, Claim::Running { .. }));
}

async fn many_who_claim_at_once_are_one_holder(place: TestStore) {
    let (left, right) = (store(&place).await, store(&place).await);
    let mut asking = tokio::task::JoinSet::new();
    for index in 0..40 {
        let store = if index % 2 == 0 { left.clone() } else { right.clone() };
        asking.spawn(async move { claim(&store, 0).await });
    }
    let claims = asking.join_all().await;
    assert_eq!(claims.iter().filter(|claim| matches!(claim, Claim::Held)).count(), 1);
    assert_eq!(claims.iter().filter(|claim| matches!(claim, Claim::Running { .. })).count(), 39);
}

async fn a_key_that_shares_anothers_call_remembers_it(place: TestStore) {
    let store = store(&place).await;
    let first = request(key("risk", 1), 0);
    store.claim(first.clone()).await.expect("held");
    let leader = RequestId::new();
    store.follow(&first.key, &first.request_id, &leader).await.expect("noted");
    assert!(
        matches!(claim(&store, 10).await, Claim::TakenOver { from } if from == [leader, first.request_id])
    );
    let alone = request(key("fraud", 1), 0);
    store.claim(alone.clone()).await.expect("held");
    store.release(alone.key, alone.request_id).await.expect("written");
    assert!(matches!(store.claim(request(key("fraud", 2), 1)).await, Ok(Claim::Held)), "let go for good");
}
