//! `POST /v1/assessments/{id}/recheck`: a subject that changed is judged anew, linked to what was said before.

use serde_json::{Value, json};

use crate::{
    gateway::Gateway,
    http::{Answer, answer, attempts},
    subjects::{by, person},
};

async fn recheck(gateway: &Gateway, id: &str, subject: &Value) -> Answer {
    recheck_under(gateway, id, subject, None).await
}

async fn recheck_under(gateway: &Gateway, id: &str, subject: &Value, key: Option<&str>) -> Answer {
    let request = gateway.client.post(gateway.url(&format!("/v1/assessments/{id}/recheck")));
    let request = request.bearer_auth(&gateway.key).json(&json!({"subject": subject}));
    answer(match key {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    })
    .await
}

fn changed() -> Value {
    let mut subject = person("cust-1");
    subject["politically_exposed"] = json!(true);
    subject["kyc"] = json!({"verified_by": "idenfy"});
    subject
}

fn id(assessment: &Value) -> &str {
    assessment["id"].as_str().expect("an id")
}

#[tokio::test]
async fn idenfy_updates_its_own_check_and_both_answers_can_be_read() {
    let gateway = Gateway::start().await;
    let first = gateway.ask(&by("idenfy", &person("cust-1"))).await.good();
    let told = recheck(&gateway, id(&first), &changed()).await;
    assert_eq!(told.status, 201, "{}", told.text);
    let second = told.json();
    assert_eq!(told.header("location"), format!("/v1/assessments/{}", id(&second)));
    assert_eq!((&second["replaces"], &second["route"]), (&first["id"], &json!("idenfy")));
    assert_ne!(second["id"], first["id"]);
    assert_eq!(attempts(&second), ["idenfy recheck: answered, sent, billed yes"]);
    assert_eq!(second["subject"], first["subject"]);
    assert_eq!(first.get("replaces"), None);
    for assessment in [&first, &second] {
        let read = gateway.get(&format!("/v1/assessments/{}", id(assessment))).await.good();
        assert_eq!(&read, assessment);
    }
    let operations: Vec<String> = gateway.idenfy.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, ["profile", "check", "recheck"]);
}

#[tokio::test]
async fn a_vendor_without_updates_is_asked_anew_past_the_cache() {
    let gateway = Gateway::start().await;
    let first = gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    let told = recheck(&gateway, id(&first), &person("cust-1")).await;
    assert_eq!(told.status, 201, "{}", told.text);
    assert_eq!(told.json()["replaces"], first["id"]);
    assert_eq!(attempts(&told.json()), ["youverify assessment: answered, sent, billed yes"]);
    assert_eq!(gateway.youverify.billed(), 2);
}

#[tokio::test]
async fn a_recheck_under_a_key_is_paid_once_and_each_assessment_has_its_own_keys() {
    let gateway = Gateway::start().await;
    let first = gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    let told = recheck_under(&gateway, id(&first), &changed(), Some("k")).await;
    let again = recheck_under(&gateway, id(&first), &changed(), Some("k")).await;
    assert_eq!((told.status, again.status, &again.text), (201, 201, &told.text));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(gateway.youverify.billed(), 2);
    let next = recheck_under(&gateway, id(&told.json()), &changed(), Some("k")).await;
    assert_eq!((next.status, next.header("idempotent-replayed")), (201, ""));
    assert_eq!(next.json()["replaces"], told.json()["id"]);
}

#[tokio::test]
async fn only_the_same_subject_of_ones_own_assessment_can_be_rechecked() {
    let gateway = Gateway::start().await;
    let first = gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    let other = recheck(&gateway, id(&first), &person("cust-2")).await.problem(422, "invalid_request");
    assert_eq!(other["field"], "subject.reference");
    recheck(&gateway, "asm_none", &person("cust-1")).await.problem(404, "not_found");
    let stranger = gateway.key_for("fraud", "all").await;
    let path = gateway.url(&format!("/v1/assessments/{}/recheck", id(&first)));
    let request =
        gateway.client.post(path).bearer_auth(&stranger).json(&json!({"subject": person("cust-1")}));
    answer(request).await.problem(404, "not_found");
    assert_eq!(gateway.billed(), 1);
}
