//! Changing a file, and what the audit log keeps of it.

use serde_json::{Value, json};

use super::{FILE, UPDATE, address, refused, show, text};
use crate::app::{TestApp, Who};

#[tokio::test]
async fn name_and_folder_change_and_the_bytes_stay() {
    let app = TestApp::start().await;
    let (learner, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let id = text(&learner, "a.txt").await;
    let object = app.text("SELECT object FROM file").await;
    let file = learner.ok(UPDATE, json!({ "i": { "id": id, "name": " Notes of today.txt " } })).await["updateFile"].take();
    assert_eq!(json!([file["name"], file["folder"]]), json!(["Notes of today.txt", "general"]));
    let file = admin.ok(UPDATE, json!({ "i": { "id": id, "folder": "notes" } })).await["updateFile"].take();
    assert_eq!(json!([file["name"], file["folder"]]), json!(["Notes of today.txt", "notes"]));
    assert_eq!(app.text("SELECT object FROM file").await, object);
    let answer = app.stranger().http.get(address(&learner, &id, false).await).send().await.unwrap();
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("filename=\"Notes of today.txt\""));
    assert_eq!(answer.text().await.unwrap(), "a.txt");
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("a/b")),
        ("name", json!("..")),
        ("name", Value::Null),
        ("folder", json!("A b")),
        ("folder", Value::Null),
    ] {
        let mut input = json!({ "id": id });
        input[field] = value;
        refused(&app, &learner, UPDATE, json!({ "i": input }), &format!("BAD_USER_INPUT @{field}")).await;
    }
}

#[tokio::test]
async fn a_file_has_changed_where_others_see_it_and_not_where_the_same_do() {
    let app = TestApp::start().await;
    let (instructor, admin) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Admin).await);
    let lea = app.sign_in(&app.oak, Who::Learner).await.user_id;
    let id = text(&instructor, "a.txt").await;
    let mut changed_at = app.text("SELECT updated_at::text FROM file").await;
    for (visibility, users, is_change) in [
        ("PRIVATE", json!([]), false),
        ("SHARED", json!([admin.user_id]), true),
        ("SHARED", json!([admin.user_id]), false),
        ("SHARED", json!([lea]), true),
        ("SHARED", json!([admin.user_id, lea]), true),
        ("SHARED", json!([lea, admin.user_id]), false),
        ("SHARED", json!([lea]), true),
        ("TENANT", json!([]), true),
        ("TENANT", json!([]), false),
    ] {
        let input = json!({ "i": { "id": id, "visibility": visibility, "userIds": users } });
        let query = "mutation($i: UpdateFileVisibilityInput!) { updateFileVisibility(input: $i) { updatedAt } }";
        let answered = admin.ok(query, input).await["updateFileVisibility"]["updatedAt"].take();
        assert_eq!(answered, admin.ok("query($id: ID!) { file(id: $id) { updatedAt } }", json!({ "id": id })).await["file"]["updatedAt"]);
        let now = app.text("SELECT updated_at::text FROM file").await;
        assert_eq!(now != changed_at, is_change, "{visibility} {users}");
        changed_at = now;
    }
}

#[tokio::test]
async fn each_change_of_a_file_and_of_its_audience_leaves_an_entry() {
    let app = TestApp::start().await;
    let (instructor, admin) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Admin).await);
    let id = text(&instructor, "a.txt").await;
    instructor.ok(UPDATE, json!({ "i": { "id": id, "name": "b.txt" } })).await;
    instructor.ok(UPDATE, json!({ "i": { "id": id, "name": "b.txt" } })).await; // nothing changes
    show(&instructor, &id, "SHARED", json!({ "userIds": [admin.user_id] })).await;
    show(&instructor, &id, "SHARED", json!({ "userIds": [admin.user_id] })).await;
    instructor.ok(super::DELETE, json!({ "id": id })).await;
    let entries = admin
        .ok(
            "query($id: ID!) { auditLog(filter: { resource: \"File\", resourceId: $id }) { nodes { operation before after } } }",
            json!({ "id": id }),
        )
        .await["auditLog"]["nodes"]
        .take();
    let told: Vec<(String, Value, Value)> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["operation"].as_str().unwrap().to_owned(), entry["before"].clone(), entry["after"].clone()))
        .collect();
    let count = |operation: &str| told.iter().filter(|(of, ..)| of == operation).count();
    assert_eq!(
        (count("completeUpload"), count("updateFile"), count("updateFileVisibility"), count("deleteFile")),
        (1, 1, 2, 2),
        "{told:#?}"
    );
    let changed = told.iter().find(|(of, ..)| of == "updateFile").unwrap();
    assert_eq!((&changed.1["name"], &changed.2["name"]), (&json!("a.txt"), &json!("b.txt")));
    let shared = told.iter().find(|(of, _, after)| of == "updateFileVisibility" && after.get("audience").is_some()).unwrap();
    assert_eq!(shared.2["audience"]["userId"], json!(admin.user_id));
    assert_eq!(instructor.ok(FILE, json!({ "id": id })).await["file"], json!(null));
}
