//! Connections: how many there may be, and how long each may take.
//!
//! `axum::serve` takes every connection and waits for it for ever. Here a connection over the cap is answered `503` at once
//! and closed; one that sends nothing, sends its headers too slowly, or is idle is closed; so is one whose client has stopped
//! reading. Bodies have their own limit of time (`HttpOptions::body_timeout`), documents theirs. An upgraded connection
//! (WebSocket) counts towards the cap to its end, but has no limit of time here.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, header},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use lectern_kernel::error::Error;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::{
    linger::Lingering,
    pulse::{Beating, Placed, Pulse},
};

/// What connections may do.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Connections at once, upgraded ones among them.
    pub connections: usize,
    /// How long the headers of a request may take to arrive, from the first byte on; a new connection's first byte
    /// may take as long.
    pub header_timeout: Duration,
    /// How long a connection may be idle between requests.
    pub idle_timeout: Duration,
    /// The same two, once three quarters of the connections are taken.
    pub crowded_timeout: Duration,
    /// How long a connection may have requests under way while none of them begins or ends: longer than a request may
    /// take, so that it meets only those whose client does not read the answer.
    pub stall_timeout: Duration,
    /// Requests at once of one HTTP/2 connection.
    pub streams: u32,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions {
            connections: 2000,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            crowded_timeout: Duration::from_secs(1),
            stall_timeout: Duration::from_secs(90),
            streams: 100,
        }
    }
}

/// In each request's extensions: cancelled when the service is told to stop, so that what outlives its request (a WebSocket)
/// can close in order.
#[derive(Debug, Clone)]
pub struct Stopping(pub CancellationToken);

/// Bytes of a request's line and headers together.
const HEADERS_SIZE: usize = 64 << 10;
/// How often a silent HTTP/2 connection is asked whether it is still there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(20);
/// How long a connection that was told to close may take to do it.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);
/// Connections over the cap that are answered at once; those beyond are closed without an answer.
const TURNED_AWAY: usize = 64;

/// Serves until `stop`, and then until the requests under way are answered. Dropped, it drops those as well.
pub async fn serve(listener: TcpListener, router: Router, options: ServerOptions, stop: CancellationToken) {
    let options = Arc::new(options);
    let places = Arc::new(Semaphore::new(options.connections));
    let doors = Arc::new(Semaphore::new(TURNED_AWAY));
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            Some(_ended) = connections.join_next() => continue,
            accepted = accept(&listener) => accepted,
        };
        if let Ok(place) = places.clone().try_acquire_owned() {
            connections.spawn(talk(stream, peer, (places.clone(), place), router.clone(), options.clone(), stop.clone()));
        } else if let Ok(door) = doors.clone().try_acquire_owned() {
            connections.spawn(async move {
                let _gone = tokio::time::timeout(FAREWELL, turn_away(stream)).await;
                drop(door);
            });
        }
    }
    // No new connection is taken: the next replica may listen here already.
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The client was gone before it was let in.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
                ) => {}
            Err(error) => {
                // Out of files, most likely: some must be closed first.
                tracing::error!(%error, "a connection can't be accepted");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// One connection, to its end or its upgrade.
async fn talk(
    stream: TcpStream,
    peer: SocketAddr,
    (places, place): (Arc<Semaphore>, OwnedSemaphorePermit),
    router: Router,
    options: Arc<ServerOptions>,
    stop: CancellationToken,
) {
    // Answers leave at once; they are written whole.
    let _best_effort = stream.set_nodelay(true);
    let pulse = Arc::new(Pulse::new());
    let service = hyper::service::service_fn({
        let (pulse, stop) = (pulse.clone(), stop.clone());
        move |request: Request<hyper::body::Incoming>| {
            let beat = pulse.clone().begin();
            let asks_first = request.headers().contains_key(header::EXPECT);
            let mut request = request.map(|body| Body::new(Lingering::new(body, asks_first)));
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(Stopping(stop.clone()));
            request.extensions_mut().insert(pulse.clone());
            let answer = router.clone().oneshot(request);
            async move {
                let Ok(response) = answer.await;
                Ok::<_, Infallible>(response.map(|body| Beating::new(body, beat)))
            }
        }
    });
    let builder = builder(&options);
    let mut connection = std::pin::pin!(builder.serve_connection_with_upgrades(TokioIo::new(Placed::new(stream, place)), service));

    // The deadline may have come nearer meanwhile.
    let look_again = options.header_timeout.min(options.idle_timeout).min(options.stall_timeout).min(options.crowded_timeout);
    let deadline = |farewell| pulse.deadline(&options, farewell, places.available_permits() < options.connections.div_ceil(4));
    let mut farewell = None;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, error, "a connection broke");
                }
                return;
            }
            () = stop.cancelled(), if farewell.is_none() => {}
            () = tokio::time::sleep_until(deadline(farewell).min(Instant::now() + look_again)) => {
                let is_over = deadline(farewell) <= Instant::now();
                if is_over && (farewell.is_some() || pulse.is_busy()) {
                    return; // It was told, and has not gone.
                }
                if !is_over {
                    continue;
                }
            }
        }
        connection.as_mut().graceful_shutdown();
        farewell = Some(Instant::now() + FAREWELL);
    }
}

fn builder(options: &ServerOptions) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(options.header_timeout).max_buf_size(HEADERS_SIZE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(options.streams)
        .max_header_list_size(HEADERS_SIZE as u32)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}

/// Answers a connection for which there is no place, without reading its request.
async fn turn_away(mut stream: TcpStream) -> io::Result<()> {
    let id = Uuid::now_v7().to_string();
    let refused = lectern_kernel::execute::refusal(Error::overloaded(1), &id);
    let body = serde_json::json!({ "errors": refused.errors }).to_string();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\nretry-after: 1\r\n\
         x-correlation-id: {id}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // A socket that is closed with unread input drops what it has not sent yet.
    let mut ignored = [0; 4096];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}
