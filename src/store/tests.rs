use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use risk_provider::{Billed, FailureKind, Money, ProviderAssessment, ProviderName};
use sqlx::Row as _;

use super::{engine::sql, *};
use crate::{
    assessment::{Assessment, Status},
    attempts::{Attempt, Outcome},
    ids::{AssessmentId, AttemptId, ProviderAssessmentId, RequestId},
    secrets::{MasterKey, MasterKeys},
};

#[path = "../../tests/support/stores.rs"]
#[expect(dead_code, reason = "shared with the end-to-end tests, which use more of it")]
mod stores;

use stores::TestStore;

mod compared;
mod idempotent;
mod imports;
mod keyring;
mod outcomes;
mod questions;
mod queue;
mod upgrade;

/// Every test here runs on each database.
macro_rules! on_each_store {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(super::stores::TestStore::sqlite()).await;
                }
            )*
        }

        mod on_postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    if let Some(place) = super::stores::TestStore::postgres(stringify!($name)) {
                        super::$name(place).await;
                    }
                }
            )*
        }
    };
}
use on_each_store;

on_each_store!(
    a_source_that_was_not_written_when_it_arrived_is_written_with_its_assessment,
    an_assessment_reads_back_as_it_was_written_also_after_reopening,
    the_latest_revision_is_read_and_another_team_sees_nothing,
    a_revision_is_never_written_over,
    a_subject_keeps_its_id_and_teams_do_not_share_it,
    one_bad_write_spoils_no_other_of_its_batch,
    a_providers_answer_handed_over_is_there_once_a_later_write_is_durable,
    a_closed_store_refuses_instead_of_losing,
    an_exchange_whose_outcome_never_came_is_concluded_once_nobody_waits_for_it,
    an_outcome_that_comes_late_takes_the_place_of_what_was_concluded,
    a_list_is_filtered_and_paged_newest_first,
    what_is_durable_is_what_was_asked_for,
);

fn master_keys(current: u8, others: &[u8]) -> MasterKeys {
    let key = |&byte: &u8| MasterKey::from_bytes([byte; 32]);
    MasterKeys::new(key(&current), others.iter().map(key).collect())
}

async fn open(place: &TestStore, keys: &MasterKeys) -> Store {
    let url = place.url.parse().expect("a store's url");
    Store::open(&url, Durability::Relaxed, Vault::new(keys)).await.expect("a store")
}

async fn store(place: &TestStore) -> Store {
    open(place, &master_keys(5, &[])).await
}

/// What one query finds, past every repository function; each row's columns as text.
async fn rows(store: &Store, query: &'static str) -> Vec<String> {
    let found = store.readers.all(sql(query)).await.expect("rows");
    found.iter().map(|row| row.get::<String>(0).expect("a text")).collect()
}

/// Runs a statement as nobody else does.
async fn change(place: &TestStore, statement: &'static str) {
    let url = place.url.parse().expect("a store's url");
    let (writer, _) = Pool::open(&url, Durability::Relaxed).await.expect("a connection");
    sql(statement).run(&mut writer.acquire().await.expect("a connection")).await.expect("changed");
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn subject_key(team: &str, reference: u8) -> SubjectKey {
    SubjectKey { team: team.to_owned(), reference_mac: [reference; 32], at: Timestamp::UNIX_EPOCH }
}

fn assessment(subject: &StoredSubject, revision: u32) -> Assessment {
    let document = serde_json::json!({
        "id": "asm_1", "revision": revision, "status": "completed", "route": "default", "strategy": "failover",
        "subject": {"id": subject.id, "reference": "r", "type": "individual"},
        "score": {"value": 58.272_833_333_65, "raw": "58.27283333365", "scale": "youverify:0-100"}, "level": "medium",
        "bounds": {"low": 58.0, "high": 59.0}, "coverage": 1.0, "decided_by": "youverify", "assigned_to": null,
        "policy": {"base_level": "medium", "floors_applied": [], "override": null, "review_required": false, "reasons": []},
        "factors": [], "evidence": [], "flags": ["label_conflict"], "providers": [], "attempts": [],
        "created_at": "2026-11-21T10:00:00Z", "valid_until": "2026-11-22T10:00:00Z", "raw": null,
    });
    serde_json::from_value(document).expect("an assessment")
}

fn record(team: &str, subject: &Arc<StoredSubject>, revision: u32) -> AssessmentRecord {
    AssessmentRecord {
        team: team.to_owned(),
        subject: Arc::clone(subject),
        assessment: Arc::new(assessment(subject, revision)),
        purpose: Some("CANARY onboarding".to_owned()),
        sources: Vec::new(),
        completes: None,
        enqueues: Vec::new(),
        compared: None,
    }
}

fn attempt() -> Attempt {
    Attempt {
        id: AttemptId::new(),
        provider: ProviderName::new("idenfy"),
        operation: "check".to_owned(),
        outcome: Outcome::Failed(FailureKind::UnknownOutcome),
        sent: true,
        billed: Billed::Unknown,
        price: Money::from_micros(500_000, "EUR"),
        vendor_status: None,
        vendor_identifier: None,
        detail: None,
        started_at: Timestamp::UNIX_EPOCH,
        duration_ms: 7,
    }
}

fn exchanges(subject: &Arc<StoredSubject>) -> AttemptsRecord {
    let origin = Origin {
        team: "risk".to_owned(),
        route: "default".to_owned(),
        subject: Arc::clone(subject),
        request_id: RequestId::new(),
    };
    AttemptsRecord { origin, attempts: vec![attempt()] }
}

fn provider_record(subject: &Arc<StoredSubject>) -> ProviderRecord {
    let said = serde_json::json!({
        "provider": "idenfy", "kind": "idenfy", "mapping_version": "idenfy/2", "profile_fingerprint": null,
        "state": "final", "vendor_reference": "abc", "score": null, "level": null, "vendor_level": null,
        "factors": [], "evidence": [], "flags": ["unanswered"], "assessed_at": "2026-11-21T10:00:00Z",
        "raw": {"text": "{\"n\":1.0}", "removed": ["partner"]},
    });
    let assessment = Arc::new(serde_json::from_value(said).expect("a provider assessment"));
    ProviderRecord {
        id: ProviderAssessmentId::new(),
        assessment,
        exchanges: exchanges(subject),
        reference_mac: Some([7; 32]),
    }
}

async fn a_source_that_was_not_written_when_it_arrived_is_written_with_its_assessment(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("an id");
    let source = Arc::new(provider_record(&subject));
    let written = |revision| AssessmentRecord {
        sources: vec![Arc::clone(&source)],
        ..record("risk", &subject, revision)
    };
    store.append(written(1)).await.expect("with its source");
    store.append(written(2)).await.expect("its source is there already");
    let sources = store.payloads(&AssessmentId::from_text("asm_1")).await.expect("read");
    assert_eq!(sources, vec![source.assessment.as_ref().clone()]);
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = TestStore::sqlite();
    let store = store(&place).await;
    store.check().await.expect("works");
    for file in std::fs::read_dir(place.folder()).expect("a folder") {
        let file = file.expect("a file");
        let mode = file.metadata().expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}

async fn an_assessment_reads_back_as_it_was_written_also_after_reopening(place: TestStore) {
    let first = store(&place).await;
    let subject = first.subject(&subject_key("risk", 1)).await.expect("an id");
    first.append(record("risk", &subject, 1)).await.expect("appended");
    first.close().await;
    let reopened = store(&place).await;
    let id = AssessmentId::from_text("asm_1");
    let read = reopened.assessment("risk", &id).await.expect("read").expect("there");
    let expected = serde_json::to_value(assessment(&subject, 1)).expect("json");
    assert_eq!(serde_json::to_value(read).expect("json"), expected);
}

async fn the_latest_revision_is_read_and_another_team_sees_nothing(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("an id");
    for revision in [1, 2] {
        store.append(record("risk", &subject, revision)).await.expect("appended");
    }
    let id = AssessmentId::from_text("asm_1");
    assert_eq!(store.assessment("risk", &id).await.expect("read").expect("there").revision, 2);
    assert!(store.assessment("fraud", &id).await.expect("read").is_none());
}

async fn a_revision_is_never_written_over(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("an id");
    store.append(record("risk", &subject, 1)).await.expect("appended");
    assert!(store.append(record("risk", &subject, 1)).await.is_err());
}

async fn a_subject_keeps_its_id_and_teams_do_not_share_it(place: TestStore) {
    let store = store(&place).await;
    let id_of = async |team: &str, reference| {
        store.subject(&subject_key(team, reference)).await.expect("a subject").id.clone()
    };
    let asked = tokio::join!(id_of("risk", 1), id_of("risk", 1), id_of("risk", 1), id_of("risk", 1));
    let first = id_of("risk", 1).await;
    assert_eq!(asked, (first.clone(), first.clone(), first.clone(), first.clone()));
    assert_ne!(id_of("fraud", 1).await, first);
    assert_ne!(id_of("risk", 2).await, first);
}

async fn one_bad_write_spoils_no_other_of_its_batch(place: TestStore) {
    let store = store(&place).await;
    let good = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    let data_key = Vault::new(&master_keys(5, &[])).new_data_key(&SubjectId::new()).expect("a key").0;
    let nobody = Arc::new(StoredSubject { id: SubjectId::from_text("sub_unknown"), data_key });
    let (bad, first, second, third) = tokio::join!(
        store.append(record("risk", &nobody, 7)),
        store.append(record("risk", &good, 1)),
        store.append(record("risk", &good, 2)),
        store.append(record("risk", &good, 3)),
    );
    assert!(bad.is_err(), "its subject is not there");
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
    assert!(!store.is_failing(), "the store is well");
}

async fn a_providers_answer_handed_over_is_there_once_a_later_write_is_durable(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("an id");
    drop(store.hand_over(Arc::new(provider_record(&subject))).await.expect("handed over"));
    let served = ServedRecord {
        subject: Arc::clone(&subject),
        request_id: RequestId::new(),
        assessment_id: AssessmentId::from_text("asm_1"),
        revision: 1,
        purpose: None,
        at: Timestamp::UNIX_EPOCH,
        completes: None,
    };
    store.note_served(served).await.expect("noted");
    let written = rows(&store, "SELECT outcome || ' ' || billed || ' ' || price_micros FROM attempts").await;
    assert_eq!(written, ["unknown_outcome unknown 500000"]);
}

async fn a_closed_store_refuses_instead_of_losing(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    store.close().await;
    assert!(store.append_attempts(exchanges(&subject)).await.is_err());
}

#[tokio::test]
async fn nothing_personal_lies_in_the_clear_in_any_file() {
    let place = TestStore::sqlite();
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    let mut record = record("risk", &subject, 1);
    let mut source = provider_record(&subject);
    source.assessment = {
        let mut said = source.assessment.as_ref().clone();
        said.raw = risk_provider::RawPayload::verbatim("{\"name\":\"CANARY\"}".to_owned());
        Arc::new(said)
    };
    let mut answer = record.assessment.as_ref().clone();
    answer.subject.reference = "CANARY".into();
    record.assessment = Arc::new(answer);
    record.sources = vec![Arc::new(source)];
    store.append(record).await.expect("appended");
    let search = |place: &TestStore| {
        for file in std::fs::read_dir(place.folder()).expect("a folder") {
            let file = file.expect("a file").path();
            let bytes = std::fs::read(&file).expect("its bytes");
            assert!(!bytes.windows(6).any(|window| window == b"CANARY"), "{}", file.display());
        }
    };
    search(&place);
    store.close().await;
    search(&place);
    let reopened = self::store(&place).await;
    let read =
        reopened.assessment("risk", &AssessmentId::from_text("asm_1")).await.expect("read").expect("there");
    assert_eq!(read.subject.reference.expose(), "CANARY");
}

fn origin(subject: &Arc<StoredSubject>) -> Origin {
    exchanges(subject).origin
}

fn intent(id: &AttemptId, settle_by: Timestamp) -> Intent {
    Intent {
        id: id.clone(),
        provider: ProviderName::new("idenfy"),
        operation: "check",
        paid: true,
        price: Money::from_micros(500_000, "EUR"),
        started_at: Timestamp::UNIX_EPOCH,
        settle_by,
    }
}

async fn an_exchange_whose_outcome_never_came_is_concluded_once_nobody_waits_for_it(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("an id");
    let (lost, under_way, ended) = (AttemptId::new(), AttemptId::new(), AttemptId::new());
    let origin = origin(&subject);
    for (id, settle_by) in [(&lost, later(9)), (&under_way, later(99)), (&ended, later(9))] {
        store.intend(origin.clone(), intent(id, settle_by)).await.expect("noted");
    }
    let attempts = vec![Attempt { id: ended, ..attempt() }];
    store.append_attempts(AttemptsRecord { origin: origin.clone(), attempts }).await.expect("appended");
    assert_eq!(store.conclude(later(9)).await.expect("looked"), 0, "its time is not over yet");
    assert_eq!(store.conclude(later(10)).await.expect("concluded"), 1);
    assert_eq!(store.conclude(later(10)).await.expect("looked"), 0);
    let told = store.attempts_of(&origin.request_id).await.expect("read");
    let told_lost = told.iter().find(|attempt| attempt.id == lost).expect("told");
    assert_eq!(told_lost.outcome, Outcome::Failed(FailureKind::UnknownOutcome));
    assert_eq!((told_lost.billed, told_lost.sent), (Billed::Unknown, true));
    assert_eq!(told_lost.price, Money::from_micros(500_000, "EUR"));
    assert_eq!(told.len(), 3, "also the one under way");
    assert_eq!(rows(&store, "SELECT id FROM intents").await, [under_way.as_str()]);
}

async fn an_outcome_that_comes_late_takes_the_place_of_what_was_concluded(place: TestStore) {
    let store = store(&place).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("an id");
    let mut source = provider_record(&subject);
    let late = Attempt { outcome: Outcome::Answered, billed: Billed::Yes, ..attempt() };
    source.exchanges.attempts = vec![late.clone()];
    let origin = source.exchanges.origin.clone();
    store.intend(origin.clone(), intent(&late.id, later(1))).await.expect("noted");
    assert_eq!(store.conclude(later(2)).await.expect("concluded"), 1);
    let written = AssessmentRecord { sources: vec![Arc::new(source)], ..record("risk", &subject, 1) };
    store.append(written).await.expect("appended");
    let told = store.attempts_of(&origin.request_id).await.expect("read");
    assert_eq!(told.iter().map(|attempt| attempt.outcome).collect::<Vec<_>>(), [Outcome::Answered]);
    assert_eq!(store.said_to(&origin.request_id).await.expect("read").len(), 1);
    // What is not concluded but known is never written over.
    let changed = Attempt { billed: Billed::No, ..late };
    let again = AttemptsRecord { origin: origin.clone(), attempts: vec![changed] };
    store.append_attempts(again).await.expect("taken");
    assert_eq!(store.attempts_of(&origin.request_id).await.expect("read")[0].billed, Billed::Yes);
}

async fn a_list_is_filtered_and_paged_newest_first(place: TestStore) {
    use risk_provider::Level;
    let store = store(&place).await;
    let (ahmed, bola) =
        tokio::join!(async { store.subject(&subject_key("risk", 1)).await.expect("an id") }, async {
            store.subject(&subject_key("risk", 2)).await.expect("an id")
        },);
    let mut ids = Vec::new();
    for (index, subject) in [&ahmed, &bola, &ahmed, &bola, &ahmed].into_iter().enumerate() {
        let mut written = record("risk", subject, 1);
        let mut answer = assessment(subject, 1);
        answer.id = AssessmentId::new();
        answer.created_at = later(i64::try_from(index).expect("small"));
        answer.level = Some(if index == 2 { Level::High } else { Level::Medium });
        ids.push(answer.id.clone());
        written.assessment = Arc::new(answer);
        store.append(written).await.expect("appended");
    }
    ids.reverse();
    let list = async |filter: Filter, limit| -> Vec<AssessmentId> {
        let found = store.list("risk", &filter, limit).await.expect("read");
        found.into_iter().map(|assessment| assessment.id).collect()
    };
    assert_eq!(list(Filter::default(), 10).await, ids);
    assert_eq!(list(Filter::default(), 2).await, ids[..2]);
    let after = |id: &AssessmentId| Filter { after: Some(id.clone()), ..Filter::default() };
    assert_eq!(list(after(&ids[1]), 2).await, ids[2..4]);
    let about = Filter { subject: Some(bola.id.clone()), ..Filter::default() };
    assert_eq!(list(about, 10).await, [ids[1].clone(), ids[3].clone()]);
    let high = Filter { level: Some(Level::High), ..Filter::default() };
    assert_eq!(list(high, 10).await, [ids[2].clone()]);
    let between = Filter { from: Some(later(1)), to: Some(later(3)), ..Filter::default() };
    assert_eq!(list(between, 10).await, ids[2..4]);
    let by = Filter { provider: Some(ProviderName::new("idenfy")), ..Filter::default() };
    assert!(list(by, 10).await.is_empty());
    let of =
        Filter { route: Some("default".to_owned()), status: Some(Status::Completed), ..Filter::default() };
    assert_eq!(list(of, 10).await, ids);
    assert!(store.list("fraud", &Filter::default(), 10).await.expect("read").is_empty());
}

async fn what_is_durable_is_what_was_asked_for(place: TestStore) {
    for (durability, sqlite, postgres) in [(Durability::Commit, 2, "on"), (Durability::Relaxed, 1, "off")] {
        let url = place.url.parse().expect("a store's url");
        let (writer, _) = Pool::open(&url, durability).await.expect("a connection");
        match &writer {
            Pool::Sqlite(pool) => {
                let row = sqlx::query("PRAGMA synchronous").fetch_one(pool).await.expect("a row");
                assert_eq!(row.get::<i64, _>(0), sqlite);
            }
            Pool::Postgres(pool) => {
                let row = sqlx::query("SHOW synchronous_commit").fetch_one(pool).await.expect("a row");
                assert_eq!(row.get::<String, _>(0), postgres);
            }
        }
    }
}
