//! A vendor's limit holds, whatever arrives.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use risk_provider_sandbox::{Fault, FaultKind};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    gateway::{Gateway, until},
    http::{Answer, attempts},
    subjects::{by, person, with},
    vendors::Setup,
};

/// Watches what the vendor has received, and calls `see` with the calls so far, again and again.
async fn watched<T: Send + 'static>(
    gateway: &Arc<Gateway>,
    asking: impl Future<Output = T>,
    mut see: impl FnMut(&Gateway) + Send + 'static,
) -> T {
    let done = Arc::new(AtomicBool::new(false));
    let watching = tokio::spawn({
        let (gateway, done) = (Arc::clone(gateway), Arc::clone(&done));
        async move {
            while !done.load(Ordering::Relaxed) {
                see(&gateway);
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        }
    });
    let asked = asking.await;
    done.store(true, Ordering::Relaxed);
    watching.await.expect("nothing seen that must not be");
    asked
}

async fn ask_about(gateway: &Arc<Gateway>, subjects: usize) -> Vec<Answer> {
    let mut asking = JoinSet::new();
    for index in 0..subjects {
        let gateway = Arc::clone(gateway);
        asking.spawn(async move { gateway.ask(&by("youverify", &person(&format!("cust-{index}")))).await });
    }
    asking.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vendor_never_sees_more_calls_in_a_window_than_it_allows_and_nobody_is_refused() {
    /// The window of one second, less what the way to the vendor may vary by on a busy machine.
    const WINDOW: Duration = Duration::from_millis(850);
    const LIMIT: usize = 5;
    let limit = "limit = { requests = 5, per = \"1s\" }\ntimeout = \"8s\"";
    let gateway = Arc::new(Gateway::with(Setup::default().youverify(limit).deadline("20s")).await);
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let mut before = Instant::now();
    let see = move |gateway: &Gateway| {
        let (now, calls) = (Instant::now(), gateway.youverify.calls().len());
        sender.send((before, now, calls)).expect("the test listens");
        before = now;
    };
    let answers = watched(&gateway, ask_about(&gateway, 15), see).await;
    for answer in answers {
        answer.good();
    }
    assert_eq!(gateway.youverify.billed(), 15);
    // Each call arrived between two looks: no earlier than the one before it was seen.
    let mut arrivals: Vec<(Instant, Instant)> = Vec::new();
    while let Ok((before, now, calls)) = seen.try_recv() {
        arrivals.resize(calls.max(arrivals.len()), (before, now));
    }
    for pair in arrivals.windows(LIMIT + 1) {
        let ((earliest, _), (_, latest)) = (pair[0], pair[LIMIT]);
        let span = latest.duration_since(earliest);
        assert!(span >= WINDOW, "{} calls within {span:?}", LIMIT + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_concurrency_of_one_the_vendor_never_sees_two_calls_at_once() {
    let gateway = Arc::new(
        Gateway::with(Setup::default().youverify("limit = { concurrency = 1 }").deadline("20s")).await,
    );
    gateway.youverify.inject(FaultKind::Latency { ms: 60 });
    let see = |gateway: &Gateway| {
        let under_way = gateway.youverify.calls().iter().filter(|call| call.status.is_none()).count();
        assert!(under_way <= 1, "{under_way} at once");
    };
    let answers = watched(&gateway, ask_about(&gateway, 8), see).await;
    for answer in answers {
        answer.good();
    }
    assert_eq!(gateway.youverify.billed(), 8);
}

#[tokio::test]
async fn a_turn_that_comes_after_the_deadline_is_refused_and_the_next_vendor_is_asked() {
    let limit = "limit = { requests = 1, per = \"1h\" }";
    let gateway = Gateway::with(Setup::default().youverify(limit)).await;
    gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    let began = Instant::now();
    let answer = gateway.ask(&by("youverify", &person("cust-2"))).await;
    let problem = answer.problem(503, "throttled");
    assert_eq!(attempts(&problem), ["youverify assessment: throttled, not sent, billed no"]);
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait >= 1), "{answer:?}");
    assert!(began.elapsed() < Duration::from_secs(4), "refused at once, not at the deadline");
    let assessment = gateway.ask(&by("reverse", &person("cust-2"))).await.good();
    assert_eq!(assessment["decided_by"], "idenfy");
    assert_eq!(gateway.youverify.calls().len(), 1);
    assert_eq!(
        gateway.provider("youverify").await["health"],
        "up",
        "our own limit is no fault of the vendor"
    );
}

#[tokio::test]
async fn a_kept_answer_needs_no_turn() {
    let gateway = Gateway::with(Setup::default().youverify("limit = { requests = 1, per = \"1h\" }")).await;
    for _ in 0..3 {
        gateway.ask(&by("youverify", &person("cust-1"))).await.good();
    }
    assert_eq!(gateway.youverify.calls().len(), 1);
}

#[tokio::test]
async fn the_questionnaire_read_takes_a_turn_too() {
    let gateway = Gateway::with(Setup::default().idenfy("limit = { requests = 1, per = \"1h\" }")).await;
    let problem = gateway.ask(&by("idenfy", &person("cust-1"))).await.problem(503, "throttled");
    let expected =
        ["idenfy profile: answered, sent, billed no", "idenfy check: throttled, not sent, billed no"];
    assert_eq!(attempts(&problem), expected);
    assert_eq!(gateway.idenfy.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_would_leave_no_time_for_the_answer_is_refused_and_costs_nothing() {
    let limit = "limit = { requests = 1, per = \"10s\" }\ntimeout = \"1s\"";
    let gateway = Arc::new(Gateway::with(Setup::default().youverify(limit).deadline("2s")).await);
    let answers = ask_about(&gateway, 6).await;
    let (answered, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((answered.len(), refused.len()), (1, 5));
    for answer in refused {
        let problem = answer.problem(503, "throttled");
        assert_eq!(attempts(&problem), ["youverify assessment: throttled, not sent, billed no"]);
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait >= 1), "{answer:?}");
    }
    assert_eq!(gateway.billed(), 1);
    assert_eq!(
        gateway.provider("youverify").await["health"],
        "up",
        "our own limit says nothing of the vendor"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_patience_is_not_refused_for_somebody_who_had_none() {
    let setup = Setup::default().youverify("limit = { concurrency = 1 }");
    let gateway = Arc::new(Gateway::with(setup).await);
    gateway.youverify.inject(Fault::new(FaultKind::Latency { ms: 900 }).times(1));
    let ask = |question: serde_json::Value| {
        let gateway = Arc::clone(&gateway);
        tokio::spawn(async move { gateway.ask(&question).await })
    };
    let busy = ask(by("youverify", &person("cust-0")));
    until("the place is taken", async || !gateway.youverify.calls().is_empty()).await;
    let question = by("youverify", &person("cust-1"));
    let hasty = ask(with(question.clone(), serde_json::json!({"deadline_ms": 300})));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let patient = ask(question);
    hasty.await.expect("asked").problem(503, "throttled");
    patient.await.expect("asked").good();
    busy.await.expect("asked").good();
    assert_eq!(gateway.billed(), 2);
}
