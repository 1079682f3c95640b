//! `POST` and `GET /v1/outcomes`: what turned out to be true, told once however often it is sent.

use reqwest::RequestBuilder;
use risk_gateway::keys::KeyEnvironment;
use serde_json::{Value, json};

use crate::{
    gateway::Gateway,
    http::{Answer, answer},
    subjects::{by, person},
};

async fn tell(gateway: &Gateway, body: &Value) -> Answer {
    answer(post(gateway, &gateway.key).json(body)).await
}

fn post(gateway: &Gateway, key: &str) -> RequestBuilder {
    gateway.client.post(gateway.url("/v1/outcomes")).bearer_auth(key)
}

async fn tell_lines(gateway: &Gateway, lines: &[Value]) -> Vec<Value> {
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let told =
        answer(post(gateway, &gateway.key).header("content-type", "application/x-ndjson").body(body)).await;
    assert_eq!((told.status, told.header("content-type")), (200, "application/x-ndjson"), "{}", told.text);
    told.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn created(told: &Answer) -> Value {
    assert_eq!(told.status, 201, "{}", told.text);
    told.json()
}

async fn list(gateway: &Gateway, query: &str) -> Value {
    gateway.get(&format!("/v1/outcomes?{query}")).await.good()
}

fn ids(page: &Value) -> Vec<&str> {
    page["outcomes"].as_array().expect("a list").iter().map(|it| it["id"].as_str().expect("an id")).collect()
}

/// A gateway that has asked about these.
async fn asked(references: &[&str]) -> (Gateway, Vec<Value>) {
    let gateway = Gateway::start().await;
    let mut answers = Vec::new();
    for reference in references {
        answers.push(gateway.ask(&by("youverify", &person(reference))).await.good());
    }
    (gateway, answers)
}

fn fraud(reference: &str) -> Value {
    json!({"subject_reference": reference, "type": "confirmed_fraud"})
}

#[tokio::test]
async fn an_outcome_reads_back_as_it_was_told() {
    let (gateway, answers) = asked(&["cust-1"]).await;
    let told = created(
        &tell(
            &gateway,
            &json!({"subject_reference": "cust-1", "type": "chargeback", "occurred_at": "2026-06-01",
                "labelled_by": "Zqlabeller", "confidence": 0.9, "blinded": true}),
        )
        .await,
    );
    assert!(told["id"].as_str().is_some_and(|id| id.starts_with("out_")), "{told}");
    assert_eq!(told["subject_id"], answers[0]["subject"]["id"]);
    assert_eq!(
        (&told["occurred_at"], &told["labelled_by"]),
        (&json!("2026-06-01T00:00:00Z"), &json!("Zqlabeller"))
    );
    assert_eq!((&told["confidence"], &told["blinded"]), (&json!(0.9), &json!(true)));
    assert_eq!((&told["supersedes"], &told["superseded_by"]), (&Value::Null, &Value::Null));
    let by_assessment = json!({"assessment_id": answers[0]["id"], "type": "cleared"});
    let other = created(&tell(&gateway, &by_assessment).await);
    assert_eq!((&other["subject_id"], &other["assessment_id"]), (&told["subject_id"], &answers[0]["id"]));
    assert_eq!(list(&gateway, "").await["outcomes"], json!([other, told]));
    assert_eq!(list(&gateway, "type=chargeback&from=2026-06-15").await["outcomes"], json!([told]));
    assert_eq!(list(&gateway, "to=2026-06-14").await["outcomes"], json!([]));
}

#[tokio::test]
async fn the_same_told_again_is_the_same_outcome() {
    let (gateway, _) = asked(&["cust-1"]).await;
    let first = created(&tell(&gateway, &fraud("cust-1")).await);
    let again = tell(&gateway, &fraud("cust-1")).await;
    assert_eq!(again.good(), first);
    let mut another = fraud("cust-1");
    another["labelled_by"] = json!("somebody else");
    assert_ne!(created(&tell(&gateway, &another).await)["id"], first["id"]);
    let at_once = json!({"subject_reference": "cust-1", "type": "pep_confirmed"});
    let (one, two) = tokio::join!(tell(&gateway, &at_once), tell(&gateway, &at_once));
    assert_eq!(one.json()["id"], two.json()["id"]);
    assert_eq!(list(&gateway, "").await["outcomes"].as_array().expect("a list").len(), 3);
}

#[tokio::test]
async fn what_was_taken_back_is_told_again_only_by_superseding_it() {
    let (gateway, _) = asked(&["cust-1"]).await;
    let first = created(&tell(&gateway, &fraud("cust-1")).await);
    let cleared = json!({"subject_reference": "cust-1", "type": "cleared", "supersedes": first["id"]});
    let second = created(&tell(&gateway, &cleared).await);
    let problem = tell(&gateway, &fraud("cust-1")).await.problem(409, "already_superseded");
    assert!(
        problem["detail"].as_str().is_some_and(|told| told.contains(second["id"].as_str().expect("an id")))
    );
    let line = tell_lines(&gateway, &[fraud("cust-1")]).await.remove(0);
    assert_eq!(line["error"]["code"], "already_superseded", "{line}");
    let mut after_all = fraud("cust-1");
    after_all["supersedes"] = second["id"].clone();
    created(&tell(&gateway, &after_all).await);
}

#[tokio::test]
async fn a_file_sent_twice_labels_once_and_a_bad_line_stops_no_other() {
    let (gateway, _) = asked(&["cust-1", "cust-2"]).await;
    let lines = [
        fraud("cust-1"),
        json!({"subject_reference": "cust-2", "type": "confirmed_frod"}),
        fraud("nobody"),
        json!({"subject_reference": "cust-2", "type": "cleared", "confidence": 2}),
        fraud("cust-1"),
        json!({"subject_reference": "cust-2", "type": "cleared"}),
    ];
    let told = tell_lines(&gateway, &lines).await;
    let numbers: Vec<&Value> = told.iter().map(|line| &line["line"]).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    let codes: Vec<Option<&str>> = told.iter().map(|line| line["error"]["code"].as_str()).collect();
    let bad = Some("invalid_request");
    assert_eq!(codes, [None, bad, Some("not_found"), bad, None, None]);
    let fields: Vec<Option<&str>> = told.iter().map(|line| line["error"]["field"].as_str()).collect();
    assert_eq!(fields, [None, Some("type"), Some("subject_reference"), Some("confidence"), None, None]);
    assert_eq!(told[0]["id"], told[4]["id"]);
    assert!(!told[2].to_string().contains("nobody"), "no reference is repeated");
    let again = tell_lines(&gateway, &lines).await;
    for (first, second) in told.iter().zip(&again) {
        assert_eq!((&first["id"], &first["error"]), (&second["id"], &second["error"]));
        assert_ne!(second["created"], true);
    }
    assert_eq!(list(&gateway, "").await["outcomes"].as_array().expect("a list").len(), 2);
}

#[tokio::test]
async fn many_lines_and_lines_that_are_none_are_answered_in_order() {
    let (gateway, _) = asked(&["cust-1"]).await;
    let line = |day: i32| {
        let mut outcome = fraud("cust-1");
        outcome["occurred_at"] = json!(format!("2025-{:02}-{:02}", 1 + day / 28, 1 + day % 28));
        outcome
    };
    let mut lines: Vec<Value> = (0..300).map(line).collect();
    lines[7] = json!("no outcome");
    let told = tell_lines(&gateway, &lines).await;
    assert_eq!(told.len(), 300);
    assert!(told.iter().enumerate().all(|(index, line)| line["line"] == index + 1));
    assert_eq!(told[7]["error"]["code"], "invalid_request");
    assert_eq!(told.iter().filter(|line| line["created"] == true).count(), 299);
    let mut cursor = String::new();
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let page = list(&gateway, &format!("limit=200{cursor}")).await;
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        pages += 1;
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!((seen.len(), pages), (299, 2));
    assert!(seen.is_sorted_by(|newer, older| newer > older), "newest first");
}

#[tokio::test]
async fn a_superseded_outcome_no_longer_counts_and_is_superseded_once() {
    let (gateway, _) = asked(&["cust-1", "cust-2"]).await;
    let first = created(&tell(&gateway, &fraud("cust-1")).await);
    let supersede = |reference: &str, kind: &str, id: &Value| json!({"subject_reference": reference, "type": kind, "supersedes": id});
    let second = created(&tell(&gateway, &supersede("cust-1", "cleared", &first["id"])).await);
    let listed = list(&gateway, "").await;
    assert_eq!(listed["outcomes"][1]["superseded_by"], second["id"]);
    let refused = tell(&gateway, &supersede("cust-1", "chargeback", &first["id"])).await;
    let refused = refused.problem(409, "already_superseded");
    assert!(
        refused["detail"].as_str().expect("a text").contains(second["id"].as_str().expect("an id")),
        "{refused}"
    );
    for (reference, id) in
        [("cust-2", &first["id"]), ("cust-1", &json!("out_none")), ("cust-1", &json!("o\0"))]
    {
        let refused =
            tell(&gateway, &supersede(reference, "cleared", id)).await.problem(422, "invalid_request");
        assert_eq!(refused["field"], "supersedes");
    }
}

#[tokio::test]
async fn whoever_is_not_known_is_named_by_the_field() {
    let (gateway, answers) = asked(&["cust-1"]).await;
    let stranger = gateway.key_for("fraud", "all").await;
    let tester = gateway.key_in(KeyEnvironment::Test, "risk", "all").await;
    for key in [&stranger, &tester] {
        for body in [fraud("cust-1"), json!({"assessment_id": answers[0]["id"], "type": "cleared"})] {
            let refused = answer(post(&gateway, key).json(&body)).await.problem(404, "not_found");
            assert!(body.get(refused["field"].as_str().expect("a field")).is_some(), "{refused}");
        }
    }
    created(&tell(&gateway, &fraud("cust-1")).await);
    let others = answer(gateway.client.get(gateway.url("/v1/outcomes")).bearer_auth(&stranger)).await;
    assert_eq!(others.good()["outcomes"], json!([]));
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let (gateway, answers) = asked(&["cust-1"]).await;
    let both = json!({"subject_reference": "cust-1", "assessment_id": answers[0]["id"], "type": "cleared"});
    let with = |field: &str, value: Value| {
        let mut body = fraud("cust-1");
        body[field] = value;
        body
    };
    for (body, field) in [
        (json!({"type": "cleared"}), "subject_reference"),
        (both, "assessment_id"),
        (json!({"subject_reference": "cust-1"}), "type"),
        (with("type", json!("fraud")), "type"),
        (with("occured_at", json!("2026-06-01")), "occured_at"),
        (with("occurred_at", json!("yesterday")), "occurred_at"),
        (with("occurred_at", json!("2027-01-01")), "occurred_at"),
        (with("confidence", json!(1.01)), "confidence"),
        (with("confidence", json!("sure")), "confidence"),
        (with("blinded", json!("yes")), "blinded"),
        (with("labelled_by", json!(" ")), "labelled_by"),
    ] {
        let refused = tell(&gateway, &body).await.problem(422, "invalid_request");
        assert_eq!(refused["field"], field, "{refused}");
    }
    let refused = gateway.get("/v1/outcomes?reference=cust-1").await.problem(400, "invalid_query");
    assert_eq!(refused["field"], "reference");
    for (query, field) in [
        ("type=fraud", "type"),
        ("limit=201", "limit"),
        ("cursor=x", "cursor"),
        ("subject_id=cust-1", "subject_id"),
        ("from=2026-06-02&to=2026-06-01", "to"),
    ] {
        let refused = gateway.get(&format!("/v1/outcomes?{query}")).await.problem(422, "invalid_request");
        assert_eq!(refused["field"], field, "{refused}");
    }
    answer(post(&gateway, &gateway.key).body("x")).await.problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn only_who_may_label_tells_and_lists_outcomes() {
    let (gateway, _) = asked(&["cust-1"]).await;
    let reader = gateway.key_for("risk", "read,compare,assess").await;
    answer(post(&gateway, &reader).json(&fraud("cust-1"))).await.problem(403, "missing_scope");
    let listing = gateway.client.get(gateway.url("/v1/outcomes"));
    answer(listing.bearer_auth(&reader)).await.problem(403, "missing_scope");
    let labeller = gateway.key_for("risk", "label").await;
    created(&answer(post(&gateway, &labeller).json(&fraud("cust-1"))).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_equal_lines_the_first_is_the_one_that_is_new() {
    let references: Vec<String> = (0..12).map(|number| format!("cust-{number}")).collect();
    let (gateway, _) = asked(&references.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let lines: Vec<Value> = (0..60).map(|line| fraud(&references[line % 12])).collect();
    let told = tell_lines(&gateway, &lines).await;
    let new: Vec<bool> = told.iter().map(|line| line["created"].as_bool().expect("a word")).collect();
    assert_eq!(new, (0..60).map(|line| line < 12).collect::<Vec<_>>(), "{told:?}");
    assert!((12..60).all(|line| told[line]["id"] == told[line % 12]["id"]), "{told:?}");
}
