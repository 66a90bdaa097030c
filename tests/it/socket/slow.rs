//! A subscriber that reads nothing: it is ended, and nobody else notices.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use lectern::http::{HttpOptions, SocketOptions};
use serde_json::json;
use tokio::net::TcpSocket;
use tokio_tungstenite::{MaybeTlsStream, client_async, tungstenite::client::IntoClientRequest as _};

use super::{PATIENCE, Socket, init, listening};
use crate::app::{Client, TestApp, Who};

/// Changed at once, so that whoever reads is never a thousand behind.
const AT_ONCE: usize = 100;

/// A socket of a client that lets little wait at its end.
async fn narrow(client: &Client) -> Socket {
    let address = client.url.strip_prefix("http://").unwrap();
    let tcp = TcpSocket::new_v4().unwrap();
    tcp.set_recv_buffer_size(4096).unwrap();
    let stream = MaybeTlsStream::Plain(tcp.connect(address.parse().unwrap()).await.unwrap());
    let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    let mut socket = Socket(client_async(request, stream).await.unwrap().0);
    socket.say(init(client)).await;
    assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
    socket
}

/// So many bookings of the school's learner, each on a day of its own.
async fn book(app: &TestApp, learner: &Client, count: usize) {
    let tenant = app.oak.tenant;
    let student = lectern_kernel::ids::decode(&learner.user_id).unwrap().1;
    app.sql(&format!(
        "SET app.audit = 'off'; INSERT INTO booking (tenant_id, id, student_id, starts_at, ends_at)
             SELECT '{tenant}', app.uuid_v7(), '{student}', now() + n * interval '1 day', now() + n * interval '1 day' + interval '1 hour'
             FROM generate_series(1, {count}) n; RESET app.audit"
    ))
    .await;
}

/// Changes bookings, a hundred at once, and sees to it that `reader` hears of every one of them.
async fn change_all(app: &TestApp, reader: &mut Socket, count: usize) {
    for first in (0..count).step_by(AT_ONCE) {
        app.sql(&format!(
            "UPDATE booking SET notes = repeat(CASE WHEN notes LIKE 'x%' THEN 'y' ELSE 'x' END, 9000)
             WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM booking ORDER BY starts_at OFFSET {first} LIMIT {AT_ONCE})"
        ))
        .await;
        for _ in 0..AT_ONCE {
            assert_eq!(reader.hear().await["type"], "next");
        }
    }
}

/// Subscribes to much of each booking.
async fn subscribe_to_much(app: &TestApp, socket: &mut Socket) {
    let before = app.engine.live().interests();
    let much: Vec<String> = (0..10).map(|n| format!("n{n}: notes")).collect();
    socket.subscribe("1", &format!("subscription {{ bookingChanged {{ {} }} }}", much.join(" "))).await;
    let began = Instant::now();
    while app.engine.live().interests() <= before {
        assert!(began.elapsed() < PATIENCE, "it never listens");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_falls_behind_is_told_so_and_nobody_else_is() {
    // The time limit is long: the socket is closed because it is behind, not because time is up.
    let sockets = SocketOptions { send_timeout: Duration::from_secs(60), ..SocketOptions::default() };
    let app = TestApp::start_with(&[], HttpOptions { sockets, ..HttpOptions::default() }).await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let count = 1300;
    book(&app, &learner, count).await;
    let mut reader = listening(&app, &learner).await;
    let mut deaf = narrow(&admin).await;
    subscribe_to_much(&app, &mut deaf).await;
    change_all(&app, &mut reader, count).await;
    let mut told = 0;
    let code = loop {
        match deaf.next().await {
            Ok(message) => {
                assert_eq!(message["type"], "next", "{message}");
                told += 1;
            }
            Err(code) => break code,
        }
    };
    assert_eq!(code, 1013, "too slow");
    assert!(told < count - 1000, "it was told {told} times");
    // The others still get theirs, and so does the slow one once it begins anew.
    let mut anew = listening(&app, &admin).await;
    change_all(&app, &mut reader, AT_ONCE).await;
    for _ in 0..AT_ONCE {
        assert_eq!(anew.hear().await["type"], "next");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_nothing_for_too_long_is_cut_off() {
    let sockets = SocketOptions { send_timeout: Duration::from_millis(300), ..SocketOptions::default() };
    let app = TestApp::start_with(&[], HttpOptions { sockets, ..HttpOptions::default() }).await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    book(&app, &learner, 300).await;
    let mut reader = listening(&app, &learner).await;
    let mut deaf = narrow(&admin).await;
    subscribe_to_much(&app, &mut deaf).await;
    change_all(&app, &mut reader, 300).await;
    let began = Instant::now();
    while app.engine.live().interests() > 1 {
        assert!(began.elapsed() < PATIENCE, "what it holds is never given back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // It learns of it when it reads on: there is no more.
    let rest = async { while let Some(Ok(_)) = deaf.0.next().await {} };
    tokio::time::timeout(PATIENCE, rest).await.expect("its socket stays open");
    change_all(&app, &mut reader, AT_ONCE).await;
}
