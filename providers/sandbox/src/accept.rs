//! The accept loop, and connections that can be reset from inside a handler.
//!
//! A web framework keeps the socket out of a handler's reach. Here each connection carries a
//! [`Line`]; once a handler breaks it, the next write closes the socket with a zero linger time,
//! which the other side sees as a reset, not as an orderly end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// How long to wait after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A handler's grip on the connection its request came over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    broken: Arc<AtomicBool>,
}

struct Wire {
    stream: TcpStream,
    line: Line,
}

/// Serves connections until told to stop; then all of them end at once.
pub(crate) async fn serve(listener: TcpListener, router: Router, mut stop: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(converse(stream, router.clone()))),
                // Too many open files, most likely: wait for some to be closed.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    connections.shutdown().await;
}

/// Serves one connection. How it ends is of no interest: half the faults end it on purpose.
async fn converse(stream: TcpStream, router: Router) {
    // Bytes that drip one by one must not be collected into fuller packets; without it they merely come later.
    drop(stream.set_nodelay(true));
    let line = Line::default();
    let service = TowerToHyperService::new(router.layer(Extension(line.clone())));
    let io = TokioIo::new(Wire { stream, line });
    drop(Builder::new(TokioExecutor::new()).serve_connection(io, service).await);
}

// === impl Line ===

impl Line {
    /// Makes the next write reset the connection.
    pub(crate) fn break_off(&self) {
        self.broken.store(true, Ordering::Release);
    }
}

// === impl Wire ===

impl Wire {
    fn check(&self) -> io::Result<()> {
        if !self.line.broken.load(Ordering::Acquire) {
            return Ok(());
        }
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
