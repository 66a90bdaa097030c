//! What a client goes on sending although it has been answered.
//!
//! A connection that is closed with something unread in it is reset, and what was answered is lost to a client that is still
//! sending. So a body that a handler does not want to its end is read on and thrown away, beside the answer that leaves
//! meanwhile; within bounds, for nobody can make the service read for ever.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::{runtime::Handle, time::timeout};

/// Bytes that are thrown away at most.
const BYTES: usize = 64 << 20;
/// How long that may take in all.
const IN_ALL: Duration = Duration::from_secs(30);
/// How long a client may send nothing meanwhile.
const SILENCE: Duration = Duration::from_secs(5);

/// The body of a request; dropped before its end, it is read on for a while.
pub(super) struct Lingering {
    body: Option<Incoming>,
    /// A client that asks before it sends (`Expect: 100-continue`) is not told to go on by a body that nobody reads.
    is_wanted: bool,
    is_over: bool,
}

impl Lingering {
    /// `asks_first`: whether the client sends nothing before it is told to.
    pub(super) fn new(body: Incoming, asks_first: bool) -> Self {
        Lingering { body: Some(body), is_wanted: !asks_first, is_over: false }
    }
}

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.is_wanted = true;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.is_over = true;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| self.is_wanted && !self.is_over && !body.is_end_stream()) else { return };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(timeout(IN_ALL, throw_away(body)));
        }
    }
}

/// Reads until the end, a break, a silence, or more than there may be.
async fn throw_away(mut body: Incoming) {
    let mut left = BYTES;
    while let Ok(Some(Ok(frame))) = timeout(SILENCE, std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context))).await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}
