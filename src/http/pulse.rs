//! Whether a connection is alive: when a request of it last began or ended, and how many are under way.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::Instant,
};

use super::server::ServerOptions;

/// The pulse of one connection.
pub(super) struct Pulse(Mutex<State>);

struct State {
    under_way: usize,
    /// None before the first request.
    has_served: bool,
    changed_at: Instant,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Pulse(Mutex::new(State { under_way: 0, has_served: false, changed_at: Instant::now() }))
    }

    /// A request begins; it ends when what is answered is dropped.
    pub(super) fn begin(self: Arc<Self>) -> Beat {
        let mut state = self.state();
        state.under_way += 1;
        state.has_served = true;
        state.changed_at = Instant::now();
        drop(state);
        Beat(self)
    }

    /// Something moves within a request that takes long.
    pub(super) fn beat(&self) {
        self.state().changed_at = Instant::now();
    }

    /// When the connection is closed unless something happens before; `farewell` is the deadline of one that was told to close,
    /// once it has answered what it was asked. Where connections run short, idle ones get less time.
    pub(super) fn deadline(&self, options: &ServerOptions, farewell: Option<Instant>, is_crowded: bool) -> Instant {
        let state = self.state();
        let nothing = |limit: Duration| state.changed_at + if is_crowded { limit.min(options.crowded_timeout) } else { limit };
        match (farewell, state.under_way) {
            (Some(farewell), 0) => farewell.max(state.changed_at + super::server::FAREWELL),
            (None, 0) if state.has_served => nothing(options.idle_timeout),
            (None, 0) => nothing(options.header_timeout),
            _ => state.changed_at + options.stall_timeout,
        }
    }

    /// Whether requests are under way.
    pub(super) fn is_busy(&self) -> bool {
        self.state().under_way > 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is under way.
pub(super) struct Beat(Arc<Pulse>);

impl Drop for Beat {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.under_way -= 1;
        state.changed_at = Instant::now();
    }
}

/// The body of an answer; the request is under way until it is sent or dropped.
pub(super) struct Beating {
    body: Body,
    _beat: Beat,
}

impl Beating {
    pub(super) fn new(body: Body, beat: Beat) -> Self {
        Beating { body, _beat: beat }
    }
}

impl HttpBody for Beating {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection's stream, and its place under the cap: kept through an upgrade, to the end.
pub(super) struct Placed {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
}

impl Placed {
    pub(super) fn new(stream: TcpStream, place: OwnedSemaphorePermit) -> Self {
        Placed { stream, _place: place }
    }
}

impl AsyncRead for Placed {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Placed {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
