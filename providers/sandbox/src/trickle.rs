//! Bodies that arrive slowly, or not to their end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use hyper::body::{Body, Frame};
use tokio::time::{Interval, interval};

/// A body sent in pieces with a pause between them.
pub(crate) struct Trickle {
    rest: Bytes,
    piece: usize,
    pause: Interval,
    broken_off: bool,
}

// === impl Trickle ===

impl Trickle {
    /// Sends everything, one byte per pause.
    pub(crate) fn drip(body: String, pause: Duration) -> Self {
        // A zero pause is not an interval; a microsecond is as good.
        let pause = interval(pause.max(Duration::from_micros(1)));
        Self { rest: body.into(), piece: 1, pause, broken_off: false }
    }

    /// Sends half, then fails, which closes the connection before the announced length is reached.
    pub(crate) fn cut(body: String) -> Self {
        let mut rest = Bytes::from(body);
        rest.truncate(rest.len() / 2);
        // The pause lets the first half leave before the failure drops what is not yet written.
        Self { piece: rest.len(), rest, pause: interval(Duration::from_millis(20)), broken_off: true }
    }
}

impl Body for Trickle {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.rest.is_empty() && !self.broken_off {
            return Poll::Ready(None);
        }
        ready!(self.pause.poll_tick(cx));
        if self.rest.is_empty() {
            return Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into())));
        }
        let size = self.piece.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(size)))))
    }
}
