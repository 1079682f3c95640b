//! Lists of assessments, searches, and finding a subject by its reference.

use std::collections::BTreeSet;

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    gateway::Gateway,
    http::{Answer, answer},
    stores::TestStore,
    subjects::{by, person},
    vendors::Setup,
};

/// Stands for personal data in every value that is refused.
const CANARY: &str = "Zq7Canary";

/// Somebody whom both vendors score lower than [`person`].
fn harmless(reference: &str) -> Value {
    let mut subject = person(reference);
    subject["country"] = json!("DE");
    subject["city"] = json!("berlin");
    subject["industry"] = json!("retail");
    subject["months_at_address"] = json!(70);
    subject["account_age_months"] = json!(70);
    subject["politically_exposed"] = json!(false);
    subject["kyc"] = json!({"verified_by": "idenfy"});
    subject
}

async fn post(gateway: &Gateway, path: &str, body: &Value) -> Answer {
    answer(gateway.client.post(gateway.url(path)).bearer_auth(&gateway.key).json(body)).await
}

async fn search(gateway: &Gateway, body: &Value) -> Value {
    post(gateway, "/v1/assessments/search", body).await.good()
}

async fn list(gateway: &Gateway, query: &str) -> Value {
    gateway.get(&format!("/v1/assessments?{query}")).await.good()
}

fn id(assessment: &Value) -> String {
    assessment["id"].as_str().expect("an id").to_owned()
}

fn ids(page: &Value) -> Vec<String> {
    page["assessments"].as_array().expect("a list").iter().map(id).collect()
}

/// Those of `made` that are wanted, newest first.
fn newest_first(made: &[Value], wanted: impl Fn(&Value) -> bool) -> Vec<String> {
    made.iter().rev().filter(|assessment| wanted(assessment)).map(id).collect()
}

/// One assessment every hour, of every kind.
async fn some(gateway: &Gateway) -> Vec<Value> {
    let mut made = Vec::new();
    for (index, (route, subject)) in [
        ("idenfy", person("cust-1")),
        ("youverify", person("cust-1")),
        ("default", harmless("cust-2")),
        ("reverse", harmless("cust-3")),
        ("idenfy", harmless("cust-1")),
        ("reverse", person("cust-3")),
    ]
    .into_iter()
    .enumerate()
    {
        if index == 4 {
            gateway.idenfy.inject(Fault::new(FaultKind::Unanswered).on("check").times(1));
        }
        made.push(gateway.ask(&by(route, &subject)).await.good());
        gateway.advance(3_600);
    }
    assert_eq!(made[4]["status"], "partial");
    made
}

async fn asked(gateway: &Gateway, references: impl Iterator<Item = usize>) -> Vec<Value> {
    let mut made = Vec::new();
    for reference in references {
        made.push(gateway.ask(&by("youverify", &person(&format!("cust-{reference}")))).await.good());
    }
    made
}

#[tokio::test]
async fn the_list_shows_every_assessment_as_it_was_answered_newest_first() {
    let gateway = Gateway::start().await;
    assert_eq!(list(&gateway, "").await, json!({"assessments": [], "next_cursor": null}));
    let mut made = some(&gateway).await;
    // What the cache answers is no further assessment.
    gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    made.reverse();
    let expected = json!({"assessments": made, "next_cursor": null});
    assert_eq!(list(&gateway, "").await, expected);
    assert_eq!(search(&gateway, &json!({})).await, expected);
}

#[tokio::test]
async fn each_filter_leaves_what_it_says() {
    let gateway = Gateway::start().await;
    let made = some(&gateway).await;
    for (parameter, field) in
        [("route", "route"), ("provider", "decided_by"), ("level", "level"), ("status", "status")]
    {
        let values: BTreeSet<_> = made.iter().filter_map(|assessment| assessment[field].as_str()).collect();
        assert!(values.len() > 1, "{parameter}: {values:?}");
        for value in values {
            let expected = newest_first(&made, |assessment| assessment[field] == value);
            let query = format!("{parameter}={value}");
            assert_eq!(ids(&list(&gateway, &query).await), expected, "{query}");
            let found = search(&gateway, &json!({parameter: value})).await;
            assert_eq!(ids(&found), expected, "{query}");
        }
    }
    for nothing in ["route=nowhere", "provider=nobody", "status=pending", "status=partial&level=medium"] {
        assert_eq!(ids(&list(&gateway, nothing).await), Vec::<String>::new(), "{nothing}");
    }
    let both = ids(&list(&gateway, "route=idenfy&status=completed").await);
    assert_eq!(both, [id(&made[0])]);
}

#[tokio::test]
async fn from_is_the_first_moment_and_to_the_first_one_after() {
    let gateway = Gateway::start().await;
    let made = some(&gateway).await;
    let time = |index: usize| made[index]["created_at"].as_str().expect("a time");
    for (query, expected) in [
        (format!("from={}", time(2)), vec![5, 4, 3, 2]),
        (format!("to={}", time(2)), vec![1, 0]),
        (format!("from={}&to={}", time(1), time(3)), vec![2, 1]),
        ("from=2026-06-15T14:30:00%2B00:00&to=2026-06-15T19:30:00%2B03:00".to_owned(), vec![4, 3]),
        ("from=2026-06-16T00:00:00Z".to_owned(), vec![]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|index| id(&made[index])).collect();
        assert_eq!(ids(&list(&gateway, &query).await), expected, "{query}");
    }
    let found = search(&gateway, &json!({"from": time(1), "to": time(3), "reference": "cust-1"})).await;
    assert_eq!(ids(&found), [id(&made[1])]);
}

#[tokio::test]
async fn pages_end_where_the_next_begins_and_the_last_one_says_so() {
    let gateway = Gateway::start().await;
    let made = asked(&gateway, 0..6).await;
    for limit in [1, 2, 3, 4, 5, 6, 200] {
        let (mut seen, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = list(&gateway, &format!("limit={limit}{after}")).await;
            let found = ids(&page);
            assert!((1..=limit).contains(&found.len()), "{limit}: {found:?}");
            seen.extend(found);
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            assert_eq!(cursor.is_some(), seen.len() < made.len(), "{limit}: only the last page has none");
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, newest_first(&made, |_| true), "{limit}");
    }
}

#[tokio::test]
async fn without_a_limit_there_are_fifty_on_a_page() {
    let gateway = Gateway::start().await;
    let made = asked(&gateway, 0..51).await;
    let page = list(&gateway, "").await;
    assert_eq!(ids(&page), newest_first(&made[1..], |_| true));
    let cursor = page["next_cursor"].as_str().expect("there is more");
    assert_eq!(ids(&list(&gateway, &format!("cursor={cursor}")).await), [id(&made[0])]);
}

#[tokio::test]
async fn pages_stay_the_same_while_new_assessments_come() {
    let gateway = Gateway::start().await;
    let made = asked(&gateway, 0..11).await;
    let (mut seen, mut further) = (Vec::new(), 100..);
    let mut wanted = json!({"route": "youverify", "limit": 3});
    loop {
        let page = search(&gateway, &wanted).await;
        seen.extend(ids(&page));
        asked(&gateway, further.by_ref().take(2)).await;
        if page["next_cursor"].is_null() {
            break;
        }
        wanted["cursor"] = page["next_cursor"].clone();
    }
    assert_eq!(seen, newest_first(&made, |_| true), "none twice, none missing");
}

#[tokio::test]
async fn a_text_that_no_record_can_hold_finds_nothing() {
    let places = [Some(TestStore::sqlite()), TestStore::postgres("texts that no record can hold")];
    for place in places.into_iter().flatten() {
        let gateway = Gateway::on(place, Setup::default()).await;
        asked(&gateway, 0..1).await;
        for nothing in ["route=%00", "provider=idenfy%00"] {
            assert_eq!(ids(&list(&gateway, nothing).await), Vec::<String>::new(), "{nothing}");
        }
        let cursor = gateway.get("/v1/assessments?cursor=YXNtXwA").await.problem(422, "invalid_request");
        assert_eq!(cursor["field"], "cursor");
        for name in ["route", "provider", "reference"] {
            let found = search(&gateway, &json!({name: "a\u{0}"})).await;
            assert_eq!(ids(&found), Vec::<String>::new(), "{name}");
        }
        gateway.get("/v1/assessments/asm_%00").await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_parameter_that_is_not_understood_is_refused_and_never_repeated() {
    let gateway = Gateway::start().await;
    for query in [
        format!("{CANARY}=1"),
        format!("reference={CANARY}"),
        format!("subject={CANARY}"),
        format!("level={CANARY}"),
        format!("status={CANARY}"),
        format!("from={CANARY}"),
        format!("limit={CANARY}"),
        "limit=-1".to_owned(),
        "limit=1.5".to_owned(),
        "limit=1&limit=2".to_owned(),
        "to=2026-06-15".to_owned(),
    ] {
        let refused = gateway.get(&format!("/v1/assessments?{query}")).await;
        let problem = refused.problem(400, "invalid_query");
        assert!(!refused.text.contains(CANARY), "{}", refused.text);
        let detail = problem["detail"].as_str().expect("a detail");
        for named in ["route", "provider", "level", "status", "from", "to", "limit", "cursor", "/search"] {
            assert!(detail.contains(named), "{detail}");
        }
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_is_named_by_its_field_and_never_repeated() {
    let gateway = Gateway::start().await;
    let (noon, later) = ("2026-06-15T12:00:00Z", "2026-06-15T13:00:00Z");
    for (wanted, field) in [
        (json!({"limit": 0}), "limit"),
        (json!({"limit": 201}), "limit"),
        (json!({"cursor": CANARY}), "cursor"),
        (json!({"cursor": "YXNtXw=="}), "cursor"),
        (json!({"cursor": ""}), "cursor"),
        (json!({"from": later, "to": noon}), "to"),
        (json!({"from": noon, "to": noon}), "to"),
    ] {
        let pairs = wanted.as_object().expect("an object").iter();
        let query: Vec<_> = pairs
            .map(|(name, value)| {
                format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            })
            .collect();
        let listed = gateway.get(&format!("/v1/assessments?{}", query.join("&"))).await;
        let searched = post(&gateway, "/v1/assessments/search", &wanted).await;
        let mut of_nobody = wanted.clone();
        of_nobody["reference"] = json!("nobody");
        let of_nobody = post(&gateway, "/v1/assessments/search", &of_nobody).await;
        for refused in [listed, searched, of_nobody] {
            let problem = refused.problem(422, "invalid_request");
            assert_eq!(problem["field"], field, "{wanted}: {problem}");
            assert!(!refused.text.contains(CANARY), "{}", refused.text);
        }
    }
}

#[tokio::test]
async fn a_search_that_does_not_fit_is_told_what_would() {
    let gateway = Gateway::start().await;
    for (wanted, field, advice) in [
        (json!({"referense": CANARY}), "referense", "did you mean \"reference\"?"),
        (json!({"reference": 7}), "reference", "must be a text"),
        (json!({"level": CANARY}), "level", "very_low, low, medium, high, very_high"),
        (json!({"status": CANARY}), "status", "completed, partial, pending"),
        (json!({"limit": CANARY}), "limit", "must be a whole number"),
        (json!({"from": CANARY}), "from", "2026-06-01T00:00:00Z"),
        (json!({"to": "2026-06-01"}), "to", "2026-06-01T00:00:00Z"),
        (json!([CANARY]), "body", "must be an object"),
    ] {
        let refused = post(&gateway, "/v1/assessments/search", &wanted).await;
        let problem = refused.problem(422, "invalid_request");
        assert_eq!(problem["field"], field, "{wanted}: {problem}");
        assert!(problem["detail"].as_str().expect("a detail").contains(advice), "{wanted}: {problem}");
        assert!(!refused.text.contains(CANARY), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_search_by_reference_finds_that_subjects_and_nobody_elses() {
    let gateway = Gateway::start().await;
    let made = some(&gateway).await;
    for reference in ["cust-1", "cust-2", "cust-3"] {
        let expected = newest_first(&made, |assessment| assessment["subject"]["reference"] == reference);
        assert_eq!(ids(&search(&gateway, &json!({"reference": reference})).await), expected, "{reference}");
    }
    let both = json!({"reference": "cust-1", "route": "idenfy", "status": "completed"});
    assert_eq!(ids(&search(&gateway, &both).await), [id(&made[0])]);
    let page = search(&gateway, &json!({"reference": "cust-1", "limit": 2})).await;
    assert_eq!(ids(&page), [id(&made[4]), id(&made[1])]);
    let next = json!({"reference": "cust-1", "limit": 2, "cursor": page["next_cursor"]});
    let last = search(&gateway, &next).await;
    assert_eq!((ids(&last), &last["next_cursor"]), (vec![id(&made[0])], &Value::Null));
    for nobody in ["cust-4", "cust", "CUST-1", " cust-1", "%", ""] {
        let nothing = json!({"assessments": [], "next_cursor": null});
        assert_eq!(search(&gateway, &json!({"reference": nobody})).await, nothing, "{nobody:?}");
    }
}

#[tokio::test]
async fn a_lookup_tells_the_subjects_id() {
    let gateway = Gateway::start().await;
    let made = gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    let found = post(&gateway, "/v1/subjects/lookup", &json!({"reference": "cust-1"})).await.good();
    assert_eq!(found, json!({"id": made["subject"]["id"]}));
    for nobody in ["cust-2", "cust", "CUST-1", CANARY] {
        let refused = post(&gateway, "/v1/subjects/lookup", &json!({"reference": nobody})).await;
        refused.problem(404, "not_found");
        assert!(!refused.text.contains(nobody), "{}", refused.text);
    }
    for (body, field) in [
        (json!({}), "reference"),
        (json!({"reference": [CANARY]}), "reference"),
        (json!({"reference": "cust-1", "shoe_size": CANARY}), "shoe_size"),
    ] {
        let refused = post(&gateway, "/v1/subjects/lookup", &body).await;
        assert_eq!(refused.problem(422, "invalid_request")["field"], field, "{body}");
        assert!(!refused.text.contains(CANARY), "{}", refused.text);
    }
    let in_the_url = gateway.client.post(gateway.url("/v1/subjects/lookup?reference=cust-1"));
    let in_the_url = answer(in_the_url.bearer_auth(&gateway.key).json(&json!({}))).await;
    in_the_url.problem(422, "invalid_request");
}

#[tokio::test]
async fn another_team_sees_nothing_of_it() {
    let gateway = Gateway::start().await;
    let made = asked(&gateway, 1..4).await;
    let cursor = list(&gateway, "limit=1").await["next_cursor"].as_str().expect("there is more").to_owned();
    let fraud = gateway.key_for("fraud", "all").await;
    let nothing = json!({"assessments": [], "next_cursor": null});
    for query in ["", "route=youverify", &format!("cursor={cursor}")] {
        let listed = gateway.client.get(gateway.url(&format!("/v1/assessments?{query}")));
        assert_eq!(answer(listed.bearer_auth(&fraud)).await.good(), nothing, "{query}");
    }
    let theirs = |path: &str, body: Value| {
        answer(gateway.client.post(gateway.url(path)).bearer_auth(&fraud).json(&body))
    };
    for wanted in [json!({}), json!({"reference": "cust-1"}), json!({"cursor": cursor})] {
        assert_eq!(theirs("/v1/assessments/search", wanted).await.good(), nothing);
    }
    let lookup = json!({"reference": "cust-1"});
    theirs("/v1/subjects/lookup", lookup.clone()).await.problem(404, "not_found");
    let own = gateway.ask_as(&fraud, &by("youverify", &person("cust-1"))).await.good();
    assert_eq!(ids(&theirs("/v1/assessments/search", lookup.clone()).await.good()), [id(&own)]);
    assert_eq!(theirs("/v1/subjects/lookup", lookup).await.good()["id"], own["subject"]["id"]);
    assert_eq!(ids(&list(&gateway, "").await), newest_first(&made, |_| true));
}

#[tokio::test]
async fn lists_and_lookups_need_the_scope_read() {
    let gateway = Gateway::start().await;
    let asker = gateway.key_for("risk", "assess").await;
    let get = gateway.client.get(gateway.url(&format!("/v1/assessments?x={CANARY}")));
    answer(get.bearer_auth(&asker)).await.problem(403, "missing_scope");
    for path in ["/v1/assessments/search", "/v1/subjects/lookup"] {
        for body in [json!({"reference": "cust-1"}), json!(CANARY)] {
            let request = gateway.client.post(gateway.url(path)).json(&body);
            answer(request.try_clone().expect("a copy").bearer_auth(&asker))
                .await
                .problem(403, "missing_scope");
            answer(request).await.problem(401, "unauthorized");
        }
    }
}

#[tokio::test]
async fn lists_and_lookups_ask_no_vendor() {
    let gateway = Gateway::start().await;
    let made = gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    let calls = gateway.youverify.calls().len();
    gateway.advance(30 * 86_400);
    assert_eq!(ids(&list(&gateway, "limit=1").await), [id(&made)]);
    assert_eq!(ids(&search(&gateway, &json!({"reference": "cust-1"})).await), [id(&made)]);
    post(&gateway, "/v1/subjects/lookup", &json!({"reference": "cust-1"})).await.good();
    assert_eq!(gateway.youverify.calls().len() + gateway.idenfy.calls().len(), calls);
}
