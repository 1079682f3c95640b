use super::*;
use crate::store::{Failure, Lease, LeaseRequest, LeasedItem, NewItem};

on_each_store!(
    what_earlier_tries_may_have_brought_is_remembered_only_as_long_as_it_matters,
    an_item_is_leased_when_it_is_due_and_again_only_once_its_worker_is_gone,
    an_item_has_exactly_one_result,
    a_failed_item_is_put_off_or_ended,
    a_cancelled_job_has_no_further_results,
    an_item_that_waits_is_put_off_instead_of_doubled,
    several_workers_never_get_the_same_item,
);

fn item(label: &str, run_at: i64) -> NewItem {
    NewItem { kind: "test", label: label.to_owned(), run_at: later(run_at), payload: b"what to do".to_vec() }
}

async fn lease(store: &Store, now: i64, limit: u32) -> Vec<LeasedItem> {
    let request = LeaseRequest { kind: "test", now: later(now), until: later(now + 30), limit };
    store.lease(request).await.expect("asked")
}

async fn one_due(store: &Store) -> (Arc<StoredSubject>, Lease) {
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    store.enqueue("risk", &subject, item("a", 0), later(0)).await.expect("enqueued");
    let leased = lease(store, 0, 10).await.pop().expect("due");
    (subject, leased.lease)
}

async fn progress(store: &Store, lease: &Lease) -> Vec<(String, i64)> {
    store.progress(&lease.job).await.expect("read").0.into_iter().collect()
}

fn ending(subject: &Arc<StoredSubject>, lease: &Lease, revision: u32) -> AssessmentRecord {
    AssessmentRecord { completes: Some(lease.clone()), ..record("risk", subject, revision) }
}

async fn an_item_is_leased_when_it_is_due_and_again_only_once_its_worker_is_gone(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    store.enqueue("risk", &subject, item("a", 5), later(0)).await.expect("enqueued");
    assert!(lease(&store, 4, 10).await.is_empty());
    let first = lease(&store, 5, 10).await.pop().expect("due");
    assert_eq!(
        (first.tries, first.team.as_str(), first.label.as_str(), &first.earlier),
        (1, "risk", "a", &Vec::new())
    );
    assert_eq!(store.payload(&first).await.expect("read").as_deref(), Some(&b"what to do"[..]));
    assert!(lease(&store, 34, 10).await.is_empty(), "its worker has it");
    assert!(store.extend(&first.lease, later(60)).await.expect("extended"));
    assert!(lease(&store, 59, 10).await.is_empty(), "its worker lives");
    let second = lease(&store, 60, 10).await.pop().expect("its worker is gone");
    assert_eq!((second.tries, &second.earlier), (2, &vec![first.lease.request_id.clone()]));
    assert!(!store.extend(&first.lease, later(99)).await.expect("asked"), "somebody else has it");
}

async fn an_item_has_exactly_one_result(place: TestStore) {
    let store = store(&place).await;
    let (subject, first) = one_due(&store).await;
    let second = lease(&store, 30, 10).await.pop().expect("the first worker seems gone").lease;
    let late = store.append(ending(&subject, &first, 1)).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    let id = AssessmentId::from_text("asm_1");
    assert!(store.assessment("risk", &id).await.expect("read").is_none(), "nothing of it stays");
    store.append(ending(&subject, &second, 1)).await.expect("the one result");
    assert!(store.append(ending(&subject, &second, 2)).await.is_err(), "no second one");
    assert_eq!(progress(&store, &second).await, [("completed".to_owned(), 1)]);
    assert!(!store.is_failing(), "the store is well");
}

async fn a_failed_item_is_put_off_or_ended(place: TestStore) {
    let store = store(&place).await;
    let (_, first) = one_due(&store).await;
    let failure =
        |retry_at| Failure { error: "throttled".to_owned(), now: later(1), retry_at, keeps_tries: false };
    assert!(store.fail(&first, failure(Some(later(60)))).await.expect("put off"));
    assert!(!store.fail(&first, failure(None)).await.expect("asked"), "it is no longer ours");
    assert!(lease(&store, 59, 10).await.is_empty());
    let second = lease(&store, 60, 10).await.pop().expect("due again");
    assert_eq!(second.tries, 2);
    assert!(store.fail(&second.lease, failure(None)).await.expect("ended"));
    assert_eq!(progress(&store, &first).await, [("failed".to_owned(), 1)]);
    assert!(lease(&store, 9999, 10).await.is_empty());
}

async fn a_cancelled_job_has_no_further_results(place: TestStore) {
    let store = store(&place).await;
    let (subject, running) = one_due(&store).await;
    assert!(store.cancel_job(&running.job, later(1)).await.expect("cancelled"));
    assert!(!store.cancel_job(&running.job, later(2)).await.expect("asked"), "it is already");
    assert!(!store.extend(&running, later(99)).await.expect("asked"), "its worker hears of it");
    assert!(matches!(store.append(ending(&subject, &running, 1)).await, Err(StoreError::LeaseLost)));
    store.enqueue("risk", &subject, item("a", 0), later(3)).await.expect("taken");
    assert!(lease(&store, 9999, 10).await.is_empty());
    assert_eq!(progress(&store, &running).await, [("cancelled".to_owned(), 1)]);
    let job = store.job("test", "risk", "a").await.expect("read");
    assert_eq!(job, Some(running.job));
}

async fn an_item_that_waits_is_put_off_instead_of_doubled(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    for run_at in [5, 9] {
        store.enqueue("risk", &subject, item("a", run_at), later(0)).await.expect("enqueued");
    }
    assert!(lease(&store, 5, 10).await.is_empty(), "put off");
    let leased = lease(&store, 9, 10).await;
    assert_eq!(leased.len(), 1);
    store.enqueue("risk", &subject, item("a", 9), later(0)).await.expect("the next one");
    let next = lease(&store, 9, 10).await;
    assert_eq!((next.len(), next[0].lease.number), (1, 2));
    assert_eq!(next[0].lease.job, leased[0].lease.job, "of the same job");
}

async fn several_workers_never_get_the_same_item(place: TestStore) {
    let (left, right) = (store(&place).await, store(&place).await);
    let subject = left.subject(&subject_key("risk", 1)).await.expect("a subject");
    for label in 0..30 {
        left.enqueue("risk", &subject, item(&label.to_string(), 0), later(0)).await.expect("enqueued");
    }
    let mut working = tokio::task::JoinSet::new();
    for store in [&left, &right, &left, &right] {
        let store = store.clone();
        working.spawn(async move {
            let mut got = Vec::new();
            loop {
                let items = lease(&store, 0, 3).await;
                if items.is_empty() {
                    return got;
                }
                got.extend(items.into_iter().map(|item| item.label));
            }
        });
    }
    let mut got = working.join_all().await.concat();
    got.sort();
    got.dedup();
    assert_eq!(got.len(), 30);
    let again = lease(&left, 0, 99).await;
    assert!(again.is_empty(), "every item was leased once");
}

async fn what_earlier_tries_may_have_brought_is_remembered_only_as_long_as_it_matters(place: TestStore) {
    let store = store(&place).await;
    let (subject, first) = one_due(&store).await;
    let put_off = |now, keeps_tries| Failure {
        error: "store_failed".to_owned(),
        now: later(now),
        retry_at: Some(later(now)),
        keeps_tries,
    };
    let second = lease(&store, 30, 1).await.pop().expect("its worker is gone");
    assert!(second.was_cut_short, "nobody said how the first try ended");
    store.fail(&second.lease, put_off(40, true)).await.expect("put off");
    let third = lease(&store, 40, 1).await.pop().expect("due");
    assert!(!third.was_cut_short);
    assert_eq!(
        third.earlier,
        [first.request_id, second.lease.request_id],
        "the store failed: both may count"
    );
    store.fail(&third.lease, put_off(50, false)).await.expect("put off");
    let fourth = lease(&store, 50, 1).await.pop().expect("due");
    assert_eq!(fourth.earlier, [third.lease.request_id], "the vendor failed: what came before is settled");
    store.fail(&fourth.lease, put_off(60, true)).await.expect("put off");
    store.enqueue("risk", &subject, item("a", 70), later(60)).await.expect("put off by a newer answer");
    let fifth = lease(&store, 70, 1).await.pop().expect("due");
    assert!(fifth.earlier.is_empty(), "nothing old is adopted as new");
}
