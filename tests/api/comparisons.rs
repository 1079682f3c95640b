//! `GET /v1/comparisons`: pairs from every source, what makes none, and a report that its table can be held against.

use std::collections::BTreeSet;

use risk_gateway::{
    compare::{Context, Report, Settings, csv},
    keys::KeyEnvironment,
};
use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::{
    gateway::{Gateway, until},
    history::{DEEP, reported},
    http::{Answer, answer},
    subjects::{by, harmless, person},
    vendors::Setup,
};

const ROUTES: &str = r#"
[routes.panel]
strategy = "consensus"
providers = ["idenfy", "youverify"]
[routes.shadowed]
providers = ["idenfy"]
shadow = { providers = ["youverify"], sample = 1.0 }
[routes.moving]
providers = ["idenfy"]
"#;

async fn start() -> Gateway {
    Gateway::with(Setup::default().routes(ROUTES)).await
}

async fn compare(gateway: &Gateway, query: &str) -> Value {
    gateway.get(&format!("/v1/comparisons?left=idenfy&right=youverify{query}")).await.good()
}

async fn table(gateway: &Gateway, query: &str) -> Answer {
    let url = gateway.url(&format!("/v1/comparisons?left=idenfy&right=youverify{query}"));
    let told = answer(gateway.client.get(url).bearer_auth(&gateway.key).header("accept", "text/csv")).await;
    assert_eq!((told.status, told.header("content-type")), (200, "text/csv; charset=utf-8"), "{}", told.text);
    told
}

async fn tell(gateway: &Gateway, body: Value) -> Value {
    let told =
        answer(gateway.client.post(gateway.url("/v1/outcomes")).bearer_auth(&gateway.key).json(&body)).await;
    assert_eq!(told.status, 201, "{}", told.text);
    told.json()
}

async fn recheck(gateway: &Gateway, first: &Value, subject: &Value) -> Value {
    let path = format!("/v1/assessments/{}/recheck", first["id"].as_str().expect("an id"));
    let request = gateway.client.post(gateway.url(&path)).bearer_auth(&gateway.key);
    let told = answer(request.json(&json!({"subject": subject}))).await;
    assert_eq!(told.status, 201, "{}", told.text);
    told.json()
}

/// The table's column of this name.
fn column<'a>(table: &'a Answer, name: &str) -> Vec<&'a str> {
    let mut lines = table.text.lines();
    let place = lines.next().expect("a header").split(',').position(|it| it == name).expect("the column");
    lines.map(|line| line.split(',').nth(place).expect("a value")).collect()
}

fn steps(report: &Value) -> [u64; 4] {
    ["eligible", "both_answered", "comparable", "labelled"]
        .map(|step| report["funnel"][step].as_u64().expect(step))
}

async fn change(gateway: &Gateway, statement: &'static str) {
    let url = gateway.store_url();
    if url.starts_with("sqlite:") {
        let mut store = SqliteConnection::connect(url).await.expect("the store");
        sqlx::query(statement).execute(&mut store).await.expect("changed");
    } else {
        let mut store = PgConnection::connect(url).await.expect("the store");
        sqlx::query(statement).execute(&mut store).await.expect("changed");
    }
}

#[tokio::test]
async fn a_consensus_is_a_pair_and_its_table_gives_the_same_figures() {
    let gateway = start().await;
    for number in 0..6 {
        let reference = format!("cust-{number}");
        let subject = if number % 2 == 0 { person(&reference) } else { harmless(&reference) };
        gateway.ask(&by("panel", &subject)).await.good();
    }
    for (number, kind) in [(0, "confirmed_fraud"), (1, "cleared"), (2, "chargeback")] {
        tell(&gateway, json!({"subject_reference": format!("cust-{number}"), "type": kind})).await;
    }
    let report = compare(&gateway, "").await;
    assert_eq!(
        (&report["left"], &report["right"], &report["n"]),
        (&json!("idenfy"), &json!("youverify"), &json!(6))
    );
    assert_eq!((steps(&report), &report["funnel"]["excluded"]), ([6, 6, 6, 3], &json!({})));
    assert_eq!((&report["outcomes"]["labelled"], &report["outcomes"]["positives"]), (&json!(3), &json!(2)));
    assert_eq!(report["verdict"], "extend", "six pairs give no winner: {}", report["verdict_reasons"]);
    assert_eq!(report["selection"]["positive"].as_array().expect("types").len(), 5);
    for side in ["left", "right"] {
        let served = &report["service"][side];
        assert_eq!(
            (&served["attempts"], &served["availability"]["value"]),
            (&json!(6), &json!(1.0)),
            "{served}"
        );
        assert!(served["latency_ms"]["p50"].is_number(), "{served}");
    }
    assert_eq!(report["service"]["left"]["spend"], json!({"EUR": "3.00"}));
    assert_eq!(report["service"]["right"]["spend"], json!({"EUR": "2.10"}));
    assert_eq!(report["costs"]["left"]["EUR"]["per_answer"], "0.50");
    assert_eq!(report["periods"].as_array().expect("periods").len(), 1);
    assert_eq!(report["periods"][0]["left"]["mapping_version"], "idenfy/2");
    assert_eq!(
        (&report["versions"]["right"], &report["periods"][0]["pairs"]),
        (&json!(["youverify-actor/2"]), &json!(6))
    );

    let table = table(&gateway, "").await;
    assert!(
        table.text.starts_with("left_score,right_score,left_level,right_level,outcome,"),
        "{}",
        table.text
    );
    let found = csv::read(table.text.as_bytes()).expect("pairs");
    let settings = Settings { everybody: true, ..Settings::default() };
    let again = Report::of(&found.pairs, &settings, Context::default());
    // As the answer went: a number read from text may differ in its last digit.
    let again: Value = serde_json::from_str(&serde_json::to_string(&again).expect("JSON")).expect("JSON");
    for figures in ["n", "agreement", "scores", "outcomes", "verdict", "sample_advice", "settings"] {
        assert_eq!(again[figures], report[figures], "{figures}");
    }
    let subjects: BTreeSet<&str> = column(&table, "subject_id").into_iter().collect();
    assert!(subjects.len() == 6 && subjects.iter().all(|id| id.starts_with("sub_")), "{subjects:?}");
    assert_eq!(column(&table, "source"), ["consensus"; 6]);
}

#[tokio::test]
async fn a_shadow_is_a_pair_also_the_other_way_round_and_one_in_vain_is_counted() {
    let gateway = start().await;
    for number in 0..3 {
        gateway.ask(&by("shadowed", &person(&format!("cust-{number}")))).await.good();
    }
    until("the shadows", async || compare(&gateway, "").await["n"] == 3).await;
    let right = compare(&gateway, "").await;
    let left = gateway.get("/v1/comparisons?left=youverify&right=idenfy").await.good();
    assert_eq!((&left["n"], &left["agreement"]["exact"]), (&right["n"], &right["agreement"]["exact"]));
    assert_eq!(column(&table(&gateway, "").await, "source"), ["shadow"; 3]);
    gateway.youverify.inject(FaultKind::Unavailable);
    gateway.ask(&by("shadowed", &person("cust-9"))).await.good();
    until("the one in vain", async || steps(&compare(&gateway, "").await) == [4, 3, 3, 0]).await;
    assert_eq!(compare(&gateway, "").await["funnel"]["excluded"], json!({"right_unanswered": 1}));
    let service = compare(&gateway, "").await["service"]["right"].clone();
    assert_eq!(
        (&service["attempts"], &service["answered"], &service["errors"]),
        (&json!(4), &json!(3), &json!({"vendor_error": 1}))
    );
}

#[tokio::test]
async fn a_failover_and_an_older_answer_from_the_cache_make_no_pair() {
    let gateway = start().await;
    gateway.idenfy.inject(Fault::new(FaultKind::Unavailable).on("check").times(1));
    gateway.ask(&by("default", &person("cust-1"))).await.good();
    let report = compare(&gateway, "").await;
    assert_eq!(
        (steps(&report), &report["funnel"]["excluded"]),
        ([1, 0, 0, 0], &json!({"left_unanswered": 1}))
    );
    gateway.ask(&by("youverify", &person("cust-2"))).await.good();
    gateway.advance(2 * 3600);
    let told = gateway.ask(&by("panel", &person("cust-2"))).await.good();
    assert_eq!(told["providers"][1]["served"], "cached");
    let report = compare(&gateway, "").await;
    assert_eq!(report["funnel"]["excluded"], json!({"left_unanswered": 1, "cached": 1}));
    assert_eq!((&report["n"], &report["verdict"]), (&json!(0), &json!("inconclusive")));
    assert!(report["agreement"]["exact"].is_null(), "{}", report["agreement"]);
}

#[tokio::test]
async fn a_partial_answer_makes_no_pair() {
    let gateway = start().await;
    gateway.idenfy.inject(Fault::new(FaultKind::Unanswered).on("check"));
    gateway.ask(&by("panel", &person("cust-1"))).await.good();
    assert_eq!(compare(&gateway, "").await["funnel"]["excluded"], json!({"incomplete": 1}));
}

#[tokio::test]
async fn a_recheck_by_another_provider_is_a_pair_while_nothing_changed() {
    let gateway = start().await;
    let moved = ROUTES
        .replace("[routes.moving]\nproviders = [\"idenfy\"]", "[routes.moving]\nproviders = [\"youverify\"]");
    let twin = gateway.twin_with(Setup::default().routes(&moved)).await;
    let ask = async |reference: &str| gateway.ask(&by("moving", &person(reference))).await.good();
    let (same, other, late) = (ask("cust-1").await, ask("cust-2").await, ask("cust-3").await);
    recheck(&twin, &same, &person("cust-1")).await;
    let mut changed = person("cust-2");
    changed["politically_exposed"] = json!(false);
    recheck(&twin, &other, &changed).await;
    gateway.advance(25 * 3600);
    recheck(&twin, &late, &person("cust-3")).await;
    let report = compare(&gateway, "").await;
    assert_eq!(report["funnel"]["excluded"], json!({"other_inputs": 1, "too_far_apart": 1}));
    assert_eq!(column(&table(&gateway, "").await, "source"), ["recheck"]);
    assert_eq!(compare(&gateway, "&window=26h").await["n"], 2);
    assert_eq!(compare(&gateway, "&window=1h&from=2026-06-16T13:00:00Z").await["funnel"]["eligible"], 1);
    let backwards = gateway.get("/v1/comparisons?left=youverify&right=idenfy").await.good();
    assert_eq!(backwards["n"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_brought_in_pairs_with_what_was_asked_at_the_time() {
    let gateway = Gateway::in_vendors_time(Setup::default().routes(&format!("{ROUTES}{DEEP}"))).await;
    gateway.youverify.inject(Fault::new(FaultKind::Unavailable).on("entity"));
    let mut subject = person("cust-1");
    subject["consent"] = json!(true);
    let pending = gateway.ask(&by("deep", &subject)).await.json();
    gateway.ask(&by("idenfy", &subject)).await.good();
    gateway.advance(4_000);
    let assessment = format!("/v1/assessments/{}", pending["id"].as_str().expect("an id"));
    until("it is given up", async || gateway.get(&assessment).await.good()["revision"] == 2).await;
    gateway.youverify.clear_faults();
    reported(&gateway, pending["providers"][0]["vendor_reference"].as_str().expect("a reference")).await;
    crate::history::started(&gateway, "Ada").await;
    let import = gateway.client.post(gateway.url("/v1/imports")).bearer_auth(&gateway.key);
    let import = answer(import.json(&json!({"provider": "deep"}))).await.json();
    let path = format!("/v1/imports/{}", import["id"].as_str().expect("an id"));
    until("the import", async || gateway.get(&path).await.good()["status"] == "completed").await;
    let url = "/v1/comparisons?left=idenfy&right=deep";
    let report = gateway.get(url).await.good();
    assert_eq!(
        (&report["n"], &report["funnel"]["excluded"]),
        (&json!(1), &json!({})),
        "{}",
        report["funnel"]
    );
    let request = gateway.client.get(gateway.url(url)).bearer_auth(&gateway.key).header("accept", "text/csv");
    assert_eq!(column(&answer(request).await, "source"), ["import"]);
    let backwards = gateway.get("/v1/comparisons?left=deep&right=idenfy").await.good();
    assert_eq!(backwards["n"], 1);
}

#[tokio::test]
async fn what_no_longer_counts_labels_nobody_and_positive_says_what_a_case_is() {
    let gateway = start().await;
    for number in 0..3 {
        gateway.ask(&by("panel", &person(&format!("cust-{number}")))).await.good();
    }
    let wrong = tell(&gateway, json!({"subject_reference": "cust-0", "type": "confirmed_fraud"})).await;
    tell(&gateway, json!({"subject_reference": "cust-1", "type": "chargeback", "blinded": true})).await;
    let cases = async |query: &str| {
        let report = compare(&gateway, query).await;
        (report["outcomes"]["labelled"].as_u64(), report["outcomes"]["positives"].as_u64())
    };
    assert_eq!(cases("").await, (Some(2), Some(2)));
    assert_eq!(cases("&positive=chargeback").await, (Some(2), Some(1)));
    assert_eq!(cases("&positive=pep_confirmed,sanctions_true_match").await, (Some(2), Some(0)));
    tell(&gateway, json!({"subject_reference": "cust-0", "type": "cleared", "supersedes": wrong["id"]}))
        .await;
    assert_eq!(cases("").await, (Some(2), Some(1)));
    assert_eq!(
        compare(&gateway, "").await["blinding"],
        json!({"blinded": 1, "not_blinded": 0, "unknown": 1})
    );
    let outcomes: BTreeSet<String> =
        column(&table(&gateway, "").await, "outcome").into_iter().map(str::to_owned).collect();
    assert_eq!(outcomes, ["", "negative", "positive"].map(str::to_owned).into());
}

#[tokio::test]
async fn what_was_told_before_the_question_predicts_nothing() {
    let gateway = start().await;
    for number in 0..2 {
        gateway.ask(&by("youverify", &person(&format!("cust-{number}")))).await.good();
    }
    tell(&gateway, json!({"subject_reference": "cust-0", "type": "confirmed_fraud"})).await;
    gateway.advance(60);
    for number in 0..2 {
        let mut anew = by("panel", &person(&format!("cust-{number}")));
        anew["options"] = json!({"max_age_s": 0});
        gateway.ask(&anew).await.good();
    }
    tell(&gateway, json!({"subject_reference": "cust-0", "type": "chargeback"})).await;
    tell(&gateway, json!({"subject_reference": "cust-1", "type": "chargeback"})).await;
    let report = compare(&gateway, "").await;
    assert_eq!((&report["n"], &report["outcomes"]["labelled"]), (&json!(1), &json!(1)), "{report}");
    assert_eq!(report["funnel"]["comparable"], 1);
    assert_eq!(report["funnel"]["excluded"]["known_before"], 1);
    assert_eq!(table(&gateway, "").await.text.lines().count(), 2, "a header, and one pair");
    assert!(report["notes"][0].as_str().is_some_and(|note| note.contains("no prediction")), "{report}");
}

#[tokio::test]
async fn who_was_not_asked_or_could_not_answer_stands_in_the_funnel() {
    let gateway = start().await;
    let mut homeless = person("cust-1");
    homeless["city"] = Value::Null;
    gateway.ask(&by("panel", &homeless)).await.good();
    gateway.youverify.inject(FaultKind::Unavailable);
    for number in 0..9 {
        gateway.ask(&by("panel", &person(&format!("cust-1{number}")))).await.good();
    }
    let report = compare(&gateway, "").await;
    let funnel = &report["funnel"];
    assert_eq!((&funnel["eligible"], &funnel["both_answered"]), (&json!(10), &json!(0)), "{funnel}");
    assert_eq!(
        funnel["excluded"],
        json!({"right_unanswered": 6, "not_asked": 4}),
        "the breaker opens after five"
    );
    let unanswered = &report["unanswered"];
    assert_eq!(
        (&unanswered["right"]["subjects"], &unanswered["not_asked"]["subjects"]),
        (&json!(6), &json!(4)),
        "whoever was not asked is not silent: {report}"
    );
}

#[tokio::test]
async fn pairs_divide_by_what_stands_in_the_clear() {
    let gateway = start().await;
    for number in 0..2 {
        gateway.ask(&by("panel", &person(&format!("cust-{number}")))).await.good();
    }
    gateway.ask(&by("panel", &harmless("cust-9"))).await.good();
    let segments = async |key: &str| {
        let report = compare(&gateway, &format!("&segment={key}")).await;
        let segments = report["segments"].as_array().expect("a list").clone();
        segments
            .iter()
            .map(|it| (it["segment"].as_str().unwrap_or("").to_owned(), it["n"].as_u64()))
            .collect::<Vec<_>>()
    };
    let named = |name: &str, n| (name.to_owned(), Some(n));
    assert_eq!(segments("country").await, [named("NG", 2), named("DE", 1)]);
    assert_eq!(segments("type").await, [named("individual", 3)]);
    assert_eq!(segments("route").await, [named("panel", 3)]);
    assert_eq!(segments("source").await, [named("consensus", 3)]);
}

#[tokio::test]
async fn an_erased_subject_is_in_no_pair_and_teams_and_environments_never_mix() {
    let gateway = start().await;
    gateway.ask(&by("panel", &person("cust-1"))).await.good();
    for key in
        [gateway.key_for("fraud", "all").await, gateway.key_in(KeyEnvironment::Test, "risk", "all").await]
    {
        let url = gateway.url("/v1/comparisons?left=idenfy&right=youverify");
        let others = answer(gateway.client.get(url).bearer_auth(&key)).await.good();
        assert_eq!((&others["n"], steps(&others)), (&json!(0), [0; 4]));
        assert!(others["service"]["left"].is_null() && others["service"]["reason"].is_string());
    }
    assert_eq!(compare(&gateway, "").await["n"], 1);
    change(&gateway, "DELETE FROM data_keys").await;
    let report = compare(&gateway, "").await;
    assert_eq!((steps(&report), &report["funnel"]["excluded"]), ([1, 0, 0, 0], &json!({"erased": 1})));
    assert_eq!(table(&gateway, "").await.text.lines().count(), 1);
}

#[tokio::test]
async fn a_question_asked_again_stays_one_pair() {
    let gateway = start().await;
    for _ in 0..2 {
        gateway.ask(&by("panel", &person("cust-1"))).await.good();
        gateway.advance(25 * 3600);
    }
    let report = compare(&gateway, "").await;
    assert_eq!((&report["n"], &report["funnel"]["excluded"]), (&json!(1), &json!({"repeated": 1})));
    assert_eq!(compare(&gateway, "&from=2026-06-16").await["n"], 1, "in a time of its own it is the first");
    assert_eq!(compare(&gateway, "&to=2026-06-14").await["n"], 0);
}

#[tokio::test]
async fn neither_form_holds_anything_personal() {
    let gateway = start().await;
    gateway.ask(&by("panel", &person("Zqreference"))).await.good();
    tell(
        &gateway,
        json!({"subject_reference": "Zqreference", "type": "cleared", "labelled_by": "Zqlabeller"}),
    )
    .await;
    let report = gateway.get("/v1/comparisons?left=idenfy&right=youverify&segment=country").await;
    let table = table(&gateway, "&segment=country").await;
    for text in [&report.text, &table.text] {
        for word in ["Zqreference", "Zqlabeller", "Ahmed", "Al Khalid", "lagos"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
}

#[tokio::test]
async fn what_does_not_fit_is_named_with_a_remedy() {
    let gateway = start().await;
    for (query, field, remedy) in [
        ("right=youverify", "left", "is required: give one of idenfy, youverify"),
        ("left=idenfi&right=youverify", "left", "did you mean \"idenfy\"?"),
        ("left=idenfy&right=idenfy", "right", "must be another provider than left"),
        ("left=idenfy&right=youverify&from=yesterday", "from", "such as 2026-06-01"),
        ("left=idenfy&right=youverify&from=2026-06-02&to=2026-06-01", "to", "must be later than from"),
        ("left=idenfy&right=youverify&segment=contry", "segment", "did you mean \"country\"?"),
        ("left=idenfy&right=youverify&positive=fraud,cleard", "positive", "must be one of: confirmed_fraud"),
        ("left=idenfy&right=youverify&window=0s", "window", "such as 15m, 24h or 7d"),
        ("left=idenfy&right=youverify&capacity=2", "capacity", "above 0 and up to 1"),
        ("left=idenfy&right=youverify&confidence=x", "confidence", "must be a number"),
        ("left=idenfy&right=youverify&flag_level=hihg", "flag_level", "did you mean \"high\"?"),
    ] {
        let refused = gateway.get(&format!("/v1/comparisons?{query}")).await.problem(422, "invalid_request");
        assert_eq!(refused["field"], field, "{refused}");
        assert!(refused["detail"].as_str().expect("a text").contains(remedy), "{refused}");
    }
    let refused =
        gateway.get("/v1/comparisons?left=idenfy&rigth=youverify").await.problem(400, "invalid_query");
    assert_eq!(
        (&refused["field"], &refused["detail"]),
        (&json!("rigth"), &json!("rigth is not a known parameter; did you mean \"right\"?"))
    );
    let reader = gateway.key_for("risk", "read,label").await;
    let url = gateway.url("/v1/comparisons?left=idenfy&right=youverify");
    answer(gateway.client.get(url).bearer_auth(&reader)).await.problem(403, "missing_scope");
    let none = compare(&gateway, "&from=&to=&segment=&positive=").await;
    assert_eq!((&none["n"], &none["verdict"]), (&json!(0), &json!("inconclusive")));
}
