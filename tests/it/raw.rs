//! Requests byte by byte, for what a well-behaved client would never do.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection to the server behind `url`.
pub async fn connect(url: &str) -> TcpStream {
    TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap()
}

/// Sends bytes and reads what comes back until the server has nothing more to say or `patience` is over.
pub async fn exchange(url: &str, bytes: &str, patience: Duration) -> String {
    let mut stream = connect(url).await;
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    let read = async {
        loop {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(length) => answer.extend_from_slice(&buffer[..length]),
            }
            if String::from_utf8_lossy(&answer).ends_with("}]}") {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(patience, read).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A POST of a document, as bytes.
pub fn post(token: &str, body: &serde_json::Value) -> String {
    let body = body.to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
