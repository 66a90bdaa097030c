//! What the staff says to everybody.

use serde_json::json;

use super::{ANNOUNCE, CHANGE_ANNOUNCEMENT, DELETE_ANNOUNCEMENT, class, told_of};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{enroll, nothing, refused, uuid},
};

async fn headings(client: &Client, course: &str) -> Vec<String> {
    let query = "query($id: ID!) { course(id: $id) { announcements { nodes { title } } } }";
    let found = client.ok(query, json!({ "id": course })).await["course"]["announcements"]["nodes"].take();
    found.as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_announcement_is_seen_from_its_moment_on_and_told_once() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let eve = app.person(&app.oak, "eve@oak.example", &["LEARNER"]).await;
    let (algebra, _) = class(&ada, &lea).await;
    let now =
        ada.ok(ANNOUNCE, json!({ "i": { "courseId": algebra, "title": "Welcome", "body": "Hello *all*" } })).await["createAnnouncement"]
            .take();
    assert_eq!(json!([now["authorName"], now["course"]["id"]]), json!(["INSTRUCTOR of oak", algebra]));
    assert_eq!(told_of(&app, &lea, "ANNOUNCEMENT_PUBLISHED").await, 1);
    assert_eq!(told_of(&app, &eve, "ANNOUNCEMENT_PUBLISHED").await, 0);
    let later = json!({ "i": { "courseId": algebra, "title": "Exam", "body": "Soon", "publishAt": "2999-01-01T00:00:00Z" } });
    let later = ada.ok(ANNOUNCE, later).await["createAnnouncement"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (headings(&ada, &algebra).await, headings(&lea, &algebra).await),
        (vec!["Exam".to_owned(), "Welcome".to_owned()], vec!["Welcome".to_owned()])
    );
    assert_eq!(headings(&eve, &algebra).await, [""; 0]);
    let node = "query($id: ID!) { node(id: $id) { ... on Announcement { title bodyHtml authorName } } }";
    assert_eq!(lea.ok(node, json!({ "id": later })).await["node"], json!(null));
    // Its moment comes, and its job.
    app.sql(&format!(
        "SET session_replication_role = replica; UPDATE announcement SET publish_at = now() WHERE id = '{}'; RESET session_replication_role;
         UPDATE job SET run_at = now() WHERE kind = 'announcement.publish'",
        uuid(&later)
    ))
    .await;
    app.sql("DELETE FROM notification").await;
    assert_eq!(told_of(&app, &lea, "ANNOUNCEMENT_PUBLISHED").await, 1);
    assert_eq!(lea.ok(node, json!({ "id": later })).await["node"]["title"], "Exam");
    // What is changed is not told again.
    ada.ok(CHANGE_ANNOUNCEMENT, json!({ "i": { "id": later, "title": "The exam", "publishAt": "2026-01-01T00:00:00Z" } })).await;
    app.sql("DELETE FROM notification").await;
    assert_eq!(told_of(&app, &lea, "ANNOUNCEMENT_PUBLISHED").await, 0);
    assert_eq!(headings(&lea, &algebra).await, ["Welcome", "The exam"]);
    ada.ok(DELETE_ANNOUNCEMENT, json!({ "id": later })).await;
    assert_eq!(headings(&ada, &algebra).await, ["Welcome"]);
}

#[tokio::test]
async fn who_has_an_announcement_out_is_told_of_another_of_the_same_moment() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let carl = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let ((algebra, _), (biology, _)) = (class(&ada, &lea).await, class(&carl, &lea).await);
    enroll(&carl, &biology, &ada.user_id).await;
    for (teacher, course) in [(&ada, &algebra), (&carl, &biology)] {
        let later = json!({ "courseId": course, "title": "Exam", "body": "Soon", "publishAt": "2999-01-01T00:00:00Z" });
        teacher.ok(ANNOUNCE, json!({ "i": later })).await;
    }
    app.work().await;
    // Their moment comes, and the job that ada has asked for does the work of both.
    app.sql(&format!(
        "SET session_replication_role = replica; UPDATE announcement SET publish_at = now(); RESET session_replication_role;
         UPDATE job SET run_at = now() WHERE kind = 'announcement.publish' AND actor_id = '{}'",
        uuid(&ada.user_id)
    ))
    .await;
    let told = [told_of(&app, &ada, "ANNOUNCEMENT_PUBLISHED").await, told_of(&app, &carl, "ANNOUNCEMENT_PUBLISHED").await];
    assert_eq!((told, told_of(&app, &lea, "ANNOUNCEMENT_PUBLISHED").await), ([1, 0], 2));
    let by = "{ notifications(filter: { kinds: [ANNOUNCEMENT_PUBLISHED] }) { nodes { actor { id } } } }";
    let by = lea.ok(by, json!({})).await["notifications"]["nodes"].take();
    for teacher in [&ada, &carl] {
        assert!(by.as_array().unwrap().contains(&json!({ "actor": { "id": teacher.user_id } })), "each by its author: {by}");
    }
}

#[tokio::test]
async fn only_authors_of_a_course_announce_in_it() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let carl = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let (algebra, _) = class(&ada, &lea).await;
    let made = json!({ "i": { "courseId": algebra, "title": "Welcome", "body": "Hello" } });
    let id = ada.ok(ANNOUNCE, made.clone()).await["createAnnouncement"]["id"].as_str().unwrap().to_owned();
    refused(&app, &lea, ANNOUNCE, made.clone(), "FORBIDDEN [COURSE_UPDATE COURSE_UPDATE_ALL]").await;
    refused(&app, &carl, ANNOUNCE, made, "FORBIDDEN NOT_YOURS @courseId").await;
    refused(&app, &carl, CHANGE_ANNOUNCEMENT, json!({ "i": { "id": id, "title": "Mine" } }), "NOT_FOUND @id").await;
    refused(&app, &carl, DELETE_ANNOUNCEMENT, json!({ "id": id }), "NOT_FOUND @id").await;
    for (input, line) in [
        (json!({ "courseId": nothing("course"), "title": "A", "body": "B" }), "NOT_FOUND @courseId"),
        (json!({ "courseId": algebra, "title": " ", "body": "B" }), "BAD_USER_INPUT @title"),
        (json!({ "courseId": algebra, "title": "A", "body": " " }), "BAD_USER_INPUT @body"),
        (json!({ "courseId": algebra, "title": "A", "body": "a".repeat(10_001) }), "BAD_USER_INPUT @body"),
    ] {
        refused(&app, &ada, ANNOUNCE, json!({ "i": input }), line).await;
    }
    for field in ["title", "body", "publishAt"] {
        refused(&app, &ada, CHANGE_ANNOUNCEMENT, json!({ "i": { "id": id, field: null } }), &format!("BAD_USER_INPUT @{field}")).await;
    }
}
