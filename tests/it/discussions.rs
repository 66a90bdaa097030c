//! What is said in a course: announcements, threads, reviews.

mod announcements;
mod races;
mod reviews;
mod rows;
mod threads;

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp},
    classroom::{course, enroll},
};

pub const ANNOUNCE: &str =
    "mutation($i: CreateAnnouncementInput!) { createAnnouncement(input: $i) { id title publishAt authorName course { id } } }";
pub const CHANGE_ANNOUNCEMENT: &str =
    "mutation($i: UpdateAnnouncementInput!) { updateAnnouncement(input: $i) { id title body publishAt } }";
pub const DELETE_ANNOUNCEMENT: &str = "mutation($id: ID!) { deleteAnnouncement(id: $id) }";
pub const ASK: &str =
    "mutation($i: CreateThreadInput!) { createThread(input: $i) { id title authorName author { id } lesson { id } postCount } }";
pub const CHANGE_THREAD: &str =
    "mutation($i: UpdateThreadInput!) { updateThread(input: $i) { id title body isPinned isClosed answer { id } } }";
pub const DELETE_THREAD: &str = "mutation($id: ID!) { deleteThread(id: $id) }";
pub const ANSWER: &str =
    "mutation($i: CreatePostInput!) { createPost(input: $i) { id body isStaff authorName editedAt deletedAt thread { id postCount } } }";
pub const CHANGE_POST: &str = "mutation($i: UpdatePostInput!) { updatePost(input: $i) { id body editedAt } }";
pub const DELETE_POST: &str = "mutation($id: ID!) { deletePost(id: $id) { id body bodyHtml authorName deletedAt } }";
pub const REVIEW: &str = "mutation($i: ReviewCourseInput!) { reviewCourse(input: $i) { id rating text authorName } }";
pub const DELETE_REVIEW: &str = "mutation($id: ID!) { deleteCourseReview(id: $id) }";

/// A published course of this teacher, with a learner in it: course and enrollment.
pub async fn class(teacher: &Client, learner: &Client) -> (String, String) {
    let algebra = course(teacher, json!({ "title": "Algebra" })).await;
    let enrolled = enroll(teacher, &algebra, &learner.user_id).await;
    (algebra, enrolled)
}

/// A thread of this person; answers its id.
pub async fn thread(client: &Client, course: &str, title: &str) -> String {
    let made = client.ok(ASK, json!({ "i": { "courseId": course, "title": title, "body": format!("About *{title}*") } })).await;
    made["createThread"]["id"].as_str().unwrap().to_owned()
}

/// A post of this person; answers its id.
pub async fn post(client: &Client, thread: &str, body: &str) -> String {
    client.ok(ANSWER, json!({ "i": { "threadId": thread, "body": body } })).await["createPost"]["id"].as_str().unwrap().to_owned()
}

/// The titles of the threads of a course as somebody sees them.
pub async fn titles(client: &Client, course: &str) -> Vec<String> {
    let query = "query($id: ID!) { course(id: $id) { threads { nodes { title } } } }";
    let found = client.ok(query, json!({ "id": course })).await["course"]["threads"]["nodes"].take();
    found.as_array().unwrap().iter().map(|thread| thread["title"].as_str().unwrap().to_owned()).collect()
}

/// Records that somebody has done all of a course.
pub async fn finish(learner: &Client, enrollment: &str) {
    let record = "mutation($i: RecordProgressInput!) { recordProgress(input: $i) { status } }";
    learner.ok(record, json!({ "i": { "id": enrollment, "progress": 100 } })).await;
}

/// What somebody is told of a kind, after all jobs have run: how many notifications.
pub async fn told_of(app: &TestApp, client: &Client, kind: &str) -> usize {
    app.work().await;
    let query = "query($k: [NotificationKind!]) { notifications(filter: { kinds: $k }) { nodes { kind subjectId title } } }";
    let found: Value = client.ok(query, json!({ "k": [kind] })).await["notifications"]["nodes"].take();
    found.as_array().unwrap().len()
}
