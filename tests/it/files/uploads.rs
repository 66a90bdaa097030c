//! The way of an upload: declared, sent, completed; as often as it takes.

use reqwest::StatusCode;
use serde_json::json;

use super::{CANCEL, COMPLETE, DOWNLOAD, FILE, PNG, UPLOAD, begin, declared, line, objects, refused, send, sent, sha256};
use crate::{
    app::{TestApp, Who},
    classroom::{nothing, uuid},
};

#[tokio::test]
async fn what_was_declared_and_sent_becomes_a_file_of_its_owner() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let mut input = declared(" Cafe\u{301}.png ", "Image/PNG; charset=binary", PNG);
    input["folder"] = json!("my-pictures-2026");
    let upload = begin(&learner, input).await;
    assert_eq!(
        json!([
            upload["name"],
            upload["contentType"],
            upload["size"],
            upload["sha256"],
            upload["folder"],
            upload["status"],
            upload["method"],
            upload["file"]
        ]),
        json!(["Café.png", "image/png", PNG.len(), sha256(PNG), "my-pictures-2026", "PENDING", "PUT", null])
    );
    assert!(upload["url"].as_str().unwrap().starts_with(&format!("{}/files/uploads/", app.url)), "{upload}");
    assert_eq!(app.text("SELECT (expires_at - created_at)::text FROM upload").await.unwrap(), "00:30:00");

    assert_eq!(send(&learner, &upload, PNG).await.status(), StatusCode::OK);
    let file = learner.ok(COMPLETE, json!({ "id": upload["id"] })).await["completeUpload"].take();
    assert_eq!(
        json!([
            file["name"],
            file["contentType"],
            file["size"],
            file["sha256"],
            file["folder"],
            file["visibility"],
            file["owner"]["id"],
            file["publicUrl"],
            file["expiresAt"]
        ]),
        json!(["Café.png", "image/png", PNG.len() as f64, sha256(PNG), "my-pictures-2026", "PRIVATE", learner.user_id, null, null])
    );
    let (tenant, id) = (app.oak.tenant, uuid(upload["id"].as_str().unwrap()));
    assert_eq!(app.text("SELECT object FROM file").await.unwrap(), format!("schools/{tenant}/my-pictures-2026/{id}_Caf_.png"));
    let after = learner.ok(UPLOAD, json!({ "id": upload["id"] })).await["upload"].take();
    assert_eq!(json!([after["status"], after["url"], after["file"]["id"]]), json!(["COMPLETED", null, file["id"]]));
    assert_eq!(app.changes("completeUpload").await, 1);
    assert_eq!(app.changes("createUpload").await, 0, "an upload is a record itself");

    // What was staged goes by a job, once the file is there.
    assert_eq!(objects(&app, "uploads").len(), 1);
    app.work().await;
    assert_eq!((objects(&app, "uploads").len(), objects(&app, "schools").len()), (0, 1));
    let data = learner.ok(DOWNLOAD, json!({ "id": file["id"] })).await;
    let bytes = app.stranger().http.get(data["file"]["download"]["url"].as_str().unwrap()).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(&bytes[..], PNG);
}

#[tokio::test]
async fn completing_again_answers_the_same_file_and_its_deletion_ends_that() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let upload = sent(&learner, "a.txt", "text/plain", b"once").await;
    let id = json!({ "id": upload["id"] });
    let first = learner.ok(COMPLETE, id.clone()).await["completeUpload"]["id"].take();
    app.work().await; // also where what was staged is gone
    assert_eq!(learner.ok(COMPLETE, id.clone()).await["completeUpload"]["id"], first);
    let twice = "mutation($id: ID!) { a: completeUpload(id: $id) { id } b: completeUpload(id: $id) { id } }";
    let both = learner.ok(twice, id.clone()).await;
    assert_eq!((&both["a"]["id"], &both["b"]["id"]), (&first, &first));
    assert_eq!(app.count("file").await, 1);
    learner.ok(super::DELETE, json!({ "id": first })).await;
    refused(&app, &learner, COMPLETE, id.clone(), "NOT_FOUND @id").await;
    assert_eq!(learner.ok(UPLOAD, id).await["upload"]["file"], json!(null));
}

#[tokio::test]
async fn bytes_may_be_sent_anew_until_they_are_right() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let upload = begin(&learner, declared("a.txt", "text/plain", b"right")).await;
    let id = json!({ "id": upload["id"] });
    refused(&app, &learner, COMPLETE, id.clone(), "CONFLICT UPLOAD_EMPTY @id").await;
    assert_eq!(send(&learner, &upload, b"wrong").await.status(), StatusCode::OK);
    refused(&app, &learner, COMPLETE, id.clone(), "BAD_USER_INPUT CHECKSUM_MISMATCH @id").await;
    assert_eq!(learner.ok(UPLOAD, id.clone()).await["upload"]["status"], "PENDING");
    // The address is the same when it is asked for again.
    let again = learner.ok(UPLOAD, id.clone()).await["upload"].take();
    assert_eq!(send(&learner, &again, b"right").await.status(), StatusCode::OK);
    learner.ok(COMPLETE, id).await;
}

#[tokio::test]
async fn an_upload_ends_by_time_alone() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let upload = sent(&learner, "a.txt", "text/plain", b"late").await;
    app.sql("UPDATE upload SET expires_at = now() - interval '1 second'").await;
    let after = learner.ok(UPLOAD, json!({ "id": upload["id"] })).await["upload"].take();
    assert_eq!((&after["status"], &after["url"]), (&json!("EXPIRED"), &json!(null)));
    refused(&app, &learner, COMPLETE, json!({ "id": upload["id"] }), "CONFLICT UPLOAD_EXPIRED @id").await;
    assert_eq!(line(send(&learner, &upload, b"late").await).await, "403 FORBIDDEN URL_EXPIRED");
    // It may still be given up.
    learner.ok(CANCEL, json!({ "id": upload["id"] })).await;
    assert_eq!(app.count("upload").await, 0);
}

#[tokio::test]
async fn an_upload_that_is_given_up_is_gone_with_its_bytes() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let upload = sent(&learner, "a.txt", "text/plain", b"never").await;
    let id = json!({ "id": upload["id"] });
    assert_eq!(learner.ok(CANCEL, id.clone()).await["cancelUpload"], upload["id"]);
    assert_eq!(learner.ok(UPLOAD, id.clone()).await["upload"], json!(null));
    refused(&app, &learner, CANCEL, id.clone(), "NOT_FOUND @id").await;
    refused(&app, &learner, COMPLETE, id.clone(), "NOT_FOUND @id").await;
    assert_eq!(line(send(&learner, &upload, b"never").await).await, "403 FORBIDDEN URL_EXPIRED");
    app.work().await;
    assert_eq!(objects(&app, "").len(), 0);

    let done = sent(&learner, "b.txt", "text/plain", b"done").await;
    let file = learner.ok(COMPLETE, json!({ "id": done["id"] })).await;
    refused(&app, &learner, CANCEL, json!({ "id": done["id"] }), "CONFLICT INVALID_TRANSITION @id").await;
    assert_eq!(line(send(&learner, &done, b"done").await).await, "403 FORBIDDEN URL_EXPIRED");
    assert_eq!(learner.ok(FILE, json!({ "id": file["completeUpload"]["id"] })).await["file"]["name"], "b.txt");
}

#[tokio::test]
async fn an_upload_is_its_owners_alone() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let upload = sent(&learner, "a.txt", "text/plain", b"mine").await;
    let id = json!({ "id": upload["id"] });
    for other in [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Admin).await] {
        assert_eq!(other.ok(UPLOAD, id.clone()).await["upload"], json!(null));
        refused(&app, &other, COMPLETE, id.clone(), "NOT_FOUND @id").await;
        refused(&app, &other, CANCEL, id.clone(), "NOT_FOUND @id").await;
    }
    for query in [COMPLETE, CANCEL] {
        refused(&app, &learner, query, json!({ "id": nothing("upload") }), "NOT_FOUND @id").await;
    }
    let node = learner.ok("query($id: ID!) { node(id: $id) { id ... on Upload { name } } }", id).await;
    assert_eq!(node["node"]["name"], "a.txt");
}

#[tokio::test]
async fn a_document_that_is_rolled_back_leaves_its_upload_as_it_was() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let upload = sent(&learner, "a.txt", "text/plain", b"twice").await;
    let both = "mutation($id: ID!, $other: ID!) { a: completeUpload(id: $id) { id } b: deleteFile(id: $other) }";
    let answer = learner.ask(both, json!({ "id": upload["id"], "other": nothing("file") })).await;
    assert_eq!(answer["data"], json!(null), "{answer}");
    assert_eq!(app.count("file").await + app.count("job WHERE kind = 'file.delete'").await, 0);
    assert_eq!(learner.ok(COMPLETE, json!({ "id": upload["id"] })).await["completeUpload"]["name"], "a.txt");
}
