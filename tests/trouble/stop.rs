//! Asked to stop, the gateway ends what it has begun.

use std::{sync::Arc, time::Duration};

use risk_provider_sandbox::{Fault, FaultKind};

use crate::{
    process::{Home, Server},
    subjects::{by, person},
    vendors::{Setup, Vendors},
};

async fn called(vendors: &Vendors) {
    while vendors.youverify.calls().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_under_way_gets_its_answer_and_the_program_ends_well() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let server = home.serve();
    // A connection that idles must not hold up the end.
    server.get("/livez").await.good();
    vendors.youverify.inject(FaultKind::Latency { ms: 800 });
    let server = Arc::new(server);
    let asking = tokio::spawn({
        let server = Arc::clone(&server);
        async move { server.ask(&by("youverify", &person("cust-1"))).await }
    });
    called(&vendors).await;
    server.running.terminate();
    let assessment = asking.await.expect("an answer").good();
    let mut server = Arc::into_inner(server).expect("nobody else asks");
    assert_eq!(server.running.ended().code(), Some(0));
    assert!(server.running.logs().contains("stopped"));
    let server = Server { key: server.key.clone(), ..home.serve() };
    let id = assessment["id"].as_str().expect("an id");
    assert_eq!(server.read(id).await.good(), assessment);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_stopping_no_new_connection_is_taken() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let server = Arc::new(home.serve());
    vendors.youverify.inject(FaultKind::Latency { ms: 1500 });
    let asking = tokio::spawn({
        let server = Arc::clone(&server);
        async move { server.ask(&by("youverify", &person("cust-1"))).await }
    });
    called(&vendors).await;
    server.running.terminate();
    let address = server.url.trim_start_matches("http://").to_owned();
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        assert!(!asking.is_finished(), "still taking connections when the last request had ended");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    asking.await.expect("an answer").good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_nobody_waits_for_any_more_is_still_recorded() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default(), &vendors);
    let mut server = home.serve();
    vendors.youverify.inject(Fault::new(FaultKind::Latency { ms: 700 }));
    let question = by("youverify", &person("cust-1"));
    let left = tokio::time::timeout(Duration::from_millis(200), server.ask(&question)).await;
    assert!(left.is_err(), "the caller left");
    called(&vendors).await;
    server.running.terminate();
    assert_eq!(server.running.ended().code(), Some(0));
    assert_eq!(vendors.youverify.billed(), 1);
    assert!(server.running.logs().contains("stopped"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_hangs_does_not_hold_up_the_end_beyond_the_drain_timeout() {
    let vendors = Vendors::start().await;
    let setup = Setup::default().server("drain_timeout = \"500ms\"").deadline("60s");
    let setup = setup.youverify("timeout = \"60s\"");
    let home = Home::new(&setup, &vendors);
    let server = Arc::new(home.serve());
    vendors.youverify.inject(FaultKind::Hang);
    let asking = tokio::spawn({
        let server = Arc::clone(&server);
        async move {
            let url = format!("{}/v1/assessments", server.url);
            let request = server.client.post(url).bearer_auth(&server.key);
            request.json(&by("youverify", &person("cust-1"))).send().await.is_err()
        }
    });
    called(&vendors).await;
    server.running.terminate();
    assert!(asking.await.expect("an end"), "cut off without an answer");
    let mut server = Arc::into_inner(server).expect("nobody else asks");
    assert_eq!(server.running.ended().code(), Some(0));
}
