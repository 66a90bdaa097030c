//! Wrong input, missing permissions: each named, and nothing changed by it.

use lectern::http::HttpOptions;
use serde_json::{Value, json};

use super::{CREATE, DELETE, PNG, SHOW, UPDATE, begin, declared, file, refused, sent, sha256, text};
use crate::{
    app::{TestApp, Who},
    classroom::{course, nothing},
};

#[tokio::test]
async fn each_wrong_declaration_is_refused_with_its_field() {
    let app = TestApp::start_with(&["--max-file-bytes=1000"], HttpOptions::default()).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let hash = sha256(b"x");
    let with = |field: &str, value: Value| {
        let mut input = json!({ "name": "a.txt", "contentType": "text/plain", "size": 1, "sha256": hash });
        input[field] = value;
        json!({ "i": input })
    };
    for (field, value, line) in [
        ("name", json!(""), "BAD_USER_INPUT @name"),
        ("name", json!("x".repeat(201)), "BAD_USER_INPUT @name"),
        ("contentType", json!("text/html"), "BAD_USER_INPUT FILE_TYPE_NOT_ALLOWED @contentType"),
        ("contentType", json!("image/svg+xml"), "BAD_USER_INPUT FILE_TYPE_NOT_ALLOWED @contentType"),
        ("contentType", json!("application/xml"), "BAD_USER_INPUT FILE_TYPE_NOT_ALLOWED @contentType"),
        ("contentType", json!("text/javascript"), "BAD_USER_INPUT FILE_TYPE_NOT_ALLOWED @contentType"),
        ("contentType", json!("application/x-msdownload"), "BAD_USER_INPUT FILE_TYPE_NOT_ALLOWED @contentType"),
        ("contentType", json!(""), "BAD_USER_INPUT FILE_TYPE_NOT_ALLOWED @contentType"),
        ("contentType", json!("text/plain\r\nx: y"), "BAD_USER_INPUT FILE_TYPE_NOT_ALLOWED @contentType"),
        ("size", json!(0), "BAD_USER_INPUT @size"),
        ("size", json!(-1), "BAD_USER_INPUT @size"),
        ("size", json!(1001), "BAD_USER_INPUT FILE_TOO_LARGE @size"),
        ("sha256", json!("abc"), "BAD_USER_INPUT @sha256"),
        ("sha256", json!("g".repeat(64)), "BAD_USER_INPUT @sha256"),
        ("folder", json!(""), "BAD_USER_INPUT @folder"),
        ("folder", json!("-a"), "BAD_USER_INPUT @folder"),
        ("folder", json!("A"), "BAD_USER_INPUT @folder"),
        ("folder", json!("../b"), "BAD_USER_INPUT @folder"),
        ("folder", json!("x".repeat(41)), "BAD_USER_INPUT @folder"),
    ] {
        refused(&app, &learner, CREATE, with(field, value), line).await;
    }
    begin(&learner, with("size", json!(1000))["i"].clone()).await;
    assert_eq!(begin(&learner, with("sha256", json!(hash.to_uppercase()))["i"].clone()).await["sha256"], json!(hash));
}

#[tokio::test]
async fn an_operator_says_which_types_there_are() {
    let app = TestApp::start_with(&["--file-types=image/png, application/x-flight-log"], HttpOptions::default()).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    refused(
        &app,
        &learner,
        CREATE,
        json!({ "i": declared("a.txt", "text/plain", b"a") }),
        "BAD_USER_INPUT FILE_TYPE_NOT_ALLOWED @contentType",
    )
    .await;
    file(&learner, "a.log", "application/x-flight-log", b"\0\x01whatever").await;
}

#[tokio::test]
async fn bytes_of_another_type_than_was_declared_never_become_a_file() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let html = b"<!doctype html><script>alert(1)</script>".as_slice();
    for (name, content_type, bytes) in [
        ("picture.png", "image/png", html),
        ("picture.jpg", "image/jpeg", PNG),
        ("paper.pdf", "application/pdf", html),
        ("table.csv", "text/csv", b"a,b\0"),
        ("text.txt", "text/plain", b"\xff\xfea\0"),
        ("archive.zip", "application/zip", b"MZ\x90\0"),
        // Of the same container, and something else.
        ("moving.mp4", "video/mp4", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        ("moving.webm", "video/webm", b"\x1A\x45\xDF\xA3\x8B\x42\x82\x88matroska"),
        ("letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", html),
    ] {
        let upload = sent(&learner, name, content_type, bytes).await;
        refused(&app, &learner, super::COMPLETE, json!({ "id": upload["id"] }), "BAD_USER_INPUT FILE_CONTENT_MISMATCH @id").await;
    }
    assert_eq!((app.count("file").await, super::objects(&app, "schools").len()), (0, 0));
}

#[tokio::test]
async fn whoever_lacks_the_permission_uploads_changes_and_deletes_nothing() {
    let app = TestApp::start().await;
    let (viewer, learner) = (app.sign_in(&app.oak, Who::Viewer).await, app.sign_in(&app.oak, Who::Learner).await);
    let id = text(&learner, "a.txt").await;
    for query in [CREATE, super::COMPLETE, super::CANCEL] {
        let variables = json!({ "i": declared("a.txt", "text/plain", b"a"), "id": nothing("upload") });
        refused(&app, &viewer, query, variables, "FORBIDDEN [FILE_UPLOAD]").await;
    }
    for query in [UPDATE, SHOW, DELETE] {
        let variables = json!({ "i": { "id": id, "visibility": "PRIVATE" }, "id": id });
        let variables = if query == UPDATE { json!({ "i": { "id": id } }) } else { variables };
        refused(&app, &viewer, query, variables, "FORBIDDEN [FILE_UPLOAD FILE_MANAGE]").await;
    }
    assert_eq!(learner.refused("{ viewer { tenant { storage { files } } } }", json!({})).await, "FORBIDDEN [FILE_MANAGE]");
    assert_eq!(app.stranger().refused(CREATE, json!({ "i": declared("a.txt", "text/plain", b"a") })).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn whom_a_file_can_not_be_shown_to_is_said() {
    let app = TestApp::start().await;
    let (admin, instructor) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let stranger = app.sign_in(&app.elm, Who::Learner).await;
    let (id, theirs) = (text(&learner, "a.txt").await, text(&instructor, "b.txt").await);
    let picture = file(&admin, "a.png", "image/png", PNG).await["id"].clone();
    let foreign = course(&admin, json!({ "title": "Algebra" })).await;
    let own = course(&instructor, json!({ "title": "Botany" })).await;
    let draft = crate::classroom::draft(&admin, json!({ "title": "Secret" })).await;
    let group = crate::classroom::group(&admin, json!({ "name": "7b" })).await;

    let of = |id: &str, more: Value| {
        let mut input = json!({ "id": id });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "i": input })
    };
    let many: Vec<String> = (0..101).map(|_| nothing("user")).collect();
    for (more, line) in [
        (json!({ "visibility": "SHARED" }), "BAD_USER_INPUT @visibility"),
        (json!({ "visibility": "SHARED", "userIds": [] }), "BAD_USER_INPUT @visibility"),
        (json!({ "visibility": "PRIVATE", "userIds": [admin.user_id] }), "BAD_USER_INPUT @userIds"),
        (json!({ "visibility": "TENANT", "groupIds": [group] }), "BAD_USER_INPUT @groupIds"),
        (json!({ "visibility": "PUBLIC", "courseIds": [own] }), "BAD_USER_INPUT @courseIds"),
        (json!({ "visibility": "SHARED", "userIds": [group] }), "BAD_USER_INPUT @userIds.0"),
        (json!({ "visibility": "SHARED", "userIds": [instructor.user_id, instructor.user_id] }), "BAD_USER_INPUT @userIds.1"),
        (json!({ "visibility": "SHARED", "userIds": many }), "BAD_USER_INPUT @userIds"),
        (json!({ "visibility": "SHARED", "userIds": [instructor.user_id, nothing("user")] }), "NOT_FOUND @userIds.1"),
        (json!({ "visibility": "SHARED", "userIds": [stranger.user_id] }), "NOT_FOUND @userIds.0"),
        (json!({ "visibility": "SHARED", "groupIds": [group] }), "NOT_FOUND @groupIds.0"),
        (json!({ "visibility": "SHARED", "courseIds": [draft] }), "NOT_FOUND @courseIds.0"),
        (json!({ "visibility": "SHARED", "courseIds": [own] }), "FORBIDDEN NOT_YOURS @courseIds.0"),
        (json!({ "visibility": "TENANT" }), "FORBIDDEN [FILE_MANAGE] @visibility"),
        (json!({ "visibility": "PUBLIC" }), "FORBIDDEN [FILE_MANAGE] @visibility"),
    ] {
        refused(&app, &learner, SHOW, of(&id, more), line).await;
    }
    refused(
        &app,
        &instructor,
        SHOW,
        of(&theirs, json!({ "visibility": "SHARED", "courseIds": [own, foreign] })),
        "FORBIDDEN NOT_YOURS @courseIds.1",
    )
    .await;
    refused(&app, &instructor, SHOW, of(&theirs, json!({ "visibility": "PUBLIC" })), "FORBIDDEN [FILE_MANAGE] @visibility").await;
    refused(&app, &admin, SHOW, of(&theirs, json!({ "visibility": "PUBLIC" })), "BAD_USER_INPUT FILE_TYPE_NOT_ALLOWED @visibility").await;
    super::show(&instructor, &theirs, "TENANT", json!({})).await;
    super::show(&admin, picture.as_str().unwrap(), "PUBLIC", json!({})).await;
}

#[tokio::test]
async fn one_who_begins_uploads_too_often_waits_whatever_comes_of_them() {
    let app = TestApp::start_with(&["--rate-uploads=3"], HttpOptions::default()).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    for _ in 0..3 {
        learner.refused(CREATE, json!({ "i": declared("", "text/plain", b"a") })).await;
    }
    let answer = learner.ask(CREATE, json!({ "i": declared("a.txt", "text/plain", b"a") })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{answer}");
    assert_eq!(app.count("upload").await, 0);
    begin(&app.sign_in(&app.oak, Who::Instructor).await, declared("a.txt", "text/plain", b"a")).await;
}
