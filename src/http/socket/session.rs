//! One socket from its opening to its close.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message, WebSocket},
};
use futures_util::{SinkExt as _, StreamExt as _, stream::SplitSink};
use lectern_kernel::{auth::Claims, clock, db::Identity, error::Error, seen::present};
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    task::{AbortHandle, JoinSet},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    AppState, Owner, Place,
    message::{self, Close, FromClient},
    operation::Operation,
};

/// What is sent over the socket.
pub(super) enum Outgoing {
    Text(String),
    Ping,
    /// The last.
    Close(Close),
}

/// Messages that wait to be sent; beyond these, senders wait.
const WAITING: usize = 32;
/// How long a client may take to answer the closing of its socket.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long a ping waits at most for subscriptions that begin: longer than they take.
const BEGINNING: Duration = Duration::from_secs(10);

struct Session {
    state: AppState,
    address: Option<String>,
    user_agent: Option<String>,
    claims: Option<Claims>,
    is_acknowledged: bool,
    /// Until the owner of the socket is known.
    unknown: Option<OwnedSemaphorePermit>,
    place: Option<Place>,
    /// Each with a number of its own: an id may be used again.
    running: JoinSet<usize>,
    operations: HashMap<String, (usize, AbortHandle)>,
    count: usize,
    /// The ids of those that are not over.
    open: Arc<Mutex<HashSet<String>>>,
    /// Those that have not begun, each until it has. What is said after a `subscribe` is answered after its beginning: so a
    /// client knows from when on it hears everything.
    beginning: Vec<CancellationToken>,
    out: mpsc::Sender<Outgoing>,
    closing: mpsc::Sender<Close>,
}

/// Serves a socket until it is closed.
pub(super) async fn run(
    socket: WebSocket,
    state: AppState,
    (address, user_agent, unknown): (Option<String>, Option<String>, OwnedSemaphorePermit),
    stopping: CancellationToken,
) {
    let _present = present("lectern_sockets");
    let (sink, mut heard) = socket.split();
    let (out, leaving) = mpsc::channel(WAITING);
    let (closing, mut closed) = mpsc::channel(1);
    let options = state.options.sockets.clone();
    let mut writer = tokio::spawn(write(sink, leaving, options.send_timeout));
    let mut session = Session {
        state,
        address,
        user_agent,
        claims: None,
        is_acknowledged: false,
        unknown: Some(unknown),
        place: None,
        running: JoinSet::new(),
        operations: HashMap::new(),
        count: 0,
        open: Arc::default(),
        beginning: Vec::new(),
        out,
        closing,
    };
    let opened = Instant::now();
    let mut pings = interval(options.ping_every);
    let mut rechecks = interval(options.recheck_every);
    for every in [&mut pings, &mut rechecks] {
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        every.reset();
    }
    let mut is_alive = true;
    let close = loop {
        let expires = session.expires_at(opened);
        tokio::select! {
            message = heard.next() => {
                is_alive = true;
                match message {
                    Some(Ok(Message::Text(text))) => if let Err(close) = session.hear(&text).await { break Some(close) },
                    Some(Ok(Message::Binary(_))) => break Some(message::BAD_MESSAGE),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break None,
                }
            }
            Some(ended) = session.running.join_next() => if let Ok(ended) = ended {
                session.operations.retain(|_, (number, _)| *number != ended);
            },
            () = sleep_until(opened + options.init_timeout), if !session.is_acknowledged => break Some(message::INIT_TIMEOUT),
            () = sleep_until(expires), if session.claims.is_some() => break Some(message::FORBIDDEN),
            _ = pings.tick() => {
                if !is_alive {
                    break None;
                }
                is_alive = false;
                if session.out.try_send(Outgoing::Ping).is_err() {
                    // Full: the writer is sending, under its own time limit.
                    is_alive = true;
                }
            },
            _ = rechecks.tick(), if session.claims.is_some() => if session.bearer().await.is_none() { break Some(message::FORBIDDEN) },
            Some(close) = closed.recv() => break Some(close),
            () = stopping.cancelled() => break Some(message::GOING_AWAY),
            _ = &mut writer => break None,
        }
    };
    session.running.abort_all();
    if let Some(close) = close {
        // Sent after the messages that wait, to a client that reads; one that does not is not waited for.
        let _ = timeout(options.send_timeout, session.out.send(Outgoing::Close(close))).await;
        let _ = timeout(options.send_timeout, &mut writer).await;
    }
    // Until both sides have closed: the client's answer to our close, or ours to its.
    let _ = timeout(FAREWELL, async { while let Some(Ok(_)) = heard.next().await {} }).await;
    writer.abort();
}

impl Session {
    async fn hear(&mut self, text: &str) -> Result<(), Close> {
        let message = FromClient::read(text).ok_or(message::BAD_MESSAGE)?;
        match message {
            FromClient::ConnectionInit { payload } => self.begin(payload).await,
            FromClient::Ping { payload } => {
                let begun = async {
                    for operation in &self.beginning {
                        operation.cancelled().await;
                    }
                };
                let _ = timeout(BEGINNING, begun).await;
                self.say(message::pong(payload)).await
            }
            FromClient::Pong {} => Ok(()),
            FromClient::Subscribe { .. } if !self.is_acknowledged => Err(message::UNAUTHORIZED),
            FromClient::Subscribe { id, payload } => self.start(id, payload).await,
            FromClient::Complete { id } => {
                if let Some((_, operation)) = self.operations.remove(&id) {
                    operation.abort();
                }
                self.open().remove(&id);
                Ok(())
            }
        }
    }

    /// The client says who it is: `Authorization` in the payload, as the header of that name.
    async fn begin(&mut self, payload: Option<Value>) -> Result<(), Close> {
        if self.is_acknowledged {
            return Err(message::TOO_MANY_INITS);
        }
        let mut bearer = None;
        if let Some(token) = payload.as_ref().and_then(token) {
            let claims = token.and_then(|token| self.state.engine.services().tokens.verify(token)).ok_or(message::FORBIDDEN)?;
            // What is read in another person's place leaves an entry for each document; a socket goes on by itself.
            if claims.is_viewing() {
                return Err(message::FORBIDDEN);
            }
            self.claims = Some(claims);
            bearer = self.bearer().await;
            if bearer.is_none() {
                return Err(message::FORBIDDEN);
            }
        }
        let owner = match bearer {
            Some(identity) => Owner::Person(identity.tenant, identity.user),
            None => Owner::Address(self.address.clone()),
        };
        let place = self.state.sockets.take(owner, self.state.options.sockets.per_person);
        self.place = Some(place.ok_or(message::TOO_MANY_SOCKETS)?);
        self.unknown = None;
        self.is_acknowledged = true;
        self.say(message::acknowledged()).await
    }

    async fn start(&mut self, id: String, payload: Value) -> Result<(), Close> {
        let limit = self.state.options.sockets.operations;
        let is_full = {
            let mut open = self.open();
            if open.contains(&id) {
                return Err(message::already_exists(&id));
            }
            let is_full = open.len() >= limit;
            if !is_full {
                open.insert(id.clone());
            }
            is_full
        };
        if is_full {
            let refused = self.state.engine.refuse(too_many(limit), &Uuid::now_v7().to_string());
            return self.say(message::error(&id, &refused)).await;
        }
        self.beginning.retain(|earlier| !earlier.is_cancelled());
        let earlier = self.beginning.clone();
        let begun = CancellationToken::new();
        self.beginning.push(begun.clone());
        let operation = Operation {
            engine: self.state.engine.clone(),
            claims: self.claims,
            address: self.address.clone(),
            user_agent: self.user_agent.clone(),
            id: id.clone(),
            open: self.open.clone(),
            out: self.out.clone(),
            closing: self.closing.clone(),
            earlier,
        };
        let begun = begun.drop_guard();
        self.count += 1;
        let number = self.count;
        let running = self.running.spawn(async move {
            operation.run(payload, begun).await;
            number
        });
        self.operations.insert(id, (number, running));
        Ok(())
    }

    fn open(&self) -> MutexGuard<'_, HashSet<String>> {
        self.open.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// Who it is of, if they are still signed in.
    async fn bearer(&self) -> Option<Identity> {
        // Where the database can't be reached, the next check decides.
        self.state.engine.bearer(self.claims.as_ref()?, &Uuid::now_v7().to_string()).await
    }

    /// When the token ends.
    fn expires_at(&self, opened: Instant) -> Instant {
        let Some(claims) = &self.claims else { return opened };
        let left = claims.expires_at().duration_since(clock::now());
        Instant::now() + Duration::try_from(left).unwrap_or_default()
    }

    async fn say(&self, text: String) -> Result<(), Close> {
        let _ = self.out.send(Outgoing::Text(text)).await;
        Ok(())
    }
}

/// The refusal of one operation more than a socket may run. Those that are under way go on.
fn too_many(limit: usize) -> Error {
    let count = i64::try_from(limit).unwrap_or(i64::MAX);
    let message = format!("This socket runs {limit} operations, as many as it may: complete one of them first, or open another socket.");
    Error::limit_reached(message, count, count).reason("SOCKET_OPERATIONS")
}

/// The bearer token of a payload: `None` where it names none, `Some(None)` where what it names is none.
fn token(payload: &Value) -> Option<Option<&str>> {
    let (_, value) = payload.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    if value.is_null() {
        return None;
    }
    let token = value.as_str().and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Some(token.map(|(_, token)| token.trim()))
}

/// Sends the messages one after the other; gives up where a client does not read.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut leaving: mpsc::Receiver<Outgoing>, patience: Duration) {
    while let Some(outgoing) = leaving.recv().await {
        let (message, is_last) = match outgoing {
            Outgoing::Text(text) => (Message::Text(text.into()), false),
            Outgoing::Ping => (Message::Ping(Bytes::new()), false),
            Outgoing::Close(Close(code, reason)) => (Message::Close(Some(CloseFrame { code, reason: reason.as_ref().into() })), true),
        };
        let sent = timeout(patience, sink.send(message)).await;
        if is_last || !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}
