//! More is asked than can be done at once: the excess is answered `503` soon, and the rest goes on.

use std::time::{Duration, Instant};

use lectern_kernel::execute::AdmissionOptions;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Bounds, Service, sessions, superuser, until, until_one_waits_for_a_lock, whose};
use crate::app::{Client, PASSWORD, TestApp, Who};

const READ: &str = "{ courses { nodes { id } } }";
const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }";

/// Status, `Retry-After` and the answer.
async fn ask(client: &Client, query: &str, variables: Value) -> (StatusCode, Option<String>, Value) {
    let response = client.post(query, variables).send().await.unwrap();
    let retry = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (response.status(), retry, response.json().await.unwrap())
}

fn assert_overloaded((status, retry, answer): (StatusCode, Option<String>, Value), seconds: u64) {
    assert_eq!((status, retry), (StatusCode::SERVICE_UNAVAILABLE, Some(seconds.to_string())), "{answer}");
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!((&extensions["code"], &extensions["retryAfter"]), (&json!("UNAVAILABLE"), &json!(seconds)), "{answer}");
    assert!(answer.get("data").is_none() && extensions["correlationId"].is_string(), "{answer}");
}

#[tokio::test]
async fn documents_beyond_what_runs_at_once_are_refused_soon_and_health_is_answered() {
    let app = TestApp::start().await;
    let admission = AdmissionOptions { documents: 2, document_wait: Duration::from_millis(300), ..AdmissionOptions::for_pool(4) };
    let service = Service::start_with(&app, Bounds { pool: 4, ..Bounds::default() }, &admission).await;
    let admin = service.sign_in(&app.oak, Who::Admin).await;
    let blocker = superuser(&app).await;
    blocker.batch_execute("BEGIN; LOCK TABLE course IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let mut running = JoinSet::new();
    for _ in 0..2 {
        let admin = admin.clone();
        running.spawn(async move { admin.ok(READ, json!({})).await });
    }
    until("both wait", async || sessions(&app, "wait_event_type = 'Lock'").await == 2).await;

    // A crowd of forty: eight may wait a moment, the rest is told at once, nobody runs.
    let mut crowd = JoinSet::new();
    let began = Instant::now();
    for _ in 0..40 {
        let admin = admin.clone();
        crowd.spawn(async move { ask(&admin, "{ viewer { __typename } }", json!({})).await });
    }
    for answer in crowd.join_all().await {
        assert_overloaded(answer, 1);
    }
    assert!(began.elapsed() < Duration::from_secs(15));
    for path in ["/healthz", "/readyz", "/.well-known/jwks.json", "/graphiql"] {
        assert_eq!(admin.http.get(format!("{}{path}", service.url)).send().await.unwrap().status(), 200, "{path}");
    }
    // Sign-ins have a lane of their own.
    service.sign_in(&app.elm, Who::Viewer).await;
    blocker.batch_execute("COMMIT").await.unwrap();
    for answer in running.join_all().await {
        assert_eq!(answer, json!({ "courses": { "nodes": [] } }));
    }
    assert_eq!(whose(&admin).await, "oak");
}

#[tokio::test]
async fn a_flood_of_sign_ins_leaves_the_pool_to_the_others() {
    let app = TestApp::start().await;
    let admission = AdmissionOptions { password_wait: Duration::from_secs(3), ..AdmissionOptions::for_pool(4) };
    let service = Service::start_with(&app, Bounds { pool: 4, wait: Duration::from_secs(10), ..Bounds::default() }, &admission).await;
    let elm = service.sign_in(&app.elm, Who::Admin).await;

    // Sign-ins that take for ever: what they have to write, somebody else holds.
    let blocker = superuser(&app).await;
    blocker.batch_execute("BEGIN; LOCK TABLE session IN EXCLUSIVE MODE").await.unwrap();
    let mut flood = JoinSet::new();
    for _ in 0..60 {
        let stranger = service.stranger();
        let input = json!({ "i": { "tenant": "oak", "email": app.oak.email(Who::Learner), "password": PASSWORD } });
        flood.spawn(async move { ask(&stranger, LOGIN, input).await });
    }
    until_one_waits_for_a_lock(&app).await;
    let mut refused = 0;
    let mut answered = 0;
    while refused < 59 {
        // All the while another school is served, and at most one connection is held by the flood.
        assert_eq!(whose(&elm).await, "elm");
        answered += 1;
        assert!(sessions(&app, "wait_event_type = 'Lock'").await <= 1);
        while let Some(answer) = flood.try_join_next() {
            assert_overloaded(answer.unwrap(), 3);
            refused += 1;
        }
    }
    assert!(answered > 1, "the flood was over before anybody else asked");
    blocker.batch_execute("COMMIT").await.unwrap();
    let (status, _, answer) = flood.join_next().await.unwrap().unwrap();
    assert!(status == 200 && answer["data"]["login"]["accessToken"].is_string(), "{answer}");
    assert_eq!(app.count("session s JOIN app_user u ON u.id = s.user_id WHERE u.email = 'learner@oak.example'").await, 1);
    service.sign_in(&app.oak, Who::Learner).await;
}

#[tokio::test]
async fn a_school_signs_in_all_at_once() {
    let app = TestApp::start().await;
    let service = Service::start(&app, Bounds { pool: 4, ..Bounds::default() }).await;
    let mut school = JoinSet::new();
    for _ in 0..24 {
        let stranger = service.stranger();
        let input = json!({ "i": { "tenant": "oak", "email": app.oak.email(Who::Learner), "password": PASSWORD } });
        school.spawn(async move { stranger.ok(LOGIN, input).await });
    }
    assert_eq!(school.join_all().await.len(), 24);
}
