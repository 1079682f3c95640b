use std::collections::BTreeMap;

use super::*;
use crate::store::{
    Brought, Entry, EntryOutcome, Held, ImportStatus, LeasedItem, NewImport, NewItem, PageEnd,
};

on_each_store!(
    an_entry_is_counted_once_and_only_under_the_lease_of_its_page,
    what_another_import_or_a_question_brought_is_skipped,
    what_an_earlier_release_recorded_is_found_by_its_reference,
    what_was_erased_counts_as_held,
    an_import_of_the_same_label_is_the_same_import,
);

const MAC: [u8; 32] = [7; 32];

async fn begun(store: &Store, label: &str) -> LeasedItem {
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    begin(store, &subject, label).await;
    let request = LeaseRequest { kind: "import", now: later(0), until: later(30), limit: 9 };
    let mut leased = store.lease(request).await.expect("asked");
    leased.pop().expect("the first page")
}

async fn begin(store: &Store, subject: &Arc<StoredSubject>, label: &str) -> Import {
    let first =
        NewItem { kind: "import", label: label.to_owned(), run_at: later(0), payload: b"page".to_vec() };
    let import = NewImport {
        team: "risk".to_owned(),
        provider: ProviderName::new("idenfy"),
        from: None,
        to: Some("2026-06-30".to_owned()),
        filters: BTreeMap::from([("type".to_owned(), "business".to_owned())]),
        references: 0,
        wanted_mac: MAC,
        subject: Arc::clone(subject),
        first,
        at: later(0),
    };
    store.begin_import(import).await.expect("begun")
}

async fn brought(store: &Store, page: &LeasedItem) -> Entry {
    let subject = store.subject(&subject_key("risk", 2)).await.expect("a subject");
    let record = provider_record(&subject);
    let said = Arc::clone(&record.assessment);
    Entry {
        lease: page.lease.clone(),
        reference_mac: MAC,
        outcome: EntryOutcome::Brought(Brought {
            id: record.id,
            said,
            reference_mac: MAC,
            subject,
            attached: false,
        }),
        exchanges: record.exchanges,
        at: later(1),
    }
}

async fn counts(store: &Store, page: &LeasedItem) -> (i64, i64, i64, i64) {
    let import = store.import("risk", &page.lease.job).await.expect("read").expect("there");
    let counts = import.counts;
    (counts.imported, counts.unattached, counts.skipped.values().sum(), counts.failed.values().sum())
}

async fn an_entry_is_counted_once_and_only_under_the_lease_of_its_page(place: TestStore) {
    let store = store(&place).await;
    let page = begun(&store, "a").await;
    store.enter(vec![brought(&store, &page).await]).await.expect("entered");
    assert!(store.is_entered(&page.lease.job, &MAC).await.expect("read"));
    store.enter(vec![brought(&store, &page).await]).await.expect("told again");
    assert_eq!(counts(&store, &page).await, (1, 1, 0, 0));
    let taken = LeaseRequest { kind: "import", now: later(60), until: later(90), limit: 9 };
    assert_eq!(store.lease(taken).await.expect("asked").len(), 1);
    let mut late = brought(&store, &page).await;
    late.reference_mac = [8; 32];
    let late = store.enter(vec![late]).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    assert_eq!(rows(&store, "SELECT id FROM provider_assessments").await.len(), 1);
    assert!(!store.is_failing());
}

async fn what_another_import_or_a_question_brought_is_skipped(place: TestStore) {
    let store = store(&place).await;
    let (one, other) = (begun(&store, "a").await, begun(&store, "b").await);
    for page in [&one, &other] {
        store.enter(vec![brought(&store, page).await]).await.expect("entered");
    }
    assert_eq!((counts(&store, &one).await, counts(&store, &other).await), ((1, 1, 0, 0), (0, 0, 1, 0)));
    let subject = store.subject(&subject_key("risk", 3)).await.expect("a subject");
    let asked = ProviderRecord { reference_mac: Some([9; 32]), ..provider_record(&subject) };
    store.hand_over(Arc::new(asked)).await.expect("taken").durable().await.expect("written");
    store
        .enter(vec![Entry { reference_mac: [9; 32], ..brought(&store, &one).await }])
        .await
        .expect("entered");
    assert_eq!(counts(&store, &one).await, (1, 1, 1, 0));
    let end = PageEnd { lease: one.lease.clone(), subject, next: None, at: later(2) };
    store.turn_page(end).await.expect("ended");
    let import = store.import("risk", &one.lease.job).await.expect("read").expect("there");
    assert_eq!((import.status, import.finished_at), (ImportStatus::Completed, Some(later(2))));
    assert!(store.import("fraud", &one.lease.job).await.expect("read").is_none());
}

async fn what_an_earlier_release_recorded_is_found_by_its_reference(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    let record = Arc::new(provider_record(&subject));
    store.hand_over(record).await.expect("taken").durable().await.expect("written");
    assert!(matches!(store.held(&MAC).await, Ok(Held::Answer)));
    change(&place, "UPDATE provider_assessments SET reference_mac = NULL").await;
    assert!(matches!(store.held(&MAC).await, Ok(Held::Nothing)));
    let idenfy = ProviderName::new("idenfy");
    let reference_of = |said: &ProviderAssessment| said.vendor_reference.is_some().then_some(MAC);
    store.note_references("fraud", &idenfy, reference_of).await.expect("noted");
    assert!(matches!(store.held(&MAC).await, Ok(Held::Nothing)), "another team's");
    store.note_references("risk", &idenfy, reference_of).await.expect("noted");
    assert!(matches!(store.held(&MAC).await, Ok(Held::Answer)));
}

async fn what_was_erased_counts_as_held(place: TestStore) {
    let store = store(&place).await;
    let page = begun(&store, "a").await;
    store.enter(vec![brought(&store, &page).await]).await.expect("entered");
    change(&place, "DELETE FROM data_keys").await;
    assert!(matches!(store.held(&MAC).await, Ok(Held::Answer)));
    assert!(matches!(store.subject(&subject_key("risk", 2)).await, Err(StoreError::Erased)));
}

async fn an_import_of_the_same_label_is_the_same_import(place: TestStore) {
    let store = store(&place).await;
    let page = begun(&store, "a").await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    assert_eq!(begin(&store, &subject, "a").await.id, page.lease.job);
    let idenfy = ProviderName::new("idenfy");
    let open = async |mac| store.open_import("risk", &idenfy, &mac).await.expect("read");
    assert_eq!((open(MAC).await, open([8; 32]).await), (Some(page.lease.job.clone()), None));
    let read = store.import("risk", &page.lease.job).await.expect("read").expect("there");
    assert_eq!((read.filters["type"].as_str(), read.references), ("business", 0));
    assert_ne!(begin(&store, &subject, "b").await.id, page.lease.job);
}
