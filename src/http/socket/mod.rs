//! GraphQL over WebSocket: the protocol `graphql-transport-ws`, at the address of GraphQL over HTTP.

mod message;
mod operation;
mod session;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_graphql_axum::GraphQLProtocol;
use axum::{
    extract::{FromRequestParts as _, ws::WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use lectern_kernel::error::Error;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{AppState, error_response, server::Stopping};

/// The one protocol that is spoken.
const PROTOCOL: &str = "graphql-transport-ws";

/// How sockets behave.
#[derive(Debug, Clone)]
pub struct SocketOptions {
    /// How long a client may take to say who it is.
    pub init_timeout: Duration,
    /// Operations of one socket at once; one more is refused, and the others go on.
    pub operations: usize,
    /// Sockets of one person at once; of one address, where nobody is signed in.
    pub per_person: usize,
    /// How often a client is asked whether it is still there; one that has not answered the time before is gone.
    pub ping_every: Duration,
    /// How often it is asked whether the person is still signed in. With every event that is asked anyway.
    pub recheck_every: Duration,
    /// How long a message may take to leave.
    pub send_timeout: Duration,
}

impl Default for SocketOptions {
    fn default() -> Self {
        SocketOptions {
            init_timeout: Duration::from_secs(3),
            operations: 100,
            per_person: 10,
            ping_every: Duration::from_secs(20),
            recheck_every: Duration::from_secs(30),
            send_timeout: Duration::from_secs(10),
        }
    }
}

/// Sockets whose client has not yet said who it is, at once. Each may hold a message in memory.
const UNKNOWN: usize = 256;
/// Bytes of a message: a document and its variables.
const MESSAGE_SIZE: usize = 256 << 10;

/// The owner of a socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    /// A person, by school and id.
    Person(Uuid, Uuid),
    /// Somebody who is not signed in, by address where that is known.
    Address(Option<String>),
}

/// The sockets that are open.
pub struct Sockets {
    owned: Mutex<HashMap<Owner, usize>>,
    unknown: Arc<Semaphore>,
}

impl Default for Sockets {
    fn default() -> Self {
        Sockets { owned: Mutex::default(), unknown: Arc::new(Semaphore::new(UNKNOWN)) }
    }
}

/// A socket's place among those of its owner.
pub(super) struct Place {
    sockets: Arc<Sockets>,
    owner: Owner,
}

impl Sockets {
    /// A place, where there is one left.
    fn take(self: &Arc<Self>, owner: Owner, limit: usize) -> Option<Place> {
        let mut taken = self.owned.lock().unwrap_or_else(|broken| broken.into_inner());
        let count = taken.entry(owner.clone()).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(Place { sockets: self.clone(), owner })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.sockets.owned.lock().unwrap_or_else(|broken| broken.into_inner());
        if let Some(count) = taken.get_mut(&self.owner) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.owner);
            }
        }
    }
}

/// Whether a request wants to become a socket.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Makes a socket of a request.
pub(super) async fn open(state: AppState, mut parts: Parts, address: Option<String>, correlation_id: &str) -> Response {
    if !is_from_here(&parts.headers, &state.options.cors_origins) {
        let error = Error::forbidden("ORIGIN_NOT_ALLOWED", "Pages of this origin may not open a socket here.");
        return error_response(StatusCode::FORBIDDEN, error, correlation_id);
    }
    let foreign = || {
        let error = Error::bad_request(format!("A socket here speaks the sub-protocol {PROTOCOL}, and none other."));
        error_response(StatusCode::BAD_REQUEST, error, correlation_id)
    };
    gather_offers(&mut parts.headers);
    if GraphQLProtocol::from_request_parts(&mut parts, &()).await.is_err() {
        return foreign();
    }
    let stopping = parts.extensions.get::<Stopping>().map(|stopping| stopping.0.clone()).unwrap_or_default();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.protocols([PROTOCOL]),
        Err(rejection) => {
            let error = Error::bad_request("This is no proper request for a WebSocket.");
            return error_response(rejection.into_response().status(), error, correlation_id);
        }
    };
    // What was offered may be async-graphql's other protocol, which is not spoken here.
    if upgrade.selected_protocol().is_none() {
        return foreign();
    }
    let Ok(unknown) = state.sockets.unknown.clone().try_acquire_owned() else {
        return error_response(StatusCode::SERVICE_UNAVAILABLE, Error::overloaded(1), correlation_id);
    };
    let limit = state.options.body_limit.min(MESSAGE_SIZE);
    let user_agent = super::graphql::user_agent(&parts.headers);
    upgrade
        .max_message_size(limit)
        .max_frame_size(limit)
        .on_upgrade(move |socket| session::run(socket, state, (address, user_agent, unknown), stopping))
}

/// Puts what a client offers into one header: it may be spread over several, of which the extractor reads the first.
fn gather_offers(headers: &mut HeaderMap) {
    let offers: Vec<&str> = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok()).collect();
    if let Ok(offer) = HeaderValue::from_str(&offers.join(",")) {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, offer);
    }
}

/// Browsers send the page's origin. Allowed are no origin, one of this host, and those that may call the API.
fn is_from_here(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_own = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
    is_own || allowed.iter().any(|allowed| allowed == "*" || allowed.trim() == origin)
}
