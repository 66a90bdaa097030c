//! A server of calendars: one that serves them, and several that mean harm.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[derive(Default)]
struct Said {
    calendar: String,
    version: u32,
    /// How often it was asked, and how often it had nothing new to say.
    asked: usize,
    same: usize,
}

/// The server.
#[derive(Clone)]
pub struct Server {
    pub url: String,
    said: Arc<Mutex<Said>>,
}

impl Server {
    pub async fn start(calendar: String) -> Server {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Server { url, said: Arc::new(Mutex::new(Said { calendar, ..Said::default() })) };
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    /// An address of it.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Says something else from now on.
    pub fn say(&self, calendar: String) {
        let mut said = self.said.lock().unwrap();
        said.calendar = calendar;
        said.version += 1;
    }

    /// How often it was asked, and how often it had nothing new to say.
    pub fn asked(&self) -> (usize, usize) {
        let said = self.said.lock().unwrap();
        (said.asked, said.same)
    }
}

async fn answer(State(server): State<Server>, uri: Uri, headers: HeaderMap) -> Response {
    let (calendar, version) = {
        let mut said = server.said.lock().unwrap();
        said.asked += 1;
        (said.calendar.clone(), format!("\"v{}\"", said.version))
    };
    let path = uri.path().to_owned();
    let drip = |every: Duration, part: &'static [u8]| {
        let parts = stream::unfold((), move |()| async move {
            tokio::time::sleep(every).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(part)), ()))
        });
        Body::from_stream(parts).into_response()
    };
    match path.as_str() {
        "/calendar.ics" => {
            if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == version.as_bytes()) {
                server.said.lock().unwrap().same += 1;
                return StatusCode::NOT_MODIFIED.into_response();
            }
            ([(header::ETAG, version), (header::CONTENT_TYPE, "text/calendar".to_owned())], calendar).into_response()
        }
        "/hang" => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            StatusCode::OK.into_response()
        }
        "/drip" => drip(Duration::from_millis(300), b"BEGIN:VCALENDAR\r\n"),
        "/endless" => drip(Duration::ZERO, &[b'x'; 65_536]),
        "/same" => StatusCode::NOT_MODIFIED.into_response(),
        path if path.starts_with("/status/") => StatusCode::from_u16(path[8..].parse().unwrap()).unwrap().into_response(),
        path if path.starts_with("/to/") => {
            // Addresses stand in the query: `/to/?http://…`.
            let place = uri.query().unwrap_or_default().to_owned();
            (StatusCode::FOUND, [(header::LOCATION, place)]).into_response()
        }
        "/page" => "<html><body>Sign in</body></html>".into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A server that answers each request with these bytes, whatever they are.
pub async fn raw(answer: &'static [u8]) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer).await;
            });
        }
    });
    address
}
