//! Imports of a part of a history: what a vendor's filter leaves, or answers that are named.

use std::collections::BTreeSet;

use risk_provider_sandbox::{ASSESSED_COMPANY_ID, UNASSESSED_COMPANY_ID, UNCHECKED_COMPANY_ID};
use serde_json::{Value, json};

use super::{begun, brought, counts, ended, from_idenfy, imported_rows, send, under};
use crate::{
    gateway::Gateway,
    history::{DEEP, checked, reported, started},
    http::answer,
    vendors::Setup,
};

fn of_deep(filters: &Value) -> Value {
    json!({"provider": "deep", "filters": filters})
}

fn named(references: &[String]) -> Value {
    json!({"provider": "idenfy", "references": references})
}

fn company(id: &str) -> String {
    format!("kyb:{id}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendors_own_filters_leave_a_part_of_its_list_and_a_name_is_sent_to_nobody() {
    let gateway = Gateway::with(Setup::default().routes(DEEP)).await;
    for name in ["Ada", "Bola"] {
        let id = started(&gateway, name).await;
        reported(&gateway, &id).await;
    }
    started(&gateway, "Chidi").await;
    let companies = brought(&gateway, &of_deep(&json!({"type": "business"}))).await;
    assert_eq!((counts(&companies), &companies["filters"]), ([0; 4], &json!({"type": "business"})));
    let late = brought(&gateway, &of_deep(&json!({"latestRiskStatus": "pending"}))).await;
    assert_eq!((counts(&late), &late["skipped_for"]), ([0, 1, 0, 0], &json!({"pending": 1})));
    let people = json!({"type": "individual", "trackingStatus": "active"});
    assert_eq!(counts(&brought(&gateway, &of_deep(&people)).await), [2, 1, 0, 2]);
    let calls = gateway.youverify.calls();
    let lists = calls.iter().filter(|call| call.operation == "history");
    let asked: BTreeSet<String> = lists.map(|call| call.path.clone()).collect();
    let expected = ["latestRiskStatus=pending", "trackingStatus=active&type=individual", "type=business"];
    let path = "/v2/api/identity/risk-check/history";
    let expected = expected.map(|filters| format!("{path}?page=1&limit=20&{filters}"));
    assert_eq!(asked, BTreeSet::from(expected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn named_answers_are_read_alone_and_once_whether_or_not_the_vendor_lists_them() {
    let gateway = Gateway::start().await;
    let all = checked(&gateway, "Matthew Collins", 3).await;
    let wanted =
        [all[1].clone(), company(ASSESSED_COMPANY_ID), company(UNCHECKED_COMPANY_ID), all[1].clone()];
    let import = brought(&gateway, &named(&wanted)).await;
    assert_eq!((counts(&import), &import["references"]), ([3, 0, 0, 3], &json!(4)), "{import}");
    let nowhere = [company(UNASSESSED_COMPANY_ID), company("../../risk"), "no/such".to_owned()];
    let import = brought(&gateway, &named(&nowhere)).await;
    assert_eq!((counts(&import), &import["failed_for"]), ([0, 0, 3, 0], &json!({"not_found": 3})));
    let calls = gateway.idenfy.calls();
    assert!(calls.iter().all(|call| call.operation != "assessments"), "no list is read");
    assert_eq!(calls.iter().filter(|call| call.operation == "company").count(), 3);
    assert_eq!(counts(&brought(&gateway, &named(&wanted)).await), [0, 3, 0, 0]);
    assert_eq!(counts(&brought(&gateway, &from_idenfy()).await), [2, 1, 0, 2]);
    assert_eq!(imported_rows(&gateway).await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_comes_in_once_whatever_it_is_called() {
    let gateway = Gateway::start().await;
    let ids = checked(&gateway, "Matthew Collins", 1).await;
    assert_eq!(counts(&brought(&gateway, &from_idenfy()).await), [1, 0, 0, 1]);
    let summary = json!({"id": ids[0], "riskScore": 72, "riskLevel": "HIGH", "comment": null});
    let record = json!({"id": "c-77", "riskAssessment": summary}).to_string();
    gateway.idenfy.answer_always("company", 200, record);
    let names = [company("c-77"), company("C-77")];
    assert_eq!(counts(&brought(&gateway, &named(&names)).await), [0, 2, 0, 0]);
    assert_eq!(imported_rows(&gateway).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_repeats_itself_under_new_addresses_ends() {
    let gateway = Gateway::start().await;
    let ids = checked(&gateway, "Matthew Collins", 1).await;
    let item = json!({"id": ids[0], "name": "Matthew Collins 0", "createdAt": "2026-06-01T00:00:00Z"});
    let body = json!({"count": 1, "next": "2", "previous": null, "results": [item]});
    gateway.idenfy.answer_always("assessments", 200, body.to_string());
    let later = json!({"provider": "idenfy", "from": "2026-06-02"});
    for wanted in [from_idenfy(), later] {
        let before = gateway.idenfy.calls().len();
        let import = ended(&gateway, &begun(&send(&gateway, &gateway.key, &wanted).await)).await;
        let told = (&import["status"], &import["error"]);
        assert_eq!(told, (&json!("failed"), &json!("circular_list")), "{import}");
        let calls = gateway.idenfy.calls().len() - before;
        assert!(calls < 12, "{calls} for {wanted}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_nobody_knows_is_refused_and_another_part_is_another_import() {
    let gateway = Gateway::with(Setup::default().routes(DEEP)).await;
    let many: Vec<String> = (0..1001).map(|number| format!("id{number}")).collect();
    for (body, field, told) in [
        (of_deep(&json!({"kind": "business"})), "filters", "type (individual, business)"),
        (of_deep(&json!({"type": "company"})), "filters", "latestRiskStatus (pending, very_low_risk"),
        (
            json!({"provider": "idenfy", "filters": {"type": "business"}}),
            "filters",
            "has no filters but from and to",
        ),
        (json!({"provider": "idenfy", "references": []}), "references", "must be 1 to 1000"),
        (named(&[String::new()]), "references", "must be 1 to 1000"),
        (named(&many), "references", "must be 1 to 1000"),
        (
            json!({"provider": "idenfy", "references": ["a"], "from": "2026-01-01"}),
            "references",
            "without from, to and filters",
        ),
    ] {
        let problem = send(&gateway, &gateway.key, &body).await.problem(422, "invalid_request");
        assert_eq!(problem["field"], field, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(told)), "{problem}");
    }
    let twice = r#"{"provider": "deep", "filters": {"type": "individual", "type": "business"}}"#;
    let request = gateway.client.post(gateway.url("/v1/imports")).bearer_auth(&gateway.key);
    let answered = answer(request.header("content-type", "application/json").body(twice)).await;
    assert_eq!(
        answered.problem(422, "invalid_request")["detail"],
        "filters must not name the same key twice"
    );
    assert!(gateway.idenfy.calls().is_empty() && gateway.youverify.calls().is_empty());
    let first = begun(&under(&gateway, "part", &of_deep(&json!({"type": "business"}))).await);
    ended(&gateway, &first).await;
    let same = begun(&under(&gateway, "part", &of_deep(&json!({"type": "business"}))).await);
    assert_eq!(same["id"], first["id"]);
    let other = under(&gateway, "part", &of_deep(&json!({"type": "individual"}))).await;
    other.problem(422, "idempotency_key_reused");
}
