//! From draft to published to archived, and away.

use serde_json::{Value, json};

use super::{COURSE, PUBLISH, UPDATE, sections};
use crate::{
    app::{TestApp, Who},
    classroom::{UNENROLL, course, draft, enroll, everything, learners, refused},
};

pub const ARCHIVE: &str = "mutation($id: ID!) { archiveCourse(id: $id) { status } }";
pub const DELETE: &str = "mutation($id: ID!) { deleteCourse(id: $id) }";

#[tokio::test]
async fn a_course_is_published_once_and_archived_once() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let id = draft(&ada, json!({ "title": "Algebra" })).await;
    let this = || json!({ "id": id });
    assert_eq!(ada.ok(PUBLISH, this()).await["publishCourse"]["status"], "PUBLISHED");
    refused(&app, &ada, PUBLISH, this(), "CONFLICT INVALID_TRANSITION @id").await;
    assert_eq!(ada.ok(ARCHIVE, this()).await["archiveCourse"]["status"], "ARCHIVED");
    refused(&app, &ada, ARCHIVE, this(), "CONFLICT INVALID_TRANSITION @id").await;
    refused(&app, &ada, PUBLISH, this(), "CONFLICT INVALID_TRANSITION @id").await;
    assert_eq!(app.changes("publishCourse").await + app.changes("archiveCourse").await, 2);
    // An archived course is still read, and its words may still be mended.
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(learner.ok(COURSE, this()).await["course"]["title"], "Algebra");
    ada.ok(UPDATE, json!({ "i": { "id": id, "title": "Algebra I" } })).await;
    // A draft may be put away unpublished.
    let other = draft(&ada, json!({ "title": "Geometry" })).await;
    assert_eq!(ada.ok(ARCHIVE, json!({ "id": other })).await["archiveCourse"]["status"], "ARCHIVED");
}

#[tokio::test]
async fn a_course_in_use_is_not_deleted_and_a_deleted_one_is_gone() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = course(&ada, json!({ "title": "Algebra", "tags": ["maths"] })).await;
    let section = ada.ok(sections::CREATE, json!({ "i": { "courseId": id, "title": "One" } })).await["createSection"]["id"].take();
    let enrollment = enroll(&admin, &id, &learner.user_id).await;
    refused(&app, &admin, DELETE, json!({ "id": id }), "CONFLICT IN_USE @id").await;
    admin.ok(ARCHIVE, json!({ "id": id })).await;
    refused(&app, &admin, DELETE, json!({ "id": id }), "CONFLICT IN_USE @id").await;
    learner.ok(UNENROLL, json!({ "id": enrollment })).await;
    assert_eq!(admin.ok(DELETE, json!({ "id": id })).await["deleteCourse"], json!(id));

    assert_eq!(app.count("course where deleted_at is not null").await, 1, "history keeps the row");
    let gone = "query($id: ID!, $s: ID!) { course(id: $id) { id } node(id: $id) { id } section: node(id: $s) { id } courses { totalCount } \
                tagged: courses(filter: { tag: \"maths\" }) { totalCount } found: courses(filter: { search: \"alg\" }) { totalCount } }";
    let nothing = json!({ "course": null, "node": null, "section": null, "courses": { "totalCount": 0 }, "tagged": { "totalCount": 0 },
                          "found": { "totalCount": 0 } });
    for client in [&admin, &ada, &learner] {
        assert_eq!(client.ok(gone, json!({ "id": id, "s": section })).await, nothing);
    }
    // The enrollment is history, and its course is not shown.
    let left = learner.ok("query($id: ID!) { enrollment(id: $id) { status course { id } } }", json!({ "id": enrollment })).await;
    assert_eq!(left["enrollment"], json!({ "status": "DROPPED", "course": null }));

    let before = everything(&app).await;
    for (mutation, variables, line) in [
        (DELETE, json!({ "id": id }), "NOT_FOUND @id"),
        (PUBLISH, json!({ "id": id }), "NOT_FOUND @id"),
        (ARCHIVE, json!({ "id": id }), "NOT_FOUND @id"),
        (UPDATE, json!({ "i": { "id": id, "title": "Again" } }), "NOT_FOUND @id"),
        (UPDATE, json!({ "i": { "id": id, "enrollmentKey": "again" } }), "NOT_FOUND @id"),
        (sections::CREATE, json!({ "i": { "courseId": id, "title": "Two" } }), "NOT_FOUND @courseId"),
        (sections::UPDATE, json!({ "i": { "id": section, "title": "Two" } }), "NOT_FOUND @id"),
        (sections::DELETE, json!({ "id": section }), "NOT_FOUND @id"),
    ] {
        assert_eq!(admin.refused(mutation, variables).await, line, "{mutation}");
    }
    assert_eq!(everything(&app).await, before);
}

#[tokio::test]
async fn capacity_is_not_lowered_below_the_seats_that_are_taken() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 3).await;
    let id = course(&admin, json!({ "title": "Algebra", "capacity": 5 })).await;
    let mut last = String::new();
    for person in &people {
        last = enroll(&admin, &id, person).await;
    }
    let seats = |capacity: Value| json!({ "i": { "id": id, "capacity": capacity } });
    refused(&app, &admin, UPDATE, seats(json!(2)), "CONFLICT COURSE_FULL @capacity").await;
    let answer = admin.ask(UPDATE, seats(json!(1))).await;
    assert_eq!(answer["errors"][0]["message"], "3 seats are taken already.");
    assert_eq!(admin.ok(UPDATE, seats(json!(3))).await["updateCourse"]["capacity"], 3);
    // A seat that was freed counts no more.
    admin.ok(UNENROLL, json!({ "id": last })).await;
    assert_eq!(admin.ok(UPDATE, seats(json!(2))).await["updateCourse"]["capacity"], 2);
    assert_eq!(admin.ok(UPDATE, seats(json!(null))).await["updateCourse"]["capacity"], json!(null));
}
