//! What the files of a school take.

use clap::Parser as _;
use lectern::{
    config::{Cli, Command, SchoolCommand},
    ops,
};
use serde_json::{Value, json};

use super::{CANCEL, COMPLETE, CREATE, DELETE, begin, declared, file, refused, send, sha256};
use crate::app::{Client, TestApp, Who};

const USAGE: &str = "{ viewer { tenant { storage { usedBytes reservedBytes quotaBytes files } } } }";

async fn usage(admin: &Client) -> Value {
    let storage = admin.ok(USAGE, json!({})).await["viewer"]["tenant"]["storage"].take();
    json!([storage["usedBytes"], storage["reservedBytes"], storage["quotaBytes"], storage["files"]])
}

/// What a declaration of so many bytes is; they never come.
fn of(size: u64) -> Value {
    json!({ "name": "a.txt", "contentType": "text/plain", "size": size, "sha256": sha256(b"") })
}

async fn quota(app: &TestApp, bytes: &str) {
    let Some(Command::Tenant(SchoolCommand::Here(command))) = Cli::parse_from(["lectern", "tenant", "quota", "oak", bytes]).command else {
        unreachable!()
    };
    ops::tenant(&app.database.url("lectern_platform"), &command).await.unwrap();
}

#[tokio::test]
async fn files_and_reservations_stay_within_the_quota() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    assert_eq!(usage(&admin).await, json!([0.0, 0.0, 10_737_418_240.0, 0]));
    quota(&app, "1000").await;
    let kept = file(&admin, "a.txt", "text/plain", &[b'a'; 400]).await["id"].clone();
    let reserved = begin(&learner, of(500)).await["id"].clone();
    assert_eq!(usage(&admin).await, json!([400.0, 500.0, 1000.0, 1]));
    let answer = admin.ask(CREATE, json!({ "i": of(101) })).await;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!(
        json!([extensions["code"], extensions["reason"], extensions["limit"], extensions["used"], extensions["field"]]),
        json!(["LIMIT_REACHED", "STORAGE_QUOTA", 1000, 900, "size"])
    );
    refused(&app, &admin, CREATE, json!({ "i": of(101) }), "LIMIT_REACHED STORAGE_QUOTA @size").await;
    let last = begin(&admin, declared("b.txt", "text/plain", &[b'b'; 100])).await;
    // Becoming a file takes what was reserved, and no more.
    send(&admin, &last, &[b'b'; 100]).await;
    admin.ok(COMPLETE, json!({ "id": last["id"] })).await;
    assert_eq!(usage(&admin).await, json!([500.0, 500.0, 1000.0, 2]));
    refused(&app, &learner, CREATE, json!({ "i": of(1) }), "LIMIT_REACHED STORAGE_QUOTA @size").await;
    // Room comes back by a file's end, by giving an upload up, and by time.
    admin.ok(DELETE, json!({ "id": kept })).await;
    begin(&admin, of(400)).await;
    learner.ok(CANCEL, json!({ "id": reserved })).await;
    begin(&admin, of(500)).await;
    refused(&app, &admin, CREATE, json!({ "i": of(1) }), "LIMIT_REACHED STORAGE_QUOTA @size").await;
    app.sql("UPDATE upload SET expires_at = now()").await;
    assert_eq!(usage(&admin).await, json!([100.0, 0.0, 1000.0, 1]));
    begin(&admin, of(900)).await;
    // Another school has its own.
    begin(&app.sign_in(&app.elm, Who::Learner).await, of(10_000)).await;
}

#[tokio::test]
async fn what_the_service_makes_itself_is_not_counted() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    file(&admin, "a.txt", "text/plain", b"abc").await;
    app.sql("UPDATE file SET upload_id = NULL").await;
    assert_eq!(usage(&admin).await, json!([0.0, 0.0, 10_737_418_240.0, 0]));
}

#[tokio::test]
async fn an_operator_sets_the_quota_and_the_log_keeps_it() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (bytes, shown) in [("2GiB", json!(2_147_483_648.0)), ("0", json!(0.0)), ("none", Value::Null), ("5MiB", json!(5_242_880.0))] {
        quota(&app, bytes).await;
        assert_eq!(usage(&admin).await[2], shown, "{bytes}");
    }
    assert_eq!(app.count("audit_entry WHERE operation = 'system:tenant-quota' AND resource = 'Tenant'").await, 4);
    for wrong in ["much", "-1", "1.5GiB", "1GB", "99999999TiB", ""] {
        let Some(Command::Tenant(SchoolCommand::Here(command))) =
            Cli::parse_from(["lectern", "tenant", "quota", "oak", "--", wrong]).command
        else {
            unreachable!()
        };
        let refused = ops::tenant(&app.database.url("lectern_platform"), &command).await.unwrap_err().to_string();
        assert!(refused.starts_with("the quota must be"), "{refused}");
    }
    quota(&app, "0").await;
    refused(&app, &admin, CREATE, json!({ "i": of(1) }), "LIMIT_REACHED STORAGE_QUOTA @size").await;
}

#[tokio::test]
async fn nobody_reserves_the_schools_quota_away() {
    let app = TestApp::start().await;
    let (learner, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    for _ in 0..20 {
        begin(&learner, of(1)).await;
    }
    let answer = learner.ask(CREATE, json!({ "i": of(1) })).await;
    assert_eq!(json!([answer["errors"][0]["extensions"]["limit"], answer["errors"][0]["extensions"]["used"]]), json!([20, 20]));
    refused(&app, &learner, CREATE, json!({ "i": of(1) }), "LIMIT_REACHED UPLOADS_PENDING").await;
    // Ten of a hundred MiB are less than a GiB; an eleventh is more.
    for _ in 0..10 {
        begin(&admin, of(100 << 20)).await;
    }
    refused(&app, &admin, CREATE, json!({ "i": of(100 << 20) }), "LIMIT_REACHED UPLOADS_PENDING").await;
    begin(&admin, of(24 << 20)).await;
    refused(&app, &admin, CREATE, json!({ "i": of(1) }), "LIMIT_REACHED UPLOADS_PENDING").await;
    app.sql("UPDATE upload SET expires_at = now()").await;
    begin(&learner, of(1)).await;
}
