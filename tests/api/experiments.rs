//! `/v1/experiments`: registered before the data come in, looked at when that is due, decided by people.

use risk_gateway::keys::KeyEnvironment;
use risk_provider_sandbox::PROFILE_ID;
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, until},
    http::{Answer, answer},
    subjects::{by, harmless, person},
    vendors::Setup,
};

const BOTH: &str = "[routes.both]\nstrategy = \"consensus\"\nproviders = [\"idenfy\", \"youverify\"]\n";

async fn gateway() -> Gateway {
    Gateway::with(Setup::default().routes(BOTH)).await
}

async fn post(gateway: &Gateway, path: &str, body: &Value) -> Answer {
    answer(gateway.client.post(gateway.url(path)).bearer_auth(&gateway.key).json(body)).await
}

fn trial() -> Value {
    json!({"name": "trial", "left": "idenfy", "right": "youverify", "horizon": {"labelled": 100, "days": 90}})
}

fn with(mut body: Value, more: Value) -> Value {
    let (Value::Object(all), Value::Object(more)) = (&mut body, more) else { return body };
    all.extend(more);
    body
}

async fn registered(gateway: &Gateway, body: &Value) -> (String, Value) {
    let told = post(gateway, "/v1/experiments", body).await;
    assert_eq!(told.status, 201, "{}", told.text);
    let experiment = told.json();
    let path = format!("/v1/experiments/{}", experiment["id"].as_str().expect("an id"));
    assert_eq!(told.header("location"), path);
    (path, experiment)
}

/// Asks both about so many people from this number on; every other one turns out to be a case.
async fn labelled(gateway: &Gateway, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let reference = format!("cust-{number}");
        let subject = if number % 3 == 0 { harmless(&reference) } else { person(&reference) };
        gateway.ask(&by("both", &subject)).await.good();
        let kind = if number % 2 == 0 { "confirmed_fraud" } else { "cleared" };
        let told =
            post(gateway, "/v1/outcomes", &json!({"subject_reference": reference, "type": kind})).await;
        assert_eq!(told.status, 201, "{}", told.text);
    }
}

async fn stands(gateway: &Gateway, path: &str) -> Value {
    gateway.get(path).await.good()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_looked_at_when_that_is_due_and_never_again() {
    let gateway = gateway().await;
    labelled(&gateway, 0..2).await;
    gateway.advance(60);
    let (path, experiment) = registered(&gateway, &with(trial(), json!({"looks": 2}))).await;
    assert_eq!(experiment["progress"]["pairs"], 0, "what was there before does not count: {experiment}");
    assert_eq!(experiment["plan"]["left_version"]["mapping_version"], "idenfy/2");
    registered(&gateway, &with(trial(), json!({"name": "beside", "left": "youverify", "right": "idenfy"})))
        .await;
    let look = async || post(&gateway, &format!("{path}/looks"), &json!({})).await;
    labelled(&gateway, 100..110).await;
    let early = look().await.problem(409, "look_not_due");
    assert!(
        early["detail"].as_str().is_some_and(|told| told.contains("50 labelled pairs, and there are 10"))
    );
    labelled(&gateway, 110..150).await;
    let first = look().await;
    assert_eq!(first.status, 201, "{}", first.text);
    let first = first.json();
    assert_eq!(
        [&first["number"], &first["labelled"], &first["is_last"]],
        [&json!(1), &json!(50), &json!(false)]
    );
    assert!(first["bound"].as_f64() > Some(2.9), "half of the data must be surer than all of it: {first}");
    assert_eq!(first["report"]["n"], 50);
    assert!(
        first["report"]["notes"].to_string().contains("is 1: \\\"beside\\\""),
        "{}",
        first["report"]["notes"]
    );
    look().await.problem(409, "look_not_due");
    labelled(&gateway, 150..200).await;
    let told = stands(&gateway, &path).await;
    assert_eq!((&told["status"], &told["progress"]["look_is_due"]), (&json!("due"), &json!(true)));
    let last = look().await.json();
    assert_eq!((&last["is_last"], &last["report"]["n"]), (&json!(true), &json!(100)), "{last}");
    assert!(last["bound"].as_f64() < Some(1.98), "the last one is hardly surer than a single one: {last}");
    look().await.problem(409, "experiment_ended");
    labelled(&gateway, 200..204).await;
    let told = stands(&gateway, &path).await;
    assert_eq!(
        (&told["status"], &told["looks"]),
        (&json!("ended"), &json!([first, last])),
        "kept as they were"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_questionnaire_closes_it() {
    let changing = "reread_profile_every = \"1s\"\non_changed_profile = \"warn\"";
    let gateway = Gateway::with(Setup::documented().idenfy(changing).routes(BOTH)).await;
    let (path, _) = registered(&gateway, &trial()).await;
    labelled(&gateway, 0..4).await;
    let edit = json!({"edit_profile": PROFILE_ID});
    let url = format!("{}/_sandbox/idenfy", gateway.idenfy.base_url().trim_end_matches('/'));
    answer(gateway.client.post(url).json(&edit)).await.good();
    let stale = async || gateway.get("/v1/providers/idenfy").await.good()["mapping"]["state"] == "stale";
    until("the change to be seen", stale).await;
    gateway.advance(60);
    labelled(&gateway, 4..7).await;
    let told = stands(&gateway, &path).await;
    let segments = told["segments"].as_array().expect("segments");
    let told_of: Vec<_> = segments.iter().map(|it| (it["pairs"].clone(), it["counts"].clone())).collect();
    assert_eq!(told_of, [(json!(4), json!(true)), (json!(3), json!(false))], "{told}");
    assert_eq!(told["status"], "closed");
    let look = post(&gateway, &format!("{path}/looks"), &json!({})).await.json();
    assert_eq!((&look["is_last"], &look["report"]["n"]), (&json!(true), &json!(4)), "{look}");
    assert_eq!(look["report"]["verdict"], "extend", "four pairs say nothing");
    assert_eq!(look["report"]["funnel"]["excluded"]["other_versions"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_its_population_and_sample_take_part() {
    let gateway = gateway().await;
    let (all, _) = registered(&gateway, &trial()).await;
    let of = async |name: &str, more: Value| {
        registered(&gateway, &with(with(trial(), json!({"name": name})), more)).await.0
    };
    let nigeria =
        of("ng", json!({"population": {"route": "both", "type": "individual", "country": "NG"}})).await;
    let germany = of("de", json!({"population": {"country": "DE"}})).await;
    let companies = of("companies", json!({"population": {"type": "business"}})).await;
    let third = of("third", json!({"sample_rate": 0.3})).await;
    labelled(&gateway, 0..30).await;
    let pairs =
        async |path: &str| stands(&gateway, path).await["progress"]["pairs"].as_u64().expect("a number");
    assert_eq!((pairs(&all).await, pairs(&companies).await), (30, 0));
    let (from_nigeria, from_germany) = (pairs(&nigeria).await, pairs(&germany).await);
    assert!(from_nigeria + from_germany == 30 && from_nigeria > 0, "{from_nigeria} and {from_germany}");
    let drawn = pairs(&third).await;
    assert!((1..=20).contains(&drawn), "{drawn} of 30 at a rate of 0.3");
    assert_eq!(pairs(&third).await, drawn, "the same ones every time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_whom_nobody_flags_are_sampled_and_recall_is_told_of_all() {
    let gateway = gateway().await;
    let body = with(trial(), json!({"flag_level": "very_high", "horizon": {"labelled": 100, "days": 1}}));
    let (path, _) = registered(&gateway, &body).await;
    let sample = format!("{path}/audit-sample");
    labelled(&gateway, 0..20).await;
    let none = stands(&gateway, &sample).await;
    assert_eq!((&none["share"], &none["sampled"]), (&json!(0.0), &json!(0)), "{none}");
    let unflagged = none["unflagged"].as_u64().expect("a number");
    assert!(unflagged > 0, "{none}");
    let few = post(&gateway, &sample, &json!({"share": 0.5})).await.good();
    let all = post(&gateway, &sample, &json!({"size": 1_000})).await.good();
    assert_eq!(
        (&all["share"], &all["sampled"], &all["labelled"]),
        (&json!(1.0), &json!(unflagged), &json!(unflagged))
    );
    let subjects = |of: &Value| of["subjects"].as_array().expect("subjects").clone();
    assert!(subjects(&few).iter().all(|subject| subjects(&all).contains(subject)), "more only adds");
    assert!(!all.to_string().contains("score") && !all.to_string().contains("cust-"), "{all}");
    assert_eq!(post(&gateway, &sample, &json!({"share": 0.1})).await.good(), all, "less changes nothing");
    gateway.advance(2 * 86_400);
    let look = post(&gateway, &format!("{path}/looks"), &json!({})).await.json();
    let recall = &look["recall"];
    assert_eq!(
        (&recall["unflagged"], &recall["sampled_labelled"]),
        (&json!(unflagged), &json!(unflagged)),
        "{recall}"
    );
    let left = &recall["left"];
    assert_eq!(left["observed"], left["corrected"], "all of them are known: {recall}");
    for (body, field) in [
        (json!({}), "size"),
        (json!({"size": 0}), "size"),
        (json!({"share": 1.5}), "share"),
        (json!({"share": 0.5, "size": 3}), "share"),
    ] {
        let problem = post(&gateway, &sample, &body).await.problem(422, "invalid_request");
        assert_eq!(problem["field"], field, "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sample_that_was_looked_into_whole_lets_a_look_decide() {
    let gateway = gateway().await;
    let body = with(trial(), json!({"horizon": {"labelled": 1_000, "days": 1}}));
    let (path, _) = registered(&gateway, &body).await;
    let tell = async |subject: Value, is_case: bool| {
        let kind = if is_case { "confirmed_fraud" } else { "cleared" };
        assert_eq!(post(&gateway, "/v1/outcomes", &with(subject, json!({"type": kind}))).await.status, 201);
    };
    for number in 0..80 {
        let (flagged, other) = (format!("cust-{number}"), format!("cust-1{number:03}"));
        gateway.ask(&by("both", &person(&flagged))).await.good();
        gateway.ask(&by("both", &harmless(&other))).await.good();
        tell(json!({"subject_reference": flagged}), number % 2 == 0).await;
    }
    let sample = post(&gateway, &format!("{path}/audit-sample"), &json!({"share": 0.7})).await.good();
    for (number, drawn) in sample["subjects"].as_array().expect("subjects").iter().enumerate() {
        tell(json!({"assessment_id": drawn["assessment_id"]}), number % 2 == 0).await;
    }
    gateway.advance(2 * 86_400);
    let look = post(&gateway, &format!("{path}/looks"), &json!({})).await.json();
    assert_eq!(look["report"]["outcomes"]["labelling"]["selective"], true, "{look}");
    let sampled = sample["sampled"].as_u64().expect("a number");
    let weighted = &look["weighted"];
    assert_eq!(weighted["subjects"], 80 + sampled, "{look}");
    assert!((weighted["stand_for"].as_f64().expect("a number") - 160.0).abs() < 1e-9, "{weighted}");
    let reason = look["report"]["verdict_reasons"][0].as_str().expect("a reason");
    assert!(reason.contains("each subject counts for as many as it stands for"), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_are_kept_with_who_made_them_why_and_by_which_look() {
    let gateway = gateway().await;
    let (path, _) = registered(&gateway, &trial()).await;
    let decide = async |body: Value| post(&gateway, &format!("{path}/decisions"), &body).await;
    let keep = json!({"decision": "keep", "rationale": "no gain after a year"});
    decide(keep.clone()).await.problem(409, "no_look_taken");
    let blank = decide(json!({"decision": "stop", "rationale": "  "})).await.problem(422, "invalid_request");
    assert_eq!(blank["field"], "rationale");
    decide(json!({"decision": "win", "rationale": "x"})).await.problem(422, "invalid_request");
    let first = decide(json!({"decision": "stop", "rationale": "too few cases"})).await;
    assert_eq!((first.status, &first.json()["look"]), (201, &Value::Null), "{}", first.text);
    labelled(&gateway, 0..100).await;
    assert_eq!(post(&gateway, &format!("{path}/looks"), &json!({})).await.status, 201);
    let anew = decide(json!({"decision": "stop", "rationale": "too few cases"})).await;
    assert_eq!(
        (anew.status, &anew.json()["look"]),
        (201, &json!(1)),
        "by a look it is another: {}",
        anew.text
    );
    let second = decide(keep.clone()).await;
    assert_eq!((second.status, &second.json()["look"]), (201, &json!(1)), "{}", second.text);
    let again = decide(keep).await;
    assert_eq!((again.status, again.json()), (200, second.json()), "told again it is the same one");
    let second = second.json();
    assert!(second["decided_by"].is_string() && second["key_name"].is_string(), "{second}");
    assert_eq!(stands(&gateway, &path).await["decisions"], json!([first.json(), anew.json(), second]));
    let listed = gateway.get("/v1/experiments").await.good()["experiments"][0].clone();
    assert_eq!((&listed["looks"], &listed["decision"]), (&json!(1), &second));
    assert!(listed["verdict"].is_string(), "{listed}");
}

#[tokio::test]
async fn the_same_is_one_experiment_and_nothing_changes_what_is_registered() {
    let gateway = gateway().await;
    let (path, first) = registered(&gateway, &trial()).await;
    let again = post(&gateway, "/v1/experiments", &trial()).await;
    assert_eq!((again.status, again.json()["id"].clone()), (200, first["id"].clone()));
    let other = with(trial(), json!({"margin": 0.05}));
    let taken = post(&gateway, "/v1/experiments", &other).await.problem(409, "name_taken");
    assert_eq!(taken["field"], "name");
    let (_, second) = registered(&gateway, &with(other, json!({"name": "another"}))).await;
    let page = gateway.get("/v1/experiments?limit=1").await.good();
    assert_eq!(page["experiments"][0]["id"], second["id"]);
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let rest = gateway.get(&format!("/v1/experiments?cursor={cursor}")).await.good();
    assert_eq!((&rest["experiments"][0]["id"], &rest["next_cursor"]), (&first["id"], &Value::Null));
    let unknown = gateway.get("/v1/experiments?cursor=ZXhwXwA").await;
    assert_eq!(unknown.problem(422, "invalid_request")["field"], "cursor");
    let stranger = gateway.key_for("fraud", "all").await;
    let test = gateway.key_in(KeyEnvironment::Test, "risk", "all").await;
    for key in [stranger, test] {
        answer(gateway.client.get(gateway.url(&path)).bearer_auth(&key)).await.problem(404, "not_found");
    }
    let reader = gateway.key_for("risk", "assess,read").await;
    answer(gateway.client.get(gateway.url(&path)).bearer_auth(&reader)).await.problem(403, "missing_scope");
    gateway.get("/v1/experiments/%00").await.problem(404, "not_found");
}

#[tokio::test]
async fn what_could_teach_nothing_is_refused_with_what_to_do() {
    let gateway = gateway().await;
    for (more, field) in [
        (json!({"left": "idenfi"}), "left"),
        (json!({"right": "idenfy"}), "left"),
        (json!({"name": " "}), "name"),
        (json!({"sample_rate": 0.0}), "sample_rate"),
        (json!({"margin": 1.0}), "margin"),
        (json!({"error_rate": 0.5}), "error_rate"),
        (json!({"error_rate": 1e-200}), "error_rate"),
        (json!({"looks": 0}), "looks"),
        (json!({"flag_level": "very_low"}), "flag_level"),
        (json!({"horizon": {"labelled": 99, "days": 90}}), "horizon.labelled"),
        (json!({"horizon": {"labelled": 100, "days": 0}}), "horizon.days"),
        (json!({"positive": []}), "positive"),
        (json!({"window_s": 0}), "window_s"),
        (json!({"window_s": u64::MAX}), "window_s"),
        (json!({"population": {"route": "bot"}}), "population.route"),
        (json!({"population": {"country": "UK"}}), "population.country"),
        (json!({"primary_endpoint": "kappa"}), "primary_endpoint"),
        (json!({"look": 2}), "look"),
    ] {
        let told = post(&gateway, "/v1/experiments", &with(trial(), more.clone())).await;
        let problem = told.problem(422, "invalid_request");
        assert_eq!(problem["field"], field, "{more} {problem}");
    }
    let near = post(&gateway, "/v1/experiments", &with(trial(), json!({"left": "idenfi"}))).await;
    assert!(near.text.contains("did you mean \\\"idenfy\\\"?"), "{}", near.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_or_known_before_is_no_part_of_it() {
    let gateway = gateway().await;
    labelled(&gateway, 0..4).await;
    for reference in ["cust-50", "cust-51"] {
        gateway.ask(&by("youverify", &person(reference))).await.good();
        let told = json!({"subject_reference": reference, "type": "cleared"});
        assert_eq!(post(&gateway, "/v1/outcomes", &told).await.status, 201);
    }
    gateway.advance(60);
    let (path, _) = registered(&gateway, &trial()).await;
    for number in 0..4 {
        // From the cache, and so from before.
        gateway.ask(&by("both", &person(&format!("cust-{number}")))).await.good();
    }
    for reference in ["cust-50", "cust-51", "cust-52"] {
        let mut anew = by("both", &person(reference));
        anew["options"] = json!({"max_age_s": 0});
        gateway.ask(&anew).await.good();
    }
    let told = stands(&gateway, &path).await;
    assert_eq!(told["progress"]["pairs"], 1, "only who was asked and is not known yet: {told}");
}
