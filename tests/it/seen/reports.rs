//! Errors of a real process, reported to a Sentry.

use serde_json::{Value, json};

use super::{Receiver, ask, holds, serve};
use crate::app::{PASSWORD, TestApp};

const PATH: &str = "/api/7/envelope/";

#[tokio::test]
async fn a_fault_is_reported_with_its_correlation_id_and_nothing_of_the_request() {
    let (app, sentry) = (TestApp::start().await, Receiver::start().await);
    let dsn = format!("{}/7", sentry.url.replace("http://", "http://0123456789abcdef@"));
    let service = serve(&app, &[("LECTERN_SENTRY_DSN", &dsn), ("LECTERN_ENVIRONMENT", "trial"), ("LECTERN_WORKER", "false")]);
    let (mut holder, connection) = tokio_postgres::connect(&app.database.superuser_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let broken = holder.transaction().await.unwrap();
    broken.batch_execute("ALTER TABLE credential RENAME TO credential_away").await.unwrap();
    broken.commit().await.unwrap();

    let input = json!({ "tenant": "oak", "email": "admin@oak.example", "password": PASSWORD });
    let login = "mutation SignIn($i: LoginInput!) { login(input: $i) { accessToken } }";
    let (answer, _) = ask(&service, login, json!({ "i": input }), &[("x-correlation-id", "trial-1")]).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL", "{answer:#}");

    let sent = sentry.until(PATH, &[(b"a request failed", 1), (b"trial-1", 1)]).await;
    let event: Value = sent
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .find(|line: &Value| line["message"].is_string())
        .unwrap();
    assert_eq!(event["message"], "a request failed");
    assert_eq!(event["tags"]["correlation_id"], "trial-1");
    assert_eq!(event["tags"]["code"], "INTERNAL");
    assert_eq!(event["environment"], "trial");
    assert!(event["release"].as_str().unwrap().starts_with("lectern@"));
    for left in ["server_name", "user", "request", "breadcrumbs"] {
        assert!(event[left].is_null(), "{left}: {event:#}");
    }
    for value in ["admin@oak.example", PASSWORD, "oak.example"] {
        assert!(!holds(&sent, value.as_bytes()), "{value} has left");
    }
}
