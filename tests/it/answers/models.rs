//! A server that speaks the protocol of OpenAI, well and badly: whatever a test tells it to.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::sleep,
};

/// What is answered to one request.
#[derive(Debug, Clone)]
pub enum Say {
    /// A stream, step by step.
    Stream(Vec<Step>),
    /// A status with headers and a body.
    Status(u16, &'static str, String),
    /// The connection is closed without an answer.
    Nothing,
}

/// A step of a stream.
#[derive(Debug, Clone)]
pub enum Step {
    /// These bytes.
    Raw(Vec<u8>),
    Wait(Duration),
    /// Nothing more, until the test lets it go on.
    Gate(Arc<Notify>),
    /// Nothing more, until the client goes.
    Hang,
    /// The connection is closed as it is.
    Close,
}

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub authorization: Option<String>,
    pub traceparent: Option<String>,
    pub body: Value,
}

/// The server.
#[derive(Clone)]
pub struct Models {
    pub port: u16,
    script: Arc<Mutex<VecDeque<Say>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Clients that went while they were being answered.
    left: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
}

/// A line with a piece of text.
pub fn piece(text: &str) -> Step {
    line(json!({ "choices": [{ "index": 0, "delta": { "content": text } }] }))
}

/// A line.
pub fn line(value: Value) -> Step {
    Step::Raw(format!("data: {value}\n\n").into_bytes())
}

pub fn raw(text: &str) -> Step {
    Step::Raw(text.as_bytes().to_vec())
}

/// The end of an answer.
pub fn end(reason: &str) -> Vec<Step> {
    vec![
        line(json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] })),
        line(json!({ "choices": [], "usage": { "prompt_tokens": 100, "completion_tokens": 7 } })),
        raw("data: [DONE]\n\n"),
    ]
}

/// A whole answer in these pieces.
pub fn text(pieces: &[&str]) -> Say {
    Say::Stream(pieces.iter().map(|text| piece(text)).chain(end("stop")).collect())
}

/// Calls of tools: `(name, arguments)`.
pub fn calls(wanted: &[(&str, Value)]) -> Say {
    let calls: Vec<Value> = wanted
        .iter()
        .enumerate()
        .map(|(at, (name, arguments))| {
            json!({ "index": at, "id": format!("call_{at}"), "type": "function", "function": { "name": name, "arguments": arguments.to_string() } })
        })
        .collect();
    let mut steps = vec![line(json!({ "choices": [{ "index": 0, "delta": { "tool_calls": calls } }] }))];
    steps.extend(end("tool_calls"));
    Say::Stream(steps)
}

impl Models {
    pub async fn start() -> Models {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let models = Models {
            port: listener.local_addr().unwrap().port(),
            script: Arc::default(),
            asked: Arc::default(),
            left: Arc::default(),
            open: Arc::default(),
        };
        let serving = models.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let models = serving.clone();
                tokio::spawn(async move {
                    models.open.fetch_add(1, Ordering::SeqCst);
                    models.serve(stream).await;
                    models.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        models
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// Answers this to the next requests, one each; then `Hello`.
    pub fn say(&self, says: impl IntoIterator<Item = Say>) {
        self.script.lock().unwrap().extend(says);
    }

    /// All that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// What was asked last of a model.
    pub fn last(&self) -> Value {
        self.asked().pop().expect("nothing was asked").body
    }

    /// How many clients have gone while they were being answered.
    pub fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }

    /// How many are being answered.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    async fn serve(&self, mut stream: TcpStream) {
        let Some(asked) = read(&mut stream).await else { return };
        let is_chat = asked.path.ends_with("/chat/completions");
        self.asked.lock().unwrap().push(asked);
        let say = self.script.lock().unwrap().pop_front();
        let say = say.unwrap_or_else(|| {
            if is_chat { text(&["Hello"]) } else { Say::Status(200, "", json!({ "results": [{ "flagged": false }] }).to_string()) }
        });
        match say {
            Say::Nothing => {}
            Say::Status(status, headers, body) => {
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
            Say::Stream(steps) => {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
                if stream.write_all(head.as_bytes()).await.is_err() {
                    return;
                }
                for step in steps {
                    match step {
                        Step::Raw(bytes) => {
                            let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes, b"\r\n"].concat();
                            if stream.write_all(&chunk).await.is_err() || stream.flush().await.is_err() {
                                self.left.fetch_add(1, Ordering::SeqCst);
                                return;
                            }
                        }
                        Step::Wait(time) => sleep(time).await,
                        Step::Gate(gate) => gate.notified().await,
                        Step::Hang => {
                            let mut gone = [0; 1];
                            let _ = stream.read(&mut gone).await;
                            self.left.fetch_add(1, Ordering::SeqCst);
                            return;
                        }
                        Step::Close => return,
                    }
                }
                let _ = stream.write_all(b"0\r\n\r\n").await;
            }
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut held = Vec::new();
    let mut part = [0; 65536];
    let (head, begin) = loop {
        let length = stream.read(&mut part).await.ok().filter(|length| *length > 0)?;
        held.extend_from_slice(&part[..length]);
        if let Some(at) = held.windows(4).position(|four| four == b"\r\n\r\n") {
            break (String::from_utf8_lossy(&held[..at]).into_owned(), at + 4);
        }
    };
    let header = |name: &str| {
        head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while held.len() < begin + length {
        let more = stream.read(&mut part).await.ok().filter(|length| *length > 0)?;
        held.extend_from_slice(&part[..more]);
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    Some(Asked {
        path,
        authorization: header("authorization"),
        traceparent: header("traceparent"),
        body: serde_json::from_slice(&held[begin..begin + length]).unwrap_or(Value::Null),
    })
}
