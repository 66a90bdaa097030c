//! What every request meets before its document is read: correlation, bounds, CORS, compression.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};

use lectern::http::HttpOptions;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{CREATE, Got, JSON, RESPONSE, TYPENAME, ask, post};
use crate::{
    app::{TestApp, Who},
    raw,
};

/// Longer than any answer takes.
const NEVER: Duration = Duration::from_secs(60);

#[tokio::test]
async fn every_answer_carries_a_correlation_id_and_a_sane_one_is_taken_from_the_client() {
    let options = HttpOptions { body_limit: 2000, cors_origins: vec!["https://school.example".into()], ..HttpOptions::default() };
    let app = TestApp::start_with(&[], options).await;
    let client = app.stranger();
    let long = "a".repeat(65);
    for (sent, taken) in [
        ("abc-123", true),
        ("Z", true),
        ("a b", false),
        ("a'; DROP TABLE course", false),
        ("", false),
        (long.as_str(), false),
        ("../..", false),
    ] {
        let got = Got::of(post(&client, JSON, ask("{ nope }")).header("x-correlation-id", sent)).await;
        let id = got.header("x-correlation-id");
        assert_eq!(id == sent, taken, "{sent} {id}");
        assert_eq!(id.len() == 36, !taken, "{id}");
        assert_eq!(got.json()["errors"][0]["extensions"]["correlationId"], id);
    }
    let url = |path: &str| format!("{}{path}", app.url);
    let http = &client.http;
    for (request, status) in [
        (http.get(url("/nowhere")), 404),
        (http.put(url("/graphql")), 405),
        (http.post(url("/healthz")), 405),
        (post(&client, JSON, "x".repeat(3000)), 413),
        (http.post(url("/graphql")).body("x"), 415),
        (post(&client, "text/html", ask(TYPENAME)), 406),
        (post(&client, JSON, "{"), 400),
    ] {
        let got = Got::of(request.header("x-correlation-id", "abc-9")).await;
        assert_eq!((got.status.as_u16(), got.header("x-correlation-id")), (status, "abc-9"));
        assert!(got.refusal().starts_with(&status.to_string()));
    }
    for path in ["/healthz", "/readyz", "/.well-known/jwks.json", "/graphiql", "/"] {
        assert!(!Got::of(http.get(url(path))).await.header("x-correlation-id").is_empty(), "{path}");
    }
    let preflight = http
        .request(Method::OPTIONS, url("/graphql"))
        .header("origin", "https://school.example")
        .header("access-control-request-method", "POST");
    assert!(!Got::of(preflight).await.header("x-correlation-id").is_empty());
    assert_eq!(Got::of(http.get(url("/nowhere"))).await.refusal(), "404 NOT_FOUND");

    // The audit log knows the request by the same name.
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let request = learner.post(CREATE, json!({ "i": { "title": "x" } })).header("x-correlation-id", "audited-7");
    assert_eq!(Got::of(request).await.json()["errors"][0]["extensions"]["correlationId"], "audited-7");
    assert_eq!(app.count("audit_entry where correlation_id = 'audited-7' and outcome = 'REFUSED'").await, 1);
}

#[tokio::test]
async fn bodies_are_bounded_in_size_and_in_time() {
    let options = HttpOptions { body_limit: 10_000, body_timeout: Duration::from_secs(2), ..HttpOptions::default() };
    let app = TestApp::start_with(&[], options).await;
    let client = app.stranger();
    let padded = |size: usize| format!("{}{}", ask(TYPENAME), " ".repeat(size - ask(TYPENAME).len()));
    assert_eq!(Got::of(post(&client, JSON, padded(10_000))).await.status, StatusCode::OK);
    for accept in [JSON, RESPONSE] {
        assert_eq!(Got::of(post(&client, accept, padded(10_001))).await.refusal(), "413 BAD_USER_INPUT");
    }
    // Its size is not known beforehand when it comes in chunks.
    let chunked = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    let answer = raw::exchange(&app.url, &format!("{chunked}{}", chunk.repeat(3)), NEVER).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("\"code\":\"BAD_USER_INPUT\""), "{answer}");

    let slow = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"query\":";
    let started = Instant::now();
    let answer = raw::exchange(&app.url, slow, NEVER).await;
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"code\":\"BAD_USER_INPUT\"") && answer.contains("x-correlation-id"),
        "{answer}"
    );
    assert!(started.elapsed() < HttpOptions::default().body_timeout, "{:?}", started.elapsed());
    assert_eq!(Got::of(post(&client, JSON, ask(TYPENAME))).await.status, StatusCode::OK);
}

/// Sends a head and so many bytes behind it, to the last, before it reads.
async fn send_all_then_read(url: &str, head: &str, size: usize) -> String {
    let mut stream = raw::connect(url).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = vec![b' '; 1 << 16];
    let mut left = size;
    while left > 0 {
        let length = left.min(chunk.len());
        stream.write_all(&chunk[..length]).await.unwrap_or_else(|error| panic!("{left} bytes were not taken: {error}"));
        left -= length;
    }
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&answer).ends_with("}]}") {
        let read = tokio::time::timeout(NEVER, stream.read(&mut buffer)).await.expect("no answer").unwrap();
        assert!(read > 0, "it ends within the answer: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sends_too_much_reads_the_refusal_all_the_same() {
    let app = TestApp::start_with(&[], HttpOptions { body_limit: 10_000, ..HttpOptions::default() }).await;
    let size = 24 << 20;
    let head = |path: &str, more: &str| format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n{more}\r\n");
    for (head, status) in [
        (head("/graphql", "content-type: application/json\r\n"), "413"),
        (head("/graphql", "content-type: text/plain\r\n"), "415"),
        (head("/graphql", "content-type: application/json\r\ncontent-encoding: br\r\n"), "415"),
        (head("/nowhere", ""), "404"),
    ] {
        let answer = send_all_then_read(&app.url, &head, size).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    // The same connection serves on, for all of it was read.
    let http = reqwest::Client::new();
    let big = http.post(format!("{}/graphql", app.url)).header("content-type", JSON).body(vec![b' '; size]);
    assert_eq!(Got::of(big).await.refusal(), "413 BAD_USER_INPUT");
    // One that asks before it sends is told no, and not to go on.
    let asking = head("/graphql", "content-type: application/json\r\nexpect: 100-continue\r\n");
    let answer = raw::exchange(&app.url, &asking, NEVER).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // It is not read for ever.
    let mut endless = raw::connect(&app.url).await;
    endless
        .write_all(head("/graphql", "content-type: application/json\r\n").replace(&size.to_string(), "1000000000").as_bytes())
        .await
        .unwrap();
    let chunk = vec![b' '; 1 << 16];
    let mut taken = 0;
    while endless.write_all(&chunk).await.is_ok() {
        taken += chunk.len();
        assert!(taken < 200 << 20, "it reads and reads");
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_body_may_be_gzip_and_nothing_else() {
    let app = TestApp::start_with(&[], HttpOptions { body_limit: 200_000, ..HttpOptions::default() }).await;
    let client = app.stranger();
    let send = |encoding: &str, body: Vec<u8>| {
        let request = client.http.post(format!("{}/graphql", client.url)).header("content-type", JSON).body(body);
        request.header("content-encoding", encoding)
    };
    for encoding in ["gzip", "GZIP", "x-gzip", "identity, gzip"] {
        let got = Got::of(send(encoding, packed(ask(TYPENAME).as_bytes()))).await;
        assert_eq!(got.json(), json!({ "data": { "__typename": "Query" } }), "{encoding}");
    }
    assert_eq!(Got::of(send("identity", ask(TYPENAME).into())).await.status, StatusCode::OK);
    for encoding in ["br", "deflate", "zstd", "gzip, gzip", "compress, gzip"] {
        let got = Got::of(send(encoding, ask(TYPENAME).into())).await;
        assert_eq!((got.refusal().as_str(), got.header("accept-encoding")), ("415 BAD_USER_INPUT", "gzip"), "{encoding}");
        assert!(got.body.contains(&format!("`{encoding}`")), "{}", got.body);
    }
    // What it says it is, it must be, to its end.
    for body in [ask(TYPENAME).into_bytes(), packed(ask(TYPENAME).as_bytes())[..20].to_vec(), Vec::new()] {
        let got = Got::of(send("gzip", body)).await;
        assert!(got.refusal() == "400 BAD_USER_INPUT" && got.body.contains("gzip"), "{}", got.body);
    }
    // The limit is on what comes out of it; and so much from so little is no honest document.
    let document = |size: usize| {
        let mut state = 1_u32;
        let noise: String = (0..size)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from(b'a' + (state >> 24) as u8 % 26)
            })
            .collect();
        format!("{{\"query\":\"{TYPENAME}\",\"extensions\":{{\"noise\":\"{noise}\"}}}}")
    };
    assert_eq!(Got::of(send("gzip", packed(document(150_000).as_bytes()))).await.status, StatusCode::OK);
    let got = Got::of(send("gzip", packed(document(250_000).as_bytes()))).await;
    assert!(got.refusal() == "413 BAD_USER_INPUT" && got.body.contains("200000 bytes"), "{}", got.body);
    let bomb = packed(format!("{}{}", ask(TYPENAME), " ".repeat(150_000)).as_bytes());
    let got = Got::of(send("gzip", bomb)).await;
    assert!(got.refusal() == "413 BAD_USER_INPUT" && got.body.contains("100 times"), "{}", got.body);
    let bomb = packed(" ".repeat(100 << 20).as_bytes());
    assert_eq!(Got::of(send("gzip", bomb)).await.refusal(), "413 BAD_USER_INPUT");
}

#[tokio::test]
async fn a_request_of_http_1_1_names_its_host() {
    let app = TestApp::start().await;
    for (head, status) in [
        ("GET /healthz HTTP/1.1\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nhost: a.example\r\nhost: b.example\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nhost: a b\r\n", 400),
        ("GET /graphql?query=%7B__typename%7D HTTP/1.1\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nhost: a.example:80\r\n", 200),
        ("GET /healthz HTTP/1.0\r\n", 200),
    ] {
        let answer = raw::exchange(&app.url, &format!("{head}connection: close\r\n\r\n"), NEVER).await;
        assert_eq!(answer.split(' ').nth(1), Some(status.to_string().as_str()), "{head} {answer}");
        assert!(status == 200 || answer.contains("x-correlation-id") && answer.contains("`Host`"), "{answer}");
    }
}

#[tokio::test]
async fn browsers_may_send_and_read_what_the_usual_clients_do() {
    let listed = |got: &Got, name: &str| -> Vec<String> {
        got.header(name).split(',').map(|item| item.trim().to_ascii_lowercase()).filter(|item| !item.is_empty()).collect()
    };
    let ask_for = async |options: HttpOptions| {
        let app = TestApp::start_with(&[], HttpOptions { cors_origins: vec!["https://school.example".into()], ..options }).await;
        let preflight = app.stranger().http.request(Method::OPTIONS, format!("{}/graphql", app.url));
        let preflight = preflight.header("origin", "https://school.example").header("access-control-request-method", "POST");
        let allowed = listed(&Got::of(preflight).await, "access-control-allow-headers");
        let got = Got::of(post(&app.stranger(), JSON, ask(TYPENAME)).header("origin", "https://school.example")).await;
        (allowed, listed(&got, "access-control-expose-headers"))
    };
    let has = |list: &[String], names: &[&str]| names.iter().all(|name| list.iter().any(|item| item == name));
    let own = ["content-type", "content-encoding", "authorization", "accept", "x-correlation-id", "x-lectern-position"];
    let (allowed, exposed) = ask_for(HttpOptions::default()).await;
    assert!(has(&allowed, &own), "{allowed:?}");
    for name in [
        "apollo-require-preflight",
        "apollographql-client-name",
        "apollographql-client-version",
        "x-apollo-operation-name",
        "graphql-require-preflight",
        "x-requested-with",
        "sentry-trace",
        "baggage",
        "traceparent",
        "tracestate",
    ] {
        assert!(has(&allowed, &[name]), "{name}: {allowed:?}");
    }
    assert!(has(&exposed, &["x-correlation-id", "retry-after", "traceresponse", "sentry-trace", "server-timing"]), "{exposed:?}");

    let (allowed, exposed) = ask_for(HttpOptions {
        cors_request_headers: vec!["x-school".parse().unwrap(), "accept".parse().unwrap()],
        cors_response_headers: Vec::new(),
        ..HttpOptions::default()
    })
    .await;
    assert!(has(&allowed, &own) && has(&allowed, &["x-school"]) && !has(&allowed, &["sentry-trace"]) && allowed.len() == 7, "{allowed:?}");
    assert_eq!(exposed, ["x-correlation-id", "retry-after", "accept-encoding", "x-lectern-position"]);
}

#[tokio::test]
async fn browsers_of_the_origins_that_are_named_may_call_and_no_others() {
    let allow = "access-control-allow-origin";
    let preflight = |app: &TestApp, origin: &str| {
        let request = app.stranger().http.request(Method::OPTIONS, format!("{}/graphql", app.url));
        let request = request.header("origin", origin).header("access-control-request-method", "POST");
        request.header("access-control-request-headers", "authorization,content-type,x-correlation-id")
    };
    let origins = vec!["https://school.example".to_owned(), " https://other.example".to_owned()];
    let app = TestApp::start_with(&[], HttpOptions { cors_origins: origins, ..HttpOptions::default() }).await;
    for (origin, allowed) in
        [("https://school.example", true), ("https://other.example", true), ("https://evil.example", false), ("null", false)]
    {
        let expected = if allowed { origin } else { "" };
        let got = Got::of(preflight(&app, origin)).await;
        assert_eq!((got.status, got.header(allow)), (StatusCode::OK, expected), "{origin}");
        let headers = got.header("access-control-allow-headers").to_lowercase();
        assert!(["authorization", "content-type", "x-correlation-id"].iter().all(|name| headers.contains(name)), "{headers}");
        let got = Got::of(post(&app.stranger(), JSON, ask(TYPENAME)).header("origin", origin)).await;
        assert_eq!(got.header(allow), expected);
        assert!(got.header("access-control-expose-headers").contains("x-correlation-id"));
        let vary: Vec<&str> = got.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
        assert!(vary.join(",").contains("origin") && vary.join(",").contains("accept"), "{vary:?}");
        assert_eq!(got.header("access-control-allow-credentials"), "");
    }
    let app = TestApp::start_with(&[], HttpOptions { cors_origins: vec!["*".into()], ..HttpOptions::default() }).await;
    assert_eq!(Got::of(preflight(&app, "https://evil.example")).await.header(allow), "*");
    let app = TestApp::start().await;
    assert_eq!(Got::of(preflight(&app, "https://school.example")).await.header(allow), "");
}

#[tokio::test]
async fn big_answers_are_packed_for_those_who_can_unpack_them() {
    let app = TestApp::start().await;
    let client = app.stranger();
    let introspection = ask(include_str!("../introspection.graphql"));
    let plain = reqwest::Client::builder().no_gzip().build().unwrap();
    let ask = |encoding: &'static str, body: String| {
        let request = plain.post(format!("{}/graphql", app.url)).header("content-type", JSON).body(body);
        if encoding.is_empty() { request } else { request.header("accept-encoding", encoding) }
    };
    let big = ask("", introspection.clone()).send().await.unwrap();
    assert!(big.headers().get("content-encoding").is_none());
    let size = big.bytes().await.unwrap().len();
    for encoding in ["gzip", "br"] {
        let packed = ask(encoding, introspection.clone()).send().await.unwrap();
        assert_eq!(packed.headers()["content-encoding"], encoding);
        assert!(packed.headers().get_all("vary").iter().any(|vary| vary.to_str().unwrap().contains("accept-encoding")));
        assert!(packed.bytes().await.unwrap().len() * 4 < size);
    }
    let small = ask("gzip", json!({ "query": TYPENAME }).to_string()).send().await.unwrap();
    assert!(small.headers().get("content-encoding").is_none());
    // And a client that unpacks sees the same.
    assert_eq!(Got::of(post(&client, JSON, introspection)).await.body.len(), size);
}
