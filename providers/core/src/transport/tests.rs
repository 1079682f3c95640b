use std::{pin::Pin, task::Context};

use http_body::Body;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::{question::GivenUp, *};
use crate::Billed;

const BODY: &str = r#"{"name": "Ahmed Al Khalid"}"#;

fn transport() -> Transport {
    Transport::new(Arc::new(|| Timestamp::UNIX_EPOCH)).expect("a transport")
}

/// A vendor on a loopback port that does `serve` with each connection.
async fn vendor<T: Future + Send + 'static>(
    scheme: &str,
    serve: impl Fn(TcpStream) -> T + Send + 'static,
) -> (Url, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream).await;
        }
    });
    (Url::parse(&format!("{scheme}://127.0.0.1:{port}/check")).expect("an address"), accepting)
}

async fn silence(stream: TcpStream) {
    tokio::time::sleep(Duration::from_secs(3600)).await;
    drop(stream);
}

/// How `request` fails within `patience`.
async fn fails(request: VendorRequest, patience: Duration) -> ProviderError {
    transport().send(request, Instant::now() + patience).await.expect_err("no answer")
}

fn paid(url: &Url) -> VendorRequest {
    VendorRequest::paid("check", url.clone(), BODY.to_owned())
}

#[tokio::test]
async fn a_connection_that_is_never_ready_leaves_the_question_unsent_and_unbilled() {
    let (url, accepting) = vendor("https", silence).await;
    // Shorter and longer than the time that connecting may take.
    for patience in [Duration::from_millis(100), CONNECT_TIMEOUT * 3] {
        let error = fails(paid(&url), patience).await;
        assert_eq!((error.kind, error.sent), (FailureKind::Unreachable, false), "{error}");
        assert_eq!(error.billed(true), Billed::No, "{error}");
    }
    accepting.abort();
}

#[tokio::test]
async fn a_question_that_the_vendor_stays_silent_on_may_be_billed() {
    let (url, accepting) = vendor("http", silence).await;
    let error = fails(paid(&url), Duration::from_millis(300)).await;
    assert_eq!((error.kind, error.sent), (FailureKind::UnknownOutcome, true), "{error}");
    assert_eq!(error.billed(true), Billed::Unknown, "{error}");
    accepting.abort();
}

#[tokio::test]
async fn a_read_that_ran_out_of_time_counts_as_sent() {
    let (url, accepting) = vendor("https", silence).await;
    let error = fails(VendorRequest::read("profile", url), Duration::from_millis(100)).await;
    assert_eq!((error.kind, error.sent), (FailureKind::UnknownOutcome, true), "{error}");
    accepting.abort();
}

#[tokio::test]
async fn a_connection_cut_during_the_handshake_leaves_the_question_unsent() {
    let (url, accepting) = vendor("https", |stream| async move { drop(stream) }).await;
    let error = fails(paid(&url), Duration::from_secs(5)).await;
    assert_eq!((error.kind, error.sent), (FailureKind::Unreachable, false), "{error}");
    accepting.abort();
}

#[tokio::test]
async fn the_length_is_announced_and_nothing_is_chunked() {
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let (url, accepting) = vendor("http", move |mut stream| {
        let told = told.clone();
        async move {
            let mut request = Vec::new();
            while !request.ends_with(BODY.as_bytes()) {
                request.push(stream.read_u8().await.expect("more of the request"));
            }
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                .await
                .expect("an open connection");
            told.send(String::from_utf8(request).expect("text")).expect("somebody listens");
        }
    })
    .await;
    let answer =
        transport().send(paid(&url), Instant::now() + Duration::from_secs(5)).await.expect("an answer");
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"{}".as_slice()));
    let request = heard.recv().await.expect("a request").to_lowercase();
    let head = request.split("\r\n\r\n").next().expect("a head");
    assert!(head.lines().any(|line| line == format!("content-length: {}", BODY.len())), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
    assert!(request.ends_with(&BODY.to_lowercase()), "{request}");
    accepting.abort();
}

#[test]
fn a_question_is_handed_out_or_given_up_and_never_both() {
    let poll = |question: &mut Question| {
        let mut context = Context::from_waker(std::task::Waker::noop());
        match Pin::new(question).poll_frame(&mut context) {
            std::task::Poll::Ready(frame) => {
                frame.map(|frame| frame.map(|frame| frame.into_data().expect("data")))
            }
            std::task::Poll::Pending => panic!("a body in memory waits for nothing"),
        }
    };
    let (mut question, sent) = Question::new(BODY.to_owned());
    assert_eq!(question.size_hint().exact(), Some(BODY.len() as u64));
    assert_eq!(poll(&mut question), Some(Ok(BODY.into())));
    assert!(question.is_end_stream() && poll(&mut question).is_none());
    assert!(!sent.give_up(), "it was handed out");

    let (mut question, sent) = Question::new(BODY.to_owned());
    assert!(sent.give_up(), "nobody asked for it");
    assert_eq!(poll(&mut question), Some(Err(GivenUp)));

    assert!(!Sent::untold().give_up());
}

#[test]
fn a_base_address_never_doubles_the_path() {
    let cases = [
        ("https://a.example", "/v2/api/actors", "https://a.example/v2/api/actors"),
        ("https://a.example/", "/v2/api/actors", "https://a.example/v2/api/actors"),
        ("https://a.example/v2/api", "/v2/api/actors", "https://a.example/v2/api/actors"),
        ("https://a.example/v2/api/", "/v2/api/actors", "https://a.example/v2/api/actors"),
        ("https://a.example/v2", "/v2/api/actors", "https://a.example/v2/api/actors"),
        ("https://a.example/proxy/v2", "/v2/api/actors", "https://a.example/proxy/v2/api/actors"),
        ("https://a.example/proxy", "/risk/x/check/", "https://a.example/proxy/risk/x/check/"),
    ];
    for (base, path, expected) in cases {
        assert_eq!(join(&Url::parse(base).expect("url"), path).as_str(), expected);
    }
}
