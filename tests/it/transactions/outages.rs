//! A database that is slow, full or gone: `UNAVAILABLE`, soon; and normal service as soon as it is back.

use std::time::{Duration, Instant};

use clap::Parser;
use lectern::{
    config::Cli,
    ops::{self, ServeOptions},
};
use lectern_kernel::{
    auth::SigningKey,
    db::{ActorKind, Identity, Mode, Opening, Pool, PoolOptions, Tx},
};
use serde_json::{Value, json};

use super::{Bounds, CREATE, Service, sessions, superuser, until, until_all_is_quiet, until_one_waits_for_a_lock, whose};
use crate::app::{Client, TestApp, Who, outside, sealer};

const READ: &str = "{ courses { nodes { id } } }";

/// The code of a refusal that names nothing of the inside.
async fn code(client: &Client, document: &str) -> String {
    let answer = client.ask(document, json!({ "t": "x" })).await;
    let errors = answer["errors"].as_array().unwrap();
    assert!(answer["data"].is_null() || answer["data"]["courses"].is_null(), "{answer}");
    for inside in ["statement", "timeout", "cancel", "pool", "connection", "course\\b", "lock"] {
        assert!(!errors[0]["message"].to_string().contains(inside), "{answer}");
    }
    errors[0]["extensions"]["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_stopped_and_its_connection_serves_on() {
    let app = TestApp::start().await;
    let service = Service::start(&app, Bounds { pool: 1, statement: Duration::from_secs(2), ..Bounds::default() }).await;
    let admin = service.sign_in(&app.oak, Who::Admin).await;
    let pid = "SELECT pid::text FROM pg_stat_activity WHERE application_name = 'lectern' AND datname = current_database()";
    let before = app.text(pid).await;
    let blocker = superuser(&app).await;
    for document in [READ, CREATE] {
        blocker.batch_execute("BEGIN; LOCK TABLE course IN ACCESS EXCLUSIVE MODE").await.unwrap();
        assert_eq!(code(&admin, document).await, "UNAVAILABLE");
        blocker.batch_execute("COMMIT").await.unwrap();
        until_all_is_quiet(&app).await;
        assert_eq!(whose(&admin).await, "oak");
        assert_eq!(admin.ok(READ, json!({})).await, json!({ "courses": { "nodes": [] } }));
    }
    assert_eq!(app.text(pid).await, before);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_stopped_in_the_database_as_well() {
    let app = TestApp::start().await;
    let service = Service::start(&app, Bounds { pool: 1, request: Duration::from_secs(4), ..Bounds::default() }).await;
    let admin = service.sign_in(&app.oak, Who::Admin).await;
    let blocker = superuser(&app).await;
    for document in [READ, CREATE] {
        blocker.batch_execute("BEGIN; LOCK TABLE course IN ACCESS EXCLUSIVE MODE").await.unwrap();
        let started = Instant::now();
        assert_eq!(code(&admin, document).await, "UNAVAILABLE");
        assert!(started.elapsed() < Duration::from_secs(15));
        until("the statement is cancelled", async || sessions(&app, "state <> 'idle'").await == 0).await;
        blocker.batch_execute("COMMIT").await.unwrap();
        assert_eq!(whose(&admin).await, "oak");
        assert_eq!(app.count("course").await, 0);
    }
}

#[tokio::test]
async fn who_finds_every_connection_taken_is_told_soon() {
    let app = TestApp::start().await;
    let service = Service::start(&app, Bounds { pool: 1, wait: Duration::from_secs(2), ..Bounds::default() }).await;
    let admin = service.sign_in(&app.oak, Who::Admin).await;
    let blocker = superuser(&app).await;
    blocker.batch_execute("BEGIN; LOCK TABLE course IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let first = tokio::spawn({
        let admin = admin.clone();
        async move { admin.ok(READ, json!({})).await }
    });
    until_one_waits_for_a_lock(&app).await;
    let started = Instant::now();
    assert_eq!(code(&admin, "{ viewer { __typename } }").await, "UNAVAILABLE");
    assert!(started.elapsed() < Duration::from_secs(15));
    blocker.batch_execute("COMMIT").await.unwrap();
    assert_eq!(first.await.unwrap(), json!({ "courses": { "nodes": [] } }));
    assert_eq!(whose(&admin).await, "oak");
}

#[tokio::test]
async fn refusals_do_not_hold_one_connection_while_they_wait_for_another() {
    let app = TestApp::start().await;
    let service = Service::start(&app, Bounds { pool: 1, wait: Duration::from_secs(3), ..Bounds::default() }).await;
    let learner = service.sign_in(&app.oak, Who::Learner).await;
    for _ in 0..5 {
        assert_eq!(learner.refused(CREATE, json!({ "t": "x" })).await, "FORBIDDEN [COURSE_CREATE]");
    }
    assert_eq!(app.count("audit_entry where outcome = 'REFUSED' and operation = 'createCourse'").await, 5);
}

#[tokio::test]
async fn connections_that_the_server_ended_are_replaced_unnoticed() {
    let app = TestApp::start().await;
    let service = Service::start(&app, Bounds { pool: 4, ..Bounds::default() }).await;
    let admin = service.sign_in(&app.oak, Who::Admin).await;
    let all = "pg_stat_activity WHERE application_name = 'lectern' AND datname = current_database()";
    for _ in 0..5 {
        let blocker = superuser(&app).await;
        blocker.batch_execute("BEGIN; LOCK TABLE course IN ACCESS EXCLUSIVE MODE").await.unwrap();
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let admin = admin.clone();
                tokio::spawn(async move { admin.ok(READ, json!({})).await })
            })
            .collect();
        until("all four wait", async || sessions(&app, "wait_event_type = 'Lock'").await == 4).await;
        blocker.batch_execute("COMMIT").await.unwrap();
        for reader in readers {
            reader.await.unwrap();
        }
        until_all_is_quiet(&app).await;
        assert_eq!(app.count(all).await, 4);
        app.sql(&format!("SELECT pg_terminate_backend(pid) FROM {all}")).await;
        for _ in 0..8 {
            assert_eq!(whose(&admin).await, "oak");
            admin.ok(CREATE, json!({ "t": "x" })).await;
        }
    }
    assert_eq!(app.count("course").await, 40);
    // In the middle of a transaction it can't go unnoticed; but nothing of it is kept, and nothing else suffers.
    let blocker = superuser(&app).await;
    blocker.batch_execute("BEGIN; LOCK TABLE section IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let writer = tokio::spawn({
        let admin = admin.clone();
        async move { admin.ask("mutation { createCourse(input: { title: \"y\" }) { sections { id } } }", json!({})).await }
    });
    until_one_waits_for_a_lock(&app).await;
    app.sql(&format!("SELECT pg_terminate_backend(pid) FROM {all}")).await;
    let answer = writer.await.unwrap();
    assert_eq!((&answer["data"], &answer["errors"][0]["extensions"]["code"]), (&Value::Null, &json!("UNAVAILABLE")));
    blocker.batch_execute("COMMIT").await.unwrap();
    assert_eq!(whose(&admin).await, "oak");
    assert_eq!(app.count("course").await, 40);
}

#[tokio::test]
async fn a_transaction_that_lies_idle_is_ended_by_the_database_itself() {
    let app = TestApp::start().await;
    let options =
        PoolOptions { size: 1, wait: Duration::from_secs(30), statement_timeout: Duration::from_secs(2), ..PoolOptions::default() };
    let pool = Pool::new(&app.database.url("lectern_app"), &options).unwrap();
    let opening = Opening { mode: Mode::Write, identity: Identity::default(), correlation_id: "x", actors: &ActorKind::TENANT };
    let (tx, _) = Tx::open(&pool, &opening).await.unwrap();
    tx.query("SELECT pg_advisory_xact_lock(4711) WHERE $1::uuid IS NOT NULL", &[]).await.unwrap();
    until("the database gives up waiting", async || sessions(&app, "state <> 'idle'").await == 0).await;
    assert_eq!(app.count("pg_locks WHERE locktype = 'advisory' AND objid = 4711").await, 0);
    assert!(tx.commit().await.is_err());
}

#[tokio::test]
async fn the_database_gives_up_before_the_service_does() {
    let settings = Cli::parse_from(["lectern", "--statement-timeout", "30", "--request-timeout", "30"]).settings;
    let options = ServeOptions {
        url: "postgres://nobody@127.0.0.1:1/none",
        key: SigningKey::generate().unwrap(),
        sealer: sealer(),
        outside: outside(),
    };
    let refused = ops::engine(&settings, options).err().unwrap().to_string();
    assert!(refused.contains("LECTERN_STATEMENT_TIMEOUT (30 s) must be less than LECTERN_REQUEST_TIMEOUT (30 s)"), "{refused}");
}
