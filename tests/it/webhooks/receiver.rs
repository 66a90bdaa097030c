//! A server that webhooks are sent to: it answers as its path says, and remembers what came.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;

/// Something that came.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

#[derive(Default)]
struct Heard {
    received: Vec<Received>,
    /// How many are being answered now, and how many were at most.
    now: usize,
    most: usize,
    /// What `/status` answers.
    status: u16,
}

/// The server.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    heard: Arc<Mutex<Heard>>,
}

impl Receiver {
    pub async fn start() -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let receiver = Receiver { url, heard: Arc::new(Mutex::new(Heard { status: 200, ..Heard::default() })) };
        let router = Router::new().fallback(answer).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    /// An address of it.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub fn received(&self) -> Vec<Received> {
        self.heard.lock().unwrap().received.clone()
    }

    /// What came to a path.
    pub fn at_path(&self, path: &str) -> Vec<Received> {
        self.received().into_iter().filter(|received| received.path == path).collect()
    }

    /// How many were answered at the same time, at most.
    pub fn most(&self) -> usize {
        self.heard.lock().unwrap().most
    }

    /// Lets `/status` answer this.
    pub fn answer(&self, status: u16) {
        self.heard.lock().unwrap().status = status;
    }
}

async fn answer(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    let received = Received { path: uri.path().to_owned(), headers: headers.collect(), body: String::from_utf8_lossy(&body).into_owned() };
    let status = {
        let mut heard = receiver.heard.lock().unwrap();
        heard.received.push(received);
        heard.now += 1;
        heard.most = heard.most.max(heard.now);
        StatusCode::from_u16(heard.status).unwrap()
    };
    let answer = match uri.path() {
        "/hang" => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            StatusCode::OK.into_response()
        }
        // Its head comes at once, its body never ends.
        "/drip" => {
            let drops = stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(200)).await;
                Some((Ok::<_, std::io::Error>(Bytes::from_static(b".")), ()))
            });
            Body::from_stream(drops).into_response()
        }
        "/redirect" => (StatusCode::TEMPORARY_REDIRECT, [("location", receiver.at("/elsewhere"))]).into_response(),
        "/later" => (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "7200")]).into_response(),
        // More than any number holds.
        "/much-later" => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "99999999999999999999")]).into_response(),
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(100)).await;
            status.into_response()
        }
        _ => status.into_response(),
    };
    receiver.heard.lock().unwrap().now -= 1;
    answer
}
