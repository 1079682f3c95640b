//! A store of the first release, upgraded while that release still runs on it.

use sqlx::{ConnectOptions, Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::watch;

use super::*;
use crate::{
    keys::{PresentedKey, Scopes},
    secrets::Purpose,
};

/// Its rows, in the order in which they depend on each other.
const ROWS: &str = include_str!("first_release.sql");
/// The key among them.
const KEY: &str =
    "rgk_d0db84eb23c6e8ea_52d4bc10b7e7c2c61bd05741366ac1f6c396d2001bde2c516532fb0bebda6d4f_rjTTTVLv";
const ASSESSMENT: &str = "asm_01a200a6b68575ddbeb066713fda4194";
const SUBJECT: &str = "sub_129fd9b577934a7da4193ac8b1d4080c";

/// As that release wrote them.
const INSERT_ASSESSMENT: &str = "INSERT INTO assessments \
     (id, revision, team, subject_id, route, status, level, score, decided_by, purpose, created_at, document) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const INSERT_ATTEMPT: &str = "INSERT INTO attempts \
     (id, provider, operation, outcome, sent, billed, price_micros, currency, started_at, duration_ms, \
      team, route, subject_id, request_id, provider_assessment_id) \
     VALUES ($1, 'idenfy', 'check', 'answered', TRUE, 'yes', 500000, 'EUR', 0, 1, 'risk', 'idenfy', $2, 'req_1', NULL)";
const FIND_ASSESSMENT: &str = "SELECT assessments.document FROM assessments \
     JOIN data_keys ON data_keys.subject_id = assessments.subject_id \
     WHERE assessments.id = $1 AND assessments.team = $2 ORDER BY assessments.revision DESC LIMIT 1";

async fn first_release(place: &TestStore) -> SqliteConnection {
    let options: SqliteConnectOptions = place.url.parse().expect("an address");
    let options = options.create_if_missing(true).journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
    options
        .foreign_keys(true)
        .busy_timeout(std::time::Duration::from_secs(20))
        .connect()
        .await
        .expect("a file")
}

/// That release at work: it answers and records until it is told to stop; what it wrote.
async fn at_work(mut connection: SqliteConnection, stop: watch::Receiver<bool>) -> Vec<String> {
    let keys = master_keys(7, &[]);
    let vault = Vault::new(&keys);
    let wrapped: Vec<u8> = sqlx::query_scalar("SELECT wrapped FROM data_keys")
        .fetch_one(&mut connection)
        .await
        .expect("the subject's data key");
    let subject = subjects::stored(&vault, SUBJECT, &wrapped).expect("a subject");
    let mut written = Vec::new();
    while !*stop.borrow() || written.len() < 20 {
        let mut answer = assessment(&subject, 1);
        answer.id = AssessmentId::new();
        let place = format!("assessments/{}/1/document", answer.id);
        let document =
            subject.data_key.seal(&place, &serde_json::to_vec(&answer).expect("JSON")).expect("sealed");
        let insert =
            sqlx::query(INSERT_ASSESSMENT).bind(answer.id.as_str()).bind(1).bind("risk").bind(SUBJECT);
        let insert = insert.bind("default").bind("completed").bind("medium").bind(58.3).bind("youverify");
        let insert = insert.bind(None::<Vec<u8>>).bind(0_i64).bind(document);
        insert.execute(&mut connection).await.expect("still works");
        let attempt = sqlx::query(INSERT_ATTEMPT).bind(AttemptId::new().to_string()).bind(SUBJECT);
        attempt.execute(&mut connection).await.expect("still works");
        let read = sqlx::query(FIND_ASSESSMENT).bind(answer.id.as_str()).bind("risk");
        assert_eq!(read.fetch_all(&mut connection).await.expect("still reads").len(), 1);
        written.push(answer.id.to_string());
    }
    connection.close().await.expect("closed");
    written
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_of_the_first_release_is_upgraded_beside_it_and_loses_nothing() {
    let place = TestStore::sqlite();
    let mut old = first_release(&place).await;
    for statement in migrations::first_release() {
        old.execute(statement).await.expect("its schema");
    }
    old.execute(ROWS).await.expect("its rows");
    let (stop, stopped) = watch::channel(false);
    let working = tokio::spawn(at_work(old, stopped));

    let keys = master_keys(7, &[]);
    let store = open(&place, &keys).await;
    let hash_key = store.unlock(&keys).await.expect("the owner");
    let key = PresentedKey::parse(KEY).expect("well-formed");
    let stored = store.key(&key.id).await.expect("read").expect("there");
    assert!(key.is(&stored, &hash_key), "keys stay good");
    assert_eq!((stored.environment.as_str(), stored.revoked_at), ("live", None));
    assert!(stored.scopes.parse::<Scopes>().is_ok());
    let mac = hash_key.mac(Purpose::SubjectReference, &[b"risk", b"cust-42"]);
    let found = store.subject_id("risk", &mac).await.expect("read");
    assert_eq!(found, Some(SubjectId::from_text(SUBJECT)), "subjects are found again");
    let id = AssessmentId::from_text(ASSESSMENT);
    let read = store.assessment("risk", &id).await.expect("read").expect("there");
    assert_eq!((read.subject.reference.expose().as_str(), read.revision), ("cust-42", 1));
    assert_eq!(store.payloads(&id).await.expect("read").len(), 1);

    // Both write for a while.
    let subject = store.subject(&subject_key("risk", 1)).await.expect("a subject");
    for revision in 1..20 {
        store.append(record("risk", &subject, revision)).await.expect("appended");
    }
    stop.send_replace(true);
    let written = working.await.expect("the first release never failed");
    assert!(written.len() >= 20);
    for id in &written {
        assert!(
            store.assessment("risk", &AssessmentId::from_text(id)).await.expect("read").is_some(),
            "{id}"
        );
    }
    let attempts = rows(&store, "SELECT id FROM attempts WHERE NOT concluded").await;
    assert_eq!(attempts.len(), 2 + written.len());
    // And the other way round, should the upgrade be taken back.
    let mut back = first_release(&place).await;
    let read = sqlx::query(FIND_ASSESSMENT).bind("asm_1").bind("risk").fetch_all(&mut back).await;
    assert_eq!(read.expect("reads").len(), 1);
}
