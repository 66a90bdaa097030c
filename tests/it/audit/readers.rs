//! Who reads the log, and how they find what they look for.

use serde_json::{Value, json};

use super::{LOG, log};
use crate::app::{TestApp, Who};

#[tokio::test]
async fn nobody_reads_the_log_without_leave_and_nobody_another_schools() {
    let app = TestApp::start().await;
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        assert_eq!(client.refused("{ auditLog { totalCount } }", json!({})).await, "FORBIDDEN [AUDIT_READ]", "{who:?}");
    }
    assert_eq!(app.stranger().refused("{ auditLog { totalCount } }", json!({})).await, "UNAUTHENTICATED");

    let (oak, elm) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Admin).await);
    let role = "mutation { createRole(input: { key: \"GUIDE\", name: \"Guide\", permissions: [AUDIT_READ] }) { id } }";
    let made = elm.ok(role, json!({})).await;
    let entry = log(&elm, json!({ "operation": "createRole" })).await[0]["id"].take();
    assert_eq!(log(&oak, json!({ "operation": "createRole" })).await, Vec::<Value>::new());
    assert_eq!(log(&oak, json!({ "resourceId": made["createRole"]["id"] })).await, Vec::<Value>::new());
    let node = "query($id: ID!) { node(id: $id) { id } }";
    assert_eq!(oak.ok(node, json!({ "id": entry })).await, json!({ "node": null }));
    assert_eq!(elm.ok(node, json!({ "id": entry })).await, json!({ "node": { "id": entry } }));
    let learner = app.sign_in(&app.elm, Who::Learner).await;
    assert_eq!(learner.refused(node, json!({ "id": entry })).await, "FORBIDDEN [AUDIT_READ]");

    // Whoever may read the log but not the people reads their ids, and the names of instructors, as everybody does.
    let reader = app.person(&app.elm, "reader@elm.example", &["GUIDE"]).await;
    let rename = "mutation($id: ID!) { updateUser(input: { id: $id, name: \"Lea\" }) { id } }";
    learner.ok(rename, json!({ "id": learner.user_id })).await;
    let [entry] = &log(&reader, json!({ "operation": "updateUser" })).await[..] else { panic!("one change of a name") };
    assert_eq!((&entry["actor"], &entry["resourceId"]), (&Value::Null, &json!(learner.user_id)));
    assert_eq!(log(&reader, json!({ "operation": "createUser" })).await[0]["actor"]["name"], "ADMIN of elm");
}

#[tokio::test]
async fn the_log_is_filtered_and_paged_the_newest_first() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let create = "mutation($t: String!) { createCourse(input: { title: $t }) { id } }";
    let mut ids = Vec::new();
    for number in 0..25 {
        let client = if number % 2 == 0 { &admin } else { &ada };
        ids.push(client.ok(create, json!({ "t": format!("Course {number}") })).await["createCourse"]["id"].take());
    }
    let archive = "mutation($id: ID!) { archiveCourse(id: $id) { id } }";
    ada.ok(archive, json!({ "id": ids[1] })).await;
    assert_eq!(ada.refused(archive, json!({ "id": ids[1] })).await, "CONFLICT INVALID_TRANSITION @id");

    let mut seen = Vec::new();
    let mut after = Value::Null;
    for page in 0.. {
        let found = admin.ok(LOG, json!({ "f": { "operation": "createCourse" }, "first": 10, "after": after })).await["auditLog"].take();
        assert_eq!(found["totalCount"], 25);
        assert_eq!(found["pageInfo"]["hasPreviousPage"], page > 0);
        seen.extend(found["nodes"].as_array().unwrap().iter().map(|entry| entry["resourceId"].clone()));
        if found["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = found["pageInfo"]["endCursor"].clone();
    }
    ids.reverse();
    assert_eq!(seen, ids);
    ids.reverse();

    let count = async |filter: Value| admin.ok(LOG, json!({ "f": filter, "first": 1 })).await["auditLog"]["totalCount"].clone();
    assert_eq!(count(json!({ "operation": "createCourse", "actorId": ada.user_id })).await, 12);
    assert_eq!(count(json!({ "resource": "Course", "outcome": "REFUSED" })).await, 1);
    assert_eq!(count(json!({ "resource": "Course", "outcome": "CHANGED" })).await, 26);
    assert_eq!(count(json!({ "resourceId": ids[1] })).await, 3);
    assert_eq!(count(json!({ "resourceId": ids[1], "resource": "Section" })).await, 0);
    assert_eq!(count(json!({ "resourceId": ids[1], "operation": "archiveCourse", "outcome": "CHANGED" })).await, 1);
    assert_eq!(count(json!({ "operation": "noSuchThing" })).await, 0);
    assert_eq!(
        count(
            json!({ "actorId": null, "resource": null, "resourceId": null, "operation": null, "outcome": null, "from": null, "to": null })
        )
        .await,
        29
    );
    // Any kind of id may be asked for; the same number of another kind is another thing.
    let uuid = lectern_kernel::ids::decode(ids[1].as_str().unwrap()).unwrap().1;
    for kind in app.registry.kinds().map(|kind| kind.prefix).filter(|kind| *kind != "course") {
        assert_eq!(count(json!({ "resourceId": lectern_kernel::ids::encode(kind, uuid) })).await, 0, "{kind}");
    }

    app.sql("UPDATE audit_entry SET at = '2026-01-01T00:00:00Z' WHERE operation = 'archiveCourse' AND outcome = 'CHANGED'").await;
    assert_eq!(count(json!({ "from": "2025-12-31T00:00:00Z", "to": "2026-01-01T00:00:00Z" })).await, 0);
    assert_eq!(count(json!({ "from": "2026-01-01T01:00:00+01:00", "to": "2026-01-01T00:00:01Z" })).await, 1);
    assert_eq!(count(json!({ "to": "2026-01-02T00:00:00Z" })).await, 1);

    for (filter, refusal) in [
        (json!({ "actorId": ids[0] }), "BAD_USER_INPUT @filter.actorId"),
        (json!({ "actorId": "x" }), "BAD_USER_INPUT @filter.actorId"),
        (json!({ "resourceId": "x" }), "BAD_USER_INPUT @filter.resourceId"),
        (json!({ "resourceId": lectern_kernel::ids::encode("planet", uuid) }), "BAD_USER_INPUT @filter.resourceId"),
        // Of a type whose rows have no ids.
        (json!({ "resourceId": lectern_kernel::ids::encode("publictenant", uuid) }), "BAD_USER_INPUT @filter.resourceId"),
        (json!({ "resource": "a\u{0}b" }), "BAD_USER_INPUT @filter.resource"),
        (json!({ "operation": "x".repeat(201) }), "BAD_USER_INPUT @filter.operation"),
        (json!({ "from": "2026-01-02T00:00:00Z", "to": "2026-01-02T00:00:00Z" }), "BAD_USER_INPUT @filter.to"),
    ] {
        assert_eq!(admin.refused(LOG, json!({ "f": filter })).await, refusal, "{filter} {}", admin.ask(LOG, json!({ "f": filter })).await);
    }
    for first in [0, 101, -1] {
        assert_eq!(admin.refused(LOG, json!({ "first": first })).await, "BAD_USER_INPUT @first");
    }
    assert_eq!(admin.refused(LOG, json!({ "after": "x" })).await, "BAD_USER_INPUT @after");
    let cursor = admin.ok("{ courses(first: 1) { pageInfo { endCursor } } }", json!({})).await["courses"]["pageInfo"]["endCursor"].take();
    assert_eq!(admin.refused(LOG, json!({ "after": cursor })).await, "BAD_USER_INPUT @after");

    // However many entries, with however many actors, it is one statement.
    let many = app.statements(&admin, LOG, json!({ "first": 100 })).await;
    assert_eq!(many, app.statements(&admin, LOG, json!({ "first": 3 })).await);
}
