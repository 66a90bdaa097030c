//! The end of a file, and of its owner.

use serde_json::json;

use super::{DELETE, FILE, begin, declared, objects, refused, sent, show, text};
use crate::{
    app::{TestApp, Who},
    classroom::{course, group, nothing, uuid},
};

#[tokio::test]
async fn the_bytes_go_after_the_row_and_never_without_it() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let (id, other) = (text(&learner, "a.txt").await, text(&learner, "b.txt").await);
    app.work().await;
    assert_eq!(learner.ok(DELETE, json!({ "id": id })).await["deleteFile"], json!(id));
    assert_eq!(objects(&app, "schools").len(), 2, "not before it is committed");
    app.work().await;
    assert_eq!(objects(&app, "schools").len(), 1);
    // A document that is rolled back takes nothing.
    let both = "mutation($id: ID!, $none: ID!) { a: deleteFile(id: $id) b: deleteFile(id: $none) }";
    learner.ask(both, json!({ "id": other, "none": nothing("file") })).await;
    app.work().await;
    assert_eq!(objects(&app, "schools").len(), 1);
    assert_eq!(learner.ok(FILE, json!({ "id": other })).await["file"]["name"], "b.txt");
    refused(&app, &learner, DELETE, json!({ "id": id }), "NOT_FOUND @id").await;
}

#[tokio::test]
async fn a_job_deletes_bytes_of_its_own_school_alone() {
    let app = TestApp::start().await;
    let elm = app.sign_in(&app.elm, Who::Learner).await;
    text(&elm, "a.txt").await;
    app.work().await;
    let object = app.text("SELECT object FROM file").await.unwrap();
    app.sql(&format!(
        "BEGIN; SET LOCAL app.tenant_id = '{}'; SELECT app.enqueue('file.delete', 'x', jsonb_build_object('object', '{object}')); COMMIT",
        app.oak.tenant
    ))
    .await;
    app.work().await;
    assert_eq!((app.count("job WHERE kind = 'file.delete' AND state = 'DEAD'").await, objects(&app, "schools").len()), (1, 1));
}

#[tokio::test]
async fn with_a_person_go_their_private_files_and_uploads_and_the_rest_stays_with_the_tombstone() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let person = app.person(&app.oak, "person@oak.example", &["INSTRUCTOR"]).await;
    let (private, shared, whole) =
        (text(&person, "private.txt").await, text(&person, "shared.txt").await, text(&person, "whole.txt").await);
    show(&person, &shared, "SHARED", json!({ "userIds": [admin.user_id] })).await;
    show(&person, &whole, "TENANT", json!({})).await;
    let theirs = text(&admin, "theirs.txt").await;
    show(&admin, &theirs, "SHARED", json!({ "userIds": [person.user_id] })).await;
    sent(&person, "d.txt", "text/plain", b"d").await;
    begin(&person, declared("e.txt", "text/plain", b"e")).await;

    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": person.user_id })).await;
    const OWNED: &str = "query($id: ID!) { file(id: $id) { name owner { id name } } }";
    for (id, name) in [(&shared, "shared.txt"), (&whole, "whole.txt")] {
        let file = admin.ok(OWNED, json!({ "id": id })).await["file"].take();
        assert_eq!(json!([file["name"], file["owner"]["id"], file["owner"]["name"]]), json!([name, person.user_id, "Deleted user"]));
    }
    assert_eq!(admin.ok(OWNED, json!({ "id": private })).await["file"], json!(null));
    let person = uuid(&person.user_id);
    assert_eq!(app.count(&format!("upload WHERE user_id = '{person}' AND completed_at IS NULL")).await, 0);
    assert_eq!(app.count(&format!("file_audience WHERE user_id = '{person}'")).await, 0);
    app.work().await;
    assert_eq!((objects(&app, "uploads").len(), objects(&app, "schools").len()), (0, 3));
}

#[tokio::test]
async fn what_was_shared_with_a_group_or_a_course_ends_with_it() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (class, algebra) = (group(&admin, json!({ "name": "7b" })).await, course(&admin, json!({ "title": "Algebra" })).await);
    let id = text(&admin, "a.txt").await;
    show(&admin, &id, "SHARED", json!({ "groupIds": [class], "courseIds": [algebra] })).await;
    admin.ok("mutation($id: ID!) { deleteGroup(id: $id) }", json!({ "id": class })).await;
    assert_eq!(app.count("file_audience WHERE course_id IS NOT NULL").await, 1);
    admin.ok("mutation($id: ID!) { deleteCourse(id: $id) }", json!({ "id": algebra })).await;
    assert_eq!(app.count("file_audience").await, 0);
    assert_eq!(app.text("SELECT visibility FROM file").await.as_deref(), Some("SHARED"));
}
