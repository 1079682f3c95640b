//! A comparison of very many pairs, from a store filled past every function of the gateway.

use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::{
    process::Home,
    stores::TestStore,
    vendors::{Setup, Vendors},
};

const FILL: [&str; 6] = [
    "CREATE TABLE seed AS WITH RECURSIVE seed(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < 5000) \
     SELECT n, 'sub_' || lower(hex(randomblob(16))) AS subject, 'asm_' || printf('%032x', n) AS asked_in, \
     1780000000000000 + n * 1000000 AS at, randomblob(32) AS mac, lower(hex(randomblob(16))) AS question FROM seed",
    "INSERT INTO subjects (id, team, reference_mac, created_at) SELECT subject, 'risk', mac, at FROM seed",
    "INSERT INTO data_keys (subject_id, wrapped) SELECT subject, randomblob(113) FROM seed",
    "INSERT INTO compared_answers (asked_in, provider, team, subject_id, route, part, served, status, level, score, \
     kind, mapping_version, profile, question_mac, subject_type, country_mac, assessed_at, asked_at, asked_minute) \
     SELECT asked_in, side.provider, 'risk', subject, 'default', side.part, 'called', 'completed', \
     CASE abs(random()) % 5 WHEN 0 THEN 'very_low' WHEN 1 THEN 'low' WHEN 2 THEN 'medium' WHEN 3 THEN 'high' \
     ELSE 'very_high' END, abs(random()) % 10001 / 100.0, side.provider, side.provider || '/1', NULL, question, \
     'individual', question, at, at, at / 60000000 FROM seed CROSS JOIN (SELECT 'idenfy' AS provider, 'primary' AS part \
     UNION ALL SELECT 'youverify', 'shadow') AS side ORDER BY n, side.part",
    "INSERT INTO attempts (id, provider, operation, outcome, sent, billed, price_micros, currency, started_at, \
     duration_ms, team, route, subject_id, request_id) \
     SELECT 'att_' || side.provider || printf('%032x', n), side.provider, side.operation, \
     CASE WHEN n % 50 = 0 THEN 'vendor_error' ELSE 'answered' END, TRUE, 'yes', 500000, 'EUR', at, \
     abs(random()) % 900, 'risk', 'default', subject, 'req_' || n FROM seed \
     CROSS JOIN (SELECT 'idenfy' AS provider, 'check' AS operation \
     UNION ALL SELECT 'youverify', 'actor_assessment') AS side ORDER BY n",
    "INSERT INTO outcomes (id, team, subject_id, type, content_mac, key_id, recorded_at) \
     SELECT 'out_' || printf('%032x', n), 'risk', subject, \
     CASE WHEN n % 10 = 0 THEN 'confirmed_fraud' ELSE 'cleared' END, mac, 'k', at FROM seed WHERE n % 2 = 0",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_very_many_pairs_is_counted_once() {
    let vendors = Vendors::start().await;
    let home = Home::with(&Setup::default(), &vendors, TestStore::sqlite());
    let key = home.key("risk");
    let mut store = SqliteConnection::connect(&home.store.url).await.expect("the store");
    for statement in FILL {
        sqlx::query(statement).execute(&mut store).await.expect(statement);
    }
    store.close().await.expect("closed");
    let server = home.serve_for(&key);
    for query in ["", "&segment=type", "&from=2026-01-01"] {
        let report = server.get(&format!("/v1/comparisons?left=idenfy&right=youverify{query}")).await.good();
        assert_eq!((&report["n"], &report["outcomes"]["labelled"]), (&json!(5_000), &json!(2_500)));
        assert_eq!(report["service"]["left"]["attempts"], 5_000);
    }
}
