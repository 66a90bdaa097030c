//! Extensions: who may have one, and what of.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, Who, refusal},
    assignments::{Class, GRANT, REVOKE},
    classroom::{nothing, refused},
    lessons::lesson,
};

#[tokio::test]
async fn there_is_one_for_each_lesson_and_person_and_again_replaces() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "dueAt": "2098-01-01T00:00:00Z", "closesAt": "2098-02-01T00:00:00Z" })).await;
    let grant = |mut more: Value| {
        (more["lessonId"], more["userId"]) = (json!(class.lesson), json!(class.lea.user_id));
        json!({ "i": more })
    };
    let first =
        class.ada.ok(GRANT, grant(json!({ "dueAt": "2098-01-15T00:00:00Z", "extraMinutes": 30, "reason": "Ill" }))).await["grantExtension"]
            .take();
    let second =
        class.ada.ok(GRANT, grant(json!({ "closesAt": "2098-03-01T00:00:00Z", "extraAttempts": 2 }))).await["grantExtension"].take();
    assert_eq!(
        second,
        json!({ "id": first["id"], "dueAt": null, "closesAt": "2098-03-01T00:00:00Z", "extraAttempts": 2, "extraMinutes": 0, "reason": null,
                "user": { "id": class.lea.user_id }, "grantedBy": { "id": class.ada.user_id } })
    );
    let list = "query($id: ID!) { lesson(id: $id) { extensions { id user { id } lesson { id } } } }";
    let listed = json!([{ "id": first["id"], "user": { "id": class.lea.user_id }, "lesson": { "id": class.lesson } }]);
    assert_eq!(class.ada.ok(list, json!({ "id": class.lesson })).await["lesson"]["extensions"], listed);
    let node = "query($id: ID!) { node(id: $id) { ... on Extension { closesAt } } }";
    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    assert_eq!(class.lea.refused(node, json!({ "id": first["id"] })).await, "FORBIDDEN [GRADE_MANAGE]");
    for (client, shown) in [
        (&class.ada, json!({ "closesAt": "2098-03-01T00:00:00Z" })),
        (&stranger, json!(null)),
        (&app.sign_in(&app.elm, Who::Admin).await, json!(null)),
    ] {
        assert_eq!(client.ok(node, json!({ "id": first["id"] })).await["node"], shown);
    }
    assert_eq!(stranger.ok(list, json!({ "id": class.lesson })).await["lesson"]["extensions"], json!([]));
    refused(&app, &stranger, REVOKE, json!({ "id": first["id"] }), "NOT_FOUND @id").await;
    refused(&app, &class.lea, REVOKE, json!({ "id": first["id"] }), "FORBIDDEN [GRADE_MANAGE]").await;
    class.ada.ok(REVOKE, json!({ "id": first["id"] })).await;
    refused(&app, &class.ada, REVOKE, json!({ "id": first["id"] }), "NOT_FOUND @id").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_who_take_it_back_at_once_one_has_done_so() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    for _ in 0..3 {
        let grant = json!({ "i": { "lessonId": class.lesson, "userId": class.lea.user_id, "extraAttempts": 1 } });
        let granted = class.ada.ok(GRANT, grant).await["grantExtension"]["id"].take();
        let answers = join_all((0..3).map(|_| class.ada.ask(REVOKE, json!({ "id": granted })))).await;
        let mut lines: Vec<String> = answers.iter().map(|answer| answer["errors"].get(0).map_or_else(String::new, refusal)).collect();
        lines.sort();
        assert_eq!(lines, ["", "NOT_FOUND @id", "NOT_FOUND @id"]);
    }
}

#[tokio::test]
async fn wrong_extensions_are_named_and_change_nothing() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "dueAt": "2098-01-01T00:00:00Z", "closesAt": "2098-02-01T00:00:00Z" })).await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let text = lesson(&class.ada, &class.section, "Text").await;
    let usual = json!({ "lessonId": class.lesson, "userId": class.lea.user_id });
    for (change, line) in [
        (json!({ "lessonId": text }), "BAD_USER_INPUT @lessonId"),
        (json!({ "lessonId": nothing("lesson") }), "NOT_FOUND @lessonId"),
        (json!({ "userId": bob.user_id }), "NOT_FOUND @userId"),
        (json!({ "userId": nothing("user") }), "NOT_FOUND @userId"),
        (json!({ "dueAt": "2098-01-01T00:00:00Z" }), "BAD_USER_INPUT @dueAt"),
        (json!({ "dueAt": "2097-01-01T00:00:00Z" }), "BAD_USER_INPUT @dueAt"),
        (json!({ "dueAt": "2098-02-02T00:00:00Z" }), "BAD_USER_INPUT @closesAt"),
        (json!({ "closesAt": "2098-02-01T00:00:00Z" }), "BAD_USER_INPUT @closesAt"),
        (json!({ "extraAttempts": 101 }), "BAD_USER_INPUT @extraAttempts"),
        (json!({ "extraAttempts": -1 }), "BAD_USER_INPUT @extraAttempts"),
        (json!({ "extraMinutes": 1441 }), "BAD_USER_INPUT @extraMinutes"),
        (json!({ "reason": "a".repeat(10_001) }), "BAD_USER_INPUT @reason"),
    ] {
        let mut input = usual.clone();
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        refused(&app, &class.ada, GRANT, json!({ "i": input }), line).await;
    }
    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    refused(&app, &stranger, GRANT, json!({ "i": usual }), "FORBIDDEN NOT_YOURS @lessonId").await;
    refused(&app, &class.lea, GRANT, json!({ "i": usual }), "FORBIDDEN [GRADE_MANAGE]").await;
    refused(&app, &app.sign_in(&app.elm, Who::Admin).await, GRANT, json!({ "i": usual }), "NOT_FOUND @lessonId").await;
}
