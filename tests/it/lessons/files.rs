//! Files that are read through lessons, materials and posters, and what goes with courses.

use serde_json::{Value, json};

use super::{CREATE, UPDATE, classroom, lesson, lesson_of};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{nothing, refused},
    files::text,
};

const ADD: &str =
    "mutation($i: AddCourseMaterialInput!) { addCourseMaterial(input: $i) { id title url file { name } lesson { id } course { id } } }";
const REMOVE: &str = "mutation($id: ID!) { removeCourseMaterial(id: $id) }";
const DELETE_FILE: &str = "mutation($id: ID!) { deleteFile(id: $id) }";
const MATERIALS: &str = "query($id: ID!) { course(id: $id) { materials { title file { name } } } }";

async fn titles(client: &Client, course: &str) -> Value {
    let found = client.ok(MATERIALS, json!({ "id": course })).await["course"]["materials"].take();
    json!(found.as_array().unwrap().iter().map(|material| material["title"].clone()).collect::<Vec<_>>())
}

#[tokio::test]
async fn whoever_reads_a_lesson_reads_its_file_and_nobody_else() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (viewer, elm) = (app.sign_in(&app.oak, Who::Viewer).await, app.sign_in(&app.elm, Who::Admin).await);
    let (_, sets, _) = classroom(&app, &ada, &lea).await;
    let file = text(&ada, "sets.txt").await;
    let id = lesson_of(&ada, &sets, json!({ "kind": "FILE", "title": "Sheet", "fileId": file, "isPublished": true })).await;
    let read = "query($id: ID!) { lesson(id: $id) { isLocked file { name visibility download { url } } } }";
    assert_eq!(
        lea.ok("query($id: ID!) { file(id: $id) { name } }", json!({ "id": file })).await["file"],
        json!(null),
        "by itself it is private"
    );
    let shown = lea.ok(read, json!({ "id": id })).await["lesson"].take();
    assert_eq!(json!([shown["file"]["name"], shown["file"]["visibility"]]), json!(["sets.txt", "PRIVATE"]));
    let answer = app.stranger().http.get(shown["file"]["download"]["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "sets.txt");
    assert_eq!(viewer.ok(read, json!({ "id": id })).await["lesson"], json!({ "isLocked": true, "file": null }));
    assert_eq!(elm.ok(read, json!({ "id": id })).await["lesson"], json!(null));
    refused(&app, &ada, DELETE_FILE, json!({ "id": file }), "CONFLICT IN_USE @id").await;

    // Attached by whose it is, or by FILE_MANAGE.
    let foreign = text(&viewer_who_uploads(&app).await, "other.txt").await;
    let with = |file: &str| json!({ "i": { "sectionId": sets, "kind": "FILE", "title": "Sheet", "fileId": file } });
    refused(&app, &ada, CREATE, with(&foreign), "NOT_FOUND @fileId").await;
    refused(&app, &ada, CREATE, with(&nothing("file")), "NOT_FOUND @fileId").await;
    refused(&app, &ada, UPDATE, json!({ "i": { "id": id, "fileId": foreign } }), "NOT_FOUND @fileId").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok(UPDATE, json!({ "i": { "id": id, "fileId": foreign } })).await;
    // Whoever can't attach it can leave it.
    ada.ok(UPDATE, json!({ "i": { "id": id, "fileId": foreign, "title": "Another sheet" } })).await;
    ada.ok(DELETE_FILE, json!({ "id": file })).await;
}

/// Somebody else who uploads files.
async fn viewer_who_uploads(app: &TestApp) -> Client {
    app.person(&app.oak, "uploader@oak.example", &["LEARNER"]).await
}

#[tokio::test]
async fn materials_go_with_the_course_or_with_a_lesson_and_are_locked_with_it() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (viewer, admin) = (app.sign_in(&app.oak, Who::Viewer).await, app.sign_in(&app.oak, Who::Admin).await);
    let (algebra, sets, enrolled) = classroom(&app, &ada, &lea).await;
    let open = lesson(&ada, &sets, "What a set is").await;
    let hidden = lesson_of(&ada, &sets, json!({ "kind": "TEXT", "title": "Draft" })).await;
    let file = text(&ada, "handbook.txt").await;
    let handbook =
        ada.ok(ADD, json!({ "i": { "courseId": algebra, "title": " Handbook ", "fileId": file } })).await["addCourseMaterial"].take();
    assert_eq!(
        handbook,
        json!({ "id": handbook["id"], "title": "Handbook", "url": null, "file": { "name": "handbook.txt" }, "lesson": null, "course": { "id": algebra } })
    );
    for (lesson, title) in [(&open, "Page"), (&hidden, "Secret")] {
        ada.ok(ADD, json!({ "i": { "courseId": algebra, "lessonId": lesson, "title": title, "url": "https://example.org/sets" } })).await;
    }
    let of_lesson = "query($id: ID!) { lesson(id: $id) { materials { title url } } }";
    assert_eq!(titles(&ada, &algebra).await, json!(["Handbook", "Page", "Secret"]));
    assert_eq!(titles(&lea, &algebra).await, json!(["Handbook", "Page"]));
    assert_eq!(titles(&viewer, &algebra).await, json!([]));
    assert_eq!(
        lea.ok(of_lesson, json!({ "id": open })).await["lesson"]["materials"],
        json!([{ "title": "Page", "url": "https://example.org/sets" }])
    );
    assert_eq!(viewer.ok(of_lesson, json!({ "id": open })).await["lesson"]["materials"], json!(null));
    let node = "query($id: ID!) { node(id: $id) { ... on CourseMaterial { title file { name } } } }";
    assert_eq!(lea.ok(node, json!({ "id": handbook["id"] })).await["node"]["file"]["name"], "handbook.txt");
    assert_eq!(viewer.ok(node, json!({ "id": handbook["id"] })).await["node"], json!(null));
    // With the enrollment's end it is closed.
    admin.ok("mutation($id: ID!) { unenroll(id: $id) { status } }", json!({ "id": enrolled })).await;
    assert_eq!(titles(&lea, &algebra).await, json!([]));
    assert_eq!(lea.ok(node, json!({ "id": handbook["id"] })).await["node"], json!(null));

    let add = |more: Value| {
        let mut input = json!({ "courseId": algebra, "title": "More" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "i": input })
    };
    for (more, line) in [
        (json!({}), "BAD_USER_INPUT @fileId"),
        (json!({ "fileId": file, "url": "https://example.org" }), "BAD_USER_INPUT @fileId"),
        (json!({ "url": "http://example.org" }), "BAD_USER_INPUT @url"),
        (json!({ "title": " ", "url": "https://example.org" }), "BAD_USER_INPUT @title"),
        (json!({ "fileId": nothing("file") }), "NOT_FOUND @fileId"),
        (json!({ "lessonId": nothing("lesson"), "url": "https://example.org" }), "NOT_FOUND @lessonId"),
        (json!({ "courseId": nothing("course"), "url": "https://example.org" }), "NOT_FOUND @courseId"),
    ] {
        refused(&app, &ada, ADD, add(more), line).await;
    }
    refused(&app, &lea, ADD, add(json!({ "url": "https://example.org" })), "FORBIDDEN [COURSE_UPDATE COURSE_UPDATE_ALL]").await;
    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    refused(&app, &stranger, ADD, add(json!({ "url": "https://example.org" })), "FORBIDDEN NOT_YOURS @courseId").await;
    refused(&app, &stranger, REMOVE, json!({ "id": handbook["id"] }), "NOT_FOUND @id").await;
    refused(&app, &ada, DELETE_FILE, json!({ "id": file }), "CONFLICT IN_USE @id").await;
    ada.ok(REMOVE, json!({ "id": handbook["id"] })).await;
    ada.ok(DELETE_FILE, json!({ "id": file })).await;
    refused(&app, &ada, REMOVE, json!({ "id": handbook["id"] }), "NOT_FOUND @id").await;
    // Materials of a lesson go with it; a course has a hundred at most.
    ada.ok(super::DELETE, json!({ "id": open })).await;
    assert_eq!(titles(&ada, &algebra).await, json!(["Secret"]));
    for n in 0..99 {
        ada.ok(ADD, add(json!({ "title": format!("Page {n}"), "url": "https://example.org" }))).await;
    }
    refused(&app, &ada, ADD, add(json!({ "url": "https://example.org" })), "BAD_USER_INPUT @courseId").await;
}

#[tokio::test]
async fn the_poster_of_a_film_is_shown_to_whoever_sees_the_course() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (viewer, elm) = (app.sign_in(&app.oak, Who::Viewer).await, app.sign_in(&app.elm, Who::Admin).await);
    let (algebra, ..) = classroom(&app, &ada, &lea).await;
    let file = text(&ada, "poster.txt").await;
    let update =
        "mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { introVideoUrl introVideoSeconds introVideoPoster { name } } }";
    let film =
        json!({ "i": { "id": algebra, "introVideoUrl": "https://films.example/1", "introVideoSeconds": 90, "introVideoPosterId": file } });
    assert_eq!(
        ada.ok(update, film).await["updateCourse"],
        json!({ "introVideoUrl": "https://films.example/1", "introVideoSeconds": 90, "introVideoPoster": { "name": "poster.txt" } })
    );
    let read = "query($id: ID!) { course(id: $id) { introVideoPoster { name } } }";
    for client in [&viewer, &lea] {
        assert_eq!(client.ok(read, json!({ "id": algebra })).await["course"]["introVideoPoster"]["name"], "poster.txt");
    }
    assert_eq!(elm.ok(read, json!({ "id": algebra })).await["course"], json!(null));
    refused(&app, &ada, DELETE_FILE, json!({ "id": file }), "CONFLICT IN_USE @id").await;
    refused(&app, &ada, update, json!({ "i": { "id": algebra, "introVideoPosterId": nothing("file") } }), "NOT_FOUND @introVideoPosterId")
        .await;
    let cleared = json!({ "i": { "id": algebra, "introVideoUrl": null, "introVideoSeconds": null, "introVideoPosterId": null } });
    let nothing = json!({ "introVideoUrl": null, "introVideoSeconds": null, "introVideoPoster": null });
    assert_eq!(ada.ok(update, cleared).await["updateCourse"], nothing);
    ada.ok(DELETE_FILE, json!({ "id": file })).await;
}
