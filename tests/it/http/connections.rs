//! Connections that are slow, too many or half-open: each is closed in time, and delays no other.

use std::time::{Duration, Instant};

use axum::{Router, body::Body, extract::Request, http::StatusCode, response::Response, routing::get};
use lectern::http::{HttpOptions, ServerOptions, Stopping, router, serve};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::TYPENAME;
use crate::{app::TestApp, raw};

const SHORT: Duration = Duration::from_millis(300);
/// Longer than anything here takes on a machine that does other things, too.
const LONG: Duration = Duration::from_secs(20);
const GET: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

struct Server {
    url: String,
    stop: CancellationToken,
    ended: JoinHandle<()>,
}

async fn start(router: Router, options: ServerOptions) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    Server { url, ended: tokio::spawn(serve(listener, router, options, stop.clone())), stop }
}

fn patient() -> ServerOptions {
    ServerOptions { header_timeout: LONG, idle_timeout: LONG, crowded_timeout: LONG, stall_timeout: LONG, ..ServerOptions::default() }
}

fn healthy() -> Router {
    Router::new().route("/healthz", get(|| async { "ok\n" }))
}

/// Everything until the server closes; panics where it does not.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let read = async {
        while let Ok(length @ 1..) = stream.read(&mut buffer).await {
            bytes.extend_from_slice(&buffer[..length]);
        }
    };
    tokio::time::timeout(LONG, read).await.expect("the server did not close the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One answer on a connection that stays open.
async fn answer(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.ends_with(end) {
        let length = tokio::time::timeout(LONG, stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(length > 0, "closed after {text:?}");
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    text
}

#[tokio::test]
async fn whoever_says_nothing_or_says_it_too_slowly_is_closed() {
    let server = start(healthy(), ServerOptions { header_timeout: SHORT, ..patient() }).await;
    for said in ["", "P", "PRI * HTTP/2.0\r\n", "GET /healthz HTTP/1.1\r\n", "GET /healthz HTTP/1.1\r\nhost: x\r\ncookie: aaaa"] {
        let began = Instant::now();
        let mut stream = raw::connect(&server.url).await;
        stream.write_all(said.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{said:?} {answer}");
        assert!(began.elapsed() >= SHORT / 2, "{said:?}");
    }
    // One byte at a time is no way around it.
    let mut stream = raw::connect(&server.url).await;
    let (mut reader, mut writer) = stream.split();
    let drip = async {
        for byte in GET.replace("\r\n\r\n", &format!("\r\nx: {}", "a".repeat(10_000))).bytes() {
            if writer.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(SHORT / 20).await;
        }
    };
    let mut heard = String::new();
    tokio::select! {
        () = drip => panic!("it was listened to until the end"),
        _ = reader.read_to_string(&mut heard) => {}
        () = tokio::time::sleep(LONG) => panic!("not closed"),
    }
    assert!(!heard.contains(" 200 "), "{heard}");

    // Between requests the limit is another one.
    let server = start(healthy(), ServerOptions { idle_timeout: SHORT, ..patient() }).await;
    let mut stream = raw::connect(&server.url).await;
    for _ in 0..2 {
        stream.write_all(GET.as_bytes()).await.unwrap();
        assert!(answer(&mut stream, "ok\n").await.starts_with("HTTP/1.1 200"));
    }
    assert_eq!(rest(&mut stream).await, "", "idle, it is closed without a word");
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_given_up() {
    let large = Router::new().route("/large", get(|| async { "x".repeat(64 << 20) })).merge(healthy());
    let server = start(large, ServerOptions { connections: 1, stall_timeout: SHORT, idle_timeout: SHORT, ..patient() }).await;
    let mut stream = raw::connect(&server.url).await;
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 1);
    // Its place is free again although it is still there.
    let began = Instant::now();
    while !raw::exchange(&server.url, &GET.replace("host", "connection: close\r\nhost"), LONG).await.starts_with("HTTP/1.1 200") {
        assert!(began.elapsed() < LONG, "never given up");
    }
    drop(stream);
}

#[tokio::test]
async fn a_connection_too_many_is_told_so_at_once() {
    let server = start(healthy(), ServerOptions { connections: 2, ..patient() }).await;
    let mut kept = [raw::connect(&server.url).await, raw::connect(&server.url).await];
    for stream in &mut kept {
        stream.write_all(GET.as_bytes()).await.unwrap();
        assert!(answer(stream, "ok\n").await.starts_with("HTTP/1.1 200"));
    }
    for request in ["", GET, "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n{"] {
        let mut stream = raw::connect(&server.url).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let said = answer(&mut stream, "}]}").await;
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1\r\n") && head.contains("connection: close"),
            "{head}"
        );
        let body: Value = serde_json::from_str(body).unwrap();
        let extensions = &body["errors"][0]["extensions"];
        assert_eq!((&extensions["code"], &extensions["retryAfter"]), (&json!("UNAVAILABLE"), &json!(1)), "{body}");
        assert!(head.contains(extensions["correlationId"].as_str().unwrap()), "{head}");
    }
    // Those that were there before are served on, and a place that is given up is given to the next.
    let [first, second] = &mut kept;
    first.write_all(GET.as_bytes()).await.unwrap();
    assert!(answer(first, "ok\n").await.starts_with("HTTP/1.1 200"));
    second.shutdown().await.unwrap();
    rest(second).await;
    let began = Instant::now();
    while !raw::exchange(&server.url, &GET.replace("host", "connection: close\r\nhost"), LONG).await.starts_with("HTTP/1.1 200") {
        assert!(began.elapsed() < LONG, "the place was not given back");
    }
    // Hundreds of them at once harm nobody.
    let crowd = futures(300, async || raw::connect(&server.url).await).await;
    first.write_all(GET.as_bytes()).await.unwrap();
    assert!(answer(first, "ok\n").await.starts_with("HTTP/1.1 200"));
    drop(crowd);
}

async fn futures<T>(count: usize, make: impl AsyncFn() -> T) -> Vec<T> {
    let mut made = Vec::new();
    for _ in 0..count {
        made.push(make().await);
    }
    made
}

#[tokio::test]
async fn where_connections_run_short_those_that_do_nothing_make_room() {
    let server = start(healthy(), ServerOptions { connections: 8, crowded_timeout: SHORT, ..patient() }).await;
    let mut idle = raw::connect(&server.url).await;
    idle.write_all(GET.as_bytes()).await.unwrap();
    answer(&mut idle, "ok\n").await;
    let mut crowd = futures(7, async || raw::connect(&server.url).await).await;
    crowd[0].write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
    let began = Instant::now();
    while !raw::exchange(&server.url, &GET.replace("host", "connection: close\r\nhost"), LONG).await.starts_with("HTTP/1.1 200") {
        assert!(began.elapsed() < LONG, "nobody made room");
    }
    rest(&mut crowd[0]).await;
    drop(crowd);
}

#[tokio::test]
async fn an_upgraded_connection_keeps_its_place_and_its_time_is_its_own() {
    async fn upgrade(mut request: Request) -> Response {
        let stopping = request.extensions().get::<Stopping>().unwrap().0.clone();
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut io = hyper_util::rt::TokioIo::new(upgrade.await.unwrap());
            let mut buffer = [0; 64];
            loop {
                tokio::select! {
                    () = stopping.cancelled() => return io.write_all(b"bye").await.unwrap(),
                    read = io.read(&mut buffer) => match read.unwrap() {
                        0 => return,
                        length => io.write_all(&buffer[..length]).await.unwrap(),
                    },
                }
            }
        });
        let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
        response.header("connection", "upgrade").header("upgrade", "echo").body(Body::empty()).unwrap()
    }
    let options = ServerOptions { connections: 1, idle_timeout: SHORT, header_timeout: SHORT, stall_timeout: SHORT, ..patient() };
    let server = start(Router::new().route("/echo", get(upgrade)), options).await;
    let mut stream = raw::connect(&server.url).await;
    stream.write_all(b"GET /echo HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n").await.unwrap();
    assert!(answer(&mut stream, "\r\n\r\n").await.starts_with("HTTP/1.1 101 "));
    assert!(raw::exchange(&server.url, GET, LONG).await.starts_with("HTTP/1.1 503 "), "it counts as a connection");
    tokio::time::sleep(SHORT * 3).await; // longer than any limit of a connection that is not upgraded
    stream.write_all(b"hello").await.unwrap();
    assert_eq!(answer(&mut stream, "hello").await, "hello");
    assert!(raw::exchange(&server.url, GET, LONG).await.starts_with("HTTP/1.1 503 "), "and goes on to count");
    server.stop.cancel();
    assert_eq!(rest(&mut stream).await, "bye");
    server.ended.await.unwrap();
}

#[tokio::test]
async fn the_end_waits_for_requests_and_for_nothing_else() {
    let (begun, wait) = (CancellationToken::new(), CancellationToken::new());
    let slow = Router::new().route("/slow", {
        let (begun, wait) = (begun.clone(), wait.clone());
        get(async move || {
            begun.cancel();
            wait.cancelled().await;
            "done\n"
        })
    });
    let server = start(slow.merge(healthy()), patient()).await;
    let mut busy = raw::connect(&server.url).await;
    busy.write_all(GET.replace("healthz", "slow").as_bytes()).await.unwrap();
    begun.cancelled().await;
    let mut idle = raw::connect(&server.url).await;
    idle.write_all(GET.as_bytes()).await.unwrap();
    answer(&mut idle, "ok\n").await;
    let mut silent = raw::connect(&server.url).await;
    let mut halfway = raw::connect(&server.url).await;
    halfway.write_all(b"GET /healthz HTTP/1.1\r\nhost").await.unwrap();

    server.stop.cancel();
    for stream in [&mut idle, &mut silent, &mut halfway] {
        assert!(!rest(stream).await.contains(" 200 "));
    }
    assert!(!server.ended.is_finished(), "one request is under way");
    wait.cancel();
    let answer = rest(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close") && answer.ends_with("done\n"), "{answer}");
    server.ended.await.unwrap();
    assert!(TcpStream::connect(server.url.trim_start_matches("http://")).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn http_2_has_limits_of_its_own() {
    let server = start(healthy(), ServerOptions { header_timeout: SHORT, streams: 7, ..patient() }).await;
    let mut stream = raw::connect(&server.url).await;
    // The preface and empty SETTINGS.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).await.unwrap();
    let length = usize::from(frame[2]) | usize::from(frame[1]) << 8;
    assert_eq!(frame[3], 4, "SETTINGS come first");
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.unwrap();
    let setting = |id: u8| payload.chunks(6).find(|entry| entry[1] == id).map(|entry| u32::from_be_bytes(entry[2..].try_into().unwrap()));
    assert_eq!((setting(3), setting(6)), (Some(7), Some(65536)), "concurrent streams, size of headers");
    rest(&mut stream).await; // closed, as it asks nothing
}

#[tokio::test]
async fn all_bodies_together_have_their_limit_in_memory() {
    let app = TestApp::start().await;
    let options = HttpOptions { body_room: 10_000, ..HttpOptions::default() };
    let server = start(router(app.engine.clone(), options), patient()).await;
    let head = |length: usize| {
        format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let document = json!({ "query": TYPENAME }).to_string();
    let padded = |length: usize| format!("{document}{}", " ".repeat(length - document.len()));
    assert!(raw::exchange(&server.url, &format!("{}{}", head(9_000), padded(9_000)), LONG).await.starts_with("HTTP/1.1 200 "));

    let mut greedy = raw::connect(&server.url).await;
    greedy.write_all(format!("{}{}", head(9_990), &padded(9_990)[..9_980]).as_bytes()).await.unwrap();
    let began = Instant::now();
    loop {
        let answer = raw::exchange(&server.url, &format!("{}{document}", head(document.len())), LONG).await;
        if answer.starts_with("HTTP/1.1 503 ") {
            assert!(answer.contains("\r\nretry-after: 1\r\n") && answer.contains("\"code\":\"UNAVAILABLE\""), "{answer}");
            break;
        }
        assert!(began.elapsed() < LONG, "{answer}");
    }
    greedy.write_all(&[b' '; 10]).await.unwrap();
    assert!(rest(&mut greedy).await.starts_with("HTTP/1.1 200 "));
    let answer = raw::exchange(&server.url, &format!("{}{document}", head(document.len())), LONG).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    // One that breaks off is no request at all, and leaves nothing behind.
    let mut broken = raw::connect(&server.url).await;
    broken.write_all(format!("{}{{", head(9_000)).as_bytes()).await.unwrap();
    broken.shutdown().await.unwrap();
    assert!(!rest(&mut broken).await.contains(" 200 "));
}
