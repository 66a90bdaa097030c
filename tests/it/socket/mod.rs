//! GraphQL over WebSocket: the protocol exactly, and events that reach only those who may see them.

mod events;
mod protocol;
mod slow;

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::HeaderValue},
};

pub use self::events::listening;
use crate::app::Client;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
const CHANGED: &str = "subscription { bookingChanged { id status student { id } } }";

/// A client that speaks whatever it is told to.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Asks for a socket; the status where it is refused.
    async fn ask(url: &str, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        let mut request = format!("{}/graphql", url.replacen("http", "ws", 1)).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// One that speaks the protocol.
    async fn open(url: &str) -> Socket {
        let Ok(socket) = Socket::ask(url, &[("sec-websocket-protocol", "graphql-transport-ws")]).await else { panic!("no socket") };
        socket
    }

    /// The code by which one is closed that this person may not have.
    pub async fn refused(client: &Client) -> u16 {
        let mut socket = Socket::open(&client.url).await;
        socket.say(init(client)).await;
        socket.closed().await
    }

    /// One that is acknowledged, as this person.
    pub async fn of(client: &Client) -> Socket {
        let mut socket = Socket::open(&client.url).await;
        socket.say(init(client)).await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }

    async fn say(&mut self, message: Value) {
        self.send(message.to_string()).await;
    }

    async fn send(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).await.unwrap();
    }

    /// Begins an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    /// Begins a subscription, and answers what was said before it was known to have begun.
    pub async fn begin(&mut self, id: &str, query: &str) -> Vec<Value> {
        self.subscribe(id, query).await;
        self.say(json!({ "type": "ping" })).await;
        let mut early = Vec::new();
        loop {
            let message = self.hear().await;
            if message["type"] == "pong" {
                return early;
            }
            early.push(message);
        }
    }

    /// What is said until this operation has answered: nothing else has come before it.
    pub async fn until_answered(&mut self) -> Vec<Value> {
        self.subscribe("last", "{ __typename }").await;
        let mut said = Vec::new();
        loop {
            let message = self.hear().await;
            if message["id"] == "last" && message["type"] != "next" {
                return said;
            }
            said.push(message);
        }
    }

    /// The next message; the close code where there is none.
    async fn next(&mut self) -> Result<Value, u16> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("nothing came").expect("no close frame").unwrap();
            match message {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(frame) => return Err(frame.unwrap().code.into()),
                _ => {}
            }
        }
    }

    pub async fn hear(&mut self) -> Value {
        self.next().await.unwrap_or_else(|code| panic!("closed with {code}"))
    }

    async fn closed(&mut self) -> u16 {
        match self.next().await {
            Err(code) => code,
            Ok(message) => panic!("not closed: {message}"),
        }
    }
}

fn init(client: &Client) -> Value {
    match &client.token {
        Some(token) => json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {token}") } }),
        None => json!({ "type": "connection_init" }),
    }
}
