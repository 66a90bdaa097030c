//! The probes of those who operate the service.

use serde_json::{Value, json};

use super::{Got, JSON, RESPONSE, ask, post};
use crate::app::TestApp;

#[tokio::test]
async fn the_service_says_whether_it_lives_and_whether_it_can_answer() {
    let app = TestApp::start().await;
    let http = app.stranger().http;
    let probe = async |path: &str| {
        let got = Got::of(http.get(format!("{}{path}", app.url))).await;
        (got.status.as_u16(), got.body.trim().to_owned())
    };
    assert_eq!(probe("/healthz").await, (200, "ok".to_owned()));
    assert_eq!(probe("/readyz").await, (200, "ready".to_owned()));
    let keys: Value = serde_json::from_str(&probe("/.well-known/jwks.json").await.1).unwrap();
    let key = &keys["keys"][0];
    assert_eq!((&key["kty"], &key["crv"], &key["alg"], &key["use"]), (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"), &json!("sig")));
    assert!(key["kid"].is_string() && key["x"].is_string() && key.get("d").is_none());
    assert_eq!(Got::of(http.get(format!("{}/", app.url))).await.media(), "text/html");

    // A newer binary has migrated: this one is about to be replaced, and serves on until then.
    let fingerprint = app.text("SELECT app.schema_fingerprint()").await.unwrap();
    let replace = |version: String| {
        format!("CREATE OR REPLACE FUNCTION app.schema_fingerprint() RETURNS text LANGUAGE sql IMMUTABLE RETURN '{version}'")
    };
    app.sql(&replace("99:0123456789abcdef".into())).await;
    assert_eq!(probe("/readyz").await.0, 200);
    // An older schema.
    app.sql(&replace("1:0123456789abcdef".into())).await;
    assert_eq!(probe("/readyz").await, (503, "the database is not at the schema of this binary".to_owned()));
    app.sql(&replace(fingerprint)).await;
    assert_eq!(probe("/readyz").await.0, 200);
    // No schema at all.
    app.sql("ALTER SCHEMA app RENAME TO gone").await;
    assert_eq!(probe("/readyz").await, (503, "the database is not migrated".to_owned()));
    app.sql("ALTER SCHEMA gone RENAME TO app").await;
    assert_eq!(probe("/readyz").await.0, 200);
    // No database. It lives on all the same, and comes back with the database.
    let name = &app.database.name;
    let server = lectern_testcontainers::server().await;
    let (admin, connection) = tokio_postgres::connect(&server.superuser_url("postgres"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let put_out = format!("SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE datname = '{name}'");
    admin.batch_execute(&format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS false")).await.unwrap();
    admin.batch_execute(&put_out).await.unwrap();
    assert_eq!(probe("/readyz").await, (503, "the database can't be reached".to_owned()));
    assert_eq!(probe("/healthz").await.0, 200);
    let got = Got::of(post(&app.stranger(), RESPONSE, ask("{ viewer { __typename } }"))).await;
    assert_eq!(got.refusal(), "503 UNAVAILABLE");
    assert!(!got.body.contains(name.as_str()) && !got.body.contains("connection"), "{}", got.body);
    assert_eq!(Got::of(post(&app.stranger(), JSON, ask("{ viewer { __typename } }"))).await.refusal(), "200 UNAVAILABLE");
    admin.batch_execute(&format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS true")).await.unwrap();
    assert_eq!(probe("/readyz").await.0, 200);
    assert_eq!(app.stranger().ok("{ viewer { __typename } }", json!({})).await, json!({ "viewer": null }));
}
