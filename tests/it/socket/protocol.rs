//! The protocol: what is said, and with which code a socket is closed.

use std::time::Duration;

use futures_util::SinkExt as _;
use lectern::http::{self, HttpOptions, ServerOptions, SocketOptions};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use super::{CHANGED, Socket, init};
use crate::app::{TestApp, Who, refusal};

const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

#[tokio::test]
async fn whoever_breaks_the_protocol_is_closed_with_its_code() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for nonsense in
        ["", "{", "[]", "{}", r#"{"type":"hello"}"#, r#"{"type":"subscribe","id":"1"}"#, r#"{"type":"connection_init","payload":1}"#]
    {
        let mut socket = Socket::open(&app.url).await;
        socket.send(nonsense).await;
        assert_eq!(socket.closed().await, 4400, "{nonsense}");
    }
    let mut socket = Socket::open(&app.url).await;
    socket.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(socket.closed().await, 4400, "binary");

    let mut socket = Socket::of(&admin).await;
    socket.say(json!({ "id": "", "type": "subscribe", "payload": { "query": "{ __typename }" } })).await;
    assert_eq!(socket.closed().await, 4400, "an operation without an id");

    let mut socket = Socket::of(&admin).await;
    socket.say(json!({ "id": "1", "type": "subscribe", "payload": { "query": 1, "variables": [] } })).await;
    assert_eq!(refusal(&socket.hear().await["payload"][0]), "BAD_USER_INPUT @query");

    let mut socket = Socket::open(&app.url).await;
    socket.subscribe("1", "{ __typename }").await;
    assert_eq!(socket.closed().await, 4401, "before it is acknowledged");

    let mut socket = Socket::of(&admin).await;
    socket.say(init(&admin)).await;
    assert_eq!(socket.closed().await, 4429, "acknowledged twice");

    let mut socket = Socket::of(&admin).await;
    socket.subscribe("one", CHANGED).await;
    socket.subscribe("one", CHANGED).await;
    assert_eq!(socket.closed().await, 4409, "an id that is in use");

    for payload in [json!({ "Authorization": "Bearer nonsense" }), json!({ "authorization": 1 }), json!({ "Authorization": "Basic x" })] {
        let mut socket = Socket::open(&app.url).await;
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.closed().await, 4403, "a token that is none");
    }
}

#[tokio::test]
async fn those_who_have_not_said_who_they_are_are_bounded() {
    let sockets = SocketOptions { init_timeout: Duration::from_secs(60), ..SocketOptions::default() };
    let app = TestApp::start_with(&[], HttpOptions { sockets, ..HttpOptions::default() }).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut silent = Vec::new();
    for _ in 0..256 {
        silent.push(Socket::open(&app.url).await);
    }
    assert_eq!(Socket::ask(&app.url, &[PROTOCOL]).await.err(), Some(503));
    // One that says who it is makes room for another.
    silent[0].say(init(&admin)).await;
    silent[0].hear().await;
    assert!(Socket::ask(&app.url, &[PROTOCOL]).await.is_ok());
}

#[tokio::test]
async fn whoever_says_nothing_is_closed_with_4408() {
    let sockets = SocketOptions { init_timeout: Duration::from_millis(100), ..SocketOptions::default() };
    let app = TestApp::start_with(&[], HttpOptions { sockets, ..HttpOptions::default() }).await;
    assert_eq!(Socket::open(&app.url).await.closed().await, 4408);
}

#[tokio::test]
async fn a_socket_is_for_its_protocol_and_for_pages_that_may() {
    let options = HttpOptions { cors_origins: vec!["https://school.example".to_owned()], ..HttpOptions::default() };
    let app = TestApp::start_with(&[], options).await;
    assert_eq!(Socket::ask(&app.url, &[]).await.err(), Some(400), "no sub-protocol");
    for (offers, status) in [
        (&["graphql-ws"][..], 400),
        (&["soap"], 400),
        (&["GraphQL-Transport-WS"], 400),
        (&["graphql-ws, graphql-transport-ws"], 101),
        (&["soap,graphql-transport-ws ,graphql-ws"], 101),
        (&["soap", "graphql-ws", "graphql-transport-ws"], 101),
    ] {
        let http = app.stranger().http.get(format!("{}/graphql", app.url));
        let asked = http.header("connection", "upgrade").header("upgrade", "websocket").header("sec-websocket-version", "13");
        let asked = asked.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let answer = offers.iter().fold(asked, |asked, offer| asked.header(PROTOCOL.0, *offer)).send().await.unwrap();
        assert_eq!(answer.status(), status, "{offers:?}");
        let spoken = answer.headers().get(PROTOCOL.0).map(|spoken| spoken.to_str().unwrap());
        assert_eq!(spoken, (status == 101).then_some(PROTOCOL.1), "{offers:?}");
    }
    for (origin, refused) in [
        ("https://evil.example", Some(403)),
        ("null", Some(403)),
        ("https://school.example.evil.example", Some(403)),
        ("https://school.example", None),
        (&*app.url, None),
    ] {
        assert_eq!(Socket::ask(&app.url, &[PROTOCOL, ("origin", origin)]).await.err(), refused, "{origin}");
    }
}

#[tokio::test]
async fn queries_and_mutations_are_answered_as_over_http() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut socket = Socket::of(&admin).await;
    socket.say(json!({ "type": "ping", "payload": { "a": 1 } })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong", "payload": { "a": 1 } }));

    // The same id again and again: it is free as soon as the operation is over.
    for _ in 0..20 {
        socket.subscribe("1", "{ viewer { user { id } } }").await;
        let answer = socket.hear().await;
        assert_eq!(answer["payload"]["data"]["viewer"]["user"]["id"], *admin.user_id, "{answer}");
        assert_eq!(socket.hear().await, json!({ "id": "1", "type": "complete" }));
    }
    socket.subscribe("2", "mutation { createCourse(input: { title: \"By socket\" }) { title } }").await;
    assert_eq!(socket.hear().await["payload"]["data"]["createCourse"]["title"], "By socket");
    assert_eq!(socket.hear().await["type"], "complete");
    assert_eq!(app.count("course where title = 'By socket'").await, 1);

    // A document that is refused before it runs.
    socket.subscribe("3", "{ nothing }").await;
    let refused = socket.hear().await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("3")), "{refused}");
    assert_eq!(refused["payload"][0]["extensions"]["code"], "BAD_USER_INPUT");
    for (query, code) in [
        ("subscription { bookingChanged { nothing } }", "BAD_USER_INPUT"),
        ("subscription { a: bookingChanged { id } b: bookingChanged { id } }", "BAD_USER_INPUT"),
        ("subscription { __typename }", "BAD_USER_INPUT"),
    ] {
        socket.subscribe("4", query).await;
        let refused = socket.hear().await;
        assert_eq!((&refused["type"], &refused["payload"][0]["extensions"]["code"]), (&json!("error"), &json!(code)), "{query}: {refused}");
    }

    // Somebody who is not signed in may ask what anybody may, and listen to nothing.
    let mut stranger = Socket::of(&app.stranger()).await;
    stranger.subscribe("1", "{ publicTenants(first: 1) { nodes { slug } } }").await;
    assert!(stranger.hear().await["payload"]["data"]["publicTenants"]["nodes"][0]["slug"].is_string());
    assert_eq!(stranger.hear().await["type"], "complete");
    stranger.subscribe("2", CHANGED).await;
    assert_eq!(refusal(&stranger.hear().await["payload"][0]), "UNAUTHENTICATED");

    // And a subscription is for sockets.
    assert_eq!(admin.refused(CHANGED, json!({})).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_client_that_says_goodbye_is_answered() {
    let app = TestApp::start().await;
    let mut socket = Socket::of(&app.stranger()).await;
    socket.0.close(None).await.unwrap();
    while let Some(message) = tokio::time::timeout(super::PATIENCE, futures_util::StreamExt::next(&mut socket.0)).await.unwrap() {
        assert!(message.unwrap().is_close(), "the connection must end by a close, and not break");
    }
}

#[tokio::test]
async fn sockets_and_their_operations_are_bounded() {
    let sockets = SocketOptions { operations: 3, per_person: 2, ..SocketOptions::default() };
    let app = TestApp::start_with(&[], HttpOptions { sockets, body_limit: 2000, ..HttpOptions::default() }).await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let mut first = Socket::of(&admin).await;
    let second = Socket::of(&admin).await;
    let mut third = Socket::open(&app.url).await;
    third.say(init(&admin)).await;
    assert_eq!(third.closed().await, 4429, "a third socket of one person");
    Socket::of(&learner).await;
    // Of those who are not signed in, an address is like a person.
    let (_one, _two) = (Socket::of(&app.stranger()).await, Socket::of(&app.stranger()).await);
    let mut stranger = Socket::open(&app.url).await;
    stranger.say(init(&app.stranger())).await;
    assert_eq!(stranger.closed().await, 4429, "a third socket of one address");
    // Once one of them is gone there is room again.
    drop(second);
    loop {
        let mut another = Socket::open(&app.url).await;
        another.say(init(&admin)).await;
        if another.next().await.is_ok() {
            break;
        }
    }
    for id in ["1", "2", "3", "4"] {
        first.subscribe(id, CHANGED).await;
    }
    let refused = first.hear().await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("4")), "a fourth operation: {refused}");
    assert_eq!(refusal(&refused["payload"][0]), "LIMIT_REACHED SOCKET_OPERATIONS");
    assert_eq!(refused["payload"][0]["extensions"]["limit"], 3);
    assert!(refused["payload"][0]["message"].as_str().unwrap().contains("3 operations"), "{refused}");
    // An id that is in use is still worse; and once one is over there is room for another.
    first.say(json!({ "id": "1", "type": "complete" })).await;
    first.subscribe("4", "{ viewer { user { id } } }").await;
    assert_eq!(first.hear().await["payload"]["data"]["viewer"]["user"]["id"], *admin.user_id);
    assert_eq!(first.hear().await, json!({ "id": "4", "type": "complete" }));
    first.subscribe("4", CHANGED).await;
    first.subscribe("3", CHANGED).await;
    assert_eq!(first.closed().await, 4409, "an id that is in use");

    let mut socket = Socket::of(&learner).await;
    socket.send("x".repeat(3000)).await;
    assert!(!matches!(
        tokio::time::timeout(super::PATIENCE, futures_util::StreamExt::next(&mut socket.0)).await.unwrap(),
        Some(Ok(Message::Text(_)))
    ));
}

#[tokio::test]
async fn one_operation_too_many_is_refused_and_the_others_go_on() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let mut socket = Socket::of(&admin).await;
    for n in 0..103 {
        socket.subscribe(&n.to_string(), CHANGED).await;
    }
    for n in 100..103 {
        let refused = socket.hear().await;
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!(n.to_string())), "{refused}");
        assert_eq!(refused["payload"][0]["extensions"]["limit"], 100, "{refused}");
    }
    // All hundred of them hear.
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong" }));
    super::events::request(&learner, 1).await;
    let mut heard = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let event = socket.hear().await;
        assert_eq!(event["type"], "next", "{event}");
        heard.insert(event["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(heard.len(), 100);
}

#[tokio::test]
async fn a_service_that_stops_says_goodbye() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let router = http::router(app.engine.clone(), HttpOptions::default());
    let served = tokio::spawn(http::serve(listener, router, ServerOptions::default(), stop.clone()));
    let mut socket = Socket::of(&crate::app::Client { url, ..admin }).await;
    socket.subscribe("1", CHANGED).await;
    stop.cancel();
    assert_eq!(socket.closed().await, 1001);
    tokio::time::timeout(super::PATIENCE, served).await.expect("it does not end").unwrap();
}

/// What the author of a client reads is what the service does.
#[test]
fn the_papers_say_the_limits_of_a_socket_and_when_to_read_anew() {
    let (readme, sdl) = (include_str!("../../../README.md"), lectern::schema::sdl());
    let SocketOptions { operations, per_person, .. } = SocketOptions::default();
    for limit in [
        format!("A socket runs {operations} operations at once (`LECTERN_MAX_SOCKET_OPERATIONS`)"),
        format!("has {per_person} sockets (`LECTERN_MAX_SOCKETS`)"),
    ] {
        assert!(readme.contains(&limit), "the README does not say: {limit}");
    }
    for paper in [readme, sdl.as_str()] {
        assert!(paper.contains("1001, 1012 or 1013"), "after each of these closes a client reads anew");
    }
}
