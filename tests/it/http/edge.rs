//! What every request meets before its document is read: correlation, bounds, CORS, compression.

use std::time::{Duration, Instant};

use lectern::http::HttpOptions;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{CREATE, Got, JSON, RESPONSE, TYPENAME, ask, post};
use crate::{
    app::{TestApp, Who},
    raw,
};

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
    let options = HttpOptions { body_limit: 10_000, body_timeout: Duration::from_millis(150), ..HttpOptions::default() };
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
    let answer = raw::exchange(&app.url, &format!("{chunked}{}", chunk.repeat(3)), Duration::from_secs(5)).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("\"code\":\"BAD_USER_INPUT\""), "{answer}");

    let slow = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"query\":";
    let started = Instant::now();
    let answer = raw::exchange(&app.url, slow, Duration::from_secs(5)).await;
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"code\":\"BAD_USER_INPUT\"") && answer.contains("x-correlation-id"),
        "{answer}"
    );
    assert!(started.elapsed() < Duration::from_secs(4));
    assert_eq!(Got::of(post(&client, JSON, ask(TYPENAME))).await.status, StatusCode::OK);
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
