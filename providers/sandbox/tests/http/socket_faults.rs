//! Faults of time and of the connection itself.

use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use risk_provider_sandbox::{Fault, FaultKind, PROFILE_ID, Sandbox, Settings, Vendor};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Play, V2, actor, documented_check, good, idenfy, told, youverify};

/// What comes over a plain socket, and how it ends.
async fn raw(sandbox: &Sandbox) -> (String, io::Result<()>) {
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    let body = documented_check().to_string();
    let request = format!(
        "POST /risk/assessment-profiles/{PROFILE_ID}/check/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         authorization: Basic c2FuZGJveC1rZXk6c2FuZGJveC1zZWNyZXQ=\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let end = stream.read_to_end(&mut read).await.map(drop);
    (String::from_utf8(read).unwrap(), end)
}

fn last(play: &Play) -> (Option<u16>, Option<String>, bool) {
    let call = play.sandbox.calls().pop().unwrap();
    (call.status, call.fault, call.billed)
}

fn announced(response: &str) -> usize {
    let head = response.to_ascii_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    line.parse().unwrap()
}

#[tokio::test]
async fn latency_delays_a_normal_answer() {
    let play = youverify().await;
    play.sandbox.inject(Fault::new(FaultKind::Latency { ms: 150 }).times(1));
    let begun = Instant::now();
    good(play.actor(V2, &actor("Some", "Body")).send().await.unwrap()).await;
    assert!(begun.elapsed() >= Duration::from_millis(150));
    assert_eq!(last(&play), (Some(200), Some("latency".to_owned()), true));
}

#[tokio::test]
async fn a_hang_is_charged_only_after_the_work() {
    let play = idenfy().await;
    for (kind, billed) in [(FaultKind::Hang, false), (FaultKind::HangAfterBilling, true)] {
        play.sandbox.inject(Fault::new(kind).times(1));
        let request = play.check(PROFILE_ID, &documented_check()).timeout(Duration::from_millis(300));
        assert!(request.send().await.unwrap_err().is_timeout());
        assert_eq!(last(&play), (None, Some(kind.name().to_owned()), billed));
    }
    let listed = told(play.get("/risk/assessments/")).await.1;
    assert_eq!((&listed["count"], &listed["results"][0]["name"]), (&1.into(), &"Matthew Collins".into()));
}

#[tokio::test]
async fn a_reset_is_a_reset_on_the_wire() {
    let play = idenfy().await;
    for (kind, billed) in [(FaultKind::Reset, false), (FaultKind::ResetAfterBilling, true)] {
        play.sandbox.inject(Fault::new(kind).times(2));
        let (read, end) = raw(&play.sandbox).await;
        assert_eq!(read, "");
        assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(last(&play), (None, Some(kind.name().to_owned()), billed));
        let error = play.check(PROFILE_ID, &documented_check()).send().await.unwrap_err();
        assert!(!error.is_timeout() && !error.is_connect());
    }
    assert_eq!(play.sandbox.billed(), 2);
}

#[tokio::test]
async fn a_cut_body_ends_before_its_announced_length() {
    let play = idenfy().await;
    play.sandbox.inject(Fault::new(FaultKind::CutBody).times(2));
    let (read, end) = raw(&play.sandbox).await;
    end.unwrap();
    let (_, body) = read.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.len(), announced(&read) / 2);
    let response = play.check(PROFILE_ID, &documented_check()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let error = response.bytes().await.unwrap_err();
    assert!(error.source().is_some());
    assert_eq!(last(&play), (Some(200), Some("cut_body".to_owned()), true));
}

#[tokio::test]
async fn a_slow_drip_sends_its_headers_at_once_and_then_byte_by_byte() {
    let play = youverify().await;
    play.sandbox.inject(Fault::new(FaultKind::SlowDrip { interval_ms: 20 }).times(1));
    let begun = Instant::now();
    let mut response = play.actor(V2, &actor("Some", "Body")).send().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2));
    let mut chunks = Vec::new();
    for _ in 0..10 {
        chunks.push(response.chunk().await.unwrap().unwrap().len());
    }
    assert!(begun.elapsed() >= Duration::from_millis(150));
    assert!(chunks.iter().sum::<usize>() < 100, "{chunks:?}");
    assert_eq!(last(&play), (Some(200), Some("slow_drip".to_owned()), true));
}

#[tokio::test]
async fn a_slow_drip_arrives_whole_in_the_end() {
    let play = idenfy().await;
    play.sandbox.inject(Fault::new(FaultKind::SlowDrip { interval_ms: 0 }).times(1));
    let (read, end) = raw(&play.sandbox).await;
    end.unwrap();
    let (_, body) = read.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.len(), announced(&read));
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["name"], "Matthew Collins");
}

#[tokio::test]
async fn a_shut_down_vendor_cuts_its_connections_and_frees_its_port() {
    let play = idenfy().await;
    let address = play.sandbox.address();
    play.sandbox.inject(FaultKind::Hang);
    let pending = tokio::spawn(play.get("/risk/assessments/").send());
    while play.sandbox.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    play.sandbox.shutdown().await;
    assert!(!pending.await.unwrap().unwrap_err().is_timeout());
    assert!(TcpStream::connect(address).await.is_err());
    let again = Settings { listen: address, ..Settings::default() };
    assert_eq!(Sandbox::start(Vendor::Idenfy, &again).await.unwrap().address(), address);
}

#[tokio::test]
async fn a_dropped_vendor_stops() {
    let play = idenfy().await;
    let address = play.sandbox.address();
    drop(play);
    let mut tries = 0;
    while TcpStream::connect(address).await.is_ok() {
        tries += 1;
        assert!(tries < 1000);
        tokio::task::yield_now().await;
    }
}
