//! The messages of `graphql-transport-ws`, and the codes that a socket is closed with.

use std::borrow::Cow;

use lectern_kernel::execute::{Answer, to_json};
use serde::Deserialize;
use serde_json::{Value, json};

/// Why a socket is closed: a code and a reason, of 123 bytes at most.
#[derive(Debug, Clone)]
pub(super) struct Close(pub(super) u16, pub(super) Cow<'static, str>);

const fn close(code: u16, reason: &'static str) -> Close {
    Close(code, Cow::Borrowed(reason))
}

pub(super) const GOING_AWAY: Close = close(1001, "Going away");
pub(super) const MISSED: Close = close(1012, "Events may have been missed");
pub(super) const TOO_SLOW: Close = close(1013, "Too slow: events may have been missed");
pub(super) const BAD_MESSAGE: Close = close(4400, "Invalid message");
pub(super) const UNAUTHORIZED: Close = close(4401, "Unauthorized");
pub(super) const FORBIDDEN: Close = close(4403, "Forbidden");
pub(super) const INIT_TIMEOUT: Close = close(4408, "Connection initialisation timeout");
pub(super) const TOO_MANY_INITS: Close = close(4429, "Too many initialisation requests");
pub(super) const TOO_MANY_SOCKETS: Close = close(4429, "Too many sockets");

pub(super) fn already_exists(id: &str) -> Close {
    let short: String = id.chars().filter(|letter| !letter.is_control()).take(20).collect();
    Close(4409, Cow::Owned(format!("Subscriber for {short} already exists")))
}

/// A client's message.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromClient {
    ConnectionInit { payload: Option<Value> },
    Ping { payload: Option<Value> },
    Pong {},
    Subscribe { id: String, payload: Value },
    Complete { id: String },
}

impl FromClient {
    pub(super) fn read(text: &str) -> Option<FromClient> {
        let message: FromClient = serde_json::from_str(text).ok()?;
        let is_sane = match &message {
            FromClient::ConnectionInit { payload } | FromClient::Ping { payload } => payload.as_ref().is_none_or(Value::is_object),
            FromClient::Subscribe { id, payload } => !id.is_empty() && payload.is_object(),
            FromClient::Complete { id } => !id.is_empty(),
            FromClient::Pong {} => true,
        };
        is_sane.then_some(message)
    }
}

pub(super) fn acknowledged() -> String {
    json!({ "type": "connection_ack" }).to_string()
}

pub(super) fn pong(payload: Option<Value>) -> String {
    match payload {
        Some(payload) => json!({ "type": "pong", "payload": payload }),
        None => json!({ "type": "pong" }),
    }
    .to_string()
}

pub(super) fn next(id: &str, answer: &Answer) -> String {
    let payload = String::from_utf8(to_json(&answer.response)).unwrap_or_else(|_| "null".to_owned());
    format!(r#"{{"id":{},"type":"next","payload":{payload}}}"#, json!(id))
}

/// Ends the operation: it was refused.
pub(super) fn error(id: &str, answer: &Answer) -> String {
    json!({ "id": id, "type": "error", "payload": answer.response.errors }).to_string()
}

pub(super) fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}
