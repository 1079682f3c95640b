//! A vendor on a loopback socket that does what a script says, down to resets and cut bodies.

use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    task::{JoinHandle, JoinSet},
};
use url::Url;

/// Stands for the vendor's own address in an answer's body.
pub(super) const BASE_URL: &str = "{base_url}";
const DRIP: Duration = Duration::from_millis(40);
/// Longer than any test waits.
const FOREVER: Duration = Duration::from_secs(3600);

/// A scripted vendor; stops when dropped.
#[derive(Debug)]
pub struct Server {
    base_url: Url,
    seen: Log,
    accepting: JoinHandle<()>,
}

/// A port that refuses connections while this lives; bound, so that nobody else can take it.
#[derive(Debug)]
pub struct ClosedPort {
    base_url: Url,
    _socket: TcpSocket,
}

/// What the server does with the requests to one method and path.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The whole path. With a query, only requests with the same parameters are meant.
    pub path: String,
    /// What happens.
    pub play: Play,
}

/// What happens after a request was read whole.
#[derive(Debug, Clone)]
pub enum Play {
    /// A whole answer.
    Answer {
        /// HTTP status.
        status: u16,
        /// Headers besides the length.
        headers: Vec<(&'static str, String)>,
        /// Body; `{base_url}` in it becomes the server's own address.
        body: Vec<u8>,
    },
    /// The head and then the body byte by byte, never the last one.
    Drip(Vec<u8>),
    /// Silence on an open connection.
    Hang,
    /// The connection is reset.
    Reset,
    /// The connection is closed without a word.
    Close,
    /// The body, announced as longer than it is, then the end.
    Cut(Vec<u8>),
}

/// A request as it arrived.
#[derive(Clone)]
pub struct Seen {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

type Script = dyn Fn(&Seen) -> Play + Send + Sync;
type Log = Arc<Mutex<Vec<Seen>>>;

// === impl Server ===

impl Server {
    /// A server on a free loopback port; a request that no route is for gets a 404.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(routes: Vec<Route>) -> io::Result<Self> {
        Self::playing(move |request| {
            let found = routes.iter().find(|route| route.is_for(request));
            found.map_or_else(|| Play::json(404, "{}"), |route| route.play.clone())
        })
        .await
    }

    /// A server that does with each request what `script` says.
    pub(super) async fn playing(script: impl Fn(&Seen) -> Play + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let base_url = address(listener.local_addr()?.port())?;
        let here = base_url.as_str().trim_end_matches('/').to_owned();
        let script: Arc<Script> = Arc::new(move |request: &Seen| script(request).at(&here));
        let seen = Log::default();
        let accepting = tokio::spawn(accept(listener, script, Arc::clone(&seen)));
        Ok(Self { base_url, seen, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub const fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// Every request so far, in the order of arrival.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

// === impl ClosedPort ===

impl ClosedPort {
    /// A free loopback port, kept free of listeners.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub fn new() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(([127, 0, 0, 1], 0).into())?;
        Ok(Self { base_url: address(socket.local_addr()?.port())?, _socket: socket })
    }

    /// Where nobody listens.
    #[must_use]
    pub const fn base_url(&self) -> &Url {
        &self.base_url
    }
}

fn address(port: u16) -> io::Result<Url> {
    Url::parse(&format!("http://127.0.0.1:{port}")).map_err(io::Error::other)
}

/// Connections live in this task's set, so that they end with it.
async fn accept(listener: TcpListener, script: Arc<Script>, seen: Log) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&script), Arc::clone(&seen)));
    }
}

/// A client that goes away ends its connection, nothing else.
async fn serve(mut stream: TcpStream, script: Arc<Script>, seen: Log) -> io::Result<()> {
    while let Some(request) = read(&mut stream).await? {
        let play = script(&request);
        seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        if !play.perform(&mut stream).await? {
            break;
        }
    }
    Ok(())
}

/// The next request of a connection; none at its end.
async fn read(stream: &mut TcpStream) -> io::Result<Option<Seen>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) if head.is_empty() => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    let mut seen = parse(&head).ok_or_else(|| io::Error::other("no HTTP request"))?;
    let length = seen.headers.get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    seen.body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut seen.body).await?;
    Ok(Some(seen))
}

fn parse(head: &[u8]) -> Option<Seen> {
    let mut lines = std::str::from_utf8(head).ok()?.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.parse().ok()?, first.next()?.to_owned());
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let value = HeaderValue::from_str(value.trim()).ok()?;
        Some((name.parse::<HeaderName>().ok()?, value))
    };
    Some(Seen { method, target, headers: lines.filter_map(header).collect(), body: Vec::new() })
}

// === impl Route ===

impl Route {
    fn is_for(&self, request: &Seen) -> bool {
        let whole = self.path.contains('?');
        let (path, parameters) = parts(&request.target);
        let (own_path, own_parameters) = parts(&self.path);
        self.method == request.method && own_path == path && (!whole || own_parameters == parameters)
    }
}

/// The path of a target, and its query's parameters in order.
pub(super) fn parts(target: &str) -> (&str, Vec<&str>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut parameters: Vec<&str> = query.split('&').filter(|parameter| !parameter.is_empty()).collect();
    parameters.sort_unstable();
    (path, parameters)
}

// === impl Play ===

impl Play {
    /// The same at the address `base_url`.
    fn at(self, base_url: &str) -> Self {
        match self {
            Self::Answer { status, headers, body } => {
                Self::Answer { status, headers, body: based_at(body, base_url) }
            }
            Self::Drip(_) | Self::Hang | Self::Reset | Self::Close | Self::Cut(_) => self,
        }
    }

    /// A whole JSON answer.
    #[must_use]
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.into(),
        }
    }

    /// Does it, and says whether the connection may be used again.
    async fn perform(self, stream: &mut TcpStream) -> io::Result<bool> {
        match self {
            Self::Answer { status, headers, body } => {
                stream.write_all(head(status, &headers, body.len()).as_bytes()).await?;
                stream.write_all(&body).await?;
                return Ok(true);
            }
            Self::Drip(body) => {
                stream.write_all(head(200, &[], body.len().saturating_add(1)).as_bytes()).await?;
                for byte in body {
                    stream.write_all(&[byte]).await?;
                    tokio::time::sleep(DRIP).await;
                }
                tokio::time::sleep(FOREVER).await;
            }
            Self::Hang => tokio::time::sleep(FOREVER).await,
            Self::Reset => stream.set_zero_linger()?,
            Self::Close => {}
            Self::Cut(body) => {
                stream.write_all(head(200, &[], body.len().saturating_add(100)).as_bytes()).await?;
                stream.write_all(&body).await?;
            }
        }
        Ok(false)
    }
}

/// `body` with the vendor's address in place of its placeholder.
pub(super) fn based_at(body: Vec<u8>, base_url: &str) -> Vec<u8> {
    match std::str::from_utf8(&body) {
        Ok(text) if text.contains(BASE_URL) => text.replace(BASE_URL, base_url).into_bytes(),
        Ok(_) | Err(_) => body,
    }
}

fn head(status: u16, headers: &[(&str, String)], length: usize) -> String {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status} Scripted\r\n{lines}content-length: {length}\r\n\r\n")
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen").field("method", &self.method).finish_non_exhaustive()
    }
}
