//! A request's body that knows whether the connection ever asked for it.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A body in one piece. Once its sender gave up on it, it is never handed out.
pub(super) struct Question {
    rest: Option<Bytes>,
    settled: Arc<AtomicBool>,
}

/// Tells the sender of a request whether it left.
pub(super) struct Sent {
    settled: Arc<AtomicBool>,
}

/// The sender gave up before the body was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request was given up before anything was sent")]
pub(super) struct GivenUp;

// === impl Question ===

impl Question {
    pub(super) fn new(body: String) -> (Self, Sent) {
        let settled = Arc::new(AtomicBool::new(false));
        (Self { rest: Some(body.into()), settled: Arc::clone(&settled) }, Sent { settled })
    }
}

impl Body for Question {
    type Data = Bytes;
    type Error = GivenUp;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, GivenUp>>> {
        let Some(body) = self.rest.take() else { return Poll::Ready(None) };
        let given_up = self.settled.swap(true, Ordering::AcqRel);
        Poll::Ready(Some(if given_up { Err(GivenUp) } else { Ok(Frame::data(body)) }))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none()
    }

    /// Exact, so that the length is announced and nothing is chunked.
    fn size_hint(&self) -> SizeHint {
        let length = self.rest.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
    }
}

// === impl Sent ===

impl Sent {
    /// For a request without a body, of which nobody can tell: it counts as sent.
    pub(super) fn untold() -> Self {
        Self { settled: Arc::new(AtomicBool::new(true)) }
    }

    /// Gives up on the request: true when nothing of it was sent, and then nothing ever will be.
    ///
    /// Whoever comes first settles it, so that no body leaves after this said so.
    pub(super) fn give_up(&self) -> bool {
        !self.settled.swap(true, Ordering::AcqRel)
    }
}
