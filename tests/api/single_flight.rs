//! Many ask the same at once: one call, one answer for all.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    gateway::{Gateway, until},
    http::Answer,
    subjects::{about, by, person},
    vendors::Setup,
};

/// Asks every question at once.
async fn at_once(gateway: &Arc<Gateway>, questions: impl IntoIterator<Item = Value>) -> Vec<Answer> {
    let mut asking = JoinSet::new();
    for question in questions {
        let gateway = Arc::clone(gateway);
        asking.spawn(async move { gateway.ask(&question).await });
    }
    asking.join_all().await
}

fn ids(answers: &[Answer]) -> BTreeSet<String> {
    answers.iter().map(|answer| answer.good()["id"].as_str().expect("an id").to_owned()).collect()
}

fn called(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.good()["providers"][0]["served"] == "called").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_equal_questions_at_once_cost_one_call_and_share_one_assessment() {
    for route in ["idenfy", "youverify"] {
        let gateway = Arc::new(Gateway::start().await);
        let question = by(route, &person("cust-1"));
        let answers = at_once(&gateway, std::iter::repeat_n(question, 200)).await;
        assert_eq!(answers.len(), 200);
        assert_eq!(ids(&answers).len(), 1, "{route}: one assessment for all");
        assert_eq!(gateway.billed(), 1, "{route}: one billed call");
        assert_eq!(called(&answers), 1, "{route}: one says that it called");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_equal_questions_at_once_cost_one_call_of_each_who_is_asked_in_every_strategy() {
    const BOTH: &str = "deadline = \"25s\"\nproviders = [\"idenfy\", \"youverify\"]";
    let routes = format!(
        "[routes.panel]\nstrategy = \"consensus\"\n{BOTH}\n[routes.drawn]\nstrategy = \"split\"\n{BOTH}\n\
         weights = [50, 50]\n[routes.shadowed]\ndeadline = \"25s\"\nproviders = [\"idenfy\"]\n\
         shadow = {{ providers = [\"youverify\"], sample = 1.0 }}\n"
    );
    for (route, most) in [("panel", [1, 1]), ("drawn", [1, 0]), ("shadowed", [1, 1])] {
        let gateway = Arc::new(Gateway::with(Setup::default().routes(&routes)).await);
        let question = by(route, &person("cust-1"));
        let answers = at_once(&gateway, std::iter::repeat_n(question, 200)).await;
        assert_eq!((answers.len(), ids(&answers).len()), (200, 1), "{route}: one assessment for all");
        let both = || gateway.billed() == most.iter().sum::<usize>();
        until("everybody asked has answered", async || both()).await;
        let mut billed = [gateway.idenfy.billed(), gateway.youverify.billed()];
        billed.sort_unstable_by(|left, right| right.cmp(left));
        assert_eq!(billed, most, "{route}: one billed call of each");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_joined_a_call_say_so() {
    let gateway = Arc::new(Gateway::start().await);
    gateway.youverify.inject(FaultKind::Latency { ms: 400 });
    let question = by("youverify", &person("cust-1"));
    let answers = at_once(&gateway, std::iter::repeat_n(question, 10)).await;
    let collapsed = "risk-gateway; fwd=miss; collapsed";
    let joined = answers.iter().filter(|answer| answer.header("cache-status") == collapsed);
    assert_eq!(joined.count(), 9);
    assert_eq!((gateway.billed(), called(&answers)), (1, 1));
}

/// Whoever comes just as the answer lands must not take the place of the one who asked for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_they_come_exactly_one_says_that_it_called() {
    let gateway = Arc::new(Gateway::start().await);
    gateway.youverify.inject(FaultKind::Latency { ms: 20 });
    for round in 0..12 {
        let question = by("youverify", &person(&format!("cust-{round}")));
        let mut asking = JoinSet::new();
        for place in 0..24_u64 {
            let (gateway, question) = (Arc::clone(&gateway), question.clone());
            asking.spawn(async move {
                tokio::time::sleep(Duration::from_millis(2 * place)).await;
                gateway.ask(&question).await
            });
        }
        let answers = asking.join_all().await;
        assert_eq!(ids(&answers).len(), 1, "round {round}");
        assert_eq!(called(&answers), 1, "round {round}");
        let attempts = answers[0].good()["attempts"].as_array().map(Vec::len);
        assert_eq!(attempts, Some(1), "round {round}: the call is told");
    }
    assert_eq!(gateway.billed(), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routes_that_share_a_provider_share_its_call() {
    let gateway = Arc::new(Gateway::start().await);
    gateway.youverify.inject(FaultKind::Latency { ms: 300 });
    let question = |route: usize| by(["youverify", "reverse"][route % 2], &person("cust-1"));
    let answers = at_once(&gateway, (0..20).map(question)).await;
    assert_eq!(gateway.billed(), 1);
    assert_eq!(ids(&answers).len(), 2, "an assessment for each route");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_fails_fails_for_all_who_joined_and_the_next_asks_again() {
    let question = by("youverify", &person("cust-1"));
    let gateway = Arc::new(Gateway::with(Setup::default().deadline("600ms")).await);
    gateway.youverify.inject(Fault::new(FaultKind::Hang).times(1));
    let answers = at_once(&gateway, std::iter::repeat_n(question.clone(), 10)).await;
    for answer in &answers {
        answer.problem(504, "unknown_outcome");
    }
    assert_eq!(gateway.youverify.calls().len(), 1, "nobody asks again what may have been billed");
    until("the next call is answered", async || gateway.ask(&question).await.status == 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idenfys_questionnaire_is_read_once_however_many_need_it() {
    let gateway = Arc::new(Gateway::start().await);
    gateway.idenfy.inject(Fault::new(FaultKind::Latency { ms: 100 }).on("profile"));
    let questions = (0..20).map(|index| about(&person(&format!("cust-{index}"))));
    let answers = at_once(&gateway, questions).await;
    assert_eq!(ids(&answers).len(), 20);
    let reads = gateway.idenfy.calls().iter().filter(|call| call.operation == "profile").count();
    assert_eq!((reads, gateway.idenfy.billed()), (1, 20));
}
