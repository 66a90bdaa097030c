//! What courses ask of whoever enrolls in them by themselves.

use serde_json::{Value, json};

use super::{finish, path_of_three, take};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{ADD_COURSES, ADD_MEMBERS, ENROLL, UNENROLL, course, draft, enroll, group, nothing, refused, uuid},
};

const SET: &str = "mutation($i: SetCoursePrerequisitesInput!) { setCoursePrerequisites(input: $i) { prerequisites { minGrade isMet course { title } } } }";

fn asks(course: &str, others: &[&str]) -> Value {
    let wanted: Vec<Value> = others.iter().map(|other| json!({ "courseId": other })).collect();
    json!({ "i": { "courseId": course, "prerequisites": wanted } })
}

async fn obstacles(client: &Client, course: &str) -> String {
    let found = client.ok("query($id: ID!) { course(id: $id) { viewerObstacles } }", json!({ "id": course })).await;
    let reasons = found["course"]["viewerObstacles"].as_array().unwrap().iter().map(|reason| reason.as_str().unwrap().to_owned());
    reasons.collect::<Vec<String>>().join(" ")
}

#[tokio::test]
async fn a_learner_completes_what_a_course_asks_for_before_they_enroll() {
    let app = TestApp::start().await;
    let (admin, ada, lea) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (a, b, c) = (
        course(&ada, json!({ "title": "A" })).await,
        course(&ada, json!({ "title": "B" })).await,
        course(&ada, json!({ "title": "C" })).await,
    );
    let wanted = json!({ "i": { "courseId": c, "prerequisites": [{ "courseId": b }, { "courseId": a, "minGrade": 70 }] } });
    let shown = ada.ok(SET, wanted).await["setCoursePrerequisites"]["prerequisites"].take();
    assert_eq!(
        shown,
        json!([{ "minGrade": null, "isMet": false, "course": { "title": "B" } }, { "minGrade": 70.0, "isMet": false, "course": { "title": "A" } }])
    );
    assert_eq!(obstacles(&lea, &c).await, "PREREQUISITES_MISSING");
    let enrolling = json!({ "i": { "courseId": c } });
    refused(&app, &lea, ENROLL, enrolling.clone(), "CONFLICT PREREQUISITES_MISSING @courseId").await;
    for course in [&a, &b] {
        lea.ok(ENROLL, json!({ "i": { "courseId": course } })).await;
        finish(&lea, course).await;
    }
    refused(&app, &lea, ENROLL, enrolling.clone(), "CONFLICT PREREQUISITES_MISSING @courseId").await;
    for (grade, line) in [("69.99", "PREREQUISITES_MISSING"), ("70", "")] {
        app.sql(&format!(
            "INSERT INTO enrollment_grade (tenant_id, enrollment_id, user_id, course_id, current_grade, final_grade)
             SELECT e.tenant_id, e.id, e.user_id, e.course_id, {grade}, {grade} FROM enrollment e WHERE e.course_id = '{}'
             ON CONFLICT ON CONSTRAINT enrollment_grade_pkey DO UPDATE SET final_grade = excluded.final_grade",
            uuid(&a)
        ))
        .await;
        assert_eq!(obstacles(&lea, &c).await, line);
    }
    lea.ok(ENROLL, enrolling).await;
    assert_eq!(obstacles(&lea, &c).await, "ALREADY_ENROLLED");
    // Managers and groups are not asked.
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    enroll(&ada, &c, &bob.user_id).await;
    let carl = app.person(&app.oak, "carl@oak.example", &["LEARNER"]).await;
    let owls = group(&admin, json!({ "name": "Owls", "autoEnroll": true })).await;
    admin.ok(ADD_COURSES, json!({ "i": { "groupId": owls, "courseIds": [c] } })).await;
    admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": owls, "userIds": [carl.user_id] } })).await;
    assert_eq!(app.count(&format!("enrollment WHERE course_id = '{}'", uuid(&c))).await, 3);
}

#[tokio::test]
async fn all_obstacles_are_named_in_their_order_but_for_the_key() {
    let app = TestApp::start().await;
    let (admin, ada, lea) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (id, [algebra, geometry, _]) = path_of_three(&app).await;
    take(&lea, &id).await;
    let update = "mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { id } }";
    admin.ok(update, json!({ "i": { "id": geometry, "selfEnroll": false, "enrollmentKey": "steinway", "capacity": 1 } })).await;
    ada.ok(SET, asks(&geometry, &[&algebra])).await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    enroll(&ada, &geometry, &bob.user_id).await;
    assert_eq!(obstacles(&lea, &geometry).await, "ENROLLMENT_CLOSED PREREQUISITES_MISSING PATH_LOCKED COURSE_FULL");
    assert_eq!(obstacles(&bob, &geometry).await, "ALREADY_ENROLLED ENROLLMENT_CLOSED PREREQUISITES_MISSING COURSE_FULL");
    assert_eq!(obstacles(&ada, &geometry).await, "COURSE_FULL", "less is asked of whoever manages it");
    refused(&app, &lea, ENROLL, json!({ "i": { "courseId": geometry } }), "CONFLICT ENROLLMENT_CLOSED @courseId").await;
    admin.ok(update, json!({ "i": { "id": geometry, "selfEnroll": true } })).await;
    // A key that is wrong is told of last: whoever may not enroll learns nothing of it.
    refused(
        &app,
        &lea,
        ENROLL,
        json!({ "i": { "courseId": geometry, "enrollmentKey": "wrong" } }),
        "CONFLICT PREREQUISITES_MISSING @courseId",
    )
    .await;
    ada.ok(SET, asks(&geometry, &[])).await;
    refused(&app, &lea, ENROLL, json!({ "i": { "courseId": geometry, "enrollmentKey": "steinway" } }), "CONFLICT PATH_LOCKED @courseId")
        .await;
    admin.ok(crate::classroom::ARCHIVE, json!({ "id": geometry })).await;
    assert_eq!(obstacles(&lea, &geometry).await, "COURSE_NOT_PUBLISHED PATH_LOCKED COURSE_FULL");
    assert_eq!(obstacles(&bob, &geometry).await, "COURSE_NOT_PUBLISHED ALREADY_ENROLLED COURSE_FULL");
    refused(&app, &bob, ENROLL, json!({ "i": { "courseId": geometry } }), "CONFLICT COURSE_NOT_PUBLISHED @courseId").await;
    // Of many courses at once.
    let query = "query($n: Int!) { courses(first: $n) { nodes { viewerObstacles prerequisites { isMet course { title } } } } }";
    let one = app.statements(&lea, query, json!({ "n": 1 })).await;
    assert!(app.statements(&lea, query, json!({ "n": 3 })).await <= one + 1);
    let dropped = enroll(&ada, &algebra, &bob.user_id).await;
    bob.ok(UNENROLL, json!({ "id": dropped })).await;
    assert_eq!(obstacles(&bob, &algebra).await, "", "who had dropped out may come back");
}

#[tokio::test]
async fn prerequisites_are_set_by_the_courses_authors_and_never_in_a_circle() {
    let app = TestApp::start().await;
    let (ada, lea, foreign) = (
        app.sign_in(&app.oak, Who::Instructor).await,
        app.sign_in(&app.oak, Who::Learner).await,
        app.sign_in(&app.elm, Who::Instructor).await,
    );
    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let (a, b, c) = (
        course(&ada, json!({ "title": "A" })).await,
        course(&ada, json!({ "title": "B" })).await,
        course(&ada, json!({ "title": "C" })).await,
    );
    let (theirs, hidden) = (course(&foreign, json!({ "title": "Theirs" })).await, draft(&stranger, json!({ "title": "Hidden" })).await);
    ada.ok(SET, asks(&b, &[&a])).await;
    ada.ok(SET, asks(&c, &[&b])).await;
    refused(&app, &ada, SET, asks(&a, &[&c]), "CONFLICT PREREQUISITE_CYCLE @prerequisites").await;
    refused(&app, &ada, SET, asks(&a, &[&a]), "CONFLICT PREREQUISITE_CYCLE @prerequisites").await;
    refused(&app, &ada, SET, asks(&a, &[&b, &b]), "BAD_USER_INPUT @prerequisites.1.courseId").await;
    refused(&app, &ada, SET, asks(&a, &[nothing("course").as_str()]), "NOT_FOUND @prerequisites.0.courseId").await;
    refused(&app, &ada, SET, asks(&a, &[&theirs]), "NOT_FOUND @prerequisites.0.courseId").await;
    refused(&app, &ada, SET, asks(&a, &[&hidden]), "NOT_FOUND @prerequisites.0.courseId").await;
    let many: Vec<String> = (0..11).map(|_| nothing("course")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    refused(&app, &ada, SET, asks(&a, &many), "BAD_USER_INPUT @prerequisites").await;
    let graded = |grade: f64| json!({ "i": { "courseId": c, "prerequisites": [{ "courseId": a, "minGrade": grade }] } });
    refused(&app, &ada, SET, graded(100.1), "BAD_USER_INPUT @prerequisites.0.minGrade").await;
    refused(&app, &stranger, SET, asks(&c, &[&a]), "FORBIDDEN NOT_YOURS @courseId").await;
    refused(&app, &lea, SET, asks(&c, &[&a]), "FORBIDDEN [COURSE_UPDATE COURSE_UPDATE_ALL]").await;
    refused(&app, &foreign, SET, asks(&c, &[]), "NOT_FOUND @courseId").await;
    // The same again changes nothing; another list takes its place.
    let before = app.changes("setCoursePrerequisites").await;
    ada.ok(SET, asks(&c, &[&b])).await;
    assert_eq!(app.changes("setCoursePrerequisites").await, before);
    let shown = ada.ok(SET, asks(&c, &[&a])).await["setCoursePrerequisites"]["prerequisites"].take();
    assert_eq!(shown, json!([{ "minGrade": null, "isMet": false, "course": { "title": "A" } }]));
    // A copy asks for the same; what is deleted is asked for no more.
    let copy = ada
        .ok("mutation($id: ID!) { duplicateCourse(input: { id: $id }) { prerequisites { course { title } } } }", json!({ "id": c }))
        .await;
    assert_eq!(copy["duplicateCourse"]["prerequisites"], json!([{ "course": { "title": "A" } }]));
    app.sign_in(&app.oak, Who::Admin).await.ok(crate::classroom::DELETE_COURSE, json!({ "id": a })).await;
    assert_eq!(obstacles(&lea, &c).await, "");
}
