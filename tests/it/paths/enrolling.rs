//! Who takes a path, and which of its courses they are in.

use serde_json::json;

use super::{LEAVE, STATUS, TAKE, enrollment, finish, path, path_of_three, progress, set, stands, take};
use crate::{
    app::{TestApp, Who},
    classroom::{ARCHIVE, ENROLL, UNENROLL, course, enroll, nothing, refused, uuid},
};

#[tokio::test]
async fn whoever_takes_a_path_is_enrolled_in_each_course_as_it_opens() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let (id, [algebra, geometry, topology]) = path_of_three(&app).await;
    // Neither a closed door nor a key nor prerequisites keep a path out.
    admin
        .ok(
            "mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { id } }",
            json!({ "i": { "id": algebra, "selfEnroll": false, "enrollmentKey": "steinway" } }),
        )
        .await;
    let part = lea.ok(TAKE, json!({ "i": { "pathId": id } })).await["enrollInPath"].take();
    assert_eq!(
        (&part["status"], &part["path"], &part["user"]["id"]),
        (&json!("NOT_STARTED"), &json!({ "title": "Mathematics" }), &json!(lea.user_id))
    );
    assert_eq!(stands(&lea, &id).await, ["open NOT_STARTED", "locked", "locked"]);
    for locked in [&geometry, &topology] {
        refused(&app, &lea, ENROLL, json!({ "i": { "courseId": locked } }), "CONFLICT PATH_LOCKED @courseId").await;
    }
    refused(&app, &lea, TAKE, json!({ "i": { "pathId": id } }), "CONFLICT ALREADY_ENROLLED @pathId").await;
    finish(&lea, &algebra).await;
    assert_eq!(stands(&lea, &id).await, ["open COMPLETED", "open NOT_STARTED", "locked"]);
    assert_eq!(progress(&lea, &id).await, "IN_PROGRESS 33");
    app.work().await;
    assert_eq!(app.count("notification WHERE kind = 'PATH_COURSE_UNLOCKED'").await, 1);
    assert_eq!(app.count("notification WHERE kind = 'ENROLLED'").await, 0);
    // By somebody else's word as well.
    let second = enrollment(&lea, &geometry).await;
    admin.ok(STATUS, json!({ "id": second, "s": "COMPLETED" })).await;
    assert_eq!(stands(&lea, &id).await, ["open COMPLETED", "open COMPLETED", "open NOT_STARTED"]);
    finish(&lea, &topology).await;
    assert_eq!(progress(&lea, &id).await, "COMPLETED 100");
    refused(&app, &lea, LEAVE, json!({ "id": part["id"] }), "CONFLICT INVALID_TRANSITION @id").await;
    // What was completed stays so, whatever becomes of the path and its courses.
    admin.ok(STATUS, json!({ "id": second, "s": "IN_PROGRESS" })).await;
    let another = course(&admin, json!({ "title": "Logic" })).await;
    set(&admin, &id, json!([{ "courseId": another, "unlock": "NONE" }])).await;
    assert_eq!(progress(&lea, &id).await, "COMPLETED 100");
    assert_eq!(stands(&lea, &id).await, ["open"], "who has completed it is not enrolled in what comes later");
}

#[tokio::test]
async fn a_course_that_takes_nobody_stops_nothing_and_is_tried_again() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let full = course(&admin, json!({ "title": "Full", "capacity": 1 })).await;
    let draft = crate::classroom::draft(&admin, json!({ "title": "Draft" })).await;
    let failed = course(&admin, json!({ "title": "Failed" })).await;
    let other = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let seat = enroll(&admin, &full, &other.user_id).await;
    let ended = enroll(&admin, &failed, &lea.user_id).await;
    admin.ok(STATUS, json!({ "id": ended, "s": "FAILED" })).await;
    let id = path(&admin, "Hard").await;
    let none = |course: &str| json!({ "courseId": course, "unlock": "NONE" });
    set(&admin, &id, json!([none(&full), none(&draft), none(&failed)])).await;
    admin.ok(super::PUBLISH, json!({ "id": id })).await;
    take(&lea, &id).await;
    assert_eq!(stands(&lea, &id).await, ["open COURSE_FULL", "open COURSE_NOT_PUBLISHED", "open ALREADY_ENROLLED FAILED"]);
    admin.ok(UNENROLL, json!({ "id": seat })).await;
    admin.ok(crate::classroom::PUBLISH, json!({ "id": draft })).await;
    let retry = format!(
        "BEGIN; SELECT set_config('app.tenant_id', '{}', true), set_config('app.user_id', '', true), app.retry_paths(1000); COMMIT",
        app.oak.tenant
    );
    app.sql(&retry).await;
    assert_eq!(stands(&lea, &id).await[0], "open COURSE_FULL", "it was tried a moment ago");
    app.sql("UPDATE path_step SET tried_at = now() - interval '1 hour'").await;
    app.sql(&retry).await;
    app.work().await;
    assert_eq!(stands(&lea, &id).await, ["open NOT_STARTED", "open NOT_STARTED", "open ALREADY_ENROLLED FAILED"]);
    assert_eq!(app.count("notification WHERE kind = 'PATH_COURSE_UNLOCKED'").await, 2);
    // Who leaves a course of the path is not taken back into it.
    lea.ok(UNENROLL, json!({ "id": enrollment(&lea, &full).await })).await;
    finish(&lea, &draft).await;
    assert_eq!(stands(&lea, &id).await[0], "open DROPPED");
}

#[tokio::test]
async fn a_course_opens_by_the_released_grade_that_it_waits_for() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let (a, b) = (course(&admin, json!({ "title": "A" })).await, course(&admin, json!({ "title": "B" })).await);
    let id = path(&admin, "Graded").await;
    set(
        &admin,
        &id,
        json!([{ "courseId": a, "unlock": "NONE" }, { "courseId": b, "unlock": "AFTER_SCORE", "afterCourseId": a, "minScore": 60 }]),
    )
    .await;
    admin.ok(super::PUBLISH, json!({ "id": id })).await;
    take(&lea, &id).await;
    finish(&lea, &a).await;
    assert_eq!(stands(&lea, &id).await, ["open COMPLETED", "locked"], "completed is not graded");
    let grade = async |grade: &str| {
        app.sql(&format!(
            "INSERT INTO enrollment_grade AS g (tenant_id, enrollment_id, user_id, course_id, current_grade, final_grade)
             SELECT e.tenant_id, e.id, e.user_id, e.course_id, {grade}, {grade} FROM enrollment e WHERE e.course_id = '{}'
             ON CONFLICT ON CONSTRAINT enrollment_grade_pkey DO UPDATE SET final_grade = excluded.final_grade",
            uuid(&a)
        ))
        .await;
    };
    grade("59.99").await;
    assert_eq!(stands(&lea, &id).await[1], "locked");
    grade("60").await;
    assert_eq!(stands(&lea, &id).await[1], "open NOT_STARTED");
    // Once open, always open.
    grade("10").await;
    assert_eq!(stands(&lea, &id).await[1], "open NOT_STARTED");
}

#[tokio::test]
async fn who_leaves_a_path_keeps_its_courses_and_comes_back_into_all_that_are_open() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let (id, [algebra, geometry, _]) = path_of_three(&app).await;
    let part = take(&lea, &id).await;
    assert_eq!(lea.ok(LEAVE, json!({ "id": part })).await["leavePath"]["status"], "DROPPED");
    assert_eq!(lea.ok(LEAVE, json!({ "id": part })).await["leavePath"]["status"], "DROPPED");
    assert_eq!(app.changes("leavePath").await, 1);
    finish(&lea, &algebra).await;
    assert_eq!(stands(&lea, &id).await, ["open COMPLETED", "open", "locked"], "nobody is enrolled by a path that they have left");
    lea.ok(ENROLL, json!({ "i": { "courseId": geometry } })).await;
    lea.ok(UNENROLL, json!({ "id": enrollment(&lea, &geometry).await })).await;
    assert_eq!(take(&lea, &id).await, part);
    assert_eq!(stands(&lea, &id).await, ["open COMPLETED", "open NOT_STARTED", "locked"]);
    // Somebody else by PATH_MANAGE.
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let taken = admin.ok(TAKE, json!({ "i": { "pathId": id, "userId": bob.user_id } })).await["enrollInPath"].take();
    assert_eq!(taken["user"]["id"], json!(bob.user_id));
    app.work().await;
    assert_eq!(app.count(&format!("notification WHERE kind = 'ENROLLED' AND recipient_id = '{}'", uuid(&bob.user_id))).await, 1);
    refused(&app, &lea, TAKE, json!({ "i": { "pathId": id, "userId": bob.user_id } }), "FORBIDDEN [PATH_MANAGE] @userId").await;
    refused(&app, &admin, TAKE, json!({ "i": { "pathId": id, "userId": nothing("user") } }), "NOT_FOUND @userId").await;
    refused(&app, &lea, TAKE, json!({ "i": { "pathId": nothing("path") } }), "NOT_FOUND @pathId").await;
    refused(&app, &lea, LEAVE, json!({ "id": taken["id"] }), "NOT_FOUND @id").await;
    let elm = app.sign_in(&app.elm, Who::Learner).await;
    refused(&app, &elm, TAKE, json!({ "i": { "pathId": id } }), "NOT_FOUND @pathId").await;
    refused(&app, &elm, LEAVE, json!({ "id": part }), "NOT_FOUND @id").await;
}

#[tokio::test]
async fn a_path_goes_on_without_courses_that_are_gone_for_good() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let (id, [algebra, geometry, topology]) = path_of_three(&app).await;
    take(&lea, &id).await;
    admin.ok(ARCHIVE, json!({ "id": geometry })).await;
    admin.ok(crate::classroom::DELETE_COURSE, json!({ "id": geometry })).await;
    assert_eq!(stands(&lea, &id).await, ["open NOT_STARTED", "locked", "open"], "what waits for a deleted course waits for nothing");
    finish(&lea, &algebra).await;
    assert_eq!(stands(&lea, &id).await[2], "open NOT_STARTED");
    assert_eq!(progress(&lea, &id).await, "IN_PROGRESS 50");
    admin.ok("mutation($id: ID!) { purgeCourse(id: $id) }", json!({ "id": geometry })).await;
    let listed = "query($id: ID!) { learningPath(id: $id) { courses { position unlock course { title } afterCourse { id } } } }";
    assert_eq!(
        lea.ok(listed, json!({ "id": id })).await["learningPath"]["courses"],
        json!([{ "position": 1, "unlock": "NONE", "course": { "title": "Algebra" }, "afterCourse": null },
               { "position": 2, "unlock": "NONE", "course": { "title": "Topology" }, "afterCourse": null }])
    );
    finish(&lea, &topology).await;
    assert_eq!(progress(&lea, &id).await, "COMPLETED 100");
}
