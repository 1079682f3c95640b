//! Clients that take their time do not take the gateway's.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use crate::{
    process::{Home, Server},
    vendors::{Setup, Vendors},
};

const TIMEOUT: &str = "header_read_timeout = \"400ms\"";
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(8);

/// What the gateway sends to a client that sent `text` and then nothing, until it hangs up.
async fn cut_off(server: &Server, text: &str) -> String {
    let address = server.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(text.as_bytes()).await.expect("sent");
    let mut told = Vec::new();
    let began = Instant::now();
    let ended = tokio::time::timeout(SLACK, stream.read_to_end(&mut told)).await;
    assert!(ended.is_ok(), "not cut off within {SLACK:?} after {text:?}");
    assert!(began.elapsed() >= Duration::from_millis(200), "cut off at once after {text:?}");
    String::from_utf8(told).expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_ends_its_requests_head_is_cut_off() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default().server(TIMEOUT), &vendors);
    let mut server = home.serve();
    for text in ["GET /liv", "GET /livez HTTP/1.1\r\nHost: x\r\n", ""] {
        let told = cut_off(&server, text).await;
        assert!(!told.contains(" 200 "), "{told}");
        // The old one may hold a connection that idled too long by now.
        server.client = crate::http::client();
        server.get("/livez").await.good();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_ends_its_body_gets_408() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default().server(TIMEOUT), &vendors);
    let server = home.serve();
    let head = format!(
        "POST /v1/assessments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {}\r\nContent-Length: 100\r\n\r\n{{\"subject\"",
        server.key
    );
    let told = cut_off(&server, &head).await;
    assert!(told.starts_with("HTTP/1.1 408 "), "{told}");
    assert!(told.contains("\"request_timeout\""), "{told}");
    server.get("/livez").await.good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_idle_connections_do_not_keep_others_out_for_long() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::default().server(&format!("{TIMEOUT}\nmax_connections = 4")), &vendors);
    let server = home.serve();
    let address = server.url.trim_start_matches("http://");
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(TcpStream::connect(address).await.expect("a connection"));
    }
    let began = Instant::now();
    server.get("/livez").await.good();
    assert!(began.elapsed() < SLACK, "{:?}", began.elapsed());
}
