//! Progress follows from lessons, wherever there are some.

use serde_json::{Value, json};

use super::{COMPLETE, DELETE, REOPEN, TRACK, UPDATE, classroom, complete, lesson, lesson_of, section, state};
use crate::{
    app::{TestApp, Who},
    classroom::{nothing, refused, uuid},
};

const RECORD: &str = "mutation($i: RecordProgressInput!) { recordProgress(input: $i) { status progress } }";
const STATUS: &str = "mutation($i: UpdateEnrollmentStatusInput!) { updateEnrollmentStatus(input: $i) { status progress } }";

fn of(lesson: &str) -> Value {
    json!({ "i": { "lessonId": lesson } })
}

#[tokio::test]
async fn each_completed_lesson_counts_and_the_last_completes_the_course() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, sets, enrolled) = classroom(&app, &ada, &lea).await;
    let maps = section(&ada, &algebra, "Maps").await;
    let mut lessons = Vec::new();
    for (section, title) in [(&sets, "a"), (&sets, "b"), (&maps, "c")] {
        lessons.push(lesson(&ada, section, title).await);
    }
    let extra = lesson_of(&ada, &maps, json!({ "kind": "TEXT", "title": "extra", "isPublished": true, "isRequired": false })).await;
    assert_eq!(state(&lea, &enrolled).await, "NOT_STARTED 0 0/3");
    let done = complete(&lea, &lessons[0]).await;
    assert_eq!(json!([done["status"], done["lesson"]["id"], done["enrollment"]["id"]]), json!(["COMPLETED", lessons[0], enrolled]));
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 33.33 1/3");
    assert_eq!(complete(&lea, &lessons[0]).await, done, "again changes nothing");
    complete(&lea, &extra).await;
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 33.33 1/3");
    complete(&lea, &lessons[2]).await;
    complete(&lea, &lessons[1]).await;
    assert_eq!(state(&lea, &enrolled).await, "COMPLETED 100 3/3");
    assert_eq!(
        app.count("enrollment WHERE progress = 100 AND completed_at IS NOT NULL AND started_at IS NOT NULL AND last_active_at IS NOT NULL")
            .await,
        1
    );

    let read = "query($id: ID!) { enrollment(id: $id) { startedAt lastActiveAt lessonProgress { status lesson { title } completedAt } resumeLesson { title } } }";
    let found = ada.ok(read, json!({ "id": enrolled })).await["enrollment"].take();
    let titles: Vec<_> = found["lessonProgress"].as_array().unwrap().iter().map(|one| one["lesson"]["title"].as_str().unwrap()).collect();
    assert_eq!((titles, &found["resumeLesson"]), (vec!["a", "b", "c", "extra"], &json!(null)));
    // Nobody else reads it.
    let stranger = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    assert_eq!(stranger.ok(read, json!({ "id": enrolled })).await["enrollment"], json!(null));
}

#[tokio::test]
async fn nobody_records_progress_in_a_course_with_lessons() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (_, sets, enrolled) = classroom(&app, &ada, &lea).await;
    let record = |progress: f64| json!({ "i": { "id": enrolled, "progress": progress } });
    // A draft is no lesson yet, nor is one that is not required.
    let id = lesson_of(&ada, &sets, json!({ "kind": "TEXT", "title": "a" })).await;
    lesson_of(&ada, &sets, json!({ "kind": "TEXT", "title": "b", "isPublished": true, "isRequired": false })).await;
    assert_eq!(lea.ok(RECORD, record(40.0)).await["recordProgress"], json!({ "status": "IN_PROGRESS", "progress": 40.0 }));
    ada.ok(UPDATE, json!({ "i": { "id": id, "isPublished": true } })).await;
    for client in [&lea, &ada, &admin] {
        refused(&app, client, RECORD, record(60.0), "CONFLICT PROGRESS_IS_COMPUTED @id").await;
    }
    let stranger = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    refused(&app, &stranger, RECORD, record(60.0), "NOT_FOUND @id").await;
}

#[tokio::test]
async fn the_first_lesson_takes_nobodys_progress_away_and_the_last_one_leaves_it() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (_, sets, enrolled) = classroom(&app, &ada, &lea).await;
    lea.ok(RECORD, json!({ "i": { "id": enrolled, "progress": 40 } })).await;
    let a = lesson(&ada, &sets, "a").await;
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 40 0/1");
    let b = lesson(&ada, &sets, "b").await;
    let c = lesson(&ada, &sets, "c").await;
    complete(&lea, &a).await;
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 40 1/3", "no less than what had been recorded");
    complete(&lea, &b).await;
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 66.67 2/3");
    for id in [&a, &b] {
        ada.ok(DELETE, json!({ "id": id })).await;
    }
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 40 0/1", "completions go with their lessons");
    complete(&lea, &lesson(&ada, &sets, "d").await).await;
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 50 1/2");
    // What was reached before the last ones went is recorded from then on, and is a floor again when one comes back.
    app.sql("UPDATE lesson SET is_published = false").await;
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 50 0/0");
    lea.ok(RECORD, json!({ "i": { "id": enrolled, "progress": 60 } })).await;
    ada.ok(UPDATE, json!({ "i": { "id": c, "isPublished": true } })).await;
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 60 0/1");
    complete(&lea, &c).await;
    assert_eq!(state(&lea, &enrolled).await, "COMPLETED 100 1/1");
}

#[tokio::test]
async fn structure_completes_nobody_and_what_is_completed_stays_so() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (_, sets, enrolled) = classroom(&app, &ada, &lea).await;
    let (a, b) = (lesson(&ada, &sets, "a").await, lesson(&ada, &sets, "b").await);
    complete(&lea, &a).await;
    ada.ok(UPDATE, json!({ "i": { "id": b, "isRequired": false } })).await;
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 100 1/1", "it comes with the learner's next act");
    lea.ok(TRACK, of(&b)).await;
    assert_eq!(state(&lea, &enrolled).await, "COMPLETED 100 1/1");
    let at = app.text("SELECT completed_at::text FROM enrollment").await;
    let c = lesson(&ada, &sets, "c").await;
    assert_eq!(state(&lea, &enrolled).await, "COMPLETED 100 1/2");
    lea.ok(TRACK, of(&c)).await;
    assert_eq!(state(&lea, &enrolled).await, "COMPLETED 100 1/2");
    assert_eq!(app.text("SELECT completed_at::text FROM enrollment").await, at);
    // By a manager's word it is under way again, as far as it is.
    let back = ada.ok(STATUS, json!({ "i": { "id": enrolled, "status": "IN_PROGRESS" } })).await;
    assert_eq!(back["updateEnrollmentStatus"], json!({ "status": "IN_PROGRESS", "progress": 50.0 }));
    complete(&lea, &c).await;
    assert_eq!(state(&lea, &enrolled).await, "COMPLETED 100 2/2");
    // And a completion that is taken back reopens the course.
    let reopened = ada.ok(REOPEN, json!({ "i": { "lessonId": c, "userId": lea.user_id } })).await["reopenLesson"].take();
    assert_eq!(reopened, json!({ "status": "IN_PROGRESS", "enrollment": { "status": "IN_PROGRESS", "progress": 50.0 } }));
    ada.ok(REOPEN, json!({ "i": { "lessonId": b, "userId": lea.user_id } })).await;
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 50 1/2");
}

#[tokio::test]
async fn a_lesson_is_opened_before_it_is_completed_where_it_takes_its_time() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (_, sets, enrolled) = classroom(&app, &ada, &lea).await;
    let id = lesson_of(&ada, &sets, json!({ "kind": "TEXT", "title": "a", "isPublished": true, "minSeconds": 60 })).await;
    refused(&app, &lea, COMPLETE, of(&id), "CONFLICT TOO_EARLY @lessonId").await;
    let tracked = lea.ok(TRACK, json!({ "i": { "lessonId": id, "positionSeconds": 17 } })).await["trackLesson"].take();
    assert_eq!(json!([tracked["status"], tracked["completedAt"], tracked["positionSeconds"]]), json!(["IN_PROGRESS", null, 17]));
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 0 0/1");
    let opened = |interval: &str| format!("UPDATE lesson_progress SET opened_at = now() - interval '{interval}'");
    app.sql(&opened("30 seconds")).await;
    refused(&app, &lea, COMPLETE, of(&id), "CONFLICT TOO_EARLY @lessonId").await;
    // Opening it again does not begin anew; the place stays where nothing is said of it.
    let again = lea.ok(TRACK, of(&id)).await["trackLesson"].take();
    assert_eq!(again["positionSeconds"], 17);
    app.sql(&opened("60 seconds")).await;
    complete(&lea, &id).await;
    assert_eq!(state(&lea, &enrolled).await, "COMPLETED 100 1/1");
    for (place, line) in [(json!(-1), "BAD_USER_INPUT @positionSeconds"), (json!(86_401), "BAD_USER_INPUT @positionSeconds")] {
        refused(&app, &lea, TRACK, json!({ "i": { "lessonId": id, "positionSeconds": place } }), line).await;
    }
}

#[tokio::test]
async fn one_goes_on_in_the_lesson_opened_last_or_in_the_first_that_is_open() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, sets, enrolled) = classroom(&app, &ada, &lea).await;
    let maps = section(&ada, &algebra, "Maps").await;
    let (a, b) = (lesson(&ada, &sets, "a").await, lesson(&ada, &sets, "b").await);
    let c = lesson(&ada, &maps, "c").await;
    let resume = async |client: &crate::app::Client| {
        let query = "query($id: ID!) { enrollment(id: $id) { resumeLesson { title course { title } } } }";
        client.ok(query, json!({ "id": enrolled })).await["enrollment"]["resumeLesson"]["title"].clone()
    };
    assert_eq!((resume(&lea).await, resume(&ada).await), (json!("a"), json!("a")));
    lea.ok(TRACK, of(&c)).await;
    lea.ok(TRACK, of(&b)).await;
    assert_eq!(resume(&lea).await, "b");
    complete(&lea, &b).await;
    assert_eq!(resume(&lea).await, "c");
    ada.ok(super::DRIP, json!({ "i": { "sectionId": maps, "kind": "ON_DATE", "at": "2099-01-01T00:00:00Z" } })).await;
    assert_eq!(resume(&lea).await, "a", "what is locked is left for later");
    complete(&lea, &a).await;
    assert_eq!(resume(&lea).await, json!(null));
    ada.ok(STATUS, json!({ "i": { "id": enrolled, "status": "FAILED" } })).await;
    assert_eq!(resume(&lea).await, json!(null));
}

#[tokio::test]
async fn a_managers_word_completes_and_reopens_anything_of_anybody_in_the_course() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (_, sets, enrolled) = classroom(&app, &ada, &lea).await;
    let id = lesson_of(&ada, &sets, json!({ "kind": "LIVE", "title": "Meeting", "isPublished": true, "minSeconds": 60 })).await;
    ada.ok(super::DRIP, json!({ "i": { "sectionId": sets, "kind": "ON_DATE", "at": "2099-01-01T00:00:00Z" } })).await;
    let about = |user: &str| json!({ "i": { "lessonId": id, "userId": user } });
    let done = ada.ok(COMPLETE, about(&lea.user_id)).await["completeLesson"].take();
    assert_eq!(json!([done["status"], done["enrollment"]["status"]]), json!(["COMPLETED", "COMPLETED"]));
    ada.ok(REOPEN, about(&lea.user_id)).await;
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 0 0/1");
    assert_eq!(ada.ok(REOPEN, about(&lea.user_id)).await["reopenLesson"]["status"], "NOT_STARTED", "again changes nothing");

    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    for (verb, needs) in [(COMPLETE, "FORBIDDEN [ENROLLMENT_MANAGE] @userId"), (REOPEN, "FORBIDDEN [ENROLLMENT_MANAGE]")] {
        refused(&app, &stranger, verb, about(&lea.user_id), "FORBIDDEN NOT_YOURS @lessonId").await;
        refused(&app, &lea, verb, about(&ada.user_id), needs).await;
        refused(&app, &ada, verb, about(&stranger.user_id), "NOT_FOUND @userId").await;
        refused(&app, &ada, verb, about(&nothing("user")), "NOT_FOUND @userId").await;
        let nothing = json!({ "i": { "lessonId": nothing("lesson"), "userId": lea.user_id } });
        refused(&app, &ada, verb, nothing, "NOT_FOUND @lessonId").await;
    }
    for status in ["DROPPED", "FAILED", "EXPIRED"] {
        ada.ok(STATUS, json!({ "i": { "id": enrolled, "status": status } })).await;
        refused(&app, &ada, COMPLETE, about(&lea.user_id), "CONFLICT INVALID_TRANSITION @userId").await;
        refused(&app, &ada, REOPEN, about(&lea.user_id), "CONFLICT INVALID_TRANSITION @userId").await;
    }
    // Nobody completes in the name of an instructor who is not enrolled.
    refused(&app, &ada, COMPLETE, of(&id), "FORBIDDEN [ENROLLMENT_SELF]").await;
}

#[tokio::test]
async fn the_log_keeps_what_was_completed_and_not_where_somebody_was() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (_, sets, enrolled) = classroom(&app, &ada, &lea).await;
    let (a, _) = (lesson(&ada, &sets, "a").await, lesson(&ada, &sets, "b").await);
    for place in 0..3 {
        lea.ok(TRACK, json!({ "i": { "lessonId": a, "positionSeconds": place } })).await;
    }
    assert_eq!(app.changes("trackLesson").await, 2, "the opening, and that the enrollment is under way");
    complete(&lea, &a).await;
    assert_eq!(app.changes("completeLesson").await, 1, "progress merely follows");
    let log =
        "query($id: ID!) { auditLog(filter: { resourceId: $id, operation: \"completeLesson\" }) { nodes { resource before after } } }";
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let entry = admin.ok(log, json!({ "id": enrolled })).await["auditLog"]["nodes"][0].take();
    assert_eq!(entry["after"]["lesson"]["lessonId"], json!(a));
    assert!(entry["before"]["lesson"]["completedAt"].is_null() && entry["after"]["lesson"]["completedAt"].is_string(), "{entry}");
    assert_eq!(app.count(&format!("audit_entry WHERE resource_id = '{}' AND after::text ~ 'position'", uuid(&enrolled))).await, 0);
}
