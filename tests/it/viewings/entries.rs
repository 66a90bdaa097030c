//! What a viewing leaves in the log: each document, under both names, before its answer goes out.

use serde_json::{Value, json};

use super::{VIEWER, looking, start};
use crate::app::{Client, TestApp, Who};

const LOG: &str = "query($f: AuditFilter) { auditLog(first: 100, filter: $f) { nodes {
    actor { id } operation outcome resource resourceId before after code reason correlationId } } }";

async fn viewed(admin: &Client) -> Vec<Value> {
    admin.ok(LOG, json!({ "f": { "outcome": "VIEWED" } })).await["auditLog"]["nodes"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_document_leaves_an_entry_with_both_names() {
    let app = TestApp::start().await;
    let (admin, lea, view) = looking(&app).await;
    assert!(viewed(&admin).await.is_empty(), "nothing was read yet");
    let answer = view.post("{ a: courses { totalCount } viewer { user { id } } b: courses { totalCount } }", json!({}));
    answer.header("x-correlation-id", "looked-1").send().await.unwrap();
    // One that is refused field by field, and one that is introspection alone, as well.
    view.ask("{ users { totalCount } }", json!({})).await;
    view.ok("{ __typename __schema { queryType { name } } }", json!({})).await;
    let entries = viewed(&admin).await;
    let fields: Vec<&Value> = entries.iter().rev().map(|entry| &entry["after"]["fields"]).collect();
    assert_eq!(fields, [&json!(["courses", "viewer"]), &json!(["users"]), &json!(["__schema"])]);
    for entry in &entries {
        assert_eq!(
            (&entry["actor"]["id"], &entry["resource"], &entry["resourceId"], &entry["operation"]),
            (&json!(admin.user_id), &json!("User"), &json!(lea.user_id), &json!("startViewAs")),
            "{entry}"
        );
        assert_eq!((&entry["before"], &entry["code"], &entry["reason"]), (&Value::Null, &Value::Null, &Value::Null));
    }
    assert_eq!(entries[2]["correlationId"], "looked-1");
    // What was never run, and what is asked by oneself, leaves none.
    view.ask("{ nothingOfTheKind }", json!({})).await;
    lea.ok(VIEWER, json!({})).await;
    admin.ok(VIEWER, json!({})).await;
    assert_eq!(viewed(&admin).await.len(), 3);
    // The beginning and the end stand there, too.
    view.ok("mutation { logout }", json!({})).await;
    let made = admin.ok(LOG, json!({ "f": { "resource": "ViewAs" } })).await["auditLog"]["nodes"].take();
    assert_eq!(made.as_array().unwrap().len(), 2, "{made}");
    for entry in made.as_array().unwrap() {
        assert_eq!((&entry["actor"]["id"], &entry["after"]["userId"]), (&json!(admin.user_id), &json!(lea.user_id)), "{entry}");
        assert_eq!(
            (&entry["after"]["actorId"], &entry["after"]["reason"]),
            (&json!(admin.user_id), &json!("They can't find a course")),
            "{entry}"
        );
    }
    assert_eq!((&made[0]["operation"], &made[1]["operation"]), (&json!("logout"), &json!("startViewAs")));
}

#[tokio::test]
async fn what_a_viewing_decides_is_explained() {
    let app = TestApp::start().await;
    let (_, _, view) = looking(&app).await;
    let explain = "query($field: String!) { explainAccess(field: $field) { allowed decidedBy } }";
    for (field, allowed, decided) in [
        ("Mutation.enroll", false, "VIEWING"),
        ("Mutation.login", false, "VIEWING"),
        ("Subscription.bookingChanged", false, "VIEWING"),
        ("Mutation.logout", true, "SIGNED_IN"),
        ("Query.courses", true, "PERMISSION"),
        ("Query.users", false, "PERMISSION"),
    ] {
        let said = view.ok(explain, json!({ "field": field })).await["explainAccess"].take();
        assert_eq!((&said["allowed"], &said["decidedBy"]), (&json!(allowed), &json!(decided)), "{field}");
    }
}

#[tokio::test]
async fn without_an_entry_there_is_no_answer() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let view = start(&admin, &lea).await;
    app.sql("ALTER TABLE audit_entry ADD CONSTRAINT nothing_viewed CHECK (outcome <> 'VIEWED')").await;
    let answer = view.ask(VIEWER, json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL", "{answer}");
    assert!(answer.get("data").is_none_or(Value::is_null), "{answer}");
    assert!(!answer.to_string().contains(&lea.user_id), "{answer}");
    app.sql("ALTER TABLE audit_entry DROP CONSTRAINT nothing_viewed").await;
    view.ok(VIEWER, json!({})).await;
}
