use std::sync::Arc;

use jiff::Timestamp;
use risk_provider::{Billed, FailureKind, Money, ProviderName};
use tempfile::TempDir;

use super::*;
use crate::{
    attempts::{Attempt, Outcome},
    ids::{AttemptId, ProviderAssessmentId, RequestId},
    secrets::MasterKey,
};

async fn store(folder: &TempDir) -> Store {
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    Store::open(&url, Vault::new(&MasterKey::from_bytes([5; 32]))).await.expect("a store")
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
        "provider": "idenfy", "kind": "idenfy", "mapping_version": "idenfy/1", "profile_fingerprint": null,
        "state": "final", "vendor_reference": "abc", "score": null, "level": null, "vendor_level": null,
        "factors": [], "evidence": [], "flags": ["unanswered"], "assessed_at": "2026-11-21T10:00:00Z",
        "raw": {"text": "{\"n\":1.0}", "removed": ["partner"]},
    });
    let assessment = Arc::new(serde_json::from_value(said).expect("a provider assessment"));
    ProviderRecord { id: ProviderAssessmentId::new(), assessment, exchanges: exchanges(subject) }
}

#[tokio::test]
async fn a_source_that_was_not_written_when_it_arrived_is_written_with_its_assessment() {
    let folder = TempDir::new().expect("a folder");
    let store = store(&folder).await;
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
    let folder = TempDir::new().expect("a folder");
    let store = store(&folder).await;
    store.check().await.expect("works");
    for file in std::fs::read_dir(folder.path()).expect("a folder") {
        let file = file.expect("a file");
        let mode = file.metadata().expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}

#[tokio::test]
async fn a_store_belongs_to_the_master_key_that_came_first() {
    let folder = TempDir::new().expect("a folder");
    let store = store(&folder).await;
    store.claim([1; 32]).await.expect("the first");
    store.claim([1; 32]).await.expect("the same");
    assert!(matches!(store.claim([2; 32]).await, Err(StoreError::OtherMasterKey)));
}

#[tokio::test]
async fn an_assessment_reads_back_as_it_was_written_also_after_reopening() {
    let folder = TempDir::new().expect("a folder");
    let first = store(&folder).await;
    let subject = first.subject(&subject_key("risk", 1)).await.expect("an id");
    first.append(record("risk", &subject, 1)).await.expect("appended");
    first.close().await;
    let reopened = store(&folder).await;
    let id = AssessmentId::from_text("asm_1");
    let read = reopened.assessment("risk", &id).await.expect("read").expect("there");
    let expected = serde_json::to_value(assessment(&subject, 1)).expect("json");
    assert_eq!(serde_json::to_value(read).expect("json"), expected);
}

#[tokio::test]
async fn the_latest_revision_is_read_and_another_team_sees_nothing() {
    let folder = TempDir::new().expect("a folder");
    let store = store(&folder).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("an id");
    for revision in [1, 2] {
        store.append(record("risk", &subject, revision)).await.expect("appended");
    }
    let id = AssessmentId::from_text("asm_1");
    assert_eq!(store.assessment("risk", &id).await.expect("read").expect("there").revision, 2);
    assert!(store.assessment("fraud", &id).await.expect("read").is_none());
}

#[tokio::test]
async fn a_revision_is_never_written_over() {
    let folder = TempDir::new().expect("a folder");
    let store = store(&folder).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("an id");
    store.append(record("risk", &subject, 1)).await.expect("appended");
    assert!(store.append(record("risk", &subject, 1)).await.is_err());
}

#[tokio::test]
async fn a_subject_keeps_its_id_and_teams_do_not_share_it() {
    let folder = TempDir::new().expect("a folder");
    let store = store(&folder).await;
    let id_of = async |team: &str, reference| {
        store.subject(&subject_key(team, reference)).await.expect("a subject").id.clone()
    };
    let asked = tokio::join!(id_of("risk", 1), id_of("risk", 1), id_of("risk", 1), id_of("risk", 1));
    let first = id_of("risk", 1).await;
    assert_eq!(asked, (first.clone(), first.clone(), first.clone(), first.clone()));
    assert_ne!(id_of("fraud", 1).await, first);
    assert_ne!(id_of("risk", 2).await, first);
}

#[tokio::test]
async fn one_bad_write_spoils_no_other_of_its_batch() {
    let folder = TempDir::new().expect("a folder");
    let store = store(&folder).await;
    let good = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    let data_key =
        Vault::new(&MasterKey::from_bytes([5; 32])).new_data_key(&SubjectId::new()).expect("a key").0;
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

#[tokio::test]
async fn a_providers_answer_handed_over_is_there_once_a_later_write_is_durable() {
    let folder = TempDir::new().expect("a folder");
    let store = store(&folder).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("an id");
    drop(store.hand_over(Arc::new(provider_record(&subject))).await.expect("handed over"));
    let served = ServedRecord {
        subject: Arc::clone(&subject),
        request_id: RequestId::new(),
        assessment_id: AssessmentId::from_text("asm_1"),
        revision: 1,
        purpose: None,
        at: Timestamp::UNIX_EPOCH,
    };
    store.note_served(served).await.expect("noted");
    let rows: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT outcome, billed, price_micros FROM attempts")
            .fetch_all(&store.readers)
            .await
            .expect("rows");
    assert_eq!(rows, vec![("unknown_outcome".to_owned(), "unknown".to_owned(), 500_000)]);
}

#[tokio::test]
async fn a_closed_store_refuses_instead_of_losing() {
    let folder = TempDir::new().expect("a folder");
    let store = store(&folder).await;
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    store.close().await;
    assert!(store.append_attempts(exchanges(&subject)).await.is_err());
}

#[tokio::test]
async fn nothing_personal_lies_in_the_clear_in_any_file() {
    let folder = TempDir::new().expect("a folder");
    let store = store(&folder).await;
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
    let search = |folder: &TempDir| {
        for file in std::fs::read_dir(folder.path()).expect("a folder") {
            let file = file.expect("a file").path();
            let bytes = std::fs::read(&file).expect("its bytes");
            assert!(!bytes.windows(6).any(|window| window == b"CANARY"), "{}", file.display());
        }
    };
    search(&folder);
    store.close().await;
    search(&folder);
    let reopened = self::store(&folder).await;
    let read =
        reopened.assessment("risk", &AssessmentId::from_text("asm_1")).await.expect("read").expect("there");
    assert_eq!(read.subject.reference.expose(), "CANARY");
}
