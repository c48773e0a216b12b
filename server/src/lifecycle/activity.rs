//! What a connection is doing, so that one that does nothing, or says its request a byte a minute, does not stay for ever. A request is under
//! way until the last byte of its answer was taken or given up.

use super::Patience;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
    time::Sleep,
};

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waiting for a request.
    Idle,
    /// In the middle of a request's head.
    Head,
    /// Answering.
    Busy,
}

/// What one connection is doing. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    phase: Arc<watch::Sender<Phase>>,
    under_way: Arc<AtomicUsize>,
    /// Bytes that come between requests belong to a head. In HTTP/2 they may as well be a ping's.
    bytes_are_head: bool,
}

impl Activity {
    pub(super) fn new(bytes_are_head: bool) -> Self {
        Self { phase: Arc::new(watch::Sender::new(Phase::Idle)), under_way: Arc::default(), bytes_are_head }
    }

    fn bytes_came(&self) {
        if self.bytes_are_head {
            self.phase.send_if_modified(|phase| {
                let first = *phase == Phase::Idle;
                if first {
                    *phase = Phase::Head;
                }
                first
            });
        }
    }

    /// A request's head is complete; it is under way until the guard is dropped.
    pub(super) fn begin(&self) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::AcqRel);
        self.phase.send_replace(Phase::Busy);
        UnderWay(self.clone())
    }

    /// Returns once the connection was idle, or in the middle of a head, for too long.
    pub(super) async fn overdue(&self, patience: Patience) {
        let mut phases = self.phase.subscribe();
        loop {
            let limit = match *phases.borrow_and_update() {
                Phase::Idle => Some(patience.idle),
                Phase::Head => Some(patience.head),
                Phase::Busy => None,
            };
            let changed = phases.changed();
            // The sender lives in `self`: it is there to change.
            let _ = match limit {
                None => changed.await,
                Some(limit) => match tokio::time::timeout(limit, changed).await {
                    Ok(changed) => changed,
                    Err(_) => return,
                },
            };
        }
    }
}

/// A request under way.
#[derive(Debug)]
pub(super) struct UnderWay(Activity);

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.0.under_way.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.phase.send_replace(Phase::Idle);
        }
    }
}

/// An answer's body, which keeps its request under way.
pub(super) struct Answer {
    pub(super) body: axum::body::Body,
    pub(super) _under_way: UnderWay,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection's bytes, which tell the activity when some come, and end the connection when the client takes none for too long.
pub(super) struct Watched<T> {
    io: T,
    activity: Activity,
    stall: Duration,
    /// When a write that waits for the client is given up.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<T> Watched<T> {
    pub(super) fn new(io: T, activity: Activity, stall: Duration) -> Self {
        Self { io, activity, stall, deadline: None }
    }

    fn judge<R>(&mut self, polled: Poll<io::Result<R>>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        if polled.is_ready() {
            self.deadline = None;
            return polled;
        }
        let stall = self.stall;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(stall)));
        match deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.activity.bytes_came();
        }
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(cx, buf);
        self.judge(polled, cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_flush(cx);
        self.judge(polled, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_shutdown(cx);
        self.judge(polled, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.judge(polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
